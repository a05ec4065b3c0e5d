"""Facts that cannot be true of a person are refused with what is wrong; those that can be are not."""

from datetime import date

import pytest

from open401k.census import (
    AnnualPay,
    BirthDate,
    Employee,
    Employment,
    Fact,
    Hired,
    NotTerminated,
    PayOfYear,
    Terminated,
    impossible,
)
from open401k.kernel import EmployeeId, named_uuid

TODAY, HIRED = date(2026, 8, 14), date(2023, 4, 3)
PERSON = Employee(
    EmployeeId(named_uuid("a", "person")), "First", "Last", "1010", date(1990, 5, 1), (Employment(HIRED, None),)
)
PAY = AnnualPay(1, 1, 1, 1)


@pytest.mark.parametrize(
    ("fact", "event_on", "member"),
    [
        (BirthDate(date(2026, 8, 15)), TODAY, "birth_date"),
        (BirthDate(HIRED), TODAY, "birth_date"),
        (BirthDate(date(1905, 12, 31)), TODAY, "birth_date"),
        (BirthDate(date(2008, 1, 1)), TODAY, None),
        (Hired(), date(1990, 5, 1), "event_on"),
        (Hired(HIRED), date(2024, 4, 3), None),
        (Terminated(), date(2023, 4, 2), "event_on"),
        (Terminated(), HIRED, None),
        (NotTerminated(), date(2020, 1, 1), None),
        (PayOfYear(2027, PAY), TODAY, "year"),
        (PayOfYear(2025, PAY), TODAY, None),
    ],
)
def test_what_cannot_be_is_refused_by_its_member(fact: Fact, event_on: date, member: str | None) -> None:
    found = impossible(PERSON, fact, event_on=event_on, today=TODAY)
    assert (None if found is None else found.member) == member

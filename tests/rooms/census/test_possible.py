"""Facts that cannot be true of a person are refused with what is wrong; those that can be are not."""

from dataclasses import replace
from datetime import date

import pytest

from open401k.census import (
    AnnualPay,
    BirthDate,
    Employee,
    Employment,
    Fact,
    Family,
    Hired,
    NotTerminated,
    PayOfYear,
    Relation,
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


OTHER = replace(PERSON, employee_id=EmployeeId(named_uuid("a", "relative")))


@pytest.mark.parametrize(
    ("relation", "born", "possible"),
    [
        (Relation.PARENT, date(1960, 5, 1), True),
        (Relation.PARENT, date(1990, 5, 1), False),  # born on the same day
        (Relation.PARENT, date(2010, 1, 1), False),
        (Relation.CHILD, date(2010, 1, 1), True),
        (Relation.CHILD, date(1960, 5, 1), False),
        (Relation.GRANDPARENT, date(1991, 1, 1), False),
        (Relation.GRANDCHILD, date(1989, 1, 1), False),
        (Relation.SPOUSE, date(2017, 3, 3), False),  # nine years old
        (Relation.SPOUSE, date(2006, 3, 3), True),
        (Relation.PARENT, None, True),
    ],
)
def test_a_relative_who_cannot_be_one_by_dates_of_birth_is_refused_from_either_side(
    relation: Relation, born: date | None, possible: bool
) -> None:
    """Section 318 lends a parent's shares to the child: a slip in who is whose would name others highly compensated."""
    relative, of = replace(OTHER, birth_date=born), Family(OTHER.employee_id, relation)
    of_relative = Family(PERSON.employee_id, relation.inverse)
    known = {each.employee_id: each for each in (PERSON, relative)}
    found = (
        impossible(PERSON, of, event_on=TODAY, today=TODAY, relatives=known),
        impossible(relative, of_relative, event_on=TODAY, today=TODAY, relatives=known),
    )
    assert [each is None for each in found] == [possible, possible]
    assert possible or [each.member for each in found if each is not None] == ["relative", "relative"]
    # What was told in error can be taken back, and a date of birth that would make it so is refused as well.
    over = replace(of, ended=True)
    assert impossible(PERSON, over, event_on=TODAY, today=TODAY, relatives=known) is None
    if born is not None:
        related = replace(relative, birth_date=None, family=((PERSON.employee_id, relation.inverse),))
        told = impossible(related, BirthDate(born), event_on=TODAY, today=TODAY, relatives=known)
        assert (told is None) == (possible or born > TODAY)

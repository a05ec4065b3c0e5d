"""Whole years of service as a day begins and as it ends."""

from datetime import date
from uuid import UUID

import pytest

from open401k import census
from open401k.kernel import EmployeeId
from open401k.recordkeeping.tenure import whole_years


@pytest.mark.parametrize(
    ("hired", "left", "begins", "ends"),
    [
        (date(2020, 1, 1), None, 6, 7),
        (date(2020, 1, 2), None, 6, 6),
        (date(2020, 1, 1), date(2026, 12, 31), 7, 7),  # the last day is of the employment, asked when it may be
        (date(2020, 1, 1), date(2026, 12, 30), 6, 6),
    ],
)
def test_a_year_that_ends_with_the_plan_year_is_whole(hired: date, left: date | None, begins: int, ends: int) -> None:
    """Reg. 1.410(a)-7(b)(6), of the last day of a calendar year."""
    spans = (census.Employment(hired, left),)
    who = [census.Employee(EmployeeId(UUID(int=1)), "", "", "", None, spans)]
    day = date(2026, 12, 31)
    assert whole_years(who, day).tolist() == [begins]
    assert whole_years(who, day, as_it_ends=True).tolist() == [ends]

"""Who meets the conditions of an employer contribution, pure: each at its edge."""

from datetime import date
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import census
from open401k.kernel import EmployeeId, PlanYear
from open401k.plan import Conditions, Waiver
from open401k.recordkeeping import meets
from open401k.recordkeeping.conditions import standing_of

YEAR = PlanYear.starting(date(2026, 1, 1))
LAST = date(2026, 12, 31)
HIRED = date(2020, 1, 6)
BORN = date(1961, 7, 1)  # 65 on July 1, 2026


def person(left: date | None = None, by: census.LeftBy | None = None) -> census.Employee:
    spans = (census.Employment(HIRED, left, by),)
    return census.Employee(EmployeeId(UUID(int=1)), "", "", "", BORN, spans)


def met(conditions: Conditions, who: census.Employee, *, hours: int = 2_080, on: date = LAST) -> bool:
    hundredths = np.array([hours * 100], dtype=np.int64)
    return bool(meets(conditions, standing_of([who], year=YEAR, on=on, hours_hundredths=hundredths))[0])


@pytest.mark.parametrize(
    ("asked", "who", "hours", "expected"),
    [
        (Conditions(), person(date(2026, 2, 1)), 0, True),
        (Conditions(last_day=True), person(), 0, True),
        (Conditions(last_day=True), person(LAST), 0, True),  # employed on the last day is who left at its end
        (Conditions(last_day=True), person(date(2026, 12, 30)), 2_080, False),
        (Conditions(hours=1_000), person(), 1_000, True),
        (Conditions(hours=1_000), person(), 999, False),
        (Conditions(hours=1_000), person(date(2026, 8, 31)), 1_300, True),
        (Conditions(last_day=True, hours=1_000), person(date(2026, 8, 31)), 1_300, False),
        # One of both: gone with more than 500 hours, or there with fewer.
        (Conditions(last_day=True, hours=501, either=True), person(date(2026, 8, 31)), 501, True),
        (Conditions(last_day=True, hours=501, either=True), person(date(2026, 8, 31)), 500, False),
        (Conditions(last_day=True, hours=501, either=True), person(), 100, True),
    ],
)
def test_conditions_at_their_edges(asked: Conditions, who: census.Employee, hours: int, expected: bool) -> None:
    assert met(asked, who, hours=hours) is expected


@pytest.mark.parametrize(
    ("waived", "who", "expected"),
    [
        (Waiver.DEATH, person(date(2026, 3, 3), census.LeftBy.DEATH), True),
        (Waiver.DEATH, person(date(2026, 3, 3), census.LeftBy.DISABILITY), False),
        (Waiver.DISABILITY, person(date(2026, 3, 3), census.LeftBy.DISABILITY), True),
        (Waiver.DEATH, person(date(2025, 12, 30), census.LeftBy.DEATH), False),  # gone before the year
        (Waiver.RETIREMENT, person(date(2026, 7, 1)), True),
        (Waiver.RETIREMENT, person(date(2026, 6, 30)), False),
    ],
)
def test_a_condition_is_waived_for_who_left_in_the_year(waived: Waiver, who: census.Employee, expected: bool) -> None:
    assert met(Conditions(last_day=True, hours=1_000, waived=(waived,)), who, hours=10) is expected


def test_before_the_year_is_over_who_works_is_taken_to_get_there() -> None:
    asked = Conditions(last_day=True, hours=1_000)
    assert met(asked, person(), hours=80, on=date(2026, 2, 1))
    assert not met(asked, person(date(2026, 1, 20)), hours=80, on=date(2026, 2, 1))
    assert not met(asked, person(), hours=80)


@given(hours=st.integers(0, 3_000), asked=st.integers(1, 1_000), left=st.none() | st.dates(YEAR.start, LAST))
def test_asking_for_less_never_keeps_anybody_out(hours: int, asked: int, left: date | None) -> None:
    both = Conditions(last_day=True, hours=asked)
    if met(both, person(left), hours=hours):
        for less in (Conditions(hours=asked), Conditions(last_day=True), Conditions(True, asked, either=True)):
            assert met(less, person(left), hours=hours)

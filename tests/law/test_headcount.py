"""How many employees a year counts: each exclusion of 414(q)(5) at its edge, and the regulation's own examples."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import PlanYear
from open401k.law import headcount as hc
from open401k.law import highly_compensated

YEAR = PlanYear.starting(date(2025, 1, 1))
NEVER = np.datetime64("2999-12-31", "D")


def counted(
    people: int,
    *,
    months: list[int] | None = None,
    young: set[int] = frozenset(),  # type: ignore[assignment]
    part_time: set[int] = frozenset(),  # type: ignore[assignment]
    union: set[int] = frozenset(),  # type: ignore[assignment]
    covers_union: bool = True,
) -> hc.Headcount:
    def flags(places: set[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.array([place in places for place in range(people)], dtype=np.bool_)

    return hc.headcount(
        months_of_service=np.array(months or [12] * people),
        under_21=flags(young),
        part_time=flags(part_time),
        union=flags(union),
        covers_union=covers_union,
        missing={},
    )


def months(*spans: tuple[date, date | None], year: PlanYear = YEAR) -> int:
    hired = np.array([each[0] for each in spans], dtype="datetime64[D]")
    ended = np.array([NEVER if each[1] is None else np.datetime64(each[1] + timedelta(days=1)) for each in spans])
    return int(hc.months_of_service(np.zeros(len(spans), dtype=np.int64), hired, ended, year, 1)[0])


def test_service_of_the_year_before_is_added_as_in_the_regulations_example() -> None:
    """Temp. Reg. 1.414(q)-1T A-9(b)(1)(i)(A): August 1, 1989 to May 31, 1990: 5 months of 1989, 10 of 1990."""
    employment = (date(1989, 8, 1), date(1990, 5, 31))
    assert months(employment, year=PlanYear.starting(date(1989, 1, 1))) == 5
    assert months(employment, year=PlanYear.starting(date(1990, 1, 1))) == 10


@pytest.mark.parametrize(
    ("hired", "whole"), [(date(2025, 7, 1), 6), (date(2025, 7, 2), 5), (date(2010, 1, 1), 24), (date(2025, 8, 31), 4)]
)
def test_six_months_are_calendar_months(hired: date, whole: int) -> None:
    assert months((hired, None)) == whole


def test_employments_apart_are_added_and_earlier_ones_are_not() -> None:
    before = (date(2020, 1, 1), date(2022, 12, 31))
    assert months(before, (date(2025, 9, 1), None)) == 4
    assert months((date(2024, 3, 1), date(2024, 4, 15)), (date(2025, 7, 17), None)) == 1 + 5 + (15 + 15) // 30


@given(st.dates(date(2023, 1, 1), date(2025, 12, 31)), st.integers(0, 900))
def test_a_longer_employment_never_has_fewer_months(hired: date, days: int) -> None:
    left = hired + timedelta(days=days)
    assert months((hired, left)) <= months((hired, left + timedelta(days=1))) <= 24


def test_who_turns_21_on_the_last_day_counts() -> None:
    born = np.array(["2004-12-31", "2005-01-01", "NaT"], dtype="datetime64[D]")
    assert hc.under_age(born, YEAR).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("days", "under", "out"),
    [
        (28, 14, True),  # fifty percent or more of the weeks worked: deemed to (A-9(e)(3))
        (28, 13, False),  # 17 1/2 hours or more in more than fifty percent: deemed not to (A-9(e)(2))
        (0, 0, False),  # no hours on file, or those of the year alone
    ],
)
def test_normally_under_17_and_a_half_hours(days: int, under: int, out: bool) -> None:
    assert hc.part_time(days=np.array([days]), days_under=np.array([under])).tolist() == [out]


def test_weeks_without_work_are_not_considered_as_in_the_regulations_example() -> None:
    """Temp. Reg. 1.414(q)-1T A-9(e)(1): 25 weeks of 20 hours, 12 of 10, none in the summer: not part-time."""
    weeks, short = 25 + 12, 12
    assert hc.part_time(days=np.array([weeks * 7]), days_under=np.array([short * 7])).tolist() == [False]


def test_the_regulations_employer_of_200_has_24_top_paid_employees() -> None:
    """Temp. Reg. 1.414(q)-1T A-9(c), (d): 80 of 200 are left out by their hours; 20 % of 120 are 24, of all 200."""
    found = counted(200, part_time=set(range(80)))
    assert (found.worked, int(found.counted.sum()), found.left_out) == (200, 120, {hc.LeftOut.HOURS: 80})
    assert highly_compensated.top_paid_group_size(int(found.counted.sum()), YEAR) == 24
    assert found.ranked.all()


def test_each_is_left_out_once_for_the_first_reason() -> None:
    found = counted(6, months=[5, 6, 12, 12, 12, 12], young={0, 2}, part_time={2, 3})
    assert found.left_out == {hc.LeftOut.SERVICE: 1, hc.LeftOut.AGE: 1, hc.LeftOut.HOURS: 1}
    assert found.counted.tolist() == [False, True, False, False, True, True]


@pytest.mark.parametrize(("union", "covers", "left"), [(9, False, 1), (8, False, 10), (9, True, 10)])
def test_a_union_is_counted_unless_it_is_nine_tenths_and_not_covered(union: int, covers: bool, left: int) -> None:
    """Temp. Reg. 1.414(q)-1T A-9(b)(1)(iii)(A), (B)."""
    found = counted(10, union=set(range(union)), covers_union=covers)
    assert int(found.counted.sum()) == int(found.ranked.sum()) == left


def test_leavers_of_the_lookback_year_take_their_places_in_the_group() -> None:
    pay = np.array([30, 20, 19, 18]) * 1_000_000
    assert highly_compensated.top_paid(pay, 2, np.array([25_000_000])).tolist() == [True, False, False, False]
    assert highly_compensated.top_paid(pay, 2, np.array([20_000_000])).tolist() == [True, True, False, False]

"""Spans of employment out of days of hire and termination."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.census import Employment, employed_between, employed_on, spans

DAY = date(2024, 6, 3)
LATER = date(2025, 2, 28)
AGAIN = date(2025, 9, 1)

days = st.dates(date(2015, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("hires", "terminations", "expected"),
    [
        ([], [], ()),
        ([DAY], [], (Employment(DAY),)),
        ([DAY], [LATER], (Employment(DAY, LATER),)),
        ([DAY, AGAIN], [LATER], (Employment(DAY, LATER), Employment(AGAIN))),
        ([DAY, LATER], [], (Employment(DAY),)),  # two hire dates and no leaving between: the earlier one
        ([], [LATER], ()),  # nobody leaves who never came
        ([LATER], [DAY], (Employment(LATER),)),
        ([DAY], [LATER, AGAIN], (Employment(DAY, LATER),)),
        ([DAY], [DAY], (Employment(DAY, DAY),)),  # one day
        ([DAY, LATER], [LATER], (Employment(DAY, LATER), Employment(LATER))),  # left and came back on one day
    ],
)
def test_points_make_these_spans(hires: list[date], terminations: list[date], expected: tuple[Employment, ...]) -> None:
    assert spans(hires=hires, terminations=terminations) == expected


@given(st.lists(days, max_size=6), st.lists(days, max_size=6))
def test_spans_follow_each_other_and_do_not_depend_on_the_order_of_points(
    hires: list[date], terminations: list[date]
) -> None:
    found = spans(hires=hires, terminations=terminations)

    assert found == spans(hires=reversed(hires), terminations=sorted(terminations))
    for earlier, later in itertools.pairwise(found):
        assert earlier.terminated_on is not None
        assert earlier.hired_on <= earlier.terminated_on <= later.hired_on
    assert bool(found) == bool(hires)


@given(st.lists(days, min_size=1, max_size=4), st.lists(days, max_size=4), days)
def test_somebody_employed_on_a_day_is_employed_between_it_and_the_next(
    hires: list[date], terminations: list[date], day: date
) -> None:
    found = spans(hires=hires, terminations=terminations)

    assert employed_on(found, day) == employed_between(found, start=day, end=day + timedelta(days=1))

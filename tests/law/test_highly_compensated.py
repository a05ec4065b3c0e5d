"""Highly compensated: the threshold of the lookback year, owners, the top-paid group."""

from datetime import date

import numpy as np

from open401k.kernel import PlanYear
from open401k.law import highly_compensated as hc

PLAN_YEAR = PlanYear.starting(date(2026, 1, 1))
NOBODY_OWNS = np.zeros(3, dtype=np.bool_)


def test_pay_of_the_year_before_must_exceed_that_years_threshold() -> None:
    found = hc.highly_compensated(
        plan_year=PLAN_YEAR,
        five_percent_owner=NOBODY_OWNS,
        lookback_compensation=np.array([16_000_000, 16_000_001, 0]),
    )
    assert found.is_hce.tolist() == [False, True, False]
    assert (found.threshold_cents, str(found.lookback_year)) == (16_000_000, "2025")


def test_a_plan_year_from_july_reads_the_threshold_of_the_year_its_lookback_begins_in() -> None:
    found = hc.highly_compensated(
        plan_year=PlanYear.starting(date(2025, 7, 1)),
        five_percent_owner=NOBODY_OWNS,
        lookback_compensation=np.zeros(3, dtype=np.int64),
    )
    assert found.threshold_cents == 15_500_000


def test_an_owner_is_highly_compensated_whatever_the_pay() -> None:
    found = hc.highly_compensated(
        plan_year=PLAN_YEAR,
        five_percent_owner=np.array([True, False]),
        lookback_compensation=np.array([0, 0]),
        top_paid_group=True,
    )
    assert found.is_hce.tolist() == [True, False]


def test_the_top_paid_group_keeps_only_the_best_fifth() -> None:
    pay = np.array([17, 18, 19, 20, 1, 1, 1, 1, 1, 1]) * 1_000_000
    found = hc.highly_compensated(
        plan_year=PLAN_YEAR,
        five_percent_owner=np.zeros(10, dtype=np.bool_),
        lookback_compensation=pay,
        top_paid_group=True,
    )
    assert found.top_paid_group_size == 2
    assert np.flatnonzero(found.is_hce).tolist() == [2, 3]


def test_people_left_out_of_the_count_still_take_part_in_the_ranking() -> None:
    pay = np.array([30, 20, 19, 1, 1, 1]) * 1_000_000
    found = hc.highly_compensated(
        plan_year=PLAN_YEAR,
        five_percent_owner=np.zeros(6, dtype=np.bool_),
        lookback_compensation=pay,
        top_paid_group=True,
        counted_employees=5,
    )
    assert (found.top_paid_group_size, np.flatnonzero(found.is_hce).tolist()) == (1, [0])


def test_who_did_not_work_in_the_lookback_year_is_not_ranked() -> None:
    """Notice 97-45: the top-paid group is of that year; one of two is counted, so one of five is nobody's fifth."""
    pay = np.array([30_000_000, 20_000_000, 1, 1, 0])
    found = hc.highly_compensated(
        plan_year=PLAN_YEAR, five_percent_owner=np.zeros(5, dtype=np.bool_), lookback_compensation=pay,
        top_paid_group=True, ranked=np.array([False, True, True, True, True]),
    )  # fmt: skip
    assert (found.top_paid_group_size, found.is_hce.tolist()) == (1, [False, True, False, False, False])


def test_who_had_no_pay_is_in_no_top_paid_group() -> None:
    group = hc.top_paid(np.array([0, 1, 5]), 3)
    assert group.tolist() == [False, True, True]
    assert hc.top_paid(np.array([3, 5, 5]), 1).tolist() == [False, True, False]
    assert hc.top_paid(np.array([3, 5]), 2, np.array([4, 4])).tolist() == [False, True]
    assert hc.top_paid(np.array([3, 5]), 2, np.array([3])).tolist() == [True, True]


def test_a_part_of_a_person_is_rounded_up() -> None:
    assert [hc.top_paid_group_size(count, PLAN_YEAR) for count in (0, 1, 5, 6, 10, 11, 100_000)] == [
        0, 1, 1, 2, 2, 3, 20_000,
    ]  # fmt: skip

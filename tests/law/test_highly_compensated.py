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

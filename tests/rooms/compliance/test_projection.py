"""Projections: seeded, exact outside, moved by what a plan's own history says."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.compliance.small_plan import LIMIT, PROVISIONS, RATES, twelve

from open401k.compliance import Habits, PayHistory, PlanFacts, Projection, Span, TestId, people_of, project
from open401k.plan import Match, MatchPeriod, MatchTier

#: A year in which nothing happens any more.
STILL = Habits(
    leave_first_year=0.0, leave_years_two_three=0.0, leave_later=0.0, owner_leaves=0.0, rate_changes=1e-9,
    starts_saving=0.0, raise_left=0.0, bonus_left=0.0, catches_up=0.0,
)  # fmt: skip


def told(facts: PlanFacts, *, seed: int = 1, scenarios: int = 400, habits: Habits | None = None) -> Projection:
    people = people_of(facts)
    return project(facts, is_hce=people.is_hce, is_key=people.is_key, seed=seed, scenarios=scenarios, habits=habits)


def test_same_seed_gives_the_same_projection() -> None:
    assert told(twelve(), seed=7) == told(twelve(), seed=7)
    assert told(twelve(), seed=7) != told(twelve(), seed=8)


def test_plan_that_fails_by_a_mile_in_august_fails_at_the_year_end() -> None:
    adp = told(twelve()).of(TestId.ADP)
    assert adp.fail_probability_bps > 9_500
    assert (adp.today, adp.today_limit) == (900, LIMIT)
    assert adp.low is not None
    assert adp.high is not None
    assert adp.median is not None
    assert adp.low <= adp.median <= adp.high


def test_plan_with_room_passes() -> None:
    adp = told(twelve(rates=(600, 500, *(500,) * 10))).of(TestId.ADP)
    assert adp.fail_probability_bps < 500


def test_year_in_which_nothing_changes_ends_where_it_stands() -> None:
    adp = told(twelve(rates=(500, 500, *RATES[2:])), habits=STILL).of(TestId.ADP)
    assert (adp.low, adp.median, adp.high) == (500, 500, 500)
    assert (adp.limit_low, adp.limit_high) == (LIMIT, LIMIT)


def test_deferrals_stop_at_the_limit_of_402g_in_the_adp_test() -> None:
    # 15 % of 8,000 a date would be 31,200; 24,500 of 208,000 is 11.78 %.
    facts = twelve(rates=(1_500, 800, *RATES[2:]))
    projection = told(facts, habits=STILL)
    assert projection.of(TestId.ADP).median == (1178 + 800) // 2


def test_when_the_year_is_over_the_projection_is_the_result() -> None:
    adp = told(twelve(as_of=date(2026, 12, 31))).of(TestId.ADP)
    assert (adp.low, adp.median, adp.high, adp.today) == (900, 900, 900, 900)
    assert adp.fail_probability_bps == 10_000


def test_when_the_year_is_over_chance_has_no_part_in_any_test() -> None:
    over = twelve(as_of=date(2026, 12, 31))
    assert told(over, seed=7, scenarios=1_000).tests == told(over, seed=8).tests


def test_people_who_left_save_no_more_and_stay_in_the_average() -> None:
    facts = twelve()
    spans = tuple(
        (Span(date(2018, 1, 1), date(2026, 8, 28)),) if i == 6 else each for i, each in enumerate(facts.employment)
    )
    adp = told(replace(facts, employment=spans), habits=STILL).of(TestId.ADP)
    assert adp.limit_median == LIMIT


def test_history_with_many_rate_changes_widens_the_interval() -> None:
    calm = twelve()
    assert calm.history is not None
    restless = calm.history.pre_tax.copy()
    restless[2:, ::2] = restless[2:, ::2] * 3 // 2
    moved = replace(calm, history=replace(calm.history, pre_tax=restless))
    narrow, wide = told(calm).of(TestId.ADP), told(moved).of(TestId.ADP)
    assert narrow.limit_high is not None
    assert narrow.limit_low is not None
    assert wide.limit_high is not None
    assert wide.limit_low is not None
    assert wide.limit_high - wide.limit_low > narrow.limit_high - narrow.limit_low


def test_year_before_the_first_payroll_projects_what_is_on_file() -> None:
    facts = twelve(as_of=date(2026, 1, 2))
    adp = told(facts).of(TestId.ADP)
    assert adp.median == 0


@given(st.lists(st.integers(0, 15), min_size=12, max_size=12), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_probability_and_interval_are_always_in_order(rates: list[int], seed: int) -> None:
    for each in told(twelve(rates=tuple(rate * 100 for rate in rates)), seed=seed, scenarios=60).tests:
        assert 0 <= each.fail_probability_bps <= 10_000
        if not each.refused:
            assert each.low is not None
            assert each.median is not None
            assert each.high is not None
            assert each.low <= each.median <= each.high


def test_every_figure_is_a_whole_number() -> None:
    for each in told(twelve()).tests:
        assert not any(isinstance(value, float | np.generic) for value in (each.median, each.low, each.limit_median))


@pytest.mark.parametrize("most", [None, 1_000])
def test_a_year_without_a_pay_date_yet_is_projected_as_it_stands(most: int | None) -> None:
    """On January 2 every plan is reviewed, and nobody has been paid this year."""
    nothing = np.zeros(12, dtype=np.int64)
    empty = np.zeros((12, 0), dtype=np.int64)
    history = PayHistory((), empty, empty, empty, empty, empty)
    money: dict[str, Any] = dict.fromkeys(
        ("compensation", "section_415", "pre_tax", "calendar_deferrals", "match"), nothing
    )
    terms = replace(PROVISIONS, deferrals=replace(PROVISIONS.deferrals, max_bps_of_pay=most))
    facts = twelve(provisions=terms, as_of=date(2026, 1, 2), history=history, **money)
    limit = told(facts).of(TestId.DEFERRAL_LIMIT)
    assert (limit.fail_probability_bps, limit.refused) == (0, "")


def test_a_match_of_the_years_pay_leaves_out_what_was_paid_before_entry() -> None:
    """As the books do at the year end: half of 6 % of 13 payrolls' pay is 1.50 % of the year's, not 3.00 %."""
    terms = replace(PROVISIONS, match=Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR))
    whole = twelve(provisions=terms, rates=(1_500, 800, *RATES[2:]))
    assert whole.history is not None
    entered = date(2026, 7, 1)
    since = np.array([day >= entered for day in whole.history.pay_dates])
    deferred = whole.history.pre_tax.copy()
    deferred[0, ~since] = 0
    late = replace(
        whole,
        eligible_on=(entered, *whole.eligible_on[1:]),
        history=replace(whole.history, pre_tax=deferred),
        pre_tax=deferred.sum(axis=1),
        calendar_deferrals=deferred.sum(axis=1),
        match=whole.match * 0,
    )
    assert told(whole, habits=STILL).of(TestId.ACP).median == (300 + 300) // 2
    assert told(late, habits=STILL).of(TestId.ACP).median == (150 + 300) // 2


def test_what_others_paid_before_a_new_plan_began_is_matched_by_nobody() -> None:
    terms = replace(PROVISIONS, match=Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR))
    whole = twelve(provisions=terms, rates=(1_500, 800, *RATES[2:]))
    assert whole.history is not None
    began = date(2026, 5, 1)
    here = np.array([day >= began for day in whole.history.pay_dates])
    kept = {
        name: getattr(whole.history, name)[:, here]
        for name in ("compensation", "section_415", "pre_tax", "roth", "after_tax")
    }
    elsewhere = whole.history.compensation[:, ~here].sum(axis=1)[:, None]
    dates = tuple(day for day in whole.history.pay_dates if day >= began)
    history = PayHistory(pay_dates=dates, **kept, brought=elsewhere, brought_to=(date(2026, 4, 30),), plan_began=began)
    deferred = kept["pre_tax"].sum(axis=1)
    new = replace(
        whole, history=history, pre_tax=deferred, calendar_deferrals=deferred,
        match=whole.match * 0,
    )  # fmt: skip
    to_come = 26 - sum(not each for each in here)
    assert told(new, habits=STILL).of(TestId.ACP).median == round(300 * to_come / 26)

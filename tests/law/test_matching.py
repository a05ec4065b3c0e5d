"""Match formulas: tiers, rounding, cap, true-up, and properties."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.law import matching
from open401k.law.matching import MatchFormula

BASIC = MatchFormula.of([(10_000, 300), (5_000, 500)])
MONEY = st.integers(0, 40_000_000)


def one(deferred: int, pay: int, formula: MatchFormula = BASIC) -> int:
    return int(matching.match(np.array([deferred]), np.array([pay]), formula)[0])


@pytest.mark.parametrize(
    ("rate_bps", "match_bps"), [(0, 0), (100, 100), (300, 300), (400, 350), (500, 400), (600, 400), (10_000, 400)]
)
def test_tiers_stack(rate_bps: int, match_bps: int) -> None:
    assert one(rate_bps * 1_000, 10_000_000) == match_bps * 1_000
    assert matching.effective_rate_bps(BASIC, rate_bps) == match_bps


def test_half_a_cent_rounds_up_once_at_the_end() -> None:
    assert one(1, 100_000, MatchFormula.of([(5_000, 600)])) == 1
    assert one(5_000_00, 76_923_1, MatchFormula.of([(5_000, 600)])) == 23_077  # 6 % of 7,692.31 is 461.5386, half of it


def test_without_pay_there_is_no_match() -> None:
    assert one(50_000, 0) == 0
    assert one(50_000, -100_000) == 0


def test_the_cap_of_the_year_counts_what_was_matched_before() -> None:
    formula = MatchFormula.of([(10_000, 400)], cap_cents=100_000)
    given_now = matching.match_of_period(
        deferrals=np.array([50_000] * 3),
        compensation=np.array([1_000_000] * 3),
        matched_before=np.array([0, 80_000, 120_000]),
        formula=formula,
    )
    assert given_now.tolist() == [40_000, 20_000, 0]


def test_the_true_up_gives_what_front_loading_lost() -> None:
    # Everything deferred in the first half year: the second half earns no match per period.
    formula = MatchFormula.of([(10_000, 400)])
    per_period = sum(one(d, 500_000, formula) for d in [40_000] * 12 + [0] * 12)
    extra = matching.true_up(
        deferrals_of_year=np.array([480_000]),
        compensation_of_year=np.array([12_000_000]),
        matched=np.array([per_period]),
        formula=formula,
    )
    assert (per_period, extra.tolist()) == (240_000, [240_000])


def test_a_true_up_never_takes_match_back() -> None:
    extra = matching.true_up(
        deferrals_of_year=np.array([0]), compensation_of_year=np.array([0]), matched=np.array([5]), formula=BASIC
    )
    assert extra.tolist() == [0]


@pytest.mark.parametrize("tiers", [[], [(10_000, 0)], [(10_000, 300), (5_000, 300)], [(5_000, 500), (10_000, 300)]])
def test_tiers_that_do_not_go_upward_are_refused(tiers: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="go upward"):
        MatchFormula.of(tiers)


def test_nonelective_is_the_same_share_for_everybody() -> None:
    assert matching.nonelective(np.array([10_000_000, 1_650, -5]), 300).tolist() == [300_000, 50, 0]


@given(deferred=MONEY, more=MONEY, pay=MONEY, raised=MONEY)
def test_the_match_grows_with_deferrals_and_with_pay(deferred: int, more: int, pay: int, raised: int) -> None:
    rising = MatchFormula.of([(5_000, 300), (10_000, 600)])
    falling = BASIC
    for formula in (rising, falling):
        assert one(deferred + more, pay, formula) >= one(deferred, pay, formula)
    # With more pay the same dollars fall into earlier tiers: only a formula that does not rise must not fall.
    assert one(deferred, pay + raised, falling) >= one(deferred, pay, falling)


@given(periods=st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=12))
def test_differences_of_the_match_to_date_add_up_to_the_match_of_the_year(periods: list[tuple[int, int]]) -> None:
    cumulated = np.cumsum(np.array(periods, dtype=np.int64), axis=0)
    to_date = matching.match_to_date(
        deferrals_to_date=cumulated[:, 0], compensation_to_date=cumulated[:, 1], formula=BASIC
    )
    steps = np.diff(to_date, prepend=0)
    assert int(steps.sum()) == one(int(cumulated[-1, 0]), int(cumulated[-1, 1]))


@given(
    st.lists(
        st.tuples(st.integers(0, 20_000), st.integers(1, 10_000)), min_size=1, max_size=4, unique_by=lambda x: x[1]
    ),
    st.lists(st.tuples(st.integers(-5, 3_000_000), st.integers(-5, 30_000_000)), min_size=1, max_size=5),
)
def test_the_match_is_that_of_each_cent_in_its_tier(
    tiers: list[tuple[int, int]], people: list[tuple[int, int]]
) -> None:
    """A second computation, in fractions: from the top tier down, what lies above the next one's end."""
    formula = MatchFormula.of(sorted(tiers, key=lambda tier: tier[1]))

    def plain(deferred: int, pay: int) -> Fraction:
        left, given_ = Fraction(max(deferred, 0)), Fraction(0)
        ends = [Fraction(max(pay, 0) * tier.up_to_bps, 10_000) for tier in formula.tiers]
        left = min(left, ends[-1])
        for tier, below in zip(reversed(formula.tiers), [*reversed(ends[:-1]), Fraction(0)], strict=True):
            given_ += max(left - below, Fraction(0)) * Fraction(tier.rate_bps, 10_000)
            left = min(left, below)
        return given_

    deferred, pay = (np.array(column, dtype=np.int64) for column in zip(*people, strict=True))
    expected = [math.floor(plain(*person) + Fraction(1, 2)) for person in people]
    assert matching.match(deferred, pay, formula).tolist() == expected
    for bps in (0, 1, 3_333, 10_000):
        exact = plain(bps * 10_000, 10_000 * 10_000) / 10_000
        assert matching.exact_rate(formula, bps) == exact
        assert matching.effective_rate_bps(formula, bps) == math.floor(exact + Fraction(1, 2))


def test_the_widest_formula_and_the_first_tier() -> None:
    assert one(10, 10, MatchFormula.of([(50_000, 10_000)])) == 50
    assert one(100, 10_000, MatchFormula.of([(0, 1), (10_000, 2)])) == 1
    with pytest.raises(ValueError, match="tiers"):
        MatchFormula.of([(10_000, 0)])
    with pytest.raises(ValueError, match="rate_bps"):
        MatchFormula.of([(50_001, 1), (1, 2)])
    with pytest.raises(ValueError, match="up_to_bps"):
        MatchFormula.of([(1, 10_001)])


def test_nonelective_is_rounded_half_up_and_never_less_than_nothing() -> None:
    assert matching.nonelective(np.array([-50, 0, 1, 16, 17, 50]), 300).tolist() == [0, 0, 0, 0, 1, 2]


def test_each_band_of_service_has_its_own_formula_and_nobody_below_the_first_has_one() -> None:
    # 50 % of 6 % up to four years of service, all of 4 % from five on; the plan asks for one year.
    bands = (
        matching.ServiceBand(1, MatchFormula.of([(5_000, 600)])),
        matching.ServiceBand(5, MatchFormula.of([(10_000, 400)])),
    )
    found = matching.match_by_service(
        deferrals=np.full(5, 5_000_00),
        compensation=np.full(5, 100_000_00),
        years_of_service=np.array([0, 1, 4, 5, 30]),
        bands=bands,
    )
    assert found.tolist() == [0, 2_500_00, 2_500_00, 4_000_00, 4_000_00]
    for wrong in ((), bands[::-1], (bands[0], bands[0])):
        with pytest.raises(ValueError, match="bands of service go upward"):
            matching.match_by_service(
                deferrals=np.zeros(1, dtype=np.int64),
                compensation=np.zeros(1, dtype=np.int64),
                years_of_service=np.zeros(1, dtype=np.int64),
                bands=wrong,
            )


@given(
    to_date=st.lists(st.integers(0, 5_000), min_size=1, max_size=8),
    quarters=st.integers(1, 4),
    cap=st.none() | st.integers(1, 9_000),
    cap_per_period=st.none() | st.integers(1, 3_000),
)
def test_what_is_still_due_adds_up_to_each_period_under_both_caps(
    to_date: list[int], quarters: int, cap: int | None, cap_per_period: int | None
) -> None:
    """A second computation: each period by itself from its last figure, the year filled up one after the other."""
    year = 0
    for _ in range(quarters):
        given_now = 0
        for amount in to_date:
            due = matching.match_still_due(
                match_to_date=np.array([amount]),
                matched_in_period=np.array([given_now]),
                matched_before=np.array([year + given_now]),
                cap_cents=cap,
                cap_per_period_cents=cap_per_period,
            )
            given_now += int(due[0])
        most = min(to_date[-1], to_date[-1] if cap_per_period is None else cap_per_period)
        assert given_now == (most if cap is None else min(most, max(cap - year, 0)))
        year += given_now

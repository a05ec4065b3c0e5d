"""Refunds, QNEC and a lower deferral rate: golden vector, caps and catch-up, and what must always hold."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from open401k.law import corrections
from open401k.law import nondiscrimination as nd
from open401k.law.arrays import Cents
from open401k.law.matching import MatchFormula

DOLLARS = st.integers(0, 24_500_00)
PAY = st.integers(10_000_00, 360_000_00)
HCES = st.lists(st.tuples(DOLLARS, PAY), min_size=1, max_size=6)
NHCES = st.lists(st.tuples(st.integers(0, 5_000_00), st.integers(10_000_00, 150_000_00)), min_size=1, max_size=8)


def plan(hces: list[tuple[int, int]], nhces: list[tuple[int, int]]) -> tuple[Cents, Cents, np.typing.NDArray[np.bool_]]:
    """Columns of a plan: contributions, pay, who is an HCE."""
    people = np.array([*hces, *nhces], dtype=np.int64)
    return people[:, 0], people[:, 1], np.arange(len(people)) < len(hces)


def outcome_of(hces: list[tuple[int, int]], nhces: list[tuple[int, int]]) -> nd.RatioTest:
    contributions, pay, is_hce = plan(hces, nhces)
    return nd.adp_test(contributions=contributions, compensation=pay, is_hce=is_hce)


GOLDEN_HCES = [(23_000_00, 200_000_00), (16_000_00, 160_000_00), (21_000_00, 300_000_00)]
GOLDEN_NHCES = [(5_000_00, 100_000_00)]


def test_levelling_of_the_law_sheet() -> None:
    test = outcome_of(GOLDEN_HCES, GOLDEN_NHCES)
    found = corrections.refund(test)
    assert (test.limit.limit, test.hce.average, found.total_cents) == (700, 950, 13_800_00)
    assert [share.refund_cents for share in found.shares] == [7_600_00, 600_00, 5_600_00]


def test_catch_up_room_keeps_money_in_the_plan_before_anything_is_refunded() -> None:
    found = corrections.refund(outcome_of(GOLDEN_HCES, GOLDEN_NHCES), catch_up_room=[8_000_00, 0, 1_000_00, 0])
    assert [share.catch_up_cents for share in found.shares] == [7_600_00, 0, 1_000_00]
    assert [share.refund_cents for share in found.shares] == [0, 600_00, 4_600_00]
    assert (found.catch_up_cents, found.refund_cents, found.total_cents) == (8_600_00, 5_200_00, 13_800_00)


def test_what_one_hce_cannot_be_paid_from_this_plan_goes_to_the_next() -> None:
    found = corrections.refund(
        outcome_of(GOLDEN_HCES, GOLDEN_NHCES), in_tested_plan=[5_000_00, 16_000_00, 21_000_00, 0]
    )
    paid = [share.refund_cents for share in found.shares]
    assert paid[0] == 5_000_00
    assert (sum(paid), found.unallocated) == (13_800_00, Fraction(0))
    # The other two are levelled to the same dollars.
    assert 16_000_00 - paid[1] == 21_000_00 - paid[2]


def test_caps_below_the_total_leave_a_rest_that_is_named() -> None:
    found = corrections.refund(outcome_of(GOLDEN_HCES, GOLDEN_NHCES), in_tested_plan=[1_000_00, 1_000_00, 1_000_00, 0])
    assert (found.total_cents, found.unallocated) == (3_000_00, Fraction(10_800_00))


def test_a_passed_test_refunds_nothing() -> None:
    assert corrections.refund(outcome_of([(5_000_00, 100_000_00)], GOLDEN_NHCES)).total_cents == 0


@settings(deadline=None)
@given(hces=HCES, nhces=NHCES)
def test_bringing_ratios_down_to_the_level_makes_the_test_pass(
    hces: list[tuple[int, int]], nhces: list[tuple[int, int]]
) -> None:
    test = outcome_of(hces, nhces)
    assume(not test.passed)
    found = corrections.refund(test)
    levels = [min(person.ratio, found.level) for person in test.people if person.is_hce]
    assert sum(levels) <= test.limit.limit * len(levels)
    assert all(0 <= share.reduction_by_ratio <= c for (c, _), share in zip(hces, found.shares, strict=True))
    left = [(c - math.ceil(share.reduction_by_ratio), pay) for (c, pay), share in zip(hces, found.shares, strict=True)]
    assert outcome_of(left, nhces).passed
    # One step higher would not have been enough: no more is taken than needed.
    higher = [min(person.ratio, found.level + 1) for person in test.people if person.is_hce]
    assert sum(higher) > test.limit.limit * len(higher)


@settings(deadline=None)
@given(hces=HCES, nhces=NHCES)
def test_levelling_dollars_conserves_every_cent_and_takes_from_the_top(
    hces: list[tuple[int, int]], nhces: list[tuple[int, int]]
) -> None:
    test = outcome_of(hces, nhces)
    assume(not test.passed)
    found = corrections.refund(test)
    assert sum((share.exact for share in found.shares), Fraction(0)) == found.exact_total
    assert sum(share.refund_cents for share in found.shares) == found.total_cents
    left = [Fraction(contribution) - share.exact for (contribution, _), share in zip(hces, found.shares, strict=True)]
    line = max(left)
    for remaining, share in zip(left, found.shares, strict=True):
        assert remaining == line or share.exact == 0


@settings(deadline=None, max_examples=40)
@given(hces=HCES, nhces=NHCES)
def test_the_qnec_is_the_smallest_that_passes(hces: list[tuple[int, int]], nhces: list[tuple[int, int]]) -> None:
    contributions, pay, is_hce = plan(hces, nhces)
    everyone = np.ones(len(pay), dtype=np.bool_)
    needed = corrections.qnec_needed(contributions=contributions, compensation=pay, is_hce=is_hce, eligible=everyone)
    assume(nd.adp_test(contributions=contributions, compensation=pay, is_hce=is_hce).hce.average <= nd.WHOLE)
    assert needed.possible
    after = nd.adp_test(contributions=contributions + needed.amounts, compensation=pay, is_hce=is_hce)
    assert after.passed
    assert not needed.amounts[is_hce].any()
    if needed.rate_millionths:
        assert after.nhce.average == needed.nhce_average_needed
        one_step_less = np.where(is_hce, 0, (pay * (needed.rate_millionths - 1) * 2 + 1_000_000) // 2_000_000)
        assert not nd.adp_test(contributions=contributions + one_step_less, compensation=pay, is_hce=is_hce).passed


def test_a_qnec_of_the_story() -> None:
    # NHCEs at 3.21 %, the HCE at 7.50 %: 5.50 % is needed, 2.29 points of pay (2.285 with the rounding of ratios).
    contributions, pay, is_hce = plan([(7_500_00, 100_000_00)], [(3_210_00, 100_000_00)])
    needed = corrections.qnec_needed(
        contributions=contributions, compensation=pay, is_hce=is_hce, eligible=np.array([True, True])
    )
    assert (needed.nhce_average_needed, needed.rate_millionths, needed.total_cents) == (550, 22_850, 2_285_00)


@pytest.mark.parametrize(
    ("hce", "nhce"), [(0, 0), (1, 1), (200, 100), (400, 200), (521, 321), (1000, 800), (1250, 1000)]
)
def test_the_nhce_average_needed_is_the_inverse_of_the_limit(hce: int, nhce: int) -> None:
    assert corrections.nhce_average_needed(hce) == nhce
    assert nd.ratio_limit(nhce).limit >= hce


def cut_for(so_far: list[int], rest: list[int]) -> corrections.DeferralCut:
    return corrections.hce_deferral_cut(
        so_far=np.array(so_far),
        planned_rest=np.array(rest),
        pay_rest=np.array([40_000_00, 20_000_00]),
        compensation=np.array([100_000_00, 50_000_00]),
        is_hce=np.array([True, False]),
        eligible=np.array([True, True]),
    )


def test_hces_lower_their_deferrals_just_enough() -> None:
    # NHCE ends at 3.00 %, so the HCE may end at 5.00 %: 5,000 of the year, 1,000 more on 40,000 of pay, that is 2.5 %
    # (2.51 % of 40,000 is 1,004, a ratio of 5.00 % still).
    cut = cut_for([4_000_00, 1_000_00], [3_000_00, 500_00])
    assert (cut.possible, cut.cap_bps, cut.hce_average) == (True, 251, 500)
    assert cut.reduction.tolist() == [3_000_00 - 1_004_00, 0]


def test_a_cut_can_come_too_late() -> None:
    cut = cut_for([9_000_00, 1_000_00], [3_000_00, 500_00])
    assert (cut.possible, cut.cap_bps, cut.reduction.tolist()) == (False, 0, [3_000_00, 0])


def test_a_plan_that_passes_needs_no_cut() -> None:
    cut = cut_for([1_000_00, 1_000_00], [1_000_00, 500_00])
    assert (cut.possible, cut.cap_bps, int(cut.reduction.sum())) == (True, 10_000, 0)


def test_income_follows_the_share_of_the_balance() -> None:
    found = corrections.allocable_income(
        excess=1_000_00, plan_year_income=600_00, opening_balance=4_000_00, contributions=8_000_00
    )
    assert found == 50_00
    assert corrections.allocable_income(excess=1, plan_year_income=1, opening_balance=0, contributions=0) == 0


@given(excess=st.integers(0, 11_000_00))
def test_an_acp_distribution_pays_exactly_the_excess(excess: int) -> None:
    leaving = corrections.acp_distribution(
        excess,
        employee_contributions=7_000_00,
        compensation=100_000_00,
        formula=MatchFormula.of([(10_000, 200), (5_000, 600)]),
    )
    assert leaving.unmatched + leaving.matched + leaving.related_match == excess
    assert min(leaving.unmatched, leaving.matched, leaving.related_match) >= 0

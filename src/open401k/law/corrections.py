"""Correcting a failed ADP or ACP test: who gets what back, what a QNEC costs, how far HCEs must lower their deferrals.

Exact fractions until the end. Not here: the tests themselves, deadlines (deadlines.py), EPCRS.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..kernel import half_up
from .arrays import Cents, Flags, half_up_quotient
from .given import ImpossibleInput, check_facts, same_length
from .matching import MatchFormula, match
from .nondiscrimination import PersonRatio, RatioTest, ratio_limit, ratio_scenarios

_WHOLE = 10_000
#: Rates of a QNEC are sought in millionths of pay.
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class RefundShare:
    """One HCE's part of a correction. The three amounts in cents: attributed = kept as catch-up + refunded."""

    place: int
    reduction_by_ratio: Fraction
    exact: Fraction
    attributed_cents: int
    catch_up_cents: int
    refund_cents: int


@dataclass(frozen=True, slots=True)
class Refund:
    """A correction by refund: the level that ratios come down to gives the total, levelling dollars gives the shares.

    ``unallocated`` is what no HCE had in the tested plan to give back (zero unless amounts were capped).
    """

    level: int
    exact_total: Fraction
    total_cents: int
    shares: tuple[RefundShare, ...]
    unallocated: Fraction

    @property
    def refund_cents(self) -> int:
        return sum(share.refund_cents for share in self.shares)

    @property
    def catch_up_cents(self) -> int:
        return sum(share.catch_up_cents for share in self.shares)


@dataclass(frozen=True, slots=True, eq=False)
class QnecNeeded:
    """A uniform QNEC that makes the test pass.

    A bottom-up one costs less but counts only up to the greater of 5 % of pay and twice the representative rate (see
    targeting.py).
    """

    possible: bool
    nhce_average_needed: int
    rate_millionths: int
    amounts: Cents
    total_cents: int


@dataclass(frozen=True, slots=True, eq=False)
class DeferralCut:
    """The highest rate at which HCEs may defer from a date on so that the test passes, and what each would defer less.

    Not ``possible``: even no further deferrals would not be enough.
    """

    possible: bool
    cap_bps: int
    deferrals_after: Cents
    reduction: Cents
    hce_average: int


def refund(
    test: RatioTest,
    *,
    catch_up_room: Sequence[int] | None = None,
    in_tested_plan: Sequence[int] | None = None,
) -> Refund:
    """Refund of excess (aggregate) contributions (IRC 401(k)(8)(B)-(C), 401(m)(6)(B)-(C); Reg. 1.401(k)-2(b)(2)).

    Both optional columns go by place, like the arrays that were tested. ``catch_up_room`` in cents is kept in the
    plan as catch-up before anything is refunded (414(v)(3); ADP test only); ``in_tested_plan`` caps what one HCE can
    be paid, the rest goes to the next (Reg. 1.401(k)-2(b)(2)(iii)). Allocable income comes on top.
    """
    check_facts(locals())
    hces = tuple(test.people.of(test.people.is_hce))
    for field, column in (("catch_up_room", catch_up_room), ("in_tested_plan", in_tested_plan)):
        if column is not None and len(column) <= max((hce.place for hce in hces), default=-1):
            raise ImpossibleInput(field, f"has {len(column)} entries and none for the last HCE")
    if test.passed:
        return Refund(_WHOLE, Fraction(0), 0, (), Fraction(0))
    level = excess_level([hce.ratio for hce in hces], test.limit.limit)
    by_ratio = [_reduction(hce, level) for hce in hces]
    total = sum(by_ratio, Fraction(0))
    caps = [hce.contribution_cents if in_tested_plan is None else in_tested_plan[hce.place] for hce in hces]
    exact = level_dollars([hce.contribution_cents for hce in hces], total, caps)
    cents = _to_cents(exact)
    shares = []
    for hce, reduced, share, attributed in zip(hces, by_ratio, exact, cents, strict=True):
        kept = min(attributed, max(0, catch_up_room[hce.place])) if catch_up_room is not None else 0
        shares.append(RefundShare(hce.place, reduced, share, attributed, kept, attributed - kept))
    return Refund(level, total, sum(cents), tuple(shares), total - sum(exact, Fraction(0)))


def excess_level(hce_ratios: Sequence[int], limit: int) -> int:
    """The ratio that the highest HCE ratios come down to, step by step, until their average is within the limit.

    In hundredths of a percent, rounded down, as Reg. 1.402(g)-1(e)(11) Example 2 does it (IRC 401(k)(8)(B)(ii)).
    """
    check_facts(locals())
    allowed = limit * len(hce_ratios)
    ordered = sorted(hce_ratios, reverse=True)
    below = sum(ordered)
    for count, ratio in enumerate(ordered, start=1):
        below -= ratio
        level = (allowed - below) // count
        # The level holds when the next lower ratio is not above it: nobody else needs to come down.
        if count == len(ordered) or ordered[count] <= level:
            return max(level, 0)
    return limit


def level_dollars(amounts: Sequence[int], total: Fraction, caps: Sequence[int]) -> list[Fraction]:
    """Share out a total from the largest amount downward, nobody beyond the cap (IRC 401(k)(8)(C)).

    The water line W solves sum(min(cap, max(0, amount - W))) = total; it is exact.
    """
    same_length(amounts=amounts, caps=caps)
    edges = sorted({Fraction(0), *map(Fraction, amounts), *(Fraction(max(0, a - c)) for a, c in _pairs(amounts, caps))})

    def taken(line: Fraction) -> list[Fraction]:
        return [min(Fraction(cap), max(Fraction(0), amount - line)) for amount, cap in _pairs(amounts, caps)]

    # The lowest edge at which less than the total is taken lies just above the water line.
    above = bisect_left(range(len(edges)), True, key=lambda place: sum(taken(edges[place])) < total)
    if above == 0:
        return taken(Fraction(0))
    if above == len(edges):
        return taken(edges[-1])
    low, high = edges[above - 1], edges[above]
    at_low, at_high = sum(taken(low), Fraction(0)), sum(taken(high), Fraction(0))
    return taken(high - Fraction((total - at_high) * (high - low), at_low - at_high))


def qnec_needed(
    *,
    contributions: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags,
) -> QnecNeeded:
    """The smallest uniform percentage of pay to all eligible NHCEs with which the current-year test passes.

    IRC 401(k)(3)(D)(ii); Reg. 1.401(k)-2(a)(6), (b)(1)(i)(A). Found with the test itself, so nothing is rounded
    differently.
    """
    check_facts(locals(), one_plan=True)
    nhces = eligible & ~is_hce

    def outcome(rate: int) -> tuple[bool, Cents, int]:
        qnec = np.where(nhces, half_up_quotient(np.maximum(compensation, 0) * rate, _MILLION), 0)
        tested = ratio_scenarios(
            contributions=contributions + qnec, compensation=compensation, is_hce=is_hce, eligible=eligible
        )
        return bool(tested.passed), qnec, int(tested.hce_average)

    rate = _smallest(lambda candidate: outcome(candidate)[0], _MILLION)
    passed, amounts, hce_average = outcome(min(rate, _MILLION))
    return QnecNeeded(
        possible=passed,
        nhce_average_needed=nhce_average_needed(hce_average),
        rate_millionths=min(rate, _MILLION),
        amounts=amounts,
        total_cents=int(amounts.sum()),
    )


def nhce_average_needed(hce_average: int) -> int:
    """The lowest NHCE average whose limit is at least this HCE average (IRC 401(k)(3)(A)(ii))."""
    check_facts(locals())
    return _smallest(lambda nhce: ratio_limit(nhce).limit >= hce_average, _WHOLE)


def hce_deferral_cut(
    *,
    so_far: Cents,
    planned_rest: Cents,
    pay_rest: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags,
) -> DeferralCut:
    """The highest deferral rate for HCEs on pay from a date on with which the test of the year passes (IRC 401(k)(3)).

    ``so_far`` is in the books; ``planned_rest`` on ``pay_rest`` is expected; nobody's deferral is raised. One rate
    for all HCEs, in basis points of pay, so that a plan can adopt it as a limit (Reg. 1.401(k)-2(b)(1)(i)).
    """
    check_facts(locals(), one_plan=True)

    def rest(cap_bps: int) -> Cents:
        capped = np.minimum(planned_rest, np.maximum(pay_rest, 0) * cap_bps // _WHOLE)
        return np.where(is_hce, capped, planned_rest)

    def outcome(cap_bps: int) -> tuple[bool, int]:
        tested = ratio_scenarios(
            contributions=so_far + rest(cap_bps), compensation=compensation, is_hce=is_hce, eligible=eligible
        )
        return bool(tested.passed), int(tested.hce_average)

    # The lower the cap, the lower the HCE average: seek how far it must come down from 100 %.
    cap = max(_WHOLE - _smallest(lambda down: outcome(_WHOLE - down)[0], _WHOLE), 0)
    passed, hce_average = outcome(cap)
    after = rest(cap)
    return DeferralCut(passed, cap, after, planned_rest - after, hce_average)


@dataclass(frozen=True, slots=True)
class AfterTaxDistribution:
    """One HCE's excess aggregate contributions by kind, in cents."""

    unmatched: int
    matched: int
    related_match: int


def acp_distribution(
    excess_cents: int, *, employee_contributions: int, compensation: int, formula: MatchFormula
) -> AfterTaxDistribution:
    """What leaves first: unmatched after-tax contributions, then matched ones together with their match.

    Reg. 1.401(m)-2(b)(2)(iv), (5) Example 6; so the effective match rate stays that of the plan.
    """
    check_facts(locals())
    top = formula.tiers[-1].up_to_bps
    matched_most = half_up(Fraction(compensation * top, _WHOLE))
    unmatched = min(excess_cents, max(0, employee_contributions - matched_most))

    def leaving(matched: int) -> int:
        remaining = min(employee_contributions, matched_most) - matched
        return (
            matched
            + _match(formula, min(employee_contributions, matched_most), compensation)
            - _match(formula, remaining, compensation)
        )

    rest = excess_cents - unmatched
    matched = _smallest(lambda amount: leaving(amount) >= rest, min(employee_contributions, matched_most))
    return AfterTaxDistribution(unmatched=unmatched, matched=matched, related_match=rest - matched)


def orphan_match(*, deferrals_left: int, match_left: int, compensation: int, formula: MatchFormula) -> int:
    """Match that belongs to refunded deferrals: forfeited, never paid out (IRC 411(a)(3)(G); Reg.
    1.401(a)(4)-4(e)(3)(iii)(G)).
    """
    check_facts(locals())
    return max(0, match_left - _match(formula, deferrals_left, compensation))


@dataclass(frozen=True, slots=True)
class CoordinatedRefunds:
    """One HCE with both an excess deferral and an excess contribution, in cents."""

    further_excess_deferral: int
    reported_as_excess_deferral: int
    reported_as_excess_contribution: int


def coordinate_refunds(*, excess_contribution_distributed: int, excess_deferral: int) -> CoordinatedRefunds:
    """What an ADP refund already paid leaves of a 402(g) excess (Reg. 1.402(g)-1(e)(6), 1.401(k)-2(b)(4)(i)).

    The same dollars are not paid back twice; up to the excess deferral they are reported as that.
    """
    check_facts(locals())
    as_deferral = min(excess_contribution_distributed, excess_deferral)
    return CoordinatedRefunds(
        further_excess_deferral=excess_deferral - as_deferral,
        reported_as_excess_deferral=excess_deferral,
        reported_as_excess_contribution=excess_contribution_distributed - as_deferral,
    )


def allocable_income(*, excess: int, plan_year_income: int, opening_balance: int, contributions: int) -> int:
    """Income of the plan year on an amount paid back, by the alternative method; none for the time after the plan year.

    Reg. 1.401(k)-2(b)(2)(iv)(C); losses reduce what is paid. Balances and contributions of the same kind of money.
    """
    check_facts(locals())
    base = opening_balance + contributions
    return half_up(Fraction(plan_year_income * excess, base)) if base > 0 else 0


def _reduction(hce: PersonRatio, level: int) -> Fraction:
    if hce.ratio <= level:
        return Fraction(0)
    return max(Fraction(0), hce.contribution_cents - Fraction(hce.compensation_cents * level, _WHOLE))


def _pairs(amounts: Sequence[int], caps: Sequence[int]) -> list[tuple[int, int]]:
    return [(amount, min(amount, cap)) for amount, cap in zip(amounts, caps, strict=True)]


def _to_cents(exact: Sequence[Fraction]) -> list[int]:
    """Whole cents that add up to the rounded total: largest remainder, ties to the first."""
    floors = [share.numerator // share.denominator for share in exact]
    missing = half_up(sum(exact, Fraction(0))) - sum(floors)
    by_remainder = sorted(range(len(exact)), key=lambda place: (floors[place] - exact[place], place))
    for place in by_remainder[:missing]:
        floors[place] += 1
    return floors


def _smallest(holds: Callable[[int], bool], top: int) -> int:
    """The smallest number from 0 to ``top`` for which it holds (it keeps holding above); ``top`` + 1 if for none."""
    low, high = 0, top + 1
    while low < high:
        middle = (low + high) // 2
        if middle <= top and not holds(middle):
            low = middle + 1
        else:
            high = middle
    return low


def _match(formula: MatchFormula, deferrals: int, compensation: int) -> int:
    return int(match(np.array([deferrals]), np.array([compensation]), formula)[0])

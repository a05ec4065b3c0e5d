"""Correcting the ADP and ACP tests beyond the refund: recharacterizing, shifting, what comes in which order, excise.

Reg. 1.401(k)-2(a)(6), (b); 1.401(m)-2(a)(6), (b). Not here: refunds and QNEC (corrections.py), targeted QNEC
(targeting.py), which year's average (testing_method.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import PlanYear, half_up
from . import deadlines, figures
from .arrays import Cents, Flags
from .given import ImpossibleInput, check_facts
from .nondiscrimination import RatioTest, acp_test, adp_test
from .testing_method import Method

_WHOLE = 10_000
#: Plan years from here on are corrected at the cost of the year of correction (Reg. 1.401(k)-2(b)(2)(vi)(A)).
_TAXED_WHEN_PAID_FROM = date(2008, 1, 1)


class RecharacterizationBar(StrEnum):
    """Why excess contributions cannot become after-tax contributions. Listed in order of precedence."""

    NO_AFTER_TAX = "plan_without_after_tax_contributions"
    DIFFERENT_METHODS = "adp_and_acp_tested_by_different_methods"
    TOO_LATE = "more_than_two_and_a_half_months_after_the_plan_year"


@dataclass(frozen=True, slots=True)
class Recharacterization:
    """What of an HCE's excess contributions becomes after-tax, and what must be paid out."""

    bars: tuple[RecharacterizationBar, ...]
    recharacterized_cents: int
    to_distribute_cents: int
    last_day: date
    #: Whose ACP test it counts in: that in which it is taxed.
    acp_plan_year: PlanYear


class ShiftBar(StrEnum):
    """Why contributions cannot move from one test to the other. Listed in order of precedence."""

    DIFFERENT_METHODS = "adp_and_acp_tested_by_different_methods"
    MORE_THAN_THERE_IS = "more_moved_than_contributed"
    ADP_FAILS_WITH_THEM = "adp_test_not_passed_with_what_is_moved"
    ADP_FAILS_WITHOUT_THEM = "adp_test_not_passed_without_what_is_moved"


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """Both tests after contributions were counted in the other one; allowed only without a bar."""

    bars: tuple[ShiftBar, ...]
    adp: RatioTest
    acp: RatioTest

    @property
    def allowed(self) -> bool:
        return not self.bars

    @property
    def passed(self) -> bool:
        return self.allowed and self.adp.passed and self.acp.passed


@dataclass(frozen=True, slots=True)
class HceCorrections:
    """One HCE's corrections in their lawful order, in cents: nothing is paid or forfeited twice."""

    excess_deferral_paid: int
    excess_contribution_paid: int
    match_forfeited: int
    excess_aggregate_paid: int


@dataclass(frozen=True, slots=True)
class VestedSplit:
    """Match that leaves as excess aggregate contribution: the vested part is paid, the other forfeited."""

    distributed_cents: int
    forfeited_cents: int


@dataclass(frozen=True, slots=True)
class Excise:
    """The excise on what was not corrected in time, and until when there is none."""

    base_cents: int
    excise_cents: int
    without_excise: date
    form_5330: date


@dataclass(frozen=True, slots=True)
class CorrectiveTax:
    """How a corrective payment is taxed: in the year in which it is paid, never under 72(t), never rolled over."""

    paid_cents: int
    taxable_cents: int
    basis_cents: int


@dataclass(frozen=True, slots=True)
class OneToOne:
    """After twelve months: what HCEs are paid, and as much again for NHCEs."""

    paid_to_hces_cents: int
    contributed_for_nhces_cents: int


def recharacterize(
    *,
    excess_cents: int,
    after_tax_cents: int,
    most_after_tax_cents: int,
    plan_allows_after_tax: bool,
    adp_method: Method,
    acp_method: Method,
    plan_year: PlanYear,
    notified_on: date,
) -> Recharacterization:
    """An HCE's excess contributions as after-tax contributions (Reg. 1.401(k)-2(b)(3), (c)(3)(i)).

    Until 2 1/2 months after the plan year, the day on which the last HCE concerned is told; with what was contributed
    after-tax within the plan's maximum. What is recharacterized is taxed as if paid, since plan years of 2008 when it
    is recharacterized, and counts in the ACP test of the plan year of that day (1.401(m)-2(a)(4)(ii)): mostly the next
    one. The examples of 1.401(m)-2(b)(5) are of 2006, when both was the tested year. Amounts paid as excess deferrals
    reduce it first (excess_deferrals.adp_refund_after_deferral_refund).
    """
    check_facts(locals())
    # Six months under an EACA are only for distributions ((b)(5)(iii)): not here.
    last = deadlines.correction_deadlines(plan_year).without_excise
    found = (
        (not plan_allows_after_tax, RecharacterizationBar.NO_AFTER_TAX),
        (adp_method is not acp_method, RecharacterizationBar.DIFFERENT_METHODS),
        (notified_on > last, RecharacterizationBar.TOO_LATE),
    )
    bars = tuple(bar for there, bar in found if there)
    moved = 0 if bars else min(excess_cents, max(0, most_after_tax_cents - after_tax_cents))
    next_year = plan_year.start >= _TAXED_WHEN_PAID_FROM and notified_on >= plan_year.end
    counts_in = PlanYear.starting(plan_year.end) if next_year else plan_year
    return Recharacterization(bars, moved, excess_cents - moved, last, counts_in)


def shift_deferrals(
    *,
    deferrals: Cents,
    moved: Cents,
    in_acp: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags,
    adp_method: Method,
    acp_method: Method,
    prior_year_adp: int | None = None,
    prior_year_acp: int | None = None,
) -> Shift:
    """Count deferrals in the ACP test instead of the ADP test (Reg. 1.401(m)-2(a)(6)(ii), (c)(3)(ii)).

    The ADP test must be passed with them and without them; not in a safe harbor plan, and not catch-up, refunded
    default deferrals or NHCEs' deferrals over 401(a)(30), which count in neither.
    """
    check_facts(locals(), one_plan=True)

    def adp(contributions: Cents) -> RatioTest:
        return adp_test(
            contributions=contributions,
            compensation=compensation,
            is_hce=is_hce,
            eligible=eligible,
            prior_year_nhce_average=prior_year_adp,
        )

    without = adp(np.maximum(deferrals - moved, 0))
    bars = _bars(
        (adp_method is not acp_method, ShiftBar.DIFFERENT_METHODS),
        (bool((moved > deferrals).any()), ShiftBar.MORE_THAN_THERE_IS),
        (not adp(deferrals).passed, ShiftBar.ADP_FAILS_WITH_THEM),
        (not without.passed, ShiftBar.ADP_FAILS_WITHOUT_THEM),
    )
    acp = acp_test(
        contributions=in_acp + moved,
        compensation=compensation,
        is_hce=is_hce,
        eligible=eligible,
        prior_year_nhce_average=prior_year_acp,
    )
    return Shift(bars, without, acp)


def shift_qmac(
    *,
    deferrals: Cents,
    in_acp: Cents,
    moved: Cents,
    qualified: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags,
    adp_method: Method,
    acp_method: Method,
    prior_year_adp: int | None = None,
    prior_year_acp: int | None = None,
) -> Shift:
    """Count QMAC in the ADP test instead of the ACP test (Reg. 1.401(k)-2(a)(6)(v)-(vi), (c)(3)(iii)).

    Only match that is qualified, that is countable in the ACP test at all, and once. ``in_acp`` is everything of the
    ACP test before.
    """
    check_facts(locals(), one_plan=True)
    bars = _bars(
        (adp_method is not acp_method, ShiftBar.DIFFERENT_METHODS),
        (bool((moved > qualified).any()), ShiftBar.MORE_THAN_THERE_IS),
    )
    adp = adp_test(
        contributions=deferrals + moved,
        compensation=compensation,
        is_hce=is_hce,
        eligible=eligible,
        prior_year_nhce_average=prior_year_adp,
    )
    acp = acp_test(
        contributions=np.maximum(in_acp - moved, 0),
        compensation=compensation,
        is_hce=is_hce,
        eligible=eligible,
        prior_year_nhce_average=prior_year_acp,
    )
    return Shift(bars, adp, acp)


def in_order(
    *,
    excess_deferral_paid_here: int,
    excess_contribution: int,
    excess_aggregate: int,
    match_rate_bps: int,
    match_on_deferrals: int,
) -> HceCorrections:
    """One HCE's corrections in one plan: 402(g) first, then ADP, then ACP (Reg. 1.401(m)-2(b)(5) Example 5).

    What was paid as an excess deferral reduces the excess contribution (1.401(k)-2(b)(4)(i)(A)); the match on both is
    forfeited where the plan says so, and reduces the excess aggregate contribution ((a)(5)(v)). ``match_on_deferrals``
    is what there is of such match.
    """
    check_facts(locals())
    contribution = max(0, excess_contribution - excess_deferral_paid_here)
    leaving = excess_deferral_paid_here + contribution
    forfeited = min(match_on_deferrals, half_up(Fraction(leaving * match_rate_bps, _WHOLE)))
    return HceCorrections(excess_deferral_paid_here, contribution, forfeited, max(0, excess_aggregate - forfeited))


def vested_split(*, excess_match_cents: int, vested_bps: int) -> VestedSplit:
    """Match of an excess aggregate contribution by vesting: paid as far as vested, forfeited as far as not.

    IRC 401(m)(6)(A); Reg. 1.401(m)-2(b)(2)(v), (5) Example 7, first option. Vested match is never forfeited and
    unvested match never paid ((b)(1)(iii)).
    """
    check_facts(locals())
    if vested_bps > _WHOLE:
        raise ImpossibleInput("vested_bps", f"from 0 to {_WHOLE}, not {vested_bps}")
    paid = half_up(Fraction(excess_match_cents * vested_bps, _WHOLE))
    return VestedSplit(paid, excess_match_cents - paid)


def excise(
    *,
    excess_cents: int,
    corrected: Sequence[tuple[date, int]],
    plan_year: PlanYear,
    eaca_covers_everybody: bool = False,
) -> Excise:
    """The employer's 10 % on excess (aggregate) contributions not corrected in time (IRC 4979(a), (f)).

    ``corrected``: days and amounts of excess, without income, paid, forfeited or recharacterized. A QNEC that is
    counted leaves no excess, whenever it comes within twelve months (Reg. 1.401(k)-2(b)(5)(i)).
    """
    check_facts(locals())
    days = deadlines.correction_deadlines(plan_year, eaca_covers_everybody=eaca_covers_everybody)
    in_time = sum(amount for day, amount in corrected if day <= days.without_excise)
    base = max(0, excess_cents - in_time)
    rate = figures.bps("excise_4979", plan_year)
    return Excise(base, half_up(Fraction(base * rate, _WHOLE)), days.without_excise, days.form_5330)


def corrective_tax(*, excess_cents: int, income_cents: int, roth_or_after_tax_cents: int) -> CorrectiveTax:
    """How a refund of an excess (aggregate) contribution is taxed (Reg. 1.401(k)-2(b)(2)(vi), 1.401(m)-2(b)(2)(vi)).

    In the year of the payment, whenever it comes; what was designated Roth or after-tax is basis, its income is not.
    """
    check_facts(locals())
    if roth_or_after_tax_cents > excess_cents:
        raise ImpossibleInput("roth_or_after_tax_cents", f"from 0 to {excess_cents}, not {roth_or_after_tax_cents}")
    paid = max(0, excess_cents + income_cents)
    basis = min(roth_or_after_tax_cents, paid)
    return CorrectiveTax(paid, paid - basis, basis)


def one_to_one(*, excess_cents: int, earnings_to_correction_cents: int) -> OneToOne:
    """After the twelve months: excess and earnings leave the HCEs, and as much is contributed for NHCEs.

    Rev. Proc. 2021-30 App. B section 2.01(1)(b)(iv), read as its predecessor Rev. Proc. 2003-44 has it. The
    contribution is vested; :func:`self_correction.one_to_one` shares it out.
    """
    check_facts(locals())
    both = max(0, excess_cents + earnings_to_correction_cents)
    return OneToOne(both, both)


def _bars(*found: tuple[bool, ShiftBar]) -> tuple[ShiftBar, ...]:
    return tuple(bar for there, bar in found if there)

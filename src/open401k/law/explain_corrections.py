"""Corrections beyond the refund, testing methods and safe harbor changes in plain words. Not here: any calculation."""

import numpy as np

from ..kernel import Money
from .correction_steps import (
    CorrectiveTax,
    Excise,
    HceCorrections,
    OneToOne,
    Recharacterization,
    RecharacterizationBar,
    Shift,
    ShiftBar,
    VestedSplit,
)
from .corrections import AfterTaxDistribution, CoordinatedRefunds
from .explain import explain, percent
from .multi_plan import MultiPlanRatio
from .safe_harbor_changes import AdoptionBar, Bar, LateAdoption, Verdict
from .targeting import Countable
from .testing_method import PriorAverage

_RECHARACTERIZATION = {
    RecharacterizationBar.NO_AFTER_TAX: "the plan has no after-tax contributions",
    RecharacterizationBar.DIFFERENT_METHODS: "ADP and ACP are tested by different methods",
    RecharacterizationBar.TOO_LATE: "it is later than 2 1/2 months after the plan year",
}
_SHIFT = {
    ShiftBar.DIFFERENT_METHODS: "ADP and ACP are tested by different methods",
    ShiftBar.MORE_THAN_THERE_IS: "more is moved than there is",
    ShiftBar.ADP_FAILS_WITH_THEM: "the ADP test is not passed with what is moved",
    ShiftBar.ADP_FAILS_WITHOUT_THEM: "the ADP test is not passed without what is moved",
}
_BARS = {
    Bar.PROHIBITED: "this change is prohibited during the year",
    Bar.BY_REDUCTION_RULE_ONLY: "it follows the rules for reducing or suspending (Reg. 1.401(k)-3(g))",
    Bar.LESS_THAN_THREE_MONTHS_LEFT: "it is adopted less than three months before the plan year ends",
    Bar.NOT_RETROACTIVE: "it is not effective for the whole plan year",
    Bar.NOTICE_MISSING: "the notice is missing",
    Bar.NOTICE_TOO_LATE: "the notice is too late",
    Bar.NO_ELECTION_OPPORTUNITY: "employees have no opportunity to change their elections",
    Bar.NO_LOSS_AND_NO_STATEMENT: "there is neither an economic loss nor the statement in the notice of the year",
    Bar.EFFECTIVE_TOO_EARLY: "it is effective too early",
    Bar.NO_CURRENT_YEAR_TEST: "the plan does not provide for the test of the whole year by current-year testing",
}
_ADOPTION = {
    AdoptionBar.MATCH_SAFE_HARBOR: "the plan was a match safe harbor in the year",
    AdoptionBar.TOO_LATE: "the last day is over",
    AdoptionBar.RATE_TOO_LOW: "the rate is too low for the day",
}


@explain.register
def _recharacterization(found: Recharacterization) -> str:
    cite = "(Reg. 1.401(k)-2(b)(3))"
    if found.bars:
        why = "; ".join(_RECHARACTERIZATION[bar] for bar in found.bars)
        return f"Nothing can be recharacterized: {why} {cite}. {Money(found.to_distribute_cents)} must be paid out."
    rest = f" {Money(found.to_distribute_cents)} must be paid out." if found.to_distribute_cents else ""
    return (
        f"{Money(found.recharacterized_cents)} become after-tax contributions if everybody concerned is told by "
        f"{found.last_day} {cite}, and count in the ACP test of the plan year {found.acp_plan_year} (Reg. "
        f"1.401(m)-2(a)(4)(ii)).{rest}"
    )


@explain.register
def _shift(found: Shift) -> str:
    if found.bars:
        return f"Not allowed: {'; '.join(_SHIFT[bar] for bar in found.bars)} (Reg. 1.401(k)-2(a)(6), 1.401(m)-2(a)(6))."
    return f"Allowed (Reg. 1.401(k)-2(a)(6), 1.401(m)-2(a)(6)). {explain(found.adp)} {explain(found.acp)}"


@explain.register
def _in_order(found: HceCorrections) -> str:
    return (
        f"Paid as excess deferral {Money(found.excess_deferral_paid)}, as excess contribution "
        f"{Money(found.excess_contribution_paid)}, as excess aggregate contribution "
        f"{Money(found.excess_aggregate_paid)}; match forfeited {Money(found.match_forfeited)} (Reg. 1.401(k)-2(b)(4), "
        "1.401(m)-2(b)(3)(v))."
    )


@explain.register
def _excise(found: Excise) -> str:
    if not found.base_cents:
        return f"Everything was corrected by {found.without_excise}: no excise tax (IRC 4979(f)(1))."
    return (
        f"{Money(found.base_cents)} were not corrected by {found.without_excise}: an excise tax of "
        f"{Money(found.excise_cents)}, on Form 5330 by {found.form_5330} (IRC 4979(a))."
    )


@explain.register
def _verdict(found: Verdict) -> str:
    if found.allowed:
        return f"Allowed ({found.cite})."
    earliest = f" It may be effective from {found.earliest}." if found.earliest else ""
    return f"Not allowed: {'; '.join(_BARS[bar] for bar in found.bars)} ({found.cite}).{earliest}"


@explain.register
def _late_adoption(found: LateAdoption) -> str:
    if found.allowed:
        return f"It can be adopted ({found.cite})."
    offer = f" {explain(found.offer)}" if found.offer and AdoptionBar.MATCH_SAFE_HARBOR not in found.bars else ""
    return f"It cannot be adopted: {'; '.join(_ADOPTION[bar] for bar in found.bars)} ({found.cite}).{offer}"


@explain.register
def _prior(found: PriorAverage) -> str:
    return f"Tested against {found.reason} (Reg. 1.401(k)-2(c))."


@explain.register
def _corrective_tax(found: CorrectiveTax) -> str:
    return (
        f"Of {Money(found.paid_cents)} {Money(found.taxable_cents)} are taxable in the year of the payment, without "
        "the 10 % tax; it cannot be rolled over (Reg. 1.401(k)-2(b)(2)(vi))."
    )


@explain.register
def _split(found: VestedSplit) -> str:
    return (
        f"{Money(found.distributed_cents)} are vested and paid, {Money(found.forfeited_cents)} are not and are "
        "forfeited (IRC 401(m)(6)(A))."
    )


@explain.register
def _one_to_one(found: OneToOne) -> str:
    return (
        f"{Money(found.paid_to_hces_cents)} leave the highly compensated employees and "
        f"{Money(found.contributed_for_nhces_cents)} are contributed for the others (Rev. Proc. 2021-30 App. B "
        "2.01(1)(b))."
    )


@explain.register
def _multi_plan(found: MultiPlanRatio) -> str:
    return (
        f"{Money(found.contributions_cents)}, {Money(found.from_other_plans_cents)} of them under other plans, of "
        f"{Money(found.compensation_cents)} of pay: {percent(found.ratio)} (Reg. 1.401(k)-2(a)(3)(ii))."
    )


@explain.register
def _after_tax(found: AfterTaxDistribution) -> str:
    return (
        f"{Money(found.unmatched)} of unmatched after-tax contributions leave first, then {Money(found.matched)} of "
        f"matched ones with {Money(found.related_match)} of match on them (Reg. 1.401(m)-2(b)(2)(iv), (5) Example 6)."
    )


@explain.register
def _coordinated(found: CoordinatedRefunds) -> str:
    return (
        f"Of the excess deferral {Money(found.further_excess_deferral)} are still to be paid back. "
        f"{Money(found.reported_as_excess_deferral)} are reported as an excess deferral and "
        f"{Money(found.reported_as_excess_contribution)} as an excess contribution (Reg. 1.402(g)-1(e)(6), "
        "1.401(k)-2(b)(4)(i))."
    )


@explain.register
def _countable(found: Countable) -> str:
    return (
        f"{Money(int(found.counted.sum()))} count in the test, of {int(np.count_nonzero(found.counted))} employees; "
        f"the representative rate is {percent(found.representative_rate)} (Reg. 1.401(k)-2(a)(6)(iv), "
        "1.401(m)-2(a)(5)(ii), (6)(v))."
    )

"""Excess deferrals, catch-up corrections, limitation years and deductions in plain words. Not here: any calculation."""

import numpy as np

from ..kernel import Money, half_up
from .arrays import Cents
from .catch_up import CatchUp, RothCorrection, RothCorrectionBar, RothCorrections
from .deductions import Deduction, SelfEmployedContribution
from .deferrals import Accepted, AcceptedBySource, DeferralSplit
from .excess_deferrals import Claim, ClaimRefusal, ExcessDeferral, ExcessIncome, PartialCorrection, RefundTax
from .explain import explain
from .limitation_years import AdditionRule, AdditionsCorrection, CorrectionStep, CreditedYear, LimitationYearChange

_CLAIMS = {
    ClaimRefusal.UNKNOWN_PLAN: "a plan is named under which nothing was deferred",
    ClaimRefusal.NEGATIVE: "an amount is negative",
    ClaimRefusal.AFTER_DEADLINE: "it came too late",
    ClaimRefusal.ABOVE_DEFERRALS: "a plan cannot pay more than was deferred under it",
    ClaimRefusal.ABOVE_EXCESS: "it is more than the excess",
}
_BARS = {
    RothCorrectionBar.NO_ROTH_IN_PLAN: "the plan has no Roth",
    RothCorrectionBar.NO_DEEMED_ELECTION: "the plan does not deem a Roth election",
    RothCorrectionBar.NO_PROCEDURES: "there are no practices and procedures",
    RothCorrectionBar.W2_ALREADY_OUT: "the Form W-2 is out",
}
_WAYS = {
    RothCorrection.W2: "moved to Roth and put on the Form W-2 of",
    RothCorrection.IN_PLAN_ROLLOVER: "moved by an in-plan Roth rollover, taxed in",
    RothCorrection.DISTRIBUTION: "paid out, taxed in",
}
_STEPS = {
    CorrectionStep.UNMATCHED_AFTER_TAX: "unmatched after-tax contributions",
    CorrectionStep.UNMATCHED_DEFERRAL: "unmatched deferrals",
    CorrectionStep.MATCHED_AFTER_TAX: "matched after-tax contributions",
    CorrectionStep.MATCHED_DEFERRAL: "matched deferrals",
    CorrectionStep.MATCH: "match",
    CorrectionStep.NONELECTIVE: "nonelective contributions",
}


@explain.register
def _excess(found: ExcessDeferral) -> str:
    limit = Money(found.limit_cents + found.catch_up_limit_cents)
    facts = f"{Money(found.total_cents)} were deferred in {found.year} over all employers, of at most {limit}"
    if not found.excess_cents:
        return f"{facts}: within the limit (IRC 402(g)(1))."
    over = [each for each in found.employers if each.over_cents]
    unasked = "".join(
        f" The plans of {each.employer} are {Money(each.over_cents)} over their own limit and pay it back unasked (IRC "
        "401(a)(30))."
        for each in over
    )
    by_claim = f" {Money(found.by_claim_cents)} only the person can claim." if found.by_claim_cents else ""
    return f"{facts}: {Money(found.excess_cents)} too much (IRC 402(g)(1)).{unasked}{by_claim}"


@explain.register
def _claim(found: Claim) -> str:
    if found.refusals:
        why = "; ".join(_CLAIMS[each] for each in found.refusals)
        return f"The claim cannot be honored: {why} (IRC 402(g)(2)(A); Reg. 1.402(g)-1(e)(2))."
    paid = ", ".join(f"{plan} {Money(cents)}" for plan, cents in found.by_plan.items())
    rest = f" {Money(found.unclaimed_cents)} of the excess are not claimed." if found.unclaimed_cents else ""
    return f"To be paid back by {found.last_day}, with income: {paid or 'nothing'} (IRC 402(g)(2)(A)).{rest}"


@explain.register
def _tax(found: RefundTax) -> str:
    if found.timely:
        loss = found.loss_when_paid_cents
        less = f" A loss of {Money(loss)} may be reported for the year of payment (Notice 89-32)." if loss else ""
        return (
            f"Paid by {found.last_day}: {Money(found.in_deferral_year_cents)} are taxed in the year of deferral and "
            f"{Money(found.when_paid_cents)} of income when paid, without the 10 % tax (IRC 402(g)(2)(C)).{less}"
        )
    return (
        f"Paid after {found.last_day}: {Money(found.taxed_twice_cents)} are taxed in the year of deferral and again "
        f"when paid, {Money(found.when_paid_cents)} in all then, and may leave only as IRC 401(k)(2)(B) allows (Reg. "
        "1.402(g)-1(e)(8)(iii))."
    )


@explain.register
def _roth(found: RothCorrections) -> str:
    cite = "(Reg. 1.414(v)-2(c))"
    if found.options[0].method is RothCorrection.NOT_NEEDED:
        return f"Nothing has to be corrected {cite}."
    ways = "; or ".join(
        f"{Money(each.moved_cents)} {_WAYS[each.method]} {each.taxed_in}, {Money(each.taxed_cents)} taxable"
        + (f" and {Money(income)} of income when paid" if (income := each.income_taxed_when_paid_cents) else "")
        for each in found.options
    )
    bars = f" Not otherwise, since {' and '.join(_BARS[each] for each in found.bars)}." if found.bars else ""
    return f"Pre-tax catch-up that had to be Roth: {ways} {cite}.{bars}"


@explain.register
def _addition(rule: AdditionRule) -> str:
    verdict = "is an annual addition" if rule.counts else "is not an annual addition"
    return f"{rule.kind.value.replace('_', ' ').capitalize()} {verdict} ({rule.cite})."


@explain.register
def _credited(found: CreditedYear) -> str:
    year = f"It counts in the limitation year that ends on {found.limitation_year.last_day}"
    if found.last_day is None:
        return f"{year}, whenever the money comes ({found.cite})."
    late = "in the plan by" if found.in_time else "not in the plan by"
    return f"{year}: {late} {found.last_day} ({found.cite})."


@explain.register
def _change(found: LimitationYearChange) -> str:
    if found.short_period is None:
        return "Nothing changes: the limitation year begins on the same day."
    return (
        f"From {found.short_period.start} to {found.short_period.last_day} at most {Money(found.dollar_limit_cents)}, "
        f"{found.months} twelfths of the dollar limit, or the pay of these months if that is less ({found.cite})."
    )


@explain.register
def _additions_correction(found: AdditionsCorrection) -> str:
    if not found.excess_cents:
        return "Annual additions are within the limit: nothing leaves the account (IRC 415(c)(1))."
    parts = "; ".join(
        f"{_STEPS[part.step]}: {Money(part.returned_cents)} returned, {Money(part.forfeited_cents)} forfeited"
        for part in found.parts
    )
    return f"{Money(found.excess_cents)} are over IRC 415(c). {parts} (Rev. Proc. 2021-30 section 6.06(2))."


@explain.register
def _deduction(found: Deduction) -> str:
    earlier = (
        f", {Money(found.from_carryforward_cents)} of it from earlier years" if found.from_carryforward_cents else ""
    )
    facts = (
        f"Beside {Money(found.deferrals_cents)} of deferrals (IRC 404(n)) "
        f"{Money(found.from_carryforward_cents + found.of_this_year_cents)} are deductible{earlier}, of at most "
        f"{Money(found.limit_cents)}: 25 % of {Money(found.pay_counted_cents)} of pay (IRC 404(a)(3)(A))"
    )
    if not found.carried_forward_cents:
        return f"{facts}."
    return (
        f"{facts}. {Money(found.carried_forward_cents)} carry over, with an excise tax of {Money(found.excise_cents)} "
        "(IRC 4972)."
    )


@explain.register
def _self_employed(found: SelfEmployedContribution) -> str:
    rate = f"0.{half_up(found.reduced_rate * 1_000_000):06d}"
    return (
        f"{Money(found.employer_cents)} as employer, {rate} of net earnings of {Money(found.net_earnings_cents)} where "
        f"no limit is lower, {Money(found.deferral_cents)} of deferrals and {Money(found.catch_up_cents)} of catch-up: "
        f"{Money(found.total_cents)} together (IRC 404(a)(8), 404(n), 415(c))."
    )


@explain.register
def _catch_up(found: CatchUp) -> str:
    over = int(found.over.sum())
    rest = f" {Money(over)} are over the limits and no catch-up: they must leave." if over else ""
    return (
        f"{Money(int(found.by_limits.sum()))} are catch-up since they exceed a limit, {Money(int(found.by_adp.sum()))} "
        f"because of the ADP test (IRC 414(v)(3)(A); Reg. 1.414(v)-1(b)(1)).{rest}"
    )


@explain.register
def _income(found: ExcessIncome) -> str:
    gap = f" and {Money(found.gap_income_cents)} for {found.gap_months} months after it" if found.gap_months else ""
    return (
        f"{Money(found.excess_cents)} with income of {Money(found.year_income_cents)} to the end of the year{gap}: "
        f"{Money(found.total_cents)} (IRC 402(g)(2)(A)(ii); Reg. 1.402(g)-1(e)(5))."
    )


@explain.register
def _partial(found: PartialCorrection) -> str:
    left = found.excess_left_cents
    rest = f"; {Money(left)} of the excess stay and are taxed again when they leave" if left else ""
    return (
        f"The payment is {Money(found.excess_paid_cents)} of excess and {Money(found.income_paid_cents)} of "
        f"income{rest} (IRC 402(g)(2)(D))."
    )


@explain.register
def _split(split: DeferralSplit) -> str:
    return f"{_by_kind(split)}{_over(split.excess)} (IRC 402(g)(1), 414(v))."


@explain.register
def _accepted(accepted: Accepted) -> str:
    return f"Taken are {_by_kind(accepted)}{_over(accepted.excess)} (IRC 401(a)(30), 414(v))."


@explain.register
def _accepted_by_source(accepted: AcceptedBySource) -> str:
    must = int(accepted.must_be_roth.sum())
    roth = f" {Money(must)} of what is pre-tax must become Roth (IRC 414(v)(7)(A))." if must else ""
    return (
        f"Taken are {Money(int(accepted.pre_tax.sum()))} pre-tax and {Money(int(accepted.roth.sum()))} as Roth, "
        f"{Money(int(accepted.catch_up.sum()))} of it catch-up{_over(accepted.excess_pre_tax + accepted.excess_roth)}"
        f" (IRC 401(a)(30), 414(v)).{roth}"
    )


def _by_kind(found: DeferralSplit | Accepted) -> str:
    return f"{Money(int(found.regular.sum()))} below the limit and {Money(int(found.catch_up.sum()))} of catch-up"


def _over(excess: Cents) -> str:
    people = int(np.count_nonzero(excess))
    who = f"{Money(int(excess.sum()))} of {people} employees are" if people else "nobody is"
    return f"; {who} over the limit"

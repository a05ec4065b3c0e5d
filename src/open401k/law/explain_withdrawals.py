"""Withdrawals, forced payments, division and the early distribution tax in plain words. Not here: any calculation."""

from ..kernel import Money
from .distribution_events import Permission
from .domestic_relations import AccountSplit, SplitProblem
from .early_distribution_tax import CITES, EarlyDistributionTax
from .explain import explain, percent
from .force_outs import ForceOut, SmallAccount
from .hardship import Hardship, HardshipProblem, Reliance, SourceAvailable
from .periodic_payments import PeriodicMethod, PeriodicPayment, Recapture
from .withdrawals import PlesaRoom, Withdrawal, WithdrawalProblem

_HARDSHIP = {
    HardshipProblem.NEED_NOT_DEEMED_HEAVY: "the plan knows only the needs of Reg. 1.401(k)-1(d)(3)(ii)(B)",
    HardshipProblem.ADMINISTRATOR_KNOWS_OTHERWISE: "the administrator knows that what is certified is not so",
    HardshipProblem.NO_REPRESENTATION: "the employee has not certified that nothing else meets the need",
    HardshipProblem.OTHER_DISTRIBUTIONS_FIRST: "other distributions are available and come first",
    HardshipProblem.NOT_ENOUGH_MONEY: "there is less than that which may be paid on hardship",
}
_WITHDRAWAL = {
    WithdrawalProblem.BEFORE_LAW: "the law does not provide for it on that day",
    WithdrawalProblem.OUTSIDE_WINDOW: "the day is outside the time that the law allows",
    WithdrawalProblem.ONE_A_YEAR: "there was one this calendar year",
    WithdrawalProblem.EARLIER_ONE_NOT_REPAID: (
        "one of the last three calendar years is neither repaid nor made up for by contributions"
    ),
    WithdrawalProblem.PLAN_WITH_ANNUITIES: "the plan is under the rules of survivor annuities",
    WithdrawalProblem.NOT_ELIGIBLE: "the person does not meet the conditions",
    WithdrawalProblem.NO_STATEMENT: "the insurer's premium statement is not filed with the plan",
    WithdrawalProblem.NO_EVENT_OPENS_PLAN: "it is an exception to the tax only, and nothing else opens the account",
    WithdrawalProblem.HIGHLY_COMPENSATED: "highly compensated employees may not contribute",
    WithdrawalProblem.NOTHING_LEFT: "nothing is left under the limits",
}
_METHODS = {
    PeriodicMethod.REQUIRED_MINIMUM: "the balance over the life expectancy, anew each year",
    PeriodicMethod.FIXED_AMORTIZATION: "the balance amortized over the life expectancy",
    PeriodicMethod.FIXED_ANNUITIZATION: "the balance over an annuity factor",
}


@explain.register
def _hardship(result: Hardship) -> str:
    needed = (
        f"The need of {Money(result.need_cents)} takes {Money(result.necessary_cents)} with "
        f"{Money(result.taxes_cents)} of taxes on it"
    )
    if result.problems:
        reasons = "; ".join(_HARDSHIP[problem] for problem in result.problems)
        return f"{needed}; {Money(result.payable_cents)} may be paid, since {reasons} (Reg. 1.401(k)-1(d)(3))."
    relies = {
        Reliance.CERTIFICATION: "the employee's written certification is enough (IRC 401(k)(14)(C))",
        Reliance.REPRESENTATION: "the employee represents that nothing else meets it (Reg. 1.401(k)-1(d)(3)(iii)(B))",
        Reliance.FACTS_AND_CIRCUMSTANCES: "facts and circumstances decide (Reg. 1.401(k)-1(d)(3)(ii)(A))",
    }
    return f"{needed}; all of it may be paid: {relies[result.reliance]}."


@explain.register
def _withdrawal(result: Withdrawal) -> str:
    name = result.kind.replace("_", " ")
    if result.problems:
        reasons = "; ".join(_WITHDRAWAL[problem] for problem in result.problems)
        return f"No {name} withdrawal: {reasons} ({result.cite})."
    limits = ", ".join(f"{name_of.replace('_', ' ')} {Money(cents)}" for name_of, cents in result.limits)
    before = f" less {Money(result.taken_before_cents)} taken before" if result.taken_before_cents else ""
    until = f" It may be paid back until {result.repayable_until}." if result.repayable_until else ""
    least = f"the least of {limits}" if len(result.limits) > 1 else limits
    return f"{Money(result.available_cents)} may be taken as {name} withdrawal: {least}{before} ({result.cite}).{until}"


@explain.register
def _plesa(room: PlesaRoom) -> str:
    told = (
        f"{Money(room.attributable_cents)} of the emergency savings are from contributions, of at most "
        f"{Money(room.limit_cents)}: {Money(room.room_cents)} may be contributed (IRC 402A(e)(3))"
    )
    return told + "".join(f"; {_WITHDRAWAL[problem]}" for problem in room.problems) + "."


@explain.register
def _permission(permission: Permission) -> str:
    may = "may" if permission.allowed else "may not"
    source, event = (word.replace("_", " ") for word in (permission.source, permission.event))
    why = permission.why.replace("_", " ")
    return f"Money of the source {source} {may} be paid at the event {event}: {why} ({permission.cite})."


@explain.register
def _early_tax(tax: EarlyDistributionTax) -> str:
    exempt = "".join(
        f" {Money(each.cents)} are exempt ({CITES[each.exempt]}: {each.exempt.replace('_', ' ')})."
        for each in tax.exempt
    )
    return (
        f"Of {Money(tax.taxable_cents)} in income {Money(tax.subject_cents)} bear the additional tax of "
        f"{percent(tax.rate_bps)}: {Money(tax.tax_cents)} (IRC 72(t)(1)).{exempt}"
    )


@explain.register
def _periodic(payment: PeriodicPayment) -> str:
    rate = "" if payment.rate_bps is None else f" at {percent(payment.rate_bps)}"
    return (
        f"{Money(payment.yearly_cents)} a year from {Money(payment.balance_cents)}: {_METHODS[payment.method]}{rate} "
        "(IRC 72(t)(2)(A)(iv); Notice 2022-6)."
    )


@explain.register
def _recapture(result: Recapture) -> str:
    return (
        f"The series was changed in {result.modified_in}: {Money(result.tax_cents)} of tax on {len(result.by_year)} "
        "years' payments are due for that year, with interest (IRC 72(t)(4)(A))."
    )


@explain.register
def _small_account(result: SmallAccount) -> str:
    match result.outcome:
        case ForceOut.DEEMED_PAID:
            return "Nothing is vested: the account counts as paid out (IRC 411(a)(7)(B))."
        case ForceOut.PAYABLE_WITHOUT_CONSENT:
            return f"{Money(result.vested_cents)} may be paid without consent (Reg. 1.411(a)-11(c)(4))."
        case ForceOut.CONSENT_NEEDED:
            return (
                f"{Money(result.counted_cents)} are more than {Money(result.ceiling_cents)}: the participant must "
                "consent (IRC 411(a)(11)(A))."
            )
        case ForceOut.PAID_IN_CASH:
            return (
                f"{Money(result.vested_cents)} are paid without consent, in cash, since they are not more than "
                f"{Money(result.cash_up_to_cents)} (IRC 401(a)(31)(B))."
            )
        case ForceOut.ROLLED_TO_IRA:
            return (
                f"{Money(result.vested_cents)} go to an IRA unless the participant elects otherwise: more than "
                f"{Money(result.cash_up_to_cents)}, and the {Money(result.counted_cents)} that count are not more than "
                f"{Money(result.ceiling_cents)} (IRC 401(a)(31)(B), 411(a)(11))."
            )


@explain.register
def _split(split: AccountSplit) -> str:
    if SplitProblem.MORE_THAN_BALANCE in split.problems:
        return "The order takes more than the account held on its day (IRC 414(p)(3)(B))."
    if SplitProblem.NOT_ENOUGH_BESIDE_LOAN in split.problems:
        return "What is awarded does not fit beside the loan: the order must say what then (IRC 414(p)(3)(B))."
    less = " All that is left is less than was awarded." if split.problems else ""
    return (
        f"The alternate payee receives {Money(split.to_alternate_payee_cents)}: {Money(split.awarded_cents)} as of the "
        f"day of the order and {Money(split.earnings_cents)} of earnings since. {Money(split.stays_cents)} and a loan "
        f"of {Money(split.loan_stays_cents)} stay with the participant (IRC 414(p)).{less}"
    )


@explain.register
def _source(found: SourceAvailable) -> str:
    return f"Of {found.source.value} {Money(found.available_cents)} may be paid on hardship (IRC 401(k)(14)(A))."

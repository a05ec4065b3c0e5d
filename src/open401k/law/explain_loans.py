"""Loans in plain words with their citation. Not here: any calculation."""

from ..kernel import Money
from .explain import explain, percent
from .loan_defaults import AfterDeemed, CurePeriod, DeemedLoan, LoanOffset, OffsetKind
from .loan_schedules import AfterLeave, LeaveProblem, LoanSchedule
from .loans import DelayedLoan, LoanLimit, LoanLimitBy, LoanMade, LoanProblem, Refinancing

_MADE = {
    LoanProblem.NO_BONA_FIDE_LOAN: "it is no loan that anybody means to repay (Reg. 1.72(p)-1 Q&A-17)",
    LoanProblem.CREDIT_CARD: "it is made by credit card (IRC 72(p)(2)(D))",
    LoanProblem.NO_ENFORCEABLE_AGREEMENT: "there is no enforceable agreement (Reg. 1.72(p)-1 Q&A-3(b))",
    LoanProblem.TERM_TOO_LONG: "it runs for more than five years (IRC 72(p)(2)(B))",
    LoanProblem.NOT_LEVEL_OR_NOT_QUARTERLY: "its installments are not level or less than quarterly (IRC 72(p)(2)(C))",
    LoanProblem.NO_SECURITY_AFTER_DEEMED_LOAN: (
        "an earlier loan was deemed distributed and is not repaid, and there is neither payroll withholding nor other "
        "security (Reg. 1.72(p)-1 Q&A-19(b)(2))"
    ),
    LoanProblem.OVER_LIMIT: "it is over the limit (IRC 72(p)(2)(A))",
}
_LEAVE = {
    LeaveProblem.LEAVE_OVER_A_YEAR: "Installments may not pause for more than a year.",
    LeaveProblem.PAST_LATEST_TERM: "That is after the last day on which the loan must be repaid.",
    LeaveProblem.NO_INSTALLMENT_LEFT: "No installment is left of the term: the whole balance is due at its end.",
}


@explain.register
def _limit(limit: LoanLimit) -> str:
    decided = {
        LoanLimitBy.DOLLARS: f"the dollar limit, lowered by {Money(limit.reduction_cents)} for what was repaid in the "
        "year before"
        if limit.reduction_cents
        else "the dollar limit",
        LoanLimitBy.VESTED_SHARE: "the share of the vested balance",
        LoanLimitBy.FLOOR: "the floor for small balances",
    }[limit.decided_by]
    secured = (
        f" {Money(limit.needs_other_security_cents)} of it need security other than the account (29 CFR "
        "2550.408b-1(f)(2))."
        if limit.needs_other_security_cents
        else ""
    )
    return (
        f"All loans together may be {Money(limit.limit_cents)}: {decided} (IRC 72(p)(2)(A)). "
        f"{Money(limit.outstanding_cents)} are outstanding, so {Money(limit.maximum_cents)} may be lent.{secured}"
    )


@explain.register
def _made(loan: LoanMade) -> str:
    if not loan.problems:
        return f"The loan of {Money(loan.loan_cents)} is no distribution (IRC 72(p)(2))."
    reasons = "; ".join(_MADE[problem] for problem in loan.problems)
    return (
        f"{Money(loan.deemed_cents + loan.actual_cents)} of the loan of {Money(loan.loan_cents)} are "
        f"{'an actual' if loan.actual_cents else 'a'} distribution on the day it is made: "
        f"{reasons}. {Money(loan.remains_a_loan_cents)} remain a loan."
    )


@explain.register
def _schedule(schedule: LoanSchedule) -> str:
    terms, last = schedule.terms, schedule.installments[-1]
    return (
        f"{Money(terms.principal_cents)} at {percent(terms.annual_rate_bps)} are repaid in {terms.installments} "
        f"{terms.frequency} installments of {Money(schedule.level_payment_cents)}, the last of "
        f"{Money(last.payment_cents)} on {last.due_on}; interest is {Money(schedule.total_interest_cents)} (IRC "
        "72(p)(2)(C))."
    )


@explain.register
def _leave(after: AfterLeave) -> str:
    told = (
        f"After the leave {Money(after.balance_cents)} are owed, {Money(after.interest_of_leave_cents)} of it interest "
        f"of the leave."
    )
    if after.installments_left:
        told += (
            f" Repaid in {after.installments_left} installments of {Money(after.level_payment_cents)}, or in those of "
            f"{Money(after.unchanged_payment_cents)} with {Money(after.rest_due_at_end_cents)} at the end, by "
            f"{after.latest_permissible_on} (Reg. 1.72(p)-1 Q&A-9)."
        )
    return " ".join([told, *(_LEAVE[problem] for problem in after.problems)])


@explain.register
def _refinancing(result: Refinancing) -> str:
    counts = (
        f"the new loan ends after {result.latest_permissible_on}, so both loans count"
        if result.both_count
        else "only the new loan and loans that go on count"
    )
    told = f"In the refinancing {counts}: {Money(result.counted_cents)} against {Money(result.limit_cents)}"
    if result.new_term_too_long:
        return (
            f"{told}; the new loan runs for more than five years, so all {Money(result.deemed_cents)} are a "
            "distribution (IRC 72(p)(2)(B); Reg. 1.72(p)-1 Q&A-20(a)(1))."
        )
    if result.deemed_cents:
        return f"{told}; {Money(result.deemed_cents)} are a distribution (Reg. 1.72(p)-1 Q&A-20(a)(2))."
    return f"{told}; nothing is a distribution (Reg. 1.72(p)-1 Q&A-20(a))."


@explain.register
def _cure(cure: CurePeriod) -> str:
    return (
        f"The installment of {cure.missed_due_on} may be paid until {cure.last_day}; no plan may allow more than "
        f"{cure.longest_last_day} (Reg. 1.72(p)-1 Q&A-10(a))."
    )


@explain.register
def _deemed(deemed: DeemedLoan) -> str:
    return (
        f"The installment of {deemed.missed_due_on} was not paid by {deemed.cure.last_day}: the whole loan of "
        f"{Money(deemed.amount_cents)}, {Money(deemed.interest_cents)} of it interest, is a distribution on "
        f"{deemed.on} (Reg. 1.72(p)-1 Q&A-10(b))."
    )


@explain.register
def _after_deemed(after: AfterDeemed) -> str:
    return (
        f"{Money(after.owed_cents)} still count toward the limit of a next loan; {Money(after.interest_since_cents)} "
        f"of interest since are no further distribution (Reg. 1.72(p)-1 Q&A-19). Repayments of "
        f"{Money(after.basis_cents)} are basis (Q&A-21)."
    )


@explain.register
def _offset(offset: LoanOffset) -> str:
    match offset.kind:
        case OffsetKind.NOT_ALLOWED:
            return (
                "The account may not be reduced to repay the loan before an event of IRC 401(k)(2)(B) "
                "(Reg. 1.72(p)-1 Q&A-13(b))."
            )
        case OffsetKind.QUALIFIED_PLAN_LOAN_OFFSET:
            until = f"the due date, with extensions, of the return for {offset.rollover_by_return_of}"
        case OffsetKind.PLAN_LOAN_OFFSET:
            until = str(offset.rollover_by)
    return (
        f"The account is reduced by {Money(offset.offset_cents)} on {offset.on}, of which "
        f"{Money(offset.taxable_cents)} were not taxed before; it may be rolled over until {until} (Reg. "
        "1.402(c)-2(g))."
    )


@explain.register
def _delayed(found: DelayedLoan) -> str:
    if found.delayed_to is None:
        return (
            f"The installment of {found.due_on} is not delayed: only one due by {found.last_delayed_due_on}, from the "
            "first day of the incident on, is (IRC 72(p)(6)(B))."
        )
    return f"The installment of {found.due_on} may be due on {found.delayed_to} instead (IRC 72(p)(6)(B))."

"""Whether somebody may borrow, and out of which sources: the plan's loan program, then IRC 72(p)(2). Pure.

Not here: gathering it (loans.py), the limits themselves (law/loans.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from open401k import plan
from open401k.kernel import CalendarYear, Money, PlanId, Refused, Source, anniversary
from open401k.law import figures
from open401k.law import loans as law
from open401k.law.loan_schedules import PER_YEAR, TERM_YEARS, Frequency, LoanSchedule, LoanTerms, loan_schedule

from .loan_books import LoanState, Repayment, balances_of, loan_arrears


class LoanRefusal(StrEnum):
    """Why nothing was lent or decided. Checked, and listed, in order of precedence."""

    LOAN_UNKNOWN = "loan_unknown"
    DECIDED_BEFORE = "decided_before"
    NOT_OFFERED = "not_offered"
    PERSON_UNKNOWN = "person_unknown"
    NOT_EMPLOYED = "not_employed"
    BELOW_MINIMUM = "below_minimum"
    RESIDENCE_NOT_OFFERED = "residence_not_offered"
    TERM_TOO_LONG = "term_too_long"
    TOO_MANY = "too_many"
    LOAN_NOT_REPAID = "loan_not_repaid"
    OVER_LIMIT = "over_limit"
    OVER_SECURITY = "over_security"
    NOT_ENOUGH_MONEY = "not_enough_money"
    RATE_IMPOSSIBLE = "rate_impossible"
    OVERPAID = "overpaid"
    NOT_OWED = "not_owed"
    LEAVE_NOT_PROVIDED = "leave_not_provided"
    LEAVE_IMPOSSIBLE = "leave_impossible"
    LEAVE_TOO_LONG = "leave_too_long"
    OFFSET_NOT_ALLOWED = "offset_not_allowed"
    NOT_DEEMED = "not_deemed"


@dataclass(frozen=True, slots=True)
class LoanWanted:
    """What somebody asks for: level installments through payroll. ``residence``: it buys the principal residence."""

    amount_cents: int
    installments: int
    frequency: Frequency
    residence: bool = False


@dataclass(frozen=True, slots=True)
class SourceBalance:
    """One source of a person: cash in it, what of it is lent, and what of both is vested."""

    cash_cents: int
    lent_cents: int
    vested_percent: int

    @property
    def vested_cents(self) -> int:
        """The note is part of the balance; what was lent was vested."""
        whole = self.cash_cents + self.lent_cents
        return max(whole * self.vested_percent // 100, self.lent_cents)

    @property
    def lendable_cents(self) -> int:
        return max(min(self.vested_cents - self.lent_cents, self.cash_cents), 0)


@dataclass(frozen=True, slots=True)
class Borrower:
    """What the decision asks of a person: the books of every plan of the employer, which count as one (72(p)(2)(E))."""

    known: bool
    employed: bool
    plan_id: PlanId
    balances: Mapping[PlanId, Mapping[Source, SourceBalance]]
    loans: Sequence[Repayment]


@dataclass(frozen=True, slots=True)
class LoanRoom:
    """How much may be lent to somebody on a day, and why not more."""

    limit: law.LoanLimit
    #: What half of the vested account of this plan still secures (29 CFR 2550.408b-1(f)(2)(i)).
    secured_cents: int
    lendable_cents: int

    @property
    def maximum_cents(self) -> int:
        return min(self.limit.maximum_cents, self.secured_cents, self.lendable_cents)


def room_of(borrower: Borrower, *, on: date) -> LoanRoom:
    """The most that may be lent; the plan lends against the account alone, so the floor of $10,000 does not apply."""
    owed = sum(each.balance_cents for each in borrower.loans)
    here = sum(each.balance_cents for each in borrower.loans if each.loan.plan_id == borrower.plan_id)
    mine = borrower.balances.get(borrower.plan_id, {})
    vested = sum(each.vested_cents for of_plan in borrower.balances.values() for each in of_plan.values())
    vested_here = sum(each.vested_cents for each in mine.values())
    limit = law.maximum_loan(
        loan_on=on,
        vested_cents=vested,
        outstanding_cents=owed,
        highest_last_year_cents=law.highest_balance(balances=balances_of(borrower.loans), loan_on=on),
        plan_lends_floor=False,
    )
    secured = max(vested_here * figures.bps("loan_vested_share", CalendarYear(on.year)) // 10_000 - here, 0)
    return LoanRoom(limit, secured, sum(each.lendable_cents for each in mine.values()))


@dataclass(frozen=True, slots=True)
class LoanOffered:
    """A loan that may be made: its schedule, and what each source lends."""

    schedule: LoanSchedule
    sources: Mapping[Source, int]
    room: LoanRoom


def decide_loan(
    wanted: LoanWanted, borrower: Borrower, terms: plan.Loans | None, *, on: date, rate_bps: int
) -> LoanOffered | Refused[LoanRefusal]:
    """The loan as it would be made on a day at a rate, or the first reason why not."""
    if terms is None:
        fix = "Amend the plan: give it terms of loans."
        return Refused(LoanRefusal.NOT_OFFERED, f"The plan lends nothing on {on} (29 CFR 2550.408b-1(d)).", fix)
    refused = _of_person(borrower) or _of_program(wanted, borrower, terms, on)
    if refused is not None:
        return refused
    if not 0 <= rate_bps <= 10_000:
        fix = "State the prime rate in percent, such as 7.50."
        return Refused(LoanRefusal.RATE_IMPOSSIBLE, f"{rate_bps / 100:g} % is no rate of a loan.", fix)
    schedule = loan_schedule(
        LoanTerms(wanted.amount_cents, rate_bps, wanted.installments, wanted.frequency, on, wanted.residence)
    )
    room = room_of(borrower, on=on)
    return _of_law(schedule, room) or LoanOffered(schedule, _sources(wanted.amount_cents, borrower), room)


def _of_person(borrower: Borrower) -> Refused[LoanRefusal] | None:
    if not borrower.known:
        return Refused(LoanRefusal.PERSON_UNKNOWN, "The sponsor has no such employee.", "Check the employee's id.")
    if not borrower.employed:
        message = "The person does not work here: no payroll could withhold installments."
        return Refused(LoanRefusal.NOT_EMPLOYED, message, "Lend to somebody who is paid here.")
    return None


def _of_program(wanted: LoanWanted, borrower: Borrower, terms: plan.Loans, on: date) -> Refused[LoanRefusal] | None:
    if wanted.amount_cents <= 0 or wanted.amount_cents < terms.minimum_cents:
        message = f"{Money(wanted.amount_cents)} is below the plan's minimum of {Money(terms.minimum_cents)}."
        return Refused(LoanRefusal.BELOW_MINIMUM, message, f"Ask for {Money(terms.minimum_cents)} or more.")
    if wanted.residence and terms.residence_years is None:
        message = "The plan makes no longer loans for the principal residence."
        return Refused(LoanRefusal.RESIDENCE_NOT_OFFERED, message, "Ask for a loan of five years or less.")
    years = terms.residence_years if wanted.residence and terms.residence_years is not None else TERM_YEARS
    if not wanted.installments > 0 or Fraction(wanted.installments, PER_YEAR[wanted.frequency]) > years:
        message = f"{wanted.installments} {wanted.frequency} installments do not end within {years} years."
        most = years * PER_YEAR[wanted.frequency]
        fix = f"Ask for 1 to {most} installments (IRC 72(p)(2)(B))."
        return Refused(LoanRefusal.TERM_TOO_LONG, message, fix)
    here = [each for each in borrower.loans if each.loan.plan_id == borrower.plan_id and not each.paid_off]
    if len(here) >= terms.most_at_once:
        message = f"{len(here)} loan{'s are' if len(here) != 1 else ' is'} not repaid yet; the plan has at most "
        fix = f"Repay {here[0].loan.reference} first: {Money(here[0].payoff_cents(on))} ends it."
        return Refused(LoanRefusal.TOO_MANY, f"{message}{terms.most_at_once} at once.", fix)
    deemed = [each for each in borrower.loans if _is_deemed(each, terms, on)]
    if deemed:
        message = f"Loan {deemed[0].loan.reference} was not repaid in time and is a deemed distribution."
        fix = "Repay it first (Reg. 1.72(p)-1 Q&A-19(b))."
        return Refused(LoanRefusal.LOAN_NOT_REPAID, message, fix)
    return None


def _is_deemed(repayment: Repayment, terms: plan.Loans, on: date) -> bool:
    return loan_arrears(repayment, on=on, cure_months=terms.cure_months).state is LoanState.DEEMED


def _of_law(schedule: LoanSchedule, room: LoanRoom) -> Refused[LoanRefusal] | None:
    terms, limit = schedule.terms, room.limit
    made = law.loan_made(
        loan_cents=terms.principal_cents,
        limit=limit,
        loan_on=terms.loan_on,
        last_due_on=schedule.installments[-1].due_on,
        principal_residence=terms.principal_residence,
    )
    if law.LoanProblem.TERM_TOO_LONG in made.problems:
        message = f"The last installment would be due on {schedule.installments[-1].due_on}, after five years."
        fix = f"End by {anniversary(terms.loan_on, TERM_YEARS)} (IRC 72(p)(2)(B))."
        return Refused(LoanRefusal.TERM_TOO_LONG, message, fix)
    amount = Money(terms.principal_cents)
    fix = f"Ask for {Money(room.maximum_cents)} or less." if room.maximum_cents else "Nothing can be lent today."
    if law.LoanProblem.OVER_LIMIT in made.problems:
        message = (
            f"{amount} is over the {Money(limit.maximum_cents)} that may be lent without a distribution: the limit is "
            f"{Money(limit.limit_cents)}, and {Money(limit.outstanding_cents)} are owed (IRC 72(p)(2)(A))."
        )
        return Refused(LoanRefusal.OVER_LIMIT, message, fix)
    if terms.principal_cents > room.secured_cents:
        message = f"{amount} is over the {Money(room.secured_cents)} that half of the vested account still secures"
        return Refused(LoanRefusal.OVER_SECURITY, f"{message} (29 CFR 2550.408b-1(f)(2)(i)).", fix)
    if terms.principal_cents > room.lendable_cents:
        message = f"The vested sources have {Money(room.lendable_cents)} of cash, too little for {amount}."
        return Refused(LoanRefusal.NOT_ENOUGH_MONEY, message, fix)
    return None


def _sources(cents: int, borrower: Borrower) -> dict[Source, int]:
    """In proportion to what each vested source can lend."""
    mine = borrower.balances.get(borrower.plan_id, {})
    lendable = [(source, mine[source].lendable_cents) for source in Source if source in mine]
    lendable = [(source, most) for source, most in lendable if most]
    shares = Money(cents).split([most for _, most in lendable])
    return {source: share.cents for (source, _), share in zip(lendable, shares, strict=True) if share.cents}

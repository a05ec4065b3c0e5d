"""One loan replayed: what each payment repays by the schedule, what is owed, what was missed. Pure.

Not here: how much may be lent (loan_limits.py), facts and journal (loans.py, loan_repayments.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from open401k.kernel import EmployeeId, LoanId, Money, PlanId, RunId, Source
from open401k.law.loan_defaults import CurePeriod, DeemedLoan, cure_period, deemed_loan
from open401k.law.loan_schedules import Frequency, LoanSchedule, loan_schedule
from open401k.law.loans import BalanceOn

from .loan_leaves import Leave, Paused, cure_with_service, deemed_after_pauses

#: Cents by source.
Shares = Mapping[Source, int]


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan that was made: its note, and what each source lent; ``paused`` where leaves changed its schedule.

    ``offset`` is what of it the account was reduced by, on a day and out of which sources: nothing repays that.
    """

    loan_id: LoanId
    plan_id: PlanId
    employee_id: EmployeeId
    reference: str
    schedule: LoanSchedule
    sources: Shares
    leaves: tuple[Leave, ...] = ()
    paused: Paused | None = None
    offset: "Offset | None" = None

    @property
    def loan_on(self) -> date:
        return self.schedule.terms.loan_on

    @property
    def note(self) -> LoanSchedule:
        """The schedule as it was signed, without leaves."""
        return self.schedule if self.paused is None else loan_schedule(self.schedule.terms)


@dataclass(frozen=True, slots=True)
class Offset:
    """Principal by source that a loan offset took, and the interest that was distributed with it."""

    on: date
    principal: Shares
    interest_cents: int = 0
    deemed_before_cents: int = 0

    @property
    def cents(self) -> int:
        return sum(self.principal.values()) + self.interest_cents


@dataclass(frozen=True, slots=True)
class LoanPayment:
    """What one payroll withheld for a loan."""

    loan_id: LoanId
    run_id: RunId
    row: int
    place: int
    pay_date: date
    cents: int


@dataclass(frozen=True, slots=True)
class Repaid:
    """What a payment repaid: principal and interest by source, and the principal that is still owed."""

    payment: LoanPayment
    principal: Shares
    interest: Shares
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Repayment:
    """A loan as its payments leave it. ``over_cents``: what came beyond the payoff, which no account takes."""

    loan: Loan
    repaid: tuple[Repaid, ...]
    owed: Shares
    installments_paid: int
    #: Of the next installment: what was paid of its interest and of its principal.
    begun_interest_cents: int
    begun_principal_cents: int
    over_cents: int
    over_on: date | None = None
    offset_cents: int = 0

    @property
    def balance_cents(self) -> int:
        """Principal that is owed."""
        return sum(self.owed.values())

    @property
    def paid_off(self) -> bool:
        return not self.balance_cents

    def payoff_cents(self, on: date) -> int:
        """What ends the loan on a day: the principal, and the interest of every period that has begun by then.

        Interest is that of the schedule: none is added for an installment that is late.
        """
        if self.paid_off:
            return 0
        if self.loan.paused is not None:
            unpaid = self.loan.paused.interest_unpaid(self.installments_paid, on=on) - self.begun_interest_cents
            return self.balance_cents + max(unpaid, 0)
        rows = self.loan.schedule.installments[self.installments_paid :]
        begins, interest = _begin(self.loan, self.installments_paid), 0
        for row in rows:
            if begins > on:
                break
            interest += row.interest_cents
            begins = row.due_on + timedelta(days=1)
        return self.balance_cents + max(interest - self.begun_interest_cents, 0)

    @property
    def next_payment_cents(self) -> int:
        """What the next payroll is to withhold: an installment, or what is left of the one that was begun."""
        if self.paid_off:
            return 0
        row = self.loan.schedule.installments[self.installments_paid]
        return row.payment_cents - self.begun_interest_cents - self.begun_principal_cents


def replay_loan(loan: Loan, payments: Sequence[LoanPayment]) -> Repayment:
    """Each payment fills installments in order, interest first; one that equals the payoff ends the loan.

    Principal goes back to the sources in proportion to what each has still lent, and interest with it.
    """
    state = Repayment(loan, (), dict(loan.sources), 0, 0, 0, 0)
    in_order = sorted(payments, key=lambda each: (each.pay_date, str(each.run_id), each.row, each.place))
    for payment in in_order:
        if loan.offset is not None and not state.offset_cents and payment.pay_date > loan.offset.on:
            state = _offset(state, loan.offset)
        state = _after(state, payment)
    if loan.offset is not None and not state.offset_cents:
        state = _offset(state, loan.offset)
    return state


def _offset(state: Repayment, offset: Offset) -> Repayment:
    """What an offset took is owed no more; what late payrolls leave too little of for it, is over."""
    owed = {source: cents - offset.principal.get(source, 0) for source, cents in state.owed.items()}
    over = -sum(min(cents, 0) for cents in owed.values())
    return replace(
        state,
        owed={source: max(cents, 0) for source, cents in owed.items()},
        offset_cents=offset.cents,
        over_cents=state.over_cents + over,
        over_on=state.over_on or (offset.on if over else None),
    )


def _after(state: Repayment, payment: LoanPayment) -> Repayment:
    payoff = state.payoff_cents(payment.pay_date)
    if payment.cents >= payoff:
        taken = _Filled(len(state.loan.schedule.installments), 0, 0, state.balance_cents, payoff - state.balance_cents)
    else:
        taken = _fill(state, payment.cents)
    over = max(payment.cents - payoff, 0)
    principal, interest = _split(taken.principal, state.owed), _split(taken.interest, state.owed)
    owed = {source: cents - principal.get(source, 0) for source, cents in state.owed.items()}
    repaid = Repaid(payment, principal, interest, sum(owed.values()))
    return Repayment(
        loan=state.loan,
        repaid=(*state.repaid, repaid),
        owed=owed,
        installments_paid=taken.whole,
        begun_interest_cents=taken.begun_interest,
        begun_principal_cents=taken.begun_principal,
        over_cents=state.over_cents + over,
        over_on=state.over_on or (payment.pay_date if over else None),
        offset_cents=state.offset_cents,
    )


@dataclass(slots=True)
class _Filled:
    """How far a payment fills the schedule, and what of it is principal and interest."""

    whole: int
    begun_interest: int
    begun_principal: int
    principal: int = 0
    interest: int = 0


def _fill(state: Repayment, cents: int) -> _Filled:
    found = _Filled(state.installments_paid, state.begun_interest_cents, state.begun_principal_cents)
    for row in state.loan.schedule.installments[state.installments_paid :]:
        interest = min(cents, row.interest_cents - found.begun_interest)
        principal = min(cents - interest, row.principal_cents - found.begun_principal)
        found.interest, found.principal = found.interest + interest, found.principal + principal
        found.begun_interest, found.begun_principal = found.begun_interest + interest, found.begun_principal + principal
        cents -= interest + principal
        if found.begun_interest + found.begun_principal < row.payment_cents:
            break
        found.whole, found.begun_interest, found.begun_principal = found.whole + 1, 0, 0
    return found


def _split(cents: int, owed: Shares) -> dict[Source, int]:
    if not cents:
        return {}
    lent = [(source, left) for source, left in owed.items() if left]
    shares = Money(cents).split([left for _, left in lent])
    return {source: share.cents for (source, _), share in zip(lent, shares, strict=True) if share.cents}


def _begin(loan: Loan, number: int) -> date:
    """The first day of the period after so many installments."""
    if not number:
        return loan.loan_on
    return loan.schedule.installments[number - 1].due_on + timedelta(days=1)


class LoanState(StrEnum):
    """Where a loan stands on a day."""

    CURRENT = "current"
    #: An installment was not paid; it may still be until the cure period ends.
    LATE = "late"
    #: The cure period is over: the balance is a deemed distribution, which a person reports (IRC 72(p)(1)(A)).
    DEEMED = "deemed"
    PAID_OFF = "paid_off"
    #: The account was reduced by what was owed: an actual distribution (Reg. 1.402(c)-2(g)).
    OFFSET = "offset"


@dataclass(frozen=True, slots=True)
class Arrears:
    """What is missing on a day: since when, how much, until when it may be paid, and what follows if it is not."""

    state: LoanState
    missed_due_on: date | None = None
    missed_cents: int = 0
    cure: CurePeriod | None = None
    deemed: DeemedLoan | None = None


def loan_arrears(repayment: Repayment, *, on: date, cure_months: int | None) -> Arrears:
    """Installments that were due before a day and were not paid in full (Reg. 1.72(p)-1 Q&A-10)."""
    if repayment.paid_off:
        return Arrears(LoanState.OFFSET if repayment.offset_cents else LoanState.PAID_OFF)
    paid, rows = repayment.installments_paid, repayment.loan.schedule.installments
    missed = [row for row in rows[paid:] if row.due_on < on]
    if not missed:
        return Arrears(LoanState.CURRENT)
    begun = repayment.begun_interest_cents + repayment.begun_principal_cents
    cure = cure_period(missed_due_on=missed[0].due_on, plan_months=cure_months)
    deemed = None
    if repayment.loan.paused is None:
        deemed = deemed_loan(schedule=repayment.loan.schedule, installments_paid=paid, cure_months=cure_months)
    else:
        cure = cure_with_service(cure, repayment.loan.leaves)
        deemed = deemed_after_pauses(repayment.loan.paused, paid, cure)
    return Arrears(
        state=LoanState.LATE if on <= cure.last_day else LoanState.DEEMED,
        missed_due_on=missed[0].due_on,
        missed_cents=sum(row.payment_cents for row in missed) - begun,
        cure=cure,
        deemed=deemed,
    )


#: Days of a period, as the year has them: how many paychecks repay one installment.
_DAYS = {
    Frequency.WEEKLY: Fraction(7),
    Frequency.BIWEEKLY: Fraction(14),
    Frequency.SEMIMONTHLY: Fraction(365, 24),
    Frequency.MONTHLY: Fraction(365, 12),
    Frequency.QUARTERLY: Fraction(365, 4),
}


def per_paycheck(repayment: Repayment, *, on: date, days: int | None) -> int:
    """What each paycheck withholds, with so many days from one to the next; an installment where nobody knows.

    A month's installment is two of semi-monthly paychecks; the last ones withhold what is left.
    """
    terms, level = repayment.loan.schedule.terms, repayment.loan.schedule.level_payment_cents
    if repayment.loan.paused is not None and not repayment.paid_off:
        level = repayment.loan.schedule.installments[repayment.installments_paid].payment_cents
    ratio = _DAYS[terms.frequency] / days if days else Fraction(1)  # exact: Fractions
    paychecks = max(round(ratio), 1)
    at_once = max(round(1 / ratio), 1)  # exact: Fractions
    if paychecks == at_once == 1 and repayment.installments_paid == terms.installments - 1:
        return repayment.next_payment_cents  # what rounding left of the schedule is in its last payment
    return min(-(-level // paychecks) * at_once, repayment.payoff_cents(on))


def balances_of(repayments: Sequence[Repayment]) -> list[BalanceOn]:
    """What all these loans together owed from each day on: what the look-back of IRC 72(p)(2)(A)(i) asks for."""
    changes: dict[date, int] = {}
    for each in repayments:
        loan, before = each.loan, 0
        steps = [(loan.loan_on, loan.schedule.terms.principal_cents)]
        steps += [(repaid.payment.pay_date, repaid.balance_cents) for repaid in each.repaid]
        steps += [(loan.offset.on, each.balance_cents)] if loan.offset is not None else []
        for day, balance in sorted(steps, key=lambda step: step[0]):
            changes[day] = changes.get(day, 0) + balance - before
            before = balance
    found, total = [], 0
    for day in sorted(changes):
        total += changes[day]
        found.append(BalanceOn(day, total))
    return found


@dataclass(frozen=True, slots=True)
class Moved:
    """Principal and interest of one loan, source and pay date."""

    principal_cents: int = 0
    interest_cents: int = 0

    def __sub__(self, other: "Moved") -> "Moved":
        return Moved(self.principal_cents - other.principal_cents, self.interest_cents - other.interest_cents)

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.principal_cents + other.principal_cents, self.interest_cents + other.interest_cents)

    @property
    def cents(self) -> int:
        return self.principal_cents + self.interest_cents


@dataclass(frozen=True, slots=True)
class Booked:
    """What should be, or is, in the books of loans, by pay date."""

    moved: Mapping[tuple[date, LoanId, Source], Moved] = field(default_factory=dict)

    def less(self, posted: "Booked") -> dict[tuple[date, LoanId, Source], Moved]:
        """What is still to be posted, negative where it is to be taken back."""
        keys = sorted({*self.moved, *posted.moved}, key=lambda key: (key[0], str(key[1]), key[2]))
        found = {key: self.moved.get(key, Moved()) - posted.moved.get(key, Moved()) for key in keys}
        return {key: moved for key, moved in found.items() if moved != Moved()}


def should_be(repayments: Sequence[Repayment]) -> Booked:
    """What these loans' payments come to."""
    found: dict[tuple[date, LoanId, Source], Moved] = {}
    for each in repayments:
        for repaid in each.repaid:
            for source in {*repaid.principal, *repaid.interest}:
                key = (repaid.payment.pay_date, each.loan.loan_id, source)
                more = Moved(repaid.principal.get(source, 0), repaid.interest.get(source, 0))
                found[key] = found.get(key, Moved()) + more
    return Booked(found)


def named_loan(repayments: Sequence[Repayment], reference: str, *, on: date) -> Repayment | None:
    """The loan that a payroll means: by its reference; without one the only loan that is owed."""
    made = [each for each in repayments if each.loan.loan_on <= on]
    wanted = reference.strip().casefold()
    if wanted:
        return next((each for each in made if each.loan.reference.casefold() == wanted), None)
    owed = [each for each in made if not each.paid_off]
    return owed[0] if len(owed) == 1 else None

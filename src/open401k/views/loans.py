"""Loans of a plan: what waits for a decision, what is owed, what was missed; one loan with its schedule."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from open401k import census, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, LoanId, Money, PlanId, SponsorId, day_of
from open401k.law.loan_schedules import military_rate_bps
from open401k.recordkeeping import Arrears, LoanRequest, LoanState, Repayment

from .heading import heading
from .shown import Percent, PlanHeading


@dataclass(frozen=True, slots=True)
class LoanLine:
    """One loan, asked for, declined or made: ``balance`` is principal that is owed, ``payoff`` ends it today."""

    loan_id: LoanId
    reference: str
    employee_id: EmployeeId
    name: str
    ssn_masked: str
    state: str
    amount: Money
    installments: int
    frequency: str
    residence: bool
    asked_on: date
    reason: str
    rate: Percent | None
    loan_on: date | None
    payment: Money | None
    balance: Money
    payoff: Money
    missed: Money
    cure_by: date | None
    deemed: Money | None
    leave_until: date | None = None
    reported: bool = False


@dataclass(frozen=True, slots=True)
class PlanLoans:
    """All loans of a plan; what waits for a decision first, then what is late, then the newest."""

    heading: PlanHeading
    offered: bool
    minimum: Money
    over_prime: Percent
    lines: tuple[LoanLine, ...]
    people: tuple["Borrowing", ...]

    @property
    def waiting(self) -> int:
        """How many wait for a decision."""
        return sum(each.state == ASKED for each in self.lines)


@dataclass(frozen=True, slots=True)
class Borrowing:
    """Somebody who works here and may ask."""

    employee_id: EmployeeId
    name: str


@dataclass(frozen=True, slots=True)
class InstallmentLine:
    """One installment of the schedule, and whether it is paid."""

    number: int
    due_on: date
    payment: Money
    interest: Money
    principal: Money
    balance: Money
    paid: bool


@dataclass(frozen=True, slots=True)
class RepaidLine:
    """What one payroll repaid."""

    pay_date: date
    payment: Money
    interest: Money
    principal: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class LentLine:
    """What a source lent, and what of it is still owed."""

    source: str
    lent: Money
    owed: Money


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """Days in which installments pause, the first and the last; ``rate`` runs meanwhile."""

    leave_on: date
    until: date
    military: bool
    rate: Percent


@dataclass(frozen=True, slots=True)
class OffsetLine:
    """What the account was reduced by, and of it what was not taxed before; both with interest."""

    on: date
    amount: Money
    taxable: Money


@dataclass(frozen=True, slots=True)
class LoanDetail:
    """One loan with its schedule, what payrolls repaid, and the sources it came from."""

    heading: PlanHeading
    line: LoanLine
    schedule: tuple[InstallmentLine, ...]
    repaid: tuple[RepaidLine, ...]
    sources: tuple[LentLine, ...]
    leaves: tuple[LeaveLine, ...] = ()
    offset: OffsetLine | None = None


ASKED, DECLINED = "asked", "declined"
_ORDER = (ASKED, LoanState.DEEMED.value, LoanState.LATE.value, LoanState.CURRENT.value)


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> PlanLoans:
    """Every loan that was ever asked for, and who may ask."""
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).loans
    people = {each.employee_id: each for each in census.roster(tx, tenant_id=tenant_id)}
    asked = recordkeeping.loan_requests(tx, tenant_id=tenant_id, plan_id=plan_id)
    made = {each.loan.loan_id: each for each in recordkeeping.repayments(tx, tenant_id=tenant_id, plan_id=plan_id)}
    lines = [_line(each, people[each.employee_id], made.get(each.loan_id), terms, today) for each in asked[::-1]]
    working = [each for each in people.values() if census.employed_on(each.employment, today)]
    return PlanLoans(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        offered=terms is not None,
        minimum=Money(0 if terms is None else terms.minimum_cents),
        over_prime=Percent(0 if terms is None else terms.over_prime_bps),
        lines=tuple(sorted(lines, key=lambda each: _ORDER.index(each.state) if each.state in _ORDER else len(_ORDER))),
        people=tuple(Borrowing(each.employee_id, _name(each)) for each in sorted(working, key=_name))
        if terms is not None
        else (),
    )


def of_person(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId) -> tuple[LoanLine, ...]:
    """The loans of one person, the newest first: what is owed, what was missed, until when it may be paid."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "employee_id": employee_id}
    asked = recordkeeping.loan_requests(tx, **of)
    if not asked:
        return ()
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).loans
    (who,) = census.roster(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    known = recordkeeping.repayments(tx, tenant_id=tenant_id, plan_id=plan_id, employee_ids=[employee_id])
    made = {each.loan.loan_id: each for each in known}
    return tuple(_line(each, who, made.get(each.loan_id), terms, today) for each in asked[::-1])


class LoansWaiting(NamedTuple):
    """How many loans ask for somebody: ``asked`` for a decision, ``late`` to be cured, ``deemed`` to be reported."""

    asked: int = 0
    late: int = 0
    deemed: int = 0


def count_waiting(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> LoansWaiting:
    """How many loans of a plan ask for somebody today."""
    asked = recordkeeping.loan_requests(tx, tenant_id=tenant_id, plan_id=plan_id)
    open_ones = sum(each.decision is None for each in asked)
    if all(each.loan is None for each in asked):
        return LoansWaiting(open_ones)
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).loans
    months = None if terms is None else terms.cure_months
    known = recordkeeping.repayments(tx, tenant_id=tenant_id, plan_id=plan_id)
    reported = {each.loan_id for each in asked if each.reported}
    states = [
        recordkeeping.loan_arrears(each, on=today, cure_months=months).state
        for each in known
        if each.loan.loan_id not in reported
    ]
    return LoansWaiting(open_ones, states.count(LoanState.LATE), states.count(LoanState.DEEMED))


def load_one(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId) -> LoanDetail | None:
    """One loan; None when the plan has no such."""
    request = recordkeeping.get_loan_request(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    if request is None:
        return None
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).loans
    (who,) = census.roster(tx, tenant_id=tenant_id, employee_ids=[request.employee_id])
    found = recordkeeping.repayments(tx, tenant_id=tenant_id, plan_id=plan_id, loan_ids=[loan_id])
    repayment = found[0] if found else None
    return LoanDetail(
        heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        _line(request, who, repayment, terms, today),
        () if repayment is None else _schedule(repayment),
        () if repayment is None else _repaid(repayment),
        () if repayment is None else _sources(repayment),
        () if repayment is None else _leaves(repayment),
        None if repayment is None else _offset(repayment),
    )


def _line(
    request: LoanRequest, who: census.Employee, repayment: Repayment | None, terms: plan.Loans | None, today: date
) -> LoanLine:
    late = None
    if repayment is not None:
        months = None if terms is None else terms.cure_months
        late = recordkeeping.loan_arrears(repayment, on=today, cure_months=months)
    wanted, loan = request.wanted, request.loan
    return LoanLine(
        loan_id=request.loan_id,
        reference=request.reference,
        employee_id=request.employee_id,
        name=_name(who),
        ssn_masked=census.mask_ssn(who.ssn_last4) if who.ssn_last4 else "",
        state=_state(request, late),
        amount=Money(wanted.amount_cents),
        installments=wanted.installments,
        frequency=wanted.frequency.value,
        residence=wanted.residence,
        asked_on=day_of(request.asked_at),
        reason="" if request.decision is None else request.decision.reason,
        rate=None if loan is None else Percent(loan.schedule.terms.annual_rate_bps),
        loan_on=None if loan is None else loan.loan_on,
        payment=None if loan is None else Money(loan.schedule.level_payment_cents),
        balance=Money(0 if repayment is None else repayment.balance_cents),
        payoff=Money(0 if repayment is None else repayment.payoff_cents(today)),
        missed=Money(0 if late is None else late.missed_cents),
        cure_by=None if late is None or late.cure is None else late.cure.last_day,
        deemed=None if late is None or late.deemed is None else Money(late.deemed.amount_cents),
        leave_until=next((each.until for each in loan.leaves if each.holds(today)), None) if loan else None,
        reported=request.reported,
    )


def _state(request: LoanRequest, late: Arrears | None) -> str:
    if late is not None:
        return late.state.value
    return ASKED if request.decision is None else DECLINED


def _schedule(repayment: Repayment) -> tuple[InstallmentLine, ...]:
    return tuple(
        InstallmentLine(
            row.number,
            row.due_on,
            Money(row.payment_cents),
            Money(row.interest_cents),
            Money(row.principal_cents),
            Money(row.balance_cents),
            row.number <= repayment.installments_paid,
        )
        for row in repayment.loan.schedule.installments
    )


def _repaid(repayment: Repayment) -> tuple[RepaidLine, ...]:
    return tuple(
        RepaidLine(
            each.payment.pay_date,
            Money(each.payment.cents),
            Money(sum(each.interest.values())),
            Money(sum(each.principal.values())),
            Money(each.balance_cents),
        )
        for each in repayment.repaid
    )


def _sources(repayment: Repayment) -> tuple[LentLine, ...]:
    lent = repayment.loan.sources
    return tuple(LentLine(each.value, Money(cents), Money(repayment.owed[each])) for each, cents in lent.items())


def _leaves(repayment: Repayment) -> tuple[LeaveLine, ...]:
    rate = repayment.loan.schedule.terms.annual_rate_bps
    return tuple(
        LeaveLine(
            each.leave_on,
            each.until,
            each.military,
            Percent(military_rate_bps(annual_rate_bps=rate, service_on=each.leave_on) if each.military else rate),
        )
        for each in repayment.loan.leaves
    )


def _offset(repayment: Repayment) -> OffsetLine | None:
    found = repayment.loan.offset
    if found is None:
        return None
    return OffsetLine(found.on, Money(found.cents), Money(max(found.cents - found.deemed_before_cents, 0)))


def _name(who: census.Employee) -> str:
    return f"{who.first_name} {who.last_name}"

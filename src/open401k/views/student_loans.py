"""Student loan payments that employees certified, and whether the plan matches them."""

from dataclasses import dataclass
from datetime import date, datetime

from open401k import census, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, SponsorId, day_of

from .heading import heading
from .shown import PlanHeading


@dataclass(frozen=True, slots=True)
class StudentLoanLine:
    """One payment as it was certified; ``counts`` False: replaced by a later one, or taken back."""

    employee_id: EmployeeId
    name: str
    paid_on: date
    loan: str
    amount: Money
    certified_on: date
    recorded_at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class LoanMatchOver:
    """A match of payments that were above the limit of 402(g) less the deferrals of their year (IRC 401(m)(4)(D)(i)).

    It was given when its month or quarter was over, before these deferrals, and goes back on ``on``.
    """

    employee_id: EmployeeId
    name: str
    amount: Money
    on: date
    taken_back: bool


@dataclass(frozen=True, slots=True)
class StudentLoans:
    """Everything certified, the newest first; until when what was paid this year, and last year, may be certified."""

    heading: PlanHeading
    matched: bool
    today: date
    deadlines: tuple[date, date]
    lines: tuple[StudentLoanLine, ...]
    people: tuple[tuple[EmployeeId, str], ...]
    #: When payments are matched: the last day of each month, quarter or plan year.
    period: str
    over: tuple[LoanMatchOver, ...]


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> StudentLoans:
    """For the page, the API and the terminal alike."""
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    year = terms.plan_year_of(today)
    names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in census.roster(tx, tenant_id=tenant_id)}
    found = recordkeeping.certified_payments(tx, tenant_id=tenant_id, plan_id=plan_id)
    return StudentLoans(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        matched=terms.match is not None and terms.match.student_loans,
        today=today,
        deadlines=(
            recordkeeping.claim_deadline(terms, year.last_day),
            recordkeeping.claim_deadline(terms, year.previous().last_day),
        ),
        lines=tuple(
            StudentLoanLine(
                employee_id=each.payment.employee_id,
                name=names.get(each.payment.employee_id, ""),
                paid_on=each.payment.paid_on,
                loan=each.payment.loan,
                amount=Money(each.payment.cents),
                certified_on=each.payment.certified_on,
                recorded_at=each.recorded_at,
                counts=each.counts,
            )
            for each in found
        ),
        people=tuple(sorted(names.items(), key=lambda each: each[1])),
        period="" if terms.match is None else terms.match.student_loan_period.value.replace("_", " "),
        over=tuple(
            LoanMatchOver(who, names.get(who, ""), Money(cents), of.last_day, taken_back=of.end <= today)
            for of in (year, year.previous())
            for who, cents in recordkeeping.loan_matches_over(tx, tenant_id=tenant_id, plan_id=plan_id, year=of).items()
        ),
    )

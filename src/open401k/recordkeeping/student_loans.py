"""Qualified student loan payments that employees certify: facts, and what of them counts. Not here: the match on them.

They are not deferrals: a match counts them once, when the plan year is over (IRC 401(m)(4)(A)(iii), (4)(D), (13);
Notice 2024-63).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open401k import census, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, Refused, SponsorId
from open401k.law.given import add_months

from . import _student_loan_store
from .pay_apart import OutByTerms

#: A deadline this long after the plan year is reasonable (Notice 2024-63; the number of its answer was not at hand).
_USUAL = 3
#: The law is one of plan years that begin after 2023 (SECURE 2.0 Act section 110).
FIRST_DAY = date(2024, 1, 1)
LONGEST_NAME = 60
MOST_CENTS = 10_000_000_00


class StudentLoanRefusal(StrEnum):
    """Why no payment was recorded. Checked, and listed, in order of precedence."""

    NOT_PROVIDED = "not_provided"
    NO_PAYMENT = "no_payment"
    CERTIFIED_BEFORE_PAID = "certified_before_paid"
    NOT_EMPLOYED = "not_employed"
    TOO_LATE = "too_late"
    NOTHING_CERTIFIED = "nothing_certified"


@dataclass(frozen=True, slots=True)
class StudentLoanPayment:
    """What an employee certified to have paid on a day on a qualified education loan of their own (IRC 221(d)(1)).

    ``loan`` tells loans of one person apart. Told again, it takes the place of what was told before; of 0 cents it
    takes that back.
    """

    employee_id: EmployeeId
    paid_on: date
    cents: int
    certified_on: date
    loan: str = ""


@dataclass(frozen=True, slots=True)
class CertifiedPayment:
    """A payment as it was recorded; the newest of a person, day and loan counts."""

    payment: StudentLoanPayment
    recorded_at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Some people, the day each entered for the match, and the classes that are out from which day on."""

    employees: Sequence[census.Employee]
    entered: Sequence[date | None]
    out: OutByTerms

    def counts(self, place: int, day: date) -> bool:
        """Whether a deferral of the day would have been matched: an employee, in the plan, of no class that is out."""
        who, since = self.employees[place], self.entered[place]
        here = since is not None and since <= day and census.employed_on(who.employment, day)
        return here and not census.is_out(who, self.out, day)


def claim_deadline(terms: plan.Provisions, paid_on: date) -> date:
    """The last day to certify a payment: so many months after the plan year in which it was made as the plan says.

    Three are reasonable (Notice 2024-63), and what counts where the plan has no such match.
    """
    months = _USUAL if terms.match is None else terms.match.student_loan_months
    return add_months(terms.plan_year_of(paid_on).last_day, months)


def decide_payment(
    payment: StudentLoanPayment, terms: plan.Provisions | None, *, employed: bool, known: bool
) -> date | Refused[StudentLoanRefusal]:
    """The deadline that was met, or why it does not count. ``terms`` are those of the day it was paid."""
    day = payment.paid_on
    if day < FIRST_DAY or terms is None or terms.match is None or not terms.match.student_loans:
        return Refused(
            StudentLoanRefusal.NOT_PROVIDED,
            f"The plan does not match student loan payments of {day} (IRC 401(m)(13)(A)(i)).",
            "Amend the plan first, from 2024 on: set student_loans in match.",
        )
    if not 0 <= payment.cents <= MOST_CENTS or len(payment.loan) > LONGEST_NAME:
        return Refused(
            StudentLoanRefusal.NO_PAYMENT,
            f"{payment.cents} cents on a loan named with {len(payment.loan)} letters are no payment on a student loan.",
            f"Give an amount up to {Money(MOST_CENTS)}, and at most {LONGEST_NAME} letters.",
        )
    if payment.certified_on < day:
        return Refused(
            StudentLoanRefusal.CERTIFIED_BEFORE_PAID,
            f"Certified on {payment.certified_on}, it cannot have been paid on {day}.",
            "Certify a payment when it was made.",
        )
    if payment.cents and not employed:  # what was certified in error is taken back whatever was learned since
        return Refused(
            StudentLoanRefusal.NOT_EMPLOYED,
            f"On {day} they were not employed here, and only a payment by an employee counts (IRC 401(m)(4)(D)).",
            "Correct the day, or the days of employment.",
        )
    deadline = claim_deadline(terms, day)
    if payment.cents and payment.certified_on > deadline:
        return Refused(
            StudentLoanRefusal.TOO_LATE,
            f"A payment of {day} is certified by {deadline}, {terms.match.student_loan_months} months after its plan "
            "year (Notice 2024-63).",
            "It cannot be matched any more.",
        )
    if not payment.cents and not known:
        return Refused(
            StudentLoanRefusal.NOTHING_CERTIFIED,
            f"No payment of {day} on this loan is on file.",
            "Look at what is certified; name its day and its loan.",
        )
    return deadline


def certify(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, payment: StudentLoanPayment
) -> date | Refused[StudentLoanRefusal]:
    """Put it on file; whoever asks settles the books afterwards."""
    heads.lock(tx, tenant_id=tenant_id)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    day = payment.paid_on
    found = census.roster(tx, tenant_id=tenant_id, employee_ids=[payment.employee_id])
    in_effect = plan.in_effect(tx, **of, on=day)
    terms = plan.provisions_on(tx, **of, on=day) if in_effect else None
    same = (payment.employee_id, day, payment.loan)
    known = any(
        (each.payment.employee_id, each.payment.paid_on, each.payment.loan) == same and each.counts
        for each in certified_payments(tx, **of)
    )
    employed = any(census.employed_on(each.employment, day) for each in found)
    decided = decide_payment(payment, terms, employed=employed, known=known)
    if isinstance(decided, Refused):
        return decided
    told: dict[str, Any] = {"paid_on": day, "loan": payment.loan, "certified_on": payment.certified_on}
    _student_loan_store.insert_payment(tx, **of, employee_id=payment.employee_id, **told, cents=payment.cents)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="recordkeeping.student_loan_payment",
        subject=str(payment.employee_id),
        after={name: str(value) for name, value in told.items()} | {"cents": payment.cents},
    )
    return decided


def certified_payments(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[CertifiedPayment]:
    """Everything that was ever certified or taken back, the newest first."""
    rows = _student_loan_store.every_payment(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [
        CertifiedPayment(StudentLoanPayment(who, paid_on, cents, certified_on, loan), recorded_at, counts)
        for who, paid_on, loan, recorded_at, certified_on, cents, counts in rows
    ]


def paid_between(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    standing: Standing,
    start: date,
    end: date,
    known_at: datetime | None = None,
) -> NDArray[np.int64]:
    """What each paid from ``start`` up to ``end`` on days on which a deferral would have been matched."""
    place = {who.employee_id: at for at, who in enumerate(standing.employees)}
    total = np.zeros(len(place), dtype=np.int64)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at}
    rows = _student_loan_store.paid(tx, **of, employee_ids=tuple(place), start=start, end=end)
    for who, day, cents in rows:
        if standing.counts(place[who], day):
            total[place[who]] += cents
    return total

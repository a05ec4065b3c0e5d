"""A participant's loan: asked for, then approved by a person and paid out, or declined. ADR-0033.

Approved, it is posted and payroll is told of its installments in one transaction, once. Not here: whether it may be
lent (recordkeeping/loan_limits.py), what payrolls repay (payroll_loans.py).
"""

from dataclasses import dataclass
from typing import Any

from open401k import recordkeeping
from open401k.base.db import Actor, Database
from open401k.kernel import EmployeeId, LoanId, PlanId, Refused, SponsorId
from open401k.recordkeeping import LoanRefusal, LoanRequest, LoanWanted

from .write_back import keep_told


@dataclass(frozen=True, slots=True)
class LoanAsked:
    """What somebody wants to borrow; ``loan_id`` is made by the door, so that a repeat is the same request."""

    tenant_id: SponsorId
    plan_id: PlanId
    employee_id: EmployeeId
    loan_id: LoanId
    wanted: LoanWanted


def ask(db: Database, *, actor: Actor, asked: LoanAsked) -> LoanRequest | Refused[LoanRefusal]:
    """Put a request on file if it could be lent today; nothing moves before somebody approves it."""
    with db.begin(actor, tenants=[asked.tenant_id]) as tx:
        return recordkeeping.ask_loan(
            tx,
            tenant_id=asked.tenant_id,
            plan_id=asked.plan_id,
            employee_id=asked.employee_id,
            loan_id=asked.loan_id,
            wanted=asked.wanted,
        )


def approve(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, prime_bps: int
) -> LoanRequest | Refused[LoanRefusal]:
    """Lend it today at the plan's spread over this prime rate: posted, and payroll is told. Again, the same."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        done = recordkeeping.approve_loan(tx, **of, loan_id=loan_id, prime_bps=prime_bps)
        if not isinstance(done, Refused):
            keep_told(tx, **of)
        return done


def decline(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, reason: str
) -> LoanRequest | Refused[LoanRefusal]:
    """A person says no, and why."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        return recordkeeping.decline_loan(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id, reason=reason)

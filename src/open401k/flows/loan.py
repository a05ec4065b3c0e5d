"""A participant's loan: asked for, approved and paid out, or declined; paused, offset, reported. ADR-0033, 0039.

Approved, it is posted and payroll is told of its installments in one transaction, once. Not here: whether it may be
lent (recordkeeping/loan_limits.py), what payrolls repay (payroll_loans.py).
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from open401k import recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, LoanId, PlanId, Refused, SponsorId
from open401k.recordkeeping import LeaveTold, LoanRefusal, LoanRequest, LoanWanted

from .payroll_settle import PostingRefused
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


def pause(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    loan_id: LoanId,
    event_id: UUID,
    told: LeaveTold,
) -> LoanId | Refused[LoanRefusal]:
    """Pause installments for a leave, or take one back; payroll is told. The same id again changes nothing."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    try:
        with db.begin(actor, tenants=[tenant_id]) as tx:
            done = recordkeeping.record_leave(tx, **of, loan_id=loan_id, event_id=event_id, told=told)
            return _kept(tx, loan_id, done, **of)
    except PostingRefused as undone:
        return undone.refused


def offset(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, event_id: UUID
) -> LoanId | Refused[LoanRefusal]:
    """Reduce the account of somebody who left by what is owed; payroll is told to stop. Once."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    try:
        with db.begin(actor, tenants=[tenant_id]) as tx:
            return _kept(tx, loan_id, recordkeeping.offset_loan(tx, **of, loan_id=loan_id, event_id=event_id), **of)
    except PostingRefused as undone:
        return undone.refused


def report(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, event_id: UUID
) -> LoanId | Refused[LoanRefusal]:
    """A person reported a deemed distribution; it waits for nobody any more."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        done = recordkeeping.report_deemed(tx, **of, loan_id=loan_id, event_id=event_id)
        return done if isinstance(done, Refused) else loan_id


def _kept(tx: Tx, loan_id: LoanId, done: object, *, tenant_id: SponsorId, plan_id: PlanId) -> LoanId:
    if isinstance(done, Refused):
        reason = done.reason if isinstance(done.reason, LoanRefusal) else LoanRefusal.OVERPAID
        raise PostingRefused(Refused(reason, done.message, done.fix))
    keep_told(tx, tenant_id=tenant_id, plan_id=plan_id)
    return loan_id

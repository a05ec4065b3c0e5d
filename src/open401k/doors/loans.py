"""Loans as both doors and the terminal ask for them: asked, approved, declined, refused in the same words."""

from datetime import date
from typing import Any

from open401k.base.db import Actor, Database
from open401k.flows import loan
from open401k.kernel import EmployeeId, LoanId, Money, PlanId, Refused, SponsorId, named_uuid
from open401k.law.loan_schedules import Frequency
from open401k.recordkeeping import LeaveTold, LoanRefusal, LoanRequest, LoanWanted
from open401k.views import loans as view

from .problems import NOT_FOUND, Problem, ProblemError

_NO_LOAN = "The loan cannot be made."
_NOT_DONE = "That cannot be done with this loan."


def ask(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employee_id: EmployeeId,
    wanted: LoanWanted,
    key: str,
) -> view.LoanDetail:
    """Put a request on file; the same key is the same request."""
    loan_id = LoanId(named_uuid("loan", str(tenant_id), str(plan_id), key))
    asked = loan.LoanAsked(tenant_id, plan_id, employee_id, loan_id, wanted)
    return _shown(db, actor, tenant_id, plan_id, loan.ask(db, actor=actor, asked=asked))


def approve(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, prime: str
) -> view.LoanDetail:
    """Lend it, at the plan's spread over a prime rate in percent."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "loan_id": loan_id}
    return _shown(db, actor, tenant_id, plan_id, loan.approve(db, **of, prime_bps=prime_bps(prime)))


def decline(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, reason: str
) -> view.LoanDetail:
    """Say no, and why."""
    if not reason.strip():
        raise ProblemError(Problem(422, "reason_missing", "A loan is declined with a reason.", fix="Say why."))
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "loan_id": loan_id}
    return _shown(db, actor, tenant_id, plan_id, loan.decline(db, **of, reason=reason.strip()))


def pause(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    loan_id: LoanId,
    told: LeaveTold,
    key: str,
) -> view.LoanDetail:
    """Put a leave on file, or take one back; the same key is the same one."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "loan_id": loan_id}
    event_id = named_uuid("loan_leave", str(tenant_id), str(loan_id), key)
    return _after(db, of, loan.pause(db, **of, event_id=event_id, told=told))


def offset(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId) -> view.LoanDetail:
    """Reduce the account of somebody who left by what is owed, today and once."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "loan_id": loan_id}
    return _after(db, of, loan.offset(db, **of, event_id=named_uuid("loan_offset", str(tenant_id), str(loan_id))))


def report(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId) -> view.LoanDetail:
    """A deemed distribution was reported on Form 1099-R."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "loan_id": loan_id}
    return _after(db, of, loan.report(db, **of, event_id=named_uuid("loan_reported", str(tenant_id), str(loan_id))))


def leave_of(*, first: str, last: str, military: bool) -> LeaveTold:
    """A leave from the texts of a form; without a last day it is taken back."""
    try:
        until = date.fromisoformat(last.strip()) if last.strip() else None
        return LeaveTold(date.fromisoformat(first.strip()), until, military and until is not None)
    except ValueError as error:
        fix = "Give the first and the last day as 2026-03-31."
        raise ProblemError(Problem(422, "leave_invalid", "Those are no days.", str(error), fix)) from None


def wanted_of(*, amount: str, installments: int, frequency: str, residence: bool) -> LoanWanted:
    """What somebody wants, from the texts of a form."""
    try:
        return LoanWanted(Money.usd(amount.strip()).cents, installments, Frequency(frequency), residence)
    except ValueError as error:
        fix = "Give dollars as 5000.00 and one of weekly, biweekly, semimonthly, monthly, quarterly."
        raise ProblemError(Problem(422, "loan_invalid", "That is not a loan.", str(error), fix)) from None


def prime_bps(text: str) -> int:
    """A percentage as people write it, in basis points."""
    try:
        found = Money.usd(text.removesuffix("%").strip()).cents
    except ValueError:
        found = -1
    if not 0 <= found <= 10_000:
        fix = "Write the prime rate of today as 7.50."
        raise ProblemError(Problem(422, "rate_invalid", "That is not a prime rate.", fix=fix))
    return found


def shown(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId) -> view.LoanDetail:
    """One loan, or the problem that there is none."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        found = view.load_one(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    if found is None:
        raise ProblemError(NOT_FOUND)
    return found


def _after(db: Database, of: dict[str, Any], done: LoanId | Refused[LoanRefusal]) -> view.LoanDetail:
    if isinstance(done, Refused):
        if done.reason is LoanRefusal.LOAN_UNKNOWN:
            raise ProblemError(NOT_FOUND)
        raise ProblemError(Problem(422, str(done.reason), _NOT_DONE, done.message, done.fix))
    return shown(db, **of)


def _shown(
    db: Database, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, done: LoanRequest | Refused[LoanRefusal]
) -> view.LoanDetail:
    if isinstance(done, Refused):
        if done.reason is LoanRefusal.LOAN_UNKNOWN:
            raise ProblemError(NOT_FOUND)
        raise ProblemError(Problem(422, str(done.reason), _NO_LOAN, done.message, done.fix))
    return shown(db, actor=actor, tenant_id=tenant_id, plan_id=plan_id, loan_id=done.loan_id)

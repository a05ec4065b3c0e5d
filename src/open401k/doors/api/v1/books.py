"""Balances, journal, deposits and audit trail over HTTP. Money moves by payroll runs, corrections and deposits."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from open401k import ledger
from open401k.base.access import Permission
from open401k.flows.deposit import deposit_run
from open401k.kernel import Money, Refused, RunId, day_of
from open401k.views import books, deposits

from ...described import given
from ...guard import Caller, Needs
from ...problems import FieldProblem, Problem, ProblemError
from ...written import document
from . import models
from .once import answered, key_of
from .paging import LIMIT, Cursor, Limit, page, page_by_place, place_of
from .payroll import named

router = APIRouter(tags=["Books"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]
BalanceModel: Any = given(books.BalanceLine)
AuditModel: Any = given(books.AuditLine)


@router.get("/plans/{plan_id}/balances", response_model=models.Page[BalanceModel])
def balances(
    caller: Reader,
    as_of: date | None = None,
    known_at: datetime | None = None,
    after: Cursor = None,
    limit: Limit = LIMIT,
) -> dict[str, Any]:
    """Every account: running, or of a day, as now known or as known at an instant."""
    if known_at is not None and known_at.tzinfo is None:
        place = FieldProblem("It has no offset.", "Write it as 2026-08-14T13:00:00Z.", "timezone.missing", "/known_at")
        raise ProblemError(Problem(422, "invalid", "The instant needs a time zone.", errors=[place]))
    with caller.begin() as tx:
        found = books.load_balances(tx, tenant_id=caller.tenant, plan_id=caller.plan, as_of=as_of, known_at=known_at)
    shown, following = page(found, lambda each: str(each.account_id), after=after, limit=limit)
    return {"items": document(shown), "next": following}


@router.get("/plans/{plan_id}/journal")
def journal(caller: Reader, after: Cursor = None, limit: Limit = LIMIT) -> models.Page[models.JournalEntry]:
    """Journal entries with their lines, oldest first."""
    with caller.begin() as tx:
        entries, following = books.load_journal(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, after=place_of(after), limit=limit
        )
    return models.Page(items=[_entry(each) for each in entries], next=following)


@router.get("/plans/{plan_id}/deposits")
def list_deposits(caller: Reader, after: Cursor = None, limit: Limit = LIMIT) -> models.Page[models.Deposit]:
    """What the employer sends for each payroll, and what has come; the earliest pay date first."""
    with caller.begin() as tx:
        found = deposits.deposits(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    shown, following = page_by_place(found, after=after, limit=limit)
    return models.Page(items=[_deposit(each) for each in shown], next=following)


@router.post("/plans/{plan_id}/deposits", status_code=201)
def record_deposit(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))], key: Key, sent: models.NewDeposit
) -> models.Deposit:
    """Record that the whole money of a payroll has arrived: what the employer owes falls. Once for a payroll."""
    body = sent.model_dump_json().encode()
    kept = answered(
        caller,
        key=key,
        what=f"deposit {caller.plan}",
        body=body,
        work=lambda: _record(caller, named(RunId, sent.run_id), sent.received_on).model_dump(mode="json"),
    )
    return models.Deposit.model_validate(kept)


def _record(caller: Caller, run_id: RunId, on: date) -> models.Deposit:
    if on > day_of(caller.services.clock.now()):
        place = FieldProblem("It is still to come.", "Record it when it has arrived.", pointer="/received_on")
        raise ProblemError(Problem(422, "invalid", "The day is in the future.", errors=[place]))
    done = deposit_run(
        caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan, run_id=run_id, on=on
    )
    if done is None:
        raise ProblemError(
            Problem(422, "nothing_due", "Nothing is due for this payroll.", fix="See the plan's deposits for what is.")
        )
    if isinstance(done, Refused) and done.reason is ledger.Refusal.KEY_REUSED:
        raise ProblemError(Problem(409, "deposit_recorded", "This payroll's deposit is on file, for another day."))
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "The deposit was not recorded.", done.message, done.fix))
    with caller.begin() as tx:
        found = deposits.deposits(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return next(_deposit(each) for each in found if each.run_id == run_id)


@router.get("/sponsors/{sponsor_id}/audit-trail", response_model=models.Page[AuditModel])
def audit_trail(
    caller: Annotated[Caller, Depends(Needs(Permission.AUDIT_VIEW))], after: Cursor = None, limit: Limit = LIMIT
) -> dict[str, Any]:
    """Who did what, when, why, before and after; newest first."""
    with caller.begin() as tx:
        entries, following = books.load_audit(tx, tenant_id=caller.tenant, before=place_of(after), limit=limit)
    return {"items": document(entries), "next": following}


def _entry(entry: books.JournalEntry) -> models.JournalEntry:
    written = document(entry)
    for line, known in zip(written["lines"], entry.lines, strict=True):
        if known.asset == ledger.USD:
            line["amount"] = Money(known.amount).plain()
    return models.JournalEntry.model_validate(written)


def _deposit(found: deposits.Deposit) -> models.Deposit:
    due = found.remittance
    return models.Deposit(
        run_id=str(due.run_id),
        pay_date=due.pay_date,
        due=Money(due.total_cents).plain(),
        due_on=due.due_on,
        latest_on=due.outer_limit_on,
        received=found.received.plain(),
        received_on=found.received_on,
    )

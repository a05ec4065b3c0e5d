"""Balances, journal and audit trail over HTTP. Reads only: money moves by payroll runs."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from open401k.base.access import Permission
from open401k.views import books

from ...guard import Caller, Needs
from ...problems import FieldProblem, Problem, ProblemError
from ...written import document

router = APIRouter(tags=["Books"])
Reader = Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(description="`next` of the page before", max_length=40)]


@router.get("/plans/{plan_id}/balances")
def balances(caller: Reader, as_of: date | None = None, known_at: datetime | None = None) -> dict[str, Any]:
    """Every account: running, or of a day, as now known or as known at an instant."""
    with caller.begin() as tx:
        shown = books.load_balances(
            tx,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            as_of=as_of,
            known_at=known_at,
        )
    return {"items": document(shown), "next": None}


@router.get("/plans/{plan_id}/journal")
def journal(caller: Reader, after: Cursor = None, limit: Limit = 50) -> dict[str, Any]:
    """Journal entries with their lines, oldest first."""
    with caller.begin() as tx:
        entries, following = books.load_journal(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, after=_cursor(after), limit=limit
        )
    return {"items": document(entries), "next": following}


@router.get("/sponsors/{sponsor_id}/audit-trail")
def audit_trail(
    caller: Annotated[Caller, Depends(Needs(Permission.AUDIT_VIEW))], after: Cursor = None, limit: Limit = 50
) -> dict[str, Any]:
    """Who did what, when, why, before and after; newest first."""
    with caller.begin() as tx:
        entries, following = books.load_audit(tx, tenant_id=caller.tenant, before=_cursor(after), limit=limit)
    return {"items": document(entries), "next": following}


def _cursor(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        place = FieldProblem("Use the `next` of an earlier page.", code="cursor.invalid", pointer="/after")
        raise ProblemError(Problem(422, "invalid", "That is not a cursor.", errors=[place]))
    return int(text)

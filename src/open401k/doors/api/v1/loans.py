"""Participant loans over HTTP: listed, shown, asked for, approved, declined, paused, offset, reported."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field, StrictBool, StrictInt

from open401k.base.access import Permission
from open401k.kernel import EmployeeId, LoanId
from open401k.recordkeeping import LeaveTold
from open401k.views import loans as view

from ... import loans
from ...described import given
from ...guard import Caller, Needs
from ...texts import MoneyText, Name, PercentText, Sent, Text
from ...written import document
from . import models
from .once import key_of, shown_once
from .paging import LIMIT, Cursor, Limit, page_by_place
from .payroll import named

router = APIRouter(tags=["Loans"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Asker = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Line: Any = given(view.LoanLine)
Detail: Any = given(view.LoanDetail)


class LoanAskedFor(Sent):
    """What somebody wants to borrow, repaid in level installments through payroll."""

    employee_id: Text
    amount: MoneyText
    installments: Annotated[StrictInt, Field(ge=1, le=1_560)]
    frequency: Literal["weekly", "biweekly", "semimonthly", "monthly", "quarterly"]
    residence: Annotated[StrictBool, Field(description="It buys the principal residence")] = False


class LoanApproved(Sent):
    """The prime rate of today; the plan's spread is added."""

    prime: PercentText


class LoanDeclined(Sent):
    """Why nothing is lent."""

    reason: Name


class LeaveSaid(Sent):
    """Days in which installments pause. Without the last day, the leave that begins on the first is taken back."""

    first_day: date
    last_day: date | None = None
    military: Annotated[StrictBool, Field(description="Service in uniform: any length, at 6 % at most")] = False


@router.get("/plans/{plan_id}/loans")
def list_loans(caller: Reader, after: Cursor = None, limit: Limit = LIMIT) -> models.Page[Line]:
    """Every loan that was asked for; what waits for a decision first, then what is late, then the newest."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    some, following = page_by_place(shown.lines, after=after, limit=limit)
    return models.Page(items=[Line.model_validate(document(each)) for each in some], next=following)


@router.get("/plans/{plan_id}/loans/{loan_id}")
def show_loan(caller: Reader, loan_id: str) -> Detail:
    """One loan with its schedule, what payrolls repaid, and the sources it came from."""
    found = loans.shown(caller.services.db, **_of(caller), loan_id=named(LoanId, loan_id))
    return Detail.model_validate(document(found))


@router.post("/plans/{plan_id}/loans", status_code=201)
def ask_for_loan(caller: Asker, key: Key, sent: LoanAskedFor) -> Detail:
    """Ask for a loan. What the plan or IRC 72(p) does not allow is refused with its reason as `code`."""
    wanted = loans.wanted_of(
        amount=sent.amount, installments=sent.installments, frequency=sent.frequency, residence=sent.residence
    )

    def work() -> view.LoanDetail:
        employee_id = named(EmployeeId, sent.employee_id)
        return loans.ask(caller.services.db, **_of(caller), employee_id=employee_id, wanted=wanted, key=key)

    return shown_once(caller, key=key, what=f"loan {caller.plan}", sent=sent, shows=Detail, work=work)


@router.post("/plans/{plan_id}/loans/{loan_id}/approve")
def approve_loan(caller: Decider, key: Key, loan_id: str, sent: LoanApproved) -> Detail:
    """Lend it today: the money leaves the person's sources, and payroll is told of the installments. Once."""
    wanted = named(LoanId, loan_id)

    def work() -> view.LoanDetail:
        return loans.approve(caller.services.db, **_of(caller), loan_id=wanted, prime=sent.prime)

    return shown_once(caller, key=key, what=f"approve {wanted}", sent=sent, shows=Detail, work=work)


@router.post("/plans/{plan_id}/loans/{loan_id}/decline")
def decline_loan(caller: Decider, key: Key, loan_id: str, sent: LoanDeclined) -> Detail:
    """Decline a loan with a reason; nothing moves."""
    wanted = named(LoanId, loan_id)

    def work() -> view.LoanDetail:
        return loans.decline(caller.services.db, **_of(caller), loan_id=wanted, reason=sent.reason)

    return shown_once(caller, key=key, what=f"decline {wanted}", sent=sent, shows=Detail, work=work)


@router.post("/plans/{plan_id}/loans/{loan_id}/leaves")
def pause_loan(caller: Asker, key: Key, loan_id: str, sent: LeaveSaid) -> Detail:
    """Pause installments for a leave of a year at most, or for service in uniform (Reg. 1.72(p)-1 Q&A-9)."""
    wanted = named(LoanId, loan_id)
    told = LeaveTold(sent.first_day, sent.last_day, sent.military and sent.last_day is not None)

    def work() -> view.LoanDetail:
        return loans.pause(caller.services.db, **_of(caller), loan_id=wanted, told=told, key=key)

    return shown_once(caller, key=key, what=f"leave {wanted}", sent=sent, shows=Detail, work=work)


@router.post("/plans/{plan_id}/loans/{loan_id}/offset")
def offset_loan(caller: Decider, key: Key, loan_id: str) -> Detail:
    """Reduce the account of somebody who left by what is owed, today: an actual distribution (IRC 402(c)(3)(C))."""
    wanted = named(LoanId, loan_id)

    def work() -> view.LoanDetail:
        return loans.offset(caller.services.db, **_of(caller), loan_id=wanted)

    return shown_once(caller, key=key, what=f"offset {wanted}", sent=None, shows=Detail, work=work)


@router.post("/plans/{plan_id}/loans/{loan_id}/report")
def report_deemed_loan(caller: Decider, key: Key, loan_id: str) -> Detail:
    """Say that a deemed distribution was reported on Form 1099-R: it waits for nobody any more, and stays owed."""
    wanted = named(LoanId, loan_id)

    def work() -> view.LoanDetail:
        return loans.report(caller.services.db, **_of(caller), loan_id=wanted)

    return shown_once(caller, key=key, what=f"report {wanted}", sent=None, shows=Detail, work=work)


def _of(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}

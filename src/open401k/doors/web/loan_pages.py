"""Pages of participant loans: all of a plan with what waits for a decision, and one with its schedule."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.kernel import EmployeeId, FlowId, LoanId
from open401k.views import loans as view

from .. import loans
from ..guard import Caller, Needs, posted_form, word
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(prefix="/plans/{plan_id}/loans", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Asker = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("")
def loans_page(request: Request, caller: Reader) -> Response:
    """What waits for a decision, what is owed, what was missed."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Loans", caller=caller, current="people")
    may = {"decides": caller.may(Permission.ALERT_DECIDE), "asks": caller.may(Permission.CENSUS_CHANGE)}
    key = str(caller.services.ids.new(FlowId))
    return page(request, "loans", around, heading=shown.heading, loans=shown, key=key, **may)


@router.get("/{loan_id}")
def loan_page(request: Request, caller: Reader, loan_id: str) -> Response:
    """One loan: its schedule, what payrolls repaid, and the sources it came from."""
    found = loans.shown(caller.services.db, **_of(caller), loan_id=named(LoanId, loan_id))
    around = frame(request, f"Loan {found.line.reference}", caller=caller, current="people")
    may = {"decides": caller.may(Permission.ALERT_DECIDE), "asks": caller.may(Permission.CENSUS_CHANGE)}
    key = str(caller.services.ids.new(FlowId))
    return page(request, "loan", around, heading=found.heading, loan=found, key=key, **may)


@router.post("")
def ask(caller: Asker, form: Posted) -> Response:
    """Somebody wants to borrow."""
    count = word(form, "installments")
    wanted = loans.wanted_of(
        amount=word(form, "amount"),
        installments=int(count) if count.isdecimal() and len(count) < 6 else 0,
        frequency=word(form, "frequency"),
        residence=word(form, "residence") == "yes",
    )
    who, key = named(EmployeeId, word(form, "employee")), word(form, "key")
    done = loans.ask(caller.services.db, **_of(caller), employee_id=who, wanted=wanted, key=key)
    return _back(caller, f"{done.line.reference} waits for a decision.")


@router.post("/{loan_id}/approve")
def approve(caller: Decider, form: Posted, loan_id: str) -> Response:
    """Lent today, once."""
    wanted = named(LoanId, loan_id)
    done = loans.approve(caller.services.db, **_of(caller), loan_id=wanted, prime=word(form, "prime"))
    return _back(caller, f"{done.line.reference} is lent: pay {done.line.amount} to {done.line.name} today.")


@router.post("/{loan_id}/decline")
def decline(caller: Decider, form: Posted, loan_id: str) -> Response:
    """Not lent, with a reason."""
    wanted = named(LoanId, loan_id)
    done = loans.decline(caller.services.db, **_of(caller), loan_id=wanted, reason=word(form, "reason"))
    return _back(caller, f"{done.line.reference} is declined; the reason is on file.")


@router.post("/{loan_id}/leaves")
def leave(caller: Asker, form: Posted, loan_id: str) -> Response:
    """Installments pause, or do not any more."""
    told = loans.leave_of(first=word(form, "first"), last=word(form, "last"), military=word(form, "military") == "yes")
    of, wanted = _of(caller), named(LoanId, loan_id)
    done = loans.pause(caller.services.db, **of, loan_id=wanted, told=told, key=word(form, "key"))
    said = "is paused for the leave" if told.until else "is not paused any more"
    return _back(caller, f"{done.line.reference} {said}; payroll is told.")


@router.post("/{loan_id}/offset")
def offset(caller: Decider, loan_id: str, _: Posted) -> Response:
    """The account is reduced, once."""
    done = loans.offset(caller.services.db, **_of(caller), loan_id=named(LoanId, loan_id))
    amount = done.offset.amount if done.offset else done.line.balance
    return _back(caller, f"{done.line.reference} is offset: {amount} are distributed.")


@router.post("/{loan_id}/report")
def report(caller: Decider, loan_id: str, _: Posted) -> Response:
    """A deemed distribution was reported."""
    done = loans.report(caller.services.db, **_of(caller), loan_id=named(LoanId, loan_id))
    return _back(caller, f"{done.line.reference} is reported; it stays owed.")


def _of(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}


def _back(caller: Caller, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/loans?said={quote(said)}")

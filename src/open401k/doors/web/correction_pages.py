"""The corrections inbox: what is proposed, with its working; recording a failure, approving, declining."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.compliance import Affected, Failure, FailureKind
from open401k.kernel import EmployeeId, FailureId, FlowId, Money, ProposalId, named_uuid
from open401k.views import corrections as inbox

from .. import corrections, overpaid
from ..guard import Caller, Needs, posted_form, word
from ..problems import Problem, ProblemError
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(prefix="/plans/{plan_id}/corrections", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.ALERT_VIEW))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Recorder = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("")
def corrections_page(request: Request, caller: Reader) -> Response:
    """What waits for the employer, and what was decided."""
    with caller.begin() as tx:
        shown = inbox.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Corrections", caller=caller, current="corrections")
    key = str(caller.services.ids.new(FlowId))
    may = {"decides": caller.may(Permission.ALERT_DECIDE), "records": caller.may(Permission.CENSUS_CHANGE)}
    return page(request, "corrections", around, heading=shown.heading, inbox=shown, key=key, **may)


@router.post("/{proposal_id}/approve")
def approve(caller: Decider, form: Posted, proposal_id: str) -> Response:
    """The employer pays: posted, once."""
    del form
    told = corrections.approve(caller.services.db, **_of(caller), proposal_id=named(ProposalId, proposal_id)).told
    return _back(caller, corrections.approved_words(Money(told.total_cents), to_people=Money(told.to_people_cents)))


@router.post("/{proposal_id}/decline")
def decline(caller: Decider, form: Posted, proposal_id: str) -> Response:
    """Not owed, or corrected otherwise: with a reason."""
    wanted = named(ProposalId, proposal_id)
    corrections.decline(caller.services.db, **_of(caller), proposal_id=wanted, reason=word(form, "reason"))
    return _back(caller, "Declined; the reason is on file.")


@router.post("/overpaid")
def settle_overpaid(caller: Decider, form: Posted) -> Response:
    """What became of money that left before it was taken back."""
    on = _day(form, "on")
    if on is None:
        raise ProblemError(Problem(422, "date_invalid", "It is not said when.", fix="Fill in On."))
    names = ("key", "employee", "source", "became", "amount", "reason", "line")
    said: dict[str, Any] = {name: word(form, name) for name in names}
    within = word(form, "within_limits") == "yes"
    done = overpaid.settle(caller.services.db, **_of(caller), **said, on=on, within_limits=within)
    return _back(caller, f"On file: {done.words}.")


@router.post("/overpaid/{decision_id}/undo")
def undo_overpaid(caller: Decider, form: Posted, decision_id: str) -> Response:
    """What was recorded of such money was wrong."""
    overpaid.undo(caller.services.db, **_of(caller), decision=decision_id, reason=word(form, "reason"))
    return _back(caller, "Taken back. What was overpaid is open again.")


@router.post("/failures")
def record(caller: Recorder, form: Posted) -> Response:
    """Somebody found a failure."""
    rate, found_on = word(form, "rate"), _day(form, "found_on")
    if found_on is None:
        raise ProblemError(Problem(422, "date_invalid", "It is not said when it was found.", fix="Fill in Found on."))
    failure = Failure(
        failure_id=FailureId(named_uuid("failure", str(caller.tenant), str(caller.plan), word(form, "key"))),
        plan_id=caller.plan,
        kind=_kind(word(form, "kind")),
        people=(Affected(named(EmployeeId, word(form, "employee")), _bps(rate) if rate else None),),
        found_on=found_on,
        how_found=word(form, "how_found")[:500],
        first_on=_day(form, "first_on"),
        begin_on=_day(form, "begin_on"),
        automatic=word(form, "automatic") == "yes",
    )
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant}
    corrections.record(caller.services.db, **of, failure=failure, key=word(form, "key"))
    return _back(caller, "Recorded. What it comes to is below.")


@router.post("/failures/{failure_id}")
def record_days(caller: Recorder, form: Posted, failure_id: str) -> Response:
    """More is known: correct deferrals begin, the notice was given."""
    days = {name: _day(form, name) for name in ("begin_on", "notice_on", "told_on")}
    key = "/".join(f"{name}={day}" for name, day in days.items())
    wanted = named(FailureId, failure_id)
    corrections.record_days(caller.services.db, **_of(caller), failure_id=wanted, days=days, key=key)
    return _back(caller, "Recorded. The correction was counted anew.")


def _of(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}


def _back(caller: Caller, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/corrections?said={quote(said)}")


def _day(form: FormData, name: str) -> date | None:
    text = word(form, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ProblemError(Problem(422, "date_invalid", "That is not a date.", fix="Write it as 2026-05-22.")) from None


def _bps(text: str) -> int:
    """A percentage as people write it, in basis points."""
    whole, _, part = text.removesuffix("%").strip().partition(".")
    if not whole.isdigit() or len(whole) > 3 or (part and not part.isdigit()) or len(part) > 2:
        raise ProblemError(Problem(422, "rate_invalid", "That is not a rate of pay.", fix="Write it as 6 or 6.25."))
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))


def _kind(text: str) -> FailureKind:
    try:
        return FailureKind(text)
    except ValueError:
        raise ProblemError(Problem(422, "kind_invalid", "Nothing says what went wrong.", fix="Choose it.")) from None

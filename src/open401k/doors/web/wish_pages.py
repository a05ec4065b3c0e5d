"""Staff and participants: a link to a participant's own page is made; what they wished is taken up or declined."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.kernel import EmployeeId, RolloverId

from .. import participants, rollovers
from ..guard import Caller, Needs, posted_form, word
from ..rollover_forms import facts_in, facts_out
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(prefix="/plans/{plan_id}/rollovers", include_in_schema=False)
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Posted = Annotated[FormData, Depends(posted_form)]


@router.post("/participants")
def link(request: Request, caller: Decider, form: Posted) -> Response:
    """The address is shown once, to be handed to the participant; a new one ends those before."""
    days = word(form, "days")
    url = participants.link_for(
        caller.services, **_of(caller), employee_id=named(EmployeeId, word(form, "employee")),
        days=int(days) if days.isdecimal() and len(days) < 4 else 0, key=word(form, "key"),
    )  # fmt: skip
    around = frame(request, "A participant's page", caller=caller, current="people")
    return page(request, "participant_link", around, plan_id=caller.plan, url=url, days=days)


@router.post("/wishes/{rollover_id}/taken-up")
def take_up(caller: Decider, form: Posted, rollover_id: str) -> Response:
    """Ask, or answer the case, as the participant wished."""
    said = {name: word(form, name) for name in form}
    told = facts_in(said) if said.get("way") == "in" else facts_out(said)
    if said.get("way") == "in":
        told = {name: value for name, value in told.items() if name not in ("source_account", "wanted") and value}
    elif said.get("thirty_days"):
        told["told_of_thirty_days"] = said["thirty_days"] == "yes"
    if said.get("case_names"):
        told["case_names"] = said["case_names"]
    done = rollovers.take_up(
        caller.services, **_of(caller), rollover_id=named(RolloverId, rollover_id), told=told, case=said.get("case", "")
    )
    return see_other(f"/plans/{caller.plan}/rollovers/{done.line.rollover_id}")


@router.post("/wishes/{rollover_id}/declined")
def decline(caller: Decider, form: Posted, rollover_id: str) -> Response:
    """The participant reads why."""
    which = named(RolloverId, rollover_id)
    participants.decline(caller.services, **_of(caller), rollover_id=which, words=word(form, "words"))
    return see_other(f"/plans/{caller.plan}/rollovers?said=Declined.")


def _of(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}

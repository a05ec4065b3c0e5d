"""Participants' own pages over HTTP for staff: a link is made; what was wished is listed, taken up, declined."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from open401k.base.access import Permission
from open401k.kernel import EmployeeId, RolloverId
from open401k.views import rollover_wishes as view

from ... import participants, rollovers
from ...described import given
from ...guard import Caller, Needs
from ...texts import Name, Sent, Text
from ...written import document
from . import models
from .once import key_of, shown_once
from .paging import LIMIT, Cursor, Limit, page_by_place
from .payroll import named
from .rollovers import Detail, Facts

router = APIRouter(tags=["Rollovers"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Line: Any = given(view.WishLine)


class ParticipantLinkWanted(Sent):
    """Whose page, and for how many days."""

    employee_id: Text
    days: Annotated[int, Field(ge=1, le=90)]


class ParticipantLink(Sent):
    """The address; whoever has it is the participant on that page."""

    url: str


class WishTakenUp(Sent):
    """What only staff know; ``case`` of our node where the plan pays."""

    facts: Facts
    case: Text = ""


class WishDeclined(Sent):
    """Why, in words for the participant."""

    words: Name


@router.post("/plans/{plan_id}/participant-links", status_code=201)
def make_participant_link(caller: Decider, key: Key, sent: ParticipantLinkWanted) -> ParticipantLink:
    """The address of a participant's own page; one that was made before ends. Who may decide for the plan may call it.

    It is kept nowhere: the same key is the same address, which only we can work out.
    """
    who = named(EmployeeId, sent.employee_id)
    url = participants.link_for(caller.services, **_of(caller), employee_id=who, days=sent.days, key=key)
    return ParticipantLink(url=url)


@router.get("/plans/{plan_id}/rollover-wishes")
def list_wishes(caller: Reader, after: Cursor = None, limit: Limit = LIMIT) -> models.Page[Line]:
    """What participants wish and nobody answered, the oldest first. Who may see the census may call it."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    some, following = page_by_place(shown, after=after, limit=limit)
    return models.Page(items=[Line.model_validate(document(each)) for each in some], next=following)


@router.post("/plans/{plan_id}/rollover-wishes/{rollover_id}/taken-up", status_code=201)
def take_up_wish(caller: Decider, key: Key, rollover_id: str, sent: WishTakenUp) -> Detail:
    """Ask, or answer the case, as the participant wished. Who may decide for the plan may call it."""
    wanted = named(RolloverId, rollover_id)

    def work() -> object:
        return rollovers.take_up(
            caller.services, **_of(caller), rollover_id=wanted, told=sent.facts, case=sent.case
        )  # fmt: skip

    return shown_once(caller, key=key, what=f"wish {wanted}", sent=sent, shows=Detail, work=work)


@router.post("/plans/{plan_id}/rollover-wishes/{rollover_id}/declined")
def decline_wish(caller: Decider, key: Key, rollover_id: str, sent: WishDeclined) -> Line:
    """Not taken up; the participant reads why. Who may decide for the plan may call it."""
    wanted = named(RolloverId, rollover_id)

    def work() -> object:
        return participants.decline(caller.services, **_of(caller), rollover_id=wanted, words=sent.words)

    return shown_once(caller, key=key, what=f"declined {wanted}", sent=sent, shows=Line, work=work)


def _of(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}

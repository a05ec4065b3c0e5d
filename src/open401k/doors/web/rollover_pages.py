"""Pages of rollovers: all of a plan with what each waits for, and one with its parts, facts and forms."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.kernel import EmployeeId, FlowId, RolloverId
from open401k.views import rollover_explanations, rollover_wishes
from open401k.views import rollovers as view

from .. import invalid_rollovers, rollovers, withheld_rollovers
from ..guard import Caller, Needs, posted_form, word
from ..rollover_forms import facts_in, facts_out
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(prefix="/plans/{plan_id}/rollovers", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Asker = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("")
def rollovers_page(request: Request, caller: Reader) -> Response:
    """What is open and what it waits for, what came in and went out."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        given = rollover_explanations.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        wishes = rollover_wishes.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Rollovers", caller=caller, current="people")
    key = str(caller.services.ids.new(FlowId))
    return page(
        request,
        "rollovers",
        around,
        heading=shown.heading,
        rollovers=shown,
        given=given,
        wishes=wishes,
        key=key,
        **_may(caller),
    )


@router.get("/{rollover_id}")
def rollover_page(request: Request, caller: Reader, rollover_id: str) -> Response:
    """One rollover: what is missing, its parts, what was told, what Form 1099-R will say."""
    found = rollovers.shown(caller.services, **_of(caller), rollover_id=named(RolloverId, rollover_id))
    around = frame(request, f"Rollover of {found.line.name}", caller=caller, current="people")
    return page(request, "rollover", around, heading=found.heading, rollover=found, **_may(caller))


@router.post("")
def ask(caller: Asker, form: Posted) -> Response:
    """Somebody wants to bring money."""
    who = named(EmployeeId, word(form, "employee"))
    told = facts_in({name: word(form, name) for name in form})
    done = rollovers.ask_into(caller.services, **_of(caller), employee_id=who, told=told, key=word(form, "key"))
    return _back(caller, f"The custodian of {done.line.name} is asked.")


@router.post("/released")
def release(caller: Decider, form: Posted) -> Response:
    """We answer a request to pay."""
    who, case = named(EmployeeId, word(form, "employee")), word(form, "case")
    told, key = facts_out({name: word(form, name) for name in form}), word(form, "key")
    done = rollovers.release(caller.services, **_of(caller), employee_id=who, case=case, told=told, key=key)
    return see_other(f"/plans/{caller.plan}/rollovers/{done.line.rollover_id}")


@router.post("/followed")
def follow(caller: Asker, _: Posted) -> Response:
    """Look where they stand."""
    shown = rollovers.follow(caller.services, **_of(caller))
    return _back(caller, f"{shown.waiting} open, as our node sees them now.")


@router.post("/{rollover_id}/facts")
def tell(caller: Decider, form: Posted, rollover_id: str) -> Response:
    """More facts of a rollover out of the plan."""
    told = facts_out({name: word(form, name) for name in form})
    done = rollovers.tell(caller.services, **_of(caller), rollover_id=named(RolloverId, rollover_id), told=told)
    return see_other(f"/plans/{caller.plan}/rollovers/{done.line.rollover_id}")


@router.post("/{rollover_id}/invalid")
def determine_invalid(caller: Decider, form: Posted, rollover_id: str) -> Response:
    """What came could not be rolled over."""
    legs = {int(name.removeprefix("leg_")): word(form, name) for name in form if name.startswith("leg_")}
    done = invalid_rollovers.determine(
        caller.services, **_of(caller), rollover_id=named(RolloverId, rollover_id), why=word(form, "why"),
        detail=word(form, "detail"), legs={leg: amount for leg, amount in legs.items() if amount},
    )  # fmt: skip
    return see_other(f"/plans/{caller.plan}/rollovers/{done.line.rollover_id}")


@router.post("/{rollover_id}/paid-back")
def pay_back(caller: Decider, form: Posted, rollover_id: str) -> Response:
    """It is paid to the person with its earnings."""
    told = {name.removeprefix("earned_"): word(form, name) for name in form if name.startswith("earned_")}
    done = invalid_rollovers.pay_back(
        caller.services, **_of(caller), rollover_id=named(RolloverId, rollover_id), withheld=word(form, "withheld"),
        earnings=told if all(told.values()) else None,
    )  # fmt: skip
    return see_other(f"/plans/{caller.plan}/rollovers/{done.line.rollover_id}")


@router.post("/{rollover_id}/withheld")
def settle_withheld(caller: Decider, form: Posted, rollover_id: str) -> Response:
    """A person found out what was withheld."""
    legs = {int(name.removeprefix("leg_")): word(form, name) for name in form if name.startswith("leg_")}
    done = withheld_rollovers.settle(
        caller.services, **_of(caller), rollover_id=named(RolloverId, rollover_id), legs=legs, why=word(form, "why")
    )
    return see_other(f"/plans/{caller.plan}/rollovers/{done.line.rollover_id}")


def _of(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}


def _may(caller: Caller) -> dict[str, Any]:
    return {
        "decides": caller.may(Permission.ALERT_DECIDE),
        "asks": caller.may(Permission.CENSUS_CHANGE),
        "has_node": caller.services.rollovers is not None,
    }


def _back(caller: Caller, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/rollovers?said={quote(said)}")

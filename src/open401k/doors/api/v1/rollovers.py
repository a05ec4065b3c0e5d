"""Rollovers of plans over HTTP: listed, shown, asked for, answered, told, followed."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from open401k.base.access import Permission
from open401k.kernel import EmployeeId, RolloverId
from open401k.views import rollovers as view

from ... import invalid_rollovers, rollovers, withheld_rollovers
from ...described import given
from ...guard import Caller, Needs
from ...texts import MoneyText, Name, Sent, Text
from ...written import document
from . import models
from .once import key_of, shown_once
from .paging import LIMIT, Cursor, Limit, page_by_place
from .payroll import named

router = APIRouter(tags=["Rollovers"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Asker = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Line: Any = given(view.RolloverLine)
Detail: Any = given(view.RolloverDetail)
Facts = Annotated[
    dict[str, Any],
    Field(description="Facts by name, as docs/howto/roll-money-in-and-out.md lists them", max_length=40),
]


class RolloverAskedFor(Sent):
    """Money that somebody wants to bring: who has it, from which account there, which kinds, and with whose key."""

    employee_id: Text
    facts: Facts


class RolloverAnswered(Sent):
    """Our answer to a case of our node in which another custodian asks us to pay somebody's money."""

    employee_id: Text
    case: Name
    facts: Facts


class RolloverTold(Sent):
    """More facts, or others; of each the newest counts."""

    facts: Facts


class RolloverInvalid(Sent):
    """What of a rollover that came could not be rolled over: amounts by leg, why, and by what it was found."""

    why: Annotated[str, Field(description="not_eligible, required_minimum, source_not_qualified, too_late, ...")]
    detail: Name
    legs: Annotated[dict[int, MoneyText], Field(max_length=16)]


class RolloverPaidBack(Sent):
    """The tax that is withheld, and earnings by source where the investment records have them."""

    withheld: MoneyText
    earnings: Annotated[dict[str, MoneyText] | None, Field(max_length=16)] = None


class RolloverWithheld(Sent):
    """What was truly withheld of each leg that was paid to the person, and why that is so."""

    legs: Annotated[dict[int, MoneyText], Field(min_length=1, max_length=16)]
    why: Annotated[str, Field(min_length=1, max_length=1_000, description="How it was found out; kept sealed")]


@router.get("/plans/{plan_id}/rollovers")
def list_rollovers(caller: Reader, after: Cursor = None, limit: Limit = LIMIT) -> models.Page[Line]:
    """Every rollover that was asked for, what is open first. Who may see the census may call it."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    some, following = page_by_place(shown.lines, after=after, limit=limit)
    return models.Page(items=[Line.model_validate(document(each)) for each in some], next=following)


@router.get("/plans/{plan_id}/rollovers/{rollover_id}")
def show_rollover(caller: Reader, rollover_id: str) -> Detail:
    """One rollover: what it waits for, what the books followed, what Form 1099-R will say. Who may see the census."""
    found = rollovers.shown(caller.services, **_of(caller), rollover_id=named(RolloverId, rollover_id))
    return Detail.model_validate(document(found))


@router.post("/plans/{plan_id}/rollovers", status_code=201)
def ask_for_rollover(caller: Asker, key: Key, sent: RolloverAskedFor) -> Detail:
    """Ask the custodian that has the money, over our node. Who may change the census may call it.

    What the plan does not take is refused with its reason as `code`; nothing moves before the participant signs.
    """

    def work(told: Mapping[str, Any]) -> view.RolloverDetail:
        who = named(EmployeeId, sent.employee_id)
        return rollovers.ask_into(caller.services, **_of(caller), employee_id=who, told=told, key=key)

    return _once(caller, key, f"rollover {caller.plan}", sent, lambda: work(sent.facts))


@router.post("/plans/{plan_id}/rollovers/released", status_code=201)
def answer_rollover(caller: Decider, key: Key, sent: RolloverAnswered) -> Detail:
    """Answer a request to pay with the plan's own records and these facts. Who may decide for the plan may call it."""

    def work() -> view.RolloverDetail:
        who = named(EmployeeId, sent.employee_id)
        return rollovers.release(
            caller.services, **_of(caller), employee_id=who, case=sent.case, told=sent.facts, key=key
        )

    return _once(caller, key, f"release {caller.plan}", sent, work)


@router.post("/plans/{plan_id}/rollovers/followed")
def follow_rollovers(caller: Asker, key: Key) -> models.Page[Line]:
    """Look where every open rollover stands at the node, and keep it. Who may change the census may call it."""
    del key  # looking again is harmless: nothing is kept of it
    shown = rollovers.follow(caller.services, **_of(caller))
    some, following = page_by_place(shown.lines, after=None, limit=LIMIT)
    return models.Page(items=[Line.model_validate(document(each)) for each in some], next=following)


@router.post("/plans/{plan_id}/rollovers/{rollover_id}/facts")
def tell_rollover(caller: Decider, key: Key, rollover_id: str, sent: RolloverTold) -> Detail:
    """Tell more of an open rollover; the node judges it anew at once. Who may decide for the plan may call it."""
    wanted = named(RolloverId, rollover_id)

    def work() -> view.RolloverDetail:
        return rollovers.tell(caller.services, **_of(caller), rollover_id=wanted, told=sent.facts)

    return _once(caller, key, f"facts {wanted}", sent, work)


@router.post("/plans/{plan_id}/rollovers/{rollover_id}/invalid")
def determine_invalid_rollover(caller: Decider, key: Key, rollover_id: str, sent: RolloverInvalid) -> Detail:
    """Determine that money which came could not be rolled over. Who may decide for the plan may call it.

    It is then to be paid back with its earnings within a reasonable time (Reg. 1.401(a)(31)-1 A-14(b)(1)).
    """
    wanted = named(RolloverId, rollover_id)

    def work() -> view.RolloverDetail:
        said: dict[str, Any] = {"why": sent.why, "detail": sent.detail, "legs": sent.legs}
        return invalid_rollovers.determine(caller.services, **_of(caller), rollover_id=wanted, **said)

    return _once(caller, key, f"invalid {wanted}", sent, work)


@router.post("/plans/{plan_id}/rollovers/{rollover_id}/paid-back")
def pay_back_invalid_rollover(caller: Decider, key: Key, rollover_id: str, sent: RolloverPaidBack) -> Detail:
    """Approve that it is paid to the person with its earnings, today, once. Who may decide for the plan may call it."""
    wanted = named(RolloverId, rollover_id)

    def work() -> view.RolloverDetail:
        said: dict[str, Any] = {"withheld": sent.withheld, "earnings": sent.earnings}
        return invalid_rollovers.pay_back(caller.services, **_of(caller), rollover_id=wanted, **said)

    return _once(caller, key, f"paid back {wanted}", sent, work)


@router.post("/plans/{plan_id}/rollovers/{rollover_id}/withheld")
def settle_rollover_withheld(caller: Decider, key: Key, rollover_id: str, sent: RolloverWithheld) -> Detail:
    """Say what tax was withheld where network and books differ. Who may decide for the plan may call it.

    The same where the node cannot be asked any more.

    Form 1099-R shows these amounts from then on; nothing is posted.
    """
    wanted = named(RolloverId, rollover_id)

    def work() -> view.RolloverDetail:
        said: dict[str, Any] = {"legs": sent.legs, "why": sent.why}
        return withheld_rollovers.settle(caller.services, **_of(caller), rollover_id=wanted, **said)

    return _once(caller, key, f"withheld {wanted}", sent, work)


def _once(caller: Caller, key: str, what: str, sent: Sent, work: Callable[[], view.RolloverDetail]) -> Detail:
    return shown_once(caller, key=key, what=what, sent=sent, shows=Detail, work=work)


def _of(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}

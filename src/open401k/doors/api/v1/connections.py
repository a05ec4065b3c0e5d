"""Connections to payroll providers over HTTP, and the webhooks that they send."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from open401k import census
from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Open401kError, Refused
from open401k.payroll import connection_words, connections
from open401k.payroll.providers import Provider
from open401k.views import connections as shown

from ...described import given
from ...guard import Caller, Needs, Open, services_of
from ...problems import UNAUTHENTICATED, Problem, ProblemError
from ...texts import Sent, Text
from ...written import document
from .once import answered, key_of, once
from .payroll import named

router = APIRouter(tags=["Payroll providers"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Connecting = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Puller = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))]
Census = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
LineModel: Any = given(shown.ConnectionLine)


class ConnectionsOfPlan(BaseModel):
    """Every connection of a plan."""

    items: list[LineModel]


class NewConnection(Sent):
    """The code that a provider's authorization ended with; ``since`` is the first pay date to take from it.

    ``also``: another company, with an EIN of its own, takes part in the plan beside those that are connected there.
    """

    provider: Provider
    code: Text
    since: date | None = None
    also: bool = False


class Authorization(BaseModel):
    """Where somebody who runs payroll lets us in."""

    url: str


class PullOutcome(BaseModel):
    """What a pull did: people added, found on file and changed, runs that were made, what of it waits for a person, and
    how many instructions were taken.
    """

    ok: bool
    connection_id: str
    people_added: int
    people_found: int
    people_changed: int
    runs: list[str]
    waits: list[dict[str, Any]]
    problem: str
    elsewhere: bool
    told: int
    not_told: str
    asks: str = ""


class Change(StrEnum):
    """What can be done to a connection."""

    PAUSE = "pause"
    RESUME = "resume"
    TELL_MATCH = "tell-match"
    KEEP_MATCH = "keep-match"


_VERBS: Mapping[Change, Callable[..., None]] = {
    Change.PAUSE: connections.pause,
    Change.RESUME: connections.resume,
    Change.TELL_MATCH: partial(connections.tell_match, tells=True),
    Change.KEEP_MATCH: partial(connections.tell_match, tells=False),
}


class Yes(Sent):
    """To what: ``asks`` of the connection, or of something of it that waits."""

    asks: Text


class PersonLink(Sent):
    """Who somebody at the provider is; without an id, somebody new."""

    person_id: Text
    employee_id: Text | None = None


@router.get("/plans/{plan_id}/connections", response_model=ConnectionsOfPlan)
def list_connections(caller: Reader) -> dict[str, Any]:
    """Where each connection stands, and what waits for a person."""
    with caller.begin() as tx:
        found = connections.of_plan(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return {"items": [document(shown.line_of(each)) for each in found]}


@router.get("/plans/{plan_id}/connections/authorization")
def authorization(caller: Connecting, provider: Provider, state: str = "") -> Authorization:
    """Where to send somebody who runs payroll; the provider sends them back with ``code`` and ``state``."""
    return Authorization(url=caller.services.connections.authorize_url(provider, state=state[:200]))


@router.post("/plans/{plan_id}/connections", status_code=201, response_model=LineModel)
def connect(caller: Connecting, key: Key, sent: NewConnection) -> dict[str, Any]:
    """Connect the company that an authorization opens; one that is connected is authorized anew."""
    body = sent.model_dump_json(exclude=None if sent.also else {"also"}).encode()

    def work() -> dict[str, Any]:
        made = caller.services.connections.add(
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            provider=sent.provider,
            code=sent.code,
            since=sent.since,
            also=sent.also,
        )
        if isinstance(made, Refused):
            raise ProblemError(Problem(409, str(made.reason), "Not connected.", made.message, made.fix))
        return dict(document(shown.line_of(made)))

    return answered(caller, key=key, what=f"connect {caller.plan}", body=body, work=work)


@router.post("/plans/{plan_id}/connections/{connection_id}/pull")
def pull(caller: Puller, key: Key, connection_id: str) -> PullOutcome:
    """Ask the provider now, and tell it what it has to be told. Asking twice is harmless: every payroll is one run.

    The same key is the same question: a new one asks anew.
    """
    of = _of(caller, connection_id)

    def work() -> dict[str, Any]:
        where: dict[str, Any] = {"tenant_id": caller.tenant, "connection_id": of.connection_id}
        return dict(caller.services.connections.pull(actor=caller.actor, **where))

    return PullOutcome.model_validate(answered(caller, key=key, what=f"pull {connection_id}", body=b"", work=work))


@router.post("/plans/{plan_id}/connections/{connection_id}/people", response_model=LineModel)
def link(caller: Census, key: Key, connection_id: str, sent: PersonLink) -> dict[str, Any]:
    """Say who somebody at the provider is; the newest word counts, and the next pull goes by it."""
    of = _of(caller, connection_id)
    employee_id = named(EmployeeId, sent.employee_id) if sent.employee_id else None

    def work(tx: Tx) -> dict[str, Any]:
        if employee_id is not None:
            census.employee(tx, tenant_id=caller.tenant, employee_id=employee_id)  # says so where nobody is called so
        connections.link(tx, of=of, person_id=sent.person_id, employee_id=employee_id)
        return dict(document(shown.line_of(of)))

    body, what = sent.model_dump_json().encode(), f"link {connection_id}"
    kept: dict[str, Any] = once(caller, tenant_id=caller.tenant, key=key, what=what, body=body, work=work)
    return kept


@router.post("/plans/{plan_id}/connections/{connection_id}/confirm", response_model=LineModel)
def confirm(caller: Connecting, key: Key, connection_id: str, sent: Yes) -> dict[str, Any]:
    """Say yes to what only a person can decide: that two checks alike are both real, or that a roster of nobody known
    before is this company's. It is for that telling alone; the next pull goes by it.
    """
    of = _of(caller, connection_id)

    def work(tx: Tx) -> dict[str, Any]:
        connection_words.say_yes(tx, of=of, asks=sent.asks)
        return dict(document(shown.line_of(of)))

    body, what = sent.model_dump_json().encode(), f"confirm {connection_id}"
    kept: dict[str, Any] = once(caller, tenant_id=caller.tenant, key=key, what=what, body=body, work=work)
    return kept


@router.post("/plans/{plan_id}/connections/{connection_id}/{change}", response_model=LineModel)
def change(caller: Connecting, key: Key, connection_id: str, change: Change) -> dict[str, Any]:
    """Pause a connection, or resume it: what came meanwhile is found. Or have the employer's match told there, or not
    any more: only where the provider sends no money of its own for it.
    """
    of = _of(caller, connection_id)

    def work(tx: Tx) -> dict[str, Any]:
        _VERBS[change](tx, tenant_id=caller.tenant, connection_id=of.connection_id)
        return dict(document(shown.line_of(_of_plan(caller, tx, connection_id))))

    kept: dict[str, Any] = once(
        caller, tenant_id=caller.tenant, key=key, what=f"{change} {connection_id}", body=b"", work=work
    )
    return kept


@router.post("/webhooks/gusto", status_code=202, dependencies=[Depends(Open("a provider signs what it sends"))])
async def webhook(request: Request) -> dict[str, bool]:
    """A webhook of Gusto's, by its signature: kept once for ever, and a reason to ask, never what is believed."""
    return await _heard(request, Provider.GUSTO)


@router.post("/webhooks/finch", status_code=202, dependencies=[Depends(Open("a provider signs what it sends"))])
async def finch_webhook(request: Request) -> dict[str, bool]:
    """A webhook of Finch's, by its signature: kept once for ever, and a reason to ask, never what is believed."""
    return await _heard(request, Provider.FINCH)


async def _heard(request: Request, provider: Provider) -> dict[str, bool]:
    body = await request.body()
    heard = await run_in_threadpool(services_of(request).connections.hear, provider, headers=request.headers, body=body)
    if heard is None:
        raise ProblemError(UNAUTHENTICATED)
    return {"news": heard}


def _of(caller: Caller, connection_id: str) -> connections.Connection:
    with caller.begin() as tx:
        return _of_plan(caller, tx, connection_id)


def _of_plan(caller: Caller, tx: Tx, connection_id: str) -> connections.Connection:
    """A connection of the plan that the address names; another plan's does not exist here."""
    known = {
        str(each.connection_id): each for each in connections.of_plan(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    }
    if connection_id not in known:
        raise Open401kError("The plan has no such connection.", fix="Take the id from the list of connections.")
    return known[connection_id]

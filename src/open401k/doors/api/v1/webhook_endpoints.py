"""Webhook endpoints over HTTP: where a sponsor wants to be told of events. Not here: what providers tell us."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from open401k.base import webhooks
from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.base.webhooks import NewSecret, Sender, WebhookEndpoint
from open401k.flows import webhook_round
from open401k.kernel import EventId, WebhookEndpointId

from ...described import given
from ...guard import Caller, Needs
from ...texts import Sent, Text
from ...written import document
from .once import answered, key_of, once
from .payroll import named

router = APIRouter(tags=["Webhooks"])
Key = Annotated[str, Depends(key_of)]
Managing = Annotated[Caller, Depends(Needs(Permission.ACCESS_MANAGE))]
EndpointModel: Any = given(WebhookEndpoint)
AttemptModel: Any = given(webhooks.Attempt)


class EndpointsOfSponsor(BaseModel):
    """Every endpoint of a sponsor."""

    items: list[EndpointModel]


class NewEndpoint(Sent):
    """Where to; ``kinds`` of events as the reference lists them, or ``alert`` for every kind of alert. None: all."""

    url: Annotated[str, Field(max_length=500)]
    kinds: Annotated[list[Text], Field(default_factory=list, max_length=50)]


class EndpointSecret(BaseModel):
    """An endpoint, and its secret: in the first answer only. A repeated request is not shown it again."""

    endpoint: EndpointModel
    secret: str | None


class Tried(BaseModel):
    """What a try-out came to: whether it was taken, the status that came back, or why there was none."""

    taken: bool
    status: int | None
    problem: str


class Deliveries(BaseModel):
    """The last fifty tries of thirty days, newest first."""

    items: list[AttemptModel]


class Change(StrEnum):
    """What can be done to an endpoint."""

    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    REMOVE = "remove"


_VERBS: Mapping[Change, Callable[..., WebhookEndpoint]] = {
    Change.PAUSE: webhooks.pause,
    Change.RESUME: webhooks.resume,
    Change.SKIP: webhooks.skip,
    Change.REMOVE: webhooks.remove,
}


@router.get("/sponsors/{sponsor_id}/webhook-endpoints", response_model=EndpointsOfSponsor)
def list_endpoints(caller: Managing) -> dict[str, Any]:
    """Where each endpoint stands, and why the event that it is told next was not taken."""
    with caller.begin() as tx:
        found = webhooks.listed(tx, tenant_id=caller.tenant, at=caller.services.wall.now())
    return {"items": [document(each) for each in found]}


@router.post("/sponsors/{sponsor_id}/webhook-endpoints", status_code=201)
def add(caller: Managing, key: Key, sent: NewEndpoint) -> EndpointSecret:
    """Have an address told of what happens from now on. What it is signed with is shown once."""

    def work(tx: Tx) -> NewSecret:
        known: dict[str, Any] = {"url": sent.url, "kinds_wanted": sent.kinds, "at": caller.services.wall.now()}
        return webhooks.add(tx, tenant_id=caller.tenant, **known, development=caller.services.settings.sandbox)

    return _with_secret(caller, key, "add webhook endpoint", sent.model_dump_json().encode(), work)


@router.post("/sponsors/{sponsor_id}/webhook-endpoints/{endpoint_id}/rotate")
def rotate(caller: Managing, key: Key, endpoint_id: str) -> EndpointSecret:
    """Make a fresh secret, shown once. For a day what is sent carries the signature of the one before, too."""
    of = named(WebhookEndpointId, endpoint_id)

    def work(tx: Tx) -> NewSecret:
        return webhooks.rotate(tx, tenant_id=caller.tenant, endpoint_id=of, at=caller.services.wall.now())

    return _with_secret(caller, key, f"rotate {of}", b"", work)


@router.post("/sponsors/{sponsor_id}/webhook-endpoints/{endpoint_id}/test")
def try_out(caller: Managing, key: Key, endpoint_id: str) -> Tried:
    """Send a ``webhook_endpoint.test`` now, whatever the endpoint stands at. The same key is the same try-out."""
    of = named(WebhookEndpointId, endpoint_id)

    def work() -> dict[str, Any]:
        return _came_of(webhook_round.try_out(**_sending(caller, of)))

    return Tried.model_validate(answered(caller, key=key, what=f"test {of}", body=b"", work=work))


@router.get("/sponsors/{sponsor_id}/webhook-endpoints/{endpoint_id}/deliveries", response_model=Deliveries)
def deliveries(caller: Managing, endpoint_id: str) -> dict[str, Any]:
    """What the endpoint was sent and what came of it; ``stands_before`` marks the event that holds up the others."""
    with caller.begin() as tx:
        found = webhooks.tries(tx, tenant_id=caller.tenant, endpoint_id=named(WebhookEndpointId, endpoint_id))
    return {"items": [document(each) for each in found]}


@router.post("/sponsors/{sponsor_id}/webhook-endpoints/{endpoint_id}/deliveries/{event_id}/resend")
def resend(caller: Managing, key: Key, endpoint_id: str, event_id: str) -> Tried:
    """Send one of them again now, out of turn and under the same ``webhook-id``. The same key is the same try."""
    of, event = named(WebhookEndpointId, endpoint_id), named(EventId, event_id)

    def work() -> dict[str, Any]:
        return _came_of(webhook_round.send_again(event_id=event, **_sending(caller, of)))

    return Tried.model_validate(answered(caller, key=key, what=f"resend {event} {of}", body=b"", work=work))


@router.post("/sponsors/{sponsor_id}/webhook-endpoints/{endpoint_id}/{change}", response_model=EndpointModel)
def change(caller: Managing, key: Key, endpoint_id: str, change: Change) -> dict[str, Any]:
    """Pause an endpoint, or resume it where it stood; skip the one event that is not taken there; or remove it."""
    of = named(WebhookEndpointId, endpoint_id)

    def work(tx: Tx) -> dict[str, Any]:
        where: dict[str, Any] = {"tenant_id": caller.tenant, "endpoint_id": of, "at": caller.services.wall.now()}
        return dict(document(_VERBS[change](tx, **where)))

    kept: dict[str, Any] = once(caller, tenant_id=caller.tenant, key=key, what=f"{change} {of}", body=b"", work=work)
    return kept


def _sending(caller: Caller, endpoint_id: WebhookEndpointId) -> dict[str, Any]:
    """By whom, where and how something is sent now."""
    services = caller.services
    send = Sender(development=services.settings.sandbox)
    who: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "endpoint_id": endpoint_id}
    return {"db": services.db, **who, "send": send, "wall": services.wall}


def _came_of(answer: webhooks.Answer) -> dict[str, Any]:
    return {"taken": answer.taken, "status": answer.status, "problem": "" if answer.taken else answer.words}


def _with_secret(caller: Caller, key: str, what: str, body: bytes, work: Callable[[Tx], NewSecret]) -> EndpointSecret:
    """The answer is kept for its key, the secret is not: it is sealed in one place, and shown once."""
    shown: list[str] = []

    def keep(tx: Tx) -> dict[str, Any]:
        made = work(tx)
        shown.append(made.secret)
        return dict(document(made.endpoint))

    kept = once(caller, tenant_id=caller.tenant, key=key, what=what, body=body, work=keep)
    return EndpointSecret(endpoint=kept, secret=shown[-1] if shown else None)

"""Clock, events and health over HTTP."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import JSONResponse, Response

from open401k.base.access import Permission
from open401k.base.db import Actor
from open401k.views import daily_round

from ...described import given
from ...guard import Caller, Needs, Open, services_of
from ...live import Live, cursor_of
from ...problems import NOT_FOUND, Problem, ProblemError
from ...written import document
from . import models

log = logging.getLogger("open401k.ready")
router = APIRouter(tags=["Clock and events"])
health_router = APIRouter(tags=["Health"], dependencies=[Depends(Open("a load balancer has no credential"))])
QUIET_SECONDS = 15.0


@router.get("/clock")
def clock(caller: Annotated[Caller, Depends(Needs(None))]) -> models.ClockState:
    """What time business goes by."""
    services = caller.services
    return models.ClockState(at=services.clock.now(), sandbox=services.sandbox is not None)


@router.post("/clock/advance")
def advance(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE, anywhere=True))], sent: models.ClockMove
) -> models.ClockMoved:
    """Move a sandbox's clock forward; everything that falls due on the way happens. A repetition moves nothing."""
    story = caller.services.sandbox
    if story is None:
        raise ProblemError(NOT_FOUND)
    if sent.to.tzinfo is None:
        raise ProblemError(Problem(422, "invalid", "The instant needs a time zone.", fix="Write 2026-08-14T13:00:00Z."))
    now = caller.services.clock.now()
    happened = list(story.advance(actor=caller.actor, to=sent.to)) if sent.to != now else []
    return models.ClockMoved(at=caller.services.clock.now(), sandbox=True, happened=happened)


@router.get("/day", response_model=given(daily_round.DayShown))
def day(caller: Annotated[Caller, Depends(Needs(Permission.OPERATIONS_VIEW))]) -> dict[str, Any]:
    """How today's round of every plan went: what failed, and why."""
    with caller.begin_all() as tx:
        return dict(document(daily_round.load(tx)))


@router.get("/plans/{plan_id}/events", response_class=EventSourceResponse)
async def events(
    request: Request,
    caller: Annotated[Caller, Depends(Needs(Permission.EVENT_VIEW))],
    last_event_id: Annotated[str | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happens to the plan's sponsor, as it happens; resumes after ``Last-Event-ID``."""
    live = cast("Live", request.app.state.live)
    async for event in live.events(caller.tenant, after=cursor_of(last_event_id), quiet_seconds=QUIET_SECONDS):
        if event is None:
            yield ServerSentEvent(comment="still here")
        else:
            told: dict[str, Any] = {"id": str(event.event_id), "at": event.recorded_at.isoformat(), "kind": event.kind}
            told |= {"subject": event.subject, "data": event.data}
            yield ServerSentEvent(event=event.kind, raw_data=json.dumps(told), id=str(event.cursor))


@health_router.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@health_router.get("/readyz")
def ready(request: Request) -> Response:
    """The database answers too."""
    services = services_of(request)
    try:
        with services.db.begin(Actor(kind="system", id="door", why="readyz"), tenants=[]) as tx:
            tx.one("select 1")
    except Exception:  # whatever is wrong, the answer is the same: not ready
        log.warning("not ready: the database does not answer", exc_info=True)
        return JSONResponse({"status": "not ready"}, 503)
    return JSONResponse({"status": "ready", "version": services.settings.version})

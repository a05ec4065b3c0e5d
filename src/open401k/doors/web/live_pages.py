"""The streams behind live pages: a named event tells the page to fetch itself anew, a plain one carries HTML."""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from open401k.base.access import Permission

from ..guard import Caller, Needs
from ..live import Live, cursor_of

router = APIRouter(include_in_schema=False)
Listener = Annotated[Caller, Depends(Needs(Permission.EVENT_VIEW))]
QUIET_SECONDS = 15.0


@router.get("/plans/{plan_id}/events", response_class=EventSourceResponse)
async def plan_changed(
    request: Request,
    caller: Listener,
    last_event_id: Annotated[str | None, Header()] = None,
    after: str | None = None,
) -> AsyncIterator[ServerSentEvent]:
    """``changed`` whenever something of this sponsor happened; resumes after ``Last-Event-ID``.

    ``after`` is the cursor at which the page was drawn: what happened while it was on its way is not missed.
    """
    live = cast("Live", request.app.state.live)
    cursor = cursor_of(last_event_id)
    cursor = cursor_of(after) if cursor is None else cursor
    async for event in live.events(caller.tenant, after=cursor, quiet_seconds=QUIET_SECONDS):
        if event is None:
            yield ServerSentEvent(comment="still here")
        else:
            yield ServerSentEvent(event="changed", raw_data=event.kind, id=str(event.cursor))

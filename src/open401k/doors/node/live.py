"""The streams behind a node's live pages: each says that something changed, and the page fetches itself anew."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import StreamingResponse

from ..live import cursor_of
from .look import PRIVATE
from .provided import ForPages


def stream(given: ForPages, request: Request, case: str | None) -> StreamingResponse:
    """Changes of one case or of all, after the last one that the browser has."""
    last = cursor_of(request.headers.get("last-event-id"))
    after = cursor_of(request.query_params.get("after")) if last is None else last
    told = _told(given.changes(case, after=after))
    return StreamingResponse(told, media_type="text/event-stream", headers=PRIVATE | {"X-Accel-Buffering": "no"})


async def _told(changes: AsyncIterator[int | None]) -> AsyncIterator[str]:
    async for cursor in changes:
        yield ": still here\n\n" if cursor is None else f"event: changed\nid: {cursor}\ndata: {cursor}\n\n"

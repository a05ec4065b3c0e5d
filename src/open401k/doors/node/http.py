"""The HTTP application of a node: pages, API and post under one roof. Not here: any answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from open401k.rails.node.core import SilentError
from open401k.rails.node.deal import DealEvent
from open401k.rails.node.post import Receiving

from ..limits import Limits
from ..problems import FORBIDDEN, ProblemError, of_status
from . import peers
from .access import holder, problem_of
from .api import EVENTS, LISTENERS, OPERATIONS
from .desk import Doors
from .retention_api import RETENTION
from .signatures_api import SIGNATURES
from .voters_api import VOTERS


def create_node_app(
    doors: Doors, receiving: Receiving, pages: Sequence[BaseRoute] = ()
) -> Starlette:  # fmt: skip
    """Serve this node; ``pages`` are those for people."""
    limits = Limits()
    routes: list[BaseRoute] = [Route("/health", _health(doors)), Route(EVENTS, _events(doors, limits))]
    routes += [each.route(doors, limits) for each in (*OPERATIONS, *VOTERS, *RETENTION, *SIGNATURES)]
    routes += [*peers.routes(receiving, doors.wake), *pages]
    return Starlette(routes=routes, exception_handlers={HTTPException: _plain})


def _health(doors: Doors) -> Callable[[Request], object]:
    """Whether it works, for who watches machines; it names nobody and nothing."""

    def look() -> tuple[int | None, list[str]]:
        try:
            with doors.process.files.begin() as unit:
                cursor = unit.cursor()
        except SilentError:
            return None, ["database"]
        return cursor.number if cursor else None, sorted(doors.trouble())

    async def health(_: Request) -> Response:
        block, silent = await run_in_threadpool(look)
        return JSONResponse({"ok": not silent, "block": block, "waits_for": silent}, 503 if silent else 200)

    return health


def _events(doors: Doors, limits: Limits) -> Callable[[Request], object]:
    """What happens to cases, as it happens, after ``?after=`` or the last event that the listener has."""

    async def events(request: Request) -> Response:
        try:
            token = await run_in_threadpool(holder, request, doors, limits)
            if token.role not in LISTENERS:
                raise ProblemError(FORBIDDEN)
            last = request.headers.get("last-event-id") or request.query_params.get("after", "")
            if last and not (last.isdecimal() and len(last) < 19):
                raise ProblemError(of_status(400, "after is the number of an event."))
            after = int(last) if last else await run_in_threadpool(doors.happenings.newest)
        except Exception as error:
            return problem_of(error).response()
        told = _told(doors.happenings.stream(None, after=after))
        return StreamingResponse(told, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    return events


async def _told(events: AsyncIterator[DealEvent | None]) -> AsyncIterator[str]:
    async for each in events:
        if each is None:
            yield ": still here\n\n"
            continue
        said = JSONResponse({"case": each.case, "state": str(each.state), "at": each.at, "words": each.words})
        yield f"event: rollover.{each.state}\nid: {each.seq}\ndata: {bytes(said.body).decode()}\n\n"


async def _plain(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return of_status(status).response()

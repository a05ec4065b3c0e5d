"""The HTTP application of a node: what each request passes, and what answers where. Not here: any answer."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from open401k.rails.node.core import SilentError
from open401k.rails.node.letters import Taken
from open401k.rails.node.process import Process
from open401k.rails.node.running import Running

from . import peers


def create_node_app(process: Process, running: Running, receive: Callable[[bytes], Taken]) -> Starlette:
    """Serve this node."""

    def look() -> tuple[int | None, list[str]]:
        """The block that was acted on, and who does not answer."""
        try:
            with process.files.begin() as unit:
                cursor = unit.cursor()
        except SilentError:
            return None, ["database"]
        return cursor.number if cursor else None, sorted(running.trouble())

    async def health(_: Request) -> Response:
        block, silent = await run_in_threadpool(look)
        return JSONResponse({"ok": not silent, "block": block, "waits_for": silent}, 503 if silent else 200)

    return Starlette(routes=[Route("/health", health), *peers.routes(receive, running.wake)])

"""The HTTP application of a chain: one address that takes JSON-RPC, and one that says it lives. Not here: answers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .methods import Node

#: A batch of 32 rollovers is some 60 KB, twice as much in hexadecimal digits.
LONGEST = 2 * 2**20


def create_chain_app(node: Node) -> Starlette:
    """Serve ``node``."""

    async def answer(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LONGEST:
                return Response(f"a request holds at most {LONGEST:,} bytes", 413, media_type="text/plain")
        told = await run_in_threadpool(node.answer, bytes(body))
        return Response(told, media_type="application/json")

    async def health(_: Request) -> Response:
        head = await run_in_threadpool(node.head)
        return JSONResponse({"ok": True, "block": head.number, "time": head.time})

    return Starlette(routes=[Route("/", answer, methods=["POST"]), Route("/health", health)])

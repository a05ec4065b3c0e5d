"""Where other custodians' nodes bring their letters. Not here: opening them (rails/node/post), what they say.

Nobody signs in: a letter is proven by its signature and its seal. What is refused says little, and takes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.rails.node.codec import told
from open401k.rails.node.core import SilentError
from open401k.rails.node.letters import Came
from open401k.rails.node.post import MOST_SEALED, PLACE, LetterProblem, LetterRefusedError, Receiving
from open401k.rails.node.signing import PolicyError

from ..limits import address_of
from ..problems import TOO_LARGE, Problem

_STATUS = {
    LetterProblem.NOT_A_LETTER: 400,
    LetterProblem.UNKNOWN_SENDER: 403,
    LetterProblem.NOT_FOR_US: 409,
    LetterProblem.UNREADABLE: 422,
}
AWAY = Problem(
    503, "not_now", "Not now.", "What this needs does not answer: the network, or the node's database.",
    "Send the same again later.", retry_after_seconds=2,
)  # fmt: skip


def routes(receiving: Receiving, wake: Callable[[], None]) -> list[BaseRoute]:
    """One address. ``wake`` hears of every letter that was taken."""

    async def letters(request: Request) -> Response:
        body = await body_of(request, MOST_SEALED)
        if body is None:
            return TOO_LARGE.response()
        try:
            taken, answer = await run_in_threadpool(receiving.answer, body, by=address_of(request))
        except LetterRefusedError as why:
            return Problem(_STATUS[why.problem], str(why.problem), "The letter was not opened.", str(why)).response()
        except (SilentError, PolicyError):
            return AWAY.response()
        if taken.came is Came.TAKEN:
            wake()
        return JSONResponse(told(answer))

    return [Route(PLACE, letters, methods=["POST"])]


async def body_of(request: Request, most: int) -> bytes | None:
    """The body; None where it is larger than it may be, as soon as that is known."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)

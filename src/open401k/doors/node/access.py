"""What every request of a node's API passes: who asks, whether their role may, how large it is. Not here: answers.

Deny by default: an operation names the roles that it lets in, and there is no other way to a route.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from open401k.kernel import Open401kError
from open401k.rails.node.asking_first import asking_first
from open401k.rails.node.cases import ChangedError, MoveError
from open401k.rails.node.codec import BadInputError, parsed
from open401k.rails.node.core import SilentError
from open401k.rails.node.deal import DealUnit
from open401k.rails.node.exceptions import StillOpenError
from open401k.rails.node.judging import NotNowError
from open401k.rails.node.once import Answer, KeyReusedError
from open401k.rails.node.staff import Role, Token

from ..limits import Limits
from ..problems import (
    FORBIDDEN,
    INTERNAL,
    KEY_MISSING,
    NOT_FOUND,
    TOO_LARGE,
    UNAUTHENTICATED,
    FieldProblem,
    Problem,
    ProblemError,
)
from .desk import Doors
from .peers import AWAY, body_of

log = logging.getLogger("open401k.node.http")
#: The largest body of an ordinary request; facts with a transfer file's items are well below.
MOST_BODY = 512 * 1024
KEY_REUSED = Problem(
    409, "key_reused", "This Idempotency-Key was used for something else.",
    "The key is on file with another request; nothing was done.",
    "Use a fresh key for a new request, and the old body to repeat the old one.",
)  # fmt: skip
LOGGED_OUT = Problem(
    401, "unauthenticated", UNAUTHENTICATED.title, UNAUTHENTICATED.detail,
    "Send `Authorization: Bearer <token>`; `open401k node token add` makes one.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One request that may be answered."""

    doors: Doors
    token: Token
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    text: bytes = field(repr=False)
    key: str = ""
    what: str = ""

    def asked(self) -> bytes:
        """What tells this request from another under the same key."""
        return self.what.encode() + b"\x00" + self.text


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program may ask. A POST wants an Idempotency-Key; a PUT is the same twice, and may have one."""

    method: str
    path: str
    roles: frozenset[Role]
    summary: str
    work: Callable[[Call], Answer]
    most: int = MOST_BODY

    def route(self, doors: Doors, limits: Limits) -> Route:
        """As it is served."""

        async def answer(request: Request) -> Response:
            try:
                return await self._answer(request, doors, limits)
            except Exception as error:
                return problem_of(error).response()

        return Route(self.path, answer, methods=[self.method])

    async def _answer(self, request: Request, doors: Doors, limits: Limits) -> Response:
        token = await run_in_threadpool(holder, request, doors, limits)
        if token.role not in self.roles:
            raise ProblemError(FORBIDDEN)
        key = request.headers.get("idempotency-key", "").strip()
        if (self.method == "POST" and not key) or len(key) > 200:
            raise ProblemError(KEY_MISSING)
        text = await body_of(request, self.most)
        if text is None:
            raise ProblemError(TOO_LARGE)
        body = parsed(text, at="") if text else None
        what = f"{self.method} {request.url.path}"
        call = Call(doors, token, request.path_params, request.query_params, body, text, key, what)
        told = await run_in_threadpool(lambda: asking_first(lambda: self.work(call)))
        return JSONResponse(told.told, told.status)


def holder(request: Request, doors: Doors, limits: Limits) -> Token:
    """Whose token a request carries; who fails too often is refused before it is looked up."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    secret, at = secret.strip(), doors.process.around.clock.now()
    limits.refuse_key(request, secret, at)
    found = None
    if scheme.lower() == "bearer" and secret:
        found = doors.entrances.who(secret, at=doors.process.around.seconds())
    if found is None:
        if secret:
            limits.key_failed(request, secret, at)
        raise ProblemError(LOGGED_OUT)
    limits.key_held(secret)
    return found


def problem_of(error: Exception) -> Problem:
    """An error as a problem; what nobody expected is in the log, without values."""
    match error:
        case ProblemError():
            return error.problem
        case BadInputError():
            fields = [FieldProblem(each.said, code="invalid", pointer=pointer(each.path)) for each in error.problems]
            return Problem(422, "invalid", "The request is not valid.", "See errors for each place.", errors=fields)
        case NotNowError() | MoveError() | StillOpenError():
            return Problem(409, "not_now", "Not where this case stands.", str(error))
        case ChangedError():
            return Problem(409, "changed", "The case changed meanwhile.", fix="Read it again.")
        case KeyReusedError():
            return KEY_REUSED
        case SilentError():  # which part is silent is for the operator; who asks is told to come again
            log.warning("not answered: %s", type(error.__cause__ or error).__name__)
            return AWAY
        case NoSuchCaseError():
            return NOT_FOUND
        case Open401kError():
            return Problem(422, "not_possible", error.message, fix=error.fix)
        case _:
            log.error("a request failed", exc_info=error)
            return INTERNAL


def case_named(unit: DealUnit, call: Call) -> str:
    """The case that the address names."""
    case = call.names["case"]
    try:
        unit.case(case)
    except LookupError:
        raise NoSuchCaseError from None
    return case


class NoSuchCaseError(Exception):
    """There is no such case."""


def pointer(path: str) -> str:
    """``releasing.held[0].cents`` as a JSON pointer."""
    parts = path.replace("[", ".").replace("]", "").split(".")
    return "".join(f"/{part}" for part in parts if part)

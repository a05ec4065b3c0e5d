"""Errors as doors state them: RFC 9457 problem documents with a stable code. Pages draw the same problem as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One place of what was sent that is wrong: a JSON pointer, or a row and column of a file."""

    reason: str
    fix: str = ""
    code: str = ""
    pointer: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def document(self) -> dict[str, Any]:
        """As a member of ``errors``; what does not apply is left out."""
        words = {name: getattr(self, name) for name in ("code", "pointer", "row", "column", "value", "reason", "fix")}
        return {name: value for name, value in words.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal at a door: HTTP status, stable code, what happened, what to do."""

    status: int
    code: str
    title: str
    detail: str = ""
    fix: str = ""
    errors: Sequence[FieldProblem] = field(default=())
    more: Mapping[str, Any] = field(default_factory=dict)
    retry_after_seconds: int | None = None

    def document(self) -> dict[str, Any]:
        """The RFC 9457 document."""
        document: dict[str, Any] = {
            "type": f"https://open401k.org/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            document["detail"] = self.detail
        if self.fix:
            document["fix"] = self.fix
        if self.errors:
            document["errors"] = [error.document() for error in self.errors]
        if self.retry_after_seconds is not None:
            document["retry_after_seconds"] = self.retry_after_seconds
        return document | dict(self.more)

    @property
    def headers(self) -> dict[str, str]:
        """What an answer with this problem carries, as a document or as a page: 401 names the scheme to use."""
        headers = {"WWW-Authenticate": 'Bearer realm="open401k"'} if self.status == HTTPStatus.UNAUTHORIZED else {}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        return headers

    def response(self) -> JSONResponse:
        """The document as an answer."""
        return JSONResponse(self.document(), self.status, headers=self.headers, media_type=PROBLEM_JSON)


class ProblemError(Exception):
    """Raised inside a route to answer with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem


UNAUTHENTICATED = Problem(
    401,
    "unauthenticated",
    "Sign in, or send a key.",
    "This address answers only with a credential.",
    "Send `Authorization: Bearer <key>`; `open401k keys create` makes one.",
)
FORBIDDEN = Problem(403, "forbidden", "This login may not do that.", "Its role does not include the permission.")
NOT_FOUND = Problem(
    404, "not_found", "Not found.", "There is nothing at this address, or this login may not know of it."
)
CROSS_SITE = Problem(
    403,
    "cross_site",
    "This request did not come from our own page.",
    "Its origin or its form token does not match the session.",
    "Reload the page and send the form again.",
)
TOO_LARGE = Problem(413, "too_large", "Too large.", "The request body is above the limit of this address.")
TOO_MANY = Problem(
    429,
    "too_many_failures",
    "Too many attempts failed.",
    "Keys, links or passkeys from this address, or this key, were refused too often within a few minutes.",
    "Wait as long as Retry-After says, then use a credential that is valid; `open401k keys` makes one.",
)
TOO_MANY_CALCULATIONS = Problem(
    429,
    "too_many_calculations",
    "Too many calculations at once.",
    "Calculators are open to anyone, so an address may ask them only so often.",
    "Wait as long as Retry-After says, or run them yourself: open401k calc.",
)
KEY_MISSING = Problem(
    400,
    "idempotency_key_missing",
    "An Idempotency-Key header is required.",
    "Without one, a repeated request could do the same thing twice.",
    "Send a fresh UUID, and the same one when you repeat the request.",
)
INTERNAL = Problem(
    500,
    "internal",
    "Something is broken on our side.",
    "The error is in the server's log; nothing half done was kept.",
    "Try again; if it stays, run `open401k doctor`.",
)


def too_large(bytes_sent: int, most: int) -> Problem:
    """A body whose length is stated, and what an address takes.

    >>> too_large(52_428_800, 34_603_008).detail
    'It has 52,428,800 bytes, at most 34,603,008 are read.'
    """
    told = f"It has {bytes_sent:,} bytes, at most {most:,} are read."
    return replace(TOO_LARGE, detail=told, fix="Send a shorter period, or the file in parts.")


def of_status(status: int, detail: str = "") -> Problem:
    """The problem for a bare HTTP status."""
    known = {401: UNAUTHENTICATED, 403: FORBIDDEN, 404: NOT_FOUND, 413: TOO_LARGE}
    if status in known:
        return known[status]
    phrase = HTTPStatus(status).phrase
    return Problem(status, phrase.lower().replace(" ", "_").replace("-", "_"), f"{phrase}.", detail)

"""What the stand-ins have in common as HTTP applications: misbehaving, letting somebody in, being told what to do.

Not here: any provider's routes and shapes (gusto_http.py, finch_http.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date
from typing import Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .grants import Grants
from .misbehavior import Fault, Lie, Misbehavior

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
Answering: TypeAlias = Callable[[Request], Awaitable[Response]]
S = TypeVar("S")
#: How one stand-in answers one route, and its routes: method, path, answer.
Handler: TypeAlias = Callable[[S, Request], Awaitable[Response]]
Routes: TypeAlias = Collection[tuple[str, str, Handler[S]]]


class _Webhooks(Protocol):
    url: str
    secret: str
    failed: int
    sent: int


def routes(table: Routes[S], serve: Callable[[Handler[S]], Answering], *, below: str = "") -> list[Route]:
    """A table as routes."""
    return [Route(below + path, serve(answer), methods=[method]) for method, path, answer in table]


def misbehaving(
    wrong: Misbehavior, allowed: Answering, refused: Callable[[int, Mapping[str, str]], Response]
) -> Answering:
    """What it was told to do wrong comes first; ``allowed`` answers else."""

    async def run(request: Request) -> Response:
        fault = wrong.next_fault(request.method, request.url.path)
        if fault is not None:
            await asyncio.sleep(fault.delay_ms / 1000)
            if fault.after_work:
                await allowed(request)
            if fault.status:
                return refused(fault.status, {"retry-after": fault.retry_after} if fault.retry_after else {})
        return await allowed(request)

    return run


def told(answering: Answering) -> Answering:
    """A route under /_sandbox: what it does not understand is said, and nothing is done."""

    async def run(request: Request) -> Response:
        try:
            return await answering(request)
        except KeyError as error:
            known = error.args[0] in request.path_params.values()
            said = f"There is no {error.args[0]}." if known else f"{error.args[0]!r} is missing, or is not there."
            return JSONResponse({"message": said}, status_code=404 if known else 422)
        except (ValueError, TypeError, AttributeError) as error:  # no JSON, no day, an unknown lie, another shape
            return JSONResponse({"message": f"Not understood: {error}."}, status_code=422)

    return run


def authorized(request: Request, *, grants: Grants, companies: Collection[str]) -> Response | None:
    """Where a payroll administrator would sign in; lets the first company in, or the one named. None: nobody."""
    asked = request.query_params
    company = asked.get("company") or next(iter(companies), "")
    if asked.get("client_id") != CLIENT_ID or company not in companies:
        return None
    told = {"code": grants.code(company), "state": asked.get("state", "")}
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(told)}", status_code=302)


def is_ours(sent: Mapping[str, Any]) -> bool:
    """Whether the one application that is registered asks for a token."""
    return (sent.get("client_id"), sent.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)


def misbehave(wrong: Misbehavior, sent: Mapping[str, Any], *, path: str) -> None:
    """What /_sandbox/misbehave says: see :class:`Misbehavior`; an empty object ends it. ``path``: where faults are."""
    wrong.faults[:] = [Fault(**{"path": path, **each}) for each in sent.get("faults", ())]
    wrong.lies = sent.get("lies", False)
    wrong.lie = Lie(sent["lie"]) if sent.get("lie") else None
    wrong.webhook_copies = sent.get("webhook_copies", 1)
    wrong.webhooks_backwards = sent.get("webhooks_backwards", False)
    wrong.webhooks_held = sent.get("webhooks_held", False)


def send_webhooks_to(webhooks: _Webhooks, sent: Mapping[str, Any]) -> None:
    """Where webhooks go from now on, and what they are signed with."""
    webhooks.url, webhooks.secret = sent["url"], sent["secret"]


def told_of(webhooks: _Webhooks) -> Response:
    """How many were sent, and how many were not taken."""
    return JSONResponse({"failed": webhooks.failed, "sent": webhooks.sent})


def there_are(companies: Collection[str], today: date) -> Response:
    """Every company there is, and what day it is there."""
    return JSONResponse({"companies": list(companies), "today": today.isoformat()})


def day(text: str) -> date:
    """A day as JSON has it."""
    return date.fromisoformat(text)

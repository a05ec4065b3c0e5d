"""What every answer carries and every request must pass before a route sees it: headers, the same-origin rule."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import CROSS_SITE, TOO_LARGE, Problem, too_large

#: Scripts and styles come from our own files only; nothing inline, nothing evaluated, nobody frames us.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Where a payroll may come as JSON.
PAYROLLS = "/v1/payroll-runs"
#: Addresses that take a file as it is: of a takeover, of a bank.
FILES = ("/year-to-date", "/opening-balances", "/roster", "/bank-statements", "/ach-answers")
_SAFE = {"GET", "HEAD", "OPTIONS"}


class SecurityHeaders:
    """Sets the headers on every answer; pages are not cached unless they say so, static files are."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, headers added to what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if self._https:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
            await send(message)

        await self._app(scope, receive, with_headers)


class SameOrigin:
    """Refuses a changing request that a browser sent from another site; requests with a bearer key carry no cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it is safe, carries a key, or came from our own pages."""
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            headers = Headers(scope=scope)
            if "authorization" not in headers and not _from_us(headers):
                await CROSS_SITE.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses a body that is larger than its address can use: files and payrolls may be large, nothing else."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        largest_body_bytes: int,
        largest_file_bytes: int,
        answer: Callable[[Request, Problem], Response],
    ) -> None:
        self._app, self._answer = app, answer
        self._most, self._most_of_files = largest_body_bytes, largest_file_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 at once where the length is stated, else once too much has come."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        files = (
            scope["path"] == PAYROLLS
            or scope["path"].endswith(FILES)
            or headers.get("content-type", "").startswith("multipart/form-data")
        )
        length = headers.get("content-length", "")
        most = self._most_of_files if files else self._most
        if length.isdecimal() and int(length) > most:
            await self._answer(Request(scope), too_large(int(length), most))(scope, receive, send)
            return
        if files or length:
            await self._app(scope, receive, send)  # the server holds a stated length; files are counted as they come
            return
        body = await _read(receive, self._most)
        if body is None:
            await self._answer(Request(scope), TOO_LARGE)(scope, receive, send)
            return
        await self._app(scope, _told_again(body, receive), send)


async def _read(receive: Receive, most: int) -> bytes | None:
    """A body that states no length; None where it is larger than it may be."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            return None
    return body


def _told_again(body: bytes, receive: Receive) -> Receive:
    """What was read, once, then whatever comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def _from_us(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return site is not None or "cookie" not in headers
    return urlsplit(origin).netloc == headers.get("host", "")

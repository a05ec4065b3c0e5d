"""Asking Finch through its own client, ``finch-api``: loaded when first used, its errors made ours, its retries off.

Answers are read from their bytes as every provider's are (reading.py): the client's own models take what does not fit,
and hours by way of a float. Not here: Finch's fields (finch_read.py).
"""

import logging
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from open401k.kernel import Open401kError

from .client import Surroundings
from .connector import ProviderError, Trouble
from .reading import Told, decoded

if TYPE_CHECKING:
    import finch as sdk
    import httpx

log = logging.getLogger("open401k.providers")

PRODUCTION = "https://api.tryfinch.com"
_LARGEST_ANSWER = 64 * 1024 * 1024
#: Bytes that are unpacked at a time: a few packed ones may stand for more than the machine has.
_AT_A_TIME = 1024 * 1024
_PLAIN, _PACKED = ("", "identity"), ("gzip", "deflate")
#: Finch fetches what was asked for, and says nothing of how long that takes.
STILL_GATHERING = timedelta(minutes=5)
_ACCEPTED, _THROTTLED, _DOWN, _NOT_THERE = 202, 429, 503, 501
#: One request: the client's method with its raw answer.
Ask: TypeAlias = "Callable[[sdk.Finch], Any]"


def loaded() -> Any:
    """Finch's client, which only an installation that connects to Finch needs."""
    try:
        import finch
    except ImportError:
        message = "Finch cannot be asked: its client, finch-api, is not installed."
        raise Open401kError(message, fix="Install the extra: pip install 'open401k[server,payroll]'.") from None
    return finch


class FinchClient:
    """One connection at Finch, or with no token what needs none."""

    def __init__(
        self, *, url: str, around: Surroundings, access_token: str = "", http: "httpx.Client | None" = None
    ) -> None:
        self._sdk, self._around = loaded(), around
        patience = around.patience
        asking = http or self._sdk.DefaultHttpxClient()
        asking.event_hooks = {"response": [self._read]}
        self._finch: sdk.Finch = self._sdk.Finch(
            base_url=url,
            access_token=access_token or None,
            timeout=self._sdk.Timeout(patience.read_seconds, connect=patience.connect_seconds),
            max_retries=0,  # ours go by our clock, and know what may be asked twice
            default_headers={"accept-encoding": ", ".join(_PACKED)},
            http_client=asking,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._finch.close()

    @property
    def now(self) -> datetime:
        """The machine's time."""
        return self._around.clock.now()

    def told(self, where: str, ask: Ask, *, repeat: bool = True) -> Told:
        """What Finch answers, asked as often as patience has it. ``repeat``: asking twice is harmless."""
        patience, began = self._around.patience, self.now
        for number in range(1, patience.tries + 1):
            try:
                return self._once(where, ask)
            except ProviderError as error:
                wait = error.retry_after or self._wait(number)
                again = error.trouble is Trouble.TRY_AGAIN and number < patience.tries
                late = self.now - began + wait > patience.whole
                if not again or late or wait > patience.longest_wait:
                    raise
                if not (repeat or isinstance(error, _NotTakenError)):
                    raise
                log.warning("%s; try %d of %d in %s", error, number + 1, patience.tries, wait)
                self._around.pause(wait)
        raise AssertionError("a try answers or raises")

    def _once(self, where: str, ask: Ask) -> Told:
        try:
            raw = ask(self._finch).http_response
        except self._sdk.APIStatusError as error:
            said = _said(error.response.content)
            raise trouble(error.status_code, said, where, retry_after=self._retry_after(error.response)) from None
        except self._sdk.APIConnectionError as error:  # never with its cause: that has the address, with what was asked
            raise _unreached(where, error.__cause__) from None
        if raw.status_code == _ACCEPTED:
            raise trouble(_ACCEPTED, _said(raw.content), where, retry_after=self._retry_after(raw))
        return decoded(raw.content, where=where)

    def _read(self, response: "httpx.Response") -> None:
        """The whole body, before it is looked at: it is counted as it comes, and the time that it takes."""
        import httpx

        if response.is_stream_consumed:  # read whole below us: reading a connection's end again never ends
            return
        if not isinstance(response.stream, httpx.SyncByteStream):
            raise AssertionError("this client asks, and waits for the answer")
        began, found = self.now, bytearray()
        for part in _unpacked(response.stream, response.headers.get("content-encoding", "").strip().lower()):
            found += part
            if len(found) > _LARGEST_ANSWER:
                raise _EndlessError("The answer is too large.")
            if self.now - began > self._around.patience.whole:
                raise _EndlessError("The answer did not end.")
        response.stream.close()
        response.headers.pop("content-encoding", None)
        response.stream = httpx.ByteStream(bytes(found))

    def _retry_after(self, response: "httpx.Response") -> timedelta | None:
        said = response.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit():
            return timedelta(seconds=min(int(said), 86_400))
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        return max((at if at.tzinfo else at.replace(tzinfo=UTC)) - self.now, timedelta(0))

    def _wait(self, number: int) -> timedelta:
        patience = self._around.patience
        whole = min(patience.first_wait * (1 << (number - 1)), patience.longest_wait)
        return whole // 2 + (whole // 2) * self._around.random.bits(16) // 2**16


class _EndlessError(Exception):
    """An answer that nobody can wait for, or keep; Finch's own client takes it for a broken connection."""


def _unpacked(parts: "httpx.SyncByteStream", encoding: str) -> Iterator[bytes]:
    """The body as it was before it was packed, a bounded piece at a time, and nothing of one that was cut off."""
    if encoding in _PLAIN:
        yield from parts
        return
    if encoding not in _PACKED:
        raise _EndlessError("The answer is packed in a way that nobody asked for.")
    unpack, came = zlib.decompressobj(zlib.MAX_WBITS | 32), False  # by its first bytes: gzip or zlib
    try:
        for part in parts:
            came = came or bool(part)
            while part and not unpack.eof:
                yield unpack.decompress(part, _AT_A_TIME)
                part = unpack.unconsumed_tail
    except zlib.error:
        raise _EndlessError("The answer cannot be unpacked.") from None
    if came and not unpack.eof:
        raise _EndlessError("The answer was cut off.")


class _NotTakenError(ProviderError):
    """The request did not arrive, or was turned away before anything was done."""


def _unreached(where: str, cause: BaseException | None) -> ProviderError:
    if isinstance(cause, _EndlessError):
        return ProviderError(Trouble.TRY_AGAIN, str(cause), where=where, fix="It is tried again by itself.")
    name = type(cause).__name__
    kind, what = (_NotTakenError, "No connection") if name == "ConnectError" else (ProviderError, "No answer")
    return kind(Trouble.TRY_AGAIN, f"{what}: {name}.", where=where, fix="It is tried again by itself.")


def trouble(status: int, said: str, where: str, *, retry_after: timedelta | None = None) -> ProviderError:
    """What an answer that is none means, also for one element of many. ``said``: Finch's own code of the error."""
    message = f"Answered {status}{f', {said}' if said else ''}."
    if status == _ACCEPTED:
        later = retry_after or STILL_GATHERING
        return ProviderError(Trouble.TRY_AGAIN, "Still gathering the data.", where=where, retry_after=later)
    if status == 401:
        fix = "Somebody who may run payroll there connects again."
        lost = "Finch does not reach the employer's payroll any more, or does not take the authorization."
        return ProviderError(Trouble.ASK_A_PERSON, lost, where=where, fix=fix)
    if status == 403:
        fix = "Connect again, with every permission that is asked for."
        return ProviderError(Trouble.ASK_A_PERSON, message, where=where, fix=fix)
    if status == _NOT_THERE:
        fix = "The employer's payroll cannot do this through Finch: it is entered there by hand."
        return ProviderError(Trouble.REFUSED, message, where=where, fix=fix)
    if status in (408, _THROTTLED) or status >= 500:
        kind = _NotTakenError if status in (_THROTTLED, _DOWN) else ProviderError
        return kind(
            Trouble.TRY_AGAIN, message, where=where, fix="It is tried again by itself.", retry_after=retry_after
        )
    if status == 409:
        return ProviderError(Trouble.CONFLICT, message, where=where, fix="Read it again, then decide.")
    if status in (400, 404, 422):
        return ProviderError(Trouble.REFUSED, message, where=where, fix="See what Finch says of this code.")
    return ProviderError(Trouble.BUG, message, where=where)


def _said(content: bytes) -> str:
    """Finch's own name of an error, which is no personal data; its message may be."""
    try:
        return error_code(decoded(content, where=""))
    except ProviderError:
        return ""


def error_code(told: Told) -> str:
    """``finch_code`` where there is one, else ``name``."""
    found = told.text_or("finch_code") or told.text_or("name")
    return found[:60] if found.replace("_", "").isalnum() else ""

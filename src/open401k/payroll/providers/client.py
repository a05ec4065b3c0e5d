"""HTTP to a provider: tokens, retries, waiting, pages. Not here: any provider's addresses or fields.

Transport, clock, pause and chance come in, so that an outage of an hour is a test of a millisecond.
"""

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2

from open401k.kernel import Clock, Random

from .connector import Pause, ProviderError, TokenKeeper, Tokens, Trouble
from .reading import Told, decoded

log = logging.getLogger("open401k.providers")

#: Of a list that was read anew and anew.
NOT_WHOLE = "The list changed whenever it was read, or lost a part of it, or told one of it twice."
SAME_PAGE = "The same page came again."
_LARGEST_ANSWER = 64 * 1024 * 1024
_TIMED_OUT, _THROTTLED, _ACCEPTED = 408, 429, 202
#: Asking again is harmless for these whatever happened to the first try.
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer may take, how often to ask again, and how long to wait between."""

    connect_seconds: int = 10
    read_seconds: int = 60
    tries: int = 5
    first_wait: timedelta = timedelta(milliseconds=500)
    longest_wait: timedelta = timedelta(seconds=60)
    #: After so long no further try of the same request is begun: somebody may look at a page that waits for it.
    whole: timedelta = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connector is given of the world."""

    clock: Clock  # the machine's: tokens age by it whatever a sandbox's clock says
    pause: Pause
    random: Random
    transport: httpx2.BaseTransport | None = None  # None: the network
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its body, read, and its headers."""

    told: Told
    headers: Mapping[str, str]
    status: int


@cache
def trusted() -> ssl.SSLContext:
    """The certificates that the machine believes: read once, since that takes longer than most requests."""
    return httpx2.create_ssl_context()


class Client:
    """Asks one provider for one company."""

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        tokens: TokenKeeper,
        refresh: Callable[["Client", Tokens], Tokens],
        around: Surroundings,
    ) -> None:
        patience = around.patience
        self._around, self._patience = around, patience
        self._tokens, self._refresh = tokens, refresh
        timeout = httpx2.Timeout(patience.read_seconds, connect=patience.connect_seconds)
        self._http = httpx2.Client(
            base_url=base_url,
            headers=dict(headers),
            timeout=timeout,
            transport=around.transport,
            follow_redirects=False,
            verify=trusted(),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    @property
    def now(self) -> datetime:
        """The machine's time."""
        return self._around.clock.now()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Read something."""
        return self._authorized("GET", path, params=params)

    def send(self, method: str, path: str, body: Any) -> Answer:
        """Change something."""
        return self._authorized(method, path, json=body)

    def send_openly(self, path: str, body: Any) -> Answer:
        """Post without a token: that is how tokens are come by. Never tried twice: a refresh token works once."""
        return self._answer("POST", path, {}, tries=1, json=body)

    def _authorized(self, method: str, path: str, **sent: Any) -> Answer:
        """With a token that is still good; one that the provider has forgotten early is renewed once."""
        used = self._tokens.current()
        if used.expired(self.now):
            used = self._renewed(used)
        try:
            return self._answer(method, path, _bearer(used), tries=self._patience.tries, **sent)
        except _UnauthorizedError as refused:
            if not used.refresh:
                raise refused.asks_a_person() from None
        used = self._renewed(used)
        try:
            return self._answer(method, path, _bearer(used), tries=self._patience.tries, **sent)
        except _UnauthorizedError as refused:
            raise refused.asks_a_person() from None

    def _renewed(self, used: Tokens) -> Tokens:
        def refresh(tokens: Tokens) -> Tokens:
            return self._refresh(self, tokens)

        try:
            return self._tokens.renew(used, refresh)
        except _UnauthorizedError as refused:
            raise refused.asks_a_person() from None

    def _answer(self, method: str, path: str, headers: Mapping[str, str], *, tries: int, **sent: Any) -> Answer:
        """One answer, asked for as often as patience has it."""
        where, began = f"{method} {path}", self.now
        for number in range(1, tries + 1):
            try:
                return self._once(method, path, headers, where, **sent)
            except ProviderError as error:
                wait = error.retry_after or self._wait(number)
                again = error.trouble is Trouble.TRY_AGAIN and number < tries and _may_repeat(method, error)
                late = self.now - began + wait > self._patience.whole
                if not again or late or wait > self._patience.longest_wait:
                    raise
                log.warning("%s; try %d of %d in %s", error, number + 1, tries, wait)
                self._around.pause(wait)
        raise AssertionError("a try answers or raises")

    def _once(self, method: str, path: str, headers: Mapping[str, str], where: str, **sent: Any) -> Answer:
        try:
            with self._http.stream(method, path, headers=dict(headers), **sent) as response:
                content = self._read(response, where)
        except httpx2.ConnectError as error:
            raise _again(where, f"No connection: {type(error).__name__}.", reached=False) from None
        except httpx2.RequestError as error:  # cut off, too slow, damaged: whether it was done there is not known
            raise _again(where, f"No answer: {type(error).__name__}.") from None
        if response.is_success and response.status_code != _ACCEPTED:
            body = decoded(content, where=where) if content else Told(None, where)
            return Answer(body, response.headers, response.status_code)
        raise self._trouble(response, content, where)

    def _read(self, response: httpx2.Response, where: str) -> bytes:
        """The whole body, which ends: it is counted as it comes, and the time that it takes."""
        began, found = self.now, bytearray()
        for part in response.iter_bytes():
            found += part
            if len(found) > _LARGEST_ANSWER:
                raise ProviderError(Trouble.BUG, "The answer is too large.", where=where)
            if self.now - began > self._patience.whole:
                raise _again(where, "The answer did not end.")
        return bytes(found)

    def _trouble(self, response: httpx2.Response, content: bytes, where: str) -> ProviderError:
        status, said = response.status_code, f"Answered {response.status_code}."
        if status == _ACCEPTED:  # still gathering what was asked for
            later = self._retry_after(response) or timedelta(minutes=5)
            return ProviderError(Trouble.TRY_AGAIN, "Still gathering the data.", where=where, retry_after=later)
        if status == 401:
            return _UnauthorizedError(where)
        if status == 403:
            fix = "Authorize the connection again, with every permission that is asked for."
            return ProviderError(Trouble.ASK_A_PERSON, said, where=where, fix=fix)
        if status in (_THROTTLED, _TIMED_OUT) or status >= 500:
            error = _again(where, said, reached=status not in (_THROTTLED, 503))
            error.retry_after = self._retry_after(response)
            return error
        if status == 409:
            return ProviderError(Trouble.CONFLICT, said, where=where, fix="Read it again, then decide.")
        if status == 404:
            return ProviderError(
                Trouble.REFUSED, said, where=where, fix="It is not there any more, or not this company's."
            )
        if status in (400, 422):
            return ProviderError(Trouble.REFUSED, said, where=where, fix=_reasons(content))
        return ProviderError(Trouble.BUG, said, where=where)

    def _retry_after(self, response: httpx2.Response) -> timedelta | None:
        said = response.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit():
            return timedelta(seconds=min(int(said), 86_400))
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(at - self.now, timedelta(0))

    def _wait(self, number: int) -> timedelta:
        """Twice as long each time, of which half is left to chance: many who wait do not come back together."""
        whole = min(self._patience.first_wait * (1 << (number - 1)), self._patience.longest_wait)
        return whole // 2 + (whole // 2) * self._around.random.bits(16) // 2**16

    def pages(self, path: str, params: Mapping[str, Any], *, per: int) -> Iterator[Told]:
        """The elements of a numbered list, page after page until one is short. One that never ends is a bug there.

        One that changed meanwhile is read anew: an element that moved to a page that was read already would be missed.
        So is one that lost a page, or tells one twice: none of it is taken until it holds together. One that is said
        to have fewer than come, and is read twice alike, is counted otherwise there (pages, or a part): it is whole.
        """
        before: list[Any] | None = None
        for _ in range(self._patience.tries):
            found, count = self._pages(path, params, per)
            if found is not None and (_whole(found, count) or (_more_than(found, count) and _values(found) == before)):
                yield from found
                return
            before = None if found is None else _values(found)
        raise _again(f"GET {path}", NOT_WHOLE)

    def _pages(self, path: str, params: Mapping[str, Any], per: int) -> tuple[list[Told] | None, str]:
        """The elements, unless their number changed meanwhile, and how many there are said to be."""
        found: list[Told] = []
        counted = ""
        for page in range(1, 10_001):
            answer = self.get(path, {**params, "page": page, "per": per})
            count = answer.headers.get("x-total-count", "")
            if page > 1 and count != counted:
                return None, count
            counted, here = count, list(answer.told.items())
            if is_again(here, found, per):
                return None, count
            found += here
            if len(here) < per:
                return found, count
        raise ProviderError(Trouble.BUG, "The list does not end.", where=f"GET {path}")


class _UnauthorizedError(ProviderError):
    """A token that is not taken: renewed once, and then it is a person's turn."""

    def __init__(self, where: str) -> None:
        super().__init__(Trouble.ASK_A_PERSON, "The provider does not take the authorization any more.", where=where)

    def asks_a_person(self) -> ProviderError:
        fix = "Somebody who may run payroll there connects again."
        return ProviderError(Trouble.ASK_A_PERSON, self.message, where=self.where, fix=fix)


def _whole(found: list[Told], count: str) -> bool:
    """Whether a list has as many elements as it is said to, each once."""
    said = int(count) if count.isascii() and count.isdigit() else len(found)
    return len({repr(each.value) for each in found}) == len(found) == said


def _more_than(found: list[Told], count: str) -> bool:
    """Whether more came than there are said to be, each once."""
    return count.isascii() and count.isdigit() and len(found) > int(count) and _whole(found, str(len(found)))


def is_again(page: list[Told], before: list[Told], per: int) -> bool:
    """Whether a whole page is the one before it once more: so it would go on for ever."""
    return len(page) >= per and _values(page) == _values(before[-len(page) :])


def _values(found: list[Told]) -> list[Any]:
    return [each.value for each in found]


def unauthorized(where: str) -> ProviderError:
    """What a refresh raises that was not granted."""
    return _UnauthorizedError(where)


class _MaybeDoneError(ProviderError):
    """The request may have been carried out, and nobody heard."""


def _again(where: str, message: str, *, reached: bool = True) -> ProviderError:
    kind = _MaybeDoneError if reached else ProviderError
    return kind(Trouble.TRY_AGAIN, message, where=where, fix="It is tried again by itself.")


def _may_repeat(method: str, error: ProviderError) -> bool:
    """What makes something new is not asked for twice where the first may have made it."""
    return method in _REPEATABLE or not isinstance(error, _MaybeDoneError)


def _bearer(tokens: Tokens) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens.access}"}


def _reasons(content: bytes) -> str:
    """The provider's own categories of error, which are no personal data; its messages may be."""
    try:
        errors = list(decoded(content, where="").items("errors"))
        return "; ".join(f"{each.text_or('error_key')} {each.text_or('category')}".strip() for each in errors[:5])
    except ProviderError:
        return ""

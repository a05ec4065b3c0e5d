"""One JSON-RPC endpoint over HTTP: ask, with a time limit, again after a wait. Not here: what is believed (rpc.py)."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

from open401k.kernel import Open401kError

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
T = TypeVar("T")
#: So many questions go into one request: ours takes a hundred.
TOGETHER = 80
#: The longest answer that is read, in bytes.
LONGEST = 32 * 2**20


class SilentError(Exception):
    """No answer that could be read: the endpoint's name and why."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(f"{endpoint}: {why}")
        self.why = why


class RpcError(Exception):
    """The endpoint answered with an error."""

    def __init__(self, code: int, message: str, data: bytes | None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    @property
    def is_revert(self) -> bool:
        """Whether a contract refused, rather than the endpoint."""
        return self.code == 3 or "revert" in self.message.lower()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a question waits: seconds for one answer, tries, seconds between them."""

    timeout: float = 10.0
    tries: int = 3
    between: float = 0.5


class Endpoint:
    """One address that is asked, by a name that operators know. ``wait`` sleeps; tests have it counted."""

    def __init__(self, name: str, url: str, *, wait: Callable[[float], None], patience: Patience | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Open401kError(f"{name} is no address of a chain: {url!r}.", fix="Write https://host:port/path.")
        self.name = name
        self._parts, self._host = parts, parts.hostname
        self._path = parts.path + (f"?{parts.query}" if parts.query else "") or "/"
        self._wait, self._patience = wait, patience or Patience()
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()
        self._number = 0
        self._takes_many = True

    def ask(self, method: str, params: Sequence[Json]) -> Json:
        """The result; :class:`RpcError` if it is one, :class:`SilentError` if there was none after every try."""
        return self._patiently(lambda: self._once(method, params))

    def ask_all(self, method: str, each: Sequence[Sequence[Json]]) -> list[Json | RpcError]:
        """The same of many, in few requests where the endpoint takes that, or one by one."""
        found: list[Json | RpcError] = []
        for at in range(0, len(each), TOGETHER):
            some = each[at : at + TOGETHER]
            together = self._patiently(partial(self._many, method, some)) if self._takes_many else None
            found += [self._one_of(method, params) for params in some] if together is None else together
        return found

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _patiently(self, ask: Callable[[], T]) -> T:
        for left in reversed(range(self._patience.tries)):
            try:
                with self._lock:
                    return ask()
            except SilentError:
                if not left:
                    raise
                self._wait(self._patience.between)
        raise SilentError(self.name, "it was not asked")

    def _one_of(self, method: str, params: Sequence[Json]) -> Json | RpcError:
        try:
            return self.ask(method, params)
        except RpcError as error:
            return error

    def _many(self, method: str, each: Sequence[Sequence[Json]]) -> list[Json | RpcError] | None:
        """The answers in the order of the questions, whatever theirs is; None if it takes one question at a time."""
        first = self._number + 1
        self._number += len(each)
        told = self._told([self._asked(first + place, method, params) for place, params in enumerate(each)])
        if not isinstance(told, list):
            self._takes_many = False
            return None
        found = {one.get("id"): one for one in told if isinstance(one, dict) and ("result" in one or "error" in one)}
        if len(told) != len(each) or set(found) != set(range(first, first + len(each))):
            self.close()
            raise SilentError(self.name, "it answers something else than it was asked")
        answers = [found[first + place] for place in range(len(each))]
        return [one.get("result") if one.get("error") is None else _error(one["error"]) for one in answers]

    def _asked(self, number: int, method: str, params: Sequence[Json]) -> dict[str, Json]:
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}

    def _told(self, asked: object) -> Json:
        try:
            return json.loads(self._sent(json.dumps(asked).encode()))  # type: ignore[no-any-return]
        except (OSError, http.client.HTTPException, ssl.SSLError) as why:
            self.close()
            raise SilentError(self.name, f"{type(why).__name__}: {why}") from why
        except (ValueError, RecursionError) as why:
            self.close()
            raise SilentError(self.name, "it does not answer in JSON") from why

    def _once(self, method: str, params: Sequence[Json]) -> Json:
        self._number += 1
        told = self._told(self._asked(self._number, method, params))
        if not isinstance(told, dict) or told.get("id") != self._number or not ("result" in told or "error" in told):
            self.close()
            raise SilentError(self.name, "it answers something else than it was asked")
        if told.get("error") is not None:
            raise _error(told["error"])
        return told.get("result")

    def _sent(self, body: bytes) -> bytes:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(self._host, self._parts.port, timeout=self._patience.timeout)
        self._connection.request("POST", self._path, body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        read = answer.read(LONGEST + 1)
        if len(read) > LONGEST:
            raise http.client.HTTPException(f"its answer is longer than {LONGEST:,} bytes")
        if answer.status != 200:
            raise http.client.HTTPException(f"HTTP {answer.status}")
        return read


def _error(told: object) -> RpcError:
    if not isinstance(told, dict):
        return RpcError(0, str(told), None)
    data, code = told.get("data"), told.get("code")
    try:
        output = bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else None
    except ValueError:
        output = None
    return RpcError(code if isinstance(code, int) else 0, str(told.get("message", "")), output)

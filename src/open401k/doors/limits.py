"""How often somebody may try to come in and fail. Not here: who they are (guard.py).

Counted in the process, not in PostgreSQL: a secret of 256 bits cannot be guessed at any rate, so what a limit protects
is the database and the log, and a count kept there would be one more write for each try. Each server of several counts
for itself, and forgets with a restart.
"""

import hashlib
import ipaddress
import math
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast

from fastapi import Request

from .problems import TOO_MANY, TOO_MANY_CALCULATIONS, Problem, ProblemError

#: So many names are remembered, the latest ones: memory stays flat however many addresses somebody has.
MOST_NAMES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """How many, within how long."""

    most: int
    within: timedelta


#: Failures of an address: a house behind one address may mistype a little.
ADDRESS: Final = Limit(20, timedelta(minutes=5))
#: Failures of one and the same API key: a program that was not told that its key has ended.
KEY: Final = Limit(10, timedelta(minutes=5))
#: Passkey challenges that an address asks for; each is a row.
ASKED: Final = Limit(60, timedelta(minutes=5))

#: Calculations of an address, which need no credential: more than somebody types, less than keeps a server busy.
CALCULATED: Final = Limit(120, timedelta(minutes=1))


class Limits:
    """What was counted lately, by name."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._good: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def refuse_key(self, request: Request, secret: str, at: datetime) -> None:
        """Before a key is looked up: 429 for one that keeps failing, and for a strange one from where others failed.

        A key that was right before is not held up by what others do behind the same address.
        """
        key = _of_key(secret)
        with self._lock:
            waits = self._wait(key, KEY, at)
            if key not in self._good:
                waits = max(waits, self._wait(address_of(request), ADDRESS, at))
        _refuse(waits)

    def key_failed(self, request: Request, secret: str, at: datetime) -> None:
        """A key was not valid."""
        with self._lock:
            self._count(_of_key(secret), KEY, at)
            self._count(address_of(request), ADDRESS, at)

    def key_held(self, secret: str) -> None:
        """A key was valid."""
        with self._lock:
            key = _of_key(secret)
            self._good[key] = None
            self._good.move_to_end(key)
            _shorten(self._good)

    def refuse_address(self, request: Request, at: datetime) -> None:
        """Before a link or a passkey is looked at: 429 from where too many failed."""
        with self._lock:
            waits = self._wait(address_of(request), ADDRESS, at)
        _refuse(waits)

    def address_failed(self, request: Request, at: datetime) -> None:
        """A link or a passkey was not accepted."""
        with self._lock:
            self._count(address_of(request), ADDRESS, at)

    def asks(self, request: Request, at: datetime) -> None:
        """Somebody wants a challenge; 429 for who wanted too many."""
        name = f"asks from {address_of(request)}"
        with self._lock:
            waits = self._wait(name, ASKED, at)
            if not waits:
                self._count(name, ASKED, at)
        _refuse(waits)

    def calculates(self, request: Request, at: datetime) -> None:
        """Somebody wants a calculation; 429 for who wanted too many."""
        name = f"calculates from {address_of(request)}"
        with self._lock:
            waits = self._wait(name, CALCULATED, at)
            if not waits:
                self._count(name, CALCULATED, at)
        _refuse(waits, TOO_MANY_CALCULATIONS)

    def _wait(self, name: str, limit: Limit, at: datetime) -> int:
        """Whole seconds until there is room again; zero where there is."""
        found = self._counted.get(name)
        if found is None or len(found) < limit.most:
            return 0
        return max(0, math.ceil((found[0] + limit.within - at).total_seconds()))

    def _count(self, name: str, limit: Limit, at: datetime) -> None:
        self._counted.setdefault(name, deque(maxlen=limit.most)).append(at)
        self._counted.move_to_end(name)
        _shorten(self._counted)


def limits_of(request: Request) -> Limits:
    """What this server counts."""
    return cast("Limits", request.app.state.limits)


def address_of(request: Request) -> str:
    """Who a request comes from, as the server knows it: of IPv6 the network, since a house has all its addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return f"address {host}"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return f"address {ipaddress.ip_network((address, 64), strict=False)}"
        address = address.ipv4_mapped
    return f"address {address}"


def _of_key(secret: str) -> str:
    return f"key {hashlib.sha256(secret.encode()).hexdigest()}"


def _refuse(seconds: int, problem: Problem = TOO_MANY) -> None:
    if seconds:
        raise ProblemError(replace(problem, retry_after_seconds=seconds))


def _shorten(named: OrderedDict[str, None] | OrderedDict[str, deque[datetime]]) -> None:
    while len(named) > MOST_NAMES:
        named.popitem(last=False)

"""A stand-in for a payroll provider on a port of its own, how a test tells it what to do, and who is let in there."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2
import uvicorn
from starlette.types import ASGIApp

from open401k.kernel import SeededRandom, SystemClock
from open401k.payroll.providers import Connector, Person, Tokens, trusted
from open401k.standins import FinchWorld, GustoWorld, create_finch, create_gusto


@contextmanager
def on_a_port(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port; the address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


@dataclass(frozen=True)
class StandIn:
    """A stand-in that runs. ``company`` is the one that :meth:`found` made."""

    url: str

    def tell(self, path: str, sent: dict[str, Any], method: str = "POST") -> dict[str, Any]:
        """Tell it something under /_sandbox."""
        with httpx2.Client(base_url=f"{self.url}/_sandbox", timeout=30, verify=trusted()) as client:
            answered = client.request(method, path, json=sent)
        assert answered.is_success, (path, answered.status_code, answered.text[:300])
        told: dict[str, Any] = answered.json()
        return told

    def until(self, day: date) -> list[str]:
        """Move its day on; the payrolls that were run on the way."""
        ran: list[str] = self.tell("/clock", {"to": day.isoformat()})["payrolls"]
        return ran

    def misbehave(self, **how: Any) -> None:
        """Do something wrong from now on; nothing said ends it."""
        self.tell("/misbehave", how)


@contextmanager
def gusto(today: date = date(2026, 1, 1)) -> Iterator[StandIn]:
    """A stand-in for Gusto without companies."""
    random = SeededRandom(7)
    world = GustoWorld(today=today, random=random)
    with on_a_port(create_gusto(world, clock=SystemClock(), random=random)) as url:
        yield StandIn(url)


@contextmanager
def finch(today: date = date(2026, 1, 1)) -> Iterator[StandIn]:
    """A stand-in for Finch without employers."""
    random = SeededRandom(7)
    world = FinchWorld(today=today, random=random)
    with on_a_port(create_finch(world, clock=SystemClock(), random=random)) as url:
        yield StandIn(url)


def roster(connector: Connector) -> list[Person]:
    """Everybody whom a provider tells, each of whom can be read."""
    told = list(connector.people())
    found = [each for each in told if isinstance(each, Person)]
    assert found == told
    return found


@dataclass
class HeldTokens:
    """Tokens of one connection, in memory: a keeper of them."""

    tokens: Tokens
    renewals: int = 0

    def current(self) -> Tokens:
        return self.tokens

    def renew(self, used: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        if self.tokens == used:
            self.tokens = refresh(used)
            self.renewals += 1
        return self.tokens


def authorized(address: str) -> str:
    """Follow a link to a provider and say yes there; where it sends the browser back to."""
    answered = httpx2.get(address, follow_redirects=False)
    assert answered.status_code == 302, answered.text
    return str(answered.headers["location"])

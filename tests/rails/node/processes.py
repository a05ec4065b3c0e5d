"""Nodes as processes of their own, on real databases, with a chain and cores that tests can have go away."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.rails.node.conftest import NewDatabase
from tests.rails.served import served
from tests.rails.world import CHAIN_ID, DELAY, RELAY, Case, World

from open401k.base.secrets import MasterKeys
from open401k.doors.chain import Node as ChainNode
from open401k.doors.chain import create_chain_app
from open401k.kernel import FixedClock, SystemClock, SystemRandom
from open401k.rails.calls import call_of
from open401k.rails.node.cases import State
from open401k.rails.node.config import read_config
from open401k.rails.node.core import Side
from open401k.rails.node.kept import KeptCases
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.office import Office
from open401k.rails.node.opening import Signed, agree, agreed_of, move, open_case
from open401k.rails.node.process import Around, opened, prepare
from open401k.rails.node.report import Identity, identity_of
from open401k.standins._core_store import Books
from open401k.standins.core_rest import TOKEN, Service, serve

READY = (State.DATA_REQUESTED, State.PREVALIDATED, State.LIQUIDATING)
ROOT = Path(__file__).parents[3]
MASTER, INDEX = b"node " * 6 + b"no", b"index " * 5 + b"in"
KEYS = {"OPEN401K_MASTER_KEY": b64encode(MASTER).decode(), "OPEN401K_INDEX_KEY": b64encode(INDEX).decode()}


@dataclass
class Switch:
    """A server that can be away."""

    app: ASGIApp
    is_away: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = PlainTextResponse("away", 503) if self.is_away else self.app
        await answer(scope, receive, send)


@contextmanager
def core_at(folder: Path, account: str, cents: dict[str, int]) -> Iterator[tuple[Service, str]]:
    """A stand-in for a core with one account."""
    books = Books(str(folder / "core.db"))
    books.open(account, cents)
    service = Service(books)
    server = serve(service)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        books.close()


@dataclass
class NodeProcess:
    """One node: its settings, its database, its core, its process while it runs."""

    name: str
    folder: Path
    database: str
    service: Service
    port: int
    identity: Identity
    #: Where its clock stands; 0: it goes.
    now: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "node.toml"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **KEYS, "CORE_TOKEN": TOKEN, "OPEN401K_DATA_DIR": str(self.folder)}

    def start(self, *, dies_at: str = "") -> None:
        """Begin; with a boundary it dies there."""
        typed = [sys.executable, "-m", "tests.rails.node.serving", str(self.config), str(self.now or ""), dies_at]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(typed, env=self.environment, cwd=ROOT, stdout=log, stderr=log, text=True)

    def wait(self) -> None:
        """Until it answers."""
        until(lambda: self.health() is not None, f"answer of the {self.name}", seconds=60)

    def health(self) -> dict[str, Any] | None:
        """What it says of itself; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                told: dict[str, Any] = json.loads(answer.read())
                return told
        except HTTPError as error:
            found: dict[str, Any] = json.loads(error.read())
            return found
        except (URLError, OSError):
            assert self.process is None or self.process.poll() is None, (self.folder / "log").read_text()
            return None

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self.process
        self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        self.process = None
        return code

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def around(self) -> Around:
        clock = FixedClock(datetime.fromtimestamp(self.now, UTC)) if self.now else SystemClock()
        return Around(MasterKeys(MASTER, INDEX), SystemRandom(), clock)

    def files(self) -> KeptDeals:
        """Its case files, over a connection of one's own."""
        return self.around.deals(self.database)

    @contextmanager
    def office(self) -> Iterator[Office]:
        """Its desk, over its own database, in this process."""
        with opened(read_config(self.config, self.environment), self.database, self.around) as process:
            yield Office(process)

    def state(self, case: str = "case") -> State:
        files = KeptCases(self.database)
        with files.begin() as unit:
            found = unit.case(case).state
        files.close()
        return found


@dataclass
class Network:
    """A chain with the real contracts behind a port, and nodes."""

    world: World
    chain: Switch
    nodes: list[NodeProcess]

    def start(self) -> None:
        """Both, until both answer."""
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait()

    def open(self, case: Case, name: str = "case") -> None:
        """A file on either side, with exact terms."""
        told = Signed(case.election, case.signature, case.attestation, case.attested, case.terms)
        for node, side in zip(self.nodes, Side, strict=True):
            files = KeptCases(node.database)
            with files.begin() as unit:
                open_case(unit, name, side=side, account=f"account at {side}")
                move(unit, name, *READY)
                agree(unit, name, agreed_of(told, us=node.identity.member, side=side))
            files.close()

    def states(self, name: str = "case") -> tuple[State, ...]:
        return tuple(node.state(name) for node in self.nodes)


@contextmanager
def network(
    world: World, new: NewDatabase, folder: Path, *, attests: str = "", elsewhere: str = "", finality: int = 0
) -> Iterator[Network]:
    """Two nodes, source and receiver, that know each other; nobody runs yet. ``attests`` is the attestor, too.

    ``elsewhere``: the world's chain is served there already, by somebody else; final after so many blocks.
    """
    with ExitStack() as stack:
        chain = Switch(PlainTextResponse("elsewhere", 404) if elsewhere else create_chain_app(ChainNode(world.chain)))
        chain_url = elsewhere or stack.enter_context(served(chain))
        nodes = [_made(stack, world, new, folder, side, chain_url) for side in Side]
        for node, other in zip(nodes, reversed(nodes), strict=True):
            _write(node, world, chain_url, other, finality)
            if node.name == attests:
                _attests(node, world)
        try:
            yield Network(world, chain, nodes)
        finally:
            for node in nodes:
                if node.process:
                    node.process.kill()
                    node.process.wait()


def _attests(node: NodeProcess, world: World) -> None:
    """It signs for the attestor by its own key."""
    member = world.members["attestor"]
    world.send(member, world.network, call_of("name_signer(address)", node.identity.signing_keys[0]))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of("take_signer(address)", member.address))
    node.config.write_text(f'attestor = "0x{member.address.hex()}"\n' + node.config.read_text())


def _made(stack: ExitStack, world: World, new: NewDatabase, folder: Path, side: Side, chain_url: str) -> NodeProcess:
    """Its database and keys, and the network told of its key."""
    place = folder / side
    place.mkdir()
    cents = {"PRETAX": 5_000_00, "ROTH": 1_000_00} if side is Side.SOURCE else {}
    service, core_url = stack.enter_context(core_at(place, f"account at {side}", cents))
    (place / "core.url").write_text(core_url)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    member = world.members[side]
    node = NodeProcess(side, place, new(), service, port, Identity(member.address, (), b"", b""))
    _write(node, world, chain_url, None)
    prepare(node.database, node.around)
    with node.office() as office:
        node.identity = identity_of(office.process)
    world.send(member, world.network, call_of("name_signer(address)", node.identity.signing_keys[0]))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of("take_signer(address)", member.address))
    return node


def _write(node: NodeProcess, world: World, chain_url: str, other: NodeProcess | None, finality: int = 0) -> None:
    contracts = {"network": world.network, "rollover": world.rollover, "deposit_token": world.token}
    lines = [
        f'name = "the {node.name}"', f'member = "0x{world.members[node.name].address.hex()}"', f"port = {node.port}",
        f'database_url = "{node.database}"',
        "[chain]", f"id = {CHAIN_ID}", *([f"finality = {finality}"] if finality else []),
        "[[chain.endpoints]]", 'name = "operator"', f'url = "{chain_url}"',
        "[contracts]", *(f'{name} = "0x{at.hex()}"' for name, at in contracts.items()),
        "[core]", 'adapter = "rest"', f'url = "{(node.folder / "core.url").read_text()}"', "seconds = 2",
        'token_env = "CORE_TOKEN"', "[[rules]]", "number = 1", "year = 2026",
    ]  # fmt: skip
    if other:
        lines += [
            "[[peers]]", f'name = "the {other.name}"', f'member = "0x{other.identity.member.hex()}"',
            f'url = "{other.url}"', f'mailbox = "0x{other.identity.mailbox.hex()}"',
        ]  # fmt: skip
    node.config.write_text("\n".join(lines))


def until(is_so: Callable[[], bool], what: str, *, seconds: float = 90) -> None:
    """Wait for it."""
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, f"no {what} within {seconds} s"
        time.sleep(0.1)

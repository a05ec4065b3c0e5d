"""A migrated PostgreSQL for tests: one embedded server per test process, gone with it."""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from open401k.base import heads
from open401k.base.db import Actor, Database, EmbeddedServer, Tx, Urls, migrate
from open401k.base.secrets import Keyring, MasterKeys
from open401k.kernel import Clock, FixedClock, SeededRandom, SponsorId, SystemRandom, TimedIds

#: The instant at which every test starts.
START = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
TESTER = Actor(kind="system", id="tests", why="a test")

Begin = Callable[[], AbstractContextManager[Tx]]


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs, its three ways in, and the database as the application sees it."""

    server: EmbeddedServer
    urls: Urls
    db: Database
    clock: FixedClock


def master_keys() -> MasterKeys:
    """The same in every process of a test."""
    return MasterKeys.generate(SeededRandom(401))


def keyring() -> Keyring:
    """What seals and opens with them."""
    return Keyring(master_keys(), SystemRandom())


def connect(url: str, clock: Clock) -> Database:
    """The database of a running server, for another thread or process; close it after use."""
    return Database(url, clock=clock, ids=TimedIds(clock, SystemRandom()), keyring=keyring())


@cache
def _migrated() -> Path:
    """The files of a stopped server with every migration applied, made once in a process: each server is a copy."""
    folder = Path(tempfile.mkdtemp(prefix="o4k-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711)
    server = _server(folder / "data")
    migrate(server.start().owner, signing_key=keyring().signing_key)
    server.stop()
    return folder / "data"


def _server(place: Path) -> EmbeddedServer:
    """No test of these pulls the plug: what a killed server recovers is shown where servers are (test_embedded.py)."""
    return EmbeddedServer(place, settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})


@contextmanager
def served(*, durable: bool = False) -> Iterator[Served]:
    """A fresh server with every migration applied; ``durable``: with the settings of those that serve people."""
    with ExitStack() as stack:
        # A short path of its own: the socket's address has room for 107 bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="o4k-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)
        subprocess.run(["cp", "-a", _migrated(), folder / "data"], check=True)
        server = EmbeddedServer(folder / "data") if durable else _server(folder / "data")
        urls = server.start()
        stack.callback(server.stop)
        clock = FixedClock(START)
        db = stack.enter_context(connect(urls.app, clock))
        yield Served(server, urls, db, clock)


def new_tenant(db: Database) -> SponsorId:
    """A tenant of its own for one test, with its head."""
    tenant_id = db.ids.new(SponsorId)
    with db.begin(TESTER, tenants=[tenant_id]) as tx:
        heads.open(tx, tenant_id=tenant_id)
    return tenant_id

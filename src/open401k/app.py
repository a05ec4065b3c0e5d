"""The composition root: settings, database, clock and keys put together for the doors. Not here: rules, stories."""

import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import psycopg

from open401k.app_rails import RailsWiring
from open401k.base import collector, logs, selfcheck
from open401k.base.db import APP, Actor, Database, EmbeddedServer, Urls, adopt, migrate, pending, reach
from open401k.base.sandbox import SandboxClock
from open401k.base.secrets import Keyring
from open401k.base.settings import Settings
from open401k.base.webhooks import Sender
from open401k.base.workers import ToParent, Workers
from open401k.demo import handout, payroll_year, story, year_setup
from open401k.demo.moving import SandboxStories
from open401k.demo.visitors import invite, welcome
from open401k.demo.year_script import SCRIPT
from open401k.demo.year_totals import as_table, three_ways
from open401k.doors import cli
from open401k.doors.cli.say import Voice
from open401k.doors.connecting import ConnectionStories, ProviderSettings
from open401k.doors.daily import Daily, DayStories
from open401k.doors.listening import on_a_port, origin_of, processors, recorded, refuse_occupied
from open401k.doors.outward import Webhooks
from open401k.doors.provided import ConnectionStory, DayStory, DoorSettings, RolloverStory, SandboxStory
from open401k.doors.stories import AfterPosting, Follower, HandedOn, PayrollStories, VerifyStories
from open401k.flows import keys
from open401k.kernel import Clock, Ids, Open401kError, SystemClock, SystemRandom, TimedIds
from open401k.payroll.providers import Provider, Surroundings, finch, finch_client, gusto
from open401k.standins import GustoWorld, create_gusto
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET

if TYPE_CHECKING:
    import uvicorn

SANDBOX = Actor(kind="system", id="sandbox", why="plays the sandbox")
OPENING = Actor(kind="system", id="opening", why="looks whether the keys fit the books")
INTERRUPTED = 130
DEFAULT_ORIGIN = "http://localhost:4010"
#: Without being told, no more processes than this serve: each takes some 150 MB and ten connections to PostgreSQL.
MOST_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Services:
    """What the doors are given."""

    db: Database
    clock: Clock
    wall: Clock
    ids: Ids
    settings: DoorSettings
    payroll: PayrollStories
    sandbox: SandboxStory | None
    verifier: VerifyStories
    day: DayStory
    connections: ConnectionStory
    rollovers: RolloverStory | None = None


class Wiring(RailsWiring):
    """How the parts are put together on this machine."""

    def __init__(self, settings: Settings, *, origin: str = DEFAULT_ORIGIN) -> None:
        self.settings = settings
        self.origin = settings.origin or origin
        self._random = SystemRandom()
        self._wall = SystemClock()

    @property
    def data_dir(self) -> Path:
        """Where an embedded server, the sandbox clock and the keys lie."""
        return self.settings.data_dir

    @property
    def production(self) -> bool:
        """Whether real people's money is meant."""
        return self.settings.production

    @property
    def database_url(self) -> str | None:
        """A server of one's own."""
        return self.settings.database_url

    @contextmanager
    def open(self) -> Iterator[Services]:
        """Services for one command; what was posted is projected before it ends."""
        with self._database() as db:
            yield self._services(db, after=None)

    def address(self) -> str | None:
        """Where browsers come: as set, else where a server of this data directory serves now."""
        return self.settings.origin or recorded(self.settings.data_dir / "address")

    def inspect(self) -> Sequence[selfcheck.Check]:
        """What the server would look at before it serves, of a database of one's own."""
        if self.settings.database_url is None:
            return []
        with self._server() as urls:
            with psycopg.connect(urls.app) as conn:
                waiting = pending(conn)
            if waiting:
                return [selfcheck.Check("migrations", False, f"{len(waiting)} to apply.", "Run: open401k migrate")]
            with Database(urls.app, clock=self._clock(), ids=self._ids(), keyring=self._keyring()) as db:
                return selfcheck.inspect(db, self.settings)

    def migrate(self) -> Sequence[str]:
        """Apply what is pending; the names of what was applied."""
        with self._server() as urls:
            return _migrate(urls, self._keyring())

    def serve(self, *, host: str, port: int, voice: Voice, day: bool = True, workers: int | None = None) -> None:
        """Serve until interrupted, the daily round beside it if wanted; in production only if every check holds.

        Without ``workers`` a sandbox is one process, and production as many as there are processors, four at most.
        """
        refuse_occupied(host, port)
        self.origin = self.settings.origin or (origin_of(host, port) if self.origin == DEFAULT_ORIGIN else self.origin)
        with self._database() as db:
            selfcheck.refuse_if_unsafe(selfcheck.inspect(db, self.settings), self.settings)
            workers = workers or (min(processors(), MOST_WORKERS) if self.settings.production else 1)
            by = f", {workers} worker processes" if workers > 1 else ""
            voice.line(f"Serving {self.origin} on {host}, port {port}{by}. Stop with Ctrl-C.")
            self._serve(db, host, port, day=day, workers=workers)

    def demo(
        self, *, once: bool, reset: bool, host: str, port: int, voice: Voice, of_payrolls: bool = False,
        rollovers: bool = False, rails_port: int = 0,
    ) -> dict[str, Any]:  # fmt: skip
        """Play a story, then serve it; ``once`` ends after the story, ``reset`` begins from nothing."""
        if self.settings.production:
            raise Open401kError("This is production: the demo would add invented people.", fix="Unset OPEN401K_MODE.")
        if self.settings.database_url is not None:
            raise Open401kError("The demo keeps to its own embedded server.", fix="Unset OPEN401K_DATABASE_URL.")
        if not once:
            refuse_occupied(host, port)
            if rollovers and rails_port:
                self._refuse_occupied_by_custodians(rails_port)
        if reset:
            self._erase()
        self.origin = self.settings.origin or origin_of(host, port)
        voice.line("Starting PostgreSQL of our own, in " + str(self.settings.data_dir))
        with ExitStack() as until_then:
            db = until_then.enter_context(self._database())
            sandbox = self._sandbox(db)
            told: dict[str, Any] = {}
            if of_payrolls:
                seats, told["payroll_bank_ledger"] = self._payroll_year(sandbox, voice)
            else:
                seats = self._story(sandbox, voice)
            if rollovers:
                until_then.enter_context(self._rollovers_beside(sandbox, seats[0], voice, 0 if once else rails_port))
            proof = VerifyStories(db).verify(actor=SANDBOX, tenants=None)
            counts = ", ".join(f"{number:,} {what}" for what, number in proof["counts"].items())
            voice.line(f"verify: {'ok' if proof['ok'] else 'DAMAGE FOUND'} ({counts})")
            told |= {"plans": [str(seat.plan_id) for seat in seats], "verify": proof}
            if not once:
                voice.line(welcome(invite(db, seats=seats, at=self._wall.now()), self.origin))
                self._serve(db, host, port)
            return told

    @staticmethod
    def _refuse_occupied_by_custodians(first: int) -> None:
        """Before a story of minutes, not after it."""
        from open401k.demo.network.sandbox import PORTS, refuse_busy

        refuse_busy(range(first, first + PORTS))

    @contextmanager
    def _rollovers_beside(
        self, sandbox: story.Sandbox, seat: story.Seat, voice: Voice, first_port: int
    ) -> Iterator[None]:  # fmt: skip
        """A network of custodians with the plan among them; its rollovers are played at once, or while it is served.

        ``first_port`` is the chain's, 0 where nobody visits: then any free ports, and all is played at once.
        """
        from open401k.demo.network.at_the_plan import Machine, network_beside
        from open401k.demo.network.sandbox import PORTS
        from open401k.demo.network.watched import played_slowly

        at_once = not first_port
        ports = () if at_once else range(first_port, first_port + PORTS)
        with network_beside(
            sandbox.db, actor=SANDBOX, seat=seat, data_dir=self.settings.data_dir, ports=ports,
            around=Machine(self._random, self._wall), say=voice.line,
        ) as beside:  # fmt: skip
            self.settings = self.settings.with_node(beside.node_url, beside.node_token)
            if at_once:
                beside.stories.play()
                yield
                return
            with played_slowly(beside.stories, voice.line):
                yield

    def _story(self, sandbox: story.Sandbox, voice: Voice) -> list[story.Seat]:
        seats = story.set_up(sandbox, voice.line)
        if sandbox.clock.now() < story.ENDS_AT:
            story.advance(sandbox, story.ENDS_AT, voice.line)
        else:
            voice.line(f"The story is here; its clock says {sandbox.clock.now():%Y-%m-%d}. From nothing: --reset")
        return seats

    def _payroll_year(self, sandbox: story.Sandbox, voice: Voice) -> tuple[list[story.Seat], list[dict[str, Any]]]:
        """A year through a stand-in for Gusto, over HTTP on a free port; the stand-in lives as long as the story."""
        if sandbox.clock.now().date() > payroll_year.STARTS_AT.date():
            raise Open401kError(
                f"The sandbox clock stands at {sandbox.clock.now():%Y-%m-%d}; the payroll year begins on January 2.",
                fix="See it: open401k serve. Begin from nothing: open401k demo --story payroll-year --reset",
            )
        sandbox = replace(sandbox, world=payroll_year.WORLD)
        around = Surroundings(self._wall, lambda wait: time.sleep(wait.total_seconds()), self._random)
        world = GustoWorld(today=payroll_year.STAND_IN_FROM, random=self._random)
        with on_a_port(create_gusto(world, clock=self._wall, random=self._random)) as url:
            application = gusto.Application(CLIENT_ID, CLIENT_SECRET, url)
            year = payroll_year.set_up(sandbox, application=application, around=around, say=voice.line)
            year.events = SCRIPT
            payroll_year.play(year)
            rows = three_ways(year)
            payroll_year.leave(year)
        voice.line("\n".join(["", *as_table(rows), ""]))
        return [story.Seat(year_setup.EMPLOYER, year.sponsor, year.plan)], [asdict(each) for each in rows]

    def hand_out(self, folder: Path) -> Sequence[Path]:
        """The demo's payroll files, to upload by hand."""
        return handout.hand_out(folder)

    def _serve(self, db: Database, host: str, port: int, *, day: bool = True, workers: int = 1) -> None:
        after = AfterPosting(db, stands_back=workers > 1)
        daily = Daily(db, self._wall, self._connections(db), self._rollovers(db))
        outward = Webhooks(db, self._wall, Sender(development=not self.settings.production))
        after.start()
        outward.start()
        if day:
            daily.start()
        try:
            with contextlib.suppress(KeyboardInterrupt), self._address_recorded():
                if workers == 1:
                    self._http(db, after, host, port).run()
                else:
                    self._serve_by(workers, db, after, host, port)
        finally:
            outward.stop()
            daily.stop()
            after.stop()

    def _http(self, db: Database, after: Follower, host: str = "", port: int = 0) -> "uvicorn.Server":
        import uvicorn  # only a server needs it

        from open401k.doors.http import create_app

        return uvicorn.Server(
            uvicorn.Config(
                create_app(self._services(db, after=after)),
                host=host,
                port=port,
                log_level="warning",
                timeout_graceful_shutdown=2,
                server_header=False,
            )
        )

    def _serve_by(self, workers: int, db: Database, after: AfterPosting, host: str, port: int) -> None:
        """Workers answer; what follows an answer, the daily round and what is sent outward stay here."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family, backlog=2048) as shared:
            serving = Workers(_work, [self.settings, self.origin, db.url, shared], workers, after.follow)
            try:
                serving.start()
                serving.watch()
            finally:
                serving.stop()

    def work(self, url: str, shared: socket.socket, parent: ToParent) -> None:
        """In a worker: answer what comes in on the socket until the parent ends."""
        collector.look_seldom()
        with Database(url, clock=self._clock(), ids=self._ids(), keyring=self._keyring()) as db:
            server = self._http(db, HandedOn(parent))

            def end() -> None:
                server.should_exit = True

            parent.at_end(end)
            parent.ready()
            server.run(sockets=[shared])

    @contextmanager
    def _address_recorded(self) -> Iterator[None]:
        """Other commands of this data directory make links that lead here; where it is set, they read it themselves."""
        if self.settings.origin is not None:
            yield
            return
        file = self.settings.data_dir / "address"
        file.write_text(f"{os.getpid()} {self.origin}")
        try:
            yield
        finally:
            file.unlink(missing_ok=True)

    def _services(self, db: Database, *, after: Follower | None) -> Services:
        sandbox = None if self.settings.production else SandboxStories(self._sandbox(db), self._wall)
        door = DoorSettings(origin=self.origin, sandbox=sandbox is not None)
        rollovers = self._rollovers(db)
        payroll, day = PayrollStories(db, after), DayStories(db, self._wall, rollovers)
        return Services(
            db, db.clock, self._wall, db.ids, door, payroll, sandbox, VerifyStories(db), day, self._connections(db),
            rollovers,
        )  # fmt: skip

    def _rollovers(self, db: Database) -> RolloverStory | None:
        """Rollovers over our custodian's node, where one is set; what it takes is loaded only then."""
        if told := self.settings.node:
            from open401k.doors.rolling import over

            return over(db, told)
        return None

    def _connections(self, db: Database) -> ConnectionStories:
        """Payroll providers are asked by the machine's clock: their tokens know no sandbox."""
        of_gusto, of_finch = self.settings.of_provider(Provider.GUSTO), self.settings.of_provider(Provider.FINCH)
        known = ProviderSettings()
        if of_gusto:
            url = of_gusto.url or gusto.PRODUCTION
            at_gusto = gusto.Application(of_gusto.client_id, of_gusto.client_secret, url)
            known = replace(known, at_gusto=at_gusto, gusto_webhook_token=of_gusto.webhook_token)
        if of_finch:
            url = of_finch.url or finch_client.PRODUCTION
            at_finch = finch.Application(of_finch.client_id, of_finch.client_secret, url)
            known = replace(known, at_finch=at_finch, finch_webhook_secret=of_finch.webhook_token)
        around = Surroundings(self._wall, lambda wait: time.sleep(wait.total_seconds()), self._random)
        return ConnectionStories(db, settings=known, around=around, origin=self.origin)

    def _sandbox(self, db: Database) -> story.Sandbox:
        if not isinstance(db.clock, SandboxClock):
            raise Open401kError("There is no sandbox clock in production.", fix="Unset OPEN401K_MODE.")
        return story.Sandbox(db, db.clock, SANDBOX)

    def _keyring(self) -> Keyring:
        return Keyring(self.settings.master_keys(self._random), self._random)

    def _ids(self) -> Ids:
        return TimedIds(self._wall, self._random)

    def _clock(self) -> Clock:
        if self.settings.production:
            return self._wall
        return SandboxClock(self.settings.data_dir / "clock", start=story.STARTS_AT, wall=self._wall)

    @contextmanager
    def _server(self) -> Iterator[Urls]:
        """The embedded server, or one's own: by two URLs, or by an administrator's, which makes the two roles."""
        own, owner = self.settings.database_url, self.settings.owner_database_url
        if own is None and self.settings.production:
            raise Open401kError(
                "This is production, and the embedded server is for trying.",
                fix="Set OPEN401K_DATABASE_URL to a server of your own (docs/howto/own-server.md).",
            )
        role = reach(own, setting="OPEN401K_DATABASE_URL") if own else ""
        if own is not None and owner is not None:
            reach(owner, setting="OPEN401K_OWNER_DATABASE_URL")
            yield Urls(superuser="", owner=owner, app=own)
        elif own is not None and role == APP:  # it serves; who migrates has the owner's password
            yield Urls(superuser="", owner="", app=own)
        elif own is not None:
            yield adopt(own, password_file=self.settings.data_dir / "database_roles.json", random=self._random)
        else:
            with EmbeddedServer(self.settings.data_dir / "database") as server:
                yield server.urls

    @contextmanager
    def _database(self) -> Iterator[Database]:
        with ExitStack() as stack:
            urls = stack.enter_context(self._server())
            keyring = self._keyring()
            self._bring_up_to_date(urls, keyring)
            clock = self._clock()
            ids = self._ids()
            collector.look_seldom()
            db = stack.enter_context(Database(urls.app, clock=clock, ids=ids, keyring=keyring))
            keys.refuse_misfits(db, actor=OPENING)
            yield db

    def _bring_up_to_date(self, urls: Urls, keyring: Keyring) -> None:
        """A sandbox migrates itself; in production somebody says when."""
        if not self.settings.production:
            _migrate(urls, keyring)
            return
        with psycopg.connect(urls.app) as conn:
            waiting = pending(conn)
        if waiting:
            raise Open401kError(f"Migrations are pending: {', '.join(waiting)}.", fix="Run: open401k migrate")

    def _erase(self) -> None:
        """Start over: the sandbox's database, clock and keys."""
        EmbeddedServer(self.settings.data_dir / "database").erase()
        for name in ("clock", "clock.new"):
            (self.settings.data_dir / name).unlink(missing_ok=True)
        shutil.rmtree(self.settings.data_dir / "database", ignore_errors=True)


def _work(settings: Settings, origin: str, url: str, shared: socket.socket, parent: ToParent) -> None:
    """A worker process, put together like its parent."""
    Wiring(settings, origin=origin).work(url, shared, parent)


def _migrate(urls: Urls, keyring: Keyring) -> Sequence[str]:
    if not urls.owner:
        raise Open401kError(
            "Migrations run as the role open401k_owner, and OPEN401K_OWNER_DATABASE_URL is not set.",
            fix="Set it for this command (docs/howto/own-server.md); in production a server runs without it.",
        )
    return migrate(urls.owner, signing_key=keyring.signing_key, former_keys=keyring.former_signing_keys)


def _stop(number: int, _: FrameType | None) -> None:
    """A service manager asks to stop: everything is closed on the way out, an embedded PostgreSQL too."""
    signal.signal(number, signal.SIG_IGN)  # once is enough: a second one would leave that half done
    sys.exit(128 + number)


def main() -> None:
    """One command, from settings to exit code (the console script is __main__.py)."""
    signal.signal(signal.SIGTERM, _stop)
    logs.mask_errors()
    try:
        wiring = Wiring(Settings.from_env())
    except Open401kError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    try:
        code = cli.run(wiring)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        sys.stderr.write("\nStopped. What was done stays done; run the command again to go on.\n")
    sys.exit(code)

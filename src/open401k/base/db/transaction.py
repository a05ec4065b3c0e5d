"""One database transaction and the pool it comes from. Not here: starting a server, creating tables.

Row security is on for every transaction: ``begin`` signs the set of tenants the caller may see, for that transaction
only, and ``base.allowed_tenants()`` verifies the signature in the database (ADR-0006).

A round trip to the server costs more than most statements do. What needs no answer of its own (the beginning, a write
that cannot fail to write, the commit) waits for the next statement and goes to the server together with it.
"""

import select
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.adapt import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.json import JsonbDumper
from psycopg.types.uuid import UUIDBinaryDumper, UUIDDumper
from psycopg_pool import ConnectionPool

from open401k.kernel import Clock, Id, Ids, SponsorId

from ..faults import fault
from ..secrets import Keyring
from .kept import Kept

Params = Sequence[Any] | Mapping[str, Any]
_CONNECTION = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and why: what the audit trail says about it."""

    kind: str
    id: str
    why: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("user", "api_key", "system"):
            raise ValueError(f"an actor is a user, an api_key or the system, not {self.kind!r}")


class RolledBackError(Exception):
    """Whoever caught an error of the database inside a transaction went on in vain: nothing of it was committed."""

    def __init__(self) -> None:
        super().__init__(
            "A statement of this transaction failed and the error was caught inside its block, so PostgreSQL undid all "
            "that the transaction wrote. Let the error leave the block, or put what may fail into tx.savepoint()."
        )


class AllTenants:
    """Every tenant: for operations and for jobs that sweep the book. The database checks that it was signed, too."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ALL_TENANTS"


ALL_TENANTS: Final = AllTenants()

#: People of all rosters that a process keeps, some 1 KB each; a larger plan's is read anew, so that memory stays flat.
MOST_KEPT: Final = 50_000


_BEGINNING = 2  # statements


@dataclass(slots=True)
class Tx:
    """One transaction as the application's role. Everything that writes takes it as its first argument."""

    now: datetime
    actor: Actor
    ids: Ids
    keyring: Keyring
    _conn: _CONNECTION
    #: What holds within this transaction only, and is forgotten with it.
    cache: dict[Any, Any] = field(default_factory=dict)
    #: Read once more when the tenant's head is locked (base/heads.py), and nowhere else.
    clock: Clock | None = None
    #: What outlives the transaction, each value with its edition; None for who has to read everything again.
    kept: Kept | None = None
    #: Whether it reads one snapshot: what others commit meanwhile does not exist here, and nothing can be written.
    snapshot: bool = False
    #: Statements that go to the server with the next one.
    _waiting: list[tuple[LiteralString, Params]] = field(default_factory=list)

    @property
    def conn(self) -> _CONNECTION:
        """The connection itself; what waited has gone to the server."""
        if self._waiting:
            self._together()
        return self._conn

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What the block writes stays or goes together: an exception undoes it, and forgets what was known of it."""
        with self.conn.transaction():
            known = dict(self.cache)
            try:
                yield
            except BaseException:
                self._waiting.clear()
                self.cache = known
                raise
            if self._waiting:
                self._together()

    def rows(self, sql: LiteralString, params: Params = (), *, binary: bool = False) -> list[tuple[Any, ...]]:
        """Every row of a query; ``binary`` as in :meth:`maybe`."""
        return self._execute(sql, params, binary=binary).fetchall()

    def rows_by_hashing(
        self, sql: LiteralString, params: Params = (), *, binary: bool = False
    ) -> list[tuple[Any, ...]]:
        """The same, planned without nested loops: for joins of lists whose lengths the planner does not know.

        A new tenant is not in its statistics yet, and of an array parameter it knows no length: it takes thousands for
        a handful, and a loop over both sides is quadratic (measured: 3,000 lines in 1 s instead of 30 ms). ``binary``
        as in :meth:`maybe`.
        """
        return self._hashed(sql, params, binary).fetchall()

    def each_by_hashing(
        self, sql: LiteralString, params: Params = (), *, binary: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of :meth:`rows_by_hashing` one after the other, each made when it is looked at."""
        yield from self._hashed(sql, params, binary)

    def _hashed(self, sql: LiteralString, params: Params, binary: bool) -> psycopg.Cursor[tuple[Any, ...]]:
        self.send("set local enable_nestloop = off")
        found = self._execute(sql, params, binary=binary)
        self.send("set local enable_nestloop to default")
        return found

    def each(self, sql: LiteralString, params: Params = (), *, binary: bool = False) -> Iterator[tuple[Any, ...]]:
        """Every row of a query while they arrive, for answers too long to be held; nothing else is asked until the end.

        It is planned anew each time, which :meth:`rows` is not. ``binary`` as in :meth:`maybe`.
        """
        with self.conn.cursor() as cursor:
            yield from cursor.stream(sql, params, binary=binary)

    def maybe(self, sql: LiteralString, params: Params = (), *, binary: bool = False) -> tuple[Any, ...] | None:
        """The first row, if there is one; ``binary`` for long bytes, which as text are twice as long."""
        return self._execute(sql, params, binary=binary).fetchone()

    def one(self, sql: LiteralString, params: Params = (), *, binary: bool = False) -> tuple[Any, ...]:
        """The one row that must exist; none is a bug."""
        row = self.maybe(sql, params, binary=binary)
        if row is None:
            raise LookupError(f"no row: {' '.join(sql.split())}")
        return row

    def run(self, sql: LiteralString, params: Params = ()) -> int:
        """Carry out a statement; returns the number of rows it touched."""
        return self._execute(sql, params).rowcount

    def send(self, sql: LiteralString, params: Params = ()) -> None:
        """Carry out a statement without an answer of its own, together with the next one or with the commit.

        Where the database refuses it, that one raises: not for a statement whose refusal somebody waits for. Nothing in
        ``params`` may change afterwards.
        """
        self._waiting.append((sql, params))

    def begin(self, signed_tenants: str) -> None:
        """For :meth:`Database.begin`, which begins it once: the tenants are signed for this transaction only."""
        self.send("begin isolation level repeatable read, read only" if self.snapshot else "begin")
        self.send("select set_config('open401k.tenants', %s, true)", [signed_tenants])
        if self.snapshot:  # it is that of the first statement
            self._together()

    def commit(self) -> None:
        """For :meth:`Database.begin`, which ends it once; one of which the server never heard needs no end."""
        status = self._conn.info.transaction_status
        if status is TransactionStatus.INERROR:  # the server would answer a commit with a rollback, and no error
            raise RolledBackError
        if status is not TransactionStatus.IDLE or len(self._waiting) > _BEGINNING:
            self.send("commit")
            self._together()

    def _execute(self, sql: LiteralString, params: Params, *, binary: bool = False) -> psycopg.Cursor[tuple[Any, ...]]:
        if not self._waiting:
            return self._conn.execute(sql, params, binary=binary)
        self.send(sql, params)
        return self._together(binary=binary)

    def _together(self, *, binary: bool = False) -> psycopg.Cursor[tuple[Any, ...]]:
        """What waits goes to the server in one round trip; returns the cursor of the last statement."""
        *before, (sql, params) = self._waiting
        self._waiting.clear()
        with self._conn.pipeline():
            for each, values in before:
                self._conn.execute(each, values)
            return self._conn.execute(sql, params, binary=binary)


class Database:
    """Transactions on one PostgreSQL database, as the application's role."""

    def __init__(self, url: str, *, clock: Clock, ids: Ids, keyring: Keyring, connections: int = 10) -> None:
        self.clock = clock
        self.ids = ids
        self.keyring = keyring
        self.url = url
        #: What outlives transactions; every one is given it.
        self.kept: Final = Kept(MOST_KEPT)
        self._pool: ConnectionPool[_CONNECTION] = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            timeout=30,
            kwargs={"options": "-c timezone=UTC", "application_name": "open401k"},
            configure=self._configure,
            check=_check,
        )

    def __enter__(self) -> "Database":
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; transactions under way end first."""
        self._pool.close()

    def _configure(self, conn: _CONNECTION) -> None:
        _configure(conn)
        self.kept.forget()

    @contextmanager
    def begin(self, actor: Actor, *, tenants: Iterable[SponsorId] | AllTenants, snapshot: bool = False) -> Iterator[Tx]:
        """A transaction that sees only ``tenants``: committed at the end of the block, rolled back by an exception.

        An error of the database undoes it where it is caught inside the block, too: leaving that raises another.
        ``snapshot``: it only reads, and reads the database as it was at its beginning, however long it takes.
        """
        chosen = "*" if isinstance(tenants, AllTenants) else ",".join(tenant.uuid.hex for tenant in tenants)
        self._pool.open()
        with self._pool.connection() as conn:
            tx = Tx(
                now=self.clock.now(),
                actor=actor,
                ids=self.ids,
                keyring=self.keyring,
                clock=self.clock,
                kept=self.kept,
                snapshot=snapshot,
                _conn=conn,
            )
            tx.begin(self.keyring.sign_tenants(chosen))
            yield tx
            fault("base.before_commit")
            tx.commit()
        fault("base.after_commit")


class _IdDumper(UUIDDumper):
    """A typed id as a uuid, in text."""

    def dump(self, obj: Any) -> Buffer | None:
        return super().dump(obj.uuid)


class _IdBinaryDumper(UUIDBinaryDumper):
    """A typed id as a uuid, in binary."""

    def dump(self, obj: Any) -> Buffer | None:
        return super().dump(obj.uuid)


def _check(conn: _CONNECTION) -> None:
    """Ask an idle connection's server only if it has something to say: it does when it ends the connection."""
    told = select.poll()
    told.register(conn.pgconn.socket, select.POLLIN)
    if told.poll(0):
        ConnectionPool.check_connection(conn)


def _configure(conn: _CONNECTION) -> None:
    conn.autocommit = True  # a transaction is begun and ended by statements of ours (Tx), not by the driver
    # Every statement is one of ours, and a payroll has more of them than the driver keeps prepared by itself: prepared
    # at once and kept, since connections take turns and each would come to its fifth use late.
    conn.prepare_threshold = 0
    conn.prepared_max = 1_000
    conn.adapters.register_dumper(Id, _IdDumper)
    conn.adapters.register_dumper(Id, _IdBinaryDumper)
    conn.adapters.register_dumper(dict, JsonbDumper)

"""Case files in a node's own PostgreSQL database, one transaction a unit. Not here: SQL (_store), deciding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from open401k.base.db import migrate_schema

from ..chain.interface import Head
from . import _said_store, _store
from .cases import Case, ChangedError, Message, Posting, Raised, State, Unit, Way
from .core import Side, SilentError
from .locking import Locked, in_order
from .said import Said


def migrate(url: str) -> list[str]:
    """Bring a node's database to the newest version; the names of the migrations applied."""
    return migrate_schema(url, package=__package__ or "", schema="node")


@dataclass
class KeptCases:
    """Case files in the database at ``url``; a connection that broke is made anew by the next transaction."""

    url: str
    _conn: _store.Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        with self.connected() as conn:
            yield KeptUnit(conn)

    def to_follow(self) -> Sequence[str]:
        with self.connected() as conn:
            return _store.to_follow(conn)

    @contextmanager
    def connected(self) -> Iterator[_store.Connection]:
        """A transaction for other tables of this database."""
        conn = self._open()
        try:
            with conn.transaction():
                yield conn
        except psycopg.OperationalError as why:
            raise SilentError(f"the node's database: {why}") from why

    def close(self) -> None:
        """Give the connection back."""
        if self._conn is not None:
            self._conn.close()

    def _open(self) -> _store.Connection:
        if self._conn is None or self._conn.closed:
            try:
                self._conn = psycopg.connect(self.url, autocommit=True)
            except psycopg.OperationalError as why:
                raise SilentError(f"the node's database: {why}") from why
        return self._conn


@dataclass
class KeptUnit:
    """One transaction. Before it reads a case to change it, or writes of one, that case's family is locked."""

    conn: _store.Connection
    _locked: Locked = field(default_factory=Locked, init=False, repr=False)

    def hold(self, *cases: str) -> None:
        first = {case: _store.first_of(self.conn, case) for case in set(cases) - self._locked.cases}
        for family in in_order(each for each in first.values() if each is not None):
            self._hold(family)
        self._locked.cases.update(case for case, family in first.items() if family is not None)

    def _hold(self, case: str) -> None:
        """The family of this case, if there is such a case."""
        if case in self._locked.cases:
            return
        family = case if _store.lock_if_first(self.conn, case) else _store.first_of(self.conn, case)
        if family is None:
            return
        if family != case:
            _store.lock_if_first(self.conn, family)
        self._locked.note(case, family)

    def case(self, case: str) -> Case:
        self._hold(case)
        found = _store.case(self.conn, case)
        if found is None:
            raise LookupError(f"no case {case}")
        return found

    def case_of(self, rollover: bytes, side: Side) -> str | None:
        return _store.case_of_rollover(self.conn, rollover, side)

    def returns_of(self, case: str) -> Sequence[tuple[str, State]]:
        return _store.returns_of(self.conn, case)

    def add(self, case: Case) -> None:
        if case.parent is not None:
            self._hold(case.parent)
        try:
            with self.conn.transaction():
                if not _store.insert_case(self.conn, case):
                    raise ValueError(f"there is a case {case.id} already")
        except psycopg.errors.UniqueViolation as why:
            raise ValueError(f"there is a case of this rollover and side already: {why}") from why
        self._locked.began(case.id)

    def change(self, before: Case, after: Case) -> None:
        self._hold(before.id)
        if _store.case(self.conn, before.id) != before:
            raise ChangedError(before.id)
        if after.agreed != before.agreed:
            if before.agreed is not None or after.agreed is None:
                raise ValueError(f"the exact terms of case {before.id} are agreed once")
            try:
                with self.conn.transaction():
                    _store.write_agreed(self.conn, after.id, after.agreed)
            except psycopg.errors.UniqueViolation as why:
                raise ValueError(f"there is a case of this rollover and side already: {why}") from why
        _store.update_case(self.conn, after)

    def note_hold(self, case: Case, reference: str) -> None:
        if case.agreed is None:
            raise ValueError(f"case {case.id} has no exact terms")
        _store.insert_hold(self.conn, case.agreed.rollover, case.side, reference)

    def note_posting(self, posting: Posting) -> None:
        found = _store.insert_posting(self.conn, posting)
        if found != posting:
            raise ValueError(f"leg {posting.leg} was booked otherwise: {found}")

    def put_out(self, message: Message) -> None:
        self._hold(message.case)
        _store.insert_message(self.conn, message)

    def mark(self, message: Message) -> None:
        self._hold(message.case)
        _store.update_message(self.conn, message)

    def raise_(self, raised: Raised) -> bool:
        self._hold(raised.case)
        return _store.insert_raised(self.conn, raised)

    def resolve(self, case: str, code: int, *, paid_by: str = "") -> None:
        self._hold(case)
        _store.close_raised(self.conn, case, code, paid_by)

    def note_said(self, case: str, said: Said) -> None:
        self._hold(case)
        _said_store.insert(self.conn, case, said)

    def said(self, case: str | None = None) -> Sequence[Said]:
        return _said_store.said(self.conn, case)

    def note_off_rail(self, case: str, way: Way, reference: str) -> None:
        self._hold(case)
        _store.insert_off_rail(self.conn, case, way, reference)
        found = _store.off_rail(self.conn, case)
        if found != (way, reference):
            raise ValueError(f"case {case} was closed otherwise: {found}")

    def off_rail(self, case: str) -> tuple[Way, str] | None:
        return _store.off_rail(self.conn, case)

    def cursor(self) -> Head | None:
        return _store.cursor(self.conn)

    def set_cursor(self, block: Head) -> None:
        _store.write_cursor(self.conn, block)

    def outbox(self, case: str) -> Sequence[Message]:
        return _store.outbox(self.conn, case)

    def postings(self, case: str) -> Sequence[Posting]:
        agreed = self.case(case).agreed
        return _store.postings(self.conn, agreed.rollover) if agreed else []

    def raised(self, case: str | None = None) -> Sequence[Raised]:
        return _store.raised(self.conn, case)

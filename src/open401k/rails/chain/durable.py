"""An embedded chain in a PostgreSQL database of its own: a block, its events and its state are committed together.

One process writes: it holds an advisory lock as long as its connection lives, so that who lost the one has lost the
other. A restart reads the head and goes on; nothing is replayed. Not here: SQL (_store.py), the chain (embedded.py).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg

from open401k.base.db import migrate_schema
from open401k.base.faults import fault
from open401k.kernel import Open401kError

from . import _store
from .embedded import EmbeddedChain
from .interface import Log
from .keeping import Made
from .keys_and_values import KeysAndValues

#: Bytes of keys and values that a process keeps read. What every block reads, both tries' upper levels, is 4 MiB.
CACHED = 32 * 2**20
_ENTRY = 200  # what an entry of the cache takes besides its bytes


class DurableStore(KeysAndValues):
    """py-evm's keys and values, and their keeper. What it wrote is its own until the block is kept."""

    def __init__(self, connect: Callable[[], _store.Connection], *, cached: int = CACHED, writes: bool = True) -> None:
        super().__init__()
        self._connect, self._writes = connect, writes
        self._conn: _store.Connection | None = None
        self._is_closed = False
        self._read: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        self._most = cached

    @property
    def conn(self) -> _store.Connection:
        """The one connection that writes; made anew, with nothing believed of before, where it was lost."""
        if self._is_closed:
            raise Open401kError("This chain was closed.", fix="Open it again; until then another process may write it.")
        if self._conn is None or self._conn.closed:
            if self._written:  # half of a block: the rest would not fit
                raise Open401kError("The chain's database was lost while a block was made.", fix="Send it again.")
            self._forget()
            conn = self._connect()
            if self._writes and not _store.take_turn(conn):
                conn.close()
                raise Open401kError(
                    "Another process writes this chain.", fix="Stop it first; all others ask it over JSON-RPC."
                )
            self._conn = conn
        return self._conn

    def close(self) -> None:
        """Let another process write; nothing is read from here afterwards."""
        self._is_closed = True
        if self._conn is not None:
            self._conn.close()
        self._forget()

    # ---- keys and values

    def __getitem__(self, key: bytes) -> bytes:
        if key in self._written:
            written = self._written[key]
            if written is None:
                raise KeyError(key)
            return written
        known = self._read.get(key)
        if known is not None:
            self._read.move_to_end(key)
            return known
        found = self._asked(key)
        if found is None:
            raise KeyError(key)
        self._remember(key, found)
        return found

    def _asked(self, key: bytes) -> bytes | None:
        try:
            return _store.value(self.conn, key)
        except psycopg.OperationalError:
            if self._written or self._conn is None or not self._conn.closed:
                raise
            return _store.value(self.conn, key)

    def __delitem__(self, key: bytes) -> None:
        if not self._exists(key):
            raise KeyError(key)
        self._written[key] = None

    # ---- as a keeper

    def keep(self, made: Made) -> None:
        """Commit the block with all that was written; afterwards it is read without asking again."""
        put = self._put()
        gone = [key for key, value in self._written.items() if value is None]
        conn = self.conn
        if not self._writes:
            raise AssertionError("this one only reads")
        with conn.pipeline(), conn.transaction():
            _store.put(conn, put)
            if gone:
                _store.remove(conn, gone)
            fault("rails.chain.between_state_and_block")
            _store.add_block(conn, made)
            fault("rails.chain.before_commit")
        fault("rails.chain.after_commit")
        self._written.clear()
        for key in gone:
            self._size -= self._weight(key, self._read.pop(key)) if key in self._read else 0
        for key, value in put.items():
            self._remember(key, value)

    def undo(self) -> None:
        """What was written is forgotten; and what was read, too, where nobody knows whether it was committed."""
        self._written.clear()
        if self._conn is not None and self._conn.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._conn.close()
            self._forget()

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]:
        return _store.events(self.conn, from_block, to_block, addresses)

    def output(self, tx_hash: bytes) -> bytes:
        return _store.output(self.conn, tx_hash) or b""

    def contracts(self) -> dict[str, bytes]:
        """What the chain was begun with: addresses by name."""
        return _store.contracts(self.conn)

    def add_contract(self, name: str, address: bytes) -> None:
        """One more of them."""
        _store.add_contract(self.conn, name, address)

    def named_in(self, rollover: bytes) -> list[bytes]:
        """Transactions whose events name this rollover, the last first."""
        return _store.found_in(self.conn, rollover)

    def _remember(self, key: bytes, value: bytes) -> None:
        if key in self._read:
            self._size -= self._weight(key, self._read.pop(key))
        self._read[key] = value
        self._size += self._weight(key, value)
        while self._size > self._most:
            self._size -= self._weight(*self._read.popitem(last=False))

    @staticmethod
    def _weight(key: bytes, value: bytes) -> int:
        return len(key) + len(value) + _ENTRY

    def _forget(self) -> None:
        self._written.clear()
        self._read.clear()
        self._size = 0


class DurableChain(EmbeddedChain):
    """An embedded chain that knows which contracts it was begun with."""

    def __init__(self, kept: DurableStore, *, chain_id: int, now: Callable[[], int], begun_at: int) -> None:
        super().__init__(kept, chain_id=chain_id, now=now, begun_at=begun_at, keeper=kept)
        self.kept = kept


def prepare(url: str) -> list[str]:
    """Make the tables of this version in a database of the operator's; the names of the migrations applied."""
    return migrate_schema(url, package=__package__ or "", schema="chain")


@contextmanager
def asked_chain(url: str) -> Iterator[DurableChain]:
    """The chain of a database, only to be asked, also while another process writes it."""
    with psycopg.connect(url, autocommit=True) as conn:
        store = DurableStore(lambda: conn, writes=False)
        known = _store.identity(conn)
        if known is None or _store.head(conn) is None:
            raise _no_chain()
        yield DurableChain(store, chain_id=known[0], now=lambda: 0, begun_at=known[1])


@contextmanager
def durable_chain(
    url: str, *, now: Callable[[], int], chain_id: int | None = None, begun_at: int = 0, cached: int = CACHED
) -> Iterator[DurableChain]:
    """The chain of a prepared database, its only writer while the block lasts.

    With ``chain_id`` one is begun where there is none; where there is one, it must be of this number, as signatures are
    for one chain only.
    """
    store = DurableStore(lambda: psycopg.connect(url, autocommit=True, options="-c timezone=UTC"), cached=cached)
    try:
        known = _store.identity(store.conn)
        if known is None:
            if chain_id is None:
                raise _no_chain()
            known = chain_id, begun_at
            _store.identify(store.conn, *known)
        if chain_id not in (None, known[0]):
            raise Open401kError(
                f"This database holds chain {known[0]}, not {chain_id}.", fix="Give its number, or another database."
            )
        yield DurableChain(store, chain_id=known[0], now=now, begun_at=known[1])
    finally:
        store.close()


def _no_chain() -> Open401kError:
    return Open401kError("There is no chain in this database.", fix="Begin one: open401k chain init")

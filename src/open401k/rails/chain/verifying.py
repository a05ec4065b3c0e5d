"""Is a durable chain what its transactions make of it? Everything is computed again from the first block and compared.

Each stored transaction is executed on a fresh chain; every head, state root, event and byte that it writes is compared
with what is stored. Memory stays flat: what was found equal is read from the store. Not here: one rollover for others
(proofs.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import rlp
from eth.constants import BLANK_ROOT_HASH
from eth.db.schema import SchemaV1
from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from . import _store
from .depth import keep_depth
from .embedded import EmbeddedChain
from .interface import Head, Log
from .keeping import Made
from .keys_and_values import KeysAndValues
from .tries import BrokenError, header_fields, proved

keep_depth()

#: What is written anew by each block; compared when the last one was made.
_MOVING = {
    SchemaV1.make_canonical_head_hash_lookup_key(),
    SchemaV1.make_header_chain_gaps_lookup_key(),
    SchemaV1.make_chain_gaps_lookup_key(),
}
_RECENT = 4  # blocks whose places are kept: a block asks for its parent's


@dataclass(frozen=True, slots=True)
class Damage:
    """What is not as the transactions make it, and at which block that was seen."""

    block: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The last block, how many blocks and keys were compared, and the first damage, if there is any."""

    head: Head | None
    blocks: int
    keys: int
    damage: Damage | None


class _DamagedError(Exception):
    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class _Compared(KeysAndValues):
    """What the fresh chain writes, compared with what is stored; also its keeper."""

    def __init__(self, conn: _store.Connection) -> None:
        super().__init__()
        self._conn = conn
        self._recent: deque[dict[bytes, bytes]] = deque(maxlen=_RECENT)
        self.moving: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        written = self._written.get(key)
        if written is not None:
            return written
        for known in (self.moving, *reversed(self._recent)):
            if key in known:
                return known[key]
        stored = _store.value(self._conn, key) if len(key) == 32 else None
        if stored is None:
            raise KeyError(key)
        return stored

    def __delitem__(self, key: bytes) -> None:
        raise AssertionError(f"a chain that only grows takes nothing away: {key.hex()}")

    def keep(self, made: Made) -> None:
        """A block was made: everything of it is compared."""
        put = self._put()
        self.moving |= {key: value for key, value in put.items() if key in _MOVING}
        lasting = {key: value for key, value in put.items() if key not in _MOVING}
        self._compare(lasting)
        self._compare_row(made)
        self._recent.append({key: value for key, value in lasting.items() if len(key) != 32})
        self._recent[-1] |= {key: value for key, value in lasting.items() if len(key) == 32}
        _store.note_written(self._conn, [*put])
        self._written.clear()

    def compare_moving(self) -> None:
        self._compare(self.moving)

    def undo(self) -> None:
        self._written.clear()

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log] | None:  # noqa: ARG002
        return None

    def output(self, tx_hash: bytes) -> bytes:  # noqa: ARG002
        return b""

    def _compare(self, written: dict[bytes, bytes]) -> None:
        stored = _store.values(self._conn, [*written])
        for key, value in written.items():
            if key not in stored:
                raise _DamagedError(f"{_named(key)} is missing")
            if stored[key] != value:
                raise _DamagedError(f"{_named(key)} holds other bytes")

    def _compare_row(self, made: Made) -> None:
        row, receipt = _store.block(self._conn, made.head.number), made.receipt
        is_done, gas, contract = (receipt.is_done, receipt.gas, receipt.contract) if receipt else (True, 0, None)
        expected = (
            made.head.hash, made.state_root, made.head.time, receipt.tx_hash if receipt else None, is_done, gas,
            contract, receipt.output if receipt else b"",
        )  # fmt: skip
        names = ("hash", "state root", "time", "transaction", "outcome", "gas", "contract", "reason")
        for name, stored, told in zip(names, row or (None,) * 8, expected, strict=True):
            if stored != told:
                raise _DamagedError(f"the row of the block tells another {name}")
        events = _store.events(self._conn, made.head.number, made.head.number, None)
        if tuple(events) != (receipt.logs if receipt else ()):
            raise _DamagedError("the events of the block are others")


def verify(conn: _store.Connection, *, told: Callable[[int], None] = lambda _: None) -> Verified:
    """Compute the chain of this database again and compare; ``told`` hears of each block. Stops at the first damage.

    ``conn`` reads one snapshot: a chain that is served goes on meanwhile.
    """
    with conn.transaction():
        _store.begin_reading(conn)
        known = _store.identity(conn)
        head = _store.head(conn) if known else None
        if known is None or head is None:
            raise Open401kError("There is no chain in this database.", fix="Begin one: open401k chain init")
        compared, number = _Compared(conn), 0
        try:
            for number in _replayed(conn, compared, known, head.number):
                told(number)
            compared.compare_moving()
            extra = _store.unwritten(conn)
            if extra:
                raise _DamagedError(f"{_named(extra[0])} was written by no block")
        except _DamagedError as why:
            return Verified(head, number, 0, Damage(number, why.what))
        return Verified(head, *_store.blocks_and_keys(conn), None)


def _replayed(conn: _store.Connection, compared: _Compared, known: tuple[int, int], last: int) -> Iterator[int]:
    """Make block after block; each number before it is made."""
    times = [0]
    yield 0
    chain = EmbeddedChain(compared, chain_id=known[0], now=lambda: times[0], begun_at=known[1], keeper=compared)
    for number in range(1, last + 1):
        yield number
        times[0], raw = _stored(conn, number)
        try:
            made = chain.tick() if raw is None else chain.send_raw([raw])[0].block
        except ValueError as why:
            raise _DamagedError(f"its transaction is none that this chain takes: {why}") from why
        if made.number != number:
            raise _DamagedError("its transaction is in an earlier block")
    for name, address in _store.contracts(conn).items():
        if not chain.code(address):
            raise _DamagedError(f"the contract {name} is not at 0x{address.hex()}")


def _stored(conn: _store.Connection, number: int) -> tuple[int, bytes | None]:
    """The time and the transaction of a stored block, if it has one."""
    row = _store.block(conn, number)
    if row is None:
        raise _DamagedError("the row of the block is missing")
    try:
        fields = header_fields(_whole(conn, row[0]))
    except BrokenError as why:
        raise _DamagedError("the row of the block tells another hash: no header is stored under it") from why
    time = int.from_bytes(fields[11], "big")
    if fields[4] == BLANK_ROOT_HASH:
        return time, None
    try:
        return time, proved(fields[4], rlp.encode(0), [_whole(conn, fields[4])])
    except BrokenError as why:
        raise _DamagedError("its transaction is not where its header says") from why


def _whole(conn: _store.Connection, key: bytes) -> bytes:
    """What is stored under its own hash."""
    found = _store.value(conn, key)
    if found is None:
        raise _DamagedError(f"{_named(key)} is missing")
    if keccak(found) != key:
        raise _DamagedError(f"{_named(key)} holds other bytes")
    return found


def _named(key: bytes) -> str:
    if len(key) == 32:
        return f"what is stored under its hash 0x{key.hex()}"
    words = key.split(b":")[0].decode(errors="replace")
    return f"the place {words} (0x{key.hex()})"

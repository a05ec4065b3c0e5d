"""All SQL of a durable chain: keys and values, blocks, events, who writes. Not here: when (durable.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg.errors import LockNotAvailable

from .interface import Head, Log
from .keeping import Made

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
_WRITER = 4_010_402  # advisory: one process writes
_PATIENCE = "10s"  # for the turn of a process that has ended


def take_turn(conn: Connection) -> bool:
    """Whether this connection is now the one that writes; it is until it closes.

    It waits for some seconds: of a process that was killed a moment ago PostgreSQL may not know yet that it is gone.
    """
    conn.execute("select set_config('lock_timeout', %s, false)", [_PATIENCE])
    try:
        conn.execute("select pg_advisory_lock(%s)", [_WRITER])
    except LockNotAvailable:
        return False
    conn.execute("reset lock_timeout")
    return True


def identity(conn: Connection) -> tuple[int, int] | None:
    """The chain's number and when it began; None where there is none, or no table for it."""
    if conn.execute("select to_regclass('chain.identity')").fetchone() == (None,):
        return None
    row = conn.execute("select chain_id, begun_at from chain.identity").fetchone()
    return (row[0], row[1]) if row else None


def identify(conn: Connection, chain_id: int, begun_at: int) -> None:
    """Begin the one chain of this database."""
    conn.execute("insert into chain.identity (chain_id, begun_at) values (%s, %s)", [chain_id, begun_at])


def value(conn: Connection, key: bytes) -> bytes | None:
    """What is under a key."""
    row = conn.execute("select v from chain.kv where k = %b", [key], binary=True).fetchone()
    return row[0] if row else None


def values(conn: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    """What is under these, as far as there is something."""
    found = conn.execute("select k, v from chain.kv where k = any(%b::bytea[])", [list(keys)], binary=True)
    return dict(found.fetchall())


def put(conn: Connection, changed: Mapping[bytes, bytes]) -> None:
    """Write keys, new or known."""
    conn.execute(
        """
        insert into chain.kv (k, v)
        select k, v from unnest(%b::bytea[], %b::bytea[]) as given (k, v)
        on conflict (k) do update set v = excluded.v
        """,
        [list(changed.keys()), list(changed.values())],
    )


def remove(conn: Connection, keys: Sequence[bytes]) -> None:
    """Take keys away."""
    conn.execute("delete from chain.kv where k = any(%b::bytea[])", [list(keys)])


def add_block(conn: Connection, made: Made) -> None:
    """The next block with its events."""
    receipt = made.receipt
    conn.execute(
        """
        insert into chain.block (number, hash, state_root, time, tx_hash, is_done, gas, contract, output)
        values (%s, %b, %b, %s, %b, %s, %s, %b, %b)
        """,
        [
            made.head.number, made.head.hash, made.state_root, made.head.time,
            receipt.tx_hash if receipt else None, receipt.is_done if receipt else True, receipt.gas if receipt else 0,
            receipt.contract if receipt else None, receipt.output if receipt else b"",
        ],
    )  # fmt: skip
    for place, log in enumerate(receipt.logs if receipt else ()):
        conn.execute(
            "insert into chain.event (block, place, address, topics, data) values (%s, %s, %b, %b::bytea[], %b)",
            [made.head.number, place, log.address, list(log.topics), log.data],
        )


def block(conn: Connection, number: int) -> tuple[Any, ...] | None:
    """Hash, state root, time, transaction, outcome, gas, contract, output."""
    return conn.execute(
        """
        select hash, state_root, time, tx_hash, is_done, gas, contract, output
        from chain.block
        where number = %s
        """,
        [number],
        binary=True,
    ).fetchone()


def head(conn: Connection) -> Head | None:
    """The last block."""
    row = conn.execute("select number, hash, time from chain.block order by number desc limit 1").fetchone()
    return Head(row[0], bytes(row[1]), row[2]) if row else None


def output(conn: Connection, tx_hash: bytes) -> bytes | None:
    """Why a transaction failed."""
    row = conn.execute("select output from chain.block where tx_hash = %b", [tx_hash], binary=True).fetchone()
    return row[0] if row else None


def events(conn: Connection, from_block: int, to_block: int, addresses: Sequence[bytes] | None) -> list[Log]:
    """In order; of all contracts if none is named."""
    rows = conn.execute(
        """
        select e.address, e.topics, e.data, e.block, b.tx_hash
        from chain.event as e
        join chain.block as b on b.number = e.block
        where e.block between %s and %s and (%b::bytea[] is null or e.address = any(%b::bytea[]))
        order by e.block, e.place
        """,
        [from_block, to_block, *([None if addresses is None else list(addresses)] * 2)],
        binary=True,
    ).fetchall()
    return [Log(address, tuple(topics), data, number, tx_hash) for address, topics, data, number, tx_hash in rows]


def blocks_and_keys(conn: Connection) -> tuple[int, int]:
    """How many there are."""
    row = conn.execute("select (select count(*) from chain.block), (select count(*) from chain.kv)").fetchone()
    return (row[0], row[1]) if row else (0, 0)


def disk_bytes(conn: Connection) -> int:
    """What tables and indexes of the chain take."""
    row = conn.execute(
        """
        select sum(pg_total_relation_size(c.oid))::bigint
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'chain' and c.relkind = 'r'
        """
    ).fetchone()
    return int(row[0]) if row else 0


def every_key(conn: Connection) -> Iterator[tuple[bytes, bytes]]:
    """All keys and values while they arrive."""
    with conn.cursor() as cursor:
        yield from cursor.stream("select k, v from chain.kv", binary=True)


def contracts(conn: Connection) -> dict[str, bytes]:
    """What the chain was begun with: addresses by name."""
    return dict(conn.execute("select name, address from chain.contract", binary=True).fetchall())


def add_contract(conn: Connection, name: str, address: bytes) -> None:
    """One more of them."""
    conn.execute("insert into chain.contract (name, address) values (%s, %b)", [name, address])


def begin_reading(conn: Connection) -> None:
    """One snapshot for this transaction, and a list of what a replay wrote; nothing of the chain's is changed."""
    conn.execute("set transaction isolation level repeatable read")
    conn.execute("create temporary table written (k bytea primary key) on commit drop")


def note_written(conn: Connection, keys: Sequence[bytes]) -> None:
    """Keys that the replay wrote."""
    conn.execute(
        """
        insert into written (k)
        select k from unnest(%b::bytea[]) as given (k)
        on conflict (k) do nothing
        """,
        [list(keys)],
    )


def unwritten(conn: Connection) -> list[bytes]:
    """Some of the keys that are stored and that the replay did not write."""
    rows = conn.execute(
        """
        select kv.k
        from chain.kv
        where not exists (select from written where written.k = kv.k)
        order by kv.k
        limit 5
        """,
        binary=True,
    ).fetchall()
    return [row[0] for row in rows]


def found_in(conn: Connection, rollover: bytes) -> list[bytes]:
    """Transactions whose events name this rollover, the last first."""
    rows = conn.execute(
        """
        select distinct b.number, b.tx_hash
        from chain.event as e
        join chain.block as b on b.number = e.block
        where %b = any(e.topics) or position(%b::bytea in e.data) > 0
        order by b.number desc
        """,
        [rollover, rollover],
        binary=True,
    ).fetchall()
    return [row[1] for row in rows]

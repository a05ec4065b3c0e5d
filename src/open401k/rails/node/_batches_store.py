"""The SQL of batches in a node's own database."""

from __future__ import annotations

from typing import Any, LiteralString

from ._store import Connection
from .batching import LIVE, Batch, Stage

_ROW: LiteralString = "peer, reference, first, second, token, deadline, ids, stage, signed_first, signed_second"


def insert(conn: Connection, row: Batch) -> bool:
    """False if there is one of this member and reference."""
    made = conn.execute(
        f"""
        insert into node.batch ({_ROW})
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [
            row.peer, row.reference, row.first, row.second, row.token, row.deadline, list(row.ids), row.stage,
            row.signed_first, row.signed_second,
        ],
    )  # fmt: skip
    return bool(made.rowcount)


def update(conn: Connection, row: Batch) -> None:
    """Where it stands, and who signed."""
    conn.execute(
        """
        update node.batch
        set stage = %s, signed_first = %s, signed_second = %s
        where peer = %s and reference = %s
        """,
        [row.stage, row.signed_first, row.signed_second, row.peer, row.reference],
    )


def batch(conn: Connection, peer: bytes, reference: bytes) -> Batch | None:
    """Locked until the transaction ends."""
    row = conn.execute(
        f"""
        select {_ROW}
        from node.batch
        where peer = %s and reference = %s
        for update
        """,
        [peer, reference],
        binary=True,
    ).fetchone()
    return _batch(row) if row else None


def live(conn: Connection) -> list[Batch]:
    """Those that are not over."""
    rows = conn.execute(
        f"""
        select {_ROW}
        from node.batch
        where stage = any (%s)
        order by deadline, reference
        """,
        [[str(stage) for stage in LIVE]],
        binary=True,
    ).fetchall()
    return [_batch(row) for row in rows]


def settled(conn: Connection, rollover: bytes) -> Batch | None:
    """The one that settled a rollover."""
    row = conn.execute(
        f"""
        select {_ROW}
        from node.batch
        where stage = 'settled' and ids @> array[%s::bytea]
        """,
        [rollover],
        binary=True,
    ).fetchone()
    return _batch(row) if row else None


def with_rollover(conn: Connection, rollover: bytes) -> list[Batch]:
    """All that name a rollover."""
    rows = conn.execute(
        f"""
        select {_ROW}
        from node.batch
        where ids @> array[%s::bytea]
        order by deadline, reference
        """,
        [rollover],
        binary=True,
    ).fetchall()
    return [_batch(row) for row in rows]


def _batch(row: tuple[Any, ...]) -> Batch:
    peer, reference, first, second, token, deadline, ids, stage, *signed = row
    return Batch(peer, reference, first, second, token, deadline, tuple(ids), Stage(stage), *signed)

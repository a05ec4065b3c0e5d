"""The SQL of signatures that the member's own wallet is to give."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from ._store import Connection
from .wanted import LASTING, Says, Wanted


def insert(conn: Connection, row: Wanted) -> bool:
    """False if it waits already, or was signed."""
    return bool(
        conn.execute(
            """
            insert into node.wanted_signature (digest, wallet, says, case_id, told, until, asked_at)
            values (%s, %s, %s, %s, %s, %s, %s)
            on conflict (digest) do nothing
            """,
            [row.digest, row.wallet, row.says, row.case, Jsonb(dict(row.told)), row.until, row.asked_at],
        ).rowcount
    )


def wanted(conn: Connection, digest: bytes) -> Wanted | None:
    """One, locked until the end; its file is locked before."""
    row = conn.execute(
        """
        select digest, wallet, says, case_id, told, until, asked_at, signature
        from node.wanted_signature
        where digest = %s
        for update
        """,
        [digest],
        binary=True,
    ).fetchone()
    return None if row is None else _wanted(row)


def case_of(conn: Connection, digest: bytes) -> str | None:
    """The case of one, without a lock."""
    row = conn.execute(
        """
        select case_id
        from node.wanted_signature
        where digest = %s
        """,
        [digest],
    ).fetchone()
    return row[0] if row else None


def waiting(conn: Connection, limit: int) -> list[Wanted]:
    """Those that are not signed and of use yet; what ends first comes first, what nothing waits for last."""
    last = [str(each) for each in LASTING]
    rows = conn.execute(
        """
        select digest, wallet, says, case_id, told, until, asked_at, signature
        from node.wanted_signature
        join node.case_file using (case_id)
        where signature is null
            and (
                state in ('liquidating', 'held', 'voted')
                or (state = 'posted' and says = any (%s))
                or exists (
                    select 1
                    from node.outbox
                    where outbox.case_id = case_file.case_id and kind = 'receipt' and not is_done
                )
            )
        order by until nulls last, says = any (%s), asked_at, digest
        limit %s
        """,
        [last, last, limit],
        binary=True,
    )
    return [_wanted(row) for row in rows.fetchall()]


def lasting(conn: Connection, case: str) -> dict[Says, Wanted]:
    """What is asked of a case that no contract reads, locked until the end; its file is locked before."""
    rows = conn.execute(
        """
        select digest, wallet, says, case_id, told, until, asked_at, signature
        from node.wanted_signature
        where case_id = %s and says = any (%s)
        for update
        """,
        [case, [str(each) for each in LASTING]],
        binary=True,
    )
    return {each.says: each for each in map(_wanted, rows.fetchall())}


def begin_anew(conn: Connection, digest: bytes, wallet: bytes, asked_at: int) -> None:
    """What was signed is worth nothing now: the wallet, or its owners, are others."""
    conn.execute(
        """
        delete from node.owner_signature
        where digest = %s
        """,
        [digest],
    )
    conn.execute(
        """
        update node.wanted_signature
        set wallet = %s, asked_at = %s, signature = null, put_by = '', signed_at = null, taken_at = null
        where digest = %s
        """,
        [wallet, asked_at, digest],
    )


def write_signature(conn: Connection, digest: bytes, signature: bytes, by: str, at: int) -> None:
    """The wallet signed."""
    conn.execute(
        """
        update node.wanted_signature
        set signature = %s, put_by = %s, signed_at = %s
        where digest = %s
        """,
        [signature, by, at, digest],
    )


def mark_taken(conn: Connection, digest: bytes, at: int) -> None:
    """The node goes on with it."""
    conn.execute(
        """
        update node.wanted_signature
        set taken_at = %s
        where digest = %s and taken_at is null
        """,
        [at, digest],
    )


def newly_signed(conn: Connection) -> list[tuple[str, bytes]]:
    """Cases that may go on by a signature that nobody has used yet, with its digest."""
    rows = conn.execute(
        """
        select case_id, digest
        from node.wanted_signature
        where signature is not null and taken_at is null
        """
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def put_part(conn: Connection, digest: bytes, owner: bytes, signature: bytes, by: str, at: int) -> None:
    """One owner signed; the newest counts."""
    conn.execute(
        """
        insert into node.owner_signature (digest, owner, signature, put_by, signed_at)
        values (%s, %s, %s, %s, %s)
        on conflict (digest, owner) do update
        set signature = excluded.signature, put_by = excluded.put_by, signed_at = excluded.signed_at
        """,
        [digest, owner, signature, by, at],
    )


def parts(conn: Connection, digest: bytes) -> dict[bytes, bytes]:
    """What owners signed, by their address."""
    rows = conn.execute(
        """
        select owner, signature
        from node.owner_signature
        where digest = %s
        order by owner
        """,
        [digest],
        binary=True,
    )
    return dict(rows.fetchall())


def _wanted(row: tuple[Any, ...]) -> Wanted:
    digest, wallet, says, case, told, until, asked_at, signature = row
    return Wanted(digest, wallet, Says(says), case, told, until, asked_at, signature)

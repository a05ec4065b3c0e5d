"""The SQL of deals, letters and events: sealed bytes in, sealed bytes out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, LiteralString

from ._store import Connection
from .cases import UNPROMISED, State
from .deal import DealEvent
from .sealing import Sealed


def insert_deal(conn: Connection, case: str, peer: bytes, reference: bytes, sealed: Sealed) -> bool:
    """False if there is one of this case, or of this reference and peer."""
    made = conn.execute(
        """
        insert into node.deal (case_id, peer, reference, kek_id, sealed)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [case, peer, reference, sealed.kek_id, sealed.data],
    )
    return bool(made.rowcount)


def update_deal(conn: Connection, case: str, sealed: Sealed) -> None:
    """The same deal, changed or under another master key."""
    conn.execute(
        """
        update node.deal
        set kek_id = %s, sealed = %s
        where case_id = %s
        """,
        [sealed.kek_id, sealed.data, case],
    )


def deal(conn: Connection, case: str) -> Sealed | None:
    """Locked until the transaction ends; its family was locked before (locking)."""
    row = conn.execute(
        """
        select kek_id, sealed
        from node.deal
        where case_id = %s
        for update
        """,
        [case],
        binary=True,
    ).fetchone()
    return Sealed(*row) if row else None


def other_desk(conn: Connection, case: str) -> tuple[bytes, bytes] | None:
    """Without a lock: who changes a case has its file locked, and what stands here never changes."""
    row = conn.execute(
        """
        select peer, reference
        from node.deal
        where case_id = %s
        """,
        [case],
        binary=True,
    ).fetchone()
    return (row[0], row[1]) if row else None


def joined_desks(conn: Connection, case: str) -> list[tuple[bytes, bytes]]:
    """Other receivers that joined, without a lock."""
    rows = conn.execute(
        """
        select peer, reference
        from node.deal_desk
        where case_id = %s and is_joined
        order by peer, reference
        """,
        [case],
        binary=True,
    ).fetchall()
    return [(peer, reference) for peer, reference in rows]


def insert_desk(conn: Connection, case: str, peer: bytes, reference: bytes) -> None:
    """Another receiver that may join; the same again is nothing new."""
    conn.execute(
        """
        insert into node.deal_desk (case_id, peer, reference, is_joined)
        values (%s, %s, %s, false)
        on conflict do nothing
        """,
        [case, peer, reference],
    )


def mark_joined(conn: Connection, peer: bytes, reference: bytes) -> None:
    """It did."""
    conn.execute(
        """
        update node.deal_desk
        set is_joined = true
        where peer = %s and reference = %s
        """,
        [peer, reference],
    )


def case_of(conn: Connection, peer: bytes, reference: bytes) -> str | None:
    """The case that a member knows by a reference."""
    row = conn.execute(
        """
        select case_id
        from node.deal
        where peer = %(peer)s and reference = %(reference)s
        union all
        select case_id
        from node.deal_desk
        where peer = %(peer)s and reference = %(reference)s
        """,
        {"peer": peer, "reference": reference},
    ).fetchone()
    return row[0] if row else None


def deals(conn: Connection, after: str, limit: int) -> list[tuple[str, Sealed]]:
    """By case id."""
    return _sealed(
        conn,
        """
        select case_id, kek_id, sealed
        from node.deal
        where case_id > %s
        order by case_id
        limit %s
        """,
        [after, limit],
    )


def without_terms(conn: Connection, after: str, limit: int) -> list[str]:
    """Open cases that have a deal and no exact terms."""
    rows = conn.execute(
        """
        select case_id
        from node.deal
        join node.case_file using (case_id)
        where rollover is null and state = any (%s) and case_id > %s
        order by case_id
        limit %s
        """,
        [[str(state) for state in UNPROMISED], after, limit],
    ).fetchall()
    return [row[0] for row in rows]


def _sealed(conn: Connection, sql: LiteralString, given: list[object]) -> list[tuple[str, Sealed]]:
    rows: list[tuple[Any, ...]] = conn.execute(sql, given, binary=True).fetchall()
    return [(case, Sealed(kek_id, data)) for case, kek_id, data in rows]


def next_number(conn: Connection, recipient: bytes, reference: bytes) -> int:
    """Of the next letter to a member about a rollover; its case is locked."""
    row = conn.execute(
        """
        select coalesce(max(number), 0) + 1
        from node.letter_out
        where recipient = %s and reference = %s
        """,
        [recipient, reference],
    ).fetchone()
    return int(row[0]) if row else 1


def insert_letter(conn: Connection, recipient: bytes, reference: bytes, number: int, sealed: Sealed) -> None:
    """One that waits to be sent."""
    conn.execute(
        """
        insert into node.letter_out (recipient, reference, number, kek_id, sealed, is_sent)
        values (%s, %s, %s, %s, %s, false)
        """,
        [recipient, reference, number, sealed.kek_id, sealed.data],
    )


def letters_waiting(conn: Connection, but_not: Collection[bytes], limit: int) -> list[tuple[bytes, bytes, int, Sealed]]:
    """Not sent yet, and not to these members: the oldest of each first."""
    rows = conn.execute(
        """
        select recipient, reference, number, kek_id, sealed
        from node.letter_out
        where not is_sent and recipient <> all (%s::bytea[])
        order by number, recipient, reference
        limit %s
        """,
        [list(but_not), limit],
        binary=True,
    ).fetchall()
    return [(recipient, reference, number, Sealed(*sealed)) for recipient, reference, number, *sealed in rows]


def mark_sent(conn: Connection, recipient: bytes, reference: bytes, number: int) -> None:
    """The other side has it."""
    conn.execute(
        """
        update node.letter_out
        set is_sent = true
        where recipient = %s and reference = %s and number = %s
        """,
        [recipient, reference, number],
    )


def mark_unsent(conn: Connection, recipient: bytes, reference: bytes) -> None:
    """All letters of a reference wait again."""
    conn.execute(
        """
        update node.letter_out
        set is_sent = false
        where recipient = %s and reference = %s
        """,
        [recipient, reference],
    )


def newest_came(conn: Connection, peer: bytes, reference: bytes) -> int:
    """The number of the last letter that was taken; 0 before the first."""
    row = conn.execute(
        """
        select coalesce(max(number), 0)
        from node.letter_in
        where peer = %s and reference = %s
        """,
        [peer, reference],
    ).fetchone()
    return int(row[0]) if row else 0


def insert_came(conn: Connection, peer: bytes, reference: bytes, number: int, keyed_hash: bytes) -> None:
    """It was taken."""
    conn.execute(
        """
        insert into node.letter_in (peer, reference, number, keyed_hash)
        values (%s, %s, %s, %s)
        """,
        [peer, reference, number, keyed_hash],
    )


def came(conn: Connection, peer: bytes, reference: bytes, number: int) -> bytes | None:
    """The keyed hash of what was taken under this number."""
    row = conn.execute(
        """
        select keyed_hash
        from node.letter_in
        where peer = %s and reference = %s and number = %s
        """,
        [peer, reference, number],
        binary=True,
    ).fetchone()
    return row[0] if row else None


def insert_event(conn: Connection, case: str, at: int, words: str) -> None:
    """An event of a case where it stands now; every family is locked before the turn to write one (locking)."""
    # One after the other until the commit: who reads after a number never misses one that comes in below it.
    conn.execute("select pg_advisory_xact_lock(hashtext('node.event'))")
    conn.execute(
        """
        with told as (
            insert into node.event (case_id, state, at, words)
            select case_id, state, %s, %s
            from node.case_file
            where case_id = %s
            returning seq
        )
        update node.case_file
        set newest_seq = told.seq
        from told
        where case_id = %s
        """,
        [at, words, case, case],
    )


def events(conn: Connection, after: int, limit: int) -> list[DealEvent]:
    """In order."""
    rows = conn.execute(
        """
        select seq, case_id, state, at, words
        from node.event
        where seq > %s
        order by seq
        limit %s
        """,
        [after, limit],
    ).fetchall()
    return [DealEvent(seq, case, State(state), at, words) for seq, case, state, at, words in rows]


def was_in(conn: Connection, case: str, state: State) -> bool:
    """Whether it ever came to this state."""
    row = conn.execute(
        """
        select 1
        from node.event
        where case_id = %s and state = %s
        limit 1
        """,
        [case, str(state)],
    ).fetchone()
    return row is not None


def since(conn: Connection, case: str) -> int | None:
    """When it came to its state."""
    row = conn.execute(
        """
        select at
        from node.event
        where case_id = %s and words = ''
        order by seq desc
        limit 1
        """,
        [case],
    ).fetchone()
    return row[0] if row else None


def write_ours(conn: Connection, case: str, ours: bool) -> None:
    """Whether it waits for us."""
    conn.execute(
        """
        update node.case_file
        set ours = %s
        where case_id = %s and ours is distinct from %s
        """,
        [ours, case, ours],
    )

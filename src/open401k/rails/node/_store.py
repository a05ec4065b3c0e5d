"""The SQL of a node's case files. The database is the node's own; one custodian is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from ..chain.interface import Head
from .cases import Agreed, Case, Kind, Message, Posting, Raised, State, Way
from .core import Part, Side

Connection = psycopg.Connection[tuple[Any, ...]]


def first_of(conn: Connection, case_id: str) -> str | None:
    """The first case of a family, which never changes; None if there is no such case. Nothing is locked."""
    row = conn.execute(
        """
        with recursive before as (
            select case_id, parent
            from node.case_file
            where case_id = %s
            union all
            select case_file.case_id, case_file.parent
            from node.case_file
            join before on before.parent = case_file.case_id
        )
        select case_id
        from before
        where parent is null
        """,
        [case_id],
    ).fetchone()
    return row[0] if row else None


def lock_if_first(conn: Connection, case_id: str) -> bool:
    """Locked until the transaction ends, if it is the first of its family."""
    row = conn.execute(
        """
        select 1
        from node.case_file
        where case_id = %s and parent is null
        for update
        """,
        [case_id],
    ).fetchone()
    return row is not None


def case(conn: Connection, case_id: str) -> Case | None:
    """The file, locked until the transaction ends, after the first of its family (locking)."""
    row = conn.execute(
        """
        select
            side, account, state, parent, stop_code, batch_until,
            rollover, chain_key, us, place, deadline, encoded, evidence
        from node.case_file
        where case_id = %s
        for update
        """,
        [case_id],
        binary=True,
    ).fetchone()
    if row is None:
        return None
    side, account, state, parent, stop, batch_until, *terms = row
    agreed = None if terms[0] is None else _agreed(terms, _parts(conn, case_id))
    return Case(case_id, Side(side), account, State(state), agreed, stop, parent, batch_until)


def case_of_rollover(conn: Connection, rollover: bytes, side: Side) -> str | None:
    """The file of a rollover where we are on this side."""
    row = conn.execute(
        """
        select case_id
        from node.case_file
        where rollover = %s and side = %s
        """,
        [rollover, side],
    ).fetchone()
    return row[0] if row else None


def case_of_prefix(conn: Connection, first: bytes, last: bytes, side: Side) -> str | None:
    """The file of the rollover whose id lies between these, where we are on this side."""
    row = conn.execute(
        """
        select case_id
        from node.case_file
        where rollover between %s and %s and side = %s
        limit 1
        """,
        [first, last, side],
    ).fetchone()
    return row[0] if row else None


def returns_of(conn: Connection, case_id: str) -> list[tuple[str, State]]:
    """Children on the other side of the same money, with their second tries, and where each stands."""
    rows = conn.execute(
        """
        with recursive given_back as (
            select child.case_id, child.side, child.state
            from node.case_file as child
            join node.case_file as before on before.case_id = child.parent
            where before.case_id = %s and child.side <> before.side
            union all
            select child.case_id, child.side, child.state
            from node.case_file as child
            join given_back on given_back.case_id = child.parent and given_back.side = child.side
        )
        select case_id, state
        from given_back
        order by case_id
        """,
        [case_id],
    ).fetchall()
    return [(row[0], State(row[1])) for row in rows]


def _agreed(terms: Sequence[Any], parts: tuple[Part, ...]) -> Agreed:
    rollover, key, us, place, deadline, encoded, evidence = terms
    return Agreed(rollover, int.from_bytes(key, "big"), us, place, deadline, encoded, parts, evidence)


def _parts(conn: Connection, case_id: str) -> tuple[Part, ...]:
    rows = conn.execute(
        """
        select leg, kind, cents, basis, roth_since
        from node.case_leg
        where case_id = %s
        order by leg
        """,
        [case_id],
    )
    return tuple(Part(*row) for row in rows.fetchall())


def insert_case(conn: Connection, row: Case) -> bool:
    """False if there is one with this id."""
    made = conn.execute(
        """
        insert into node.case_file (case_id, side, account, state, parent, stop_code)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (case_id) do nothing
        """,
        [row.id, row.side, row.account, row.state, row.parent, row.stop],
    ).rowcount
    if made and row.agreed:
        write_agreed(conn, row.id, row.agreed)
    return bool(made)


def update_case(conn: Connection, row: Case) -> None:
    """Where it stands, why we want it ended, and until when a batch may settle it."""
    conn.execute(
        """
        update node.case_file
        set state = %s, stop_code = %s, batch_until = %s
        where case_id = %s
        """,
        [row.state, row.stop, row.batch_until, row.id],
    )


def write_agreed(conn: Connection, case_id: str, agreed: Agreed) -> None:
    """The exact terms; another file of this rollover and side is a UniqueViolation."""
    key = agreed.key.to_bytes(32, "big")
    conn.execute(
        """
        update node.case_file
        set rollover = %s, chain_key = %s, us = %s, place = %s, deadline = %s, encoded = %s, evidence = %s
        where case_id = %s and rollover is null
        """,
        [agreed.rollover, key, agreed.us, agreed.place, agreed.deadline, agreed.encoded, agreed.evidence, case_id],
    )
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into node.case_leg (case_id, leg, kind, cents, basis, roth_since)
            values (%s, %s, %s, %s, %s, %s)
            """,
            [(case_id, part.leg, part.kind, part.cents, part.basis, part.roth_since) for part in agreed.parts],
        )


def insert_hold(conn: Connection, rollover: bytes, side: Side, reference: str) -> None:
    """The same again is nothing new."""
    conn.execute(
        """
        insert into node.hold (rollover, side, reference)
        values (%s, %s, %s)
        on conflict do nothing
        """,
        [rollover, side, reference],
    )


def insert_posting(conn: Connection, row: Posting) -> Posting:
    """What stands under its key afterwards."""
    conn.execute(
        """
        insert into node.posting (rollover, account, leg, side, cents, reference)
        values (%s, %s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [row.rollover, row.account, row.leg, row.side, row.cents, row.reference],
    )
    (found,) = [each for each in postings(conn, row.rollover) if (each.account, each.leg) == (row.account, row.leg)]
    return found


def postings(conn: Connection, rollover: bytes) -> list[Posting]:
    """All lines of a rollover."""
    rows = conn.execute(
        """
        select rollover, account, leg, side, cents, reference
        from node.posting
        where rollover = %s
        order by account, leg
        """,
        [rollover],
        binary=True,
    )
    return [Posting(told, account, leg, Side(side), *rest) for told, account, leg, side, *rest in rows.fetchall()]


def insert_message(conn: Connection, row: Message) -> None:
    """One of this case and kind that lies there stays as it is."""
    conn.execute(
        """
        insert into node.outbox (case_id, kind, data, is_done, refused)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [row.case, row.kind, row.data, row.is_done, row.refused],
    )


def update_message(conn: Connection, row: Message) -> None:
    """Whether it is done, why it was refused, and what it says if it was signed by another key since."""
    conn.execute(
        """
        update node.outbox
        set data = %s, is_done = %s, refused = %s
        where case_id = %s and kind = %s
        """,
        [row.data, row.is_done, row.refused, row.case, row.kind],
    )


def outbox(conn: Connection, case_id: str) -> list[Message]:
    """All messages of a case."""
    rows = conn.execute(
        """
        select case_id, kind, data, is_done, refused
        from node.outbox
        where case_id = %s
        order by array_position(%s::text[], kind)
        """,
        [case_id, list(Kind)],
        binary=True,
    )
    return [Message(told, Kind(kind), *rest) for told, kind, *rest in rows.fetchall()]


def insert_raised(conn: Connection, row: Raised) -> bool:
    """False if it is open already."""
    made = conn.execute(
        """
        insert into node.raised (case_id, code, words, raised_at, is_open)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [row.case, row.code, row.words, row.raised_at, row.is_open],
    )
    return bool(made.rowcount)


def close_raised(conn: Connection, case_id: str, code: int, paid_by: str) -> None:
    """It is over."""
    conn.execute(
        """
        update node.raised
        set is_open = false, paid_by = %s
        where case_id = %s and code = %s and is_open
        """,
        [paid_by, case_id, code],
    )


def raised(conn: Connection, case_id: str | None) -> list[Raised]:
    """Of a case, or of all."""
    rows = conn.execute(
        """
        select case_id, code, words, raised_at, is_open, paid_by
        from node.raised
        where %s::text is null or case_id = %s
        order by raised_no
        """,
        [case_id, case_id],
    )
    return [Raised(*row) for row in rows.fetchall()]


def insert_off_rail(conn: Connection, case_id: str, way: Way, reference: str) -> None:
    """What is there stays."""
    conn.execute(
        """
        insert into node.off_rail (case_id, way, reference)
        values (%s, %s, %s)
        on conflict do nothing
        """,
        [case_id, way, reference],
    )


def off_rail(conn: Connection, case_id: str) -> tuple[Way, str] | None:
    """How a case was closed beside the rails."""
    row = conn.execute(
        """
        select way, reference
        from node.off_rail
        where case_id = %s
        """,
        [case_id],
    ).fetchone()
    return (Way(row[0]), row[1]) if row else None


def cursor(conn: Connection) -> Head | None:
    """The newest final block that was acted on."""
    row = conn.execute(
        """
        select number, hash, time
        from node.cursor
        """,
        binary=True,
    ).fetchone()
    return Head(*row) if row else None


def write_cursor(conn: Connection, block: Head) -> None:
    """There is one."""
    conn.execute(
        """
        insert into node.cursor (is_it, number, hash, time)
        values (true, %s, %s, %s)
        on conflict (is_it) do update
        set number = excluded.number, hash = excluded.hash, time = excluded.time
        """,
        [block.number, block.hash, block.time],
    )


def to_follow(conn: Connection) -> list[str]:
    """Cases with exact terms that are open or have something in the outbox."""
    rows = conn.execute(
        """
        select case_id
        from node.case_file
        where rollover is not null and state in ('liquidating', 'held', 'voted')
        union
        select case_id
        from node.outbox
        where not is_done
        order by case_id
        """
    )
    return [row[0] for row in rows.fetchall()]

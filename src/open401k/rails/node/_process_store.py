"""The SQL of what a node's process tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, LiteralString

from ._store import Connection


def cases_by_state(conn: Connection) -> dict[str, int]:
    """How many cases stand where."""
    rows = conn.execute(
        """
        select state, count(*)
        from node.case_file
        group by state
        order by state
        """
    )
    return dict(rows.fetchall())


def waiting(conn: Connection) -> tuple[int, int, int]:
    """Open exceptions, calls of the coordinator that are not done, transactions in no final block."""
    row = conn.execute(
        """
        select
            (select count(*) from node.raised where is_open),
            (select count(*) from node.outbox where not is_done),
            (select count(*) from sender.task where done_hash is null)
        """
    ).fetchone()
    return row or (0, 0, 0)


def newest_event(conn: Connection) -> int:
    """The number of the newest event; 0 before the first."""
    row = conn.execute("select coalesce(max(seq), 0) from node.event").fetchone()
    return row[0] if row else 0


def case_ids(conn: Connection, after: str, limit: int) -> list[str]:
    """Cases by id."""
    rows = conn.execute(
        """
        select case_id
        from node.case_file
        where case_id > %s
        order by case_id
        limit %s
        """,
        [after, limit],
    )
    return [row[0] for row in rows.fetchall()]


class Pile(StrEnum):
    """The console's lists of cases; each has an index of its own."""

    OURS = "ours"
    OPEN = "open"
    ENDED = "ended"


_PILES: Final[Mapping[Pile, LiteralString]] = {
    Pile.OURS: "ours is not false",
    Pile.OPEN: "ours is false and state not in ('posted', 'released', 'off_rail')",
    Pile.ENDED: "ours is false and state in ('posted', 'released', 'off_rail')",
}


def case_page(
    conn: Connection, pile: Pile, states: list[str], begins: str, before: int, limit: int
) -> list[tuple[str, int]]:  # fmt: skip
    """Cases with a deal, of a list and in these states, by their newest event, the newest of it first."""
    rows = conn.execute(
        f"""
        select case_id, newest_seq
        from node.case_file
        join node.deal using (case_id)
        where {_PILES[pile]} and state = any (%s) and starts_with(case_id, %s) and newest_seq < %s
        order by newest_seq desc
        limit %s
        """,
        [states, begins, before, limit],
    )
    return [(case, seq) for case, seq in rows.fetchall()]


def count_in(conn: Connection, pile: Pile, states: list[str], begins: str) -> int:
    """How many of them there are."""
    row = conn.execute(
        f"""
        select count(*)
        from node.case_file
        join node.deal using (case_id)
        where {_PILES[pile]} and state = any (%s) and starts_with(case_id, %s)
        """,
        [states, begins],
    ).fetchone()
    return int(row[0]) if row else 0


def events_of(conn: Connection, case_id: str) -> list[tuple[int, str, int, str]]:
    """Number, state, time and words of everything that happened to a case."""
    rows = conn.execute(
        """
        select seq, state, at, words
        from node.event
        where case_id = %s
        order by seq
        """,
        [case_id],
    )
    return [(seq, state, at, words) for seq, state, at, words in rows.fetchall()]

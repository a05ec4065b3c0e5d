"""The SQL of what a node signed with its receipts."""

from __future__ import annotations

from ._store import Connection
from .codec import parsed, read, written
from .said import Booked, Countersigned, Said, Statement


def insert(conn: Connection, case_id: str, said: Said) -> None:
    """Once for each case; what is there stays."""
    conn.execute(
        """
        insert into node.said (case_id, number, hash, head_signature, statement, statement_signature)
        values (%s, %s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [
            case_id, said.head.number, said.head.hash, said.head.signature,
            written(said.statement.booked).decode(), said.statement.signature,
        ],
    )  # fmt: skip


def said(conn: Connection, case_id: str | None) -> list[Said]:
    """Of a case, or of all, by block."""
    rows = conn.execute(
        """
        select number, hash, head_signature, statement, statement_signature
        from node.said
        where %s::text is null or case_id = %s
        order by number, case_id
        """,
        [case_id, case_id],
        binary=True,
    )
    found = []
    for number, block, head_signature, statement, signature in rows.fetchall():
        booked = read(Booked, parsed(statement))
        head = Countersigned(booked.role, booked.who, number, block, head_signature)
        found.append(Said(Statement(booked, signature), head))
    return found

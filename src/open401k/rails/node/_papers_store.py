"""The SQL of documents: sealed bytes in, sealed bytes out."""

from __future__ import annotations

from ._store import Connection
from .sealing import Sealed


def insert_paper(conn: Connection, fingerprint: bytes, sealed: Sealed) -> None:
    """A document; what is there under its hash is the same."""
    conn.execute(
        """
        insert into node.paper (fingerprint, kek_id, sealed)
        values (%s, %s, %s)
        on conflict do nothing
        """,
        [fingerprint, sealed.kek_id, sealed.data],
    )


def replace_name(conn: Connection, case: str, fingerprint: bytes, sealed: Sealed) -> None:
    """The document of a case, not shown yet; in place of one before."""
    conn.execute(
        """
        insert into node.case_paper (case_id, fingerprint, kek_id, sealed)
        values (%s, %s, %s, %s)
        on conflict (case_id) do update
        set fingerprint = excluded.fingerprint, kek_id = excluded.kek_id, sealed = excluded.sealed, shown_at = null
        """,
        [case, fingerprint, sealed.kek_id, sealed.data],
    )


def paper(conn: Connection, case: str) -> tuple[bytes, Sealed, Sealed, int | None] | None:
    """Its hash, its name, its bytes, when it was first shown."""
    row = conn.execute(
        """
        select fingerprint, named.kek_id, named.sealed, paper.kek_id, paper.sealed, shown_at
        from node.case_paper named
        join node.paper using (fingerprint)
        where case_id = %s
        """,
        [case],
        binary=True,
    ).fetchone()
    return (row[0], Sealed(row[1], row[2]), Sealed(row[3], row[4]), row[5]) if row else None


def named(conn: Connection, case: str) -> bytes | None:
    """The hash of a case's document."""
    row = conn.execute(
        """
        select fingerprint
        from node.case_paper
        where case_id = %s
        """,
        [case],
        binary=True,
    ).fetchone()
    return row[0] if row else None


def mark_shown(conn: Connection, case: str, at: int) -> None:
    """The first time stays."""
    conn.execute(
        """
        update node.case_paper
        set shown_at = %s
        where case_id = %s and shown_at is null
        """,
        [at, case],
    )

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


def papers_under_others(conn: Connection, kek_id: str) -> list[tuple[bytes, Sealed]]:
    """Documents that are sealed under another master key, locked. One is kept once for all its cases: they are few."""
    rows = conn.execute(
        """
        select fingerprint, kek_id, sealed
        from node.paper
        where kek_id <> %s
        for update
        """,
        [kek_id],
        binary=True,
    ).fetchall()
    return [(fingerprint, Sealed(kek, data)) for fingerprint, kek, data in rows]


def update_paper(conn: Connection, fingerprint: bytes, sealed: Sealed) -> None:
    """The same under another master key."""
    conn.execute(
        """
        update node.paper
        set kek_id = %s, sealed = %s
        where fingerprint = %s
        """,
        [sealed.kek_id, sealed.data, fingerprint],
    )


def names_under_others(conn: Connection, kek_id: str) -> list[tuple[str, Sealed]]:
    """Names that are sealed under another master key, locked."""
    rows = conn.execute(
        """
        select case_id, kek_id, sealed
        from node.case_paper
        where kek_id <> %s
        for update
        """,
        [kek_id],
        binary=True,
    ).fetchall()
    return [(case, Sealed(kek, data)) for case, kek, data in rows]


def update_name(conn: Connection, case: str, sealed: Sealed) -> None:
    """The same under another master key."""
    conn.execute(
        """
        update node.case_paper
        set kek_id = %s, sealed = %s
        where case_id = %s
        """,
        [sealed.kek_id, sealed.data, case],
    )

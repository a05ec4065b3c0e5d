"""The SQL of a node's signing keys and of what they approved."""

from __future__ import annotations

from ._store import Connection


def insert_key(conn: Connection, address: bytes, kek_id: str, sealed: bytes, made_at: int) -> None:
    """One more key."""
    conn.execute(
        """
        insert into node.signing_key (address, kek_id, sealed, made_at)
        values (%s, %s, %s, %s)
        """,
        [address, kek_id, sealed, made_at],
    )


def sealed_key(conn: Connection, address: bytes) -> tuple[str, bytes] | None:
    """The master key's id and the sealed key."""
    row = conn.execute(
        """
        select kek_id, sealed
        from node.signing_key
        where address = %s
        """,
        [address],
        binary=True,
    ).fetchone()
    return (row[0], row[1]) if row else None


def addresses(conn: Connection) -> list[tuple[bytes, str]]:
    """Every key's address with the id of the master key that seals it, oldest first."""
    rows = conn.execute(
        """
        select address, kek_id
        from node.signing_key
        order by made_at, address
        """,
        binary=True,
    )
    return [(address, kek_id) for address, kek_id in rows.fetchall()]


def update_sealed(conn: Connection, address: bytes, kek_id: str, sealed: bytes) -> None:
    """The same key under another master key."""
    conn.execute(
        """
        update node.signing_key
        set kek_id = %s, sealed = %s
        where address = %s
        """,
        [kek_id, sealed, address],
    )


def insert_approved(conn: Connection, rollover: bytes, cents: int, at: int) -> None:
    """The same again is nothing new."""
    conn.execute(
        """
        insert into node.approved (rollover, cents, approved_at)
        values (%s, %s, %s)
        on conflict do nothing
        """,
        [rollover, cents, at],
    )


def approved_since(conn: Connection, at: int) -> list[tuple[bytes, int]]:
    """What was approved after this time."""
    rows = conn.execute(
        """
        select rollover, cents
        from node.approved
        where approved_at > %s
        """,
        [at],
        binary=True,
    )
    return [(rollover, cents) for rollover, cents in rows.fetchall()]


def insert_secret(conn: Connection, name: str, kek_id: str, sealed: bytes, made_at: int) -> None:
    """What is there under this name stays."""
    conn.execute(
        """
        insert into node.secret (name, kek_id, sealed, made_at)
        values (%s, %s, %s, %s)
        on conflict do nothing
        """,
        [name, kek_id, sealed, made_at],
    )


def secrets(conn: Connection, prefix: str) -> list[tuple[str, str, bytes]]:
    """Names that begin so, with the master key's id and what is sealed."""
    rows = conn.execute(
        """
        select name, kek_id, sealed
        from node.secret
        where starts_with(name, %s)
        order by name
        """,
        [prefix],
        binary=True,
    )
    return [(name, kek_id, sealed) for name, kek_id, sealed in rows.fetchall()]


def delete_secret(conn: Connection, name: str) -> None:
    """It is not needed any more."""
    conn.execute(
        """
        delete from node.secret
        where name = %s
        """,
        [name],
    )


def delete_key(conn: Connection, address: bytes) -> None:
    """It lies with the signer."""
    conn.execute(
        """
        delete from node.signing_key
        where address = %s
        """,
        [address],
    )

"""The SQL of keys that sign a member's letters by its wallet's word."""

from __future__ import annotations

from ._store import Connection


def insert_letter_key(
    conn: Connection, member: bytes, address: bytes, valid_until: int, signature: bytes, made_at: int
) -> None:
    """The same again is nothing new."""
    conn.execute(
        """
        insert into node.letter_key (member, address, valid_until, signature, made_at)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [member, address, valid_until, signature, made_at],
    )


def letter_keys(conn: Connection) -> list[tuple[bytes, bytes, int, bytes]]:
    """The newest first."""
    rows = conn.execute(
        """
        select member, address, valid_until, signature
        from node.letter_key
        order by valid_until desc, made_at desc, address
        """,
        binary=True,
    )
    return [(member, address, until, signature) for member, address, until, signature in rows.fetchall()]

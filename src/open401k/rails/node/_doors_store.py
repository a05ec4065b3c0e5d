"""The SQL of a node's doors: tokens, links, answers to keys, webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from ._store import Connection


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A staff token without its secret. Times are seconds since 1970."""

    token_id: str
    name: str
    role: str
    made_at: int
    ends_at: int
    revoked_at: int | None


def insert_token(conn: Connection, row: TokenRow, token_hash: bytes) -> None:
    """One more."""
    conn.execute(
        """
        insert into node.staff_token (token_id, name, role, hash, made_at, ends_at)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [row.token_id, row.name, row.role, token_hash, row.made_at, row.ends_at],
    )


def token_by_hash(conn: Connection, token_hash: bytes) -> TokenRow | None:
    """Whose it is, also when it does not hold any more."""
    row = conn.execute(
        """
        select token_id, name, role, made_at, ends_at, revoked_at
        from node.staff_token
        where hash = %s
        """,
        [token_hash],
    ).fetchone()
    return TokenRow(*row) if row else None


def tokens(conn: Connection) -> list[TokenRow]:
    """All there ever were, oldest first."""
    rows = conn.execute(
        """
        select token_id, name, role, made_at, ends_at, revoked_at
        from node.staff_token
        order by made_at, token_id
        """
    )
    return [TokenRow(*row) for row in rows.fetchall()]


def revoke_token(conn: Connection, token_id: str, at: int) -> bool:
    """False if there is none that was not revoked before."""
    made = conn.execute(
        """
        update node.staff_token
        set revoked_at = %s
        where token_id = %s and revoked_at is null
        """,
        [at, token_id],
    )
    return bool(made.rowcount)


def insert_link(conn: Connection, link_hash: bytes, case_id: str, made_at: int, ends_at: int) -> None:
    """One more way to a case."""
    conn.execute(
        """
        insert into node.link (hash, case_id, made_at, ends_at)
        values (%s, %s, %s, %s)
        on conflict do nothing
        """,
        [link_hash, case_id, made_at, ends_at],
    )


def case_of_link(conn: Connection, link_hash: bytes, at: int) -> str | None:
    """The case that it leads to, while it holds."""
    row = conn.execute(
        """
        select case_id
        from node.link
        where hash = %s and ends_at > %s
        """,
        [link_hash, at],
    ).fetchone()
    return row[0] if row else None


def insert_voter_link(
    conn: Connection, link_hash: bytes, case_id: str, role: str, made_at: int, ends_at: int
) -> None:  # fmt: skip
    """One more way of a voter to a case."""
    conn.execute(
        """
        insert into node.voter_link (hash, case_id, role, made_at, ends_at)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [link_hash, case_id, role, made_at, ends_at],
    )


def voter_of_link(conn: Connection, link_hash: bytes, at: int) -> tuple[str, str] | None:
    """The case and the role that it is for, while it holds."""
    row = conn.execute(
        """
        select case_id, role
        from node.voter_link
        where hash = %s and ends_at > %s and ended_at is null
        """,
        [link_hash, at],
    ).fetchone()
    return (row[0], row[1]) if row else None


def voter_links(conn: Connection, case_id: str) -> list[tuple[str, int, int, int | None]]:
    """Of a case: role, made, until, ended before; the oldest first."""
    rows = conn.execute(
        """
        select role, made_at, ends_at, ended_at
        from node.voter_link
        where case_id = %s
        order by made_at, ends_at, hash
        """,
        [case_id],
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows.fetchall()]


def end_voter_links(conn: Connection, case_id: str, role: str, at: int) -> int:
    """All of a role that hold; how many."""
    made = conn.execute(
        """
        update node.voter_link
        set ended_at = greatest(%s, made_at)
        where case_id = %s and role = %s and ended_at is null and ends_at > %s
        """,
        [at, case_id, role, at],
    )
    return made.rowcount


def lock_key(conn: Connection, asked_by: str, key: str) -> None:
    """Two requests under one key wait for each other, until the end of the transaction."""
    conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{asked_by}\x1f{key}"])


def answered(conn: Connection, asked_by: str, key: str) -> tuple[bytes, int, Any] | None:
    """What was asked under this key, the status and the answer."""
    row = conn.execute(
        """
        select body, status, answer
        from node.answered
        where asked_by = %s and key = %s
        """,
        [asked_by, key],
        binary=True,
    ).fetchone()
    return (row[0], row[1], row[2]) if row else None


def insert_answered(
    conn: Connection, asked_by: str, key: str, body: bytes, status: int, answer: Any, at: int
) -> None:  # fmt: skip
    """The first answer."""
    conn.execute(
        """
        insert into node.answered (asked_by, key, body, status, answer, answered_at)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [asked_by, key, body, status, Jsonb(answer), at],
    )


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """An endpoint and how far it is."""

    webhook_id: str
    url: str
    state: str
    cursor: int
    failures: int
    first_failed_at: datetime | None
    next_at: datetime | None
    problem: str
    delivered_at: datetime | None
    made_at: int


def insert_webhook(conn: Connection, row: WebhookRow) -> None:
    """One more."""
    conn.execute(
        """
        insert into node.webhook (webhook_id, url, state, cursor, failures, problem, made_at)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [row.webhook_id, row.url, row.state, row.cursor, row.failures, row.problem, row.made_at],
    )


def webhooks(conn: Connection) -> list[WebhookRow]:
    """Those that were not removed, oldest first."""
    rows = conn.execute(
        """
        select webhook_id, url, state, cursor, failures, first_failed_at, next_at, problem, delivered_at, made_at
        from node.webhook
        where state <> 'removed'
        order by made_at, webhook_id
        """
    )
    return [WebhookRow(*row) for row in rows.fetchall()]


def locked_webhook(conn: Connection, webhook_id: str) -> WebhookRow | None:
    """One that was not removed, locked until the transaction ends."""
    row = conn.execute(
        """
        select webhook_id, url, state, cursor, failures, first_failed_at, next_at, problem, delivered_at, made_at
        from node.webhook
        where webhook_id = %s and state <> 'removed'
        for update
        """,
        [webhook_id],
    ).fetchone()
    return WebhookRow(*row) if row else None


def update_webhook(conn: Connection, row: WebhookRow) -> None:
    """How far it is."""
    conn.execute(
        """
        update node.webhook
        set state = %s, cursor = %s, failures = %s, first_failed_at = %s, next_at = %s, problem = %s, delivered_at = %s
        where webhook_id = %s
        """,
        [row.state, row.cursor, row.failures, row.first_failed_at, row.next_at, row.problem, row.delivered_at,
         row.webhook_id],
    )  # fmt: skip

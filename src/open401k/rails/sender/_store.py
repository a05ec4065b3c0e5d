"""All SQL of transactions on their way. Not here: when they are sent (sending.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Task:
    """One transaction of a key, in whatever form it comes into a block."""

    nonce: int
    key: str
    recipient: bytes | None
    data: bytes
    gas: int


@dataclass(frozen=True, slots=True)
class Form:
    """One form of it: its bytes, at one fee."""

    tx_hash: bytes
    raw: bytes
    gas_price: int
    sent_at: int


def next_number(conn: Connection, address: bytes, on_chain: int) -> int:
    """The number that this key takes next, if nobody else takes it before: none that the chain has already."""
    row = conn.execute("select next_nonce from sender.account where address = %b", [address]).fetchone()
    return on_chain if row is None else max(int(row[0]), on_chain)


def take_number(conn: Connection, address: bytes, on_chain: int) -> int:
    """The next number of this key. Locks its row: two processes of one key take one number each.

    A database that is of an older backup has numbers that were used since.
    """
    conn.execute(
        "insert into sender.account (address, next_nonce) values (%b, %s) on conflict (address) do nothing",
        [address, on_chain],
    )
    row = conn.execute(
        """
        update sender.account
        set next_nonce = greatest(next_nonce, %s) + 1
        where address = %b
        returning next_nonce - 1
        """,
        [on_chain, address],
    ).fetchone()
    assert row is not None  # noqa: S101 (it was inserted above)
    return int(row[0])


def add_task(conn: Connection, address: bytes, task: Task) -> None:
    """Before it is sent."""
    conn.execute(
        "insert into sender.task (address, nonce, key, recipient, data, gas) values (%b, %s, %s, %b, %b, %s)",
        [address, task.nonce, task.key, task.recipient, task.data, task.gas],
    )


def by_key(conn: Connection, key: str) -> tuple[bytes, Task] | None:
    """The transaction for this purpose, with its key's address."""
    row = conn.execute(
        "select address, nonce, key, recipient, data, gas from sender.task where key = %s", [key], binary=True
    ).fetchone()
    return (row[0], Task(*row[1:])) if row else None


def is_settled(conn: Connection, address: bytes, nonce: int) -> bool:
    """Whether a final block has it, or has another of its number."""
    row = conn.execute(
        "select done_hash is not null or is_lost from sender.task where address = %b and nonce = %s", [address, nonce]
    ).fetchone()
    return bool(row and row[0])


def add_form(conn: Connection, address: bytes, nonce: int, form: Form) -> None:
    """Before it is sent."""
    conn.execute(
        """
        insert into sender.form (address, nonce, place, tx_hash, raw, gas_price, sent_at)
        select %b, %s, count(*), %b, %b, %s, %s
        from sender.form
        where address = %b and nonce = %s
        """,
        [address, nonce, form.tx_hash, form.raw, form.gas_price, form.sent_at, address, nonce],
    )


def open_tasks(conn: Connection, address: bytes) -> list[Task]:
    """Those that may still come into a block, in order."""
    rows = conn.execute(
        """
        select nonce, key, recipient, data, gas
        from sender.task
        where address = %b and done_hash is null and not is_lost
        order by nonce
        """,
        [address],
        binary=True,
    ).fetchall()
    return [Task(*row) for row in rows]


def forms(conn: Connection, address: bytes, nonce: int) -> list[Form]:
    """Every form in which it was sent, in order."""
    rows = conn.execute(
        """
        select tx_hash, raw, gas_price, sent_at
        from sender.form
        where address = %b and nonce = %s
        order by place
        """,
        [address, nonce],
        binary=True,
    ).fetchall()
    return [Form(row[0], row[1], int(row[2]), row[3]) for row in rows]


def done(conn: Connection, address: bytes, nonce: int, tx_hash: bytes, *, is_done: bool) -> None:
    """It is in a final block, and did what it said or failed."""
    conn.execute(
        "update sender.task set done_hash = %b, is_done = %s where address = %b and nonce = %s",
        [tx_hash, is_done, address, nonce],
    )


def lost(conn: Connection, address: bytes, nonce: int) -> None:
    """A final block gave its number to what is no form of it."""
    conn.execute("update sender.task set is_lost = true where address = %b and nonce = %s", [address, nonce])

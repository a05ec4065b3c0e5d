"""The books of a stand-in for a bank: payments by the id of their instruction, and numbers of messages, in SQLite."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_TABLES = """
create table if not exists payment (
    instruction text primary key, end_to_end text not null, cents integer not null, account text not null,
    state text not null, nights integer not null
);
create table if not exists told (number integer primary key autoincrement, name text not null);
"""


@dataclass(frozen=True, slots=True)
class Payment:
    """What was instructed, and to whose account."""

    instruction: str
    end_to_end: str
    cents: int
    account: str


class Payments:
    """Books in one file."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._db.execute("pragma synchronous = off")  # whoever is killed loses nothing; a power cut is not played here
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def state(self, instruction: str) -> str | None:
        """What became of it: TAKEN, REFUSED, PAID; None if it is new."""
        row = self._db.execute("select state from payment where instruction = ?", (instruction,)).fetchone()
        return row[0] if row else None

    def take(self, payment: Payment, *, state: str, nights: int) -> None:
        """A new instruction, to be paid after so many nights."""
        told = (payment.instruction, payment.end_to_end, payment.cents, payment.account, state, nights)
        self._db.execute("insert into payment values (?, ?, ?, ?, ?, ?)", told)

    def due(self) -> list[Payment]:
        """What is paid this night; the others come a night nearer."""
        rows = self._db.execute(
            "select instruction, end_to_end, cents, account from payment where state = 'TAKEN' and nights <= 0"
        ).fetchall()
        self._db.execute("update payment set nights = nights - 1 where state = 'TAKEN'")
        return [Payment(*row) for row in rows]

    def paid(self, instruction: str) -> None:
        """It is paid."""
        self._db.execute("update payment set state = 'PAID' where instruction = ?", (instruction,))

    def number(self, what: str) -> int:
        """The next number of a message."""
        row = self._db.execute("insert into told (name) values (?) returning number", (what,)).fetchone()
        return int(row[0])

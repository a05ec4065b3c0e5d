"""The books of a stand-in for a custodian's core system: accounts, freezes, bookings in SQLite, in words of its own.

Not here: how orders come in (core_rest.py, core_batch.py). It shares no code and no database with what it is tried by.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

FUNDS = ("PRETAX", "ROTH", "AFTERTAX")
Amounts = Sequence[Mapping[str, Any]]

_TABLES = """
create table if not exists account (number text primary key, is_open integer not null);
create table if not exists balance (
    number text not null, fund text not null, cents integer not null, primary key (number, fund)
);
create table if not exists ticket (
    id text primary key, state text not null, way text not null, number text not null, cents integer not null
);
create table if not exists ticket_line (
    id text not null, line integer not null, fund text not null, cents integer not null,
    basis integer not null, roth_year integer, primary key (id, line)
);
create table if not exists tax_form (id text primary key, cents integer not null);
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """``ok`` with a reference and cents, or a word of the core's own for why not."""

    ok: bool
    word: str = ""
    reference: str = ""
    cents: int = 0
    again: bool = False


@dataclass
class Books:
    """Books in one file. ``wrong_by`` has it do other amounts than it is told: a fault to be found."""

    path: str
    wrong_by: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("pragma synchronous = off")  # whoever is killed loses nothing; a power cut is not played here
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def open(self, number: str, amounts: Mapping[str, int]) -> None:
        """An account with this much of each fund; one that is there keeps what it has."""
        with self._begun() as db:
            db.execute("insert or ignore into account values (?, 1)", (number,))
            rows = [(number, fund, cents) for fund, cents in amounts.items()]
            db.executemany("insert or ignore into balance values (?, ?, ?)", rows)

    def account(self, number: str) -> dict[str, Any] | None:
        """What is in it, and what is frozen."""
        with self._begun() as db:
            row = db.execute("select is_open from account where number = ?", (number,)).fetchone()
            if row is None:
                return None
            money = dict(db.execute("select fund, cents from balance where number = ?", (number,)))
            return {"is_open": bool(row[0]), "balance": money, "frozen": self._frozen(number)}

    def freeze(self, ticket: str, way: str, number: str, amounts: Amounts) -> Answer:
        """``out``: put money aside. ``in``: expect it."""
        with self._begun() as db:
            known = self._known(ticket)
            if known is not None:
                return self._again(known, way, number, amounts)
            row = db.execute("select is_open from account where number = ?", (number,)).fetchone()
            if row is None or not row[0]:
                return Answer(False, "NO_SUCH_ACCOUNT" if row is None else "ACCOUNT_CLOSED")
            if any(each["fund"] not in FUNDS for each in amounts):
                return Answer(False, "FUND_NOT_TAKEN")
            if way == "out" and not self._covers(number, amounts):
                return Answer(False, "TOO_LITTLE")
            total = sum(each["cents"] for each in amounts)
            db.execute("insert into ticket values (?, 'FROZEN', ?, ?, ?)", (ticket, way, number, total))
            rows = [
                (ticket, each["line"], each["fund"], each["cents"], each["basis"], each["roth_year"])
                for each in amounts
            ]
            db.executemany("insert into ticket_line values (?, ?, ?, ?, ?, ?)", rows)
            return Answer(True, reference=f"FRZ-{ticket[:12]}", cents=total + self.wrong_by)

    def lift(self, ticket: str) -> Answer:
        """Give free, for ever; also what never was frozen."""
        with self._begun() as db:
            known = self._known(ticket)
            if known is None:
                db.execute("insert into ticket values (?, 'LIFTED', '', '', 0)", (ticket,))
                return Answer(True, reference=f"LFT-{ticket[:12]}")
            if known["state"] == "BOOKED":
                return Answer(False, "BOOKED")
            db.execute("update ticket set state = 'LIFTED' where id = ?", (ticket,))
            again = known["state"] == "LIFTED"
            return Answer(True, reference=f"LFT-{ticket[:12]}", cents=known["cents"], again=again)

    def book(self, ticket: str, way: str, number: str, amounts: Amounts) -> Answer:
        """Book what was frozen under this ticket, once, and make its tax form."""
        with self._begun() as db:
            known = self._known(ticket)
            if known is None or known["state"] == "LIFTED":
                return Answer(False, "NOT_FROZEN" if known is None else "LIFTED")
            before = self._again(known, way, number, amounts)
            if not before.ok or known["state"] == "BOOKED":
                return before
            sign = -1 if way == "out" else 1
            for each in amounts:
                db.execute("insert or ignore into balance values (?, ?, 0)", (number, each["fund"]))
                db.execute(
                    "update balance set cents = cents + ? where number = ? and fund = ?",
                    (sign * (each["cents"] + self.wrong_by), number, each["fund"]),
                )
            db.execute("update ticket set state = 'BOOKED' where id = ?", (ticket,))
            db.execute("insert into tax_form values (?, ?)", (ticket, known["cents"]))
            return Answer(True, reference=f"BKD-{ticket[:12]}", cents=known["cents"] + self.wrong_by)

    def ticket(self, ticket: str) -> dict[str, Any]:
        """What is known of it."""
        with self._begun() as db:
            known = self._known(ticket)
            (forms,) = db.execute("select count(*) from tax_form where id = ?", (ticket,)).fetchone()
            if known is None:
                return {"state": "UNKNOWN", "cents": 0, "tax_forms": forms}
            return {"state": known["state"], "cents": known["cents"], "tax_forms": forms}

    def numbers(self) -> list[str]:
        """Every account."""
        with self._begun() as db:
            return [row[0] for row in db.execute("select number from account order by number")]

    def tickets(self) -> list[str]:
        """Every ticket."""
        with self._begun() as db:
            return [row[0] for row in db.execute("select id from ticket order by id")]

    @contextmanager
    def _begun(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def _known(self, ticket: str) -> dict[str, Any] | None:
        row = self._db.execute("select state, way, number, cents from ticket where id = ?", (ticket,)).fetchone()
        return dict(zip(("state", "way", "number", "cents"), row, strict=True)) | {"id": ticket} if row else None

    def _again(self, known: Mapping[str, Any], way: str, number: str, amounts: Amounts) -> Answer:
        """The same once more is answered as at first; anything else under this ticket is refused."""
        if known["state"] == "LIFTED":
            return Answer(False, "LIFTED")
        what = "select line, fund, cents, basis, roth_year from ticket_line where id = ? order by line"
        lines = self._db.execute(what, (known["id"],)).fetchall()
        told = sorted((each["line"], each["fund"], each["cents"], each["basis"], each["roth_year"]) for each in amounts)
        if (known["way"], known["number"]) != (way, number) or lines != told:
            return Answer(False, "OTHER_TERMS")
        prefix = "BKD" if known["state"] == "BOOKED" else "FRZ"
        return Answer(True, reference=f"{prefix}-{known['id'][:12]}", cents=known["cents"] + self.wrong_by, again=True)

    def _frozen(self, number: str) -> dict[str, int]:
        rows = self._db.execute(
            """
            select l.fund, sum(l.cents)
            from ticket t join ticket_line l on l.id = t.id
            where t.number = ? and t.state = 'FROZEN' and t.way = 'out'
            group by l.fund
            """,
            (number,),
        )
        return dict(rows)

    def _covers(self, number: str, amounts: Amounts) -> bool:
        money = dict(self._db.execute("select fund, cents from balance where number = ?", (number,)))
        frozen, wanted = self._frozen(number), dict.fromkeys(FUNDS, 0)
        for each in amounts:
            wanted[each["fund"]] += each["cents"]
        return all(money.get(fund, 0) - frozen.get(fund, 0) >= cents for fund, cents in wanted.items())

"""How fast is a posting? Against a bare COPY of the very rows it wrote, itself row by row, and pgledger.

Absolute times depend on the machine; what counts is the ratio of two things done in turn, in one run, on one database.
Run it alone with ``python -m benchmarks.ledger``; ``python -m benchmarks payroll`` calls the functions.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import psycopg
from tests.support.database import TESTER, new_tenant, served

from open401k import ledger
from open401k.base.db import Database, Tx, Urls
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId
from open401k.ledger import AccountKey, Kind, Lines, Posted

PAY_DATE = date(2026, 1, 2)
SOURCES = (Source.PRE_TAX, Source.ROTH, Source.MATCH)


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians of interleaved rounds; ``ratio`` is ours over the peer's, or the peer's over ours, as ``name`` says."""

    name: str
    rows: int
    ours_seconds: float
    peer_seconds: float
    ratio: float
    limit: str


@dataclass(slots=True)
class Payroll:
    """A plan of ``rows`` participants with an account for each of three sources, and its next payrolls."""

    db: Database
    tenant_id: SponsorId
    plan_id: PlanId
    lines: Lines
    number: int = 0

    @classmethod
    def of(cls, db: Database, rows: int) -> Payroll:
        tenant_id, plan_id = new_tenant(db), db.ids.new(PlanId)
        people = [db.ids.new(EmployeeId) for _ in range(rows)]
        employer = AccountKey(plan_id, Kind.EMPLOYER_RECEIVABLE)
        keys = [AccountKey(plan_id, Kind.PARTICIPANT, person, source) for person in people for source in SOURCES]
        with db.begin(TESTER, tenants=[tenant_id]) as tx:
            accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[employer, *keys])
        lines = Lines(
            [accounts[employer].uuid] * len(keys),
            [accounts[key].uuid for key in keys],
            [10_000 + place % 977 for place in range(len(keys))],
            [f"row {place // 3}/{SOURCES[place % 3]}" for place in range(len(keys))],
        )
        return cls(db, tenant_id, plan_id, lines)

    @property
    def rows(self) -> int:
        return len(self.lines) // len(SOURCES)

    def post(self) -> float:
        """Post the next payroll in one entry, durable, all guards on: seconds."""
        self.number += 1
        start = time.perf_counter()
        with self.db.begin(TESTER, tenants=[self.tenant_id]) as tx:
            _must(self._post(tx, f"run {self.number}", self.lines))
        return time.perf_counter() - start

    def post_row_by_row(self) -> float:
        """The same as one entry a payroll row, all in one transaction: seconds."""
        self.number += 1
        start = time.perf_counter()
        with self.db.begin(TESTER, tenants=[self.tenant_id]) as tx:
            for row in range(self.rows):
                of_row = slice(row * 3, row * 3 + 3)
                part = Lines(
                    self.lines.debit[of_row],
                    self.lines.credit[of_row],
                    self.lines.amount[of_row],
                    self.lines.ref[of_row],
                )
                _must(self._post(tx, f"run {self.number}/{row}", part))
        return time.perf_counter() - start

    def _post(self, tx: Tx, key: str, lines: Lines) -> object:
        return ledger.post(
            tx,
            tenant_id=self.tenant_id,
            key=key,
            event_on=PAY_DATE,
            reason="contribution",
            cause=f"run_{self.number}",
            lines=lines,
        )


#: What one posting writes: table, and which of its rows are the last posting's.
WRITTEN = {
    "ledger.entry": """
        tenant_id = %(tenant)s and number = (
            select max(number) from ledger.entry where tenant_id = %(tenant)s
        )
    """,
    "ledger.line": """
        tenant_id = %(tenant)s and entry_id = (
            select entry_id from ledger.entry where tenant_id = %(tenant)s order by number desc limit 1
        )
    """,
    "ledger.balance": "tenant_id = %(tenant)s and version > 0",
    "base.audit": """
        tenant_id = %(tenant)s and audit_no = (
            select max(audit_no) from base.audit where tenant_id = %(tenant)s
        )
    """,
    "base.head": "tenant_id = %(tenant)s",
}


class Copy:
    """The rows of a posting, written again by COPY into empty clones of their tables: the least it can cost.

    Same columns, keys and checks, same role; without row security, because PostgreSQL refuses COPY into a
    table that has it.
    """

    def __init__(self, urls: Urls, payroll: Payroll) -> None:
        self._owner, self._app = urls.owner, urls.app
        self._data: dict[str, bytes] = {}
        with psycopg.connect(superuser(urls)) as conn:
            conn.execute("create schema if not exists bench")
            for table, which in WRITTEN.items():
                clone = _clone(table)
                conn.execute(f"drop table if exists {clone}".encode())
                conn.execute(f"create table {clone} (like {table} including all)".encode())
                conn.execute("grant usage on schema bench to open401k_app")
                conn.execute(f"grant select, insert on {clone} to open401k_app".encode())
                query = psycopg.ClientCursor(conn).mogrify(
                    f"copy (select * from {table} where {which}) to stdout",
                    {"tenant": payroll.tenant_id.uuid},
                )
                with conn.cursor().copy(query.encode()) as out:
                    self._data[clone] = b"".join(bytes(part) for part in out)
        self._truncate = superuser(urls)

    def seconds(self) -> float:
        with psycopg.connect(self._truncate) as conn:
            conn.execute(f"truncate {', '.join(self._data)}".encode())
        with psycopg.connect(self._app) as conn:
            conn.execute("select 1")
            start = time.perf_counter()
            for clone, data in self._data.items():
                with conn.cursor().copy(f"copy {clone} from stdin".encode()) as into:
                    into.write(data)
            conn.commit()
            return time.perf_counter() - start


class PgLedger:
    """The same transfers by github pgr0ss/pgledger, in a schema of its own: one call, no row security."""

    def __init__(self, urls: Urls, sql_file: Path, lines: Lines) -> None:
        self._url = superuser(urls)
        with self._connect() as conn:
            conn.execute("drop schema if exists pgledger cascade; create schema pgledger")
            # Its repository writes ids in base 32 by a PL/pgSQL loop in a second file; this is faster, to its favor.
            conn.execute(
                """
                create function uuid_to_ulid(id uuid) returns text language sql immutable
                as $$ select replace(id::text, '-', '') $$
                """
            )
            conn.execute(sql_file.read_text("utf-8").encode())
            names = list(dict.fromkeys(account.hex for account in (*lines.debit, *lines.credit)))
            rows = conn.execute(
                "select name, (pgledger_create_account(name, 'USD')).id from unnest(%s::text[]) as name", [names]
            ).fetchall()
        ids = dict(rows)
        self._from = [ids[account.hex] for account in lines.debit]
        self._to = [ids[account.hex] for account in lines.credit]
        self._amount = lines.amount

    def _connect(self) -> psycopg.Connection[tuple[str, str]]:
        return psycopg.connect(self._url, options="-c search_path=pgledger")

    def seconds(self) -> float:
        with self._connect() as conn:
            conn.execute("select 1")
            start = time.perf_counter()
            conn.execute(
                """
                select count(*)
                from pgledger_create_transfers((
                    select array_agg(row(f, t, a)::transfer_request)
                    from unnest(%b::text[], %b::text[], %b::bigint[]) as x (f, t, a)
                ))
                """,
                [self._from, self._to, self._amount],
            )
            conn.commit()
            return time.perf_counter() - start


def superuser(urls: Urls) -> str:
    """The superuser's way into the application's database."""
    return urls.superuser.replace("/postgres?", "/open401k?")


def interleaved(rounds: int, *works: Callable[[], float]) -> list[float]:
    """Each piece of work in turn, round after round, after one round to warm up; the median seconds of each."""
    seconds: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for place in range(len(works)):
            turn = (place + number) % len(works)
            taken = works[turn]()
            if number:
                seconds[turn].append(taken)
    return [statistics.median(each) for each in seconds]


def against_copy(db: Database, urls: Urls, *, rows: int, rounds: int) -> Figure:
    """Posting a payroll, and COPY of the rows that it wrote."""
    payroll = Payroll.of(db, rows)
    payroll.post()
    copy = Copy(urls, payroll)
    ours, peer = interleaved(rounds, payroll.post, copy.seconds)
    return Figure("posting / COPY of its rows", rows, ours, peer, ours / peer, "at most 15")


def against_row_by_row(db: Database, *, rows: int, rounds: int) -> Figure:
    """Posting a payroll, and posting its rows one by one."""
    payroll = Payroll.of(db, rows)
    ours, peer = interleaved(rounds, payroll.post, payroll.post_row_by_row)
    return Figure("row by row / posting", rows, ours, peer, peer / ours, "at least 10")


def against_pgledger(db: Database, urls: Urls, *, sql_file: Path, rows: int, rounds: int) -> Figure:
    """Posting a payroll, and pgledger's transfers for the same lines."""
    payroll = Payroll.of(db, rows)
    peer_ledger = PgLedger(urls, sql_file, payroll.lines)
    ours, peer = interleaved(rounds, payroll.post, peer_ledger.seconds)
    return Figure("pgledger / posting", rows, ours, peer, peer / ours, "at least 5")


def _must(answer: object) -> None:
    if not isinstance(answer, Posted) or answer.already:
        raise AssertionError(f"nothing was posted: {answer}")


def _clone(table: str) -> str:
    return f"bench.{table.replace('.', '_')}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pgledger", type=Path, help="pgledger.sql of github pgr0ss/pgledger")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with served(durable=True) as running:
        db, urls = running.db, running.urls
        figures = [
            against_copy(db, urls, rows=chosen.rows, rounds=chosen.rounds),
            against_row_by_row(db, rows=1_000, rounds=3),
        ]
        if chosen.pgledger:
            figures.append(against_pgledger(db, urls, sql_file=chosen.pgledger, rows=1_000, rounds=chosen.rounds))
    for figure in figures:
        if chosen.json:
            print(json.dumps(asdict(figure)))
        else:
            each = f"{figure.ours_seconds / figure.rows * 1e6:6.1f} us a row"
            print(f"{figure.name:28} {figure.rows:>7} rows  {each}  ratio {figure.ratio:6.1f}  {figure.limit}")


if __name__ == "__main__":
    main()

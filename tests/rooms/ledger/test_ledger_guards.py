"""What the database itself refuses, whoever asks: the second place of every invariant."""

from datetime import date
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from tests.rooms.ledger.books import Books, open_books
from tests.support.database import Begin, Served

from open401k import ledger
from open401k.base.db import Database
from open401k.ledger import Posted

APPEND_ONLY = ("account", "entry", "line", "reservation", "reservation_line", "reservation_end")


@pytest.fixture
def funded(books: Books, begin: Begin) -> Books:
    """Books with one entry and one reservation."""
    with begin() as tx:
        assert isinstance(books.post(tx, "run", ("receivable", "one pre-tax", 100)), Posted)
        assert isinstance(books.reserve(tx, "hold", ("one pre-tax", "cash", 60)), ledger.Reserved)
    return books


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "change", ["update ledger.{} set tenant_id = tenant_id", "delete from ledger.{}", "truncate ledger.{}"]
)
def test_the_application_has_no_right_to_change_facts(funded: Books, begin: Begin, table: str, change: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege), begin() as tx:
        tx.conn.execute(change.format(table).encode())


@pytest.mark.parametrize("who", ["owner", "superuser"])
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "change", ["update ledger.{} set tenant_id = tenant_id", "delete from ledger.{}", "truncate ledger.{} cascade"]
)
def test_even_owner_and_superuser_are_refused(
    postgres: Served, funded: Books, who: str, table: str, change: str
) -> None:
    url = postgres.urls.owner if who == "owner" else postgres.urls.superuser.replace("/postgres?", "/open401k?")
    with psycopg.connect(url) as conn, pytest.raises(errors.RestrictViolation, match="append-only"):
        conn.execute(change.format(table).encode())


@pytest.mark.parametrize("change", ["delete from ledger.balance", "truncate ledger.balance"])
def test_balances_cannot_be_removed(postgres: Served, funded: Books, begin: Begin, change: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege), begin() as tx:
        tx.conn.execute(change.encode())
    with psycopg.connect(postgres.urls.owner) as conn, pytest.raises(errors.RestrictViolation):
        conn.execute(change.encode())


@pytest.mark.parametrize("column", ["tenant_id", "account_id", "normal_side", "may_go_negative"])
def test_the_floor_of_a_balance_cannot_be_lifted(funded: Books, begin: Begin, column: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege), begin() as tx:
        tx.conn.execute(f"update ledger.balance set {column} = {column}".encode())


@pytest.mark.parametrize("wrong", ["balance = 59", "reserved = 101", "reserved = -1", "version = -1"])
def test_a_balance_below_its_floor_is_refused(funded: Books, begin: Begin, wrong: str) -> None:
    account = funded.accounts["one pre-tax"]
    with pytest.raises(errors.CheckViolation), begin() as tx:
        tx.conn.execute(f"update ledger.balance set {wrong} where account_id = %s".encode(), [account])


ENTRY = UUID(int=401)
INSERT: LiteralString = """
    insert into ledger.line (tenant_id, entry_id, line_no, debit_account, credit_account, amount, ref)
    values (%s, %s, %s, %s, %s, %s, 'x')
"""


@pytest.mark.parametrize(
    ("debit", "credit", "amount"),
    [
        ("receivable", "one pre-tax", 0),
        ("receivable", "one pre-tax", -1),
        ("receivable", "receivable", 1),
        ("receivable", "one units", 1),
        ("opening units", "one pre-tax", 1),
    ],
)
def test_a_line_that_is_no_movement_is_refused(
    funded: Books, begin: Begin, debit: str, credit: str, amount: int
) -> None:
    values = [funded.tenant_id, ENTRY, 1, funded.accounts[debit], funded.accounts[credit], amount]
    with pytest.raises(errors.CheckViolation), begin() as tx:
        tx.run(INSERT, values)


def test_a_participants_account_needs_its_participant(funded: Books, begin: Begin) -> None:
    with pytest.raises(ValueError, match="names the employee"):
        ledger.AccountKey(funded.plan_id, ledger.Kind.PARTICIPANT)


def test_an_account_must_fit_its_id(funded: Books, begin: Begin) -> None:
    with pytest.raises(errors.CheckViolation, match="account_id_tells_asset"), begin() as tx:
        tx.run(
            """
            insert into ledger.account (
                tenant_id, account_id, plan_id, kind, asset, normal_side, may_go_negative, opened_at
            )
            values (%s, %s, %s, 'fees', 'USD', 1, false, %s)
            """,
            [funded.tenant_id, UUID(int=1), funded.plan_id, tx.now],
        )


def test_a_key_and_a_reversal_are_unique_in_the_table(postgres: Served, funded: Books) -> None:
    with psycopg.connect(postgres.urls.superuser.replace("/postgres?", "/open401k?")) as conn:
        found = conn.execute(
            """
            select string_agg(a.attname, ',' order by k.place)
            from pg_index i
            cross join unnest(i.indkey) with ordinality as k (attnum, place)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
            where i.indrelid = 'ledger.entry'::regclass and i.indisunique
            group by i.indexrelid
            """
        ).fetchall()
    assert {"tenant_id,key", "tenant_id,reverses", "tenant_id,number", "tenant_id,entry_id"} <= {
        row[0] for row in found
    }


def test_another_tenants_books_are_neither_seen_nor_written(db: Database, funded: Books, begin: Begin) -> None:
    other = open_books(db)
    with begin() as tx:
        for table in (*APPEND_ONLY, "balance", "account_v", "entry_v", "line_v", "balance_v"):
            seen = tx.conn.execute(
                f"select count(*) from ledger.{table} where tenant_id = %s".encode(), [other.tenant_id]
            )
            assert seen.fetchone() == (0,), table
        assert ledger.balances(tx, tenant_id=other.tenant_id, plan_id=other.plan_id).amount == []
    values = [other.tenant_id, ENTRY, 1, other.accounts["receivable"], other.accounts["one pre-tax"], 5]
    with pytest.raises(errors.InsufficientPrivilege), begin() as tx:
        tx.run(INSERT, values)
    with pytest.raises(LookupError), begin() as tx:
        other.post(tx, "theirs", ("receivable", "one pre-tax", 5))


def test_every_table_of_the_ledger_forces_row_security(postgres: Served) -> None:
    with psycopg.connect(postgres.urls.owner) as conn:
        open_tables = conn.execute(
            """
            select relname
            from pg_class
            where relnamespace = 'ledger'::regnamespace
              and relkind = 'r'
              and not (relrowsecurity and relforcerowsecurity)
            """
        ).fetchall()
    assert open_tables == []


def test_what_is_recorded_is_dated_by_the_clock_and_never_before_its_predecessor(books: Books, begin: Begin) -> None:
    with begin() as early, begin() as late:
        assert isinstance(books.post(late, "late", ("receivable", "one pre-tax", 1)), Posted)
        late.conn.commit()
        assert isinstance(books.post(early, "early", ("receivable", "one pre-tax", 1)), Posted)
    with begin() as tx:
        rows = tx.rows(
            "select recorded_at, event_on from ledger.entry_v where tenant_id = %s order by number", [books.tenant_id]
        )
        assert rows == [(tx.now, date(2026, 1, 2))] * 2

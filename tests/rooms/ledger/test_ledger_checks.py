"""Planted damage: whatever somebody with all rights changes behind the books' back, verification names it."""

from collections.abc import Sequence

import psycopg
import pytest
from tests.rooms.ledger.books import PAY_DATE, Books
from tests.support.database import Begin, Served

from open401k import ledger
from open401k.ledger import DamageKind, Posted, Reserved


@pytest.fixture
def used(books: Books, begin: Begin) -> Books:
    """Books with entries, a reversal, and reservations open, posted and voided."""
    with begin() as tx:
        first = books.post(tx, "run 1", ("receivable", "one pre-tax", 100), ("receivable", "two pre-tax", 70))
        assert isinstance(first, Posted)
        assert isinstance(books.post(tx, "run 2", ("receivable", "one match", 50), ("cash", "two held", 5)), Posted)
        back = ledger.reverse(
            tx, tenant_id=books.tenant_id, entry_id=first.entry_id, key="back", event_on=PAY_DATE, reason="reversal"
        )
        assert isinstance(back, Posted)
    with begin() as tx:
        assert isinstance(books.post(tx, "run 3", ("receivable", "one pre-tax", 100)), Posted)
        for key in ("posted", "voided", "open"):
            held = books.reserve(tx, key, ("one pre-tax", "cash", 10))
            assert isinstance(held, Reserved)
            at, it = books.tenant_id, held.reservation_id
            if key == "posted":
                ledger.post_reserved(tx, tenant_id=at, reservation_id=it, key="settle", event_on=PAY_DATE)
            if key == "voided":
                ledger.void(tx, tenant_id=at, reservation_id=it, key="void", reason="expired")
    return books


# What is done, and what must be found, among whatever else follows from it.
PLANTED = {
    "changed amount": (
        ["update ledger.line set amount = 101 where tenant_id = %(t)s and amount = 100"],
        {DamageKind.BODY_CHANGED, DamageKind.BALANCE_DIFFERS},
    ),
    "changed amount and balances to match": (
        [
            "update ledger.line set amount = 51 where tenant_id = %(t)s and amount = 50",
            "update ledger.balance set balance = 51 where tenant_id = %(t)s and account_id = %(match)s",
            "update ledger.balance set balance = balance + 1 where tenant_id = %(t)s and account_id = %(receivable)s",
        ],
        {DamageKind.BODY_CHANGED},
    ),
    "deleted line": (
        ["delete from ledger.line where tenant_id = %(t)s and amount = 5"],
        {DamageKind.BODY_CHANGED, DamageKind.LINES_MISCOUNTED, DamageKind.BALANCE_DIFFERS, DamageKind.VERSION_DIFFERS},
    ),
    "inserted line": (
        [
            """
            insert into ledger.line
            select tenant_id, entry_id, 99, debit_account, credit_account, 1, 'planted'
            from ledger.line
            where tenant_id = %(t)s and amount = 5
            """
        ],
        {DamageKind.BODY_CHANGED, DamageKind.LINES_MISCOUNTED, DamageKind.BALANCE_DIFFERS, DamageKind.VERSION_DIFFERS},
    ),
    "inserted line of an entry that is not there": (
        ["insert into ledger.line values (%(t)s, gen_random_uuid(), 1, %(receivable)s, %(match)s, 1, 'planted')"],
        {DamageKind.LINE_ORPHANED, DamageKind.BALANCE_DIFFERS},
    ),
    "changed event_on": (
        ["update ledger.entry set event_on = event_on - 1 where tenant_id = %(t)s and key = 'run 2'"],
        {DamageKind.BODY_CHANGED},
    ),
    "changed reason": (
        ["update ledger.entry set reason = 'gift' where tenant_id = %(t)s and key = 'run 2'"],
        {DamageKind.BODY_CHANGED},
    ),
    "changed balance": (
        ["update ledger.balance set balance = balance + 1 where tenant_id = %(t)s and account_id = %(match)s"],
        {DamageKind.BALANCE_DIFFERS},
    ),
    "changed version": (
        ["update ledger.balance set version = version + 1 where tenant_id = %(t)s and account_id = %(match)s"],
        {DamageKind.VERSION_DIFFERS},
    ),
    "changed key": (
        ["update ledger.entry set key = 'other' where tenant_id = %(t)s and key = 'run 2'"],
        {DamageKind.SEAL_BROKEN},
    ),
    "swapped accounts": (
        [
            """
            update ledger.line
            set debit_account = credit_account, credit_account = debit_account
            where tenant_id = %(t)s and amount = 50
            """
        ],
        {DamageKind.BODY_CHANGED, DamageKind.BALANCE_DIFFERS},
    ),
    "deleted entry": (
        ["delete from ledger.entry where tenant_id = %(t)s and key = 'run 2'"],
        {DamageKind.ENTRY_MISSING, DamageKind.LINE_ORPHANED, DamageKind.SEAL_BROKEN},
    ),
    "deleted last entry with its lines": (
        [
            "delete from ledger.reservation_end where tenant_id = %(t)s and key = 'settle'",
            "delete from ledger.line where tenant_id = %(t)s and entry_id = %(last)s",
            "delete from ledger.entry where tenant_id = %(t)s and entry_id = %(last)s",
            """
            update ledger.balance
            set balance = 100, version = version - 1, reserved = 20
            where tenant_id = %(t)s and account_id = %(pre_tax)s
            """,
            """
            update ledger.balance
            set balance = balance + 10, version = version - 1, reserved = 20
            where tenant_id = %(t)s and account_id = %(cash)s
            """,
        ],
        {DamageKind.ENTRY_MISSING},
    ),
    "changed recorded_at": (
        [
            """
            update ledger.entry
            set recorded_at = recorded_at - interval '1 day'
            where tenant_id = %(t)s and key = 'run 2'
            """
        ],
        {DamageKind.SEAL_BROKEN, DamageKind.RECORDED_OUT_OF_ORDER},
    ),
    "recorded in the future": (
        ["update ledger.entry set recorded_at = recorded_at + interval '1 day' where tenant_id = %(t)s"],
        {DamageKind.SEAL_BROKEN, DamageKind.RECORDED_IN_FUTURE},
    ),
    "altered reserved": (
        ["update ledger.balance set reserved = 9 where tenant_id = %(t)s and account_id = %(pre_tax)s"],
        {DamageKind.RESERVED_DIFFERS},
    ),
    "altered reservation": (
        ["update ledger.reservation_line set amount = 9 where tenant_id = %(t)s"],
        {DamageKind.RESERVATION_CHANGED, DamageKind.RESERVED_DIFFERS},
    ),
    "deleted end of a reservation": (
        ["delete from ledger.reservation_end where tenant_id = %(t)s and key = 'void'"],
        {DamageKind.RESERVED_DIFFERS},
    ),
    "account given to somebody else": (
        [
            """
            update ledger.account
            set employee_id = gen_random_uuid()
            where tenant_id = %(t)s and account_id = %(match)s
            """
        ],
        {DamageKind.ACCOUNT_CHANGED},
    ),
    "floor taken away": (
        ["update ledger.balance set may_go_negative = true where tenant_id = %(t)s and account_id = %(match)s"],
        {DamageKind.ACCOUNT_CHANGED},
    ),
    "lost balance": (
        ["delete from ledger.balance where tenant_id = %(t)s and account_id = %(match)s"],
        {DamageKind.BALANCE_MISSING},
    ),
}


def plant(postgres: Served, books: Books, statements: Sequence[str]) -> None:
    """Do it as a superuser with triggers and foreign keys asleep."""
    url = postgres.urls.superuser.replace("/postgres?", "/open401k?")
    with psycopg.connect(url) as conn:
        conn.execute("set session_replication_role = replica")
        last = conn.execute(
            "select entry_id from ledger.entry where tenant_id = %s order by number desc limit 1",
            [books.tenant_id.uuid],
        ).fetchone()
        assert last is not None
        values = {
            "t": books.tenant_id.uuid,
            "last": last[0],
            "match": books.accounts["one match"].uuid,
            "pre_tax": books.accounts["one pre-tax"].uuid,
            "receivable": books.accounts["receivable"].uuid,
            "cash": books.accounts["cash"].uuid,
        }
        for statement in statements:
            assert conn.execute(statement.encode(), values).rowcount > 0, statement


def test_untouched_books_are_whole(used: Books, begin: Begin) -> None:
    with begin() as tx:
        checked = used.verify(tx)
        assert checked == ledger.Checked(accounts=10, entries=5, lines=8, reservations=3, damage=())


@pytest.mark.parametrize("name", PLANTED)
def test_planted_damage_is_found(postgres: Served, used: Books, begin: Begin, name: str) -> None:
    statements, expected = PLANTED[name]
    plant(postgres, used, statements)
    with begin() as tx:
        checked = used.verify(tx)
    assert not checked.ok
    assert expected <= {damage.kind for damage in checked.damage}, checked.damage
    assert all(damage.where and damage.found and damage.expected for damage in checked.damage)

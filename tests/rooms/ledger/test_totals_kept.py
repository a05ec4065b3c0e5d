"""Contributions that a process keeps added up are, after any history, what a fresh read gives."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.ledger.books import Books, open_books
from tests.support.database import TESTER, Begin

from open401k import ledger
from open401k.base.db import Database, Tx
from open401k.kernel import EntryId
from open401k.ledger import Kind, Posted, _reads_store

START, END = date(2026, 1, 1), date(2027, 1, 1)
DAYS = [date(2026, 1, 2) + timedelta(days=14 * period) for period in range(4)]
MOVES = [
    ("receivable", "one pre-tax", 100),
    ("receivable", "two pre-tax", 40),
    ("receivable", "one match", 7),
    ("receivable", "two held", 9),
]


def added(books: Books, tx: Tx, end: date = END, kind: Kind = Kind.PARTICIPANT) -> list[tuple[str, str, int]]:
    """Totals, in order."""
    rows = ledger.contribution_totals(
        tx, tenant_id=books.tenant_id, plan_id=books.plan_id, start=START, end=end, kind=kind
    )
    return sorted((str(row.employee_id), row.source.value, row.cents) for row in rows)


def anew(books: Books, tx: Tx, end: date = END, kind: Kind = Kind.PARTICIPANT) -> list[tuple[str, str, int]]:
    """The same without anything kept."""
    kept, tx.kept = tx.kept, None
    try:
        return added(books, tx, end, kind)
    finally:
        tx.kept = kept


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_kept_totals_are_fresh_totals_whatever_happens(db: Database, data: st.DataObject) -> None:
    books = open_books(db)
    tenant = books.tenant_id
    posted: list[EntryId] = []
    for step in range(data.draw(st.integers(2, 7))):
        what = data.draw(st.sampled_from(["contribution", "contribution", "correction", "reversal", "undone", "fee"]))
        day, move = data.draw(st.sampled_from(DAYS)), data.draw(st.sampled_from(MOVES))
        with db.begin(TESTER, tenants=[tenant]) as tx:
            if what == "reversal" and posted:
                which = posted.pop(data.draw(st.integers(0, len(posted) - 1)))
                ledger.reverse(
                    tx, tenant_id=tenant, entry_id=which, key=f"back {step}", event_on=day, reason="reversal"
                )
            elif what != "reversal":
                reason = "contribution" if what == "undone" else what
                done = books.post(tx, f"post {step}", move, event_on=day, reason=reason)
                assert isinstance(done, Posted)
                if what in ("contribution", "correction"):
                    posted.append(done.entry_id)
            if data.draw(st.booleans()):
                assert added(books, tx) == anew(books, tx)
            if what == "undone":
                tx.conn.rollback()
        with db.begin(TESTER, tenants=[tenant]) as tx:
            end, kind = data.draw(st.sampled_from([*DAYS, END])), data.draw(st.sampled_from(list(Kind)))
            assert added(books, tx, end, kind) == anew(books, tx, end, kind)


def test_totals_are_the_same_in_however_many_slices_they_are_sent(
    books: Books, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything(tx: Tx) -> tuple[list[tuple[str, str, int]], dict[str, int]]:
        cash = ledger.cash_of_people(tx, tenant_id=books.tenant_id, plan_id=books.plan_id)
        held = {str(who): cents for who, cents in zip(cash.employee_id, cash.cents.tolist(), strict=True)}
        return anew(books, tx), held

    with begin() as tx:
        assert isinstance(books.post(tx, "paid", *MOVES[:3], event_on=DAYS[0], reason="contribution"), Posted)
        at_once = everything(tx)
        monkeypatch.setattr(_reads_store, "SLICE", 1)
        in_slices = everything(tx)

    assert at_once == in_slices
    assert sorted(at_once[1].values()) == [40, 107]


def test_only_entries_that_are_new_are_read(books: Books, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    gained = _reads_store.gained

    def counted(*args: object, entries: list[object], **kwargs: object) -> object:
        read.append(len(entries))
        return gained(*args, entries=entries, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(_reads_store, "gained", counted)
    for number, move in enumerate(MOVES[:2]):
        with begin() as tx:
            books.post(tx, f"run {number}", move, event_on=DAYS[number])
    for _ in range(2):
        with begin() as tx:
            added(books, tx)
    with begin() as tx:
        books.post(tx, "run 2", MOVES[0], event_on=DAYS[2])
    with begin() as tx:
        assert sorted(cents for _, _, cents in added(books, tx)) == [40, 200]
    assert read == [2, 1]

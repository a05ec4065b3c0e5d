"""Balances of any day as known at any time, and contributions by pay date."""

from datetime import date, timedelta

from tests.rooms.ledger.books import Books
from tests.support.database import Begin

from open401k import ledger
from open401k.kernel import EmployeeId, FixedClock, Source
from open401k.ledger import Kind, Posted

FIRST, SECOND, LATE = date(2026, 1, 2), date(2026, 1, 16), date(2026, 1, 9)
PAY = ("receivable", "one pre-tax", 100)


def test_a_late_fact_changes_the_past_as_now_known_but_not_as_then_known(
    books: Books, begin: Begin, clock: FixedClock
) -> None:
    def as_of(day: date, *, then: bool) -> dict[str, int]:
        with begin() as tx:
            known_at = before if then else None
            found = ledger.balances(tx, tenant_id=books.tenant_id, plan_id=books.plan_id, as_of=day, known_at=known_at)
            return books.by_name(found)

    with begin() as tx:
        books.post(tx, "first", PAY, event_on=FIRST)
        books.post(tx, "second", PAY, event_on=SECOND)
    before = clock.now()
    clock.advance(timedelta(days=30))
    with begin() as tx:
        books.post(tx, "late", ("receivable", "one pre-tax", 7), event_on=LATE, reason="correction")
    days = (date(2026, 1, 1), FIRST, LATE, SECOND)
    assert [as_of(day, then=True).get("one pre-tax", 0) for day in days] == [0, 100, 100, 200]
    assert [as_of(day, then=False).get("one pre-tax", 0) for day in days] == [0, 100, 107, 207]


def test_an_account_opened_later_is_not_known_before(books: Books, begin: Begin, clock: FixedClock) -> None:
    before = clock.now()
    clock.advance(timedelta(days=1))
    with begin() as tx:
        key = ledger.AccountKey(books.plan_id, Kind.FEES)
        opened = ledger.open_accounts(tx, tenant_id=books.tenant_id, keys=[key])
        then = ledger.balances(tx, tenant_id=books.tenant_id, plan_id=books.plan_id, known_at=before)
        now = ledger.balances(tx, tenant_id=books.tenant_id, plan_id=books.plan_id)
        assert opened[key].uuid not in then.account_id
        assert opened[key].uuid in now.account_id


def test_opening_accounts_twice_opens_them_once(books: Books, begin: Begin) -> None:
    keys = [ledger.AccountKey(books.plan_id, Kind.FEES), ledger.AccountKey(books.plan_id, Kind.CASH_CLEARING)]
    with begin() as tx:
        doubled = ledger.open_in_order(tx, tenant_id=books.tenant_id, keys=[*keys, *keys])
        first = ledger.open_accounts(tx, tenant_id=books.tenant_id, keys=keys)
        assert doubled == [*first.values(), *first.values()]
    with begin() as tx:
        assert ledger.open_accounts(tx, tenant_id=books.tenant_id, keys=[*keys, *keys]) == first
        assert books.verify(tx).accounts == 11
        assert ledger.open_accounts(tx, tenant_id=books.tenant_id, keys=[]) == {}


def test_totals_are_by_kind_asset_and_source(books: Books, begin: Begin) -> None:
    with begin() as tx:
        books.post(tx, "run", PAY, ("receivable", "one match", 50), ("opening units", "one units", 3))
        found = ledger.balances(tx, tenant_id=books.tenant_id, plan_id=books.plan_id)
        assert len(found) == 10
        assert found.total(Kind.PARTICIPANT) == found.total(Kind.EMPLOYER_RECEIVABLE) == 150
        assert found.total(Kind.PARTICIPANT, source=Source.MATCH) == 50
        assert found.total(Kind.PARTICIPANT, asset="fund:index") == 3


def test_contributions_are_net_by_person_source_and_day(books: Books, begin: Begin, clock: FixedClock) -> None:
    with begin() as tx:
        first = books.post(tx, "first", PAY, ("receivable", "one match", 50), event_on=FIRST)
        assert isinstance(first, Posted)
        books.post(tx, "second", ("receivable", "two pre-tax", 30), ("receivable", "two held", 9), event_on=SECOND)
        books.post(tx, "moved", ("two pre-tax", "one pre-tax", 5), event_on=SECOND, reason="transfer")
        books.post(tx, "less", ("one pre-tax", "receivable", 20), event_on=FIRST, reason="correction")
    before = clock.now()
    clock.advance(timedelta(days=1))
    where = {"tenant_id": books.tenant_id, "plan_id": books.plan_id}

    def by_person(rows: list[ledger.Contribution]) -> list[tuple[Source, date, int]]:
        assert all(isinstance(row.employee_id, EmployeeId) for row in rows)
        return sorted((row.source, row.event_on, row.cents) for row in rows)

    year = {"start": FIRST, "end": date(2027, 1, 1)}
    with begin() as tx:
        rows = ledger.contributions(tx, **where, **year)  # type: ignore[arg-type]
        assert by_person(rows) == [
            (Source.MATCH, FIRST, 50), (Source.PRE_TAX, FIRST, 80), (Source.PRE_TAX, SECOND, 30),
        ]  # fmt: skip
        until = ledger.contributions(tx, **where, start=FIRST, end=SECOND)  # type: ignore[arg-type]
        assert by_person(until) == [(Source.MATCH, FIRST, 50), (Source.PRE_TAX, FIRST, 80)]
        held = ledger.contributions(tx, **where, **year, kind=Kind.SUSPENSE)  # type: ignore[arg-type]
        assert by_person(held) == [(Source.PRE_TAX, SECOND, 9)]
        totals = ledger.contribution_totals(tx, **where, **year)  # type: ignore[arg-type]
        assert sorted(row.cents for row in totals) == [30, 50, 80]
        ledger.reverse(
            tx,
            tenant_id=books.tenant_id,
            entry_id=first.entry_id,
            key="back",
            event_on=FIRST,
            reason="reversal",
        )
    with begin() as tx:
        books.post(tx, "again", PAY, event_on=FIRST)
        ledger.reverse(
            tx, tenant_id=books.tenant_id, entry_id=first.entry_id, key="back", event_on=FIRST, reason="reversal"
        )
        now = ledger.contributions(tx, **where, **year)  # type: ignore[arg-type]
        then = ledger.contributions(tx, **where, **year, known_at=before)  # type: ignore[arg-type]
        assert by_person(then) == by_person(rows)
        assert by_person(now) == [(Source.PRE_TAX, FIRST, 80), (Source.PRE_TAX, SECOND, 30)]

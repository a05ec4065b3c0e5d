"""A roster is folded once for each edition of the people, and is never anything but what the database has."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from tests.support.database import TESTER, Begin, new_tenant

from open401k import census
from open401k.base.db import Database, Kept, Tx
from open401k.census import Name, Relation, Terminated, _roster_store
from open401k.kernel import EmployeeId, SponsorId


def hire(tx: Tx, tenant: SponsorId, ssn: str = "123-45-6789", last_name: str = "Clerk") -> EmployeeId:
    """One employee."""
    born, hired = date(1980, 7, 4), date(2021, 3, 1)
    return census.add_employee(
        tx, tenant_id=tenant, ssn=ssn, first_name="First", last_name=last_name, birth_date=born, hired_on=hired
    )


def rename(tx: Tx, tenant: SponsorId, employee_id: EmployeeId, last_name: str) -> None:
    """Another name from a day on."""
    told = Name("First", last_name)
    census.record_fact(tx, tenant_id=tenant, employee_id=employee_id, event_on=date(2025, 1, 1), fact=told)


def names(tx: Tx, tenant: SponsorId) -> list[str]:
    """Last names of everybody, by id."""
    return [each.last_name for each in census.roster(tx, tenant_id=tenant)]


def test_people_who_did_not_change_are_not_read_again(
    begin: Begin, tenant: SponsorId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begin() as tx:
        clerk = hire(tx, tenant)
    with begin() as tx:
        first = census.roster(tx, tenant_id=tenant)
    monkeypatch.setattr(_roster_store, "rosters", lambda *_, **__: pytest.fail("read again"))
    with begin() as tx:
        assert census.roster(tx, tenant_id=tenant) == first
        assert census.roster(tx, tenant_id=tenant, employee_ids=[clerk, EmployeeId(tenant.uuid)]) == first


def test_owners_of_a_year_are_those_of_a_fresh_read_after_every_change(begin: Begin, tenant: SponsorId) -> None:
    start = date(2025, 1, 1)

    def owners(tx: Tx, end: date) -> tuple[census.OwnershipOn, ...]:
        return census.ownership_during(tx, tenant_id=tenant, start=start, end=end)

    def own(tx: Tx, who: EmployeeId, bps: int, on: date) -> None:
        census.record_fact(tx, tenant_id=tenant, employee_id=who, event_on=on, fact=census.Ownership(bps))

    changes: list[Callable[[Tx], object]] = [
        lambda tx: own(tx, one, 600, date(2024, 5, 1)),
        lambda tx: own(tx, two, 5_000, date(2025, 3, 1)),
        lambda tx: own(tx, one, 0, date(2025, 9, 1)),
        lambda tx: census.record_fact(
            tx, tenant_id=tenant, employee_id=one, event_on=date(2025, 6, 1), fact=census.Family(two, Relation.SPOUSE)
        ),
    ]
    with begin() as tx:
        one, two = hire(tx, tenant), hire(tx, tenant, "222-11-3333", "Second")
    for change in changes:
        with begin() as tx:
            change(tx)
        for end in (start, date(2025, 6, 2), date(2025, 12, 31)):
            with begin() as tx:
                first, again = owners(tx, end), owners(tx, end)
                tx.kept = None
                assert first == again == owners(tx, end)
    with begin() as tx:
        assert [each.on.month for each in owners(tx, date(2026, 1, 1))] == [1, 3, 6, 9]


CHANGES: dict[str, Callable[[Tx, SponsorId, EmployeeId, EmployeeId], object]] = {
    "a name": lambda tx, tenant, one, _: rename(tx, tenant, one, "Married"),
    "a new number": lambda tx, tenant, one, _: census.record_fact(
        tx, tenant_id=tenant, employee_id=one, event_on=date(2025, 1, 1), fact=census.Ssn("222-33-4444")
    ),
    "another employee": lambda tx, tenant, *_: hire(tx, tenant, "333-22-1111", "Third"),
    "a termination": lambda tx, tenant, one, _: census.record_fact(
        tx, tenant_id=tenant, employee_id=one, event_on=date(2025, 6, 30), fact=Terminated()
    ),
    "a year of pay": lambda tx, tenant, one, _: census.record_fact(
        tx,
        tenant_id=tenant,
        employee_id=one,
        event_on=date(2024, 12, 31),
        fact=census.PayOfYear(2024, census.AnnualPay(1, 1, 1, 1)),
    ),
    "a family": lambda tx, tenant, one, two: census.record_fact(
        tx, tenant_id=tenant, employee_id=one, event_on=date(2025, 1, 1), fact=census.Family(two, Relation.SPOUSE)
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_kind_of_change_is_seen_at_once(
    change: Callable[[Tx, SponsorId, EmployeeId, EmployeeId], object], begin: Begin, tenant: SponsorId
) -> None:
    with begin() as tx:
        one, two = hire(tx, tenant), hire(tx, tenant, "222-11-3333", "Second")
    with begin() as tx:
        before = census.roster(tx, tenant_id=tenant)
    with begin() as tx:
        change(tx, tenant, one, two)
        seen = census.roster(tx, tenant_id=tenant)  # within its own transaction, too
    with begin() as tx:
        after = census.roster(tx, tenant_id=tenant)
        tx.kept = None
        read_anew = census.roster(tx, tenant_id=tenant)
    assert before != seen == after == read_anew


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_of_a_roster_too_large_to_keep_some_are_read_once_and_changes_are_seen(
    change: Callable[[Tx, SponsorId, EmployeeId, EmployeeId], object],
    begin: Begin,
    tenant: SponsorId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_roster_store, "FEW", 0)
    kept, read = Kept(1), _roster_store.rosters

    def some(tx: Tx, *wanted: EmployeeId) -> list[census.Employee]:
        tx.kept = kept
        return census.roster(tx, tenant_id=tenant, employee_ids=wanted)

    with begin() as tx:
        one, two = hire(tx, tenant), hire(tx, tenant, "222-11-3333", "Second")
    with begin() as tx:
        before = [*some(tx, min(one, two)), *some(tx, max(one, two))]
    with begin() as tx, monkeypatch.context() as patched:
        patched.setattr(_roster_store, "rosters", lambda *_, **__: pytest.fail("read again"))
        assert some(tx, two, one, one) == before
    with begin() as tx:
        change(tx, tenant, one, two)
    monkeypatch.setattr(_roster_store, "rosters", read)
    with begin() as tx:
        after = some(tx, one, two)
        tx.kept = None
        assert after == census.roster(tx, tenant_id=tenant, employee_ids=[one, two])
        assert after != before or len(census.roster(tx, tenant_id=tenant)) == 3  # one more, whom nobody asked for


def test_what_was_rolled_back_is_forgotten(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        clerk = hire(tx, tenant)
    with begin() as tx:
        rename(tx, tenant, clerk, "Undone")
        assert names(tx, tenant) == ["Undone"]
        tx.conn.rollback()
    with begin() as tx:
        assert names(tx, tenant) == ["Clerk"]
        rename(tx, tenant, clerk, "Done")
    with begin() as tx:
        assert names(tx, tenant) == ["Done"]


def test_what_a_savepoint_took_back_is_forgotten(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        clerk = hire(tx, tenant)
    with begin() as tx:
        with suppress(ZeroDivisionError), tx.savepoint():
            rename(tx, tenant, clerk, "Undone")
            assert names(tx, tenant) == ["Undone"]
            raise ZeroDivisionError
        assert names(tx, tenant) == ["Clerk"]
        rename(tx, tenant, clerk, "Done")
        assert names(tx, tenant) == ["Done"]


def test_who_may_not_see_the_tenant_gets_nothing_of_what_is_kept(begin: Begin, tenant: SponsorId, db: Database) -> None:
    with begin() as tx:
        hire(tx, tenant)
        assert names(tx, tenant) == ["Clerk"]
    with db.begin(TESTER, tenants=[new_tenant(db)]) as tx:
        assert names(tx, tenant) == []


def test_a_change_committed_while_a_roster_is_read_is_not_kept_as_the_edition_before(
    begin: Begin, tenant: SponsorId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begin() as tx:
        clerk = hire(tx, tenant)
    read = _roster_store.rosters

    def read_late(*args: object, **kwargs: object) -> object:
        monkeypatch.setattr(_roster_store, "rosters", read)
        with begin() as other:
            rename(other, tenant, clerk, "Meanwhile")
        return read(*args, **kwargs)  # type: ignore[arg-type]

    with begin() as tx:
        old = _roster_store.edition(tx, tenant_id=tenant)
        monkeypatch.setattr(_roster_store, "rosters", read_late)
        assert names(tx, tenant) == ["Meanwhile"]
        assert tx.kept is not None
        assert tx.kept.get(("roster", tenant)) is None
        new = _roster_store.edition(tx, tenant_id=tenant)
        assert new != old
        assert names(tx, tenant) == ["Meanwhile"]
        assert tx.kept.get(("roster", tenant))[0] == new

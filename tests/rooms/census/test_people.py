"""People in a real database: as then known, as now known, numbers sealed, a large roster quickly."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.database import TESTER, Begin, new_tenant

from open401k import census
from open401k.base import audit
from open401k.base.db import Database, Tx
from open401k.census import (
    AnnualPay,
    BirthDate,
    Employee,
    EmployeeClass,
    Employment,
    Fact,
    Family,
    Hired,
    Name,
    NewEmployee,
    NotHired,
    NotTerminated,
    Officer,
    Ownership,
    PayOfYear,
    Relation,
    Ssn,
    Terminated,
)
from open401k.kernel import EmployeeId, FixedClock, Open401kError, SponsorId

HIRED = date(2021, 3, 1)
BORN = date(1980, 7, 4)


def add(tx: Tx, tenant: SponsorId, ssn: str | None = "123-45-6789", last_name: str = "Clerk") -> EmployeeId:
    """One employee."""
    return census.add_employee(
        tx, tenant_id=tenant, ssn=ssn, first_name="First", last_name=last_name, birth_date=BORN, hired_on=HIRED
    )


def only(tx: Tx, tenant: SponsorId, *, known_at: datetime | None = None, on: date | None = None) -> Employee:
    """The one employee there is."""
    (employee,) = census.roster(tx, tenant_id=tenant, known_at=known_at, on=on)
    return employee


def test_an_employee_comes_back_without_the_number(begin: Begin, tenant: SponsorId) -> None:
    pay = AnnualPay(10_000_000, 9_500_000, 10_000_000, 208_000)
    with begin() as tx:
        employee_id = census.add_employee(
            tx,
            tenant_id=tenant,
            ssn="123-45-6789",
            first_name="First",
            last_name="Owner",
            birth_date=BORN,
            hired_on=HIRED,
            employee_class="office",
            ownership_bps=6_000,
            officer=True,
            annual_pay={2025: pay},
        )
    with begin() as tx:
        assert only(tx, tenant) == Employee(
            employee_id=employee_id,
            first_name="First",
            last_name="Owner",
            ssn_last4="6789",
            birth_date=BORN,
            employment=(Employment(HIRED),),
            employee_class="office",
            ownership_bps=6_000,
            officer=True,
            annual_pay={2025: pay},
        )
        assert census.employee(tx, tenant_id=tenant, employee_id=employee_id) == only(tx, tenant)
        assert tx.rows(
            "select first_name, last_name, ssn_last4, birth_date, employee_class from census.employee_v"
        ) == [("First", "Owner", "6789", BORN, "office")]


@pytest.mark.parametrize(
    ("facts", "employment"),
    [
        ([(Hired(), date(2021, 2, 15))], [Employment(date(2021, 2, 15))]),  # the earlier of two
        ([(Hired(instead_of=HIRED), date(2021, 4, 1))], [Employment(date(2021, 4, 1))]),
        ([(NotHired(), HIRED)], []),
        ([(Terminated(), date(2025, 1, 31))], [Employment(HIRED, date(2025, 1, 31))]),
        ([(Terminated(), date(2025, 1, 31)), (NotTerminated(), date(2025, 1, 31))], [Employment(HIRED)]),
        (
            [(Terminated(), date(2025, 1, 31)), (Terminated(instead_of=date(2025, 1, 31)), date(2025, 2, 28))],
            [Employment(HIRED, date(2025, 2, 28))],
        ),
        (
            [(Terminated(), date(2025, 1, 31)), (Hired(), date(2025, 9, 1))],
            [Employment(HIRED, date(2025, 1, 31)), Employment(date(2025, 9, 1))],
        ),
        (
            # taken back, and then true after all, all in one transaction
            [
                (Terminated(), date(2025, 1, 31)),
                (NotTerminated(), date(2025, 1, 31)),
                (Terminated(), date(2025, 1, 31)),
            ],
            [Employment(HIRED, date(2025, 1, 31))],
        ),
    ],
)
def test_employment_facts_make_spans(
    begin: Begin, tenant: SponsorId, facts: list[tuple[Fact, date]], employment: list[Employment]
) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)
        for fact, event_on in facts:
            census.record_fact(tx, tenant_id=tenant, employee_id=employee_id, fact=fact, event_on=event_on)
        assert list(only(tx, tenant).employment) == employment


def test_a_hire_date_learned_late_changes_what_is_known_now_and_not_what_was_known(
    begin: Begin, tenant: SponsorId, clock: FixedClock
) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)
    then = clock.now()
    clock.advance(timedelta(days=40))
    with begin() as tx:
        census.record_fact(
            tx, tenant_id=tenant, employee_id=employee_id, fact=Hired(instead_of=HIRED), event_on=date(2021, 1, 4)
        )
    with begin() as tx:
        assert only(tx, tenant).employment == (Employment(date(2021, 1, 4)),)
        assert only(tx, tenant, known_at=then).employment == (Employment(HIRED),)
        assert census.roster(tx, tenant_id=tenant, known_at=then - timedelta(seconds=1)) == []


def test_name_class_and_ownership_hold_from_their_day(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)

        def record(fact: Fact, event_on: date) -> None:
            census.record_fact(tx, tenant_id=tenant, employee_id=employee_id, fact=fact, event_on=event_on)

        record(Name("First", "Married"), date(2025, 6, 1))
        record(EmployeeClass("union"), date(2025, 3, 1))
        record(Ownership(600), date(2025, 5, 1))
        record(Officer(True), date(2025, 7, 1))
        record(Officer(False), date(2025, 8, 1))
        before, after = only(tx, tenant, on=date(2025, 5, 31)), only(tx, tenant)

        assert (before.last_name, before.employee_class, before.ownership_bps, before.officer) == (
            "Clerk",
            "union",
            600,
            False,
        )
        assert (after.last_name, after.officer) == ("Married", False)
        assert only(tx, tenant, on=date(2025, 7, 15)).officer
        assert only(tx, tenant, on=date(2020, 1, 1)).last_name == "Clerk"


def test_the_last_birth_date_recorded_counts_whatever_its_day(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)
        corrected = date(1981, 7, 4)
        census.record_fact(
            tx, tenant_id=tenant, employee_id=employee_id, fact=BirthDate(corrected), event_on=date(2000, 1, 1)
        )
        assert only(tx, tenant).birth_date == corrected
        assert tx.rows("select birth_date from census.employee_v") == [(corrected,)]


def test_a_loaded_year_is_corrected_by_a_later_one(begin: Begin, tenant: SponsorId, clock: FixedClock) -> None:
    wrong, right = AnnualPay(1, 1, 1, 1), AnnualPay(2, 2, 2, 2)
    with begin() as tx:
        employee_id = add(tx, tenant)
        for pay in (wrong, right):
            census.record_fact(
                tx,
                tenant_id=tenant,
                employee_id=employee_id,
                fact=PayOfYear(2025, pay),
                event_on=date(2025, 12, 31),
            )
        assert only(tx, tenant).annual_pay == {2025: right}


@pytest.mark.parametrize(
    ("relation", "inverse"),
    [
        (Relation.SPOUSE, Relation.SPOUSE),
        (Relation.CHILD, Relation.PARENT),
        (Relation.PARENT, Relation.CHILD),
        (Relation.GRANDCHILD, Relation.GRANDPARENT),
        (Relation.GRANDPARENT, Relation.GRANDCHILD),
    ],
)
@pytest.mark.parametrize("told_by_the_first", [True, False])
def test_a_family_is_told_once_and_read_from_both_sides(
    begin: Begin, tenant: SponsorId, relation: Relation, inverse: Relation, *, told_by_the_first: bool
) -> None:
    with begin() as tx:
        one, other = add(tx, tenant), add(tx, tenant, "987-65-4321")
        teller, told = (one, other) if told_by_the_first else (other, one)
        fact = Family(told, relation)
        census.record_fact(tx, tenant_id=tenant, employee_id=teller, fact=fact, event_on=HIRED)
        again = Family(teller, inverse)  # the other side tells the same: no second pair
        census.record_fact(tx, tenant_id=tenant, employee_id=told, fact=again, event_on=HIRED)
        family = {each.employee_id: each.family for each in census.roster(tx, tenant_id=tenant)}
        assert family == {teller: ((told, relation),), told: ((teller, inverse),)}

        ended = Family(teller, inverse, ended=True)
        census.record_fact(tx, tenant_id=tenant, employee_id=told, fact=ended, event_on=date(2025, 1, 1))
        assert [each.family for each in census.roster(tx, tenant_id=tenant)] == [(), ()]
        assert all(each.family for each in census.roster(tx, tenant_id=tenant, on=date(2024, 12, 31)))


def test_ownership_is_told_for_each_day_on_which_it_changed(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        owner, spouse = add(tx, tenant), add(tx, tenant, "987-65-4321")

        def record(who: EmployeeId, fact: Fact, event_on: date) -> None:
            census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=fact, event_on=event_on)

        record(owner, Ownership(10_000), date(2020, 1, 1))
        record(owner, Ownership(4_000), date(2025, 7, 1))
        record(spouse, Ownership(6_000), date(2025, 7, 1))
        record(spouse, Family(owner, Relation.SPOUSE), date(2025, 9, 1))
        record(owner, Ownership(0), date(2026, 1, 1))
        during = census.ownership_during(tx, tenant_id=tenant, start=date(2025, 1, 1), end=date(2026, 1, 1))

    first, second = sorted([owner, spouse])
    assert [(each.on, dict(each.direct_bps), each.family) for each in during] == [
        (date(2025, 1, 1), {owner: 10_000}, ()),
        (date(2025, 7, 1), {owner: 4_000, spouse: 6_000}, ()),
        (date(2025, 9, 1), {owner: 4_000, spouse: 6_000}, ((first, second, Relation.SPOUSE),)),
    ]


def test_a_number_is_found_sealed_and_shown_by_four_digits(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)
    with begin() as tx:
        assert census.find_by_ssn(tx, tenant_id=tenant, ssns=["123456789", "123-45-6789", "999887777"]) == {
            "123456789": employee_id,
            "123-45-6789": employee_id,
        }
        assert census.reveal_ssns(tx, tenant_id=tenant) == {employee_id: "123456789"}
        (entry,) = audit.entries(tx, tenant_id=tenant, subject=tenant)
        assert entry.action == "census.ssns_revealed"


def test_a_corrected_number_is_found_and_the_wrong_one_is_free_again(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)
        census.record_fact(
            tx, tenant_id=tenant, employee_id=employee_id, fact=Ssn("123-45-6780"), event_on=date(2026, 1, 5)
        )
        assert census.find_by_ssn(tx, tenant_id=tenant, ssns=["123456789", "123456780"]) == {"123456780": employee_id}
        assert only(tx, tenant).ssn_last4 == "6780"
        assert add(tx, tenant, "123456789") != employee_id


def test_two_people_never_share_a_number(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        add(tx, tenant)
    with pytest.raises(Open401kError, match=r"\*\*\*-\*\*-6789"), begin() as tx:
        add(tx, tenant, "123456789")
    twice = [NewEmployee("First", "Twin", "987654321"), NewEmployee("Second", "Twin", "987-65-4321")]
    with pytest.raises(Open401kError, match=r"\*\*\*-\*\*-4321"), begin() as tx:
        census.add_employees(tx, tenant_id=tenant, people=twice)
    with begin() as tx:
        assert len(census.roster(tx, tenant_id=tenant)) == 1


def test_what_is_no_number_is_refused_without_repeating_it() -> None:
    for text in ("12345678", "1234567890", "12-345-6789", "１２３456789", "abc"):
        with pytest.raises(Open401kError) as refused:
            census.parse_ssn(text)
        assert text not in str(refused.value)


def test_no_number_is_ever_stored_in_clear(begin: Begin, tenant: SponsorId) -> None:
    canary = "314159265"
    with begin() as tx:
        employee_id = add(tx, tenant, "271-82-8182")
        census.record_fact(tx, tenant_id=tenant, employee_id=employee_id, fact=Ssn(canary), event_on=HIRED)
        row = census.PersonEvidence("First", "Clerk", canary, BORN)
        census.remember(tx, tenant_id=tenant, evidence=row, employee_id=employee_id)
        census.match_people(tx, tenant_id=tenant, evidence=[row])
    with begin() as tx:
        tables = tx.rows(
            """
            select 'select t::text from ' || schemaname || '.' || tablename || ' as t'
            from pg_tables
            where schemaname in ('census', 'base')
                and has_table_privilege(schemaname || '.' || tablename, 'select')
            """
        )
        found = [line for (sql,) in tables for (line,) in tx.rows(sql)]
    digits = [canary, "271828182", "314-15-9265", "271-82-8182"]
    hidden = digits + [each.encode().hex() for each in digits]
    assert len(found) > 5
    assert not [line for line in found for each in hidden if each in line]
    audited = [line for line in found if "census." in line and "ssn" in line]
    assert any("***-**-9265" in line for line in audited)
    assert not any("1980-07-04" in line or "Clerk" in line for line in audited)
    assert canary not in repr(row) + repr(Ssn(canary)) + repr(NewEmployee("First", "Clerk", canary))


def test_another_tenant_finds_nobody(db: Database, begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)
    other = new_tenant(db)
    with db.begin(TESTER, tenants=[other]) as tx:
        assert census.roster(tx, tenant_id=tenant) == []
        assert census.find_by_ssn(tx, tenant_id=other, ssns=["123456789"]) == {}
        with pytest.raises(Open401kError, match="no employee"):
            census.record_fact(tx, tenant_id=other, employee_id=employee_id, fact=Hired(), event_on=HIRED)


def test_every_change_is_in_the_audit_trail(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        employee_id = add(tx, tenant)
        census.record_fact(tx, tenant_id=tenant, employee_id=employee_id, fact=Ownership(500), event_on=HIRED)
    with begin() as tx:
        newest, first = audit.entries(tx, tenant_id=tenant, subject=employee_id)
        assert (first.action, newest.action) == ("census.employees_added", "census.fact_recorded")
        assert newest.after == {"fact": "Ownership", "event_on": "2021-03-01", "ownership_bps": 500}
        assert audit.verify(tx, tenant_id=tenant) == []


days = st.dates(date(2024, 1, 1), date(2026, 12, 31))
any_fact: st.SearchStrategy[Fact] = st.one_of(
    st.builds(Hired, st.none() | st.just(HIRED)),
    st.just(Terminated()),
    st.just(NotHired()),
    st.just(NotTerminated()),
    st.builds(BirthDate, days),
    st.builds(Name, st.just("First"), st.sampled_from(["Clerk", "Married"])),
    st.builds(EmployeeClass, st.sampled_from(["", "union"])),
    st.builds(Ownership, st.integers(0, 10_000)),
    st.builds(Officer, st.booleans()),
    st.builds(PayOfYear, st.integers(2019, 2025), st.builds(AnnualPay, *[st.integers(0, 99)] * 4)),
    st.builds(Ssn, st.integers(100_000_000, 999_999_999).map(str)),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(any_fact, days), max_size=6))
def test_what_was_known_at_an_instant_never_changes(
    db: Database, clock: FixedClock, facts: list[tuple[Fact, date]]
) -> None:
    tenant = new_tenant(db)
    told: list[tuple[datetime, list[Employee]]] = []
    with db.begin(TESTER, tenants=[tenant]) as tx:
        employee_id = add(tx, tenant)
    for fact, event_on in [*facts, (Hired(), HIRED)]:
        with db.begin(TESTER, tenants=[tenant]) as tx:
            told.append((tx.now, census.roster(tx, tenant_id=tenant)))
        clock.advance(timedelta(seconds=1))
        with db.begin(TESTER, tenants=[tenant]) as tx:
            census.record_fact(tx, tenant_id=tenant, employee_id=employee_id, fact=fact, event_on=event_on)
            for known_at, before in told:
                assert census.roster(tx, tenant_id=tenant, known_at=known_at) == before


def test_ten_thousand_people_load_and_come_back(db: Database) -> None:
    tenant = new_tenant(db)
    pay = {2025: AnnualPay(5_000_000, 5_000_000, 5_000_000, 208_000)}
    people = [
        NewEmployee(f"First{place}", f"Last{place}", str(100_000_000 + place), BORN, HIRED, annual_pay=pay)
        for place in range(10_000)
    ]
    with db.begin(TESTER, tenants=[tenant]) as tx:
        ids = census.add_employees(tx, tenant_id=tenant, people=people)
    with db.begin(TESTER, tenants=[tenant]) as tx:
        roster = census.roster(tx, tenant_id=tenant)
        found = census.find_by_ssn(tx, tenant_id=tenant, ssns=[each.ssn or "" for each in people])
    assert [each.employee_id for each in roster] == sorted(ids)
    assert len(found) == 10_000

"""Pay lines in a real database: sums, codes, replaced runs, as then and as now known."""

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege
from tests.support.database import TESTER, Begin, new_tenant

from open401k import census, plan
from open401k.base import audit
from open401k.base.db import Database, Tx
from open401k.census import NewEmployee, PayLines, PayTotals, _sums_store
from open401k.kernel import EmployeeId, FixedClock, Open401kError, PlanId, RunId, SponsorId

START, END = date(2026, 1, 1), date(2027, 1, 1)
FIRST_PAY, SECOND_PAY = date(2026, 1, 9), date(2026, 1, 23)


def hire(tx: Tx, tenant: SponsorId, count: int) -> list[EmployeeId]:
    """People without numbers, in order of id."""
    people = [NewEmployee("First", f"Last{place}") for place in range(count)]
    return sorted(census.add_employees(tx, tenant_id=tenant, people=people))


def lines_of(employees: list[EmployeeId], *, gross: int = 100_000, first_line: int = 1) -> PayLines:
    """One line a person, the k-th with k cents more of everything, so that a mixed-up column shows."""
    k = np.arange(len(employees), dtype=np.int64)
    return PayLines(
        employee_id=employees,
        line_no=k + first_line,
        gross_cents=gross + k,
        fica_cents=gross - 500 + k,
        hours_hundredths=8_000 + k,
        pre_tax_cents=5_000 + k,
        roth_cents=200 + k,
        after_tax_cents=30 + k,
        catch_up_pre_tax_cents=4 + k,
        catch_up_roth_cents=1 + k,
        match_cents=[None if each == 0 else int(each) for each in k],
    )


def record(
    tx: Tx,
    tenant: SponsorId,
    plan_id: PlanId,
    lines: PayLines,
    *,
    pay_date: date = FIRST_PAY,
    replaces: RunId | None = None,
    run_id: RunId | None = None,
) -> RunId:
    """One run of two weeks."""
    new_id = run_id or tx.ids.new(RunId)
    census.record_run(
        tx,
        tenant_id=tenant,
        plan_id=plan_id,
        run_id=new_id,
        pay_date=pay_date,
        period_start=pay_date - timedelta(days=18),
        period_end=pay_date - timedelta(days=5),
        replaces=replaces,
        lines=lines,
    )
    return new_id


def totals(tx: Tx, tenant: SponsorId, plan_id: PlanId, *, known_at: datetime | None = None) -> PayTotals:
    """The year's sums."""
    return census.pay_totals(tx, tenant_id=tenant, plan_id=plan_id, start=START, end=END, known_at=known_at)


def gross(tx: Tx, tenant: SponsorId, plan_id: PlanId, *, known_at: datetime | None = None) -> dict[EmployeeId, int]:
    """The year's gross pay of each."""
    sums = totals(tx, tenant, plan_id, known_at=known_at)
    return dict(zip(sums.employee_id, sums.gross_cents.tolist(), strict=True))


@pytest.fixture
def plan_id(db: Database) -> PlanId:
    """A plan that no provisions name: pay needs none."""
    return db.ids.new(PlanId)


def test_every_column_is_summed_as_itself(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 3)
        record(tx, tenant, plan_id, lines_of(people))
        record(tx, tenant, plan_id, lines_of(people), pay_date=SECOND_PAY)
        sums = totals(tx, tenant, plan_id)

    assert sums.employee_id == tuple(people)
    assert len(sums) == 3
    expected = {
        "lines": [2, 2, 2],
        "gross_cents": [200_000, 200_002, 200_004],
        "plan_cents": [200_000, 200_002, 200_004],
        "section_415_cents": [200_000, 200_002, 200_004],
        "fica_cents": [199_000, 199_002, 199_004],
        "hours_hundredths": [16_000, 16_002, 16_004],
        "pre_tax_cents": [10_000, 10_002, 10_004],
        "roth_cents": [400, 402, 404],
        "after_tax_cents": [60, 62, 64],
        "catch_up_pre_tax_cents": [8, 10, 12],
        "catch_up_roth_cents": [2, 4, 6],
        "match_cents": [0, 2, 4],
        "nonelective_cents": [0, 0, 0],
    }
    for name, values in expected.items():
        column = getattr(sums, name)
        assert column.dtype == np.int64
        assert column.tolist() == values, name


def test_pay_by_date_is_in_order_and_adds_up_to_the_totals(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 3)
        record(tx, tenant, plan_id, lines_of(people[1:]), pay_date=SECOND_PAY)
        record(tx, tenant, plan_id, lines_of(people))
        record(tx, tenant, plan_id, lines_of(people[:1], gross=7), pay_date=FIRST_PAY)  # a second run that day
        by_date = census.pay_by_date(tx, tenant_id=tenant, plan_id=plan_id, start=START, end=END)
        sums = totals(tx, tenant, plan_id)

    assert by_date.employee_id == tuple(people)
    assert by_date.employee.tolist() == [0, 1, 1, 2, 2]
    first, second = np.datetime64(FIRST_PAY), np.datetime64(SECOND_PAY)
    assert by_date.pay_date.tolist() == [each.item() for each in (first, first, second, first, second)]
    assert by_date.gross_cents.tolist() == [100_007, 100_001, 100_000, 100_002, 100_001]
    assert len(by_date) == 5
    for name in ("gross_cents", "plan_cents", "pre_tax_cents", "match_cents", "hours_hundredths"):
        added = np.bincount(by_date.employee, weights=getattr(by_date, name)).astype(np.int64)
        assert added.tolist() == getattr(sums, name).tolist()


def test_sums_are_the_same_in_however_many_slices_they_are_sent(
    begin: Begin, tenant: SponsorId, plan_id: PlanId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begin() as tx:
        tx.kept = None
        people = hire(tx, tenant, 7)
        record(tx, tenant, plan_id, lines_of(people[2:]), pay_date=SECOND_PAY)
        record(tx, tenant, plan_id, lines_of(people[:5]))
        span: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id, "start": START, "end": END}
        at_once = census.pay_totals(tx, **span), census.pay_by_date(tx, **span)
        monkeypatch.setattr(_sums_store, "SLICE", 2)
        in_slices = census.pay_totals(tx, **span), census.pay_by_date(tx, **span)

    compared: list[tuple[Any, Any]] = list(zip(at_once, in_slices, strict=True))
    for one, other in compared:
        names = [each.name for each in fields(one)]
        assert [name for name in names if list(getattr(one, name)) != list(getattr(other, name))] == []
    assert at_once[1].employee.tolist() == [0, 1, 2, 2, 3, 3, 4, 4, 5, 6]


def test_equal_columns_are_held_once_and_nothing_takes_no_room(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    with begin() as tx:
        record(tx, tenant, plan_id, lines_of(hire(tx, tenant, 3)))
        sums = totals(tx, tenant, plan_id)

    assert sums.plan_cents is sums.gross_cents is sums.section_415_cents
    assert sums.fica_cents is not sums.gross_cents
    assert sums.nonelective_cents.strides == (0,)


def test_of_each_person_the_last_pay_date_can_be_asked_for_alone(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 3)
        record(tx, tenant, plan_id, lines_of(people, gross=50_000))
        record(tx, tenant, plan_id, lines_of(people[1:], gross=60_000), pay_date=SECOND_PAY)
        record(tx, tenant, plan_id, lines_of(people[2:], gross=7), pay_date=SECOND_PAY)  # a second run that day
        last = census.pay_by_date(tx, tenant_id=tenant, plan_id=plan_id, start=START, end=END, last_only=True)

    assert list(last.employee_id) == people
    assert last.employee.tolist() == [0, 1, 2]
    assert last.pay_date.tolist() == [FIRST_PAY, SECOND_PAY, SECOND_PAY]
    assert last.gross_cents.tolist() == [50_000, 60_000, 60_008]


def test_the_end_of_a_span_is_exclusive_and_a_plan_without_pay_is_empty(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 2)
        record(tx, tenant, plan_id, lines_of(people))

        def count(start: date, end: date, employees: list[EmployeeId] | None = None) -> int:
            sums = census.pay_totals(tx, tenant_id=tenant, plan_id=plan_id, start=start, end=end, employees=employees)
            return len(sums)

        assert count(FIRST_PAY, FIRST_PAY + timedelta(days=1)) == 2
        assert count(START, FIRST_PAY) == 0
        assert count(START, END, people[:1]) == 1
        assert count(START, END, []) == 0
        nothing = census.pay_by_date(tx, tenant_id=tenant, plan_id=tx.ids.new(PlanId), start=START, end=END)
        assert len(nothing) == 0
        assert nothing.gross_cents.dtype == np.int64


def test_a_corrected_run_takes_the_place_of_the_first_from_then_on(
    begin: Begin, tenant: SponsorId, plan_id: PlanId, clock: FixedClock
) -> None:
    with begin() as tx:
        (person,) = hire(tx, tenant, 1)
        wrong = record(tx, tenant, plan_id, lines_of([person]))
    first = clock.now()
    clock.advance(timedelta(days=1))
    with begin() as tx:
        right = record(tx, tenant, plan_id, lines_of([person], gross=90_000), replaces=wrong)
    second = clock.now()
    clock.advance(timedelta(days=1))
    with begin() as tx:
        record(tx, tenant, plan_id, lines_of([person], gross=95_000), replaces=right)
        assert gross(tx, tenant, plan_id) == {person: 95_000}
        assert gross(tx, tenant, plan_id, known_at=second) == {person: 90_000}
        assert gross(tx, tenant, plan_id, known_at=first) == {person: 100_000}
        runs = census.pay_runs(tx, tenant_id=tenant, plan_id=plan_id)
        assert [each.current for each in runs] == [False, False, True]
        assert [each.current for each in census.pay_runs(tx, tenant_id=tenant, plan_id=plan_id, known_at=second)] == [
            False,
            True,
        ]
        shown = tx.rows("select gross_cents from census.pay_line_v where replaced_at is null")
        assert shown == [(95_000,)]


def test_a_run_is_replaced_once(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 1)
        wrong = record(tx, tenant, plan_id, lines_of(people))
        record(tx, tenant, plan_id, lines_of(people), replaces=wrong)
    with pytest.raises(Open401kError, match="replaced by"), begin() as tx:
        record(tx, tenant, plan_id, lines_of(people), replaces=wrong)
    with pytest.raises(Open401kError, match="no run"), begin() as tx:
        record(tx, tenant, plan_id, lines_of(people), replaces=tx.ids.new(RunId))


def test_a_long_run_comes_in_parts(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 4)
        run_id = record(tx, tenant, plan_id, lines_of(people[:2]))
        record(tx, tenant, plan_id, lines_of(people[2:], first_line=3), run_id=run_id)
        assert len(gross(tx, tenant, plan_id)) == 4
        lines = census.current_lines(tx, tenant_id=tenant, plan_id=plan_id, start=START, end=END, employees=people[3:])
        assert [(each.run_id, each.line_no, each.pre_tax_cents) for each in lines] == [(run_id, 4, 5_001)]
        with pytest.raises(ValueError, match="another plan, day"):
            record(tx, tenant, plan_id, lines_of(people), run_id=run_id, pay_date=SECOND_PAY)


def test_a_line_of_nobody_here_is_refused_and_nothing_is_written(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 1)
    with pytest.raises(ValueError, match="name no employee"), begin() as tx:
        record(tx, tenant, plan_id, lines_of([*people, tx.ids.new(EmployeeId)]))
    with begin() as tx:
        assert gross(tx, tenant, plan_id) == {}
        with pytest.raises(ValueError, match="roth_cents"):
            record(tx, tenant, plan_id, replace(lines_of(people), roth_cents=[1, 2]))


def test_what_a_code_means_changes_plan_pay_of_the_past_but_not_what_was_known(
    begin: Begin, tenant: SponsorId, plan_id: PlanId, clock: FixedClock
) -> None:
    def plan_pay(tx: Tx, *, known_at: datetime | None = None) -> list[int]:
        return list(totals(tx, tenant, plan_id, known_at=known_at).plan_cents.tolist())

    def set_code(tx: Tx, *, counts: bool, event_on: date = date.min) -> None:
        census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="BONUS", counts=counts, event_on=event_on)

    with begin() as tx:
        people = hire(tx, tenant, 2)
        parts = [(1, "REG", 80_000), (1, "BONUS", 15_000), (1, "BONUS", 5_000), (2, "REG", 100_001)]
        record(tx, tenant, plan_id, replace(lines_of(people), earnings=parts))
        record(tx, tenant, plan_id, replace(lines_of(people), earnings=parts), pay_date=SECOND_PAY)
        assert plan_pay(tx) == [200_000, 200_002]
    then = clock.now()
    clock.advance(timedelta(days=30))
    with begin() as tx:
        set_code(tx, counts=False)
        assert plan_pay(tx) == [160_000, 200_002]
        assert plan_pay(tx, known_at=then) == [200_000, 200_002]
        set_code(tx, counts=True, event_on=SECOND_PAY)
        assert plan_pay(tx) == [180_000, 200_002]
        set_code(tx, counts=True)
        assert plan_pay(tx) == [200_000, 200_002]
        assert [each.counts for each in census.pay_codes(tx, tenant_id=tenant, plan_id=plan_id)] == [True, True]


def test_codes_that_the_provisions_leave_out_do_not_count_unless_the_sponsor_says_so(
    begin: Begin, tenant: SponsorId
) -> None:
    with begin() as tx:
        plan.register_sponsor(
            tx, name="Sponsor Inc.", ein="12-3456789", established_on=date(2005, 1, 1), sponsor_id=tenant
        )
        terms = plan.Provisions(date(2019, 1, 1))
        plan_id = plan.adopt(tx, tenant_id=tenant, provisions=terms, name="Plan")
        without = replace(terms, compensation=plan.Compensation(("BONUS",)))
        plan.amend(tx, tenant_id=tenant, plan_id=plan_id, effective_on=SECOND_PAY, provisions=without, why="a test")
        people = hire(tx, tenant, 1)
        for pay_date in (FIRST_PAY, SECOND_PAY):
            lines = replace(lines_of(people), earnings=[(1, "BONUS", 10_000)])
            record(tx, tenant, plan_id, lines, pay_date=pay_date)
        assert totals(tx, tenant, plan_id).plan_cents.tolist() == [190_000]
        census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="BONUS", counts=True)
        assert totals(tx, tenant, plan_id).plan_cents.tolist() == [200_000]


def test_a_run_leaves_one_audit_entry_with_a_hash_of_its_lines(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    with begin() as tx:
        people = hire(tx, tenant, 2)
        first = record(tx, tenant, plan_id, lines_of(people))
        same = record(tx, tenant, plan_id, lines_of(people))
        other = record(tx, tenant, plan_id, lines_of(people, gross=100_001))

        def told(run_id: RunId) -> dict[str, object]:
            (entry,) = audit.entries(tx, tenant_id=tenant, subject=run_id)
            assert isinstance(entry.after, dict)
            return dict(entry.after)

        assert told(first)["lines"] == 2
        assert told(first) == told(same)
        assert told(first)["sha256"] != told(other)["sha256"]


def test_lines_on_file_can_be_neither_changed_nor_deleted(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    with begin() as tx:
        record(tx, tenant, plan_id, lines_of(hire(tx, tenant, 1)))
    for statement in (
        "update census.pay_line set gross_cents = 0",
        "delete from census.pay_run",
        "update census.fact set stands = false",
        "truncate census.pay_earning",
    ):
        with pytest.raises(InsufficientPrivilege), begin() as tx:
            tx.run(statement)


steps = st.lists(st.tuples(st.sampled_from(["run", "replace", "code"]), st.integers(1, 9_999)), max_size=7)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_pay_known_at_an_instant_never_changes(db: Database, clock: FixedClock, steps: list[tuple[str, int]]) -> None:
    tenant, plan_id = new_tenant(db), db.ids.new(PlanId)
    told: list[tuple[datetime, list[int]]] = []
    current: list[RunId] = []
    with db.begin(TESTER, tenants=[tenant]) as tx:
        people = hire(tx, tenant, 1)
    for step, amount in steps:
        clock.advance(timedelta(seconds=1))
        with db.begin(TESTER, tenants=[tenant]) as tx:
            lines = replace(lines_of(people, gross=amount), earnings=[(1, "BONUS", amount // 2)])
            if step == "code":
                census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="BONUS", counts=amount % 2 == 0)
            elif step == "replace" and current:
                current[-1] = record(tx, tenant, plan_id, lines, replaces=current[-1])
            else:
                current.append(record(tx, tenant, plan_id, lines))
            for known_at, before in told:
                assert totals(tx, tenant, plan_id, known_at=known_at).plan_cents.tolist() == before
            sums = totals(tx, tenant, plan_id)
            told.append((tx.now, sums.plan_cents.tolist()))
            assert sums.lines.sum() == len(current)


def test_ten_thousand_lines_are_written_and_summed(db: Database) -> None:
    tenant, plan_id = new_tenant(db), db.ids.new(PlanId)
    with db.begin(TESTER, tenants=[tenant]) as tx:
        lines = lines_of(hire(tx, tenant, 10_000))
    with db.begin(TESTER, tenants=[tenant]) as tx:
        record(tx, tenant, plan_id, lines)
        assert len(totals(tx, tenant, plan_id)) == 10_000

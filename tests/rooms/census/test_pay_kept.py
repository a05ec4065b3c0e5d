"""Sums of pay that a process keeps are, after any history, the sums that a fresh read gives."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.census.test_pay_lines import END, FIRST_PAY, START, hire, lines_of, record
from tests.support.database import TESTER, Begin, new_tenant

from open401k import census
from open401k.base.db import Database, Tx
from open401k.census import _sums_store
from open401k.kernel import EmployeeId, PlanId, RunId, SponsorId

DAYS = [FIRST_PAY + timedelta(days=14 * period) for period in range(4)]


def summed(tx: Tx, tenant: SponsorId, plan_id: PlanId, start: date = START, end: date = END) -> dict[str, Any]:
    """Every column of the totals, as lists."""
    found = census.pay_totals(tx, tenant_id=tenant, plan_id=plan_id, start=start, end=end)
    columns = {name: getattr(found, name).tolist() for name in found.__slots__ if name != "employee_id"}
    return {"people": list(found.employee_id), **columns}


def anew(tx: Tx, tenant: SponsorId, plan_id: PlanId, start: date = START, end: date = END) -> dict[str, Any]:
    """The same without anything kept."""
    kept, tx.kept = tx.kept, None
    try:
        return summed(tx, tenant, plan_id, start, end)
    finally:
        tx.kept = kept


def with_bonus(people: list[EmployeeId], gross: int) -> census.PayLines:
    """Lines of which a part is a bonus."""
    lines = lines_of(people, gross=gross)
    return replace(lines, earnings=[(place + 1, "BONUS", 100 + place) for place in range(len(people))])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_kept_totals_are_fresh_totals_whatever_happens(db: Database, data: st.DataObject) -> None:
    tenant, plan_id = new_tenant(db), db.ids.new(PlanId)
    with db.begin(TESTER, tenants=[tenant]) as tx:
        people = hire(tx, tenant, 4)
    current: list[tuple[RunId, date]] = []
    for _ in range(data.draw(st.integers(2, 7))):
        what = data.draw(st.sampled_from(["run", "run", "replace", "code", "undone", "look"]))
        day = data.draw(st.sampled_from(DAYS))
        some = data.draw(st.lists(st.sampled_from(people), min_size=1, unique=True))
        gross = data.draw(st.integers(1_000, 9_000))
        with db.begin(TESTER, tenants=[tenant]) as tx:
            if what == "run":
                current.append((record(tx, tenant, plan_id, with_bonus(some, gross), pay_date=day), day))
            elif what == "replace" and current:
                old, day = current.pop(data.draw(st.integers(0, len(current) - 1)))
                corrected = record(tx, tenant, plan_id, with_bonus(some, gross), pay_date=day, replaces=old)
                current.append((corrected, day))
            elif what == "code":
                counts = data.draw(st.booleans())
                census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="BONUS", counts=counts, event_on=day)
            elif what == "undone":
                record(tx, tenant, plan_id, lines_of(some, gross=gross), pay_date=day)
            if data.draw(st.booleans()):
                assert summed(tx, tenant, plan_id) == anew(tx, tenant, plan_id)
            if what == "undone":
                tx.conn.rollback()
        end = data.draw(st.sampled_from([*DAYS, END]))
        with db.begin(TESTER, tenants=[tenant]) as tx:
            assert summed(tx, tenant, plan_id, end=end) == anew(tx, tenant, plan_id, end=end)


def test_only_runs_that_are_new_are_read(
    begin: Begin, tenant: SponsorId, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id = db.ids.new(PlanId)
    read: list[int] = []
    totals = _sums_store.totals

    def counted(tx: Tx, span: _sums_store.Span) -> _sums_store.Sums:
        read.append(len(span.runs or ()))
        return totals(tx, span)

    monkeypatch.setattr(_sums_store, "totals", counted)
    with begin() as tx:
        people = hire(tx, tenant, 2)
        record(tx, tenant, plan_id, lines_of(people), pay_date=DAYS[0])
        record(tx, tenant, plan_id, lines_of(people), pay_date=DAYS[1])
    for _ in range(2):
        with begin() as tx:
            summed(tx, tenant, plan_id)
    with begin() as tx:
        record(tx, tenant, plan_id, lines_of(people), pay_date=DAYS[2])
    with begin() as tx:
        assert summed(tx, tenant, plan_id)["lines"] == [3, 3]
    assert read == [2, 1]


def test_a_run_of_an_earlier_transaction_gets_no_more_lines(begin: Begin, tenant: SponsorId, db: Database) -> None:
    plan_id = db.ids.new(PlanId)
    with begin() as tx:
        people = hire(tx, tenant, 2)
        run_id = record(tx, tenant, plan_id, lines_of(people[:1]))
    with pytest.raises(ValueError, match="were written before"), begin() as tx:
        record(tx, tenant, plan_id, lines_of(people[1:], first_line=2), run_id=run_id)


def test_many_people_are_the_same_people_as_one_by_one(begin: Begin, tenant: SponsorId, db: Database) -> None:
    """More than ``FEW`` are read by other statements than a few."""
    plan_id = db.ids.new(PlanId)
    with begin() as tx:
        people = hire(tx, tenant, _sums_store.FEW + 40)
        record(tx, tenant, plan_id, lines_of(people), pay_date=DAYS[0])
        record(tx, tenant, plan_id, lines_of(people[5:]), pay_date=DAYS[1])
    asked = people[3 : _sums_store.FEW + 20]
    span: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id, "start": START, "end": END}
    with begin() as tx:
        tx.kept = None
        everybody = census.roster(tx, tenant_id=tenant)
        many = census.roster(tx, tenant_id=tenant, employee_ids=asked)
        assert many == [each for each in everybody if each.employee_id in asked]
        assert many[:7] == census.roster(tx, tenant_id=tenant, employee_ids=asked[:7])
        by_date = census.pay_by_date(tx, **span, employees=asked)
        totals = census.pay_totals(tx, **span, employees=asked)
        lines = census.current_lines(tx, **span, employees=asked)
        for place, who in enumerate(asked[:7]):
            alone = census.pay_by_date(tx, **span, employees=[who])
            assert by_date.gross_cents[by_date.employee == place].tolist() == alone.gross_cents.tolist()
            assert by_date.pay_date[by_date.employee == place].tolist() == alone.pay_date.tolist()
            assert totals.gross_cents[place] == census.pay_totals(tx, **span, employees=[who]).gross_cents[0]
            own = census.current_lines(tx, **span, employees=[who])
            assert [each for each in lines if each.employee_id == who] == own
        assert list(by_date.employee_id) == list(totals.employee_id) == asked

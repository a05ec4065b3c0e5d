"""Money where two things happen at once, or a payroll falls outside of the plan: counted once, or refused aloud."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, TickingClock, acme, assert_sound, books, traces
from tests.support.database import TESTER

from open401k import census, compliance, payroll
from open401k import plan as plans
from open401k.base.db import Database
from open401k.demo.people import PAY_DATES, Person
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.payroll_intake import Taken, Upload, take_in
from open401k.flows.payroll_keys import content_of
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, FlowId, PlanId
from open401k.payroll import runs
from open401k.recordkeeping import Entitlement, entitle

LATECOMER = Person(
    "219-11-1099", "Nora", "Lund", date(1990, 2, 2), date(2025, 12, 8), 5_200_000, 500, pay_2025_cents=400_000
)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


def test_a_payroll_during_a_correction_waits_for_it(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    first = plan.pay(1, plan.file(1, joined=[LATECOMER]))
    plan.at(date(2026, 2, 2))
    plan.clock = plan.db.clock = TickingClock(plan.clock.now())  # no two readings agree
    raised = plan.file(1, joined=[replace(LATECOMER, pre_tax_bps=700)])
    sent = threading.Thread(target=lambda: plan.pay(1, raised, replaces=first.run.run_id))

    def meanwhile(*facts: Any) -> Entitlement:
        """The correction has read the books and not posted yet."""
        monkeypatch.undo()
        sent.start()
        sent.join(timeout=3)
        return entitle(*facts)

    monkeypatch.setattr("open401k.recordkeeping.settlement.entitle", meanwhile)
    wanted = LateFact(plan.employee("1099"), census.Hired(instead_of=date(2025, 12, 8)), date(2024, 3, 4))
    correct(plan.db, actor=TESTER, correction=Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), wanted))
    sent.join(timeout=30)
    assert not books(plan).held
    assert_sound(plan)


def test_a_payroll_of_a_day_before_the_plan_is_refused(plan: Plan) -> None:
    plan.pay(1)
    before = traces(plan)
    old = plan.file(2).replace(f"{PAY_DATES[2]:%m/%d/%Y}".encode(), b"12/15/2018")
    assert old != plan.file(2)
    plan.at(PAY_DATES[2])
    taken = plan.send(old)
    assert isinstance(taken, Taken)
    assert taken.run.status == runs.Status.REJECTED
    assert "pay_date.range" in plan.findings(taken.run.run_id)
    assert plan.post(taken.run.run_id).halted is not None
    assert traces(plan).balances == before.balances


def test_money_held_of_somebody_who_has_not_entered_counts_in_no_test(plan: Plan) -> None:
    plan.pay(1)
    plan.pay(2, plan.file(2, joined=[replace(LATECOMER, salary_cents=2_000_000_00, pre_tax_bps=5_000)]))
    assert {(who, why) for who, _, _, why in books(plan).held} == {("1099", "not_entered")}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        tested = compliance.latest(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        facts = compliance.gather(tx, tenant_id=plan.sponsor, plan_id=plan.plan, as_of=PAY_DATES[2], history=True)
    who = facts.employee_ids.index(plan.employee("1099"))
    assert tested is not None
    assert facts.compensation[who] > 0
    assert [facts.deferrals[who], facts.calendar_deferrals[who], facts.after_tax[who]] == [0, 0, 0]
    assert facts.history is not None
    assert facts.history.deferrals[who].sum() == 0
    limits = {each.test.value: each.status.value for each in tested.results if each.test.value in ("402g", "415c")}
    assert limits == {"402g": "pass", "415c": "pass"}
    assert_sound(plan)


def test_a_late_fact_settles_every_plan_of_the_sponsor(plan: Plan) -> None:
    plan.pay(1)
    who, other = plan.employee("1003"), plan.db.ids.new(PlanId)
    plan.at(date(2026, 1, 20))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        terms = plans.provisions_on(tx, tenant_id=plan.sponsor, plan_id=plan.plan, on=date(2026, 1, 1))
        plans.adopt(tx, tenant_id=plan.sponsor, provisions=terms, name="Second", number="002", plan_id=other)
    line = {"employee_id": str(who), "gross_cents": 5_000_000, "hours": "80.00", "pre_tax_cents": 3_000_000}
    body = content_of({"pay_date": "2026-01-20", "lines": [line]})
    taken = take_in(plan.db, actor=TESTER, upload=Upload(plan.sponsor, other, "api.json", body, payroll.API_PROVIDER))
    assert isinstance(taken, Taken)
    assert plan.post(taken.run.run_id).halted is None
    # 136.00 in the first plan, and 30,000.00 here: together 5,636.00 over 24,500.00.
    assert books(plan).held["1003", date(2026, 1, 20), "pre_tax", "over_limit"] == 5_636_00
    plan.at(date(2026, 2, 20))
    learned = LateFact(who, census.BirthDate(date(1975, 1, 22)), date(2012, 3, 5))
    correct(plan.db, actor=TESTER, correction=Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), learned))
    plan.at(date(2026, 2, 21))
    assert verify(plan.db, actor=TESTER, tenants=[plan.sponsor]).problems == []
    assert books(plan).held["1003", date(2026, 1, 20), "pre_tax", "over_limit"] == 0

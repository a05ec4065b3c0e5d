"""A year whose figures nobody has loaded: its payrolls are refused by name, its tests too; nothing is half done."""

from datetime import date, timedelta

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books, traces
from tests.support.database import TESTER

from open401k import compliance
from open401k.base.db import Database
from open401k.demo.people import PAY_DATES
from open401k.flows.day import begin_day
from open401k.flows.payroll_intake import Taken
from open401k.kernel import FixedClock
from open401k.payroll import runs


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    plan = acme(db, clock)
    plan.pay(25, wait=True)
    return plan


def test_a_payroll_of_2027_is_refused_by_name_and_nothing_is_half_done(plan: Plan) -> None:
    assert PAY_DATES[26] == date(2027, 1, 1)
    plan.at(PAY_DATES[26] - timedelta(days=1))
    before = traces(plan)
    taken = plan.send(plan.file(26))
    assert isinstance(taken, Taken)
    assert taken.run.status == "rejected"
    for _ in range(2):
        assert plan.post(taken.run.run_id).halted == "rejected"
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (found,) = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    assert (str(found.severity), str(found.code)) == ("reject", "figures.missing")
    assert "No figures on file for 2027" in found.reason
    assert "Elective deferral limit" in found.reason
    assert "src/open401k/law/figures/limits.yaml" in found.fix
    assert "installs a version" in found.fix
    assert traces(plan) == before
    assert_sound(plan)


@pytest.mark.parametrize("day", ["01/01/0001", "06/30/1999", "12/31/2018", "12/31/9999"])
def test_no_pay_date_can_crash_the_flow(plan: Plan, day: str) -> None:
    before = traces(plan)
    taken = plan.send(plan.file(24).replace(b"12/04/2026", day.encode()))
    assert isinstance(taken, Taken)
    assert taken.run.status == "rejected"
    assert plan.post(taken.run.run_id).halted == "rejected"
    assert traces(plan) == before


def test_tests_of_2027_are_refused_and_those_of_2026_stand(plan: Plan) -> None:
    plan.at(date(2027, 1, 4))
    kept = books(plan)
    (tested,) = begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    assert tested.refused
    assert all("2027" in why for why in tested.refused)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        latest = compliance.latest(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert latest is not None
    assert latest.plan_year.start == date(2027, 1, 1)
    by_test = {str(each.test): str(each.status) for each in latest.results}
    assert {by_test["adp"], by_test["402g"], by_test["415c"]} == {"refused"}
    assert books(plan).balances == kept.balances
    assert_sound(plan)

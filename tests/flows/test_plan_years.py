"""A plan whose plan year runs from July to June: its payrolls post, with what is not known yet said beside them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books, traces
from tests.flows.test_late_facts import saver
from tests.support.database import TESTER

from open401k import compliance, fiduciary
from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows.day import begin_day
from open401k.flows.payroll_intake import Taken
from open401k.flows.plan_takeover import take_over
from open401k.kernel import FixedClock, PlanYear
from open401k.payroll import runs
from open401k.plan import MonthDay
from open401k.views import plan_health

JULY = next(place for place, day in enumerate(PAY_DATES) if day >= date(2026, 7, 1))


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    takeover = takeover_of(ACME, db.ids)
    takeover = replace(takeover, provisions=replace(takeover.provisions, plan_year_start=MonthDay(7, 1)))
    take_over(db, actor=TESTER, takeover=takeover)
    return Plan(db, clock, takeover)


def latest(plan: Plan) -> compliance.ComplianceRun:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = compliance.latest(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert found is not None
    return found


def test_a_plan_year_that_ends_in_2027_posts_with_a_note_and_is_tested(plan: Plan) -> None:
    before = plan.pay(JULY - 1, wait=True)
    assert "figures.not_yet" not in plan.findings(before.run.run_id)
    assert latest(plan).plan_year == PlanYear.starting(date(2025, 7, 1))
    after = plan.pay(JULY, wait=True)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=after.run.run_id)
    (note,) = [each for each in found if str(each.code) == "figures.not_yet"]
    assert str(note.severity) == "note"
    assert "that of 2027 and is not known yet" in note.reason
    assert "$72,000.00" in note.reason
    tested = latest(plan)
    assert tested.plan_year == PlanYear.starting(date(2026, 7, 1))
    refused = {each.test for each in tested.results if each.status is compliance.Status.REFUSED}
    assert refused == {compliance.TestId.ADDITIONS_LIMIT}
    assert books(plan).by_date["1003", "pre_tax", PAY_DATES[JULY]] > 0
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        page = plan_health.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert page is not None
    assert page.refused == ""  # one limit that is waited for holds up nothing else
    assert "is not known yet" in next(line.sentence for line in page.tests if line.key == "415c")
    assert_sound(plan)


def test_402g_goes_on_over_the_end_of_the_plan_year_and_the_rest_begins_anew(plan: Plan) -> None:
    for period in (JULY - 2, JULY - 1, JULY):
        plan.pay(period, wait=True)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        facts = compliance.facts_for(tx, tenant_id=plan.sponsor, plan_id=plan.plan, as_of=PAY_DATES[JULY])
    place, pay = facts.employee_ids.index(plan.employee("1003")), books(plan).pay
    of = [pay["1003", PAY_DATES[period], "pre_tax_cents"] for period in (JULY - 2, JULY - 1, JULY)]
    assert facts.calendar_deferrals[place] == sum(of)
    assert facts.deferrals[place] == of[-1]
    assert facts.calendar_before[place] == sum(of[:-1])
    assert facts.history is not None
    assert facts.history.pay_dates == PAY_DATES[JULY - 2 : JULY + 1]


def test_once_the_next_calendar_year_runs_the_part_of_the_plan_year_before_it_is_known(plan: Plan) -> None:
    for period in (JULY - 1, JULY, JULY + 1):
        plan.pay(period, wait=True)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        facts = compliance.facts_for(tx, tenant_id=plan.sponsor, plan_id=plan.plan, as_of=date(2027, 1, 4))
    place, pay = facts.employee_ids.index(plan.employee("1003")), books(plan).pay
    of = [pay["1003", PAY_DATES[period], "pre_tax_cents"] for period in (JULY - 1, JULY, JULY + 1)]
    assert facts.calendar_deferrals[place] == 0
    assert facts.deferrals[place] == sum(of[1:])
    assert facts.earlier is not None
    assert facts.earlier.deferrals[place] == of[0]


def test_the_first_payroll_of_2027_is_refused_and_the_plan_year_is_still_tested(plan: Plan) -> None:
    plan.pay(25, wait=True)
    plan.at(PAY_DATES[26] - timedelta(days=1))
    before = traces(plan)
    taken = plan.send(plan.file(26))
    assert isinstance(taken, Taken)
    assert taken.run.status == "rejected"
    assert plan.post(taken.run.run_id).halted == "rejected"
    assert "figures.missing" in plan.findings(taken.run.run_id)
    assert traces(plan) == before
    plan.at(date(2027, 1, 4))
    (told,) = begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    assert told.refused
    by_test = {each.test: each.status for each in latest(plan).results}
    waiting = {test for test, status in by_test.items() if status is compliance.Status.REFUSED}
    assert waiting == {compliance.TestId.DEFERRAL_LIMIT, compliance.TestId.ADDITIONS_LIMIT}
    assert_sound(plan)


def test_an_alert_of_402g_is_one_of_the_calendar_year_whatever_plan_year_its_payrolls_fall_into(plan: Plan) -> None:
    for period in (JULY - 2, JULY - 1, JULY):
        plan.pay(period, saver(plan, period), wait=True)

    def of_402g() -> list[fiduciary.Alert]:
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            return [each for each in fiduciary.open_alerts(tx, tenant_id=plan.sponsor) if each.test == "402g"]

    (alert,) = of_402g()
    assert alert.title == "Somebody is over the deferral limit of 2026"
    assert (alert.plan_year, alert.last_day) == ("2026", date(2026, 12, 31))
    # July and the new plan year do not end it; January does.
    plan.at(date(2026, 12, 31))
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    plan.at(date(2027, 1, 4))
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    (closed,) = of_402g()
    assert closed.alert_id == alert.alert_id
    assert "ended the year over the deferral limit" in closed.text
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        year = PlanYear.starting(date(2026, 7, 1))
        points = compliance.history(tx, tenant_id=plan.sponsor, plan_id=plan.plan, plan_year=year)
    assert {point.as_of for point in points if point.cause == "year/2026"} == {date(2026, 12, 31)}
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)  # a second time changes nothing
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        again = compliance.history(tx, tenant_id=plan.sponsor, plan_id=plan.plan, plan_year=year)
    assert again == points
    assert_sound(plan)

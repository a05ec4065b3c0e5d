"""Alerts: told once, updated by events, acknowledged by people, resolved by figures."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from tests.rooms.compliance.kept_plan import KeptPlan, open_plan, pay
from tests.rooms.compliance.small_plan import PAY_DATES, RATES
from tests.support.database import Begin

from open401k import compliance, fiduciary
from open401k.base import audit, messages
from open401k.compliance import Forecast, TestId
from open401k.fiduciary import Alert, AlertEventKind, AlertState
from open401k.kernel import FixedClock, SponsorId

MODEST = (500, 500, *(500,) * 10)


@pytest.fixture
def kept(begin: Begin, tenant: SponsorId, clock: FixedClock) -> KeptPlan:
    """The plan of twelve after three payrolls."""
    plan = open_plan(begin, tenant)
    for k in range(3):
        clock.advance(timedelta(days=14))
        pay(begin, plan, k)
    return plan


def watched(begin: Begin, kept: KeptPlan, k: int, *, of: TestId = TestId.ADP) -> tuple[Forecast, list[Alert]]:
    """What changed of one test's alert: the plan is top-heavy too, whatever its averages are."""
    with begin() as tx:
        run = compliance.retest(
            tx, tenant_id=kept.tenant, plan_id=kept.plan_id, as_of=PAY_DATES[k], cause=f"payroll {k}"
        )
        told = compliance.foresee(tx, tenant_id=kept.tenant, run_id=run.run_id)
        assert told is not None
        return told, [each for each in fiduciary.watch(tx, tenant_id=kept.tenant, forecast=told) if each.test == of]


def test_projected_failure_raises_one_alert_with_cost_and_date(begin: Begin, kept: KeptPlan) -> None:
    _, (alert,) = watched(begin, kept, 2)
    assert (alert.state, alert.test) == (AlertState.OPEN, "adp")
    assert alert.fail_probability_bps >= fiduciary.RAISE_FROM_BPS
    assert alert.decide_by is not None
    assert alert.decide_by > PAY_DATES[2]
    assert alert.cheapest_cure is not None
    assert alert.cheapest_cost_cents is not None
    for words in ("highly compensated", "limit", "%", "to be decided by"):
        assert words in alert.text


def test_same_forecast_is_not_told_twice(begin: Begin, kept: KeptPlan) -> None:
    told, (alert,) = watched(begin, kept, 2)
    with begin() as tx:
        cursor = messages.newest_cursor(tx, tenant_id=kept.tenant)
        assert fiduciary.watch(tx, tenant_id=kept.tenant, forecast=told) == []
        assert messages.read_after(tx, tenant_id=kept.tenant, cursor=cursor) == []
        assert [each.kind for each in fiduciary.events(tx, tenant_id=kept.tenant, alert_id=alert.alert_id)] == [
            AlertEventKind.RAISED
        ]


def test_next_payroll_updates_the_open_alert(begin: Begin, kept: KeptPlan, clock: FixedClock) -> None:
    _, (alert,) = watched(begin, kept, 2)
    clock.advance(timedelta(days=14))
    pay(begin, kept, 3)
    _, (updated,) = watched(begin, kept, 3)
    assert updated.alert_id == alert.alert_id
    assert (updated.state, updated.raised_at) == (AlertState.OPEN, alert.raised_at)
    assert updated.updated_at > alert.updated_at
    with begin() as tx:
        assert [each.test for each in fiduciary.open_alerts(tx, tenant_id=kept.tenant)].count("adp") == 1


def test_acknowledged_stays_acknowledged_through_updates(begin: Begin, kept: KeptPlan, clock: FixedClock) -> None:
    _, (alert,) = watched(begin, kept, 2)
    with begin() as tx:
        taken = fiduciary.acknowledge(tx, tenant_id=kept.tenant, alert_id=alert.alert_id)
        again = fiduciary.acknowledge(tx, tenant_id=kept.tenant, alert_id=alert.alert_id)
    assert taken == again
    assert (taken.state, taken.acknowledged_by) == (AlertState.ACKNOWLEDGED, "system:tests")
    clock.advance(timedelta(days=14))
    pay(begin, kept, 3)
    _, (updated,) = watched(begin, kept, 3)
    assert updated.state is AlertState.ACKNOWLEDGED


def test_alert_is_resolved_when_failing_has_become_unlikely_and_may_come_back(
    begin: Begin, kept: KeptPlan, clock: FixedClock
) -> None:
    _, (alert,) = watched(begin, kept, 2)
    for k in range(3, 12):
        clock.advance(timedelta(days=14))
        pay(begin, kept, k, rates=(0, 0, *RATES[2:]))
    _, (resolved,) = watched(begin, kept, 11)
    assert (resolved.alert_id, resolved.state) == (alert.alert_id, AlertState.RESOLVED)
    with begin() as tx:
        still = fiduciary.open_alerts(tx, tenant_id=kept.tenant, plan_id=kept.plan_id)
        assert "adp" not in {each.test for each in still}
    for k in range(12, 22):
        clock.advance(timedelta(days=14))
        pay(begin, kept, k, rates=(2_000, 2_000, *RATES[2:]))
    _, (anew,) = watched(begin, kept, 21)
    assert anew.alert_id != alert.alert_id
    assert anew.state is AlertState.OPEN


def test_every_event_is_in_the_outbox_and_the_audit_trail(begin: Begin, kept: KeptPlan) -> None:
    with begin() as tx:
        cursor = messages.newest_cursor(tx, tenant_id=kept.tenant)
    _, (alert,) = watched(begin, kept, 2)
    with begin() as tx:
        fiduciary.acknowledge(tx, tenant_id=kept.tenant, alert_id=alert.alert_id)
    with begin() as tx:
        told = messages.read_after(tx, tenant_id=kept.tenant, cursor=cursor)
        kinds = [event.kind for event in told if event.subject == str(alert.alert_id)]
        assert kinds == ["alert.raised", "alert.acknowledged"]
        trail = audit.entries(tx, tenant_id=kept.tenant, subject=alert.alert_id)
        assert {entry.action for entry in trail} == {"alert.raised", "alert.acknowledged"}
        assert audit.verify(tx, tenant_id=kept.tenant) == []


def test_plan_that_passes_has_no_alert(begin: Begin, tenant: SponsorId, clock: FixedClock) -> None:
    plan = open_plan(begin, tenant)
    clock.advance(timedelta(days=14))
    pay(begin, plan, 0, rates=MODEST)
    _, changed = watched(begin, plan, 0)
    assert changed == []


def test_events_of_alerts_cannot_be_rewritten(begin: Begin, kept: KeptPlan) -> None:
    watched(begin, kept, 2)
    for statement in ("update fiduciary.alert_event set kind = 'resolved'", "delete from fiduciary.alert"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), begin() as tx:
            tx.conn.execute(statement)


def test_figures_between_the_two_thresholds_neither_open_nor_close(begin: Begin, kept: KeptPlan) -> None:
    told, (alert,) = watched(begin, kept, 2)
    content = fiduciary.content_of(told, compliance.TestId.ADP)
    between = replace(content, fail_probability_bps=4_000)
    assert fiduciary.decide(between, before=None, worth_raising=True) is None
    assert fiduciary.decide(between, before=alert, worth_raising=True) is AlertEventKind.UPDATED
    low = replace(content, fail_probability_bps=2_400)
    assert fiduciary.decide(low, before=alert, worth_raising=True) is AlertEventKind.RESOLVED
    high = replace(content, fail_probability_bps=9_000)
    assert fiduciary.decide(high, before=None, worth_raising=False) is None
    assert alert.decide_by is None or alert.decide_by >= date(2026, 1, 1)


def test_top_heavy_plan_is_told_what_it_owes_by_when_and_what_meets_it(begin: Begin, kept: KeptPlan) -> None:
    _, (alert,) = watched(begin, kept, 2, of=TestId.TOP_HEAVY)
    assert alert.title == "The plan is top-heavy for 2026: a minimum contribution is due"
    assert (alert.cheapest_cure, alert.decide_by) == ("top_heavy_minimum", date(2026, 11, 30))
    assert alert.cheapest_cost_cents is not None
    assert alert.cheapest_cost_cents > 0
    for words in ("80.00 %", "3 % of pay", "IRC 416(c)(2)", "by December 31, 2026", "by November 30, 2026"):
        assert words in alert.text


def test_person_on_course_over_the_deferral_limit_is_told_by_name_with_a_day_to_stop(
    begin: Begin, tenant: SponsorId, clock: FixedClock
) -> None:
    plan = open_plan(begin, tenant)
    for k in range(3):
        clock.advance(timedelta(days=14))
        pay(begin, plan, k, rates=(1_500, 800, *RATES[2:]))
    _, (alert,) = watched(begin, plan, 2, of=TestId.DEFERRAL_LIMIT)
    assert alert.title == "Somebody is on course over the deferral limit of 2026"
    for words in ("Employee 0 would end the year over the deferral limit", "$24,500.00", "unless payroll stops it"):
        assert words in alert.text
    assert alert.decide_by is not None
    assert alert.decided_by.startswith("the plan administrator")


def closed(told: Forecast, *, likely: int) -> Forecast:
    """The same said on January 1: the year is over and every simulated year-end is the one that came."""
    tests = tuple(
        replace(each, fail_probability_bps=likely) if each.test is TestId.ADP else each
        for each in told.projection.tests
    )
    return replace(
        told, recorded_at=datetime(2027, 1, 1, 12, tzinfo=UTC), projection=replace(told.projection, tests=tests)
    )


def test_after_the_year_end_nothing_is_likely_any_more(begin: Begin, kept: KeptPlan) -> None:
    told, (alert,) = watched(begin, kept, 2)
    assert alert.title == "The ADP test of 2026 is likely to fail"
    failed = fiduciary.content_of(closed(told, likely=10_000), TestId.ADP)
    passed = fiduciary.content_of(closed(told, likely=0), TestId.ADP)
    assert (failed.title, passed.title) == ("The ADP test of 2026 failed", "The ADP test of 2026 passed")
    for content in (failed, passed):
        assert "expected" not in content.text
        assert "simulated" not in content.text
    assert fiduciary.decide(failed, before=alert, worth_raising=True) is AlertEventKind.UPDATED
    assert fiduciary.decide(passed, before=alert, worth_raising=True) is AlertEventKind.RESOLVED


def test_year_ends_that_all_agree_are_told_as_one_figure(begin: Begin, kept: KeptPlan) -> None:
    """On December 31 it read "7.50 % (80 % of simulated years: 7.50 % to 7.50 %)"."""
    told, _ = watched(begin, kept, 2)
    same = tuple(replace(each, low=each.median, high=each.median) for each in told.projection.tests)
    certain = replace(told, projection=replace(told.projection, tests=same))
    assert "(80 % of simulated years: " in fiduciary.content_of(told, TestId.ADP).text
    assert "80 % of simulated years" not in fiduciary.content_of(certain, TestId.ADP).text

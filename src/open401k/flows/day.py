"""A day begins: every plan is tested as of today, and what that changes is told. Not here: moving a clock."""

from dataclasses import dataclass
from datetime import date, timedelta

from open401k import compliance, fiduciary, plan
from open401k.base import heads, messages
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import PlanId, SponsorId, day_of

_CLOSED_WITHIN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Tested:
    """One plan on one day: the tests refused for want of a figure, with what they say."""

    plan_id: PlanId
    on: date
    refused: tuple[str, ...]


def begin_day(db: Database, *, actor: Actor, tenant_id: SponsorId) -> list[Tested]:
    """Test, project and review the alerts of every plan of a sponsor; a second time on a day changes nothing."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        plans = plan.list_plans(tx, tenant_id=tenant_id)
    return [_test(db, actor, tenant_id, each.plan_id) for each in plans]


def _test(db: Database, actor: Actor, tenant_id: SponsorId, plan_id: PlanId) -> Tested:
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # nothing is recorded in the past of what the tests know
        today = day_of(tx.now)
        close_year(tx, tenant_id=tenant_id, plan_id=plan_id, today=today)
        tested = _tested(tx, tenant_id, plan_id, today, cause=f"day/{today}")
        refused = [each for each in tested.results if each.status is compliance.Status.REFUSED]
        messages.publish(tx, tenant_id=tenant_id, kind="plan.tested", subject=plan_id, data={"run": str(tested.run_id)})
        return Tested(plan_id, today, tuple(dict.fromkeys(each.explanation for each in refused)))


def close_year(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> None:
    """Once a plan year is over, say how its tests ended: what was likely has come true or it has not."""
    terms = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id)
    year = terms.plan_year_of(today)
    if today - year.start > _CLOSED_WITHIN:
        return
    before = year.previous()
    known = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id, plan_year=before)
    if known is None or known.cause == f"year/{before}":
        return
    # A payroll that came late has tested that last day already; what it said of it was final too.
    if day_of(known.recorded_at) <= before.last_day:
        _tested(tx, tenant_id, plan_id, before.last_day, cause=f"year/{before}")


def _tested(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, as_of: date, *, cause: str) -> compliance.ComplianceRun:
    """Test as of a day, project, and review the alerts."""
    tested = compliance.retest(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=as_of, cause=cause)
    forecast = compliance.foresee(tx, tenant_id=tenant_id, run_id=tested.run_id)
    if forecast is not None:
        fiduciary.watch(tx, tenant_id=tenant_id, forecast=forecast)
    return tested

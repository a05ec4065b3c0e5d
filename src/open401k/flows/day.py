"""A day begins: a plan is tested as of today; what that changes or is late is told. Not here: moving a clock."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from open401k import compliance, fiduciary, plan
from open401k.base import heads, messages, rounds
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, run_flow
from open401k.kernel import CalendarYear, ComplianceRunId, FlowId, PlanId, PlanYear, SponsorId, day_of

from . import heal
from .bank_statement import settle_open
from .deposit import tell_late
from .ended_year import foretold
from .forfeiting import forfeit
from .write_back import keep_told
from .year_end import end_years

FLOW = rounds.DAY
_CLOSED_WITHIN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PlanDay:
    """One plan on one day: a flow of its own, whoever begins it and however often."""

    tenant_id: SponsorId
    plan_id: PlanId
    on: date

    @property
    def flow_id(self) -> FlowId:
        """The same for the same plan and day."""
        return rounds.day_of_plan(self.plan_id, self.on)


@dataclass(frozen=True, slots=True)
class Tested:
    """One plan on one day: the tests refused for want of a figure, with what they say."""

    plan_id: PlanId
    on: date
    refused: tuple[str, ...]


def begin_day(db: Database, *, actor: Actor, tenant_id: SponsorId) -> list[Tested]:
    """Test, project and review the alerts of every plan of a sponsor; a second time on a day changes nothing."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        today = day_of(tx.now)
        plans = plan.list_plans(tx, tenant_id=tenant_id)
    return [run_day(db, actor=actor, of=PlanDay(tenant_id, each.plan_id, today)) for each in plans]


def run_day(db: Database, *, actor: Actor, of: PlanDay) -> Tested:
    """One plan's day, from wherever it stands: two at once do it once, and one that was killed is carried on."""
    done: FlowResults = run_flow(
        db, flow=FLOW, flow_id=of.flow_id, tenant_id=of.tenant_id, actor=actor, steps=STEPS, ctx=of
    )
    return Tested(of.plan_id, of.on, tuple(done["retest"]["refused"]))


def retest(tx: Tx, of: PlanDay, _: dict[str, Any]) -> dict[str, Any]:
    """End and close the year that is over, then run every test as of the day. A plan not yet in effect has none."""
    heads.lock(tx, tenant_id=of.tenant_id)  # nothing is recorded in the past of what the tests know
    if not plan.in_effect(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, on=of.on):
        return {"run": None, "refused": []}
    end_years(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=of.on)
    forfeit(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)
    close_year(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=of.on)
    tested = compliance.retest(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, as_of=of.on, cause=f"{FLOW}/{of.on}")
    told = {"run": str(tested.run_id)}
    messages.publish(tx, tenant_id=of.tenant_id, kind="plan.tested", subject=of.plan_id, data=told)
    refused = [each.explanation for each in tested.results if each.status is compliance.Status.REFUSED]
    return told | {"refused": list(dict.fromkeys(refused))}


def warn(tx: Tx, of: PlanDay, results: dict[str, Any]) -> bool:
    """Projection and alerts follow the day's tests."""
    run = results["retest"]["run"]
    return run is not None and foretold(tx, of.tenant_id, ComplianceRunId.parse(run))


def remind(tx: Tx, of: PlanDay, _: dict[str, Any]) -> list[str]:
    """Lines of the bank that waited for a payroll find it; the outside hears of what is late or due."""
    settle_open(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)
    fiduciary.tell_forfeitures(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=of.on)
    fiduciary.tell_overpaid(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)
    if plan.in_effect(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, on=of.on):
        fiduciary.tell_turnover(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=of.on)
        fiduciary.tell_amounts(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=of.on)
    late = tell_late(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=of.on)
    return [str(run_id) for run_id in late]


def close_year(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> None:
    """Once a year is over, say how its tests ended: what was likely has come true or it has not.

    The plan year and, where that is another one, the calendar year, which is that of 402(g).
    """
    terms = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id)
    year = terms.plan_year_of(today)
    _close(tx, tenant_id, plan_id, year.previous(), of=year.previous(), today=today)
    calendar = CalendarYear(today.year - 1)
    if year.start != calendar.end:
        _close(tx, tenant_id, plan_id, calendar, of=terms.plan_year_of(calendar.last_day), today=today)


def _close(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, before: PlanYear | CalendarYear, *, of: PlanYear, today: date
) -> None:
    """Test the last day of a year that is over, within a plan year."""
    if today - before.end > _CLOSED_WITHIN:
        return
    known = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id, plan_year=of)
    if known is None or known.cause == f"year/{before}":
        return
    # A payroll that came late has tested that last day already; what it said of it was final too.
    if day_of(known.recorded_at) <= before.last_day:
        cause = f"year/{before}"
        tested = compliance.retest(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=before.last_day, cause=cause)
        foretold(tx, tenant_id, tested.run_id)


def tell_payroll(tx: Tx, of: PlanDay, _: dict[str, Any]) -> list[str]:
    """What elections, defaults and stops come to is queued for payroll."""
    return keep_told(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)


def review(tx: Tx, of: PlanDay, _: dict[str, Any]) -> list[str]:
    """Corrections that wait are counted anew: a pay date, or the last day of a relief, has passed."""
    return [str(each) for each in heal.review(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)]


STEPS = (retest, warn, remind, review, tell_payroll)

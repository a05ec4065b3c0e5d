"""The daily round: what a crash cut short is ended, and every plan of every sponsor begins its day.

Then what signing in left behind is cleared away.

One plan's failure is kept and told, and stops no other. Not here: one plan's day (day.py), when to look (doors).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from open401k import plan
from open401k.base import access, rounds
from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.base.rounds import Went
from open401k.kernel import NEW_YORK, PlanId, day_of

from . import correction
from .carry_on import carry_on, left, settled
from .day import FLOW, PlanDay, Tested, run_day

log = logging.getLogger("open401k.day")


@dataclass(slots=True)
class DayRound:
    """What a round did. ``failed`` holds each plan that failed with its reason; ``complete``: it came to the end."""

    on: date
    done: list[Tested] = field(default_factory=list)
    already: int = 0
    failed: dict[PlanId, str] = field(default_factory=dict)
    pruned: dict[str, int] = field(default_factory=dict)
    complete: bool = False

    @property
    def ok(self) -> bool:
        return self.complete and not self.failed

    def as_json(self) -> dict[str, Any]:
        """``{"ok": true, "on": ..., "done": [...], "already": 0, "failed": [], "pruned": {...}}``."""
        return {
            "ok": self.ok,
            "on": self.on.isoformat(),
            "done": [{"plan_id": str(each.plan_id), "not_tested": list(each.refused)} for each in self.done],
            "already": self.already,
            "failed": [{"plan_id": str(plan_id), "reason": reason} for plan_id, reason in self.failed.items()],
            "pruned": self.pruned,
        }


def run_round(
    db: Database, *, actor: Actor, wall_at: datetime, ends: Callable[[], bool] = lambda: False
) -> DayRound | None:
    """Do what today asks of every plan and is not done yet; None while another process is at it.

    ``wall_at`` is the machine's time, by which sign-ins age. ``ends`` is asked between two plans: when it says so, the
    round stops there, and a later one goes on.
    """
    with rounds.alone(db, FLOW) as mine:
        if not mine:
            return None
        known = _days(db, actor)
        today = known[0][0].on if known else day_of(db.clock.now())
        made = DayRound(today)
        _end_what_is_left(db, actor, made, ends)
        for of, went in known:
            if went.ended_at is not None:
                made.already += 1
                continue
            if ends():
                return made
            _begin(db, actor, of, made)
        with db.begin(actor, tenants=ALL_TENANTS) as tx:
            made.pruned = access.prune(tx, at=wall_at)
        made.complete = True
        return made


def _end_what_is_left(db: Database, actor: Actor, made: DayRound, ends: Callable[[], bool]) -> None:
    """Corrections whose tests and alerts nobody came to, before the day tests the same; payrolls are a start's."""
    for each in left(db, actor=actor):
        if each.flow != correction.FLOW or ends():
            continue
        try:
            carry_on(db, actor=actor, of=each)
        except (
            Exception
        ) as error:  # one correction's bug must not keep the others: told, kept with its plan, tried again
            log.exception("%s of %s could not be carried on", each, each.tenant_id)
            known = settled(db, actor=actor, of=each)
            with db.begin(actor, tenants=[each.tenant_id]) as tx:
                reason = rounds.fail(tx, tenant_id=each.tenant_id, flow_id=each.flow_id, flow=each.flow, error=error)
            if known is not None:
                made.failed[known.plan_id] = reason


def _days(db: Database, actor: Actor) -> list[tuple[PlanDay, Went]]:
    """Every plan's day and how it went so far; days before it that were left half way are not carried on."""
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        today = day_of(tx.now)
        midnight = datetime.combine(today, time(), NEW_YORK).astimezone(UTC)
        rounds.give_up(tx, flow=FLOW, before=midnight)
        days = [PlanDay(tenant_id, plan_id, today) for tenant_id, plan_id in plan.every_plan(tx)]
        went = rounds.went(tx, flows=[(each.tenant_id, each.flow_id) for each in days])
    return [(each, went[each.flow_id]) for each in days]


def _begin(db: Database, actor: Actor, of: PlanDay, made: DayRound) -> None:
    try:
        made.done.append(run_day(db, actor=actor, of=of))
    except Exception as error:  # a bug in one plan's tests must not keep the others from theirs
        log.exception("the day %s of %s could not begin", of.on, of.plan_id)
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            made.failed[of.plan_id] = rounds.fail(
                tx, tenant_id=of.tenant_id, flow_id=of.flow_id, flow=FLOW, error=error
            )

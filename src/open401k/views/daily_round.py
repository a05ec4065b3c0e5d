"""How today's round went, for operations: how far it is, which plans failed and why. Not here: doing it (flows)."""

from dataclasses import dataclass
from datetime import date, datetime

from open401k.base import rounds
from open401k.base.db import Tx
from open401k.kernel import PlanId, day_of

from .whereabouts import plans_in_sight


@dataclass(frozen=True, slots=True)
class FailedDay:
    """A plan whose day could not begin so far: how often it was tried, and what stopped it last."""

    plan_id: PlanId
    plan_name: str
    failures: int
    failed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class DayShown:
    """Today's round: of how many plans the day has begun, and which of the others failed."""

    on: date
    plans: int
    begun: int
    failed: tuple[FailedDay, ...]


def load(tx: Tx) -> DayShown:
    """The round of today over every plan in sight of the transaction."""
    today = day_of(tx.now)
    plans = plans_in_sight(tx)
    flows = {plan_id: rounds.day_of_plan(plan_id, today) for _, plan_id, _ in plans}
    went = rounds.went(tx, flows=[(tenant_id, flows[plan_id]) for tenant_id, plan_id, _ in plans])
    failed = []
    for _, plan_id, name in plans:
        each = went[flows[plan_id]]
        if each.ended_at is None and each.failed_at is not None:
            failed.append(FailedDay(plan_id, name, each.failures, each.failed_at, each.reason))
    begun = sum(each.ended_at is not None for each in went.values())
    return DayShown(today, len(plans), begun, tuple(failed))

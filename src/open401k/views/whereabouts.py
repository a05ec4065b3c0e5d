"""Which sponsor and plan something belongs to, among those a transaction may see. Not here: whether a login may."""

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


def sponsor_of_plan(tx: Tx, *, plan_id: PlanId) -> SponsorId | None:
    """The tenant of a plan; None when there is no such plan in sight."""
    row = tx.maybe("select tenant_id from plan.plan_v where plan_id = %s", [plan_id])
    return SponsorId(row[0]) if row else None


def plans_in_sight(tx: Tx) -> list[tuple[SponsorId, PlanId, str]]:
    """Every plan that the transaction may see, by name."""
    rows = tx.rows("select tenant_id, plan_id, name from plan.plan_v order by name, plan_id")
    return [(SponsorId(tenant_id), PlanId(plan_id), name) for tenant_id, plan_id, name in rows]

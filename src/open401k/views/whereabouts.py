"""Which sponsor and plan something belongs to, among those a transaction may see. Not here: whether a login may."""

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId

from . import _store


def sponsor_of_plan(tx: Tx, *, plan_id: PlanId) -> SponsorId | None:
    """The tenant of a plan; None when there is no such plan in sight."""
    tenant_id = _store.tenant_of_plan(tx, plan_id=plan_id)
    return SponsorId(tenant_id) if tenant_id else None


def plans_in_sight(tx: Tx) -> list[tuple[SponsorId, PlanId, str]]:
    """Every plan that the transaction may see, by name."""
    return [(SponsorId(tenant_id), PlanId(plan_id), name) for tenant_id, plan_id, name in _store.plans(tx)]

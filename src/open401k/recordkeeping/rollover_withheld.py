"""Tax withheld of rollovers: what the network did, as it was read, against what the books say. ADR-0050.

Not here: reading it (flows/rollover_withheld.py), what the books say (rollovers.py).
"""

from open401k.base.db import Tx
from open401k.kernel import PlanId, RolloverId, SponsorId

from . import _rollover_store as _store
from .rollovers import WITHHELD, RolloverDamage, RolloverRequest, rollover_requests


def differently_withheld(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId
) -> list[tuple[RolloverRequest, tuple[int, int]]]:
    """Rollovers of which the network withheld other cents than the books say: both, the books' first."""
    ids = [RolloverId(e) for e in _store.told_under(tx, tenant_id=tenant_id, plan_id=plan_id, name=WITHHELD)]
    found = rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=ids) if ids else []
    return [(each, both) for each in found if (both := each.withheld_otherwise) is not None]


def withheld_damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[RolloverDamage, ...]:
    """The same, as verification tells it."""
    return tuple(
        RolloverDamage(
            str(each.rollover_id), f"the books say that {both[0]} cents were withheld, the network {both[1]}"
        )
        for each, both in differently_withheld(tx, tenant_id=tenant_id, plan_id=plan_id)
    )

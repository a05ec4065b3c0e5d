"""What a rollover sends to our custodian's node, and what of the answer is kept. Not here: asking (rollover.py)."""

from typing import Any, Final

from open401k import recordkeeping
from open401k.base.db import Actor, Database
from open401k.base.faults import fault
from open401k.kernel import PlanId, Refused, RolloverId, SponsorId
from open401k.rails.node.halves import ReceivingHalf
from open401k.recordkeeping import CASE, ENDED, STATE, RolloverRequest

from .rollover_explaining import deliver
from .rollover_gather import Refusal, half_of, terms_of
from .rollover_node import OwnNode, Standing

#: Where a test may stop the process (base.faults).
BOUNDARIES: Final = ("rollover.on_file", "rollover.node_answered")


def send(
    db: Database, actor: Actor, node: OwnNode, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId
) -> RolloverRequest | Refusal:
    """Our half as of now to the node, and its answer on file."""
    fault("rollover.on_file")
    us = node.us()
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        terms = terms_of(tx, **of)
        request = recordkeeping.get_rollover_request(tx, **of, rollover_id=rollover_id)
        if isinstance(terms, Refused) or isinstance(request, Refused):
            return terms if isinstance(terms, Refused) else request
        half = half_of(tx, tenant_id=tenant_id, request=request, terms=terms, us=us)
    if isinstance(half, Refused):
        return half
    if request.case is not None:
        standing = node.put(request.case, half=half)
    elif isinstance(half, ReceivingHalf):
        source = bytes.fromhex(request.told["source"].told)
        standing = node.ask(key=str(rollover_id), source=source, half=half)
    else:
        raise AssertionError("a request to pay out names its case")
    fault("rollover.node_answered")
    return kept_and_explained(db, actor, node, tenant_id, request, standing)


def kept_and_explained(
    db: Database, actor: Actor, node: OwnNode, tenant_id: SponsorId, request: RolloverRequest, standing: Standing
) -> RolloverRequest:
    """What the node said, and the plan's explanation at the node where it is not there yet."""
    kept = keep(db, actor, tenant_id, request, standing)
    deliver(db, actor, node, tenant_id, kept, standing)
    return kept


def keep(
    db: Database, actor: Actor, tenant_id: SponsorId, request: RolloverRequest, standing: Standing
) -> RolloverRequest:
    """What the node said of it; the same again is nothing new."""
    said = [
        {"code": r.code, "detail": r.detail, "owner": r.owner, "unknown": r.unknown} for r in standing.reasons or ()
    ]
    told: dict[str, Any] = {CASE: standing.case, STATE: {"state": standing.state, "reasons": said}}
    told |= {ENDED: standing.state} if standing.over else {}
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": request.plan_id, "rollover_id": request.rollover_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        recordkeeping.tell_rollover(tx, **of, told=told)
        kept = recordkeeping.get_rollover_request(tx, **of)
    if isinstance(kept, Refused):
        raise AssertionError(kept.message)
    return kept

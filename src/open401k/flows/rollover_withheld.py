"""What the network withheld of a part that was paid to the person, read when it is final, against what the plan's
books say of it. A difference is somebody's: never silent, never evened out. ADR-0050.

Not here: working out what the law withholds (rollover_taxed.py), depositing it.
"""

from typing import Any

from open401k import recordkeeping
from open401k.base.db import Actor, Database
from open401k.kernel import Money, Refused, SponsorId
from open401k.recordkeeping import NotFollowed, RolloverDesk, RolloverRequest
from open401k.recordkeeping.rollovers import WITHHELD

from .rollover_node import OwnNode

_FIX = "Find out which is right (open401k rollover verify); correct the form and the deposit by hand."


def read_withheld(
    db: Database, actor: Actor, node: OwnNode, tenant_id: SponsorId, request: RolloverRequest
) -> NotFollowed | None:
    """Ask once, and keep it; what differs from the books is told as a problem, and stays one on the plan's pages."""
    which = str(request.rollover_id)
    if request.case is None:
        return None
    cents = node.withheld(request.case)
    if cents is None:
        message = "The books paid it, and the network shows no commit of it that is final."
        return NotFollowed(which, message, "Look at the case at our node.", RolloverDesk.OPERATIONS)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": request.plan_id, "rollover_id": request.rollover_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        recordkeeping.tell_rollover(tx, **of, told={WITHHELD: cents})
        kept = recordkeeping.get_rollover_request(tx, **of)
    if isinstance(kept, Refused) or (both := kept.withheld_otherwise) is None:
        return None
    message = f"The network withheld {Money(both[1])}, and by the books it is {Money(both[0])}."
    return NotFollowed(which, message, _FIX, RolloverDesk.ADMINISTRATOR)

"""What people forfeit, and get back, by the day that has come; told to the outside. Not here: deriving it, using it."""

from open401k import recordkeeping
from open401k.base import messages
from open401k.base.db import Tx
from open401k.kernel import EntryId, PlanId, Refused, SponsorId, day_of

from .payroll_settle import PostingRefused


def forfeit(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[EntryId, ...]:
    """Post what everybody has forfeited by today, once; nothing for a plan that keeps no forfeitures."""
    posted = recordkeeping.settle_everybody(tx, tenant_id=tenant_id, plan_id=plan_id)
    if isinstance(posted, Refused):
        raise PostingRefused(posted)
    if posted:
        told = {"on": day_of(tx.now).isoformat(), "entries": [str(each) for each in posted]}
        messages.publish(tx, tenant_id=tenant_id, kind="plan.forfeited", subject=plan_id, data=told)
    return posted

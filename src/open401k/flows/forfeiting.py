"""Forfeitures: posted by the day that has come, approved for a use by a person. Not here: deriving them, payrolls."""

from typing import Any

from open401k import recordkeeping
from open401k.base import messages
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EntryId, FlowId, PlanId, Refused, SponsorId, day_of
from open401k.law.forfeitures import ForfeitureUse

from .payroll_settle import PostingRefused

_PEOPLE = ("user", "api_key")


def forfeit(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[EntryId, ...]:
    """Post what everybody has forfeited by today, once; nothing for a plan that keeps no forfeitures."""
    posted = recordkeeping.settle_everybody(tx, tenant_id=tenant_id, plan_id=plan_id)
    if isinstance(posted, Refused):
        raise PostingRefused(posted)
    if posted:
        told = {"on": day_of(tx.now).isoformat(), "entries": [str(each) for each in posted]}
        messages.publish(tx, tenant_id=tenant_id, kind="forfeitures.posted", subject=plan_id, data=told)
    return posted


def approve_use(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    approval_id: FlowId,
    used_for: ForfeitureUse,
    cents: int,
    reference: str = "",
) -> recordkeeping.Approval | Refused[Any]:
    """A person says what forfeitures are used for; posted with the approval, or as payrolls come. Once for an id."""
    try:
        with db.begin(actor, tenants=[tenant_id]) as tx:
            return approve_in(
                tx, actor=actor, tenant_id=tenant_id, plan_id=plan_id, approval_id=approval_id, used_for=used_for,
                cents=cents, reference=reference,
            )  # fmt: skip
    except PostingRefused as undone:
        return undone.refused


def approve_in(
    tx: Tx,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    approval_id: FlowId,
    used_for: ForfeitureUse,
    cents: int,
    reference: str,
) -> recordkeeping.Approval | Refused[Any]:
    """The same within a transaction; what the ledger refuses is raised, since the approval is undone with it."""
    known = {each.approval_id for each in _account(tx, tenant_id, plan_id).approvals}
    approved = recordkeeping.approve_use(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        approval_id=approval_id,
        used_for=used_for,
        cents=cents,
        reference=reference.strip(),
        by_person=actor.kind in _PEOPLE,
    )
    if isinstance(approved, Refused):
        if not isinstance(approved.reason, recordkeeping.UseRefusal):
            raise PostingRefused(approved)
        return approved
    if approval_id not in known:
        told = {"plan_id": str(plan_id), "used_for": used_for.value, "cents": cents, "reference": approved.reference}
        messages.publish(tx, tenant_id=tenant_id, kind="forfeitures.approved", subject=approval_id, data=told)
    return approved


def _account(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> recordkeeping.ForfeitureAccount:
    return recordkeeping.forfeiture_account(tx, tenant_id=tenant_id, plan_id=plan_id)

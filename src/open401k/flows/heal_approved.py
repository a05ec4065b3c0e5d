"""A proposed correction is approved by a person and posted, in one transaction, or not. ADR-0029.

Tests, projection and alerts follow as behind every correction (correction.py). Not here: proposing it (heal.py),
its money (correction_money.py).
"""

from typing import Any

from open401k import compliance, fiduciary, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import FailureId, FlowId, ProposalId, Refused, SponsorId, day_of, named_uuid

from .correction import Correction, OnFile, begin, correct
from .heal import FLOW
from .heal_additions import excess_now
from .heal_deposits import content_of_late
from .heal_late_facts import late_facts_now
from .payroll_settle import PostingRefused


def approve(
    db: Database, *, actor: Actor, tenant_id: SponsorId, proposal_id: ProposalId, why: str = ""
) -> compliance.Proposal | Refused[Any]:
    """A person lets the employer pay: posted with its approval, once, whatever is sent how often."""
    try:
        with db.begin(actor, tenants=[tenant_id]) as tx:
            approved = _approve(tx, actor, tenant_id, proposal_id, why)
    except PostingRefused as undone:
        return undone.refused
    if isinstance(approved, Refused):
        return approved
    correct(db, actor=actor, correction=_follow_up(tenant_id, approved))
    return approved


def _approve(
    tx: Tx, actor: Actor, tenant_id: SponsorId, proposal_id: ProposalId, why: str
) -> compliance.Proposal | Refused[compliance.ProposalRefusal]:
    heads.lock(tx, tenant_id=tenant_id)
    proposal = compliance.get_proposal(tx, tenant_id=tenant_id, proposal_id=proposal_id)
    if proposal.state is compliance.ProposalState.APPROVED:
        return proposal
    now = _as_of_now(tx, tenant_id, proposal)
    if refused := compliance.refuse_approval(proposal, now, actor_kind=actor.kind):
        return refused
    entry_id = _post(tx, tenant_id, proposal, now)
    of: dict[str, Any] = {"tenant_id": tenant_id, "proposal": proposal, "content": now}
    approved = compliance.approve(tx, **of, entry_id=entry_id, why=why)
    fiduciary.tell_approved(tx, tenant_id=tenant_id, proposal=approved)
    begin(tx, correction=_follow_up(tenant_id, approved))
    return approved


def _as_of_now(tx: Tx, tenant_id: SponsorId, proposal: compliance.Proposal) -> compliance.Content:
    """The same correction with earnings to today, less what was posted before."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "on": day_of(tx.now)}
    if proposal.content.kind == compliance.LATE_FACT:
        return late_facts_now(tx, tenant_id=tenant_id, plan_id=proposal.plan_id)
    if proposal.content.kind == compliance.LATE_DEPOSIT:
        content = content_of_late(tx, **of, plan_id=proposal.plan_id, about=proposal.about)
    elif proposal.content.kind == compliance.EXCESS_ADDITIONS:
        content = excess_now(tx, tenant_id=tenant_id, plan_id=proposal.plan_id, about=proposal.about)
    else:
        failure_id = FailureId.parse(proposal.about)
        failure = compliance.get_failure(tx, tenant_id=tenant_id, failure_id=failure_id).failure
        content = compliance.failure_content(tx, **of, failure=failure)
    known = compliance.proposals(tx, tenant_id=tenant_id, plan_id=proposal.plan_id, about=proposal.about)
    return compliance.less_posted(content, compliance.posted_credits(known))


def _post(tx: Tx, tenant_id: SponsorId, proposal: compliance.Proposal, content: compliance.Content) -> str | None:
    """Employer receivable to participants' accounts, under a key of the proposal; a notice alone moves nothing."""
    amounts = [
        recordkeeping.Corrective(each.employee_id, each.source, each.year_start, each.cents, each.earnings_cents)
        for each in content.credits
        if each.cents or each.earnings_cents
    ]
    if not amounts:
        return None
    cause = str(proposal.proposal_id)
    posted = recordkeeping.post_corrective(
        tx,
        tenant_id=tenant_id,
        plan_id=proposal.plan_id,
        key=key_of(proposal.proposal_id),
        on=day_of(tx.now),
        cause=cause,
        amounts=amounts,
    )
    if isinstance(posted, Refused):
        raise PostingRefused(posted)
    return str(posted.entry_id)


def moves_money(content: compliance.Content) -> bool:
    """Whether an approval has an entry of its own."""
    return any(each.cents or each.earnings_cents for each in content.credits)


def key_of(proposal_id: ProposalId) -> str:
    """Under which the one entry of a proposal is in the journal."""
    return f"{FLOW}/{proposal_id}"


def _follow_up(tenant_id: SponsorId, proposal: compliance.Proposal) -> Correction:
    """Tests, projection and alerts that know of it; a repeat goes on where the first time was stopped."""
    flow_id = FlowId(named_uuid(FLOW, str(proposal.proposal_id)))
    return Correction(tenant_id, proposal.plan_id, flow_id, OnFile(f"Approved: {proposal.told.title}."))


def decline(
    db: Database, *, actor: Actor, tenant_id: SponsorId, proposal_id: ProposalId, reason: str
) -> compliance.Proposal | Refused[compliance.ProposalRefusal]:
    """A person says no, and why; nothing is posted."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        return compliance.decline(tx, tenant_id=tenant_id, proposal_id=proposal_id, reason=reason)

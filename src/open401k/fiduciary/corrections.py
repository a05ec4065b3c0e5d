"""Corrections that wait for a decision of the employer: told once, with deadline and cost. Not here: what they cost.

What waits is what is proposed, so it cannot say anything else; alerts of tests have a table of their own (alerts.py).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k.base import messages
from open401k.base.db import Tx
from open401k.compliance import Proposal, ProposalState, proposals
from open401k.kernel import PlanId, ProposalId, SponsorId


@dataclass(frozen=True, slots=True)
class WaitingCorrection:
    """One decision to take: by when, for how much, and what it costs to wait."""

    proposal_id: ProposalId
    plan_id: PlanId
    title: str
    decide_by: date | None
    cents: int
    later_cents: int | None
    decided_by: str = "the employer, who pays it"


def waiting_corrections(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId | None = None) -> list[WaitingCorrection]:
    """What waits, the most urgent first."""
    waiting = [
        _waiting(each)
        for each in proposals(tx, tenant_id=tenant_id, plan_id=plan_id)
        if each.state is ProposalState.PROPOSED
    ]
    return sorted(waiting, key=lambda each: (each.decide_by or date.max, each.proposal_id))


def tell_correction(tx: Tx, *, tenant_id: SponsorId, proposal: Proposal) -> None:
    """The outside hears that something is to be decided."""
    told = _waiting(proposal)
    data: dict[str, Any] = {
        "plan_id": proposal.plan_id, "title": told.title, "decide_by": told.decide_by, "cents": told.cents,
        "later_cents": told.later_cents,
    }  # fmt: skip
    messages.publish(tx, tenant_id=tenant_id, kind="correction.proposed", subject=proposal.proposal_id, data=data)


def tell_approved(tx: Tx, *, tenant_id: SponsorId, proposal: Proposal) -> None:
    """The outside hears that it was approved and posted, and so is due."""
    content = proposal.told
    data = {"plan_id": proposal.plan_id, "title": content.title, "cents": content.total_cents, "due_on": content.on}
    messages.publish(tx, tenant_id=tenant_id, kind="correction.approved", subject=proposal.proposal_id, data=data)


def _waiting(proposal: Proposal) -> WaitingCorrection:
    content = proposal.content
    later = content.waiting[-1].cents if len(content.waiting) > 1 else None
    return WaitingCorrection(
        proposal.proposal_id, proposal.plan_id, content.title, content.decide_by, content.total_cents, later
    )

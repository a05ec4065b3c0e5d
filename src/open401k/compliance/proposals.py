"""Corrections put to a person: proposed, replaced when facts change, approved or declined. Nothing is ever changed.

Not here: what a correction consists of (proposal_content.py), its money (recordkeeping.corrective), the story (flows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.base.plain import canonical
from open401k.kernel import Money, Open401kError, PlanId, ProposalId, Refused, SponsorId

from . import _failure_store as _store
from .proposal_content import Content, Credit, content_json, content_of_json, less_posted, same_decision

#: What the audit trail calls what happens to a proposal, with the kind behind it.
ACTION = "correction"


class ProposalState(StrEnum):
    """Where a proposal stands; approved ones are posted in the same transaction."""

    PROPOSED = "proposed"
    REPLACED = "replaced"
    APPROVED = "approved"
    DECLINED = "declined"


class ProposalRefusal(StrEnum):
    """Why a proposal was not approved or declined. Checked, and listed, in order of precedence."""

    ENDED = "ended"
    NOT_A_PERSON = "not_a_person"
    NOT_READY = "not_ready"
    CHANGED = "changed"
    REASON_MISSING = "reason_missing"
    MONEY_GONE = "money_gone"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal and what became of it. ``as_approved``: what was posted, with earnings to that day."""

    proposal_id: ProposalId
    plan_id: PlanId
    about: str
    place: int
    recorded_at: datetime
    content: Content
    state: ProposalState
    ended_at: datetime
    ended_by: str
    ended_with: dict[str, Any]

    @property
    def as_approved(self) -> Content | None:
        approved = self.state is ProposalState.APPROVED
        return content_of_json(self.ended_with["content"]) if approved else None

    @property
    def told(self) -> Content:
        """What is to be shown: as approved, or as proposed."""
        return self.as_approved or self.content


@dataclass(frozen=True, slots=True)
class Proposed:
    """What waits about a matter; ``fresh``: it has only just been proposed."""

    proposal: Proposal
    fresh: bool


def propose(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, about: str, content: Content) -> Proposed | None:
    """Put a correction to the employer, less what was posted about the matter; the same as before changes nothing.

    A proposal about the matter that still waits is replaced and names its successor. None: nothing waits to be decided.
    """
    heads.lock(tx, tenant_id=tenant_id)
    known = proposals(tx, tenant_id=tenant_id, plan_id=plan_id, about=about)
    # What is in the accounts already counts by pay date what was approved of it (late_facts.py).
    wanted = less_posted(content, [each for each in posted_credits(known) if not each.settled_cents])
    waiting = next((each for each in known if each.state is ProposalState.PROPOSED), None)
    if waiting is not None and same_decision(waiting.content, wanted):
        return Proposed(waiting, fresh=False)
    decided = known and known[-1].state in (ProposalState.APPROVED, ProposalState.DECLINED)
    if decided and known[-1].state is ProposalState.APPROVED and any(each.settled_cents for each in wanted.credits):
        decided = False  # what was approved of it is off already: this is more, though it be the same amount
    if waiting is None and decided and same_decision(known[-1].content, wanted):
        return None  # somebody has decided on this very correction; one that only went away comes again
    successor = None if wanted.is_nothing else tx.ids.new(ProposalId)
    if waiting is not None:
        _end(tx, tenant_id, waiting.proposal_id, ProposalState.REPLACED, {"by": successor and str(successor)})
    if successor is None:
        return None
    kept = content_json(wanted)
    _store.insert_proposal(
        tx, tenant_id=tenant_id, proposal_id=successor, plan_id=plan_id, about=about, place=len(known) + 1, content=kept
    )
    _end(tx, tenant_id, successor, ProposalState.PROPOSED, {}, said=kept)
    return Proposed(get_proposal(tx, tenant_id=tenant_id, proposal_id=successor), fresh=True)


def refuse_approval(proposal: Proposal, now: Content, *, actor_kind: str) -> Refused[ProposalRefusal] | None:
    """The first reason why a proposal cannot be approved; pure. ``now``: the same correction as it comes out today."""
    if refused := _refuse_ended(proposal):
        return refused
    if actor_kind not in ("user", "api_key"):
        message = "Money of the employer is spent by a person of the employer, never by the system."
        return Refused(ProposalRefusal.NOT_A_PERSON, message, "Let somebody with the right to decide approve it.")
    if now.not_ready:
        fix = "Record what is missing with the failure; the correction is counted again by itself."
        return Refused(ProposalRefusal.NOT_READY, now.not_ready, fix)
    if not same_decision(proposal.content, now):
        before = proposal.content
        owed, was = now.principal_cents, before.principal_cents
        if owed == was:  # of money that came late earnings alone are owed
            owed, was = now.total_cents, before.total_cents
        message = f"What is owed has changed since this was proposed: {Money(owed)} instead of {Money(was)}."
        return Refused(ProposalRefusal.CHANGED, message, "Look at the new proposal, and decide on that one.")
    return None


def approve(
    tx: Tx, *, tenant_id: SponsorId, proposal: Proposal, content: Content, entry_id: str | None, why: str
) -> Proposal:
    """Keep that it was approved, with what was posted; the caller has posted it in this transaction."""
    ended = {"content": content_json(content), "entry_id": entry_id, "why": why}
    _end(tx, tenant_id, proposal.proposal_id, ProposalState.APPROVED, ended, said=ended)
    return get_proposal(tx, tenant_id=tenant_id, proposal_id=proposal.proposal_id)


def decline(
    tx: Tx, *, tenant_id: SponsorId, proposal_id: ProposalId, reason: str
) -> Proposal | Refused[ProposalRefusal]:
    """Somebody says no, with a reason; nothing is posted, and the same is not proposed again."""
    heads.lock(tx, tenant_id=tenant_id)
    proposal = get_proposal(tx, tenant_id=tenant_id, proposal_id=proposal_id)
    if proposal.state is ProposalState.DECLINED and proposal.ended_with == {"reason": reason.strip()}:
        return proposal
    if refused := _refuse_ended(proposal):
        return refused
    if not reason.strip():
        message = "A correction is declined with a reason: an auditor will ask for it."
        return Refused(ProposalRefusal.REASON_MISSING, message, "Say why it is not owed, or how it was corrected.")
    _end(tx, tenant_id, proposal_id, ProposalState.DECLINED, {"reason": reason.strip()})
    return get_proposal(tx, tenant_id=tenant_id, proposal_id=proposal_id)


def _refuse_ended(proposal: Proposal) -> Refused[ProposalRefusal] | None:
    if proposal.state is ProposalState.PROPOSED:
        return None
    by = proposal.ended_with.get("by")
    fix = f"Decide on {by}, which took its place." if by else "Look at the corrections that wait."
    return Refused(ProposalRefusal.ENDED, f"This correction was {proposal.state.value} before.", fix)


def proposals(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId | None = None, about: str | None = None
) -> list[Proposal]:
    """Every proposal, the oldest first."""
    rows = _store.proposals(tx, tenant_id=tenant_id, plan_id=plan_id, about=about)
    return [_proposal(row) for row in rows]


def get_proposal(tx: Tx, *, tenant_id: SponsorId, proposal_id: ProposalId) -> Proposal:
    """One proposal; asking for one that does not exist is an error."""
    rows = _store.proposals(tx, tenant_id=tenant_id, proposal_id=proposal_id)
    if not rows:
        raise Open401kError(f"There is no correction {proposal_id}.", fix="Check the id, or list the corrections.")
    return _proposal(rows[0])


def posted_credits(known: Sequence[Proposal], *, known_at: datetime | None = None) -> list[Credit]:
    """What approved proposals have posted, up to an instant."""
    return [
        credit
        for each in known
        if each.as_approved is not None and (known_at is None or each.ended_at < known_at)
        for credit in each.as_approved.credits
    ]


def due_of(proposal: Proposal) -> Money:
    """What the employer sends for an approved correction; what was taken back asks for nothing."""
    content = proposal.as_approved
    amounts = () if content is None else content.credits
    posted = sum(each.posted_cents for each in amounts if each.posted_cents > 0)
    return Money(posted + sum(each.settled_cents for each in amounts))


def was_changed(tx: Tx, *, tenant_id: SponsorId, proposal: Proposal) -> bool:
    """Whether what is kept of a proposal is not what the audit trail says of it."""
    trail = audit.entries(tx, tenant_id=tenant_id, subject=proposal.proposal_id)
    said = {each.action: each.after for each in trail if each.action.startswith(f"{ACTION}.")}
    kept: dict[str, Any] = {f"{ACTION}.proposed": content_json(proposal.content)}
    if proposal.state is not ProposalState.PROPOSED:
        kept[f"{ACTION}.{proposal.state.value}"] = proposal.ended_with
    return canonical(said) != canonical(kept)


def _end(
    tx: Tx,
    tenant_id: SponsorId,
    proposal_id: ProposalId,
    state: ProposalState,
    content: dict[str, Any],
    said: dict[str, Any] | None = None,
) -> None:
    _store.append_event(tx, tenant_id=tenant_id, proposal_id=proposal_id, kind=state.value, content=content)
    audit.record(tx, tenant_id=tenant_id, action=f"{ACTION}.{state.value}", subject=proposal_id, after=said or content)


def _proposal(row: _store.ProposalRow) -> Proposal:
    return Proposal(
        ProposalId(row.proposal_id), PlanId(row.plan_id), row.about, row.place, row.recorded_at,
        content_of_json(row.content), ProposalState(row.state), row.ended_at, row.ended_by, row.ended_with,
    )  # fmt: skip

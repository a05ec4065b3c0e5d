"""A failure's correction as put to the employer, now or as then known; and whether what is kept follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import FailureId, ProposalId, SponsorId

from .corrective_room import HELD_TO_415, corrective_room, within_additions
from .excess_additions import EXCESS_ADDITIONS, excess_content, year_about
from .failure_facts import correct_failure
from .failure_words import content_of_failure
from .failures import Failure, FailureKind, find
from .late_facts import LATE_FACT, late_fact_content
from .proposal_content import Content, content_json, less_posted
from .proposals import Proposal, posted_credits

#: What of a working is words.
_WORDS = frozenset(
    {"basis_words", "basis_cite", "relief_words", "shut", "cite", "earnings", "earnings_missing", "learned"}
)


@dataclass(frozen=True, slots=True)
class ProposalDifference:
    """A proposal that its own facts, as then known, do not give again."""

    proposal_id: ProposalId
    stored: str
    recomputed: str


def failure_content(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    failure: Failure,
    on: date,
    known_at: datetime | None = None,
    held_to_415: bool = True,
) -> Content:
    """What the correction of a failure comes to as of a day, ready to be proposed.

    Without ``held_to_415``, as it was proposed before corrective contributions were held to that limit.
    """
    found = correct_failure(tx, tenant_id=tenant_id, failure=failure, on=on, known_at=known_at)
    names = plan.get(tx, tenant_id=tenant_id, plan_id=failure.plan_id), plan.sponsor(tx, tenant_id=tenant_id)
    content = content_of_failure(found, plan_name=names[0].name, sponsor_name=names[1].name)
    if not held_to_415:
        return content
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": failure.plan_id, "about": str(failure.failure_id)}
    return within_additions(content, corrective_room(tx, content, **of, on=on, known_at=known_at))


def verify_failure_proposals(tx: Tx, *, tenant_id: SponsorId, known: Sequence[Proposal]) -> list[ProposalDifference]:
    """Recompute each proposal of a failure, and each approval, from what was known then."""
    kinds = {kind.value for kind in FailureKind}
    found = []
    for each in known:
        if each.content.kind not in kinds:
            continue
        same_matter = [one for one in known if one.about == each.about]
        found += _differences(tx, tenant_id, each, same_matter, each.content, each.recorded_at)
        if each.as_approved is not None:
            found += _differences(tx, tenant_id, each, same_matter, each.as_approved, each.ended_at)
    return found


def verify_late_facts(tx: Tx, *, tenant_id: SponsorId, known: Sequence[Proposal]) -> list[ProposalDifference]:
    """Recompute each proposal about late facts, and each approval, from the journal as it then was."""
    found = []
    for each in known:
        if each.content.kind != LATE_FACT:
            continue
        matter = [one for one in known if one.about == each.about]
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": each.plan_id, "known": matter}
        approved = [] if each.as_approved is None else [(each.as_approved, each.ended_at)]
        for stored, at in ((each.content, each.recorded_at), *approved):
            again = late_fact_content(tx, **of, on=stored.on, known_at=at)
            if again is None or _said(again) != _said(stored):
                cents = 0 if again is None else again.total_cents
                found.append(ProposalDifference(each.proposal_id, f"{stored.total_cents} cents", f"{cents} cents"))
    return found


def verify_excess_additions(tx: Tx, *, tenant_id: SponsorId, known: Sequence[Proposal]) -> list[ProposalDifference]:
    """Recompute each proposal about excess additions, and each approval, from what was known then."""
    found = []
    for each in known:
        if each.content.kind != EXCESS_ADDITIONS:
            continue
        earlier = [one for one in known if one.about == each.about and one.place < each.place]
        year = year_about(tx, tenant_id=tenant_id, plan_id=each.plan_id, about=each.about)
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": each.plan_id, "year": year}
        approved = [] if each.as_approved is None else [(each.as_approved, each.ended_at)]
        for stored, at in ((each.content, each.recorded_at), *approved):
            posted = [*earlier, *([each] if each.ended_at <= at else [])]  # by then in the books
            whole = excess_content(tx, **of, known=posted, on=stored.on, known_at=at)
            again = less_posted(whole, posted_credits(earlier))
            if _said(again) != _said(stored):
                cents = f"{stored.total_cents} cents", f"{again.total_cents} cents"
                found.append(ProposalDifference(each.proposal_id, *cents))
    return found


def _differences(
    tx: Tx, tenant_id: SponsorId, of: Proposal, same_matter: Sequence[Proposal], stored: Content, at: datetime
) -> list[ProposalDifference]:
    failure = find(tx, tenant_id=tenant_id, failure_id=FailureId.parse(of.about), known_at=at)
    if failure is None:
        return [ProposalDifference(of.proposal_id, "a proposal", f"no failure {of.about} was known then")]
    of_then: dict[str, Any] = {"on": stored.on, "known_at": at, "held_to_415": HELD_TO_415 in stored.working}
    again = failure_content(tx, tenant_id=tenant_id, failure=failure.failure, **of_then)
    # By place: one of a matter is decided before the next is made, though a clock may not tell the two apart.
    again = less_posted(again, posted_credits([each for each in same_matter if each.place < of.place]))
    if _said(again) == _said(stored):
        return []
    return [ProposalDifference(of.proposal_id, f"{stored.total_cents} cents", f"{again.total_cents} cents")]


def _said(content: Content) -> dict[str, object]:
    """Figures, not words: names of plan and sponsor may have changed since, and texts get better; so do deadlines."""
    unsaid = replace(content, title="", text="", paragraph="", not_ready="", decide_by=None)
    kept = content_json(replace(unsaid, notices=(), waiting=()))
    return kept | {"working": _figures(kept["working"]), "needed": len(content.needed)}


def _figures(working: Any) -> Any:
    """The working without its words and citations, at any depth."""
    if isinstance(working, list):
        return [_figures(each) for each in working]
    if isinstance(working, dict):
        return {name: _figures(each) for name, each in working.items() if name not in _WORDS}
    return working

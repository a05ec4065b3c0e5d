"""A failure of the past is recorded, counted and proposed to a person; counted anew when facts change. ADR-0029.

Not here: approving and posting (heal_approved.py), what is owed (compliance.failure_correction), what settles by itself
(correction.py).
"""

from dataclasses import dataclass
from typing import Any

from open401k import census, compliance, fiduciary, plan
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, run_flow
from open401k.kernel import EmployeeId, FailureId, FlowId, PlanId, ProposalId, Refused, SponsorId, day_of

from .heal_additions import excess_additions
from .heal_deposits import late_deposits
from .heal_late_facts import late_facts
from .heal_withheld import keep_withheld

FLOW = "heal"


@dataclass(frozen=True, slots=True)
class Found:
    """A failure somebody found; ``flow_id`` is made by the door, so that a repeat is the same recording."""

    tenant_id: SponsorId
    flow_id: FlowId
    failure: compliance.Failure


class _NotRecorded(Exception):  # noqa: N818 (undoes the transaction of the step)
    def __init__(self, refused: Refused[compliance.FailureRefusal]) -> None:
        super().__init__(refused.message)
        self.refused = refused


def heal(db: Database, *, actor: Actor, found: Found) -> FlowResults | Refused[compliance.FailureRefusal]:
    """Record a failure, or more of it, and propose what it comes to; nothing is posted."""
    of: dict[str, Any] = {"flow": FLOW, "flow_id": found.flow_id, "tenant_id": found.tenant_id}
    try:
        return run_flow(db, **of, actor=actor, steps=STEPS, ctx=found)
    except _NotRecorded as undone:
        return undone.refused


def know(tx: Tx, found: Found, _: dict[str, Any]) -> dict[str, Any]:
    """The failure becomes a fact."""
    tenant_id, failure = found.tenant_id, found.failure
    people = [each.employee_id for each in failure.people]
    roster = census.roster(tx, tenant_id=tenant_id, employee_ids=people)
    known = frozenset(each.employee_id for each in roster)
    plan.get(tx, tenant_id=tenant_id, plan_id=failure.plan_id)
    recorded = compliance.record_failure(tx, tenant_id=tenant_id, failure=failure, known=known)
    if isinstance(recorded, Refused):
        raise _NotRecorded(recorded)
    return {"failure_id": str(failure.failure_id), "place": recorded.place, "already": recorded.already}


def propose(tx: Tx, found: Found, _: dict[str, Any]) -> str | None:
    """What it comes to as of today waits for a person, and is told."""
    heads.lock(tx, tenant_id=found.tenant_id)
    proposed = _propose_failure(tx, found.tenant_id, found.failure.failure_id)
    return None if proposed is None else str(proposed.proposal_id)


STEPS = (know, propose)


@dataclass(frozen=True, slots=True)
class LateEntry:
    """Whose entry a late fact may have changed; ``were``: the days that they entered on before it."""

    employee_id: EmployeeId
    were: compliance.EntryByPlan


def review(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, late_entry: LateEntry | None = None) -> list[ProposalId]:
    """Count every correction of a plan anew: facts or days have changed. What changed is proposed in its place.

    What payroll withheld otherwise than elected becomes a failure, and ceases to be one, by itself; so does whoever
    was let in late by what a fact says that was learned late.
    """
    keep_withheld(tx, tenant_id=tenant_id, plan_id=plan_id)
    if late_entry is not None:
        who, were = late_entry.employee_id, late_entry.were
        compliance.keep_left_out(tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=who, were=were)
    failures = compliance.failures(tx, tenant_id=tenant_id, plan_id=plan_id)
    late = late_deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    learned = late_facts(tx, tenant_id=tenant_id, plan_id=plan_id)
    over = excess_additions(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not failures and not late and not learned and not over:
        return []
    heads.lock(tx, tenant_id=tenant_id)
    found = [_propose_failure(tx, tenant_id, each.failure.failure_id) for each in failures]
    for about, content in (*late, *learned, *over):
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "about": about}
        found.append(_tell(tx, tenant_id, compliance.propose(tx, **of, content=content)))
    return [each.proposal_id for each in found if each is not None]


def review_all(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, late_entry: LateEntry | None = None
) -> list[ProposalId]:
    """The same of every plan of the sponsor: a fact about a person is one for each."""
    plans = (plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id))
    of: dict[str, Any] = {"tenant_id": tenant_id, "late_entry": late_entry}
    return [found for each in plans for found in review(tx, **of, plan_id=each)]


def _propose_failure(tx: Tx, tenant_id: SponsorId, failure_id: FailureId) -> compliance.Proposal | None:
    failure = compliance.get_failure(tx, tenant_id=tenant_id, failure_id=failure_id).failure
    content = compliance.failure_content(tx, tenant_id=tenant_id, failure=failure, on=day_of(tx.now))
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": failure.plan_id, "about": str(failure_id)}
    return _tell(tx, tenant_id, compliance.propose(tx, **of, content=content))


def _tell(tx: Tx, tenant_id: SponsorId, proposed: compliance.Proposed | None) -> compliance.Proposal | None:
    if proposed is None:
        return None
    if proposed.fresh:
        fiduciary.tell_correction(tx, tenant_id=tenant_id, proposal=proposed.proposal)
    return proposed.proposal

"""Corrections as both doors and the terminal ask for them: found at the plan, decided, refused in the same words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from open401k import compliance
from open401k.base.db import Actor, Database
from open401k.compliance import Failure, Proposal
from open401k.flows import correction_money, heal, heal_approved
from open401k.kernel import FailureId, FlowId, Money, PlanId, ProposalId, Refused, SponsorId, day_of, named_uuid

from .problems import NOT_FOUND, Problem, ProblemError


def decide(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    proposal_id: ProposalId,
    how: Callable[..., Proposal | Refused[Any]],
    **words: str,
) -> Proposal:
    """Approve or decline a correction of this plan; refusals become problems."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        known = compliance.get_proposal(tx, tenant_id=tenant_id, proposal_id=proposal_id)
    if known.plan_id != plan_id:
        raise ProblemError(NOT_FOUND)
    done = how(db, actor=actor, tenant_id=tenant_id, proposal_id=proposal_id, **words)
    if isinstance(done, Refused):
        title = "The correction was not decided."
        raise ProblemError(Problem(422, str(done.reason), title, done.message, done.fix))
    return done


def approve(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, proposal_id: ProposalId) -> Proposal:
    """A person lets the employer pay."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "proposal_id": proposal_id}
    return decide(db, **of, how=heal_approved.approve)


def approved_words(total: Money, *, to_people: Money = Money(0)) -> str:  # noqa: B008 (an amount never changes)
    """What an approval did, and what is to be done now; ``to_people``: what of it leaves to whose money it was."""
    if to_people:
        held = -total - to_people
        rest = f" {held} of the employer's are held unallocated." if held else ""
        return (
            f"Approved and posted: {-total} left the accounts.{rest} Pay {to_people}, with earnings, to whose money it "
            "was (Form 1099-R, code E)."
        )
    if total.cents < 0:
        return f"Approved and posted: {-total} left the accounts and are held unallocated. There is nothing to send."
    if not total:
        return "Approved: no money moves."
    return f"Approved and posted: {total}. Send the money now; earnings were counted to today."


def decline(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, proposal_id: ProposalId, reason: str
) -> Proposal:
    """A person says no, and why."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "proposal_id": proposal_id}
    return decide(db, **of, how=heal_approved.decline, reason=reason)


def received(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, proposal_id: ProposalId, on: date
) -> None:
    """The employer's money for an approved correction came on a day; once."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        known = compliance.get_proposal(tx, tenant_id=tenant_id, proposal_id=proposal_id)
        today = day_of(tx.now)
    if known.plan_id != plan_id:
        raise ProblemError(NOT_FOUND)
    if on > today:
        raise ProblemError(Problem(422, "day_in_future", "The day is still to come.", fix="Record it on that day."))
    done = correction_money.deposited(db, actor=actor, tenant_id=tenant_id, proposal_id=proposal_id, on=on)
    if done is None:
        fix = "Approve the correction first; one that takes money back asks for none."
        raise ProblemError(Problem(422, "nothing_due", "Nothing is due for this correction.", fix=fix))
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "The money was not recorded.", done.message, done.fix))


def record(db: Database, *, actor: Actor, tenant_id: SponsorId, failure: Failure, key: str) -> None:
    """Record a failure, or more of it; what it comes to is proposed."""
    flow_id = FlowId(named_uuid("failure", str(tenant_id), str(failure.failure_id), key))
    done = heal.heal(db, actor=actor, found=heal.Found(tenant_id, flow_id, failure))
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "The failure was not recorded.", done.message, done.fix))


def record_days(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    failure_id: FailureId,
    days: dict[str, date | None],
    key: str,
) -> None:
    """Say when correct deferrals begin, when the notice was given, when the employee told the employer."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        known = compliance.get_failure(tx, tenant_id=tenant_id, failure_id=failure_id).failure
    if known.plan_id != plan_id:
        raise ProblemError(NOT_FOUND)
    told: dict[str, Any] = {name: day for name, day in days.items() if day is not None}
    record(db, actor=actor, tenant_id=tenant_id, failure=replace(known, **told), key=key)

"""A person states what ended, or how somebody left: put on file, and forfeitures and turnover follow.

Not here: whom it vests (recordkeeping/full_vesting.py).
"""

from dataclasses import dataclass
from typing import Any

from open401k import fiduciary, recordkeeping
from open401k.base import heads, messages
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, day_of

from .correction import Correction, correct
from .payroll_settle import PostingRefused

_PEOPLE = ("user", "api_key")


@dataclass(frozen=True, slots=True)
class Stated:
    """What was stated; ``ending_id`` is made by the door, so that a repeat is the same statement."""

    tenant_id: SponsorId
    plan_id: PlanId
    ending_id: FlowId
    ending: recordkeeping.Ending


def state(db: Database, *, actor: Actor, stated: Stated) -> Refused[Any] | None:
    """Record it and settle everybody's forfeitures: what was forfeited meanwhile is given back. Or why not."""
    try:
        with db.begin(actor, tenants=[stated.tenant_id]) as tx:
            return _state_in(tx, stated, by_person=actor.kind in _PEOPLE)
    except PostingRefused as undone:
        return undone.refused


def told_how_left(db: Database, *, actor: Actor, correction: Correction) -> FlowResults:
    """By death, by disability, of their own will: the books follow as after any late fact; turnover is counted anew."""
    done = correct(db, actor=actor, correction=correction)
    with db.begin(actor, tenants=[correction.tenant_id]) as tx:
        of: dict[str, Any] = {"tenant_id": correction.tenant_id, "plan_id": correction.plan_id}
        fiduciary.tell_turnover(tx, **of, today=day_of(tx.now))
    return done


def _state_in(tx: Tx, stated: Stated, *, by_person: bool) -> Refused[Any] | None:
    of: dict[str, Any] = {"tenant_id": stated.tenant_id, "plan_id": stated.plan_id}
    heads.lock(tx, tenant_id=stated.tenant_id)
    news = recordkeeping.state_ending(
        tx, **of, ending_id=stated.ending_id, ending=stated.ending, turnover=_turnover(tx, stated), by_person=by_person
    )
    if isinstance(news, Refused):
        return news
    if not news:
        return None
    posted = recordkeeping.settle_because(
        tx, **of, key=f"ending/{stated.ending_id}", cause=f"ending/{stated.ending_id}"
    )
    if isinstance(posted, Refused):
        raise PostingRefused(posted)
    fiduciary.tell_forfeitures(tx, **of, today=day_of(tx.now))
    told = {
        "plan_id": str(stated.plan_id),
        "kind": stated.ending.kind.value,
        "from": stated.ending.starts_on.isoformat(),
        "to": stated.ending.ends_on.isoformat(),
        "stands": stated.ending.stands,
        "entries": [str(each) for each in posted],
    }
    messages.publish(tx, tenant_id=stated.tenant_id, kind="plan.ending_stated", subject=stated.ending_id, data=told)
    return None


def _turnover(tx: Tx, stated: Stated) -> tuple[int, int] | None:
    """What the decision is made on, kept with it."""
    ending = stated.ending
    if not ending.kind.of_a_period or ending.ends_on < ending.starts_on:
        return None
    (found,) = recordkeeping.count_turnover(
        tx,
        tenant_id=stated.tenant_id,
        plan_id=stated.plan_id,
        periods=[(ending.starts_on, ending.ends_on)],
        as_of=day_of(tx.now),
    )
    return found.result.employer_initiated, found.result.participants

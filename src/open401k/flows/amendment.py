"""A plan is amended: the terms, and what they change in books that are posted already, in one transaction.

From a day in the past this is a correction like any other: settled, tested, projected and told (correction.py). Not
here: what may stand in an amendment (plan/amendments.py).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import ledger, plan, recordkeeping
from open401k.base import heads, steps
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults
from open401k.kernel import FlowId, Money, PlanId, Refused, SponsorId, day_of

from .correction import Correction, OnFile, begin, correct
from .payroll_settle import PostingRefused
from .year_end import end_years


@dataclass(frozen=True, slots=True)
class Amendment:
    """New terms from a day on; ``flow_id`` is made by the door, so that a repeat is the same amendment."""

    tenant_id: SponsorId
    plan_id: PlanId
    flow_id: FlowId
    effective_on: date
    provisions: plan.Provisions
    why: str

    @property
    def origin(self) -> str:
        """In words, for what it changes in the books."""
        return f"The plan was amended from {self.effective_on} on: {self.why}"


def amend(db: Database, *, actor: Actor, amendment: Amendment) -> FlowResults | Refused[Any]:
    """Put new terms in force, settle what was posted since their day, test again; or why not, and nothing changed.

    The same amendment again carries on where the first time was stopped.
    """
    try:
        with db.begin(actor, tenants=[amendment.tenant_id]) as tx:
            refused = _put_in_force(tx, amendment)
    except PostingRefused as undone:
        return undone.refused
    return refused or correct(db, actor=actor, correction=_correction(amendment))


def _put_in_force(tx: Tx, amendment: Amendment) -> Refused[Any] | None:
    of: dict[str, Any] = {"tenant_id": amendment.tenant_id, "plan_id": amendment.plan_id}
    heads.lock(tx, tenant_id=amendment.tenant_id)  # no payroll is posted between the terms and what follows from them
    if steps.done(tx, tenant_id=amendment.tenant_id, flow_id=amendment.flow_id):
        return None
    before = ledger.contributed(tx, **of, start=date.min, end=date.max)
    on, terms = amendment.effective_on, amendment.provisions
    done = plan.amend(tx, **of, effective_on=on, provisions=terms, why=amendment.why)
    if isinstance(done, Refused):
        return done
    end_years(tx, tenant_id=amendment.tenant_id, plan_id=amendment.plan_id, today=day_of(tx.now), settled=False)
    begin(tx, correction=_correction(amendment))
    if on < day_of(tx.now):
        after = ledger.contributed(tx, **of, start=date.min, end=date.max)
        less = recordkeeping.taken_back(before, after)
        if less is not None:
            raise PostingRefused(_cut(on, less))
    return None


def _cut(on: date, less: recordkeeping.TakenBack) -> Refused[plan.AmendmentRefusal]:
    return Refused(
        plan.AmendmentRefusal.CUTS_CONTRIBUTIONS,
        f"From {on} on, these terms would take {Money(less.cents)} out of the accounts of {less.people} people, most of"
        f" it, {Money(less.most_cents)}, from {less.most_of}; what was earned stays (IRC 411(d)(6)(A)).",
        "Let these terms start on the day of the amendment or later.",
        {"people": str(less.people), "cents": str(less.cents)},
    )


def _correction(amendment: Amendment) -> Correction:
    return Correction(amendment.tenant_id, amendment.plan_id, amendment.flow_id, OnFile(amendment.origin))

"""A plan is amended: the terms, and what they change in books that are posted already, in one transaction.

From a day in the past this is a correction like any other: settled, tested, projected and told (correction.py). Not
here: what may stand in an amendment (plan/amendments.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import ledger, plan, recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, day_of

from .correction import Correction, OnFile
from .payroll_settle import PostingRefused
from .record_then_settle import record_then_settle


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

    def record(tx: Tx, settle: Callable[[], None]) -> Refused[Any] | None:
        return put_in_force(tx, amendment, settle)

    return record_then_settle(db, actor=actor, correction=correction_of(amendment), record=record)


def put_in_force(tx: Tx, amendment: Amendment, settle: Callable[[], None]) -> Refused[Any] | None:
    """The terms and, by ``settle``, the books, in the transaction; or why not."""
    of: dict[str, Any] = {"tenant_id": amendment.tenant_id, "plan_id": amendment.plan_id}
    on, terms = amendment.effective_on, amendment.provisions
    before = ledger.contributed(tx, **of, start=date.min, end=date.max)
    done = plan.amend(tx, **of, effective_on=on, provisions=terms, why=amendment.why)
    if isinstance(done, Refused):
        return done
    settle()
    if on < day_of(tx.now):
        after = ledger.contributed(tx, **of, start=date.min, end=date.max)
        less = recordkeeping.taken_back(before, after)
        if less is not None:
            raise PostingRefused(_cut(on, less))
    return None


def _cut(on: date, less: recordkeeping.TakenBack) -> Refused[plan.AmendmentRefusal]:
    return Refused(
        plan.AmendmentRefusal.CUTS_CONTRIBUTIONS,
        f"From {on} on, these terms would take {less.words}; what was earned stays (IRC 411(d)(6)(A)).",
        "Let these terms start on the day of the amendment or later.",
        {"people": str(less.people), "cents": str(less.cents)},
    )


def correction_of(amendment: Amendment) -> Correction:
    """How its books follow an amendment."""
    return Correction(amendment.tenant_id, amendment.plan_id, amendment.flow_id, OnFile(amendment.origin))

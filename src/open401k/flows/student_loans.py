"""An employee certifies a student loan payment: recorded, and matched on the last day of its plan year if that is over.

Not here: what may be certified (recordkeeping/student_loans.py).
"""

from dataclasses import dataclass
from typing import Any

from open401k import recordkeeping
from open401k.base import heads, steps
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, day_of

from .correction import Correction, OnFile, begin, correct
from .payroll_settle import PostingRefused
from .year_end import end_years


@dataclass(frozen=True, slots=True)
class Certified:
    """What was certified; ``flow_id`` is made by the door, so that a repeat is the same payment."""

    tenant_id: SponsorId
    plan_id: PlanId
    flow_id: FlowId
    payment: recordkeeping.StudentLoanPayment


def certify(db: Database, *, actor: Actor, certified: Certified) -> FlowResults | Refused[Any]:
    """Record it, settle the books to it, test again; or why not, and nothing changed."""
    try:
        with db.begin(actor, tenants=[certified.tenant_id]) as tx:
            refused = _record(tx, certified)
    except PostingRefused as undone:
        return undone.refused
    return refused or correct(db, actor=actor, correction=_correction(certified))


def _record(tx: Tx, certified: Certified) -> Refused[Any] | None:
    of: dict[str, Any] = {"tenant_id": certified.tenant_id, "plan_id": certified.plan_id}
    heads.lock(tx, tenant_id=certified.tenant_id)
    if steps.done(tx, tenant_id=certified.tenant_id, flow_id=certified.flow_id):
        return None
    decided = recordkeeping.certify(tx, **of, payment=certified.payment)
    if isinstance(decided, Refused):
        return decided
    end_years(tx, **of, today=day_of(tx.now), settled=False)
    begin(tx, correction=_correction(certified))
    return None


def _correction(certified: Certified) -> Correction:
    paid = certified.payment
    origin = f"A student loan payment of {paid.paid_on} was certified on {paid.certified_on} for {paid.employee_id}."
    return Correction(certified.tenant_id, certified.plan_id, certified.flow_id, OnFile(origin))

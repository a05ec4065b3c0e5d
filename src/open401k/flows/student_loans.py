"""An employee certifies a student loan payment: recorded, and matched on the last day of its plan year if that is over.

Not here: what may be certified (recordkeeping/student_loans.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from open401k import recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults
from open401k.kernel import FlowId, PlanId, Refused, SponsorId

from .correction import Correction, OnFile
from .record_then_settle import record_then_settle


@dataclass(frozen=True, slots=True)
class Certified:
    """What was certified; ``flow_id`` is made by the door, so that a repeat is the same payment."""

    tenant_id: SponsorId
    plan_id: PlanId
    flow_id: FlowId
    payment: recordkeeping.StudentLoanPayment


def certify(db: Database, *, actor: Actor, certified: Certified) -> FlowResults | Refused[Any]:
    """Record it, settle the books to it, test again; or why not, and nothing changed."""
    of: dict[str, Any] = {"tenant_id": certified.tenant_id, "plan_id": certified.plan_id}

    def record(tx: Tx, settle: Callable[[], None]) -> Refused[Any] | None:
        decided = recordkeeping.certify(tx, **of, payment=certified.payment)
        if isinstance(decided, Refused):
            return decided
        settle()
        return None

    return record_then_settle(db, actor=actor, correction=_correction(certified), record=record)


def _correction(certified: Certified) -> Correction:
    paid = certified.payment
    origin = f"A student loan payment of {paid.paid_on} was certified on {paid.certified_on} for {paid.employee_id}."
    return Correction(certified.tenant_id, certified.plan_id, certified.flow_id, OnFile(origin))

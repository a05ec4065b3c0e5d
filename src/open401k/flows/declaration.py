"""An employer declares a contribution for a plan year: recorded, and posted on its last day if the year is over.

Not here: what may be declared (recordkeeping/declaring.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import compliance, ledger, recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, day_of

from .correction import Correction, OnFile
from .declared_amounts import refuse_amounts
from .payroll_settle import PostingRefused
from .record_then_settle import record_then_settle


@dataclass(frozen=True, slots=True)
class Declared:
    """What was declared; ``flow_id`` is made by the door, so that a repeat is the same declaration."""

    tenant_id: SponsorId
    plan_id: PlanId
    flow_id: FlowId
    declaration: recordkeeping.Declaration


def declare(db: Database, *, actor: Actor, declared: Declared) -> FlowResults | Refused[Any]:
    """Record it, settle the books to it, test again; or why not, and nothing changed."""
    of: dict[str, Any] = {"tenant_id": declared.tenant_id, "plan_id": declared.plan_id}

    def record(tx: Tx, settle: Callable[[], None]) -> Refused[Any] | None:
        before = ledger.contributed(tx, **of, start=date.min, end=date.max)
        year = recordkeeping.record_declaration(tx, **of, declaration=declared.declaration)
        if isinstance(year, Refused):
            return year
        settle()
        less = recordkeeping.taken_back(before, ledger.contributed(tx, **of, start=date.min, end=date.max))
        if less is not None:
            raise PostingRefused(_cut(less))
        refused = refuse_amounts(tx, **of, declaration=declared.declaration)
        if refused is not None:
            raise PostingRefused(refused)
        _test_year(tx, declared)
        return None

    return record_then_settle(db, actor=actor, correction=_correction(declared), record=record)


def _test_year(tx: Tx, declared: Declared) -> None:
    """A year that is over is tested once more, with what is shared in it; the steps that follow test this one."""
    of = declared.declaration
    if of.formula.is_shared and day_of(tx.now) > of.last_day:
        where: dict[str, Any] = {"tenant_id": declared.tenant_id, "plan_id": declared.plan_id}
        compliance.retest(tx, **where, as_of=of.last_day, cause=f"declaration/{declared.flow_id}")


def _cut(less: recordkeeping.TakenBack) -> Refused[recordkeeping.DeclarationRefusal]:
    return Refused(
        recordkeeping.DeclarationRefusal.LESS_THAN_BEFORE,
        f"This would take {less.words}; what was allocated stays (IRC 411(d)(6)(A)).",
        "Declare at least as much for everybody as before.",
        {"people": str(less.people), "cents": str(less.cents)},
    )


def _correction(declared: Declared) -> Correction:
    of = declared.declaration
    origin = f"The employer declared {of.formula.source} for the plan year to {of.last_day} on {of.declared_on}."
    return Correction(declared.tenant_id, declared.plan_id, declared.flow_id, OnFile(origin))

"""Something about a plan is recorded and the books follow it, in one transaction; tests and alerts come after it.

Not here: what is recorded (student_loans.py, declaration.py, amendment.py), what follows (correction.py).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from open401k.base import heads, steps
from open401k.base.db import Actor, Database, Tx
from open401k.base.faults import fault
from open401k.base.steps import FlowResults
from open401k.kernel import Refused, day_of

from .correction import Correction, begin, correct
from .payroll_settle import PostingRefused
from .year_end import end_years

#: Records in the transaction, or says why not; it has the books settled by calling what it is given.
Record: TypeAlias = Callable[[Tx, Callable[[], None]], Refused[Any] | None]


def record_then_settle(
    db: Database, *, actor: Actor, correction: Correction, record: Record
) -> FlowResults | Refused[Any]:
    """Record, settle, test again; or why not, and nothing changed. The same correction again is done once."""
    try:
        with db.begin(actor, tenants=[correction.tenant_id]) as tx:
            refused = _once(tx, correction, record)
            fault("record_then_settle.before_commit")
    except PostingRefused as undone:
        return undone.refused
    fault("record_then_settle.after_commit")
    return refused or correct(db, actor=actor, correction=correction)


def _once(tx: Tx, correction: Correction, record: Record) -> Refused[Any] | None:
    tenant_id, plan_id = correction.tenant_id, correction.plan_id
    heads.lock(tx, tenant_id=tenant_id)
    if steps.done(tx, tenant_id=tenant_id, flow_id=correction.flow_id):
        return None

    def settle() -> None:
        end_years(tx, tenant_id=tenant_id, plan_id=plan_id, today=day_of(tx.now), settled=False)
        begin(tx, correction=correction)

    return record(tx, settle)

"""What late facts made the employer owe more, or less, by person, source and pay date. Not here: earnings, deciding.

Only what settlement posted for a fact that was learned late: what a payroll or a year's end corrected of earlier days
is in its own remittance.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId

from . import _late_store as _store

#: With what the keys of entries begin that a late fact caused.
LATE_KEY = "correction"


@dataclass(frozen=True, slots=True)
class LateOwed:
    """What one late fact moved of the employer's money, negative: less is owed."""

    employee_id: EmployeeId
    source: Source
    pay_date: date
    cents: int
    learned_at: datetime
    origin: str


def late_owed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> list[LateOwed]:
    """Every movement of the employer's money by late facts, in the order in which they were learned."""
    employer = [source.value for source in Source if not source.from_employee]
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    rows = _store.moved(tx, **of, keys=f"{LATE_KEY}/", sources=employer, known_at=known_at)
    return [
        LateOwed(EmployeeId(row.employee_id), Source(row.source), row.pay_date, row.cents, row.recorded_at, row.origin)
        for row in rows
    ]

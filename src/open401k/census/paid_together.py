"""Who was paid by one payroll. Not here: what was paid (pay_lines.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, RunId, SponsorId

from . import _pay_store


@dataclass(frozen=True, slots=True)
class PaidTogether:
    """How many people a payroll paid, and who of those asked about was among them."""

    people: int
    absent: tuple[EmployeeId, ...]


def paid_together(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    on: date,
    absent: Sequence[EmployeeId],
    replaced: RunId | None = None,
) -> list[PaidTogether]:
    """The payrolls of a pay date that paid any of these people; ``replaced`` is about to be, and is left out."""
    rows = _pay_store.together(
        tx, tenant_id=tenant_id, plan_id=plan_id, on=on, absent=[each.uuid for each in absent], replaced=replaced
    )
    return [PaidTogether(people, tuple(EmployeeId(each) for each in them)) for people, them in rows]

"""Pay under some earnings codes, as far as it is plan pay: bonuses, for elections. Not here: what a code means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId

from . import _codes_store
from .pay_lines import pay_codes


@dataclass(frozen=True, slots=True)
class PayUnderCodes:
    """Cents of one person and pay date."""

    employee_id: EmployeeId
    pay_date: date
    cents: int


def pay_under_codes(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    codes: Sequence[str],
    left_out: Sequence[str],
    start: date,
    end: date,
) -> list[PayUnderCodes]:
    """What came under these codes, by person and pay date; nothing is read where there are none.

    ``left_out`` are the codes that the terms keep out of plan pay; what the sponsor said of a code goes before them.
    """
    if not codes:
        return []
    said = pay_codes(tx, tenant_id=tenant_id, plan_id=plan_id)

    def counts(code: str, on: date) -> bool:
        of_code = [each for each in said if each.code == code and each.event_on <= on]
        return of_code[-1].counts if of_code else code not in left_out

    rows = _codes_store.pay_under(tx, tenant_id=tenant_id, plan_id=plan_id, codes=codes, start=start, end=end)
    return [PayUnderCodes(EmployeeId(who), on, cents) for who, on, code, cents in rows if counts(code, on)]

"""What payroll withholds without having been told, though somebody elected none of it: it has to be told to stop.

So it is where people deferred before elections were kept here. Who has no election on file is not stopped from here:
what payroll withholds of them is a finding. Not here: what else has to be told (write_back.py).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, timedelta

import numpy as np

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId
from open401k.payroll import Field
from open401k.payroll.write_back import Instruction, Slot, Wanted

#: Days before the last payroll in which somebody's own last one may lie.
_LATELY = timedelta(days=35)
_COLUMNS = {
    Field.PRE_TAX: "pre_tax_cents",
    Field.ROTH: "roth_cents",
    Field.AFTER_TAX: "after_tax_cents",
    Field.PRE_TAX_CATCH_UP: "catch_up_pre_tax_cents",
    Field.ROTH_CATCH_UP: "catch_up_roth_cents",
}
_SOURCES = {
    Field.PRE_TAX: Source.PRE_TAX,
    Field.ROTH: Source.ROTH,
    Field.AFTER_TAX: Source.AFTER_TAX,
    Field.PRE_TAX_CATCH_UP: Source.PRE_TAX,
    Field.ROTH_CATCH_UP: Source.ROTH,
}


def withheld_untold(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, wanted: Sequence[Wanted], told: Sequence[Instruction],
    paid: Collection[date],
) -> set[Slot]:  # fmt: skip
    """Deductions that are to stop, were never told, and were in the person's last payroll."""
    stops = {each.slot for each in wanted if each.rate is None} - {each.slot for each in told}
    if not stops or not paid:
        return set()
    last = max(paid)
    pay = census.pay_by_date(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        start=last - _LATELY,
        end=last + timedelta(days=1),
        employees=sorted({each.employee_id for each in stops}),
        last_only=True,
    )
    found = set[Slot]()
    for field, column in _COLUMNS.items():
        for place in np.flatnonzero(getattr(pay, column)).tolist():
            found.add(Slot(pay.employee_id[int(pay.employee[place])], field))
    return found & stops


def withheld_of(pay: census.PayByDate) -> Counter[tuple[EmployeeId, Source]]:
    """Cents withheld of each source of a person, catch-up among them."""
    found: Counter[tuple[EmployeeId, Source]] = Counter()
    for field, column in _COLUMNS.items():
        cents = getattr(pay, column)
        for place in np.flatnonzero(cents).tolist():
            found[pay.employee_id[int(pay.employee[place])], _SOURCES[field]] += int(cents[place])
    return found

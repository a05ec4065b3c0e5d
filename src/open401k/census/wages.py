"""Wages of a past year per person: our own pay lines, or what was loaded from before them. Not here: what follows."""

from collections.abc import Sequence

import numpy as np

from open401k.base.db import Tx
from open401k.kernel import CalendarYear, PlanId, SponsorId

from .pay_lines import Cents, pay_totals
from .people import Employee


def fica_wages(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employees: Sequence[Employee], year: CalendarYear
) -> Cents:
    """3121(a) wages of a calendar year from this employer, in cents, whichever source knows more; 0 where none does."""
    wages = np.array(
        [e.annual_pay[year.year].fica_cents if year.year in e.annual_pay else 0 for e in employees], dtype=np.int64
    )
    own = pay_totals(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end)
    place = {employee.employee_id: index for index, employee in enumerate(employees)}
    for employee_id, cents in zip(own.employee_id, own.fica_cents.tolist(), strict=True):
        index = place.get(employee_id)
        if index is not None:
            wages[index] = max(int(wages[index]), cents)
    return wages

"""Wages of a past year per person: the employer's pay lines, or what was loaded from before them. Not here: rules."""

from collections.abc import Sequence

import numpy as np

from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, IdColumn, PlanId, SponsorId

from .employer import employer_pay
from .pay_lines import Cents, PayTotals
from .people import Employee


def fica_wages(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employees: Sequence[Employee],
    year: CalendarYear,
    own: PayTotals | None = None,
) -> Cents:
    """3121(a) wages of a calendar year from this employer, in cents, whichever source knows more; 0 where none does.

    ``own`` is :func:`employer_pay` of the year, where it is at hand.
    """
    loaded = np.array(
        [e.annual_pay[year.year].fica_cents if year.year in e.annual_pay else 0 for e in employees], dtype=np.int64
    )
    if own is None:
        own = employer_pay(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end)
    rows = IdColumn.of(EmployeeId, [e.employee_id for e in employees]).places_in(own.employee_id)
    if not len(own):
        return loaded
    return np.maximum(loaded, np.where(rows >= 0, own.fica_cents[rows], 0))

"""Pay lines as if more had been withheld on some pay dates. Pure. Not here: what follows from it (supposed.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from open401k import census
from open401k.kernel import EmployeeId, IdColumn


@dataclass(frozen=True, slots=True)
class WithheldMore:
    """What should have been withheld from one person on a pay date, on top of what was."""

    employee_id: EmployeeId
    pay_date: date
    cents: int
    roth: bool = False


def with_more(pay: census.PayByDate, more: Sequence[WithheldMore]) -> census.PayByDate:
    """The same pay with it; a pay date that is not on file cannot have had more withheld."""
    if not more:
        return pay
    people = IdColumn.of(EmployeeId, [each.employee_id for each in more]).places_in(pay.employee_id)
    days = np.array([each.pay_date for each in more], dtype="datetime64[D]")
    on_file = pay.pay_date.astype("datetime64[D]")
    sums = {True: pay.roth_cents.copy(), False: pay.pre_tax_cents.copy()}
    for each, person, day in zip(more, people.tolist(), days, strict=True):
        rows = np.flatnonzero((pay.employee == person) & (on_file == day))
        if len(rows) != 1:
            raise ValueError(f"{each.employee_id} has no pay of {each.pay_date} on file to withhold from")
        sums[each.roth][rows[0]] += each.cents
    return replace(pay, pre_tax_cents=sums[False], roth_cents=sums[True])

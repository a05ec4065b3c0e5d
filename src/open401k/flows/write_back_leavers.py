"""Who left and has pay to come: their election holds for it, so payroll is not told to stop before it was paid.

Regular pay for the time before somebody left counts, paid within 2 1/2 months or the limitation year (26 CFR
1.415(c)-2(e)(3)); what would not be withheld of it were a missed deferral. Not here: what is elected (write_back.py).
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from open401k import census
from open401k.payroll.write_back import Instruction, State, Wanted

#: Within so many days of the last day comes the last pay: a month's period that it begins, and what payroll takes.
LAST_PAY_WITHIN = timedelta(days=45)


def paid_yet(people: Iterable[census.Employee], on: date) -> list[census.Employee]:
    """Who works here on a day, or left so lately that their last pay may be to come."""
    start, end = on - LAST_PAY_WITHIN, on + timedelta(days=1)
    return [each for each in people if census.employed_between(each.employment, start=start, end=end)]


def going_on(
    wanted: Sequence[Wanted], people: Iterable[census.Employee], told: Iterable[Instruction], on: date
) -> list[Wanted]:
    """Of who left, only what payroll withholds already as it was told: nothing begins for a last pay."""
    left = {each.employee_id for each in people if not census.employed_on(each.employment, on)}
    last = {each.slot: each for each in told if each.state is not State.REPLACED}
    return [
        each
        for each in wanted
        if each.rate is None or each.slot.employee_id not in left or (each.slot in last and not last[each.slot].stops)
    ]

"""Catch-up as a provider keeps it: one deduction of each source, and a flag that it goes on above the limit. Pure.

A provider has no deduction of catch-up by itself. Not here: whether payroll has a provider (flows/write_back_catch_up),
files, which have a code for catch-up apart (write_back_said.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from open401k.kernel import EmployeeId

from .providers.statements import Rate
from .rows import Field
from .write_back import Slot, Wanted

_APART = {Field.PRE_TAX: Field.PRE_TAX_CATCH_UP, Field.ROTH: Field.ROTH_CATCH_UP}
_WHOLE = 10_000


def for_provider(
    wanted: Sequence[Wanted], *, may: Collection[EmployeeId], apart: bool, roth_only: Collection[EmployeeId] = ()
) -> list[Wanted]:
    """The same deductions, catch-up that was elected apart in those of its source, and each with its flag.

    ``may``: who goes on as catch-up under the plan; ``apart``: only by an election of it. ``roth_only``: whose pre-tax
    money stops at the limit, for catch-up of theirs has to be Roth (IRC 414(v)(7)) and is not deemed to be elected so.
    A percentage and an amount make no one rate: then both stay as they are, and the provider refuses the second one.
    """
    by_slot = {each.slot: each for each in wanted}
    elected = {each.slot.employee_id for each in wanted if each.slot.means in _APART.values() and each.rate is not None}
    found = [each for each in wanted if each.slot.means not in (*_APART, *_APART.values())]
    for means, extra in _APART.items():
        who = dict.fromkeys(each.slot.employee_id for each in wanted if each.slot.means in (means, extra))
        for employee in who:
            goes_on = employee in may and (employee in elected or not apart)
            goes_on = goes_on and not (means is Field.PRE_TAX and employee in roth_only)
            slots = (Slot(employee, means), Slot(employee, extra))
            found += _flagged(by_slot.get(slots[0]), by_slot.get(slots[1]), slots[0], goes_on=goes_on)
    return found


def _flagged(regular: Wanted | None, extra: Wanted | None, slot: Slot, *, goes_on: bool) -> list[Wanted]:
    rates = [each.rate for each in (regular, extra) if each is not None and each.rate is not None]
    if len(rates) == 2 and (rates[0].bps is None) != (rates[1].bps is None):
        return [replace(each, catch_up=goes_on) for each in (regular, extra) if each is not None]
    both = [each for each in (regular, extra) if each is not None]
    first = both[0]
    since = max(each.effective_on for each in both)
    rate = _sum(rates)
    return [Wanted(slot, rate, since, first.why, catch_up=goes_on and rate is not None)]


def _sum(rates: Sequence[Rate]) -> Rate | None:
    if len(rates) < 2:
        return rates[0] if rates else None
    if rates[0].bps is None:
        return Rate(cents=sum(each.cents or 0 for each in rates))
    return Rate(bps=min(sum(each.bps or 0 for each in rates), _WHOLE))

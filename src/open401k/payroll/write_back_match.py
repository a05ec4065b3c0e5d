"""The employer's match as a provider is told it: the amount of the last regular payroll, beside a deduction. Pure.

An instruction of the match stands under the deduction that it is entered with at the provider. Not here: what the match
comes to (recordkeeping), whether a connection is told (flows/write_back_match.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from open401k.kernel import EmployeeId, Money

from .providers.statements import Rate
from .rows import Field
from .write_back import Instruction, Slot, State, Wanted

#: The deductions that a match can stand with, the first one that is withheld.
_UNDER = {Field.PRE_TAX: "pre-tax", Field.ROTH: "Roth"}


def is_match(told: Instruction) -> bool:
    """Whether it tells the match."""
    return told.slot.means is Field.MATCH


def match_wanted(
    told: Iterable[Instruction], credited: Mapping[EmployeeId, int], *, of: date, today: date
) -> list[Wanted]:
    """What each next paycheck is to show: what the payroll ``of`` a day came to, of who has a deduction it stands with.

    Whoever had none of it is not named, and is so told to stop.
    """
    with_it = deductions_told(told)
    since = max(today, of + timedelta(days=1))
    return [
        Wanted(
            slot=Slot(employee, Field.MATCH, str(with_it[employee])),
            rate=Rate(cents=cents),
            effective_on=since,
            why=f"Match of {of}: {Money(cents)}, with the {_UNDER[with_it[employee]]} deduction.",
        )
        for employee, cents in sorted(credited.items())
        if cents > 0 and employee in with_it
    ]


def deductions_told(told: Iterable[Instruction]) -> dict[EmployeeId, Field]:
    """By person the deduction that the match stands with: the one it does, else pre-tax money, else Roth.

    It moves only where its deduction ends: two at a time would be drawn twice.
    """
    last = {
        each.slot: each
        for each in sorted(told, key=lambda each: each.number)
        if (each.slot.means in _UNDER or is_match(each)) and each.state is not State.REPLACED
    }
    going = [slot for slot, each in last.items() if not each.stops]
    deducted = [(slot.employee_id, slot.means) for slot in going if slot.means in _UNDER]
    stands = [(slot.employee_id, Field(slot.loan_id)) for slot in going if slot.means is Field.MATCH]
    found: dict[EmployeeId, Field] = {}
    for employee, means in [each for each in stands if each in deducted]:
        found.setdefault(employee, means)
    for employee, means in sorted(deducted, key=lambda each: list(_UNDER).index(each[1])):
        found.setdefault(employee, means)
    return found


def match_shown(
    told: Sequence[Instruction], reported: Mapping[EmployeeId, int], *, paid: Collection[EmployeeId], pay_date: date
) -> tuple[dict[Slot, int], dict[Slot, int]]:
    """What a payroll was to show of the match, and what it showed: all of it is held against the one that goes on."""
    last = {
        each.slot: each
        for each in sorted(told, key=lambda each: each.number)
        if is_match(each) and each.effective_on <= pay_date and each.state is not State.REPLACED
    }
    going = {slot.employee_id for slot, each in last.items() if not each.stops}
    expected: dict[Slot, int] = {}
    shown: dict[Slot, int] = {}
    for slot, each in last.items():
        if slot.employee_id in paid:
            expected[slot] = 0 if each.rate is None else each.rate.cents or 0
            elsewhere = each.stops and slot.employee_id in going
            shown[slot] = 0 if elsewhere else reported.get(slot.employee_id, 0)
    return expected, shown

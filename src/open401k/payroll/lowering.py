"""A payroll told once more, with less withheld from one person: its rows. Pure. Not here: why, or posting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from open401k.kernel import EmployeeId, Source

from .rows import PayrollRow

#: The amounts of a row by source; catch-up goes last, so that the least changes what it was coded as.
_AMOUNTS: Mapping[Source, tuple[str, ...]] = {
    Source.PRE_TAX: ("pre_tax_cents", "pre_tax_catch_up_cents"),
    Source.ROTH: ("roth_cents", "roth_catch_up_cents"),
    Source.AFTER_TAX: ("after_tax_cents",),
}


def lower_by(expected: Mapping[Source, int], withheld: Mapping[Source, int]) -> dict[Source, int]:
    """By source, what goes back: no more than was withheld too much in all, from the sources that have more."""
    left = max(0, sum(withheld.values()) - sum(expected.values()))
    found = {}
    for source in _AMOUNTS:
        found[source] = min(left, max(0, withheld.get(source, 0) - expected.get(source, 0)))
        left -= found[source]
    return found


def lowered(
    rows: Sequence[PayrollRow], mine: Collection[int], less: Mapping[Source, int]
) -> tuple[list[PayrollRow], dict[Source, int]]:
    """The rows, those numbered ``mine`` with less withheld; and what is left to take from another payroll."""
    left, found = dict(less), []
    for row in rows:
        changed: dict[str, Any] = {}
        for source, fields in _AMOUNTS.items() if row.row in mine else ():
            for field in fields:
                taken = min(left[source], getattr(row, field))
                changed[field], left[source] = getattr(row, field) - taken, left[source] - taken
        found.append(replace(row, **changed))
    return found, left


def by_id(rows: Sequence[PayrollRow], who: Mapping[int, EmployeeId]) -> list[PayrollRow]:
    """The rows; whom a provider's own number alone names is named by their id, since the API is no provider."""
    return [replace(row, employee_id=str(who[row.row])) if row.by_number and row.row in who else row for row in rows]

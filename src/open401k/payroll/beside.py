"""Several rows of one person in a file: of two employers or pay groups of one sponsor, or one twice. Pure.

Companies under common control are one employer (IRC 414(b), (c)): what each of them paid somebody on a pay date is one
pay, under one set of limits. Not here: several companies at a provider (pulled_together.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from .rows import PayrollRow

#: Rows of one person in a file; more are no payroll, and each is judged beyond those before it.
MOST_OF_ONE = 9


def apart(one: PayrollRow, other: PayrollRow) -> bool:
    """Whether both rows say who paid, and that it was two: another EIN, or another pay group of one."""
    if one.employer_ein != other.employer_ein:
        return bool(one.employer_ein and other.employer_ein)
    groups = one.pay_group.strip().casefold(), other.pay_group.strip().casefold()
    return all(groups) and groups[0] != groups[1]


def rows_again(rows: Sequence[PayrollRow], place: Mapping[str, int]) -> dict[int, bool]:
    """Later rows of somebody, by number: whether each stands beside all of theirs before it. ``place``: who is known.

    Somebody who is known is one person by whatever number a row names them.
    """
    who = [place.get(row.key, row.key) for row in rows]
    if len(set(who)) == len(who):
        return {}
    seen: dict[int | str, list[PayrollRow]] = {}
    found: dict[int, bool] = {}
    for person, row in zip(who, rows, strict=True):
        before = seen.setdefault(person, [])
        if before:
            found[row.row] = len(before) < MOST_OF_ONE and all(apart(row, each) for each in before)
        before.append(row)
    return found


def hired_of(rows: Iterable[PayrollRow]) -> date | None:
    """Service begins with the first of the employers."""
    return min((row.hire_date for row in rows if row.hire_date), default=None)


def left_of(rows: Sequence[PayrollRow]) -> date | None:
    """Who left one employer and works at another has not left; who left all did so on the last day."""
    days = [row.termination_date if row.rehire_date is None else None for row in rows]
    told = [day for day in days if day is not None]
    return max(told) if rows and len(told) == len(rows) else None

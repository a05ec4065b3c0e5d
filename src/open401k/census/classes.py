"""Of which class somebody was on a day, and who is kept out by class then. Not here: age, service, entry (entry.py)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .people import Employee

Flags: TypeAlias = npt.NDArray[np.bool_]
#: The classes that are out from a day on, in order; the first ones held before their day, too.
OutByTerms: TypeAlias = Sequence[tuple[date, Collection[str]]]


def class_on(employee: Employee, day: date) -> str:
    """The class of that day; empty where none is on file for it."""
    if not employee.class_changes:
        return employee.employee_class
    return next((name for since, name in reversed(employee.class_changes) if since <= day), "")


def kept_out(employees: Sequence[Employee], excluded: Collection[str], days: Sequence[date]) -> Flags:
    """Who is of an excluded class on each day: people down, days across."""
    out = np.zeros((len(employees), len(days)), dtype=np.bool_)
    for place in classed(employees, excluded):
        out[place] = [class_on(employees[place], day) in excluded for day in days]
    return out


def classed(employees: Sequence[Employee], excluded: Collection[str]) -> list[int]:
    """Places of those who are, or were, of an excluded class: in most plans nobody."""
    if not excluded:
        return []
    return [
        place
        for place, each in enumerate(employees)
        if each.employee_class in excluded or (each.class_changes and _ever(each, excluded))
    ]


def let_in(employee: Employee, excluded: Collection[str], since: date) -> date | None:
    """The first day from ``since`` on whose class is not excluded; None where there is none in sight."""
    return next((day for day, name in classes_from(employee, since) if name not in excluded), None)


def out_from(employee: Employee, terms: OutByTerms, since: date) -> Iterator[tuple[date, str, bool]]:
    """From a day on: each day on which the class, or which are out, changes; the class, and whether it is out."""
    changes = (*(day for day, _ in employee.class_changes), *(day for day, _ in terms))
    for day in sorted({since, *(each for each in changes if each > since)}):
        yield day, class_on(employee, day), is_out(employee, terms, day)


def is_out(employee: Employee, terms: OutByTerms, day: date) -> bool:
    """Whether somebody is of a class that is out by the terms of that day."""
    excluded = next((names for start, names in reversed(terms) if start <= day), terms[0][1] if terms else ())
    return class_on(employee, day) in excluded


def classes_from(employee: Employee, since: date) -> Iterator[tuple[date, str]]:
    """The class of a day, and each later one with its first day."""
    yield since, class_on(employee, since)
    yield from ((day, name) for day, name in employee.class_changes if day > since)


def days_out(employee: Employee, terms: OutByTerms, since: date, end: date) -> Iterator[tuple[date, date]]:
    """The spans from a day up to another in which somebody is of a class that is out by the terms of these days."""
    spans = [(day, out) for day, _, out in out_from(employee, terms, since) if day < end]
    for (day, out), until in zip(spans, [*(each for each, _ in spans[1:]), end], strict=False):
        if out:
            yield day, until


def _ever(employee: Employee, excluded: Collection[str]) -> bool:
    return any(name in excluded for _, name in employee.class_changes)

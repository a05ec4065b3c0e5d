"""Employment at several companies of one plan, as one employment of one employer. Pure; writes nothing.

Companies under common control are one employer (IRC 414(b), (c)): who leaves one and works at another has not left, and
service began with the first of them. Not here: what changed at one of them (pulled_people.py).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from .providers import Employed, Person

_NEXT_DAY = timedelta(days=1)


def together(spans: Iterable[Employed]) -> tuple[Employed, ...]:
    """Spans that overlap, or follow each other from one day to the next, are one; the oldest first."""
    found: list[Employed] = []
    for span in sorted(spans, key=lambda each: (each.hired_on, each.terminated_on is None)):
        if found and _goes_on(found[-1], span):
            found[-1] = _joined(found[-1], span)
        else:
            found.append(span)
    return tuple(found)


def with_others(told: Person, others: Iterable[Person]) -> Person:
    """What one company tells of somebody, with the employment that the other companies told."""
    elsewhere = [span for each in others for span in each.employment]
    return replace(told, employment=together([*told.employment, *elsewhere])) if elsewhere else told


def _goes_on(before: Employed, after: Employed) -> bool:
    """Whether somebody worked from the one into the other. An end that is not known is no bridge."""
    if before.hired_on == after.hired_on:
        return True
    if before.ends_unknown:
        return False
    return before.terminated_on is None or after.hired_on <= before.terminated_on + _NEXT_DAY


def _joined(before: Employed, after: Employed) -> Employed:
    ends = (before, after)
    if any(each.terminated_on is None and not each.ends_unknown for each in ends):
        return Employed(before.hired_on)
    if any(each.ends_unknown for each in ends):
        return Employed(before.hired_on, ends_unknown=True)
    return Employed(before.hired_on, max(each.terminated_on for each in ends if each.terminated_on))

"""Whom a failure concerns, as books and payrolls have them: what its cost is counted from. Not here: the cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from open401k.kernel import EmployeeId
from open401k.plan import Provisions


@dataclass(frozen=True, slots=True)
class PayDay:
    """One pay date of one person: pay under the plan, deferrals in the books, and the terms of the day.

    With ``since`` a whole period that others paid before the plan came here, up to its last day.
    """

    on: date
    compensation_cents: int
    deferred_cents: int
    terms: Provisions
    since: date | None = None

    @property
    def begins(self) -> date:
        """The first day on which it could have been paid: earnings on what is owed run from it."""
        return self.since or self.on


@dataclass(frozen=True, slots=True)
class Worker:
    """Who is concerned: every pay date of the years concerned, entry, last day, 402(g) limit by calendar year.

    ``limits`` has the catch-up in it that ``catch_up`` tells by itself.
    """

    employee_id: EmployeeId
    days: tuple[PayDay, ...]
    entered_on: date | None
    left_on: date | None
    limits: Mapping[int, int]
    catch_up: Mapping[int, int] = field(default_factory=dict)

    def began_on(self, told: date | None) -> date:
        """From when on something can have been missed: not before entry."""
        return max(self.entered_on or date.max, told or date.min)

    def paid_from(self, first: date, asked: Sequence[date] = ()) -> set[date]:
        """Pay dates from a day on. Of a period of which only sums are on file each day asked about may be one."""
        known = {day.on for day in self.days if day.since is None and day.on >= first}
        sums = [(day.since, day.on) for day in self.days if day.since is not None]
        return known | {each for each in asked if any(start <= each <= end for start, end in sums)}

    def deferred_in(self, calendar: int) -> int:
        """Of a calendar year, as the books have it."""
        return max(sum(day.deferred_cents for day in self.days if day.on.year == calendar), 0)

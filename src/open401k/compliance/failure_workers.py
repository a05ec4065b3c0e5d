"""Whom a failure concerns, as books and payrolls have them: what its cost is counted from. Not here: the cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from open401k.kernel import EmployeeId
from open401k.plan import Provisions


@dataclass(frozen=True, slots=True)
class PayDay:
    """One pay date of one person: pay under the plan, deferrals and match in the books, and the terms of the day."""

    on: date
    compensation_cents: int
    deferred_cents: int
    matched_cents: int
    terms: Provisions
    match_pay_cents: int | None = None  # as the match counts pay, where that is not what deferrals count


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
    match_from: date = date.min
    """Entry for the match, where that is a day of its own; the last of all days: not in sight."""

    def deferred_in(self, calendar: int) -> int:
        """Of a calendar year, as the books have it."""
        return max(sum(day.deferred_cents for day in self.days if day.on.year == calendar), 0)

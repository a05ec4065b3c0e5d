"""Whose books are settled from when, and which pay dates are taken at once. Not here: settling them (settlement.py)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, PlanId, PlanYear, SponsorId

from . import year_ends
from .elsewhere import turns_before
from .supposed_pay import WithheldMore


@dataclass(frozen=True, slots=True)
class Segment:
    """Pay dates of one calendar year and one plan year under the same provisions: what ``entitle`` takes at once.

    No other plan of the sponsor was paid between them, and they are of one period of the match. The last day of a year
    that is over is by itself, and so is that of a month or quarter whose student loan payments are matched.
    """

    provisions: plan.Provisions
    pay_dates: tuple[date, ...]
    ends_period: bool = False

    @property
    def ends_year(self) -> bool:
        """Whether it is the last day of a plan year that is over, not only of a part of it."""
        return self.ends_period and self.provisions.plan_year_of(self.pay_dates[0]).last_day == self.pay_dates[0]

    @property
    def calendar_year(self) -> CalendarYear:
        return CalendarYear(self.pay_dates[0].year)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose books, from which pay date on. ``employees`` None is everybody with pay."""

    tenant_id: SponsorId
    plan_id: PlanId
    since: date
    until: date
    employees: Sequence[EmployeeId] | None = None
    roster: Sequence[census.Employee] | None = None
    without: census.Without | None = None  # as the books will be when another run has taken the place of this one
    known_at: datetime | None = None  # as known then
    withheld: Sequence[WithheldMore] = ()  # as if so much more had been withheld (supposed.py)
    student_loans: bool = True  # False: as if none had been paid
    ends: frozenset[date] = frozenset()  # as if these days, too, were last ones of years that are over
    brought: bool = False  # periods paid before the plan came here, too, each as a pay date

    @property
    def where(self) -> dict[str, Any]:
        """What every reader of these books asks for."""
        return {"tenant_id": self.tenant_id, "plan_id": self.plan_id, "known_at": self.known_at}


def widened(tx: Tx, scope: Scope) -> Scope:
    """Everybody paid in the year, where the scope has the end of one whose profit sharing is by groups or points.

    What one person has of a total follows from everybody else's pay and points. No statement where no terms share.
    """
    spans = plan.provisions_between(tx, **scope.where, start=date.min, end=date.max)
    shares = [each for each in spans if each.provisions.profit_sharing is not None]
    if not shares:
        return scope
    ends = year_ends.on_file(tx, **scope.where, start=scope.since, end=scope.until)
    inside = [(each.provisions, day) for each in shares for day in ends if each.start <= day < each.end]
    starts = [terms.plan_year_of(day).start for terms, day in inside]
    if not starts:
        return scope
    return replace(scope, since=min(scope.since, *starts), employees=None, roster=None)


def segments(tx: Tx, scope: Scope, dates: Sequence[date], ends: frozenset[date] = frozenset()) -> Iterator[Segment]:
    """Pay dates cut where the terms, the calendar year, the plan year or the turns of other plans change."""
    until = dates[-1] + timedelta(days=1)
    turns = turns_before(tx, **scope.where)
    spans = plan.provisions_between(tx, **scope.where, start=dates[0], end=until)
    if not spans or spans[0].start > dates[0]:
        raise ValueError(f"pay of {dates[0]} is on file, but {scope.plan_id} has no terms on that day")
    for span in spans:
        inside = [day for day in dates if span.start <= day < span.end]
        for key, days in groupby(inside, partial(_together, span.provisions, turns, ends)):
            yield Segment(span.provisions, tuple(days), ends_period=key[-1] is not None)


def _together(
    provisions: plan.Provisions, turns: Mapping[date, int], ends: frozenset[date], day: date
) -> tuple[int, PlanYear, date | None, int, date | None]:
    period = provisions.match_period_start(day)
    return day.year, provisions.plan_year_of(day), period, turns.get(day, 0), day if day in ends else None

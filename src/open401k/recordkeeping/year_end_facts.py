"""The facts of a plan year that is over, as its end counts them. Not here: the formulas (contributions.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanYear, Source

from . import conditions, student_loans, year_ends
from .allocating import EVERYBODY, Declared, NonelectiveOfYear, Receives, conditions_asked, receives
from .contributions import MATCHES, TermsOfYear, YearEnd
from .loan_excess import LoanPeriod
from .pay_apart import out_by_terms

Cents = NDArray[np.int64]
#: From a day up to another.
Days = tuple[date, date]
_DEFERRALS = tuple(source for source in Source if source.is_deferral)
_DAY = timedelta(days=1)


def _all_of(deferred: Cents, _: date, __: date) -> Cents:
    return deferred


@dataclass(frozen=True, slots=True)
class Counts:
    """What one kind of money counts: plan pay from the first day of the year, or from entry, up to a day.

    ``deferred`` narrows deferrals from a day up to another to those since entry; ``entered`` is the day of it.
    """

    paid_before: Callable[[date], Cents]
    deferred: Callable[[Cents, date, date], Cents] = _all_of
    entered: tuple[date | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Days of a plan year under one match, and whether student loan payments of theirs are matched now."""

    start: date
    end: date
    match: plan.Match | None
    loans: bool


def parts_of_year(terms: Sequence[tuple[date, date, plan.Match | None]], matched: Sequence[Days]) -> list[Part]:
    """Pure: a plan year by its matches. Of one that matches loans by month or quarter, days that were not yet."""
    found = []
    for start, end, match in terms:
        cuts = [start, end] if not by_period(match) else sorted({start, end, *_inside(matched, start, end)})
        found += [
            Part(since, until, match, not by_period(match) or not any(day[0] <= since < day[1] for day in matched))
            for since, until in pairwise(cuts)
        ]
    return found


def parts_of_period(terms: Sequence[tuple[date, date, plan.Match | None]], days: Days) -> list[Part]:
    """Pure: a month or quarter by its matches; what another match counts is counted when the year is over."""
    clipped = [(max(start, days[0]), min(end, days[1]), match) for start, end, match in terms]
    return [
        Part(start, end, match if by_period(match) else None, by_period(match))
        for start, end, match in clipped
        if start < end
    ]


def by_period(match: plan.Match | None) -> bool:
    """Whether a match counts student loan payments more often than yearly."""
    return match is not None and match.loans_by_period


def _inside(matched: Sequence[Days], start: date, end: date) -> set[date]:
    return {day for days in matched for day in days if start < day < end}


class OfYear:
    """One plan year of some people: money of its spans from the books, pay from what was reported."""

    def __init__(
        self,
        tx: Tx,
        *,
        where: dict[str, Any],
        without: census.Without | None,
        ids: IdColumn[EmployeeId],
        year: PlanYear,
        spans: Sequence[plan.Span],
        contributed: ledger.Contributed,
        matched: Counts,
        given: Counts,
        loans: bool = True,
    ) -> None:
        self._tx, self._where, self._without, self._ids = tx, where, without, ids
        self._year, self._spans, self._contributed = year, spans, contributed
        self._matched, self._given, self._loans = matched, given, loans
        self._paid: dict[tuple[Counts, date], Cents] = {}

    def read(self, employees: Sequence[census.Employee], declared: tuple[Declared, ...]) -> YearEnd:
        """Everything that the end of the year asks for."""
        terms = self._spans[-1].provisions
        given = tuple((each, terms.conditions_of_declared(each.source)) for each in declared)
        periods = self._periods()
        matches = self._matches(employees, parts_of_year(self._terms(), periods), self._year.last_day)
        before = self._paid_in(employees, periods)
        receives = self._receives(employees, given)
        over = self._loan_periods(employees, periods)
        return YearEnd(matches, given, self._nonelectives(), receives, loans_before=before, loan_periods=over)

    def read_period(self, employees: Sequence[census.Employee], last: date) -> YearEnd:
        """A month or quarter of the year that is over: the student loan payments of its days, and nothing else."""
        days = self._period(last)
        terms = self._matches(employees, parts_of_period(self._terms(), days), last)
        return YearEnd(terms, loans_before=self._paid_in(employees, [(self._year.start, days[0])]))

    def _terms(self) -> list[tuple[date, date, plan.Match | None]]:
        return [
            (start, min(end, self._year.end), terms.match)
            for start, end, terms in self._same(lambda terms: terms.match)
        ]

    def _period(self, last: date) -> Days:
        """The month or quarter that ends on a day, as the terms of that day have it."""
        terms = next(span.provisions for span in self._spans if span.start <= last < span.end)
        start = None if terms.match is None else terms.period_start(terms.match.student_loan_period, last)
        return start or self._year.start, last + _DAY

    def _periods(self) -> list[Days]:
        """Those that are over, but for the last one of the year; none, and no statement, where no terms have any."""
        if not any(by_period(span.provisions.match) for span in self._spans):
            return []
        ends = year_ends.on_file(self._tx, **self._where, start=self._year.start, end=self._year.last_day)
        return [self._period(last) for last in sorted(ends)]

    def _paid_in(self, employees: Sequence[census.Employee], several: Sequence[Days]) -> Cents:
        nothing = np.zeros(len(self._ids), dtype=np.int64)
        return sum((self._paid_loans(employees, *days) for days in several), nothing)

    def _matches(
        self, employees: Sequence[census.Employee], parts: Sequence[Part], last: date
    ) -> tuple[TermsOfYear, ...]:
        """The days before the last one, by the match they were under; the last one of them is in force."""
        found, nothing = [], np.zeros(len(self._ids), dtype=np.int64)
        for part in parts:
            start, until, end = part.start, part.end, min(part.end, last)
            money = self._money(start, end).of(self._ids)
            paid = self._until(self._matched, start)
            deferred = _sum(money, _DEFERRALS, nothing)
            found.append(
                TermsOfYear(
                    match=part.match,
                    deferrals=self._matched.deferred(deferred, max(start, self._year.start), end),
                    compensation_before=paid,
                    compensation=self._until(self._matched, end) - paid,
                    matched=_sum(money, MATCHES, nothing),
                    student_loans=self._student_loans(employees, start, until, part),
                )
            )
        return tuple(found)

    def _loan_periods(self, employees: Sequence[census.Employee], periods: Sequence[Days]) -> tuple[LoanPeriod, ...]:
        """The months or quarters whose payments were matched, as the whole of each counted."""
        found, nothing, year = [], np.zeros(len(self._ids), dtype=np.int64), self._year
        for days in periods if self._loans else ():
            to_date = self._money(year.start, days[1]).of(self._ids)
            for part in parts_of_period(self._terms(), days):
                if part.match is None:
                    continue
                money = self._money(part.start, part.end).of(self._ids)
                deferred, paid = _sum(money, _DEFERRALS, nothing), self._until(self._matched, part.start)
                before = self._money(year.start, part.start).of(self._ids) if part.start > year.start else {}
                found.append(
                    LoanPeriod(
                        match=part.match,
                        saved=_sum(to_date, _DEFERRALS, nothing),
                        earlier=_sum(before, _DEFERRALS, nothing),
                        deferrals=self._matched.deferred(deferred, part.start, part.end),
                        compensation_before=paid,
                        compensation=self._until(self._matched, part.end) - paid,
                        matched=_sum(money, MATCHES, nothing),
                        match_to_date=_sum(to_date, MATCHES, nothing),
                        loans=self._paid_loans(employees, part.start, part.end),
                    )
                )
        return tuple(found)

    def _student_loans(self, employees: Sequence[census.Employee], start: date, end: date, part: Part) -> Cents | None:
        if part.match is None or not part.match.student_loans or not part.loans:
            return None
        return self._paid_loans(employees, start, end)

    def _paid_loans(self, employees: Sequence[census.Employee], start: date, end: date) -> Cents:
        if not self._loans:
            return np.zeros(len(self._ids), dtype=np.int64)
        out = out_by_terms(self._spans, plan.Kind.MATCH)
        standing = student_loans.Standing(employees, self._matched.entered, out)
        return student_loans.paid_between(
            self._tx, **self._where, standing=standing, start=max(start, self._year.start), end=end
        )

    def _nonelectives(self) -> tuple[NonelectiveOfYear, ...]:
        if not any(_asks(span.provisions.nonelective) for span in self._spans):
            return ()
        return tuple(
            NonelectiveOfYear(
                provisions.nonelective,
                compensation_before=self._until(self._given, start),
                compensation=self._until(self._given, min(end, self._year.last_day)) - self._until(self._given, start),
            )
            for start, end, provisions in self._same(lambda terms: terms.nonelective)
        )

    def _receives(
        self, employees: Sequence[census.Employee], declared: tuple[tuple[Declared, plan.Conditions], ...]
    ) -> Receives:
        terms = [span.provisions for span in self._spans]
        asked = conditions_asked(
            *(each.match.conditions for each in terms if each.match is not None),
            *(each.nonelective.conditions for each in terms if each.nonelective is not None),
            *(each for _, each in declared),
        )
        if not asked:
            return EVERYBODY
        people = conditions.read_standing(
            self._tx, **self._where, employees=employees, year=self._year, on=self._year.last_day
        )
        return receives(asked, partial(conditions.meets, people=people))

    def _same(self, of: Callable[[plan.Provisions], Any]) -> list[tuple[date, date, plan.Provisions]]:
        """The spans of the year under the same term: from, up to, and the provisions of its last day."""
        found: list[tuple[date, date, plan.Provisions]] = []
        for _, same in groupby(self._spans, lambda span: of(span.provisions)):
            several = list(same)
            start = several[0].start if found else self._year.start
            found.append((start, several[-1].end, several[-1].provisions))
        return found

    def _money(self, start: date, end: date) -> ledger.Contributed:
        if start <= self._year.start and end == self._year.last_day:
            return self._contributed
        return census.contributed(self._tx, **self._where, without=self._without, start=start, end=end)

    def _until(self, counts: Counts, day: date) -> Cents:
        if (counts, day) not in self._paid:
            nothing = np.zeros(len(self._ids), dtype=np.int64)
            self._paid[counts, day] = counts.paid_before(day) if day > self._year.start else nothing
        return self._paid[counts, day]


def _asks(terms: plan.Nonelective | None) -> bool:
    return terms is not None and terms.conditions.asks


def _sum(money: dict[Source, Cents], sources: Sequence[Source], nothing: Cents) -> Cents:
    return sum((money[source] for source in sources if source in money), nothing)

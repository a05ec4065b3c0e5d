"""One projected failure, as every cure starts from it: facts, simulated year-ends, the median one. Not here: cures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from open401k.kernel import day_of

from .facts import Cents, Flags, PlanFacts
from .measures import Measure
from .pay_rhythm import dates_expected
from .projection import quantiles, year_ends
from .results import Cure, CureKind, Standing, TestId
from .simulation import Intervention, Simulation
from .year import Year

WHOLE = 10_000
_NOTICE_DAYS = 14

#: Cash accounts earn nothing, and a zero would be taken for a figure.
EARNINGS_UNKNOWN = (
    "not known: no investments are on record here. They are paid out of the accounts, up to the end of the plan year, "
    "and cost the employer nothing"
)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One projected failure: the facts, today, the simulated year-ends, and the median one of them."""

    facts: PlanFacts
    measure: Measure
    today: Year
    ends: Year
    median: Year
    seed: int
    effective_on: date | None
    """First pay date by which an election can still change; None when the year is over."""
    drawn: Simulation | None = None
    """What the year-ends were simulated from, so that a search need not draw it again; None without pay dates."""

    def after(self, intervention: Intervention) -> Year:
        """The same year-ends with different elections."""
        if self.drawn is not None:
            return self.drawn.ends(intervention)
        count = len(self.ends.deferrals)
        return year_ends(self.facts, self.today, seed=self.seed, scenarios=count, intervention=intervention)

    def after_of(self, places: Cents, intervention: Intervention) -> Year:
        """The same year-ends of these people alone; the intervention must change nobody else's elections."""
        if self.drawn is not None:
            return self.drawn.ends_of(places, intervention)
        return people_of(self.after(intervention), places)

    def with_after(self, places: Cents, intervention: Intervention) -> Year:
        """As :meth:`after`, where the intervention changes the elections of these people alone."""
        if self.drawn is None:
            return self.after(intervention)
        changed = self.drawn.ends_of(places, intervention)
        columns = {}
        for name, before in _people_columns(self.ends):
            columns[name] = before.copy()
            columns[name][..., places] = getattr(changed, name)
        return replace(self.ends, **columns)

    def passes(self, ends: Year) -> float:
        """Share of year-ends that pass."""
        return float(self.measure.of(ends).passed.mean())

    @property
    def prior_year(self) -> bool:
        return self.today.prior_adp_bps is not None


def people_of(year: Year, places: Cents) -> Year:
    """These people alone."""
    return replace(year, **{name: column[..., places] for name, column in _people_columns(year)})


def _people_columns(year: Year) -> Iterator[tuple[str, Any]]:
    for field in fields(year):
        column = getattr(year, field.name)
        if isinstance(column, np.ndarray):
            yield field.name, column


def median_year(measure: Measure, ends: Year) -> Year:
    """The simulated year-end whose room to the limit is in the middle, as a year of its own."""
    outcome = measure.of(ends)
    room = np.atleast_1d(outcome.limit - outcome.measured)
    place = int(np.argsort(room, kind="stable")[len(room) // 2])
    return year_end(ends, place)


def year_end(ends: Year, place: int) -> Year:
    """One of them, as a year of its own."""
    picked = {
        field.name: getattr(ends, field.name)[place]
        for field in fields(ends)
        if isinstance(getattr(ends, field.name), np.ndarray) and getattr(ends, field.name).ndim > 1
    }
    return replace(ends, **picked)


def dates_to_come(facts: PlanFacts, test: TestId) -> tuple[date, ...]:
    """Pay dates still to come in the year of the test: the calendar year for 402(g), the plan year for the others."""
    if facts.history is None or not facts.history.pay_dates:
        return ()
    year = facts.calendar_year if test is TestId.DEFERRAL_LIMIT else facts.plan_year
    return tuple(day for day in dates_expected(facts) if day in year)


def over_on(facts: PlanFacts, test: TestId) -> date:
    """The first day after the year of the test."""
    return date(facts.calendar_year.year + 1, 1, 1) if test is TestId.DEFERRAL_LIMIT else facts.plan_year.end


def first_change(facts: PlanFacts, test: TestId) -> date | None:
    """The first pay date on which an election made now can take effect."""
    earliest = facts.as_of + timedelta(days=_NOTICE_DAYS)
    return next((day for day in dates_to_come(facts, test) if day >= earliest), None)


def of_deferrals(case: Case) -> bool:
    """Whether it is an ADP test: of everybody, or of those whose student loan payments are matched."""
    return case.measure.test in (TestId.ADP, TestId.ADP_STUDENT_LOANS)


def as_tested(case: Case, year: Year) -> Year:
    """A year with those alone whom an ADP test is of; of any other test as it is."""
    if case.measure.test is TestId.ADP_STUDENT_LOANS:
        return year.of_loan_matched()
    return year.of_adp() if case.measure.test is TestId.ADP else year


def at_year_end(case: Case) -> str:
    """How an amount of the year end is introduced: of a year that is over it is the amount, not a median."""
    facts = case.facts
    year = facts.calendar_year if case.measure.test is TestId.DEFERRAL_LIMIT else facts.plan_year
    return "At the year end" if day_of(facts.known_at) > year.last_day else "At the median year-end"


def not_available(case: Case, kind: CureKind, title: str, reason: str) -> Cure:
    """A cure that the law, the provisions or the calendar rules out, with the reason."""
    return Cure(
        kind, case.measure.test, title, Standing.NOT_AVAILABLE, reason, None, (), (), None, None, (), "", None, None,
        None, reason,
    )  # fmt: skip


def outcome_after(case: Case, ends: Year) -> tuple[int, int, int]:
    """Median measured, median limit and share of passes after a cure."""
    then = case.measure.of(ends)
    passes = int(np.atleast_1d(then.passed).mean() * WHOLE)
    return quantiles(then.measured)[1], quantiles(then.limit)[1], passes


def rates_now(case: Case) -> Cents:
    """Deferral rate of each person on the last date with pay, in basis points."""
    history = case.facts.history
    assert history is not None  # noqa: S101 (a cure that changes elections is asked for only with a history)
    pay, deferred = history.compensation, history.deferrals
    last = pay.shape[1] - 1 - (pay[:, ::-1] > 0).argmax(axis=1)
    rows = np.arange(len(pay))
    paid = pay[rows, last]
    return np.where(paid > 0, (deferred[rows, last] * WHOLE + paid // 2) // np.maximum(paid, 1), 0)


def working(case: Case) -> Flags:
    """Who works here on the day of the facts."""
    return np.array([any(e.terminated_on is None for e in spans) for spans in case.facts.employment], dtype=np.bool_)


def day_text(day: date) -> str:
    """``March 15, 2027``."""
    return f"{day:%B} {day.day}, {day.year}"

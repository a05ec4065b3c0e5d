"""One plan test with its working, down to the payroll rows. It shows what compliance stored; it computes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k import compliance
from open401k.base.db import Tx
from open401k.compliance import ComplianceRun, Forecast, TestId
from open401k.kernel import PlanId, PlanYear, SponsorId

from .heading import heading
from .shown import Percent, PlanHeading, Projection, Shown, StandingLine
from .standings import figure, newest, projection_of, standing_line
from .working import PayrollRowLink, PersonWorking, WorkingStep
from .working_people import listed
from .working_steps import steps_of

__all__ = [
    "PayrollRowLink",
    "PersonWorking",
    "PointLine",
    "TestDetail",
    "TestsOverview",
    "WorkingStep",
    "load",
    "load_overview",
]

_ASSUMPTIONS = {
    "leave_first_year": "Leave in their first year",
    "leave_years_two_three": "Leave in their second or third year",
    "leave_later": "Leave in a later year",
    "owner_leaves": "Owners who leave in a year",
    "participation": "New employees who save",
    "rate_changes": "Change their deferral rate in a year",
    "starts_saving": "Of those who do not save and change: start",
    "stops_saving": "Of those who save and change: stop",
    "raises_rate": "Of the others who change: raise their rate",
    "catches_up": "Raise their rate to reach the limit",
}


@dataclass(frozen=True, slots=True)
class PointLine:
    """One test at one time."""

    as_of: date
    measured: Shown
    limit: Shown
    others: Percent | None


@dataclass(frozen=True, slots=True)
class TestDetail:
    """A test, its steps and its people."""

    __test__ = False

    heading: PlanHeading
    line: StandingLine
    calculated_at: datetime
    law_version: str
    steps: tuple[WorkingStep, ...]
    columns: tuple[str, ...]
    people: tuple[PersonWorking, ...]
    projection: Projection | None = None
    assumptions: tuple[tuple[str, Shown], ...] = ()
    """The rates that the projection used, for people to argue with."""
    history: tuple[PointLine, ...] = ()
    """The test after every payroll of the plan year."""
    left_out: int = 0
    """People whom the test looked at and the page does not list, because they are too many."""


@dataclass(frozen=True, slots=True)
class TestsOverview:
    """Every test of a plan as it stands."""

    __test__ = False

    heading: PlanHeading
    tests: tuple[StandingLine, ...]
    refused: str = ""
    """Why tests of this plan year cannot be run, and what to do about it; empty when they can."""
    plan_year_last_day: date | None = None
    """Of the plan year that was tested."""
    earlier: int | None = None
    """The year in which the plan year before it began, where that was tested; ``later`` likewise after it."""
    later: int | None = None


def load_overview(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: int | None = None) -> TestsOverview:
    """Every test of the newest run, or of the last one of the plan year that begins in ``year``; none before any."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    tested = newest(tx, **of, year=year)
    around = {} if tested is None else _around(tx, of, tested.run.plan_year)
    return TestsOverview(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id, run=None if tested is None else tested.run),
        tests=() if tested is None else tested.lines,
        refused="" if tested is None else tested.refused,
        **around,
    )


def _around(tx: Tx, of: dict[str, Any], year: PlanYear) -> dict[str, Any]:
    """The plan years before and after one, where they were tested."""
    before, after = year.previous(), PlanYear.starting(year.end)
    known = {each: compliance.latest(tx, **of, plan_year=each) is not None for each in (before, after)}
    return {
        "plan_year_last_day": year.last_day,
        "earlier": before.start.year if known[before] else None,
        "later": after.start.year if known[after] else None,
    }


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, key: str, year: int | None = None) -> TestDetail | None:
    """One test of the newest run, or of the last one of a year; None when there is no such test, or none was run."""
    tested = newest(tx, tenant_id=tenant_id, plan_id=plan_id, year=year)
    if tested is None or key not in set(TestId):
        return None
    test, run = TestId(key), tested.run
    result = run.of(test)
    people = listed(tx, tenant_id=tenant_id, run=run, result=result)
    return TestDetail(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id, run=run),
        line=standing_line(result, tested),
        calculated_at=run.recorded_at,
        law_version=run.law_version,
        steps=steps_of(result),
        columns=people.columns,
        people=people.people,
        projection=projection_of(tested.forecast, test),
        assumptions=_assumptions(tested.forecast),
        history=_history(tx, tenant_id, run, test),
        left_out=people.left_out,
    )


def _assumptions(forecast: Forecast | None) -> tuple[tuple[str, Shown], ...]:
    """Shares only: weights mean nothing to a reader."""
    rates = {} if forecast is None else forecast.projection.assumptions
    return tuple(
        (words, Percent(rate)) for name, words in _ASSUMPTIONS.items() if isinstance(rate := rates.get(name), int)
    )


def _history(tx: Tx, tenant_id: SponsorId, run: ComplianceRun, test: TestId) -> tuple[PointLine, ...]:
    """What every run of the plan year said, oldest first; of several on a day, the last."""
    unit = run.of(test).unit
    points = compliance.history(tx, tenant_id=tenant_id, plan_id=run.plan_id, plan_year=run.plan_year)
    by_day = {
        point.as_of: PointLine(
            point.as_of,
            figure(unit, point.measured),
            figure(unit, point.limit),
            None if point.nhce_bps is None else Percent(point.nhce_bps),
        )
        for point in points
        if point.test is test and point.measured is not None
    }
    return tuple(by_day[day] for day in sorted(by_day))

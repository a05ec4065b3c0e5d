"""Where each test stands and where its year will end, in the words of pages. Not here: testing (compliance)."""

from dataclasses import dataclass
from datetime import date

from open401k import compliance, fiduciary, plan
from open401k.base.db import Tx
from open401k.compliance import ComplianceRun, Forecast, ProjectedTest, Status, TestId, TestResult, Unit
from open401k.kernel import Money, PlanId, SponsorId, day_of

from .shown import Percent, Projection, Shown, Standing, StandingLine

_MEASURES = {
    TestId.ADP: "Average of the highly compensated",
    TestId.ADP_STUDENT_LOANS: "Average of the highly compensated whose student loans are matched",
    TestId.ACP: "Average of the highly compensated",
    TestId.DEFERRAL_LIMIT: "Deferrals of whoever is nearest to the limit, as elections stand",
    TestId.ADDITIONS_LIMIT: "Annual additions of whoever is nearest to the limit",
    TestId.COMPENSATION_LIMIT: "Largest pay that counts",
    TestId.PAY_RATIO: "Share of the highly compensated's pay that counts, against the others'",
    TestId.COVERAGE_DEFERRAL: "Coverage ratio",
    TestId.COVERAGE_MATCH: "Coverage ratio",
    TestId.COVERAGE_NONELECTIVE: "Coverage ratio",
    TestId.TOP_HEAVY: "Key employees' share of the balances at the year end",
    TestId.AMOUNTS: "Ratio of the worst rate group",
}

#: What needs somebody first.
WORST_FIRST = (
    Standing.FAILS,
    Standing.AT_RISK,
    Standing.NOT_ENACTED,
    Standing.TOP_HEAVY,
    Standing.PASSES,
    Standing.NOT_REQUIRED,
)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest run of every test, with the projection of its plan year."""

    run: ComplianceRun
    forecast: Forecast | None

    @property
    def lines(self) -> tuple[StandingLine, ...]:
        """Every test, in its order."""
        return tuple(standing_line(result, self) for result in self.run.results)

    @property
    def refused(self) -> str:
        """Why tests could not run, and what to do: a figure of the year that is not on file.

        A 415(c) limit that alone is still to be announced holds up no other test: it is said beside its own.
        """
        refused = [each for each in self.run.results if each.status is Status.REFUSED]
        if {each.test for each in refused} == {TestId.ADDITIONS_LIMIT}:
            return ""
        return " ".join(dict.fromkeys(each.explanation for each in refused))


def newest(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: int | None = None) -> Newest | None:
    """The last run of a plan; its projection may be one payroll older, but is of the same plan year.

    ``year``: the last one of the plan year that begins in it, with the projection of that very run.
    """
    of = None if year is None else plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of(date(year, 12, 31))
    run = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id, plan_year=of)
    if run is None:
        return None
    if of is not None:
        return Newest(run, compliance.read_forecast(tx, tenant_id=tenant_id, run_id=run.run_id))
    told = compliance.latest_forecast(tx, tenant_id=tenant_id, plan_id=plan_id)
    return Newest(run, told if told is not None and told.projection.plan_year == run.plan_year else None)


def figure(unit: Unit, value: int | None) -> Shown:
    """A figure of a test as money or as a percentage."""
    if value is None:
        return None
    return Money(value) if unit is Unit.CENTS else Percent(value)


def projection_of(forecast: Forecast | None, test: TestId) -> Projection | None:
    """The simulated year end of one test."""
    if forecast is None:
        return None
    told = forecast.projection.of(test)
    last_day = forecast.projection.year_of(test).last_day
    over = day_of(forecast.recorded_at) > last_day
    return Projection(
        test_key=test.value,
        measure=_MEASURES[test],
        fails=Percent(told.fail_probability_bps),
        low=figure(told.unit, told.low),
        middle=figure(told.unit, told.median),
        high=figure(told.unit, told.high),
        limit=figure(told.unit, told.limit_median),
        limit_low=figure(told.unit, told.limit_low),
        limit_high=figure(told.unit, told.limit_high),
        simulated=forecast.projection.scenarios,
        refused=told.refused,
        owed=_money(told.cost_median),
        owed_low=_money(told.cost_low),
        owed_high=_money(told.cost_high),
        outcome="make the plan top-heavy next year" if test is TestId.TOP_HEAVY else "fail",
        ended_on=last_day if over else None,
        ended=_ended(told, waits=day_of(forecast.recorded_at) <= last_day + compliance.PATIENCE) if over else "",
    )


def _ended(told: ProjectedTest, *, waits: bool) -> str:
    """A year that is over has a result: by how much, and what it was; ``waits``: its last payroll may come yet."""
    failed = told.fail_probability_bps >= 5_000  # scenarios of a year that is over do not differ
    if told.test is TestId.TOP_HEAVY:
        return f"The plan is {'' if failed else 'not '}top-heavy for the year that follows"
    past = (told.median or 0) - (told.limit_median or 0)
    by = figure(told.unit, abs(past))
    passed = f"{by} {'over' if past > 0 else 'under'}: the test {'failed' if failed else 'passed'}"
    return f"{passed}, with the payrolls of the year that may come yet" if waits else passed


def _money(cents: int | None) -> Money | None:
    return None if cents is None else Money(cents)


def standing_line(result: TestResult, of: Newest) -> StandingLine:
    """One test as it stands now."""
    told = None if of.forecast is None else of.forecast.projection.of(result.test)
    return StandingLine(
        key=result.test.value,
        title=result.title,
        cite=result.citation,
        standing=standing_of(result, told),
        measured=figure(result.unit, result.measured),
        limit=figure(result.unit, result.limit),
        sentence=result.explanation,
        as_of=of.run.as_of,
        projection=projection_of(of.forecast, result.test),
    )


def standing_of(result: TestResult, told: ProjectedTest | None) -> Standing:
    """Today's outcome; a pass that will probably be a failure at the year end is at risk.

    To be top-heavy is no failure: it makes a minimum contribution due.
    """
    match result.status:
        case Status.REFUSED:
            return Standing.NOT_ENACTED
        case Status.NOT_APPLICABLE:
            return Standing.NOT_REQUIRED
        case Status.FAIL:
            return Standing.TOP_HEAVY if result.test is TestId.TOP_HEAVY else Standing.FAILS
        case Status.PASS:
            pass
    likely = 0 if told is None or result.test is TestId.TOP_HEAVY else told.alarm_bps
    return Standing.AT_RISK if likely >= fiduciary.RAISE_FROM_BPS else Standing.PASSES


def worst_of(lines: tuple[StandingLine, ...]) -> StandingLine | None:
    """The test that needs somebody first."""
    return min(lines, key=lambda line: WORST_FIRST.index(line.standing), default=None)

"""Year-end distributions of every test, by simulating the rest of the year. Not here: behavior (simulation.py)."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from open401k.law import ImpossibleInput, NotEnacted

from .amounts import AMOUNTS
from .facts import JSON, Flags, PlanFacts
from .measures import MEASURES, Measure, Measured, owed_as_top_heavy, top_heavy_minimum
from .outset import Habits
from .results import ProjectedTest, Projection, TestId
from .simulation import Intervention, simulate
from .year import Year
from .year_from_facts import year_of

_CELLS = 600_000


def scenarios_for(people: int) -> int:
    """10,000 year-ends for small plans; fewer for large ones, whose averages move less."""
    return max(50, min(10_000, _CELLS // max(people, 1)))


def project(
    facts: PlanFacts,
    *,
    is_hce: Flags,
    is_key: Flags,
    seed: int,
    scenarios: int | None = None,
    habits: Habits | None = None,
    key_missing: str = "",
) -> Projection:
    """The distribution of each test at the end of its year; the same seed gives the same answer.

    Deferrals are held to 402(g) at the end of the calendar year, the rest is tested at the end of the plan year.
    ``key_missing``: why it is not known who is key.
    """
    today = year_of(facts, is_hce=is_hce, is_key=is_key)
    count = scenarios or scenarios_for(len(facts))
    ends = year_ends(facts, today, seed=seed, scenarios=count, habits=habits)
    return Projection(
        plan_id=facts.plan_id,
        plan_year=facts.plan_year,
        as_of=facts.as_of,
        known_at=facts.known_at,
        seed=seed,
        scenarios=count,
        tests=tuple(
            _without(measure, key_missing)
            if key_missing and measure.needs_key
            else _projected(facts, measure, today, ends)
            for measure in (*MEASURES, AMOUNTS)
            if not (measure.silent and measure.applies(today))
        ),
        assumptions=_assumptions(habits or Habits()),
    )


def year_ends(
    facts: PlanFacts,
    today: Year,
    *,
    seed: int,
    scenarios: int,
    habits: Habits | None = None,
    intervention: Intervention | None = None,
) -> Year:
    """The simulated year-ends; without pay dates to come, today's figures are the year's."""
    if not has_dates(facts):
        return replace(
            today,
            as_of=facts.plan_year.last_day,
            compensation=today.compensation[None, :],
            deferrals=today.deferrals[None, :],
            calendar_deferrals=today.calendar_deferrals[None, :],
            elected=today.elected[None, :],
        )
    return simulate(facts, today, seed=seed, scenarios=scenarios, habits=habits, intervention=intervention)


def has_dates(facts: PlanFacts) -> bool:
    """Whether there is anything to simulate from; a history that was not asked for is missed when it is read."""
    return facts.history is None or bool(facts.history.pay_dates)


def _projected(facts: PlanFacts, measure: Measure, today: Year, ends: Year) -> ProjectedTest:
    if measure.of_facts is not None:
        return _without(measure, "It is tested when the year is over, and not projected.")
    if measure.by_prior_year and facts.prior_year_missing:
        return _without(measure, "The averages of the year before are not on file.")
    why_not = measure.applies(today)
    if why_not:
        return _without(measure, why_not)
    try:
        told = distribution(measure, measure.of(today), measure.of(ends))
        return _with_minimum(_with_person(told, measure, ends), today, ends)
    except (NotEnacted, ImpossibleInput) as refusal:
        return _without(measure, str(refusal))


def _with_person(told: ProjectedTest, measure: Measure, ends: Year) -> ProjectedTest:
    """How likely the likeliest person is over a limit that each has alone."""
    if measure.over is None:
        return told
    likely = np.atleast_2d(measure.over(ends)).mean(axis=0).max(initial=0.0)
    return replace(told, person_fail_bps=int(likely * 10_000 + 0.5))


def _with_minimum(told: ProjectedTest, today: Year, ends: Year) -> ProjectedTest:
    """What a plan that is top-heavy for this year will owe at its end (IRC 416(c)(2))."""
    if told.test is not TestId.TOP_HEAVY or not owed_as_top_heavy(today):
        return told
    low, median, high = quantiles(top_heavy_minimum(ends).shortfall.sum(axis=-1))
    return replace(told, cost_low=low, cost_median=median, cost_high=high)


def distribution(measure: Measure, now: Measured, then: Measured) -> ProjectedTest:
    """Probability of failing, median and 80 % interval, in whole units of the test."""
    low, median, high = quantiles(then.measured)
    limit_low, limit_median, limit_high = quantiles(then.limit)
    return ProjectedTest(
        test=measure.test,
        title=measure.title,
        citation=measure.citation,
        unit=measure.unit,
        fail_probability_bps=int((~then.passed).mean() * 10_000 + 0.5),
        today=int(now.measured),
        today_limit=int(now.limit),
        median=median,
        low=low,
        high=high,
        limit_median=limit_median,
        limit_low=limit_low,
        limit_high=limit_high,
    )


def quantiles(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[int, int, int]:
    """10 %, 50 % and 90 % of whole numbers, themselves among the numbers."""
    low, middle, high = np.quantile(values, [0.10, 0.50, 0.90], method="inverted_cdf")
    return int(low), int(middle), int(high)


def _without(measure: Measure, why: str) -> ProjectedTest:
    nothing = None
    return ProjectedTest(
        measure.test, measure.title, measure.citation, measure.unit, 0,
        nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, refused=why,
    )  # fmt: skip


def _assumptions(habits: Habits) -> dict[str, JSON]:
    """The rates as hundredths of a percent, for pages."""
    return {name: round(value * 10_000) for name, value in asdict(habits).items()}

"""Plan years that are not calendar years: each figure by its own year, and only what is not on file is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import PROVISIONS, twelve

from open401k.compliance import (
    EarlierCalendarYear,
    PayHistory,
    PlanFacts,
    Projection,
    Status,
    TestId,
    TestResult,
    people_of,
    project,
    run_tests,
)
from open401k.compliance.cures import cures
from open401k.compliance.results import CureKind
from open401k.compliance.year import Year
from open401k.compliance.year_from_facts import year_of
from open401k.kernel import PlanYear
from open401k.law import figures
from open401k.plan import Deferrals, MonthDay

JULY = replace(PROVISIONS, plan_year_start=MonthDay(7, 1))
#: Biweekly Fridays from 10 January 2025 on.
FRIDAYS = tuple(date(2025, 1, 10) + timedelta(days=14 * k) for k in range(60))
#: Pay and deferral of one date, in cents: an owner, the spouse, ten others.
PAY = np.array([800_000, 400_000, *(200_000,) * 10], dtype=np.int64)
SAVED = np.array([60_000, 30_000, 0, 0, 0, 0, *(10_000,) * 6], dtype=np.int64)


def paid(saved: np.ndarray[Any, Any], start: date, as_of: date) -> tuple[tuple[date, ...], Any]:
    dates = tuple(day for day in FRIDAYS if start <= day <= as_of)
    return dates, np.repeat(saved[:, None], len(dates), axis=1)


def july_plan(as_of: date, *, saved: np.ndarray[Any, Any] = SAVED, **changed: Any) -> PlanFacts:
    """The plan of twelve with a plan year from July to June, who save the same on each pay date."""
    year = JULY.plan_year_of(as_of)
    calendar = date(as_of.year, 1, 1)
    dates, deferred = paid(saved, min(year.start, calendar), as_of)
    pay = np.repeat(PAY[:, None], len(dates), axis=1)
    here = np.array([day >= year.start for day in dates], dtype=np.bool_)
    of_calendar = np.array([day >= calendar for day in dates], dtype=np.bool_)
    nothing = np.zeros_like(pay)
    earlier = None
    if year.start < calendar:
        _, before = paid(saved, date(year.start.year, 1, 1), year.start - timedelta(days=1))
        earlier = EarlierCalendarYear(before.sum(axis=1), np.zeros(12, dtype=np.int64))
    facts = twelve(
        as_of=as_of,
        known_at=datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC),
        provisions=JULY,
        plan_year=year,
        compensation=pay[:, here].sum(axis=1),
        section_415=pay[:, here].sum(axis=1),
        pre_tax=deferred[:, here].sum(axis=1),
        calendar_deferrals=deferred[:, of_calendar].sum(axis=1),
        match=deferred[:, here].sum(axis=1) // 2,
        earlier=earlier,
        history=PayHistory(dates, pay, pay, deferred, nothing, nothing),
    )
    return replace(facts, **changed)


def results(facts: PlanFacts) -> dict[TestId, TestResult]:
    return {each.test: each for each in run_tests(facts)[0]}


def in_tests(facts: PlanFacts) -> Year:
    people = people_of(facts)
    return year_of(facts, is_hce=people.is_hce, is_key=people.is_key)


def projected(facts: PlanFacts) -> Projection:
    people = people_of(facts)
    return project(
        facts,
        is_hce=people.is_hce,
        is_key=people.is_key,
        seed=11,
        scenarios=300,
        key_missing=people.key_missing,
    )


def born(years: dict[int, int]) -> tuple[date, ...]:
    return tuple(date(years.get(i, 1985), 6, 1) for i in range(12))


def announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the IRS had announced these, which nobody knows."""
    made_up = {"limit_402g": 25_000, "limit_414v_age50": 8_000, "limit_414v_age60_63": 11_250, "limit_415c": 75_000}
    for name, dollars in made_up.items():
        monkeypatch.setitem(figures.figure(name).values, 2027, dollars)


def test_only_the_limit_that_is_not_announced_is_refused_in_a_plan_year_that_ends_in_2027() -> None:
    told = results(july_plan(date(2026, 9, 30)))
    assert {test for test, each in told.items() if each.status is Status.REFUSED} == {TestId.ADDITIONS_LIMIT}
    waiting = told[TestId.ADDITIONS_LIMIT].explanation
    assert "is that of 2027 and is not known yet" in waiting
    assert "$72,000.00 in force until then" in waiting
    assert told[TestId.DEFERRAL_LIMIT].limit == 24_500_00  # of the calendar year 2026
    assert told[TestId.COMPENSATION_LIMIT].limit == 360_000_00  # of 2026, in which the plan year begins
    assert people_of(july_plan(date(2026, 9, 30))).hce.threshold_cents == 160_000_00  # lookback from July 2025


def test_additions_over_the_limit_in_force_fail_although_the_one_of_2027_is_not_known() -> None:
    facts = july_plan(date(2026, 12, 31))
    over = facts.nonelective.copy()
    over[0] = 72_000_00
    rich = replace(facts, nonelective=over)
    assert results(rich)[TestId.ADDITIONS_LIMIT].status is Status.FAIL
    assert results(rich)[TestId.ADDITIONS_LIMIT].limit == 72_000_00


def test_additions_are_tested_by_the_year_of_the_end_once_it_is_on_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(figures.figure("limit_415c").values, 2027, 75_000)
    facts = july_plan(date(2026, 12, 31))
    passed = results(facts)[TestId.ADDITIONS_LIMIT]
    assert (passed.status, passed.working["dollar_limit_cents"]) == (Status.PASS, 72_000_00)
    later = july_plan(date(2027, 1, 15))
    announced(monkeypatch)
    assert results(later)[TestId.ADDITIONS_LIMIT].working["dollar_limit_cents"] == 75_000_00


def test_402g_counts_the_calendar_year_and_adp_the_plan_year() -> None:
    # 13 dates from January to June, 7 from July to September.
    facts = july_plan(date(2026, 9, 30), saved=np.where(np.arange(12) == 0, 130_000, SAVED))
    told = results(facts)
    spring = sum(date(2026, 1, 1) <= day < date(2026, 7, 1) for day in FRIDAYS)
    summer = sum(date(2026, 7, 1) <= day <= date(2026, 9, 30) for day in FRIDAYS)
    assert told[TestId.DEFERRAL_LIMIT].measured == 130_000 * (spring + summer) > 24_500_00
    assert told[TestId.DEFERRAL_LIMIT].status is Status.FAIL
    people = told[TestId.ADP].working["people"]
    assert isinstance(people, dict)
    assert people["contribution_cents"][0] == 130_000 * summer  # type: ignore[index]
    old = replace(facts, birth_dates=born({0: 1970}), fica_prior=facts.fica_prior // 2)
    caught_up = 130_000 * (spring + summer) - 24_500_00
    assert results(old)[TestId.DEFERRAL_LIMIT].status is Status.PASS
    assert in_tests(old).plan_split().catch_up[0] == caught_up
    assert in_tests(old).adp_contributions()[0] == 130_000 * summer - caught_up


@pytest.mark.parametrize(
    ("birth_year", "catch_up", "excess"),
    [
        (1975, 750_000, 800_000),  # 50 in 2025: of 15,500.00 over that year's 23,500.00, up to 7,500.00 is catch-up
        (1976, 0, 1_550_000),  # 49 on 31 December 2025: that 2026 brings the fiftieth birthday comes too late for it
    ],
)
def test_catch_up_of_a_plan_year_is_that_of_each_calendar_year_by_its_own_limit_and_age(
    birth_year: int, catch_up: int, excess: int
) -> None:
    # 1,500.00 on each of 26 dates of 2025, thirteen of them before the plan year began in July, and six of 2026.
    saved = np.where(np.arange(12) == 0, 150_000, SAVED)
    facts = july_plan(date(2026, 3, 31), saved=saved, birth_dates=born({0: birth_year}))
    year = in_tests(facts)
    split = year.plan_split()
    assert (split.catch_up[0], split.excess[0]) == (catch_up, excess)
    assert split.regular[0] == facts.deferrals[0] - catch_up - excess
    assert (year.split().regular[0], year.split().catch_up[0]) == (6 * 150_000, 0)  # of 2026 so far
    assert year.adp_contributions()[0] == facts.deferrals[0] - catch_up  # highly compensated: what is over counts


def test_catch_up_over_the_plans_own_limit_is_measured_on_the_last_day_of_the_plan_year() -> None:
    capped = replace(JULY, deferrals=Deferrals(sources=PROVISIONS.deferrals.sources, max_bps_of_pay=500))
    # 10 % of pay where the plan lets 5 %: half of 26 dates of 800.00 is over it.
    saved = np.where(np.arange(12) == 0, 80_000, SAVED)
    facts = july_plan(date(2026, 6, 30), saved=saved, provisions=capped, birth_dates=born({0: 1976}))
    dates = sum(date(2025, 7, 1) <= day <= date(2026, 6, 30) for day in FRIDAYS)
    # 49 in 2025, 50 in 2026, the year of the last day (Reg. 1.414(v)-1(c)(3)): 8,000.00 of room for all of it.
    over = dates * 40_000
    assert in_tests(facts).plan_split().catch_up[0] == min(over, 800_000)
    assert in_tests(facts).plan_split().excess[0] == max(over - 800_000, 0)
    assert in_tests(facts).catch_up_room()[0] == max(800_000 - over, 0)


def test_in_january_only_what_needs_the_new_year_is_refused() -> None:
    facts = july_plan(date(2027, 1, 4))
    told = results(facts)
    refused = {test for test, each in told.items() if each.status is Status.REFUSED}
    assert refused == {TestId.DEFERRAL_LIMIT, TestId.ADDITIONS_LIMIT}
    assert told[TestId.ADP].working["people"]


def test_a_first_plan_year_that_ends_in_2027_waits_for_the_officer_figure_alone() -> None:
    first = replace(JULY, adopted_on=date(2026, 7, 1))
    facts = july_plan(date(2026, 9, 30), provisions=first)
    told = results(facts)
    assert {test for test, each in told.items() if each.status is Status.REFUSED} == {
        TestId.ADDITIONS_LIMIT,
        TestId.TOP_HEAVY,
    }
    assert "2027" in told[TestId.TOP_HEAVY].explanation
    assert projected(facts).of(TestId.TOP_HEAVY).refused
    assert not projected(facts).of(TestId.ADP).refused


def test_402g_is_projected_to_december_and_the_plan_year_to_june() -> None:
    # 950.00 on each of 26 dates of 2026 is over 24,500.00 in December; by June it is half of that.
    facts = july_plan(date(2026, 3, 31), saved=np.where(np.arange(12) == 0, 95_000, SAVED))
    ahead = projected(facts)
    limit, adp, pay = (ahead.of(test) for test in (TestId.DEFERRAL_LIMIT, TestId.ADP, TestId.COMPENSATION_LIMIT))
    assert limit.median is not None
    assert limit.median > 24_500_00
    assert limit.fail_probability_bps > 8_000
    # The owner's pay of the plan year: 26 dates of 8,000.00, give or take.
    assert pay.median is not None
    assert 190_000_00 < pay.median < 235_000_00
    assert adp.median is not None
    assert 800 < adp.median < 1_200
    people = people_of(facts)
    offers = cures(facts, is_hce=people.is_hce, is_key=people.is_key, seed=5, test=TestId.DEFERRAL_LIMIT)
    lower = next(each for each in offers if each.kind is CureKind.LOWER_ELECTION)
    assert lower.effects
    assert lower.pass_probability_bps is not None
    assert lower.pass_probability_bps >= 8_500
    stop = next(each for each in offers if each.kind is CureKind.STOP_ELECTION)
    assert stop.effective_on is not None
    assert stop.effective_on > date(2026, 6, 30)  # payroll can go on in full until well after the plan year


def test_a_cure_of_402g_ends_with_the_calendar_year() -> None:
    # 1,000.00 on each of 26 dates of 2026 is 1,500.00 over; the stop costs the last two dates, and the match on them of
    # 50 % of 6 % of 8,000.00. What is deferred from January on, in the same plan year, is as before.
    facts = july_plan(date(2026, 9, 30), saved=np.where(np.arange(12) == 0, 100_000, SAVED))
    people = people_of(facts)
    offers = cures(facts, is_hce=people.is_hce, is_key=people.is_key, seed=5, test=TestId.DEFERRAL_LIMIT)
    stop = next(each for each in offers if each.kind is CureKind.STOP_ELECTION)
    assert stop.employer_cost_cents is not None
    assert -3 * 240_00 <= stop.employer_cost_cents < 0


def test_what_a_limit_still_to_come_cannot_touch_is_projected_and_what_it_may_is_refused() -> None:
    calm = projected(july_plan(date(2026, 9, 30)))
    assert not calm.of(TestId.ADP).refused
    assert not calm.of(TestId.DEFERRAL_LIMIT).refused
    assert "not known yet" in calm.of(TestId.ADDITIONS_LIMIT).refused
    # 2,500.00 a date is 32,500.00 from January to June 2027, whatever may be deferred in that year.
    keen = july_plan(date(2026, 9, 30), saved=np.where(np.arange(12) == 0, 250_000, SAVED))
    ahead = projected(keen)
    for test in (TestId.ADP, TestId.ACP):
        assert "deferral limit of 2027 is not known yet" in ahead.of(test).refused
    assert not ahead.of(TestId.COVERAGE_DEFERRAL).refused
    assert not ahead.of(TestId.DEFERRAL_LIMIT).refused


def test_a_limit_on_file_for_the_next_calendar_year_stops_payroll_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    announced(monkeypatch)
    keen = july_plan(date(2026, 9, 30), saved=np.where(np.arange(12) == 0, 250_000, SAVED))
    ahead = projected(keen)
    assert not ahead.of(TestId.ADP).refused
    assert not ahead.of(TestId.ADDITIONS_LIMIT).refused
    # Of the plan year: what 2026 had left in July, and at most 25,000.00 from January to June.
    assert ahead.of(TestId.ADDITIONS_LIMIT).limit_median is not None


def test_a_calendar_year_splits_as_ever() -> None:
    facts = twelve()
    year = in_tests(facts)
    assert year.whole
    assert PlanYear.starting(date(2026, 1, 1)) == facts.plan_year
    assert facts.horizon == date(2026, 12, 31)
    assert year.plan_split().catch_up.tolist() == year.split().catch_up.tolist()

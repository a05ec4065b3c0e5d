"""Random short years of a small plan through the real flows, held against a naive reference person by person.

The reference is written from the rules alone, in whole numbers, one pay date after the other, and always from the
first one: it has no year to date that could be stale, and knows nothing of what was posted before. A larger run:
``OPEN401K_RANDOM_YEARS=200 pytest tests/flows/test_random_years.py``.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.database import TESTER

from open401k import census, compliance, ledger, payroll, plan
from open401k.base.db import Database
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.day import begin_day
from open401k.flows.payroll_intake import Taken, Upload, post_run, say_yes, take_in
from open401k.flows.payroll_keys import content_of
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.flows.verify import verify
from open401k.kernel import ComplianceRunId, EmployeeId, FixedClock, FlowId, PlanId, RunId, Source, SponsorId
from open401k.payroll import runs

#: Seeds that once found something; more, from any first one on, by the environment.
FOUND = (1, 3, 6, 9, 10, 13, 1_000, 1_003, 2_011, 2_018, 2_025, 2_031, 2_036)
#: From this seed on the plan excludes a class, and people come into it and leave it.
WITH_CLASSES = 1_000
#: From this seed on matches come in every form, and plan years end.
WITH_FORMS = 2_000
FIRST = int(os.environ.get("OPEN401K_RANDOM_FIRST", "0"))
YEARS = int(os.environ.get("OPEN401K_RANDOM_YEARS", "0"))
SEEDS = range(FIRST, FIRST + YEARS) if YEARS else FOUND
STEPS = 9

OWN = ("pre_tax", "roth", "after_tax")
MATCHES = ("match", "safe_harbor_match")
LIMIT_402G = {2025: 23_500_00, 2026: 24_500_00}
CATCH_UP = {2025: 7_500_00, 2026: 8_000_00}
CATCH_UP_60 = {2025: 11_250_00, 2026: 11_250_00}
LIMIT_415 = {2025: 70_000_00, 2026: 72_000_00}
LIMIT_PAY = {2024: 345_000_00, 2025: 350_000_00, 2026: 360_000_00}
ROTH_WAGES = 150_000_00


# What is true of the plan, as the test knows it.


@dataclass
class Person:
    """Somebody as now known; ``wages`` of 2025 were loaded, those of payrolls here come on top where they are more."""

    employee_id: EmployeeId
    born: date
    hired: date
    left: date | None = None
    wages: dict[int, int] = field(default_factory=dict)
    classes: dict[date, str] = field(default_factory=dict)

    def class_on(self, day: date) -> str:
        return next((self.classes[since] for since in sorted(self.classes, reverse=True) if since <= day), "")


@dataclass(frozen=True)
class Row:
    """One person in one payroll, in cents."""

    gross: int
    pre_tax: int = 0
    roth: int = 0
    after_tax: int = 0
    coded_pre_tax: int = 0
    coded_roth: int = 0

    def __add__(self, other: "Row") -> "Row":
        return Row(*(getattr(self, each) + getattr(other, each) for each in Row.__dataclass_fields__))


@dataclass
class Run:
    """One posted payroll."""

    run_id: RunId
    pay_date: date
    rows: dict[EmployeeId, Row]


@dataclass
class World:
    """The facts of one plan."""

    terms: list[tuple[date, plan.Provisions]]
    people: dict[EmployeeId, Person] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    ended: set[date] = field(default_factory=set)

    def terms_on(self, day: date) -> plan.Provisions:
        return [terms for since, terms in self.terms if since <= day][-1]

    def pay_of(self, who: EmployeeId) -> dict[date, Row]:
        """Every pay date of a person, same-day payrolls added up."""
        found: dict[date, Row] = {}
        for run in self.runs:
            if who in run.rows:
                found[run.pay_date] = found[run.pay_date] + run.rows[who] if run.pay_date in found else run.rows[who]
        return dict(sorted(found.items()))


# The reference: what each person should have, from the rules.


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def months_after(day: date, months: int) -> date:
    month = day.month - 1 + months
    first, after = date(day.year + month // 12, month % 12 + 1, 1), day.day - 1
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + timedelta(days=after), following)


def year_of(start: plan.MonthDay, day: date) -> date:
    this = date(day.year, *start)
    return this if this <= day else date(day.year - 1, *start)


def entry_day(terms: plan.Provisions, person: Person) -> date:
    """The plan's entry day on or after age and service are met, and never later than IRC 410(a)(4) allows."""
    asked, start = terms.eligibility, terms.plan_year_start
    met = max(
        person.hired,
        months_after(person.hired, asked.service_months),
        months_after(person.born, asked.minimum_age * 12),
    )
    apart = {"immediate": 0, "monthly": 1, "quarterly": 3, "semiannual": 6}[asked.entry.value]
    entry = met
    while apart and (entry.day != 1 or (entry.month - start.month) % apart):
        entry += timedelta(days=1)
    lawful = max(months_after(person.hired, 12), months_after(person.born, 252))
    next_year = date(year_of(start, lawful).year + 1, *start)
    return min(entry, next_year, months_after(lawful, 6))


def left_long_ago(person: Person, day: date, year_start: date) -> bool:
    """Pay counts for 2 1/2 months after the last day of work, and to the end of its year (Reg. 1.415(c)-2(e)(3)(i))."""
    if person.left is None or person.left >= year_start:
        return False
    month = person.left.replace(day=1)
    for _ in range(2):
        month = (month + timedelta(days=32)).replace(day=1)
    last = ((month + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
    return day > month.replace(day=min(person.left.day, last)) + timedelta(days=15)


def match_of(terms: plan.Match, deferred: int, pay: int, served: int = 0) -> int:
    """Stacked tiers of who has served so many years, without the caps."""
    total, bottom = 0, 0
    tiers = [terms.tiers, *(each.tiers for each in terms.by_service if each.years <= served)][-1]
    for rate, up_to in tiers:
        total += min(max(deferred * 10_000 - pay * bottom, 0), pay * (up_to - bottom)) * rate
        bottom = up_to
    return half_up(total, 100_000_000)


def years_served(person: Person, on: date) -> int:
    until, years = on if person.left is None else min(on, person.left), 0
    while months_after(person.hired, 12 * (years + 1)) <= until:
        years += 1
    return years


def period_of(match: plan.Match, year_start: date, day: date) -> date:
    """First day of the month, quarter or year of the plan that a day is in."""
    start, months = year_start, {"month": 1, "quarter": 3, "plan_year": 12}[match.period.value]
    while (following := months_after(start, months)) <= day:
        start = following
    return start


def matches_of_year(world: World, year_start: date, last: date) -> list[tuple[date, date, plan.Match | None]]:
    """The days of a year by the match that held on them: from, up to, the match."""
    found: list[tuple[date, date, plan.Match | None]] = []
    day = year_start
    while day <= last:
        match = world.terms_on(day).match
        if found and found[-1][2] == match:
            found[-1] = (found[-1][0], day + timedelta(days=1), match)
        else:
            found.append((day, day + timedelta(days=1), match))
        day += timedelta(days=1)
    return found


def entitled(world: World, person: Person) -> Counter[tuple[date, str, str]]:
    """Cents by pay date, source and reason of holding ("" is credited)."""
    out: Counter[tuple[date, str, str]] = Counter()
    pay = world.pay_of(person.employee_id)
    for day in sorted({*pay, *world.ended}):
        earlier = {each: row for each, row in pay.items() if each < day}
        for (source, reason), cents in _of_date(world, person, day, pay.get(day, Row(0)), earlier, out).items():
            out[day, source, reason] += cents
    return Counter({slot: cents for slot, cents in out.items() if cents})


def _of_date(
    world: World,
    person: Person,
    day: date,
    row: Row,
    earlier: dict[date, Row],
    booked: Counter[tuple[date, str, str]],
) -> Counter[tuple[str, str]]:
    terms, found = world.terms_on(day), Counter[tuple[str, str]]()
    age = day.year - person.born.year
    year_start = year_of(terms.plan_year_start, day)
    out = terms.eligibility.excluded_classes
    entered = day >= entry_day(terms, person) and person.class_on(day) not in out
    gone = left_long_ago(person, day, year_start)

    def credited(since: date, *sources: str) -> int:
        return sum(c for (on, source, why), c in booked.items() if not why and source in sources and since <= on < day)

    def paid(since: date) -> int:
        """Pay of participants only."""
        return sum(
            each.gross
            for on, each in earlier.items()
            if since <= on
            and on >= entry_day(terms, person)
            and person.class_on(on) not in out
            and not left_long_ago(person, on, year_start)
        )

    # Source, participation, age of what came as catch-up.
    left: dict[str, int] = {}
    withheld = {
        "pre_tax": row.pre_tax + row.coded_pre_tax,
        "roth": row.roth + row.coded_roth,
        "after_tax": row.after_tax,
    }
    coded = {"pre_tax": row.coded_pre_tax, "roth": row.coded_roth, "after_tax": 0}
    for source in OWN:
        left[source] = withheld[source]
        if Source(source) not in terms.deferrals.sources:
            reason = "source_not_permitted"
        elif gone:
            reason = "left_long_ago"
        elif not entered:
            reason = "not_entered"
        else:
            reason = ""
        if reason:
            found[source, reason] += left[source]
            left[source] = 0
        elif age < 50:
            found[source, "catch_up_too_young"] += min(coded[source], left[source])
            left[source] -= min(coded[source], left[source])

    # 402(g), the plan's limit, catch-up.
    paid_here = sum(each.gross for on, each in world.pay_of(person.employee_id).items() if on.year == day.year - 1)
    wages = max(person.wages.get(day.year - 1, 0), paid_here)
    must_roth = day.year >= 2026 and wages > ROTH_WAGES
    new_year = date(day.year, 1, 1)
    of_calendar, of_plan = credited(new_year, "pre_tax", "roth"), credited(year_start, "pre_tax", "roth")
    regular = LIMIT_402G[day.year]
    if terms.deferrals.max_bps_of_pay is not None:
        allowed = (paid(year_start) + row.gross) * terms.deferrals.max_bps_of_pay // 10_000
        regular = min(regular, max(of_calendar + allowed - of_plan, 0))
    catch_up = 0
    if terms.deferrals.catch_up and age >= 50 and not (must_roth and Source.ROTH not in terms.deferrals.sources):
        higher = terms.deferrals.higher_catch_up_60_63 and 60 <= age <= 63
        catch_up = CATCH_UP_60[day.year] if higher else CATCH_UP[day.year]

    def over(to_date: int) -> int:
        return max(to_date - regular - catch_up, 0)

    def caught_up(to_date: int) -> int:
        return min(max(to_date - regular, 0), catch_up)

    excess = over(of_calendar + left["pre_tax"] + left["roth"]) - over(of_calendar)
    for source in ("pre_tax", "roth"):
        part = min(excess, left[source])
        found[source, "over_limit"] += part
        left[source] -= part
        excess -= part
    if must_roth:
        roth = credited(new_year, "roth") + left["roth"]
        wrong = min(max(caught_up(of_calendar + left["pre_tax"] + left["roth"]) - roth, 0), left["pre_tax"])
        found["pre_tax", "catch_up_must_be_roth"] += wrong
        left["pre_tax"] -= wrong

    served = years_served(person, year_start)
    # Employer money on pay of participants, up to 401(a)(17), counted from the first pay date of the plan year.
    most_pay = LIMIT_PAY[year_start.year]
    earned, before = (row.gross if entered and not gone else 0), paid(year_start)

    def counted(since: int, until: int) -> int:
        return min(until, most_pay) - min(since, most_pay)

    deferred = left["pre_tax"] + left["roth"]
    if (match := terms.match) is not None:
        given_in_year = credited(year_start, *MATCHES)
        if match.period is plan.MatchPeriod.PAY_PERIOD:
            given = match_of(match, deferred, counted(before, before + earned), served)
            if match.cap_per_period_cents is not None:
                given = min(given, match.cap_per_period_cents)
            if match.cap_cents is not None:
                given = max(min(given, match.cap_cents - given_in_year), 0)
        else:
            # Of the period as far as this very match holds: what was earned before an amendment stays.
            since = max(period_of(match, year_start, day), _same_match_since(world, day))
            of_terms = credited(since, *MATCHES)
            to_date = match_of(
                match,
                credited(since, "pre_tax", "roth") + deferred,
                counted(before - paid(since), before + earned),
                served,
            )
            if match.cap_per_period_cents is not None:
                to_date = min(to_date, match.cap_per_period_cents)
            if match.cap_cents is not None:
                to_date = min(to_date, max(match.cap_cents - given_in_year + of_terms, 0))
            given = to_date - of_terms
        found[match.source.value, ""] += given
    if day in world.ended:
        # Each match of the year over the days that it held; the last day is of the one in force.
        given_in_year = credited(year_start, *MATCHES) + sum(found[each, ""] for each in MATCHES)
        for since, until, held in matches_of_year(world, year_start, day):
            if held is None or not held.true_up:
                continue
            last = until > day
            of_span = credited(since, "pre_tax", "roth") - credited(until, "pre_tax", "roth")
            of_span += deferred if last else 0
            earned_before = before - paid(since)
            earned_then = earned_before + paid(since) - paid(until) + (earned if last else 0)
            already = credited(since, *MATCHES) - credited(until, *MATCHES)
            already += sum(found[each, ""] for each in MATCHES) if last else 0
            more = max(match_of(held, of_span, counted(earned_before, earned_then), served) - already, 0)
            if held.cap_cents is not None:
                more = min(more, max(held.cap_cents - given_in_year, 0))
            given_in_year += more
            found[held.source.value, ""] += more
    if terms.nonelective is not None:
        found[terms.nonelective.source.value, ""] += half_up(
            counted(before, before + earned) * terms.nonelective.rate_bps, 10_000
        )

    # 415(c) of the year that is the plan year, catch-up outside of it, in whichever calendar year it was made.
    def over_402g(year: int, until: date) -> int:
        in_year = (
            on for on in booked if date(year, 1, 1) <= on[0] < until and on[1] in ("pre_tax", "roth") and not on[2]
        )
        return max(sum(booked[on] for on in in_year) - LIMIT_402G.get(year, 0), 0)

    elsewhere = -over_402g(day.year, year_start) if year_start > new_year else 0
    if year_start < new_year:
        elsewhere = over_402g(day.year - 1, new_year) - over_402g(day.year - 1, year_start)
    additions = credited(year_start, *OWN, *MATCHES, "nonelective") - caught_up(of_calendar) - elsewhere
    now = deferred + left["after_tax"] - (caught_up(of_calendar + deferred) - caught_up(of_calendar))
    now_employer = sum(cents for (source, why), cents in found.items() if not why and source not in OWN)
    most = LIMIT_415[day.year]  # in force on the day (Reg. 1.415(d)-1(b)(2)(iii)), of whichever year the end is
    too_much = max(additions + now + now_employer - most, 0)
    after_tax = min(too_much, left["after_tax"])
    found["after_tax", "over_additions"] += after_tax
    left["after_tax"] -= after_tax
    too_much -= after_tax
    # Deferrals over it are catch-up as far as there is room, and as far as there are deferrals.
    saved = credited(year_start, "pre_tax", "roth") + deferred - caught_up(of_calendar + deferred) - elsewhere
    without_deferrals = max(too_much - max(saved, 0), 0)
    of_deferrals = max(too_much - without_deferrals - max(catch_up - caught_up(of_calendar + deferred), 0), 0)
    too_much = without_deferrals + of_deferrals
    for source in ("nonelective", *MATCHES):  # which the employer does not give, nor owe
        part = min(too_much, max(found[source, ""], 0))
        found[source, ""] -= part
        too_much -= part
    too_much = min(too_much, of_deferrals)
    for source in ("pre_tax", "roth"):
        part = min(too_much, left[source])
        found[source, "over_additions"] += part
        left[source] -= part
        too_much -= part
    for source in OWN:
        found[source, ""] += left[source]
    return found


def _same_match_since(world: World, day: date) -> date:
    since, match = world.terms[0][0], None
    for start, terms in world.terms:
        if start <= day and terms.match != match:
            since, match = start, terms.match
    return since


# The machine: random steps through the flows.


@dataclass
class Machine:
    """One plan, its facts as the test knows them, and what the system was told."""

    db: Database
    clock: FixedClock
    chance: random.Random
    world: World
    sponsor: SponsorId
    plan_id: PlanId
    pay_dates: list[date]
    matches: Callable[[random.Random], plan.Match | None]
    next_date: int = 0
    more_facts: tuple[str, ...] = ()
    years_end: bool = False
    told_on: dict[EmployeeId, date] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    said: list[Any] = field(default_factory=list)

    def at(self, day: date) -> None:
        wanted = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
        self.clock.advance_to(max(wanted, self.clock.now() + timedelta(minutes=1)))

    # -- what may happen

    def step(self) -> None:
        """The next payroll, or something that disturbs the ones before."""
        happened: list[Callable[[], None]] = [self.payroll]
        if self.world.runs:
            kinds = [
                self.payroll,
                self.payroll,
                self.second_run,
                self.replaced,
                self.late_fact,
                self.amendment,
                self.skipped,
                *([self.year_end] * 3 if self.years_end else []),
            ]
            happened = [self.chance.choice(kinds)]
        happened[0]()

    def payroll(self) -> None:
        if self.next_date >= len(self.pay_dates):
            return self.replaced()
        day = self.pay_dates[self.next_date]
        self.next_date += 1
        self.send(day, self.rows(day), told="payroll")
        return None

    def skipped(self) -> None:
        """A later payroll first, then the one that it overtook."""
        if self.next_date + 1 >= len(self.pay_dates):
            return
        early, late = self.pay_dates[self.next_date : self.next_date + 2]
        self.next_date += 2
        self.send(late, self.rows(late), told="early payroll")
        self.check()
        self.send(early, self.rows(early), told="late payroll")

    def second_run(self) -> None:
        run = self.chance.choice(self.world.runs)
        some = self.chance.sample(sorted(run.rows), self.chance.randint(1, len(run.rows)))
        rows = {who: self.row(self.world.people[who]) for who in some}
        self.send(run.pay_date, rows, told="second run", second_run_reason="bonus")

    def replaced(self) -> None:
        run = self.chance.choice(self.world.runs)
        who = self.chance.sample(sorted(run.rows), self.chance.randint(1, len(run.rows)))
        rows = {
            each: self.row(self.world.people[each]) if self.chance.random() < 0.5 else run.rows[each] for each in who
        }
        if rows == run.rows:
            return  # nothing would be corrected
        self.send(run.pay_date, rows, told="replaced", replaces=run.run_id)

    def late_fact(self) -> None:
        person = self.world.people[self.chance.choice(sorted(self.world.people))]
        kind = self.chance.choice(["born", "hired", "left", "wages", *self.more_facts])
        fact: census.Fact
        on = person.hired
        if kind == "born":
            person.born = date(self.chance.choice([1961, 1963, 1965, 1975, 1976, 1977, 1995]), 6, 15)
            fact = census.BirthDate(person.born)
        elif kind == "hired":
            before, person.hired = person.hired, self.hire_day()
            if person.left is not None and person.left < person.hired:
                person.hired = before
                return
            fact, on = census.Hired(instead_of=before), person.hired
        elif kind == "left":
            if person.left is not None:
                return
            person.left = self.chance.choice(self.pay_dates) - timedelta(days=self.chance.randint(0, 120))
            if person.left < person.hired:
                person.left = None
                return
            fact, on = census.Terminated(), person.left
        elif kind == "class":
            on = self.chance.choice(self.pay_dates) - timedelta(days=self.chance.randint(0, 40))
            if on <= self.told_on[person.employee_id]:
                return  # what is told with a person, or of a day before, holds for all days before
            person.classes[on] = self.chance.choice(["drivers", "drivers", "office"])
            fact = census.EmployeeClass(person.classes[on])
        else:
            year = self.chance.choice([2024, 2025])
            person.wages[year] = self.chance.choice([100_000_00, 150_000_00, 150_000_01, 200_000_00])
            fact = census.PayOfYear(
                year, census.AnnualPay(person.wages[year], person.wages[year], person.wages[year], 0)
            )
            on = date(year, 12, 31)
        self.story.append(f"late {kind} {fact} for {person.employee_id}")
        self.at(self.clock.now().date())
        learned = LateFact(person.employee_id, fact, on)
        wanted = Correction(self.sponsor, self.plan_id, self.db.ids.new(FlowId), learned)
        assert correct(self.db, actor=TESTER, correction=wanted).halted is None

    def amendment(self) -> None:
        """Other terms from a day that no payroll has seen."""
        if self.next_date >= len(self.pay_dates):
            return
        day = self.pay_dates[self.next_date] - timedelta(days=2)
        before = self.world.terms[-1][1]
        if day <= self.world.terms[-1][0]:
            return
        amended = replace(
            before, match=self.matches(self.chance), nonelective=nonelective_terms(self.chance),
            deferrals=replace(before.deferrals, sources=sources(self.chance)),
        )  # fmt: skip
        if amended == before:
            return
        self.story.append(f"amended from {day}: {amended.match} {amended.nonelective} {amended.deferrals}")
        self.at(self.clock.now().date())
        with self.db.begin(TESTER, tenants=[self.sponsor]) as tx:
            outcome = plan.amend(
                tx, tenant_id=self.sponsor, plan_id=self.plan_id, effective_on=day, provisions=amended, why="a test"
            )
        assert isinstance(outcome, plan.Amended), outcome
        self.world.terms.append((day, amended))

    def year_end(self) -> None:
        """The day's own round: plan years that are over end, where a match gives something at their end."""
        self.story.append(f"the day {self.clock.now().date()} begins")
        self.at(self.clock.now().date())
        begin_day(self.db, actor=TESTER, tenant_id=self.sponsor)
        start = self.world.terms[0][1].plan_year_start
        for run in self.world.runs:
            year = year_of(start, run.pay_date)
            after = date(year.year + 1, *start)
            last = after - timedelta(days=1)
            trued = [match for _, _, match in matches_of_year(self.world, year, last) if match and match.true_up]
            if trued and after <= self.clock.now().date():
                self.world.ended.add(last)

    # -- payrolls

    def hire_day(self) -> date:
        start = self.pay_dates[0]
        return start - timedelta(days=self.chance.choice([-60, -20, 100, 200, 300, 340, 380, 600, 2_000]))

    def rows(self, day: date) -> dict[EmployeeId, Row]:
        here = [each for each in self.world.people.values() if each.hired <= day and self.chance.random() < 0.9]
        here = here or list(self.world.people.values())[:1]
        return {each.employee_id: self.row(each) for each in here}

    def row(self, person: Person) -> Row:
        gross = self.chance.choice([4_000_00, 5_000_01, 9_999_99, 25_000_00, 60_000_00, 120_000_00])
        pre_tax = gross * self.chance.choice([0, 0, 3, 7, 15, 40]) // 100
        roth = gross * self.chance.choice([0, 0, 0, 2, 10]) // 100
        after_tax = gross * self.chance.choice([0, 0, 0, 0, 5, 30]) // 100
        coded = self.chance.choice([0, 0, 0, 0, 500_00])
        return Row(gross, pre_tax, roth, after_tax, coded, self.chance.choice([0, 0, 0, 0, 300_00]))

    def send(self, day: date, rows: dict[EmployeeId, Row], *, told: str, **how: Any) -> None:
        self.story.append(f"{told} {day} {how}: {[(str(who), row) for who, row in rows.items()]}")
        self.at(day)
        lines = [
            {
                "employee_id": str(who),
                "gross_cents": row.gross,
                "hours": "80.00",
                "pre_tax_cents": row.pre_tax,
                "roth_cents": row.roth,
                "after_tax_cents": row.after_tax,
                "pre_tax_catch_up_cents": row.coded_pre_tax,
                "roth_catch_up_cents": row.coded_roth,
            }
            for who, row in rows.items()
        ]
        content = content_of({"pay_date": day.isoformat(), "lines": lines})
        upload = Upload(self.sponsor, self.plan_id, "api.json", content, payroll.API_PROVIDER, **how)
        taken = take_in(self.db, actor=TESTER, upload=upload)
        assert isinstance(taken, Taken), taken
        if taken.already:
            return  # the same bytes are the same run
        run_id = taken.run.run_id
        if taken.run.status == runs.Status.NEEDS_CONFIRMATION:
            say_yes(self.db, actor=TESTER, tenant_id=self.sponsor, run_id=run_id)
        result = post_run(self.db, actor=TESTER, tenant_id=self.sponsor, run_id=run_id, wait=False)
        assert result.halted is None, (result.halted, self.findings(run_id))
        if "replaces" in how:
            self.world.runs = [each for each in self.world.runs if each.run_id != how["replaces"]]
        self.world.runs.append(Run(run_id, day, rows))

    def findings(self, run_id: RunId) -> list[str]:
        with self.db.begin(TESTER, tenants=[self.sponsor]) as tx:
            return [
                f"{each.code} {each.reason}" for each in runs.findings_of_run(tx, tenant_id=self.sponsor, run_id=run_id)
            ]

    # -- what must hold after each of them

    def check(self) -> None:
        """The books are the reference's, nothing is lost, and nothing that was said before changed."""
        scope: dict[str, Any] = {"tenant_id": self.sponsor, "plan_id": self.plan_id}
        wanted: Counter[tuple[EmployeeId, date, str, str]] = Counter()
        for person in self.world.people.values():
            for (day, source, reason), cents in entitled(self.world, person).items():
                wanted[person.employee_id, day, source, reason] += cents
        with self.db.begin(TESTER, tenants=[self.sponsor]) as tx:
            posted: Counter[tuple[EmployeeId, date, str, str]] = Counter()
            for each in ledger.contributions(tx, **scope, start=date(2024, 1, 1), end=date(2027, 1, 1)):
                posted[each.employee_id, each.event_on, each.source.value, ""] += each.cents
            for who, day, source, reason, cents in tx.rows(
                "select employee_id, pay_date, source, reason, cents from recordkeeping.held_v where tenant_id = %s",
                [self.sponsor],
            ):
                posted[EmployeeId(who), day, source, reason] += cents
            balances = ledger.balances(tx, **scope)
            (remitted,) = tx.one(
                "select coalesce(sum(employee_cents), 0)::bigint from payroll.remittance_v where tenant_id = %s",
                [self.sponsor],
            )
            kept = tx.rows(
                "select run_id from compliance.run where tenant_id = %s order by recorded_at, run_id", [self.sponsor]
            )
            said = [compliance.get(tx, tenant_id=self.sponsor, run_id=ComplianceRunId(each)) for (each,) in kept]
        posted = Counter({slot: cents for slot, cents in posted.items() if cents})
        assert posted == wanted, self.explain(posted, wanted)
        withheld = sum(
            row.pre_tax + row.roth + row.after_tax + row.coded_pre_tax + row.coded_roth
            for run in self.world.runs
            for row in run.rows.values()
        )
        own = sum(cents for (_, _, source, _), cents in posted.items() if source in OWN)
        assert withheld == own == remitted, self.explain()
        assert balances.total(ledger.Kind.EMPLOYER_RECEIVABLE) == sum(posted.values())
        assert balances.total(ledger.Kind.SUSPENSE) == sum(c for (_, _, _, why), c in posted.items() if why)
        assert said[: len(self.said)] == self.said, self.explain()
        self.said = said

    def explain(self, posted: Counter[Any] | None = None, wanted: Counter[Any] | None = None) -> str:
        found: Counter[Any] = Counter() if posted is None else posted
        right: Counter[Any] = Counter() if wanted is None else wanted
        apart = [
            f"{slot[0]} {slot[1]} {slot[2]} {slot[3] or 'credited'}: posted {found[slot]}, should be {right[slot]}"
            for slot in sorted({*found, *right})
            if found[slot] != right[slot]
        ]
        terms = [f"{since}: {terms}" for since, terms in self.world.terms]
        people = [str(each) for each in self.world.people.values()]
        return "\n".join(["", *apart, "TERMS", *terms, "PEOPLE", *people, "STORY", *self.story])


def sources(chance: random.Random) -> tuple[Source, ...]:
    return chance.choice(
        [(Source.PRE_TAX,), (Source.PRE_TAX, Source.ROTH), (Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)]
    )


def match_terms(chance: random.Random) -> plan.Match | None:
    if chance.random() < 0.15:
        return None
    tiers = chance.choice([((5_000, 600),), ((10_000, 300), (5_000, 500)), ((3_333, 700),)])
    return plan.Match(
        tuple(plan.MatchTier(*tier) for tier in tiers),
        source=Source.MATCH,
        period=chance.choice([plan.MatchPeriod.PAY_PERIOD, plan.MatchPeriod.PLAN_YEAR]),
        cap_cents=chance.choice([None, None, 1_500_00]),
    )


def match_in_any_form(chance: random.Random) -> plan.Match | None:
    """Any period, with and without true-up, capped by period or year, by years of service."""
    if chance.random() < 0.1:
        return None
    period = chance.choice(list(plan.MatchPeriod))
    true_up = period is not plan.MatchPeriod.PLAN_YEAR and chance.random() < 0.6
    by_period = not true_up and period is not plan.MatchPeriod.PLAN_YEAR
    service = ((1, ((10_000, 300), (5_000, 500))), (5, ((10_000, 600),)))
    tiers = chance.choice([((5_000, 600),), ((2_500, 300), (10_000, 600)), ((10_000, 400),)])
    return plan.Match(
        _tiers(tiers),
        period=period,
        cap_cents=chance.choice([None, None, 1_500_00, 4_000_00]),
        cap_per_period_cents=chance.choice([None, 200_00, 1_000_00]) if by_period else None,
        true_up=true_up,
        by_service=chance.choice([(), tuple(plan.ServiceTiers(years, _tiers(each)) for years, each in service)]),
    )


def _tiers(tiers: tuple[tuple[int, int], ...]) -> tuple[plan.MatchTier, ...]:
    return tuple(plan.MatchTier(*tier) for tier in tiers)


def nonelective_terms(chance: random.Random) -> plan.Nonelective | None:
    return chance.choice([None, None, plan.Nonelective(333)])


def machine(
    db: Database,
    clock: FixedClock,
    chance: random.Random,
    *,
    off_calendar: bool,
    matches: Callable[[random.Random], plan.Match | None] = match_terms,
    classes: bool = False,
) -> Machine:
    terms = plan.Provisions(
        adopted_on=date(2019, 1, 1),
        plan_year_start=plan.MonthDay(chance.choice([4, 7, 10]), 1) if off_calendar else plan.MonthDay(1, 1),
        eligibility=plan.Eligibility(
            minimum_age=chance.choice([0, 18, 21]),
            service_months=chance.choice([0, 3, 6, 12]),
            hours_in_year=None,
            entry=chance.choice([plan.EntryRule(each) for each in ("immediate", "monthly", "quarterly", "semiannual")]),
        ),
        deferrals=plan.Deferrals(
            sources(chance),
            chance.choice([None, 1_000, 4_000]),
            *chance.choice([(True, True), (True, False), (False, False)]),
        ),
        match=matches(chance),
        nonelective=nonelective_terms(chance),
    )
    if classes:
        terms = replace(terms, eligibility=replace(terms.eligibility, excluded_classes=("drivers",)))
    assert plan.problems(terms) == []
    start = date(2025, chance.choice([3, 5, 6, 9]), 1) if off_calendar else date(2025, 9, 1)
    pay_dates = [months_after(start, each) + timedelta(days=14) for each in range(7 if off_calendar else 8)]
    return taken_over(db, clock, chance, terms, pay_dates, matches, classes=classes)


def taken_over(
    db: Database,
    clock: FixedClock,
    chance: random.Random,
    terms: plan.Provisions,
    pay_dates: list[date],
    matches: Callable[[random.Random], plan.Match | None] = match_terms,
    *,
    classes: bool = False,
) -> Machine:
    """Four people under these terms, before their first payroll."""
    world = World([(terms.adopted_on, terms)])
    made = Machine(db, clock, chance, world, db.ids.new(SponsorId), db.ids.new(PlanId), pay_dates, matches)
    for birth_year in chance.sample([1961, 1962, 1963, 1965, 1966, 1975, 1976, 1977, 2006], 4):
        who = db.ids.new(EmployeeId)
        wages = {chance.choice([2024, 2025]): chance.choice([0, 149_999_99, 150_000_00, 150_000_01])}
        world.people[who] = Person(who, date(birth_year, chance.randint(1, 12), 15), made.hire_day(), None, wages)
    made.told_on = {who: each.hired for who, each in world.people.items()}
    made.more_facts = ("class",) * 4 if classes else ()
    take_over(db, actor=TESTER, takeover=_takeover(made, terms))
    return made


def _takeover(made: Machine, terms: plan.Provisions) -> Takeover:
    return Takeover(
        sponsor_id=made.sponsor,
        plan_id=made.plan_id,
        sponsor_name="Random",
        ein="12-3456789",
        established_on=date(2010, 1, 1),
        plan_name="Random 401(k)",
        provisions=terms,
        people=[
            census.NewEmployee(
                first_name="Somebody",
                last_name=f"Number{place}",
                ssn=f"219-11-{1000 + place}",
                birth_date=each.born,
                hired_on=each.hired,
                annual_pay={year: census.AnnualPay(cents, cents, cents, 0) for year, cents in each.wages.items()},
                employee_id=each.employee_id,
            )
            for place, each in enumerate(made.world.people.values())
        ],
        family=[],
        balances=[],
        balances_on=date(2024, 12, 31),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_books_of_a_random_year_are_what_the_rules_give_each_person(db: Database, seed: int) -> None:
    clock = FixedClock(datetime(2025, 1, 5, 15, tzinfo=UTC))
    db.clock = clock
    chance = random.Random(seed)  # noqa: S311 (a seed that replays)
    forms = seed >= WITH_FORMS
    made = machine(
        db,
        clock,
        chance,
        off_calendar=seed % 2 == 1,
        classes=seed >= WITH_CLASSES,
        matches=match_in_any_form if forms else match_terms,
    )
    made.years_end = forms
    if forms:
        made.pay_dates = made.pay_dates[2:]  # near to the end of a year
        made.payroll()
        made.payroll()
    for _ in range(STEPS):
        made.step()
        made.check()
    made.at(clock.now().date())
    assert verify(db, actor=TESTER, tenants=[made.sponsor]).problems == [], made.explain()

"""Simulated rest of a plan year: leavers, hires, pay and deferral behavior, from one seed. Not here: rules (law).

The priors are public statistics (JOLTS separations by tenure, 18 % of savers changing their rate in a year); the
plan's own pay history moves them, as counts move a gamma prior. Floats live here only: what leaves is whole cents.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from open401k import law
from open401k.law.matching import MatchFormula

from .facts import Cents, Flags, PayHistory, PlanFacts
from .year import Year

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Habits:
    """What small plans do in a year, before this plan's own history is heard."""

    leave_first_year: float = 0.45
    leave_years_two_three: float = 0.25
    leave_later: float = 0.12
    owner_leaves: float = 0.01
    turnover_weight: float = 3.0
    """As many leavers as the prior is worth."""
    rate_changes: float = 0.18
    rate_changes_weight: float = 2.0
    year_end_attention: float = 1.6
    """Elections gather around open enrollment and the new year: the last months have more than their share."""
    starts_saving: float = 0.30
    stops_saving: float = 0.15
    raises_rate: float = 0.65
    """Of those who change their rate without stopping: how many raise it."""
    raise_left: float = 0.30
    raise_mean: float = 0.035
    raise_spread: float = 0.02
    bonus_left: float = 0.25
    catches_up: float = 0.50
    participation: float = 0.60
    participation_weight: float = 3.0


@dataclass(frozen=True, slots=True)
class Intervention:
    """What a cure changes in the rest of the year: deferral rates from a day, by place (-1 in the array: unchanged)."""

    effective_on: date
    rate_bps: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where each person stands today, read from the pay history."""

    dates: tuple[date, ...]
    """Pay dates still to come."""
    per_year: float
    pay: Floats
    noise: Floats
    rate_bps: Floats
    active: Flags
    owner: Flags
    tenure: Floats
    arrives: Places
    """Index of the first coming pay date on which the person is paid; 0 for everybody who is here."""
    entry: Places
    """Index of the first coming pay date on which the person may defer; 0 for participants."""
    rate_changes: float
    """Changes seen, and the years of people in which they were seen."""
    rate_exposure: float
    left: float
    expected_left: float
    hired: float
    saves: float
    bonus_seen: bool
    raise_seen: bool


def coming_dates(history: PayHistory, last_day: date) -> tuple[date, ...]:
    """The pay dates still to come, at the rhythm of those that were.

    Gaps in whole weeks go on exactly: biweekly Fridays never gain a date that falls into the next year. Semimonthly
    and monthly dates wander by a day or two, and the last one may be the last day.
    """
    seen = history.pay_dates
    gaps = [(later - earlier).days for earlier, later in pairwise(seen)]
    weekly = all(gap % 7 == 0 for gap in gaps)
    if weekly:
        week_gap = Counter(gaps).most_common(1)[0][0] if gaps else 14
        count = (last_day - seen[-1]).days // week_gap
        return tuple(seen[-1] + timedelta(days=week_gap * (place + 1)) for place in range(count))
    gap = (seen[-1] - seen[0]).days / len(gaps)
    count = int((last_day - seen[-1]).days / gap + 0.1)
    return tuple(min(seen[-1] + timedelta(days=round(gap * (k + 1))), last_day) for k in range(count))


def start_of(facts: PlanFacts, habits: Habits) -> Start:
    """Read pay level, deferral rate and the plan's own turnover from its pay history."""
    history = facts.history
    if history is None or not history.pay_dates:
        raise ValueError("a projection needs the pay history of the plan year")
    dates = coming_dates(history, facts.plan_year.last_day)
    span = max((history.pay_dates[-1] - history.pay_dates[0]).days, 14) / 365
    per_year = max(len(history.pay_dates) - 1, 1) / span
    active = np.array([any(e.terminated_on is None for e in spans) for spans in facts.employment], dtype=np.bool_)
    hired = [max((e.hired_on for e in spans), default=facts.as_of) for spans in facts.employment]
    tenure = np.array([max((facts.as_of - day).days, 0) / 365 for day in hired])
    elapsed = max((facts.as_of - facts.plan_year.start).days, 14) / 365
    hazard = _hazard(tenure, habits)
    left = sum(
        1
        for spans in facts.employment
        if spans and all(e.terminated_on is not None for e in spans) and _left_in(spans[-1].terminated_on, facts)
    )
    pay, noise = _pay_level(history)
    rates, changes, exposure = _rates(facts, history, per_year)
    eligible = facts.eligible
    entry = np.array([_entry_index(on, dates) for on in facts.eligible_on], dtype=np.int64)
    saving = float(((rates > 0) & eligible & active).sum())
    members = float((eligible & active).sum())
    weight = habits.participation_weight
    regular = np.where(pay > 0, pay, 1)[:, None]
    return Start(
        dates=dates,
        per_year=per_year,
        pay=pay,
        noise=noise,
        rate_bps=rates,
        active=active & (pay > 0),
        owner=facts.ownership_bps > 500,
        tenure=tenure,
        arrives=np.zeros(len(facts), dtype=np.int64),
        entry=entry,
        rate_changes=changes,
        rate_exposure=exposure,
        left=float(left),
        expected_left=float(hazard[active].sum() * elapsed) + left * 0.25,
        hired=float(sum(day >= facts.plan_year.start for day in hired)) / elapsed,
        saves=(saving + weight * habits.participation) / (members + weight),
        bonus_seen=bool((history.compensation > 1.5 * regular).any(axis=1).mean() > 0.10),
        raise_seen=bool(_stepped(history).mean() > 0.4),
    )


def _left_in(day: date | None, facts: PlanFacts) -> bool:
    return day is not None and facts.plan_year.start <= day <= facts.as_of


def _hazard(tenure: Floats, habits: Habits) -> Floats:
    return np.select(
        [tenure < 1, tenure < 3], [habits.leave_first_year, habits.leave_years_two_three], habits.leave_later
    )


def _entry_index(on: date | None, dates: tuple[date, ...]) -> int:
    """``len(dates)`` for people who will not enter this year."""
    if on is None:
        return len(dates)
    return next((k for k, day in enumerate(dates) if day >= on), len(dates))


def _pay_level(history: PayHistory) -> tuple[Floats, Floats]:
    """Regular pay of a date (median of the last six with pay) and how much single dates wander about it."""
    pay = history.compensation.astype(np.float64)
    recent = np.where(pay[:, -6:] > 0, pay[:, -6:], np.nan)
    filled = np.where(np.isnan(recent).all(axis=1, keepdims=True), 0.0, recent)
    level = np.nanmedian(filled, axis=1)
    # No pay on the last two dates: on leave or gone without notice; either way not paid next time.
    level = np.where((pay[:, -2:] == 0).all(axis=1), 0.0, level)
    scale = np.where(level > 0, level, 1.0)[:, None]
    relative = np.where(pay > 0, np.clip(pay / scale, 0.6, 1.4), 1.0)
    return level, relative.std(axis=1)


def _stepped(history: PayHistory) -> Flags:
    """Whose regular pay rose by more than a percent between the first and the last dates of the year."""
    pay = history.compensation.astype(np.float64)
    first = np.nanmedian(np.where(pay[:, :3] > 0, pay[:, :3], 0.0), axis=1)
    last = np.nanmedian(np.where(pay[:, -3:] > 0, pay[:, -3:], 0.0), axis=1)
    rose: Flags = (first > 0) & (last > first * 1.01) & (last < first * 1.25)
    return rose


def _rates(facts: PlanFacts, history: PayHistory, per_year: float) -> tuple[Floats, float, float]:
    """Each person's deferral rate now, the changes seen and the years of people they were seen in."""
    pay = history.compensation.astype(np.float64)
    deferred = history.deferrals.astype(np.float64)
    rate = np.where(pay > 0, deferred / np.where(pay > 0, pay, 1.0) * 10_000, np.nan)
    # Whoever stopped at the end after deferring a lot met a limit: the election behind it is the earlier rate.
    current = np.zeros(len(pay))
    changes, exposure = 0.0, 0.0
    for i, row in enumerate(rate):
        # Before entry there is nothing to change, and the first election is not a change of one.
        entered = facts.eligible_on[i] or facts.plan_year.end
        since = sum(day < entered for day in history.pay_dates)
        known = row[since:][~np.isnan(row[since:])]
        if not len(known):
            continue
        current[i] = known[-1]
        exposure += (len(known) - 1) / per_year
        changes += int((np.abs(np.diff(known)) > np.maximum(50, 0.05 * known[:-1])).sum())
    return current, changes, exposure


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Every random number of the simulation, drawn at once: people on the last axis."""

    leaves_at: Floats
    changes_at: Floats
    new_rate: Floats
    first_rate: Floats
    level: Floats
    raise_at: Places
    raised: Floats
    bonus_at: Places
    bonus: Floats
    catches_up: Flags
    in_plan_from: Places


def simulate(
    facts: PlanFacts,
    year: Year,
    *,
    seed: int,
    scenarios: int,
    habits: Habits | None = None,
    intervention: Intervention | None = None,
) -> Year:
    """As many year-ends as ``scenarios``, people (and the hires of the rest of the year) on the last axis."""
    habits = habits or Habits()
    rng = np.random.default_rng(seed)
    begin = start_of(facts, habits)
    begin, year, facts_people = _with_hires(facts, begin, year, rng)
    draws = _draw(begin, rng, scenarios, habits, facts_people)
    return _run(facts, begin, year, draws, intervention)


def _with_hires(facts: PlanFacts, begin: Start, year: Year, rng: np.random.Generator) -> tuple[Start, Year, int]:
    """Add places for people not hired yet, as many as may come in before the year ends and enter the plan."""
    people = len(facts)
    months_left = (facts.plan_year.last_day - facts.as_of).days / 30.4 - facts.provisions.eligibility.service_months
    expected = begin.hired * max(months_left, 0) / 12
    extra = int(np.ceil(expected + 2 * np.sqrt(expected))) if expected > 0.05 else 0
    if not extra:
        return begin, year, people
    staff = np.sort(begin.pay[(begin.pay > 0) & ~begin.owner])
    median = float(np.median(staff)) if len(staff) else 150_000.0
    last = len(begin.dates)
    month = rng.uniform(0, max(months_left, 0), extra)
    arrives = (month / 12 * begin.per_year).astype(np.int64)
    waits = (month + facts.provisions.eligibility.service_months) / 12 * begin.per_year
    entry = np.minimum(np.maximum(waits.astype(np.int64), 1), last)
    grown = replace(
        begin,
        pay=np.append(begin.pay, median * rng.lognormal(0, 0.3, extra)),
        noise=np.append(begin.noise, np.zeros(extra)),
        rate_bps=np.append(begin.rate_bps, np.zeros(extra)),
        active=np.append(begin.active, np.ones(extra, dtype=np.bool_)),
        owner=np.append(begin.owner, np.zeros(extra, dtype=np.bool_)),
        tenure=np.append(begin.tenure, np.zeros(extra)),
        arrives=np.append(begin.arrives, arrives),
        entry=np.append(begin.entry, entry),
    )
    return grown, _padded(year, extra), people


def _padded(year: Year, extra: int) -> Year:
    """Room for people not hired yet: nothing so far, aged 35, neither HCE nor key in this year."""
    zeros = np.zeros(extra, dtype=np.int64)
    no = np.zeros(extra, dtype=np.bool_)
    return replace(
        year,
        compensation=np.append(year.compensation, zeros),
        section_415=np.append(year.section_415, zeros),
        deferrals=np.append(year.deferrals, zeros),
        calendar_deferrals=np.append(year.calendar_deferrals, zeros),
        after_tax=np.append(year.after_tax, zeros),
        match=np.append(year.match, zeros),
        nonelective=np.append(year.nonelective, zeros),
        qnec=np.append(year.qnec, zeros),
        balances=np.append(year.balances, zeros),
        ages=np.append(year.ages, zeros + 35),
        eligible=np.append(year.eligible, no),
        class_excluded=np.append(year.class_excluded, no),
        served_before=np.append(year.served_before, no),
        roth=np.append(year.roth, zeros),
        is_hce=np.append(year.is_hce, no),
        is_key=np.append(year.is_key, no),
        roth_required=np.append(year.roth_required, no),
    )


def _draw(begin: Start, rng: np.random.Generator, scenarios: int, habits: Habits, known_people: int) -> _Draws:
    people, count = len(begin.pay), len(begin.dates)
    shape = (scenarios, people)
    left_fraction = count / begin.per_year
    weight = habits.turnover_weight
    turnover = rng.gamma(weight + begin.left, 1 / (weight + begin.expected_left), (scenarios, 1))
    hazard = np.where(begin.owner, habits.owner_leaves, _hazard(begin.tenure, habits) * turnover)
    weight = habits.rate_changes_weight
    attention = rng.gamma(
        weight + begin.rate_changes, 1 / (weight / habits.rate_changes + begin.rate_exposure), (scenarios, 1)
    )
    saver = begin.rate_bps > 0
    attention = attention * habits.year_end_attention
    pace = np.where(saver, attention, attention * habits.starts_saving / habits.rate_changes)
    fresh = np.rint(rng.gamma(2.2, 600 / 2.2, shape) / 100) * 100
    # One share for all who come in, itself uncertain: neighbors follow each other.
    share = rng.beta(begin.saves * 6, (1 - begin.saves) * 6, (scenarios, 1))
    enters = rng.random(shape) < share
    bonus_paid = rng.random((scenarios, 1)) < habits.bonus_left * (0.3 if begin.bonus_seen else 1.0)
    gets = rng.random(shape) < rng.beta(0.8, 1.6, (scenarios, 1))
    raise_paid = rng.random((scenarios, 1)) < habits.raise_left * (0.2 if begin.raise_seen else 1.0)
    comes = np.ones(shape, dtype=np.bool_)
    comes[:, known_people:] = rng.random((scenarios, people - known_people)) < 0.6
    return _Draws(
        leaves_at=rng.exponential(1.0, shape) / np.maximum(hazard, 1e-9) * begin.per_year,
        changes_at=rng.exponential(1.0, shape) / np.maximum(pace, 1e-9) * begin.per_year,
        new_rate=np.where(saver, _moved(begin.rate_bps, rng, shape, habits), np.maximum(fresh, 100)),
        first_rate=np.where(enters, np.maximum(fresh, 100), 0.0),
        level=np.maximum(1 + begin.noise * rng.normal(0, 1, shape) * 0.6, 0.2),
        raise_at=rng.integers(0, max(count, 1), (scenarios, 1)),
        raised=np.where(raise_paid, rng.normal(habits.raise_mean, habits.raise_spread, shape), 0.0),
        bonus_at=rng.integers(int(max(count - left_fraction * 12, 0)), max(count, 1), (scenarios, 1)),
        bonus=np.where(bonus_paid & gets, rng.uniform(0.02, 0.15, shape), 0.0) * begin.pay * begin.per_year,
        catches_up=rng.random(shape) < habits.catches_up,
        in_plan_from=np.where(comes, begin.entry, count),
    )


def _moved(rate: Floats, rng: np.random.Generator, shape: tuple[int, int], habits: Habits) -> Floats:
    """A saver's next election: stopped, raised or lowered by one to three points."""
    step = rng.integers(1, 4, shape) * 100.0
    up = rng.random(shape) < habits.raises_rate
    moved = np.maximum(rate + np.where(up, step, -step), 0.0)
    return np.where(rng.random(shape) < habits.stops_saving, 0.0, moved)


def _run(facts: PlanFacts, begin: Start, year: Year, draws: _Draws, intervention: Intervention | None) -> Year:
    """Pay and defer on every coming date, stopping at the limits of the law."""
    shape = draws.new_rate.shape
    limits = year.deferral_limits()
    over = year.calendar_deferrals > limits.regular
    pace_over = year.calendar_deferrals + begin.rate_bps / 10_000 * begin.pay * len(begin.dates) > limits.regular
    may_catch_up = over | (draws.catches_up & pace_over)
    base_room = np.broadcast_to(np.where(may_catch_up, limits.total, limits.regular), shape)
    compensation = np.broadcast_to(year.compensation, shape).copy()
    deferrals = np.broadcast_to(year.deferrals, shape).copy()
    calendar = np.broadcast_to(year.calendar_deferrals, shape).copy()
    match = np.broadcast_to(year.match, shape).copy()
    formula = _formula(facts)
    pay_cap = law.compensation.annual_cap(year.plan_year)
    year_of_last = facts.calendar_year.year
    for k, day in enumerate(begin.dates):
        if day.year != year_of_last:
            calendar[:] = 0
            year_of_last = day.year
        pay = _pay_on(begin, draws, k)
        wanted = np.rint(pay * _rate_on(begin, draws, k, intervention, day) / 10_000).astype(np.int64)
        deferred = np.minimum(wanted, np.maximum(base_room - calendar, 0))
        paid = pay.astype(np.int64)
        if formula is not None:
            counted = law.compensation.period_share(before=compensation, period=paid, cap=pay_cap)
            match += np.where(
                draws.in_plan_from <= k,
                law.matching.match_of_period(
                    deferrals=deferred, compensation=counted, matched_before=match, formula=formula
                ),
                0,
            )
        compensation += paid
        deferrals += deferred
        calendar += deferred
    later = compensation - year.compensation
    return replace(
        year,
        compensation=compensation,
        section_415=year.section_415 + later,
        deferrals=deferrals,
        calendar_deferrals=calendar,
        match=_trued_up(facts, match, deferrals, compensation, pay_cap),
        nonelective=year.nonelective + _nonelective(facts, year, compensation, pay_cap),
        eligible=year.eligible | ((draws.in_plan_from < len(begin.dates)) & (draws.leaves_at > draws.in_plan_from)),
    )


def _pay_on(begin: Start, draws: _Draws, k: int) -> Floats:
    """Pay of the k-th coming date: nothing for those who have left or have not come."""
    here = begin.active & (draws.leaves_at > k) & (begin.arrives <= k)
    factor = draws.level * (1 + np.where(draws.raise_at <= k, draws.raised, 0.0))
    return np.where(here, np.rint(begin.pay * factor + np.where(draws.bonus_at == k, draws.bonus, 0.0)), 0.0)


def _rate_on(begin: Start, draws: _Draws, k: int, intervention: Intervention | None, day: date) -> Floats:
    """Deferral rate of the k-th coming date, in basis points."""
    rate = np.where(begin.entry == 0, begin.rate_bps, draws.first_rate)
    rate = np.where(draws.changes_at <= k, draws.new_rate, rate)
    return _intervened(np.where(draws.in_plan_from <= k, rate, 0.0), intervention, day)


def _intervened(rate: Floats, intervention: Intervention | None, day: date) -> Floats:
    if intervention is None or day < intervention.effective_on:
        return rate
    ruled = np.full(rate.shape[-1], -1, dtype=np.int64)
    ruled[: len(intervention.rate_bps)] = intervention.rate_bps
    return np.where(ruled >= 0, ruled, rate)


def _formula(facts: PlanFacts) -> MatchFormula | None:
    match = facts.provisions.match
    return None if match is None else MatchFormula.of(match.tiers, match.cap_cents)


def _trued_up(facts: PlanFacts, match: Cents, deferrals: Cents, compensation: Cents, cap: int) -> Cents:
    formula = _formula(facts)
    if formula is None or facts.provisions.match is None or facts.provisions.match.period.value != "plan_year":
        return match
    counted = law.compensation.capped(compensation, cap)
    return match + law.matching.true_up(
        deferrals_of_year=deferrals, compensation_of_year=counted, matched=match, formula=formula
    )


def _nonelective(facts: PlanFacts, year: Year, compensation: Cents, cap: int) -> Cents:
    """What the plan's nonelective adds on the pay still to come."""
    given = facts.provisions.nonelective
    if given is None:
        return np.zeros_like(compensation)
    whole = law.matching.nonelective(law.compensation.capped(compensation, cap), given.rate_bps)
    so_far = law.matching.nonelective(law.compensation.capped(year.compensation, cap), given.rate_bps)
    added: Cents = np.where(year.eligible, whole - so_far, 0)
    return added

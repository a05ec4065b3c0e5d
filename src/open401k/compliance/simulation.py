"""Simulated rest of a plan year: leavers, hires, pay and deferral behavior, from one seed. Not here: rules (law).

Floats live here and where it begins (outset.py) only: what leaves is whole cents.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from open401k import law
from open401k.law import NotEnacted
from open401k.law.deferrals import DeferralSplit
from open401k.plan import Kind

from . import receiving
from .additions_ahead import as_far_as_given
from .elsewhere import Elsewhere
from .facts import Cents, Flags, PlanFacts, Receiving
from .match_to_come import MatchToCome
from .outset import Floats, Habits, Places, Start, hazard_of, start_of
from .pay_to_come import OtherPay
from .year import Year
from .year_end_money import counted_of_year, counted_pay, match_received, nonelective_to_come


@dataclass(frozen=True, slots=True)
class Intervention:
    """What a cure changes in the rest of the year: rates from a day, by place (-1 in an array: unchanged)."""

    effective_on: date
    rate_bps: npt.NDArray[np.int64]
    after_tax_bps: npt.NDArray[np.int64] | None = None
    """The same for after-tax contributions."""
    as_roth: Flags | None = None
    """Whose deferrals are all designated Roth from that day on."""
    since: npt.NDArray[np.int64] | None = None  # another first day for each person, as the ordinal of its date
    until: date = date.max  # the first day on which it has ended

    def of(self, places: Places) -> Intervention:
        """The same for these people alone."""
        after_tax, as_roth, since = self.after_tax_bps, self.as_roth, self.since
        return replace(
            self,
            rate_bps=self.rate_bps[places],
            after_tax_bps=None if after_tax is None else after_tax[places],
            as_roth=None if as_roth is None else as_roth[places],
            since=None if since is None else since[places],
        )

    def ruled(self, day: date, size: int, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """These values for the people they are for by that day; -1 for everybody else."""
        out = np.full(size, -1, dtype=np.int64)
        begun = day >= self.effective_on if self.since is None else self.since <= day.toordinal()
        out[: len(values)] = np.where(begun & (day < self.until), values, -1)
        return out


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


_NESTED = (DeferralSplit, Elsewhere, OtherPay, Receiving)
_Columns = TypeVar("_Columns", Start, Year, _Draws, DeferralSplit, Elsewhere, OtherPay, Receiving)


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
    return drawn(facts, year, seed=seed, scenarios=scenarios, habits=habits).ends(intervention)


def drawn(facts: PlanFacts, year: Year, *, seed: int, scenarios: int, habits: Habits | None = None) -> Simulation:
    """A simulation with all of its random numbers, to be run under one rule after the other."""
    habits = habits or Habits()
    rng = np.random.default_rng(seed)
    begin = start_of(facts, year, habits)
    begin, year, facts_people = _with_hires(facts, begin, year, rng)
    scenarios = scenarios if begin.dates or facts.as_of < facts.plan_year.last_day else 1  # over: all are the same one
    return Simulation(facts, begin, year, _draw(begin, rng, scenarios, habits, facts_people))


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Where everybody stands and what chance does to them: the same, whatever an intervention changes."""

    facts: PlanFacts
    begin: Start
    year: Year
    draws: _Draws

    def ends(self, intervention: Intervention | None = None) -> Year:
        """The year-ends under an intervention, or under none."""
        return _run(self.facts, self.begin, self.year, self.draws, intervention)

    def ends_of(self, places: Places, intervention: Intervention) -> Year:
        """The same year-ends of these people alone: nobody's elections change what becomes of somebody else."""
        size = len(self.begin.pay)
        begin, year = _only(self.begin, size, places), _only(self.year, size, places)
        draws = _only(self.draws, size, places)
        return _run(self.facts, begin, year, draws, intervention.of(places))


def _only(columns: _Columns, size: int, places: Places) -> _Columns:
    """These people's part of every array that has people on its last axis."""
    mine: dict[str, Any] = {}
    for each in fields(columns):
        value = getattr(columns, each.name)
        if isinstance(value, np.ndarray) and value.ndim and value.shape[-1] == size:
            mine[each.name] = value[..., places]
        elif type(value) in _NESTED:
            mine[each.name] = _only(value, size, places)
    return replace(columns, **mine)


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
    last, month = len(begin.dates), rng.uniform(0, max(months_left, 0), extra)
    arrives = (month / 12 * begin.per_year).astype(np.int64)

    def entering(kind: Kind) -> Places:
        waits = (month + facts.provisions.eligibility_of(kind).service_months) / 12 * begin.per_year
        return np.minimum(np.maximum(waits.astype(np.int64), 1), last)

    def grown_from(known: Places | None, kind: Kind) -> Places | None:
        return None if known is None else np.append(known, entering(kind))

    entry = entering(Kind.DEFERRALS)
    grown = replace(
        begin,
        pay=np.append(begin.pay, median * rng.lognormal(0, 0.3, extra)),
        noise=np.append(begin.noise, np.zeros(extra)),
        rate_bps=np.append(begin.rate_bps, np.zeros(extra)),
        after_tax_bps=np.append(begin.after_tax_bps, np.zeros(extra)),
        roth_share=np.append(begin.roth_share, np.zeros(extra)),
        active=np.append(begin.active, np.ones(extra, dtype=np.bool_)),
        owner=np.append(begin.owner, np.zeros(extra, dtype=np.bool_)),
        tenure=np.append(begin.tenure, np.zeros(extra)),
        arrives=np.append(begin.arrives, arrives),
        entry=np.append(begin.entry, entry),
        kept_out=np.append(begin.kept_out, np.full(extra, last)),
        tested_from=grown_from(begin.tested_from, Kind.DEFERRALS),
        matched_from=grown_from(begin.matched_from, Kind.MATCH),
        given_from=grown_from(begin.given_from, Kind.NONELECTIVE),
        match_pay=None if begin.match_pay is None else begin.match_pay.padded(extra),
        nonelective_pay=None if begin.nonelective_pay is None else begin.nonelective_pay.padded(extra),
        early_deferred=None
        if begin.early_deferred is None
        else np.append(begin.early_deferred, np.zeros_like(arrives)),
        early_paid=None if begin.early_paid is None else np.append(begin.early_paid, np.zeros_like(arrives)),
        early_given=None if begin.early_given is None else np.append(begin.early_given, np.zeros_like(arrives)),
    )
    return grown, _padded(year, extra), people


def _padded(year: Year, extra: int) -> Year:
    """Room for people not hired yet: nothing so far, aged 35, neither HCE nor key in this year."""
    zeros, no = np.zeros(extra, dtype=np.int64), np.zeros(extra, dtype=np.bool_)
    return replace(
        year,
        compensation=np.append(year.compensation, zeros),
        section_415=np.append(year.section_415, zeros),
        deferrals=np.append(year.deferrals, zeros),
        calendar_deferrals=np.append(year.calendar_deferrals, zeros),
        calendar_before=np.append(year.calendar_before, zeros),
        calendar_after=np.append(year.calendar_after, zeros),
        earlier=DeferralSplit(
            np.append(year.earlier.regular, zeros),
            np.append(year.earlier.catch_up, zeros),
            np.append(year.earlier.excess, zeros),
        ),
        later=np.append(year.later, zeros),
        elected=np.append(year.elected, zeros),
        here=np.append(year.here, no),
        after_tax=np.append(year.after_tax, zeros),
        match=np.append(year.match, zeros),
        nonelective=np.append(year.nonelective, zeros),
        qnec=np.append(year.qnec, zeros),
        balances=np.append(year.balances, zeros),
        ages=np.append(year.ages, zeros + 35),
        eligible=np.append(year.eligible, no),
        class_excluded=np.append(year.class_excluded, no),
        in_match=None if year.in_match is None else np.append(year.in_match, no),
        in_nonelective=None if year.in_nonelective is None else np.append(year.in_nonelective, no),
        match_kept_out=None if year.match_kept_out is None else np.append(year.match_kept_out, no),
        nonelective_kept_out=None if year.nonelective_kept_out is None else np.append(year.nonelective_kept_out, no),
        served_before=np.append(year.served_before, no),
        former_key=np.append(year.former_key, no),
        loan_matched=None if year.loan_matched is None else np.append(year.loan_matched, no),
        roth=np.append(year.roth, zeros),
        is_hce=np.append(year.is_hce, no),
        is_key=np.append(year.is_key, no),
        fica_prior=np.append(year.fica_prior, zeros),
        elsewhere=None if year.elsewhere is None else year.elsewhere.padded(extra),
        corrective=None if year.corrective is None else np.append(year.corrective, zeros),
        receiving=None if year.receiving is None else receiving.padded(year.receiving, extra),
    )


def _draw(begin: Start, rng: np.random.Generator, scenarios: int, habits: Habits, known_people: int) -> _Draws:
    people, count = len(begin.pay), len(begin.dates)
    shape = (scenarios, people)
    left_fraction = count / begin.per_year
    weight = habits.turnover_weight
    turnover = rng.gamma(weight + begin.left, 1 / (weight + begin.expected_left), (scenarios, 1))
    hazard = np.where(begin.owner, habits.owner_leaves, hazard_of(begin.tenure, habits) * turnover)
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
    rooms = _rooms(begin, year, draws)
    sums = _Sums(year, draws.new_rate.shape)
    match = None if facts.provisions.match is None else MatchToCome(facts, begin)
    pay_cap, given_from = law.compensation.annual_cap(year.plan_year), _given_from(begin, draws)
    for k, day in enumerate(begin.dates):
        if k == begin.in_plan_year:
            sums.end_plan_year()
        if day.year != sums.calendar_year:
            sums.end_calendar_year(day.year)
        pay = _pay_on(begin, draws, k)
        paid = pay.astype(np.int64)
        wanted = np.rint(pay * _rate_on(begin, draws, k, intervention, day) / 10_000).astype(np.int64)
        deferred = np.minimum(wanted, rooms[day.year].left(sums, paid))
        if match is not None:
            before, period = sums.for_match(begin.match_pay, year, paid)
            counted = law.compensation.period_share(before=before, period=period, cap=pay_cap)
            due = match.due(
                day,
                deferred=rooms[day.year].matched(match, sums.calendar, deferred),
                counted=counted,
                matched_before=sums.match,
                early=None if begin.matched_from is None else begin.matched_from > k,
            )
            sums.match += np.where(draws.in_plan_from <= k, due, 0)
        if given_from is not None and k < begin.in_plan_year:
            sums.given_pay += np.where(given_from <= k, paid, 0)
        sums.after_tax += np.rint(pay * _after_tax_on(begin, intervention, day) / 10_000).astype(np.int64)
        sums.compensation += paid
        sums.deferrals += deferred
        sums.calendar += deferred
        if day.year == facts.calendar_year.year:
            taken = deferred if begin.stops else wanted
            sums.elected += taken
            sums.roth += np.rint(taken * _roth_on(begin, intervention, day)).astype(np.int64)
    return as_far_as_given(_ended(facts, begin, year, draws, sums, match, rooms), year)


class _Sums:
    """What adds up over the coming dates, year-ends down and people across."""

    def __init__(self, year: Year, shape: tuple[int, ...]) -> None:
        def of(column: Cents) -> Cents:
            return np.broadcast_to(column, shape).copy()

        self.compensation, self.deferrals, self.match = of(year.compensation), of(year.deferrals), of(year.match)
        self.calendar, self.elected = of(year.calendar_deferrals), of(year.elected)
        self.after_tax, self.roth = of(year.after_tax), of(year.roth)
        self.given_pay = np.zeros(shape, dtype=np.int64)
        """Pay of the plan year's coming dates on which people have entered for nonelective money."""
        self.calendar_year = year.calendar_year.year
        self.of_plan_year: tuple[Cents, Cents, Cents, Cents] | None = None
        self.first_calendar: Cents | None = None

    def for_match(self, other: OtherPay | None, year: Year, paid: Cents) -> tuple[Cents, Cents]:
        """Pay before a date and of it, as the match counts them."""
        if other is None:
            return self.compensation, paid
        if self.of_plan_year is not None:
            return other.of(self.compensation), other.of(paid)
        return other.to_date(self.compensation, year.compensation), other.of(paid)

    def end_plan_year(self) -> None:
        """Keep the sums of the plan year; those of the next one begin at nothing."""
        self.of_plan_year = self.compensation, self.deferrals, self.match, self.after_tax
        self.compensation, self.deferrals, self.match, self.after_tax = (np.zeros_like(self.match) for _ in range(4))

    def end_calendar_year(self, following: int) -> None:
        """Keep the deferrals of the calendar year; the next one begins with none."""
        self.first_calendar, self.calendar, self.calendar_year = self.calendar, np.zeros_like(self.calendar), following


@dataclass(frozen=True, slots=True, eq=False)
class _Room:
    """Up to where each person defers in a calendar year, if payroll stops there."""

    regular: Cents
    catch_up: Cents
    max_bps_of_pay: int | None
    whole: bool

    def matched(self, match: MatchToCome, before: Cents, deferred: Cents) -> Cents:
        """What of these deferrals the match counts."""
        return match.matched(regular_limit=self.regular, before=before, deferred=deferred)

    def left(self, sums: _Sums, paid: Cents) -> Cents:
        """What is left by now: the plan's own limit grows with pay, and catch-up is on top of the lower of both."""
        regular = self.regular
        own = None if self.max_bps_of_pay is None else (sums.compensation + paid) * self.max_bps_of_pay // 10_000
        if own is not None and self.whole:
            regular = np.minimum(regular, own)
        left = regular + self.catch_up - sums.calendar
        if own is not None and not self.whole:
            left = np.minimum(left, own + self.catch_up - sums.deferrals)
        room: Cents = np.maximum(left, 0)
        return room


def _rooms(begin: Start, year: Year, draws: _Draws) -> dict[int, _Room]:
    """The room of each calendar year of the coming dates; without limit where that is not on file.

    Whether anybody passes a limit that is still to come, and the test with it is refused, is asked of the year-ends.
    """
    rooms: dict[int, _Room] = {}
    for calendar in sorted({day.year for day in begin.dates}):
        now = calendar == year.calendar_year.year
        so_far = year.calendar_deferrals if now else np.zeros_like(year.calendar_deferrals)
        try:
            limits = replace(year, max_bps_of_pay=None).deferral_limits() if now else year.next_limits()
        except NotEnacted:
            boundless, none = np.full_like(so_far, np.iinfo(np.int64).max // 4), np.zeros_like(so_far)
            rooms[calendar] = _Room(boundless, none, year.max_bps_of_pay, year.whole)
            continue
        dates = sum(day.year == calendar for day in begin.dates)
        over = so_far > limits.regular
        pace_over = so_far + begin.rate_bps / 10_000 * begin.pay * dates > limits.regular
        may_catch_up = over | (draws.catches_up & pace_over)
        catch_up = np.where(may_catch_up, limits.catch_up, 0)
        rooms[calendar] = _Room(limits.regular, catch_up, year.max_bps_of_pay, year.whole)
    return rooms


def _ended(
    facts: PlanFacts,
    begin: Start,
    year: Year,
    draws: _Draws,
    sums: _Sums,
    to_come: MatchToCome | None,
    rooms: dict[int, _Room],
) -> Year:
    """The year as it ended: the sums of its dates, and what is computed once over all of them."""
    cap = law.compensation.annual_cap(year.plan_year)
    count = begin.in_plan_year
    running = sums.compensation, sums.deferrals, sums.match, sums.after_tax
    compensation, deferrals, match, after_tax = running if sums.of_plan_year is None else sums.of_plan_year
    if to_come is not None:
        counted = law.compensation.capped(counted_of_year(begin.match_pay, year, compensation), cap)
        # Another plan year matches catch-up, or is not trued up.
        room = rooms[begin.dates[0].year] if begin.dates else None
        matched = deferrals if room is None else room.matched(to_come, np.zeros_like(deferrals), deferrals)
        match = to_come.trued_up(match, deferrals=matched, counted=counted)
    nothing = np.zeros_like(sums.calendar)
    entered = partial(_entered_by_end, draws, count)
    kept_out = (begin.kept_out < count) & (draws.leaves_at > begin.kept_out)
    # Who is on unpaid leave today is still employed on the last day, and in nobody's way to be there.
    here = (year.here | begin.active) & (draws.leaves_at >= count) & (begin.arrives <= count)
    receives = None if year.receiving is None else receiving.at_end(year.receiving, here)
    given = nonelective_to_come(facts, year, counted_pay(begin, year, compensation, sums.given_pay), cap, receives)
    return replace(
        year,
        as_of=year.plan_year.last_day,
        compensation=compensation,
        section_415=year.section_415 + compensation - year.compensation,
        deferrals=deferrals,
        calendar_deferrals=sums.calendar if sums.first_calendar is None else sums.first_calendar,
        calendar_after=nothing if sums.of_plan_year is None else sums.deferrals,
        later=nothing if sums.first_calendar is None else sums.calendar,
        elected=sums.elected,
        roth=sums.roth,
        after_tax=after_tax,
        match=match_received(facts, year, match, receives),
        nonelective=year.nonelective + given,
        eligible=entered(year.eligible, begin.tested_from),
        in_match=None if year.in_match is None else entered(year.in_match, begin.matched_from),
        in_nonelective=None if year.in_nonelective is None else entered(year.in_nonelective, begin.given_from),
        class_excluded=year.class_excluded | kept_out,
        match_kept_out=None if year.match_kept_out is None else year.match_kept_out | kept_out,
        nonelective_kept_out=None if year.nonelective_kept_out is None else year.nonelective_kept_out | kept_out,
        here=here,
        receiving=receives,
    )


def _given_from(begin: Start, draws: _Draws) -> Places | None:
    """The coming date from which the pay of each counts for nonelective money; None: all pay of the year does."""
    if begin.early_given is None:
        return None
    return draws.in_plan_from if begin.given_from is None else np.maximum(draws.in_plan_from, begin.given_from)


def _entered_by_end(draws: _Draws, count: int, now: Flags, entry: Places | None) -> Flags:
    of_kind = draws.in_plan_from if entry is None else np.maximum(draws.in_plan_from, entry)
    return now | ((of_kind < count) & (draws.leaves_at > of_kind))


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
    ruled = intervention.ruled(day, rate.shape[-1], intervention.rate_bps)
    return np.where(ruled >= 0, ruled, rate)


def _after_tax_on(begin: Start, intervention: Intervention | None, day: date) -> Floats:
    """After-tax rate of a coming date: nobody is expected to change it unless a cure does."""
    if intervention is None or intervention.after_tax_bps is None or day < intervention.effective_on:
        return begin.after_tax_bps
    ruled = intervention.ruled(day, len(begin.after_tax_bps), intervention.after_tax_bps)
    return np.where(ruled >= 0, ruled, begin.after_tax_bps)


def _roth_on(begin: Start, intervention: Intervention | None, day: date) -> Floats:
    """Part of the deferrals of a coming date that is Roth."""
    if intervention is None or intervention.as_roth is None or day < intervention.effective_on:
        return begin.roth_share
    ruled = intervention.ruled(day, len(begin.roth_share), intervention.as_roth.astype(np.int64))
    return np.where(ruled > 0, 1.0, begin.roth_share)

"""Where a simulation begins: pay level, deferral rates and turnover, read from a plan's own pay history.

The priors are public statistics (JOLTS separations by tenure, 18 % of savers changing their rate in a year); the
plan's own pay history moves them, as counts move a gamma prior. Not here: the rest of the year (simulation.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from open401k.law import NotEnacted

from .facts import Cents, Flags, PayHistory, PlanFacts
from .pay_rhythm import dates_expected, dates_seen
from .pay_to_come import OtherPay, other_pay
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


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where each person stands today, read from the pay history."""

    dates: tuple[date, ...]
    """Pay dates still to come in the plan year and in the calendar year."""
    in_plan_year: int
    """How many of them are in the plan year; those after it count for 402(g) alone."""
    per_year: float
    pay: Floats
    noise: Floats
    rate_bps: Floats
    after_tax_bps: Floats
    roth_share: Floats
    """Part of the deferrals that is designated Roth, on the last date with any."""
    stops: bool
    """Whether the payroll has been seen to stop somebody at the limit of a year by itself."""
    active: Flags
    owner: Flags
    tenure: Floats
    arrives: Places
    """Index of the first coming pay date on which the person is paid; 0 for everybody who is here."""
    entry: Places
    """Index of the first coming pay date on which the person may defer; 0 for participants."""
    kept_out: Places
    """Index of the first coming pay date on which class alone keeps the person out; for others, the number of dates."""
    rate_changes: float
    """Changes seen, and the years of people in which they were seen."""
    rate_exposure: float
    left: float
    expected_left: float
    hired: float
    saves: float
    bonus_seen: bool
    raise_seen: bool
    tested_from: Places | None = None
    """As ``entry``, from which the tests count the person; None: from ``entry`` on."""
    matched_from: Places | None = None
    """As ``entry``, for the match."""
    given_from: Places | None = None
    """As ``entry``, for nonelective money."""
    early_deferred: Cents | None = None
    """Deferrals and pay of the plan year's dates so far on which people had not entered for the match."""
    early_paid: Cents | None = None
    match_pay: OtherPay | None = None
    """What the match counts of pay, where that is not what deferrals count."""
    nonelective_pay: OtherPay | None = None
    early_given: Cents | None = None
    """Pay of those dates before people had entered for nonelective money; None: the whole year's pay counts for it."""


def start_of(facts: PlanFacts, year: Year, habits: Habits) -> Start:
    """Read pay level, deferral rate and the plan's own turnover from its pay history."""
    history = facts.history
    if history is None or not history.pay_dates:
        raise ValueError("a projection needs the pay history of the plan year")
    seen = dates_seen(facts)
    dates = dates_expected(facts)
    per_year = max(len(seen) - 1, 1) * 365 / max((seen[-1] - seen[0]).days, 1)
    active = np.array([any(e.terminated_on is None for e in spans) for spans in facts.employment], dtype=np.bool_)
    hired = [max((e.hired_on for e in spans), default=facts.as_of) for spans in facts.employment]
    tenure = np.array([max((facts.as_of - day).days, 0) / 365 for day in hired])
    elapsed = max((facts.as_of - facts.plan_year.start).days, 14) / 365
    hazard = hazard_of(tenure, habits)
    left = _left_so_far(facts)
    pay, noise = _pay_level(history)
    rates, changes, exposure = _rates(facts, history, per_year)
    entry = _entry_indexes(facts.eligible_on, dates)
    saving = float(((rates > 0) & facts.eligible & active).sum())
    members = float((facts.eligible & active).sum())
    weight, regular = habits.participation_weight, np.where(pay > 0, pay, 1)[:, None]
    return Start(
        dates=dates,
        in_plan_year=sum(day in facts.plan_year for day in dates),
        per_year=per_year,
        pay=pay,
        noise=noise,
        rate_bps=rates,
        after_tax_bps=_last_share(history.after_tax, history.compensation) * 10_000,
        roth_share=_last_share(history.roth, history.deferrals),
        stops=_stops(year, history),
        active=active & (pay > 0),
        owner=facts.ownership_bps > 500,
        tenure=tenure,
        arrives=np.zeros(len(facts), dtype=np.int64),
        entry=entry,
        kept_out=_kept_out(facts, dates),
        rate_changes=changes,
        rate_exposure=exposure,
        left=float(left),
        expected_left=float(hazard[active].sum() * elapsed) + left * 0.25,
        hired=float(sum(day >= facts.plan_year.start for day in hired)) / elapsed,
        saves=(saving + weight * habits.participation) / (members + weight),
        bonus_seen=bool((history.compensation > 1.5 * regular).any(axis=1).mean() > 0.10),
        raise_seen=bool(_stepped(history).mean() > 0.4),
        **_apart(facts, history, dates),
    )


def _left_so_far(facts: PlanFacts) -> int:
    return sum(
        1
        for spans in facts.employment
        if spans and all(e.terminated_on is not None for e in spans) and _left_in(spans[-1].terminated_on, facts)
    )


def _left_in(day: date | None, facts: PlanFacts) -> bool:
    return day is not None and facts.plan_year.start <= day <= facts.as_of


def hazard_of(tenure: Floats, habits: Habits) -> Floats:
    """How many of a hundred leave in a year, by how long they have been here."""
    return np.select(
        [tenure < 1, tenure < 3], [habits.leave_first_year, habits.leave_years_two_three], habits.leave_later
    )


def _kept_out(facts: PlanFacts, dates: tuple[date, ...]) -> Places:
    found = np.full(len(facts), len(dates), dtype=np.int64)
    for place in np.flatnonzero(facts.kept_out_later).tolist():
        found[place] = _entry_index(facts.kept_out_on[place], dates)
    return found


class _Apart(TypedDict, total=False):
    """What a start has only where people enter for some money on days of their own."""

    tested_from: Places
    matched_from: Places
    given_from: Places
    early_deferred: Cents
    early_paid: Cents
    early_given: Cents
    match_pay: OtherPay | None
    nonelective_pay: OtherPay | None


def _apart(facts: PlanFacts, history: PayHistory, dates: tuple[date, ...]) -> _Apart:
    found: _Apart = {}
    to_match = found["match_pay"] = other_pay(facts.match_pay, facts.compensation)
    found["nonelective_pay"] = other_pay(facts.nonelective_pay, facts.compensation)
    if facts.tested_on:
        found["tested_from"] = _entry_indexes(facts.tested_on, dates)
    if facts.nonelective_on:
        found["given_from"] = _entry_indexes(facts.nonelective_on, dates)
    if match_on := _matched_of_the_year(facts, history) or facts.match_on:
        found["matched_from"] = _entry_indexes(match_on, dates)
        early = _before(match_on, facts, history.pay_dates)
        found["early_deferred"] = np.where(early, history.deferrals, 0).sum(axis=1)
        early_paid = np.where(early, history.compensation, 0).sum(axis=1)
        if history.brought is not None:
            early_paid += np.where(_before(match_on, facts, history.brought_to), history.brought, 0).sum(axis=1)
        found["early_paid"] = early_paid if to_match is None else to_match.of(early_paid)
    given = facts.provisions.nonelective
    if facts.nonelective_on or (given is not None and given.conditions.asks):
        early = _before(facts.nonelective_on or facts.eligible_on, facts, history.pay_dates)
        found["early_given"] = np.where(early, history.compensation, 0).sum(axis=1)
    return found


def _matched_of_the_year(facts: PlanFacts, history: PayHistory) -> tuple[date | None, ...]:
    """Entries, where a match of the year's pay leaves out what was paid before some of them, or before the plan was."""
    match = facts.provisions.match
    if match is None or not (match.true_up or match.period.months == 12):
        return ()
    began = history.plan_began or facts.plan_year.start
    entered = tuple(None if day is None else max(day, began) for day in facts.match_on or facts.eligible_on)
    return entered if any(day is None or day > facts.plan_year.start for day in entered) else ()


def _before(entered_on: tuple[date | None, ...], facts: PlanFacts, dates: tuple[date, ...]) -> Flags:
    """Which dates of the plan year were before each one's entry: people down, dates across."""
    days = np.array(dates, dtype="datetime64[D]")
    entered = np.array([day or date.max for day in entered_on], dtype="datetime64[D]")
    early: Flags = (days[None, :] < entered[:, None]) & (days >= np.datetime64(facts.plan_year.start))[None, :]
    return early


def _entry_indexes(days: tuple[date | None, ...], dates: tuple[date, ...]) -> Places:
    return np.array([_entry_index(on, dates) for on in days], dtype=np.int64)


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


def _last_share(part: Cents, whole: Cents) -> Floats:
    """The part of the whole on each person's last date with any."""
    last = whole.shape[1] - 1 - (whole[:, ::-1] > 0).argmax(axis=1)
    rows = np.arange(len(whole))
    of = whole[rows, last].astype(np.float64)
    share: Floats = np.where(of > 0, part[rows, last] / np.where(of > 0, of, 1.0), 0.0)
    return share


def _stops(year: Year, history: PayHistory) -> bool:
    """Somebody is at a limit to the cent, deferred less on the last date than before, and nobody is over one."""
    try:
        limits, split = year.deferral_limits(), year.split()
    except NotEnacted:
        return False
    reached = (year.calendar_deferrals == limits.regular) | (year.calendar_deferrals == limits.total)
    deferred = history.deferrals
    lowered = (deferred[:, -1] < deferred.max(axis=1, initial=0)) & (history.compensation[:, -1] > 0)
    return bool((reached & lowered).any()) and not bool((split.excess > 0).any())


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

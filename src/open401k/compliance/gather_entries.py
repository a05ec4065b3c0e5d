"""From which day each takes part, per kind of money; whom class alone keeps out. Not here: the rule (census, law)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TypeAlias, TypedDict

import numpy as np

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import PlanId, PlanYear, SponsorId
from open401k.plan import Kind

from .facts import Flags

Days: TypeAlias = tuple[date | None, ...]
ClassesOut: TypeAlias = list[tuple[date, frozenset[str]]]
_KINDS = (Kind.MATCH, Kind.NONELECTIVE)


class _Columns(TypedDict):
    """Columns of ``PlanFacts`` by name."""

    eligible_on: Days
    kept_out_on: Days
    class_excluded: Flags
    tested_on: Days
    match_on: Days
    nonelective_on: Days
    match_kept_out: Flags | None
    nonelective_kept_out: Flags | None


@dataclass(frozen=True, slots=True)
class Asking:
    """Of which plan and year entry is asked, as known at an instant."""

    tx: Tx
    tenant_id: SponsorId
    plan_id: PlanId
    provisions: plan.Provisions
    year: PlanYear
    known_at: datetime | None

    def entries(self, people: Sequence[census.Employee], *, any_class: bool = False) -> census.EntryDays:
        """The day each person first enters under these provisions, per kind of money."""
        return census.entries_by_kind(
            self.tx,
            tenant_id=self.tenant_id,
            provisions=self.provisions,
            plan_id=self.plan_id,
            employees=people,
            known_at=self.known_at,
            any_class=any_class,
        )

    def classes_out(self) -> dict[Kind, ClassesOut]:
        """Which classes are out of each kind of money from which day of the year on, by the terms of each day."""
        spans = plan.provisions_between(
            self.tx,
            tenant_id=self.tenant_id,
            plan_id=self.plan_id,
            start=self.year.start,
            end=self.year.end,
            known_at=self.known_at,
        )
        return {
            kind: [(span.start, frozenset(span.provisions.eligibility_of(kind).excluded_classes)) for span in spans]
            for kind in Kind
        }


@dataclass(frozen=True, slots=True)
class Entered:
    """Columns as in ``PlanFacts``: those after the first are empty where they would say what the first does.

    ``kept_out_on``: since when class alone keeps each out of the plan, and ``match_kept_out_on`` out of the match, and
    ``nonelective_kept_out_on`` out of nonelective money.
    """

    eligible_on: Days = ()
    kept_out_on: Days = ()
    tested_on: Days = ()
    match_on: Days = ()
    nonelective_on: Days = ()
    match_kept_out_on: Days = ()
    nonelective_kept_out_on: Days = ()

    def columns(self, as_of: date) -> _Columns:
        """What the facts have of it, as of a day."""
        return _Columns(
            eligible_on=self.eligible_on,
            kept_out_on=self.kept_out_on,
            class_excluded=so_far(self.kept_out_on, self.eligible_on, as_of),
            tested_on=self.tested_on,
            match_on=self.match_on,
            nonelective_on=self.nonelective_on,
            match_kept_out=self._kept_out(self.match_kept_out_on, self.match_on, as_of),
            nonelective_kept_out=self._kept_out(self.nonelective_kept_out_on, self.nonelective_on, as_of),
        )

    def _kept_out(self, since: Days, entered: Days, as_of: date) -> Flags | None:
        return so_far(since, entered, as_of) if entered and self.kept_out_on else None


def together(parts: Sequence[Entered]) -> Entered:
    """One after the other: where some slices of people have a column of their own, the others say the first again."""
    nobody_out = {"kept_out_on", "match_kept_out_on", "nonelective_kept_out_on"}

    def column(name: str) -> Days:
        if not any(getattr(each, name) for each in parts):
            return ()
        found: list[date | None] = []
        for each in parts:
            instead: Days = (None,) * len(each.eligible_on) if name in nobody_out else each.eligible_on
            found += getattr(each, name) or instead
        return tuple(found)

    return Entered(*(column(each.name) for each in fields(Entered)))


def entries_of(asking: Asking, people: Sequence[census.Employee]) -> Entered:
    """Entry dates, and since when class alone keeps people out (empty: the plan keeps no class of them out).

    Each day of the year is judged by the terms in force on it: who may defer on one day is eligible for the year (Reg.
    1.401(k)-6), also when an amendment shuts their class out later.
    """
    days = asking.entries(people)
    entered: list[date | None] = _in_year(asking, people, days.deferrals)
    by_class = _by_class(asking, people, entered)

    def later(of_kind: Days | None, kind: Kind = Kind.DEFERRALS) -> Days:
        corrected = by_class.entered.get(kind)
        if of_kind is None and not corrected:
            return ()
        own = list(of_kind or entered)
        for place, day in (corrected or {}).items():
            own[place] = day
        return tuple(_in_year(asking, people, tuple(map(_later, own, entered))))

    leaves_out = days.by_terms is not None and not asking.provisions.eligibility.part_time_tested
    return Entered(
        eligible_on=tuple(entered),
        kept_out_on=by_class.kept_out.get(Kind.DEFERRALS, ()),
        tested_on=later(days.by_terms) if leaves_out else (),
        match_on=later(days.match, Kind.MATCH),
        nonelective_on=later(days.nonelective, Kind.NONELECTIVE),
        match_kept_out_on=by_class.kept_out.get(Kind.MATCH, ()),
        nonelective_kept_out_on=by_class.kept_out.get(Kind.NONELECTIVE, ()),
    )


def _in_year(asking: Asking, people: Sequence[census.Employee], days: Days) -> list[date | None]:
    """The days of those who are there on them, or after them in the year."""
    start = asking.year.start
    return [
        day if day is not None and _there_on_or_after(employee, max(day, start)) else None
        for employee, day in zip(people, days, strict=True)
    ]


def _later(own: date | None, first: date | None) -> date | None:
    """Nobody is in a part of the plan before they are in the plan; who is out of the plan is out of all parts."""
    return None if own is None or first is None else max(own, first)


@dataclass(frozen=True, slots=True)
class _ByClass:
    """Since when class alone keeps each out of each kind of money; and of employer money, the day by place of those
    who enter for it on another day than their own for being of a class that is out of it alone for a time."""

    kept_out: dict[Kind, Days]
    entered: dict[Kind, dict[int, date | None]]


def _by_class(asking: Asking, people: Sequence[census.Employee], entered: list[date | None]) -> _ByClass:
    """Corrects the entry of those whose class was out for a time; since when each is out of it, and of each kind."""
    outs, year = asking.classes_out(), asking.year
    places = census.classed(people, frozenset(name for out in outs.values() for _, names in out for name in names))
    if not places:
        return _ByClass({}, {})
    kept_out: dict[Kind, list[date | None]] = {kind: [None] * len(people) for kind in Kind}
    corrected: dict[Kind, dict[int, date | None]] = {kind: {} for kind in _KINDS}
    classed = [people[place] for place in places]
    # Asked as if no class were kept out, so that age and service of those who are can be seen.
    any_class = asking.entries(classed, any_class=True)
    for number, (place, who) in enumerate(zip(places, classed, strict=True)):
        day = any_class.deferrals[number]
        if day is None or day >= year.end:
            continue
        for kind, out in outs.items():
            of_kind = any_class.of(kind)[number]
            if of_kind is None or of_kind >= year.end:
                continue
            since = max(of_kind, year.start)
            standing = list(census.out_from(who, out, since))
            kept_out[kind][place] = _kept_out(who, standing)
            within = next((on for on, _, is_out in standing if not is_out), None)
            there = within if within is not None and _there_on_or_after(who, within) else None
            if there == since:
                continue
            if kind is Kind.DEFERRALS:
                entered[place] = there
            elif out != outs[Kind.DEFERRALS]:
                corrected[kind][place] = there
    return _ByClass({kind: tuple(days) for kind, days in kept_out.items()}, corrected)


def so_far(kept_out: Sequence[date | None], entered: Sequence[date | None], as_of: date) -> Flags:
    """Kept out by class on some day until now, and in the plan on none: one day in it is benefiting."""
    out = np.zeros(len(entered), dtype=np.bool_)
    for place, day in enumerate(kept_out):
        inside = entered[place]
        out[place] = day is not None and day <= as_of and (inside is None or inside > as_of)
    return out


def _kept_out(employee: census.Employee, standing: Iterable[tuple[date, str, bool]]) -> date | None:
    """From when on class alone keeps somebody out who counts in coverage.

    Employees covered by collective bargaining do not count (IRC 410(b)(3)(A)).
    """
    for day, name, is_out in standing:
        if is_out and name != "union":
            return day if _there_on_or_after(employee, day) else None
    return None


def _there_on_or_after(employee: census.Employee, day: date) -> bool:
    return any(span.terminated_on is None or span.terminated_on >= day for span in employee.employment)

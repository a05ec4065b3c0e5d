"""Who owned, or was an officer, in a span of days, from dated facts. Not here: what that makes them (standing.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from open401k import census, law, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanYear, SponsorId

from .facts import Flags, KeyFacts
from .gather_former import EarlierYear
from .gather_people import Places


@dataclass(frozen=True, slots=True)
class _Standing:
    """What held from a day up to, not including, another."""

    start: date
    end: date
    five_percent: Flags
    one_percent: Flags
    officer: Flags
    officers: frozenset[EmployeeId]
    """Those without a place, too."""


class Owners:
    """Owners and officers among the people of a plan year, from the plan's first year on: read once.

    ``undated`` are the shares of owners who never worked here and have no date of hire to count from: they stand from
    the first.
    """

    def __init__(
        self,
        tx: Tx,
        *,
        tenant_id: SponsorId,
        known_at: datetime | None,
        place: Places,
        undated: Mapping[EmployeeId, int],
        provisions: plan.Provisions,
        year: PlanYear,
        until: date,
    ) -> None:
        self._year, self._until, self._count = year, until, len(place)
        #: Whether this is the plan's first year: then it holds the determination date itself (IRC 416(g)(4)(C)).
        self.first = provisions.adopted_on >= year.start
        self._began = provisions.plan_year_of(provisions.adopted_on).start
        days = census.ownership_during(
            tx, tenant_id=tenant_id, start=min(self._began, year.previous().start), end=until, known_at=known_at
        )
        ends = [*(day.on for day in days[1:]), date.max]
        self._stood = [self._standing(day, end, place, undated) for day, end in zip(days, ends, strict=True)]

    def former_owners(self) -> Flags:
        """Who owned more than 5 % on any day of this year or of the one before (IRC 414(q)(1)(A), (2))."""
        return self._five_percent(self._year.previous().start, self._until)

    def key_facts(self) -> KeyFacts:
        """Owners and officers of the plan year that holds the determination date, and owners of those before it."""
        start, end = self._determination_days()
        five, one, officer = self._nobody(), self._nobody(), self._nobody()
        for each in self._between(start, end):
            five, one, officer = five | each.five_percent, one | each.one_percent, officer | each.officer
        return KeyFacts(five, one, officer, self._five_percent(self._began, start))

    def officers_then(self) -> frozenset[EmployeeId]:
        """Officers at any time in the plan year that holds the determination date, without a place here too."""
        return frozenset(who for each in self._between(*self._determination_days()) for who in each.officers)

    def _determination_days(self) -> tuple[date, date]:
        return (self._year.start, self._until) if self.first else (self._year.previous().start, self._year.start)

    def earlier_years(self) -> list[EarlierYear]:
        """Plan years before that of the determination date in which anybody was officer or 1-percent owner."""
        found: list[EarlierYear] = []
        if self.first:
            return found
        year = self._year.previous().previous()
        while year.start >= self._began:
            officers: frozenset[EmployeeId] = frozenset()
            one = self._nobody()
            for each in self._between(year.start, year.end):
                officers, one = officers | each.officers, one | each.one_percent
            if officers or one.any():
                found.append(EarlierYear(year, officers, one))
            year = year.previous()
        return found[::-1]

    def _five_percent(self, start: date, end: date) -> Flags:
        found = self._nobody()
        for each in self._between(start, end):
            found = found | each.five_percent
        return found

    def _between(self, start: date, end: date) -> list[_Standing]:
        return [each for each in self._stood if each.start < end and start < each.end] if start < end else []

    def _nobody(self) -> Flags:
        return np.zeros(self._count, dtype=np.bool_)

    def _standing(
        self, day: census.OwnershipOn, end: date, place: Places, undated: Mapping[EmployeeId, int]
    ) -> _Standing:
        """Shares of these people, and of relatives who are not among them: who sold a share has nothing else here."""
        shares = {**undated, **day.direct_bps}
        more: dict[EmployeeId, int] = {}
        for who in (*shares, *(one for pair in day.family for one in pair[:2])):
            if who not in place:
                more.setdefault(who, self._count + len(more))
        where = {**{who: place[who] for who in shares if who in place}, **more}
        direct = np.zeros(self._count + len(more), dtype=np.int64)
        for who, bps in shares.items():
            direct[where[who]] = bps
        family = [
            law.ownership.Kin(_of(one, place, more), _of(other, place, more), law.ownership.Relation(relation.value))
            for one, other, relation in day.family
        ]
        owned = law.ownership.ownership(direct, family)
        officer = self._nobody()
        officer[[place[who] for who in day.officers if who in place]] = True
        count = self._count
        five, one = owned.five_percent_owner[:count], owned.one_percent_owner[:count]
        return _Standing(day.on, end, five, one, officer, day.officers)


def _of(who: EmployeeId, place: Places, more: Mapping[EmployeeId, int]) -> int:
    return place[who] if who in place else more[who]

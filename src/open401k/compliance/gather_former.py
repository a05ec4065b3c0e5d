"""Who was key by office or by a 1 % share in an earlier year of the plan: it takes that year's pay (IRC 416(g)(4)(B)).

Not here: former 5-percent owners, who take none (gather_owners.py). What is not on file is told, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from open401k import census, law
from open401k.kernel import EmployeeId, PlanYear
from open401k.law import NotEnacted

from .facts import Cents, Flags, KeyFacts
from .gather_people import Places
from .gather_workforce import Asked

#: So many officers can be key whatever the number of employees (IRC 416(i)(1)(A)).
ALWAYS_KEY = law.key_employees.officer_cap(0)


@dataclass(frozen=True, slots=True)
class EarlierYear:
    """Officers and 1-percent owners at any time in an earlier plan year, those without a place in the facts too."""

    year: PlanYear
    officers: frozenset[EmployeeId]
    one_percent: Flags


@dataclass(frozen=True, slots=True)
class _Paid:
    """Pay of a few people by plan year; who is not there has none on file."""

    cents: Mapping[tuple[EmployeeId, PlanYear], int]

    def of(self, who: EmployeeId, year: PlanYear) -> int | None:
        return self.cents.get((who, year))


def with_former(
    asked: Asked,
    facts: KeyFacts,
    earlier: Sequence[EarlierYear],
    *,
    place: Places,
    matters: Flags,
    counted_in: Callable[[PlanYear], int],
) -> KeyFacts:
    """The same facts with those who were key by office or share in an earlier year, and whose pay of which is unknown.

    ``matters``: whose account would leave the ratio; of others nothing is asked. ``counted_in`` counts the employees
    of a year, asked only where it had more officers than can be key in any plan.
    """
    wanted = matters & ~facts.five_percent_owner & ~facts.formerly
    mine = _candidates(earlier, place, wanted)
    if not mine:
        return facts
    years = [y for y in earlier if y.officers & mine.keys() or any(y.one_percent[i] for i in mine.values())]
    paid = _paid(asked, years, _needed(years, mine))
    found, told = facts.formerly.copy(), list(facts.untold)
    for each in years:
        by_share = {who for who, i in mine.items() if each.one_percent[i]}
        key, unknown = _key_in(each, mine.keys() & each.officers, by_share, paid, counted_in)
        for who in key:
            found[mine[who]] = True
        told += unknown
    return KeyFacts(facts.five_percent_owner, facts.one_percent_owner, facts.officer, found, tuple(told))


def _key_in(
    each: EarlierYear,
    in_office: set[EmployeeId],
    by_share: set[EmployeeId],
    paid: _Paid,
    counted_in: Callable[[PlanYear], int],
) -> tuple[set[EmployeeId], list[str]]:
    """Who of these was key in the year, and what could not be told of it."""
    owner_threshold = law.figures.cents("key_1pct_owner_comp", each.year)
    key = {who for who in by_share if (paid.of(who, each.year) or 0) > owner_threshold}
    no_pay = {who for who in in_office | by_share if paid.of(who, each.year) is None}
    told = [f"{each.year} (the pay of {len(no_pay)} is not on file)"] if no_pay else []
    if not in_office - no_pay:
        return key, told
    try:
        threshold = law.figures.cents("key_officer_comp", each.year)
    except NotEnacted:
        return key, [*told, f"{each.year} (the pay from which an officer is key is not on file)"]
    ranked = sorted(each.officers, key=lambda who: (-(paid.of(who, each.year) or 0), who.uuid))
    well_paid = [who for who in ranked if (paid.of(who, each.year) or 0) > threshold]
    cap = law.key_employees.officer_cap(counted_in(each.year)) if len(well_paid) > ALWAYS_KEY else ALWAYS_KEY
    return key | (set(well_paid[:cap]) & in_office), told


def _candidates(earlier: Sequence[EarlierYear], place: Places, wanted: Flags) -> dict[EmployeeId, int]:
    """Who of those wanted was officer or 1-percent owner in any of the years, with their places."""
    found: dict[EmployeeId, int] = {}
    for each in earlier:
        for who in each.officers:
            at = place.get(who)
            if at is not None and wanted[at]:
                found[who] = at
        found |= {place.ids[at]: at for at in np.flatnonzero(each.one_percent & wanted).tolist()}
    return found


def _needed(years: Sequence[EarlierYear], mine: Mapping[EmployeeId, int]) -> list[EmployeeId]:
    """Whose pay is asked: theirs, and that of all officers of a year that had more than can always be key."""
    rivals = {who for each in years if len(each.officers) > ALWAYS_KEY for who in each.officers}
    return sorted(rivals | mine.keys(), key=lambda who: who.uuid)


def _paid(asked: Asked, years: Sequence[EarlierYear], needed: Sequence[EmployeeId]) -> _Paid:
    """Pay by plan year: our own pay lines, or what was loaded from before them, whichever is more."""
    people = census.roster(asked.tx, tenant_id=asked.tenant_id, known_at=asked.known_at, employee_ids=needed)
    loaded = {each.employee_id: each.annual_pay for each in people}
    lines = census.employer_pay_by_date(
        asked.tx, tenant_id=asked.tenant_id, plan_ids=asked.plan_ids, start=years[0].year.start,
        end=years[-1].year.end, known_at=asked.known_at, employees=needed, brought=True,
    )  # fmt: skip
    cents: dict[tuple[EmployeeId, PlanYear], int] = {}
    days = lines.pay_date.astype("datetime64[D]")
    for each in years:
        inside = (days >= np.datetime64(each.year.start)) & (days < np.datetime64(each.year.end))
        for number, who in enumerate(lines.employee_id):
            mine = inside & (lines.employee == number)
            if mine.any():
                cents[who, each.year] = int(lines.section_415_cents[mine].sum())
        for who, pay in loaded.items():
            if each.year.start.year in pay:
                told = pay[each.year.start.year].section_415_cents
                cents[who, each.year] = max(told, cents.get((who, each.year), 0))
    return _Paid(cents)


def may_matter(facts: KeyFacts, *, year: PlanYear, pay: Cents, balances: Cents, several: bool) -> Flags:
    """Who has an account in the ratio and is not surely key now: a key employee stays in, whatever came earlier.

    ``year`` holds the determination date. With ``several`` plans the account may be in another one.
    """
    owner = facts.one_percent_owner & (pay > law.figures.cents("key_1pct_owner_comp", year))
    key = facts.five_percent_owner | owner
    if int(facts.officer.sum()) <= ALWAYS_KEY:
        with suppress(NotEnacted):
            key = key | (facts.officer & (pay > law.figures.cents("key_officer_comp", year)))
    return ~key if several else (balances != 0) & ~key

"""The match that was missed with deferrals, as the books would have it: what of it is owed, for which year. Pure.

Rev. Proc. 2021-30 App. A .05(2)(c): what the plan would have given, had the missed deferral been made; in full,
whatever share of the deferral itself is owed. Not here: computing it (recordkeeping.match_supposing), earnings
(failure_correction.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from open401k.kernel import PlanYear, Source

#: Cents by source and day.
MatchOwed: TypeAlias = Mapping[tuple[Source, date], int]


def owed_on(match: MatchOwed, years: Sequence[tuple[PlanYear, int]]) -> list[MatchOwed]:
    """What is owed for each of these plan years and calendar years; days of no such year belong to no correction.

    Of a plan year together no more is owed than the plan would have given in all of it: what the books gave later than
    they would have (a cap reached later, a true-up) comes off the newest days before it. A day of a calendar year in
    which nothing was missed, like the last one of a plan year, goes with the last years that did.
    """
    found: list[dict[tuple[Source, date], int]] = [{} for _ in years]
    for plan_year in dict.fromkeys(year for year, _ in years):
        places = {calendar: place for place, (year, calendar) in enumerate(years) if year == plan_year}
        last = max(places.values())
        for source in dict.fromkeys(source for source, _ in match):
            of_year = {on: cents for (of, on), cents in match.items() if of is source and on in plan_year}
            for day, cents in _settled(of_year).items():
                found[places.get(day.year, last)][source, day] = cents
    return list(found)


def _settled(by_day: Mapping[date, int]) -> dict[date, int]:
    """What is left of each day once later days have taken off what they gave too much; never below zero."""
    left: dict[date, int] = {}
    for day in sorted(by_day):
        cents = by_day[day]
        if cents > 0:
            left[day] = cents
            continue
        for earlier in sorted(left, reverse=True):
            taken = min(left[earlier], -cents)
            left[earlier] -= taken
            cents += taken
    return {day: cents for day, cents in left.items() if cents}

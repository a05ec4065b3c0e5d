"""Long-term part-time employees: when they must be let in to defer, and what counts for their vesting.

IRC 401(k)(2)(D)(ii), (15); Prop. Reg. 1.401(k)-5 (88 FR 82796), on which plans may rely. Not here: predecessor plans,
403(b) plans, plans that use elapsed time or no service condition, which have no such employees.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np

from ..kernel import PlanYear, anniversary
from . import figures
from .eligibility import MAXIMUM_AGE, EligibilityTerms, latest_lawful_entry
from .given import ImpossibleInput, check_facts, check_fields, days

#: Periods that begin earlier count neither for entry nor for vesting (SECURE Act s. 112(b); SECURE 2.0 s. 125(d)).
FIRST_PERIODS = date(2021, 1, 1)


class PartTimeStatus(StrEnum):
    """What the rule makes of an employee, in order of precedence."""

    #: Bargained for, or a nonresident alien without US income (IRC 401(k)(15)(C)).
    EXCLUDED_CLASS = "excluded_class"
    #: The plan asks for no hours, so nobody enters for long-term part-time work alone (Prop. Reg. 1.401(k)-5).
    NO_HOURS_ASKED = "no_hours_asked"
    #: A year of service with 1,000 hours lets the employee in by the general rule.
    REGULAR = "regular"
    LONG_TERM_PART_TIME = "long_term_part_time"
    #: Enough years, below age 21 at the end of the last one.
    TOO_YOUNG = "too_young"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class HoursOfPeriod:
    """Hours of service in one 12-month period, by its first day (see ``hours.computation_periods``)."""

    first_day: date
    hours: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class LongTermPartTime:
    """Status in a plan year; when the years were complete; entry at the latest; from when the general rule applies."""

    status: PartTimeStatus
    met_on: date | None
    latest_entry: date | None
    former_from: date | None
    years_of_vesting: int


def long_term_part_time(
    *,
    born: date | None,
    periods: tuple[HoursOfPeriod, ...],
    plan_year: PlanYear,
    terms: EligibilityTerms,
    excluded_class: bool = False,
) -> LongTermPartTime:
    """Whether somebody must be allowed to defer for long-term part-time work, and from when (IRC 401(k)(2)(D)(ii)).

    Consecutive 12-month periods with at least 500 hours each, two from plan years that begin in 2025 and three before,
    and age 21 by the end of the last; entry by the rule of 410(a)(4) (401(k)(15)(D)). From the first plan year after a
    year of service with 1,000 hours the general rule applies, and 500 hours stay a year of vesting (15)(B)(iii), (iv).
    """
    check_facts(locals())
    _check(periods)
    hours = figures.count("ltpt_hours", plan_year)
    counted = [p for p in periods if p.first_day >= FIRST_PERIODS]
    vesting = sum(p.hours >= hours for p in counted)
    full = figures.count("hours_year_of_service", plan_year)
    regular = min((_last_day(p) for p in periods if p.hours >= full), default=None)
    met, entry = _entry(born, counted, hours, plan_year, terms)
    former = None if regular is None else _next_plan_year(regular, terms.plan_year_start)
    if excluded_class:
        return LongTermPartTime(PartTimeStatus.EXCLUDED_CLASS, None, None, None, vesting)
    if not terms.hours_in_year:
        return LongTermPartTime(PartTimeStatus.NO_HOURS_ASKED, None, None, None, vesting)
    if regular is not None and (
        entry is None or met is None or regular <= met or (former and former <= plan_year.start)
    ):
        return LongTermPartTime(PartTimeStatus.REGULAR, met, entry, former, vesting)
    if entry is None:
        young = _completed(counted, hours, _years(plan_year)) is not None
        return LongTermPartTime(
            PartTimeStatus.TOO_YOUNG if young else PartTimeStatus.NOT_YET, None, None, None, vesting
        )
    begun = entry <= plan_year.last_day
    status = PartTimeStatus.LONG_TERM_PART_TIME if begun else PartTimeStatus.NOT_YET
    return LongTermPartTime(status, met, entry, former, vesting)


def _entry(
    born: date | None, periods: list[HoursOfPeriod], hours: int, plan_year: PlanYear, terms: EligibilityTerms
) -> tuple[date | None, date | None]:
    """The earliest entry under the rule of each plan year up to this one, and when its years were complete."""
    if born is None:
        if _completed(periods, hours, _years(plan_year)) is None:
            return None, None
        raise ImpossibleInput("born", "The birth date decides whether the employee was 21 (IRC 401(k)(15)(A)).")
    found: list[tuple[date, date]] = []
    year = plan_year
    while year.start >= FIRST_PERIODS:
        met = _met(born, periods, hours, _years(year))
        if met is not None and met <= year.last_day:
            # The rule of a plan year lets nobody in before it begins.
            found.append((max(_latest(born, met, terms), year.start), met))
        year = year.previous()
    return (min(found)[1], min(found)[0]) if found else (None, None)


def _years(year: PlanYear) -> int:
    return figures.count("ltpt_consecutive_years", year)


def _met(born: date, periods: list[HoursOfPeriod], hours: int, years: int) -> date | None:
    """The last day of the first so many consecutive periods by whose end the employee is 21."""
    of_age = anniversary(born, MAXIMUM_AGE)
    ends = _runs(periods, hours, years)
    return min((end for end in ends if of_age <= end), default=None)


def _completed(periods: list[HoursOfPeriod], hours: int, years: int) -> date | None:
    return min(_runs(periods, hours, years), default=None)


def _runs(periods: list[HoursOfPeriod], hours: int, years: int) -> list[date]:
    ends, run = [], 0
    for place, period in enumerate(periods):
        follows = place == 0 or period.first_day <= anniversary(periods[place - 1].first_day, 1)
        run = (run + 1 if follows else 1) if period.hours >= hours else 0
        if run >= years:
            ends.append(_last_day(period))
    return ends


def _latest(born: date, met: date, terms: EligibilityTerms) -> date:
    found = latest_lawful_entry(
        born=np.array([born], dtype="datetime64[D]"), service_met=np.array([met], dtype="datetime64[D]"), terms=terms
    )
    day: date = found[0].astype(object)
    return day


def _last_day(period: HoursOfPeriod) -> date:
    """The day on which a year of hours is complete (29 CFR 2530.202-2(e)(3))."""
    return anniversary(period.first_day, 1) - timedelta(days=1)


def _next_plan_year(day: date, plan_year_start: tuple[int, int]) -> date:
    start = date(day.year, *plan_year_start)
    return start if start > day else anniversary(start, 1)


def _check(periods: tuple[HoursOfPeriod, ...]) -> None:
    for before, after in pairwise(periods):
        days(first_day=before.first_day, next_first_day=after.first_day)

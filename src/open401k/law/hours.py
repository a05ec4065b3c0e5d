"""Hours of service: equivalencies, hours from earnings, computation periods (29 CFR 2530.200b-2, -3, 202-2).

Not here: breaks in service (breaks.py), elapsed time (elapsed_time.py), entry dates (eligibility.py), the
maritime industry (2530.200b-6, -7).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from ..kernel import PlanYear, anniversary
from . import figures
from .arrays import Counts, Flags
from .given import ImpossibleInput, check_facts, check_fields, days


class Equivalency(StrEnum):
    """By which unit of employment a plan credits hours (29 CFR 2530.200b-3(e)(1))."""

    DAY = "equivalent_day"
    WEEK = "equivalent_week"
    SEMI_MONTH = "equivalent_semi_month"
    MONTH = "equivalent_month"


class HoursBasis(StrEnum):
    """What the hours are, which decides how many of them make a year (29 CFR 2530.200b-3(d), (f))."""

    HOURS_OF_SERVICE = "hours_of_service"
    HOURS_WORKED = "hours_worked"
    REGULAR_TIME_HOURS = "regular_time_hours"
    #: Earnings over hourly rates of people paid by the hour.
    HOURLY_EARNINGS = "hourly_earnings"
    #: Earnings over the lowest rate of people paid otherwise.
    OTHER_EARNINGS = "other_earnings"


@dataclass(frozen=True, slots=True)
class EarningsAtRate:
    """What was earned for the performance of duties while one hourly rate was in effect."""

    earned_cents: int
    hourly_rate_cents: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class YearCredited:
    """Whether the hours of a computation period make a year of service, or a break, and the numbers asked for."""

    is_year_of_service: bool
    is_break: bool
    hours_for_year: int
    hours_against_break: int


def equivalent_hours(*, periods: Counts, by: Equivalency, plan_year: PlanYear) -> Counts:
    """Hours credited to each person for the periods in which an hour of service was due (29 CFR 2530.200b-3(e)(1)).

    10 a day, 45 a week, 95 a semi-monthly payroll period, 190 a month, however few hours were worked in it.
    """
    check_facts(locals())
    return periods * figures.count(by.value, plan_year)


def shift_hours(shift_lengths: Iterable[int]) -> int:
    """Hours of all shifts in which an hour of service was due, each in full (29 CFR 2530.200b-3(e)(2))."""
    check_facts(locals())
    lengths = tuple(shift_lengths)
    if any(not 0 < length <= 24 for length in lengths):
        raise ImpossibleInput("shift_lengths", "a shift is between one and 24 hours.")
    return sum(lengths)


def hours_from_earnings(*, periods: tuple[EarningsAtRate, ...], at_lowest_rate: bool = False) -> Fraction:
    """Hours from earnings over the rates in effect, or all of them over the lowest rate (29 CFR 2530.200b-3(f)(1)(i)).

    People not paid by the hour: all earnings over the lowest hourly rate (f)(2)(i), that is ``at_lowest_rate``.
    """
    for each in periods:
        if not each.hourly_rate_cents:
            raise ImpossibleInput("hourly_rate_cents", "is nothing: no hours come of earnings at no rate.")
    if at_lowest_rate and periods:
        lowest = min(each.hourly_rate_cents for each in periods)
        return Fraction(sum(each.earned_cents for each in periods), lowest)
    return sum((Fraction(each.earned_cents, each.hourly_rate_cents) for each in periods), Fraction(0))


def hours_without_duties(*, paid_hours: int, plan_year: PlanYear) -> int:
    """Hours credited for one continuous period without duties: at most 501 (29 CFR 2530.200b-2(a)(2)(i))."""
    check_facts(locals())
    return min(paid_hours, figures.count("hours_no_duties", plan_year))


def year_credited(*, hours: int | Fraction, basis: HoursBasis, plan_year: PlanYear) -> YearCredited:
    """Whether a computation period is a year of service, or a one-year break (IRC 410(a)(3)(A), 411(a)(6)(A)).

    1,000 hours of service make a year, 870 hours worked or from hourly earnings, 750 regular time hours or from other
    earnings; a break is at most half of that (29 CFR 2530.200b-3(d), (f); 2530.200b-4(a)(1)).
    """
    check_facts(locals())
    needed = figures.count(_NEEDED[basis], plan_year)
    against = figures.count("hours_no_break", plan_year)
    if basis is not HoursBasis.HOURS_OF_SERVICE:
        against = needed // 2
    return YearCredited(hours >= needed, hours <= against, needed, against)


def years_of_service(*, hours: Counts, basis: HoursBasis, plan_year: PlanYear) -> Flags:
    """Who has a year of service with these hours of one computation period; :func:`year_credited` for many."""
    check_facts(locals())
    return hours >= figures.count(_NEEDED[basis], plan_year)


def computation_periods(
    *, commenced: date, until: date, plan_year_start: tuple[int, int] = (1, 1), switch_to_plan_year: bool = True
) -> tuple[tuple[date, date], ...]:
    """Eligibility computation periods that begin by a day: first day, and the day after the last (29 CFR 2530.202-2).

    The first is the twelve months from the first hour for duties (a); the next are anniversaries (b)(1), or plan years
    from the one that includes the first anniversary (b)(2), which overlaps the first: a year in both is two years.
    """
    check_facts(locals())
    days(commenced=commenced, until=until)
    first_anniversary = anniversary(commenced, 1)
    start = first_anniversary
    if switch_to_plan_year:
        start = date(first_anniversary.year, *plan_year_start)
        start = start if start <= first_anniversary else anniversary(start, -1)
    found = [(commenced, first_anniversary)]
    for year in range(until.year - start.year + 1):
        begins = anniversary(start, year)
        if begins <= until:
            found.append((begins, anniversary(start, year + 1)))
    return tuple(found)


_NEEDED = {
    HoursBasis.HOURS_OF_SERVICE: "hours_year_of_service",
    HoursBasis.HOURS_WORKED: "equivalent_hours_worked",
    HoursBasis.HOURLY_EARNINGS: "equivalent_hours_worked",
    HoursBasis.REGULAR_TIME_HOURS: "equivalent_regular_hours",
    HoursBasis.OTHER_EARNINGS: "equivalent_regular_hours",
}

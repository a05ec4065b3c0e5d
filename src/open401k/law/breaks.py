"""What service before a break still counts: one-year breaks, parity, hold-out, return (IRC 410(a)(5), 411(a)(6)).

Not here: which hours are credited (hours.py), elapsed time (elapsed_time.py), forfeitures after five breaks.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from ..kernel import PlanYear
from . import figures
from .given import ImpossibleInput, check_facts, check_fields, days

#: More hours than there are in two years are a mistake.
_MOST_HOURS = 2 * 8_784


class PeriodResult(StrEnum):
    """What a computation period is."""

    YEAR_OF_SERVICE = "year_of_service"
    BREAK = "break"
    NEITHER = "neither"


class LostBy(StrEnum):
    """Which rule lets the plan leave out service, in order of precedence."""

    #: IRC 410(a)(5)(B): a break before a plan's two years are complete.
    BREAK_BEFORE_TWO_YEARS = "break_before_two_years"
    #: IRC 410(a)(5)(D), 411(a)(6)(D).
    PARITY = "parity"
    #: IRC 410(a)(5)(C), 411(a)(6)(B): only until a year is completed after the return.
    HOLD_OUT = "hold_out"


@dataclass(frozen=True, slots=True)
class ComputationPeriod:
    """A person's hours of service in one computation period.

    ``parental_hours``: credited for a birth or adoption, only against a break (:func:`parental_credit`).
    ``first_duty``: the first day of it with an hour for the performance of duties.
    """

    first_day: date
    hours: int
    parental_hours: int = 0
    first_duty: date | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class PlanBreakRules:
    """Which rules of break the plan document uses; the law lets it use each, and asks for none."""

    parity: bool = False
    hold_out: bool = False
    years_required: int = 1

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class PeriodCounted:
    """A period, what it is, and the years of service counted at its end; ``lost``: what was left out by which rule."""

    first_day: date
    result: PeriodResult
    years_counted: int
    consecutive_breaks: int
    lost: LostBy | None


@dataclass(frozen=True, slots=True)
class ServiceCounted:
    """Years of service that count in the end, period by period, and in which the requirement was first met."""

    years: int
    periods: tuple[PeriodCounted, ...]
    requirement_met_in: date | None


def service_counted(
    *, periods: tuple[ComputationPeriod, ...], rules: PlanBreakRules, nonvested: bool, plan_year: PlanYear
) -> ServiceCounted:
    """Years of service after the breaks that the plan's rules heed (IRC 410(a)(5); 29 CFR 2530.200b-4(a)).

    A break is a period with not more than 500 hours. ``nonvested``: without any nonforfeitable right to employer
    money (410(a)(5)(D)(iii)).
    """
    check_facts(locals())
    _check(periods)
    years, breaks, held_out, met = 0, 0, False, None
    found: list[PeriodCounted] = []
    for period in periods:
        result, lost = period_result(period, plan_year), None
        if result is PeriodResult.BREAK:
            breaks += 1
            lost = _lost(years, breaks, rules, nonvested, plan_year)
            held_out = held_out or (rules.hold_out and years > 0)
            years = 0 if lost in (LostBy.BREAK_BEFORE_TWO_YEARS, LostBy.PARITY) else years
        else:
            breaks = 0
            if result is PeriodResult.YEAR_OF_SERVICE:
                years, held_out = years + 1, False
        lost = lost or (LostBy.HOLD_OUT if held_out else None)
        counted = 0 if held_out else years
        if met is None and counted >= rules.years_required:
            met = period.first_day
        found.append(PeriodCounted(period.first_day, result, counted, breaks, lost))
    return ServiceCounted(found[-1].years_counted if found else 0, tuple(found), met)


def period_result(period: ComputationPeriod, plan_year: PlanYear) -> PeriodResult:
    """A year of service, a one-year break, or neither (IRC 410(a)(3)(A), 411(a)(6)(A))."""
    check_facts(locals())
    if period.hours >= figures.count("hours_year_of_service", plan_year):
        return PeriodResult.YEAR_OF_SERVICE
    against = period.hours + period.parental_hours
    is_break = against <= figures.count("hours_no_break", plan_year)
    return PeriodResult.BREAK if is_break else PeriodResult.NEITHER


def erased_by_parity(*, years_before: int, consecutive_breaks: int, nonvested: bool, plan_year: PlanYear) -> bool:
    """Whether the rule of parity lets the plan forget service before breaks (IRC 410(a)(5)(D)(i), 411(a)(6)(D)(i)).

    The breaks equal or exceed five, or the years of service before them if more. Under elapsed time, one-year periods
    of severance take the place of breaks (Reg. 1.410(a)-7(c)(4), (6)).
    """
    check_facts(locals())
    return nonvested and consecutive_breaks >= max(figures.count("breaks_of_parity", plan_year), years_before)


def parental_credit(
    *, hours_in_year: int, hours_missed: int | None, days_absent: int, plan_year: PlanYear
) -> tuple[int, int]:
    """Hours against a break for a birth or adoption: in the year the absence begins, and in the next.

    IRC 410(a)(5)(E): the hours that would normally have been credited, or 8 a day where these are not known, at most
    501; in the first year only if they prevent a break in it, else in the next.
    """
    check_facts(locals())
    missed = days_absent * figures.count("hours_day_of_parental_absence", plan_year)
    credit = min(missed if hours_missed is None else hours_missed, figures.count("hours_parental_absence", plan_year))
    limit = figures.count("hours_no_break", plan_year)
    return (credit, 0) if hours_in_year <= limit < hours_in_year + credit else (0, credit)


def reemployment_commencement(*, periods: tuple[ComputationPeriod, ...], plan_year: PlanYear) -> date | None:
    """The day from which the year after a return is measured, or None without a break and return.

    29 CFR 2530.200b-4(b)(1)(iii): the first hour for duties after the first period with a break that follows one with
    more than 500 hours; (iv): after a later period without any hour, the next such day.
    """
    check_facts(locals())
    _check(periods)
    returned, waiting, worked = None, False, False
    for period in periods:
        if waiting and period.first_duty is not None:
            returned, waiting = period.first_duty, False
        elif returned is not None and period.hours == 0:
            waiting = True
        result = period_result(period, plan_year)
        if returned is None and worked and result is PeriodResult.BREAK:
            waiting = True
        worked = worked or result is not PeriodResult.BREAK
    return returned


def _lost(years: int, breaks: int, rules: PlanBreakRules, nonvested: bool, plan_year: PlanYear) -> LostBy | None:
    if 0 < years < rules.years_required:
        return LostBy.BREAK_BEFORE_TWO_YEARS
    erased = erased_by_parity(years_before=years, consecutive_breaks=breaks, nonvested=nonvested, plan_year=plan_year)
    return LostBy.PARITY if rules.parity and years and erased else None


def _check(periods: tuple[ComputationPeriod, ...]) -> None:
    for before, after in pairwise(periods):
        days(first_day=before.first_day, next_first_day=after.first_day)
    for period in periods:
        if period.hours > _MOST_HOURS:
            raise ImpossibleInput("hours", f"{period.hours} in the period from {period.first_day} cannot be.")

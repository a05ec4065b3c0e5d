"""When an employee becomes a participant: age, service, entry dates, and the latest entry the law allows (IRC 410(a)).

Dates are numpy days, one per employee; an unknown date (NaT) means not yet. Not here: class exclusions by name (a
provision), long-term part-time employees (long_term_part_time.py), hours, breaks, elapsed time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias, assert_never

import numpy as np
import numpy.typing as npt

from ..kernel import PlanYear, anniversary
from .arrays import Flags
from .given import check_facts, check_fields

#: One day per employee; NaT where it is not known or not reached.
Days: TypeAlias = npt.NDArray[np.datetime64]

#: The most a plan may ask for (IRC 410(a)(1)(A), (3)(A)).
MAXIMUM_AGE, MAXIMUM_SERVICE_MONTHS, MAXIMUM_HOURS = 21, 12, 1_000


class EntryRule(StrEnum):
    """On which days people who have met the conditions enter."""

    IMMEDIATE = "immediate"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMIANNUAL = "semiannual"


class TermsProblem(StrEnum):
    """Why eligibility terms go beyond what the law lets a plan ask for."""

    AGE_OVER_21 = "age_over_21"
    SERVICE_OVER_A_YEAR = "service_over_a_year"
    HOURS_OVER_1000 = "hours_over_1000"


@dataclass(frozen=True, slots=True)
class EligibilityTerms:
    """What a plan asks for before entry; ``hours_in_year`` makes service a year with that many hours.

    ``vested_after_two_years``: of employer money that is vested in full by then, the law allows two years of service
    (IRC 410(a)(1)(B)(i)).
    """

    minimum_age: int = 0
    service_months: int = 0
    hours_in_year: int | None = None
    entry: EntryRule = EntryRule.IMMEDIATE
    plan_year_start: tuple[int, int] = (1, 1)
    vested_after_two_years: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Per employee: when age and service were met, the plan's and the latest lawful entry, and the one that holds."""

    age_met: Days
    service_met: Days
    conditions_met: Days
    by_plan: Days
    latest_lawful: Days
    entry: Days


def problems(terms: EligibilityTerms) -> tuple[TermsProblem, ...]:
    """What in the terms the law does not allow for elective deferrals (IRC 410(a)(1)(A), 401(k)(2)(D))."""
    found = (
        (terms.minimum_age > MAXIMUM_AGE, TermsProblem.AGE_OVER_21),
        (terms.service_months > MAXIMUM_SERVICE_MONTHS, TermsProblem.SERVICE_OVER_A_YEAR),
        ((terms.hours_in_year or 0) > MAXIMUM_HOURS, TermsProblem.HOURS_OVER_1000),
    )
    return tuple(problem for broken, problem in found if broken)


def entries(
    terms: EligibilityTerms,
    *,
    born: Days,
    hired: Days,
    year_of_service_met: Days | None = None,
    not_before: date | None = None,
) -> Entries:
    """Entry dates of many employees (IRC 410(a)(1), (4)).

    ``year_of_service_met`` replaces the elapsed months where the plan counts hours (see :func:`year_of_service`): the
    day after the computation period, from which the plan goes. The law goes from its last day, on which the year is
    complete (29 CFR 2530.202-2(e)(3)), so that a period that ends with the plan year lets in on the next day.
    Nobody enters later than the law allows, whatever the plan's entry dates say. Without a birth date an age
    condition is not met. ``not_before`` is the day from which the plan has these terms: who met them earlier enters on
    the next entry day from then on.
    """
    check_facts(locals())
    age_met = add_months(born, terms.minimum_age * 12) if terms.minimum_age else hired
    service_met = year_of_service_met if year_of_service_met is not None else add_months(hired, terms.service_months)
    conditions = np.maximum(np.maximum(age_met, service_met), hired)
    asked_from = conditions if not_before is None else np.maximum(conditions, np.datetime64(not_before, "D"))
    by_plan = next_entry(asked_from, terms.entry, terms.plan_year_start)
    two_years = terms.vested_after_two_years and terms.service_months > MAXIMUM_SERVICE_MONTHS
    most = 2 * MAXIMUM_SERVICE_MONTHS if two_years else MAXIMUM_SERVICE_MONTHS
    complete = _year_complete(hired, year_of_service_met, most)
    latest = latest_lawful_entry(born=born, service_met=complete, terms=terms)
    if not_before is not None:
        latest = np.maximum(latest, np.datetime64(not_before, "D"))
    sooner = ~np.isnat(latest) & (latest < by_plan)
    return Entries(age_met, service_met, conditions, by_plan, latest, np.where(sooner, latest, by_plan))


def entry_date(
    terms: EligibilityTerms, *, born: date | None, hired: date, year_of_service_met: date | None = None
) -> date | None:
    """One employee's entry date, or None while it is not known (IRC 410(a)); :func:`entries` for one."""
    check_facts(locals())
    met = None if terms.hours_in_year is None else np.array([year_of_service_met], dtype="datetime64[D]")
    found = entries(
        terms,
        born=np.array([born], dtype="datetime64[D]"),
        hired=np.array([hired], dtype="datetime64[D]"),
        year_of_service_met=met,
    ).entry[0]
    day: date | None = found.astype(object)
    return day


def next_entry(day: Days, rule: EntryRule, plan_year_start: tuple[int, int] = (1, 1)) -> Days:
    """The entry day on or next after ``day``: entry days count from the first day of the plan year."""
    check_facts(locals())
    match rule:
        case EntryRule.IMMEDIATE:
            return day
        case EntryRule.MONTHLY:
            months = 1
        case EntryRule.QUARTERLY:
            months = 3
        case EntryRule.SEMIANNUAL:
            months = 6
        case _:
            assert_never(rule)
    return _next_multiple(day, months, plan_year_start)


def latest_lawful_entry(*, born: Days, service_met: Days, terms: EligibilityTerms) -> Days:
    """The earlier of six months and the next plan year after age 21 and a year of service (IRC 410(a)(4))."""
    check_facts(locals())
    met = np.maximum(add_months(born, MAXIMUM_AGE * 12), service_met)
    day_after: Days = np.add(met, np.timedelta64(1, "D"))
    next_plan_year = _next_multiple(day_after, 12, terms.plan_year_start)
    sooner: Days = np.minimum(next_plan_year, add_months(met, 6))
    return sooner


def year_of_service(
    hired: date, hours_by_period: Mapping[date, int], *, plan_year_start: tuple[int, int], required: int = MAXIMUM_HOURS
) -> date | None:
    """The day after the first computation period with enough hours, or None (IRC 410(a)(3)(A); 29 CFR 2530.202-2(b)).

    The first period is the twelve months from the date of hire, the next ones are plan years, from the one that
    begins within the first period. ``hours_by_period`` holds whole hours by the first day of each period.
    """
    check_facts(locals())
    starts = [hired]
    plan_year = date(hired.year, *plan_year_start)
    plan_year = plan_year if plan_year > hired else anniversary(plan_year, 1)
    starts += [start for start in sorted(hours_by_period) if start >= plan_year]
    ends = [anniversary(start, 1) for start in starts if hours_by_period.get(start, 0) >= required]
    return min(ends, default=None)


def entry_after_rehire(*, was_participant: bool, entry: date | None, rehired: date) -> date | None:
    """A former participant is one again on the day of rehire; others enter when they would have, not before the rehire.

    IRC 410(a)(5): prior service counts unless five one-year breaks erase it, which they never do for somebody who
    deferred (410(a)(5)(D) looks at people without any vested right).
    """
    check_facts(locals())
    if was_participant or (entry is not None and entry <= rehired):
        return rehired
    return entry


def participates_on(day: date, *, entry: Days, terminated: Days, excluded_class: Flags) -> Flags:
    """Who is a participant on a day: entered, not gone by then, and not in a class that the plan excludes."""
    check_facts(locals())
    on = np.datetime64(day, "D")
    present = np.isnat(terminated) | (terminated >= on)
    return ~np.isnat(entry) & (entry <= on) & present & ~excluded_class


def add_months(day: Days, months: int) -> Days:
    """The same day of the month, months later; where the month is too short, the first of the next one."""
    check_facts(locals())
    first = day.astype("datetime64[M]")
    target = first + np.timedelta64(months, "M")
    same_day = target.astype("datetime64[D]") + (day - first.astype("datetime64[D]"))
    next_month = (target + np.timedelta64(1, "M")).astype("datetime64[D]")
    found: Days = np.minimum(same_day, next_month)
    return found


def _next_multiple(day: Days, months: int, plan_year_start: tuple[int, int]) -> Days:
    start_month, start_day = plan_year_start
    shift = np.timedelta64(start_day - 1, "D")
    # Shifted so that every entry day is the first of a month; on or before the first of a month means that month.
    month = (day - shift - np.timedelta64(1, "D")).astype("datetime64[M]") + np.timedelta64(1, "M")
    offset = np.where(np.isnat(month), 0, month.astype(np.int64) - (start_month - 1))
    wait = (-offset) % months
    found: Days = (month + wait.astype("timedelta64[M]")).astype("datetime64[D]") + shift
    return found


def _year_complete(hired: Days, year_of_service_met: Days | None, months: int = MAXIMUM_SERVICE_MONTHS) -> Days:
    """The day on which a year of service, or more, is complete: of hours, the last day of the computation period."""
    if year_of_service_met is None:
        return add_months(hired, months)
    complete: Days = np.subtract(year_of_service_met, np.timedelta64(1, "D"))
    return complete


def otherwise_excludable(
    *, born: Days, hired: Days, year_of_service_met: Days | None, terms: EligibilityTerms, plan_year: PlanYear
) -> Flags:
    """Who takes part only because the plan asks for less than the law lets it (IRC 410(b)(4)(B), 401(k)(3)(F)).

    Those below age 21 or a year of service, until the latest day on which they would have had to enter (410(a)(4)):
    whoever reaches it within the plan year is not among them (Reg. 1.410(b)-6(b)(2), (3)). A birth date or year of
    service that is not known excludes. ``year_of_service_met`` as in :func:`entries`.
    """
    check_facts(locals())
    latest = latest_lawful_entry(born=born, service_met=_year_complete(hired, year_of_service_met), terms=terms)
    return np.isnat(latest) | (latest > np.datetime64(plan_year.last_day, "D"))

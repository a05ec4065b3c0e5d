"""How much an employee may defer in a calendar year: 402(g), catch-up by age, Roth catch-up. Not here: elections.

What is catch-up is derived, never read from the payroll: it is what lies above a limit (402(g), 415, the plan's or
the ADP limit).
"""

from dataclasses import dataclass

import numpy as np

from ..kernel import CalendarYear
from . import figures
from .arrays import Cents, Counts, Flags
from .given import check_facts

#: First year in which catch-up of high earners must be Roth (IRC 414(v)(7); Notice 2023-62 gave the years before away).
FIRST_ROTH_CATCH_UP_YEAR = 2026


@dataclass(frozen=True, slots=True, eq=False)
class DeferralLimits:
    """Per employee: the regular limit, and what may come on top as catch-up."""

    year: CalendarYear
    regular: Cents
    catch_up: Cents

    @property
    def total(self) -> Cents:
        return self.regular + self.catch_up


@dataclass(frozen=True, slots=True, eq=False)
class DeferralSplit:
    """A year's deferrals: below the limit, catch-up above it, and what is over both."""

    regular: Cents
    catch_up: Cents
    excess: Cents


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """One payroll's deferrals: what may be posted, by kind, and what is over the limit."""

    regular: Cents
    catch_up: Cents
    excess: Cents

    @property
    def accepted(self) -> Cents:
        return self.regular + self.catch_up


@dataclass(frozen=True, slots=True, eq=False)
class AcceptedBySource:
    """One payroll's deferrals by source; ``must_be_roth`` is accepted pre-tax that has to become Roth."""

    pre_tax: Cents
    roth: Cents
    excess_pre_tax: Cents
    excess_roth: Cents
    catch_up: Cents
    must_be_roth: Cents


def ages_at_year_end(birth_years: Counts, year: CalendarYear) -> Counts:
    """Age reached by 31 December, which decides on catch-up (Reg. 1.414(v)-1(g)(3)); 0 for an unknown birth year."""
    check_facts(locals(), as_read=("birth_years",))
    return np.where(birth_years > 0, year.year - birth_years, 0)


def catch_up_limits(
    ages: Counts, year: CalendarYear, *, plan_allows: bool = True, higher_60_to_63: bool = False
) -> Cents:
    """Most catch-up by age on 31 December: 50 and over; 60 to 63 the higher amount, where the plan offers it.

    IRC 414(v)(2)(B), (E); before 2025 everybody of 50 and over had the ordinary amount.
    """
    check_facts(locals(), as_read=("ages",))
    if not plan_allows:
        return np.zeros_like(ages)
    limit = np.where(ages >= 50, figures.cents("limit_414v_age50", year), 0)
    if higher_60_to_63 and year.year >= figures.figure("limit_414v_age60_63").from_year:
        limit = np.where((ages >= 60) & (ages <= 63), figures.cents("limit_414v_age60_63", year), limit)
    return limit.astype(np.int64, copy=False)


def deferral_limits(
    ages: Counts,
    year: CalendarYear,
    *,
    plan_allows_catch_up: bool = True,
    higher_60_to_63: bool = False,
    roth_required: Flags | None = None,
    plan_has_roth: bool = True,
    plan_limit: Cents | None = None,
    elsewhere: Cents | None = None,
) -> DeferralLimits:
    """Per employee the limit of IRC 402(g)(1)(B) and the catch-up of 414(v).

    Who must make catch-up as Roth has none in a plan without Roth (IRC 414(v)(7)(B)). ``plan_limit`` is the plan's
    own limit of the year in cents, where it has one: catch-up begins above the lower of both (414(v)(3)(A); Reg.
    1.414(v)-1(b)(1)). ``elsewhere`` is deferred in the employer's other plans: both limits are one for all of them,
    and what is deferred there fills the regular limit first (Reg. 1.401(a)-30(a); IRC 414(v)(2)(D)).
    """
    check_facts(locals(), as_read=("ages",))
    regular = np.full_like(ages, figures.cents("limit_402g", year))
    catch_up = catch_up_limits(ages, year, plan_allows=plan_allows_catch_up, higher_60_to_63=higher_60_to_63)
    if roth_required is not None and not plan_has_roth:
        catch_up = np.where(roth_required, 0, catch_up)
    if elsewhere is not None:
        catch_up = np.maximum(catch_up - np.maximum(elsewhere - regular, 0), 0)
        regular = np.maximum(regular - elsewhere, 0)
    if plan_limit is not None:
        regular = np.minimum(regular, plan_limit)
    return DeferralLimits(year=year, regular=regular, catch_up=catch_up)


def roth_catch_up_required(prior_year_fica_wages: Cents, year: CalendarYear) -> Flags:
    """Whose catch-up must be Roth: wages under 3121(a) from this employer in the year before exceed the threshold.

    IRC 414(v)(7)(A); strictly more than the threshold; no FICA wages (a partner), no requirement. Not before 2026. The
    employer is the common law employer: wages of several are put together only where the plan says so, or a common
    paymaster pays them (Reg. 1.414(v)-2(a)(2), (b)(4)).
    """
    check_facts(locals(), signed=("prior_year_fica_wages",))
    if year.year < FIRST_ROTH_CATCH_UP_YEAR:
        return np.zeros(np.shape(prior_year_fica_wages), dtype=np.bool_)
    return prior_year_fica_wages > figures.cents("roth_catchup_wage_threshold", year)


def split(year_to_date: Cents, limits: DeferralLimits) -> DeferralSplit:
    """Deferrals of the year as regular, catch-up and excess (IRC 402(g), 414(v)(3)(A))."""
    check_facts(locals(), signed=("year_to_date",))
    regular = np.minimum(year_to_date, limits.regular)
    catch_up = np.minimum(year_to_date - regular, limits.catch_up)
    return DeferralSplit(regular=regular, catch_up=catch_up, excess=year_to_date - regular - catch_up)


def below_any_limit(year_to_date: Cents, year: CalendarYear) -> bool:
    """Whether the regular limit of a year that is not on file could not be reached, whatever it will be.

    The limit only ever rises (IRC 402(g)(4), 415(d)(1), (4): increases), so whoever is within the last one on file is
    within every later one. It is compared with, never used in its place.
    """
    check_facts(locals(), signed=("year_to_date",))
    last = max(figures.figure("limit_402g").values)
    return year.year > last and bool((year_to_date <= figures.cents("limit_402g", CalendarYear(last))).all())


def deferral_room(year_to_date: Cents, limits: DeferralLimits) -> Cents:
    """How much each employee may still defer this year, catch-up included (IRC 402(g), 401(a)(30))."""
    check_facts(locals(), signed=("year_to_date",))
    room: Cents = np.maximum(limits.total - year_to_date, 0)
    return room


def accept(*, before: Cents, period: Cents, limits: DeferralLimits) -> Accepted:
    """One payroll's deferrals against the room left by what was accepted before (IRC 401(a)(30), 414(v)).

    A negative amount takes back what came last: catch-up before regular deferrals.
    """
    check_facts(locals(), signed=("before", "period"))
    earlier, later = split(before, limits), split(before + period, limits)
    return Accepted(
        regular=later.regular - earlier.regular,
        catch_up=later.catch_up - earlier.catch_up,
        excess=later.excess - earlier.excess,
    )


def accept_by_source(
    *, before: Cents, roth_before: Cents, pre_tax: Cents, roth: Cents, limits: DeferralLimits, roth_required: Flags
) -> AcceptedBySource:
    """As :func:`accept`, by source; what is over the limit comes out of pre-tax first.

    Roth deferrals made earlier in the year count toward the Roth catch-up requirement (Reg. 1.414(v)-2; TD 10033),
    so only the catch-up of the year that they do not cover must be designated Roth. ``before`` is pre-tax and Roth
    together.
    """
    check_facts(locals(), signed=("before", "roth_before", "pre_tax", "roth"))
    whole = accept(before=before, period=pre_tax + roth, limits=limits)
    excess_pre_tax = np.clip(whole.excess, np.minimum(pre_tax, 0), np.maximum(pre_tax, 0))
    excess_roth = whole.excess - excess_pre_tax
    posted_pre_tax, posted_roth = pre_tax - excess_pre_tax, roth - excess_roth
    catch_up_of_year = split(before + whole.accepted, limits).catch_up
    uncovered = catch_up_of_year - roth_before - posted_roth
    return AcceptedBySource(
        pre_tax=posted_pre_tax,
        roth=posted_roth,
        excess_pre_tax=excess_pre_tax,
        excess_roth=excess_roth,
        catch_up=whole.catch_up,
        must_be_roth=np.where(roth_required, np.clip(uncovered, 0, np.maximum(posted_pre_tax, 0)), 0),
    )

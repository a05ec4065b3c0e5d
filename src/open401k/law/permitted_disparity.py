"""Permitted disparity of defined contribution plans: whether the rates above and below an integration level are lawful.

Reg. 1.401(l)-2 and -5. Not here: sharing out a contribution (allocation.py), imputed disparity in the general test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import CalendarYear, PlanYear
from . import figures
from .arrays import Cents, half_up_quotient
from .compensation import months_in
from .given import ImpossibleInput, check_facts, check_fields

_WHOLE = 10_000
#: Forty million dollars of pay, a hundred times the cap of 401(a)(17), are exact in 64 bits.
_MOST_PAY_CENTS = 4_000_000_000


class Band(StrEnum):
    """Where an integration level lies, which sets the factor (Reg. 1.401(l)-2(d))."""

    WAGE_BASE = "at_the_wage_base"
    LOW = "not_above_10000_or_20_percent"
    MIDDLE = "above_low_not_above_80_percent"
    HIGH = "above_80_percent_below_wage_base"
    ABOVE = "above_the_wage_base"


class Shortcoming(StrEnum):
    """Why a formula does not satisfy section 401(l)."""

    NOT_AN_EXCESS_PLAN = "excess_percentage_below_base_percentage"
    DISPARITY_TOO_HIGH = "disparity_above_maximum_excess_allowance"
    INTEGRATION_LEVEL_TOO_HIGH = "integration_level_above_wage_base"


@dataclass(frozen=True, slots=True)
class IntegrationLevel:
    """An integration level with its band and the factor of that band; the allowance is never above the factor.

    ``wage_base_cents`` is that at the beginning of the plan year, in twelfths for a short one.
    """

    level_cents: int
    wage_base_cents: int
    band: Band
    factor_bps: int


@dataclass(frozen=True, slots=True)
class DisparityTest:
    """A formula against section 401(l): the disparity, the most it may be, and why not."""

    base_bps: Fraction
    excess_bps: Fraction
    integration: IntegrationLevel
    disparity_bps: Fraction
    allowance_bps: Fraction
    shortcomings: tuple[Shortcoming, ...]

    @property
    def satisfied(self) -> bool:
        return not self.shortcomings


class DisparityUse(StrEnum):
    """How a plan uses permitted disparity in a year (Reg. 1.401(l)-5(b)(3)-(7))."""

    SECTION_401L = "section_401l_plan"
    IMPUTED = "imputes_disparity_in_the_general_test"
    NONE = "neither"


@dataclass(frozen=True, slots=True)
class PlanDisparity:
    """What one plan gives an employee in a year: of a 401(l) plan the disparity and its allowance, in basis points.

    Of the sum of two formulas each is a plan; of the greater of two only the one with the larger fraction (Reg.
    1.401(l)-5(b)(8)(ii)). A defined benefit plan has its own allowance, 0.75 % a year before reductions.
    """

    use: DisparityUse
    disparity_bps: int = 0
    allowance_bps: int = 0

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class AnnualDisparity:
    """The total annual disparity fraction of one employee."""

    fractions: tuple[Fraction, ...]
    total: Fraction
    satisfied: bool


@dataclass(frozen=True, slots=True)
class CumulativeDisparity:
    """The sum of an employee's annual fractions against 35; it applies only with a defined benefit plan."""

    applies: bool
    total: Fraction
    limit_years: int
    satisfied: bool


def wage_base(plan_year: PlanYear) -> int:
    """The taxable wage base in effect at the beginning of the plan year, in cents (IRC 401(l)(5)(E))."""
    check_facts(locals())
    return figures.cents("ss_wage_base", CalendarYear(plan_year.start.year))


def integration_level(
    *, level_cents: int, plan_year: PlanYear, wage_base_cents: int | None = None, prorate_short_year: bool = True
) -> IntegrationLevel:
    """The band of an integration level and its factor (Reg. 1.401(l)-2(d)).

    ``wage_base_cents``: of a year that is not on file. In a plan year of fewer than twelve months whose pay is that of
    the year, all levels are the twelfth part for each month ((d)(5)): the level given is that part, and so is compared.

    >>> from datetime import date
    >>> year = PlanYear.starting(date(2026, 1, 1))
    >>> integration_level(level_cents=100_000_00, plan_year=year).factor_bps
    430
    """
    check_facts(locals())
    if not level_cents:
        raise ImpossibleInput("level_cents", "an integration level is a positive amount, not 0")
    months = months_in(plan_year) if prorate_short_year else 12
    base = wage_base(plan_year) if wage_base_cents is None else wage_base_cents
    # The level of twelve months, exactly: nothing is rounded before it is compared.
    annual = Fraction(level_cents * 12, months)
    low = max(
        Fraction(figures.cents("disparity_level_low", plan_year)),
        Fraction(base * figures.bps("disparity_level_low_share", plan_year), _WHOLE),
    )
    high = Fraction(base * figures.bps("disparity_level_high_share", plan_year), _WHOLE)
    band = _band(annual, base, low, high)
    by_band = {Band.MIDDLE: "disparity_dc_20_to_80", Band.HIGH: "disparity_dc_80_to_100"}
    return IntegrationLevel(
        level_cents=level_cents,
        wage_base_cents=base * months // 12,
        band=band,
        factor_bps=figures.bps(by_band.get(band, "oasdi_old_age_disparity"), plan_year),
    )


def maximum_excess_allowance(base_bps: Fraction | int, integration: IntegrationLevel) -> Fraction:
    """The lesser of the base percentage and the factor (IRC 401(l)(2)(A); Reg. 1.401(l)-2(b)(2)), in basis points.

    The old-age part of the tax under 3111(a) would replace 5.7 % if it were greater; the IRS publishes when it is.
    """
    check_facts(locals())
    return min(Fraction(base_bps), Fraction(integration.factor_bps))


def disparity_test(
    *,
    base_bps: Fraction | int,
    excess_bps: Fraction | int,
    level_cents: int,
    plan_year: PlanYear,
    wage_base_cents: int | None = None,
) -> DisparityTest:
    """Whether base and excess percentage and integration level satisfy section 401(l) (Reg. 1.401(l)-2(a)).

    Both are uniform: the same for everybody ((c)(1)). The overall limits of 1.401(l)-5 are :func:`annual_disparity`.
    """
    check_facts(locals())
    for name, rate in (("base_bps", base_bps), ("excess_bps", excess_bps)):
        if rate > _WHOLE:
            raise ImpossibleInput(name, f"a rate of pay is from 0 to {_WHOLE} basis points, not {rate}")
    integration = integration_level(level_cents=level_cents, plan_year=plan_year, wage_base_cents=wage_base_cents)
    disparity = Fraction(excess_bps) - Fraction(base_bps)
    allowance = maximum_excess_allowance(base_bps, integration)
    found = (
        (disparity < 0, Shortcoming.NOT_AN_EXCESS_PLAN),
        (disparity > allowance, Shortcoming.DISPARITY_TOO_HIGH),
        (integration.band is Band.ABOVE, Shortcoming.INTEGRATION_LEVEL_TOO_HIGH),
    )
    return DisparityTest(
        base_bps=Fraction(base_bps),
        excess_bps=Fraction(excess_bps),
        integration=integration,
        disparity_bps=disparity,
        allowance_bps=allowance,
        shortcomings=tuple(shortcoming for there, shortcoming in found if there),
    )


def excess_allocation(compensation: Cents, *, base_bps: int, excess_bps: int, level_cents: int) -> Cents:
    """The base percentage of pay up to the integration level, the excess percentage above it (Reg. 1.401(l)-1(c)(3),
    (14)), to the cent, half-up once at the end; whether they are lawful is :func:`disparity_test`.

    >>> excess_allocation(np.array([150_000_00]), base_bps=300, excess_bps=600, level_cents=100_000_00).tolist()
    [600000]
    """
    check_facts(locals(), most=_MOST_PAY_CENTS)
    above = np.maximum(compensation - level_cents, 0)
    return half_up_quotient((compensation - above) * base_bps + above * excess_bps, _WHOLE)


def annual_disparity(plans: Sequence[PlanDisparity]) -> AnnualDisparity:
    """Whether one employee's plans of a year together keep to one full use of permitted disparity.

    IRC 401(l)(5)(F); Reg. 1.401(l)-5(b): each plan's disparity over its allowance, one where disparity is imputed;
    the sum must not exceed one. An employee of one plan cannot exceed it.
    """
    check_facts(locals())
    fractions = tuple(_fraction(plan) for plan in plans)
    total = sum(fractions, Fraction(0))
    return AnnualDisparity(fractions, total, satisfied=len(plans) < 2 or total <= 1)


def cumulative_disparity(
    *,
    annual_fractions: Sequence[Fraction],
    earlier_years: int,
    benefited_under_defined_benefit_plan: bool,
    plan_year: PlanYear,
) -> CumulativeDisparity:
    """Whether an employee's fractions of all years stay within 35 (IRC 401(l)(5)(F); Reg. 1.401(l)-5(c)).

    Only where the employee has benefited, in a plan year from 1994 on, under a defined benefit plan that uses
    disparity: otherwise the limit is satisfied ((c)(1)(ii)). ``earlier_years`` of service before 1989, or before a
    later year that the employer chooses, count one each and at most 35 ((c)(3)).
    """
    check_facts(locals())
    limit = figures.count("disparity_cumulative_years", plan_year)
    total = sum(annual_fractions, Fraction(min(earlier_years, limit)))
    applies = benefited_under_defined_benefit_plan
    return CumulativeDisparity(applies, total, limit, satisfied=not applies or total <= limit)


def _band(annual: Fraction, base: int, low: Fraction, high: Fraction) -> Band:
    if annual > base:
        return Band.ABOVE
    if annual == base:
        return Band.WAGE_BASE
    if annual <= low:
        return Band.LOW
    return Band.MIDDLE if annual <= high else Band.HIGH


def _fraction(plan: PlanDisparity) -> Fraction:
    match plan.use:
        case DisparityUse.IMPUTED:
            return Fraction(1)
        case DisparityUse.NONE:
            return Fraction(0)
        case DisparityUse.SECTION_401L:
            if plan.allowance_bps == 0 and plan.disparity_bps:
                raise ImpossibleInput(
                    "allowance_bps", "a plan that may give no disparity gives some; it is no 401(l) plan"
                )
            return Fraction(plan.disparity_bps, plan.allowance_bps or 1)

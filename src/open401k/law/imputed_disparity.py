"""Permitted disparity imputed to rates in the general test (Reg. 1.401(a)(4)-7). Not here: formulas that integrate
(401(l)).
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import CalendarYear, PlanYear
from . import figures
from .arrays import Cents, Counts, Flags
from .compensation import pay_within_limit
from .exact_rates import SCALE, Rates, amounts, fits, same_shape
from .given import ImpossibleInput, check_facts

#: After so many years of testing service nothing more is imputed to benefits (Reg. 1.401(a)(4)-7(c)(4)(iii)(B)(2)).
_YEARS = 35
_WHOLE = 10_000


class DisparityPath(StrEnum):
    """Which of the four rates of Reg. 1.401(a)(4)-7(b)(2), (3) or (c)(2), (3) is the lesser one."""

    A = "twice the rate"
    B = "the rate plus the disparity"
    C = "over pay less half the level"
    D = "with the disparity of the level, over pay"


@dataclass(frozen=True, slots=True)
class ImputedRate:
    """One person's rate before and after, with the two it is the lesser of."""

    unadjusted: Fraction
    lower: Fraction
    higher: Fraction
    path: DisparityPath

    @property
    def adjusted(self) -> Fraction:
        return self.lower


def taxable_wage_base(plan_year: PlanYear) -> int:
    """The wage base in effect as of the beginning of the plan year, in cents (Reg. 1.401(a)(4)-7(b)(4)(iii))."""
    check_facts(locals())
    return figures.cents("ss_wage_base", CalendarYear(plan_year.start.year))


def impute_to_allocations(
    *, rates: Rates, compensation: Cents, plan_year: PlanYear, imputed_for: Flags | None = None
) -> Rates:
    """Adjusted allocation rates (Reg. 1.401(a)(4)-7(b)): the excess rate of a plan that used all the disparity it
    may.

    ``rates`` from general_test.allocation_rates. Not for the gateway (-8(b)(1)(vii)). Nothing is imputed for whoever is
    in a plan that integrates in form, or in another plan that imputes (-7(d)(3)), or is under no social security tax
    (-7(d)(2)).
    """
    check_facts(locals())
    pay = pay_within_limit(compensation=amounts("compensation", compensation), plan_year=plan_year)
    level = np.full(len(pay), taxable_wage_base(plan_year), dtype=np.int64)
    share = figures.bps("oasdi_old_age_disparity", plan_year)
    return _imputed(
        rates, pay, level, np.full(len(pay), share * SCALE // _WHOLE, dtype=np.int64), imputed_for, compensation.shape
    )


def impute_to_benefits(
    *,
    rates: Rates,
    compensation: Cents,
    covered_compensation: Cents,
    factor_hundred_thousandths: Counts,
    years_of_testing_service: Counts,
    imputed_for: Flags | None = None,
) -> Rates:
    """Adjusted accrual rates (Reg. 1.401(a)(4)-7(c)), for equivalent accrual rates by -8(b)(2)(iii); a year is
    measured.

    ``covered_compensation``: of each person's year of reaching the social security retirement age (401(l)(5)(E)), not
    on file here. ``factor_hundred_thousandths``: the annual permitted disparity factor, see :func:`disparity_factor`; a
    fixed 650 for everybody is allowed. ``years_of_testing_service``: completed before this plan year; from 35 on
    nothing is imputed.
    """
    check_facts(locals())
    pay = amounts("compensation", compensation)
    if len(rates) == len(pay):
        # Equivalent rates are of pay up to the limit of their year: what is above it is not counted here either.
        cut = (rates.denominator < pay) & (rates.denominator == rates.denominator.max(initial=0))
        pay = np.where(cut, rates.denominator, pay)
    level = amounts("covered_compensation", covered_compensation, shape=compensation.shape)
    factor = amounts("factor_hundred_thousandths", factor_hundred_thousandths, most=750, shape=compensation.shape)
    service = amounts("years_of_testing_service", years_of_testing_service, most=99, shape=compensation.shape)
    return _imputed(
        rates, pay, level, np.where(service < _YEARS, factor, 0) * (SCALE // 100_000), imputed_for, compensation.shape
    )


def disparity_factor(*, social_security_retirement_age: int, testing_age: int, plan_year: PlanYear) -> int:
    """The annual permitted disparity factor in hundred-thousandths of pay (Reg. 1.401(a)(4)-7(c)(4)(iii)(B)(1)).

    0.75 % at the social security retirement age; a fifteenth less for each of the years by which benefits begin
    earlier, at the lesser of 65 and the testing age (Reg. 1.401(l)-3(e)(1)): 0.70 % and 0.65 % at 65 for ages 66 and
    67; nothing less where the two ages are the same. Younger testing ages than 65, which that section reduces further,
    are refused here.

    >>> from datetime import date
    >>> disparity_factor(
    ...     social_security_retirement_age=67, testing_age=65, plan_year=PlanYear.starting(date(2026, 1, 1))
    ... )
    650
    """
    check_facts(locals())
    if social_security_retirement_age not in (65, 66, 67):
        raise ImpossibleInput(
            "social_security_retirement_age", f"is {social_security_retirement_age}, not 65, 66 or 67"
        )
    if testing_age < 65:
        raise ImpossibleInput("testing_age", f"is {testing_age}; the reductions before 65 are not on file")
    highest = figures.bps("imputed_disparity_factor", plan_year) * 10
    if testing_age == social_security_retirement_age:
        return highest
    return highest - highest * (social_security_retirement_age - 65) // 15


def imputed_rate(*, rate: Fraction, compensation_cents: int, level_cents: int, disparity: Fraction) -> ImputedRate:
    """One person's adjusted rate with its working (Reg. 1.401(a)(4)-7(b)(2), (3), (c)(2), (3)).

    ``level_cents`` is the taxable wage base for allocations, covered compensation for benefits.
    """
    check_facts(locals())
    if compensation_cents <= level_cents:
        paths = (2 * rate, DisparityPath.A), (rate + disparity, DisparityPath.B)
    else:
        amount = rate * compensation_cents
        paths = (
            (amount / (compensation_cents - Fraction(level_cents, 2)), DisparityPath.C),  # exact: Fractions
            ((amount + disparity * level_cents) / compensation_cents, DisparityPath.D),  # exact: Fractions
        )
    lower, higher = sorted(paths, key=lambda each: each[0])
    return ImputedRate(rate, lower[0], higher[0], lower[1])


def _imputed(
    rates: Rates, pay: Cents, level: Cents, share: Cents, imputed_for: Flags | None, shape: tuple[int, ...]
) -> Rates:
    if len(rates) != len(pay):
        raise ImpossibleInput("compensation", f"is of {len(pay)} people, rates are of {len(rates)}")
    if bool((rates.denominator != np.maximum(pay, 1)).any()):
        raise ImpossibleInput("compensation", "is not the pay that the rates were made with")
    chosen = np.ones(len(pay), dtype=np.bool_) if imputed_for is None else same_shape("imputed_for", imputed_for, shape)
    top, bottom = rates.numerator, rates.denominator
    above = pay > level
    # A <= B where n <= p c, and C <= D where n <= p (2c - level): both without a product of two unknowns.
    doubled = top <= np.where(above, share * (2 * bottom - level), share * bottom)
    fits("rates", [int(top.max(initial=0)) * 2, int(bottom.max(initial=1)) * int(share.max(initial=0)) * 2])
    new_top = np.where(doubled, 2 * top, top + share * np.where(above, level, bottom))
    new_bottom = np.where(above & doubled, 2 * bottom - level, bottom)

    def exact(place: int) -> Fraction:
        before = rates.exact(place)
        if not chosen[place]:
            return before
        disparity = Fraction(int(share[place]), SCALE)
        return imputed_rate(
            rate=before, compensation_cents=int(bottom[place]), level_cents=int(level[place]), disparity=disparity
        ).adjusted

    # Rounded rates of one age keep their order only among themselves; after imputation each is compared by its
    # fraction.
    family = np.where(rates.family > 0, -1, rates.family)
    return Rates(np.where(chosen, new_top, top), np.where(chosen, new_bottom, bottom), family, 2 * rates.slack, exact)

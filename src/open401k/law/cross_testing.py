"""Cross-testing a defined contribution plan on equivalent benefits (Reg. 1.401(a)(4)-8(b)(2)). Not here: the
gateway, rate groups.

An allocation is carried with a standard interest rate to the testing age, without mortality, and turned into a straight
life annuity there. The factor of each age is a fraction without rounding; arrays carry it to ten decimal places, and
two people whose rates lie closer together than that could move are compared by the fractions (exact_rates.py).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np

from ..kernel import PlanYear, half_up
from . import figures, tables
from .arrays import Cents, Counts
from .compensation import pay_within_limit
from .exact_rates import MOST_ALLOCATION_CENTS, SCALE, Rates, amounts, fits, paid
from .given import ImpossibleInput, check_facts, check_fields

#: Payments at the start of each month instead of once a year are worth so much less (the first terms of Woolhouse's
#: formula).
_MONTHLY = Fraction(11, 24)
_MONTHS = 12
#: Nobody younger or older is believed.
_YOUNGEST, _OLDEST = 14, 110
#: No uniform normal retirement age: 65 (Reg. 1.401(a)(4)-12, testing age (3)).
TESTING_AGE = 65


class MortalityTable(StrEnum):
    """The standard mortality tables on file (Reg. 1.401(a)(4)-12); each value is the table's id."""

    UP_1984 = "mortality_up_1984"
    GAM_1983_MALE = "mortality_1983_gam_male"
    GAM_1983_FEMALE = "mortality_1983_gam_female"
    IAM_1983_MALE = "mortality_1983_iam_male"
    IAM_1983_FEMALE = "mortality_1983_iam_female"


@dataclass(frozen=True, slots=True)
class TestingBasis:
    """How allocations become benefits, the same for everybody (Reg. 1.401(a)(4)-8(b)(2)(ii)(B), (iv)).

    ``testing_age``: the plan's uniform normal retirement age, else 65. ``annuity_interest_bps``: another standard rate
    for the annuity. ``purchase_rate_millionths``: the price of 1 a month for life at the testing age from another
    standard table, instead of ``table``. ``older_as_at_testing_age``: whoever is past the testing age counts as being
    at it, where allocations go on at the same rate (-8(b)(1)(ii)); otherwise the current age is the testing age (-12,
    testing age (4)).
    """

    interest_bps: int = 850
    table: MortalityTable = MortalityTable.UP_1984
    testing_age: int = TESTING_AGE
    annuity_interest_bps: int | None = None
    purchase_rate_millionths: int | None = None
    older_as_at_testing_age: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    __test__ = False  # the regulation's word; not a class of tests


@dataclass(frozen=True, slots=True)
class EquivalentBenefit:
    """One person's equivalent accrual rate with its steps; ``rate`` and the amounts are fractions, to be rounded
    when shown.
    """

    allocation_cents: int
    compensation_cents: int
    age: int
    testing_age: int
    years: int
    at_testing_age_cents: Fraction
    annuity_factor: Fraction
    annual_benefit_cents: Fraction
    rate: Fraction

    @property
    def rate_hundredths(self) -> int:
        """The rate in hundredths of a percent, half-up."""
        return half_up(self.rate * 10_000)


def equivalent_benefit(
    *,
    allocation_cents: int,
    compensation_cents: int,
    age: int,
    basis: TestingBasis,
    plan_year: PlanYear,
    years_benefited: int = 1,
) -> EquivalentBenefit:
    """One person's equivalent accrual rate, step by step (Reg. 1.401(a)(4)-8(b)(2)(i), (ii)).

    For a measurement period of several years ``allocation_cents`` is the increase of the account balance in it, and
    ``years_benefited`` the years in which the person benefited.
    """
    check_facts(locals())
    given = np.array([allocation_cents]), np.array([compensation_cents]), np.array([age]), np.array([years_benefited])
    rate = equivalent_accrual_rates(
        allocations=given[0],
        compensation=given[1],
        ages=given[2],
        basis=basis,
        plan_year=plan_year,
        years_benefited=given[3],
    ).exact(0)
    tested_at = _tested_at(basis, age)
    years = tested_at - age if age < tested_at else 0
    later = allocation_cents * (1 + Fraction(basis.interest_bps, 10_000)) ** years
    factor = _annuity(basis, tested_at, plan_year.last_day)
    return EquivalentBenefit(
        allocation_cents,
        int(pay_within_limit(compensation=given[1], plan_year=plan_year)[0]),
        age,
        tested_at,
        years,
        later,
        factor,
        later / factor / years_benefited,  # exact: Fractions
        rate,
    )


def equivalent_accrual_rates(
    *,
    allocations: Cents,
    compensation: Cents,
    ages: Counts,
    basis: TestingBasis,
    plan_year: PlanYear,
    years_benefited: Counts | None = None,
) -> Rates:
    """Everybody's equivalent accrual rate, as a share of average annual compensation (Reg. 1.401(a)(4)-8(b)(2)).

    With the plan year as measurement period only the year's allocations count (-8(b)(2)(ii)(A)); pay up to the
    401(a)(17) limit (Reg. 1.401(a)(17)-1(c)). ``ages`` are whole years, counted in one way for everybody.
    """
    check_facts(locals())
    given = amounts("allocations", allocations, most=MOST_ALLOCATION_CENTS)
    whole_pay = amounts("compensation", compensation, shape=allocations.shape)
    pay = paid(given, pay_within_limit(compensation=whole_pay, plan_year=plan_year))
    years = _years(years_benefited, allocations.shape)
    age = _ages(ages, allocations.shape, basis)
    factors = _factors(basis, plan_year, age)
    scaled = np.zeros(_OLDEST + 1, dtype=np.int64)
    scaled[list(factors)] = [_scaled(factor) for factor in factors.values()]
    fits("allocations", [int(given.max(initial=0)) * int(scaled.max(initial=0)) * 2])
    top, bottom = given * scaled[age], pay * years
    fits("years_benefited", [int(bottom.max(initial=1)) << 31])

    def exact(place: int) -> Fraction:
        return Fraction(int(given[place]), int(bottom[place])) * factors[int(age[place])]

    family = np.where(given > 0, age, 0)
    return Rates(top, bottom, family, _slack(given, bottom), exact)


def annuity_factor(*, table: MortalityTable, interest_bps: int, age: int, on: date) -> Fraction:
    """A straight life annuity of 1 a year, paid at the start of each month from that age (Reg. 1.401(a)(4)-12).

    The annuity-due of the table less 11/24; the price of 1 a month is twelve times as much: 95.38 at 65 with UP-1984
    and 8.5 %.

    >>> factor = annuity_factor(table=MortalityTable.UP_1984, interest_bps=850, age=65, on=date(2026, 1, 1))
    >>> half_up(factor * 12 * 100)
    9538
    """
    check_facts(locals())
    return _annuity_factor(table, interest_bps, age, on)


def normalization_factor(*, basis: TestingBasis, age: int, plan_year: PlanYear) -> Fraction:
    """The annual benefit at the testing age for each cent allocated now (Reg. 1.401(a)(4)-8(b)(2)(ii)(B))."""
    check_facts(locals())
    return _normalization_factor(basis, age, plan_year)


@lru_cache(maxsize=4_096)
def _normalization_factor(basis: TestingBasis, age: int, plan_year: PlanYear) -> Fraction:
    _standard(basis, plan_year)
    tested_at = _tested_at(basis, age)
    growth = (1 + Fraction(basis.interest_bps, 10_000)) ** max(0, tested_at - age)
    return growth / _annuity(basis, tested_at, plan_year.last_day)  # exact: both are Fractions


@lru_cache(maxsize=4_096)
def _scaled(factor: Fraction) -> int:
    return half_up(factor * SCALE)


def _factors(basis: TestingBasis, plan_year: PlanYear, age: Counts) -> dict[int, Fraction]:
    present = np.flatnonzero(np.bincount(age, minlength=1)).tolist()
    return {each: normalization_factor(basis=basis, age=each, plan_year=plan_year) for each in present}


def _slack(given: Cents, bottom: Cents) -> int:
    """By how many units of 1/SCALE two rates can seem to differ the wrong way: half a unit of the factor and a
    floor, each.
    """
    return 2 * (int((given // bottom).max(initial=0)) + 1) + 2


def _tested_at(basis: TestingBasis, age: int) -> int:
    return basis.testing_age if basis.older_as_at_testing_age else max(basis.testing_age, age)


def _annuity(basis: TestingBasis, at: int, on: date) -> Fraction:
    if basis.purchase_rate_millionths is not None:
        if at != basis.testing_age:
            raise ImpossibleInput(
                "purchase_rate_millionths",
                f"is the price at {basis.testing_age}, and somebody is {at}",
                fix="Name a table on file, or count older people as at the testing age.",
            )
        return Fraction(basis.purchase_rate_millionths, 1_000_000 * _MONTHS)
    rate = basis.interest_bps if basis.annuity_interest_bps is None else basis.annuity_interest_bps
    return _annuity_factor(basis.table, rate, at, on)


@cache
def _annuity_factor(table: MortalityTable, interest_bps: int, age: int, on: date) -> Fraction:
    rows = tables.edition(table, on)
    alive, discount, total = Fraction(1), Fraction(10_000, 10_000 + interest_bps), Fraction(0)
    for year, at in enumerate(range(age, max(int(each) for each in rows) + 2)):
        total += alive * discount**year
        alive *= 1 - Fraction(tables.value(table, at, on)) if alive and str(at) in rows else 0
    if str(age) not in rows:
        tables.value(table, age, on)
    return total - _MONTHLY


def _standard(basis: TestingBasis, plan_year: PlanYear) -> None:
    low = figures.bps("standard_interest_lowest", plan_year)
    high = figures.bps("standard_interest_highest", plan_year)
    for name, rate in (("interest_bps", basis.interest_bps), ("annuity_interest_bps", basis.annuity_interest_bps)):
        if rate is not None and not low <= rate <= high:
            raise ImpossibleInput(name, f"is {rate}; a standard interest rate is {low} to {high} (Reg. 1.401(a)(4)-12)")
    if basis.purchase_rate_millionths is not None and not 0 < basis.purchase_rate_millionths < 10**9:
        raise ImpossibleInput(
            "purchase_rate_millionths", "is the price of 1 a month for life, over zero and under 1,000"
        )


def _ages(ages: Counts, shape: tuple[int, ...], basis: TestingBasis) -> Counts:
    if ages.shape != shape:
        raise ImpossibleInput("ages", f"has the shape {ages.shape}, the employees have {shape}")
    flat = np.asarray(ages, dtype=np.int64).reshape(-1)
    if not _YOUNGEST <= basis.testing_age <= _OLDEST:
        raise ImpossibleInput("testing_age", f"is {basis.testing_age}")
    for place in np.flatnonzero((flat < _YOUNGEST) | (flat > _OLDEST)).tolist():
        raise ImpossibleInput("ages", f"is {int(flat[place])} for the person at place {place}")
    return flat


def _years(years: Counts | None, shape: tuple[int, ...]) -> Counts:
    if years is None:
        return np.ones(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
    if years.shape != shape:
        raise ImpossibleInput("years_benefited", f"has the shape {years.shape}, the employees have {shape}")
    flat = np.asarray(years, dtype=np.int64).reshape(-1)
    for place in np.flatnonzero((flat < 1) | (flat > 99)).tolist():
        raise ImpossibleInput("years_benefited", f"is {int(flat[place])} for the person at place {place}")
    return flat

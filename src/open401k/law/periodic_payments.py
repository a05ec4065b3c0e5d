"""Substantially equal periodic payments: the three methods, until when they go on, what a change takes back.

Not here: life expectancies and mortality (tables of the required minimum distributions), interest on what is taken
back (72(t)(4)(A): at the underpayment rate for the deferral period).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, anniversary, half_up
from . import figures, given
from .early_distribution_tax import age_59_5_on
from .given import check_facts, check_fields

_WHOLE = 10_000
#: Payments go on for five years at least (IRC 72(t)(4)(A)(ii)(I)).
LEAST_YEARS = 5
_MOST_TENTHS = 1_200
#: Enough digits that no amount of a plan is rounded the other way.
_DIGITS = 60


class PeriodicMethod(StrEnum):
    """The methods of Notice 2022-6 s. 3.01."""

    REQUIRED_MINIMUM = "required_minimum"
    FIXED_AMORTIZATION = "fixed_amortization"
    FIXED_ANNUITIZATION = "fixed_annuitization"


@dataclass(frozen=True, slots=True)
class PeriodicPayment:
    """The amount of one year and what it was worked out from."""

    method: PeriodicMethod
    balance_cents: int
    yearly_cents: int
    #: Life expectancy in tenths of a year, or the annuity factor in thousandths.
    divisor: int
    rate_bps: int | None


@dataclass(frozen=True, slots=True)
class PaidInYear:
    """What of a year's payments was includible in income."""

    year: CalendarYear
    taxable_cents: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Recapture:
    """What a change of the series brings back: the tax of each year without the exception, before interest."""

    modified_in: CalendarYear
    by_year: tuple[tuple[CalendarYear, int], ...]
    tax_cents: int


def most_rate_bps(*, federal_mid_term_120_bps: int, first_payment_on: date) -> int:
    """The highest rate for the fixed methods: the greater of 5 % and 120 % of the federal mid-term rate.

    Notice 2022-6 s. 3.02(c), for series that begin in 2022 (at choice) or later; the mid-term rate is that of one of
    the two months before the first payment.
    """
    check_facts(locals())
    given.counts(_WHOLE, federal_mid_term_120_bps=federal_mid_term_120_bps)
    floor = figures.bps("periodic_payments_rate", CalendarYear(first_payment_on.year))
    return max(federal_mid_term_120_bps, floor)


def required_minimum_method(*, balance_cents: int, life_expectancy_tenths: int) -> PeriodicPayment:
    """The balance divided by the life expectancy, anew each year (Notice 2022-6 s. 3.01(a))."""
    check_facts(locals())
    _given(balance_cents, life_expectancy_tenths)
    yearly = half_up(Fraction(balance_cents * 10, life_expectancy_tenths))
    return PeriodicPayment(PeriodicMethod.REQUIRED_MINIMUM, balance_cents, yearly, life_expectancy_tenths, None)


def fixed_amortization(*, balance_cents: int, life_expectancy_tenths: int, rate_bps: int) -> PeriodicPayment:
    """The same amount each year that uses the balance up over the life expectancy (Notice 2022-6 s. 3.01(b)).

    Payments at the end of each year; ``rate_bps`` at most :func:`most_rate_bps`.
    """
    check_facts(locals())
    _given(balance_cents, life_expectancy_tenths)
    given.counts(_WHOLE, rate_bps=rate_bps)
    if not rate_bps:
        yearly = half_up(Fraction(balance_cents * 10, life_expectancy_tenths))
    else:
        with localcontext() as context:
            context.prec = _DIGITS
            rate = Decimal(rate_bps).scaleb(-4)
            # Life expectancies have tenths, so the power is no whole one.
            discount = (-(Decimal(life_expectancy_tenths).scaleb(-1)) * (1 + rate).ln()).exp()
            yearly = half_up(Fraction(balance_cents * rate / (1 - discount)))  # exact: Decimal of 60 digits
    return PeriodicPayment(PeriodicMethod.FIXED_AMORTIZATION, balance_cents, yearly, life_expectancy_tenths, rate_bps)


def fixed_annuitization(*, balance_cents: int, annuity_factor_thousandths: int, rate_bps: int) -> PeriodicPayment:
    """The balance divided by the factor of an annuity of one dollar a year for life (Notice 2022-6 s. 3.01(c)).

    The factor comes from the mortality rates of Reg. 1.401(a)(9)-9(e) and the rate; it is given, not worked out here.
    """
    check_facts(locals())
    given.amounts(balance_cents=balance_cents)
    given.counts(100_000, annuity_factor_thousandths=annuity_factor_thousandths)
    if not annuity_factor_thousandths:
        raise given.ImpossibleInput("annuity_factor_thousandths", "is nothing.")
    yearly = half_up(Fraction(balance_cents * 1_000, annuity_factor_thousandths))
    return PeriodicPayment(
        PeriodicMethod.FIXED_ANNUITIZATION, balance_cents, yearly, annuity_factor_thousandths, rate_bps
    )


def may_change_from(*, first_payment_on: date, birth_date: date) -> date:
    """The first day on which the series may change without recapture: after five years and at 59 1/2.

    IRC 72(t)(4)(A)(ii). Death, disability and distributions to public safety employees are no change at any time, nor
    is one switch from a fixed method to the required minimum method (Notice 2022-6 s. 3.02(f)).
    """
    check_facts(locals())
    given.days(birth_date=birth_date, first_payment_on=first_payment_on)
    return max(anniversary(first_payment_on, LEAST_YEARS), age_59_5_on(birth_date))


def recapture(
    *,
    payments: Sequence[PaidInYear],
    modified_on: date,
    birth_date: date,
    first_payment_on: date | None = None,
) -> Recapture:
    """The tax that the exception had spared, due in the year of the change (IRC 72(t)(4)(A)).

    On what was paid before 59 1/2; of the year in which 59 1/2 is reached pass what was paid before that day.
    Interest for the deferral period comes on top. Nothing is due for a change from :func:`may_change_from` on, which is
    looked at only where ``first_payment_on`` is told.
    """
    check_facts(locals())
    given.days(birth_date=birth_date, first_payment_on=first_payment_on, modified_on=modified_on)
    if first_payment_on is not None and modified_on >= may_change_from(
        first_payment_on=first_payment_on, birth_date=birth_date
    ):
        return Recapture(CalendarYear(modified_on.year), (), 0)
    given.amounts(**{f"payments.{n}.taxable_cents": each.taxable_cents for n, each in enumerate(payments)})
    last = age_59_5_on(birth_date).year
    by_year = tuple(
        (
            each.year,
            half_up(Fraction(each.taxable_cents * figures.bps("early_distribution_tax", each.year), _WHOLE)),
        )
        for each in sorted(payments, key=lambda one: one.year)
        if each.year.year <= min(last, modified_on.year)
    )
    return Recapture(CalendarYear(modified_on.year), by_year, sum(tax for _, tax in by_year))


def _given(balance_cents: int, life_expectancy_tenths: int) -> None:
    given.amounts(balance_cents=balance_cents)
    given.counts(_MOST_TENTHS, life_expectancy_tenths=life_expectancy_tenths)
    if not life_expectancy_tenths:
        raise given.ImpossibleInput("life_expectancy_tenths", "is nothing.")

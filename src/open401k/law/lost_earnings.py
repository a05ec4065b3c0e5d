"""Lost earnings on money that reached the plan late, as the DOL's Voluntary Fiduciary Correction Program counts them.

Not here: when a deposit is late (deadlines.py), the excise tax and the self-correction (late_deposits.py), earnings
that a participant's own investments would have had.
"""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

import numpy as np

from ..kernel import Money, half_up
from . import given, tables
from .arrays import Cents
from .given import check_facts

#: Above this much of lost earnings the rate of IRC 6621(c)(1) takes the place of that of 6621(a)(2).
LARGE_LOSS_CENTS = 10_000_000
#: 6621(c)(1): five points on the federal short-term rate in the place of three.
_LARGE_LOSS_POINTS = 2
#: Factors have nine decimals, as Rev. Proc. 95-17 prints them.
_FACTOR = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LatePart:
    """A part of a late amount, and the day on which it was in the plan."""

    recovered_on: date
    principal_cents: int


@dataclass(frozen=True, slots=True)
class EarningsPeriod:
    """A stretch within one calendar quarter: the loss day does not earn, the last day does. ``owed`` is in cents."""

    after: date
    last: date
    days: int
    rate_percent: int
    year_days: int
    factor: Fraction
    owed: Fraction


@dataclass(frozen=True, slots=True)
class LostEarnings:
    """What is due besides the principal: earnings until the principal was paid, and interest on them until they are."""

    principal_cents: int
    loss_on: date
    recovered_on: date
    paid_on: date
    lost_earnings_cents: int
    interest_cents: int
    large_loss: bool
    until_recovery: tuple[EarningsPeriod, ...]
    until_payment: tuple[EarningsPeriod, ...]
    cite: str = "DOL VFC Program section 5(b); IRC 6621(a)(2), (c)(1), 6622; Rev. Proc. 95-17"

    @property
    def total_cents(self) -> int:
        return self.lost_earnings_cents + self.interest_cents


def lost_earnings(
    *, principal_cents: int, loss_on: date, recovered_on: date, paid_on: date | None = None
) -> LostEarnings:
    """Lost earnings of one late amount (DOL VFC Program section 5(b); IRC 6621(a)(2), 6622(a); Reg. 301.6622-1(a)).

    ``loss_on`` is the day on which the amount could have been in the plan, ``recovered_on`` the day it was;
    ``paid_on``, where later, the day on which the lost earnings themselves are paid: they earn until then. Above
    $100,000 all is counted again at the rate for large underpayments (section 5(b), special rule for large losses).

    >>> lost_earnings(
    ...     principal_cents=1_000_000, loss_on=date(2001, 3, 16), recovered_on=date(2001, 4, 13)
    ... ).total_cents
    6569
    """
    check_facts(locals())
    given.amounts(principal_cents=principal_cents)
    paid = recovered_on if paid_on is None else paid_on
    given.days(loss_on=loss_on, recovered_on=recovered_on, paid_on=paid)
    usual = _lost(principal_cents, loss_on, recovered_on, paid, large=False)
    if usual.total_cents <= LARGE_LOSS_CENTS:
        return usual
    return _lost(principal_cents, loss_on, recovered_on, paid, large=True)


def lost_earnings_in_parts(
    *, parts: tuple[LatePart, ...], loss_on: date, paid_on: date | None = None
) -> tuple[LostEarnings, ...]:
    """Lost earnings of one late amount that came in parts, each until its own day (DOL VFC Program s. 5(b); IRC 6621).

    What a part lost earns interest until it is paid: on ``paid_on``, else with the last part. The rule for large losses
    looks at all of them together.
    """
    check_facts(locals())
    if not parts:
        raise given.ImpossibleInput("parts", "give at least one part.")
    paid = max(each.recovered_on for each in parts) if paid_on is None else paid_on
    for each in parts:
        given.amounts(principal_cents=each.principal_cents)
        given.days(loss_on=loss_on, recovered_on=each.recovered_on, paid_on=paid)
    usual = tuple(_lost(each.principal_cents, loss_on, each.recovered_on, paid, large=False) for each in parts)
    if sum(each.total_cents for each in usual) <= LARGE_LOSS_CENTS:
        return usual
    return tuple(_lost(each.principal_cents, loss_on, each.recovered_on, paid, large=True) for each in parts)


def lost_earnings_by_person(
    *, principal: Cents, loss_on: date, recovered_on: date, paid_on: date | None = None
) -> tuple[LostEarnings, Cents]:
    """Lost earnings of one late deposit and each participant's part of them (DOL VFC Program s. 5(b); IRC 6621).

    ``principal`` is each participant's late amount. The parts are in proportion to it and add up to the whole, to the
    cent.
    """
    check_facts(locals(), one_plan=True)
    late = [int(amount) for amount in principal]
    for amount in late:
        given.amounts(principal=amount)
    whole = lost_earnings(principal_cents=sum(late), loss_on=loss_on, recovered_on=recovered_on, paid_on=paid_on)
    if not sum(late):
        return whole, np.zeros(len(late), dtype=np.int64)
    parts = Money(whole.total_cents).split(late)
    return whole, np.array([part.cents for part in parts], dtype=np.int64)


def interest_factor(*, rate_percent: int, days: int, year_days: int) -> Fraction:
    """Interest on 1 over some days of a year, compounded daily (IRC 6622(a); Reg. 301.6622-1(a); Rev. Proc. 95-17).

    Nine decimals, half-up, as the tables print them.

    >>> interest_factor(rate_percent=5, days=5, year_days=366)
    Fraction(683247, 1000000000)
    """
    given.counts(366, days=days, year_days=year_days)
    given.counts(1_000, rate_percent=rate_percent)
    if not year_days:
        raise given.ImpossibleInput("year_days", "a year has days")
    return _factor(rate_percent, days, year_days)


def underpayment_rate_percent(on: date, *, large_underpayment: bool = False) -> int:
    """The rate in force on a day (IRC 6621(a)(2); for large corporate underpayments (c)(1)); a later quarter is
    refused.
    """
    check_facts(locals())
    quarter = f"{on.year}Q{(on.month + 2) // 3}"
    rate = int(tables.value("underpayment_rate", quarter, on))
    return rate + _LARGE_LOSS_POINTS if large_underpayment else rate


def grow(amount: Fraction, *, after: date, until: date, large: bool = False) -> tuple[EarningsPeriod, ...]:
    """What an amount in cents is owed at the end of each quarter and at last (IRC 6621(b)(2)(A), 6622(a))."""
    periods = []
    while after < until:
        first = after + timedelta(days=1)
        last = min(until, _last_of_quarter(first))
        days, year_days = (last - after).days, 366 if isleap(first.year) else 365
        rate = underpayment_rate_percent(first, large_underpayment=large)
        factor = _factor(rate, days, year_days)
        amount += amount * factor
        periods.append(EarningsPeriod(after, last, days, rate, year_days, factor, amount))
        after = last
    return tuple(periods)


def _lost(principal: int, loss_on: date, recovered_on: date, paid_on: date, *, large: bool) -> LostEarnings:
    before = grow(Fraction(principal), after=loss_on, until=recovered_on, large=large)
    lost = (before[-1].owed if before else Fraction(principal)) - principal
    later = grow(lost, after=recovered_on, until=paid_on, large=large)
    total = half_up(later[-1].owed if later else lost)
    cents = half_up(lost)
    return LostEarnings(principal, loss_on, recovered_on, paid_on, cents, total - cents, large, before, later)


@cache
def _factor(rate_percent: int, days: int, year_days: int) -> Fraction:
    daily = 1 + Fraction(rate_percent, 100 * year_days)
    return Fraction(half_up((daily**days - 1) * _FACTOR), _FACTOR)


def _last_of_quarter(day: date) -> date:
    month = (day.month + 2) // 3 * 3
    return given.add_months(date(day.year, month, 1), 1) - timedelta(days=1)

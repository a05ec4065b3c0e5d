"""Hardship distributions: the needs that are deemed heavy, what is necessary, and which money may be used.

Not here: other withdrawals in service (withdrawals.py, distribution_events.py), tax and withholding of what is paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..kernel import PlanYear, Source
from . import given
from .given import check_facts, check_fields

_WHOLE = 10_000
#: Taxes on a withdrawal stay below all of it.
_MOST_TAX_BPS = 9_000
#: Plan years that begin after 2018: earnings, QNECs and QMACs too (BBA 2018 s. 41114; IRC 401(k)(14)(A)).
_ALL_SOURCES_FROM = date(2019, 1, 1)
#: Distributions on or after: no suspension, and a representation of the employee (Reg. 1.401(k)-1(d)(3)(v)(A)).
_NEW_RULES_FROM = date(2020, 1, 1)
#: Plan years that begin after 29 December 2022: a certification is enough (IRC 401(k)(14)(C); SECURE 2.0 s. 312).
_CERTIFICATION_FROM = date(2022, 12, 30)


class Need(StrEnum):
    """The needs deemed immediate and heavy (Reg. 1.401(k)-1(d)(3)(ii)(B)(1) to (7)), and any other one."""

    MEDICAL = "medical"
    HOME_PURCHASE = "home_purchase"
    EDUCATION = "education"
    EVICTION_OR_FORECLOSURE = "eviction_or_foreclosure"
    FUNERAL = "funeral"
    CASUALTY = "casualty"
    FEDERAL_DISASTER = "federal_disaster"
    OTHER = "other"


class HardshipProblem(StrEnum):
    """Why a hardship distribution may not be made, or not of that much, in order of precedence."""

    #: Reg. 1.401(k)-1(d)(3)(ii)(A): facts and circumstances, which the plan must provide for.
    NEED_NOT_DEEMED_HEAVY = "need_not_deemed_heavy"
    #: (d)(3)(iii)(B)(3); IRC 401(k)(14)(C).
    ADMINISTRATOR_KNOWS_OTHERWISE = "administrator_knows_otherwise"
    #: (d)(3)(iii)(B)(2); IRC 401(k)(14)(C).
    NO_REPRESENTATION = "no_representation"
    #: (d)(3)(iii)(B)(1).
    OTHER_DISTRIBUTIONS_FIRST = "other_distributions_first"
    #: The money that may be used is less than the need.
    NOT_ENOUGH_MONEY = "not_enough_money"


class Reliance(StrEnum):
    """On what the administrator relies that the need is one, and that nothing else meets it."""

    CERTIFICATION = "certification"
    REPRESENTATION = "representation"
    FACTS_AND_CIRCUMSTANCES = "facts_and_circumstances"


@dataclass(frozen=True, slots=True)
class SourceBalance:
    """Vested money of one source: what was contributed and has not been paid out, and its earnings (or losses)."""

    source: Source
    contributed_cents: int
    earnings_cents: int = 0

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class SourceAvailable:
    """What of one source may be paid on hardship."""

    source: Source
    available_cents: int


@dataclass(frozen=True, slots=True)
class Hardship:
    """A hardship distribution: what the need and its taxes take, and what may be paid."""

    need: Need
    need_cents: int
    taxes_cents: int
    available: tuple[SourceAvailable, ...]
    payable_cents: int
    reliance: Reliance
    problems: tuple[HardshipProblem, ...]

    @property
    def necessary_cents(self) -> int:
        """Need and the taxes that paying it brings (Reg. 1.401(k)-1(d)(3)(iii)(A))."""
        return self.need_cents + self.taxes_cents


_DEFERRALS = (Source.PRE_TAX, Source.ROTH)
_QUALIFIED = (Source.QNEC, Source.QMAC, Source.SAFE_HARBOR_NONELECTIVE, Source.SAFE_HARBOR_MATCH)


def hardship_sources(*, balances: Sequence[SourceBalance], plan_year: PlanYear) -> tuple[SourceAvailable, ...]:
    """What IRC 401(k)(14)(A) lets be paid on hardship, by source, where the plan provides for all of it.

    For plan years that began before 2019: deferrals without earnings only. Money that is not under 401(k)(2)(B)
    (match, profit sharing, rollovers, after-tax) is left out: distribution_events.py says what opens it.
    """
    check_facts(locals())
    wide = plan_year.start >= _ALL_SOURCES_FROM
    found = []
    for place, balance in enumerate(balances):
        given.amounts(**{f"balances.{place}.contributed_cents": balance.contributed_cents})
        if balance.source not in _DEFERRALS + (_QUALIFIED if wide else ()):
            continue
        cents = balance.contributed_cents + (balance.earnings_cents if wide else min(balance.earnings_cents, 0))
        found.append(SourceAvailable(balance.source, max(cents, 0)))
    return tuple(found)


def grossed_up(*, need_cents: int, tax_bps: int) -> int:
    """The smallest amount that leaves the need after taxes at that rate (Reg. 1.401(k)-1(d)(3)(iii)(A)).

    ``tax_bps`` is federal, state and local income tax and penalties reasonably anticipated on the distribution.

    >>> grossed_up(need_cents=1_000_000, tax_bps=3_000)
    1428571
    """
    check_facts(locals())
    given.amounts(need_cents=need_cents)
    given.counts(_MOST_TAX_BPS, tax_bps=tax_bps)
    # Taxes are rounded half-up: half a cent of them is at most five cents of the amount, at the highest rate.
    amount = max(need_cents * _WHOLE // (_WHOLE - tax_bps) - 6, 0)
    while amount - _tax(amount, tax_bps) < need_cents:
        amount += 1
    return amount


def hardship(
    *,
    on: date,
    plan_year: PlanYear,
    need: Need,
    need_cents: int,
    balances: Sequence[SourceBalance],
    tax_bps: int = 0,
    other_distributions_available_cents: int = 0,
    certified_or_represented: bool = True,
    administrator_knows_otherwise: bool = False,
    plan_allows_other_needs: bool = False,
) -> Hardship:
    """Whether and how much may be paid on hardship (IRC 401(k)(14); Reg. 1.401(k)-1(d)(3)).

    For distributions from 2020 on. The employee takes every other distribution of all plans of the employer first, but
    need not borrow (401(k)(14)(B)), and deferrals go on. In plan years from 30 December 2022 a written certification
    of need, amount and lack of other means is enough; before, a representation of the last of them.
    """
    check_facts(locals())
    given.amounts(other_distributions_available_cents=other_distributions_available_cents)
    if on < _NEW_RULES_FROM:
        raise given.ImpossibleInput("on", f"{on} is before 2020, when other rules held (26 CFR revised April 1, 2019).")
    if on not in plan_year:
        raise given.ImpossibleInput("on", f"{on} is not in the plan year {plan_year}.")
    available = hardship_sources(balances=balances, plan_year=plan_year)
    total = grossed_up(need_cents=need_cents, tax_bps=tax_bps)
    money = sum(each.available_cents for each in available)
    breaches = {
        HardshipProblem.NEED_NOT_DEEMED_HEAVY: need is Need.OTHER and not plan_allows_other_needs,
        HardshipProblem.ADMINISTRATOR_KNOWS_OTHERWISE: administrator_knows_otherwise,
        HardshipProblem.NO_REPRESENTATION: not certified_or_represented,
        HardshipProblem.OTHER_DISTRIBUTIONS_FIRST: other_distributions_available_cents > 0,
    }
    found = [problem for problem, breached in breaches.items() if breached]
    payable = 0 if found else min(total, money)
    if money < total:
        found.append(HardshipProblem.NOT_ENOUGH_MONEY)
    return Hardship(
        need=need,
        need_cents=need_cents,
        taxes_cents=total - need_cents,
        available=available,
        payable_cents=payable,
        reliance=_reliance(need, plan_year),
        problems=tuple(found),
    )


def _reliance(need: Need, plan_year: PlanYear) -> Reliance:
    if need is Need.OTHER:
        return Reliance.FACTS_AND_CIRCUMSTANCES
    return Reliance.CERTIFICATION if plan_year.start >= _CERTIFICATION_FROM else Reliance.REPRESENTATION


def _tax(amount: int, tax_bps: int) -> int:
    return (amount * tax_bps * 2 + _WHOLE) // (_WHOLE * 2)

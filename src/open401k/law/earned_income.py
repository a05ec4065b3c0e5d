"""Plan pay of the self-employed: earned income after the deduction for half the self-employment tax and for their plan.

Not here: what is profit of the business, optional methods of net earnings, farmers, ministers, losses.
"""

from dataclasses import dataclass
from fractions import Fraction

from ..kernel import CalendarYear, PlanYear, half_up
from . import figures
from .compensation import annual_cap
from .given import ImpossibleInput, amounts, check_facts

_WHOLE = 10_000
#: Below this there is no self-employment income (IRC 1402(b)(2)).
LEAST_NET_EARNINGS_CENTS = 40_000


@dataclass(frozen=True, slots=True)
class EarnedIncome:
    """Earned income of a year for a plan, and the steps to it, in cents.

    ``plan_pay``: under the 401(a)(17) limit, what a rate of contribution applies to; ``section_415``: pay for the 415
    limit, to which elective deferrals are added back.
    """

    net_profit: int
    self_employment_tax: int
    half_deducted: int
    employer_contribution: int
    earned_income: int
    plan_pay: int
    section_415: int
    reduced_rate: Fraction


def earned_income(
    *,
    net_profit_cents: int,
    social_security_wages_cents: int = 0,
    employer_rate_bps: int = 0,
    year: CalendarYear,
    plan_year: PlanYear,
) -> EarnedIncome:
    """Earned income for plan purposes, with a contribution of a rate of it to the person's own account.

    IRC 401(c)(2)(A)(v), (vi), 415(c)(3)(B): net profit less half the self-employment tax (164(f)) and less the
    deductible contribution, which is itself a rate of what remains: the rate applies as rate / (1 + rate). Elective
    deferrals do not lower it, since they are added back (415(c)(3)(D)); Reg. 1.415(c)-2(b)(2).
    """
    check_facts(locals())
    amounts(net_profit_cents=net_profit_cents, social_security_wages_cents=social_security_wages_cents)
    if employer_rate_bps > _WHOLE:
        raise ImpossibleInput("employer_rate_bps", f"{employer_rate_bps} is not between 0 and {_WHOLE}.")
    tax = self_employment_tax(
        net_profit_cents=net_profit_cents, social_security_wages_cents=social_security_wages_cents, year=year
    )
    half = half_up(Fraction(tax, 2))
    before = net_profit_cents - half
    reduced = Fraction(employer_rate_bps, _WHOLE + employer_rate_bps)
    rate = Fraction(employer_rate_bps, _WHOLE)
    contribution = min(half_up(before * reduced), half_up(annual_cap(plan_year) * rate))
    income = before - contribution
    return EarnedIncome(
        net_profit=net_profit_cents,
        self_employment_tax=tax,
        half_deducted=half,
        employer_contribution=contribution,
        earned_income=income,
        plan_pay=min(income, annual_cap(plan_year)),
        section_415=income,
        reduced_rate=reduced,
    )


def self_employment_tax(*, net_profit_cents: int, social_security_wages_cents: int, year: CalendarYear) -> int:
    """Tax on self-employment income, without the additional Medicare tax, which is not deducted (IRC 1401, 1402).

    Net earnings are the profit less a deduction at half the rates (1402(a)(12)); the old-age part ends at the wage
    base less wages taxed already (1402(b)(1)).
    """
    check_facts(locals())
    amounts(net_profit_cents=net_profit_cents, social_security_wages_cents=social_security_wages_cents)
    oasdi = Fraction(figures.bps("self_employment_oasdi", year), _WHOLE)
    medicare = Fraction(figures.bps("self_employment_medicare", year), _WHOLE)
    net = net_profit_cents * (1 - Fraction(oasdi + medicare, 2))
    if net < LEAST_NET_EARNINGS_CENTS:
        return 0
    room = max(figures.cents("ss_wage_base", year) - social_security_wages_cents, 0)
    return half_up(min(net, Fraction(room)) * oasdi + net * medicare)

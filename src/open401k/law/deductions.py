"""What an employer may deduct for contributions, what carries over, the excise on the rest; the self-employed.

IRC 404, 4972. Not here: defined benefit plans and their combination with others (404(a)(7)), ESOPs, due dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..kernel import CalendarYear, LimitationYear, PlanYear, half_up
from . import figures
from .arrays import Cents
from .compensation import annual_cap
from .given import ImpossibleInput, check_facts, same_length

_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Deduction:
    """A taxable year's deduction: of earlier excess first, then of this year's; deferrals stand beside the limit.

    ``carried_forward_cents`` is what no year has deducted yet; the excise is on it as of the end of the year.
    """

    pay_counted_cents: int
    limit_cents: int
    deferrals_cents: int
    from_carryforward_cents: int
    of_this_year_cents: int
    carried_forward_cents: int
    excise_cents: int

    @property
    def deductible_cents(self) -> int:
        """Everything deductible in the year, deferrals included."""
        return self.deferrals_cents + self.from_carryforward_cents + self.of_this_year_cents


@dataclass(frozen=True, slots=True)
class SelfEmployedContribution:
    """The most a self-employed person may contribute and deduct for himself, with the steps of Publication 560."""

    net_earnings_cents: int
    reduced_rate: Fraction
    by_rate_cents: int
    by_pay_cap_cents: int
    by_additions_cents: int
    employer_cents: int
    deferral_cents: int
    catch_up_cents: int

    @property
    def total_cents(self) -> int:
        return self.employer_cents + self.deferral_cents + self.catch_up_cents


def deduction(
    *,
    compensation: Cents,
    employer_contributions_cents: int,
    deferrals_cents: int,
    carryforward_cents: int,
    returned_to_employer_cents: int,
    year: CalendarYear,
    plan_year: PlanYear,
) -> Deduction:
    """The deduction for profit-sharing, stock bonus and 401(k) plans of one employer, all taken as one trust.

    25 % of the pay of those who benefit (IRC 404(a)(3)(A)(i), (iv)), each under the 401(a)(17) amount (404(l)),
    deferrals included in pay (404(a)(12)) and outside the limit (404(n)). More carries over to later years, which
    deduct it before their own (404(a)(3)(A)(ii); 4972(c)(2)). The excise of 10 % is on what is not deductible and
    not returned (4972(a), (c)(1)). Contributions over 415(c) are never deductible: leave them out (404(j)(1)(B)).
    """
    check_facts(locals())
    if returned_to_employer_cents > carryforward_cents:
        raise ImpossibleInput("returned_to_employer_cents", "more than was carried forward")
    pay = int(np.minimum(compensation, annual_cap(plan_year)).sum())
    # A fraction of a cent is not deductible: rounded down.
    limit = pay * figures.bps("deduction_404a3", year) // _WHOLE
    earlier = carryforward_cents - returned_to_employer_cents
    from_earlier = min(earlier, limit)
    of_this_year = min(employer_contributions_cents, limit - from_earlier)
    carried = earlier - from_earlier + employer_contributions_cents - of_this_year
    return Deduction(
        pay_counted_cents=pay,
        limit_cents=limit,
        deferrals_cents=deferrals_cents,
        from_carryforward_cents=from_earlier,
        of_this_year_cents=of_this_year,
        carried_forward_cents=carried,
        excise_cents=half_up(Fraction(carried * figures.bps("excise_4972", year), _WHOLE)),
    )


def deductions_over_years(
    *,
    compensation_by_year: Sequence[Cents],
    employer_contributions_by_year_cents: Sequence[int],
    first_year: CalendarYear,
) -> tuple[Deduction, ...]:
    """Years in turn, each beginning with what the one before carried forward (IRC 404(a)(3)(A)(ii), 4972)."""
    check_facts(locals())
    same_length(
        compensation_by_year=compensation_by_year,
        employer_contributions_by_year_cents=employer_contributions_by_year_cents,
    )
    found: list[Deduction] = []
    pairs = zip(compensation_by_year, employer_contributions_by_year_cents, strict=True)
    for count, (compensation, contributed) in enumerate(pairs):
        year = CalendarYear(first_year.year + count)
        found.append(
            deduction(
                compensation=compensation,
                employer_contributions_cents=contributed,
                deferrals_cents=0,
                carryforward_cents=found[-1].carried_forward_cents if found else 0,
                returned_to_employer_cents=0,
                year=year,
                plan_year=PlanYear.starting(year.start),
            )
        )
    return tuple(found)


def reduced_rate(rate_bps: int) -> Fraction:
    """The plan's rate as a share of earnings before the contribution (IRC 401(c)(2)(A)(v), 404(a)(8)(D)): r / (1 + r).

    >>> reduced_rate(2500)
    Fraction(1, 5)
    """
    check_facts(locals())
    if rate_bps > _WHOLE:
        raise ImpossibleInput("rate_bps", f"a rate of pay is from 0 to {_WHOLE} basis points, not {rate_bps}")
    return Fraction(rate_bps, _WHOLE + rate_bps)


def self_employed_contribution(
    *,
    net_profit_cents: int,
    self_employment_tax_deduction_cents: int,
    rate_bps: int,
    deferral_cents: int,
    catch_up_cents: int,
    year: CalendarYear,
) -> SelfEmployedContribution:
    """What a self-employed person with one defined contribution plan may contribute (IRC 404(a)(8), (n), 401(c)(2)).

    As Publication 560's deduction worksheet: net earnings after the deduction for self-employment tax; the reduced rate
    of them, the plan's rate of the 401(a)(17) amount, what 415(c) leaves beside the deferral, and half of what the
    deferral leaves; the least of these, rounded down. ``rate_bps`` is at most 25 % (404(a)(3)).
    """
    check_facts(locals())
    most = figures.bps("deduction_404a3", year)
    if rate_bps > most:
        raise ImpossibleInput("rate_bps", f"not more than {most} basis points are deductible, {rate_bps} are given")
    if deferral_cents > figures.cents("limit_402g", year):
        raise ImpossibleInput("deferral_cents", "above the limit of 402(g); what is catch-up goes into catch_up_cents")
    net = max(0, net_profit_cents - self_employment_tax_deduction_cents)
    first_day = year.start
    pay_cap, rate = annual_cap(PlanYear.starting(first_day)), reduced_rate(rate_bps)
    additions = figures.cents("limit_415c", LimitationYear.starting(first_day))
    deferral = min(deferral_cents, net)
    by_rate = net * rate.numerator // rate.denominator
    by_cap = pay_cap * rate_bps // _WHOLE
    by_additions = min(additions - deferral, (net - deferral) // 2)
    employer = max(0, min(by_rate, by_cap, by_additions))
    return SelfEmployedContribution(
        net_earnings_cents=net,
        reduced_rate=rate,
        by_rate_cents=by_rate,
        by_pay_cap_cents=by_cap,
        by_additions_cents=by_additions,
        employer_cents=employer,
        deferral_cents=deferral,
        catch_up_cents=min(catch_up_cents, net - employer - deferral),
    )

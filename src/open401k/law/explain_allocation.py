"""Permitted disparity and allocations in plain words. Not here: any calculation."""

from fractions import Fraction

import numpy as np

from ..kernel import Money, half_up
from .allocation import Allocation, StepName
from .explain import explain, percent
from .new_comparability import Design, Gateway, GatewayPath
from .permitted_disparity import (
    AnnualDisparity,
    Band,
    CumulativeDisparity,
    DisparityTest,
    IntegrationLevel,
    Shortcoming,
)

_BANDS = {
    Band.WAGE_BASE: "at the wage base",
    Band.LOW: "in the lowest band",
    Band.MIDDLE: "above the lowest band and not above 80 % of the wage base",
    Band.HIGH: "above 80 % of the wage base",
    Band.ABOVE: "above the wage base",
}
_STEPS = {
    StepName.PAY: "of pay",
    StepName.EQUAL: "in equal amounts",
    StepName.POINTS: "by points",
    StepName.PAY_AND_EXCESS: "of pay plus excess pay",
    StepName.TOP_HEAVY_PAY: "of pay, the top-heavy minimum",
    StepName.TOP_HEAVY_EXCESS: "of excess pay",
    StepName.AGE_WEIGHTED: "by pay times the factor for age",
}
_BY_RATE = (StepName.PAY, StepName.PAY_AND_EXCESS, StepName.TOP_HEAVY_PAY, StepName.TOP_HEAVY_EXCESS)


@explain.register
def _disparity(test: DisparityTest) -> str:
    level = test.integration
    facts = (
        f"{_rate(test.base_bps)} of pay up to {Money(level.level_cents)} and {_rate(test.excess_bps)} above it; the "
        f"integration level is {_BANDS[level.band]} of {Money(level.wage_base_cents)}"
    )
    most = f"at most {_rate(test.allowance_bps)}, the lesser of the base percentage and {percent(level.factor_bps)}"
    if test.satisfied:
        return f"{facts}. The disparity of {_rate(test.disparity_bps)} is allowed: {most} (Reg. 1.401(l)-2(b)(2))."
    why = {
        Shortcoming.NOT_AN_EXCESS_PLAN: "the rate above is lower than the rate below (Reg. 1.401(l)-2(a)(2))",
        Shortcoming.DISPARITY_TOO_HIGH: f"the disparity of {_rate(test.disparity_bps)} may be {most} "
        "(Reg. 1.401(l)-2(b)(2))",
        Shortcoming.INTEGRATION_LEVEL_TOO_HIGH: "the integration level may not be above the wage base in effect when "
        "the plan year begins (Reg. 1.401(l)-2(d))",
    }
    return f"{facts}. Not allowed: {'; '.join(why[each] for each in test.shortcomings)}."


@explain.register
def _annual(found: AnnualDisparity) -> str:
    verdict = "is not more than one" if found.satisfied else "is more than one: one of the plans must give less"
    return (
        f"The annual disparity fractions {', '.join(_two(each) for each in found.fractions)} add up to "
        f"{_two(found.total)}, which {verdict} (Reg. 1.401(l)-5(b))."
    )


@explain.register
def _cumulative(found: CumulativeDisparity) -> str:
    if not found.applies:
        return (
            "No defined benefit plan gave disparity, so the cumulative limit is satisfied (Reg. 1.401(l)-5(c)(1)(ii))."
        )
    verdict = "not more than" if found.satisfied else "more than"
    return (
        f"The fractions of all years add up to {_two(found.total)}, {verdict} {found.limit_years} (Reg. 1.401(l)-5(c))."
    )


@explain.register
def _allocation(result: Allocation) -> str:
    steps = "; ".join(
        f"{f'up to {_rate(step.rate_bps)} ' if step.name in _BY_RATE else ''}{_STEPS[step.name]}: {_money(step.given)}"
        for step in result.steps
        if step.given
    )
    capped = int(np.count_nonzero(result.at_limit))
    limit = (
        f" {capped} are at their limit under IRC 415(c); what they cannot take went to the others." if capped else ""
    )
    left = f" {Money(result.unallocated_cents)} could not be allocated." if result.unallocated_cents else ""
    return f"{Money(result.budget_cents)} were shared {steps or 'with nobody'} (pay under IRC 401(a)(17)).{limit}{left}"


@explain.register
def _gateway(found: Gateway) -> str:
    cite = "(Reg. 1.401(a)(4)-8(b)(1)(vi))"
    highest = f"the highest rate of a highly compensated employee, {_rate(found.highest_hce_rate_bps)},"
    match found.path:
        case GatewayPath.NOBODY_HIGHLY_COMPENSATED:
            return f"No highly compensated employee has an allocation, so nothing is asked of the others {cite}."
        case GatewayPath.ONE_THIRD:
            return f"Everybody else has at least a third of {highest} so the gateway is open {cite}."
        case GatewayPath.FIVE_PERCENT:
            return f"Everybody else has at least 5 % of pay, so the gateway is open {cite}."
        case GatewayPath.CLOSED:
            people = int(np.count_nonzero(found.missing))
            return (
                f"{people} employees lack {Money(int(found.missing.sum()))} together of the lesser of 5 % of pay "
                f"and a third of {highest} so the gateway is closed {cite}."
            )


@explain.register
def _design(found: Design) -> str:
    more = (
        "no budget would give them more under IRC 415(c)"
        if found.one_cent_more is None
        else f"another cent for them takes a budget of {Money(found.one_cent_more)}"
    )
    return (
        f"Of {Money(found.budget_cents)} the favored get {Money(found.favored_cents)}; the gateway of the others takes "
        f"{Money(found.gateway_cost_cents)}; {more}. {explain(found.gateway)} The general test must be passed as well."
    )


def _rate(bps: Fraction) -> str:
    return percent(half_up(bps))


def _two(number: Fraction) -> str:
    whole, part = divmod(half_up(number * 100), 100)
    return f"{whole}.{part:02d}"


def _money(cents: Fraction) -> Money:
    return Money(half_up(cents))


@explain.register
def _level(found: IntegrationLevel) -> str:
    return (
        f"An integration level of {Money(found.level_cents)} is {_BANDS[found.band]} of "
        f"{Money(found.wage_base_cents)}: pay above it may have at most {percent(found.factor_bps)} more (Reg. "
        "1.401(l)-2(d))."
    )

"""The ratio of an HCE who is eligible in several plans of one employer (ADP and ACP). Not here: the tests themselves.

Reg. 1.401(k)-2(a)(3)(ii), 1.401(m)-2(a)(3)(ii).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from ..kernel import PlanYear, half_up
from .compensation import pay_within_limit
from .given import ImpossibleInput, check_facts, check_fields

_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Dated:
    """An amount and the day from whose pay it is."""

    on: date
    cents: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class PlanContributions:
    """What counts of one HCE under one plan.

    ``aggregable``: not a plan that may not be aggregated with the tested one, such as one of another qualified separate
    line of business, or of employees who are collectively bargained beside one of others. Different plan years and
    testing methods are no reason, nor is that one is an ESOP (Reg. 1.401(k)-1(b)(4)(v)(A), 1.401(k)-2(a)(3)(ii)(B)).
    """

    plan: str
    contributions: tuple[Dated, ...]
    aggregable: bool = True


@dataclass(frozen=True, slots=True)
class MultiPlanRatio:
    """The ratio in hundredths of a percent, half-up, with what it is of; and what came from other plans."""

    contributions_cents: int
    from_other_plans_cents: int
    compensation_cents: int
    ratio: int


def multi_plan_ratio(
    *, tested_plan: str, plans: Sequence[PlanContributions], compensation: Sequence[Dated], plan_year: PlanYear
) -> MultiPlanRatio:
    """An HCE's ADR or ACR under one of several plans (Reg. 1.401(k)-2(a)(3)(ii), (iii) Examples 1 to 4).

    All contributions under the plans within the tested plan's year, whatever the plan years of the others, over the pay
    of that year by the tested plan's definition, up to the 401(a)(17) limit (Reg. 1.401(a)(17)-1(c)(1)): pay of a time
    in which the person was in another of them is in.
    """
    check_facts(locals())
    if all(plan.plan != tested_plan for plan in plans):
        raise ImpossibleInput("tested_plan", f"{tested_plan} is not among the plans")
    counted = {
        plan.plan: sum(each.cents for each in plan.contributions if each.on in plan_year)
        for plan in plans
        if plan.aggregable or plan.plan == tested_plan
    }
    whole = sum(each.cents for each in compensation if each.on in plan_year)
    pay = int(pay_within_limit(compensation=np.array([whole]), plan_year=plan_year)[0])
    total = sum(counted.values())
    if pay <= 0 < total:
        raise ImpossibleInput("compensation", "there are contributions in the plan year and no pay")
    ratio = half_up(Fraction(total * _WHOLE, pay)) if pay > 0 else 0
    return MultiPlanRatio(total, total - counted[tested_plan], pay, ratio)

"""What a plan needs before it may be cross-tested (Reg. 1.401(a)(4)-8(b)(1)(i)(B)). Not here: the equivalent
benefits.

One of three: broadly available allocation rates, age-based rates, or the minimum allocation gateway. Not here either:
transition allocations (-8(b)(1)(iii)(B)-(F)) and uniform target benefit allocations ((b)(1)(v)), which are judged from
documents.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import PlanYear
from . import figures
from .arrays import Cents, Counts, Flags
from .average_benefit import AverageBenefitTest, Outcome, classification_test
from .compensation import pay_within_limit
from .coverage import coverage_test
from .exact_rates import (
    MOST_ALLOCATION_CENTS,
    amounts,
    hundredths,
    of_one_plan,
    paid,
    plans_of,
    same_shape,
    standing,
    whole,
)
from .given import ImpossibleInput, check_facts

_WHOLE = 10_000
_THIRD = 3


class GatewayPath(StrEnum):
    """How the minimum allocation gateway was settled, in the order in which it is looked at."""

    NO_NHCE = "no NHCE benefits"
    ONE_THIRD = "a third of the highest rate of an HCE"
    FIVE_PERCENT = "5 % of section 415 compensation"
    FAILED = "neither"


@dataclass(frozen=True, slots=True, eq=False)
class Gateway:
    """The gateway with what is missing to each of its two ways, in cents, person by person."""

    path: GatewayPath
    highest_hce_rate: int
    needed_rate: int
    short_of_one_third: Cents
    short_of_five_percent: Cents

    @property
    def passed(self) -> bool:
        return self.path is not GatewayPath.FAILED

    @property
    def least_cost_cents(self) -> int:
        """What the cheaper way costs; at once, for the whole plan."""
        return min(int(self.short_of_one_third.sum()), int(self.short_of_five_percent.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class GatewayScenarios:
    """The gateway of many plans at once."""

    passed: Flags
    by_one_third: Flags
    by_five_percent: Flags


@dataclass(frozen=True, slots=True)
class BroadlyAvailable:
    """Each rate of the plan with the coverage of those to whom it is available."""

    outcome: Outcome
    rates: tuple[tuple[str, AverageBenefitTest], ...]

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


def minimum_allocation_gateway(
    *,
    allocations: Cents,
    compensation: Cents,
    section_415_compensation: Cents,
    is_hce: Flags,
    benefiting: Flags,
    plan_year: PlanYear,
) -> Gateway:
    """Each NHCE has a third of the highest rate of an HCE, or each has 5 % of 415 pay (Reg.
    1.401(a)(4)-8(b)(1)(vi)).

    One way for the whole plan, not person by person. Rates as in the general test, of pay up to the 401(a)(17) limit,
    without imputed disparity ((b)(1)(vii)). Who does not benefit is no employee of the plan (-12); whoever has any
    nonelective amount, a safe harbor contribution or a top-heavy minimum included, does. Component plans cannot be used
    (-9(c)(3)(ii)).
    """
    check_facts(locals())
    of_one_plan(is_hce.shape)
    facts = _Facts.of(allocations, compensation, section_415_compensation, is_hce, benefiting, None, plan_year)
    found = facts.verdicts()
    top, bottom = (int(each[0]) for each in facts.highest())
    third = -(-(facts.pay * top) // (_THIRD * bottom))
    five = -(-(facts.pay_415 * facts.deemed_bps) // _WHOLE)
    path = GatewayPath.FAILED
    if not facts.nhce.any():
        path = GatewayPath.NO_NHCE
    elif found.by_one_third[0]:
        path = GatewayPath.ONE_THIRD
    elif found.by_five_percent[0]:
        path = GatewayPath.FIVE_PERCENT
    return Gateway(
        path=path,
        highest_hce_rate=hundredths(Fraction(top, bottom)),
        needed_rate=hundredths(Fraction(top, _THIRD * bottom)),
        short_of_one_third=np.where(facts.nhce, np.maximum(third - facts.given, 0), 0),
        short_of_five_percent=np.where(facts.nhce, np.maximum(five - facts.given, 0), 0),
    )


def gateway_scenarios(
    *,
    allocations: Cents,
    compensation: Cents,
    section_415_compensation: Cents,
    is_hce: Flags,
    benefiting: Flags,
    plan_year: PlanYear,
    plan: Counts | None = None,
) -> GatewayScenarios:
    """The minimum allocation gateway of many plans at once (Reg. 1.401(a)(4)-8(b)(1)(vi)); exact.

    People on the last axis and plans before it; or flat, with each person's ``plan`` from 0 upward.
    """
    check_facts(locals())
    return _Facts.of(
        allocations, compensation, section_415_compensation, is_hce, benefiting, plan, plan_year
    ).verdicts()


def broadly_available_rates(
    *,
    available: tuple[tuple[str, Flags], ...],
    is_hce: Flags,
    excluded: Flags,
    reasonable_classification: bool | None = None,
    facts_and_circumstances: bool | None = None,
) -> BroadlyAvailable:
    """Each rate is available to a group that satisfies 410(b) without the average benefit percentage
    (-8(b)(1)(iii)(A)).

    ``available``: each allocation rate by a name, with those to whom it is available this plan year. Age and service
    conditions are not disregarded here; rates that may be treated as one (-4(d)(4)) come as one; differences by
    permitted disparity do not make two rates ((b)(1)(vii)).
    """
    check_facts(locals())
    tests = tuple(
        (
            name,
            classification_test(
                coverage=coverage_test(is_hce=is_hce, benefiting=who, excluded=excluded),
                reasonable_classification=reasonable_classification,
                facts_and_circumstances=facts_and_circumstances,
            ),
        )
        for name, who in available
    )
    if not tests:
        raise ImpossibleInput("available", "names no allocation rate")
    outcomes = {test.outcome for _, test in tests}
    worst = next(each for each in (Outcome.FAILED, Outcome.OPEN, Outcome.PASSED) if each in outcomes)
    return BroadlyAvailable(worst, tests)


@dataclass(frozen=True, slots=True, eq=False)
class _Facts:
    given: Cents
    pay: Cents
    pay_415: Cents
    hce: Flags
    nhce: Flags
    plan: Counts
    plans: int
    deemed_bps: int

    @classmethod
    def of(
        cls,
        allocations: Cents,
        compensation: Cents,
        section_415_compensation: Cents,
        is_hce: Flags,
        benefiting: Flags,
        plan: Counts | None,
        plan_year: PlanYear,
    ) -> "_Facts":
        shape = is_hce.shape
        given = amounts("allocations", allocations, most=MOST_ALLOCATION_CENTS, shape=shape)
        limited = pay_within_limit(compensation=amounts("compensation", compensation, shape=shape), plan_year=plan_year)
        pay = paid(given, limited)
        pay_415 = pay_within_limit(
            compensation=amounts("section_415_compensation", section_415_compensation, shape=shape), plan_year=plan_year
        )
        hce, inside = same_shape("is_hce", is_hce, shape), same_shape("benefiting", benefiting, shape)
        home, plans = plans_of(shape, plan)
        deemed = figures.bps("gateway_deemed_rate", plan_year)
        return cls(given, pay, pay_415, hce & inside, ~hce & inside, home, plans, deemed)

    def highest(self) -> tuple[Cents, Cents]:
        """Each plan's highest rate of an HCE as a fraction; nothing of one cent without any."""
        top, bottom = np.zeros(self.plans, dtype=np.int64), np.ones(self.plans, dtype=np.int64)
        members = np.flatnonzero(self.hce)
        placed = standing(whole(self.given[members], self.pay[members]), self.plan[members])
        # In order of rate the last one written is the highest.
        chosen = members[placed.order]
        top[placed.plan], bottom[placed.plan] = self.given[chosen], self.pay[chosen]
        return top, bottom

    def verdicts(self) -> GatewayScenarios:
        top, bottom = (each[self.plan] for each in self.highest())
        third = _THIRD * self.given * bottom >= top * self.pay
        five = self.given * _WHOLE >= self.deemed_bps * self.pay_415
        by_third, by_five = (
            np.bincount(self.plan[self.nhce & ~each], minlength=self.plans) == 0 for each in (third, five)
        )
        return GatewayScenarios(by_third | by_five, by_third, by_five)

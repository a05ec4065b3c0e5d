"""Sharing out an employer contribution: pro rata, flat, points, integrated, age-weighted; exact and to the last cent.

Every formula is one or more steps that fill up in proportion to a weight, nobody beyond the room left under 415(c);
what somebody cannot take goes to the others in the same proportion. Whole cents come from the exact shares by largest
remainder, a tie to the earlier place, so they add up. Pay is capped under 401(a)(17) here. Not here: who is eligible,
whether the result is nondiscriminatory (the general test), groups (new_comparability.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import LimitationYear, PlanYear
from . import figures, permitted_disparity
from .additions import additions_limit
from .arrays import Cents, Counts, Flags, as_cents, half_up_quotient
from .compensation import annual_cap, capped
from .given import ImpossibleInput, check_facts, same_length
from .top_heavy import MINIMUM_BPS

_WHOLE = 10_000
#: Factors of an age-weighted formula are whole numbers of this part of one.
FACTOR_SCALE = 1_000_000_000


class StepName(StrEnum):
    """What a step of a formula gives for."""

    PAY = "by_pay"
    EQUAL = "equal_amounts"
    POINTS = "by_points"
    PAY_AND_EXCESS = "by_pay_and_excess_pay"
    TOP_HEAVY_PAY = "top_heavy_minimum_by_pay"
    TOP_HEAVY_EXCESS = "as_much_by_excess_pay"
    AGE_WEIGHTED = "by_pay_times_age_factor"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a formula: the rate at which the weight was filled up, in basis points of it, and what it gave."""

    name: StepName
    rate_bps: Fraction
    given: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """Who gets what, in cents; ``unallocated_cents`` is what nobody had room or weight for."""

    amounts: Cents
    budget_cents: int
    unallocated_cents: int
    at_limit: Flags
    steps: tuple[Step, ...]

    @property
    def total_cents(self) -> int:
        return int(self.amounts.sum())


def room_under_415(
    *, section_415_compensation: Cents, additions_before: Cents, limitation_year: LimitationYear
) -> Cents:
    """What may still be added to each account in the limitation year (IRC 415(c)(1))."""
    check_facts(locals())
    left: Cents = additions_limit(section_415_compensation, limitation_year) - additions_before
    return np.maximum(left, 0)


def counted_pay(compensation: Cents, plan_year: PlanYear) -> Cents:
    """Pay of the plan year that an allocation may count (IRC 401(a)(17))."""
    check_facts(locals())
    pay = as_cents(compensation)
    counted: Cents = capped(pay, annual_cap(plan_year))
    return counted


def pro_rata(*, budget_cents: int, compensation: Cents, plan_year: PlanYear, room: Cents | None = None) -> Allocation:
    """The same percentage of pay for everybody (Reg. 1.401(a)(4)-2(b)(2)(i)(A)).

    ``room`` from :func:`room_under_415`; being at that limit does not make the formula less uniform (Reg.
    1.401(a)(4)-2(b)(4)(iv)).
    """
    check_facts(locals(), one_plan=True)
    pay = counted_pay(compensation, plan_year)
    return _allocate(budget_cents, len(pay), room, [(StepName.PAY, pay, None)])


def flat_dollar(*, budget_cents: int, participants: Flags, room: Cents | None = None) -> Allocation:
    """The same dollar amount for every participant (Reg. 1.401(a)(4)-2(b)(2)(i)(B))."""
    check_facts(locals(), one_plan=True)
    return _allocate(budget_cents, len(participants), room, [(StepName.EQUAL, participants.astype(np.int64), None)])


def points(*, budget_cents: int, points_of_each: Counts, room: Cents | None = None) -> Allocation:
    """In proportion to points (Reg. 1.401(a)(4)-2(b)(3)).

    The safe harbor asks also that the HCEs' average allocation rate be no higher than the NHCEs' ((b)(3)(i)(B)): that
    is a test of the result, not a part of the formula.
    """
    check_facts(locals(), one_plan=True)
    return _allocate(budget_cents, len(points_of_each), room, [(StepName.POINTS, points_of_each, None)])


def uniform_points(
    *,
    ages: Counts,
    years_of_service: Counts,
    compensation: Cents,
    plan_year: PlanYear,
    per_year_of_age: int,
    per_year_of_service: int,
    per_unit_of_pay: int,
    unit_cents: int,
) -> Counts:
    """Points for age, service and whole units of pay, the same for everybody (Reg. 1.401(a)(4)-2(b)(3)(i)(A)).

    Points for age or for service there must be; a unit of pay is at most $200.
    """
    check_facts(locals())
    if not per_year_of_age and not per_year_of_service:
        raise ImpossibleInput(
            "per_year_of_age, per_year_of_service", "a points formula gives points for at least one of them"
        )
    largest = figures.cents("points_compensation_unit", plan_year)
    if not 0 < unit_cents <= largest:
        raise ImpossibleInput("unit_cents", f"a unit of pay is above 0 and at most {largest}, not {unit_cents}")
    units = counted_pay(compensation, plan_year) // unit_cents
    found: Counts = ages * per_year_of_age + years_of_service * per_year_of_service + units * per_unit_of_pay
    return found


def integrated(
    *,
    budget_cents: int,
    compensation: Cents,
    plan_year: PlanYear,
    integration_level_cents: int,
    top_heavy: bool = False,
    room: Cents | None = None,
    wage_base_cents: int | None = None,
) -> Allocation:
    """The most that section 401(l) lets a budget favor pay above the integration level.

    Two steps: pay plus excess pay up to the factor of the level (5.7, 5.4 or 4.3 %), the rest by pay; so the disparity
    is the lesser of base percentage and factor (Reg. 1.401(l)-2(b)). In a top-heavy plan four: 3 % of pay (the minimum
    of IRC 416(c)(2)), up to 3 % of excess pay, pay plus excess pay up to the factor less 3, the rest by pay.
    """
    check_facts(locals(), one_plan=True)
    pay = counted_pay(compensation, plan_year)
    level = permitted_disparity.integration_level(
        level_cents=integration_level_cents, plan_year=plan_year, wage_base_cents=wage_base_cents
    )
    if level.band is permitted_disparity.Band.ABOVE:
        raise ImpossibleInput(
            "integration_level_cents",
            f"{integration_level_cents} is above the wage base of {level.wage_base_cents} (Reg. 1.401(l)-2(d))",
        )
    excess = np.maximum(pay - integration_level_cents, 0)
    steps: list[_Plan] = []
    first = 0
    if top_heavy:
        first = MINIMUM_BPS
        steps = [(StepName.TOP_HEAVY_PAY, pay, first), (StepName.TOP_HEAVY_EXCESS, excess, first)]
    steps += [(StepName.PAY_AND_EXCESS, pay + excess, level.factor_bps - first), (StepName.PAY, pay, None)]
    return _allocate(budget_cents, len(pay), room, steps)


def age_weighted(
    *,
    budget_cents: int,
    compensation: Cents,
    factors: Counts,
    plan_year: PlanYear,
    room: Cents | None = None,
    minimum_bps: int = 0,
    minimum_owed_to: Flags | None = None,
) -> Allocation:
    """In proportion to pay times a factor for age, so that all have the same benefit as a share of pay (Reg.
    1.401(a)(4)-8(b)).

    ``factors`` in parts of :data:`FACTOR_SCALE`, as :func:`discount_factors` or times an annuity factor. Who is owed a
    minimum (the top-heavy one, the gateway) gets no less than ``minimum_bps`` of pay; the rest is shared by weight.
    """
    check_facts(locals(), one_plan=True)
    pay = counted_pay(compensation, plan_year)
    weights = [int(each) * int(factor) for each, factor in zip(pay, factors, strict=True)]
    owed = np.ones(len(pay), dtype=np.bool_) if minimum_owed_to is None else minimum_owed_to
    minimum = np.where(owed, half_up_quotient(pay * minimum_bps, _WHOLE), 0)
    floors = [Fraction(int(each)) for each in minimum]
    most = _room(room, len(pay))
    if sum(floors, Fraction(0)) > budget_cents:
        raise ImpossibleInput(
            "budget_cents", f"{budget_cents} does not pay the minimum of {minimum_bps} basis points of pay"
        )
    shares = fill(Fraction(budget_cents), weights, floors, most)
    given = sum(shares, Fraction(0))
    step = Step(StepName.AGE_WEIGHTED, Fraction(0), given)
    return _in_cents(budget_cents, shares, most, (step,))


def discount_factors(*, ages: Counts, testing_age: int, interest_bps: int) -> Counts:
    """What one at the testing age is worth today, by interest alone, in parts of a billion, half-up.

    Reg. 1.401(a)(4)-8(b)(2)(i)-(iii): an allocation grows with interest to the testing age; at or after it the factor
    is one. The standard rate is from 7.5 to 8.5 % (1.401(a)(4)-12). Where people have different testing ages or
    are past them, multiply with their annuity factors.
    """
    check_facts(locals(), one_plan=True)
    table = [
        FACTOR_SCALE * _WHOLE**years * 2 // (_WHOLE + interest_bps) ** years + 1
        for years in range(max(0, testing_age - int(ages.min(initial=testing_age))) + 1)
    ]
    return np.array([table[max(0, testing_age - int(age))] // 2 for age in ages], dtype=np.int64)


#: A step before it is carried out: its name, the weights, and the most of each weight in basis points (None: no end).
_Plan = tuple[StepName, Cents, int | None]


def fill(
    budget: Fraction, weights: Sequence[int], floors: Sequence[Fraction], most: Sequence[Fraction | None]
) -> list[Fraction]:
    """Shares in proportion to the weights, nobody below the floor or above the most; exact.

    Finds the rate r with sum(min(most, max(floor, r * weight))) = budget; where even the most of all is less, the most.
    Floors together are within the budget.
    """
    same_length(weights=weights, floors=floors, most=most)
    edges: list[tuple[Fraction, int, int]] = []
    for place, weight in enumerate(weights):
        if weight:
            edges.append((Fraction(floors[place], weight), 0, place))
            ceiling = most[place]
            if ceiling is not None:
                edges.append((Fraction(max(ceiling, floors[place]), weight), 1, place))
    fixed, moving, rate = sum(floors, Fraction(0)), 0, Fraction(0)
    for at, kind, place in sorted(edges):
        if fixed + moving * at >= budget:
            break
        ceiling = most[place]
        if kind == 0:
            fixed, moving = fixed - floors[place], moving + weights[place]
        elif ceiling is not None:
            fixed, moving = fixed + max(ceiling, floors[place]), moving - weights[place]
        rate = at
    if moving:
        rate = Fraction(budget - fixed, moving)
    return [
        _between(rate * weight, floor, top) if weight else floor
        for weight, floor, top in zip(weights, floors, most, strict=True)
    ]


def whole_cents(shares: Sequence[Fraction]) -> Cents:
    """Whole cents of exact shares by largest remainder, a tie to the earlier place; they add up to the whole part."""
    floors = [share.numerator // share.denominator for share in shares]
    exact = sum(shares, Fraction(0))
    missing = exact.numerator // exact.denominator - sum(floors)
    for place in sorted(range(len(shares)), key=lambda each: (floors[each] - shares[each], each))[:missing]:
        floors[place] += 1
    return np.array(floors, dtype=np.int64)


def _allocate(budget_cents: int, people: int, room: Cents | None, plans: Sequence[_Plan]) -> Allocation:
    """Carry out the steps one after the other; each leaves the next what it could not give."""
    most = _room(room, people)
    total, steps, left = [Fraction(0)] * people, [], Fraction(budget_cents)
    for name, weights, rate_bps in plans:
        as_ints = [int(weight) for weight in weights]
        tops = [_top(as_ints[place], rate_bps, most[place], total[place]) for place in range(people)]
        shares = fill(left, as_ints, [Fraction(0)] * people, tops)
        given = sum(shares, Fraction(0))
        reached = max(
            (Fraction(share * _WHOLE, w) for share, w in zip(shares, as_ints, strict=True) if w), default=Fraction(0)
        )
        steps.append(Step(name, reached, given))
        left -= given
        total = [before + share for before, share in zip(total, shares, strict=True)]
    return _in_cents(budget_cents, total, most, tuple(steps))


def _in_cents(
    budget_cents: int, shares: Sequence[Fraction], most: Sequence[Fraction | None], steps: tuple[Step, ...]
) -> Allocation:
    amounts = whole_cents(shares)
    return Allocation(
        amounts=amounts,
        budget_cents=budget_cents,
        unallocated_cents=budget_cents - int(amounts.sum()),
        at_limit=np.array(
            [top is not None and share >= top for share, top in zip(shares, most, strict=True)], dtype=np.bool_
        ),
        steps=steps,
    )


def _room(room: Cents | None, people: int) -> list[Fraction | None]:
    if room is None:
        return [None] * people
    if len(room) != people:
        raise ImpossibleInput("room", f"{len(room)} entries for {people} people")
    return [Fraction(max(0, int(each))) for each in room]


def _top(weight: int, rate_bps: int | None, room: Fraction | None, taken: Fraction) -> Fraction | None:
    """The most that one step may give one person: by its rate, and by what is left of the room."""
    by_rate = None if rate_bps is None else Fraction(weight * rate_bps, _WHOLE)
    left = None if room is None else room - taken
    if by_rate is None or left is None:
        return left if by_rate is None else by_rate
    return min(by_rate, left)


def _between(share: Fraction, floor: Fraction, most: Fraction | None) -> Fraction:
    return max(share, floor) if most is None else max(min(share, most), floor)

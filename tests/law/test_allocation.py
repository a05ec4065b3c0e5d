"""Sharing out a contribution: every formula against rates worked out by hand, and what must hold for all of them."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import LimitationYear, PlanYear
from open401k.law import allocation
from open401k.law import permitted_disparity as pd
from open401k.law.explain import explain
from open401k.law.top_heavy import minimum_contribution

YEAR = PlanYear.starting(date(2026, 1, 1))
WAGE_BASE = 184_500_00
PAY = np.array([400_000_00, 100_000_00, 50_000_00])
PEOPLE = st.lists(
    st.tuples(st.integers(0, 500_000_00), st.integers(0, 72_000_00), st.integers(18, 75)), min_size=1, max_size=8
)
BUDGET = st.integers(0, 300_000_00)


def test_pro_rata_counts_pay_up_to_the_cap() -> None:
    found = allocation.pro_rata(budget_cents=51_000_00, compensation=PAY, plan_year=YEAR)
    assert found.amounts.tolist() == [36_000_00, 10_000_00, 5_000_00]
    assert found.steps[0].rate_bps == 1_000
    assert explain(found) == ("$51,000.00 were shared up to 10.00 % of pay: $51,000.00 (pay under IRC 401(a)(17)).")


def test_a_flat_dollar_contribution_is_the_same_for_everybody_to_a_cent() -> None:
    found = allocation.flat_dollar(budget_cents=1_000_01, participants=np.array([True, True, False, True]))
    assert found.amounts.tolist() == [333_34, 333_34, 0, 333_33]


def test_uniform_points_count_age_service_and_whole_units_of_pay() -> None:
    found = allocation.uniform_points(
        ages=np.array([50, 30]), years_of_service=np.array([10, 2]), compensation=np.array([50_199_99, 30_000_00]),
        plan_year=YEAR, per_year_of_age=2, per_year_of_service=10, per_unit_of_pay=1, unit_cents=200_00,
    )  # fmt: skip
    assert found.tolist() == [100 + 100 + 250, 60 + 20 + 150]
    shared = allocation.points(budget_cents=6_800_00, points_of_each=found)
    assert shared.amounts.tolist() == [4_500_00, 2_300_00]


def test_two_steps_give_twice_the_rate_above_the_wage_base_until_the_factor() -> None:
    # Pay plus excess: 360,000 + 175,500 + 100,000 + 50,000 = 685,500; 2 % of it.
    small = allocation.integrated(
        budget_cents=13_710_00, compensation=PAY, plan_year=YEAR, integration_level_cents=WAGE_BASE
    )
    assert small.amounts.tolist() == [10_710_00, 2_000_00, 1_000_00]
    # 5.7 % of it is 39,073.50; 5,100 more are 1 % of pay.
    large = allocation.integrated(
        budget_cents=44_173_50, compensation=PAY, plan_year=YEAR, integration_level_cents=WAGE_BASE
    )
    assert large.amounts.tolist() == [30_523_50 + 3_600_00, 6_700_00, 3_350_00]
    assert [step.rate_bps for step in large.steps] == [570, 100]


@pytest.mark.parametrize(("level", "third"), [(WAGE_BASE, 270), (150_000_00, 240), (100_000_00, 130), (36_900_00, 270)])
def test_four_steps_of_a_top_heavy_plan_use_the_factor_of_the_level(level: int, third: int) -> None:
    found = allocation.integrated(
        budget_cents=200_000_00, compensation=PAY, plan_year=YEAR, integration_level_cents=level, top_heavy=True
    )
    rates = [step.rate_bps for step in found.steps]
    assert rates[:3] == [300, 300, third]
    # The rates of the whole are lawful, and the disparity is the most there may be.
    base = rates[0] + rates[2] + rates[3]
    test = pd.disparity_test(base_bps=base, excess_bps=base + rates[1] + rates[2], level_cents=level, plan_year=YEAR)
    assert test.satisfied
    assert test.disparity_bps == test.allowance_bps == 300 + third


@settings(deadline=None, max_examples=60)
@given(budget=st.integers(0, 200_000_00), level=st.integers(1_00, WAGE_BASE), top_heavy=st.booleans())
def test_whatever_the_budget_the_rates_satisfy_401l(budget: int, level: int, *, top_heavy: bool) -> None:
    found = allocation.integrated(
        budget_cents=budget, compensation=PAY, plan_year=YEAR, integration_level_cents=level, top_heavy=top_heavy
    )
    by_name = {step.name: step.rate_bps for step in found.steps}
    both, minimum = (
        by_name[allocation.StepName.PAY_AND_EXCESS],
        by_name.get(allocation.StepName.TOP_HEAVY_PAY, Fraction(0)),
    )
    base = minimum + both + by_name[allocation.StepName.PAY]
    excess = base + both + by_name.get(allocation.StepName.TOP_HEAVY_EXCESS, Fraction(0))
    if excess <= 10_000:
        assert pd.disparity_test(base_bps=base, excess_bps=excess, level_cents=level, plan_year=YEAR).satisfied


def test_four_steps_pay_the_top_heavy_minimum_first() -> None:
    found = allocation.integrated(
        budget_cents=15_300_00, compensation=PAY, plan_year=YEAR, integration_level_cents=WAGE_BASE, top_heavy=True
    )
    assert found.amounts.tolist() == [10_800_00, 3_000_00, 1_500_00]
    nothing = np.zeros(3, dtype=np.int64)
    owed = minimum_contribution(
        is_key=np.array([True, False, False]), owed_to=np.array([False, True, True]),
        compensation=np.minimum(PAY, 360_000_00),
        deferrals=nothing, match=nothing, nonelective=found.amounts,
    )  # fmt: skip
    assert owed.total_shortfall_cents == 0


def test_an_integration_level_above_the_wage_base_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="integration_level_cents: 18450100 is above the wage base of 18450000"):
        allocation.integrated(
            budget_cents=1, compensation=PAY, plan_year=YEAR, integration_level_cents=WAGE_BASE + 1_00
        )


def test_equal_benefits_at_65_cost_less_for_the_young() -> None:
    ages = np.array([65, 55, 45])
    factors = allocation.discount_factors(ages=ages, testing_age=65, interest_bps=850)
    # 1 / 1.085 ** 10 and ** 20: 0.4422854150, 0.1956163883
    assert factors.tolist() == [1_000_000_000, 442_285_415, 195_616_388]
    pay = np.array([100_000_00, 100_000_00, 100_000_00])
    found = allocation.age_weighted(budget_cents=20_000_00, compensation=pay, factors=factors, plan_year=YEAR)
    assert found.amounts.tolist() == [12_210_75, 5_400_63, 2_388_62]
    at_65 = [int(amount) * 10**9 // int(factor) for amount, factor in zip(found.amounts, factors, strict=True)]
    assert max(at_65) - min(at_65) <= 10


def test_a_minimum_is_paid_before_ages_are_weighed() -> None:
    factors = allocation.discount_factors(ages=np.array([64, 25]), testing_age=65, interest_bps=850)
    pay = np.array([200_000_00, 50_000_00])
    found = allocation.age_weighted(
        budget_cents=30_000_00, compensation=pay, factors=factors, plan_year=YEAR, minimum_bps=300,
        minimum_owed_to=np.array([False, True]),
    )  # fmt: skip
    assert found.amounts.tolist() == [28_500_00, 1_500_00]
    with pytest.raises(ValueError, match="budget_cents: 100 does not pay the minimum"):
        allocation.age_weighted(budget_cents=1_00, compensation=pay, factors=factors, plan_year=YEAR, minimum_bps=300)


def test_what_is_over_the_415_limit_goes_to_the_others() -> None:
    room = allocation.room_under_415(
        section_415_compensation=np.array([360_000_00, 100_000_00, 50_000_00]),
        additions_before=np.array([52_000_00, 0, 0]),
        limitation_year=LimitationYear.starting(date(2026, 1, 1)),
    )
    assert room.tolist() == [20_000_00, 72_000_00, 50_000_00]
    found = allocation.pro_rata(budget_cents=51_000_00, compensation=PAY, plan_year=YEAR, room=room)
    assert found.amounts.tolist() == [20_000_00, 20_666_67, 10_333_33]
    assert found.at_limit.tolist() == [True, False, False]
    assert "1 are at their limit under IRC 415(c)" in explain(found)


def test_what_nobody_has_room_for_is_named() -> None:
    found = allocation.pro_rata(budget_cents=100, compensation=PAY, plan_year=YEAR, room=np.array([10, 20, 0]))
    assert (found.amounts.tolist(), found.unallocated_cents) == ([10, 20, 0], 70)
    nobody = allocation.pro_rata(budget_cents=100, compensation=PAY[:0], plan_year=YEAR)
    assert nobody.unallocated_cents == 100
    assert "could not be allocated" in explain(nobody)


@pytest.mark.parametrize(
    ("budget", "pay", "room", "named"),
    [(-1, [1], None, "budget_cents"), (1, [-1], None, "compensation"), (1, [1], [1, 2], "room")],
)
def test_contradictions_are_refused_by_name(budget: int, pay: list[int], room: list[int] | None, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        allocation.pro_rata(
            budget_cents=budget,
            compensation=np.array(pay),
            plan_year=YEAR,
            room=None if room is None else np.array(room),
        )


def everything(people: list[tuple[int, int, int]], budget: int) -> list[allocation.Allocation]:
    pay, room, ages = (np.array(column, dtype=np.int64) for column in zip(*people, strict=True))
    factors = allocation.discount_factors(ages=ages, testing_age=65, interest_bps=800)
    return [
        allocation.pro_rata(budget_cents=budget, compensation=pay, plan_year=YEAR, room=room),
        allocation.flat_dollar(budget_cents=budget, participants=pay > 0, room=room),
        allocation.points(budget_cents=budget, points_of_each=ages, room=room),
        allocation.age_weighted(budget_cents=budget, compensation=pay, factors=factors, plan_year=YEAR, room=room),
        *(
            allocation.integrated(
                budget_cents=budget,
                compensation=pay,
                plan_year=YEAR,
                room=room,
                integration_level_cents=level,
                top_heavy=th,
            )
            for level in (WAGE_BASE, 90_000_00)
            for th in (False, True)
        ),
    ]


@settings(deadline=None, max_examples=60)
@given(people=PEOPLE, budget=BUDGET)
def test_every_formula_conserves_the_budget_and_keeps_to_the_room(
    people: list[tuple[int, int, int]], budget: int
) -> None:
    room = np.array([each[1] for each in people])
    for found in everything(people, budget):
        assert found.total_cents + found.unallocated_cents == budget
        assert (found.amounts >= 0).all()
        assert (found.amounts <= room).all()
        # Something is left only if everybody with a weight is full.
        if found.unallocated_cents:
            assert all(at or not (found.amounts[place] or people[place][0]) for place, at in enumerate(found.at_limit))


@settings(deadline=None, max_examples=40)
@given(people=PEOPLE, budget=BUDGET)
def test_the_order_of_people_moves_no_more_than_a_cent(people: list[tuple[int, int, int]], budget: int) -> None:
    for forward, backward in zip(everything(people, budget), everything(people[::-1], budget), strict=True):
        assert int(np.abs(forward.amounts - backward.amounts[::-1]).max()) <= 1


@given(
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    tops=st.lists(st.integers(0, 20), min_size=6, max_size=6),
    budget=st.integers(0, 60),
)  # fmt: skip
def test_filling_is_the_same_as_pouring_slowly(weights: list[int], tops: list[int], budget: int) -> None:
    """Each share is one rate times the weight, unless its top is lower; nothing is left while there is room."""
    most: list[Fraction | None] = [Fraction(top) for top in tops[: len(weights)]]
    shares = allocation.fill(Fraction(budget), weights, [Fraction(0)] * len(weights), most)
    rates = {
        share / weight for share, weight, top in zip(shares, weights, most, strict=True) if weight and share != top
    }
    assert len(rates) <= 1
    highest = max(rates, default=None)
    for share, weight, top in zip(shares, weights, most, strict=True):
        assert share <= (top or 0)
        if weight and share == top and highest is not None:
            assert share <= highest * weight
    room = sum(top for top, weight in zip(tops, weights, strict=False) if weight)
    assert sum(shares) == min(budget, room)


def test_interest_may_be_nothing_and_not_less() -> None:
    ages = np.array([30, 65])
    assert allocation.discount_factors(ages=ages, testing_age=65, interest_bps=0).tolist() == [10**9, 10**9]
    with pytest.raises(ValueError, match="interest_bps"):
        allocation.discount_factors(ages=ages, testing_age=65, interest_bps=-1)

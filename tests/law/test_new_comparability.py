"""Allocations by groups: the gateway at its edges, the solver against every possible split of a small budget."""

import math
import random
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import PlanYear
from open401k.law import new_comparability as nc
from open401k.law.arrays import Cents, Flags
from open401k.law.explain import explain

YEAR = PlanYear.starting(date(2026, 1, 1))
OWNER = np.array([True, False, False, False])
PAY = np.array([360_000_00, 200_000_00, 50_000_00, 40_000_00])
HCE = np.array([True, True, False, False])
ALL = np.ones(4, dtype=np.bool_)
NOTHING = np.zeros(4, dtype=np.int64)


def gateway(amounts: list[int], benefits: Flags = ALL, full_pay: Cents = PAY) -> nc.Gateway:
    return nc.gateway(
        amounts=np.array(amounts), compensation=PAY, section_415_compensation=full_pay, is_hce=HCE, benefits=benefits,
        plan_year=YEAR,
    )  # fmt: skip


def test_a_third_of_the_highest_rate_opens_the_gateway() -> None:
    # 10.8 % for the owner asks 3.6 %: 1,800 and 1,440.
    found = gateway([38_880_00, 0, 1_800_00, 1_440_00])
    assert (found.highest_hce_rate_bps, found.needed_rate_bps) == (Fraction(1_080), Fraction(360))
    assert found.path is nc.GatewayPath.ONE_THIRD
    closed = gateway([38_880_00, 0, 1_799_99, 1_440_00])
    assert (closed.path, closed.missing.tolist()) == (nc.GatewayPath.CLOSED, [0, 0, 1, 0])
    assert explain(closed) == (
        "1 employees lack $0.01 together of the lesser of 5 % of pay and a third of the highest rate of a highly "
        "compensated employee, 10.80 %, so the gateway is closed (Reg. 1.401(a)(4)-8(b)(1)(vi))."
    )


def test_five_percent_of_pay_opens_it_however_high_the_rest_is() -> None:
    found = gateway([72_000_00, 0, 2_500_00, 2_000_00])
    assert (found.path, found.open) == (nc.GatewayPath.FIVE_PERCENT, True)
    # The 5 % are of 415 pay, the third is of plan pay.
    more_pay = np.array([360_000_00, 200_000_00, 50_000_20, 40_000_00])
    assert gateway([72_000_00, 0, 2_500_00, 2_000_00], full_pay=more_pay).missing.tolist() == [0, 0, 1, 0]


def test_who_does_not_benefit_asks_nothing() -> None:
    assert gateway([72_000_00, 0, 2_500_00, 0], benefits=np.array([True, True, True, False])).open
    found = gateway([0, 0, 5_00, 0])
    assert found.path is nc.GatewayPath.NOBODY_HIGHLY_COMPENSATED
    assert "nothing is asked" in explain(found)


def test_groups_share_their_own_budget_by_pay() -> None:
    found = nc.by_groups(
        group_of_each=np.array([0, 1, 1, 1]),
        budget_of_group_cents=(40_000_00, 29_000_00),
        compensation=PAY,
        plan_year=YEAR,
    )
    assert np.sum([each.amounts for each in found], axis=0).tolist() == [40_000_00, 20_000_00, 5_000_00, 4_000_00]
    with pytest.raises(ValueError, match="group_of_each: groups are numbered from 0 to 0"):
        nc.by_groups(group_of_each=np.array([0, 1]), budget_of_group_cents=(1,), compensation=PAY[:2], plan_year=YEAR)


def solve(budget: int, *, favored: Flags = OWNER, given_: Cents = NOTHING, room: Cents | None = None) -> nc.Design:
    return nc.most_to_the_favored(
        budget_cents=budget, favored=favored, is_hce=HCE, benefits=ALL, compensation=PAY,
        section_415_compensation=PAY, given=given_, plan_year=YEAR,
        room=np.array([47_500_00, 72_000_00, 50_000_00, 40_000_00]) if room is None else room,
    )  # fmt: skip


def test_the_owner_gets_what_the_gateway_leaves() -> None:
    # x for the owner, x / 1,080,000 of 90,000 for the others: 1.08333 x = 39,000, and a cent of rounding up.
    found = solve(39_000_00)
    assert found.amounts.tolist() == [35_999_99, 0, 1_666_67, 1_333_34]
    assert (found.gateway_cost_cents, found.unallocated_cents, found.gateway.path) == (
        3_000_01,
        0,
        nc.GatewayPath.ONE_THIRD,
    )


def test_the_415_limit_of_the_owner_leaves_the_rest_to_the_others() -> None:
    found = solve(60_000_00)
    assert (found.favored_cents, found.one_cent_more) == (47_500_00, None)
    assert found.amounts.tolist() == [47_500_00, 0, 6_944_44, 5_555_56]
    assert "no budget would give them more" in explain(found)


def test_a_safe_harbor_nonelective_counts_for_the_gateway() -> None:
    without = solve(39_000_00)
    found = solve(39_000_00, given_=np.array([0, 0, 1_500_00, 1_200_00]))
    assert found.favored_cents > without.favored_cents
    assert found.gateway.open


def test_the_budget_needed_is_the_inverse() -> None:
    found = nc.budget_needed(
        favored_cents=47_500_00, favored=OWNER, is_hce=HCE, benefits=ALL, compensation=PAY,
        section_415_compensation=PAY, given=NOTHING, plan_year=YEAR,
        room=np.array([47_500_00, 0, 50_000_00, 40_000_00]),
    )  # fmt: skip
    # 47,500 is 13.194 %, a third of it 4.398 %: 2,199.08 and 1,759.26 rounded up.
    assert found.budget_cents == 47_500_00 + 2_199_08 + 1_759_26
    assert solve(found.budget_cents).favored_cents == 47_500_00
    assert solve(found.budget_cents - 1).favored_cents < 47_500_00


def test_without_room_for_the_gateway_the_favored_stop() -> None:
    found = solve(60_000_00, room=np.array([47_500_00, 0, 1_000_00, 40_000_00]))
    # 2 % for the one without room is a third of 6 % for the owner.
    assert (found.favored_cents, found.one_cent_more) == (21_600_00, None)
    assert found.gateway.open


@pytest.mark.parametrize(
    ("favored", "given_", "budget", "named"),
    [
        (ALL, NOTHING, 1, "favored: only highly compensated"),
        (~ALL, NOTHING, 1, "favored: nobody"),
        (OWNER, NOTHING, -1, "budget_cents"),
        (OWNER, np.array([0, 36_000_00, 0, 0]), 1_00, "budget_cents: 100 does not pay the gateway"),
    ],
)
def test_contradictions_are_refused_by_name(favored: Flags, given_: Cents, budget: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        solve(budget, favored=favored, given_=given_)


@settings(deadline=None, max_examples=60)
@given(
    pay=st.lists(st.integers(1, 30), min_size=3, max_size=3), room=st.lists(st.integers(0, 12), min_size=3, max_size=3),
    budget=st.integers(0, 14),
)  # fmt: skip
def test_no_split_of_a_small_budget_gives_two_favored_more(pay: list[int], room: list[int], budget: int) -> None:
    """Two favored HCEs and an NHCE, every amount tried: the solver's sum is the greatest with an open gateway."""
    pays, rooms = np.array(pay), np.array(room)
    hces = np.array([True, True, False])
    found = nc.most_to_the_favored(
        budget_cents=budget, favored=hces, is_hce=hces, benefits=ALL[:3], compensation=pays,
        section_415_compensation=pays, given=NOTHING[:3], room=rooms, plan_year=YEAR,
    )  # fmt: skip
    best = 0
    for one, two, other in product(*(range(min(each, budget) + 1) for each in room)):
        highest = max(Fraction(one, pay[0]), Fraction(two, pay[1]))
        enough = other >= pay[2] * highest / 3 or other * 20 >= pay[2]
        if one + two + other <= budget and enough:
            best = max(best, one + two)
    assert found.favored_cents == best
    assert (found.amounts <= rooms).all()
    assert found.gateway.open
    assert int(found.amounts.sum()) + found.unallocated_cents == budget


@settings(deadline=None, max_examples=25)
@given(budget=st.integers(0, 200_000_00), more=st.integers(0, 50_000_00))
def test_a_larger_budget_never_gives_the_favored_less(budget: int, more: int) -> None:
    both = HCE
    assert solve(budget, favored=both).favored_cents <= solve(budget + more, favored=both).favored_cents


def test_an_hce_without_pay_has_no_allocation() -> None:
    pay = np.array([0, 200_000_00, 50_000_00, 40_000_00])
    for amount, named in ((0, None), (1, "compensation: a highly compensated employee has an allocation and no pay")):
        arguments = {
            "amounts": np.array([amount, 1_000_00, 2_500_00, 2_000_00]), "compensation": pay,
            "section_415_compensation": pay, "is_hce": HCE, "benefits": ALL, "plan_year": YEAR,
        }  # fmt: skip
        if named is None:
            assert nc.gateway(**arguments).open  # type: ignore[arg-type]
        else:
            with pytest.raises(ValueError, match=named):
                nc.gateway(**arguments)  # type: ignore[arg-type]


def _naive_gateway(to: list[int], people: list[dict[str, int]]) -> int | None:
    """What the NHCEs must be given so that each has a third of the highest rate, or each 5 %; None without room."""
    rates = [Fraction(mine + one["given"], one["pay"]) for mine, one in zip(to, people, strict=True) if one["hce"]]
    third = max(rates) / 3
    ways = []
    for needed in (lambda one: third * one["pay"], lambda one: Fraction(5 * one["full"], 100)):
        owed = [max(0, math.ceil(needed(one)) - one["given"]) for one in people if not one["hce"]]
        rooms = [one["room"] for one in people if not one["hce"]]
        if all(mine <= room for mine, room in zip(owed, rooms, strict=True)):
            ways.append(sum(owed))
    return min(ways, default=None)


def _naive_costs(people: list[dict[str, int]]) -> dict[int, int]:
    """For each amount of the favored together the least that it costs with its gateway, over every split."""
    costs: dict[int, int] = {}
    for split in product(*(range(one["room"] + 1 if one["favored"] else 1) for one in people)):
        owed = _naive_gateway(list(split), people)
        if owed is not None:
            costs[sum(split)] = min(costs.get(sum(split), 10**9), sum(split) + owed)
    return costs


def test_the_solver_finds_the_best_of_all_splits() -> None:
    rng, solved = random.Random(7), 0  # noqa: S311
    for _ in range(120):
        people = [
            {"hce": at < 3, "favored": at < 2, "pay": rng.choice([7, 20, 60, 100]), "room": rng.choice([0, 5, 9, 12]),
             "given": 0 if at < 2 else rng.choice([0, 0, 1, 3])}
            for at in range(5)
        ]  # fmt: skip
        for one in people:
            one["full"] = one["pay"] + rng.choice([0, 0, 40])
        columns = {name: np.array([one[name] for one in people]) for name in people[0]}
        facts: dict[str, Any] = {
            "favored": columns["favored"] > 0, "is_hce": columns["hce"] > 0, "benefits": np.ones(5, dtype=np.bool_),
            "compensation": columns["pay"], "section_415_compensation": columns["full"], "given": columns["given"],
            "room": columns["room"], "plan_year": YEAR,
        }  # fmt: skip
        costs, budget = _naive_costs(people), rng.randint(0, 40)
        if costs.get(0, 10**9) > budget:
            with pytest.raises(ValueError, match="budget_cents"):
                nc.most_to_the_favored(budget_cents=budget, **facts)
            continue
        best = max(amount for amount, cost in costs.items() if cost <= budget)
        found = nc.most_to_the_favored(budget_cents=budget, **facts)
        assert (found.favored_cents, found.gateway_cost_cents) == (best, costs[best] - best)
        assert found.one_cent_more == costs.get(best + 1)
        others = [one["room"] for one in people if not one["hce"]]
        assert found.unallocated_cents == max(0, budget - best - sum(others))
        assert int(found.amounts[:2].sum()) == best
        assert int(found.amounts.sum()) == budget - found.unallocated_cents
        assert all(0 <= mine <= one["room"] for mine, one in zip(found.amounts.tolist(), people, strict=True))
        assert found.gateway.open
        needed = nc.budget_needed(favored_cents=best, **facts)
        assert (needed.budget_cents, needed.one_cent_more) == (costs[best], costs.get(best + 1))
        solved += 1
    assert solved > 60


def test_the_cheaper_of_two_ways_is_what_is_missing_and_a_tie_is_the_third() -> None:
    """Reg. 1.401(a)(4)-8(b)(1)(vi)(A), (B)."""
    # A rate of 15 % asks 5 % either way; 12 % asks 4 %, 18 % asks 5 %.
    for owner, missing, rate in ((54_000_00, 2_500_00, 500), (43_200_00, 2_000_00, 400), (64_800_00, 2_500_00, 500)):
        found = gateway([owner, 0, 0, 2_000_00])
        assert (found.path, found.missing.tolist()) == (nc.GatewayPath.CLOSED, [0, 0, missing, 0])
        assert found.needed_rate_bps == rate
    assert gateway([54_000_00, 0, 2_500_00, 2_000_00]).path is nc.GatewayPath.ONE_THIRD

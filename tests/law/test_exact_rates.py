"""Rates of pay in whole numbers against plain fractions: order, averages and shares, with factors so close to each
other that their ten decimal places are the same.
"""

import random
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from open401k.kernel import PlanYear
from open401k.law import exact_rates, imputed_disparity, rate_bands
from open401k.law.exact_rates import SCALE, Rates
from open401k.law.given import ImpossibleInput
from open401k.law.rate_bands import RateBand, RateKind
from tests.law import naive

YEAR = PlanYear.starting(date(2026, 1, 1))
#: Five of one rounding, at both ends of it, and one far from them.
FACTORS = [
    Fraction(1),
    1 + Fraction(1, 10**11),
    1 + Fraction(4, 10**11),
    1 - Fraction(5, 10**11),
    1 - Fraction(1, 10**14),
    Fraction(3, 2),
    1 + Fraction(1, 10**10),
]
PAYS = [1, 3, 7, 20, 30, 40_000, 40_001, 9_999_999]


def rates_of(people: list[tuple[int, int, int]]) -> tuple[Rates, list[Fraction]]:
    """Of (given, pay, factor): as equivalent benefits are made, a rounded factor and the fraction behind it."""
    exact = [Fraction(given, pay) * FACTORS[kind] for given, pay, kind in people]
    given, pay, kind = (np.array(column, dtype=np.int64) for column in zip(*people, strict=True))
    rounded = np.array([naive.nearest(factor * SCALE) for factor in FACTORS], dtype=np.int64)
    slack = 2 * (int((given // pay).max()) + 1) + 2
    return Rates(given * rounded[kind], pay, np.where(given > 0, kind + 1, 0), slack, lambda at: exact[at]), exact


def crowd(rng: random.Random, count: int) -> list[tuple[int, int, int]]:
    found = []
    for _ in range(count):
        pay = rng.choice(PAYS)
        found.append((pay * rng.choice([0, 1, 1, 1, 2]) // rng.choice([1, 1, 2]), pay, rng.randrange(len(FACTORS))))
    return found


def test_people_stand_as_their_fractions_do() -> None:
    rng = random.Random(1)  # noqa: S311
    for _ in range(500):
        rates, exact = rates_of(crowd(rng, rng.randint(1, 9)))
        plan = np.sort(np.array([rng.randint(0, 2) for _ in exact], dtype=np.int64))
        found = exact_rates.standing(rates, plan)
        keys = [(int(plan[at]), exact[at]) for at in found.order.tolist()]
        assert keys == sorted(keys)
        assert found.first.tolist() == [keys.index(key) for key in keys]
        assert found.plan.tolist() == plan[found.order].tolist()


@pytest.mark.parametrize("rounded", [True, False])
def test_shares_of_averages_are_those_of_the_fractions(rounded: bool) -> None:
    rng, seen = random.Random(2), set()  # noqa: S311
    for _ in range(400):
        people = crowd(rng, rng.randint(1, 9))
        rates, exact = rates_of(people)
        if not rounded:
            exact = [Fraction(given, pay) for given, pay, _ in people]
            rates = exact_rates.whole(
                *(np.array(column, dtype=np.int64) for column in list(zip(*people, strict=True))[:2])
            )
        plan = np.sort(np.array([rng.randint(0, 2) for _ in exact], dtype=np.int64))
        group = np.array([rng.random() < 0.5 for _ in exact])
        numerator, denominator = rng.choice([(1, 1), (7, 10), (1, 2), (2, 1), (10**10, 10**10 + 1)])
        found = exact_rates.at_least_shares(rates, group, ~group, plan, 3, numerator=numerator, denominator=denominator)
        for which in range(3):
            mine, theirs = (
                [exact[at] for at in range(len(exact)) if plan[at] == which and group[at] == side]
                for side in (True, False)
            )
            passed = not mine or not theirs or _mean(mine) >= _mean(theirs) * Fraction(numerator, denominator)
            assert bool(found[which]) is passed
            seen.add((passed, bool(mine and theirs)))
        everybody = _mean([each for each, inside in zip(exact, group.tolist(), strict=True) if inside])
        others = _mean([each for each, inside in zip(exact, group.tolist(), strict=True) if not inside])
        assert exact_rates.average(rates, group) == everybody
        assert exact_rates.average_hundredths(rates, group) == naive.nearest(everybody * 10_000)
        if others:
            assert exact_rates.share_hundredths(rates, group, ~group) == naive.nearest(everybody / others * 10_000)
    assert seen == {(True, True), (True, False), (False, True)}


def _mean(parts: list[Fraction]) -> Fraction:
    return sum(parts, Fraction(0)) / max(len(parts), 1)


def test_averages_that_differ_by_less_than_any_rounding() -> None:
    """One of three is as much as a third: the last step compares whole fractions."""
    for tiny, least in ((Fraction(0), True), (Fraction(1, 10**80), False)):
        exact = [Fraction(1, 3), Fraction(1, 3) + tiny]
        top = np.array([1, 1], dtype=np.int64) * SCALE
        rates = Rates(top, np.array([3, 3]), np.array([1, 2]), 4, exact.__getitem__)
        first = np.array([True, False])
        plan = np.zeros(2, dtype=np.int64)
        for group, enough in ((first, least), (~first, True)):
            found = exact_rates.at_least_shares(rates, group, ~group, plan, 1, numerator=1, denominator=1)
            assert found.tolist() == [enough]


def test_who_is_in_a_range_is_decided_by_the_fraction() -> None:
    """Reg. 1.401(a)(4)-2(c)(2)(v): both ends are inside; a rate that is only rounded to the end is not."""
    band = RateBand(midpoint_millionths=1_000_000, lowest_millionths=1_000_000, highest_millionths=1_000_000)
    rates, exact = rates_of([(pay, pay, kind) for pay in (1, 7) for kind in range(len(FACTORS))])
    nobody = np.zeros(len(exact), dtype=np.bool_)
    found = rate_bands.group_rates(rates=rates, is_hce=nobody, bands=(band,), kind=RateKind.ALLOCATION)
    assert found.bands[0].nhces == sum(each == 1 for each in exact) == 2
    wide = RateBand(midpoint_millionths=1_000_000, lowest_millionths=999_999, highest_millionths=1_000_001)
    found = rate_bands.group_rates(rates=rates, is_hce=nobody, bands=(wide,), kind=RateKind.ALLOCATION)
    assert found.bands[0].nhces == sum(each < Fraction(3, 2) for each in exact) == 12


def test_averages_of_a_range_are_compared_and_the_same_is_not_higher() -> None:
    band = RateBand(midpoint_millionths=100_000, lowest_millionths=98_000, highest_millionths=102_000)
    pay = np.full(3, 1_000_000, dtype=np.int64)
    for hce, higher in ((100_000, False), (100_001, True), (99_999, False)):
        rates = exact_rates.whole(np.array([hce, 98_000, 102_000], dtype=np.int64), pay)
        one = np.array([True, False, False])
        found = rate_bands.group_rates(rates=rates, is_hce=one, bands=(band,), kind=RateKind.ALLOCATION).bands[0]
        assert (found.hces, found.nhces, found.nhce_average, found.hces_average_higher) == (1, 2, 1_000, higher)


def test_imputed_rates_stand_and_compare_as_their_fractions() -> None:
    """Reg. 1.401(a)(4)-7(b): the lesser of A and B, or of C and D, with the pay at, under and over the wage base."""
    rng, base = random.Random(3), 18_450_000  # noqa: S311
    for _ in range(150):
        pay = np.array([rng.choice([1, 100, base - 1, base, base + 1, 30_000_000]) for _ in range(6)], dtype=np.int64)
        given = pay * np.array([rng.choice([0, 3, 57, 114, 300]) for _ in pay]) // 1_000
        given += np.array([rng.choice([0, 0, 1]) for _ in pay])
        chosen = np.array([rng.random() < 0.8 for _ in pay])
        rates = exact_rates.whole(given, pay)
        found = imputed_disparity.impute_to_allocations(
            rates=rates, compensation=pay, imputed_for=chosen, plan_year=YEAR
        )
        theirs = []
        for allocation, c, one in zip(given.tolist(), pay.tolist(), chosen.tolist(), strict=True):
            rate, disparity = Fraction(allocation, c), Fraction(57, 1_000)
            low = min(2 * rate, rate + disparity)
            high = min(allocation / (c - Fraction(base, 2)), (allocation + disparity * base) / c) if c > base else low
            theirs.append(high if one else rate)
        assert [found.exact(at) for at in range(len(pay))] == theirs
        assert [
            Fraction(int(t), SCALE * int(b)) for t, b in zip(found.numerator, found.denominator, strict=True)
        ] == theirs


@pytest.mark.parametrize(
    ("plan", "refused"),
    [((0, 0, 1), None), ((0, 2, 2), None), ((-1, 0, 0), "rise from zero"), ((0, 1, 0), "rise"), ((0, 0), "2 entries"),
     ((0, 0, 10**8 + 1), "is over")],
)  # fmt: skip
def test_the_people_of_a_plan_stand_together(plan: tuple[int, ...], refused: str | None) -> None:
    if refused:
        with pytest.raises(ImpossibleInput, match=refused):
            exact_rates.plans_of((3,), np.array(plan))
    else:
        flat, plans = exact_rates.plans_of((3,), np.array(plan))
        assert (flat.tolist(), plans) == (list(plan), plan[-1] + 1)


def test_plans_are_the_rows_of_a_layout() -> None:
    for shape, rows in (((2, 3), 2), ((3,), 1), ((2, 2, 1), 4), ((0,), 1), ((2, 0), 2)):
        flat, plans = exact_rates.plans_of(shape, None)
        people = shape[-1]
        assert (flat.tolist(), plans) == ([row for row in range(rows) for _ in range(people)], rows)
    assert exact_rates.plans_of((0,), np.zeros(0, dtype=np.int64))[1] == 0


def test_amounts_are_believed_up_to_the_most() -> None:
    assert exact_rates.amounts("x", np.array([0, 5]), most=5).tolist() == [0, 5]
    for wrong, why in (([0, 6], "is over 0.05 for the person at place 1"), ([0, -1], "is negative .* at place 1")):
        with pytest.raises(ImpossibleInput, match=why):
            exact_rates.amounts("x", np.array(wrong), most=5)
    assert exact_rates.paid(np.array([0, 1]), np.array([0, 1])).tolist() == [1, 1]
    with pytest.raises(ImpossibleInput, match="place 1"):
        exact_rates.paid(np.array([0, 1]), np.array([0, 0]))
    exact_rates.fits("x", [2**62 - 1])
    with pytest.raises(ImpossibleInput, match="too large"):
        exact_rates.fits("x", [0, 2**62])

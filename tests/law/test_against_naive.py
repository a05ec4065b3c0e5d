"""ADP, ACP, the 410(b) ratio and refunds against a second, naive implementation, on thousands of random populations."""

import random
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from open401k.kernel import PlanYear
from open401k.law import corrections, coverage
from open401k.law import nondiscrimination as nd
from open401k.law.average_benefit import average_benefit_percentage
from open401k.law.cross_testing import TestingBasis, equivalent_accrual_rates
from open401k.law.general_test import allocation_rates
from open401k.law.matching import MatchFormula
from tests.law import naive
from tests.law.naive import Saver

PAYS = [0, 1, 3, 20_000, 40_000, 1_000_000, 3_333_333, 16_000_000, 36_000_000]
#: Shares of pay that meet the half of a hundredth, ties and both lines of the limit.
SHARES = [
    Fraction(0),
    Fraction(0),
    Fraction(1, 20_000),
    Fraction(1, 50),
    Fraction(3, 80),
    Fraction(1, 7),
    Fraction(1, 3),
]


def populations(count: int, *, seed: int, most: int = 9) -> Iterator[list[Saver]]:
    """Few amounts, so that ties, zeros and limits are met; one person, no HCE and no NHCE among them."""
    rng = random.Random(seed)  # noqa: S311
    for _ in range(count):
        hces = rng.choice([0.0, 0.3, 0.5, 1.0])
        yield [_saver(rng, hces) for _ in range(rng.randint(1, most))]


def _saver(rng: random.Random, hces: float) -> Saver:
    pay = rng.choice(PAYS)
    contribution = int(pay * rng.choice(SHARES)) + rng.choice([0, 0, 0, 1, rng.randint(0, 2_450_000)])
    return Saver(rng.random() < hces, rng.random() < 0.9, contribution, pay)


def columns(people: list[Saver]) -> dict[str, Any]:
    table = np.array([(each.contribution, each.pay, each.hce, each.eligible) for each in people], dtype=np.int64)
    return {
        "contributions": table[:, 0],
        "compensation": table[:, 1],
        "is_hce": table[:, 2] > 0,
        "eligible": table[:, 3] > 0,
    }


@pytest.mark.parametrize("prior", [None, 0, 321, 900])
@pytest.mark.parametrize("test", [nd.adp_test, nd.acp_test])
def test_adp_and_acp(test: Callable[..., nd.RatioTest], prior: int | None) -> None:
    seen = set()
    for people in populations(400, seed=1):
        ours, theirs = test(**columns(people), prior_year_nhce_average=prior), naive.ratio_test(people, prior)
        assert (ours.hce.average, ours.nhce.average) == (theirs.hce_average, theirs.nhce_average)
        assert (ours.passed, ours.limit.limit == 10_000) == (theirs.passed, theirs.deemed)
        assert theirs.deemed or naive.within(ours.limit.limit, theirs.nhce_average)
        assert theirs.deemed or not naive.within(ours.limit.limit + 1, theirs.nhce_average)
        assert [each.ratio for each in ours.people] == [naive.saved(people[each.place]) for each in ours.people]
        seen.add((ours.passed, theirs.deemed))
    assert seen == {(True, True), (True, False), (False, False)}


def test_every_limit() -> None:
    for nhce in range(0, 10_001, 7):
        limit = nd.ratio_limit(nhce).limit
        assert naive.within(limit, nhce)
        assert not naive.within(limit + 1, nhce)


def test_refunds() -> None:
    rng, failed = random.Random(2), 0  # noqa: S311
    for people in populations(4_000, seed=2, most=7):
        test = nd.adp_test(**columns(people))
        if test.passed:
            continue
        failed += 1
        room = [rng.choice([0, 50_000, 800_000]) for _ in people]
        caps = [rng.choice([each.contribution, each.contribution, each.contribution // 2]) for each in people]
        _compare(people, corrections.refund(test, catch_up_room=room, in_tested_plan=caps), room, caps, test)
    assert failed > 500


def _compare(
    people: list[Saver], ours: corrections.Refund, room: list[int], caps: list[int], test: nd.RatioTest
) -> None:
    places = [each.place for each in test.people if each.is_hce]
    hces = [people[place] for place in places]
    level = naive.ratio_level([naive.saved(each) for each in hces], test.limit.limit)
    total = naive.excess(hces, level)
    shares = naive.dollar_levels([each.contribution for each in hces], [caps[place] for place in places], total)
    cents = naive.whole_cents(shares)
    kept = [min(mine, room[place]) for mine, place in zip(cents, places, strict=True)]
    assert (ours.level, ours.exact_total) == (level, total)
    assert [each.place for each in ours.shares] == places
    assert [each.exact for each in ours.shares] == shares
    assert [each.attributed_cents for each in ours.shares] == cents
    assert [each.catch_up_cents for each in ours.shares] == kept
    assert [each.refund_cents for each in ours.shares] == [mine - few for mine, few in zip(cents, kept, strict=True)]
    assert (ours.total_cents, ours.unallocated) == (sum(cents), total - sum(shares, Fraction(0)))


def test_leveled_ratios() -> None:
    rng = random.Random(3)  # noqa: S311
    for _ in range(1_000):
        ratios = [rng.choice([0, 1, 500, 501, 750, 1_000, rng.randint(0, 1_500)]) for _ in range(rng.randint(1, 7))]
        limit = rng.randint(0, max(max(ratios) - 1, 0))
        if sum(ratios) > limit * len(ratios):
            assert corrections.excess_level(ratios, limit) == naive.ratio_level(ratios, limit)


def test_leveled_dollars() -> None:
    rng = random.Random(4)  # noqa: S311
    for _ in range(2_000):
        amounts = [rng.choice([0, 1, 2, 500, rng.randint(0, 2_000)]) for _ in range(rng.randint(1, 7))]
        caps = [rng.choice([0, amount, amount // 2, amount + 5]) for amount in amounts]
        total = Fraction(rng.randint(0, 2 * sum(amounts) + 1), rng.randint(1, 6))
        assert corrections.level_dollars(amounts, total, caps) == naive.dollar_levels(amounts, caps, total)


def test_the_ratio_percentage() -> None:
    rng, seen = random.Random(5), set()  # noqa: S311
    for _ in range(3_000):
        hces = rng.choice([0.0, 0.3, 1.0])
        people = [
            naive.Person(rng.random() < hces, rng.random() < 0.2, rng.choice([0, 1]), 1, Fraction(0))
            for _ in range(rng.randint(1, 14))
        ]
        ours = coverage.coverage_test(
            is_hce=np.array([each.hce for each in people]),
            benefiting=np.array([each.allocation > 0 for each in people]),
            excluded=np.array([each.excluded for each in people]),
        )
        theirs = naive.ratio(people, [each for each in people if each.allocation])
        assert (Fraction(ours.ratio, 100), ours.passed) == (theirs, theirs >= 70)
        seen.add((ours.passed, bool(ours.deemed)))
    assert seen == {(True, True), (True, False), (False, False)}


@pytest.mark.parametrize("benefits", [False, True])
def test_averages_are_those_of_the_fractions(benefits: bool) -> None:
    """Rounded by bounds where these are enough; ties of a half come out of the fractions."""
    rng, basis, year = random.Random(6), TestingBasis(), PlanYear.starting(date(2026, 1, 1))  # noqa: S311
    for _ in range(200):
        count = rng.randint(2, 8)
        pay = np.array([rng.choice([20_000, 40_000, 3_000_000, 7_777_777]) for _ in range(count)])
        given = pay * np.array([rng.choice([0, 1, 15, 300, 333]) for _ in range(count)]) // 10_000
        ages, hce = np.array([rng.choice([30, 64, 65]) for _ in range(count)]), np.arange(count) % 2 == 0
        rates = allocation_rates(allocations=given, compensation=pay)
        if benefits:
            rates = equivalent_accrual_rates(
                allocations=given, compensation=pay, ages=ages, basis=basis, plan_year=year
            )
        found = average_benefit_percentage(rates=rates, is_hce=hce, excluded=np.zeros(count, dtype=np.bool_))
        theirs, mine = (
            sum((rates.exact(at) for at in range(count) if hce[at] == kind), Fraction(0)) / int((hce == kind).sum())
            for kind in (True, False)
        )
        assert found.hce_average == naive.nearest(theirs * 10_000)
        assert found.nhce_average == naive.nearest(mine * 10_000)
        assert found.percentage == (naive.nearest(mine / theirs * 10_000) if theirs else 10_000)


def test_hces_lower_their_deferrals_to_the_highest_rate_that_passes() -> None:
    rng, seen = random.Random(8), set()  # noqa: S311
    for _ in range(150):
        people = [Saver(rng.random() < 0.5, rng.random() < 0.9, 0, rng.choice(PAYS)) for _ in range(rng.randint(2, 7))]
        so_far = [int(each.pay * rng.choice(SHARES) / 2) for each in people]
        rest_pay = [each.pay // 2 for each in people]
        planned = [int(pay * rng.choice([0, 0.03, 0.1, 1])) for pay in rest_pay]

        def with_cap(cap: int) -> tuple[naive.Tested, list[int]]:
            after = [
                min(cents, pay * cap // 10_000) if each.hce else cents
                for each, cents, pay in zip(people, planned, rest_pay, strict=True)  # noqa: B023 (called here)
            ]
            saved = [
                Saver(each.hce, each.eligible, before + later, each.pay)
                for each, before, later in zip(people, so_far, after, strict=True)  # noqa: B023
            ]
            return naive.ratio_test(saved), after

        told = columns(people)
        found = corrections.hce_deferral_cut(
            so_far=np.array(so_far), planned_rest=np.array(planned), pay_rest=np.array(rest_pay),
            compensation=told["compensation"], is_hce=told["is_hce"], eligible=told["eligible"],
        )  # fmt: skip
        tested, after = with_cap(found.cap_bps)
        assert (found.possible, found.deferrals_after.tolist(), found.hce_average) == (
            tested.passed, after, tested.hce_average,
        )  # fmt: skip
        assert found.reduction.tolist() == [cents - later for cents, later in zip(planned, after, strict=True)]
        assert found.possible or found.cap_bps == 0
        assert found.cap_bps == 10_000 or not with_cap(found.cap_bps + 1)[0].passed
        seen.add((found.possible, found.cap_bps in (0, 10_000)))
    assert len(seen) == 3


def test_what_leaves_after_tax_money_with_its_match() -> None:
    """Reg. 1.401(m)-2(b)(2)(iv): unmatched first, then the least of matched money that with its match is the excess."""
    rng, formula = random.Random(9), MatchFormula.of([(10_000, 300), (5_000, 600)])  # noqa: S311

    def match_on(contributions: int, pay: int) -> int:
        full = min(Fraction(contributions), Fraction(3 * pay, 100))
        half = min(max(contributions - Fraction(3 * pay, 100), Fraction(0)), Fraction(3 * pay, 100))
        return naive.nearest(full + half / 2)

    for _ in range(120):
        pay = rng.choice([1_000, 1_017, 3_333])
        given = rng.randint(0, pay // 8)
        most = naive.nearest(Fraction(pay * 6, 100))
        excess = rng.randint(0, given + match_on(min(given, most), pay))
        found = corrections.acp_distribution(excess, employee_contributions=given, compensation=pay, formula=formula)
        unmatched = min(excess, max(0, given - most))
        inside = min(given, most)
        whole = match_on(inside, pay)
        matched = next(
            amount for amount in range(inside + 1)
            if amount + whole - match_on(inside - amount, pay) >= excess - unmatched
        )  # fmt: skip
        assert (found.unmatched, found.matched) == (unmatched, matched)
        assert found.related_match == excess - unmatched - matched
        left = rng.randint(0, given)
        orphan = corrections.orphan_match(deferrals_left=left, match_left=whole, compensation=pay, formula=formula)
        assert orphan == max(0, whole - match_on(left, pay))

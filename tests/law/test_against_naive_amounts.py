"""Allocations, targeted amounts, top-heavy plans, vesting and schedules against a second, naive implementation."""

import random
from dataclasses import astuple
from datetime import date
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from open401k.kernel import PlanYear
from open401k.law import targeting, top_heavy, uniform_allocation, vesting
from open401k.law.allocation_schedules import Band, MinimumRule, ScheduleBy, gradual_schedule
from open401k.law.uniform_allocation import PointsFinding, PointsFormula, UniformBy
from open401k.law.vesting import Schedule
from tests.law import naive_amounts as naive
from tests.law.naive_amounts import Given, Holder, Member

YEAR = PlanYear.starting(date(2026, 1, 1))


def column(rows: list[Any], name: str) -> np.ndarray:
    values = [getattr(each, name) for each in rows]
    return np.array(values, dtype=np.bool_ if isinstance(values[0], bool) else np.int64)


def test_uniform_allocations() -> None:
    """Of few cents, so that every half cent is met."""
    rng, seen = random.Random(1), set()  # noqa: S311
    for _ in range(2_000):
        size = rng.randint(1, 4)
        rows = [(rng.randint(0, 5), rng.randint(1, 9), rng.randint(0, 3), rng.random() < 0.4) for _ in range(size)]
        inside = [amount > 0 for amount, *_ in rows]
        found = uniform_allocation.uniform_allocation(
            allocations=np.array([row[0] for row in rows]),
            compensation=np.array([row[1] for row in rows]),
            units_of_service=np.array([row[2] for row in rows]),
            is_hce=np.array([row[3] for row in rows]),
            benefiting=np.array(inside),
        )
        who = [row for row, one in zip(rows, inside, strict=True) if one]
        wanted = {
            UniformBy.PERCENTAGE: naive.uniform([Given(row[0], row[1], row[3]) for row in who]),
            UniformBy.DOLLARS: naive.uniform([Given(row[0], 1, row[3]) for row in who]),
            UniformBy.UNITS: naive.uniform([Given(row[0], row[2] or 1, row[3]) for row in who]),
        }
        assert found.by == tuple(by for by in UniformBy if wanted[by])
        rates = [Fraction(10_000 * row[0], row[1]) for row in who]
        assert found.lowest_rate == naive.nearest(min(rates, default=Fraction(0)))
        assert found.highest_rate == naive.nearest(max(rates, default=Fraction(0)))
        assert found.people == len(who)
        seen.add(found.by)
    assert len(seen) == 8


def test_uniform_points() -> None:
    """Reg. 1.401(a)(4)-2(b)(3)(i): points, cents and both averages; equal averages pass."""
    rng, seen = random.Random(2), set()  # noqa: S311
    for _ in range(400):
        size, total = rng.randint(1, 5), rng.randint(0, 5_000)
        ages, years = ([rng.choice((0, 1, 20, 40)) for _ in range(size)] for _ in range(2))
        pay = [rng.choice((1, 19_999, 20_000, 40_000, 60_001)) for _ in range(size)]
        hce = [rng.random() < 0.5 for _ in range(size)]
        formula = PointsFormula(rng.randint(0, 2), rng.randint(0, 2), rng.randint(1, 3), rng.choice((1, 20_000)), 30)
        points = [
            formula.for_year_of_age * age
            + formula.for_year_of_service * min(served, 30)
            + formula.for_unit_of_pay * (paid // formula.unit_cents)
            for age, served, paid in zip(ages, years, pay, strict=True)
        ]
        if not sum(points):
            continue
        found = uniform_allocation.uniform_points(
            formula=formula, total_cents=total, ages=np.array(ages), years_of_service=np.array(years),
            compensation=np.array(pay), is_hce=np.array(hce), plan_year=YEAR,
        )  # fmt: skip
        assert found.points.tolist() == points
        assert found.allocations.tolist() == naive.shares(total, points)
        averages = []
        for kind in (True, False):
            of_kind = [Fraction(p, w) for p, w, high in zip(points, pay, hce, strict=True) if high is kind]
            averages.append(sum(of_kind, Fraction(0)) / max(len(of_kind), 1) * Fraction(total, sum(points)))
        assert [found.hce_average, found.nhce_average] == [naive.nearest(each * 10_000) for each in averages]
        if total:
            higher = all(kind in hce for kind in (True, False)) and averages[0] > averages[1]
            assert (PointsFinding.HCE_AVERAGE_HIGHER in found.findings) == higher
            seen.add(higher)
    assert seen == {True, False}


def members(rng: random.Random) -> list[Member]:
    def one() -> Member:
        pay, deferral = rng.choice((0, 1, 999, 10_000, 33_333)), rng.choice((0, 0, 1, 3, 500, 2_000))
        match = rng.choice((0, deferral // 2, deferral, 2 * deferral, 1_501))
        qnec = rng.choice((0, pay // 20, pay // 20 + 1, pay // 10, pay // 8, 5_000))
        return Member(rng.random() < 0.7, rng.random() < 0.7, pay, qnec, match, deferral, rng.random() < 0.2)

    return [one() for _ in range(rng.randint(1, 7))]


def test_targeted_qnec_and_match() -> None:
    rng = random.Random(3)  # noqa: S311
    for _ in range(800):
        people, beside = members(rng), rng.random() < 0.5
        common = {
            "compensation": column(people, "pay"),
            "eligible_nhce": column(people, "nhce"),
            "employed_on_last_day": column(people, "last_day"),
        }
        qnec = targeting.countable_qnec(
            qnec=column(people, "qnec"),
            beside=column(people, "match") if beside else None,
            prevailing_wage=column(people, "prevailing_wage"),
            **common,
        )
        assert (qnec.representative_rate, qnec.counted.tolist()) == naive.counted_qnec(people, beside)
        match = targeting.countable_match(match=column(people, "match"), deferrals=column(people, "deferral"), **common)
        assert (match.representative_rate, match.counted.tolist()) == naive.counted_match(people)


def holders(rng: random.Random) -> list[Holder]:
    def one() -> Holder:
        key, former, served, owed = (rng.random() < share for share in (0.4, 0.3, 0.8, 0.8))
        balance, paid = rng.choice((0, 1, 2, 3, 300_000_000)), rng.choice((0, 0, 1, 3))
        pay = rng.choice((0, 1, 16, 10_000, 33_333))
        deferral, match, nonelective = (rng.choice((0, 0, 1, pay // 100, pay // 50, pay // 33)) for _ in range(3))
        return Holder(key, former, served, balance, paid, pay, deferral, match, nonelective, owed)

    return [one() for _ in range(rng.randint(1, 6))]


def test_the_top_heavy_ratio_and_the_minimum() -> None:
    rng, seen = random.Random(4), set()  # noqa: S311
    for _ in range(1_000):
        people = holders(rng)
        found = top_heavy.top_heavy_test(
            balances=column(people, "balance"),
            is_key=column(people, "key"),
            former_key=column(people, "former_key"),
            served_in_year=column(people, "served"),
            paid_on_severance_1_year=column(people, "paid"),
        )
        assert astuple(found) == naive.top_heavy(people)
        least = top_heavy.minimum_contribution(
            is_key=column(people, "key"),
            owed_to=column(people, "owed_to"),
            compensation=column(people, "pay"),
            deferrals=column(people, "deferral"),
            match=column(people, "match"),
            nonelective=column(people, "nonelective"),
        )
        rate, highest, owed, toward, lacking = naive.minimum(people)
        assert (least.rate_bps, least.highest_key_rate_bps) == (rate, highest)
        assert least.minimum.tolist() == owed
        assert least.given.tolist() == toward
        assert (least.shortfall.tolist(), least.total_shortfall_cents) == (lacking, sum(lacking))
        seen.add((found.top_heavy, rate == 300, rate == highest))
    assert len(seen) == 6  # both ways, a rate of 300 or less


def test_vesting_schedules() -> None:
    rng, seen = random.Random(5), set()  # noqa: S311
    for _ in range(600):
        before, after = (
            [*sorted(rng.choice((0, 0, 2_000, 3_333, 4_000, 10_000)) for _ in range(rng.randint(0, 7))), 10_000]
            for _ in range(2)
        )
        years, served = sorted(rng.randint(0, 9) for _ in range(2))
        shares = [naive.vested(before, year) for year in range(10)]
        assert vesting.vested_bps(Schedule(tuple(before)), np.arange(10)).tolist() == shares
        enough = any(
            naive.nowhere_slower(before, least) for least in ([0, 0, 0, 10_000], [0, 0, *range(2_000, 10_001, 2_000)])
        )
        assert vesting.fast_enough(Schedule(tuple(before))) is enough
        offered = years >= 3 and not naive.nowhere_slower(after, before)
        elected = offered and rng.random() < 0.5
        found = vesting.amended_vesting(
            before=Schedule(tuple(before)), after=Schedule(tuple(after)), years_of_service=served,
            years_at_amendment=years, elected_former=elected,
        )  # fmt: skip
        old, new, kept = naive.vested(before, served), naive.vested(after, served), naive.vested(before, years)
        assert astuple(found) == (old, new, kept, offered, max(old if elected else new, kept), max(old, new))
        seen.add((enough, offered, elected))
    assert len(seen) == 6


@pytest.mark.parametrize("by", ScheduleBy)
def test_gradual_schedules(by: ScheduleBy) -> None:
    """Every schedule of up to four bands on a small grid of starts and rates."""
    latest = 1 if by is ScheduleBy.SERVICE else 25
    rng, seen = random.Random(6), set()  # noqa: S311
    starts = (0, 1, 2, 3, 5, 9) if by is ScheduleBy.SERVICE else (0, 20, 25, 26, 30, 35, 40)
    for _ in range(1_500):
        chosen = sorted(rng.sample(starts, rng.randint(1, 4)))
        rate = rng.choice((100, 120, 199, 200, 300))
        bands = [(chosen[0], rate)]
        for start in chosen[1:]:
            rate = rng.choice(
                (rate, rate + 1, rate * 6 // 5, rate * 3 // 2, rate * 2, rate * 2 + 1, rate + 500, rate + 501)
            )
            bands.append((start, rate))
        wrong = naive.jumps(bands)
        if not naive.regular(bands, latest, may_end_by_latest=by is not ScheduleBy.SERVICE):
            wrong.add("INTERVALS_DIFFER")
        minimum = rng.random() < 0.5
        found = gradual_schedule(
            bands=tuple(Band(*each) for each in bands), by=by, plan_year=YEAR, minimum_band=minimum
        )
        assert {each.name for each in found.findings} == wrong
        assert found.ratios == tuple(Fraction(b[1], a[1]) for a, b in pairwise(bands))
        saved = False
        if wrong and minimum and len(bands) > 2:
            saved = naive.stands_below(bands, latest)
            rules = {True: MinimumRule.HYPOTHETICAL_SCHEDULE, False: MinimumRule.NEITHER}
            assert found.minimum_rule is rules[saved]
        elif not wrong or not minimum or len(bands) == 1:
            assert found.minimum_rule is MinimumRule.NONE_NEEDED
        if len(bands) != 2:
            assert found.passed is (not wrong or saved)
        seen |= {each.name for each in found.findings} | {found.minimum_rule.name}
    assert len(seen) == 8


def test_every_small_points_share() -> None:
    for total, *weights in product(range(8), range(4), range(4), range(4)):
        if sum(weights):
            found = uniform_allocation._shared(total, np.array(weights))
            assert found.tolist() == naive.shares(total, weights)

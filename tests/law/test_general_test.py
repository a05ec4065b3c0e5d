"""The general test, its rates, groupings, components and average benefits, beside a second implementation."""

import random
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import PlanYear, half_up
from open401k.law import average_benefit, component_plans, coverage, cross_testing, gateway, general_test, rate_bands
from open401k.law.arrays import Cents, Flags
from open401k.law.average_benefit import AverageBenefitPath, AveragePath, Outcome
from open401k.law.exact_rates import Rates, standing, whole
from open401k.law.general_test import GroupPath
from open401k.law.given import ImpossibleInput
from open401k.law.rate_bands import RateBand, RateKind
from tests.law import naive
from tests.law.on_file import facts, hundredths

YEAR_2026 = PlanYear.starting(date(2026, 1, 1))


def rates_of(percents: list[float], pay: int = 10_000_000) -> Rates:
    """Allocation rates in percent of the same pay."""
    allocations = np.array([round(percent * pay / 100) for percent in percents], dtype=np.int64)
    return general_test.allocation_rates(allocations=allocations, compensation=np.full(len(percents), pay))


def nobody(count: int) -> Flags:
    return np.zeros(count, dtype=np.bool_)


def test_of(percents: list[float], hces: int, **more: Any) -> general_test.GeneralTest:
    """The first so many are HCEs."""
    is_hce = np.arange(len(percents)) < hces
    return general_test.general_test(rates=rates_of(percents), is_hce=is_hce, excluded=nobody(len(percents)), **more)


test_of.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("case_id", ["NDT-1", "NDT-2"])
def test_rate_group_examples_of_the_regulation(case_id: str) -> None:
    told, expected = facts(case_id)
    names = list(told["allocation_rates_pct"])
    result = test_of(list(told["allocation_rates_pct"].values()), len(told["hces"]), average_benefit_passed=True)
    assert result.safe_harbor == hundredths(expected["safe_harbor_pct"])
    assert [group.rate for group in result.groups] == [hundredths(g["rate_group_pct"]) for g in expected["rate_groups"]]
    for group, want in zip(result.groups, expected["rate_groups"], strict=True):
        assert group.ratio == hundredths(want["ratio_percentage"])
        assert (group.path is GroupPath.RATIO_PERCENTAGE) is want["passes_ratio_percentage_test"]
        assert (group.ratio >= result.safe_harbor) is want["meets_safe_harbor"]
        assert group.nhce_inside + group.hce_inside == len(want["members"])
        assert {names[place] for place in group.hces} <= set(want["members"])
    # Example 1 fails; Example 2 passes if the average benefit percentage does, and only then.
    assert result.passed is (case_id == "NDT-2")
    without = test_of(list(told["allocation_rates_pct"].values()), 2)
    assert without.outcome is (Outcome.OPEN if case_id == "NDT-2" else Outcome.FAILED)
    against = test_of(list(told["allocation_rates_pct"].values()), 2, average_benefit_passed=False)
    assert against.outcome is Outcome.FAILED


def test_a_group_passes_at_the_midpoint_and_not_below() -> None:
    # 60 NHCEs and 40 HCEs: harbors 50 and 40, midpoint 45 %. One HCE of 40 with more than the others: his group holds
    # so many NHCEs that 1/40 is divided into n/60.
    def group_of(nhces_with_more: int) -> general_test.RateGroup:
        percents = [8.0] * 1 + [5.0] * 39 + [8.0] * nhces_with_more + [5.0] * (60 - nhces_with_more)
        return test_of(percents, 40, average_benefit_passed=True).groups[-1]

    assert (group_of(1).ratio, group_of(1).path) == (6_667, GroupPath.AVERAGE_BENEFIT)
    assert group_of(2).path is GroupPath.RATIO_PERCENTAGE
    wide = [8.0] * 10 + [5.0] * 30
    at = test_of([*wide, *([8.0] * 7), *([5.0] * 53)], 40, average_benefit_passed=True)
    below = test_of([*wide, *([8.0] * 6), *([5.0] * 54)], 40, average_benefit_passed=True)
    assert (at.groups[-1].ratio, at.passed, at.midpoint_thousandths) == (4_667, True, 45_000)
    assert (below.groups[-1].ratio, below.groups[-1].path) == (4_000, GroupPath.CLASSIFICATION)


def test_a_plan_below_the_midpoint_measures_its_groups_by_its_own_ratio() -> None:
    # 20 of 100 NHCEs and all 10 HCEs benefit alike: a ratio of 20 %, below the midpoint of 23.75 % for 90 % NHCEs.
    is_hce = np.arange(110) < 10
    plain = general_test.general_test(
        rates=rates_of([6.0] * 30 + [0.0] * 80), is_hce=is_hce, excluded=nobody(110), average_benefit_passed=True
    )
    assert (plain.plan_ratio, plain.midpoint_thousandths) == (2_000, 23_750)
    assert plain.groups[0].path is GroupPath.AVERAGE_BENEFIT
    lower = general_test.general_test(
        rates=rates_of([6.0] * 29 + [5.0] + [0.0] * 80),
        is_hce=is_hce,
        excluded=nobody(110),
        average_benefit_passed=True,
    )
    assert (lower.groups[0].ratio, lower.groups[0].path) == (1_900, GroupPath.CLASSIFICATION)


def test_the_half_hundredth_of_a_midpoint_counts() -> None:
    # 87 % NHCEs: harbors 29.75 and 20.00, midpoint 24.875 %: 24.88 % passes, 24.87 % does not.
    assert average_benefit.midpoint_thousandths(safe_harbor=2_975, unsafe_harbor=2_000) == 24_875
    safe, unsafe = average_benefit.harbors(np.arange(101))
    one_by_one = [coverage.harbor_percentages(each) for each in range(101)]
    assert list(zip(safe.tolist(), unsafe.tolist(), strict=True)) == one_by_one
    for concentration, printed in naive.HARBORS.items():
        assert one_by_one[concentration] == tuple(int(each * 100) for each in printed)


def test_whoever_is_excluded_is_in_no_count_and_whoever_has_nothing_is_in_no_group() -> None:
    is_hce = np.array([True, False, False, False])
    result = general_test.general_test(
        rates=rates_of([5, 5, 0, 9]), is_hce=is_hce, excluded=np.array([False, False, False, True])
    )
    assert (result.nhces, result.groups[0].nhce_inside, result.groups[0].ratio) == (2, 1, 5_000)


@pytest.mark.parametrize(("percents", "hces"), [([5.0, 4.0], 0), ([5.0, 4.0], 2), ([0.0, 4.0], 1), ([], 0), ([3.0], 1)])
def test_without_an_hce_with_a_rate_or_without_an_nhce_nobody_is_favored(percents: list[float], hces: int) -> None:
    assert test_of(percents, hces).passed


def test_an_hce_with_nothing_has_a_group_only_if_he_is_treated_as_benefiting() -> None:
    is_hce = np.array([True, False])
    told = general_test.general_test(
        rates=rates_of([0, 4]), is_hce=is_hce, excluded=nobody(2), benefiting=np.array([True, True])
    )
    assert (len(told.groups), told.groups[0].rate, told.groups[0].ratio) == (1, 0, 10_000)


@pytest.mark.parametrize(
    ("field", "allocations", "compensation"),
    [
        ("allocations", [-1, 0], [100, 100]),
        ("compensation", [0, 0], [-100, 100]),
        ("compensation", [5, 0], [0, 100]),
        ("compensation", [5, 0], [2**31, 100]),
        ("allocations", [2**26, 0], [100, 100]),
        ("compensation", [5, 0], [1, 2, 3]),
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, allocations: list[int], compensation: list[int]) -> None:
    with pytest.raises(ImpossibleInput, match=rf"^{field}: ") as refusal:
        general_test.allocation_rates(allocations=np.array(allocations), compensation=np.array(compensation))
    assert refusal.value.field == field


def test_facts_that_do_not_belong_together_are_refused_by_name() -> None:
    rates, is_hce = rates_of([5, 5]), np.array([True, False])
    with pytest.raises(ImpossibleInput, match=r"^excluded: "):
        general_test.general_test(rates=rates, is_hce=is_hce, excluded=nobody(3))
    with pytest.raises(ImpossibleInput, match=r"^benefiting: .* place 0, who has an allocation"):
        general_test.general_test(rates=rates, is_hce=is_hce, excluded=nobody(2), benefiting=nobody(2))
    with pytest.raises(ImpossibleInput, match=r"^rates: "):
        general_test.general_test(rates=rates, is_hce=np.array([True]), excluded=nobody(1))
    with pytest.raises(ImpossibleInput, match=r"^plan: "):
        general_test.rate_group_scenarios(rates=rates, is_hce=is_hce, excluded=nobody(2), plan=np.array([1, 0]))
    with pytest.raises(ImpossibleInput, match=r"^average_benefit_passed: "):
        general_test.rate_group_scenarios(
            rates=rates, is_hce=is_hce, excluded=nobody(2), average_benefit_passed=nobody(3), plan=np.array([0, 1])
        )
    two_plans = np.array([[True, False]])
    with pytest.raises(ImpossibleInput, match=r"^is_hce: .* of one plan's people"):
        general_test.general_test(rates=rates, is_hce=two_plans, excluded=~two_plans)
    with pytest.raises(ImpossibleInput, match=r"^excluded: is yes or no"):
        general_test.general_test(rates=rates, is_hce=is_hce, excluded=np.array([0, 1]))


def population(seed: int, plans: int, people: int) -> tuple[Cents, Cents, Flags, Flags]:
    """Rates from few percentages, so that equal rates, edges and empty groups are frequent."""
    made = np.random.default_rng(seed)
    pay = made.integers(20, 60, (plans, people)) * 100_000
    allocations = pay * made.choice([0, 0, 3, 5, 5, 5, 9, 15], (plans, people)) // 100
    odd = made.random((plans, people)) < 0.2
    allocations = np.where(odd & (allocations > 0), allocations + made.integers(-1, 2, (plans, people)), allocations)
    return allocations, pay, made.random((plans, people)) < 0.25, made.random((plans, people)) < 0.1


def persons(
    allocations: Cents, pay: Cents, is_hce: Flags, excluded: Flags, rates: list[Fraction]
) -> list[naive.Person]:
    rows = zip(is_hce.tolist(), excluded.tolist(), allocations.tolist(), pay.tolist(), rates, strict=True)
    return [naive.Person(*row) for row in rows]


@pytest.mark.parametrize("people", [3, 15, 40])
@pytest.mark.parametrize("cross_tested", [False, True])
def test_a_second_implementation_agrees_on_random_plans(people: int, cross_tested: bool) -> None:
    plans = 18_000 // people
    allocations, pay, is_hce, excluded = population(people, plans, people)
    ages = np.random.default_rng(7).integers(22, 72, (plans, people))
    basis = cross_testing.TestingBasis()
    rates = (
        cross_testing.equivalent_accrual_rates(
            allocations=allocations, compensation=pay, ages=ages, basis=basis, plan_year=YEAR_2026
        )
        if cross_tested
        else general_test.allocation_rates(allocations=allocations, compensation=pay)
    )
    average = average_benefit.average_benefit_scenarios(rates=rates, is_hce=is_hce, excluded=excluded)
    found = general_test.rate_group_scenarios(
        rates=rates, is_hce=is_hce, excluded=excluded, average_benefit_passed=average
    )
    doors = gateway.gateway_scenarios(
        allocations=allocations,
        compensation=pay,
        section_415_compensation=pay,
        is_hce=is_hce,
        benefiting=allocations > 0,
        plan_year=YEAR_2026,
    )
    factor = {
        age: cross_testing.normalization_factor(basis=basis, age=age, plan_year=YEAR_2026) if cross_tested else 1
        for age in range(22, 72)
    }
    for row in range(plans):
        own = [
            Fraction(int(amount), int(base)) * factor[int(age)]
            for amount, base, age in zip(allocations[row], pay[row], ages[row], strict=True)
        ]
        slow = persons(allocations[row], pay[row], is_hce[row], excluded[row], own)
        assert naive.average_benefit_passes(slow) == bool(average[row])
        assert naive.general_test_passes(slow, bool(average[row])) == bool(found.passed[row])
        assert naive.gateway_passes(slow) == bool(doors.passed[row])
    assert 0.05 < found.passed.mean() < 0.99


def test_the_working_of_one_plan_says_what_the_many_say() -> None:
    allocations, pay, is_hce, excluded = population(5, 150, 12)
    rates = general_test.allocation_rates(allocations=allocations, compensation=pay)
    average = average_benefit.average_benefit_scenarios(rates=rates, is_hce=is_hce, excluded=excluded)
    many = general_test.rate_group_scenarios(
        rates=rates, is_hce=is_hce, excluded=excluded, average_benefit_passed=average
    )
    flat = general_test.rate_group_scenarios(
        rates=rates,
        is_hce=is_hce.reshape(-1),
        excluded=excluded.reshape(-1),
        average_benefit_passed=average,
        plan=np.repeat(np.arange(150), 12),
    )
    assert flat.passed.tolist() == many.passed.tolist()
    for row in range(150):
        one = general_test.allocation_rates(allocations=allocations[row], compensation=pay[row])
        of_one = average_benefit.average_benefit_percentage(rates=one, is_hce=is_hce[row], excluded=excluded[row])
        told = general_test.general_test(
            rates=one, is_hce=is_hce[row], excluded=excluded[row], average_benefit_passed=of_one.passed
        )
        assert of_one.passed == average[row]
        assert told.passed == many.passed[row]
        assert all(group.passed for group in told.groups) == told.passed
        assert min((group.ratio for group in told.groups), default=10_000) == many.lowest_ratio[row]
        assert all(group.path is GroupPath.RATIO_PERCENTAGE for group in told.groups) == many.passed_by_ratio_alone[row]


@given(seed=st.integers(0, 10_000), people=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_the_order_of_people_does_not_matter_and_more_for_an_nhce_never_hurts(seed: int, people: int) -> None:
    allocations, pay, is_hce, excluded = (each[0] for each in population(seed, 1, people))

    def verdict(amounts: Cents, order: list[int]) -> bool:
        rates = general_test.allocation_rates(allocations=amounts[order], compensation=pay[order])
        arguments = {"rates": rates, "is_hce": is_hce[order], "excluded": excluded[order]}
        average = average_benefit.average_benefit_percentage(**arguments)
        return general_test.general_test(**arguments, average_benefit_passed=average.passed).passed

    order = list(range(people))
    before = verdict(allocations, order)
    random.Random(seed).shuffle(order)  # noqa: S311
    assert verdict(allocations, order) == before
    if before:
        # Whoever benefits already: a new person inside changes the plan's own ratio, which can be the yardstick.
        better = np.where(~is_hce & (allocations > 0), allocations * 2, allocations)
        assert verdict(better, order)


@given(
    first=st.tuples(st.integers(0, 2**25), st.integers(1, 2**30)),
    second=st.tuples(st.integers(0, 2**25), st.integers(1, 2**30)),
)
def test_two_rates_stand_as_their_fractions_do(first: tuple[int, int], second: tuple[int, int]) -> None:
    top, bottom = np.array([first[0], second[0]]), np.array([first[1], second[1]])
    found = standing(whole(top, bottom), np.zeros(2, dtype=np.int64))
    left, right = Fraction(*first), Fraction(*second)
    if left == right:
        assert found.first.tolist() == [0, 0]
    else:
        assert found.order.tolist() == ([0, 1] if left < right else [1, 0])
        assert found.first.tolist() == [0, 1]


def test_neighbors_among_fractions_are_told_apart() -> None:
    # Consecutive fractions of a Farey sequence differ by the least that two such fractions can.
    top, bottom = (
        np.array([2**24 - 1, 2**24 - 2, 2**24 - 2]),
        np.array([2**30 - 64 - 1, 2**30 - 128 - 1, 2**30 - 128 - 1]),
    )
    found = standing(whole(top, bottom), np.zeros(3, dtype=np.int64))
    expected = sorted(range(3), key=lambda place: Fraction(int(top[place]), int(bottom[place])))
    assert {found.order[0], found.order[1]} | {found.order[2]} == set(expected)
    assert len(set(found.first.tolist())) == 2


# Average benefits -----------------------------------------------------------------------------------------------------


def percentage(percents: list[float], hces: int) -> average_benefit.AverageBenefitPercentage:
    is_hce = np.arange(len(percents)) < hces
    return average_benefit.average_benefit_percentage(
        rates=rates_of(percents), is_hce=is_hce, excluded=nobody(len(percents))
    )


@pytest.mark.parametrize(
    ("percents", "passed", "shown"),
    [
        ([10.0, 7.0], True, 7_000),
        ([10.0, 6.9999], False, 7_000),
        ([10.0, 7.0, 0.0], False, 3_500),
        ([10.0, 0.0], False, 0),
    ],
)
def test_the_average_benefit_percentage_is_exact_at_seventy(percents: list[float], passed: bool, shown: int) -> None:
    # 6.9999 % shows as 70.00 % and is below it: Reg. 1.410(b)-5 rounds nothing, unlike the ratio percentage of -9.
    found = percentage(percents, 1)
    assert (found.passed, found.percentage, found.path) == (passed, shown, AveragePath.TESTED)
    assert found.room == shown - 7_000


@pytest.mark.parametrize(
    ("percents", "hces", "path"),
    [([5.0], 0, AveragePath.NO_HCE), ([5.0], 1, AveragePath.NO_NHCE), ([0.0, 0.0], 1, AveragePath.HCES_GET_NOTHING)],
)
def test_an_average_with_nobody_to_compare_passes(percents: list[float], hces: int, path: AveragePath) -> None:
    found = percentage(percents, hces)
    assert (found.passed, found.path) == (True, path)


def test_an_average_of_seventy_by_awkward_fractions_is_decided_by_fractions() -> None:
    pay = np.array([3 * 10**6, 7 * 10**6, 21 * 10**6])
    allocations = np.array([10**5, 10**5, 3 * 10**5 + 50_000])  # 1/30, 1/70, 1/60
    rates = general_test.allocation_rates(allocations=allocations, compensation=pay)
    is_hce = np.array([True, False, False])
    mine = (Fraction(1, 70) + Fraction(1, 60)) / 2
    found = average_benefit.average_benefit_percentage(rates=rates, is_hce=is_hce, excluded=nobody(3))
    assert found.percentage == half_up(mine / Fraction(1, 30) * 10_000)
    seven_tenths = general_test.allocation_rates(
        allocations=np.array([30_000, 7_000]), compensation=np.array([900_000, 300_000])
    )
    exactly = average_benefit.average_benefit_percentage(rates=seven_tenths, is_hce=is_hce[:2], excluded=nobody(2))
    assert (exactly.passed, exactly.percentage) == (True, 7_000)


def coverage_at(nhces: int, hces_inside: int = 10, nhces_counted: int = 90) -> coverage.CoverageTest:
    return coverage.coverage_of_counts(
        nhce_nonexcludable=nhces_counted, nhce_benefiting=nhces, hce_nonexcludable=10, hce_benefiting=hces_inside
    )


GOOD, BAD = percentage([5.0, 5.0], 1), percentage([5.0, 1.0], 1)


@pytest.mark.parametrize(
    ("nhces", "average", "reasonable", "found", "outcome", "path"),
    [
        (63, None, None, None, Outcome.PASSED, AverageBenefitPath.RATIO_PERCENTAGE),
        (62, GOOD, True, None, Outcome.PASSED, AverageBenefitPath.SAFE_HARBOR),
        (62, BAD, True, None, Outcome.FAILED, AverageBenefitPath.AVERAGE_TOO_LOW),
        (62, GOOD, False, None, Outcome.FAILED, AverageBenefitPath.NOT_REASONABLE),
        (62, None, True, None, Outcome.OPEN, AverageBenefitPath.AVERAGE_OPEN),
        (62, GOOD, None, None, Outcome.OPEN, AverageBenefitPath.REASONABLE_OPEN),
        (25, GOOD, True, None, Outcome.PASSED, AverageBenefitPath.SAFE_HARBOR),  # 27.78 % of 27.50 %
        (24, GOOD, True, None, Outcome.OPEN, AverageBenefitPath.FACTS_OPEN),  # 26.67 %
        (24, GOOD, True, True, Outcome.PASSED, AverageBenefitPath.FACTS_AND_CIRCUMSTANCES),
        (24, GOOD, True, False, Outcome.FAILED, AverageBenefitPath.FACTS_NOT_FOUND),
        (18, GOOD, True, True, Outcome.PASSED, AverageBenefitPath.FACTS_AND_CIRCUMSTANCES),  # 20 %, the unsafe harbor
        (17, GOOD, True, True, Outcome.FAILED, AverageBenefitPath.UNSAFE_HARBOR),
    ],
)
def test_the_average_benefit_test_at_each_edge(
    nhces: int,
    average: average_benefit.AverageBenefitPercentage | None,
    reasonable: bool | None,
    found: bool | None,
    outcome: Outcome,
    path: AverageBenefitPath,
) -> None:
    result = average_benefit.average_benefit_test(
        coverage=coverage_at(nhces),
        average=average,
        reasonable_classification=reasonable,
        facts_and_circumstances=found,
    )
    assert (result.outcome, result.path) == (outcome, path)
    assert result.passed is (outcome is Outcome.PASSED)


@pytest.mark.parametrize(
    ("case_id", "alone"), [("COV-3", Outcome.PASSED), ("COV-4", Outcome.FAILED), ("COV-6", Outcome.OPEN)]
)
def test_the_classification_examples_go_on_to_the_average_benefit_test(case_id: str, alone: Outcome) -> None:
    given_counts, expected = facts(case_id)
    test = coverage.coverage_of_counts(**given_counts)
    assert test.classification == expected["classification"]
    assert average_benefit.classification_test(coverage=test, reasonable_classification=True).outcome is alone
    result = average_benefit.average_benefit_test(coverage=test, average=GOOD, reasonable_classification=True)
    assert result.outcome is alone


def test_coverage_that_is_deemed_needs_no_average() -> None:
    deemed = average_benefit.average_benefit_test(coverage=coverage_at(0, hces_inside=0))
    assert (deemed.outcome, deemed.path) == (Outcome.PASSED, AverageBenefitPath.DEEMED)


# Grouping of rates ----------------------------------------------------------------------------------------------------


def band(middle: int, low: int, high: int) -> RateBand:
    return RateBand(midpoint_millionths=middle, lowest_millionths=low, highest_millionths=high)


def test_rates_in_a_range_count_as_its_midpoint() -> None:
    # 4.80 to 5.20 %: within a quarter of a point of 5 %. The HCE at 5.1 % no longer stands above the NHCEs at 4.9 %.
    rates, is_hce = rates_of([5.1, 4.9, 4.9, 4.9]), np.array([True, False, False, False])
    before = general_test.general_test(rates=rates, is_hce=is_hce, excluded=nobody(4))
    grouped = rate_bands.group_rates(
        rates=rates, is_hce=is_hce, bands=(band(50_000, 48_000, 52_000),), kind=RateKind.ALLOCATION
    )
    after = general_test.general_test(rates=grouped.rates, is_hce=is_hce, excluded=nobody(4))
    assert (before.passed, after.passed, after.groups[0].rate) == (False, True, 500)
    assert (grouped.bands[0].hce_average, grouped.bands[0].nhce_average) == (510, 490)
    assert (grouped.bands[0].hces, grouped.bands[0].nhces, grouped.bands[0].hces_average_higher) == (1, 3, True)


@pytest.mark.parametrize(
    ("kind", "chosen", "refused"),
    [
        (RateKind.ALLOCATION, band(50_000, 47_500, 52_500), False),  # 5 % and a quarter point at once
        (RateKind.ALLOCATION, band(50_000, 47_499, 52_500), True),
        (RateKind.ALLOCATION, band(10_000, 7_500, 12_500), False),  # a quarter point
        (RateKind.ALLOCATION, band(10_000, 7_499, 12_500), True),
        (RateKind.ALLOCATION, band(200_000, 190_000, 210_000), False),  # five percent
        (RateKind.ALLOCATION, band(200_000, 190_000, 210_001), True),
        (RateKind.ACCRUAL, band(5_000, 4_500, 5_500), False),  # a twentieth of a point
        (RateKind.ACCRUAL, band(5_000, 4_499, 5_500), True),
        (RateKind.ACCRUAL, band(50_000, 47_500, 52_500), False),
        (RateKind.ALLOCATION, band(50_000, 51_000, 52_000), True),
    ],
)
def test_a_range_is_no_larger_than_the_regulation_lets_it(kind: RateKind, chosen: RateBand, refused: bool) -> None:
    arguments: dict[str, Any] = {"rates": rates_of([5, 5]), "is_hce": np.array([True, False]), "kind": kind}
    if refused:
        with pytest.raises(ImpossibleInput, match=r"^bands: "):
            rate_bands.group_rates(**arguments, bands=(chosen,))
    else:
        rate_bands.group_rates(**arguments, bands=(chosen,))


def test_ranges_may_not_overlap_and_their_ends_are_inside() -> None:
    arguments: dict[str, Any] = {"is_hce": np.array([True, False, False]), "kind": RateKind.ALLOCATION}
    with pytest.raises(ImpossibleInput, match=r"two ranges overlap at 52000"):
        rate_bands.group_rates(
            **arguments, rates=rates_of([5, 5, 5]), bands=(band(50_000, 48_000, 52_000), band(54_000, 52_000, 56_000))
        )
    grouped = rate_bands.group_rates(
        **arguments, rates=rates_of([5.2, 4.8, 5.2001]), bands=(band(50_000, 48_000, 52_000),)
    )
    assert [grouped.rates.exact(place) for place in range(3)] == [
        Fraction(5, 100),
        Fraction(5, 100),
        Fraction(52_001, 1_000_000),
    ]


def test_nobody_without_an_allocation_is_in_a_range() -> None:
    grouped = rate_bands.group_rates(
        rates=rates_of([0.1, 0.0]),
        is_hce=np.array([True, False]),
        bands=(band(1_000, 0, 3_000),),
        kind=RateKind.ALLOCATION,
    )
    assert [grouped.rates.exact(0), grouped.rates.exact(1)] == [Fraction(1, 1_000), Fraction(0)]
    assert (grouped.bands[0].hces, grouped.bands[0].nhces) == (1, 0)


def test_equivalent_rates_are_grouped_by_their_fractions() -> None:
    rates = cross_testing.equivalent_accrual_rates(
        allocations=np.array([500_000, 500_000]),
        compensation=np.array([10_000_000, 10_000_000]),
        ages=np.array([40, 41]),
        basis=cross_testing.TestingBasis(),
        plan_year=YEAR_2026,
    )
    middle = half_up(rates.exact(0) * 1_000_000)
    chosen = (band(middle, middle - 500, middle + 500),)
    grouped = rate_bands.group_rates(rates=rates, is_hce=np.array([True, False]), bands=chosen, kind=RateKind.ACCRUAL)
    assert grouped.rates.exact(0) == Fraction(middle, 1_000_000)
    assert grouped.rates.exact(1) == rates.exact(1)


# Component plans ------------------------------------------------------------------------------------------------------


def test_a_plan_that_fails_can_pass_as_two_components() -> None:
    # Two HCEs at 3 %, two at 9 %; NHCEs half and half: the plan's group at 9 % has 50 %, and each component 50 of 50.
    percents, hces = [3.0, 3.0, 9.0, 9.0, *([3.0] * 4), *([9.0] * 4)], 4
    is_hce = np.arange(12) < hces
    rates = rates_of(percents)
    arguments: dict[str, Any] = {"rates": rates, "is_hce": is_hce, "excluded": nobody(12)}
    assert general_test.general_test(**arguments).passed
    skewed = [3.0, 3.0, 9.0, 9.0, *([3.0] * 6), *([9.0] * 2)]
    arguments["rates"] = rates_of(skewed)
    whole_plan = general_test.general_test(**arguments, average_benefit_passed=False)
    assert whole_plan.outcome is Outcome.FAILED
    parts = component_plans.component_plans(
        **arguments,
        benefiting=~nobody(12),
        component=np.array([1, 1, 2, 2, 1, 1, 1, 1, 1, 1, 2, 2]),
        average=GOOD,
        reasonable_classification=True,
    )
    assert [part.coverage.coverage.ratio for part in parts.components] == [15_000, 5_000]
    assert parts.passed
    assert parts.components[1].coverage.path is AverageBenefitPath.SAFE_HARBOR
    assert parts.components[1].outcome is Outcome.PASSED


def test_a_component_below_seventy_needs_the_average_of_the_plan() -> None:
    arguments: dict[str, Any] = {
        "rates": rates_of([9.0, 3.0, 9.0, 3.0, 3.0, 3.0]),
        "is_hce": np.array([True, True, False, False, False, False]),
        "excluded": nobody(6),
        "benefiting": ~nobody(6),
        "component": np.array([1, 2, 1, 2, 2, 2]),
        "reasonable_classification": True,
    }
    assert component_plans.component_plans(**arguments).outcome is Outcome.OPEN
    assert component_plans.component_plans(**arguments, average=BAD).outcome is Outcome.FAILED
    assert component_plans.component_plans(**arguments, average=GOOD).outcome is Outcome.PASSED
    with pytest.raises(ImpossibleInput, match=r"^component: "):
        component_plans.component_plans(**(arguments | {"component": np.array([1])}))

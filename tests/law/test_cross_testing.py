"""Equivalent benefits, annuities, the gateway, schedules, imputed disparity: published figures, edges, properties."""

import itertools
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import PlanYear, half_up
from open401k.law import (
    NotEnacted,
    allocation_schedules,
    cross_testing,
    figures,
    gateway,
    general_test,
    imputed_disparity,
    tables,
)
from open401k.law.allocation_schedules import Band, MinimumRule, ScheduleBy, ScheduleFinding
from open401k.law.average_benefit import Outcome
from open401k.law.cross_testing import MortalityTable, TestingBasis
from open401k.law.exact_rates import Rates, standing
from open401k.law.gateway import GatewayPath
from open401k.law.given import ImpossibleInput
from open401k.law.imputed_disparity import DisparityPath
from tests.law.on_file import CASES, facts

YEAR_2026 = PlanYear.starting(date(2026, 1, 1))

#: The second typing of figures/nondiscrimination.yaml: basis points, and dollars.
FIGURES = {
    "gateway_deemed_rate": {2002: 500},
    "standard_interest_lowest": {1994: 750},
    "standard_interest_highest": {1994: 850},
    "imputed_disparity_factor": {1994: 75},
    "points_compensation_unit": {1994: 200},
    "schedule_step": {2002: 500},
}


def test_the_figures_of_the_regulations_equal_the_second_typing() -> None:
    found = {row.id: row.values for row in figures.all_figures() if row.file == "nondiscrimination.yaml"}
    assert found == FIGURES


# Annuities and equivalent benefits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "interest", "published"),
    [
        (MortalityTable.UP_1984, 750, "101.4937"),
        (MortalityTable.UP_1984, 800, "98.3496"),
        (MortalityTable.UP_1984, 850, "95.3829"),  # quoted everywhere as 95.38
        (MortalityTable.GAM_1983_MALE, 850, "100.5010"),
        (MortalityTable.GAM_1983_FEMALE, 850, "113.8835"),
        (MortalityTable.IAM_1983_MALE, 850, "105.9347"),
        (MortalityTable.IAM_1983_FEMALE, 850, "115.3870"),  # 115.39 in NDT-4
    ],
)
def test_each_table_gives_its_published_price_of_one_a_month_at_65(
    table: MortalityTable, interest: int, published: str
) -> None:
    factor = cross_testing.annuity_factor(table=table, interest_bps=interest, age=65, on=date(2026, 12, 31))
    assert half_up(factor * 12 * 10_000) == Fraction(published) * 10_000


@pytest.mark.parametrize("table", MortalityTable)
def test_mortality_rises_with_age_and_evenly(table: MortalityTable) -> None:
    rows = [
        Fraction(value)
        for _, value in sorted(tables.edition(table, date(2026, 1, 1)).items(), key=lambda row: int(row[0]))
        if value != 1
    ]
    assert all(after > before for before, after in itertools.pairwise(rows))
    # A slip of a digit shows as a jump: the steps from year to year grow or shrink slowly.
    steps = [after / before for before, after in itertools.pairwise(rows)]
    assert all(abs(after - before) < Fraction(8, 100) for before, after in itertools.pairwise(steps))


def test_equivalent_benefit_of_a_practitioner() -> None:
    told, expected = facts("NDT-4")
    found = cross_testing.equivalent_benefit(
        allocation_cents=told["allocation_usd"] * 100,
        compensation_cents=told["compensation_usd"] * 100,
        age=told["age"],
        basis=TestingBasis(
            interest_bps=round(told["interest_pct"] * 100),
            testing_age=told["testing_age"],
            purchase_rate_millionths=round(told["annuity_purchase_rate_monthly"] * 1_000_000),
        ),
        plan_year=PlanYear.starting(date(told_year := CASES["NDT-4"]["year"], 1, 1)),
    )
    assert told_year == 2014
    assert found.rate_hundredths == round(expected["ebar_pct"] * 100)
    assert half_up(found.at_testing_age_cents / 100) == expected["future_value_usd"]
    assert Fraction(told["allocation_usd"], told["compensation_usd"]) * 100 == Fraction(expected["allocation_rate_pct"])
    by_table = cross_testing.equivalent_benefit(
        allocation_cents=4_400_000,
        compensation_cents=22_000_000,
        age=60,
        basis=TestingBasis(table=MortalityTable.IAM_1983_FEMALE),
        plan_year=YEAR_2026,
    )
    assert by_table.rate_hundredths == 313


@pytest.mark.parametrize(
    ("allocation", "pay", "age", "millionths"),
    [
        (9_000, 100_000, 40, 87_036),  # 8.7036 %, figures.yaml ebar_age40
        (9_000, 100_000, 60, 17_026),
        (40_000, 200_000, 51, 78_842),  # BenefitsLink topic 17531: 7.88 % and 5.59 %
        (1_700, 25_000, 42, 55_860),
    ],
)
def test_equivalent_rates_that_practitioners_published(allocation: int, pay: int, age: int, millionths: int) -> None:
    found = cross_testing.equivalent_benefit(
        allocation_cents=allocation * 100,
        compensation_cents=pay * 100,
        age=age,
        basis=TestingBasis(),
        plan_year=YEAR_2026,
    )
    assert half_up(found.rate * 1_000_000) == millionths


def test_a_practitioners_plan_of_two_fails_since_no_nhce_reaches_the_hces_rate() -> None:
    # BenefitsLink topic 17531, answered there: 0 of 1 NHCE in the group, a ratio of 0 %.
    rates = ebars(allocations=[4_000_000, 170_000], pay=[20_000_000, 2_500_000], ages=[51, 42])
    told = general_test.general_test(
        rates=rates, is_hce=np.array([True, False]), excluded=np.array([False, False]), average_benefit_passed=True
    )
    assert (told.groups[0].rate, told.groups[0].ratio, told.passed) == (788, 0, False)


def ebars(*, allocations: list[int], pay: list[int], ages: list[int], basis: TestingBasis | None = None) -> Rates:
    return cross_testing.equivalent_accrual_rates(
        allocations=np.array(allocations),
        compensation=np.array(pay),
        ages=np.array(ages),
        basis=basis or TestingBasis(),
        plan_year=YEAR_2026,
    )


def test_beyond_the_testing_age_the_current_age_is_tested_or_where_rates_go_on_the_testing_age() -> None:
    at = ebars(allocations=[100_000] * 3, pay=[1_000_000] * 3, ages=[64, 65, 70])
    assert at.exact(0) == at.exact(1) * Fraction(1085, 1000)
    factor = cross_testing.annuity_factor(table=MortalityTable.UP_1984, interest_bps=850, age=70, on=date(2026, 12, 31))
    assert at.exact(2) == Fraction(1, 10) / factor
    as_at = ebars(
        allocations=[100_000] * 2, pay=[1_000_000] * 2, ages=[65, 70], basis=TestingBasis(older_as_at_testing_age=True)
    )
    assert as_at.exact(0) == as_at.exact(1) == at.exact(1)


def test_a_measurement_period_of_several_years_is_divided_by_the_years_benefited() -> None:
    arguments: dict[str, Any] = {
        "compensation_cents": 1_000_000,
        "age": 50,
        "basis": TestingBasis(),
        "plan_year": YEAR_2026,
    }
    one = cross_testing.equivalent_benefit(allocation_cents=100_000, **arguments)
    three = cross_testing.equivalent_benefit(allocation_cents=300_000, years_benefited=3, **arguments)
    assert one.rate == three.rate
    assert three.annual_benefit_cents == one.annual_benefit_cents


@pytest.mark.parametrize(
    ("field", "basis", "ages"),
    [
        ("interest_bps", TestingBasis(interest_bps=749), [40]),
        ("interest_bps", TestingBasis(interest_bps=851), [40]),
        ("annuity_interest_bps", TestingBasis(annuity_interest_bps=700), [40]),
        ("purchase_rate_millionths", TestingBasis(purchase_rate_millionths=0), [40]),
        ("purchase_rate_millionths", TestingBasis(purchase_rate_millionths=95_380_000), [66]),
        ("ages", TestingBasis(), [13]),
        ("ages", TestingBasis(), [111]),
        ("testing_age", TestingBasis(testing_age=5), [40]),
    ],
)
def test_what_is_no_standard_is_refused_by_name(field: str, basis: TestingBasis, ages: list[int]) -> None:
    with pytest.raises(ImpossibleInput, match=rf"^{field}: "):
        ebars(allocations=[100], pay=[1_000], ages=ages, basis=basis)


def test_ages_and_years_that_cannot_be_are_refused_by_name() -> None:
    arguments: dict[str, Any] = {
        "allocations": np.array([1]),
        "compensation": np.array([10]),
        "basis": TestingBasis(),
        "plan_year": YEAR_2026,
    }
    with pytest.raises(ImpossibleInput, match=r"^ages: has the shape"):
        cross_testing.equivalent_accrual_rates(ages=np.array([40, 41]), **arguments)
    with pytest.raises(ImpossibleInput, match=r"^years_benefited: is 0 "):
        cross_testing.equivalent_accrual_rates(ages=np.array([40]), years_benefited=np.array([0]), **arguments)
    with pytest.raises(ImpossibleInput, match=r"^years_benefited: has the shape"):
        cross_testing.equivalent_accrual_rates(ages=np.array([40]), years_benefited=np.array([1, 1]), **arguments)
    with pytest.raises(NotEnacted, match="no entry for 49"):
        cross_testing.annuity_factor(table=MortalityTable.UP_1984, interest_bps=850, age=49, on=date(2026, 1, 1))


@given(
    people=st.lists(
        st.tuples(st.integers(0, 30_000), st.sampled_from([10_000, 20_000, 30_000, 217 * 100]), st.integers(25, 72)),
        min_size=2,
        max_size=12,
    )
)
@settings(max_examples=80, deadline=None)
def test_people_stand_in_the_order_of_their_unrounded_rates(people: list[tuple[int, int, int]]) -> None:
    rates = ebars(allocations=[p[0] for p in people], pay=[p[1] for p in people], ages=[p[2] for p in people])
    found = standing(rates, np.zeros(len(people), dtype=np.int64))
    in_order = [rates.exact(int(place)) for place in found.order]
    assert in_order == sorted(in_order)
    assert [in_order.index(rate) for rate in in_order] == found.first.tolist()


def test_rates_closer_than_the_rounding_of_a_factor_are_compared_by_fractions() -> None:
    # At 8.5 % one year is 217/200: these two are equal without rounding, and one cent more makes the older one higher.
    # Every factor is rounded to ten places, so the whole-number rates of the two differ although the fractions do not.
    equal = ebars(allocations=[2_000_000, 2_170_000], pay=[10_000_000, 10_000_000], ages=[45, 46])
    assert equal.exact(0) == equal.exact(1)
    assert standing(equal, np.zeros(2, dtype=np.int64)).first.tolist() == [0, 0]
    for extra in (0, 1):
        for age in range(26, 64):
            near = ebars(allocations=[2_000_000, 2_170_000 + extra], pay=[10_000_000] * 2, ages=[age, age + 1])
            found = standing(near, np.zeros(2, dtype=np.int64))
            assert found.first.tolist() == [0, extra]
            assert found.order[-1] == 1 or not extra


def test_nobody_without_an_allocation_has_a_rate_to_round() -> None:
    rates = ebars(allocations=[0, 0, 5], pay=[0, 10, 10], ages=[30, 50, 40])
    assert standing(rates, np.zeros(3, dtype=np.int64)).first.tolist() == [0, 0, 2]


# The gateway ----------------------------------------------------------------------------------------------------------


def door(percents: list[float], hces: int, pay_415: int = 10_000_000, pay: int = 10_000_000) -> gateway.Gateway:
    allocations = np.array([round(each * pay / 100) for each in percents])
    return gateway.minimum_allocation_gateway(
        allocations=allocations,
        compensation=np.full(len(percents), pay),
        section_415_compensation=np.full(len(percents), pay_415),
        is_hce=np.arange(len(percents)) < hces,
        benefiting=allocations > 0,
        plan_year=YEAR_2026,
    )


@pytest.mark.parametrize(
    ("percents", "path", "cost"),
    [
        ([12.0, 4.0, 4.0], GatewayPath.ONE_THIRD, 0),
        ([12.0, 3.99999, 4.0], GatewayPath.FAILED, 1),
        ([30.0, 5.0, 5.0], GatewayPath.FIVE_PERCENT, 0),
        ([30.0, 5.0, 4.5], GatewayPath.FAILED, 50_000),
        ([9.0, 4.0, 2.9], GatewayPath.FAILED, 10_000),
        ([9.0, 3.0, 0.0], GatewayPath.ONE_THIRD, 0),  # who has nothing is no employee of the plan
        ([9.0, 0.0, 0.0], GatewayPath.NO_NHCE, 0),
        ([0.0, 1.0, 2.0], GatewayPath.ONE_THIRD, 0),  # no HCE has a rate
    ],
)
def test_the_gateway_at_each_edge(percents: list[float], path: GatewayPath, cost: int) -> None:
    found = door(percents, 1)
    assert (found.path, found.passed) == (path, path is not GatewayPath.FAILED)
    if not found.passed:
        assert found.least_cost_cents == cost


def test_five_percent_is_of_section_415_pay_and_a_third_of_plan_pay() -> None:
    # Plan pay leaves something out, so 5 % of it is not 5 % of section 415 pay; no mix of the two ways by person.
    assert door([30.0, 5.0], 1, pay_415=11_000_000).path is GatewayPath.FAILED
    assert door([30.0, 5.5], 1, pay_415=11_000_000).path is GatewayPath.FIVE_PERCENT
    mixed = gateway.minimum_allocation_gateway(
        allocations=np.array([1_800_000, 600_000, 550_000]),
        compensation=np.array([10_000_000] * 3),
        section_415_compensation=np.array([10_000_000, 13_000_000, 10_000_000]),
        is_hce=np.array([True, False, False]),
        benefiting=np.array([True] * 3),
        plan_year=YEAR_2026,
    )
    assert mixed.path is GatewayPath.FAILED
    assert (mixed.short_of_one_third.tolist(), mixed.short_of_five_percent.tolist()) == ([0, 0, 50_000], [0, 50_000, 0])


@given(allocations=st.lists(st.integers(1, 3_000_000), min_size=2, max_size=8))
@settings(deadline=None)
def test_what_the_gateway_asks_for_is_enough(allocations: list[int]) -> None:
    given_amounts, pay = np.array(allocations), np.full(len(allocations), 7_777_777)
    arguments: dict[str, Any] = {
        "compensation": pay,
        "section_415_compensation": pay + 1,
        "is_hce": np.arange(len(allocations)) < 1,
        "benefiting": np.ones(len(allocations), dtype=np.bool_),
        "plan_year": YEAR_2026,
    }
    found = gateway.minimum_allocation_gateway(allocations=given_amounts, **arguments)
    for short in (found.short_of_one_third, found.short_of_five_percent):
        assert gateway.minimum_allocation_gateway(allocations=given_amounts + short, **arguments).passed
        if short.any():
            less = np.maximum(short - 1, 0)
            again = gateway.minimum_allocation_gateway(allocations=given_amounts + less, **arguments)
            other = found.short_of_five_percent if short is found.short_of_one_third else found.short_of_one_third
            assert not again.passed or bool((less >= other).all())


def test_rates_are_broadly_available_if_each_group_covers() -> None:
    is_hce = np.array([True, True, *([False] * 8)])
    some, others = np.arange(10) % 2 == 0, np.arange(10) % 2 == 1
    excluded = np.zeros(10, dtype=np.bool_)
    found = gateway.broadly_available_rates(
        available=(("6 % in one place", some), ("3 % in another", others)), is_hce=is_hce, excluded=excluded
    )
    assert (found.passed, [name for name, _ in found.rates]) == (True, ["6 % in one place", "3 % in another"])
    only_hces = np.arange(10) < 2
    narrow = gateway.broadly_available_rates(
        available=(("9 %", only_hces), ("3 %", ~only_hces)), is_hce=is_hce, excluded=excluded
    )
    assert narrow.outcome is Outcome.FAILED
    assert [test.outcome for _, test in narrow.rates] == [Outcome.FAILED, Outcome.PASSED]
    with pytest.raises(ImpossibleInput, match=r"^available: "):
        gateway.broadly_available_rates(available=(), is_hce=is_hce, excluded=excluded)


# Schedules ------------------------------------------------------------------------------------------------------------


def schedule(
    *bands: tuple[int, float], by: ScheduleBy = ScheduleBy.AGE, **more: Any
) -> allocation_schedules.GradualSchedule:
    return allocation_schedules.gradual_schedule(
        bands=tuple(Band(start, round(rate * 100)) for start, rate in bands), by=by, plan_year=YEAR_2026, **more
    )


def test_a_schedule_by_service_as_in_the_regulation() -> None:
    # Reg. 1.401(a)(4)-8(b)(1)(viii) Example 1, recalled: 0-5, 6-10, ... 26 or more years, with these ratios.
    found = schedule((0, 3), (6, 4.5), (11, 6.5), (16, 8.5), (21, 10), (26, 11.5), by=ScheduleBy.SERVICE)
    assert (found.passed, found.findings) == (True, ())
    assert [half_up(ratio * 100) for ratio in found.ratios] == [150, 144, 131, 118, 115]


def test_a_schedule_by_age_as_in_the_regulation() -> None:
    # Example 2, recalled: under 25, 25-34, ... 65 or older; ratios 2.00, 1.50, 1.33, 1.33, 1.31.
    found = schedule((0, 3), (25, 6), (35, 9), (45, 12), (55, 16), (65, 21))
    assert (found.passed, [half_up(ratio * 100) for ratio in found.ratios]) == (True, [200, 150, 133, 133, 131])


def test_a_schedule_above_a_minimum_can_be_part_of_a_hypothetical_one() -> None:
    # Like Example 3: 3 % under 40, then bands of five years. Three bands below 40 reach 25: 6, 4, 2.67, 1.78 %.
    bands = ((0, 3.0), (40, 6.0), (45, 9.0), (50, 12.0), (55, 16.0), (60, 20.0), (65, 25.0))
    alone = schedule(*bands)
    assert (alone.passed, alone.findings) == (False, (ScheduleFinding.INTERVALS_DIFFER,))
    found = schedule(*bands, minimum_band=True)
    assert (found.passed, found.minimum_rule) == (True, MinimumRule.HYPOTHETICAL_SCHEDULE)
    # With 1.8 % at 40 and steep steps above, three bands below would fall under 1 %.
    steep = ((0, 1.5), (40, 1.8), (45, 3.6), (50, 7.2))
    assert schedule(*steep, minimum_band=True).minimum_rule is MinimumRule.NEITHER
    by_rates = schedule(*steep, minimum_band=True, basis=TestingBasis())
    assert by_rates.minimum_rule is MinimumRule.NEITHER


def test_a_schedule_above_a_minimum_can_stand_by_equivalent_rates() -> None:
    # 5 % at 49 carries sixteen years of interest to 65; 9 % at 65 none.
    found = schedule((0, 5), (50, 9), minimum_band=True, basis=TestingBasis())
    assert found.passed
    uneven = ((0, 5.0), (40, 5.5), (44, 5.6), (62, 9.0))
    assert not schedule(*uneven, minimum_band=True).passed
    by_rates = schedule(*uneven, minimum_band=True, basis=TestingBasis())
    assert (by_rates.passed, by_rates.minimum_rule) == (True, MinimumRule.EQUIVALENT_RATES)


@pytest.mark.parametrize(
    ("bands", "finding"),
    [
        (((0, 3), (25, 4), (35, 4)), ScheduleFinding.NOT_RISING),
        (((0, 6), (25, 11.01), (35, 12)), ScheduleFinding.STEP_TOO_HIGH),
        (((0, 2), (25, 4.01), (35, 5)), ScheduleFinding.RATIO_OVER_TWO),
        (((0, 4), (25, 5), (35, 7)), ScheduleFinding.RATIO_RISES),
        (((0, 4), (25, 5), (35, 6), (40, 7)), ScheduleFinding.INTERVALS_DIFFER),
        (((0, 4), (36, 5), (46, 6)), ScheduleFinding.INTERVALS_DIFFER),
    ],
)
def test_each_rule_of_a_smooth_schedule(bands: tuple[tuple[int, float], ...], finding: ScheduleFinding) -> None:
    found = schedule(*bands)
    assert (found.passed, found.findings) == (False, (finding,))


def test_a_first_band_may_end_at_35_if_bands_are_ten_years() -> None:
    assert schedule((0, 4), (35, 5), (45, 6)).passed
    assert schedule((0, 4), (35, 5), (45, 6), by=ScheduleBy.POINTS).passed
    assert not schedule((0, 4), (35, 5), (45, 6), by=ScheduleBy.SERVICE).passed


@pytest.mark.parametrize("bands", [(), ((0, 0),), ((0, 3), (0, 4)), ((-1, 3),), ((0, 101),)])
def test_bands_that_cannot_be_are_refused(bands: tuple[tuple[int, float], ...]) -> None:
    with pytest.raises(ImpossibleInput, match=r"^(bands|rate_bps|starts_at): "):
        schedule(*bands)


# Imputed disparity ----------------------------------------------------------------------------------------------------


def test_imputed_disparity_below_and_above_the_wage_base() -> None:
    # 2026: wage base 184,500. 5 % of 30,000: the lesser of 10 % and 10.7 %. 20,000 of 360,000: the lesser of 20,000
    # over 267,750 (7.47 %) and 30,516.50 over 360,000 (8.48 %). 7 % of 30,000: 12.7 %, not 14 %. Nothing stays nothing.
    pay = np.array([3_000_000, 36_000_000, 3_000_000, 10_000_000, 20_000_000])
    allocations = np.array([150_000, 2_000_000, 210_000, 0, 3_000_000])
    before = general_test.allocation_rates(allocations=allocations, compensation=pay)
    after = imputed_disparity.impute_to_allocations(rates=before, compensation=pay, plan_year=YEAR_2026)
    d_rate = Fraction(30_000 * 1_000 + 57 * 184_500, 200_000 * 1_000)
    expected = [Fraction(1, 10), Fraction(20_000, 267_750), Fraction(127, 1_000), Fraction(0), d_rate]
    assert [after.exact(place) for place in range(5)] == expected
    assert [after.numerator[place] // after.denominator[place] for place in range(5)] == [
        int(rate * 10**10) for rate in expected
    ]
    paths = [
        imputed_disparity.imputed_rate(
            rate=before.exact(place),
            compensation_cents=int(pay[place]),
            level_cents=18_450_000,
            disparity=Fraction(57, 1_000),
        ).path
        for place in (0, 1, 2, 4)
    ]
    assert paths == [DisparityPath.A, DisparityPath.C, DisparityPath.B, DisparityPath.D]


def test_the_wage_base_is_that_of_the_beginning_of_the_plan_year() -> None:
    assert imputed_disparity.taxable_wage_base(PlanYear.starting(date(2025, 7, 1))) == 17_610_000


def test_nothing_is_imputed_for_whoever_has_disparity_elsewhere() -> None:
    pay, allocations = np.array([3_000_000] * 2), np.array([150_000] * 2)
    before = general_test.allocation_rates(allocations=allocations, compensation=pay)
    after = imputed_disparity.impute_to_allocations(
        rates=before, compensation=pay, plan_year=YEAR_2026, imputed_for=np.array([True, False])
    )
    assert [after.exact(0), after.exact(1)] == [Fraction(1, 10), Fraction(1, 20)]
    assert after.floors().tolist() == [10**9, 5 * 10**8]
    with pytest.raises(ImpossibleInput, match=r"^compensation: is not the pay"):
        imputed_disparity.impute_to_allocations(rates=before, compensation=pay + 1, plan_year=YEAR_2026)
    with pytest.raises(ImpossibleInput, match=r"^compensation: is of 1"):
        imputed_disparity.impute_to_allocations(rates=before, compensation=pay[:1], plan_year=YEAR_2026)


@pytest.mark.parametrize(
    ("retirement", "testing", "factor"), [(65, 65, 750), (66, 65, 700), (67, 65, 650), (67, 67, 750), (67, 66, 650)]
)
def test_the_annual_disparity_factor(retirement: int, testing: int, factor: int) -> None:
    assert (
        imputed_disparity.disparity_factor(
            social_security_retirement_age=retirement, testing_age=testing, plan_year=YEAR_2026
        )
        == factor
    )


def test_factors_that_are_not_on_file_are_refused() -> None:
    for retirement, testing in ((68, 65), (67, 62)):
        with pytest.raises(ImpossibleInput, match=r"^(social_security_retirement_age|testing_age): "):
            imputed_disparity.disparity_factor(
                social_security_retirement_age=retirement, testing_age=testing, plan_year=YEAR_2026
            )


def test_disparity_imputed_to_equivalent_rates_ends_after_35_years() -> None:
    pay, covered = np.array([4_000_000, 20_000_000, 4_000_000]), np.array([8_000_000] * 3)
    before = ebars(allocations=[100_000, 3_000_000, 100_000], pay=pay.tolist(), ages=[40, 50, 40])
    after = imputed_disparity.impute_to_benefits(
        rates=before,
        compensation=pay,
        covered_compensation=covered,
        factor_hundred_thousandths=np.array([650] * 3),
        years_of_testing_service=np.array([34, 10, 35]),
    )
    first, second = before.exact(0), before.exact(1)
    assert after.exact(0) == min(2 * first, first + Fraction(65, 10_000))
    c_rate = second * 200_000 / (200_000 - 40_000)
    d_rate = (second * 200_000 + Fraction(65, 10_000) * 80_000) / 200_000
    assert after.exact(1) == min(c_rate, d_rate)
    assert after.exact(2) == first
    assert (
        np.abs(after.floors() - np.array([int(after.exact(place) * 10**10) for place in range(3)])).max() <= after.slack
    )


@given(
    people=st.lists(
        st.tuples(st.integers(0, 2_000_000), st.integers(1_000_000, 36_000_000), st.integers(25, 70)),
        min_size=2,
        max_size=10,
    )
)
@settings(max_examples=60, deadline=None)
def test_imputed_rates_stand_in_the_order_of_their_fractions(people: list[tuple[int, int, int]]) -> None:
    pay = np.array([person[1] for person in people])
    before = ebars(allocations=[p[0] for p in people], pay=pay.tolist(), ages=[p[2] for p in people])
    after = imputed_disparity.impute_to_benefits(
        rates=before,
        compensation=pay,
        covered_compensation=np.full(len(people), 9_000_000),
        factor_hundred_thousandths=np.full(len(people), 650),
        years_of_testing_service=np.zeros(len(people), dtype=np.int64),
    )
    in_order = [after.exact(int(place)) for place in standing(after, np.zeros(len(people), dtype=np.int64)).order]
    assert in_order == sorted(in_order)
    assert all(after.exact(place) >= before.exact(place) for place in range(len(people)))
    allocated = general_test.allocation_rates(allocations=np.array([p[0] for p in people]), compensation=pay)
    imputed = imputed_disparity.impute_to_allocations(rates=allocated, compensation=pay, plan_year=YEAR_2026)
    in_order = [imputed.exact(int(place)) for place in standing(imputed, np.zeros(len(people), dtype=np.int64)).order]
    assert in_order == sorted(in_order)


@pytest.mark.parametrize("table", [MortalityTable.UP_1984, MortalityTable.IAM_1983_FEMALE])
def test_an_annuity_is_a_year_and_the_annuity_of_whoever_lives(table: MortalityTable) -> None:
    """Backward from the last age: a year now, and what is due later, at interest, to whoever is alive then."""
    on = date(2026, 12, 31)
    rows = {int(age): Fraction(value) for age, value in tables.edition(table, on).items()}
    due = Fraction(1)  # Whoever outlives the table is paid once more.
    for age in sorted(rows, reverse=True):
        due = 1 + (1 - rows[age]) * due / (1 + Fraction(850, 10_000))
        factor = cross_testing.annuity_factor(table=table, interest_bps=850, age=age, on=on)
        assert factor == due - Fraction(11, 24)


def test_equivalent_rates_are_compound_interest_over_an_annuity() -> None:
    """Reg. 1.401(a)(4)-8(b)(2)(ii), from the youngest to the oldest, for one year and for the most."""
    for basis in (TestingBasis(), TestingBasis(interest_bps=750, testing_age=62, older_as_at_testing_age=True)):
        for age, years in itertools.product((14, 15, 61, 62, 63, 64, 65, 66, 109, 110), (1, 2, 99)):
            at = basis.testing_age if basis.older_as_at_testing_age else max(basis.testing_age, age)
            annuity = cross_testing.annuity_factor(
                table=basis.table, interest_bps=basis.interest_bps, age=at, on=date(2026, 12, 31)
            )
            grown = 1_234 * (1 + Fraction(basis.interest_bps, 10_000)) ** max(0, at - age)
            rates = cross_testing.equivalent_accrual_rates(
                allocations=np.array([1_234]), compensation=np.array([77_700]), ages=np.array([age]), basis=basis,
                plan_year=YEAR_2026, years_benefited=np.array([years]),
            )  # fmt: skip
            assert rates.exact(0) == grown / annuity / years / 77_700
            one = cross_testing.equivalent_benefit(
                allocation_cents=1_234, compensation_cents=77_700, age=age, basis=basis, plan_year=YEAR_2026,
                years_benefited=years,
            )  # fmt: skip
            assert (one.rate, one.testing_age, one.years) == (rates.exact(0), at, max(0, at - age))
            assert (one.at_testing_age_cents, one.annual_benefit_cents) == (grown, grown / annuity / years)
            # Ten decimal places of the factor are within a half of the last one.
            near = Fraction(int(rates.numerator[0]), int(rates.denominator[0]) * 10**10)
            assert abs(near - rates.exact(0)) * 77_700 * years * 10**10 <= Fraction(1_234, 2)
            assert rates.slack > 0


@pytest.mark.parametrize(
    ("basis", "refused"),
    [
        (TestingBasis(interest_bps=750), False),
        (TestingBasis(interest_bps=850, annuity_interest_bps=750), False),
        (TestingBasis(annuity_interest_bps=850), False),
        (TestingBasis(annuity_interest_bps=851), True),
        (TestingBasis(purchase_rate_millionths=10_000), False),
        (TestingBasis(purchase_rate_millionths=10**9 - 1), False),
        (TestingBasis(purchase_rate_millionths=10**9), True),
    ],
)
def test_a_standard_at_its_edges(basis: TestingBasis, refused: bool) -> None:
    """Reg. 1.401(a)(4)-12: a standard interest rate is not less than 7.5 and not more than 8.5 percent."""
    if refused:
        with pytest.raises(ImpossibleInput):
            ebars(allocations=[100], pay=[1_000], ages=[65], basis=basis)
    else:
        rate = ebars(allocations=[100], pay=[1_000], ages=[65], basis=basis).exact(0)
        if basis.purchase_rate_millionths:
            assert rate == Fraction(1, 10) / Fraction(basis.purchase_rate_millionths, 12_000_000)


def test_a_hundred_years_are_not_believed() -> None:
    for years, age in ((100, 40), (1, 111), (1, 13)):
        with pytest.raises(ImpossibleInput, match="place 1"):
            cross_testing.equivalent_accrual_rates(
                allocations=np.array([1, 1]), compensation=np.array([10, 10]), ages=np.array([40, age]),
                basis=TestingBasis(), plan_year=YEAR_2026, years_benefited=np.array([1, years]),
            )  # fmt: skip


@pytest.mark.parametrize("testing_age", [13, 14, 110, 111])
def test_testing_ages_are_those_of_people(testing_age: int) -> None:
    basis = TestingBasis(testing_age=testing_age, purchase_rate_millionths=1_000_000, older_as_at_testing_age=True)
    if testing_age in (14, 110):
        assert ebars(allocations=[1], pay=[10], ages=[14], basis=basis).exact(0) > 0
    else:
        with pytest.raises(ImpossibleInput, match="testing_age"):
            ebars(allocations=[1], pay=[10], ages=[14], basis=basis)

"""Uniform allocations and points, benefits, rights and features, portions of plans, and how results are said."""

from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import PlanYear, half_up
from open401k.law import (
    NotEnacted,
    average_benefit,
    benefits_rights_features,
    compensation,
    component_plans,
    coverage,
    cross_testing,
    gateway,
    general_test,
    imputed_disparity,
    plan_portions,
    uniform_allocation,
)
from open401k.law.allocation_schedules import Band, ScheduleBy, gradual_schedule
from open401k.law.average_benefit import Outcome
from open401k.law.benefits_rights_features import Condition, FeatureKind, disregarded
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.plan_portions import Barrier, PlanPortion, Population, PortionKind
from open401k.law.uniform_allocation import PointsFinding, PointsFormula, UniformBy

YEAR_2026 = PlanYear.starting(date(2026, 1, 1))
MARCH_2026 = PlanYear.starting(date(2026, 3, 1))


# Uniform allocations and points ---------------------------------------------------------------------------------------


def uniform(allocations: list[int], pay: list[int], hces: int = 0, units: list[int] | None = None) -> Any:
    return uniform_allocation.uniform_allocation(
        allocations=np.array(allocations),
        compensation=np.array(pay),
        is_hce=np.arange(len(pay)) < hces,
        benefiting=np.array(allocations) > 0,
        units_of_service=None if units is None else np.array(units),
    )


@pytest.mark.parametrize(
    ("allocations", "pay", "units", "by"),
    [
        ([333, 667], [10_000, 20_010], None, (UniformBy.PERCENTAGE,)),  # 3.333 % to the half cent
        ([333, 669], [10_000, 20_010], None, ()),
        ([500, 500], [10_000, 20_000], None, (UniformBy.DOLLARS,)),
        ([500, 1_000], [10_000, 10_000], [10, 20], (UniformBy.UNITS,)),
        ([500, 0], [10_000, 20_000], None, (UniformBy.PERCENTAGE, UniformBy.DOLLARS)),
    ],
)
def test_the_same_for_everybody(allocations: list[int], pay: list[int], units: list[int] | None, by: Any) -> None:
    found = uniform(allocations, pay, units=units)
    assert (found.by, found.passed) == (by, bool(by))


def test_an_hce_may_have_less_and_not_more() -> None:
    assert uniform([300, 500], [10_000, 10_000], hces=1).passed
    assert not uniform([500, 300], [10_000, 10_000], hces=1).passed


@given(rate=st.integers(1, 2_500), pay=st.lists(st.integers(100_000, 36_000_000), min_size=1, max_size=20))
def test_a_percentage_rounded_to_the_cent_is_uniform(rate: int, pay: list[int]) -> None:
    allocations = [half_up(Fraction(each * rate, 10_000)) for each in pay]
    assert UniformBy.PERCENTAGE in uniform(allocations, pay).by


#: Reg. 1.401(a)(4)-2(b)(3)(ii), recalled; its arithmetic reproduces: service, pay, points, printed allocation and rate.
POINTS = [
    (10, 150_000, 1_600, 9_698, 65),
    (5, 150_000, 1_550, 9_395, 63),
    (30, 100_000, 1_300, 7_879, 79),
    (3, 100_000, 1_030, 6_242, 62),
    (10, 40_000, 500, 3_030, 76),
    (5, 35_000, 400, 2_424, 69),
    (3, 30_000, 330, 2_000, 67),
    (1, 25_000, 260, 1_576, 63),
]


def points_of(formula: PointsFormula, hces: int = 4) -> uniform_allocation.UniformPoints:
    return uniform_allocation.uniform_points(
        formula=formula,
        total_cents=4_224_400,
        ages=np.full(8, 40),
        years_of_service=np.array([row[0] for row in POINTS]),
        compensation=np.array([row[1] for row in POINTS]) * 100,
        is_hce=np.arange(8) < hces,
        plan_year=YEAR_2026,
    )


def test_uniform_points_as_in_the_regulation() -> None:
    found = points_of(PointsFormula(for_year_of_service=10, for_unit_of_pay=1))
    assert found.points.tolist() == [row[2] for row in POINTS]
    assert int(found.allocations.sum()) == 4_224_400
    assert np.abs(found.allocations - np.array([row[3] for row in POINTS]) * 100).max() <= 100
    assert [
        half_up(Fraction(int(a), row[1] * 100) * 1_000) for a, row in zip(found.allocations, POINTS, strict=True)
    ] == [row[4] for row in POINTS]
    assert (half_up(Fraction(found.hce_average, 10)), half_up(Fraction(found.nhce_average, 10))) == (67, 69)
    assert found.passed


@pytest.mark.parametrize(
    ("formula", "findings"),
    [
        (PointsFormula(for_unit_of_pay=1), (PointsFinding.NEITHER_AGE_NOR_SERVICE,)),
        (PointsFormula(for_year_of_age=1), ()),
        (
            PointsFormula(for_year_of_service=10, for_unit_of_pay=1, unit_cents=20_001),
            (PointsFinding.UNIT_TOO_LARGE,),
        ),
        (PointsFormula(for_year_of_service=1, for_unit_of_pay=1, unit_cents=20_000), ()),
    ],
)
def test_what_makes_points_no_safe_harbor(formula: PointsFormula, findings: tuple[PointsFinding, ...]) -> None:
    assert points_of(formula).findings == findings


def test_points_that_favor_hces_are_no_safe_harbor() -> None:
    # The longest-served person is the only HCE.
    found = uniform_allocation.uniform_points(
        formula=PointsFormula(for_year_of_service=10, for_unit_of_pay=1, most_years_of_service=25),
        total_cents=100,
        ages=np.array([50, 30]),
        years_of_service=np.array([30, 1]),
        compensation=np.array([10_000_000, 10_000_000]),
        is_hce=np.array([True, False]),
        plan_year=YEAR_2026,
    )
    assert found.findings == (PointsFinding.HCE_AVERAGE_HIGHER,)
    assert found.points.tolist() == [1_250, 1_010]  # years beyond 25 give no points
    assert "no safe harbor: the HCEs' average rate is over that of the NHCEs" in explain(found)


@pytest.mark.parametrize(
    ("field", "formula"),
    [
        ("for_year_of_age", {"for_year_of_age": -1}),
        ("unit_cents", {"for_unit_of_pay": 1, "unit_cents": 0}),
        ("formula", {}),
    ],
)
def test_points_that_cannot_be_are_refused_by_name(field: str, formula: dict[str, int]) -> None:
    with pytest.raises(ImpossibleInput, match=rf"^{field}: "):
        points_of(PointsFormula(**formula))


# Benefits, rights and features ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "kind", "aside"),
    [
        (Condition.AGE_OR_SERVICE, FeatureKind.OPTIONAL_FORM, True),
        (Condition.AGE_OR_SERVICE, FeatureKind.SOCIAL_SECURITY_SUPPLEMENT, True),
        (Condition.AGE_OR_SERVICE, FeatureKind.OTHER_RIGHT_OR_FEATURE, False),
        (Condition.AGE_OR_SERVICE, FeatureKind.ANCILLARY_BENEFIT, False),
        (Condition.AGE_OR_SERVICE_WITHIN_A_TIME, FeatureKind.OPTIONAL_FORM, False),
        (Condition.HARDSHIP, FeatureKind.OTHER_RIGHT_OR_FEATURE, True),
        (Condition.BALANCE_AT_MOST, FeatureKind.OPTIONAL_FORM, True),
        (Condition.COMPENSATION, FeatureKind.OTHER_RIGHT_OR_FEATURE, False),
        (Condition.POSITION, FeatureKind.OPTIONAL_FORM, False),
        (Condition.NET_WORTH, FeatureKind.OTHER_RIGHT_OR_FEATURE, False),
    ],
)
def test_which_conditions_are_left_aside(condition: Condition, kind: FeatureKind, aside: bool) -> None:
    assert disregarded(condition=condition, kind=kind) is aside


def available(nhces: int, **more: Any) -> benefits_rights_features.Availability:
    """Of 90 NHCEs so many, and all 10 HCEs, have the feature."""
    return benefits_rights_features.nondiscriminatory_availability(
        is_hce=np.arange(100) < 10,
        currently_available=np.arange(100) < 10 + nhces,
        excluded=np.zeros(100, dtype=np.bool_),
        **more,
    )


@pytest.mark.parametrize(
    ("nhces", "told", "outcome"),
    [
        (63, {"substantially_favors_hces": False}, Outcome.PASSED),
        (63, {}, Outcome.OPEN),
        (63, {"substantially_favors_hces": True}, Outcome.FAILED),
        (25, {"substantially_favors_hces": False, "reasonable_classification": True}, Outcome.PASSED),  # 27.78 of 27.50
        (25, {"substantially_favors_hces": False}, Outcome.OPEN),
        (25, {"substantially_favors_hces": False, "reasonable_classification": False}, Outcome.FAILED),
        (24, {"substantially_favors_hces": False, "reasonable_classification": True}, Outcome.OPEN),
        (17, {"substantially_favors_hces": False, "reasonable_classification": True}, Outcome.FAILED),
    ],
)
def test_a_feature_is_available_without_the_average_benefit_percentage(
    nhces: int, told: dict[str, bool], outcome: Outcome
) -> None:
    found = available(nhces, **told)
    assert (found.outcome, found.passed) == (outcome, outcome is Outcome.PASSED)


def test_effective_availability_shows_who_has_it() -> None:
    found = available(90, effectively_available=np.arange(100) < 11)
    assert (found.nhce_share_effective, found.hce_share_effective) == (111, 10_000)
    assert "effectively 1.11 % of non-highly and 100.00 %" in explain(found)


def test_two_features_are_one_only_if_the_better_one_passes_alone() -> None:
    same = benefits_rights_features.may_be_treated_as_one
    assert same(same_kind=True, first_always_worth_at_least_second=True, first_passes_alone=True)
    assert not same(same_kind=True, first_always_worth_at_least_second=True, first_passes_alone=False)
    assert not same(same_kind=True, first_always_worth_at_least_second=False, first_passes_alone=True)


# Portions of plans ----------------------------------------------------------------------------------------------------


def portion(plan: str = "A", **more: Any) -> PlanPortion:
    told: dict[str, Any] = {"plan": plan, "plan_year": YEAR_2026} | more
    return PlanPortion(**told)


def test_a_plan_of_deferrals_match_and_nonelective_is_three_plans() -> None:
    plan = plan_portions.Plan(name="P", plan_year=YEAR_2026, kinds=tuple(PortionKind))
    assert [each.kind for each in plan_portions.disaggregate(plan)] == list(PortionKind)
    many = plan_portions.Plan(
        name="P",
        plan_year=YEAR_2026,
        kinds=(PortionKind.OTHER,),
        has_esop_portion=True,
        otherwise_excludable_tested_apart=True,
        bargaining_agreements=("", "Local 1", "Local 2"),
        employers=("X", "Y"),
    )
    assert len(set(plan_portions.disaggregate(many))) == 2 * 2 * 3 * 2


@pytest.mark.parametrize(
    "wrong", [{"kinds": ()}, {"kinds": (PortionKind.OTHER,) * 2}, {"employers": ()}, {"has_non_esop_portion": False}]
)
def test_a_plan_of_nothing_is_refused_by_name(wrong: dict[str, Any]) -> None:
    told: dict[str, Any] = {"name": "P", "plan_year": YEAR_2026, "kinds": (PortionKind.OTHER,)} | wrong
    plan = plan_portions.Plan(**told)
    with pytest.raises(ImpossibleInput, match=rf"^{next(iter(wrong))}: "):
        plan_portions.disaggregate(plan)


@pytest.mark.parametrize(
    ("other", "barrier"),
    [
        ({"kind": PortionKind.ELECTIVE}, Barrier.KIND),
        ({"is_esop": True}, Barrier.ESOP),
        ({"population": Population.NOT_MET}, Barrier.EXCLUDABLE),
        ({"line_of_business": "mills"}, Barrier.LINE_OF_BUSINESS),
        ({"bargaining_agreement": "Local 1"}, Barrier.BARGAINED),
        ({"employer": "Y"}, Barrier.EMPLOYER),
        ({"plan_year": MARCH_2026}, Barrier.PLAN_YEAR),
    ],
)
def test_what_keeps_two_plans_apart(other: dict[str, Any], barrier: Barrier) -> None:
    assert plan_portions.barriers(portion(), portion("B", **other)) == (barrier,)
    assert plan_portions.barriers(portion(), portion("B")) == ()
    # For the average benefit percentage, kinds of money, ESOPs and plan years do not keep plans apart.
    counts = barrier in (Barrier.KIND, Barrier.ESOP, Barrier.PLAN_YEAR)
    group = plan_portions.testing_group(tested=portion(), others=(portion("B", **other), portion()))
    assert [each.plan for each in group] == (["A", "B"] if counts else ["A"])


def test_two_esops_do_not_aggregate() -> None:
    assert plan_portions.barriers(portion(is_esop=True), portion("B", is_esop=True)) == (Barrier.ESOP,)


def test_plans_ab_and_ac_cannot_both_be() -> None:
    a, b, c = portion("A"), portion("B"), portion("C")
    assert plan_portions.aggregation_problems(groups=((a, b), (c,))) == ()
    with pytest.raises(ImpossibleInput, match=r"A is in two plans"):
        plan_portions.aggregation_problems(groups=((a, b), (a, c)))
    late = portion("D", plan_year=MARCH_2026)
    assert plan_portions.aggregation_problems(groups=((a, late),)) == ((a, late, Barrier.PLAN_YEAR),)


# In words -------------------------------------------------------------------------------------------------------------


def general(percents: list[int], average: bool | None = None) -> general_test.GeneralTest:
    count = len(percents)
    rates = general_test.allocation_rates(
        allocations=np.array(percents) * 1_000, compensation=np.full(count, 10_000_000)
    )
    return general_test.general_test(
        rates=rates,
        is_hce=np.arange(count) < 2,
        excluded=np.zeros(count, dtype=np.bool_),
        average_benefit_passed=average,
    )


def test_a_general_test_names_the_groups_that_fail() -> None:
    assert explain(general([500, 750, 500, 500, 500, 500])) == (
        "Of 2 rate groups 1 fail: at 7.50 % of pay and more are 0 non-highly and 1 highly compensated employees, a "
        "ratio of 0.00 %, which is too low for any average benefit percentage. The midpoint of the harbors is "
        "40.500 %, the plan's own ratio 100.00 % (Reg. 1.401(a)(4)-2(c)(3))."
    )
    assert "1 wait for the average benefit percentage" in explain(general([500, 750, 500, 500, 500, 800]))
    assert explain(general([500, 750, 500, 500, 500, 800], average=True)) == (
        "Each of the 2 rate groups satisfies coverage; the lowest: at 7.50 % of pay and more are 1 non-highly and 1 "
        "highly compensated employees, a ratio of 50.00 %, which passes with the plan's average benefit percentage "
        "(Reg. 1.401(a)(4)-2(c)(1))."
    )
    assert "no rate group" in explain(general([0, 0, 5]))


def test_averages_and_coverage_say_their_percentages() -> None:
    rates = general_test.allocation_rates(
        allocations=np.array([1_000_000, 600_000]), compensation=np.array([10_000_000] * 2)
    )
    who: dict[str, Any] = {"is_hce": np.array([True, False]), "excluded": np.array([False, False])}
    low = average_benefit.average_benefit_percentage(rates=rates, **who)
    assert explain(low) == (
        "Non-highly compensated employees average 6.00 % of pay and highly compensated ones 10.00 %: an average "
        "benefit percentage of 60.00 %, below 70 % (IRC 410(b)(2)(A)(ii); Reg. 1.410(b)-5)."
    )
    counts = {"nhce_nonexcludable": 120, "hce_nonexcludable": 80, "hce_benefiting": 72}
    test = coverage.coverage_of_counts(nhce_benefiting=60, **counts)
    told = average_benefit.average_benefit_test(coverage=test, average=low, reasonable_classification=True)
    assert explain(told).startswith(
        "Coverage is failed with a ratio of 55.56 % against harbors of 50.00 % and 40.00 %: the average benefit "
        "percentage is below 70 % (IRC 410(b)(2); Reg. 1.410(b)-4). Non-highly"
    )
    ratio = coverage.coverage_of_counts(nhce_benefiting=120, **counts)
    assert "at least 70 % (IRC 410(b)(1)(B))" in explain(average_benefit.average_benefit_test(coverage=ratio))
    nobody = coverage.coverage_of_counts(nhce_benefiting=1, **(counts | {"hce_benefiting": 0}))
    assert "no HCE benefits" in explain(average_benefit.average_benefit_test(coverage=nobody))
    alone = average_benefit.average_benefit_percentage(
        rates=rates, is_hce=np.array([True, True]), excluded=who["excluded"]
    )
    assert (
        explain(alone)
        == "The average benefit percentage test is passed, since no NHCE is counted (IRC 410(b)(2)(A)(ii))."
    )


def test_an_equivalent_benefit_tells_its_steps() -> None:
    found = cross_testing.equivalent_benefit(
        allocation_cents=4_400_000,
        compensation_cents=22_000_000,
        age=60,
        basis=cross_testing.TestingBasis(purchase_rate_millionths=115_390_000),
        plan_year=YEAR_2026,
    )
    assert explain(found) == (
        "$44,000.00 at age 60 grow to $66,160.89 in 5 years and, divided by 9.6158, buy $6,880.41 a year from age 65: "
        "3.13 % of pay of $220,000.00 (Reg. 1.401(a)(4)-8(b)(2))."
    )


@pytest.mark.parametrize(
    ("percents", "words"),
    [
        ([12, 4], "Each non-highly compensated employee has a third of the highest rate"),
        ([30, 5], "Each non-highly compensated employee has 5 % of section 415 pay"),
        (
            [12, 3],
            "a highly compensated employee, 12.00 %, which is 4.00 %, nor each 5 % of section 415 pay; $1,000.00 more",
        ),
        ([12, 0], "the gateway asks for nothing"),
    ],
)
def test_the_gateway_says_what_is_missing(percents: list[int], words: str) -> None:
    allocations, pay = np.array(percents) * 100_000, np.array([10_000_000] * 2)
    found = gateway.minimum_allocation_gateway(
        allocations=allocations,
        compensation=pay,
        section_415_compensation=pay,
        is_hce=np.array([True, False]),
        benefiting=allocations > 0,
        plan_year=YEAR_2026,
    )
    assert words in explain(found)


def test_pay_above_the_limit_is_disregarded_in_the_gateway_and_the_rates() -> None:
    """Reg. 1.401(a)(17)-1(c)(1), (2): compensation "in excess of the limit is disregarded": $36,000 are 10 % of the
    $360,000 of 2026 whatever else an HCE is paid, a third of it 3.33 % and not 2.4 %; and no more than 5 % of that.
    """
    allocations, pay = np.array([3_600_000, 300_000]), np.array([50_000_000, 10_000_000])
    is_hce = np.array([True, False])
    found = gateway.minimum_allocation_gateway(
        allocations=allocations,
        compensation=pay,
        section_415_compensation=pay,
        is_hce=is_hce,
        benefiting=allocations > 0,
        plan_year=YEAR_2026,
    )
    assert (found.passed, found.highest_hce_rate, found.short_of_one_third.tolist()) == (False, 1_000, [0, 33_334])
    by_limit = general_test.allocation_rates(allocations=allocations, compensation=pay, plan_year=YEAR_2026)
    assert [by_limit.exact(0), by_limit.exact(1)] == [Fraction(1, 10), Fraction(3, 100)]
    ages, basis = np.array([65, 65]), cross_testing.TestingBasis()
    whole, cut = (
        cross_testing.equivalent_accrual_rates(
            allocations=allocations, compensation=each, ages=ages, basis=basis, plan_year=YEAR_2026
        ).exact(0)
        for each in (pay, np.array([36_000_000, 10_000_000]))
    )
    assert whole == cut
    imputed = imputed_disparity.impute_to_allocations(rates=by_limit, compensation=pay, plan_year=YEAR_2026)
    benefits = imputed_disparity.impute_to_benefits(
        rates=cross_testing.equivalent_accrual_rates(
            allocations=allocations, compensation=pay, ages=ages, basis=basis, plan_year=YEAR_2026
        ),
        compensation=pay,
        covered_compensation=np.array([9_000_000] * 2),
        factor_hundred_thousandths=np.array([650] * 2),
        years_of_testing_service=np.array([1, 1]),
    )
    assert (imputed.denominator.max(), benefits.denominator.max() <= 72_000_000) == (36_000_000, True)


def test_points_and_percentages_count_pay_up_to_the_limit() -> None:
    """Reg. 1.401(a)(17)-1(c): points for $360,000 of pay at most, and an HCE's 3 % of $500,000 is more than 3 %."""
    found = uniform_allocation.uniform_points(
        formula=PointsFormula(for_year_of_age=1, for_unit_of_pay=1, unit_cents=20_000),
        total_cents=1_000_000,
        ages=np.array([50, 30]),
        years_of_service=np.array([5, 5]),
        compensation=np.array([50_000_000, 10_000_000]),
        is_hce=np.array([True, False]),
        plan_year=YEAR_2026,
    )
    assert found.points.tolist() == [1_850, 530]
    shape: dict[str, Any] = {
        "allocations": np.array([1_500_000, 300_000]),
        "compensation": np.array([50_000_000, 10_000_000]),
        "is_hce": np.array([True, False]),
        "benefiting": np.array([True, True]),
    }
    assert uniform_allocation.uniform_allocation(**shape).passed
    assert not uniform_allocation.uniform_allocation(**shape, plan_year=YEAR_2026).passed


@pytest.mark.parametrize(
    ("year", "paid", "counted"),
    [
        (2026, 50_000_000, 36_000_000),
        (2014, 30_000_000, 26_000_000),
        (2014, 22_000_000, 22_000_000),
        (1995, 16_000_000, 15_000_000),
        (2031, 36_000_000, 36_000_000),
    ],
)
def test_pay_within_the_limit_of_any_year(year: int, paid: int, counted: int) -> None:
    found = compensation.pay_within_limit(compensation=np.array([paid]), plan_year=PlanYear.starting(date(year, 1, 1)))
    assert found.tolist() == [counted]


def test_pay_above_the_last_known_limit_waits_for_the_next_one() -> None:
    with pytest.raises(NotEnacted):
        compensation.pay_within_limit(
            compensation=np.array([36_000_001]), plan_year=PlanYear.starting(date(2031, 1, 1))
        )


def test_the_rest_is_said_with_its_section() -> None:
    everybody = np.ones(4, dtype=np.bool_)
    is_hce, excluded = np.arange(4) < 1, ~everybody
    wide = gateway.broadly_available_rates(available=(("3 %", everybody),), is_hce=is_hce, excluded=excluded)
    assert explain(wide).startswith("Each allocation rate is available to a group that satisfies coverage")
    narrow = gateway.broadly_available_rates(available=(("9 %", is_hce),), is_hce=is_hce, excluded=excluded)
    assert explain(narrow) == "These allocation rates are not broadly available: 9 % (Reg. 1.401(a)(4)-8(b)(1)(iii))."

    def schedule(*bands: tuple[int, int], minimum: bool = False) -> str:
        return explain(
            gradual_schedule(
                bands=tuple(Band(*each) for each in bands), by=ScheduleBy.AGE, plan_year=YEAR_2026, minimum_band=minimum
            )
        )

    assert schedule((0, 300), (25, 400)) == (
        "The schedule rises smoothly at regular intervals (Reg. 1.401(a)(4)-8(b)(1)(iv))."
    )
    assert "is not gradual: a band has more than twice the rate" in schedule((0, 300), (25, 700))
    assert "allowed by a hypothetical schedule" in schedule((0, 300), (40, 600), (45, 900), minimum=True)
    assert "no rule lets the minimum rate stand" in schedule((0, 150), (40, 180), (45, 360), (50, 720), minimum=True)
    imputed = imputed_disparity.imputed_rate(
        rate=Fraction(1, 20), compensation_cents=3_000_000, level_cents=18_450_000, disparity=Fraction(57, 1_000)
    )
    assert explain(imputed) == "With imputed disparity 5.00 % counts as 10.00 %: twice the rate (Reg. 1.401(a)(4)-7)."
    assert explain(uniform([500, 500], [10_000, 20_000])) == (
        "Everybody has the same dollar amount, a safe harbor (Reg. 1.401(a)(4)-2(b)(2))."
    )
    assert "Rates run from 3.00 % to 5.00 %" in explain(uniform([500, 600], [10_000, 20_000]))
    assert "The points are a safe harbor: highly compensated employees average 6.71 %" in explain(
        points_of(PointsFormula(for_year_of_service=10, for_unit_of_pay=1))
    )
    assert explain(portion(kind=PortionKind.ELECTIVE, employer="X")) == (
        "A: elective contributions (401(k) plan), X, a plan of its own for coverage (Reg. 1.410(b)-7(c))."
    )


def test_component_plans_say_which_one_fails() -> None:
    count = 6
    rates = general_test.allocation_rates(
        allocations=np.array([9, 3, 9, 3, 3, 3]) * 100_000, compensation=np.full(count, 10_000_000)
    )
    arguments: dict[str, Any] = {
        "rates": rates,
        "is_hce": np.arange(count) < 2,
        "excluded": np.zeros(count, dtype=np.bool_),
        "benefiting": np.ones(count, dtype=np.bool_),
    }
    parts = component_plans.component_plans(**arguments, component=np.array([1, 2, 1, 2, 2, 2]))
    assert explain(parts).startswith("Component plan 1 is open: Coverage is open with a ratio of 50.00 %")
    whole = component_plans.component_plans(**arguments, component=np.array([2, 2, 1, 1, 2, 2]))
    assert explain(whole).startswith("Component plan 2")

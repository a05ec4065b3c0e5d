"""Permitted disparity: the examples of Reg. 1.401(l)-2(e) and 1.401(l)-5, the edges of the bands, what must hold."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import PlanYear
from open401k.law import NotEnacted, figures
from open401k.law import permitted_disparity as pd
from open401k.law.explain import explain
from tests.law.on_file import facts, hundredths

YEAR = PlanYear.starting(date(2026, 1, 1))
WAGE_BASE = 184_500_00

# The second typing, from the regulation's table.
TABLE = {
    "oasdi_old_age_disparity": {1989: 570},
    "disparity_dc_80_to_100": {1989: 540},
    "disparity_dc_20_to_80": {1989: 430},
    "disparity_level_low": {1989: 10_000},
    "disparity_level_low_share": {1989: 2_000},
    "disparity_level_high_share": {1989: 8_000},
    "disparity_cumulative_years": {1989: 35},
}


def test_the_figures_equal_the_second_typing() -> None:
    assert {row.id: row.values for row in figures.all_figures() if row.file == "disparity.yaml"} == TABLE


def of_1990(base: int, excess: int, level: int) -> pd.DisparityTest:
    """The plan year from 1 July 1990 of Examples 4 and 5, whose wage base was $51,300."""
    return pd.disparity_test(
        base_bps=base, excess_bps=excess, level_cents=level, plan_year=PlanYear.starting(date(1990, 7, 1)),
        wage_base_cents=51_300_00,
    )  # fmt: skip


def test_pdi_1_nothing_below_allows_nothing_above() -> None:
    given_, expected = facts("PDI-1")
    test = pd.disparity_test(
        base_bps=hundredths(given_["base_contribution_pct"]), excess_bps=hundredths(given_["excess_contribution_pct"]),
        level_cents=48_000_00, plan_year=PlanYear.starting(date(1989, 1, 1)), wage_base_cents=48_000_00,
    )  # fmt: skip
    assert test.disparity_bps == hundredths(expected["disparity_pct"])
    assert test.allowance_bps == hundredths(expected["maximum_excess_allowance_pct"])
    assert test.satisfied is expected["satisfies"]


@pytest.mark.parametrize(("excess", "satisfied"), [(1_000, True), (1_200, False)])
def test_examples_2_and_3_the_base_percentage_is_the_most(excess: int, satisfied: bool) -> None:
    test = of_1990(500, excess, 51_300_00)
    assert (test.satisfied, test.allowance_bps) == (satisfied, Fraction(500))


def test_pdi_4_the_wage_base_is_that_of_the_beginning() -> None:
    given_, expected = facts("PDI-4")
    test = of_1990(
        hundredths(given_["base_contribution_pct"]), hundredths(given_["excess_contribution_pct"]),
        given_["integration_level_usd"] * 100,
    )  # fmt: skip
    assert test.integration.wage_base_cents == expected["maximum_integration_level_usd"] * 100
    assert (test.disparity_bps <= test.allowance_bps) is expected["disparity_within_allowance"]
    assert test.satisfied is expected["satisfies"]
    assert test.shortcomings == (pd.Shortcoming.INTEGRATION_LEVEL_TOO_HIGH,)
    assert "in effect when the plan year begins" in explain(test)


def test_example_5_an_intermediate_level_has_a_lower_factor() -> None:
    test = of_1990(500, 900, 30_000_00)
    assert (test.satisfied, test.allowance_bps, test.integration.factor_bps) == (True, Fraction(430), 430)
    assert not of_1990(500, 931, 30_000_00).satisfied


@pytest.mark.parametrize(
    ("level", "band", "factor"),
    [
        (WAGE_BASE + 1, pd.Band.ABOVE, 570),
        (WAGE_BASE, pd.Band.WAGE_BASE, 570),
        (WAGE_BASE - 1, pd.Band.HIGH, 540),
        (147_600_01, pd.Band.HIGH, 540),
        (147_600_00, pd.Band.MIDDLE, 430),
        (36_900_01, pd.Band.MIDDLE, 430),
        (36_900_00, pd.Band.LOW, 570),
        (1, pd.Band.LOW, 570),
    ],
)
def test_bands_of_2026_at_their_edges(level: int, band: pd.Band, factor: int) -> None:
    found = pd.integration_level(level_cents=level, plan_year=YEAR)
    assert (found.band, found.factor_bps) == (band, factor)


def test_ten_thousand_dollars_are_low_where_a_fifth_of_the_wage_base_is_less() -> None:
    year = PlanYear.starting(date(1989, 1, 1))
    for level, band in ((10_000_00, pd.Band.LOW), (10_000_01, pd.Band.MIDDLE)):
        assert pd.integration_level(level_cents=level, plan_year=year, wage_base_cents=48_000_00).band is band


def test_a_short_plan_year_has_twelfths_of_the_levels() -> None:
    half = PlanYear(date(2026, 1, 1), date(2026, 7, 1))
    assert pd.integration_level(level_cents=WAGE_BASE // 2, plan_year=half).band is pd.Band.WAGE_BASE
    assert pd.integration_level(level_cents=WAGE_BASE // 2 + 1, plan_year=half).band is pd.Band.ABOVE
    whole = pd.integration_level(level_cents=WAGE_BASE, plan_year=half, prorate_short_year=False)
    assert whole.band is pd.Band.WAGE_BASE


def test_a_plan_year_reads_the_wage_base_of_the_year_it_begins_in() -> None:
    assert pd.wage_base(PlanYear.starting(date(2025, 10, 1))) == 176_100_00
    with pytest.raises(NotEnacted):
        pd.wage_base(PlanYear.starting(date(2031, 1, 1)))


@pytest.mark.parametrize(("field", "value"), [("base_bps", -1), ("excess_bps", 10_001), ("level_cents", 0)])
def test_contradictions_are_refused_by_name(field: str, value: int) -> None:
    rates = {"base_bps": 300, "excess_bps": 600, "level_cents": WAGE_BASE} | {field: value}
    with pytest.raises(ValueError, match=field):
        pd.disparity_test(plan_year=YEAR, **rates)


def test_a_rate_that_falls_above_the_level_is_no_excess_plan() -> None:
    test = pd.disparity_test(base_bps=500, excess_bps=400, level_cents=WAGE_BASE, plan_year=YEAR)
    assert test.shortcomings == (pd.Shortcoming.NOT_AN_EXCESS_PLAN,)


@given(base=st.integers(0, 2_000), excess=st.integers(0, 2_500), level=st.integers(1, WAGE_BASE))
def test_more_below_the_level_never_spoils_the_same_disparity(base: int, excess: int, level: int) -> None:
    def satisfied(more: int) -> bool:
        return pd.disparity_test(
            base_bps=base + more, excess_bps=excess + more, level_cents=level, plan_year=YEAR
        ).satisfied

    assert satisfied(100) or not satisfied(0)


def use(disparity: int, allowance: int) -> pd.PlanDisparity:
    return pd.PlanDisparity(pd.DisparityUse.SECTION_401L, disparity, allowance)


def test_annual_limit_examples_of_the_regulation() -> None:
    """Reg. 1.401(l)-5(b)(9) Examples 1 to 4."""
    first = pd.annual_disparity([use(200, 500), use(35, 75)])
    assert first.fractions == (Fraction(2, 5), Fraction(7, 15))
    assert (first.satisfied, round(float(first.total), 2)) == (True, 0.87)
    assert "0.40, 0.47 add up to 0.87" in explain(first)
    second = pd.annual_disparity([use(200, 500), use(300, 300)])
    assert (second.satisfied, second.total) == (False, Fraction(7, 5))
    # Aggregated they are one plan of 8 and 13 %.
    together = pd.disparity_test(base_bps=800, excess_bps=1_300, level_cents=WAGE_BASE, plan_year=YEAR)
    assert together.satisfied
    assert round(float(together.disparity_bps / together.allowance_bps), 2) == 0.88
    imputed, neither = pd.PlanDisparity(pd.DisparityUse.IMPUTED), pd.PlanDisparity(pd.DisparityUse.NONE)
    assert pd.annual_disparity([imputed]).satisfied
    assert pd.annual_disparity([imputed, neither]).satisfied
    assert not pd.annual_disparity([use(75, 75), imputed]).satisfied


def test_cumulative_limit_examples_of_the_regulation() -> None:
    """Reg. 1.401(l)-5(c)(5): Examples 1 and 2 of 36 and 35 years, Example 3 of 45 years at two thirds, Example 4."""

    def found(years: int, each: Fraction, *, earlier: int = 0, defined_benefit: bool = True) -> pd.CumulativeDisparity:
        return pd.cumulative_disparity(
            annual_fractions=[each] * years, earlier_years=earlier,
            benefited_under_defined_benefit_plan=defined_benefit,
            plan_year=YEAR,
        )  # fmt: skip

    assert not found(36, Fraction(1)).satisfied
    assert found(35, Fraction(1)).satisfied
    assert (found(45, Fraction(2, 3)).satisfied, found(45, Fraction(2, 3)).total) == (True, Fraction(30))
    # Fifteen years of plan P, nine of them before 1989, then twenty of plan Q: full.
    assert found(26, Fraction(1), earlier=9).total == 35
    assert not found(27, Fraction(1), earlier=9).satisfied
    only_dc = found(60, Fraction(1), defined_benefit=False)
    assert (only_dc.satisfied, only_dc.applies) == (True, False)
    assert "so the cumulative limit is satisfied" in explain(only_dc)
    assert found(0, Fraction(0), earlier=50).total == 35


def test_a_plan_that_may_give_no_disparity_gives_none() -> None:
    with pytest.raises(ValueError, match="allowance_bps"):
        pd.annual_disparity([use(100, 0), use(0, 100)])


@pytest.mark.parametrize(
    ("pay", "given"),
    [
        (0, 0),
        (100_000_00, 3_000_00),
        (184_500_00, 5_535_00),
        (184_500_17, 5_535_01),
        (284_500_00, 11_535_00),
    ],
)
def test_an_integrated_share_is_the_base_rate_to_the_level_and_the_excess_rate_above(pay: int, given: int) -> None:
    found = pd.excess_allocation(np.array([pay]), base_bps=300, excess_bps=600, level_cents=WAGE_BASE)
    assert found.tolist() == [given]

"""Deductions: 25 % of pay at its edges, carry-over and excise, the self-employed as in Publication 560."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, PlanYear
from open401k.law import deductions
from open401k.law.explain import explain

YEAR = CalendarYear(2026)
PAY = np.array([400_000_00, 100_000_00, 40_000_00])


def of_year(contributed: int, *, carried: int = 0, returned: int = 0, deferred: int = 0) -> deductions.Deduction:
    return deductions.deduction(
        compensation=PAY, employer_contributions_cents=contributed, deferrals_cents=deferred,
        carryforward_cents=carried, returned_to_employer_cents=returned, year=YEAR,
        plan_year=PlanYear.starting(YEAR.start),
    )  # fmt: skip


def test_a_quarter_of_capped_pay_is_deductible_and_deferrals_beside_it() -> None:
    found = of_year(125_000_00, deferred=50_000_00)
    assert (found.pay_counted_cents, found.limit_cents) == (500_000_00, 125_000_00)
    assert (found.deductible_cents, found.carried_forward_cents, found.excise_cents) == (175_000_00, 0, 0)
    assert "25 % of $500,000.00 of pay" in explain(found)


def test_more_carries_over_with_an_excise() -> None:
    found = of_year(135_000_00)
    assert (found.of_this_year_cents, found.carried_forward_cents, found.excise_cents) == (
        125_000_00, 10_000_00, 1_000_00,
    )  # fmt: skip
    assert "an excise tax of $1,000.00" in explain(found)


def test_earlier_excess_is_deducted_first_and_what_is_returned_is_no_excess() -> None:
    found = of_year(120_000_00, carried=10_000_00)
    assert (found.from_carryforward_cents, found.of_this_year_cents, found.carried_forward_cents) == (
        10_000_00, 115_000_00, 5_000_00,
    )  # fmt: skip
    assert of_year(120_000_00, carried=10_000_00, returned=10_000_00).carried_forward_cents == 0


@pytest.mark.parametrize(("field", "value"), [("contributed", -1), ("carried", -1), ("returned", 1), ("deferred", -1)])
def test_contradictions_are_refused_by_name(field: str, value: int) -> None:
    with pytest.raises(ValueError, match="_cents"):
        of_year(**({"contributed": 0} | {field: value}))
    with pytest.raises(ValueError, match="compensation"):
        deductions.deduction(
            compensation=np.array([-1]), employer_contributions_cents=0, deferrals_cents=0, carryforward_cents=0,
            returned_to_employer_cents=0, year=YEAR, plan_year=PlanYear.starting(YEAR.start),
        )  # fmt: skip


@given(st.lists(st.integers(0, 40_000_00), min_size=1, max_size=6))
def test_over_the_years_every_cent_is_deducted_or_carried(contributed: list[int]) -> None:
    years = deductions.deductions_over_years(
        compensation_by_year=[np.array([60_000_00])] * len(contributed),
        employer_contributions_by_year_cents=contributed,
        first_year=CalendarYear(2021),
    )  # fmt: skip
    deducted = sum(each.deductible_cents for each in years)
    assert deducted + years[-1].carried_forward_cents == sum(contributed)
    assert all(each.deductible_cents <= each.limit_cents for each in years)
    # Nothing is carried while there is room.
    assert all(not each.carried_forward_cents or each.deductible_cents == each.limit_cents for each in years)


#: The rate table of Publication 560, in millionths.
RATE_TABLE = {
    1: 9901, 2: 19608, 3: 29126, 4: 38462, 5: 47619, 6: 56604, 7: 65421, 8: 74074, 9: 82569, 10: 90909, 11: 99099,
    12: 107143, 13: 115044, 14: 122807, 15: 130435, 16: 137931, 17: 145299, 18: 152542, 19: 159664, 20: 166667,
    21: 173554, 22: 180328, 23: 186992, 24: 193548, 25: 200000,
}  # fmt: skip


@pytest.mark.parametrize(("percent", "millionths"), RATE_TABLE.items())
def test_the_rate_table_for_the_self_employed(percent: int, millionths: int) -> None:
    assert round(deductions.reduced_rate(percent * 100) * 1_000_000) == millionths


def self_employed(net: int, *, deferral: int = 0, catch_up: int = 0, rate: int = 2_500) -> tuple[int, int, int]:
    found = deductions.self_employed_contribution(
        net_profit_cents=net, self_employment_tax_deduction_cents=0, rate_bps=rate, deferral_cents=deferral,
        catch_up_cents=catch_up, year=YEAR,
    )  # fmt: skip
    assert found.total_cents <= max(net, 0)
    assert "together (IRC 404(a)(8)" in explain(found)
    return found.employer_cents, found.deferral_cents, found.catch_up_cents


def test_the_self_employed_may_give_a_fifth_of_what_is_left_of_earnings() -> None:
    found = deductions.self_employed_contribution(
        net_profit_cents=107_065_00, self_employment_tax_deduction_cents=7_065_00, rate_bps=2_500, deferral_cents=0,
        catch_up_cents=0, year=YEAR,
    )  # fmt: skip
    assert (found.net_earnings_cents, found.reduced_rate, found.employer_cents) == (
        100_000_00, Fraction(1, 5), 20_000_00,
    )  # fmt: skip


def test_limits_of_the_self_employed() -> None:
    assert self_employed(100_000_00, deferral=24_500_00, catch_up=8_000_00) == (20_000_00, 24_500_00, 8_000_00)
    # 415(c) leaves 47,500 beside the deferral.
    assert self_employed(400_000_00, deferral=24_500_00) == (47_500_00, 24_500_00, 0)
    # Half of what the deferral leaves: additions are no more than the pay that remains.
    assert self_employed(30_000_00, deferral=24_500_00) == (2_750_00, 24_500_00, 0)
    # The plan's rate of the capped pay: 5 % of 360,000.
    assert self_employed(900_000_00, rate=500) == (18_000_00, 0, 0)
    assert self_employed(-5_00) == (0, 0, 0)


@pytest.mark.parametrize(("rate", "deferral", "named"), [(2_501, 0, "rate_bps"), (100, 24_500_01, "deferral_cents")])
def test_what_cannot_be_is_refused_by_name(rate: int, deferral: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        self_employed(100_000_00, rate=rate, deferral=deferral)
    with pytest.raises(ValueError, match="rate_bps"):
        deductions.reduced_rate(-1)

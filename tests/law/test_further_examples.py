"""Examples of the regulations beside those on file in cases/, and sizes at which 64 bits could be too few."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from open401k.kernel import CalendarYear, LimitationYear, PlanYear, Refused
from open401k.law import (
    additions,
    after_tax_basis,
    corrections,
    coverage,
    excess_deferrals,
    loan_defaults,
    lost_earnings,
    matching,
    minimum_distributions,
    nondiscrimination,
    permitted_disparity,
    prior_year,
    rollovers,
    roth,
    targeting,
    withholding,
)
from open401k.law.after_tax_basis import Disbursement
from open401k.law.given import ImpossibleInput
from open401k.law.permitted_disparity import Shortcoming
from open401k.law.prior_year import PriorSubgroup
from open401k.law.rollover_matrix import Account
from open401k.law.withholding import Paid, PaymentClass

SEVERED = date(2025, 6, 15)


@pytest.mark.parametrize(
    ("offset_on", "severed_on", "met_72p", "qualified"),
    [
        (date(2025, 9, 18), SEVERED, True, True),  # Example 1
        (date(2026, 7, 1), SEVERED, True, False),  # Example 2: after the first anniversary of severance
        (SEVERED, SEVERED, True, True),  # Example 3: at once
        (date(2026, 6, 15), SEVERED, True, True),  # (g)(4)(ii)(B): the period ends on the first anniversary
        (date(2026, 6, 16), SEVERED, True, False),
        (date(2026, 11, 1), date(2026, 11, 1), False, False),  # Example 7: deemed before
    ],
)
def test_loan_offsets_of_the_regulation(offset_on: date, severed_on: date, met_72p: bool, qualified: bool) -> None:
    """Reg. 1.402(c)-2(g)(5)."""
    found = rollovers.loan_offset(
        offset_cents=3_000_00, offset_on=offset_on, severed_on=severed_on, loan_met_72p=met_72p
    )
    again = loan_defaults.loan_offset(
        offset_cents=3_000_00, offset_on=offset_on, severed_on=severed_on, met_72p_until_then=met_72p
    )
    assert found.qualified is qualified
    assert (again.kind is loan_defaults.OffsetKind.QUALIFIED_PLAN_LOAN_OFFSET) is qualified


def test_a_payment_missed_on_new_year_is_cured_until_the_end_of_june() -> None:
    """Reg. 1.402(c)-2(g)(5)(ii) Example 2: offset on 1 July 2026, after the cure period."""
    assert loan_defaults.cure_period(missed_due_on=date(2026, 1, 1)).last_day == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("paid", "withheld_cents", "cash_cents"),
    [
        (Paid(cash_cents=7_000_00, loan_offset_cents=3_000_00), 2_000_00, 5_000_00),  # Example 4
        (Paid(employer_securities_cents=7_000_00, loan_offset_cents=3_000_00), 0, 0),  # Example 5
        (Paid(loan_offset_cents=3_000_00), 0, 0),  # Example 1: the rest goes directly
    ],
)
def test_withholding_beside_an_offset(paid: Paid, withheld_cents: int, cash_cents: int) -> None:
    """Reg. 1.402(c)-2(g)(5)(i), (iv), (v)."""
    found = withholding.withholding(on=date(2025, 9, 18), payment_class=PaymentClass.ELIGIBLE_ROLLOVER, paid=paid)
    assert not isinstance(found, Refused)
    assert (found.withheld_cents, found.cash_paid_cents) == (withheld_cents, cash_cents)


def test_what_of_a_roth_payment_is_rolled_over_first() -> None:
    """Reg. 1.402A-1 A-5(d) Example (Employee B)."""
    payment = roth.roth_payment(gross_cents=14_000_00, basis_cents=11_000_00, income_cents=3_000_00, qualified=False)
    found = roth.roth_rollover_part(payment=payment, rolled_cents=7_000_00)
    assert (found.rolled_income_cents, found.rolled_basis_cents, found.taxable_cents) == (3_000_00, 4_000_00, 0)


@pytest.mark.parametrize(
    ("start", "base", "excess", "level", "wage_base", "shortcomings"),
    [
        (date(1989, 1, 1), 0, 570, 48_000, 48_000, (Shortcoming.DISPARITY_TOO_HIGH,)),
        (date(1990, 1, 1), 500, 1_000, 51_300, 51_300, ()),
        (date(1990, 1, 1), 500, 1_200, 51_300, 51_300, (Shortcoming.DISPARITY_TOO_HIGH,)),
        (date(1990, 7, 1), 400, 600, 53_400, 51_300, (Shortcoming.INTEGRATION_LEVEL_TOO_HIGH,)),
        (date(1990, 7, 1), 500, 900, 30_000, 51_300, ()),
    ],
)
def test_permitted_disparity_examples(
    start: date, base: int, excess: int, level: int, wage_base: int, shortcomings: tuple[Shortcoming, ...]
) -> None:
    """Reg. 1.401(l)-2(e) Examples 1 to 5."""
    found = permitted_disparity.disparity_test(
        base_bps=base,
        excess_bps=excess,
        level_cents=level * 100,
        plan_year=PlanYear.starting(start),
        wage_base_cents=wage_base * 100,
    )
    assert found.shortcomings == shortcomings


def test_a_partial_correction_is_pro_rata() -> None:
    """Reg. 1.402(g)-1(e)(11) Example 3: $909 and $91 of $1,000; $91 of the excess stays."""
    found = excess_deferrals.partial_correction(excess_cents=1_000_00, income_cents=100_00, paid_cents=1_000_00)
    assert (found.excess_paid_cents, found.income_paid_cents, found.excess_left_cents) == (909_09, 90_91, 90_91)


@pytest.mark.parametrize(("subgroups", "average"), [(((300, 600), (100, 400)), 550), (((200, 600), (100, 400)), 533)])
def test_coverage_change_examples(subgroups: tuple[tuple[int, int], ...], average: int) -> None:
    """Reg. 1.401(k)-2(c)(4)(iv) Examples 1 and 3."""
    assert prior_year.weighted_average([PriorSubgroup(*each) for each in subgroups]) == average


def test_the_two_refunds_of_example_2_of_402g() -> None:
    """Reg. 1.402(g)-1(e)(11) Example 2 (iv): $2,000 is an excess deferral and $2 an excess contribution."""
    found = corrections.coordinate_refunds(excess_contribution_distributed=2_002_00, excess_deferral=2_000_00)
    assert (found.further_excess_deferral, found.reported_as_excess_contribution) == (0, 2_00)


def test_interest_over_the_end_of_a_quarter() -> None:
    """DOL VFC Program: $10,000 from 16 March to 13 April 2001 earns $37.05 at 9 % and $28.64 at 8 % on the whole."""
    found = lost_earnings.lost_earnings(
        principal_cents=10_000_00, loss_on=date(2001, 3, 16), recovered_on=date(2001, 4, 13)
    )
    assert [each.factor for each in found.until_recovery] == [
        Fraction(3_705_021, 10**9),
        Fraction(2_853_065, 10**9),
    ]
    assert found.lost_earnings_cents == 65_69


def test_pre_tax_money_goes_to_the_direct_rollover_first() -> None:
    """Notice 2014-54 section III: of $80,000 pre-tax and $20,000 after-tax, $82,000 goes directly to one place."""
    found = after_tax_basis.allocate_pre_tax(
        pre_tax_cents=80_000_00, after_tax_cents=20_000_00, direct=[Disbursement(Account.TRADITIONAL_IRA, 82_000_00)]
    )
    assert isinstance(found, after_tax_basis.Allocation)
    assert (found.direct[0].pre_tax_cents, found.direct[0].after_tax_cents) == (80_000_00, 2_000_00)
    assert (found.kept.pre_tax_cents, found.kept.after_tax_cents) == (0, 18_000_00)


@pytest.mark.parametrize(
    ("born_on", "denominator", "required_cents"),
    [(date(1951, 3, 1), "26.5", 3_773_58), (date(1949, 6, 1), "24.6", 4_065_04), (date(1930, 5, 5), "9.5", 10_526_32)],
)
def test_minimum_of_a_hundred_thousand(born_on: date, denominator: str, required_cents: int) -> None:
    """Reg. 1.401(a)(9)-9(c): ages 73, 75 and 94 in 2024."""
    found = minimum_distributions.lifetime_minimum(
        year=CalendarYear(2024), born_on=born_on, retired_on=date(2015, 1, 1), balance_cents=100_000_00
    )
    assert (str(found.denominator), found.required_cents) == (denominator, required_cents)


def test_a_billion_beside_a_cent_of_pay_is_exact_or_refused() -> None:
    one_cent, is_hce = np.array([1, 1]), np.array([True, False])
    found = nondiscrimination.ratio_scenarios(
        contributions=np.array([10**11, 10**11]), compensation=one_cent, is_hce=is_hce
    )
    assert int(found.nhce_average) == 10**15
    assert int(found.limit) == 10**15 * 5 // 4
    with pytest.raises(ImpossibleInput, match=r"^contributions: "):
        nondiscrimination.ratio_scenarios(contributions=np.array([10**11 + 1, 0]), compensation=one_cent, is_hce=is_hce)


def test_counts_beyond_their_whole_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match=r"^nhce_benefiting: "):
        coverage.coverage_of_counts(nhce_nonexcludable=1, nhce_benefiting=2, hce_nonexcludable=1, hce_benefiting=1)
    with pytest.raises(ImpossibleInput, match=r"^concentration: "):
        coverage.harbor_percentages(101)
    with pytest.raises(ImpossibleInput, match=r"^nhce_nonexcludable: "):
        coverage.coverage_of_counts(
            nhce_nonexcludable=10**7 + 1, nhce_benefiting=1, hce_nonexcludable=1, hce_benefiting=1
        )
    most = coverage.coverage_of_counts(
        nhce_nonexcludable=10**7, nhce_benefiting=10**7, hce_nonexcludable=10**7, hce_benefiting=10**7
    )
    assert most.ratio == 10_000


def test_forty_millions_of_pay_are_matched_to_the_cent() -> None:
    formula = matching.MatchFormula.of([(50_000, 10_000)])
    pay = np.array([4_000_000_000])
    assert matching.match(pay, pay, formula).tolist() == [20_000_000_000]
    with pytest.raises(ImpossibleInput, match=r"^deferrals: "):
        matching.match(pay + 1, pay, formula)


@pytest.mark.parametrize(("tiers", "field"), [([(50_001, 600)], "rate_bps"), ([(10_000, 10_001)], "up_to_bps")])
def test_a_formula_beyond_pay_is_refused(tiers: list[tuple[int, int]], field: str) -> None:
    with pytest.raises(ImpossibleInput, match=f"^{field}: "):
        matching.MatchFormula.of(tiers)


def test_catch_up_is_part_of_the_deferrals() -> None:
    amount = np.array([100])
    with pytest.raises(ImpossibleInput, match=r"^catch_up: "):
        additions.annual_additions(
            year=LimitationYear.starting(date(2024, 1, 1)),
            deferrals=amount,
            catch_up=amount + 1,
            after_tax=amount,
            employer=amount,
            compensation=amount,
            catch_up_room=amount,
        )


def test_nobody_of_the_year_before_is_refused() -> None:
    with pytest.raises(ImpossibleInput, match=r"^subgroups: "):
        prior_year.weighted_average([PriorSubgroup(0, 600)])
    with pytest.raises(ImpossibleInput, match=r"^compensation: "):
        targeting.countable_qnec(
            qnec=np.array([1]),
            compensation=np.array([10**11 + 1]),
            eligible_nhce=np.array([True]),
            employed_on_last_day=np.array([True]),
        )


def test_years_of_roth_accounts_are_years() -> None:
    with pytest.raises(ImpossibleInput, match=r"^first_contribution_year: "):
        roth.five_year_period(first_contribution_year=2_200)
    payment = roth.roth_payment(gross_cents=100, basis_cents=50, income_cents=50, qualified=True)
    with pytest.raises(ImpossibleInput, match=r"^roth_ira_first_year: "):
        roth.in_roth_ira(payment=payment, qualified=True, roth_ira_first_year=1_997, rolled_over_in=2_024)

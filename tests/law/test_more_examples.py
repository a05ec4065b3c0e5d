"""Examples beside those on file in cases/: of regulations read at the source, of the IRS and of practitioners.

Those marked recalled were written from knowledge of the regulation, whose text at hand leaves examples out; their
arithmetic reproduces.
"""

from datetime import date

import numpy as np
import pytest

from open401k.kernel import CalendarYear, PlanYear, Refused, Source
from open401k.law import coverage, excess_deferrals, hardship, missed_deferrals, rollovers, tax_credits, withholding
from open401k.law.excess_deferrals import PlanDeferrals
from open401k.law.hardship import SourceBalance
from open401k.law.missed_deferrals import Basis, Relief
from open401k.law.rollovers import PaidBecause
from open401k.law.withholding import EarlierThisYear, Paid, PaymentClass


def test_a_hardship_payment_uses_up_the_deferrals_though_a_part_of_it_is_income() -> None:
    """Reg. 1.402A-1 A-8(b): $21,850 of Roth and $20,000 of other deferrals, $12,000 paid: $29,850 are left."""
    left = hardship.hardship_sources(
        balances=[
            SourceBalance(Source.ROTH, contributed_cents=21_850_00 - 12_000_00, earnings_cents=550_00),
            SourceBalance(Source.PRE_TAX, contributed_cents=20_000_00),
        ],
        plan_year=PlanYear.starting(date(2008, 1, 1)),
    )
    assert sum(source.available_cents for source in left) == 29_850_00


@pytest.mark.parametrize(("yearly", "return_bps", "years", "eligible"), [(12_000_00, 500, 12, 0), (12_000_00, 0, 9, 1)])
def test_installments_of_ten_years_or_more_are_not_rolled_over(
    yearly: int, return_bps: int, years: int, eligible: int
) -> None:
    """Reg. 1.402(c)-2(d)(4)(ii): $100,000, $12,000 a year at 5 %; without a return it would be used up in nine."""
    lasts = rollovers.installments_last_years(
        balance_cents=100_000_00, yearly_cents=yearly, assumed_return_bps=return_bps
    )
    found = rollovers.eligible_rollover(gross_cents=yearly, because=PaidBecause.SERIES_FOR_YEARS, series_years=lasts)
    assert (lasts, found.eligible_cents) == (years, yearly * eligible)


def test_a_minimum_that_waited_is_added_to_that_of_the_year_in_which_it_is_paid() -> None:
    """Reg. 1.402(c)-2(f)(1): $7,200 of which $5,000 are required; and $3,000 more that waited for 1 April."""
    assert (
        rollovers.eligible_rollover(gross_cents=7_200_00, required_minimum_due_cents=5_000_00).eligible_cents
        == 2_200_00
    )
    assert rollovers.eligible_rollover(gross_cents=7_200_00, required_minimum_due_cents=8_000_00).eligible_cents == 0


@pytest.mark.parametrize(
    ("paid", "earlier", "withheld"),
    [
        (Paid(employer_securities_cents=5_000_00, cash_cents=200_00), None, 0),
        (Paid(employer_securities_cents=5_000_00, cash_cents=200_01), None, 200_01),
        (Paid(employer_securities_cents=5_000_00), None, 0),
        (Paid(loan_offset_cents=5_000_00), None, 0),
        (Paid(cash_cents=199_99), None, 0),
        (Paid(cash_cents=100_00), EarlierThisYear(taxable_cents=150_00), 50_00),
    ],
)
def test_withholding_in_the_words_of_the_regulation(paid: Paid, earlier: EarlierThisYear | None, withheld: int) -> None:
    """Reg. 31.3405(c)-1 A-11, A-14."""
    found = withholding.withholding(
        on=date(2026, 5, 5), payment_class=PaymentClass.ELIGIBLE_ROLLOVER, paid=paid, earlier=earlier
    )
    assert not isinstance(found, Refused)
    assert found.withheld_cents == withheld


@pytest.mark.parametrize(
    ("paid_on", "months"),
    [(date(2008, 2, 15), 1), (date(2008, 2, 16), 2), (date(2008, 1, 15), 0), (date(2008, 4, 15), 3)],
)
def test_the_fifteenth_decides_on_a_month_of_the_gap_period(paid_on: date, months: int) -> None:
    """Reg. 1.402(g)-1(e)(5)(iv): until the fifteenth as on the last day of the month before."""
    assert excess_deferrals.gap_months(year=CalendarYear(2007), paid_on=paid_on) == months


@pytest.mark.parametrize(
    ("nhces", "nhces_in", "hces", "hces_in", "ratio", "classification"),
    [
        (100, 70, 100, 100, 7_000, "ratio"),  # 1.410(b)-2(b)(2)(ii) Example 1, recalled
        (100, 40, 100, 60, 6_667, "safe harbor"),  # Example 2, recalled
        (9_600, 400, 400, 100, 1_667, "discriminatory"),  # 1.410(b)-4(c)(5) Example 3, recalled
        (100, 35, 100, 50, 7_000, "ratio"),  # Kupstas: half of the HCEs ask for 35 %
        (100, 14, 100, 20, 7_000, "ratio"),  # and a fifth for 14 %
        (5, 4, 1, 1, 8_000, "ratio"),  # BenefitsLink 20600: four of five NHCEs and every HCE
    ],
)
def test_coverage_in_examples(
    nhces: int, nhces_in: int, hces: int, hces_in: int, ratio: int, classification: str
) -> None:
    found = coverage.coverage_of_counts(
        nhce_nonexcludable=nhces, nhce_benefiting=nhces_in, hce_nonexcludable=hces, hce_benefiting=hces_in
    )
    assert found.ratio == ratio
    assert found.passed is (classification == "ratio")
    if classification != "ratio":
        assert found.classification == classification


@pytest.mark.parametrize(
    ("pay", "rate_bps", "missed", "qnec"), [(20_000_00, 1_000, 2_000_00, 1_000_00), (2_000_00, 500, 100_00, 50_00)]
)
def test_elections_that_were_not_followed(pay: int, rate_bps: int, missed: int, qnec: int) -> None:
    """IRS, Fixing Common Plan Mistakes: Amy's 10 % of six months and Bob's 5 % of a bonus, not the group's average.

    The facts were read there, the amounts follow from Rev. Proc. 2021-30 App. A .05(5).
    """
    year = PlanYear.starting(date(2016, 1, 1))
    found = missed_deferrals.missed_deferrals(
        basis=Basis.ELECTION, compensation=np.array([pay]), rate_bps=rate_bps, plan_year=year
    )
    owed = missed_deferrals.missed_contributions(found, relief=Relief.HALF, plan_year=year)
    assert (found.missed.tolist(), owed.qnec.tolist()) == ([missed], [qnec])


def test_start_up_costs_below_the_cap() -> None:
    """Ascensus, Employer Tax Credits, Part 2, Example 1: $4,200 in 2023, 40 employees, 36 of them NHCEs."""
    found = tax_credits.startup_credit(
        year=CalendarYear(2023), credit_year=1, qualified_costs_cents=4_200_00, eligible_nhces=36,
        employees_paid_5000_year_before=40,
    )  # fmt: skip
    assert (found.cents, found.limit_cents) == (4_200_00, 5_000_00)


def test_deferrals_under_two_employers_share_one_limit() -> None:
    """IRS: $2,500 under the first employer's plan leave $17,000 of 2020 for the second's."""

    def excess(second: int) -> int:
        plans = [PlanDeferrals("first", "A", 2_500_00), PlanDeferrals("second", "B", second)]
        return excess_deferrals.excess_deferral(plans=plans, age_at_year_end=40, year=CalendarYear(2020)).excess_cents

    assert (excess(17_000_00), excess(17_000_01)) == (0, 1)

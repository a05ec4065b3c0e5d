"""Participant loans: every example of Reg. 1.72(p)-1 and of 1.402(c)-2(g)(5) on offsets, edges and properties.

The numbers of 1.72(p)-1's examples were written from knowledge (the public text at hand leaves examples out); each is
worked out anew here. Their rate is nominal, 8.75 % over the number of installments a year; payments are printed in
whole dollars.
"""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, half_up
from open401k.law import figures, loan_defaults, loan_schedules, loans
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.loan_schedules import Frequency, LoanSchedule, LoanTerms
from tests.law.on_file import facts


def monthly(dollars: int, *, on: date, installments: int = 60, rate: int = 875) -> LoanSchedule:
    return loan_schedules.loan_schedule(LoanTerms(dollars * 100, rate, installments, Frequency.MONTHLY, on))


def quarterly(dollars: int, *, on: date, installments: int = 20, rate: int = 875) -> LoanSchedule:
    return loan_schedules.loan_schedule(LoanTerms(dollars * 100, rate, installments, Frequency.QUARTERLY, on))


def dollars(cents: int) -> int:
    """As the regulation prints: whole dollars, half-up."""
    return (cents * 2 + 100) // 200


def limit(*, vested: int, outstanding: int = 0, highest: int = 0, on: date = date(2026, 3, 2)) -> loans.LoanLimit:
    return loans.maximum_loan(
        loan_on=on,
        vested_cents=vested * 100,
        outstanding_cents=outstanding * 100,
        highest_last_year_cents=highest * 100,
    )


def made(dollars_lent: int, *, vested: int, years: int = 5, residence: bool = False) -> loans.LoanMade:
    on = date(2026, 3, 2)
    return loans.loan_made(
        loan_cents=dollars_lent * 100,
        limit=limit(vested=vested),
        loan_on=on,
        last_due_on=date(2026 + years, 3, 1),
        principal_residence=residence,
    )


def test_the_figures_of_loans_are_those_of_the_statute() -> None:
    typed = {
        "loan_limit": {1987: 50000},
        "loan_limit_disaster": {2021: 100000},
        "loan_floor": {1987: 10000},
        "loan_vested_share": {1987: 5000},
        "loan_rate_military": {2003: 600},
    }
    assert {figure_id: figures.figure(figure_id).values for figure_id in typed} == typed


def test_loa_2_a_year_of_leave_raises_the_installments_or_leaves_a_rest() -> None:
    """Reg. 1.72(p)-1 Q&A-9(d) Example 1."""
    told, expected = facts("LOA-2")
    on = date.fromisoformat(told["loan_date"])
    schedule = monthly(told["principal_usd"], on=on, installments=told["term_years"] * 12)
    assert dollars(schedule.level_payment_cents) == expected["monthly_payment_usd"]
    assert schedule.installments[-1].due_on == date.fromisoformat(told["final_due_date"])
    after = loan_schedules.after_leave(
        schedule=schedule,
        installments_paid=told["payments_made_before_leave"],
        leave_periods=told["leave_months"],
    )
    assert after.installments_left == expected["months_remaining"]
    assert dollars(after.level_payment_cents) == expected["payment_after_leave_usd"]
    assert after.latest_permissible_on == date(2008, 6, 30)
    assert not after.problems
    assert after.rest_due_at_end_cents > 0


def test_military_service_lengthens_the_term_at_no_more_than_six_percent() -> None:
    """Reg. 1.72(p)-1 Q&A-9(d) Example 2: two years; $825 and a rest of $6,487 by 30 June 2010, or $930."""
    schedule = monthly(40_000, on=date(2003, 7, 1))
    rate = loan_schedules.military_rate_bps(annual_rate_bps=875, service_on=date(2004, 4, 2))
    assert rate == 600
    after = loan_schedules.after_leave(
        schedule=schedule, installments_paid=9, leave_periods=24, military=True, rate_during_leave_bps=rate
    )
    assert after.installments_left == 51
    assert dollars(after.level_payment_cents) == 930
    assert after.latest_permissible_on == date(2010, 6, 30)
    assert not after.problems
    # The regulation pays $825 in whole dollars; 49 cents more a month leave $30 less at the end.
    assert abs(after.rest_due_at_end_cents - 6_487_00) < 51 * 60 * 2
    whole = after.balance_cents
    for _ in range(51):
        whole += half_up(whole * schedule.terms.period_rate) - 825_00
    assert dollars(whole) == 6_487


def test_a_rate_below_six_percent_stays_in_military_service() -> None:
    assert loan_schedules.military_rate_bps(annual_rate_bps=425, service_on=date(2026, 1, 5)) == 425


def test_a_leave_of_more_than_a_year_is_not_covered_and_a_short_loan_may_run_on_to_five_years() -> None:
    three_years = monthly(10_000, on=date(2026, 1, 1), installments=36)
    long = loan_schedules.after_leave(schedule=three_years, installments_paid=6, leave_periods=13)
    assert long.problems == (loan_schedules.LeaveProblem.LEAVE_OVER_A_YEAR,)
    run_on = loan_schedules.after_leave(
        schedule=three_years, installments_paid=6, leave_periods=12, periods_until_repaid=30
    )
    assert not run_on.problems
    # Not below the old installment (Q&A-9(a)): interest of the leave makes it a little higher.
    assert run_on.level_payment_cents >= three_years.level_payment_cents
    longer = loan_schedules.after_leave(
        schedule=three_years, installments_paid=6, leave_periods=12, periods_until_repaid=42
    )
    assert not longer.problems
    assert longer.level_payment_cents == three_years.level_payment_cents
    too_long = loan_schedules.after_leave(
        schedule=three_years, installments_paid=6, leave_periods=12, periods_until_repaid=43
    )
    assert too_long.problems == (loan_schedules.LeaveProblem.PAST_LATEST_TERM,)


def test_a_leave_to_the_end_of_the_term_leaves_no_installment() -> None:
    schedule = monthly(10_000, on=date(2026, 1, 1))
    after = loan_schedules.after_leave(schedule=schedule, installments_paid=52, leave_periods=8)
    assert after.problems == (loan_schedules.LeaveProblem.NO_INSTALLMENT_LEFT,)
    assert (after.level_payment_cents, after.rest_due_at_end_cents) == (0, after.balance_cents)


def test_loa_3_a_refinancing_past_the_old_term_counts_both_loans() -> None:
    """Reg. 1.72(p)-1 Q&A-20(b) Example 1(i), (ii)."""
    told, expected = facts("LOA-3")
    schedule = quarterly(told["principal_usd"], on=date.fromisoformat(told["loan_date"]))
    assert dollars(schedule.level_payment_cents) == expected["quarterly_payment_usd"]
    assert schedule.installments[-1].due_on == date(2009, 12, 31)
    assert dollars(schedule.balance_after(4)) == expected["balance_at_refinancing_usd"]
    result = loans.refinance(
        replaced_balance_cents=expected["balance_at_refinancing_usd"] * 100,
        replaced_loan_on=date.fromisoformat(told["loan_date"]),
        new_loan_cents=told["new_principal_usd"] * 100,
        new_loan_on=date.fromisoformat(told["refinanced_on"]),
        new_last_due_on=date(2010, 12, 31),
        vested_cents=told["vested_balance_usd"] * 100,
        highest_last_year_cents=told["highest_balance_preceding_year_usd"] * 100,
    )
    assert result.both_count
    assert result.limit_cents == expected["limit_usd"] * 100
    assert result.counted_cents == expected["sum_of_both_loans_usd"] * 100
    assert result.deemed_cents == expected["deemed_distribution_usd"] * 100


@pytest.mark.parametrize(
    ("rate", "old", "extra"),
    [(875, 2_491, 416), (775, 2_442, 406)],  # Example 1(iii) and Example 2 (whose rate is not printed)
)
def test_a_refinancing_built_as_two_loans_counts_once(rate: int, old: int, extra: int) -> None:
    """Reg. 1.72(p)-1 Q&A-20(b) Examples 1(iii), 2: sixteen installments of both, then four of the new part."""
    parts = [
        loan_schedules.level_payment(
            principal_cents=cents, annual_rate_bps=rate, installments=number, frequency=Frequency.QUARTERLY
        )
        for cents, number in ((33_322_00, 16), (6_678_00, 20))
    ]
    assert [dollars(half_up(part)) for part in parts] == [old, extra]
    result = loans.refinance(
        replaced_balance_cents=33_322_00,
        replaced_loan_on=date(2005, 1, 1),
        new_loan_cents=40_000_00,
        new_loan_on=date(2006, 1, 1),
        new_last_due_on=date(2010, 12, 31),
        vested_cents=100_000_00,
        highest_last_year_cents=40_000_00,
        built_as_two_loans=True,
    )
    assert (result.both_count, result.deemed_cents, result.counted_cents) == (False, 0, 40_000_00)


def test_a_refinancing_within_the_old_term_counts_once() -> None:
    """Reg. 1.72(p)-1 Q&A-20(b) Example 1(iii), last sentence: sixteen installments of $2,990."""
    level = loan_schedules.level_payment(
        principal_cents=40_000_00, annual_rate_bps=875, installments=16, frequency=Frequency.QUARTERLY
    )
    assert dollars(half_up(level)) == 2_990
    result = loans.refinance(
        replaced_balance_cents=33_322_00,
        replaced_loan_on=date(2005, 1, 1),
        new_loan_cents=40_000_00,
        new_loan_on=date(2006, 1, 1),
        new_last_due_on=date(2009, 12, 31),
        vested_cents=100_000_00,
        highest_last_year_cents=40_000_00,
    )
    assert (result.both_count, result.deemed_cents) == (False, 0)


@pytest.mark.parametrize(("last_due", "deemed"), [(date(2010, 12, 31), 0), (date(2011, 1, 1), 10_000_00)])
def test_a_new_loan_of_more_than_five_years_is_a_distribution_in_full(last_due: date, deemed: int) -> None:
    """Reg. 1.72(p)-1 Q&A-20(a)(1): "the prior loan and the additional loan each satisfy" 72(p)(2)(B); Q&A-8(a)."""
    result = loans.refinance(
        replaced_balance_cents=8_000_00,
        replaced_loan_on=date(2005, 1, 1),
        new_loan_cents=10_000_00,
        new_loan_on=date(2006, 1, 1),
        new_last_due_on=last_due,
        vested_cents=100_000_00,
        highest_last_year_cents=10_000_00,
    )
    assert (result.deemed_cents, result.new_term_too_long) == (deemed, bool(deemed))
    assert ("more than five years" in explain(result)) is bool(deemed)


def test_loa_4_the_limit_falls_by_what_was_repaid_in_the_year_before() -> None:
    told, expected = facts("LOA-4")
    result = limit(
        vested=told["vested_balance_usd"],
        outstanding=told["prior_loan_outstanding_usd"],
        highest=told["prior_loan_usd"],
        on=date(2020, 9, 1),
    )
    assert result.dollar_limit_cents == expected["limit_dollar_usd"] * 100
    assert result.vested_share_cents == expected["limit_half_vested_usd"] * 100
    assert result.maximum_cents == expected["max_new_loan_usd"] * 100
    assert result.decided_by is loans.LoanLimitBy.VESTED_SHARE


def test_loa_8_the_note_is_part_of_the_balance() -> None:
    told, expected = facts("LOA-8")
    result = limit(
        vested=expected["vested_balance_including_note_usd"],
        outstanding=told["first_loan_usd"] - told["repaid_usd"],
        highest=told["first_loan_usd"],
    )
    assert result.maximum_cents == expected["max_second_loan_usd"] * 100


@pytest.mark.parametrize(
    ("vested", "outstanding", "highest", "maximum", "by"),
    [
        (80_000, 10_000, 25_000, 25_000, loans.LoanLimitBy.DOLLARS),  # 50,000 - 15,000 = 35,000, less 10,000
        (200_000, 0, 0, 50_000, loans.LoanLimitBy.DOLLARS),
        (100_000, 0, 0, 50_000, loans.LoanLimitBy.DOLLARS),
        (99_999, 0, 0, 49_999.50, loans.LoanLimitBy.VESTED_SHARE),
        (20_000, 0, 0, 10_000, loans.LoanLimitBy.VESTED_SHARE),
        (15_000, 0, 0, 10_000, loans.LoanLimitBy.FLOOR),
        (6_000, 0, 0, 6_000, loans.LoanLimitBy.FLOOR),
        (200_000, 0, 50_000, 0, loans.LoanLimitBy.DOLLARS),  # a loan of the full amount just repaid
        (0, 0, 0, 0, loans.LoanLimitBy.VESTED_SHARE),
    ],
)
def test_the_limit_at_its_edges(
    vested: int, outstanding: int, highest: int, maximum: float, by: loans.LoanLimitBy
) -> None:
    result = limit(vested=vested, outstanding=outstanding, highest=highest)
    assert (result.maximum_cents, result.decided_by) == (round(maximum * 100), by)


@pytest.mark.parametrize(
    ("vested", "outstanding", "highest", "maximum"),
    [
        (150_000, 0, 37_000, 13_000),  # Fifth Third, July/August 2015, Example 1
        (32_000, 3_000, 6_000, 13_000),  # Example 2; it prints $44,000 for $47,000, which decides nothing
        (55_000, 25_000, 25_000, 2_500),  # BenefitsLink 27457: the note is part of the balance
        (80_000, 18_000, 27_000, 22_000),  # Saul Ewing, Calculating Maximum Participant Loan Amounts
    ],
)
def test_examples_of_practitioners(vested: int, outstanding: int, highest: int, maximum: int) -> None:
    result = loans.maximum_loan(
        loan_on=date(2015, 1, 15),
        vested_cents=vested * 100,
        outstanding_cents=outstanding * 100,
        highest_last_year_cents=highest * 100,
        plan_lends_floor=False,
    )
    assert result.maximum_cents == maximum * 100


def test_loans_repaid_one_after_the_other_are_not_added_up() -> None:
    """IRS memorandum to examiners of April 2017 (Benefits Law Advisor): $30,000, then $20,000: $20,000 left."""
    balances = [
        loans.BalanceOn(date(2017, month, 1), cents)
        for month, cents in ((2, 30_000_00), (4, 0), (5, 20_000_00), (7, 0))
    ]
    highest = loans.highest_balance(balances=balances, loan_on=date(2017, 12, 1))
    assert highest == 30_000_00
    assert limit(vested=150_000, highest=highest // 100, on=date(2017, 12, 1)).maximum_cents == 20_000_00


def test_what_half_of_the_balance_does_not_secure_needs_other_security() -> None:
    assert limit(vested=15_000).needs_other_security_cents == 2_500_00
    assert limit(vested=80_000).needs_other_security_cents == 0
    no_floor = loans.maximum_loan(
        loan_on=date(2026, 3, 2),
        vested_cents=15_000_00,
        outstanding_cents=0,
        highest_last_year_cents=0,
        plan_lends_floor=False,
    )
    assert (no_floor.maximum_cents, no_floor.needs_other_security_cents) == (7_500_00, 0)


def test_after_a_disaster_the_limit_is_doubled_and_all_that_is_vested_counts() -> None:
    """IRC 72(p)(6)(A)."""
    result = loans.maximum_loan(
        loan_on=date(2026, 3, 2),
        vested_cents=80_000_00,
        outstanding_cents=0,
        highest_last_year_cents=0,
        after_disaster=True,
    )
    assert (result.maximum_cents, result.needs_other_security_cents) == (80_000_00, 40_000_00)
    assert loans.higher_limit_open(loan_on=date(2026, 6, 30), applicable_on=date(2026, 1, 1))
    assert not loans.higher_limit_open(loan_on=date(2026, 7, 1), applicable_on=date(2026, 1, 1))


def test_an_installment_within_180_days_of_an_incident_may_be_due_a_year_later() -> None:
    """IRC 72(p)(6)(B)(i)."""
    delayed = [
        loans.delayed_by_disaster(
            due_on=due, incident_begins=date(2026, 1, 10), incident_ends=date(2026, 1, 20)
        ).delayed_to
        for due in (date(2026, 1, 9), date(2026, 1, 10), date(2026, 7, 19), date(2026, 7, 20))
    ]
    assert delayed == [None, date(2027, 1, 10), date(2027, 7, 19), None]


def test_the_highest_balance_is_that_of_the_year_that_ends_the_day_before() -> None:
    balances = [
        loans.BalanceOn(date(2024, 1, 1), 40_000_00),
        loans.BalanceOn(date(2025, 2, 1), 30_000_00),
        loans.BalanceOn(date(2025, 6, 1), 20_000_00),
        loans.BalanceOn(date(2026, 3, 2), 45_000_00),
    ]
    assert loans.highest_balance(balances=balances, loan_on=date(2026, 3, 2)) == 30_000_00
    assert loans.highest_balance(balances=balances[::-1], loan_on=date(2026, 2, 2)) == 30_000_00
    assert loans.highest_balance(balances=balances, loan_on=date(2025, 12, 1)) == 40_000_00
    assert loans.highest_balance(balances=[], loan_on=date(2026, 3, 2)) == 0


@pytest.mark.parametrize(
    ("lent", "vested", "years", "deemed", "problem"),
    [
        (70_000, 200_000, 5, 20_000, loans.LoanProblem.OVER_LIMIT),  # Q&A-4(b) Example 1
        (20_000, 30_000, 5, 5_000, loans.LoanProblem.OVER_LIMIT),  # Q&A-4(b) Example 2
        (50_000, 100_000, 7, 50_000, loans.LoanProblem.TERM_TOO_LONG),  # Q&A-4(b) Example 3
    ],
)
def test_examples_of_loans_that_are_distributions_at_once(
    lent: int, vested: int, years: int, deemed: int, problem: loans.LoanProblem
) -> None:
    result = made(lent, vested=vested, years=years)
    assert (result.deemed_cents, result.problems) == (deemed * 100, (problem,))
    assert result.remains_a_loan_cents == (lent - deemed) * 100


def test_a_loan_that_buys_a_principal_residence_may_run_for_fifteen_years() -> None:
    """Reg. 1.72(p)-1 Q&A-5, Q&A-8(b) Example: also where it repays a bank loan that bought it."""
    assert not made(50_000, vested=100_000, years=15, residence=True).problems


def test_what_nobody_means_to_repay_is_an_actual_distribution() -> None:
    """Reg. 1.72(p)-1 Q&A-17: "and is not treated as a loan or as a deemed distribution"."""
    result = loans.loan_made(
        loan_cents=5_000_00,
        limit=limit(vested=50_000, outstanding=0, highest=0),
        loan_on=date(2026, 1, 5),
        last_due_on=date(2031, 1, 4),
        bona_fide_loan=False,
    )
    assert (result.deemed_cents, result.actual_cents, result.remains_a_loan_cents) == (0, 5_000_00, 0)
    assert result.problems == (loans.LoanProblem.NO_BONA_FIDE_LOAN,)
    assert "an actual distribution" in explain(result)


@pytest.mark.parametrize(
    ("breach", "problem"),
    [
        ({"by_credit_card": True}, loans.LoanProblem.CREDIT_CARD),
        ({"enforceable_agreement": False}, loans.LoanProblem.NO_ENFORCEABLE_AGREEMENT),
        ({"level_at_least_quarterly": False}, loans.LoanProblem.NOT_LEVEL_OR_NOT_QUARTERLY),
        (
            {"unrepaid_deemed_loan": True, "payroll_withholding_or_other_security": False},
            loans.LoanProblem.NO_SECURITY_AFTER_DEEMED_LOAN,
        ),
    ],
)
def test_a_breach_of_form_makes_the_whole_loan_a_distribution(
    breach: dict[str, bool], problem: loans.LoanProblem
) -> None:
    result = loans.loan_made(
        loan_cents=1_000_00,
        limit=limit(vested=80_000),
        loan_on=date(2026, 3, 2),
        last_due_on=date(2031, 3, 1),
        **breach,
    )
    assert (result.deemed_cents, result.problems) == (1_000_00, (problem,))


def test_a_loan_after_a_deemed_one_is_a_loan_if_withheld_from_pay() -> None:
    """Reg. 1.72(p)-1 Q&A-19(b)(2)(i)."""
    result = loans.loan_made(
        loan_cents=1_000_00,
        limit=limit(vested=80_000, outstanding=10_000, highest=10_000),
        loan_on=date(2026, 3, 2),
        last_due_on=date(2031, 3, 1),
        unrepaid_deemed_loan=True,
    )
    assert not result.problems


@pytest.mark.parametrize(
    ("cure_months", "on", "amount"),
    [(3, date(2003, 11, 30), 17_157), (None, date(2003, 12, 31), 17_282), (0, date(2003, 8, 31), 16_787)],
)
def test_a_missed_installment_makes_the_balance_with_interest_a_distribution(
    cure_months: int | None, on: date, amount: int
) -> None:
    """Reg. 1.72(p)-1 Q&A-10(c) Example (the first two): $20,000, twelve of sixty installments paid."""
    schedule = monthly(20_000, on=date(2002, 8, 1))
    assert schedule.installments[11].due_on == date(2003, 7, 31)
    deemed = loan_defaults.deemed_loan(schedule=schedule, installments_paid=12, cure_months=cure_months)
    assert (deemed.on, dollars(deemed.amount_cents)) == (on, amount)
    assert deemed.missed_due_on == date(2003, 8, 31)
    assert deemed.principal_cents + deemed.interest_cents == deemed.amount_cents


@pytest.mark.parametrize(
    ("missed", "last"),
    [
        (date(2026, 1, 1), date(2026, 6, 30)),
        (date(2026, 3, 31), date(2026, 6, 30)),
        (date(2026, 4, 1), date(2026, 9, 30)),  # 1.402(c)-2(g)(5)(vi) Example 6
        (date(2026, 10, 15), date(2027, 3, 31)),
    ],
)
def test_a_cure_period_ends_with_the_next_quarter_at_the_latest(missed: date, last: date) -> None:
    assert loan_defaults.cure_period(missed_due_on=missed).last_day == last
    assert loan_defaults.cure_period(missed_due_on=missed, plan_months=12).last_day == last


def test_interest_between_due_dates_goes_by_days() -> None:
    schedule = quarterly(10_000, on=date(2026, 1, 1))
    full = loan_defaults.balance_unpaid(schedule=schedule, installments_paid=1, on=date(2026, 6, 30))
    none = loan_defaults.balance_unpaid(schedule=schedule, installments_paid=1, on=date(2026, 3, 31))
    part = loan_defaults.balance_unpaid(schedule=schedule, installments_paid=1, on=date(2026, 5, 10))
    assert none == schedule.balance_after(1)
    assert part - none == half_up(Fraction((full - none) * 40, 91))


def test_interest_goes_on_after_the_last_due_date() -> None:
    schedule = monthly(20_000, on=date(2021, 1, 1))
    deemed = loan_defaults.deemed_loan(schedule=schedule, installments_paid=59)
    assert (deemed.missed_due_on, deemed.on) == (date(2025, 12, 31), date(2026, 3, 31))
    last = schedule.balance_after(59)
    assert deemed.amount_cents == loan_schedules.accrued(
        last, annual_rate_bps=875, frequency=Frequency.MONTHLY, periods=4
    )


def test_repaying_a_deemed_loan_is_basis() -> None:
    """Reg. 1.72(p)-1 Q&A-21(b) Example: $19,179 deemed; $5,147 and fourteen times $1,245 repaid: basis $22,577."""
    schedule = quarterly(20_000, on=date(2003, 1, 1))
    assert dollars(schedule.level_payment_cents) == 1_245
    deemed = loan_defaults.balance_unpaid(schedule=schedule, installments_paid=2, on=date(2003, 12, 31))
    assert dollars(deemed) == 19_179
    after = loan_defaults.after_deemed(
        deemed_cents=deemed,
        annual_rate_bps=875,
        frequency=Frequency.QUARTERLY,
        periods_since=0,
        repaid_cents=(5_147_00, *[1_245_00] * 14),
    )
    assert after.basis_cents == 22_577_00


def test_interest_after_a_deemed_distribution_counts_toward_the_next_loan_but_is_no_distribution() -> None:
    """Reg. 1.72(p)-1 Q&A-19(a), (b)(1)."""
    after = loan_defaults.after_deemed(
        deemed_cents=10_000_00, annual_rate_bps=1_200, frequency=Frequency.MONTHLY, periods_since=2
    )
    assert (after.owed_cents, after.interest_since_cents, after.further_deemed_cents) == (10_201_00, 201_00, 0)


@pytest.mark.parametrize(
    ("severed", "offset", "met", "deemed", "kind"),
    [
        (date(2025, 6, 15), date(2025, 9, 18), True, 0, "qualified_plan_loan_offset"),  # Example 1
        (date(2025, 6, 15), date(2026, 7, 1), True, 0, "plan_loan_offset"),  # Example 2
        (date(2025, 6, 15), date(2025, 6, 15), True, 0, "qualified_plan_loan_offset"),  # Example 3
        (None, date(2026, 9, 30), True, 0, "not_allowed"),  # Example 6
        (date(2026, 11, 1), date(2026, 11, 1), False, 3_000_00, "plan_loan_offset"),  # Example 7
        (date(2025, 6, 15), date(2026, 6, 15), True, 0, "qualified_plan_loan_offset"),  # the first anniversary
        (date(2025, 6, 15), date(2026, 6, 16), True, 0, "plan_loan_offset"),
    ],
)
def test_examples_of_offsets(severed: date | None, offset: date, met: bool, deemed: int, kind: str) -> None:
    """Reg. 1.402(c)-2(g)(5)(i)-(iii), (vi), (vii), read at the source; $3,000."""
    result = loan_defaults.loan_offset(
        offset_cents=3_000_00,
        offset_on=offset,
        severed_on=severed,
        met_72p_until_then=met,
        deemed_before_cents=deemed,
    )
    assert result.kind.value == kind
    if kind == "plan_loan_offset":
        assert result.rollover_by == offset + timedelta(days=60)
        assert result.taxable_cents == 3_000_00 - deemed
    if kind == "qualified_plan_loan_offset":
        assert result.rollover_by_return_of == CalendarYear(offset.year)


def test_the_end_of_the_plan_makes_an_offset_qualified_without_severance() -> None:
    """IRC 402(c)(3)(C)(ii)."""
    result = loan_defaults.loan_offset(
        offset_cents=1, offset_on=date(2026, 5, 1), severed_on=None, plan_terminated=True
    )
    assert result.kind is loan_defaults.OffsetKind.QUALIFIED_PLAN_LOAN_OFFSET


def test_semi_monthly_installments_are_two_a_month_level_and_end_with_the_term() -> None:
    """IRC 72(p)(2)(C): level, at least quarterly; five years of 1 July end on 30 June, as in Q&A-9(d) Example 1."""
    terms = LoanTerms(10_000_00, 875, 120, Frequency.SEMIMONTHLY, date(2003, 7, 1))
    schedule = loan_schedules.loan_schedule(terms)
    dues = [row.due_on for row in schedule.installments]
    assert dues[:4] == [date(2003, 7, 15), date(2003, 7, 31), date(2003, 8, 15), date(2003, 8, 31)]
    assert dues[-1] == loan_schedules.latest_permissible_term(loan_on=terms.loan_on) == date(2008, 6, 30)
    exact = loan_schedules.level_payment(
        principal_cents=10_000_00, annual_rate_bps=875, installments=120, frequency=Frequency.SEMIMONTHLY
    )
    assert schedule.level_payment_cents == half_up(exact) == 103_04
    first = schedule.installments[0]
    assert (first.interest_cents, first.principal_cents) == (36_46, 66_58)  # 10,000.00 x 8.75 % / 24
    assert {row.payment_cents for row in schedule.installments[:-1]} == {103_04}
    assert abs(schedule.installments[-1].payment_cents - 103_04) < 1_20
    assert sum(row.principal_cents for row in schedule.installments) == 10_000_00


@drawn(
    principal=st.integers(100, 50_000_00),
    rate=st.integers(0, 2_500),
    installments=st.integers(1, 130),
    frequency=st.sampled_from(Frequency),
    on=st.dates(date(2000, 1, 1), date(2040, 1, 1)),
)
def test_principal_adds_up_to_the_loan_and_installments_are_level(
    principal: int, rate: int, installments: int, frequency: Frequency, on: date
) -> None:
    terms = LoanTerms(principal, rate, installments, frequency, on)
    schedule = loan_schedules.loan_schedule(terms)
    assert sum(row.principal_cents for row in schedule.installments) == principal
    assert schedule.installments[-1].balance_cents == 0
    level = schedule.level_payment_cents
    assert all(row.payment_cents in (level, 0) or row.payment_cents <= level for row in schedule.installments[:-1])
    # Each payment is within half a cent of the exact one, each period's interest too.
    assert abs(schedule.installments[-1].payment_cents - level) <= installments * 2 * (1 + rate * installments // 5_000)
    dues = [row.due_on for row in schedule.installments]
    assert dues == sorted(set(dues))


@drawn(
    vested=st.integers(0, 300_000_00),
    outstanding=st.integers(0, 60_000_00),
    highest=st.integers(0, 60_000_00),
    more=st.integers(0, 10_000_00),
)
def test_more_vested_never_lowers_and_more_owed_never_raises_the_maximum(
    vested: int, outstanding: int, highest: int, more: int
) -> None:
    def most(v: int, o: int, h: int) -> int:
        return loans.maximum_loan(
            loan_on=date(2026, 3, 2), vested_cents=v, outstanding_cents=o, highest_last_year_cents=h
        ).maximum_cents

    base = most(vested, outstanding, highest)
    assert most(vested + more, outstanding, highest) >= base >= most(vested, outstanding, highest + more)
    assert base >= most(vested, outstanding + more, max(highest, outstanding + more))
    assert base + outstanding <= max(50_000_00, outstanding)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("vested_cents", {"vested_cents": -1}),
        ("outstanding_cents", {"outstanding_cents": 10**14}),
        ("loan_on", {"loan_on": date(1850, 1, 1)}),
    ],
)
def test_amounts_and_days_that_cannot_be_are_refused_by_their_field(field: str, wrong: dict[str, object]) -> None:
    asked: dict[str, object] = {
        "loan_on": date(2026, 3, 2),
        "vested_cents": 1,
        "outstanding_cents": 0,
        "highest_last_year_cents": 0,
    }
    with pytest.raises(ImpossibleInput) as refused:
        loans.maximum_loan(**asked | wrong)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_loan_of_nothing_and_a_term_backward_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match="principal_cents"):
        LoanTerms(0, 500, 12, Frequency.MONTHLY, date(2026, 1, 1))
    with pytest.raises(ImpossibleInput, match="installments"):
        LoanTerms(100, 500, 0, Frequency.MONTHLY, date(2026, 1, 1))
    with pytest.raises(ImpossibleInput, match="last_due_on"):
        loans.loan_made(loan_cents=1, limit=limit(vested=1), loan_on=date(2026, 1, 2), last_due_on=date(2026, 1, 1))


def test_loans_are_told_in_plain_words() -> None:
    assert explain(limit(vested=80_000, outstanding=18_000, highest=27_000)) == (
        "All loans together may be $40,000.00: the share of the vested balance (IRC 72(p)(2)(A)). $18,000.00 are "
        "outstanding, so $22,000.00 may be lent."
    )
    assert "the dollar limit, lowered by $15,000.00" in explain(
        limit(vested=80_000, outstanding=10_000, highest=25_000)
    )
    assert "$2,500.00 of it need security" in explain(limit(vested=15_000))
    assert explain(made(70_000, vested=200_000)) == (
        "$20,000.00 of the loan of $70,000.00 are a distribution on the day it is made: it is over the limit (IRC "
        "72(p)(2)(A)). $50,000.00 remain a loan."
    )
    assert "is no distribution" in explain(made(1_000, vested=200_000))
    schedule = monthly(20_000, on=date(2002, 8, 1))
    assert explain(schedule).startswith(
        "$20,000.00 at 8.75 % are repaid in 60 monthly installments of $412.74, the last of "
    )
    deemed = loan_defaults.deemed_loan(schedule=schedule, installments_paid=12)
    assert "is a distribution on 2003-12-31 (Reg. 1.72(p)-1 Q&A-10(b))" in explain(deemed)
    assert "until 2003-12-31" in explain(deemed.cure)
    after = loan_schedules.after_leave(schedule=schedule, installments_paid=9, leave_periods=13)
    assert explain(after).endswith("Installments may not pause for more than a year.")
    offset = loan_defaults.loan_offset(offset_cents=100, offset_on=date(2026, 5, 1), severed_on=date(2026, 4, 1))
    assert "until the due date, with extensions, of the return for 2026" in explain(offset)
    refused = loan_defaults.loan_offset(offset_cents=100, offset_on=date(2026, 5, 1), severed_on=None)
    assert "may not be reduced" in explain(refused)
    still = loan_defaults.after_deemed(
        deemed_cents=10_000_00, annual_rate_bps=1_200, frequency=Frequency.MONTHLY, periods_since=2
    )
    assert "$201.00 of interest since are no further distribution" in explain(still)
    refinanced = loans.refinance(
        replaced_balance_cents=33_322_00,
        replaced_loan_on=date(2005, 1, 1),
        new_loan_cents=40_000_00,
        new_loan_on=date(2006, 1, 1),
        new_last_due_on=date(2010, 12, 31),
        vested_cents=100_000_00,
        highest_last_year_cents=40_000_00,
    )
    assert "$73,322.00 against $43,322.00; $30,000.00 are a distribution" in explain(refinanced)

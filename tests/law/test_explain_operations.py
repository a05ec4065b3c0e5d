"""Results of automatic enrollment, corrections and operations can be said in plain words, with amounts and sections."""

from datetime import date

import numpy as np
import pytest

from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import automatic_enrollment as ae
from open401k.law import (
    bond,
    filings,
    late_deposits,
    lost_earnings,
    notices,
    participant_count,
    retention,
    self_correction,
    tax_credits,
)
from open401k.law import missed_deferrals as md
from open401k.law import permissible_withdrawals as pw
from open401k.law.explain import explain
from open401k.law.missed_deferrals import Relief

YEAR = PlanYear.starting(date(2026, 1, 1))


def test_a_mandate_says_why_not_and_when() -> None:
    found = ae.mandate(
        plan_year=YEAR,
        established_on=date(2024, 1, 1),
        employer_exists_since=date(2024, 1, 1),
        first_year_over_ten_employees_ended=date(2024, 12, 31),
    )
    assert explain(found) == (
        "The plan year 2026 need not enroll automatically: the employer has existed for less than three "
        "years (IRC 414A(a), "
        "(c); SECURE 2.0 s. 101(c); Prop. Reg. 1.414A-1 (plan years; in good faith until final)). The "
        "first plan year that "
        "must is 2027."
    )


def test_default_rates_say_how_many_and_how_much() -> None:
    first = np.array(["2025-01-01", "2026-02-01", "NaT"], dtype="datetime64[D]")
    found = ae.mandated_rates(ae.Schedule(300, 100, 1000), first_contribution=first, plan_year=YEAR)
    assert explain(found) == "From 2026-01-01 2 employees defer 3.00 % to 4.00 % of pay by default (IRC 414A(b)(3)(A))."
    nobody = ae.mandated_rates(ae.Schedule(300), first_contribution=first[2:], plan_year=YEAR)
    assert "nobody defers by default" in explain(nobody)
    told = np.array([300, 400])
    none = np.array([False, False])
    mixed = ae.uniformity(
        default_bps=told, years_since_start=told * 0, kept_earlier_election=none, held_by_a_limit=none
    )
    assert "1 employees have another rate" in explain(mixed)


def test_a_withdrawal_and_its_refusal() -> None:
    payrolls = tuple(
        pw.DefaultPayroll(date(2026, month, 1), date(2026, month, 28), 10_000, match_cents=5_000)
        for month in (1, 2, 3, 4)
    )
    paid = pw.permissible_withdrawal(
        payrolls=payrolls,
        elected_on=date(2026, 2, 1),
        effective_on=date(2026, 2, 28),
        income_cents=-150,
        fee_cents=1_000,
    )
    assert explain(paid) == (
        "$188.50 are paid back: $200.00 withheld by default through 2026-02-28, with $1.50 of losses, "
        "less a fee of $10.00. "
        "$188.50 are taxed in the year of payment, without the 10 % tax; $100.00 of match are forfeited "
        "(IRC 414(w)(1), (2), "
        "(6); Reg. 1.414(w)-1(c), (d))."
    )
    late = pw.permissible_withdrawal(
        payrolls=payrolls, elected_on=date(2026, 4, 29), effective_on=date(2026, 4, 30), plan_days=90
    )
    assert explain(late) == "The last day was 2026-04-28, 90 days after 2026-01-28."


def test_a_correction_says_the_relief_what_shut_the_others_and_the_amounts() -> None:
    windows = md.correction_windows(plan_year=YEAR, failure_began_on=date(2026, 1, 9))
    assert "The first pay date from 2026-04-08 on is the last" in explain(windows)
    begins = date(2026, 9, 4)
    found = md.relief(
        windows=windows,
        pay_dates=(date(2026, 4, 10), begins),
        correct_deferrals_begin_on=begins,
        notice_given_on=begins,
        automatic=False,
    )
    assert explain(found) == (
        "A quarter of the missed deferrals is owed: correct deferrals began within the correction period "
        "(IRC 414(cc) is not "
        "open because the plan does not enroll automatically; the three-month rule is not open because "
        "correct deferrals "
        "began too late). The missed match is owed in full by 2029-12-31 (Rev. Proc. 2021-30 App. A .05)."
    )
    missed = md.missed_deferrals(
        basis=md.Basis.ELECTION,
        compensation=np.array([1_000_000]),
        rate_bps=500,
        limit=np.array([40_000]),
        plan_year=YEAR,
    )
    assert explain(missed).endswith("$100.00 more would have been over the limit.")
    owed = md.missed_contributions(missed, relief=Relief.QUARTER, plan_year=YEAR, missed_after_tax=np.array([1_000]))
    assert "contributes $104.00" in explain(owed)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            lost_earnings.lost_earnings(
                principal_cents=5_000_000,
                loss_on=date(2017, 4, 1),
                recovered_on=date(2018, 5, 6),
                paid_on=date(2019, 4, 1),
            ),
            "of interest on them until 2019-04-01",
        ),
        (
            late_deposits.self_correction(
                principal_cents=100_000, withheld_on=date(2026, 1, 2), remitted_on=date(2026, 2, 2)
            ),
            "may be self-corrected with $5.96 of lost earnings, at most $1,000.00",
        ),
        (
            late_deposits.self_correction(
                principal_cents=100_000, withheld_on=date(2025, 1, 2), remitted_on=date(2026, 2, 2)
            ),
            "cannot be self-corrected: the deposit came after 180 days",
        ),
        (
            late_deposits.late_deposit_excise(
                principal_cents=10_000_000, loss_on=date(2026, 1, 2), corrected_on=date(2026, 2, 2)
            ),
            "on Form 5330 by 2027-08-02",
        ),
        (
            late_deposits.late_deposit_excise(
                principal_cents=1, loss_on=date(2026, 1, 2), corrected_on=date(2026, 1, 2)
            ),
            "Nothing was late",
        ),
        (
            late_deposits.deposit_extension(pay_date=date(2026, 6, 26), extensions_before_in_plan_year=2),
            "moves to 2026-08-04",
        ),
        (filings.form_5500(YEAR), "is due by 2027-08-02, with an extension by 2027-10-15"),
        (
            notices.summary_annual_report(YEAR),
            "The summary annual report is given by 2027-09-30: plan year 2026 (29 CFR 2520.104b-10(c)).",
        ),
        (notices.fee_change(effective_on=date(2026, 9, 1)), "from 2026-06-03 to 2026-08-02"),
        (
            participant_count.participant_count(
                plan_year=YEAR, first_plan_year=False, participant=np.array([True]), has_balance=np.array([True])
            ),
            "1 participants with an account balance on 2026-01-01 count",
        ),
        (
            participant_count.annual_report(participants=120, filed_as_small_the_year_before=True),
            "files Form 5500-SF because with 80 to 120 participants it files as the year before, without "
            "an auditor's report",
        ),
        (
            participant_count.one_participant_report(total_assets_of_all_such_plans_cents=0, year=CalendarYear(2026)),
            "No annual report is due",
        ),
        (
            bond.bond(funds=(bond.HandledFunds("A", 10_000_000),), plan_year=YEAR),
            "at least $10,000.00 is required: A: $10,000.00 (ten percent of funds handled)",
        ),
        (
            bond.audit_waiver(total_assets_cents=100, non_qualifying_cents=50, bond_cents=0),
            "a bond that is $0.50 higher: only 50.00 % are qualifying",
        ),
        (bond.audit_waiver(total_assets_cents=100, non_qualifying_cents=50, bond_cents=50), "the bond covers $0.50"),
        (bond.audit_waiver(total_assets_cents=100, non_qualifying_cents=5, bond_cents=0), "no audit is needed"),
        (
            tax_credits.automatic_enrollment_credit(
                year=CalendarYear(2026),
                credit_year=1,
                arrangement_in_plan=True,
                employees_paid_5000_year_before=1,
            ),
            "The credit is $500.00, at most $500.00 (IRC 45T).",
        ),
        (
            tax_credits.automatic_enrollment_credit(
                year=CalendarYear(2026),
                credit_year=1,
                arrangement_in_plan=False,
                employees_paid_5000_year_before=1,
            ),
            "There is no credit: the plan had no eligible automatic contribution arrangement",
        ),
        (
            tax_credits.contribution_credit(
                year=CalendarYear(2023),
                years_since_established=0,
                contributions=np.array([100_000]),
                wages=np.array([1]),
                employees_year_before=60,
            ),
            "is $800.00: $1,000.00, reduced by 20.00 %",
        ),
        (
            tax_credits.contribution_credit(
                year=CalendarYear(2023),
                years_since_established=9,
                contributions=np.array([100_000]),
                wages=np.array([1]),
                employees_year_before=60,
            ),
            "it is not a credit year",
        ),
        (
            tax_credits.savers_match(
                year=CalendarYear(2027),
                filing=tax_credits.Filing.JOINT,
                modified_agi_cents=0,
                contributions_cents=100_000,
            ),
            "The saver's match is $500.00, 50 % of what counts",
        ),
        (
            retention.retention(record=retention.Record.BENEFITS_OF_A_PERSON),
            "as long as a benefit may become due",
        ),
        (
            self_correction.self_correction_period(plan_year=YEAR, identified_on=date(2027, 1, 2)),
            "certainly in time until 2028-07-31",
        ),
        (
            self_correction.self_correction_period(plan_year=YEAR, identified_on=date(2027, 1, 2), egregious=True),
            "cannot be self-corrected: egregious diversion or abusive",
        ),
        (
            self_correction.excess_additions_practice(
                limitation_year=LimitationYear.starting(date(2026, 1, 1)),
                has_elective_deferrals=True,
                has_nonelective_besides_match=False,
            ),
            "is no such practice: the plan has no nonelective contributions besides match",
        ),
        (
            self_correction.one_to_one(
                distributed_cents=1_000,
                compensation=np.array([1, 1]),
                is_hce=np.array([True, False]),
                eligible=np.array([True, True]),
            ),
            "$10.00 go back to highly compensated employees, and $10.00 are contributed and shared among 1 others",
        ),
        (
            self_correction.overpayment_choices(inadvertent=True, over_401a17_or_415=True),
            "has to be corrected; the limits of 401(a)(17) and 415 still hold",
        ),
    ],
)
def test_each_result_of_operations_has_its_sentence(found: object, words: str) -> None:
    assert words in explain(found)

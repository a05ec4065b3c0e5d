"""Filings, notices, participant count, bond, credits and records: exact days and amounts with their sources."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given as prove
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, PlanYear
from open401k.law import NotEnacted, bond, figures, filings, notices, participant_count, retention, tax_credits
from open401k.law.bond import BondBound, HandledFunds
from open401k.law.given import ImpossibleInput
from open401k.law.notices import Due, Notice, PlanFeatures, SafeHarborKind
from open401k.law.participant_count import CountRule, NotShort, ReportForm
from open401k.law.retention import Record
from open401k.law.tax_credits import Filing, NoCredit

YEAR_2025, YEAR_2026 = PlanYear.starting(date(2025, 1, 1)), PlanYear.starting(date(2026, 1, 1))
SHORT = PlanYear(date(2026, 1, 1), date(2026, 5, 1))

# The second typing, from the statutes and the revenue procedure.
TYPED_AGAIN = {
    "missed_deferral_qnec": {2008: 5000},
    "missed_deferral_qnec_reduced": {2015: 2500},
    "missed_after_tax_qnec": {2008: 4000},
    "missed_deferral_safe_harbor": {2008: 300},
    "excise_4975": {1998: 1500},
    "excise_4975_second": {1975: 10000},
    "late_deposit_self_correction": {2025: 1000},
    "bond_rate": {1975: 1000},
    "bond_minimum": {1975: 1000},
    "bond_maximum": {1975: 500000},
    "bond_maximum_employer_securities": {2008: 1000000},
    "form_5500_ez_assets": {2007: 250000},
    "startup_credit_rate": {2002: 5000},
    "startup_credit_rate_small": {2023: 10000},
    "startup_credit_floor": {2002: 500},
    "startup_credit_per_nhce": {2020: 250},
    "startup_credit_cap": {2020: 5000},
    "contribution_credit_cap": {2023: 1000},
    "contribution_credit_step": {2023: 200},
    "auto_enrollment_credit": {2020: 500},
    "military_spouse_participation": {2023: 200},
    "military_spouse_contributions": {2023: 300},
    "eligible_employer_pay": {1997: 5000},
    "savers_match_rate": {2027: 5000},
    "savers_match_base": {2027: 2000},
    "savers_match_range": {2027: 30000},
}


def test_the_figures_equal_the_second_typing() -> None:
    rows = {row.id: row.values for row in figures.all_figures() if row.file == "operations.yaml"}
    assert rows == TYPED_AGAIN


# --- filings


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 7, 31), date(2026, 7, 31)),
        (date(2027, 7, 31), date(2027, 8, 2)),  # a Saturday
        (
            date(2016, 4, 15),
            date(2016, 4, 18),
        ),  # Emancipation Day, a Saturday, observed on that Friday (Rev. Rul. 2015-13)
        (date(2023, 4, 15), date(2023, 4, 18)),  # Saturday; the Monday is Emancipation Day observed
        (date(2021, 12, 31), date(2022, 1, 3)),  # New Year's Day, a Saturday, observed on that Friday
        (date(2026, 7, 3), date(2026, 7, 6)),  # Independence Day, a Saturday
        (date(2025, 1, 20), date(2025, 1, 21)),  # inauguration
    ],
)
def test_a_filing_day_moves_behind_weekends_and_holidays(day: date, due: date) -> None:
    """IRC 7503."""
    assert filings.next_filing_day(day) == due


@pytest.mark.parametrize(
    ("plan_year", "named", "extended"),
    [
        (YEAR_2025, date(2026, 7, 31), date(2026, 10, 15)),
        (PlanYear.starting(date(2025, 7, 1)), date(2027, 1, 31), date(2027, 4, 15)),
        (SHORT, date(2026, 11, 30), date(2027, 2, 16)),  # 15 February 2027 is Washington's Birthday
        (PlanYear.starting(date(2025, 2, 1)), date(2026, 8, 31), date(2026, 11, 16)),  # 15 November is a Sunday
    ],
)
def test_form_5500_and_8955_ssa(plan_year: PlanYear, named: date, extended: date) -> None:
    for found in (filings.form_5500(plan_year), filings.form_8955_ssa(plan_year)):
        assert (found.named, found.extended) == (named, extended)
        assert found.due >= named


def test_other_returns() -> None:
    payee, paper, electronic = filings.form_1099r(CalendarYear(2026))
    assert (payee.due, paper.due, electronic.due) == (date(2027, 2, 1), date(2027, 3, 1), date(2027, 3, 31))
    assert (payee.named, paper.named) == (date(2027, 1, 31), date(2027, 2, 28))
    assert filings.form_945(CalendarYear(2025)).due == date(2026, 2, 2)
    assert filings.form_945(CalendarYear(2025), all_deposits_on_time=True).due == date(2026, 2, 10)
    assert filings.form_5330_for_4979(YEAR_2026).due == date(2028, 3, 31)
    assert filings.form_5330_for_4979(PlanYear.starting(date(2025, 12, 1))).named == date(2028, 2, 29)
    assert filings.form_5330_for_4975(tax_year_ends_on=date(2025, 12, 31)).due == date(2026, 7, 31)
    assert filings.form_5310a(merger_on=date(2026, 7, 1)).due == date(2026, 6, 1)
    assert filings.report_separation_by(separated_on=date(2026, 5, 5), plan_year=YEAR_2026).start == date(2027, 1, 1)
    with pytest.raises(ImpossibleInput, match="separated_on"):
        filings.report_separation_by(separated_on=date(2027, 5, 5), plan_year=YEAR_2026)


@prove(st.dates(date(2015, 1, 1), date(2040, 12, 31)))
def test_a_filing_day_is_never_earlier_and_stays_when_asked_again(day: date) -> None:
    due = filings.next_filing_day(day)
    assert day <= due <= day + timedelta(days=5)
    assert filings.next_filing_day(due) == due
    assert due.weekday() < 5


# --- notices


def by_notice(found: tuple[Due, ...]) -> dict[Notice, list[Due]]:
    return {notice: [due for due in found if due.notice is notice] for notice in Notice}


def test_the_calendar_of_a_plan_year() -> None:
    features = PlanFeatures(safe_harbor=SafeHarborKind.MATCH, qdia=True, eaca=True)
    found = notices.plan_year_calendar(
        plan_year=YEAR_2026, features=features, fees_last_disclosed_on=date(2025, 11, 15), amended=True
    )
    told = by_notice(found)
    window = (date(2025, 10, 3), date(2025, 12, 2))
    assert [(due.first, due.last) for due in told[Notice.SAFE_HARBOR] + told[Notice.EACA]] == [window] * 2
    assert told[Notice.QDIA][0].last == date(2025, 12, 2)
    assert [due.last for due in told[Notice.STATEMENT]] == [
        date(2026, 5, 15),
        date(2026, 8, 14),
        date(2026, 11, 14),
        date(2027, 2, 14),
    ]
    assert len(told[Notice.FEES_CHARGED]) == 4
    assert told[Notice.FEES_ANNUAL][0].last == date(2027, 1, 15)
    assert (told[Notice.SAR][0].last, told[Notice.SMM][0].last) == (date(2027, 9, 30), date(2027, 7, 29))
    assert len(told[Notice.PAPER_STATEMENT]) == 1
    assert [due.last for due in found] == sorted(due.last for due in found)
    assert all(due.cite and due.about for due in found)


def test_a_first_year_has_no_notice_before_it_and_a_short_one_counts_from_its_end() -> None:
    features = PlanFeatures(qaca=True, safe_harbor=SafeHarborKind.MATCH, qdia=True)
    first = by_notice(notices.plan_year_calendar(plan_year=YEAR_2026, features=features, first_plan_year=True))
    assert not first[Notice.QACA] + first[Notice.QDIA] + first[Notice.SMM]
    short = by_notice(notices.plan_year_calendar(plan_year=SHORT, features=PlanFeatures()))
    assert [due.last for due in short[Notice.STATEMENT]] == [date(2026, 5, 15)]
    assert short[Notice.SAR][0].last == date(2027, 1, 31)
    assert notices.material_modifications(SHORT).last == date(2026, 11, 26)


def test_which_safe_harbors_need_a_notice() -> None:
    """IRC 401(k)(12)(A), (D), 401(m)(11)(A)(ii): a nonelective alone needs none."""

    def told(kind: SafeHarborKind, *, qaca: bool = False) -> set[Notice]:
        found = notices.plan_year_calendar(plan_year=YEAR_2026, features=PlanFeatures(safe_harbor=kind, qaca=qaca))
        return {due.notice for due in found} & {Notice.SAFE_HARBOR, Notice.QACA}

    assert told(SafeHarborKind.NONELECTIVE) == set()
    assert told(SafeHarborKind.MATCH) == told(SafeHarborKind.NONELECTIVE_WITH_ACP_MATCH) == {Notice.SAFE_HARBOR}
    assert told(SafeHarborKind.MATCH, qaca=True) == {Notice.QACA}
    assert told(SafeHarborKind.NONELECTIVE, qaca=True) == set()


def test_what_a_new_participant_is_given() -> None:
    features = PlanFeatures(safe_harbor=SafeHarborKind.MATCH, eaca=True, qdia=True)
    day = date(2026, 7, 1)
    told = by_notice(notices.on_eligibility(eligible_on=day, features=features))
    assert (told[Notice.SAFE_HARBOR][0].first, told[Notice.SAFE_HARBOR][0].last) == (date(2026, 4, 2), day)
    assert told[Notice.EACA][0].in_time(date(2026, 4, 2))
    assert not told[Notice.EACA][0].in_time(date(2026, 4, 1))
    assert told[Notice.QDIA][0].last == day  # 29 CFR 2550.404c-5(c)(3)(i)(B): with permissible withdrawals
    assert told[Notice.SPD][0].last == date(2026, 9, 29)
    without = by_notice(notices.on_eligibility(eligible_on=day, features=PlanFeatures(qdia=True)))
    assert without[Notice.QDIA][0].last == date(2026, 6, 1)
    assert without[Notice.FEES_ANNUAL][0].last == day


@pytest.mark.parametrize(
    ("eaca", "invested", "last"),
    [
        (False, date(2026, 7, 1), date(2026, 6, 1)),
        (False, date(2026, 8, 14), date(2026, 7, 15)),
        (True, date(2026, 7, 15), date(2026, 7, 1)),
        (True, date(2026, 8, 14), date(2026, 7, 15)),
    ],
)
def test_the_qdia_notice_may_count_from_the_first_default_investment(eaca: bool, invested: date, last: date) -> None:
    """29 CFR 2550.404c-5(c)(3)(i)(A): "or at least 30 days in advance of the date of any first investment"."""
    told = notices.on_eligibility(
        eligible_on=date(2026, 7, 1),
        features=PlanFeatures(qdia=True, eaca=eaca),
        first_default_investment_on=invested,
    )
    assert by_notice(told)[Notice.QDIA][0].last == last


def test_descriptions_and_reports() -> None:
    spd = notices.summary_plan_description(participant_on=date(2026, 2, 1), plan_subject_to_erisa_on=date(2026, 1, 15))
    assert spd.last == date(2026, 5, 15)
    assert notices.summary_plan_description(participant_on=date(2026, 2, 1)).last == date(2026, 5, 2)
    five = notices.restated_plan_description(
        reflects_changes_until=date(2021, 6, 30), amended_since=True, plan_year=YEAR_2026
    )
    assert five.last == date(2027, 7, 29)
    ten = notices.restated_plan_description(
        reflects_changes_until=date(2016, 6, 30), amended_since=False, plan_year=PlanYear.starting(date(2026, 7, 1))
    )
    assert ten.last == date(2027, 1, 26)
    assert notices.summary_annual_report(YEAR_2025).last == date(2026, 9, 30)
    assert notices.summary_annual_report(YEAR_2025, form_5500_extended=True).last == date(2026, 12, 15)
    with pytest.raises(ImpossibleInput, match="participant_on"):
        notices.summary_plan_description()


def test_a_blackout_is_longer_than_three_business_days() -> None:
    """29 CFR 2520.101-3(b)(2)(i), (d)(1)(i)."""
    short = notices.blackout(last_day_to_act=date(2026, 6, 2), begins_on=date(2026, 6, 4), ends_on=date(2026, 6, 8))
    assert short is None  # Thursday, Friday and Monday
    found = notices.blackout(last_day_to_act=date(2026, 6, 2), begins_on=date(2026, 6, 4), ends_on=date(2026, 6, 9))
    assert found is not None
    assert (found.first, found.last) == (date(2026, 4, 3), date(2026, 5, 3))


@pytest.mark.parametrize(
    ("due", "most", "least"),
    [
        (notices.rollover_notice(distribution_on=date(2026, 9, 1)), 180, 30),
        (notices.fee_change(effective_on=date(2026, 9, 1)), 90, 30),
        (notices.investment_change(effective_on=date(2026, 9, 1)), 60, 30),
        (notices.safe_harbor_change(effective_on=date(2026, 9, 1)), 90, 30),
    ],
)
def test_windows_before_an_event(due: Due, most: int, least: int) -> None:
    assert (due.first, due.last) == (
        date(2026, 9, 1) - timedelta(days=most),
        date(2026, 9, 1) - timedelta(days=least),
    )


def test_single_days_before_an_event() -> None:
    assert notices.safe_harbor_suspension(effective_on=date(2026, 7, 1)).last == date(2026, 6, 1)
    assert notices.diversification(first_right_on=date(2026, 7, 1)).last == date(2026, 6, 1)
    assert notices.next_fee_disclosure(last_given_on=date(2025, 12, 31)).last == date(2027, 2, 28)


def test_a_plan_that_is_not_directed_by_participants_has_one_statement() -> None:
    features = PlanFeatures(participant_directed=False, reminds_unenrolled_only=True)
    told = by_notice(notices.plan_year_calendar(plan_year=YEAR_2026, features=features))
    assert [due.last for due in told[Notice.STATEMENT]] == [date(2027, 7, 31)]
    assert told[Notice.UNENROLLED][0].last == date(2025, 12, 31)
    assert not told[Notice.FEES_CHARGED]


def test_the_statement_of_such_a_plan_may_wait_for_the_extended_annual_report() -> None:
    """DOL FAB 2007-03: no later than "the date, including extensions, on which the Annual Return/Report" is due."""
    features = PlanFeatures(participant_directed=False)
    calendar = notices.plan_year_calendar(plan_year=YEAR_2026, features=features, form_5500_extended=True)
    assert [due.last for due in by_notice(calendar)[Notice.STATEMENT]] == [date(2027, 10, 15)]


# --- Form 5500: who counts


def test_only_participants_with_balances_count_since_2023() -> None:
    participant, balance = np.array([True] * 5), np.array([True, True, False, False, True])

    def count(year: int, *, first: bool = False) -> tuple[int, date]:
        found = participant_count.participant_count(
            plan_year=PlanYear.starting(date(year, 1, 1)),
            first_plan_year=first,
            participant=participant,
            has_balance=balance,
        )
        return found.counted, found.on

    assert count(2022) == (5, date(2022, 1, 1))
    assert count(2023) == (3, date(2023, 1, 1))
    assert count(2023, first=True) == (3, date(2023, 12, 31))
    with pytest.raises(ImpossibleInput, match="has_balance"):
        participant_count.participant_count(
            plan_year=YEAR_2026, first_plan_year=False, participant=participant, has_balance=balance[:2]
        )


@pytest.mark.parametrize(
    ("participants", "small_before", "form", "rule"),
    [
        (99, None, ReportForm.SHORT, CountRule.UNDER_100),
        (100, None, ReportForm.LARGE, CountRule.FROM_100),
        (120, True, ReportForm.SHORT, CountRule.AS_THE_YEAR_BEFORE),
        (121, True, ReportForm.LARGE, CountRule.FROM_100),
        (80, False, ReportForm.LARGE, CountRule.AS_THE_YEAR_BEFORE),
        (79, False, ReportForm.SHORT, CountRule.UNDER_100),
    ],
)
def test_80_to_120_participants_may_file_as_before(
    participants: int, small_before: bool | None, form: ReportForm, rule: CountRule
) -> None:
    """29 CFR 2520.103-1(d): "between 80 and 120 participants (inclusive)"."""
    found = participant_count.annual_report(participants=participants, filed_as_small_the_year_before=small_before)
    assert (found.form, found.rule, found.audit) == (form, rule, form is ReportForm.LARGE)


def test_a_small_plan_without_the_short_form() -> None:
    """29 CFR 2520.103-1(c)(2)(ii)."""
    told: dict[str, Any] = {"participants": 50, "filed_as_small_the_year_before": True}
    securities = participant_count.annual_report(**told, not_short=(NotShort.EMPLOYER_SECURITIES,))
    assert (securities.form, securities.audit) == (ReportForm.SMALL, False)
    audited = participant_count.annual_report(
        **told, audit_waived=False, not_short=(NotShort.NO_READY_VALUE, NotShort.EMPLOYER_SECURITIES)
    )
    assert audited.audit
    assert audited.not_short == (NotShort.EMPLOYER_SECURITIES, NotShort.AUDIT_NOT_WAIVED, NotShort.NO_READY_VALUE)
    bonded = participant_count.annual_report(**told, audit_waived_by_bond_alone=True)
    assert (bonded.form, bonded.audit, bonded.not_short) == (
        ReportForm.SMALL,
        False,
        (NotShort.AUDIT_WAIVED_BY_BOND,),
    )
    not_elected = participant_count.annual_report(**(told | {"participants": 110}), elects_as_the_year_before=False)
    assert not_elected.form is ReportForm.LARGE


@pytest.mark.parametrize(
    ("assets", "final", "form"),
    [
        (25_000_000, False, ReportForm.NONE),
        (25_000_001, False, ReportForm.ONE_PARTICIPANT),
        (0, True, ReportForm.ONE_PARTICIPANT),
    ],
)
def test_a_plan_of_owners_files_above_250_000(assets: int, final: bool, form: ReportForm) -> None:
    found = participant_count.one_participant_report(
        total_assets_of_all_such_plans_cents=assets, year=CalendarYear(2026), final_year=final
    )
    assert found.form is form


# --- bond


def test_the_example_of_the_regulation_one_bond_for_two_plans() -> None:
    """29 CFR 2580.412-16(c): $100,000 handled for plan A, $500,000 for plan B; a bond of $60,000."""
    found = bond.bond(funds=(HandledFunds("A", 10_000_000), HandledFunds("B", 50_000_000)), plan_year=YEAR_2026)
    assert [each.required_cents for each in found.plans] == [1_000_000, 5_000_000]
    assert found.required_cents == 6_000_000


@pytest.mark.parametrize(
    ("handled", "special", "required", "bound"),
    [
        (999_990, False, 100_000, BondBound.MINIMUM),
        (1_000_000, False, 100_000, BondBound.TEN_PERCENT),
        (500_000_000, False, 50_000_000, BondBound.TEN_PERCENT),
        (500_000_010, False, 50_000_000, BondBound.MAXIMUM),
        (500_000_010, True, 50_000_001, BondBound.TEN_PERCENT),
        (9_000_000_000, True, 100_000_000, BondBound.MAXIMUM),
    ],
)
def test_ten_percent_within_bounds_for_each_plan(handled: int, special: bool, required: int, bound: BondBound) -> None:
    """ERISA 412(a); 29 CFR 2580.412-16(e)."""
    (found,) = bond.bond(funds=(HandledFunds("plan", handled, special),), plan_year=YEAR_2026).plans
    assert (found.required_cents, found.bound) == (required, bound)


@pytest.mark.parametrize(
    ("other", "bonded", "waived", "needed"),
    [(5_000_000, 0, True, 0), (5_000_001, 5_000_000, False, 5_000_001), (5_000_001, 5_000_001, True, 5_000_001)],
)
def test_an_audit_is_waived_by_assets_or_by_a_bond(other: int, bonded: int, waived: bool, needed: int) -> None:
    """29 CFR 2520.104-46(b)(1)(i)(A): at least 95 %, or a bond of not less than the value of the others."""
    found = bond.audit_waiver(total_assets_cents=100_000_000, non_qualifying_cents=other, bond_cents=bonded)
    assert (found.waived, found.bond_needed_cents, found.short_by_cents) == (waived, needed, max(needed - bonded, 0))
    assert found.by_bond is (waived and needed > 0)


def test_impossible_bonds_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match="funds"):
        bond.bond(funds=(), plan_year=YEAR_2026)
    with pytest.raises(ImpossibleInput, match="non_qualifying_cents"):
        bond.audit_waiver(total_assets_cents=1, non_qualifying_cents=2, bond_cents=0)


# --- credits


def startup(**change: Any) -> tax_credits.Credit:
    told: dict[str, Any] = {
        "year": CalendarYear(2026),
        "credit_year": 1,
        "qualified_costs_cents": 600_000,
        "employees_paid_5000_year_before": 20,
        "eligible_nhces": 15,
    }
    return tax_credits.startup_credit(**(told | change))


@pytest.mark.parametrize(
    ("change", "cents"),
    [
        ({}, 375_000),  # 15 x $250
        ({"eligible_nhces": 40}, 500_000),
        ({"eligible_nhces": 1}, 50_000),
        ({"qualified_costs_cents": 100_000}, 100_000),
        ({"employees_paid_5000_year_before": 51, "qualified_costs_cents": 100_000}, 50_000),
        ({"year": CalendarYear(2022), "qualified_costs_cents": 100_000}, 50_000),
    ],
)
def test_the_start_up_credit(change: dict[str, Any], cents: int) -> None:
    """IRC 45E(a), (b), (e)(4)."""
    assert startup(**change).cents == cents


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"employees_paid_5000_year_before": 101}, NoCredit.TOO_MANY_EMPLOYEES),
        ({"plan_in_three_years_before": True}, NoCredit.PLAN_IN_THE_THREE_YEARS_BEFORE),
        ({"eligible_nhces": 0}, NoCredit.NO_NHCE),
        ({"credit_year": 4}, NoCredit.NOT_A_CREDIT_YEAR),
    ],
)
def test_why_there_is_no_start_up_credit(change: dict[str, Any], why: NoCredit) -> None:
    assert (startup(**change).none_because, startup(**change).cents) == (why, 0)


@pytest.mark.parametrize(
    "field", ["eligible_nhces", "employees_paid_5000_year_before", "qualified_costs_cents", "credit_year"]
)
def test_negative_facts_of_a_credit_are_refused_by_field(field: str) -> None:
    with pytest.raises(ImpossibleInput, match=field):
        startup(**{field: -1})


@pytest.mark.parametrize(
    ("since", "employees", "cents"),
    [
        (0, 50, 100_000 + 60_000),
        (1, 50, 100_000 + 60_000),
        (2, 50, 100_000 + 45_000),
        (3, 50, 75_000 + 30_000),
        (4, 50, 37_500 + 15_000),
        (5, 50, 0),
        (0, 75, 80_000),  # 25 above 50: half is left
        (0, 100, 0),
    ],
)
def test_the_credit_for_contributions(since: int, employees: int, cents: int) -> None:
    """IRC 45E(f): contributions of $1,500 and $600, and of somebody paid above the limit, who is left out."""
    found = tax_credits.contribution_credit(
        year=CalendarYear(2023),
        years_since_established=since,
        contributions=np.array([150_000, 60_000, 300_000]),
        wages=np.array([4_000_000, 10_000_000, 10_000_001]),
        employees_year_before=employees,
    )
    assert found.cents == cents


@pytest.mark.parametrize(("since", "why"), [(0, NoCredit.PLAN_IN_THE_THREE_YEARS_BEFORE), (1, None)])
def test_a_plan_of_the_three_years_before_bars_the_year_of_the_new_one_alone(since: int, why: NoCredit | None) -> None:
    """IRC 45E(f)(4): (c)(2) "shall only apply to the taxable year during which the eligible employer plan" begins."""
    found = tax_credits.contribution_credit(
        year=CalendarYear(2023),
        years_since_established=since,
        contributions=np.array([60_000]),
        wages=np.array([4_000_000]),
        employees_year_before=20,
        plan_in_three_years_before=True,
    )
    assert (found.none_because, found.cents) == (why, 60_000 if why is None else 0)


def test_the_wage_limit_of_later_years_is_not_guessed() -> None:
    told: dict[str, Any] = {
        "year": CalendarYear(2027),
        "years_since_established": 0,
        "contributions": np.array([100_000]),
        "wages": np.array([9_000_000]),
        "employees_year_before": 10,
    }
    with pytest.raises(NotEnacted, match="2027"):
        tax_credits.contribution_credit(**told)
    assert tax_credits.contribution_credit(**told, wage_limit_cents=11_000_000).cents == 100_000


def test_the_credits_for_enrollment_and_for_military_spouses() -> None:
    """IRC 45T, 45AA."""
    told: dict[str, Any] = {"year": CalendarYear(2026), "employees_paid_5000_year_before": 20}
    enrolled = tax_credits.automatic_enrollment_credit(**told, credit_year=3, arrangement_in_plan=True)
    assert enrolled.cents == 50_000
    without = tax_credits.automatic_enrollment_credit(**told, credit_year=1, arrangement_in_plan=False)
    assert without.none_because is NoCredit.NO_ARRANGEMENT
    spouses = tax_credits.military_spouse_credit(
        **told,
        contributions=np.array([50_000, 10_000, 50_000, 50_000]),
        is_hce=np.array([False, False, True, False]),
        credit_years=np.array([1, 3, 1, 4]),
    )
    assert spouses.cents == 50_000 + 30_000


@pytest.mark.parametrize(
    ("filing", "income", "percent", "cents"),
    [
        (Filing.JOINT, 4_100_000, 50, 100_000),
        (Filing.JOINT, 5_600_000, 25, 50_000),
        (Filing.JOINT, 4_130_000, 50, 100_000),  # half a point: reduced by nothing
        (Filing.JOINT, 7_100_000, 0, 0),
        (Filing.HEAD_OF_HOUSEHOLD, 3_075_000, 50, 100_000),
        (Filing.HEAD_OF_HOUSEHOLD, 5_325_000, 0, 0),
        (Filing.OTHER, 2_050_000, 50, 100_000),
        (Filing.OTHER, 2_800_000, 25, 50_000),
        (Filing.OTHER, 3_490_000, 2, 4_000),
    ],
)
def test_the_savers_match(filing: Filing, income: int, percent: int, cents: int) -> None:
    """IRC 6433(b): of $3,000 of contributions $2,000 count."""
    found = tax_credits.savers_match(
        year=CalendarYear(2027), filing=filing, modified_agi_cents=income, contributions_cents=300_000
    )
    assert (found.percent, found.cents) == (percent, cents)
    assert found.may_be_credit is (0 < cents < 10_000)


@pytest.mark.parametrize("year", [2026, 2028])
def test_no_savers_match_before_2027_and_none_guessed_after(year: int) -> None:
    with pytest.raises(NotEnacted):
        tax_credits.savers_match(
            year=CalendarYear(year), filing=Filing.JOINT, modified_agi_cents=1, contributions_cents=1
        )


@prove(st.integers(0, 10_000_000), st.integers(0, 1_000_000), st.integers(0, 300_000))
def test_more_income_never_brings_more_match(income: int, more: int, contributions: int) -> None:
    def match(agi: int) -> int:
        return tax_credits.savers_match(
            year=CalendarYear(2027), filing=Filing.OTHER, modified_agi_cents=agi, contributions_cents=contributions
        ).cents

    assert match(income + more) <= match(income) <= contributions // 2 + 1


# --- records


@pytest.mark.parametrize(
    ("record", "filed", "paid", "through"),
    [
        (Record.BEHIND_A_FILING, date(2026, 7, 31), None, date(2032, 7, 31)),
        (Record.WITHHOLDING, date(2026, 1, 31), None, date(2030, 1, 31)),
        (Record.BENEFITS_OF_A_PERSON, date(2026, 7, 31), None, None),
        (Record.BENEFITS_OF_A_PERSON, date(2026, 7, 31), date(2025, 3, 1), date(2032, 7, 31)),
        (Record.PLAN_DOCUMENT, None, date(2040, 2, 29), date(2046, 3, 1)),
    ],
)
def test_how_long_records_are_kept(record: Record, filed: date | None, paid: date | None, through: date | None) -> None:
    """ERISA 107, 209."""
    found = retention.retention(record=record, filed_or_due_on=filed, last_benefit_paid_on=paid)
    assert found.keep_through == through


def test_a_record_without_its_day_is_refused() -> None:
    with pytest.raises(ImpossibleInput, match="filed_or_due_on"):
        retention.retention(record=Record.BEHIND_A_FILING)
    with pytest.raises(ImpossibleInput, match="filed_or_due_on"):
        retention.retention(record=Record.WITHHOLDING)

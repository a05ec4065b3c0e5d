"""Rules at their edges: the last day, the last cent, half a unit, nobody."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from open401k.kernel import CalendarYear, LimitationYear, PlanYear, Source
from open401k.law import (
    allocation,
    automatic_enrollment,
    benefits_rights_features,
    corrections,
    deadlines,
    deductions,
    domestic_relations,
    elapsed_time,
    excess_deferrals,
    forfeitures,
    hardship,
    headcount,
    highly_compensated,
    holdings,
    hours,
    late_deposits,
    loan_defaults,
    loan_schedules,
    long_term_part_time,
    matching,
    minimum_distributions,
    missed_deferrals,
    new_comparability,
    nondiscrimination,
    notices,
    ownership,
    roth,
    targeting,
    tax_credits,
    top_heavy,
    uniform_allocation,
    vesting,
    withdrawals,
)
from open401k.law.eligibility import EligibilityTerms
from open401k.law.given import ImpossibleInput
from open401k.law.matching import MatchFormula
from open401k.law.safe_harbor import BASIC_MATCH, Shortcoming, acp_shortcomings
from open401k.law.safe_harbor_changes import QACA_BASIC_MATCH
from open401k.law.withdrawals import WithdrawalProblem

YEAR = PlanYear.starting(date(2026, 1, 1))


def cents(*each: int) -> np.ndarray:
    return np.array(each, dtype=np.int64)


def flags(*each: bool) -> np.ndarray:
    return np.array(each, dtype=np.bool_)


#: Typed from the calendars of the Federal Reserve, weekdays only.
BANK_HOLIDAYS = {
    2020: ("1-1", "1-20", "2-17", "5-25", "9-7", "10-12", "11-11", "11-26", "12-25"),
    2021: ("1-1", "1-18", "2-15", "5-31", "7-5", "9-6", "10-11", "11-11", "11-25"),
    2022: ("1-17", "2-21", "5-30", "6-20", "7-4", "9-5", "10-10", "11-11", "11-24", "12-26"),
    2023: ("1-2", "1-16", "2-20", "5-29", "6-19", "7-4", "9-4", "10-9", "11-23", "12-25"),
    2024: ("1-1", "1-15", "2-19", "5-27", "6-19", "7-4", "9-2", "10-14", "11-11", "11-28", "12-25"),
    2025: ("1-1", "1-20", "2-17", "5-26", "6-19", "7-4", "9-1", "10-13", "11-11", "11-27", "12-25"),
    2026: ("1-1", "1-19", "2-16", "5-25", "6-19", "9-7", "10-12", "11-11", "11-26", "12-25"),
}


@pytest.mark.parametrize("year", BANK_HOLIDAYS)
def test_bank_holidays_are_those_of_the_federal_reserve(year: int) -> None:
    on_weekdays = sorted(day for day in deadlines.federal_holidays(year) if day.weekday() < 5)
    assert [f"{day.month}-{day.day}" for day in on_weekdays] == list(BANK_HOLIDAYS[year])


def test_shares_that_do_not_make_a_whole_cent_give_none() -> None:
    assert allocation.whole_cents([Fraction(1, 3), Fraction(1, 3)]).tolist() == [0, 0]
    assert allocation.whole_cents([Fraction(5, 3), Fraction(5, 3)]).tolist() == [2, 1]


def test_a_discount_factor_is_rounded_half_up() -> None:
    ages = np.arange(20, 66, dtype=np.int64)
    found = allocation.discount_factors(ages=ages, testing_age=65, interest_bps=850)
    exact = [Fraction(10**9) / Fraction(10_850, 10_000) ** (65 - age) for age in ages.tolist()]
    assert found.tolist() == [int(each + Fraction(1, 2)) for each in exact]


def test_an_account_that_is_over_415_has_no_room_and_not_less() -> None:
    room = allocation.room_under_415(
        section_415_compensation=cents(100_000_00),
        additions_before=cents(90_000_00),
        limitation_year=LimitationYear.starting(YEAR.start),
    )
    assert room.tolist() == [0]


def test_who_is_owed_no_minimum_may_get_nothing_and_not_less() -> None:
    found = allocation.age_weighted(
        budget_cents=1_000,
        compensation=cents(10_000, 10_000),
        factors=cents(1, 0),
        plan_year=YEAR,
        minimum_bps=300,
        minimum_owed_to=flags(True, False),
    )
    assert found.amounts.tolist() == [1_000, 0]


def test_a_point_for_each_cent_of_pay_is_a_unit() -> None:
    told = {"per_year_of_age": 0, "per_year_of_service": 1, "per_unit_of_pay": 1, "plan_year": YEAR}
    one = {"ages": cents(40), "years_of_service": cents(2), "compensation": cents(500)}
    assert allocation.uniform_points(**one, **told, unit_cents=1).tolist() == [502]  # type: ignore[arg-type]
    assert allocation.uniform_points(**one, **told, unit_cents=200_00).tolist() == [2]  # type: ignore[arg-type]
    for unit in (0, 200_01):
        with pytest.raises(ImpossibleInput, match="unit_cents"):
            allocation.uniform_points(**one, **told, unit_cents=unit)  # type: ignore[arg-type]


def test_a_step_tells_the_highest_rate_that_was_reached() -> None:
    found = allocation.pro_rata(budget_cents=150, compensation=cents(1_000, 1_000), plan_year=YEAR, room=cents(50, 100))
    assert found.amounts.tolist() == [50, 100]
    assert found.steps[0].rate_bps == 1_000


@pytest.mark.parametrize(("year", "over"), [(2024, True), (2025, False)])
def test_the_mandate_begins_with_plan_years_of_2025(year: int, over: bool) -> None:
    found = automatic_enrollment.mandate(
        plan_year=PlanYear.starting(date(year, 1, 1)),
        established_on=date(2023, 1, 1),
        employer_exists_since=date(2000, 1, 1),
        first_year_over_ten_employees_ended=date(2010, 12, 31),
    )
    assert (automatic_enrollment.Exemption.BEFORE_2025 is found.exemption) is over


def test_the_default_begins_by_the_earlier_of_the_second_pay_period_and_thirty_days() -> None:
    """Reg. 1.401(k)-3(k)(4)(iii): the earlier of the second pay day after the notice and the first 30 days after it."""
    noticed = date(2026, 3, 2)
    periods = tuple((date(2026, 3, day), date(2026, 3, day + 6)) for day in (3, 10, 17, 24))
    assert automatic_enrollment.latest_default_start(notice_on=noticed, pay_periods=periods) == date(2026, 3, 16)
    monthly = ((date(2026, 3, 3), date(2026, 4, 2)), (date(2026, 4, 3), date(2026, 5, 2)))
    assert automatic_enrollment.latest_default_start(notice_on=noticed, pay_periods=monthly) == date(2026, 4, 2)
    biweekly = tuple((date(2026, 3, day), date(2026, 3, day + 13)) for day in (3, 17))
    late = (*biweekly[:1], (date(2026, 3, 17), date(2026, 4, 5)))
    assert automatic_enrollment.latest_default_start(notice_on=noticed, pay_periods=biweekly) == date(2026, 3, 30)
    assert automatic_enrollment.latest_default_start(notice_on=noticed, pay_periods=late) == date(2026, 4, 5)
    with pytest.raises(ImpossibleInput, match="pay_periods"):
        automatic_enrollment.latest_default_start(notice_on=noticed, pay_periods=periods[:1])


def test_an_election_above_all_of_pay_is_refused_whoever_made_it() -> None:
    with pytest.raises(ImpossibleInput, match="elected_bps"):
        automatic_enrollment.mandated_rates(
            automatic_enrollment.Schedule(300),
            first_contribution=np.array(["2026-01-05", "2026-01-05"], dtype="datetime64[D]"),
            plan_year=YEAR,
            elected_bps=cents(10_001, 300),
        )


@pytest.mark.parametrize(("related", "by_law"), [(True, False), (False, True), (False, False)])
def test_an_order_is_both_of_support_and_of_the_law_of_a_state(related: bool, by_law: bool) -> None:
    found = domestic_relations.order_problems(
        relates_to_support_or_marital_property=related,
        under_state_or_tribal_law=by_law,
        names_and_addresses=True,
        amount_or_percentage=True,
        payments_or_period=True,
        each_plan_named=True,
        asks_other_benefit=False,
        asks_increased_benefit=False,
        benefit_of_earlier_order=False,
    )
    assert found == (domestic_relations.OrderProblem.NOT_A_DOMESTIC_RELATIONS_ORDER,)


def test_a_year_of_severance_ends_on_its_last_day() -> None:
    severed = date(2020, 6, 1)
    for on, years in ((date(2021, 5, 31), 0), (date(2021, 6, 1), 1), (date(2022, 5, 31), 1), (date(2022, 6, 1), 2)):
        assert elapsed_time.one_year_severances(severed=severed, returned=None, on=on) == years


def test_more_paid_than_there_is_leaves_nothing() -> None:
    assert (
        excess_deferrals.adp_refund_after_deferral_refund(excess_contribution_cents=100, excess_deferral_paid_cents=100)
        == 0
    )
    assert (
        corrections.orphan_match(
            deferrals_left=3_000, match_left=3_000, compensation=100_000, formula=MatchFormula.of([(10_000, 300)])
        )
        == 0
    )


def test_a_loss_leaves_a_source_of_hardship_empty_and_not_below() -> None:
    balance = hardship.SourceBalance(Source.PRE_TAX, 100, -200)
    found = hardship.hardship_sources(balances=[balance], plan_year=YEAR)
    assert [each.available_cents for each in found] == [0]


def test_hardship_rules_hold_from_the_first_day_of_2020() -> None:
    told = {
        "need": hardship.Need.MEDICAL,
        "need_cents": 100,
        "balances": [hardship.SourceBalance(Source.PRE_TAX, 100_00)],
    }
    first = date(2020, 1, 1)
    assert hardship.hardship(on=first, plan_year=PlanYear.starting(first), **told) is not None  # type: ignore[arg-type]
    before = date(2019, 12, 31)
    with pytest.raises(ImpossibleInput, match=r"^on"):
        hardship.hardship(on=before, plan_year=PlanYear.starting(date(2019, 1, 1)), **told)  # type: ignore[arg-type]


def test_nobody_without_pay_is_in_the_top_paid_group() -> None:
    assert highly_compensated.top_paid(cents(0, 5, 3), 3).tolist() == [False, True, True]


def test_no_more_people_than_anybody_employs() -> None:
    day = np.array(["2026-01-01"], dtype="datetime64[D]")
    with pytest.raises(ImpossibleInput, match="people"):
        headcount.months_of_service(cents(0), day, day, YEAR, 10**8 + 1)


def test_a_shift_is_of_one_to_24_hours_each() -> None:
    assert hours.shift_hours([24, 1]) == 25
    for shifts in ([8, 25], [0, 8], [25]):
        with pytest.raises(ImpossibleInput, match="shift_lengths"):
            hours.shift_hours(shifts)


def test_hours_of_earnings_need_a_rate() -> None:
    """29 CFR 2530.200b-3(f): earnings over the rate of each time, or all over the lowest."""
    periods = (hours.EarningsAtRate(1_000, 100), hours.EarningsAtRate(600, 200))
    assert hours.hours_from_earnings(periods=periods) == 13
    assert hours.hours_from_earnings(periods=periods, at_lowest_rate=True) == 16
    assert hours.hours_from_earnings(periods=(), at_lowest_rate=True) == 0
    assert hours.hours_from_earnings(periods=(hours.EarningsAtRate(3, 1),)) == 3
    with pytest.raises(ImpossibleInput, match="hourly_rate_cents"):
        hours.hours_from_earnings(periods=(*periods, hours.EarningsAtRate(1, 0)))


def test_computation_periods_end_with_the_last_that_has_begun() -> None:
    periods = hours.computation_periods(commenced=date(2024, 6, 1), until=date(2026, 12, 31))
    assert [first for first, _ in periods] == [date(2024, 6, 1), date(2025, 1, 1), date(2026, 1, 1)]


@pytest.mark.parametrize(("remitted", "too_early"), [(date(2025, 3, 16), True), (date(2025, 3, 17), False)])
def test_self_correction_of_late_deposits_begins_on_17_march_2025(remitted: date, too_early: bool) -> None:
    found = late_deposits.self_correction(principal_cents=100_00, withheld_on=date(2025, 3, 1), remitted_on=remitted)
    assert (late_deposits.SelfCorrectionBar.NOT_YET in found.bars) is too_early


def test_what_was_repaid_beyond_a_deemed_loan_leaves_nothing() -> None:
    found = loan_defaults.after_deemed(
        deemed_cents=100, annual_rate_bps=0, frequency=loan_schedules.Frequency.MONTHLY, periods_since=1,
        repaid_cents=[150],
    )  # fmt: skip
    assert (found.owed_cents, found.interest_since_cents, found.further_deemed_cents, found.basis_cents) == (
        0,
        0,
        0,
        150,
    )


def test_an_account_may_be_emptied_before_its_minimum_and_not_more() -> None:
    told = {"year": CalendarYear(2026), "valuation_cents": 100}
    emptied = minimum_distributions.balance_for_minimum(**told, distributed_after_valuation_cents=100)  # type: ignore[arg-type]
    assert emptied.balance_cents == 0
    with pytest.raises(ImpossibleInput, match="valuation_cents"):
        minimum_distributions.balance_for_minimum(**told, distributed_after_valuation_cents=101)  # type: ignore[arg-type]


@pytest.mark.parametrize(("ends", "is_one"), [(date(2026, 3, 4), False), (date(2026, 3, 5), True)])
def test_a_blackout_is_more_than_three_business_days(ends: date, is_one: bool) -> None:
    found = notices.blackout(last_day_to_act=date(2026, 3, 1), begins_on=date(2026, 3, 2), ends_on=ends)
    assert (found is not None) is is_one
    if found is not None:
        assert (found.first, found.last) == (date(2025, 12, 31), date(2026, 1, 30))


def test_windows_of_notices_count_their_days_and_hold_both_ends() -> None:
    day = date(2026, 7, 1)
    windows = {
        notices.investment_change: (date(2026, 5, 2), date(2026, 6, 1)),
        notices.fee_change: (date(2026, 4, 2), date(2026, 6, 1)),
        notices.safe_harbor_change: (date(2026, 4, 2), date(2026, 6, 1)),
    }
    for asked, (first, last) in windows.items():
        due = asked(effective_on=day)
        assert (due.first, due.last) == (first, last)
        assert due.in_time(first)
        assert due.in_time(last)
        assert not due.in_time(date.fromordinal(first.toordinal() - 1))
        assert not due.in_time(date.fromordinal(last.toordinal() + 1))
    rollover = notices.rollover_notice(distribution_on=day)
    assert (rollover.first, rollover.last) == (date(2026, 1, 2), date(2026, 6, 1))


@pytest.mark.parametrize(("tiers", "rate"), [([(5_000, 600)], 5_000), ([(5_000, 599)], 4_992), ([(5_000, 300)], 2_500)])
def test_a_matching_rate_is_that_at_six_percent_of_pay(tiers: list[tuple[int, int]], rate: int) -> None:
    assert targeting.matching_rate(MatchFormula.of(tiers)) == rate


def test_only_who_deferred_stands_for_the_matching_rate() -> None:
    """Reg. 1.401(m)-2(a)(5)(ii)(C): the NHCEs who made deferrals; nobody: none, and 5 % of pay counts."""
    both = {
        "match": cents(0, 900, 5_000),
        "deferrals": cents(0, 900, 1_000),
        "compensation": cents(10_000, 10_000, 10_000),
        "employed_on_last_day": flags(True, True, True),
    }
    found = targeting.countable_match(**both, eligible_nhce=flags(True, True, False))
    assert (found.representative_rate, found.counted.tolist()) == (10_000, [0, 900, 5_000])
    assert targeting.representative_rate(cents(), flags(), flags()) == 0
    assert targeting.representative_rate(cents(7, 3), flags(True, True), flags(False, False)) == 7


@pytest.mark.parametrize(("match_bps", "above"), [(8_000, True), (10_000, True), (6_600, False)])
def test_a_discretionary_match_is_at_most_four_percent_of_pay(match_bps: int, above: bool) -> None:
    found = acp_shortcomings(MatchFormula.of([(match_bps, 600)]), discretionary=True)
    assert (Shortcoming.DISCRETIONARY_ABOVE_FOUR_PERCENT in found) is above
    exactly = acp_shortcomings(MatchFormula.of([(10_000, 400)]), discretionary=True)
    assert Shortcoming.DISCRETIONARY_ABOVE_FOUR_PERCENT not in exactly


@pytest.mark.parametrize(("employees", "none"), [(100, False), (101, True)])
def test_a_small_employer_has_at_most_a_hundred(employees: int, none: bool) -> None:
    found = tax_credits.startup_credit(
        year=CalendarYear(2026), credit_year=1, qualified_costs_cents=1_000_00,
        employees_paid_5000_year_before=employees, eligible_nhces=4,
    )  # fmt: skip
    assert (found.none_because is tax_credits.NoCredit.TOO_MANY_EMPLOYEES) is none


def test_no_top_heavy_minimum_is_nothing_and_not_less() -> None:
    """Who is owed nothing was given nothing toward it, and a key employee without pay has no rate."""
    found = top_heavy.minimum_scenarios(
        is_key=flags(True, False, False),
        owed_to=flags(True, True, False),
        compensation=cents(0, 100_00, 100_00),
        deferrals=cents(0, 0, 0),
        match=cents(5, 7, 9),
        nonelective=cents(0, 0, 0),
    )
    assert (int(found.highest_key_rate_bps), found.minimum.tolist(), found.given.tolist()) == (0, [0, 0, 0], [0, 0, 0])
    nobody = top_heavy.minimum_scenarios(
        is_key=flags(), owed_to=flags(), compensation=cents(), deferrals=cents(), match=cents(), nonelective=cents()
    )
    assert int(nobody.highest_key_rate_bps) == 0


@pytest.mark.parametrize(
    ("schedule", "steps"),
    [
        (vesting.GRADED_2_TO_6, (0, 0, 2_000, 4_000, 6_000, 8_000, 10_000, 10_000)),
        (vesting.CLIFF_3, (0, 0, 0, 10_000, 10_000)),
        (vesting.QACA_CLIFF_2, (0, 0, 10_000, 10_000)),
        (vesting.IMMEDIATE, (10_000, 10_000)),
    ],
)
def test_the_schedules_of_the_code_step_by_step(schedule: vesting.Schedule, steps: tuple[int, ...]) -> None:
    """IRC 411(a)(2)(B)(ii), (iii), 401(k)(13)(D)(iii)(I)."""
    years = np.arange(len(steps), dtype=np.int64)
    assert vesting.vested_bps(schedule, years).tolist() == list(steps)
    assert vesting.vested_bps(schedule, cents(-1)).tolist() == [steps[0]]


@pytest.mark.parametrize(
    ("on", "ended", "outside"),
    [
        (date(2026, 3, 1), None, False),
        (date(2026, 2, 28), None, True),
        (date(2026, 9, 30), date(2026, 9, 30), False),
        (date(2026, 10, 1), date(2026, 9, 30), True),
        (date(2026, 2, 28), date(2026, 9, 30), True),
    ],
)
def test_a_reservist_is_paid_from_the_order_to_the_end_of_the_duty(on: date, ended: date | None, outside: bool) -> None:
    """IRC 72(t)(2)(G)(iii)(III)."""
    found = withdrawals.reservist(
        on=on, deferrals_cents=100, ordered_on=date(2026, 3, 1), ordered_for_days=None, duty_ended_on=ended
    )
    assert (WithdrawalProblem.OUTSIDE_WINDOW in found.problems) is outside


@pytest.mark.parametrize(
    ("begins", "declared", "last"),
    [
        (date(2022, 1, 5), date(2022, 2, 1), date(2023, 6, 26)),
        (date(2024, 1, 5), date(2024, 2, 1), date(2024, 7, 29)),
        (date(2024, 2, 1), date(2024, 1, 5), date(2024, 7, 29)),
    ],
)
def test_a_disaster_is_open_until_before_its_180th_day(begins: date, declared: date, last: date) -> None:
    """IRC 72(t)(11)(F)(ii): 180 days after the later of the incident, the declaration and 29 December 2022."""
    for on, outside in ((last, False), (date.fromordinal(last.toordinal() + 1), True)):
        found = withdrawals.disaster_recovery(
            on=on, vested_cents=100, incident_begins=begins, declared_on=declared, lives_in_area_with_loss=True
        )
        assert (WithdrawalProblem.OUTSIDE_WINDOW in found.problems) is outside


def test_one_of_32_is_rounded_half_up() -> None:
    none = np.zeros(32, dtype=np.bool_)
    found = benefits_rights_features.nondiscriminatory_availability(
        is_hce=none, excluded=none, currently_available=np.arange(32) == 0
    )
    assert (found.nhce_share_effective, found.hce_share_effective) == (313, 0)


@pytest.mark.parametrize(("given_", "uniform"), [((1, 5), True), ((1, 6), False)])
def test_one_rate_may_only_just_give_everybodys_amount(given_: tuple[int, int], uniform: bool) -> None:
    """To the half cent: 1 of 10 cents is a rate of 5 to 15 %, 5 of 30 of 15 to 18.3 %, 6 of more."""
    found = uniform_allocation.uniform_allocation(
        allocations=cents(*given_),
        compensation=cents(10, 30),
        benefiting=flags(True, True),
        is_hce=flags(False, False),
    )
    assert (uniform_allocation.UniformBy.PERCENTAGE in found.by) is uniform


def test_years_of_a_long_term_part_time_employee_are_consecutive() -> None:
    """IRC 401(k)(15)(B)(i)(II): a period between two that is not on file breaks the run."""

    def status(*years: int) -> long_term_part_time.PartTimeStatus:
        return long_term_part_time.long_term_part_time(
            born=date(1980, 1, 1),
            periods=tuple(long_term_part_time.HoursOfPeriod(date(year, 1, 1), 600) for year in years),
            plan_year=YEAR,
            terms=EligibilityTerms(service_months=12, hours_in_year=1_000),
        ).status

    assert status(2024, 2025) is long_term_part_time.PartTimeStatus.LONG_TERM_PART_TIME
    assert status(2023, 2025) is long_term_part_time.PartTimeStatus.NOT_YET


def test_the_match_of_a_negative_payroll_is_nothing() -> None:
    formula = MatchFormula.of([(10_000, 300)])
    assert matching.match(cents(-5), cents(100), formula).tolist() == [0]
    assert matching.nonelective(cents(-100_00), 300).tolist() == [0]


def test_an_offset_that_is_not_allowed_offsets_and_taxes_nothing() -> None:
    found = loan_defaults.loan_offset(offset_cents=500, offset_on=date(2026, 3, 1), severed_on=None)
    assert (found.offset_cents, found.taxable_cents, found.rollover_by) == (0, 0, None)


def test_what_is_kept_of_a_roth_payment_is_taxed_only_if_it_is() -> None:
    """Reg. 1.402A-1 A-5(b): a qualified distribution is not taxed, whatever part of it is rolled over."""
    for qualified, taxed in ((True, 0), (False, 60)):
        payment = roth.roth_payment(gross_cents=200, basis_cents=100, income_cents=100, qualified=qualified)
        found = roth.roth_rollover_part(payment=payment, rolled_cents=40)
        assert (found.rolled_income_cents, found.kept_income_cents, found.taxable_cents) == (40, 60, taxed)


def test_a_refund_of_a_test_that_passed_needs_the_columns_of_every_hce() -> None:
    test = nondiscrimination.adp_test(
        contributions=cents(100, 100), compensation=cents(1_000, 1_000), is_hce=flags(False, True),
        eligible=flags(True, True),
    )  # fmt: skip
    assert test.passed
    assert corrections.refund(test, catch_up_room=[0, 0]).total_cents == 0
    with pytest.raises(ImpossibleInput, match="catch_up_room"):
        corrections.refund(test, catch_up_room=[0])


def test_nobody_new_is_deemed_paid_out_of_a_deemed_cash_out() -> None:
    found = forfeitures.cash_out(account_cents=500, vested_bps=0, paid_cents=0)
    assert (found.vested_cents, found.paid_cents, found.forfeited_cents) == (0, 0, 500)


def test_stints_without_a_gap_are_one_and_a_year_is_complete_on_its_day() -> None:
    """Reg. 1.410(a)-7(b)(6): months across a spanned severance are not cut; 30 days make one."""
    stints = (
        elapsed_time.Stint(date(2024, 1, 20), ended=date(2024, 5, 10)),
        elapsed_time.Stint(date(2024, 8, 1)),
    )
    found = elapsed_time.elapsed_service(stints=stints, on=date(2025, 1, 20))
    assert [each.spanned for each in found.stretches] == [False, True, False]
    assert (found.months, found.days_over, found.whole_years) == (12, 0, 1)
    assert found.year_completed_on == date(2025, 1, 20)
    before = elapsed_time.elapsed_service(stints=stints, on=date(2025, 1, 19))
    assert (before.months, before.days_over, before.whole_years, before.year_completed_on) == (11, 30, 0, None)
    apart = (elapsed_time.Stint(date(2024, 1, 1), ended=date(2024, 1, 31)), elapsed_time.Stint(date(2026, 3, 1)))
    added = elapsed_time.elapsed_service(stints=apart, on=date(2026, 3, 10))
    assert (added.months, added.days_over) == (1, 9)


@pytest.mark.parametrize(("union", "out"), [(8, False), (9, True)])
def test_union_people_are_left_out_from_nine_tenths_on(union: int, out: bool) -> None:
    """Reg. 1.414(q)-1T A-9(b)(1)(iii)."""
    nobody = np.zeros(10, dtype=np.bool_)
    found = headcount.headcount(
        months_of_service=np.full(10, 12, dtype=np.int64), under_21=np.arange(10) == 9, part_time=nobody,
        union=np.arange(10) < union, covers_union=False,
        missing={headcount.NotOnFile(next(iter(headcount.NotOnFile))): np.arange(10) >= 8},
    )  # fmt: skip
    assert (headcount.LeftOut.UNION in found.left_out) is out
    assert found.left_out[headcount.LeftOut.AGE] == 1
    assert list(found.not_on_file.values()) == ([] if out else [1])


def test_a_loan_that_falls_behind_grows_at_each_due_date() -> None:
    """Reg. 1.72(p)-1 Q&A-10(b): with a rate of 12 % a year and a month each, one percent a month."""
    terms = loan_schedules.LoanTerms(
        principal_cents=10_000_00, annual_rate_bps=1_200, installments=12,
        frequency=loan_schedules.Frequency.MONTHLY, loan_on=date(2026, 1, 1),
    )  # fmt: skip
    schedule = loan_schedules.loan_schedule(terms=terms)
    for on, owed in (
        (date(2026, 1, 1), 10_003_23),
        (date(2026, 1, 31), 10_100_00),
        (date(2026, 2, 28), 10_201_00),
        (date(2026, 3, 15), 10_250_36),
    ):
        assert loan_defaults.balance_unpaid(schedule=schedule, installments_paid=0, on=on) == owed


def test_an_order_of_five_percent_makes_no_five_percent_owner() -> None:
    """IRC 416(i)(1)(B)(i): more than 5 percent."""
    for bps, owner in ((500, False), (501, True), (505, True)):
        held = holdings.DeemedOwnership("A", "X", Fraction(bps, 10_000), Fraction(0), {})
        assert held.five_percent_owner is owner


def test_a_spouse_who_is_not_born_yet_is_refused() -> None:
    told = {"year": CalendarYear(2026), "born_on": date(1940, 1, 1), "retired_on": None, "balance_cents": 1_000}
    found = minimum_distributions.lifetime_minimum(**told, spouse_born_on=date(2026, 5, 1))  # type: ignore[arg-type]
    assert found.spouse_age == 0
    with pytest.raises(ImpossibleInput, match="spouse_born_on"):
        minimum_distributions.lifetime_minimum(**told, spouse_born_on=date(2027, 1, 1))  # type: ignore[arg-type]


def test_totals_are_the_sum_of_their_parts() -> None:
    own = deductions.SelfEmployedContribution
    values = {name: place for place, name in enumerate(own.__dataclass_fields__, start=1)}
    found = own(**values)  # type: ignore[arg-type]
    assert found.total_cents == sum(values[name] for name in ("employer_cents", "deferral_cents", "catch_up_cents"))
    missed = missed_deferrals.MissedContributions(cents(1, 2), cents(10, 20), cents(100, 200))
    assert missed.total_cents == 333


@pytest.mark.parametrize(("on", "before_law"), [(date(2022, 12, 29), True), (date(2022, 12, 30), False)])
def test_terminal_illness_begins_after_the_enactment(on: date, before_law: bool) -> None:
    """SECURE 2.0 s. 326(b): distributions made after 29 December 2022."""
    found = withdrawals.terminal_illness(
        on=on, vested_cents=100, certified_on=on, expected_months=84, event_opens_plan=True
    )
    assert (WithdrawalProblem.BEFORE_LAW in found.problems) is before_law
    assert found.available_cents == (0 if before_law else 100)


@pytest.mark.parametrize(("on", "before_law"), [(date(2025, 12, 29), True), (date(2025, 12, 30), False)])
def test_long_term_care_begins_three_years_after_the_enactment(on: date, before_law: bool) -> None:
    """SECURE 2.0 s. 334(e): distributions made after 29 December 2025."""
    found = withdrawals.long_term_care(on=on, vested_cents=10_000, premiums_of_year_cents=600, statement_filed=True)
    assert (WithdrawalProblem.BEFORE_LAW in found.problems) is before_law


@pytest.mark.parametrize(("begins", "before_law"), [(date(2021, 1, 25), True), (date(2021, 1, 26), False)])
def test_disasters_count_whose_incident_begins_30_days_after_27_december_2020(begins: date, before_law: bool) -> None:
    """SECURE 2.0 s. 331(d); declared after that 27 December (72(t)(11)(E)) is then every one of them."""
    found = withdrawals.disaster_recovery(
        on=date(2023, 1, 5), vested_cents=100, incident_begins=begins, declared_on=begins, lives_in_area_with_loss=True
    )
    assert (WithdrawalProblem.BEFORE_LAW in found.problems) is before_law


def test_the_basic_matches_of_the_code_percent_by_percent() -> None:
    """IRC 401(k)(12)(B)(i): 3 % of pay in full, half of the next 2; (13)(D)(i)(I): 1 % in full, half of the next 5."""
    pay = np.full(8, 1_000_000_00, dtype=np.int64)
    deferred = np.arange(8, dtype=np.int64) * 10_000_00
    basic, automatic = (matching.match(deferred, pay, formula) for formula in (BASIC_MATCH, QACA_BASIC_MATCH))
    assert (basic // 5_000_00).tolist() == [0, 2, 4, 6, 7, 8, 8, 8]
    assert (automatic // 5_000_00).tolist() == [0, 2, 3, 4, 5, 6, 7, 7]
    assert not (basic % 5_000_00).any()
    assert not (automatic % 5_000_00).any()


@pytest.mark.parametrize(("credit_year", "open_"), [(0, False), (1, True), (3, True), (4, False)])
def test_start_up_costs_are_credited_for_three_years(credit_year: int, open_: bool) -> None:
    """IRC 45E(b), (d)(3)."""
    found = tax_credits.startup_credit(
        year=CalendarYear(2026), credit_year=credit_year, qualified_costs_cents=1_000_00,
        employees_paid_5000_year_before=10, eligible_nhces=4,
    )  # fmt: skip
    assert (found.none_because is None) is open_
    assert (found.cents, found.limit_cents > 0) == ((1_000_00, True) if open_ else (0, False))


def test_one_percent_of_all_makes_no_one_percent_owner() -> None:
    """IRC 416(i)(1)(B)(ii): more than 1 percent."""
    found = ownership.ownership(cents(100, 101, 9_799), family=[])
    assert found.one_percent_owner.tolist() == [False, True, True]


def test_each_group_is_given_its_own_and_nothing_of_another() -> None:
    found = new_comparability.by_groups(
        group_of_each=cents(0, 1, 1), budget_of_group_cents=(300, 200), compensation=cents(1, 1_000, 3_000),
        plan_year=YEAR,
    )  # fmt: skip
    assert [each.amounts.tolist() for each in found] == [[300, 0, 0], [0, 50, 150]]
    with pytest.raises(ImpossibleInput, match="group_of_each"):
        new_comparability.by_groups(
            group_of_each=cents(0, 2), budget_of_group_cents=(1, 2), compensation=cents(1, 1), plan_year=YEAR
        )

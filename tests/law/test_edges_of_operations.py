"""Loans, missed deferrals, hours, rollovers and minimums at their edges, and what may be told of any fact."""

from dataclasses import astuple
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest

from open401k.kernel import CalendarYear, PlanYear, Source
from open401k.law import (
    given,
    hardship,
    hours,
    loan_defaults,
    loans,
    minimum_distributions,
    missed_deferrals,
    rollovers,
)
from open401k.law.given import ImpossibleInput, check_facts
from open401k.law.loan_schedules import Frequency, LoanTerms, due_on, latest_permissible_term, loan_schedule
from open401k.law.matching import MatchFormula
from open401k.law.missed_deferrals import Basis, MissedDeferral, Relief
from tests.law import naive_amounts as naive
from tests.law import naive_events

YEAR = PlanYear.starting(date(2026, 1, 1))


def cents(*each: int) -> np.ndarray:
    return np.array(each, dtype=np.int64)


# Facts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "most", "least"),
    [
        ("rate_bps", 1_000_000, 0),
        ("plan_age", 1_000, 0),
        ("ages", 1_000, 0),
        ("credited_hours", 100_000, 0),
        ("periods", 100_000, 0),
        ("balance_cents", 10**14, 0),
        ("paid_in_years", 10**14, 0),  # but "paid_" is money
        ("income_cents", 10**14, -(10**14)),
        ("net_earnings_bps", 1_000_000, -1_000_000),
    ],
)
def test_how_much_a_fact_may_be(field: str, most: int, least: int) -> None:
    field = field.replace("paid_in_years", "paid_on_severance_1_years")
    for told in (most, least):
        check_facts({field: told})
        check_facts({field: cents(told)})
    for told in (most + 1, least - 1):
        for value in (told, cents(told)):
            with pytest.raises(ImpossibleInput) as caught:
                check_facts({field: value})
            assert caught.value.field == field


def test_what_all_people_of_a_plan_have_together() -> None:
    check_facts({"balances": np.full((2, 4), 10**14)})
    with pytest.raises(ImpossibleInput):
        check_facts({"balances": cents(10**14, 10**14, 10**14, 10**14, 1)})
    check_facts({"income": cents(-(10**14), -(10**14), -(10**14), -(10**14))})
    with pytest.raises(ImpossibleInput):
        check_facts({"income": cents(-(10**14), 10**14, 10**14, 10**14, 1)})


def test_first_and_last_day_that_a_plan_knows() -> None:
    for day, known in (
        (date(1899, 12, 31), False),
        (date(1900, 1, 1), True),
        (date(2199, 12, 31), True),
        (date(2200, 1, 1), False),
    ):
        if known:
            check_facts({"on": day})
        else:
            with pytest.raises(ImpossibleInput):
                check_facts({"on": day})
    check_facts({"entry": np.array(["1900-01-01", "2999-12-31", "NaT"], dtype="datetime64[D]")})
    for text in ("1899-12-31", "3000-01-01"):
        with pytest.raises(ImpossibleInput):
            check_facts({"entry": np.array([text], dtype="datetime64[D]")})


@pytest.mark.parametrize(
    ("start", "is_one"),
    [((2, 28), True), ((2, 29), False), ((12, 31), True), ((0, 1), False), ((13, 1), False), ((1, 0), False)],
)
def test_on_which_days_a_plan_year_begins(start: tuple[int, int], is_one: bool) -> None:
    """29 February is no day of every year."""
    if is_one:
        check_facts({"plan_year_start": start})
    else:
        with pytest.raises(ImpossibleInput):
            check_facts({"plan_year_start": start})


@pytest.mark.parametrize("months", range(26))
def test_months_are_counted_on_the_fingers(months: int) -> None:
    for day in (date(2023, 12, 31), date(2024, 1, 30), date(2024, 2, 29), date(2025, 11, 1)):
        last = naive_events.end_of_month_after(day, months)
        assert given.add_months(day, months) == last.replace(day=min(day.day, last.day))


# Loans --------------------------------------------------------------------------------------------------------------

IN_A_YEAR = {
    Frequency.WEEKLY: 52,
    Frequency.BIWEEKLY: 26,
    Frequency.SEMIMONTHLY: 24,
    Frequency.MONTHLY: 12,
    Frequency.QUARTERLY: 4,
}


@pytest.mark.parametrize("frequency", Frequency)
@pytest.mark.parametrize(("principal", "rate_bps"), [(1, 875), (100_000, 0), (999_999, 750), (5_000_000, 1_025)])
def test_installments_are_the_interest_of_the_period_and_the_rest(
    frequency: Frequency, principal: int, rate_bps: int
) -> None:
    """IRC 72(p)(2)(C): the payment whose present value at the rate of the period is the loan."""
    count, loan_on = 13, date(2026, 1, 31)
    schedule = loan_schedule(LoanTerms(principal, rate_bps, count, frequency, loan_on))
    rate = Fraction(rate_bps, 10_000 * IN_A_YEAR[frequency])
    worth_of_one = sum((1 / (1 + rate) ** number for number in range(1, count + 1)), Fraction(0))
    assert schedule.level_payment_cents == naive.nearest(principal / worth_of_one)
    owed, interest_paid = principal, 0
    for number, row in enumerate(schedule.installments, start=1):
        interest = naive.nearest(owed * rate)
        paid = min(schedule.level_payment_cents, owed + interest) if number < count else owed + interest
        assert (row.payment_cents, row.interest_cents) == (paid, interest)
        owed, interest_paid = owed + interest - paid, interest_paid + interest
        assert (row.number, row.balance_cents, schedule.balance_after(number)) == (number, owed, owed)
        months = {Frequency.MONTHLY: number, Frequency.QUARTERLY: 3 * number}.get(frequency, 0)
        weeks = {Frequency.WEEKLY: number, Frequency.BIWEEKLY: 2 * number}.get(frequency, 0)
        end = naive_events.end_of_month_after(loan_on, months) if months else loan_on + timedelta(weeks=weeks)
        if frequency is Frequency.SEMIMONTHLY:  # the first half of a month is fifteen days
            whole, half = divmod(number, 2)
            end = naive_events.end_of_month_after(loan_on, whole) + timedelta(days=15 * half)
        assert row.due_on == due_on(schedule.terms, number) == end - timedelta(days=1)
    assert (owed, schedule.total_interest_cents, schedule.balance_after(0)) == (0, interest_paid, principal)


def test_five_years_of_a_loan_end_the_day_before() -> None:
    """Reg. 1.72(p)-1 Q&A-9(d) Example 1; military service moves the day, 414(u)(4)."""
    assert latest_permissible_term(loan_on=date(2026, 7, 1)) == date(2031, 6, 30)
    assert latest_permissible_term(loan_on=date(2026, 7, 1), military_suspension_months=7) == date(2032, 1, 31)


def test_the_highest_balance_of_the_year_before_a_loan() -> None:
    """IRC 72(p)(2)(A)(i)(I): the year that ends the day before; what was owed as it began counts."""

    def highest(*rows: tuple[date, int]) -> int:
        return loans.highest_balance(
            balances=tuple(loans.BalanceOn(on, owed) for on, owed in rows), loan_on=date(2026, 7, 1)
        )

    assert highest() == 0
    assert highest((date(2025, 7, 1), 5), (date(2026, 6, 30), 9), (date(2026, 7, 1), 90)) == 9
    assert highest((date(2025, 6, 30), 9), (date(2025, 7, 1), 5)) == 9
    assert highest((date(2025, 6, 29), 9), (date(2025, 6, 30), 7), (date(2026, 1, 1), 5)) == 7


def test_an_offset_within_a_year_of_leaving() -> None:
    """Reg. 1.402(c)-3(a)(2)(iii)(A), (B)."""

    def offset(on: date, deemed: int = 0) -> loan_defaults.LoanOffset:
        return loan_defaults.loan_offset(
            offset_cents=100, deemed_before_cents=deemed, offset_on=on, severed_on=date(2025, 3, 10),
            failed_to_repay=True, met_72p_until_then=True, plan_terminated=False, other_event_allows=False,
        )  # fmt: skip

    kinds = [offset(date(2026, 3, day)).kind is loan_defaults.OffsetKind.QUALIFIED_PLAN_LOAN_OFFSET for day in (10, 11)]
    assert kinds == [True, False]
    parts = [offset(date(2026, 3, 1), deemed) for deemed in (0, 99, 100, 101)]
    assert [(each.taxable_cents, each.deemed_before_cents) for each in parts] == [(100, 0), (1, 99), (0, 100), (0, 100)]


# Missed deferrals ---------------------------------------------------------------------------------------------------


def test_what_was_missed_stays_within_the_limit() -> None:
    """Rev. Proc. 2021-30 App. A .05(2)(b), (d): the part above the limit is not missed."""
    pay, deferred, limit = cents(1_000_00, 1_000_00, 1_000_00), cents(0, 75_00, 110_00), cents(100_00, 100_00, 100_00)
    found = missed_deferrals.missed_deferrals(
        basis=Basis.ELECTION, compensation=pay, rate_bps=500, deferred=deferred, limit=limit, plan_year=YEAR
    )
    assert found.missed.tolist() == [50_00, 25_00, 0]
    three = missed_deferrals.missed_deferrals(
        basis=Basis.SAFE_HARBOR_NONELECTIVE, compensation=cents(1_000_16, 1_000_17), plan_year=YEAR
    )
    assert three.missed.tolist() == [30_00, 30_01]  # 3 %, half up
    for matched, rate in ((299, 300), (301, 301)):
        of_match = missed_deferrals.missed_deferrals(
            basis=Basis.SAFE_HARBOR_MATCH, compensation=cents(100_00), fully_matched_up_to_bps=matched, plan_year=YEAR
        )
        assert of_match.missed.tolist() == [rate]
    with pytest.raises(ImpossibleInput):
        missed_deferrals.missed_deferrals(
            basis=Basis.ELECTION, compensation=pay, rate_bps=cents(0, 10_001, 0), plan_year=YEAR
        )


def test_the_match_that_was_missed_is_what_the_formula_still_gives() -> None:
    """App. A .05(2)(c): on what was and what would have been deferred, less what was matched."""
    missed = MissedDeferral(Basis.ELECTION, cents(500, 500, 500), cents(50_00, 20_00, 50_00), cents(0, 0, 0))
    formula = MatchFormula.of([(10_000, 300), (5_000, 500)])
    pay, deferred = cents(1_000_00, 1_000_00, 1_000_00), cents(0, 20_00, 50_00)
    found = missed_deferrals.missed_contributions(
        missed, relief=Relief.HALF, plan_year=YEAR, formula=formula, compensation=pay, deferred=deferred
    )
    assert found.qnec.tolist() == [25_00, 10_00, 25_00]
    assert found.match.tolist() == [40_00, 35_00 - 20_00, 0]
    told = missed_deferrals.missed_contributions(
        missed, relief=Relief.QUARTER, plan_year=YEAR, formula=formula, compensation=pay, deferred=deferred,
        matched=cents(40_01, 34_99, 0), missed_after_tax=cents(1, 2, 10_00),
    )  # fmt: skip
    assert (told.match.tolist(), told.after_tax_qnec.tolist()) == ([0, 1, 40_00], [0, 1, 4_00])
    assert told.total_cents == (12_50 + 5_00 + 12_50) + 40_01 + 4_01


@pytest.mark.parametrize(
    ("limit", "deferred", "missed"),
    [(8_001, 0, 4_001), (8_000, 3_999, 4_000), (8_000, 4_001, 3_999), (8_000, 8_001, 0)],
)
def test_half_of_a_catch_up_is_missed(limit: int, deferred: int, missed: int) -> None:
    """Rev. Proc. 2021-30 App. A .05(4)."""
    found = missed_deferrals.missed_catch_up_cents(catch_up_limit_cents=limit, deferred_catch_up_cents=deferred)
    assert found == missed


# Hours, hardship, minimums ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan_month", [1, 4, 7, 12])
@pytest.mark.parametrize("switch", [True, False])
def test_computation_periods_one_by_one(plan_month: int, switch: bool) -> None:
    """29 CFR 2530.202-2(a), (b): every period that begins by the day, none twice, one year each."""
    commenced = date(2023, 7, 1)
    first = date(2024, 7, 1)
    for until in (date(2023, 7, 1), date(2024, 6, 30), date(2024, 7, 1), date(2026, 12, 31)):
        wanted = [(commenced, first)]
        begins = first if not switch else date(2024 if plan_month <= 7 else 2023, plan_month, 1)
        while begins <= until:
            wanted.append((begins, begins.replace(year=begins.year + 1)))
            begins = begins.replace(year=begins.year + 1)
        found = hours.computation_periods(
            commenced=commenced, until=until, plan_year_start=(plan_month, 1), switch_to_plan_year=switch
        )
        assert list(found) == wanted


def test_a_shift_is_up_to_a_day() -> None:
    assert hours.shift_hours([1, 24]) == 25
    for length in (0, 25):
        with pytest.raises(ImpossibleInput):
            hours.shift_hours([8, length])


@pytest.mark.parametrize("tax_bps", [0, 1, 1_000, 3_333, 5_000, 9_000])
def test_the_least_withdrawal_that_leaves_the_need(tax_bps: int) -> None:
    """Reg. 1.401(k)-1(d)(3)(iii)(A): with the taxes on it, and not a cent more."""
    for need in [*range(40), 1_000_000]:
        found = hardship.grossed_up(need_cents=need, tax_bps=tax_bps)
        left = [amount - naive.nearest(Fraction(amount * tax_bps, 10_000)) for amount in (found, found - 1)]
        assert left[0] >= need
        assert not found or left[1] < need


def test_a_spouse_more_than_ten_years_younger() -> None:
    """Reg. 1.401(a)(9)-5(c)(2), -9(c), (d): 26.5 at 73 alone; with a spouse of 62, 27.0 of both."""
    uniform, joint = (
        minimum_distributions.lifetime_denominator(year=CalendarYear(2026), age=73, spouse_age=age) for age in (63, 62)
    )
    assert (float(uniform[1]), uniform[0]) == (26.5, minimum_distributions.MinimumPath.UNIFORM_TABLE)
    assert joint[0] is not minimum_distributions.MinimumPath.UNIFORM_TABLE
    assert joint[1] > uniform[1]


def test_excise_on_what_was_not_paid() -> None:
    """IRC 4974(a), (e): 25 %, and 10 % to the end of the second year after; 50 % of what was due before 2023."""

    def rate(due: date, paid: int = 0, back: date | None = None, notice: date | None = None) -> tuple[int, int]:
        found = minimum_distributions.excise_on_shortfall(
            due_by=due, required_cents=1_000, paid_in_time_cents=paid, shortfall_paid_on=back,
            notice_or_assessment_on=notice,
        )  # fmt: skip
        return found.shortfall_cents, found.tax_cents

    due = date(2026, 12, 31)
    assert [rate(due), rate(due, 999), rate(due, 1_000), rate(due, 1_001)] == [(1_000, 250), (1, 0), (0, 0), (0, 0)]
    assert [rate(due, 0, back)[1] for back in (date(2028, 12, 31), date(2029, 1, 1))] == [100, 250]
    notice = date(2027, 5, 1)
    assert [rate(due, 0, back, notice)[1] for back in (notice, date(2027, 5, 2))] == [100, 250]
    assert [rate(date(year, 12, 31), 0, date(year + 1, 1, 1))[1] for year in (2020, 2022, 2023)] == [0, 500, 100]


def test_money_for_hardship_by_plan_year() -> None:
    """BBA 2018 s. 41114: from plan years after 2018 earnings and QNECs too; before, deferrals alone, less losses."""
    balances = [
        hardship.SourceBalance(Source.PRE_TAX, 100, 50),
        hardship.SourceBalance(Source.ROTH, 100, -30),
        hardship.SourceBalance(Source.QNEC, 10, 5),
        hardship.SourceBalance(Source.PRE_TAX, 1, -3),
    ]
    for start, wanted in ((date(2019, 1, 1), [150, 70, 15, 0]), (date(2018, 12, 31), [100, 70, 0])):
        found = hardship.hardship_sources(balances=balances, plan_year=PlanYear.starting(start))
        assert [each.available_cents for each in found] == wanted


@pytest.mark.parametrize("held", [999, 1_000, 1_001])
def test_a_hardship_of_all_that_there_is(held: int) -> None:
    found = hardship.hardship(
        on=date(2026, 3, 1), plan_year=YEAR, need=hardship.Need.MEDICAL, need_cents=1_000,
        balances=[hardship.SourceBalance(Source.PRE_TAX, held)],
    )  # fmt: skip
    assert found.payable_cents == min(held, 1_000)
    assert (hardship.HardshipProblem.NOT_ENOUGH_MONEY in found.problems) is (held < 1_000)


@pytest.mark.parametrize(("start", "certified"), [(date(2022, 12, 29), False), (date(2022, 12, 30), True)])
def test_a_certification_is_enough_in_plan_years_after_the_enactment(start: date, certified: bool) -> None:
    """SECURE 2.0 s. 312: plan years that begin after 29 December 2022."""
    found = hardship.hardship(
        on=date(2023, 3, 1), plan_year=PlanYear.starting(start), need=hardship.Need.MEDICAL, need_cents=1,
        balances=[hardship.SourceBalance(Source.PRE_TAX, 1)],
    )  # fmt: skip
    assert (found.reliance is hardship.Reliance.CERTIFICATION) is certified


@pytest.mark.parametrize(
    ("owed", "highest", "vested", "most"),
    [
        (0, 0, 200_000_00, 50_000_00),
        (0, 0, 99_999_99, 49_999_99),
        (0, 0, 18_000_00, 10_000_00),
        (0, 0, 9_000_00, 9_000_00),
        (10_000_00, 30_000_00, 200_000_00, 20_000_00),  # 50,000 less 20,000 paid back, less what is owed
        (0, 50_000_01, 200_000_00, 0),
        (60_000_00, 60_000_00, 300_000_00, 0),
    ],
)
def test_the_most_of_a_loan(owed: int, highest: int, vested: int, most: int) -> None:
    """IRC 72(p)(2)(A), with a plan that lends the floor."""
    found = loans.maximum_loan(
        loan_on=date(2026, 7, 1), vested_cents=vested, outstanding_cents=owed, highest_last_year_cents=highest,
        plan_lends_floor=True,
    )  # fmt: skip
    dollars = max(50_000_00 - max(highest - owed, 0), 0)
    limit = min(dollars, max(vested // 2, min(10_000_00, vested)))
    assert (found.dollar_limit_cents, found.limit_cents, found.maximum_cents) == (dollars, limit, most)
    assert most == max(limit - owed, 0)
    assert found.needs_other_security_cents == min(most, max(owed + most - vested // 2, 0))


def test_fixed_payments_until_nothing_is_left() -> None:
    """Reg. 1.402(c)-2(d)(4)(ii)."""
    for balance in range(40):
        years = rollovers.installments_last_years(balance_cents=balance, yearly_cents=3, assumed_return_bps=0)
        assert years == -(-balance // 3)
    assert rollovers.installments_last_years(balance_cents=300, yearly_cents=3, assumed_return_bps=100) == 200


def test_a_part_of_a_direct_rollover_is_500_dollars_at_least() -> None:
    """Reg. 1.401(a)(31)-1 Q&A-9, -11."""

    def may(total: int, part: int | None, expected: int | None = None) -> tuple[bool, bool]:
        found = rollovers.direct_rollover_offer(
            on=date(2026, 5, 1), distribution_cents=total, part_cents=part,
            expected_in_year_cents=total if expected is None else expected,
        )  # fmt: skip
        return astuple(found)[:2]

    assert [may(199_99, None), may(200_00, None)] == [(False, False), (True, True)]
    assert [may(900_00, part)[1] for part in (499_99, 500_00, 900_00)] == [False, True, True]
    assert [may(total, 500_00)[1] for total in (500_00, 500_01)] == [True, True]
    assert may(500_00, 499_99) == (True, False)


@pytest.mark.parametrize(
    ("year", "notified", "open_"),
    [(2022, None, False), (2023, None, True), (2023, date(2023, 11, 10), False), (2023, date(2023, 12, 1), True)],
)
def test_automatic_errors_are_corrected_from_2024(year: int, notified: date | None, open_: bool) -> None:
    """IRC 414(cc), Notice 2024-2: where the last day to correct falls after 31 December 2023."""
    windows = missed_deferrals.correction_windows(
        plan_year=PlanYear.starting(date(year, 1, 1)), failure_began_on=date(year, 3, 1), notified_on=notified
    )
    assert (windows.automatic > missed_deferrals.AUTOMATIC_FROM) is open_
    last = date(year + 1, 10, 15)
    assert windows.automatic == (last if notified is None else naive_events.end_of_month_after(notified, 1))

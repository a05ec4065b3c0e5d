"""Automatic enrollment: the mandate, schedules by date, QACA and EACA, and withdrawals within 90 days."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given as prove
from hypothesis import strategies as st

from open401k.kernel import PlanYear, Refused
from open401k.law import automatic_enrollment as ae
from open401k.law import figures
from open401k.law import permissible_withdrawals as pw
from open401k.law.automatic_enrollment import Exemption, Schedule, ScheduleProblem
from open401k.law.eligibility import Days
from open401k.law.given import ImpossibleInput
from open401k.law.matching import MatchFormula
from open401k.law.permissible_withdrawals import DefaultPayroll, WithdrawalBar
from open401k.law.safe_harbor import Shortcoming

YEAR_2026 = PlanYear.starting(date(2026, 1, 1))

# The second typing: IRC 401(k)(13), 414A(b), (c), 414(w)(2).
TYPED_AGAIN = {
    "qaca_initial_minimum": {2008: 300},
    "qaca_second_minimum": {2008: 400},
    "qaca_third_minimum": {2008: 500},
    "qaca_later_minimum": {2008: 600},
    "qaca_initial_maximum": {2008: 1000},
    "qaca_maximum": {2008: 1000, 2020: 1500},
    "qaca_nonelective": {2008: 300},
    "qaca_vesting_years": {2008: 2},
    "mandate_initial_minimum": {2025: 300},
    "mandate_initial_maximum": {2025: 1000},
    "mandate_step": {2025: 100},
    "mandate_reach": {2025: 1000},
    "mandate_ceiling": {2025: 1500},
    "mandate_employees": {2025: 10},
    "mandate_employer_years": {2025: 3},
    "permissible_withdrawal_days": {2008: 90},
    "permissible_withdrawal_least_days": {2010: 30},
}


def days(*told: str) -> Days:
    return np.array(told, dtype="datetime64[D]")


def mandate(**change: Any) -> ae.Mandate:
    told: dict[str, Any] = {
        "plan_year": YEAR_2026,
        "established_on": date(2023, 5, 1),
        "employer_exists_since": date(2015, 3, 1),
        "first_year_over_ten_employees_ended": date(2016, 12, 31),
    }
    return ae.mandate(**(told | change))


def test_the_figures_equal_the_second_typing() -> None:
    rows = {row.id: row.values for row in figures.all_figures() if row.file == "automatic_enrollment.yaml"}
    assert rows == TYPED_AGAIN


def test_a_plan_adopted_since_enactment_must_enroll_automatically() -> None:
    found = mandate()
    assert (found.applies, found.statute_from, found.first_plan_year) == (
        True,
        date(2025, 1, 1),
        PlanYear.starting(date(2025, 1, 1)),
    )


@pytest.mark.parametrize(
    ("change", "exemption"),
    [
        ({"plan_year": PlanYear.starting(date(2024, 12, 31))}, Exemption.BEFORE_2025),
        # Notice 2024-2 A-1: adopted in October 2022 and in effect from 2023 is established before the enactment.
        ({"established_on": date(2022, 10, 3)}, Exemption.ESTABLISHED_BEFORE),
        ({"established_on": date(2022, 12, 28)}, Exemption.ESTABLISHED_BEFORE),
        ({"established_on": date(2022, 12, 29)}, None),
        ({"governmental_or_church": True}, Exemption.GOVERNMENTAL_OR_CHURCH),
        ({"simple_401k": True}, Exemption.SIMPLE),
        ({"employer_exists_since": date(2023, 1, 1)}, None),
        ({"employer_exists_since": date(2023, 1, 2)}, Exemption.NEW_EMPLOYER),
        ({"first_year_over_ten_employees_ended": None}, Exemption.SMALL_EMPLOYER),
        ({"first_year_over_ten_employees_ended": date(2024, 12, 31)}, None),
        ({"first_year_over_ten_employees_ended": date(2025, 1, 2)}, Exemption.SMALL_EMPLOYER),
    ],
)
def test_who_is_exempt(change: dict[str, Any], exemption: Exemption | None) -> None:
    """IRC 414A(c)."""
    assert mandate(**change).exemption is exemption


def test_an_exemption_that_ends_says_from_which_plan_year() -> None:
    """The first year above ten closes at the end of 2026: a year later is 31 December 2027, the next plan year 2028."""
    found = mandate(first_year_over_ten_employees_ended=date(2026, 12, 31))
    assert (found.statute_from, found.first_plan_year) == (date(2027, 12, 31), PlanYear.starting(date(2028, 1, 1)))
    assert mandate(first_year_over_ten_employees_ended=None).first_plan_year is None
    assert mandate(established_on=date(2020, 1, 1)).first_plan_year is None


@pytest.mark.parametrize(
    ("ongoing", "other", "transition", "exempt"),
    [(True, True, False, True), (True, False, False, False), (True, False, True, True), (False, True, True, False)],
)
def test_a_merger_keeps_the_exemption_only_among_exempt_plans_or_in_a_transaction(
    ongoing: bool, other: bool, transition: bool, exempt: bool
) -> None:
    """Notice 2024-2 A-2."""
    found = ae.merged_plan_is_exempt(
        ongoing_plan_exempt=ongoing, other_plan_exempt=other, within_410b6c_transition=transition
    )
    assert found is exempt


@pytest.mark.parametrize(
    ("schedule", "problems"),
    [
        (Schedule(300, 100, 1000), ()),
        (Schedule(1000, 100, 1500), ()),
        (Schedule(1000), ()),
        (Schedule(299, 100, 1000), (ScheduleProblem.INITIAL_TOO_LOW,)),
        (Schedule(1001, 100, 1100), (ScheduleProblem.INITIAL_TOO_HIGH,)),
        (Schedule(300, 50, 1000), (ScheduleProblem.STEP_IS_NOT_ONE_POINT,)),
        (Schedule(300, 100, 900), (ScheduleProblem.TOP_TOO_LOW,)),
        (Schedule(300, 100, 1600), (ScheduleProblem.TOO_HIGH,)),
        (Schedule(300), (ScheduleProblem.STEP_IS_NOT_ONE_POINT, ScheduleProblem.TOP_TOO_LOW)),
    ],
)
def test_schedules_of_the_mandate(schedule: Schedule, problems: tuple[ScheduleProblem, ...]) -> None:
    """IRC 414A(b)(3)(A)."""
    assert ae.mandate_problems(schedule, plan_year=YEAR_2026) == problems
    no_way_out = ae.mandate_problems(schedule, plan_year=YEAR_2026, permissible_withdrawals=False)
    assert no_way_out == (*problems, ScheduleProblem.NO_PERMISSIBLE_WITHDRAWAL)


@pytest.mark.parametrize(
    ("schedule", "problems"),
    [
        (Schedule(300, 100, 600), ()),
        (Schedule(600), ()),
        (Schedule(1000, 100, 1500), ()),
        (Schedule(200, 100, 600), (ScheduleProblem.INITIAL_TOO_LOW, ScheduleProblem.LATER_TOO_LOW)),
        (Schedule(300, 100, 500), (ScheduleProblem.LATER_TOO_LOW,)),
        (Schedule(1100), (ScheduleProblem.INITIAL_TOO_HIGH,)),
        (Schedule(600, 100, 1600), (ScheduleProblem.TOO_HIGH,)),
    ],
)
def test_schedules_of_a_qaca(schedule: Schedule, problems: tuple[ScheduleProblem, ...]) -> None:
    """IRC 401(k)(13)(C)(iii)."""
    assert ae.qaca_problems(schedule, plan_year=YEAR_2026, vesting_years=2) == problems
    slow = ae.qaca_problems(schedule, plan_year=YEAR_2026, vesting_years=3)
    assert slow == (*problems, ScheduleProblem.VESTING_TOO_SLOW)


def test_before_2020_a_qaca_ended_at_ten_percent() -> None:
    old = PlanYear.starting(date(2019, 1, 1))
    assert ae.qaca_problems(Schedule(600, 100, 1100), plan_year=old) == (ScheduleProblem.TOO_HIGH,)


@pytest.mark.parametrize(
    ("tiers", "found"),
    [
        ([(10_000, 100), (5_000, 600)], ()),
        ([(10_000, 350)], ()),
        ([(10_000, 300)], (Shortcoming.BELOW_BASIC,)),
        ([(5_000, 700)], (Shortcoming.BELOW_BASIC,)),
        ([(9_999, 100), (5_000, 600)], (Shortcoming.BELOW_BASIC,)),  # 0.9999 % prints as 1.00 %, and is less
        ([(10_000, 300), (5_000, 500)], ()),  # the match of the traditional safe harbor is better
        ([(10_000, 350), (15_000, 400)], (Shortcoming.RATE_RISES,)),
    ],
)
def test_the_match_of_a_qaca(tiers: list[tuple[int, int]], found: tuple[Shortcoming, ...]) -> None:
    """IRC 401(k)(13)(D)(i)(I): 100 % of 1 % and 50 % of the next 5 %."""
    assert ae.qaca_match_shortcomings(MatchFormula.of(tiers)) == found
    assert ae.qaca_match_shortcomings(MatchFormula.of(tiers), last_day_or_hours_condition=True)[-1] is (
        Shortcoming.CONDITIONS
    )


@pytest.mark.parametrize(("year", "rates"), [(2025, [300, 300, 0]), (2026, [400, 300, 300]), (2027, [500, 400, 300])])
def test_the_mandate_steps_on_the_plan_year_after_each_completed_year(year: int, rates: list[int]) -> None:
    """414A(b)(3)(A)(ii): who began on 1 January completes a year on 31 December, who began on 2 January does not."""
    first = days("2025-01-01", "2025-01-02", "2026-07-04")
    plan_year = PlanYear.starting(date(year, 1, 1))
    found = ae.mandated_rates(Schedule(300, 100, 1000), first_contribution=first, plan_year=plan_year)
    assert found.rate_bps.tolist() == rates


def test_the_mandate_stops_at_the_top_and_an_election_stays() -> None:
    found = ae.mandated_rates(
        Schedule(300, 100, 1000),
        first_contribution=days("2025-01-01", "2025-01-01", "2025-01-01", "NaT"),
        plan_year=PlanYear.starting(date(2040, 1, 1)),
        elected_bps=np.array([-1, 0, 450, -1]),
    )
    assert found.rate_bps.tolist() == [1000, 0, 450, 0]
    assert found.by_default.tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("year", "least"), [(2024, 0), (2025, 300), (2026, 300), (2027, 400), (2028, 500), (2029, 600), (2035, 600)]
)
def test_the_initial_period_of_a_qaca_ends_with_the_following_plan_year(year: int, least: int) -> None:
    """Reg. 1.401(k)-3(j)(2)(ii): the same for who began on the first and on the last day of the plan year."""
    first = days("2025-01-01", "2025-06-30", "2025-12-31")
    plan_year = PlanYear.starting(date(year, 1, 1))
    assert ae.qaca_minimum_bps(first_contribution=first, plan_year=plan_year).tolist() == [least] * 3
    rates = ae.qaca_rates(Schedule(300, 100, 600), first_contribution=first, plan_year=plan_year).rate_bps
    assert rates.tolist() == [least] * 3


def test_plan_years_that_begin_within_a_month_keep_their_day() -> None:
    first = days("2025-10-14", "2025-10-15")
    found = ae.qaca_minimum_bps(first_contribution=first, plan_year=PlanYear.starting(date(2026, 10, 15)))
    assert found.tolist() == [400, 300]


@prove(
    first=st.dates(date(2025, 1, 1), date(2030, 12, 31)),
    year=st.integers(2025, 2045),
    start=st.sampled_from([(1, 1), (7, 1), (10, 15)]),
)
def test_default_rates_never_fall_and_stay_between_the_ends(first: date, year: int, start: tuple[int, int]) -> None:
    schedule = Schedule(300, 100, 1000)
    now, then = PlanYear.starting(date(year, *start)), PlanYear.starting(date(year + 1, *start))
    column = np.array([first], dtype="datetime64[D]")
    for rates in (ae.mandated_rates, ae.qaca_rates):
        before = rates(schedule, first_contribution=column, plan_year=now)
        after = rates(schedule, first_contribution=column, plan_year=then)
        assert before.rate_bps[0] <= after.rate_bps[0] <= before.rate_bps[0] + (100 if before.by_default[0] else 300)
        assert before.rate_bps[0] in {0, *range(300, 1001, 100)}
    least = ae.qaca_minimum_bps(first_contribution=column, plan_year=then)
    assert ae.qaca_rates(schedule, first_contribution=column, plan_year=then).rate_bps[0] >= least[0]


def test_an_election_beyond_all_pay_is_refused() -> None:
    with pytest.raises(ImpossibleInput, match="elected_bps"):
        ae.qaca_rates(
            Schedule(300), first_contribution=days("2025-01-01"), plan_year=YEAR_2026, elected_bps=np.array([10_001])
        )


@pytest.mark.parametrize("field", ["initial_bps", "step_bps", "top_bps"])
def test_a_schedule_has_rates_of_pay(field: str) -> None:
    for value in (-1, 10_001):
        with pytest.raises(ImpossibleInput, match=field):
            Schedule(**({"initial_bps": 300} | {field: value}))


def test_a_default_is_uniform_but_for_years_earlier_elections_and_limits() -> None:
    """Reg. 1.401(k)-3(j)(2)(iii); Reg. 1.414(w)-1(b)(2)(ii)."""
    rates, years = np.array([300, 300, 400, 500, 100, 350]), np.array([0, 0, 1, 0, 0, 0])
    kept = np.array([False, False, False, True, False, False])
    limited = np.array([False, False, False, False, True, False])
    found = ae.uniformity(
        default_bps=rates, years_since_start=years, kept_earlier_election=kept, held_by_a_limit=limited
    )
    assert (found.uniform, found.differs.tolist()) == (False, [False] * 5 + [True])
    same = ae.uniformity(
        default_bps=rates[:5], years_since_start=years[:5], kept_earlier_election=kept[:5], held_by_a_limit=limited[:5]
    )
    assert same.uniform


def test_the_default_of_a_qaca_begins_by_the_second_payroll_or_after_thirty_days() -> None:
    """Reg. 1.401(k)-3(k)(4)(iii)."""
    weekly = tuple(
        (date(2026, 1, 5) + timedelta(days=7 * n), date(2026, 1, 9) + timedelta(days=7 * n)) for n in range(9)
    )
    assert ae.latest_default_start(notice_on=date(2026, 1, 5), pay_periods=weekly) == date(2026, 1, 23)
    monthly = tuple((date(2026, month, 1), date(2026, month, 28)) for month in range(1, 7))
    assert ae.latest_default_start(notice_on=date(2026, 1, 5), pay_periods=monthly) == date(2026, 2, 28)
    with pytest.raises(ImpossibleInput, match="pay_periods"):
        ae.latest_default_start(notice_on=date(2026, 6, 5), pay_periods=monthly)


def payrolls(count: int = 8, **amounts: int) -> tuple[DefaultPayroll, ...]:
    """Every other Friday from 16 January 2026."""
    starts = [date(2026, 1, 3) + timedelta(days=14 * place) for place in range(count)]
    told = {"pre_tax_cents": 10_000, "match_cents": 5_000} | amounts
    return tuple(DefaultPayroll(start, start + timedelta(days=13), **told) for start in starts)


def withdraw(**change: Any) -> pw.PermissibleWithdrawal | Refused[WithdrawalBar]:
    told: dict[str, Any] = {
        "payrolls": payrolls(),
        "elected_on": date(2026, 2, 20),
        "effective_on": date(2026, 3, 13),
        "income_cents": 700,
    }
    return pw.permissible_withdrawal(**(told | change))


def test_a_withdrawal_takes_all_default_contributions_through_the_effective_date() -> None:
    """Reg. 1.414(w)-1(c)(3)(i): five pay dates up to 13 March, with their income; the match on them is forfeited."""
    paid = withdraw()
    assert isinstance(paid, pw.PermissibleWithdrawal)
    assert (paid.contributions_cents, paid.distributed_cents, paid.taxable_cents) == (50_000, 50_700, 50_700)
    assert (paid.forfeited_match_cents, paid.elect_by) == (25_000, date(2026, 4, 16))


def test_losses_and_a_fee_reduce_it_and_roth_is_not_taxed_again() -> None:
    paid = withdraw(
        payrolls=payrolls(pre_tax_cents=0, roth_cents=10_000), income_cents=0, roth_income_cents=-300, fee_cents=2_500
    )
    assert isinstance(paid, pw.PermissibleWithdrawal)
    assert (paid.distributed_cents, paid.taxable_cents, paid.fee_cents) == (47_200, 0, 2_500)
    gain = withdraw(payrolls=payrolls(pre_tax_cents=0, roth_cents=10_000), income_cents=0, roth_income_cents=300)
    assert isinstance(gain, pw.PermissibleWithdrawal)
    assert (gain.distributed_cents, gain.taxable_cents) == (50_300, 300)


@pytest.mark.parametrize(
    ("change", "bar"),
    [
        ({"payrolls": payrolls(pre_tax_cents=0)}, WithdrawalBar.NONE_MADE),
        ({"plan_days": 29}, WithdrawalBar.WINDOW_TOO_SHORT),
        ({"plan_days": 91}, WithdrawalBar.WINDOW_TOO_LONG),
        ({"elected_on": date(2026, 1, 15)}, WithdrawalBar.BEFORE_THE_FIRST),
        ({"elected_on": date(2026, 2, 16), "plan_days": 30}, WithdrawalBar.TOO_LATE),
        ({"elected_on": date(2026, 4, 17), "effective_on": date(2026, 4, 24)}, WithdrawalBar.TOO_LATE),
        ({"effective_on": date(2026, 3, 28)}, WithdrawalBar.EFFECTIVE_TOO_LATE),
    ],
)
def test_when_nothing_can_be_withdrawn(change: dict[str, Any], bar: WithdrawalBar) -> None:
    refused = withdraw(**change)
    assert isinstance(refused, Refused)
    assert refused.reason is bar
    assert refused.message


def test_the_ninetieth_day_is_in_time_and_the_election_works_by_the_second_payroll() -> None:
    """Reg. 1.414(w)-1(c)(2)(i), (iii)."""
    assert isinstance(
        withdraw(elected_on=date(2026, 4, 16), effective_on=date(2026, 4, 24), payrolls=payrolls(12)),
        pw.PermissibleWithdrawal,
    )
    # Elected on 20 February: periods begin on 28 February and 14 March; the second is paid on 27 March.
    assert pw.latest_effective_date(elected_on=date(2026, 2, 20), payrolls=payrolls()) == date(2026, 3, 27)
    # With monthly payrolls the first pay date 30 days later comes sooner than the second payroll.
    monthly = tuple(DefaultPayroll(date(2026, month, 1), date(2026, month, 28), 10_000) for month in range(1, 7))
    assert pw.latest_effective_date(elected_on=date(2026, 2, 20), payrolls=monthly) == date(2026, 3, 28)
    with pytest.raises(ImpossibleInput, match="payrolls"):
        pw.latest_effective_date(elected_on=date(2026, 6, 20), payrolls=monthly)


def test_pay_dates_out_of_order_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match="payrolls"):
        withdraw(payrolls=payrolls()[::-1])
    with pytest.raises(ImpossibleInput, match="pre_tax_cents"):
        withdraw(payrolls=payrolls(pre_tax_cents=-1))

"""More rules at their edges: money that is counted, paid back, withheld or credited; the day before and the day."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from open401k.kernel import CalendarYear, PlanYear, Refused, Source
from open401k.law import (
    allocation,
    automatic_enrollment,
    breaks,
    domestic_relations,
    elapsed_time,
    eligibility,
    late_deposits,
    lost_earnings,
    matching,
    nondiscrimination,
    periodic_payments,
    roth,
    targeting,
    tax_credits,
    top_heavy,
    uniform_allocation,
    vesting,
    vesting_years,
    withdrawals,
    withholding,
)
from open401k.law.allocation_schedules import Band, MinimumRule, ScheduleBy, gradual_schedule
from open401k.law.breaks import ComputationPeriod
from open401k.law.cross_testing import TestingBasis
from open401k.law.domestic_relations import DividedSource, SplitProblem, divide_account
from open401k.law.eligibility import EligibilityTerms, EntryRule
from open401k.law.given import ImpossibleInput
from open401k.law.matching import MatchFormula
from open401k.law.periodic_payments import PaidInYear
from open401k.law.permissible_withdrawals import DefaultPayroll, latest_effective_date, permissible_withdrawal
from open401k.law.rollovers import PaidBecause
from open401k.law.roth import QualifiedPath
from open401k.law.tax_credits import Filing, NoCredit
from open401k.law.uniform_allocation import PointsFinding, PointsFormula
from open401k.law.withdrawals import EarlierEmergency, WithdrawalProblem
from open401k.law.withholding import EarlierThisYear, Paid, PaymentClass, WithholdingPath
from tests.law import naive_amounts as naive
from tests.law import naive_events

YEAR = PlanYear.starting(date(2026, 1, 1))
ONE_DAY = timedelta(days=1)


def cents(*each: int) -> np.ndarray:
    return np.array(each, dtype=np.int64)


def flags(*each: bool) -> np.ndarray:
    return np.array(each, dtype=np.bool_)


def points(ages: list[int], years: list[int], pay: list[int], formula: PointsFormula) -> Any:
    return uniform_allocation.uniform_points(
        formula=formula, total_cents=100, ages=cents(*ages), years_of_service=cents(*years), compensation=cents(*pay),
        is_hce=np.zeros(len(pay), dtype=np.bool_), plan_year=YEAR,
    )  # fmt: skip


def bands(*each: tuple[int, int], minimum: bool = False) -> Any:
    return gradual_schedule(
        bands=tuple(Band(*one) for one in each), by=ScheduleBy.AGE, plan_year=YEAR, minimum_band=minimum
    )


def amended(years: int, before: int) -> Any:
    return vesting.amended_vesting(
        before=vesting.CLIFF_3, after=vesting.CLIFF_3, years_of_service=years, years_at_amendment=before
    )


def served(hours: int) -> Any:
    periods = (ComputationPeriod(date(2025, 1, 1), hours),)
    return breaks.service_counted(periods=periods, rules=breaks.PlanBreakRules(), nonvested=True, plan_year=YEAR)


def rolled(first: int, then: int) -> Any:
    payment = roth.roth_payment(gross_cents=10, basis_cents=4, income_cents=6, qualified=False)
    return roth.in_roth_ira(payment=payment, qualified=False, roth_ira_first_year=first, rolled_over_in=then)


def chosen(bps: int) -> Any:
    first = np.array(["2025-03-01"], dtype="datetime64[D]")
    schedule = automatic_enrollment.Schedule(300, 100, 1_000)
    return automatic_enrollment._rates(schedule, first, cents(0), YEAR, cents(bps), "")


def weighted(budget: int, *, owed: bool = True) -> Any:
    """Pay of $1,000 and $600, the second one without a weight; a minimum of 2.5 %."""
    return allocation.age_weighted(
        budget_cents=budget, compensation=cents(1_000_00, 600_00), factors=cents(allocation.FACTOR_SCALE, 0),
        plan_year=YEAR, minimum_bps=250, minimum_owed_to=flags(True, owed),
    )  # fmt: skip


#: What is still believed, what is not, and the field that is named then.
LINES: list[tuple[Callable[[int], object], int, int, str]] = [
    (lambda n: points([n], [1], [100], PointsFormula(1)), 120, 121, "ages"),
    (lambda n: points([50], [n], [100], PointsFormula(1, 1)), 99, 100, "years_of_service"),
    (lambda n: points([50], [1], [100], PointsFormula(0, n)), 1_000_000, 1_000_001, "for_year_of_service"),
    (lambda n: points([50], [1], [100], PointsFormula(1, unit_cents=n)), 1, 0, "unit_cents"),
    (lambda n: points([50], [n], [100], PointsFormula(0, 1)), 1, 0, "formula"),
    (lambda n: points([50], [1], [n], PointsFormula(1)), 1, 0, "compensation"),
    (lambda n: bands((0, n)), 1, 0, "rate_bps"),
    (lambda n: bands((0, n)), 10_000, 10_001, "rate_bps"),
    (lambda n: bands((n, 100)), 200, 201, "starts_at"),
    (lambda n: bands((20, 100), (n, 200), (90, 300)), 21, 20, "starts_at"),
    (lambda n: vesting.Schedule((n, 10_000)), 0, -1, "steps_bps"),
    (lambda n: vesting.Schedule((0, 10_000 - n, 10_000)), 0, -1, "steps_bps"),
    (lambda n: vesting.Schedule((0, n)), 10_000, 9_999, "steps_bps"),
    (lambda n: amended(n, 0), 100, 101, "years_of_service"),
    (lambda n: amended(3, n), 3, 4, "years_of_service"),
    (served, 17_568, 17_569, "hours"),
    (lambda n: rolled(n, 2026), 1998, 1997, "roth_ira_first_year"),
    (lambda n: rolled(2026, n), 2199, 2200, "rolled_over_in"),
    (lambda n: roth.five_year_period(first_contribution_year=n), 2006, 2005, "first_contribution_year"),
    (lambda n: roth.five_year_period(first_contribution_year=n), 2199, 2200, "first_contribution_year"),
    (lambda n: roth.five_year_period(first_contribution_year=2024, direct_rollovers_began_in=(n,)), 2006, 2005,
     "first_contribution_year"),
    (lambda n: roth.five_year_period(first_contribution_year=2024, indirect_rollovers_accepted_in=(n,)), 2199, 2200,
     "first_contribution_year"),
    (lambda n: vesting_years.vesting_service(
        periods=[vesting_years.ComputationPeriod(date(2025, 1, 1), n)]), 8_784, 8_785, "periods.0.hours"),
    (lambda n: weighted(n), 40_00, 39_99, "budget_cents"),
    (lambda n: lost_earnings.interest_factor(rate_percent=5, days=n, year_days=366), 366, 367, "days"),
    (lambda n: lost_earnings.interest_factor(rate_percent=n, days=1, year_days=365), 1_000, 1_001, "rate_percent"),
    (lambda n: periodic_payments.required_minimum_method(balance_cents=1, life_expectancy_tenths=n), 1_200, 1_201,
     "life_expectancy_tenths"),
    (chosen, 10_000, 10_001, "elected_bps"),
    (chosen, -1, -2, "elected_bps"),
    (lambda n: vesting_years.normal_retirement_date(
        birth_date=date(1960, 1, 1), participates_from=date(2000, 1, 1), plan_age=n), 100, 101, "plan_age"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "believed", "refused", "field"), LINES)
def test_the_last_that_is_believed(told: Callable[[int], object], believed: int, refused: int, field: str) -> None:
    told(believed)
    with pytest.raises(ImpossibleInput) as caught:
        told(refused)
    assert caught.value.field == field


# Allocations, schedules, targeted amounts ---------------------------------------------------------------------------


def test_a_unit_of_pay_is_at_most_200_dollars() -> None:
    """Reg. 1.401(a)(4)-2(b)(3)(i)(A): of who gives points for pay at all."""
    found = [
        PointsFinding.UNIT_TOO_LARGE in points([50], [1], [100], PointsFormula(1, 0, unit, size)).findings
        for unit, size in ((1, 20_000), (1, 20_001), (0, 20_001))
    ]
    assert found == [False, True, False]


def test_rates_above_a_minimum_start_at_one_percent() -> None:
    """Reg. 1.401(a)(4)-8(b)(1)(iv)(D)(1): of one band above, any rate over 1 % leaves room for lower ones."""
    assert bands((0, 40), (40, 100), minimum=True).minimum_rule is MinimumRule.NEITHER
    assert bands((0, 40), (40, 101), minimum=True).minimum_rule is MinimumRule.HYPOTHETICAL_SCHEDULE
    assert bands((0, 40), (40, 101)).minimum_rule is MinimumRule.NONE_NEEDED


@pytest.mark.parametrize(
    ("first", "second", "passed"),
    [
        ((45, 451), (50, 902), True),  # 300 x 1.085^5 = 451.1: at 49, the last age of the second band
        ((45, 452), (50, 904), False),
        ((60, 310), (63, 489), True),  # 300 x 1.085^6 = 489.4: at 65, the testing age
        ((60, 310), (63, 490), False),
    ],
)
def test_equivalent_rates_no_higher_than_those_of_the_minimum(
    first: tuple[int, int], second: tuple[int, int], passed: bool
) -> None:
    """Reg. 1.401(a)(4)-8(b)(1)(iv)(D)(2): against 3 % at the last age of the minimum; 8.5 % of interest a year."""
    told = tuple(Band(*each) for each in ((0, 300), first, second))
    found = gradual_schedule(
        bands=told, by=ScheduleBy.AGE, plan_year=YEAR, minimum_band=True, basis=TestingBasis(interest_bps=850)
    )
    assert found.minimum_rule is (MinimumRule.EQUIVALENT_RATES if passed else MinimumRule.NEITHER)
    assert found.passed is passed


@pytest.mark.parametrize(
    ("tiers", "rate"),
    [
        ([(10_000, 600)], 10_000),
        ([(10_000, 599)], 9_983),  # 599 of 600
        ([(5_000, 600), (10_000, 700)], 5_000),
        ([(3_333, 100), (7_777, 500)], 5_740),  # (333.3 % + 3,110.8 %) / 6
        ([(1, 10_000)], 1),
    ],
)
def test_the_matching_rate_of_who_defers_six_percent(tiers: list[tuple[int, int]], rate: int) -> None:
    """Reg. 1.401(m)-2(a)(5)(ii)(C)."""
    assert targeting.matching_rate(MatchFormula.of(tiers)) == rate


def test_nobody_has_anything_in_a_plan_of_empty_accounts() -> None:
    nothing = top_heavy.top_heavy_test(balances=cents(0, 0), is_key=flags(True, False))
    assert (nothing.top_heavy, nothing.ratio, nothing.total_cents) == (False, 0, 0)


def test_the_steps_of_the_law() -> None:
    """IRC 411(a)(2)(B)(ii), (iii), 401(k)(13)(D)(iii)(I), as the Code prints them."""
    years = np.arange(8)
    assert vesting.vested_bps(vesting.CLIFF_3, years).tolist() == [0, 0, 0, *[10_000] * 5]
    graded = [0, 0, 2_000, 4_000, 6_000, 8_000, 10_000, 10_000]
    assert vesting.vested_bps(vesting.GRADED_2_TO_6, years).tolist() == graded
    assert vesting.vested_bps(vesting.QACA_CLIFF_2, years).tolist() == [0, 0, *[10_000] * 6]
    assert vesting.vested_cents(vesting.GRADED_2_TO_6, cents(2, 2), cents(7, 8)).tolist() == [1, 2]


def test_a_minimum_of_an_age_weighted_formula() -> None:
    """The minimum first; the rest by weight, and nothing to whoever has neither."""
    found = [(weighted(budget), weighted(budget, owed=False)) for budget in (40_00, 40_01, 90_00)]
    assert [each.amounts.tolist() for each, _ in found] == [[25_00, 15_00], [25_01, 15_00], [75_00, 15_00]]
    assert [each.amounts.tolist() for _, each in found] == [[40_00, 0], [40_01, 0], [90_00, 0]]
    assert all(each.steps[0].given == each.budget_cents == each.total_cents for pair in found for each in pair)


def test_points_for_units_of_pay_are_a_product() -> None:
    """Reg. 1.401(a)(4)-2(b)(3)(i)(A): 3 a year of age, 2 of service, 5 for each whole $200."""
    found = allocation.uniform_points(
        ages=cents(40), years_of_service=cents(7), compensation=cents(1_199_99), plan_year=YEAR, per_year_of_age=3,
        per_year_of_service=2, per_unit_of_pay=5, unit_cents=200_00,
    )  # fmt: skip
    assert found.tolist() == [120 + 14 + 25]


# Breaks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worked", "missed", "credit"),
    [(500, 100, (100, 0)), (501, 100, (0, 100)), (400, 100, (0, 100)), (400, 101, (101, 0)), (0, 900, (501, 0))],
)
def test_parental_hours_are_of_the_year_in_which_they_prevent_a_break(
    worked: int, missed: int, credit: tuple[int, int]
) -> None:
    """IRC 410(a)(5)(E)(iii): 501 hours are no break, 500 are one."""
    assert breaks.parental_credit(hours_in_year=worked, hours_missed=missed, days_absent=0, plan_year=YEAR) == credit


@pytest.mark.parametrize(
    ("returned", "on", "years"),
    [
        (None, date(2021, 2, 28), 0),
        (None, date(2021, 3, 1), 1),
        (date(2023, 2, 28), date(2026, 1, 1), 2),
        (date(2023, 3, 1), date(2026, 1, 1), 2),
        (date(2023, 3, 2), date(2026, 1, 1), 3),
        (date(2025, 1, 1), date(2022, 3, 1), 2),
    ],
)
def test_years_of_severance_end_with_the_return(returned: date | None, on: date, years: int) -> None:
    """Reg. 1.410(a)-7(c)(4): twelve months from the severance, again and again."""
    assert elapsed_time.one_year_severances(severed=date(2020, 3, 1), returned=returned, on=on) == years


# Roth ---------------------------------------------------------------------------------------------------------------


def test_a_qualified_distribution_on_the_day_and_the_day_before() -> None:
    """IRC 402A(d)(2): from 1 January after five years; from the day of death; from 59 1/2."""
    period = roth.five_year_period(first_contribution_year=2021)

    def path(on: date, **more: Any) -> QualifiedPath:
        facts = {"employee_born_on": date(1990, 3, 10), **more}
        return roth.qualified_distribution(on=on, period=period, **facts).path

    disabled = {"employee_disabled": True}
    assert path(date(2025, 12, 31), **disabled) is QualifiedPath.PERIOD_NOT_COMPLETED
    assert path(date(2026, 1, 1), **disabled) is QualifiedPath.DISABILITY
    died = {"employee_died_on": date(2026, 5, 2)}
    assert path(date(2026, 5, 1), **died) is QualifiedPath.NO_EVENT
    assert path(date(2026, 5, 2), **died) is QualifiedPath.DEATH
    assert path(date(2049, 9, 9)) is QualifiedPath.NO_EVENT
    assert path(date(2049, 9, 10)) is QualifiedPath.AGE_59_AND_A_HALF
    assert path(date(2049, 9, 10), because=PaidBecause.DEEMED_LOAN) is QualifiedPath.NEVER_QUALIFIED


def test_the_first_of_several_years_begins_the_five() -> None:
    """Reg. 1.402A-1 A-4(a), (b)."""
    period = roth.five_year_period(
        first_contribution_year=2024, direct_rollovers_began_in=(2019, 2022), indirect_rollovers_accepted_in=(2020,)
    )
    assert (period.first_year, period.completed_on) == (CalendarYear(2019), date(2024, 1, 1))
    assert (
        roth.five_year_period(first_contribution_year=None, direct_rollovers_began_in=(2023,)).first_year.year == 2023
    )
    found = rolled(2024, 2020)
    assert (found.period.completed_on, found.basis_cents, found.earnings_cents) == (date(2025, 1, 1), 4, 6)


# Withdrawals --------------------------------------------------------------------------------------------------------


def test_an_emergency_leaves_a_thousand_dollars() -> None:
    """IRC 72(t)(2)(I)(ii), (iii), (vii)."""

    def asked(on: date, *earlier: EarlierEmergency, vested: int = 9_000_00) -> withdrawals.Withdrawal:
        return withdrawals.emergency_expense(on=on, vested_cents=vested, earlier=earlier)

    on = date(2027, 3, 1)
    nothing = asked(on, vested=0)
    assert (dict(nothing.limits)["vested_above_reserve"], nothing.available_cents) == (0, 0)
    assert [asked(on, vested=1_000_00 + more).available_cents for more in (0, 1, 999_99, 1_000_01)] == [
        0, 1, 999_99, 1_000_00,
    ]  # fmt: skip
    assert asked(on, EarlierEmergency(date(2027, 1, 1), 500_00)).problems == (WithdrawalProblem.ONE_A_YEAR,)
    for year, owing in ((2026, True), (2024, True), (2023, False)):
        earlier = EarlierEmergency(date(year, 12, 31), 500_00)
        assert bool(asked(on, earlier).problems) is owing
    for repaid, since, made_up in ((500_00, 0, True), (499_99, 0, False), (499_99, 1, True), (0, 499_99, False)):
        earlier = EarlierEmergency(date(2026, 12, 31), 500_00, repaid, since)
        assert (not asked(on, earlier).problems) is made_up
    before = asked(date(2023, 12, 31))
    assert (before.problems, before.available_cents, before.taken_before_cents, before.repayable_until) == (
        (WithdrawalProblem.BEFORE_LAW,), 0, 0, None,
    )  # fmt: skip
    assert asked(date(2024, 1, 1)).available_cents == 1_000_00


def test_a_reservist_is_called_for_more_than_179_days() -> None:
    """IRC 72(t)(2)(G)(ii), (iii): two years to pay back, from the end of the duty."""

    def asked(on: date, days: int | None = None, ended: date | None = None, held: int = 700) -> withdrawals.Withdrawal:
        return withdrawals.reservist(
            on=on, deferrals_cents=held, ordered_on=date(2026, 2, 1), ordered_for_days=days, duty_ended_on=ended
        )

    serving = asked(date(2026, 2, 1))
    assert (serving.available_cents, serving.taken_before_cents, serving.repayable_until) == (700, 0, None)
    assert [asked(date(2026, 2, 1), days).available_cents for days in (179, 180)] == [0, 700]
    ended = date(2026, 9, 30)
    assert asked(ended, ended=ended).repayable_until == date(2028, 9, 30)
    assert asked(ended, ended=ended, held=0).repayable_until is None
    for on in (date(2026, 1, 31), date(2026, 10, 1)):
        assert asked(on, ended=ended).problems == (WithdrawalProblem.OUTSIDE_WINDOW,)


def test_room_in_an_emergency_savings_account() -> None:
    """IRC 402A(e)(3)(A)(i)."""
    most = withdrawals.plesa_room(on=date(2026, 1, 1), attributable_to_contributions_cents=0, highly_compensated=False)
    for held, room in ((most.limit_cents - 1, 1), (most.limit_cents, 0), (most.limit_cents + 1, 0)):
        found = withdrawals.plesa_room(
            on=date(2026, 1, 1), attributable_to_contributions_cents=held, highly_compensated=False
        )
        assert (found.room_cents, bool(found.problems)) == (room, not room)


@pytest.mark.parametrize("taxable", range(7))
def test_thirds_of_a_disaster_distribution(taxable: int) -> None:
    parts = withdrawals.spread_over_three_years(taxable_cents=taxable)
    assert list(parts) == naive.shares(taxable, [1, 1, 1])


def test_an_adopted_child_is_under_eighteen() -> None:
    """IRC 72(t)(2)(H)(iii)(II): on the day of the adoption."""
    for born, eligible in ((date(2008, 3, 1), False), (date(2008, 3, 2), True)):
        found = withdrawals.birth_or_adoption(
            on=date(2026, 3, 1), vested_cents=10_000_00, born_or_adopted_on=date(2026, 3, 1), adoptee_birth_date=born
        )
        assert (not found.problems) is eligible
    first = withdrawals.birth_or_adoption(
        on=date(2020, 1, 1), vested_cents=10_000_00, born_or_adopted_on=date(2020, 1, 1)
    )
    assert first.available_cents == 5_000_00  # for distributions after 2019


# Automatic enrollment -----------------------------------------------------------------------------------------------

MONTHLY = tuple((date(2026, month, 1), date(2026, month + 1, 1) - ONE_DAY) for month in range(1, 7))
FORTNIGHTS = tuple(
    (date(2026, 1, 5) + timedelta(days=14 * n), date(2026, 1, 16) + timedelta(days=14 * n)) for n in range(6)
)


@pytest.mark.parametrize(
    ("periods", "told_on", "latest"),
    [
        (FORTNIGHTS, date(2026, 1, 18), date(2026, 2, 13)),  # of 19 January, 2 February: the second, before 30 days
        (FORTNIGHTS, date(2026, 1, 19), date(2026, 2, 27)),  # a period that begins on the day does not count
        (FORTNIGHTS[:3], date(2026, 1, 18), date(2026, 2, 13)),  # known from one of the two alone
        (MONTHLY, date(2026, 1, 29), date(2026, 2, 28)),  # the 30th day
        (MONTHLY, date(2026, 1, 30), date(2026, 3, 31)),
        (MONTHLY[:2], date(2026, 1, 29), date(2026, 2, 28)),
        (MONTHLY[:2], date(2026, 1, 30), None),
    ],
)
def test_the_second_payroll_or_thirty_days(
    periods: tuple[tuple[date, date], ...], told_on: date, latest: date | None
) -> None:
    """Reg. 1.414(w)-1(c)(2)(iii) and 1.401(k)-3(k)(4)(iii): the earlier of the two."""
    payrolls = tuple(DefaultPayroll(begins, paid, 1_00) for begins, paid in periods)
    ways: tuple[Callable[[], date], ...] = (
        lambda: latest_effective_date(elected_on=told_on, payrolls=payrolls),
        lambda: automatic_enrollment.latest_default_start(notice_on=told_on, pay_periods=periods),
    )
    for found in ways:
        if latest is None:
            with pytest.raises(ImpossibleInput):
                found()
        else:
            assert found() == latest


def withdrawn(**more: Any) -> Any:
    rows = [(0, 0, 0), (100_00, 20_00, 30_00), (100_00, 0, 30_00), (100_00, 0, 30_00), (100_00, 0, 0), (0, 0, 0)]
    facts: dict[str, Any] = {
        "payrolls": tuple(DefaultPayroll(*days, *row) for days, row in zip(FORTNIGHTS, rows, strict=True)),
        "elected_on": date(2026, 1, 30),
        "effective_on": date(2026, 2, 13),
    }
    return permissible_withdrawal(**facts | more)


@pytest.mark.parametrize(
    ("income", "roth_income", "fee", "paid", "fee_paid", "taxable"),
    [
        (5_00, 1_00, 2_00, 224_00, 2_00, 206_00),
        (-200_05, 0, 0, 19_95, 0, 0),  # the loss of pre-tax money is not one of Roth money's basis
        (0, -5_00, 0, 215_00, 0, 200_00),
        (-300_00, 0, 2_00, 0, 0, 0),
        (0, 0, 300_00, 0, 220_00, 0),
    ],
)
def test_what_a_permissible_withdrawal_pays(
    income: int, roth_income: int, fee: int, paid: int, fee_paid: int, taxable: int
) -> None:
    """Reg. 1.414(w)-1(c)(3), (d)(1)(i): $200 before tax, $20 Roth, through the effective date."""
    found = withdrawn(income_cents=income, roth_income_cents=roth_income, fee_cents=fee)
    assert found.elect_by == date(2026, 4, 30)  # 90 days after 30 January, the first contribution
    assert (found.contributions_cents, found.forfeited_match_cents) == (220_00, 60_00)
    assert (found.distributed_cents, found.fee_cents, found.taxable_cents) == (paid, fee_paid, taxable)
    assert found.income_cents == income + roth_income


def test_the_days_of_a_permissible_withdrawal() -> None:
    """The first day is that of the first contribution; the last effective one as the second payroll says."""
    assert isinstance(withdrawn(elected_on=date(2026, 1, 29)), Refused)
    assert not isinstance(withdrawn(effective_on=date(2026, 2, 27)), Refused)
    assert isinstance(withdrawn(effective_on=date(2026, 2, 28)), Refused)


def test_the_match_of_an_automatic_arrangement() -> None:
    """IRC 401(k)(13)(D)(i)(I): 100 % of the first 1 % of pay, 50 % of the next 5 %; here of $1,000."""
    deferred = cents(0, 5_00, 10_00, 11_00, 60_00, 61_00, 100_00)
    given = matching.match(deferred, np.full(7, 1_000_00), automatic_enrollment.QACA_MATCH)
    assert given.tolist() == [0, 5_00, 10_00, 10_50, 35_00, 35_00, 35_00]


def test_default_rates_rise_to_the_top_and_never_fall() -> None:
    rising = automatic_enrollment.Schedule(300, 100, 450)
    assert rising.after(cents(-1, 0, 1, 2)).tolist() == [300, 300, 400, 450]
    assert automatic_enrollment.Schedule(300, 100).after(cents(2)).tolist() == [300]


@pytest.mark.parametrize("month", [1, 7])
def test_default_rates_year_by_year(month: int) -> None:
    """IRC 414A(b)(3)(A)(ii): a step for each year completed by the first day; 401(k)(13)(C)(iii): for each plan year
    after the one that follows the first."""
    rng = random.Random(8)  # noqa: S311
    plan_year = PlanYear.starting(date(2028, month, 1))
    days: list[date | None] = [plan_year.last_day, plan_year.end, plan_year.start, date(2024, 2, 29), None]
    days += [plan_year.start - timedelta(days=rng.randint(0, 2_000)) for _ in range(200)]
    days += [plan_year.start.replace(year=year) + timedelta(days=each) for year in (2025, 2026) for each in (-1, 0, 1)]
    elected = [rng.choice((-1, -1, 0, 250)) for _ in days]
    schedule = automatic_enrollment.Schedule(300, 100, 650)
    columns: dict[str, Any] = {
        "first_contribution": np.array(days, dtype="datetime64[D]"), "plan_year": plan_year,
        "elected_bps": cents(*elected),
    }  # fmt: skip
    by_law = automatic_enrollment.mandated_rates(schedule, **columns)
    qaca = automatic_enrollment.qaca_rates(schedule, **columns)
    least = automatic_enrollment.qaca_minimum_bps(first_contribution=columns["first_contribution"], plan_year=plan_year)
    for place, (began, own) in enumerate(zip(days, elected, strict=True)):
        started = began is not None and began <= plan_year.last_day
        by_default = started and own < 0
        years = plan_years = 0
        if began is not None:
            birthdays = [naive_events.same_day(year, began.month, began.day) for year in range(began.year + 1, 2029)]
            years = sum(day <= plan_year.start for day in birthdays)
            plan_years = sum(began < date(year, month, 1) for year in range(began.year, 2029))
        for found, steps in ((by_law, years), (qaca, max(plan_years - 1, 0))):
            assert found.by_default[place] == by_default
            assert found.increases[place] == (steps if by_default else 0)
            assert found.rate_bps[place] == (min(300 + 100 * steps, 650) if by_default else max(own, 0))
        assert least[place] == ((300, 400, 500, 600)[min(max(plan_years - 1, 0), 3)] if started else 0)


def test_a_new_or_small_employer_until_the_day() -> None:
    """IRC 414A(c)(3), (4)(A): three years of existence; one year after the year with more than ten employees."""
    exempt = automatic_enrollment.Exemption

    def why(exists: date, large: date | None, established: date = date(2023, 1, 1)) -> object:
        found = automatic_enrollment.mandate(
            plan_year=YEAR, established_on=established, employer_exists_since=exists,
            first_year_over_ten_employees_ended=large,
        )  # fmt: skip
        return found.exemption

    old = date(2000, 1, 1)
    assert why(date(2023, 1, 1), old) is None
    assert why(date(2023, 1, 2), old) is exempt.NEW_EMPLOYER
    assert why(old, date(2025, 1, 1)) is None
    assert why(old, date(2025, 1, 2)) is why(old, None) is exempt.SMALL_EMPLOYER
    assert why(old, old, date(2022, 12, 28)) is exempt.ESTABLISHED_BEFORE
    assert why(old, old, date(2022, 12, 29)) is None


# Withholding --------------------------------------------------------------------------------------------------------


def test_small_payments_in_cash_are_withheld_from() -> None:
    """IRC 3405(e)(8) is of securities with cash for a fraction: cash alone is no such payment."""
    on = date(2026, 5, 1)

    def asked(kind: PaymentClass, paid: Paid, **more: Any) -> Any:
        return withholding.withholding(on=on, payment_class=kind, paid=paid, **more)

    cash = asked(PaymentClass.NONPERIODIC, Paid(cash_cents=100_00))
    assert (cash.path, cash.withheld_cents, cash.limited) == (WithholdingPath.DEFAULT_RATE, 10_00, False)
    share = asked(PaymentClass.NONPERIODIC, Paid(cash_cents=200_00, employer_securities_cents=1))
    assert share.path is WithholdingPath.ONLY_SECURITIES_AND_FRACTIONAL_SHARES
    assert (share.rate_bps, share.required_cents) == (0, 0)
    more = asked(PaymentClass.NONPERIODIC, Paid(cash_cents=200_01, employer_securities_cents=1))
    assert more.path is WithholdingPath.DEFAULT_RATE
    direct = asked(PaymentClass.DIRECT_ROLLOVER, Paid(cash_cents=900_00))
    assert (direct.rate_bps, direct.required_cents, direct.net_cents) == (0, 0, 900_00)
    no_tin = asked(PaymentClass.NONPERIODIC, Paid(cash_cents=900_00), tin_given=False, chosen_rate_bps=1_000)
    assert no_tin.withheld_cents == 90_00
    assert isinstance(
        asked(PaymentClass.NONPERIODIC, Paid(cash_cents=900_00), tin_given=False, chosen_rate_bps=900), Refused
    )


def test_a_small_rollover_distribution_is_made_up_for() -> None:
    """Reg. 31.3405(c)-1 A-14: below $200 a year nothing; the one that reaches it bears 20 % of all."""

    def withheld(paid: int, before: int = 0, taken: int = 0) -> int:
        found = withholding.withholding(
            on=date(2026, 5, 1), payment_class=PaymentClass.ELIGIBLE_ROLLOVER, paid=Paid(cash_cents=paid),
            earlier=EarlierThisYear(before, taken),
        )  # fmt: skip
        assert not isinstance(found, Refused)
        return found.withheld_cents

    assert [withheld(199_99), withheld(200_00)] == [0, 40_00]
    assert [withheld(50_00, 149_99), withheld(50_00, 150_00)] == [0, 10_00 + 30_00]
    assert [withheld(50_00, 500_00, 100_00), withheld(50_00, 500_00, 300_00)] == [10_00, 10_00]


# Eligibility and tests ----------------------------------------------------------------------------------------------


def day(text: str) -> np.ndarray:
    return np.array([text], dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("born", "hired", "met"),
    [
        ("2004-06-15", "2025-03-10", "2025-09-10"),  # six months of service last
        ("2005-06-15", "2025-03-10", "2026-06-15"),  # age 21 last
        ("1980-01-01", "2025-08-31", "2026-03-01"),  # where February is too short, the first of the next month
    ],
)
def test_the_later_of_age_and_service(born: str, hired: str, met: str) -> None:
    terms = EligibilityTerms(minimum_age=21, service_months=6, entry=EntryRule.IMMEDIATE)
    found = eligibility.entries(terms, born=day(born), hired=day(hired))
    assert found.conditions_met.tolist() == day(met).tolist() == found.entry.tolist()
    later = eligibility.entries(terms, born=day(born), hired=day(hired), not_before=date(2030, 1, 1))
    assert later.entry.tolist() == [date(2030, 1, 1)]


def test_the_first_computation_period_with_enough_hours() -> None:
    """29 CFR 2530.202-2(b)(2): plan years from the one that begins within the first period."""
    hired = date(2025, 1, 1)
    rows = {date(2025, 1, 1): 1_000, date(2026, 1, 1): 1_000}
    assert eligibility.year_of_service(hired, rows, plan_year_start=(1, 1)) == date(2026, 1, 1)
    assert eligibility.year_of_service(hired, rows | {hired: 999}, plan_year_start=(1, 1)) == date(2027, 1, 1)
    assert eligibility.year_of_service(hired, {}, plan_year_start=(1, 1), required=1) is None


def test_somebody_participates_on_the_last_day() -> None:
    out = {"entry": day("2025-01-01"), "excluded_class": flags(False), "terminated": day("2026-06-30")}
    present = [
        bool(eligibility.participates_on(on, **out)[0])
        for on in (date(2024, 12, 31), date(2025, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    ]
    assert present == [False, True, True, False]


def test_a_contribution_without_pay() -> None:
    """Against the plan: all of an HCE's pay, none of an NHCE's."""
    found = nondiscrimination.ratios(cents(5, 5, 0, 5), cents(0, 0, 0, 100), flags(True, False, True, True))
    assert found.tolist() == [10_000, 0, 0, 500]
    nothing = nondiscrimination.adp_numerator(
        deferrals=cents(5, 5), catch_up=cents(10, 0), over_401a30=cents(0, 5), qualified=cents(0, 0),
        is_hce=flags(True, False),
    )  # fmt: skip
    assert nothing.tolist() == [0, 0]


def test_one_way_of_testing_early_participants_is_enough() -> None:
    """IRC 401(k)(3)(F) leaves NHCEs out; 410(b)(4)(B) asks for both of two tests."""
    for kept, both, passed in (
        (True, (False, False), True),
        (False, (True, False), False),
        (False, (True, True), True),
    ):
        tests: Any = [SimpleNamespace(passed=each) for each in (kept, *both)]
        found = nondiscrimination.EarlyParticipation(tests[0], (tests[1], tests[2]))
        assert found.passed is passed
    rows = {
        "contributions": cents(10, 0, 6, 2), "compensation": cents(100, 100, 100, 100),
        "is_hce": flags(True, False, False, True), "eligible": flags(True, True, True, True),
    }  # fmt: skip
    early = nondiscrimination.early_participation(
        nondiscrimination.RatioKind.ADP, excludable=flags(False, True, False, True), **rows
    )
    assert (early.leave_out_nhces.hce.average, early.leave_out_nhces.nhce.average) == (600, 600)
    assert [(each.hce.average, each.nhce.average) for each in early.tested_separately] == [(1_000, 600), (200, 0)]


def test_an_average_of_the_year_before_for_each_scenario() -> None:
    rows = {"contributions": cents(5, 5), "compensation": cents(100, 100), "is_hce": flags(True, False)}
    two = {name: np.stack([each, each]) for name, each in rows.items()}
    found = nondiscrimination.ratio_scenarios(**two, prior_year_nhce_average=cents(100, 500))
    assert found.passed.tolist() == [False, True]
    with pytest.raises(ImpossibleInput) as caught:
        nondiscrimination.ratio_scenarios(**two, prior_year_nhce_average=cents(100, 500, 900))
    assert caught.value.field == "prior_year_nhce_average"


# Late deposits, orders, series, credits -----------------------------------------------------------------------------


def test_an_extension_of_ten_business_days() -> None:
    """29 CFR 2510.3-102(b)(1), (d): from the 15th business day of the month after; interest from the third on."""
    found = late_deposits.deposit_extension(pay_date=date(2026, 3, 31), extensions_before_in_plan_year=1)
    assert found.outer_limit == date(2026, 4, 21)
    assert found.bond_before == date(2026, 4, 22)
    assert (found.extended_to, found.tell_by) == (date(2026, 5, 5), date(2026, 5, 12))
    again = late_deposits.deposit_extension(pay_date=date(2026, 3, 31), extensions_before_in_plan_year=2)
    assert (found.interest_due, again.interest_due) == (False, True)


def test_a_loss_of_exactly_100_000_dollars_is_not_large() -> None:
    """VFC Program section 5(b): the other rate where lost earnings exceed $100,000."""

    def lost(principal: int) -> lost_earnings.LostEarnings:
        return lost_earnings.lost_earnings(
            principal_cents=principal, loss_on=date(2023, 1, 3), recovered_on=date(2024, 1, 3)
        )

    low, high = 0, 10**10
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if lost(middle).large_loss else (middle, high)
    assert lost(low).total_cents == 100_000_00  # a cent of principal earns less than a cent
    assert lost(high).large_loss


def test_self_correction_on_the_180th_day() -> None:
    """VFC Program section 7.1."""
    for days, late in ((180, False), (181, True)):
        found = late_deposits.self_correction(
            principal_cents=100, withheld_on=date(2025, 4, 1), remitted_on=date(2025, 4, 1) + timedelta(days=days)
        )
        assert (late_deposits.SelfCorrectionBar.REMITTED_TOO_LATE in found.bars) is late


def test_an_order_divides_to_the_cent() -> None:
    """IRC 414(p): in proportion to each source, by largest remainder; the loan stays."""
    rng = random.Random(7)  # noqa: S311
    for _ in range(300):
        held = [rng.randint(0, 6) for _ in range(rng.randint(1, 4))]
        awarded, loan = rng.randint(0, sum(held) + 4), rng.randint(0, 2)
        found = divide_account(
            sources=[DividedSource(source, each) for source, each in zip(Source, held, strict=False)],
            dollars_cents=awarded, loan_then_cents=loan,
        )  # fmt: skip
        if awarded > sum(held):
            beyond = awarded > sum(held) + loan
            problem = SplitProblem.MORE_THAN_BALANCE if beyond else SplitProblem.NOT_ENOUGH_BESIDE_LOAN
            assert (found.problems, found.awarded_cents, found.stays_cents) == ((problem,), 0, sum(held))
        else:
            parts = naive.shares(awarded, held) if sum(held) else [0] * len(held)
            assert found.problems == ()
            assert [row.awarded_cents for row in found.by_source] == parts
            assert found.stays_cents == sum(held) - awarded
        assert (found.base_cents, found.loan_stays_cents) == (sum(held) + loan, loan)


def test_an_alternate_payee_is_paid_from_the_earlier_day() -> None:
    """IRC 414(p)(4)(B): 50, or the participant's own entitlement if that is earlier."""
    for entitled, earliest in ((None, 2030), (2029, 2029), (2031, 2030)):
        found = domestic_relations.earliest_payment(
            participant_birth_date=date(1980, 1, 1),
            entitled_on=None if entitled is None else date(entitled, 1, 1),
            could_begin_if_separated_on=date(2026, 1, 1),
        )
        assert found == date(earliest, 1, 1)


def test_a_changed_series_brings_back_the_tax_until_59_and_a_half() -> None:
    """IRC 72(t)(4)(A): 10 % of what was paid before that age, and not after the year of the change."""
    paid = [PaidInYear(CalendarYear(year), 100_00) for year in (2027, 2024, 2025, 2026)]

    def years(modified: int, born: int) -> list[int]:
        found = periodic_payments.recapture(
            payments=paid, modified_on=date(modified, 6, 1), birth_date=date(born, 3, 1)
        )
        assert found.tax_cents == 10_00 * len(found.by_year)
        return [year.year for year, _ in found.by_year]

    assert years(2026, 1990) == [2024, 2025, 2026]
    assert years(2027, 1966) == [2024, 2025]  # 59 1/2 on 1 September 2025


def military(employees: int, *rows: tuple[int, bool, int]) -> tax_credits.Credit:
    return tax_credits.military_spouse_credit(
        year=CalendarYear(2026),
        employees_paid_5000_year_before=employees,
        contributions=cents(*(row[0] for row in rows)),
        is_hce=flags(*(row[1] for row in rows)),
        credit_years=cents(*(row[2] for row in rows)),
    )


def test_the_credit_for_military_spouses() -> None:
    """IRC 45AA(b): $200 each and up to $300 of contributions, for three years."""
    found = military(
        100, (100_00, False, 1), (300_01, False, 3), (900_00, True, 1), (900_00, False, 4), (900_00, False, 0)
    )
    assert (found.cents, found.limit_cents) == (300_00 + 500_00, 1_000_00)
    none = military(101, (100_00, False, 1))
    assert (none.cents, none.limit_cents, none.rate_bps) == (0, 0, 0)
    assert none.none_because is NoCredit.TOO_MANY_EMPLOYEES


def test_the_credit_for_costs_is_of_all_up_to_50_employees() -> None:
    """IRC 45E(b), (e)(4)."""

    def credit(employees: int, nhces: int = 30, year: int = 1) -> tax_credits.Credit:
        return tax_credits.startup_credit(
            year=CalendarYear(2026), credit_year=year, qualified_costs_cents=3_000_00,
            employees_paid_5000_year_before=employees, eligible_nhces=nhces,
        )  # fmt: skip

    assert [credit(50).cents, credit(51).cents, credit(100).cents, credit(101).cents] == [
        3_000_00, 1_500_00, 1_500_00, 0,
    ]  # fmt: skip
    assert [credit(10, nhces=each).limit_cents for each in (1, 2, 3, 20, 21)] == [
        500_00, 500_00, 750_00, 5_000_00, 5_000_00,
    ]  # fmt: skip
    assert [credit(10, year=each).none_because for each in (0, 1, 3, 4)] == [
        NoCredit.NOT_A_CREDIT_YEAR, None, None, NoCredit.NOT_A_CREDIT_YEAR,
    ]  # fmt: skip
    none = credit(10, nhces=0)
    assert (none.cents, none.limit_cents, none.rate_bps, none.none_because) == (0, 0, 0, NoCredit.NO_NHCE)


def test_the_credit_for_automatic_enrollment_is_of_three_years() -> None:
    """IRC 45T(b)."""
    found = [
        tax_credits.automatic_enrollment_credit(
            year=CalendarYear(2026), credit_year=year, arrangement_in_plan=True, employees_paid_5000_year_before=100
        )
        for year in (0, 1, 3, 4)
    ]
    assert [each.cents for each in found] == [each.limit_cents for each in found] == [0, 500_00, 500_00, 0]


def test_the_savers_match_at_every_percent() -> None:
    """IRC 6433(b): joint from $41,000 over $30,000, so a point each $600; three quarters and half for the others."""
    for filing, share in ((Filing.JOINT, 4), (Filing.HEAD_OF_HOUSEHOLD, 3), (Filing.OTHER, 2)):
        start, point = 41_000_00 * share // 4, 600_00 * share // 4
        for gone in range(51):
            for income, left in ((start + gone * point - 1, 51 - gone), (start + gone * point, 50 - gone)):
                found = tax_credits.savers_match(
                    year=CalendarYear(2027), filing=filing, modified_agi_cents=income, contributions_cents=1_000_00
                )
                percent = min(left, 50)
                assert (found.percent, found.cents) == (percent, percent * 10_00)
                assert found.may_be_credit is (0 < percent * 10_00 < 100_00)
    rich = tax_credits.savers_match(
        year=CalendarYear(2027), filing=Filing.JOINT, modified_agi_cents=90_000_00, contributions_cents=1_000_00
    )
    assert (rich.percent, rich.cents) == (0, 0)
    poor = tax_credits.savers_match(
        year=CalendarYear(2027), filing=Filing.JOINT, modified_agi_cents=0, contributions_cents=2_000_01
    )
    assert poor.cents == 1_000_00


def test_the_credit_for_contributions_year_by_year() -> None:
    """IRC 45E(f)(2): 100, 100, 75, 50, 25 %, at most $1,000 each; 2 % less for each employee above 50."""

    def credit(since: int, employees: int) -> tax_credits.ContributionCredit:
        return tax_credits.contribution_credit(
            year=CalendarYear(2026), years_since_established=since, contributions=cents(800_00, 2_000_00),
            wages=cents(50_000_00, 50_000_00), employees_year_before=employees, wage_limit_cents=100_000_00,
        )  # fmt: skip

    assert [credit(since, 50).cents for since in range(6)] == [
        1_800_00, 1_800_00, 1_600_00, 1_400_00, 700_00, 0,
    ]  # fmt: skip
    assert [credit(0, employees).cents for employees in (51, 99, 100)] == [1_764_00, 36_00, 0]
    late = credit(5, 10)
    assert (late.before_reduction_cents, late.reduction_bps, late.cents) == (0, 0, 0)
    assert late.by_employee.tolist() == [0, 0]

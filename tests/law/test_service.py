"""Hours, breaks, elapsed time and long-term part-time work: the examples of the regulations, and their edges."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import PlanYear
from open401k.law import breaks, eligibility, highly_compensated, hours
from open401k.law.breaks import ComputationPeriod, LostBy, PeriodResult, PlanBreakRules
from open401k.law.elapsed_time import Stint, elapsed_service, one_year_severances, severance_date
from open401k.law.eligibility import EligibilityTerms
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.hours import EarningsAtRate, Equivalency, HoursBasis
from open401k.law.long_term_part_time import HoursOfPeriod, LongTermPartTime, PartTimeStatus, long_term_part_time

PLAN = PlanYear.starting(date(2026, 1, 1))


def credited(number: int | Fraction, basis: HoursBasis = HoursBasis.HOURS_OF_SERVICE) -> hours.YearCredited:
    return hours.year_credited(hours=number, basis=basis, plan_year=PLAN)


@pytest.mark.parametrize(
    ("by", "periods", "expected"),
    [
        # 29 CFR 2530.200b-3(e)(3)(i)-(iv): one hour, two days of vacation or a whole week are a week; leave is none.
        (Equivalency.WEEK, 1, 45),
        (Equivalency.WEEK, 0, 0),
        # (viii): a vacation of two weeks has ten days on which duties would be performed.
        (Equivalency.DAY, 10, 100),
        (Equivalency.SEMI_MONTH, 24, 2_280),
        (Equivalency.MONTH, 6, 1_140),
    ],
)
def test_periods_of_employment_stand_for_hours(by: Equivalency, periods: int, expected: int) -> None:
    assert hours.equivalent_hours(periods=np.array([periods]), by=by, plan_year=PLAN).tolist() == [expected]


def test_each_shift_counts_in_full() -> None:
    """29 CFR 2530.200b-3(e)(3)(v)-(vii)."""
    assert hours.shift_hours([6, 8]) == 14
    assert hours.shift_hours([8] * 10) == 80
    assert hours.shift_hours([8, 8]) == 16


def test_hours_from_earnings_by_the_lowest_rate() -> None:
    """29 CFR 2530.200b-3(f)(4)(ii): $4,350 at $5.00 are 870 hours, and a year of service."""
    found = hours.hours_from_earnings(periods=(EarningsAtRate(435_000, 500),))
    assert found == 870
    assert credited(found, HoursBasis.HOURLY_EARNINGS).is_year_of_service


def test_hours_from_earnings_rate_by_rate_or_by_the_lowest() -> None:
    """29 CFR 2530.200b-3(f)(4)(iii): 225 + 450 + 225 = 900 hours.

    By the lowest rate the regulation prints "$3,020 divided by $3.00 per hour equals 1,009 hours"; its own earnings are
    $675 + $1,575 + $810 = $3,060, which divided by $3.00 are 1,020.
    """
    periods = (EarningsAtRate(67_500, 300), EarningsAtRate(157_500, 350), EarningsAtRate(81_000, 360))
    assert hours.hours_from_earnings(periods=periods) == 900
    assert hours.hours_from_earnings(periods=periods, at_lowest_rate=True) == 1_020


def test_overtime_is_divided_by_its_own_rate() -> None:
    """29 CFR 2530.200b-3(f)(4)(iv): 1,500 + 100 hours."""
    assert hours.hours_from_earnings(periods=(EarningsAtRate(750_000, 500), EarningsAtRate(75_000, 750))) == 1_600


def test_earnings_not_by_the_hour_make_a_year_at_750() -> None:
    """29 CFR 2530.200b-3(f)(4)(v): $7,500 at $400 a week of 40 hours are 750 hours."""
    found = hours.hours_from_earnings(periods=(EarningsAtRate(750_000, 1_000),), at_lowest_rate=True)
    assert credited(found, HoursBasis.OTHER_EARNINGS).is_year_of_service
    assert not credited(found, HoursBasis.HOURLY_EARNINGS).is_year_of_service


@pytest.mark.parametrize(
    ("basis", "year", "against"),
    [
        (HoursBasis.HOURS_OF_SERVICE, 1_000, 500),
        (HoursBasis.HOURS_WORKED, 870, 435),
        (HoursBasis.HOURLY_EARNINGS, 870, 435),
        (HoursBasis.REGULAR_TIME_HOURS, 750, 375),
        (HoursBasis.OTHER_EARNINGS, 750, 375),
    ],
)
def test_a_year_and_a_break_at_their_thresholds(basis: HoursBasis, year: int, against: int) -> None:
    """29 CFR 2530.200b-3(d)(1), (2), (f)(1)(ii), (2)(ii)."""
    assert credited(year, basis).is_year_of_service
    assert not credited(year - 1, basis).is_year_of_service
    assert credited(against, basis).is_break
    assert not credited(against + 1, basis).is_break
    array = hours.years_of_service(hours=np.array([year - 1, year]), basis=basis, plan_year=PLAN)
    assert array.tolist() == [False, True]


def test_hours_without_duties_end_at_501() -> None:
    assert [hours.hours_without_duties(paid_hours=h, plan_year=PLAN) for h in (500, 501, 800)] == [500, 501, 501]


def test_periods_switch_to_the_plan_year_that_includes_the_first_anniversary() -> None:
    """29 CFR 2530.202-2(a), (b)."""
    commenced, until = date(2024, 7, 1), date(2026, 6, 30)
    found = hours.computation_periods(commenced=commenced, until=until)
    assert [first for first, _ in found] == [date(2024, 7, 1), date(2025, 1, 1), date(2026, 1, 1)]
    stay = hours.computation_periods(commenced=commenced, until=until, switch_to_plan_year=False)
    assert stay == ((date(2024, 7, 1), date(2025, 7, 1)), (date(2025, 7, 1), date(2026, 7, 1)))
    on_the_day = hours.computation_periods(commenced=date(2025, 1, 1), until=date(2026, 1, 1))
    assert [first for first, _ in on_the_day] == [date(2025, 1, 1), date(2026, 1, 1)]


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.tuples(st.integers(1, 12), st.integers(1, 28)))
def test_computation_periods_leave_no_day_out(commenced: date, start: tuple[int, int]) -> None:
    found = hours.computation_periods(commenced=commenced, until=date(2032, 1, 1), plan_year_start=start)
    assert all(after[0] <= before[1] for before, after in pairwise(found))
    assert found[-1][1] > date(2032, 1, 1)


def years(*worked: int, start: int = 2020) -> tuple[ComputationPeriod, ...]:
    return tuple(ComputationPeriod(date(start + n, 1, 1), each) for n, each in enumerate(worked))


def counted(*worked: int, rules: PlanBreakRules, nonvested: bool = True) -> breaks.ServiceCounted:
    return breaks.service_counted(periods=years(*worked), rules=rules, nonvested=nonvested, plan_year=PLAN)


@pytest.mark.parametrize(
    ("worked", "met"),
    [
        ((1_000, 1_000, 1_000, 1_000, 1_000), 2),
        ((1_000, 700, 1_000, 1_000, 1_000), 3),
        ((1_000, 500, 1_000, 700, 1_000), 5),
    ],
)
def test_two_years_without_a_break_between_them(worked: tuple[int, ...], met: int) -> None:
    """Temp. Reg. 1.410(a)-8T(c)(2)(ii): A at the end of year 2, B of year 3, C of year 5."""
    found = counted(*worked, rules=PlanBreakRules(years_required=2))
    assert found.requirement_met_in == date(2019 + met, 1, 1)


@pytest.mark.parametrize(
    ("worked", "met"),
    [
        ((1_000, 1_000, 1_000, 1_000, 1_000, 1_000), 3),
        ((1_000, 1_000, 700, 1_000, 1_000, 1_000), 4),
        ((1_000, 500, 1_000, 700, 1_000, 1_000), 6),
    ],
)
def test_three_years_as_the_older_example_has_it(worked: tuple[int, ...], met: int) -> None:
    """Reg. 1.410(a)-5(c)(2)(ii): "A at the end of year 3, B at the end of year 4, and C at the end of year 6"."""
    assert counted(*worked, rules=PlanBreakRules(years_required=3)).requirement_met_in == date(2019 + met, 1, 1)


def test_five_breaks_after_four_years_erase_them() -> None:
    """Reg. 1.410(a)-5(c)(4)(iii) Example: four years, then five consecutive breaks, and no vested benefit."""
    parity = PlanBreakRules(parity=True)
    after = counted(*[1_000] * 4, *[0] * 5, rules=parity)
    assert (after.years, after.periods[-1].lost) == (0, LostBy.PARITY)
    assert counted(*[1_000] * 4, *[0] * 4, rules=parity).years == 4
    assert counted(*[1_000] * 4, *[0] * 5, rules=parity, nonvested=False).years == 4
    assert counted(*[1_000] * 6, *[0] * 5, rules=parity).years == 6
    assert counted(*[1_000] * 6, *[0] * 6, rules=parity).years == 0
    assert counted(*[1_000] * 4, 0, 0, 501, 0, 0, 0, rules=parity).years == 4
    assert explain(after).startswith("0 years of service count (IRC 410(a)(5)(A)). Earlier ones were left out")


def test_the_hold_out_ends_with_a_year_after_the_return() -> None:
    """IRC 410(a)(5)(C)."""
    found = counted(1_000, 1_000, 400, 600, 1_000, rules=PlanBreakRules(hold_out=True))
    assert [each.years_counted for each in found.periods] == [1, 2, 0, 0, 3]
    assert [each.result for each in found.periods][2:4] == [PeriodResult.BREAK, PeriodResult.NEITHER]
    assert counted(1_000, 1_000, 400, rules=PlanBreakRules()).years == 2


def test_employee_c_of_the_labor_regulation_returns_twice() -> None:
    """29 CFR 2530.200b-4(b)(4)(ii): March 1, 1981, and after a period without an hour January 1, 1984."""
    worked = {1975: 1_000, 1976: 1_000, 1977: 1_000, 1978: 1_000, 1979: 1_000, 1980: 400, 1981: 300}
    periods = [ComputationPeriod(date(year, 2, 1), number) for year, number in worked.items()]
    periods[-1] = ComputationPeriod(date(1981, 2, 1), 300, first_duty=date(1981, 3, 1))
    then = breaks.reemployment_commencement(periods=tuple(periods), plan_year=PLAN)
    assert then == date(1981, 3, 1)
    periods += [
        ComputationPeriod(date(1982, 2, 1), 0),
        ComputationPeriod(date(1983, 2, 1), 100, first_duty=date(1984, 1, 1)),
    ]
    assert breaks.reemployment_commencement(periods=tuple(periods), plan_year=PLAN) == date(1984, 1, 1)


def test_employee_a_of_the_labor_regulation_returns_on_june_1_1979() -> None:
    """29 CFR 2530.200b-4(b)(4)(i)(A)."""
    periods = (
        ComputationPeriod(date(1976, 1, 1), 1_000),
        ComputationPeriod(date(1977, 1, 1), 1_000),
        ComputationPeriod(date(1978, 1, 1), 0),
        ComputationPeriod(date(1979, 1, 1), 800, first_duty=date(1979, 6, 1)),
    )
    assert breaks.reemployment_commencement(periods=periods, plan_year=PLAN) == date(1979, 6, 1)
    assert breaks.reemployment_commencement(periods=periods[:2], plan_year=PLAN) is None


@pytest.mark.parametrize(
    ("in_year", "missed", "absent", "credit"),
    [
        (400, 600, 0, (501, 0)),  # prevents the break of the first year
        (600, 600, 0, (0, 501)),  # no break then: the next year
        (0, 480, 0, (0, 480)),  # would not prevent it
        (0, None, 63, (501, 0)),  # 8 hours a day
        (450, 50, 0, (0, 50)),  # 500 hours are still a break
    ],
)
def test_parental_hours_count_only_against_a_break(
    in_year: int, missed: int | None, absent: int, credit: tuple[int, int]
) -> None:
    """IRC 410(a)(5)(E)(ii), (iii)."""
    found = breaks.parental_credit(hours_in_year=in_year, hours_missed=missed, days_absent=absent, plan_year=PLAN)
    assert found == credit


def test_parental_hours_prevent_a_break_and_make_no_year() -> None:
    absent = ComputationPeriod(date(2026, 1, 1), 400, parental_hours=501)
    assert breaks.period_result(absent, PLAN) is PeriodResult.NEITHER
    near = ComputationPeriod(date(2026, 1, 1), 999, parental_hours=501)
    assert breaks.period_result(near, PLAN) is PeriodResult.NEITHER


@given(st.lists(st.integers(0, 2_000), min_size=1, max_size=12), st.booleans(), st.booleans())
def test_rules_of_break_never_add_service_and_more_hours_never_lose_any(
    worked: list[int], parity: bool, hold_out: bool
) -> None:
    rules = PlanBreakRules(parity=parity, hold_out=hold_out)
    found = counted(*worked, rules=rules).years
    assert found <= counted(*worked, rules=PlanBreakRules()).years == sum(each >= 1_000 for each in worked)
    assert counted(*[each + 100 for each in worked], rules=rules).years >= found


def test_employee_w_is_laid_off_quits_and_returns() -> None:
    """Reg. 1.410(a)-7(c)(2)(v): 6 months, laid off, quits after 2, returns 5 later: 13 months; after 10 more: 8."""
    first = Stint(date(2020, 1, 1), absent_from=date(2020, 7, 1), ended=date(2020, 9, 1))
    back = elapsed_service(stints=(first, Stint(date(2021, 2, 1))), on=date(2021, 2, 1))
    assert (back.months, back.days_over) == (13, 0)
    assert "13 months and 0 days of service, a severance of less than a year included" in explain(back)
    late = elapsed_service(stints=(first, Stint(date(2021, 7, 2))), on=date(2021, 7, 2))
    assert (late.months, late.year_completed_on) == (8, None)


def test_three_months_and_ten_months_away_are_thirteen() -> None:
    """Reg. 1.410(a)-7(c)(6)(iii)."""
    stints = (Stint(date(2020, 1, 1), ended=date(2020, 4, 1)), Stint(date(2021, 2, 1)))
    assert elapsed_service(stints=stints, on=date(2021, 2, 1)).months == 13


def test_employee_a_completes_a_year_while_disabled() -> None:
    """Reg. 1.410(a)-7(c)(3)(iii)(A): ten months of work and nine of disability."""
    stints = (Stint(date(2020, 1, 1), absent_from=date(2020, 11, 1)), Stint(date(2021, 8, 1)))
    found = elapsed_service(stints=stints, on=date(2021, 8, 1))
    assert (found.year_completed_on, found.months) == (date(2021, 1, 1), 19)


def test_employee_g_has_the_year_after_the_first_month_of_layoff() -> None:
    """Reg. 1.410(a)-7(c)(5)(i)(B): 7 months, away 15, 4 months, laid off 9: a year after the first month of layoff."""
    stints = (
        Stint(date(2020, 1, 1), ended=date(2020, 7, 31)),
        Stint(date(2021, 11, 1), absent_from=date(2022, 3, 1)),
        Stint(date(2022, 12, 1)),
    )
    assert elapsed_service(stints=stints, on=date(2022, 12, 1)).year_completed_on == date(2022, 4, 1)
    # The hold-out: the year from the return alone is complete in the eighth month of layoff.
    alone = elapsed_service(stints=stints[1:], on=date(2022, 12, 1))
    assert alone.year_completed_on == date(2022, 11, 1)
    assert one_year_severances(severed=date(2020, 8, 1), returned=date(2021, 11, 1), on=date(2022, 1, 1)) == 1


@pytest.mark.parametrize(("returned", "years", "months"), [(1, 0, 24), (2, 1, 12)])
def test_who_returns_on_the_anniversary_of_severance_has_no_period_of_severance(
    returned: int, years: int, months: int
) -> None:
    """Reg. 1.410(a)-7(c)(4): twelve months "ending on the first anniversary of such date, provided that the employee
    during such 12-consecutive-month period does not perform an hour of service".
    """
    back = date(2022, 1, returned)
    assert one_year_severances(severed=date(2021, 1, 1), returned=back, on=date(2023, 1, 1)) == years
    stints = (Stint(date(2020, 1, 1), ended=date(2021, 1, 1)), Stint(back))
    assert elapsed_service(stints=stints, on=back).months == months


def test_the_second_year_of_a_parental_absence_is_neither_service_nor_severance() -> None:
    """Reg. 1.410(a)-9(a)(2): absent from July 1, 1986: service until June 30, 1987, severed from July 1, 1988."""
    first = Stint(date(1985, 7, 1), absent_from=date(1986, 7, 1), parental=True)
    assert severance_date(stint=first, on=date(1989, 7, 1)) == date(1988, 7, 1)
    found = elapsed_service(stints=(first, Stint(date(1989, 7, 1))), on=date(1989, 7, 1))
    assert (found.months, [each.end for each in found.stretches]) == (24, [date(1987, 7, 1)])
    # Back after 18 months nobody has severed, and only the first twelve count.
    early = elapsed_service(stints=(first, Stint(date(1988, 1, 1))), on=date(1988, 7, 1))
    assert (early.months, severance_date(stint=first, on=date(1988, 1, 1))) == (24 + 6, None)


def test_only_whole_years_count_for_vesting() -> None:
    """Reg. 1.410(a)-7(d)(1)(iv): five whole years and 321 days are five."""
    began = date(2020, 1, 1)
    found = elapsed_service(stints=(Stint(began),), on=date(2025, 1, 1) + timedelta(days=321))
    assert found.whole_years == 5


@pytest.mark.parametrize(("ended", "years"), [(date(2022, 12, 30), 2), (date(2022, 12, 31), 3), (date(2023, 1, 1), 3)])
def test_the_last_day_of_employment_is_service(ended: date, years: int) -> None:
    """Reg. 1.410(a)-7(b)(6), -9(a)(2): from January 1, 2020 to December 31, 2022 there are three years of 365 days."""
    found = elapsed_service(stints=(Stint(date(2020, 1, 1), ended=ended),), on=date(2024, 5, 1))
    assert found.whole_years == years
    assert elapsed_service(stints=(Stint(date(2020, 1, 1), ended=ended),), on=ended).whole_years == years


def test_who_comes_back_the_next_day_has_no_day_twice() -> None:
    first = Stint(date(2020, 1, 1), ended=date(2020, 6, 30))
    for back in (date(2020, 6, 30), date(2020, 7, 1)):
        found = elapsed_service(stints=(first, Stint(back)), on=date(2021, 1, 1))
        assert (found.months, found.days_over) == (12, 0)


def test_a_year_of_absence_severs_and_is_not_spanned() -> None:
    """Reg. 1.410(a)-7(b)(2)(ii), (c)(2)(iii)."""
    stint = Stint(date(2020, 1, 1), absent_from=date(2021, 1, 1))
    assert severance_date(stint=stint, on=date(2022, 6, 1)) == date(2022, 1, 1)
    assert severance_date(stint=stint, on=date(2021, 6, 1)) is None
    found = elapsed_service(stints=(stint, Stint(date(2022, 3, 1))), on=date(2022, 3, 1))
    assert found.months == 24


@pytest.mark.parametrize(
    ("stints", "field"),
    [
        ((), "stints"),
        ((Stint(date(2020, 1, 1)), Stint(date(2021, 1, 1))), "stints"),
        ((Stint(date(2020, 1, 1), ended=date(2019, 1, 1)),), "ended"),
        ((Stint(date(2030, 1, 1)),), "on"),
    ],
)
def test_employments_that_cannot_be_are_refused_by_name(stints: tuple[Stint, ...], field: str) -> None:
    with pytest.raises(ImpossibleInput) as refusal:
        elapsed_service(stints=stints, on=date(2025, 1, 1))
    assert refusal.value.field == field


@given(st.dates(date(2000, 1, 1), date(2020, 1, 1)), st.integers(0, 4_000), st.integers(0, 400))
def test_service_never_shrinks_and_never_exceeds_the_calendar(began: date, days: int, more: int) -> None:
    def months(length: int) -> int:
        return elapsed_service(stints=(Stint(began),), on=began + timedelta(days=length)).months

    assert months(days) <= months(days + more) <= (days + more) // 28


TERMS = EligibilityTerms(minimum_age=21, service_months=12, hours_in_year=1_000)


def part_time(
    *worked: tuple[date, int], year: int = 2026, born: date | None = date(1980, 1, 1), excluded: bool = False
) -> LongTermPartTime:
    return long_term_part_time(
        born=born,
        periods=tuple(HoursOfPeriod(*each) for each in worked),
        plan_year=PlanYear.starting(date(year, 1, 1)),
        terms=TERMS,
        excluded_class=excluded,
    )


def calendar(*worked: int, start: int = 2021) -> list[tuple[date, int]]:
    return [(date(start + n, 1, 1), each) for n, each in enumerate(worked)]


def test_three_years_from_2021_enter_in_2024_and_two_from_2025() -> None:
    """IRC 401(k)(2)(D)(ii) as of plan years before and from 2025; periods before 2021 do not count."""
    early = part_time(*calendar(500, 500, 500), year=2024)
    assert (early.status, early.latest_entry) == (PartTimeStatus.LONG_TERM_PART_TIME, date(2024, 1, 1))
    assert part_time(*calendar(500, 500, 500, start=2020), year=2024).status is PartTimeStatus.NOT_YET
    two = calendar(500, 500, start=2022)
    assert part_time(*two, year=2024).status is PartTimeStatus.NOT_YET
    found = part_time(*two, year=2025)
    assert (found.status, found.latest_entry) == (PartTimeStatus.LONG_TERM_PART_TIME, date(2025, 1, 1))
    assert "let in to defer from 2025-01-01 at the latest" in explain(found)


@pytest.mark.parametrize(("worked", "status"), [((500, 500), "long_term_part_time"), ((500, 499), "not_yet")])
def test_500_hours_in_each_year(worked: tuple[int, int], status: str) -> None:
    assert part_time(*calendar(*worked, start=2023)).status == status
    assert part_time(*calendar(500, 499, 500, start=2022)).status is PartTimeStatus.NOT_YET


def test_entry_is_six_months_after_or_the_next_plan_year() -> None:
    """IRC 401(k)(15)(D)(ii), 410(a)(4): the earlier of the two."""
    found = part_time((date(2024, 3, 1), 600), (date(2025, 1, 1), 600))
    assert (found.met_on, found.latest_entry) == (date(2025, 12, 31), date(2026, 1, 1))
    early = part_time((date(2023, 2, 1), 600), (date(2024, 2, 1), 600))
    assert (early.met_on, early.latest_entry) == (date(2025, 1, 31), date(2025, 7, 31))
    anniversaries = part_time((date(2023, 9, 1), 600), (date(2024, 9, 1), 600))
    assert (anniversaries.met_on, anniversaries.latest_entry) == (date(2025, 8, 31), date(2026, 1, 1))


def test_a_thousand_hours_let_in_by_the_general_rule() -> None:
    """IRC 401(k)(15)(B)(iv): until the first plan year after that the employee stays in the rule."""
    first = part_time(*calendar(1_000, 500, start=2024))
    assert first.status is PartTimeStatus.REGULAR
    later = calendar(500, 500, 1_000, start=2023)
    during = part_time(*later, year=2025)
    assert (during.status, during.former_from) == (PartTimeStatus.LONG_TERM_PART_TIME, date(2026, 1, 1))
    assert part_time(*later, year=2026).status is PartTimeStatus.REGULAR
    assert part_time(*later, year=2026).years_of_vesting == 3


def test_age_class_and_missing_facts() -> None:
    two = calendar(500, 500, start=2023)
    assert part_time(*two, born=date(2004, 1, 1)).status is PartTimeStatus.TOO_YOUNG
    assert part_time(*two, born=date(2003, 12, 31)).status is PartTimeStatus.LONG_TERM_PART_TIME
    assert part_time(*two, excluded=True).status is PartTimeStatus.EXCLUDED_CLASS
    elapsed = long_term_part_time(
        born=date(1980, 1, 1),
        periods=tuple(HoursOfPeriod(*each) for each in two),
        plan_year=PLAN,
        terms=EligibilityTerms(minimum_age=21, service_months=12),
    )
    assert elapsed.status is PartTimeStatus.NO_HOURS_ASKED
    assert part_time(*calendar(500, start=2023), born=None).status is PartTimeStatus.NOT_YET
    with pytest.raises(ImpossibleInput, match="born"):
        part_time(*two, born=None)
    with pytest.raises(ImpossibleInput, match="hours"):
        part_time((date(2025, 1, 1), -1))


@given(st.lists(st.integers(0, 999), min_size=2, max_size=5))
def test_more_hours_never_delay_a_part_timers_entry(worked: list[int]) -> None:
    less = part_time(*calendar(*worked)).latest_entry
    more = part_time(*calendar(*[min(each + 200, 999) for each in worked])).latest_entry
    assert less is None or (more is not None and more <= less)


def test_otherwise_excludable_until_the_latest_lawful_entry() -> None:
    """IRC 410(b)(4)(B): hired in July 2025 one must enter on January 1, 2027; in June 2025 by December 1, 2026."""

    def days(*told: str) -> eligibility.Days:
        return np.array(told, dtype="datetime64[D]")

    found = eligibility.otherwise_excludable(
        born=days("1980-01-01", "1980-01-01", "2006-01-01", "2005-06-30", "NaT"),
        hired=days("2025-07-01", "2025-06-01", "2020-01-01", "2020-01-01", "2020-01-01"),
        year_of_service_met=None,
        terms=EligibilityTerms(),
        plan_year=PLAN,
    )
    assert found.tolist() == [True, False, True, False, True]
    by_hours = eligibility.otherwise_excludable(
        born=days("1980-01-01", "1980-01-01"),
        hired=days("2025-01-01", "2026-01-01"),
        year_of_service_met=days("2026-01-01", "2027-01-01"),
        terms=EligibilityTerms(),
        plan_year=PLAN,
    )
    assert by_hours.tolist() == [False, True]


def test_a_former_hce_stays_one() -> None:
    """Temp. Reg. 1.414(q)-1T A-4(a): in the separation year, or in a year that ended after the 55th birthday."""
    found = highly_compensated.former_highly_compensated(
        separated=np.array([True, True, True, False]),
        hce_in_separation_year=np.array([True, False, False, True]),
        hce_from_age_55=np.array([False, True, False, True]),
    )
    assert found.tolist() == [True, True, False, False]

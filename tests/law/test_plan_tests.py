"""Coverage, top-heavy, annual additions, capped pay and vesting: edges and properties."""

from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, LimitationYear, PlanYear, half_up
from open401k.law import NotEnacted, additions, compensation, coverage, deferrals, top_heavy, vesting
from open401k.law.arrays import Cents, as_cents, half_up_quotient

YEAR_2026 = PlanYear.starting(date(2026, 1, 1))


def cents(*dollars: int) -> Cents:
    return np.array(dollars, dtype=np.int64) * 100


@pytest.mark.parametrize(("benefiting", "passed"), [(70, True), (69, False)])
def test_seventy_percent_passes_coverage(benefiting: int, passed: bool) -> None:
    test = coverage.coverage_of_counts(
        nhce_nonexcludable=100, nhce_benefiting=benefiting, hce_nonexcludable=10, hce_benefiting=10
    )
    assert (test.passed, test.ratio) == (passed, benefiting * 100)


def test_who_is_excluded_by_law_does_not_count_and_who_is_excluded_by_the_plan_does() -> None:
    test = coverage.coverage_test(
        is_hce=np.array([True, False, False, False]),
        benefiting=np.array([True, True, False, False]),
        excluded=coverage.excludable(
            below_age_or_service=np.array([False, False, True, False]),
            collectively_bargained=np.zeros(4, dtype=np.bool_),
            nonresident_alien=np.zeros(4, dtype=np.bool_),
            short_service_leaver=np.zeros(4, dtype=np.bool_),
        ),
    )
    assert (test.nhce_nonexcludable, test.nhce_benefiting, test.ratio, test.passed) == (2, 1, 5_000, False)


@pytest.mark.parametrize(("nhce", "hce", "hce_in"), [(0, 3, 3), (5, 0, 0), (5, 3, 0)])
def test_coverage_is_deemed_passed_where_nobody_can_be_favored(nhce: int, hce: int, hce_in: int) -> None:
    test = coverage.coverage_of_counts(
        nhce_nonexcludable=nhce, nhce_benefiting=0, hce_nonexcludable=hce, hce_benefiting=hce_in
    )
    assert test.passed
    assert test.deemed


@pytest.mark.parametrize(
    ("concentration", "harbors"),
    [
        (0, (5000, 4000)),
        (60, (5000, 4000)),
        (61, (4925, 3925)),
        (74, (3950, 2950)),
        (86, (3050, 2050)),
        (87, (2975, 2000)),
        (99, (2075, 2000)),
    ],
)
def test_the_harbors_of_the_regulation(concentration: int, harbors: tuple[int, int]) -> None:
    assert coverage.harbor_percentages(concentration) == harbors


@pytest.mark.parametrize(("key", "other", "heavy"), [(60_000, 40_000, False), (60_001, 40_000, True), (0, 0, False)])
def test_more_than_sixty_percent_is_top_heavy(key: int, other: int, heavy: bool) -> None:
    test = top_heavy.top_heavy_test(balances=np.array([key, other]), is_key=np.array([True, False]))
    assert test.top_heavy is heavy


def test_the_ratio_compares_cents_not_rounded_percentages() -> None:
    test = top_heavy.top_heavy_test(balances=np.array([600_001, 400_000]), is_key=np.array([True, False]))
    assert (test.ratio, test.top_heavy) == (6_000, True)


def test_top_heavy_scenarios_equal_single_tests() -> None:
    balances = np.array([[60_000, 40_000, 5], [60_001, 40_000, 5], [0, 0, 5]])
    is_key, counted = np.array([True, False, False]), np.array([True, True, False])
    found = top_heavy.top_heavy_scenarios(balances=balances, is_key=is_key, counted=counted)
    singles = [top_heavy.top_heavy_test(balances=row, is_key=is_key, served_in_year=counted) for row in balances]
    assert found.top_heavy.tolist() == [test.top_heavy for test in singles] == [False, True, False]
    assert found.ratio.tolist() == [test.ratio for test in singles]


def test_the_minimum_refuses_to_mix_scenarios() -> None:
    two = np.zeros((2, 1), dtype=np.int64)
    nobody = np.array([False])
    with pytest.raises(ValueError, match="must not mix scenarios"):
        top_heavy.minimum_contribution(
            is_key=nobody, owed_to=nobody, compensation=two, deferrals=two, match=two, nonelective=two
        )


def test_ratio_percentages_of_many_scenarios_at_once() -> None:
    found = coverage.ratio_percentages(
        nhce_nonexcludable=np.array([120, 0, 100]),
        nhce_benefiting=np.array([60, 0, 70]),
        hce_nonexcludable=np.array([80, 5, 10]),
        hce_benefiting=np.array([72, 5, 10]),
    )
    assert found.tolist() == [5_556, 10_000, 7_000]


def test_former_keys_and_people_without_service_are_left_out_and_distributions_added_back() -> None:
    test = top_heavy.top_heavy_test(
        balances=cents(50, 50, 1_000, 1_000),
        is_key=np.array([True, False, False, False]),
        former_key=np.array([True, False, True, False]),
        served_in_year=np.array([True, True, True, False]),
        paid_on_severance_1_year=cents(0, 10, 0, 0),
        paid_in_service_5_years=cents(40, 0, 0, 0),
    )
    assert (test.key_cents, test.total_cents, test.people_counted) == (9_000, 15_000, 2)


def minimum(key_deferral: int, match: int = 0, nonelective: int = 0) -> top_heavy.TopHeavyMinimum:
    return top_heavy.minimum_contribution(
        is_key=np.array([True, False]),
        owed_to=np.array([True, True]),
        compensation=cents(200_000, 50_000),
        deferrals=cents(key_deferral, 5_000),
        match=cents(0, match),
        nonelective=cents(0, nonelective),
    )


@pytest.mark.parametrize(
    ("key_deferral", "match", "nonelective", "rate", "short"),
    [
        (20_000, 0, 0, 300, 1_500),
        (4_000, 0, 0, 200, 1_000),  # the highest key rate is below 3 %
        (0, 0, 0, 0, 0),
        (20_000, 400, 0, 300, 1_100),  # match counts, the employee's own deferrals do not
        (20_000, 0, 1_500, 300, 0),  # a 3 % nonelective meets it
    ],
)
def test_the_top_heavy_minimum(key_deferral: int, match: int, nonelective: int, rate: int, short: int) -> None:
    owed = minimum(key_deferral, match, nonelective)
    assert (owed.rate_bps, owed.total_shortfall_cents) == (rate, short * 100)


def test_the_determination_date_is_in_the_year_before_except_in_a_first_year() -> None:
    assert str(top_heavy.determination_date_year(YEAR_2026, first_plan_year=False)) == "2025"
    assert str(top_heavy.determination_date_year(YEAR_2026, first_plan_year=True)) == "2026"


def test_a_pure_safe_harbor_plan_is_exempt() -> None:
    assert top_heavy.exempt(only_safe_harbor_contributions=True)
    assert not top_heavy.exempt(only_safe_harbor_contributions=False)


def test_annual_additions_leave_catch_up_out() -> None:
    # Age 62 in 2026: 24,500 + 11,250 catch-up + 47,500 employer = 83,250, all within the limits.
    found = additions.annual_additions(
        year=LimitationYear.starting(date(2026, 1, 1)),
        deferrals=cents(35_750, 24_500, 24_500),
        catch_up=cents(11_250, 0, 0),
        after_tax=cents(0, 0, 0),
        employer=cents(47_500, 48_000, 0),
        compensation=cents(360_000, 360_000, 20_000),
        catch_up_room=cents(0, 200, 0),
    )
    assert found.counted.tolist() == cents(72_000, 72_300, 24_500).tolist()
    assert found.catch_up_by_415.tolist() == cents(0, 200, 0).tolist()
    assert found.excess.tolist() == cents(0, 300, 4_500).tolist()
    assert found.limit.tolist() == cents(72_000, 72_000, 20_000).tolist()


def test_a_short_limitation_year_has_twelfths() -> None:
    short = LimitationYear(date(2026, 1, 1), date(2026, 7, 1))
    assert additions.dollar_limit(short) == 36_000_00


def test_a_short_plan_year_prorates_the_pay_cap() -> None:
    assert compensation.annual_cap(YEAR_2026) == 360_000_00
    assert compensation.annual_cap(PlanYear(date(2026, 7, 1), date(2027, 1, 1))) == 180_000_00
    assert compensation.months_in(PlanYear(date(2026, 7, 1), date(2026, 7, 15))) == 1
    assert compensation.months_in(PlanYear(date(2026, 1, 1), date(2026, 12, 2))) == 12


@given(periods=st.lists(st.integers(0, 50_000_00), min_size=1, max_size=26), cap=st.integers(1, 360_000_00))
def test_period_shares_add_up_to_the_capped_year(periods: list[int], cap: int) -> None:
    after = np.cumsum(np.array(periods, dtype=np.int64))
    pay = np.array(periods, dtype=np.int64)
    shares = compensation.period_share(before=after - pay, period=pay, cap=cap)
    assert int(shares.sum()) == min(sum(periods), cap)
    assert (shares <= pay).all()


@pytest.mark.parametrize(
    ("schedule", "allowed"),
    [
        (vesting.IMMEDIATE, True),
        (vesting.CLIFF_3, True),
        (vesting.GRADED_2_TO_6, True),
        (vesting.QACA_CLIFF_2, True),
        (vesting.Schedule((0, 0, 0, 0, 10_000)), False),  # 4-year cliff
        (vesting.Schedule((0, 2_000, 4_000, 6_000, 8_000, 10_000)), True),
        (vesting.Schedule((0, 0, 0, 4_000, 10_000)), False),  # faster than each in another year only
    ],
)
def test_a_schedule_must_be_as_fast_as_one_of_the_two(schedule: vesting.Schedule, allowed: bool) -> None:
    assert vesting.fast_enough(schedule) is allowed


def test_vested_money_by_years_of_service() -> None:
    years = np.array([-1, 0, 2, 3, 6, 40])
    assert vesting.vested_bps(vesting.GRADED_2_TO_6, years).tolist() == [0, 0, 2_000, 4_000, 10_000, 10_000]
    assert vesting.vested_cents(vesting.GRADED_2_TO_6, np.array([3]), np.array([101])).tolist() == [40]


@pytest.mark.parametrize("steps", [(), (0, 5_000), (0, 10_000, 5_000, 10_000)])
def test_a_schedule_that_never_ends_or_goes_down_is_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="vesting schedule"):
        vesting.Schedule(steps)


@given(numerator=st.integers(-(10**12), 10**12), denominator=st.integers(1, 10**9))
def test_array_rounding_is_the_kernels(numerator: int, denominator: int) -> None:
    assert int(half_up_quotient(np.array(numerator), denominator)) == half_up(Fraction(numerator, denominator))


def test_floats_are_not_cents() -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        as_cents([1.5])
    assert as_cents([]).tolist() == []


def test_the_limit_of_a_limitation_year_is_that_of_its_end_and_before_that_year_the_one_in_force() -> None:
    # Reg. 1.415(d)-1(b)(2)(iii): adjusted as of January 1, for limitation years ending in that calendar year.
    year = LimitationYear.starting(date(2025, 7, 1))
    assert additions.dollar_limit(year) == 72_000_00
    assert additions.dollar_limit(year, on=date(2025, 12, 31)) == 70_000_00
    assert additions.dollar_limit(year, on=date(2026, 1, 1)) == 72_000_00
    for day in (date(2026, 1, 1), date(2026, 12, 31)):
        assert additions.dollar_limit(LimitationYear.starting(date(2026, 1, 1)), on=day) == 72_000_00


def test_a_limit_that_is_not_announced_is_named_and_the_one_in_force_holds() -> None:
    year = LimitationYear.starting(date(2026, 7, 1))
    assert additions.dollar_limit(year, on=date(2026, 9, 30)) == 72_000_00
    missing = additions.not_known_yet(year)
    assert missing is not None
    assert "that of 2027 and is not known yet" in missing.message
    for day in (None, date(2027, 1, 1)):
        with pytest.raises(NotEnacted, match="not known yet"):
            additions.dollar_limit(year, on=day)
    assert additions.not_known_yet(LimitationYear.starting(date(2025, 7, 1))) is None


def test_what_is_below_the_last_deferral_limit_is_below_every_later_one() -> None:
    at, over = np.array([0, 2_450_000]), np.array([0, 2_450_001])
    assert deferrals.below_any_limit(at, CalendarYear(2027))
    assert not deferrals.below_any_limit(over, CalendarYear(2027))
    assert not deferrals.below_any_limit(at, CalendarYear(2026))  # that one is on file, and is to be asked


def test_the_highest_key_rate_is_applied_as_the_fraction_it_is() -> None:
    """IRC 416(c)(2)(B)(ii): "the percentage at which contributions are made ... for the key employee for whom such
    percentage is the highest": 2,500 of 350,000 is 0.714285... %, of 90,000 then 642.86 and not 639.00.
    """
    owed = top_heavy.minimum_contribution(
        is_key=np.array([True, True, False]),
        owed_to=np.array([False, False, True]),
        compensation=cents(350_000, 100_000, 90_000),
        deferrals=cents(2_500, 714, 0),
        match=cents(0, 0, 0),
        nonelective=cents(0, 0, 0),
    )
    assert (owed.rate_bps, owed.minimum.tolist()) == (71, [0, 0, 64_286])


@given(
    st.integers(0, 10**8), st.integers(1, 10**10), st.integers(0, 10**8), st.integers(1, 10**10), st.integers(0, 10**9)
)
def test_the_minimum_equals_the_one_by_fractions(one: int, pay: int, other: int, pay_2: int, of: int) -> None:
    found = top_heavy.minimum_contribution(
        is_key=np.array([True, True, False]),
        owed_to=np.array([True, True, True]),
        compensation=np.array([pay, pay_2, of]),
        deferrals=np.array([one, other, 0]),
        match=np.zeros(3, dtype=np.int64),
        nonelective=np.zeros(3, dtype=np.int64),
    )
    rate = min(Fraction(3, 100), max(Fraction(one, pay), Fraction(other, pay_2)))
    assert found.minimum.tolist() == [0, 0, half_up(rate * of)]


def test_a_plan_that_enables_a_defined_benefit_plan_owes_three_percent_in_any_case() -> None:
    """Reg. 1.416-1 M-7: the lower minimum "does not apply to any plan required to be included in an aggregation group
    if such plan enables a defined benefit plan ... to meet the requirements of section 401(a)(4) or 410".
    """
    found = [
        top_heavy.minimum_contribution(
            is_key=np.array([True, False]),
            owed_to=np.array([False, True]),
            compensation=cents(100_000, 50_000),
            deferrals=cents(1_000, 0),
            match=cents(0, 0),
            nonelective=cents(0, 0),
            enables_a_defined_benefit_plan=enables,
        )
        for enables in (False, True)
    ]
    assert [(each.rate_bps, each.total_shortfall_cents) for each in found] == [(100, 500_00), (300, 1_500_00)]


def test_a_key_employees_rate_is_of_pay_up_to_the_limit() -> None:
    """Reg. 1.416-1 M-7: "divided by the compensation (not in excess of $200,000)": $7,200 are 2 % of $360,000."""
    owed = top_heavy.minimum_contribution(
        is_key=np.array([True, False]),
        owed_to=np.array([False, True]),
        compensation=cents(720_000, 50_000),
        deferrals=cents(7_200, 0),
        match=cents(0, 0),
        nonelective=cents(0, 0),
        plan_year=YEAR_2026,
    )
    assert (owed.rate_bps, owed.total_shortfall_cents) == (200, 1_000_00)


def test_a_leaver_with_no_more_than_500_hours_may_be_left_out() -> None:
    """Reg. 1.410(b)-6(f)(1)(ii)-(v): eligible, nothing "solely because" of the condition, "no more than 500 hours";
    (f)(2): "the 500-hour requirement must be adjusted accordingly" for an equivalency.
    """
    yes, no = np.array([True] * 6), np.array([False] * 6)
    facts_: dict[str, Any] = {
        "eligible": np.array([True, True, False, True, True, True]),
        "benefiting": np.array([False, False, False, True, False, False]),
        "lacks_only_period_or_last_day": np.array([True, True, True, True, False, True]),
        "employed_on_last_day": np.array([False, False, False, False, False, True]),
    }
    hours = np.array([500, 501, 100, 100, 100, 100])
    found = coverage.short_service_leavers(**facts_, hours=hours)
    assert found.tolist() == [True, False, False, False, False, False]
    assert not coverage.short_service_leavers(**facts_, hours=hours, most_hours=435).any()
    out = coverage.excludable(
        below_age_or_service=no, collectively_bargained=no, nonresident_alien=no, short_service_leaver=found
    )
    assert coverage.coverage_test(is_hce=no, benefiting=yes & ~found, excluded=out).nhce_nonexcludable == 5
    with pytest.raises(ValueError, match="most_hours"):
        coverage.short_service_leavers(**facts_, hours=hours, most_hours=501)

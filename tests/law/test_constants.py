"""What holds until it is changed, typed a second time by section; and the numbers in code are those on file."""

from datetime import date

import numpy as np
import pytest

from open401k.kernel import CalendarYear, LimitationYear, PlanYear, Year
from open401k.law import (
    coverage,
    deferrals,
    eligibility,
    figures,
    forfeitures,
    headcount,
    key_employees,
    matching,
    nondiscrimination,
    ownership,
    prior_year,
    safe_harbor,
    safe_harbor_changes,
    tables,
    targeting,
    testing_method,
    top_heavy,
    vesting,
    vesting_years,
)

# File by file: id -> the year from which each value holds. Percentages in basis points.
TYPED: dict[str, dict[str, dict[int, int]]] = {
    "owners_and_officers.yaml": {
        # IRC 414(q)
        "hce_owner": {1997: 5_00},
        "top_paid_group_months_of_service": {1997: 6},
        "top_paid_group_weekly_hours": {1997: 17_50},
        "top_paid_group_months_a_year": {1997: 6},
        "top_paid_group_age": {1997: 21},
        "top_paid_group_union_share": {1997: 90_00},
        # IRC 416(i)
        "key_officers_most": {1984: 50},
        "key_officers_fewest": {1984: 3},
        "key_officers_share": {1984: 10_00},
        "key_owner": {1984: 5_00},
        "key_owner_with_pay": {1984: 1_00},
    },
    "eligibility.yaml": {
        # IRC 410(a)
        "eligibility_age": {1985: 21},
        "eligibility_years": {1976: 1},
        "eligibility_years_if_vested": {1989: 2},
        "entry_months": {1976: 6},
        # IRC 401(k)(15)(A)(ii)
        "long_term_part_time_age": {2021: 21},
    },
    "vesting.yaml": {
        # IRC 411(a)(4) to (10)
        "vesting_age": {1985: 18},
        "vesting_breaks": {1985: 5},
        "forfeiture_repayment_years": {1985: 5},
        "schedule_election_years": {1989: 3},
    },
    "top_heavy.yaml": {
        # IRC 416(c), (g)
        "top_heavy_minimum": {1984: 3_00},
        "top_heavy_share": {1984: 60_00},
        "top_heavy_distribution_years": {1984: 5, 2002: 1},
        "top_heavy_in_service_years": {1984: 5},
    },
    "safe_harbor.yaml": {
        # IRC 401(k)(12), 401(m)(11)
        "basic_match_full_to": {1999: 3_00},
        "basic_match_half_to": {1999: 5_00},
        "basic_match_half_rate": {1999: 50_00},
        "safe_harbor_late_days": {2020: 30},
        "acp_match_on_deferrals_to": {1999: 6_00},
        "acp_discretionary_match": {2006: 4_00},
    },
    "ratio_tests.yaml": {
        # IRC 401(k)(3), 401(m)(2)
        "ratio_test_factor": {1987: 125_00},
        "ratio_test_alternative_factor": {1987: 200_00},
        "ratio_test_alternative_points": {1987: 2_00},
        "first_year_nhce_average": {1997: 3_00},
        # Reg. 1.401(k)-2(a)(6), (c)(4)
        "qnec_always_counted": {2006: 5_00},
        "qnec_representative_factor": {2006: 200_00},
        "qnec_prevailing_wage": {2006: 10_00},
        "qnec_months": {2006: 12},
        "minor_coverage_change": {2006: 90_00},
        # IRC 410(b)
        "coverage_ratio": {1989: 70_00},
        "coverage_average_benefit": {1989: 70_00},
    },
    "annual_limits.yaml": {
        "additions_share_of_pay": {2002: 100_00},
        "additions_credited_days": {2007: 30},
        # As pensionsoft.com/resources/Limit401a17 and the ALPA table print them.
        "limit_401a17_before_2019": {
            1994: 150_000,
            1997: 160_000,
            2000: 170_000,
            2002: 200_000,
            2004: 205_000,
            2005: 210_000,
            2006: 220_000,
            2007: 225_000,
            2008: 230_000,
            2009: 245_000,
            2012: 250_000,
            2013: 255_000,
            2014: 260_000,
            2015: 265_000,
            2017: 270_000,
            2018: 275_000,
        },
        "catch_up_age": {2002: 50},
        "catch_up_higher_from_age": {2025: 60},
        "catch_up_higher_to_age": {2025: 63},
    },
    "savers_credit.yaml": {
        # IRC 25B(a), (b)(2)
        "savers_credit_contributions": {2002: 2_000},
        "savers_credit_head_of_household": {2002: 75_00},
        "savers_credit_single": {2002: 50_00},
    },
}
YEAR = 2026


def on_file(figure_id: str) -> int:
    """What holds for 2026, in the figure's own unit."""
    row = figures.figure(figure_id)
    start = date(YEAR, 1, 1)
    year: Year = PlanYear.starting(start)
    if row.read_by is figures.ReadBy.CALENDAR_YEAR:
        year = CalendarYear(YEAR)
    elif row.read_by is figures.ReadBy.LIMITATION_YEAR_ENDING_IN:
        year = LimitationYear.starting(start)
    if row.unit is figures.Unit.USD:
        return figures.cents(figure_id, year) // 100
    return (figures.bps if row.unit is figures.Unit.BPS else figures.count)(figure_id, year)


@pytest.mark.parametrize("file", TYPED)
def test_every_constant_equals_the_second_typing(file: str) -> None:
    assert {row.id: row.values for row in figures.all_figures() if row.file == file} == TYPED[file]


def test_the_schedules_equal_the_second_typing_and_those_in_code() -> None:
    typed = {
        "vesting_cliff": ((0, 0, 0, 100), vesting.CLIFF_3),
        "vesting_graded": ((0, 0, 20, 40, 60, 80, 100), vesting.GRADED_2_TO_6),
        "vesting_automatic": ((0, 0, 100), vesting.QACA_CLIFF_2),
    }
    for table_id, (percents, schedule) in typed.items():
        rows = tables.edition(table_id, date(YEAR, 1, 1))
        assert tuple(int(rows[str(years)]) for years in range(len(rows))) == percents
        assert schedule.steps_bps == tuple(each * 100 for each in percents)


#: The named numbers of code, each with the figure that it repeats. One of them changed alone would be two laws.
IN_CODE = [
    (coverage.RATIO_TO_PASS, "coverage_ratio"),
    (coverage.RATIO_TO_PASS, "coverage_average_benefit"),
    (eligibility.MAXIMUM_AGE, "eligibility_age"),
    (eligibility.MAXIMUM_AGE, "long_term_part_time_age"),
    (eligibility.MAXIMUM_HOURS, "hours_year_of_service"),
    (eligibility.MAXIMUM_SERVICE_MONTHS // 12, "eligibility_years"),
    (forfeitures.REPAY_YEARS, "forfeiture_repayment_years"),
    (headcount.AGE, "top_paid_group_age"),
    (headcount.MONTHS_OF_SERVICE, "top_paid_group_months_of_service"),
    (headcount.WEEKLY_HUNDREDTHS, "top_paid_group_weekly_hours"),
    (headcount._UNION_TENTHS * 1_000, "top_paid_group_union_share"),
    (key_employees.officer_cap(10_000), "key_officers_most"),
    (key_employees.officer_cap(1), "key_officers_fewest"),
    (key_employees.officer_cap(300) * 10_000 // 300, "key_officers_share"),
    (nondiscrimination.ratio_limit(1_000).times_1_25 * 10, "ratio_test_factor"),
    (nondiscrimination.ratio_limit(100).alternative * 100, "ratio_test_alternative_factor"),
    (nondiscrimination.ratio_limit(400).alternative - 400, "ratio_test_alternative_points"),
    (ownership.FIVE_PERCENT_BPS, "hce_owner"),
    (ownership.FIVE_PERCENT_BPS, "key_owner"),
    (ownership.ONE_PERCENT_BPS, "key_owner_with_pay"),
    (prior_year.FIRST_YEAR_NHCE_AVERAGE, "first_year_nhce_average"),
    (safe_harbor.ACP_DEFERRAL_CEILING_BPS, "acp_match_on_deferrals_to"),
    (safe_harbor.ACP_DISCRETIONARY_CEILING_BPS, "acp_discretionary_match"),
    (safe_harbor_changes.QACA_VESTING_YEARS, "qaca_vesting_years"),
    (targeting._ALWAYS, "qnec_always_counted"),
    (targeting._PREVAILING_WAGE, "qnec_prevailing_wage"),
    (testing_method._MINOR_PERCENT * 100, "minor_coverage_change"),
    (top_heavy.THRESHOLD, "top_heavy_share"),
    (top_heavy.MINIMUM_BPS, "top_heavy_minimum"),
    (vesting.ELECTION_YEARS, "schedule_election_years"),
    (vesting_years.BREAK_HOURS, "hours_no_break"),
    (vesting_years.LONG_BREAK, "vesting_breaks"),
    (vesting_years.PARENTAL_HOURS, "hours_parental_absence"),
    (vesting_years.PART_TIME_YEAR_HOURS, "ltpt_hours"),
    (vesting_years.SERVICE_AGE, "vesting_age"),
    (vesting_years.YEAR_HOURS, "hours_year_of_service"),
]


@pytest.mark.parametrize(("in_code", "figure_id"), IN_CODE, ids=[figure_id for _, figure_id in IN_CODE])
def test_a_number_in_code_is_the_one_on_file(in_code: int, figure_id: str) -> None:
    assert in_code == on_file(figure_id)


def test_the_ages_of_catch_up_in_code_are_those_on_file() -> None:
    ages = np.arange(100)
    ordinary, higher = (
        deferrals.catch_up_limits(ages, CalendarYear(YEAR), higher_60_to_63=each) for each in (False, True)
    )
    assert int(np.flatnonzero(ordinary)[0]) == on_file("catch_up_age")
    assert np.flatnonzero(higher != ordinary).tolist() == list(
        range(on_file("catch_up_higher_from_age"), on_file("catch_up_higher_to_age") + 1)
    )


def test_the_basic_match_in_code_is_the_one_on_file() -> None:
    assert (
        matching.MatchFormula.of(
            [
                (10_000, on_file("basic_match_full_to")),
                (on_file("basic_match_half_rate"), on_file("basic_match_half_to")),
            ]
        )
        == safe_harbor.BASIC_MATCH
    )

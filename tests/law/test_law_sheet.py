"""The vectors of the law sheet for limits and tests, and where its sources disagree: settled by the text of the law.

The sheet's other vectors are tests of their subjects: levelling in test_corrections.py, the formula of 2026 and the
index of 2027 in test_indexing.py; loans, distributions, disparity and equivalent benefits with those.
"""

import numpy as np
import pytest

from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import NotEnacted, additions, coverage, deferrals, figures, indexing

YEAR = CalendarYear(2026)


def test_the_most_that_somebody_of_62_defers_and_receives_in_2026() -> None:
    """catchup_2026_age62: 35,750 deferred; 83,250 with everything else."""
    limits = deferrals.deferral_limits(np.array([62]), YEAR, higher_60_to_63=True)
    assert limits.total.tolist() == [35_750_00]
    with_additions = additions.dollar_limit(LimitationYear.starting(YEAR.start)) + int(limits.catch_up[0])
    assert with_additions == 83_250_00


def test_the_harbors_at_a_concentration_of_74_74_percent() -> None:
    """coverage_table: 39.5, 29.5 and 34.5 between; the concentration is rounded down (Reg. 1.410(b)-4(c)(4)(iii))."""
    test = coverage.coverage_of_counts(
        nhce_nonexcludable=71, nhce_benefiting=10, hce_nonexcludable=24, hce_benefiting=24
    )
    assert (10_000 * 71 // 95, test.nhce_concentration) == (7473, 74)
    assert (test.safe_harbor, test.unsafe_harbor) == (39_50, 29_50)
    assert (test.safe_harbor + test.unsafe_harbor) // 2 == 34_50


def test_simple_catch_up_of_small_employers_is_what_the_statute_makes_it_in_2026() -> None:
    """3,850 against 4,000 in one table: 414(v)(2)(C)(ii) indexes the 3,850 itself from 2023, less than one step of 500.

    So the ordinary amount of 4,000 is the higher one in 2026; the statute does not take the greater of both.
    """
    assert figures.cents("simple_catchup_higher", YEAR) == 3_850_00
    assert indexing.by_formula(figure_id="simple_catchup_higher", year=YEAR).by_formula_cents == 3_850_00
    assert figures.cents("simple_catchup", YEAR) == 4_000_00


def test_incomes_of_the_savers_credit_are_multiples_of_500() -> None:
    """48,500 against 48,250 for 2026: section 25B(b)(3) rounds to multiples of 500, so 48,250 cannot be."""
    for part in ("50pct", "20pct", "10pct"):
        values = figures.figure(f"savers_credit_joint_{part}_max").values
        assert [each % 500 for each in values.values()] == [0] * len(values)
    assert figures.cents("savers_credit_joint_50pct_max", YEAR) == 48_500_00


def test_the_savers_match_begins_in_2027_and_not_before() -> None:
    """2027 against 2026 on one page: SECURE 2.0 s. 103(f), taxable years beginning after December 31, 2026."""
    with pytest.raises(NotEnacted, match="begins in 2027"):
        figures.cents("savers_match_joint_start", YEAR)
    assert figures.cents("savers_match_joint_start", CalendarYear(2027)) == 41_000_00


def test_the_dollar_prong_of_long_term_care_is_indexed_and_not_the_percentage() -> None:
    """401(a)(39)(B)(ii) indexes "the $2,500 amount in clause (i)(II)", but (II) is 10 percent and (III) the $2,500."""
    row = figures.figure("ltc_distribution_limit")
    assert "401(a)(39)(B)(i)(III)" in row.cite
    assert row.values == {2025: 2_600, 2026: 2_600}


@pytest.mark.parametrize(
    ("figure_id", "first_missing"),
    [("simple_extra_nonelective", 2026), ("contribution_credit_wage_limit", 2026), ("savers_match_joint_start", 2028)],
)
def test_what_no_source_tells_is_refused_though_other_figures_of_the_year_are_on_file(
    figure_id: str, first_missing: int
) -> None:
    with pytest.raises(NotEnacted, match=f"No figures on file for {first_missing}"):
        figures.cents(figure_id, CalendarYear(first_missing))


def test_a_base_that_payrolls_do_not_read_is_read_by_the_calendar_year_in_which_the_plan_year_begins() -> None:
    """IRC 401(l)(5)(A)(ii): the contribution and benefit base in effect at the beginning of the year."""
    plan_year = PlanYear.starting(YEAR.start)
    assert figures.cents("ss_wage_base", CalendarYear(plan_year.start.year)) == 184_500_00
    with pytest.raises(TypeError, match="needs a CalendarYear"):
        figures.cents("ss_wage_base", plan_year)

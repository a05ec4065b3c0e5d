"""Every result can be said in plain words, with its amounts and its section."""

from datetime import date

import numpy as np
import pytest

from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import (
    additions,
    corrections,
    coverage,
    deadlines,
    deferrals,
    highly_compensated,
    key_employees,
    safe_harbor,
    top_heavy,
)
from open401k.law import nondiscrimination as nd
from open401k.law.explain import explain, percent, points

YEAR_2026 = PlanYear.starting(date(2026, 1, 1))


def adp(hce: int, nhce: int, prior: int | None = None) -> nd.RatioTest:
    return nd.adp_test(
        contributions=np.array([hce, nhce]) * 1_000,
        compensation=np.array([10_000_000, 10_000_000]),
        is_hce=np.array([True, False]),
        prior_year_nhce_average=prior,
    )


def test_a_failed_adp_test_names_both_averages_the_limit_and_the_path() -> None:
    assert explain(adp(750, 321)) == (
        "The highly compensated average 7.50 % is over the limit of 5.21 %, the lesser of twice 3.21 % and 3.21 % plus "
        "2 points (IRC 401(k)(3)(A)(ii)(II))."
    )


def test_a_passed_adp_test_says_how_much_room_is_left() -> None:
    assert explain(adp(500, 321)) == (
        "The highly compensated average 5.00 % is within the limit of 5.21 %, the lesser of twice 3.21 "
        "% and 3.21 % plus "
        "2 points; 0.21 points of room are left (IRC 401(k)(3)(A)(ii)(II))."
    )


def test_the_basic_path_and_the_prior_year_are_named() -> None:
    assert "1.25 times 10.00 % of the year before (IRC 401(k)(3)(A)(ii)(I))" in explain(adp(1_300, 0, prior=1_000))


def test_an_acp_test_cites_401m() -> None:
    test = nd.acp_test(
        contributions=np.array([900_000, 300_000]),
        compensation=np.array([10_000_000, 10_000_000]),
        is_hce=np.array([True, False]),
    )
    assert explain(test).endswith("(IRC 401(m)(2)(A)(ii)).")


def test_deemed_passes_say_why() -> None:
    pay, deferred = np.array([100]), np.array([1])
    only_nhce = nd.adp_test(contributions=deferred, compensation=pay, is_hce=np.array([False]))
    only_hce = nd.acp_test(contributions=deferred, compensation=pay, is_hce=np.array([True]))
    assert "No highly compensated employee is eligible" in explain(only_nhce)
    assert "Only highly compensated employees are eligible" in explain(only_hce)


def test_corrections_say_what_they_cost() -> None:
    failed = adp(750, 321)
    assert explain(corrections.refund(failed, catch_up_room=[100_000, 0])) == (
        "Bringing the highest ratios down to 5.21 % takes $2,290.00 (IRC 401(k)(8)(B)). Shared out from "
        "the largest dollar "
        "amount downward (401(k)(8)(C)): $1,000.00 stay in the plan as catch-up, and $1,290.00 and its "
        "income go back to "
        "1 highly compensated employees."
    )
    needed = corrections.qnec_needed(
        contributions=np.array([750_000, 321_000]),
        compensation=np.array([10_000_000, 10_000_000]),
        is_hce=np.array([True, False]),
        eligible=np.array([True, True]),
    )
    assert "2.2850 % of pay" in explain(needed)
    assert "$2,285.00" in explain(needed)
    assert "nothing is refunded" in explain(corrections.refund(adp(300, 321)))


@pytest.mark.parametrize("so_far", [100_000, 900_000])
def test_a_lower_deferral_rate_is_explained_also_when_too_late(so_far: int) -> None:
    cut = corrections.hce_deferral_cut(
        so_far=np.array([so_far, 300_000]),
        planned_rest=np.array([700_000, 0]),
        pay_rest=np.array([5_000_000, 0]),
        compensation=np.array([10_000_000, 10_000_000]),
        is_hce=np.array([True, False]),
        eligible=np.array([True, True]),
    )
    assert ("would not be passed" in explain(cut)) is (so_far == 900_000)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (
            coverage.coverage_of_counts(
                nhce_nonexcludable=120, nhce_benefiting=60, hce_nonexcludable=80, hce_benefiting=72
            ),
            "60 of 120 non-highly compensated and 72 of 80 highly compensated employees benefit: a ratio of "
            "55.56 %, below "
            "70 % (IRC 410(b)(1)(B))",
        ),
        (
            coverage.coverage_of_counts(
                nhce_nonexcludable=10, nhce_benefiting=10, hce_nonexcludable=1, hce_benefiting=1
            ),
            "a ratio of 100.00 %, which passes at 70 %",
        ),
        (
            coverage.coverage_of_counts(nhce_nonexcludable=0, nhce_benefiting=0, hce_nonexcludable=1, hce_benefiting=1),
            "no NHCE is counted",
        ),
        (
            top_heavy.top_heavy_test(balances=np.array([6_100, 3_900]), is_key=np.array([True, False])),
            "Key employees hold $61.00 of $100.00, 61.00 %: more than 60 %, so the plan is top-heavy (IRC 416(g)(1)).",
        ),
        (
            top_heavy.top_heavy_test(balances=np.array([0]), is_key=np.array([False])),
            "not more than 60 %",
        ),
        (
            deferrals.deferral_limits(np.array([62]), CalendarYear(2026), higher_60_to_63=True),
            "In 2026 at most $24,500.00 (IRC 402(g)(1)), and up to $11,250.00 of catch-up on top (IRC 414(v)).",
        ),
        (deadlines.deposit_deadline(date(2026, 6, 26), participants_at_start_of_year=12), "by 2026-07-07"),
        (deadlines.deposit_deadline(date(2026, 6, 26), participants_at_start_of_year=100), "latest on 2026-07-21"),
        (deadlines.correction_deadlines(YEAR_2026), "Corrected by 2027-03-15 without excise tax"),
        (deadlines.excess_deferral_deadlines(CalendarYear(2026)), "paid back by 2027-04-15"),
        (deadlines.safe_harbor_notice(YEAR_2026), "From 2025-10-03 to 2025-12-02"),
        (safe_harbor.adoptions(YEAR_2026)[0], "3.00 % of pay for the plan year 2026 can be adopted until 2026-11-30"),
    ],
)
def test_results_in_plain_words(result: object, words: str) -> None:
    assert words in explain(result)


def test_people_are_counted_by_road() -> None:
    found = highly_compensated.highly_compensated(
        plan_year=YEAR_2026,
        five_percent_owner=np.array([True, False, False]),
        lookback_compensation=np.array([0, 17_000_000, 0]),
        top_paid_group=True,
    )
    assert explain(found) == (
        "2 employees are highly compensated: 1 own more than 5 %, 1 were paid more than $160,000.00 in "
        "2025, and in the "
        "top-paid group of 1 (IRC 414(q)(1))."
    )
    keys = key_employees.key_employees(
        determination_year=YEAR_2026,
        officer=np.array([True]),
        five_percent_owner=np.array([False]),
        one_percent_owner=np.array([False]),
        compensation=np.array([23_500_001]),
    )
    assert "1 officers paid more than $235,000.00 (at most 3 count)" in explain(keys)


def test_minimums_and_additions_say_what_is_missing() -> None:
    owed = top_heavy.minimum_contribution(
        is_key=np.array([True, False]),
        owed_to=np.array([False, True]),
        compensation=np.array([20_000_000, 5_000_000]),
        deferrals=np.array([400_000, 0]),
        match=np.array([0, 0]),
        nonelective=np.array([0, 0]),
    )
    assert "the highest rate of a key employee, 2.00 %, which is below 3 %" in explain(owed)
    assert "short by $1,000.00" in explain(owed)
    found = additions.annual_additions(
        year=LimitationYear.starting(date(2026, 1, 1)),
        deferrals=np.array([2_000_000]),
        catch_up=np.array([0]),
        after_tax=np.array([0]),
        employer=np.array([0]),
        compensation=np.array([1_500_000]),
        catch_up_room=np.array([0]),
    )
    assert "by $5,000.00 together" in explain(found)


def test_early_participation_explains_both_ways() -> None:
    both = nd.early_participation(
        nd.RatioKind.ADP,
        contributions=np.array([600_000, 400_000]),
        compensation=np.array([10_000_000, 10_000_000]),
        is_hce=np.array([True, False]),
        eligible=np.array([True, True]),
        excludable=np.array([False, False]),
    )
    assert "Tested as two groups" in explain(both)


def test_what_nobody_explains_is_a_bug_with_a_name() -> None:
    with pytest.raises(TypeError, match="nothing explains a int yet"):
        explain(5)


def test_percentages_are_written_with_two_decimals() -> None:
    assert (percent(521), percent(-5), points(21)) == ("5.21 %", "-0.05 %", "0.21 points")


def test_nobody_has_limits_of_nothing() -> None:
    found = deferrals.deferral_limits(np.zeros(0, dtype=np.int64), CalendarYear(2026))
    assert explain(found).startswith("In 2026 at most $0.00 (IRC 402(g)(1)), and up to $0.00 of catch-up")


def test_who_is_refunded_nothing_is_not_counted() -> None:
    test = nd.adp_test(
        contributions=np.array([20_000_00, 1_000_00, 0]), compensation=np.full(3, 200_000_00),
        is_hce=np.array([True, True, False]), eligible=np.ones(3, dtype=np.bool_),
    )  # fmt: skip
    told = explain(corrections.refund(test, in_tested_plan=[20_000_00, 0, 0]))
    assert "go back to 1 highly compensated employees" in told
    assert "stay in the plan as catch-up" not in told
    kept = explain(corrections.refund(test, catch_up_room=[20_000_00, 0, 0]))
    assert "$20,000.00 stay in the plan as catch-up, and $1,000.00 and its income go back to 1 " in kept

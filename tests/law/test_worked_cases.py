"""The worked examples of regulations and practitioners in tests/law/cases, each cited: our answers equal theirs.

Every case on file is claimed by one test below; a case that nobody reads fails the last one.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from open401k.compliance import TestId, run_tests
from open401k.compliance.facts import OtherPlan, PlanFacts
from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import (
    additions,
    corrections,
    coverage,
    deadlines,
    deferrals,
    figures,
    key_employees,
    matching,
    prior_year,
    safe_harbor,
    targeting,
)
from open401k.law import nondiscrimination as nd
from open401k.law.arrays import Cents, Flags
from open401k.law.matching import MatchFormula
from tests.law.on_file import CASES, Case, cents, facts, hundredths
from tests.rooms.compliance.small_plan import twelve


def column(people: Sequence[Case], key: str) -> Cents:
    return cents([person.get(key, 0) for person in people])


def adp_of(people: Sequence[Case], prior: int | None = None) -> nd.RatioTest:
    return nd.adp_test(
        contributions=column(people, "elective_contributions_usd"),
        compensation=column(people, "compensation_usd"),
        is_hce=np.array([person["hce"] for person in people]),
        prior_year_nhce_average=prior,
    )


def hce_test(people: Sequence[Case], amounts: Cents, limit: int) -> nd.RatioTest:
    """A failed test of these HCEs against a limit that the case states: plus two points, or what else gives it."""
    test = nd.adp_test(
        contributions=amounts,
        compensation=column(people, "compensation_usd"),
        is_hce=np.ones(len(people), dtype=np.bool_),
        prior_year_nhce_average=corrections.nhce_average_needed(limit),
    )
    assert test.limit.limit == limit
    return test


@pytest.mark.parametrize("case_id", ["ADP-1", "ADP-2"])
def test_adp_examples_of_the_regulation(case_id: str) -> None:
    given, expected = facts(case_id)
    test = adp_of(given["employees"])
    assert [p.ratio for p in test.people] == [
        hundredths(expected["adr_pct"][e["employee"]]) for e in given["employees"]
    ]
    assert (test.hce.average, test.nhce.average) == (
        hundredths(expected["adp_hce_pct"]),
        hundredths(expected["adp_nhce_pct"]),
    )
    assert test.limit.times_1_25 == hundredths(expected["limit_125_pct"])
    if "limit_alternative_pct" in expected:
        assert test.limit.alternative == hundredths(expected["limit_alternative_pct"])
    assert test.passed is expected["passes"]


def test_adp_3_takes_the_nhce_average_of_the_prior_year() -> None:
    given, expected = facts("ADP-3")
    before = adp_of(given["nhce_prior_year_2005"])
    assert before.nhce.average == hundredths(expected["adp_nhce_pct"])
    test = adp_of(given["hce_current_year_2006"], prior=before.nhce.average)
    assert test.hce.average == hundredths(expected["adp_hce_pct"])
    assert test.limit.times_1_25 == hundredths(expected["limit_125_pct"])
    assert test.passed is expected["passes"]


def test_adp_6_without_the_qnec_the_test_fails() -> None:
    given, expected = facts("ADP-6")
    limit = nd.ratio_limit(hundredths(given["adp_nhce_elective_only_pct"]))
    assert (limit.times_1_25, limit.alternative) == (
        hundredths(expected["limit_125_pct"]),
        hundredths(expected["limit_alternative_pct"]),
    )
    assert (hundredths(given["adp_hce_pct"]) <= limit.limit) is expected["passes"]


def test_adp_7_limits_a_qnec_for_one_person() -> None:
    given, expected = facts("ADP-7")
    people = given["nhce"]
    qnec = cents([given["qnec_usd"].get(person["employee"], 0) for person in people])
    pay, deferred = column(people, "compensation_usd"), column(people, "elective_contributions_usd")
    everyone = np.ones(len(people), dtype=np.bool_)
    countable = targeting.countable_qnec(
        qnec=qnec, compensation=pay, eligible_nhce=everyone, employed_on_last_day=everyone
    )
    assert countable.representative_rate == hundredths(expected["representative_contribution_rate_pct"])
    assert int(countable.counted.sum()) == expected["qnec_countable_usd"] * 100

    def average(with_qnec: Cents) -> int:
        return nd.adp_test(contributions=deferred + with_qnec, compensation=pay, is_hce=~everyone).nhce.average

    assert average(qnec) == hundredths(expected["adp_nhce_if_all_counted_pct"])
    assert average(countable.counted) == hundredths(expected["adp_nhce_applied_pct"])
    assert (hundredths(given["adp_hce_pct"]) <= nd.ratio_limit(average(countable.counted)).limit) is expected["passes"]


def test_acp_1_rounds_the_basic_limit_up() -> None:
    given, expected = facts("ACP-1")
    pay = cents([100_000, 100_000])
    rates = [group["employee_contributions_pct"] + group["match_pct"] for group in (given["hce"], given["nhce"])]
    test = nd.acp_test(
        contributions=cents([rate * 1_000 for rate in rates]), compensation=pay, is_hce=np.array([True, False])
    )
    assert (test.hce.average, test.nhce.average, test.limit.times_1_25, test.limit.alternative) == tuple(
        hundredths(expected[key]) for key in ("acp_hce_pct", "acp_nhce_pct", "limit_125_pct", "limit_alternative_pct")
    )
    assert test.passed is expected["passes"]


def test_acp_3_deferrals_may_move_to_the_acp_test() -> None:
    given, expected = facts("ACP-3")
    people = given["employees"]
    moved = cents([given["elective_contributions_moved_to_acp_usd"].get(person["employee"], 0) for person in people])
    pay, is_hce = column(people, "compensation_usd"), np.array([person["hce"] for person in people])
    adp = nd.adp_test(
        contributions=column(people, "elective_contributions_usd") - moved, compensation=pay, is_hce=is_hce
    )
    assert (adp.hce.average, adp.nhce.average, adp.passed) == (
        hundredths(expected["adp"]["adp_hce_pct"]),
        hundredths(expected["adp"]["adp_nhce_pct_excluding_E"]),
        expected["adp"]["passes"],
    )
    both = column(people, "employee_contributions_usd") + column(people, "matching_contributions_usd")
    acp = nd.acp_test(contributions=both + moved, compensation=pay, is_hce=is_hce)
    assert (acp.people[4].ratio, acp.hce.average, acp.nhce.average, acp.passed) == (
        hundredths(expected["acp"]["acr_E_pct"]),
        hundredths(expected["acp"]["acp_hce_pct"]),
        hundredths(expected["acp"]["acp_nhce_pct"]),
        expected["acp"]["passes"],
    )


def test_acp_5_limits_a_disproportionate_match() -> None:
    given, expected = facts("ACP-5")
    people = given["nhce"]
    pay, matched = column(people, "compensation_usd"), column(people, "matching_contributions_usd")
    moved = cents([given["elective_contributions_moved_to_acp_usd"].get(person["employee"], 0) for person in people])
    everyone = np.ones(len(people), dtype=np.bool_)
    countable = targeting.countable_match(
        match=matched,
        deferrals=column(people, "elective_contributions_usd"),
        compensation=pay,
        eligible_nhce=everyone,
        employed_on_last_day=everyone,
    )
    assert countable.representative_rate == hundredths(expected["representative_matching_rate_pct"])
    assert int(countable.counted[2]) == expected["match_countable_E_usd"] * 100
    test = nd.acp_test(contributions=countable.counted + moved, compensation=pay, is_hce=~everyone)
    assert (test.people[2].ratio, test.nhce.average) == (
        hundredths(expected["acr_E_pct"]),
        hundredths(expected["acp_nhce_pct"]),
    )
    everything = nd.acp_test(contributions=matched + moved, compensation=pay, is_hce=~everyone)
    assert everything.nhce.average == hundredths(expected["acp_nhce_if_all_counted_pct"])
    assert (hundredths(given["acp_hce_pct"]) <= nd.ratio_limit(test.nhce.average).limit) is expected["passes"]


@pytest.mark.parametrize(
    ("case_id", "amounts", "limit"),
    [("ACC-1", "contributions_usd", "max_hce_acp_pct"), ("COR-3", "elective_contributions_usd", "max_hce_adp_pct")],
)
def test_refunds_level_ratios_for_the_total_and_dollars_for_the_shares(case_id: str, amounts: str, limit: str) -> None:
    given, expected = facts(case_id)
    people = given["hces"]
    found = corrections.refund(hce_test(people, column(people, amounts), hundredths(given[limit])))
    names = [person["employee"] for person in people]
    assert {n: float(s.reduction_by_ratio) / 100 for n, s in zip(names, found.shares, strict=True)} == pytest.approx(
        expected["reduction_step1_usd"]
    )
    assert found.total_cents == expected["total_excess_usd"] * 100
    assert {n: s.refund_cents for n, s in zip(names, found.shares, strict=True)} == {
        n: dollars * 100 for n, dollars in expected["distribution_usd"].items()
    }


def test_cor_4_by_the_current_law() -> None:
    given, expected = facts("COR-4")
    people = given["employees"]
    test = adp_of(people)
    printed, current = expected["as_printed"], expected["current_law"]
    assert (test.hce.average, test.nhce.average, test.limit.limit) == (
        hundredths(printed["adp_hce_pct"]),
        hundredths(printed["adp_nhce_pct"]),
        hundredths(printed["max_hce_adp_pct"]),
    )
    found = corrections.refund(test)
    assert found.level == hundredths(given["adr_rounded_down_to_pct"])
    assert [float(share.reduction_by_ratio) / 100 for share in found.shares] == list(
        printed["distribution_usd"].values()
    )
    assert found.total_cents == current["total_excess_usd"] * 100
    assert [float(share.exact) / 100 for share in found.shares] == pytest.approx(
        list(current["distribution_usd"].values()), abs=CASES["COR-4"]["tolerance"]
    )


def test_acc_2_recharacterises_and_then_corrects_the_acp_test() -> None:
    given, expected = facts("ACC-2")
    pay = cents([given["compensation_usd"]])
    adp = nd.adp_test(
        contributions=cents([given["elective_contributions_usd"]]),
        compensation=pay,
        is_hce=np.array([True]),
        prior_year_nhce_average=hundredths(given["adp_nhce_pct"]),
    )
    assert adp.limit.limit == hundredths(expected["max_adr_pct"])
    moved = corrections.refund(adp).total_cents
    assert moved == expected["recharacterised_usd"] * 100
    acp = nd.acp_test(
        contributions=cents([given["match_usd"]]) + moved,
        compensation=pay,
        is_hce=np.array([True]),
        prior_year_nhce_average=hundredths(given["acp_nhce_pct"]),
    )
    assert (acp.people[0].ratio, acp.limit.limit) == (
        hundredths(expected["acr_after_recharacterisation_pct"]),
        hundredths(expected["max_acr_pct"]),
    )
    assert corrections.refund(acp).total_cents == expected["acp_distribution_usd"] * 100


def test_acc_6_unmatched_contributions_leave_first() -> None:
    given, expected = facts("ACC-6")
    pay, own = given["compensation_usd"] * 100, given["employee_contributions_usd"] * 100
    acp = nd.acp_test(
        contributions=np.array([own + given["match_usd"] * 100]),
        compensation=np.array([pay]),
        is_hce=np.array([True]),
        prior_year_nhce_average=hundredths(given["acp_nhce_pct"]),
    )
    assert (acp.hce.average, acp.limit.limit) == (
        hundredths(expected["acr_before_pct"]),
        hundredths(given["max_acr_pct"]),
    )
    leaving = corrections.acp_distribution(
        corrections.refund(acp).total_cents,
        employee_contributions=own,
        compensation=pay,
        formula=MatchFormula.of([(10_000, 200), (5_000, 600)]),
    )
    assert (leaving.unmatched, leaving.matched, leaving.related_match) == tuple(
        expected[key] * 100
        for key in ("distribute_unmatched_usd", "distribute_matched_usd", "distribute_related_match_usd")
    )
    left = (own - leaving.unmatched - leaving.matched, given["match_usd"] * 100 - leaving.related_match)
    assert left == (
        expected["remaining"]["employee_contributions_usd"] * 100,
        expected["remaining"]["match_usd"] * 100,
    )


def test_acc_8_match_without_its_deferrals_is_forfeited() -> None:
    given, expected = facts("ACC-8")
    forfeited = corrections.orphan_match(
        deferrals_left=(given["elective_contributions_usd"] - given["excess_contributions_distributed_usd"]) * 100,
        match_left=(given["match_usd"] - given["excess_aggregate_distributed_usd"]) * 100,
        compensation=100_000_00,
        formula=MatchFormula.of([(10_000, 10_000)]),
    )
    assert forfeited == expected["match_to_forfeit_usd"] * 100


def test_cat_2_what_is_above_the_402g_limit_is_catch_up() -> None:
    given, expected = facts("CAT-2")
    limits = deferrals.DeferralLimits(
        year=CalendarYear(CASES["CAT-2"]["year"]),
        regular=cents([given["limit_402g_usd"]]),
        catch_up=cents([given["catch_up_limit_usd"]]),
    )
    split = deferrals.split(cents([given["deferrals_usd"]]), limits)
    assert (int(split.catch_up[0]), int(split.excess[0])) == (
        expected["catch_up_usd"] * 100,
        expected["excess_deferral_usd"] * 100,
    )
    numerator = nd.adp_numerator(
        deferrals=cents([given["deferrals_usd"]]),
        catch_up=split.catch_up,
        over_401a30=split.excess,
        qualified=cents([0]),
        is_hce=np.array([True]),
    )
    assert int(numerator[0]) == expected["adp_numerator_usd"] * 100


def test_exd_1_two_employers_together_are_over_the_limit() -> None:
    given, expected = facts("EXD-1")
    withheld = cents([8 * given["deferrals"][0]["monthly_usd"] + given["deferrals"][1]["total_usd"]])
    assert int(withheld[0]) == expected["total_deferrals_usd"] * 100
    limits = deferrals.DeferralLimits(CalendarYear(1991), cents([given["limit_402g_usd"]]), cents([0]))
    assert int(deferrals.split(withheld, limits).excess[0]) == expected["excess_deferral_usd"] * 100
    assert deadlines.excess_deferral_deadlines(CalendarYear(1991)).return_by == date.fromisoformat(expected["deadline"])


def test_exd_4_an_amount_already_refunded_is_not_refunded_again() -> None:
    given, expected = facts("EXD-4")
    found = corrections.coordinate_refunds(
        excess_contribution_distributed=given["excess_contribution_already_distributed_usd"] * 100,
        excess_deferral=given["excess_deferral_claimed_usd"] * 100,
    )
    assert (
        found.further_excess_deferral,
        found.reported_as_excess_deferral,
        found.reported_as_excess_contribution,
    ) == (
        expected["further_excess_deferral_distribution_usd"] * 100,
        expected["reported_as_excess_deferral_usd"] * 100,
        expected["reported_as_excess_contribution_usd"] * 100,
    )


@pytest.mark.parametrize("case_id", ["COV-3", "COV-4", "COV-6"])
def test_coverage_examples_of_the_regulation(case_id: str) -> None:
    given, expected = facts(case_id)
    test = coverage.coverage_of_counts(**given)
    assert test.ratio == hundredths(expected["ratio_percentage"])
    assert (test.nhce_concentration, test.safe_harbor, test.unsafe_harbor) == (
        expected["nhce_concentration_pct"],
        hundredths(expected["safe_harbor_pct"]),
        hundredths(expected["unsafe_harbor_pct"]),
    )
    assert test.classification == expected["classification"]
    assert test.passed is expected["passes_ratio_percentage_test"]


@pytest.mark.parametrize("case_id", ["LIM-2023", "LIM-2024"])
def test_published_tables(case_id: str) -> None:
    given, expected = facts(case_id)
    calendar, first = CalendarYear(given["year"]), date(given["year"], 1, 1)
    plan, limitation = PlanYear.starting(first), LimitationYear.starting(first)
    ours = {
        "elective_deferral_402g_usd": figures.cents("limit_402g", calendar),
        "catch_up_50_usd": figures.cents("limit_414v_age50", calendar),
        "annual_additions_415c_usd": figures.cents("limit_415c", limitation),
        "compensation_401a17_usd": figures.cents("limit_401a17", plan),
        "hce_compensation_414q_usd": figures.cents("hce_comp_threshold", plan),
        "key_employee_officer_416_usd": figures.cents("key_officer_comp", plan),
        "taxable_wage_base_usd": figures.cents("ss_wage_base", calendar),
    }
    assert ours == {key: dollars * 100 for key, dollars in expected.items()}


def test_mat_2_rounding_per_period_drifts_by_two_cents() -> None:
    given, expected = facts("MAT-2")
    formula = MatchFormula.of([(5_000, 600)])
    pay = cents([expected["gross_per_period_usd"]])
    even = cents([expected["even_deferral_per_period_usd"]])
    assert round(given["compensation_usd"] * 100 / given["pay_periods"]) == int(pay[0])
    each = matching.match(even, pay, formula)
    assert int(each[0]) == round(expected["match_cap_per_period_usd"] * 100)
    assert int(each[0]) * given["pay_periods"] == round(expected["match_with_even_deferrals_usd"] * 100)
    assert expected["full_year_match_rounded_per_period_usd"] == expected["match_with_even_deferrals_usd"]
    of_year = matching.match(cents([given["limit_402g_usd"]]), cents([given["compensation_usd"]]), formula)
    assert int(of_year[0]) == 600_000


def test_mat_4_the_most_match_per_period_and_year() -> None:
    given, expected = facts("MAT-4")
    formula = MatchFormula.of([(10_000, 400)])
    period = round(given["compensation_usd"] * 100 / given["pay_periods"])
    found = matching.match(
        np.array([period, given["compensation_usd"] * 100]),
        np.array([period, given["compensation_usd"] * 100]),
        formula,
    )
    assert (found / 100).tolist() == pytest.approx(
        [expected["match_cap_per_period_usd"], expected["annual_max_match_usd"]], abs=CASES["MAT-4"]["tolerance"]
    )


def test_saf_1_basic_and_enhanced_formulas() -> None:
    given, expected = facts("SAF-1")
    enhanced = MatchFormula.of([(10_000, 400)])
    rates = [hundredths(rate) for rate in given["deferral_rates_pct"]]
    for formula, key in ((safe_harbor.BASIC_MATCH, "basic_match_pct"), (enhanced, "enhanced_match_pct")):
        found = [matching.effective_rate_bps(formula, rate) for rate in rates]
        assert found == [hundredths(percent) for percent in expected[key]]
    assert (safe_harbor.match_shortcomings(enhanced) == ()) is expected["enhanced_satisfies"]
    assert safe_harbor.match_shortcomings(safe_harbor.BASIC_MATCH) == ()


def test_saf_2_a_last_day_rule_is_no_safe_harbor() -> None:
    _, expected = facts("SAF-2")
    match = safe_harbor.match_shortcomings(safe_harbor.BASIC_MATCH, last_day_or_hours_condition=True)
    nonelective = safe_harbor.nonelective_shortcomings(300, last_day_or_hours_condition=True)
    assert (match == ()) is expected["match_with_last_day_rule_is_safe_harbor"]
    assert (nonelective == ()) is expected["nonelective_with_last_day_rule_is_safe_harbor"]


def of_two_plans(case_id: str, plan: str, other: str) -> PlanFacts:
    """An HCE under one of two plans of an employer: what the other defers is theirs, what is pay is the plan's own."""
    given, _ = facts(case_id)
    pay, deferred = given["compensation_usd"], given["elective_contributions_usd"]
    nothing = np.zeros(12, dtype=np.int64)

    def first(dollars: int) -> Cents:
        return np.array([dollars * 100, *(0,) * 11], dtype=np.int64)

    there = OtherPlan(
        name=other, deferrals=first(deferred[other]), roth=nothing, plan_year_deferrals=first(deferred[other]),
        after_tax=nothing, match=nothing, employer=nothing, balances=nothing, participates=nothing > 0,
    )  # fmt: skip
    return twelve(
        compensation=first(pay[plan]),
        pre_tax=first(deferred[plan]),
        calendar_deferrals=first(deferred[plan]),
        others=(there,),
        pay_elsewhere=nothing,
    )


@pytest.mark.parametrize("case_id", ["ADR-1", "ADR-2"])
def test_adr_of_an_hce_in_two_plans_counts_both_plans_deferrals_over_each_plans_own_pay(case_id: str) -> None:
    """That pay is told apart so is proved through payrolls (tests/flows/test_two_plans_tested.py)."""
    _, expected = facts(case_id)
    for plan, other in (("plan_S", "plan_T"), ("plan_T", "plan_S")):
        results, _ = run_tests(of_two_plans(case_id, plan, other))
        adp = next(each for each in results if each.test is TestId.ADP)
        people: Any = adp.working["people"]
        assert people["place"][0] == 0
        assert people["ratio_bps"][0] == hundredths(expected["adr_pct"][plan])


def test_lim_1_a_short_limitation_year_has_its_twelfths_of_the_limit() -> None:
    given, expected = facts("LIM-1")
    begin, last = (date.fromisoformat(given[f"short_period_{edge}"]) for edge in ("begin", "end"))
    # The dollar limit of 2008 is not on file: the same six months of 2025, of $70,000.
    short = LimitationYear(begin.replace(year=2025), last.replace(year=2025) + timedelta(days=1))
    of_year = figures.cents("limit_415c", LimitationYear.starting(date(2025, 1, 1)))
    assert additions.dollar_limit(short) * given["dollar_limit_usd"] == (
        of_year * expected["prorated_dollar_limit_usd"]
    )
    assert additions.dollar_limit(short) == 35_000_00


def key_among(people: Sequence[Case], year: int) -> Flags:
    """Who is key, from direct ownership."""
    owned = np.array([hundredths(person["ownership_pct"]) for person in people])
    return key_employees.key_employees(
        determination_year=PlanYear.starting(date(year, 1, 1)),
        officer=np.array([person["officer"] for person in people]),
        five_percent_owner=owned > 500,
        one_percent_owner=owned > 100,
        compensation=column(people, "compensation_usd"),
    ).is_key


def test_top_2_of_five_officers_three_are_key() -> None:
    given, expected = facts("TOP-2")
    people = [
        {"officer": True, "ownership_pct": 0, "compensation_usd": 300_000 + place}
        for place in range(given["employees"])
    ]
    is_key = key_among(people, 2020)
    assert is_key.tolist() == [False, False, True, True, True]
    assert (int(is_key.sum()), int((~is_key).sum())) == (expected["key_employees_by_officer_test"], expected["non_key"])


def test_top_3_people_at_the_thresholds() -> None:
    given, expected = facts("TOP-3")
    is_key = key_among(given["people"], given["plan_year"])
    assert [p["name"] for p, key in zip(given["people"], is_key, strict=True) if key] == expected["key"]


def test_dep_1_seven_business_days_are_soon_enough_for_a_small_plan() -> None:
    given, expected = facts("DEP-1")
    pay_date = date(2010, 3, 5)
    deadline = deadlines.deposit_deadline(
        pay_date, participants_at_start_of_year=given["participants_at_start_of_year"]
    )
    deposited = deadlines.business_day_after(pay_date, given["business_days_from_pay_date_to_deposit"])
    assert (deadline.safe_harbor is not None) is expected["safe_harbor_available"]
    assert (deposited <= deadline.due) is expected["timely"]


@pytest.mark.parametrize(("case_id", "key"), [("PYC-2", "adp_pct"), ("PYC-6", "acp_pct")])
def test_averages_of_the_year_before_are_weighted_by_who_came_from_which_plan(case_id: str, key: str) -> None:
    given, expected = facts(case_id)
    groups = [
        prior_year.PriorSubgroup(each["nhce_count"], hundredths(each[key])) for each in given["prior_year_subgroups"]
    ]
    assert prior_year.weighted_average(groups) == hundredths(expected[f"prior_year_nhce_{key}"])


@pytest.mark.parametrize(
    ("groups", "average"),
    [
        ([(300, 600), (100, 400)], 550),  # Example 1: leavers of that year stay in the weights
        ([(200, 600), (100, 400)], 533),  # Example 3, plan P
        ([(100, 600)], 600),  # Example 3, plan O: one group has its own average
    ],
)
def test_other_examples_of_plan_coverage_changes(groups: list[tuple[int, int]], average: int) -> None:
    """Reg. 1.401(k)-2(c)(4)(iv)."""
    assert prior_year.weighted_average([prior_year.PriorSubgroup(*each) for each in groups]) == average


def test_pyc_5_a_plan_with_two_thirds_of_its_people_from_another_is_its_successor() -> None:
    given, expected = facts("PYC-5")
    came, new = given["plan_R_eligible_from_Q"], given["plan_R_new_hourly_never_covered"]
    assert prior_year.is_successor(eligible=came + new, eligible_before=came) is expected["plan_R_is_successor_plan"]
    assert not prior_year.is_successor(eligible=came + new, eligible_before=(came + new) // 2 - 1)
    assert prior_year.is_successor(eligible=came + new, eligible_before=(came + new) // 2)
    # Who was in no plan is no subgroup: the average is plan Q's.
    of_q = prior_year.PriorSubgroup(came, hundredths(given["plan_Q_2005"]["adp_pct"]))
    assert prior_year.weighted_average([of_q]) == hundredths(expected["prior_year_nhce_adp_pct"]["R"])


#: Every test of the law, as text: where an example's id stands, it is read.
READ = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_*.py")))


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case["id"])
def test_every_case_on_file_is_read_by_a_test_and_says_where_it_comes_from(case: Case) -> None:
    assert f'"{case["id"]}"' in READ
    assert case["citation"]

"""The tests of a plan of twelve, computed by hand beside the engine."""

from dataclasses import replace
from datetime import date
from typing import Any
from unittest.mock import ANY
from uuid import UUID

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import (
    AUGUST,
    HCE_AVERAGE,
    LIMIT,
    NHCE_AVERAGE,
    PROVISIONS,
    RATES,
    column,
    twelve,
)

from open401k.compliance import PLAN_TESTS, PlanFacts, PriorRatios, Status, TestId, TestResult, people_of, run_tests
from open401k.compliance.facts import KeyFacts, OtherPlan
from open401k.compliance.forecasts import forecast
from open401k.kernel import ComplianceRunId, PlanYear, Source
from open401k.plan import Match, MatchTier, Nonelective, SafeHarbor, Testing, TestingMethod, problems


def result(facts: PlanFacts, test: TestId) -> TestResult:
    results, _ = run_tests(facts)
    return next(each for each in results if each.test is test)


def test_owner_and_spouse_are_highly_compensated_and_key_by_attribution() -> None:
    people = people_of(twelve())
    assert np.flatnonzero(people.is_hce).tolist() == [0, 1]
    assert np.flatnonzero(people.is_key).tolist() == [0, 1]
    assert "100.00 % of a spouse" in people.status(1).hce_reasons[0]
    assert people.status(2).hce_reasons == ()


def test_pay_over_the_lookback_threshold_makes_highly_compensated() -> None:
    facts = twelve()
    at, over = column(facts, {5: 16_000_000}, "prior_section_415"), column(facts, {5: 16_000_001}, "prior_section_415")
    assert not people_of(replace(facts, prior_section_415=at)).is_hce[5]
    assert people_of(replace(facts, prior_section_415=over)).is_hce[5]


def test_who_left_a_share_behind_in_the_lookback_year_is_still_an_owner() -> None:
    facts = twelve(former_owners=np.array([False] * 7 + [True] + [False] * 4))
    people = people_of(facts)
    assert people.is_hce[7]
    assert not people.is_key[7]
    assert "earlier in this year or the year before" in people.status(7).hce_reasons[0]


def test_adp_of_twelve_is_what_a_pencil_says() -> None:
    adp = result(twelve(), TestId.ADP)
    assert (adp.status, adp.measured, adp.limit, adp.room) == (Status.FAIL, HCE_AVERAGE, LIMIT, LIMIT - HCE_AVERAGE)
    assert adp.working["nhce"] == {"count": 10, "ratio_sum_bps": 3_200, "average_bps": NHCE_AVERAGE}
    people = adp.working["people"]
    assert isinstance(people, dict)
    assert people["ratio_bps"] == list(RATES)
    assert "3.20 %" in adp.explanation


def test_acp_of_twelve_is_half_of_the_first_six_percent() -> None:
    acp = result(twelve(), TestId.ACP)
    # Owners 3.00 each; the others 0 x 4, 2.50 x 4, 3.00 x 2 over ten: 1.60, so twice 1.60 is the limit.
    assert (acp.status, acp.measured, acp.limit) == (Status.PASS, 300, 320)


def test_catch_up_is_out_of_the_adp_ratio() -> None:
    facts = twelve()
    old = tuple(date(1970, 1, 1) if i == 0 else born for i, born in enumerate(facts.birth_dates))
    more = column(facts, {0: 2_550_000}, "pre_tax")
    adp = result(replace(facts, birth_dates=old, pre_tax=more, calendar_deferrals=more), TestId.ADP)
    people = adp.working["people"]
    assert isinstance(people, dict)
    assert people["contribution_cents"][0] == 2_450_000  # type: ignore[index]
    assert people["catch_up_cents"][0] == 100_000  # type: ignore[index]


@pytest.mark.parametrize(
    ("born", "deferred", "given", "counted", "by_415"),
    [
        (1970, 20_000_00, 52_000_00, 20_000_00, 0),  # 72,000.00 in all
        (1970, 20_000_00, 60_000_00, 12_000_00, 8_000_00),
        (1970, 24_500_00, 55_000_00, 17_000_00, 7_500_00),
        (1970, 28_500_00, 55_000_00, 20_500_00, 4_000_00),  # 4,000.00 are catch-up by 402(g) already
        (1965, 20_000_00, 63_250_00, 8_750_00, 11_250_00),  # 61 this year
        (1980, 20_000_00, 60_000_00, 20_000_00, 0),
    ],
)
def test_catch_up_above_415_is_out_of_the_adp_ratio(
    born: int, deferred: int, given: int, counted: int, by_415: int
) -> None:
    """Above any statutory limit, of which 415(c) is one (Reg. 1.414(v)-1(b)(1)(i), (d)(2)(i)): 72,000.00 in 2026."""
    facts = twelve()
    births = tuple(date(born, 1, 1) if i == 0 else day for i, day in enumerate(facts.birth_dates))
    more, nothing = column(facts, {0: deferred}, "pre_tax"), column(facts, {0: 0}, "match")
    gives = column(facts, {0: given}, "nonelective")
    facts = replace(
        facts, birth_dates=births, pre_tax=more, calendar_deferrals=more, match=nothing, nonelective=gives,
        section_415=column(facts, {0: 360_000_00}, "section_415"), fica_prior=column(facts, {0: 0}, "fica_prior"),
    )  # fmt: skip
    people = result(facts, TestId.ADP).working["people"]
    assert isinstance(people, dict)
    assert people["contribution_cents"][0] == counted  # type: ignore[index]
    assert people["catch_up_cents"][0] == by_415 + max(deferred - 24_500_00, 0) * (born < 1976)  # type: ignore[index]


@pytest.mark.parametrize(
    ("born", "deferred", "status"),
    [
        (1980, 2_450_000, Status.PASS),
        (1980, 2_450_001, Status.FAIL),
        (1976, 3_250_000, Status.PASS),  # 50 this year: 8,000 more
        (1976, 3_250_001, Status.FAIL),
        (1966, 3_575_000, Status.PASS),  # 60 this year: 11,250 more
        (1966, 3_575_001, Status.FAIL),
        (1962, 3_250_001, Status.FAIL),  # 64: the ordinary catch-up again
    ],
)
def test_deferral_limit_holds_at_each_age_to_the_cent(born: int, deferred: int, status: Status) -> None:
    facts = twelve()
    births = tuple(date(born, 6, 1) if i == 4 else day for i, day in enumerate(facts.birth_dates))
    made = column(facts, {4: deferred}, "calendar_deferrals")
    assert result(replace(facts, birth_dates=births, calendar_deferrals=made), TestId.DEFERRAL_LIMIT).status is status


def test_pre_tax_catch_up_of_a_high_earner_must_be_roth() -> None:
    facts = twelve()
    births = tuple(date(1970, 1, 1) for _ in facts.birth_dates)
    earner = replace(
        facts,
        birth_dates=births,
        calendar_deferrals=column(facts, {0: 2_500_000}, "calendar_deferrals"),
        fica_prior=column(facts, {0: 15_000_001}, "fica_prior"),
    )
    failed = result(earner, TestId.DEFERRAL_LIMIT)
    assert failed.status is Status.FAIL
    assert failed.working["must_be_roth_cents"] == 50_000
    made_roth = replace(earner, calendar_roth=column(facts, {0: 50_000}, "calendar_roth"))
    assert result(made_roth, TestId.DEFERRAL_LIMIT).status is Status.PASS


def test_additions_over_all_of_pay_fail_415() -> None:
    facts = twelve()
    pay = int(facts.section_415[3])
    at = replace(facts, nonelective=column(facts, {3: pay}, "nonelective"))
    assert result(at, TestId.ADDITIONS_LIMIT).status is Status.PASS
    over = replace(facts, nonelective=column(facts, {3: pay + 1}, "nonelective"))
    told = result(over, TestId.ADDITIONS_LIMIT)
    assert (told.status, told.room) == (Status.FAIL, -1)


def test_match_on_pay_above_the_compensation_limit_is_found() -> None:
    facts = replace(twelve(), compensation=column(twelve(), {0: 40_000_000}, "compensation"))
    # 50 % of 6 % of 360,000 is 10,800; rounding on each of many dates may add cents, not dollars.
    fair = replace(facts, match=column(facts, {0: 1_080_000}, "match"))
    assert result(fair, TestId.COMPENSATION_LIMIT).status is Status.PASS
    beyond = replace(facts, match=column(facts, {0: 1_081_000}, "match"))
    assert result(beyond, TestId.COMPENSATION_LIMIT).status is Status.FAIL
    # Pay below the limit cannot have been counted beyond it, whatever the money.
    below = replace(beyond, compensation=twelve().compensation)
    assert result(below, TestId.COMPENSATION_LIMIT).status is Status.PASS


def test_coverage_counts_classes_that_the_plan_keeps_out() -> None:
    facts = twelve()
    out = np.array([False] * 8 + [True] * 4)
    entered = tuple(None if out[i] else day for i, day in enumerate(facts.eligible_on))
    told = result(replace(facts, class_excluded=out, eligible_on=entered), TestId.COVERAGE_DEFERRAL)
    assert (told.status, told.measured, told.limit, told.room) == (Status.FAIL, 6_000, 7_000, -1_000)


def kept_out(*places: int, **changed: Any) -> PlanFacts:
    """The plan of twelve with some of its people in a class that is out."""
    facts = twelve(**changed)
    out = np.array([place in places for place in range(len(facts))])
    entered = tuple(None if out[i] else day for i, day in enumerate(facts.eligible_on))
    nothing: dict[str, Any] = {
        name: np.where(out, 0, getattr(facts, name)) for name in ("pre_tax", "calendar_deferrals", "match", "after_tax")
    }
    return replace(facts, class_excluded=out, eligible_on=entered, **nothing)


def test_below_seventy_percent_the_average_benefit_percentage_is_told_with_its_working() -> None:
    """Reg. 1.410(b)-5: everybody nonexcludable counts, who is kept out with zero; deferrals and match are benefits."""
    facts = kept_out(8, 9, 10, 11)
    told = result(facts, TestId.COVERAGE_DEFERRAL)
    # Owner 10 % and half of 6 %, spouse 8 % and 3 %: 12 % on average. Of ten others two defer 5 % and get 2.5 %.
    assert told.working["average_benefit"] == {
        "outcome": "failed",
        "path": "the average benefit percentage is below 70 %",
        "passed": False,
        "percentage_bps": 1_250,
        "nhce_average_bps": 150,
        "hce_average_bps": 1_200,
    }
    assert "average benefit percentage of 12.50 %, below 70 %" in told.explanation
    assert told.status is Status.FAIL


def test_below_the_unsafe_harbor_no_average_benefit_percentage_helps() -> None:
    """Reg. 1.410(b)-4(c)(3)(i): two of ten are 20 %, below 22.75 %."""
    told = result(kept_out(*range(2, 10)), TestId.COVERAGE_DEFERRAL)
    assert "average_benefit" not in told.working
    assert "below the unsafe harbor, of harbors of 32.75 % and 22.75 %" in told.explanation
    assert "cannot be passed either" in told.explanation


def test_coverage_that_waits_for_a_judgment_counts_as_failed_and_says_what_is_to_be_judged() -> None:
    facts = kept_out(8, 9, 10, 11, rates=(200, 200, *(600,) * 10))
    told = result(facts, TestId.COVERAGE_DEFERRAL)
    average = told.working["average_benefit"]
    assert isinstance(average, dict)
    # Six of ten at 6 % and 3 %: 5.4 % against 2 % and 1 %; 83 % NHCEs, harbors of 32.75 % and 22.75 %.
    assert (average["nhce_average_bps"], average["hce_average_bps"], average["percentage_bps"]) == (540, 300, 18_000)
    assert (average["passed"], average["outcome"]) == (True, "open")
    assert told.status is Status.FAIL
    assert "somebody must judge that" in told.explanation


def test_without_the_facts_of_other_plans_no_average_benefit_percentage_is_told() -> None:
    facts = kept_out(8, 9, 10, 11)
    nothing = np.zeros(12, dtype=np.int64)
    other = OtherPlan(
        "Other", nothing, nothing, nothing, nothing, nothing, nothing, nothing, np.zeros(12, dtype=np.bool_)
    )
    told = result(replace(facts, others=(other,), pay_elsewhere=nothing), TestId.COVERAGE_DEFERRAL)
    assert "average_benefit" not in told.working
    assert "other plans of the sponsor" in told.explanation


def test_top_heavy_looks_at_last_years_balances() -> None:
    told = result(twelve(), TestId.TOP_HEAVY)
    assert (told.status, told.measured) == (Status.FAIL, 8_000)  # 80,000 of 100,000
    assert told.working["minimum_rate_bps"] == 300
    even = twelve(balances=(30_000_00, 30_000_00, *(4_000_00,) * 10))
    assert result(even, TestId.TOP_HEAVY).status is Status.PASS  # 60 % exactly is not more than 60 %


def test_safe_harbor_plans_have_no_adp_and_no_acp_test() -> None:
    terms = replace(
        PROVISIONS,
        safe_harbor=SafeHarbor.BASIC_MATCH,
        match=Match((MatchTier(10_000, 300), MatchTier(5_000, 500))),
    )
    facts = twelve(provisions=terms)
    assert result(facts, TestId.ADP).status is Status.NOT_APPLICABLE
    assert result(facts, TestId.ACP).status is Status.NOT_APPLICABLE
    assert result(facts, TestId.TOP_HEAVY).status is Status.NOT_APPLICABLE


BASIC = Match((MatchTier(10_000, 300), MatchTier(5_000, 500)), source=Source.SAFE_HARBOR_MATCH)
THREE = Nonelective(300, Source.SAFE_HARBOR_NONELECTIVE)


@pytest.mark.parametrize(
    ("terms", "acp", "top_heavy"),
    [
        # Rev. Rul. 2004-13: anything that is not a safe harbor contribution ends the exemption of 416(g)(4)(H).
        ({"safe_harbor": SafeHarbor.BASIC_MATCH, "match": BASIC, "nonelective": Nonelective(200)}, False, True),
        ({"safe_harbor": SafeHarbor.NONELECTIVE, "match": None, "nonelective": THREE}, False, False),
        # 401(m)(11)(B)(i): a match on deferrals above 6 % of pay; (ii): a rate that rises.
        (
            {
                "safe_harbor": SafeHarbor.NONELECTIVE,
                "match": Match((MatchTier(5_000, 800),)),
                "nonelective": THREE,
            },
            True,
            True,
        ),
        (
            {
                "safe_harbor": SafeHarbor.NONELECTIVE,
                "match": Match((MatchTier(2_500, 300), MatchTier(10_000, 600))),
                "nonelective": THREE,
            },
            True,
            True,
        ),
        (
            {
                "safe_harbor": SafeHarbor.NONELECTIVE,
                "match": Match((MatchTier(5_000, 600),)),
                "nonelective": THREE,
            },
            False,
            False,
        ),
    ],
)
def test_what_goes_beyond_a_safe_harbor_is_tested(terms: dict[str, Any], acp: bool, top_heavy: bool) -> None:
    provisions = replace(PROVISIONS, **terms)
    assert problems(provisions) == []
    facts = twelve(provisions=provisions)
    tested = {test: result(facts, test).status is not Status.NOT_APPLICABLE for test in (TestId.ACP, TestId.TOP_HEAVY)}
    assert tested == {TestId.ACP: acp, TestId.TOP_HEAVY: top_heavy}


def test_money_that_is_no_safe_harbor_contribution_ends_the_exemption_whatever_the_terms_say_now() -> None:
    facts = twelve(provisions=replace(PROVISIONS, safe_harbor=SafeHarbor.NONELECTIVE, match=None, nonelective=THREE))
    assert result(facts, TestId.TOP_HEAVY).status is Status.NOT_APPLICABLE
    assert result(replace(facts, other_nonelective=True), TestId.TOP_HEAVY).status is Status.FAIL


NOTHING_KEPT = (
    "No account balance of 2025-12-31 is on file, the day that decides whether the plan is top-heavy (IRC "
    "416(g)(4)(C)). Bring the balances over: with the opening balances, or as prior_year_end_balance of the "
    "year-to-date figures."
)


@pytest.mark.parametrize(
    ("adopted_on", "refused"),
    [
        (date(2019, 1, 1), True),
        (date(2024, 12, 31), True),
        (date(2025, 1, 1), False),  # a first year that was the one before may have ended without money
        (date(2026, 1, 1), False),  # a first year is determined at its own end
    ],
)
def test_an_older_plan_without_any_balance_on_the_determination_date_is_refused(
    adopted_on: date, refused: bool
) -> None:
    """IRC 416(g)(4)(C): an empty ledger is a missing fact there, and no ratio of nothing."""
    facts = twelve(balances=(0,) * 12, provisions=replace(PROVISIONS, adopted_on=adopted_on))
    told = result(facts, TestId.TOP_HEAVY)
    assert (told.status, told.explanation) == ((Status.REFUSED, NOTHING_KEPT) if refused else (Status.PASS, ANY))
    ahead = forecast(facts, run_id=ComplianceRunId(UUID(int=3)), scenarios=40)
    assert ahead is not None
    assert ahead.projection.of(TestId.TOP_HEAVY).refused == (NOTHING_KEPT if refused else "")
    assert not (refused and ahead.cures_of(TestId.TOP_HEAVY))
    kept = replace(facts, balances_at_determination=column(facts, {5: 1}, "balances_at_determination"))
    assert result(kept, TestId.TOP_HEAVY).status is Status.PASS


def test_a_former_key_employee_is_out_of_the_top_heavy_ratio() -> None:
    """IRC 416(g)(4)(B): a former owner's account is in neither part of the ratio."""
    balances = (30_000_00, 20_000_00, 90_000_00, *(2_000_00,) * 9)
    nobody = np.zeros(12, dtype=np.bool_)
    owners = np.array([True, True, *(False,) * 10])
    was = np.array([True, True, True, *(False,) * 9])
    facts = twelve(balances=balances, key_facts=KeyFacts(owners, owners, nobody, nobody))
    # 50,000 of 158,000 with everybody in it; 50,000 of 68,000 without the one who was key.
    assert result(facts, TestId.TOP_HEAVY).measured == 3_165
    told = result(replace(facts, key_facts=KeyFacts(owners, owners, nobody, was)), TestId.TOP_HEAVY)
    assert (told.status, told.measured) == (Status.FAIL, 7_353)


def test_a_prior_year_plan_keeps_its_own_average_for_the_year_after() -> None:
    terms = replace(PROVISIONS, testing=Testing(method=TestingMethod.PRIOR_YEAR))
    current = result(twelve(), TestId.ADP)
    tested = result(twelve(provisions=terms, prior_ratios=PriorRatios(700, 300)), TestId.ADP)
    assert tested.working["nhce"]["average_bps"] == 700  # type: ignore[index,call-overload]
    assert tested.working["nhce_of_year_bps"] == current.working["nhce"]["average_bps"]  # type: ignore[index,call-overload]


def test_prior_year_testing_needs_last_years_averages() -> None:
    terms = replace(PROVISIONS, testing=Testing(method=TestingMethod.PRIOR_YEAR))
    refused = result(twelve(provisions=terms), TestId.ADP)
    assert refused.status is Status.REFUSED
    assert "year before" in refused.explanation
    tested = result(twelve(provisions=terms, prior_ratios=PriorRatios(700, 300)), TestId.ADP)
    assert (tested.status, tested.limit) == (Status.PASS, 900)
    first = replace(terms, adopted_on=date(2026, 1, 1))
    assert result(twelve(provisions=first), TestId.ADP).limit == 500  # 3 % in a first plan year


def test_year_without_figures_is_refused_by_name() -> None:
    facts = twelve()
    later = replace(facts, plan_year=PlanYear.starting(date(2027, 1, 1)), as_of=date(2027, 3, 1))
    results, _ = run_tests(later)
    refused = [each for each in results if each.status is Status.REFUSED]
    assert {each.test for each in refused} >= {TestId.ADP, TestId.DEFERRAL_LIMIT, TestId.ADDITIONS_LIMIT}
    assert "No figures on file for 2027" in refused[0].explanation
    assert refused[0].measured is None


def test_people_not_yet_in_the_plan_are_not_in_the_averages() -> None:
    facts = twelve()
    entered = tuple(date(2026, 10, 1) if i == 6 else day for i, day in enumerate(facts.eligible_on))
    adp = result(replace(facts, eligible_on=entered), TestId.ADP)
    assert adp.working["nhce"] == {"count": 9, "ratio_sum_bps": 2_700, "average_bps": 300}


def test_every_test_is_registered_once_with_its_citation() -> None:
    assert [each.measure.test for each in PLAN_TESTS] == list(TestId)
    assert all(each.measure.citation.startswith("IRC ") for each in PLAN_TESTS)


def test_results_are_exact_integers() -> None:
    results, _ = run_tests(twelve(as_of=AUGUST))
    for each in results:
        assert all(value is None or type(value) is int for value in (each.measured, each.limit, each.room))


@pytest.mark.parametrize(
    "column",
    [
        "compensation",
        "section_415",
        "pre_tax",
        "roth",
        "after_tax",
        "match",
        "nonelective",
        "qnec",
        "prior_section_415",
    ],
)
def test_money_of_an_earlier_year_taken_back_in_this_one_counts_as_nothing(column: str) -> None:
    """Somebody's sum of the year below zero refuses no test of the others."""
    below, nothing = twelve(), twelve()
    sums = getattr(below, column).copy()
    sums[5] = -100_00
    below = replace(below, **{column: sums})
    nothing = replace(nothing, **{column: np.maximum(sums, 0)})
    told = [[(each.test, each.status, each.measured) for each in run_tests(facts)[0]] for facts in (below, nothing)]
    assert told[0] == told[1]


def test_who_received_a_match_of_student_loan_payments_is_tested_apart() -> None:
    """IRC 401(m)(13)(B)(iv): two groups, each with its own highly compensated and its own others."""
    facts = twelve()
    savers = [place for place, rate in enumerate(RATES) if rate and place > 1]
    apart = replace(facts, loan_matched=np.array([place not in (0, *savers) for place in range(12)]))
    adp, loans = result(apart, TestId.ADP), result(apart, TestId.ADP_STUDENT_LOANS)
    rest = [place for place in range(2, 12) if place not in savers]
    assert adp.working["nhce"] == {"count": len(savers), "ratio_sum_bps": 3_200, "average_bps": 3_200 // len(savers)}
    assert adp.working["hce"] == {"count": 1, "ratio_sum_bps": RATES[0], "average_bps": RATES[0]}
    assert loans.working["nhce"] == {"count": len(rest), "ratio_sum_bps": 0, "average_bps": 0}
    assert (loans.status, loans.measured, loans.limit) == (Status.FAIL, RATES[1], 0)
    assert "tested apart" in adp.explanation
    assert "401(m)(13)(B)(iv)" in loans.explanation
    nobody = replace(facts, loan_matched=np.zeros(12, dtype=np.bool_))
    assert result(nobody, TestId.ADP).working == result(facts, TestId.ADP).working
    assert TestId.ADP_STUDENT_LOANS not in {each.test for each in run_tests(nobody)[0]}

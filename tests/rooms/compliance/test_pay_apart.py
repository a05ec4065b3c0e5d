"""Tests, projections and corrections of plans whose employer money counts other pay than deferrals do."""

from dataclasses import replace

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import PROVISIONS, twelve

from open401k.compliance import PlanFacts, Status, TestId, TestResult, people_of, project, run_tests
from open401k.compliance.facts import Cents
from open401k.compliance.pay_fairness import asked_of
from open401k.compliance.pay_to_come import OtherPay, other_pay
from open401k.compliance.projection import year_ends
from open401k.compliance.runs import facts_hash
from open401k.compliance.year import Year
from open401k.compliance.year_from_facts import year_of
from open401k.kernel import Source
from open401k.law.pay_items import ELECTIVE_CONTRIBUTIONS, PayKind
from open401k.plan import (
    Compensation,
    Kind,
    Match,
    MatchTier,
    Nonelective,
    PayTerms,
    Provisions,
    SafeHarbor,
)

BASE_PAY = PayTerms(excluded_kinds=(PayKind.BONUS,))
APART = replace(PROVISIONS, compensation=Compensation(match=BASE_PAY, nonelective=BASE_PAY))


def half(facts: PlanFacts) -> Cents:
    return facts.compensation // 2


def ends(provisions: Provisions, *, apart: bool) -> Year:
    facts = twelve(provisions=provisions)
    if apart:
        facts = replace(facts, match_pay=half(facts), nonelective_pay=half(facts))
    people = people_of(facts)
    return year_ends(facts, year_of(facts, is_hce=people.is_hce, is_key=people.is_key), seed=7, scenarios=50)


def test_a_test_has_one_definition_of_pay_whatever_the_match_counts() -> None:
    whole, _ = run_tests(twelve())
    apart, _ = run_tests(replace(twelve(provisions=APART), match_pay=half(twelve())))
    measured = {each.test: (each.status, each.measured) for each in apart}
    for each in whole:
        if each.test in (TestId.ADP, TestId.ACP, TestId.COVERAGE_MATCH):
            assert measured[each.test] == (each.status, each.measured)


def test_what_is_to_come_is_matched_on_the_share_of_pay_that_the_match_counted_so_far() -> None:
    """Whoever defers more than 6 % of it all year: half of 6 % of half of what comes."""
    given = replace(PROVISIONS, nonelective=Nonelective(300))
    whole, apart = ends(given, apart=False), ends(replace(given, compensation=APART.compensation), apart=True)
    so_far = twelve(provisions=given)
    assert (whole.compensation == apart.compensation).all()
    owner = whole.compensation[:, 0] < 30_000_000  # below the limit of 401(a)(17), where all pay counts
    added, halved = (each.match[owner, 0] - so_far.match[0] for each in (whole, apart))
    assert np.abs(halved * 2 - added).max(initial=0) <= 2 * 26
    given_whole, given_half = whole.nonelective[:, 2:12], apart.nonelective[:, 2:12]
    assert np.abs(given_half * 2 - given_whole).max() <= 4
    assert given_whole.any()


def test_facts_of_a_plan_with_one_definition_are_the_same_facts() -> None:
    facts = twelve()
    assert facts_hash(facts) == facts_hash(replace(facts, match_pay=None))
    assert facts_hash(facts) != facts_hash(replace(facts, match_pay=half(facts)))


def test_who_comes_later_is_paid_as_the_others_are() -> None:
    counted, paid = np.array([50_00, 0], dtype=np.int64), np.array([100_00, 0], dtype=np.int64)
    found = other_pay(counted, paid)
    assert found is not None
    assert found.share.tolist() == [0.5, 1.0]
    assert found.to_date(np.array([300_00, 10_00]), paid).tolist() == [150_00, 10_00]
    grown = OtherPay(found.so_far, np.array([0.5, 0.7])).padded(1)
    assert (grown.so_far.tolist(), round(float(grown.share[2]), 6)) == ([50_00, 0, 0], 0.6)
    assert other_pay(None, paid) is None


def ratio(facts: PlanFacts) -> TestResult | None:
    results, _ = run_tests(facts)
    return next((each for each in results if each.test is TestId.PAY_RATIO), None)


def without_overtime(*, owners: int, others: int, provisions: Provisions = PROVISIONS) -> PlanFacts:
    """How many hundredths of the pay of the two owners count, and of the ten others."""
    whole = twelve(provisions=provisions)
    shares = np.array([owners] * 2 + [others] * 10)
    return replace(whole, compensation=whole.section_415 * shares // 100)


LEFT_OUT = replace(PROVISIONS, compensation=Compensation(excluded_kinds=(PayKind.OVERTIME,)))


@pytest.mark.parametrize(
    ("owners", "others", "status"),
    [(100, 90, Status.FAIL), (90, 100, Status.PASS), (95, 95, Status.PASS)],
)
def test_pay_without_overtime_is_fair_if_no_more_of_it_is_left_out_of_the_others(
    owners: int, others: int, status: Status
) -> None:
    """Reg. 1.414(s)-1(d)(3)(i): the average percentages of total compensation included."""
    found = ratio(without_overtime(owners=owners, others=others, provisions=LEFT_OUT))
    assert found is not None
    assert (found.status, found.measured, found.limit) == (status, owners * 100, others * 100)
    assert ("facts and circumstances" in found.explanation) is (status is Status.FAIL)
    assert found.room == (others - owners) * 100


def test_a_plan_whose_definition_needs_no_test_has_none() -> None:
    assert ratio(without_overtime(owners=100, others=90)) is None
    nobody_else = replace(twelve(provisions=LEFT_OUT), section_415=np.zeros(12, dtype=np.int64))
    assert ratio(nobody_else) is None  # one group has nobody with pay: nothing to compare


def test_a_safe_harbor_plan_tests_the_pay_of_its_contribution_and_not_what_people_defer_from() -> None:
    """Reg. 1.401(k)-3(b)(2), (c)(6)(iv)."""
    basic = Match((MatchTier(10_000, 300), MatchTier(5_000, 500)), Source.SAFE_HARBOR_MATCH)
    harbor = replace(PROVISIONS, match=basic, safe_harbor=SafeHarbor.BASIC_MATCH)
    base = replace(harbor, compensation=Compensation(excluded_kinds=(PayKind.OVERTIME,), match=PayTerms()))
    assert list(asked_of(base)) == []  # all pay is matched
    follows = replace(base, compensation=replace(base.compensation, match=None))
    assert [kind for kind, _ in asked_of(follows)] == [Kind.DEFERRALS]
    apart = replace(harbor, compensation=Compensation(match=BASE_PAY))
    assert list(asked_of(apart)) == [(Kind.MATCH, "Reg. 1.401(k)-3(b)(2)")]
    facts = twelve(provisions=apart)
    pay = facts.section_415 * np.array([100] * 2 + [80] * 10) // 100
    found = ratio(replace(facts, match_pay=pay))
    assert found is not None
    assert (found.status, found.measured, found.limit) == (Status.FAIL, 10_000, 8_000)
    # A match that is tested itself needs none; profit sharing of one share of pay for all does.
    tested = replace(PROVISIONS, compensation=Compensation(match=BASE_PAY, nonelective=BASE_PAY))
    assert list(asked_of(tested)) == []
    shares = replace(tested, nonelective=Nonelective(300))
    assert list(asked_of(shares)) == [(Kind.NONELECTIVE, "Reg. 1.401(a)(4)-2(b)")]
    # Elective contributions are left out freely if all of them are (Reg. 1.414(s)-1(c)(4)).
    free = PayTerms(excluded_kinds=tuple(ELECTIVE_CONTRIBUTIONS))
    assert list(asked_of(replace(shares, compensation=Compensation(nonelective=free)))) == []


def test_a_year_that_is_projected_keeps_the_shares_of_today() -> None:
    facts = without_overtime(owners=100, others=90, provisions=LEFT_OUT)
    people = people_of(facts)
    told = project(facts, is_hce=people.is_hce, is_key=people.is_key, seed=7, scenarios=50).of(TestId.PAY_RATIO)
    assert (told.median, told.limit_median, told.fail_probability_bps) == (10_000, 9_000, 10_000)

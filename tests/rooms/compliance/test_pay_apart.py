"""Tests, projections and corrections of plans whose employer money counts other pay than deferrals do."""

from dataclasses import replace

import numpy as np
from tests.rooms.compliance.small_plan import PROVISIONS, twelve

from open401k.compliance import PlanFacts, TestId, people_of, run_tests
from open401k.compliance.facts import Cents
from open401k.compliance.pay_to_come import OtherPay, other_pay
from open401k.compliance.projection import year_ends
from open401k.compliance.runs import facts_hash
from open401k.compliance.year import Year, year_of
from open401k.law.pay_items import PayKind
from open401k.plan import Compensation, Nonelective, PayTerms, Provisions

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

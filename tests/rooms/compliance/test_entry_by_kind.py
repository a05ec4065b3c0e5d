"""Tests of a plan whose people enter for employer money on days of their own, or only for long-term part-time work."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import AUGUST, HCE_AVERAGE, PROVISIONS, RATES, twelve
from tests.rooms.compliance.test_cures import offered

from open401k.compliance import CureKind, PlanFacts, Standing, Status, TestId, TestResult, people_of, project, run_tests
from open401k.compliance.projection import year_ends
from open401k.compliance.runs import facts_hash
from open401k.compliance.year_from_facts import year_of
from open401k.kernel import Source
from open401k.plan import Conditions, EntryTerms, Match, MatchPeriod, MatchTier, Nonelective, Provisions, SafeHarbor

SINCE, YEAR_END = date(2019, 1, 1), date(2026, 12, 1)
#: The last four of the ten others defer 5, 5, 6 and 6 %.
LAST_FOUR = range(8, 12)
BASIC = Match((MatchTier(10_000, 300), MatchTier(5_000, 500)), Source.SAFE_HARBOR_MATCH)
HARBOR = replace(PROVISIONS, match=BASIC, safe_harbor=SafeHarbor.BASIC_MATCH, match_eligibility=EntryTerms())


def of(facts: PlanFacts, test: TestId) -> TestResult:
    results, _ = run_tests(facts)
    return next(each for each in results if each.test is test)


def without(*places: int, later: date | None = None) -> tuple[date | None, ...]:
    """Everybody since 2019, but for these."""
    return tuple(later if place in places else SINCE for place in range(12))


def test_the_acp_test_has_who_has_entered_for_the_match_and_the_adp_test_who_may_defer() -> None:
    whole, apart = twelve(), twelve(match_on=without(*LAST_FOUR))
    assert of(apart, TestId.ADP).measured == of(whole, TestId.ADP).measured == HCE_AVERAGE
    counted = of(apart, TestId.ACP).working["nhce"]
    assert counted == {"count": 6, "ratio_sum_bps": 500, "average_bps": 83}  # two of six are matched 2.5 %
    assert of(whole, TestId.ACP).working["nhce"] == {"count": 10, "ratio_sum_bps": 1_600, "average_bps": 160}


def test_who_may_make_after_tax_contributions_is_in_the_acp_test_without_a_match() -> None:
    """Reg. 1.401(m)-1(a)(3)."""
    sources = (Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)
    terms = replace(PROVISIONS, deferrals=replace(PROVISIONS.deferrals, sources=sources))
    apart = of(twelve(provisions=terms, match_on=without(*LAST_FOUR)), TestId.ACP)
    assert apart.working["nhce"] == of(twelve(provisions=terms), TestId.ACP).working["nhce"]


def test_coverage_of_the_match_leaves_out_who_has_not_met_its_age_and_service() -> None:
    """Reg. 1.410(b)-6(b): and counts whom a class alone keeps out of it, from the day on which they would be in it."""
    apart = twelve(match_on=without(*LAST_FOUR))
    assert of(apart, TestId.COVERAGE_DEFERRAL).working["nhce_benefiting"] == 10
    match = of(apart, TestId.COVERAGE_MATCH)
    assert (match.working["nhce_nonexcludable"], match.working["nhce_benefiting"]) == (6, 6)
    out = apart.class_excluded.copy()
    out[11] = True
    interns = replace(apart, eligible_on=without(11), class_excluded=out, match_kept_out=apart.class_excluded)
    assert of(interns, TestId.COVERAGE_DEFERRAL).working["nhce_nonexcludable"] == 10
    assert of(interns, TestId.COVERAGE_MATCH).working["nhce_nonexcludable"] == 6
    met = replace(interns, match_kept_out=out)
    assert of(met, TestId.COVERAGE_MATCH).working["nhce_nonexcludable"] == 7


def test_long_term_part_time_people_are_participants_and_in_no_test() -> None:
    """IRC 401(k)(15)(B)(i)(II), (ii): by the plan's own terms nobody of them is in."""
    facts = twelve(tested_on=without(*LAST_FOUR), match_on=without(*LAST_FOUR))
    assert facts.eligible.sum() == 12
    for test in (TestId.ADP, TestId.ACP):
        assert of(facts, test).working["nhce"]["count"] == 6  # type: ignore[call-overload, index]
    assert of(facts, TestId.COVERAGE_DEFERRAL).working["nhce_nonexcludable"] == 6


def test_a_safe_harbor_plan_tests_who_is_too_early_for_its_contribution() -> None:
    """Reg. 1.401(k)-3(h)(3): early people are a plan of their own; without an HCE among them it passes."""
    assert of(twelve(provisions=HARBOR), TestId.ADP).status is Status.NOT_APPLICABLE
    early = of(twelve(provisions=HARBOR, match_on=without(*LAST_FOUR)), TestId.ADP)
    assert early.status is Status.PASS
    assert (early.working["hce"]["count"], early.working["nhce"]["count"]) == (0, 4)  # type: ignore[call-overload, index]
    assert "1.401(k)-3(h)(3)" in early.explanation
    owner = of(twelve(provisions=HARBOR, match_on=without(0, 2, 3)), TestId.ADP)
    assert owner.status is Status.FAIL  # an HCE who defers 10 %, and two others who defer nothing


THREE = Nonelective(300, Source.SAFE_HARBOR_NONELECTIVE)
BESIDE = replace(PROVISIONS, nonelective=THREE, safe_harbor=SafeHarbor.NONELECTIVE)
NO_INTERNS = replace(BESIDE, match_eligibility=EntryTerms(21, 0, None, excluded_classes=("interns",)))
LAST_DAY = Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR, conditions=Conditions(last_day=True))


@pytest.mark.parametrize(
    ("terms", "interns", "tested"),
    [
        (BESIDE, (11,), False),  # everybody is matched alike
        (NO_INTERNS, (11,), True),
        (NO_INTERNS, (), False),  # nobody is of the class
        (NO_INTERNS, (1,), False),  # an HCE is: no other HCE has more than an NHCE
        (replace(BESIDE, match=LAST_DAY), (), True),
    ],
)
def test_a_match_beside_a_safe_harbor_that_leaves_some_without_is_tested(
    terms: Provisions, interns: tuple[int, ...], tested: bool
) -> None:
    """IRC 401(m)(11)(B)(iii): at no rate of deferral may an HCE be matched more than somebody who is none."""
    classes = tuple("interns" if place in interns else "" for place in range(12))
    facts = twelve(provisions=terms, classes=classes)
    assert (of(facts, TestId.ACP).status is not Status.NOT_APPLICABLE) == tested
    assert (of(facts, TestId.TOP_HEAVY).status is not Status.NOT_APPLICABLE) == tested


@pytest.mark.parametrize("period", [MatchPeriod.PAY_PERIOD, MatchPeriod.PLAN_YEAR])
def test_the_year_end_matches_nobody_before_their_entry_for_the_match(period: MatchPeriod) -> None:
    terms = replace(PROVISIONS, match=replace(PROVISIONS.match or BASIC, period=period), match_eligibility=EntryTerms())
    given = twelve(provisions=terms).match.copy()
    given[list(LAST_FOUR)] = 0
    facts = twelve(provisions=terms, match=given, match_on=(*without(8, 9)[:10], YEAR_END, YEAR_END))
    people = people_of(facts)
    ends = year_ends(facts, year_of(facts, is_hce=people.is_hce, is_key=people.is_key), seed=7, scenarios=300)
    assert ends.in_match is not None
    assert not ends.match[:, 8:10].any()
    assert not ends.in_match[:, 8:10].any()
    assert 0.7 < ends.in_match[:, 10:12].mean() <= 1.0
    assert ends.match[:, 10:12].any()
    # Two pay dates of December: 6 % of 2,000 each, half of it, whatever was deferred before (a bonus aside).
    assert (ends.match[:, 10:12] <= ends.compensation[:, 10:12] * 300 // 10_000 // 4).all()
    told = project(facts, is_hce=people.is_hce, is_key=people.is_key, seed=7, scenarios=300)
    assert told.of(TestId.COVERAGE_MATCH).today is not None


def test_the_hash_of_the_facts_has_every_day_of_entry() -> None:
    plain = twelve()
    days = without(3, later=AUGUST)
    others = [twelve(tested_on=days), twelve(match_on=days), twelve(nonelective_on=days)]
    assert len({facts_hash(each) for each in (plain, *others)}) == 4


def seven_out_of_the_match(as_of: date = AUGUST, rates: tuple[int, ...] = RATES) -> PlanFacts:
    """All twelve may defer; five are in the match, 3 of 10 others against 2 of 2 owners; "field" and "yard" are out."""
    out = np.arange(12) >= 5
    field = EntryTerms(21, 0, None, excluded_classes=("field", "yard"))
    plain = twelve(as_of=as_of, rates=rates, provisions=replace(PROVISIONS, match_eligibility=field))
    return replace(
        plain,
        match=np.where(out, 0, plain.match),
        classes=tuple("yard" if i >= 10 else "field" if i >= 5 else "" for i in range(12)),
        match_on=tuple(None if each else SINCE for each in out.tolist()),
        match_kept_out=out,
    )


def test_coverage_of_the_match_is_cured_by_letting_the_smallest_class_that_is_enough_into_it() -> None:
    facts = seven_out_of_the_match()
    assert of(facts, TestId.COVERAGE_DEFERRAL).status is Status.PASS
    assert of(facts, TestId.COVERAGE_MATCH).status is Status.FAIL
    cure = offered(facts, test=TestId.COVERAGE_MATCH)[CureKind.COVER_MORE]
    assert cure.standing is Standing.NEEDS_AMENDMENT
    # The two of the yard would make it 5 of 10; the five of the field 8 of 10.
    assert [effect.place for effect in cure.effects] == [5, 6, 7, 8, 9]
    assert "'field'" in cure.reason
    assert cure.median_after == 8_000
    # Eight pays of 2,000.00 follow from September 18 on: four of the five save 5 % of them, and half of it is 400.00.
    assert [effect.cents for effect in cure.effects] == [0, 400_00, 400_00, 400_00, 400_00]
    assert cure.employer_cost_cents == 1_600_00
    let_in = facts.match_kept_out.copy() if facts.match_kept_out is not None else facts.class_excluded
    let_in[5:10] = False
    days = tuple(date(2026, 9, 1) if 5 <= i < 10 else day for i, day in enumerate(facts.match_on))
    cured = replace(facts, as_of=YEAR_END, match_kept_out=let_in, match_on=days)
    assert of(cured, TestId.COVERAGE_MATCH).status is Status.PASS


def test_coverage_of_the_match_of_a_year_that_is_over_is_cured_by_the_others_average() -> None:
    """Reg. 1.401(a)(4)-11(g)(3): each of the field has the others' average match, whatever they saved.

    Three others saved 2, 4 and 6 %: their matches are 2 % on average, of 52,000.00 that is 1,040.00.
    """
    facts = seven_out_of_the_match(date(2026, 12, 31), (1_000, 800, 200, 400, 600, 0, 500, 500, 500, 500, 600, 600))
    found = offered(facts, test=TestId.COVERAGE_MATCH)
    assert found[CureKind.COVER_MORE].standing is Standing.NOT_AVAILABLE
    cure = found[CureKind.COVER_AFTERWARDS]
    assert cure.decide_by == date(2027, 10, 15)
    assert [effect.cents for effect in cure.effects] == [1_040_00] * 5
    assert cure.employer_cost_cents == 5_200_00


def test_coverage_of_the_match_that_follows_the_deferrals_has_no_cure_of_its_own() -> None:
    facts = seven_out_of_the_match()
    out = facts.match_kept_out
    assert out is not None
    outside = replace(facts, class_excluded=out, eligible_on=facts.match_on)
    assert of(outside, TestId.COVERAGE_MATCH).status is Status.FAIL
    assert offered(outside, test=TestId.COVERAGE_MATCH) == {}

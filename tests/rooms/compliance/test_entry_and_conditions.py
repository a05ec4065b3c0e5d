"""Entry for employer money on days of its own, classes that are out, and conditions: together, counted by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from tests.rooms.compliance.small_plan import AUGUST, PROVISIONS, twelve

from open401k.compliance import PlanFacts, TestId, people_of, run_tests
from open401k.compliance.cures_coverage import _with
from open401k.compliance.facts import Flags, Receiving
from open401k.compliance.gather_entries import Entered
from open401k.compliance.measures import benefiting_in, counted_in
from open401k.compliance.runs import facts_hash
from open401k.compliance.year import Year
from open401k.compliance.year_from_facts import year_of
from open401k.plan import Conditions, EntryTerms, Match, MatchPeriod, MatchTier, Nonelective

SINCE = date(2019, 1, 1)
LAST_DAY = Conditions(last_day=True)
#: Of the twelve, 0 and 1 are the owners. 2 lacks the last day with 400 hours, 3 with 900; 4 and 5 have not entered for
#: employer money, and 5 left with 100 hours; 6 and 7 are interns, of whom 7 has not the year of service for it.
LACKS, INTERNS = (2, 3, 5), (6, 7)
NOT_ENTERED = (4, 5, 6, 7)


def flags(*places: int) -> Flags:
    return np.isin(np.arange(12), places)


def days(*without: int) -> tuple[date | None, ...]:
    return tuple(None if place in without else SINCE for place in range(12))


def together() -> PlanFacts:
    hours = np.full(12, 1_200, dtype=np.int64)
    hours[[2, 3, 5]] = (400, 900, 100)
    entered = Entered(
        eligible_on=days(*INTERNS),
        kept_out_on=tuple(SINCE if place in INTERNS else None for place in range(12)),
        match_on=days(*NOT_ENTERED),
        nonelective_on=days(*NOT_ENTERED),
        match_kept_out_on=tuple(SINCE if place == 6 else None for place in range(12)),
        nonelective_kept_out_on=tuple(SINCE if place == 6 else None for place in range(12)),
    )
    columns: dict[str, Any] = {**entered.columns(AUGUST)}
    match = Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR, conditions=LAST_DAY)
    terms = replace(
        PROVISIONS,
        match=match,
        nonelective=Nonelective(300, conditions=LAST_DAY),
        match_eligibility=EntryTerms(),
        nonelective_eligibility=EntryTerms(),
    )
    kept = Receiving(flags(*LACKS), flags(*LACKS), hours, ~flags(*LACKS), True, True)
    return twelve(provisions=terms, receiving=kept, **columns)


def year(facts: PlanFacts) -> Year:
    people = people_of(facts)
    return year_of(facts, is_hce=people.is_hce, is_key=people.is_key)


def places(found: Flags) -> list[int]:
    return np.flatnonzero(found).tolist()


def test_each_part_has_its_own_people() -> None:
    """Reg. 1.410(b)-6(b), (f), -7(c)(1); 1.401(m)-5 "eligible employee"."""
    whole = year(together())
    assert places(counted_in(TestId.COVERAGE_DEFERRAL, whole) & ~whole.is_hce) == [*range(2, 12)]
    assert places(benefiting_in(TestId.COVERAGE_DEFERRAL, whole) & ~whole.is_hce) == [2, 3, 4, 5, 8, 9, 10, 11]
    for part in (TestId.COVERAGE_MATCH, TestId.COVERAGE_NONELECTIVE):
        # Out: 2 (a leaver with at most 500 hours), 4, 5 and 7 (age and service not met). In, without: 3 and 6.
        assert places(counted_in(part, whole) & ~whole.is_hce) == [3, 6, 8, 9, 10, 11]
        assert places(benefiting_in(part, whole) & ~whole.is_hce) == [8, 9, 10, 11]
    assert places(whole.of_match().acp_eligible & ~whole.is_hce) == [8, 9, 10, 11]


def test_the_tests_say_so() -> None:
    told = {each.test: each.working for each in run_tests(together())[0]}
    for part in (TestId.COVERAGE_MATCH, TestId.COVERAGE_NONELECTIVE):
        assert (told[part]["nhce_nonexcludable"], told[part]["nhce_benefiting"]) == (6, 4)
    acp: Any = told[TestId.ACP]
    assert acp["nhce"]["count"] == 4


def test_a_class_that_comes_in_is_asked_for_age_and_service_of_each_part() -> None:
    ends = _with(year(together()), flags(*INTERNS))
    assert places(ends.class_excluded) == []
    for part in (TestId.COVERAGE_MATCH, TestId.COVERAGE_NONELECTIVE):
        assert places(counted_in(part, ends) & ~ends.is_hce) == [3, 6, 8, 9, 10, 11]
        assert places(benefiting_in(part, ends) & ~ends.is_hce) == [6, 8, 9, 10, 11]


def test_each_of_these_facts_is_in_the_hash() -> None:
    facts = together()
    assert facts.receiving is not None
    changed = [
        replace(facts, match_on=days(4)),
        replace(facts, nonelective_on=days(4)),
        replace(facts, match_kept_out=flags(7)),
        replace(facts, nonelective_kept_out=flags(7)),
        replace(facts, receiving=replace(facts.receiving, no_match=flags(8))),
        replace(facts, receiving=replace(facts.receiving, no_nonelective=flags(8))),
        replace(facts, receiving=replace(facts.receiving, here=flags(8))),
        replace(facts, receiving=replace(facts.receiving, hours=np.zeros(12, dtype=np.int64))),
    ]
    assert len({facts_hash(each) for each in (facts, *changed)}) == len(changed) + 1

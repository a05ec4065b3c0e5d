"""People of an excluded class in coverage: from the day on which age and service are met, and not before."""

from datetime import date

import numpy as np
from tests.rooms.compliance.small_plan import AUGUST, twelve

from open401k.compliance import PlanFacts, TestId, people_of, project, run_tests
from open401k.compliance.projection import year_ends
from open401k.compliance.year_from_facts import year_of


def four_interns(meet_on: date) -> PlanFacts:
    """Four of the ten others are interns, who meet age and service on a day; the others are in since 2019."""
    late = range(2, 6)
    return twelve(
        eligible_on=tuple(None if i in late else date(2019, 1, 1) for i in range(12)),
        kept_out_on=tuple(meet_on if i in late else None for i in range(12)),
        class_excluded=np.array([i in late and meet_on <= AUGUST for i in range(12)]),
        classes=tuple("interns" if i in late else "" for i in range(12)),
    )


def ratio(facts: PlanFacts) -> int | None:
    results, _ = run_tests(facts)
    return next(each for each in results if each.test is TestId.COVERAGE_DEFERRAL).measured


def test_a_class_counts_from_the_day_on_which_its_people_would_enter() -> None:
    assert ratio(four_interns(date(2026, 7, 1))) == 6_000
    assert ratio(four_interns(date(2026, 9, 1))) == 10_000


def test_the_year_end_counts_those_who_will_meet_age_and_service_in_it() -> None:
    facts = four_interns(date(2026, 10, 1))
    people = people_of(facts)
    ends = year_ends(facts, year_of(facts, is_hce=people.is_hce, is_key=people.is_key), seed=7, scenarios=400)
    met = ends.class_excluded[:, 2:6].mean()
    # Nobody else is ever counted; of the four nearly all are, since few leave before October.
    assert not np.delete(ends.class_excluded, range(2, 6), axis=1).any()
    assert 0.9 < met <= 1.0
    told = project(facts, is_hce=people.is_hce, is_key=people.is_key, seed=7, scenarios=400).of(
        TestId.COVERAGE_DEFERRAL
    )
    assert told.today == 10_000
    assert told.median is not None
    assert 5_500 <= told.median <= 6_700
    after_the_year = four_interns(date(2027, 1, 1))
    beyond = project(after_the_year, is_hce=people.is_hce, is_key=people.is_key, seed=7, scenarios=400)
    assert beyond.of(TestId.COVERAGE_DEFERRAL).median == 10_000

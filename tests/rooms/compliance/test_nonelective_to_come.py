"""What a projection gives as nonelective: to each on their pay from their own entry on, counted by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import PROVISIONS, twelve
from tests.rooms.compliance.test_projection import STILL

from open401k.compliance import PlanFacts, people_of
from open401k.compliance.facts import Receiving
from open401k.compliance.projection import year_ends
from open401k.compliance.year_from_facts import year_of
from open401k.plan import Conditions, EntryTerms, Nonelective

SINCE, JULY, OCTOBER = date(2019, 1, 1), date(2026, 7, 1), date(2026, 10, 1)
#: 3 % of 2,000.00 on each of 26 pay dates, of which 9 are to come: four since July, and seven from October on.
SHARE, OWNERS = 60_00, 240_00
ENTERED: tuple[date | None, ...] = (SINCE, SINCE, OCTOBER, JULY, None, *(SINCE,) * 7)
EXPECTED = [7 * SHARE, (4 + 9) * SHARE, 0, 26 * SHARE]


def given(facts: PlanFacts) -> list[int]:
    """Of the third to the sixth person at the end of every simulated year: all of them are the same."""
    people = people_of(facts)
    today = year_of(facts, is_hce=people.is_hce, is_key=people.is_key)
    ends = year_ends(facts, today, seed=7, scenarios=20, habits=STILL)
    assert (ends.nonelective == ends.nonelective[0]).all()
    assert int(ends.nonelective[0, 0]) == 26 * OWNERS
    found: list[int] = ends.nonelective[0, 2:6].tolist()
    return found


def terms(conditions: Conditions, apart: EntryTerms | None) -> PlanFacts:
    provisions = replace(PROVISIONS, nonelective=Nonelective(300, conditions=conditions), nonelective_eligibility=apart)
    nobody, hours = np.zeros(12, dtype=np.bool_), np.full(12, 1_200, dtype=np.int64)
    kept = Receiving(nobody, nobody, hours, ~nobody, False, True) if conditions.asks else None
    return twelve(provisions=provisions, receiving=kept)


def test_who_enters_for_it_later_has_it_on_the_pay_from_then_on() -> None:
    posted = [17 * OWNERS, 17 * OWNERS // 2, 0, 4 * SHARE, 0, *(17 * SHARE,) * 7]
    facts = replace(
        terms(Conditions(), EntryTerms()), nonelective_on=ENTERED, nonelective=np.array(posted, dtype=np.int64)
    )
    assert given(facts) == EXPECTED


@pytest.mark.parametrize("apart", [None, EntryTerms()])
def test_what_has_conditions_counts_the_pay_of_each_since_entry(apart: EntryTerms | None) -> None:
    facts = terms(Conditions(last_day=True), apart)
    facts = replace(facts, nonelective_on=ENTERED) if apart else replace(facts, eligible_on=ENTERED)
    assert given(facts) == EXPECTED


def test_a_leaver_has_nothing_of_it_where_the_last_day_is_asked() -> None:
    facts = terms(Conditions(last_day=True), EntryTerms())
    assert facts.receiving is not None
    gone = np.arange(12) == 5
    kept = replace(facts.receiving, no_nonelective=gone, here=~gone)
    assert given(replace(facts, nonelective_on=ENTERED, receiving=kept)) == [*EXPECTED[:3], 0]

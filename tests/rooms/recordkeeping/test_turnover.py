"""Turnover by the words of Rev. Rul. 2007-43, and what may be stated to have ended: each rule at its edge."""

from datetime import date, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.census.employment import Employment, LeftBy
from open401k.kernel import EmployeeId
from open401k.recordkeeping.plan_endings import Ending, EndingKind, EndingRefusal, counting, decide_ending
from open401k.recordkeeping.turnover import CountedAs, Member, Turnover, turnover, whole_period

START, LAST = date(2025, 1, 1), date(2025, 12, 31)
LONG_AGO, IN_JUNE = date(2020, 1, 6), date(2025, 6, 30)
NUMBERS = count(1)
PARTIAL, NONE = EndingKind.PARTIAL_TERMINATION, EndingKind.NO_PARTIAL_TERMINATION


def member(*employment: Employment, enters: date | None = LONG_AGO, retires: date | None = None) -> Member:
    return Member(EmployeeId(UUID(int=next(NUMBERS))), employment, enters, retires)


def counted(*members: Member, as_of: date = date(2026, 2, 1), last: date = LAST) -> Turnover:
    return turnover(members, start=START, last_day=last, as_of=as_of)


def test_the_example_of_the_ruling_is_presumed_to_be_a_partial_termination() -> None:
    """Rev. Rul. 2007-43: one of four locations closes, and 23 percent of the participating employees are let go."""
    gone = [member(Employment(LONG_AGO, IN_JUNE)) for _ in range(23)]
    stay = [member(Employment(LONG_AGO)) for _ in range(77)]
    found = counted(*gone, *stay).result
    assert (found.employer_initiated, found.participants, found.turnover_bps, found.presumed) == (23, 100, 2_300, True)


@pytest.mark.parametrize(("gone", "stay", "presumed"), [(1, 4, True), (1, 5, False), (19, 81, False), (20, 80, True)])
def test_twenty_percent_are_enough_and_less_are_not(gone: int, stay: int, presumed: bool) -> None:
    left = [member(Employment(LONG_AGO, IN_JUNE)) for _ in range(gone)]
    assert counted(*left, *(member(Employment(LONG_AGO)) for _ in range(stay))).result.presumed is presumed


@pytest.mark.parametrize(
    ("who", "as_what"),
    [
        (member(Employment(LONG_AGO, IN_JUNE)), CountedAs.EMPLOYER_INITIATED),
        (member(Employment(LONG_AGO, IN_JUNE, LeftBy.DEATH)), CountedAs.DEATH),
        (member(Employment(LONG_AGO, IN_JUNE, LeftBy.DISABILITY)), CountedAs.DISABILITY),
        (member(Employment(LONG_AGO, IN_JUNE, LeftBy.VOLUNTARY)), CountedAs.VOLUNTARY),
        (member(Employment(LONG_AGO, IN_JUNE), retires=IN_JUNE), CountedAs.RETIREMENT),
        (member(Employment(LONG_AGO, IN_JUNE), retires=IN_JUNE + timedelta(days=1)), CountedAs.EMPLOYER_INITIATED),
        (member(Employment(LONG_AGO, IN_JUNE), Employment(LAST)), CountedAs.REHIRED),
        (member(Employment(LONG_AGO, IN_JUNE), Employment(date(2026, 1, 1))), CountedAs.EMPLOYER_INITIATED),
        (member(Employment(LONG_AGO, START)), CountedAs.EMPLOYER_INITIATED),
        (member(Employment(LONG_AGO, LAST)), CountedAs.EMPLOYER_INITIATED),
        (member(Employment(START, IN_JUNE), enters=IN_JUNE), CountedAs.EMPLOYER_INITIATED),
    ],
)
def test_each_way_to_leave_counts_as_the_ruling_has_it(who: Member, as_what: CountedAs) -> None:
    found = counted(who)
    assert [each.counted_as for each in found.severances] == [as_what]
    assert found.result.employer_initiated == (as_what is CountedAs.EMPLOYER_INITIATED)
    assert found.result.participants == 1


@pytest.mark.parametrize(
    ("who", "at_start", "became"),
    [
        (member(Employment(LONG_AGO)), 1, 0),
        (member(Employment(LONG_AGO), enters=START), 1, 0),
        (member(Employment(LONG_AGO), enters=IN_JUNE), 0, 1),
        (member(Employment(LONG_AGO), enters=date(2026, 1, 1)), 0, 0),
        (member(Employment(LONG_AGO), enters=None), 0, 0),
        (member(Employment(LONG_AGO, IN_JUNE), enters=date(2025, 7, 1)), 0, 0),  # gone before entering
        (member(Employment(LONG_AGO, date(2024, 12, 31))), 0, 0),
        (member(Employment(LONG_AGO, date(2023, 5, 1)), Employment(IN_JUNE)), 0, 1),  # came back in the period
    ],
)
def test_who_participated_at_the_start_and_who_joined(who: Member, at_start: int, became: int) -> None:
    found = counted(who)
    assert (found.at_start, found.became) == (at_start, became)


def test_a_period_is_counted_up_to_the_day_and_may_be_longer_than_a_year() -> None:
    who, joins = member(Employment(LONG_AGO, IN_JUNE)), member(Employment(LONG_AGO), enters=date(2025, 7, 1))
    before = counted(who, joins, as_of=IN_JUNE - timedelta(days=1))
    assert (before.result.employer_initiated, before.result.participants) == (0, 1)
    later = member(Employment(LONG_AGO, date(2026, 3, 1)))
    longer = counted(who, later, last=date(2026, 12, 31), as_of=date(2026, 4, 1))
    assert longer.result.employer_initiated == 2
    assert whole_period(START, LAST)
    assert whole_period(START, date(2026, 12, 31))
    assert not whole_period(START, LAST - timedelta(days=1))


@given(
    st.lists(st.tuples(st.integers(0, 800), st.integers(0, 900), st.integers(0, 900), st.sampled_from([None, *LeftBy])))
)
def test_nobody_leaves_who_did_not_participate_and_told_reasons_only_lower_it(
    lives: list[tuple[int, int, int, LeftBy | None]],
) -> None:
    first = date(2024, 1, 1)
    people = []
    for hired, stays, waits, by in lives:
        on = first + timedelta(days=hired)
        people.append(member(Employment(on, on + timedelta(days=stays), by), enters=on + timedelta(days=waits)))
    found = counted(*people)
    assert len(found.severances) <= found.at_start + found.became == found.result.participants
    silent = [
        Member(
            each.employee_id, tuple(Employment(s.hired_on, s.terminated_on) for s in each.employment), each.enters_on
        )
        for each in people
    ]
    assert found.result.employer_initiated <= counted(*silent).result.employer_initiated


def stated(kind: EndingKind, first: date = START, last: date = LAST, *, stands: bool = True) -> Ending:
    return Ending(kind, first, last, "the plant in Ohio closed", stands)


@pytest.mark.parametrize(
    ("wanted", "known", "by_person", "reason"),
    [
        (stated(PARTIAL), [], True, None),
        (stated(EndingKind.PLAN_TERMINATION, IN_JUNE, IN_JUNE), [], True, None),
        (stated(PARTIAL), [], False, EndingRefusal.NOT_A_PERSON),
        (Ending(PARTIAL, START, LAST, ""), [], True, EndingRefusal.NO_REASON),
        (Ending(PARTIAL, START, LAST, "x" * 501), [], True, EndingRefusal.NO_REASON),
        (stated(PARTIAL, LAST, START), [], True, EndingRefusal.DAYS_WRONG),
        (stated(PARTIAL, date(2014, 12, 31), LAST), [], True, EndingRefusal.DAYS_WRONG),
        (stated(EndingKind.PLAN_TERMINATION), [], True, EndingRefusal.DAYS_WRONG),
        (stated(PARTIAL, date(2025, 7, 2), date(2026, 7, 1)), [], True, EndingRefusal.NOT_YET),
        (stated(PARTIAL, stands=False), [], True, EndingRefusal.NOT_ON_FILE),
        (stated(PARTIAL, stands=False), [stated(NONE)], True, EndingRefusal.NOT_ON_FILE),
        (stated(PARTIAL, stands=False), [stated(PARTIAL)], True, None),
    ],
)
def test_what_may_be_stated(wanted: Ending, known: list[Ending], by_person: bool, reason: EndingRefusal | None) -> None:
    found = decide_ending(wanted, known=known, today=date(2025, 7, 1), by_person=by_person, adopted_on=date(2015, 1, 1))
    assert (None if found is None else found.reason) is reason


def test_of_one_turnover_the_last_answer_counts_and_one_taken_back_counts_no_more() -> None:
    yes, no, back = stated(PARTIAL), stated(NONE), stated(NONE, stands=False)
    over = stated(EndingKind.PLAN_TERMINATION, LAST, LAST)
    assert counting([yes, over, no]) == [over, no]
    assert counting([yes, over, no, back]) == [over]
    assert counting([no, back, yes]) == [yes]

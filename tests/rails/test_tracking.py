"""What a participant sees of a rollover: no jump back, no guess, always somebody who must act, plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from open401k.rails.messages import Role
from open401k.rails.preflight.reasons import Code, found
from open401k.rails.tracking import (
    CaseState,
    Place,
    Seen,
    SideSeen,
    Standing,
    Step,
    Track,
    Verdict,
    Vote,
    last_day,
    tracked,
)

BEGUN = 1_780_315_200  # Monday, 1 June 2026, noon in London
DAY = 86_400
S, V = CaseState, Verdict
VOTES = (Vote(Role.SOURCE, "Old Custodian", True), Vote(Role.RECEIVER, "New Custodian", False))


def seen(
    verdict: Verdict = V.ABSENT,
    source: CaseState = S.DRAFT,
    receiver: CaseState = S.DRAFT,
    **other: object,
) -> Seen:
    told = Seen(
        now=BEGUN + 3600,
        begun_at=BEGUN,
        verdict=verdict,
        source=SideSeen("Old Custodian", source, BEGUN),
        receivers=(SideSeen("New Custodian", receiver, BEGUN),),
    )
    return replace(told, **other)  # type: ignore[arg-type]


def done(track: Track) -> list[Step]:
    return [station.step for station in track.stations if station.standing is Standing.DONE]


def test_what_was_signed_and_closed_by_a_check_had_been_checked_and_signed() -> None:
    closed = seen(V.ABSENT, S.OFF_RAIL, S.OFF_RAIL, elected_at=BEGUN, was_set_aside=True)
    assert done(tracked(closed)) == [Step.ASKED, Step.CHECKED, Step.SIGNED]
    assert [each.standing for each in tracked(closed).stations][3:] == [Standing.UNDONE, *[Standing.NOT_REACHED] * 3]
    assert done(tracked(replace(closed, elected_at=None))) == [Step.ASKED]


def owners(track: Track) -> list[str]:
    return [todo.owner for todo in track.todo]


def test_a_rollover_from_the_request_to_the_new_account() -> None:
    elected: dict[str, Any] = {"elected_at": BEGUN}
    votes: dict[str, Any] = {"elected_at": BEGUN, "votes": VOTES}
    story = [
        (seen(), Place.OLD_ACCOUNT, 1, ["Old Custodian", "New Custodian"]),
        (seen(source=S.PREVALIDATED, receiver=S.PREVALIDATED), Place.OLD_ACCOUNT, 2, ["You"]),
        (seen(source=S.PREVALIDATED, receiver=S.PREVALIDATED, **elected), Place.OLD_ACCOUNT, 3, ["Old Custodian"]),
        (seen(source=S.LIQUIDATING, receiver=S.PREVALIDATED, **elected), Place.BEING_SOLD, 3, ["Old Custodian"]),
        (seen(source=S.HELD, receiver=S.PREVALIDATED, **elected), Place.SET_ASIDE, 4, ["Old Custodian"]),
        (seen(V.PREPARING, S.VOTED, S.PREVALIDATED, **votes), Place.HELD_FOR_ALL, 4, ["New Custodian"]),
        (seen(V.COMMITTED, S.VOTED, S.VOTED, **elected), Place.BEING_BOOKED, 6, ["Old Custodian", "New Custodian"]),
        (seen(V.COMMITTED, S.POSTED, S.VOTED, **elected), Place.BEING_BOOKED, 6, ["New Custodian"]),
        (seen(V.CLOSED, S.POSTED, S.POSTED, **elected), Place.NEW_ACCOUNT, 7, []),
    ]
    for told, place, count, who in story:
        track = tracked(told)
        assert (track.place, len(done(track)), owners(track)) == (place, count, who), told
    assert track.ended
    assert "arrived" in track.headline


def test_each_reason_of_the_preflight_is_somebodys_to_do() -> None:
    reasons = (found(Code.CONTACT_CHANGED, "x"), found(Code.NO_LETTER, "x"), found(Code.MINIMUM_NOT_PAID, "x"))
    track = tracked(seen(source=S.NIGO, receiver=S.PREVALIDATED, reasons=reasons))
    assert owners(track) == ["You", "New Custodian", "Your old plan at Old Custodian"]
    assert done(track) == [Step.ASKED]


def test_a_reason_has_the_clock_of_its_queue_from_when_it_was_found_and_stands_once() -> None:
    unvested = found(Code.NOT_VESTED, "pre-tax"), found(Code.NOT_VESTED, "Roth")
    told = seen(source=S.NIGO, receiver=S.NIGO, reasons=(*unvested, found(Code.ORDER_PENDING, "x")))
    wednesday = BEGUN + 9 * DAY
    late = replace(told, source=SideSeen("Old Custodian", S.NIGO, wednesday), now=wednesday)
    track = tracked(late)
    assert [(last_day(each.by or 0), each.overdue) for each in track.todo] == [
        (date(2026, 6, 12), False), (date(2026, 6, 15), False),
    ]  # fmt: skip


def test_a_reason_that_was_found_later_has_its_clock_from_then() -> None:
    """A date that passed while another waited was due before it had come up."""
    both = (found(Code.ORDER_PENDING, "x"), found(Code.IMPOSSIBLE_FACT, "payment_on: it is past"))
    at_first = tracked(seen(source=S.NIGO, receiver=S.NIGO, reasons=both))
    begun = max(each.by for each in at_first.todo if each.by is not None)
    later = tracked(replace(seen(source=S.NIGO, receiver=S.NIGO, reasons=both), arose={672: begun}, now=begun + 1))
    (order, fact) = (each for each in later.todo)
    assert order == replace(at_first.todo[0], overdue=order.overdue)
    assert (fact.overdue, fact.by is not None and fact.by > begun) == (False, True)


def test_who_ran_out_of_time_reads_so() -> None:
    ended = seen(V.ABORTED, S.RELEASED, S.RELEASED, deadline=BEGUN + DAY, decided_at=BEGUN + DAY + 60)
    assert tracked(ended).headline == "The time ran out before everybody agreed; your money stayed yours"
    stopped = tracked(replace(ended, decided_at=BEGUN + 60))
    assert stopped.headline == "The move was stopped; your money stayed yours"
    assert "Old Custodian can tell you why" in stopped.where
    assert "can tell you why" not in tracked(ended).where
    said_no = tracked(replace(ended, decided_at=BEGUN + 60, declined=True)).headline
    assert said_no == "Somebody whose agreement was needed did not agree; your money stayed yours"


def test_what_is_asked_back_is_told_where_it_arrived_and_as_what_it_is() -> None:
    arrived = seen(V.CLOSED, S.POSTED, S.POSTED, elected_at=BEGUN, votes=VOTES)
    asked = tracked(replace(arrived, asked_back=True))
    assert (asked.headline, asked.place) == ("Done: your money has arrived", Place.NEW_ACCOUNT)
    assert asked.where.endswith("nothing goes back before you sign that.")
    (first, *_) = tracked(replace(arrived, gives_back=True)).stations
    assert first.said == "New Custodian asked back what it had paid"


def test_what_is_late_is_told_as_late_by_business_days() -> None:
    friday = BEGUN + 4 * DAY
    told = seen(begun_at=friday, source=S.DRAFT, receiver=S.PREVALIDATED)
    told = replace(told, source=SideSeen("Old Custodian", S.DRAFT, friday), now=friday + 3 * DAY)
    (todo,) = tracked(told).todo
    assert not todo.overdue  # a Monday
    (todo,) = tracked(replace(told, now=friday + 5 * DAY)).todo
    assert todo.overdue  # two business days after Friday end with Tuesday


def test_a_dead_custodian_ends_in_the_old_account() -> None:
    waiting = seen(V.PREPARING, S.VOTED, S.PREVALIDATED, votes=VOTES, elected_at=BEGUN, deadline=BEGUN + DAY)
    (todo,) = tracked(waiting).todo
    assert todo.by == BEGUN + DAY  # never later than the deadline
    (todo,) = tracked(replace(waiting, now=BEGUN + DAY + 1)).todo
    assert "goes back by itself" in todo.said
    expired = replace(waiting, verdict=V.ABORTED)
    assert (tracked(expired).place, owners(tracked(expired))) == (Place.SET_ASIDE, ["Old Custodian"])
    freed = tracked(replace(expired, source=SideSeen("Old Custodian", S.RELEASED, BEGUN)))
    assert freed.ended
    assert freed.place is Place.OLD_ACCOUNT
    assert "stayed yours" in freed.headline


@pytest.mark.parametrize(
    "told",
    [
        seen(V.ABORTED, S.RELEASED, S.POSTED),
        seen(V.ABSENT, S.POSTED, S.PREVALIDATED),
        seen(V.COMMITTED, S.RELEASED, S.VOTED),
        seen(V.CLOSED, S.POSTED, S.VOTED),
        seen(V.PREPARING, S.DRAFT, S.DRAFT),
    ],
)
def test_what_contradicts_itself_is_said_and_not_guessed(told: Seen) -> None:
    track = tracked(told)
    assert track.place is Place.UNCLEAR
    assert owners(track) == ["Old Custodian", "New Custodian"]
    assert not track.ended


JARGON = {"leg", "escrow", "chain", "vote", "voter", "node", "hash", "verdict", "commit", "abort", "posted", "rollover"}


def test_of_all_that_can_be_each_has_one_place_a_line_without_gaps_and_somebody_who_acts() -> None:
    votes: tuple[tuple[Vote, ...], ...] = ((), VOTES, tuple(replace(vote, given=True) for vote in VOTES))
    reasons = ((), (found(Code.LOAN_OPEN, "x"),))
    for verdict, source, receiver, vote, why, elected in product(V, S, S, votes, reasons, (None, BEGUN)):
        track = tracked(seen(verdict, source, receiver, votes=vote, reasons=why, elected_at=elected))
        marks = [station.standing is Standing.DONE for station in track.stations]
        assert marks == sorted(marks, reverse=True)
        assert bool(track.todo) is not track.ended
        assert (track.place is Place.NEW_ACCOUNT) <= (receiver is S.POSTED and verdict in (V.COMMITTED, V.CLOSED))
        assert (track.place is Place.HELD_FOR_ALL) <= (verdict is V.PREPARING)
        text = " ".join([track.headline, track.where, *(todo.said for todo in track.todo)]).lower()
        assert not JARGON & set(text.replace(".", "").replace(",", "").split())
        assert "{" not in text


def test_a_step_forward_never_shows_less_done() -> None:
    path = [S.DRAFT, S.DATA_REQUESTED, S.PREVALIDATED, S.LIQUIDATING, S.HELD, S.VOTED]
    counts = [len(done(tracked(seen(source=state, receiver=S.PREVALIDATED, elected_at=BEGUN)))) for state in path]
    assert counts == sorted(counts)

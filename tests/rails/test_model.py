"""Every state of one rollover: nothing violated, no dead end; every planted mistake found by the shortest way."""

from __future__ import annotations

import pytest

from open401k.rails.simulation.explore import QUICK, explore
from open401k.rails.simulation.model import (
    BUG_IN_WORDS,
    Books,
    Bounds,
    Bug,
    State,
    Status,
    Tx,
    Word,
    is_done,
    mined,
    steps,
    verdict,
    violated,
)

HELD, EXPECTED = "the source holds the money and votes", "the receiver expects the money and votes"


@pytest.mark.parametrize("bounds", [QUICK, Bounds(3, 2), Bounds(8, 8), Bounds(3, 2, forgets_terms=True)])
def test_the_protocol_as_designed_violates_nothing_and_always_ends(bounds: Bounds) -> None:
    found = explore(bounds)
    assert found.is_sound, (found.violation, found.stuck, found.trace)
    assert found.states > 800  # it looked at something


#: The harm that each mistake does, and the number of steps of the shortest way to it.
HARM = {
    Bug.POST_AT_LATEST: ("I-R4 debited, and it is not moved", 7),
    Bug.RELEASE_AT_LATEST: ("I-R6 the hold released, and it is committed", 7),
    Bug.RELEASE_ON_OWN_CLOCK: ("I-R6 the hold released, and it is committed", 6),
    Bug.ABSENT_ON_OWN_CLOCK: ("I-R6 the hold released, and it is committed", 6),
    Bug.POST_WITHOUT_KEY: ("I-R2 debited twice", 6),
    Bug.TRUST_ONE_ENDPOINT: ("I-R4 debited, and it is not moved", 4),
    Bug.VOTE_BEFORE_HOLD: ("I-R3 committed, and the source's money is gone", 4),
    Bug.RELEASE_WHEN_STOPPED: ("I-R6 the hold released, and it is committed", 6),
    Bug.OVERLOOK_BATCHES: ("I-R6 the hold released, and it is committed", 8),
    Bug.ABORT_AFTER_COMMIT: ("I-R5 a final decision changed", 6),
    Bug.VOTES_WITHOUT_TERMS: ("I-R4 committed to terms that the source never signed", 8),
    Bug.AMENDING_KEEPS_VOTES: ("I-R4 committed to terms that the source never signed", 10),
    Bug.TWO_OF_THREE: ("I-R4 committed without all three votes", 5),
    Bug.VOTE_AFTER_DEADLINE: ("I-R5 a final decision changed", 6),
    Bug.KEEP_ESCROW: ("I-R3 the escrow is kept after the end", 6),
}


@pytest.mark.parametrize("bug", HARM)
def test_a_planted_mistake_is_found_with_the_harm_it_does(bug: Bug) -> None:
    found = explore(QUICK, frozenset({bug}), only_harm=True)
    assert (found.violation, len(found.trace)) == HARM[bug], found.trace
    sooner = explore(QUICK, frozenset({bug}))  # the rule of order that is broken before
    assert sooner.violation is not None
    assert len(sooner.trace) <= len(found.trace)


def test_a_receipt_before_the_books_is_found_though_no_money_goes_wrong() -> None:
    found = explore(QUICK, frozenset({Bug.RECEIPT_BEFORE_BOOKS}))
    assert found.violation == "I-R8 a receipt of books that did not follow"
    assert explore(QUICK, frozenset({Bug.RECEIPT_BEFORE_BOOKS}), only_harm=True).violation is None


def test_without_expiry_by_anybody_a_rollover_can_be_stuck() -> None:
    found = explore(QUICK, frozenset({Bug.NOBODY_EXPIRES}))
    assert found.violation is None
    assert found.stuck == 264
    assert found.trace == (HELD, "mined: propose")


FORGETS = Bounds(2, 1, forgets_terms=True)


def test_who_ends_a_file_without_terms_and_gives_free_what_the_core_holds_does_harm() -> None:
    found = explore(FORGETS, frozenset({Bug.RELEASE_WITHOUT_TERMS}), only_harm=True)
    assert (found.violation, len(found.trace)) == ("I-R6 the hold released, and it is committed", 6)


def test_a_file_that_forgot_its_terms_is_stuck_unless_somebody_is_asked() -> None:
    found = explore(FORGETS, frozenset({Bug.FORGET_SILENTLY}))
    assert found.violation is None
    assert found.stuck == 3480
    assert found.trace == (HELD, "the source's file forgets the terms")


def test_a_counterexample_can_be_read() -> None:
    found = explore(QUICK, frozenset({Bug.OVERLOOK_BATCHES}), only_harm=True)
    assert found.trace == (
        HELD, EXPECTED, "mined: settle in a batch", "the deadline passes", "mined: an empty block",
        "final: settle in a batch", "final: an empty block", "the source releases its hold",
    )  # fmt: skip


def test_every_mistake_has_words_and_a_test() -> None:
    assert set(BUG_IN_WORDS) == set(Bug)
    apart = {Bug.RECEIPT_BEFORE_BOOKS, Bug.NOBODY_EXPIRES, Bug.RELEASE_WITHOUT_TERMS, Bug.FORGET_SILENTLY}
    assert set(HARM) | apart == set(Bug)


@pytest.mark.parametrize(
    ("word", "tx", "late", "after"),
    [
        (Word(), Tx.SETTLE, False, Word(Status.COMMITTED, 7, 0, "receiver")),
        (Word(), Tx.SETTLE, True, Word()),
        (Word(), Tx.PROPOSE_OTHER, False, Word()),
        (Word(Status.PREPARING, 1, 0, "escrow"), Tx.EXPIRE, False, Word(Status.PREPARING, 1, 0, "escrow")),
        (Word(Status.PREPARING, 1, 0, "escrow"), Tx.EXPIRE, True, Word(Status.ABORTED, 1, 0, "source")),
        (Word(Status.PREPARING, 5, 0, "escrow"), Tx.RECEIVER_VOTES, False, Word(Status.COMMITTED, 7, 0, "receiver")),
        (Word(Status.PREPARING, 5, 0, "escrow"), Tx.RECEIVER_VOTES, True, Word(Status.PREPARING, 5, 0, "escrow")),
        (Word(Status.BATCHED, 7, 0, "receiver"), Tx.ABORT, False, Word(Status.BATCHED, 7, 0, "receiver")),
        (Word(Status.BATCHED, 7, 0, "receiver"), Tx.SOURCE_POSTED, False, Word(Status.BATCHED, 7, 0, "receiver")),
    ],
)
def test_the_models_coordinator_at_its_edges(word: Word, tx: Tx, late: bool, after: Word) -> None:
    assert mined(word, tx, late) == after


def test_nothing_is_decided_by_absence_before_a_final_block_is_past_the_deadline() -> None:
    assert verdict(Word(), late=False) == ""
    assert verdict(Word(), late=True) == "abort"
    assert verdict(Word(Status.PREPARING), late=True) == ""


def test_the_first_state_is_neither_done_nor_violated_and_has_steps() -> None:
    begun = State()
    assert not is_done(begun)
    assert violated(begun) is None
    told = {step.words for step in steps(begun, QUICK)}
    assert {HELD, EXPECTED, "the deadline passes", "mined: a party's abort"} <= told
    assert is_done(State(final_late=True, source=Books.RELEASED, decided="abort"))

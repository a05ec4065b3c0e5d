"""Every state of one rollover: nothing violated, no dead end; every planted mistake found by the shortest way."""

from __future__ import annotations

import pytest

from open401k.rails.simulation.explore import QUICK, TWO, explore
from open401k.rails.simulation.mistakes import BUG_IN_WORDS, OF_SEVERAL, OF_WALLETS, Bug
from open401k.rails.simulation.model import Books, Bounds, State, begun, is_done, steps, violated
from open401k.rails.simulation.model_chain import ALL, RECEIVER, SECOND, SOURCE, Status, Tx, Word, mined, verdict

HELD, EXPECTED = "the source holds the money and votes", "the receiver expects the money and votes"


#: The source votes by a wallet that signs outside of its node, or the receiver does.
PAYS_BY_WALLET, TAKES_BY_WALLET = Bounds(2, 1, wallets=SOURCE), Bounds(2, 1, wallets=RECEIVER)


@pytest.mark.parametrize(
    "bounds", [QUICK, Bounds(8, 8), Bounds(2, 2, forgets_terms=True), TWO, PAYS_BY_WALLET, TAKES_BY_WALLET]
)
def test_the_protocol_as_designed_violates_nothing_and_always_ends(bounds: Bounds) -> None:
    found = explore(bounds)
    assert found.is_sound, (found.violation, found.stuck, found.trace)
    assert found.states > 800  # it looked at something


#: The harm that each mistake does, and the number of steps of the shortest way to it.
HARM = {
    Bug.POST_AT_LATEST: ("I-R4 debited, and it is not moved", 7),
    Bug.RELEASE_AT_LATEST: ("I-R6 a hold released, and it is committed", 7),
    Bug.RELEASE_ON_OWN_CLOCK: ("I-R6 a hold released, and it is committed", 6),
    Bug.ABSENT_ON_OWN_CLOCK: ("I-R6 a hold released, and it is committed", 6),
    Bug.POST_WITHOUT_KEY: ("I-R2 debited twice", 6),
    Bug.TRUST_ONE_ENDPOINT: ("I-R4 debited, and it is not moved", 4),
    Bug.VOTE_BEFORE_HOLD: ("I-R3 committed, and the source's money is gone", 4),
    Bug.RELEASE_WHEN_STOPPED: ("I-R6 a hold released, and it is committed", 6),
    Bug.OVERLOOK_BATCHES: ("I-R6 a hold released, and it is committed", 8),
    Bug.ABORT_AFTER_COMMIT: ("I-R5 a final decision changed", 6),
    Bug.VOTES_WITHOUT_TERMS: ("I-R4 committed to terms that the source never signed", 8),
    Bug.AMENDING_KEEPS_VOTES: ("I-R4 committed to terms that the source never signed", 10),
    Bug.TWO_OF_THREE: ("I-R4 committed without all votes", 5),
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


#: Of those that there are with two receivers.
HARM_OF_SEVERAL = {
    Bug.SECOND_NOT_AWAITED: ("I-R4 committed without all votes", 8),
    Bug.PAID_EACH_ALONE: ("I2 one receiver has its part, and it is ended", 8),
    Bug.END_BY_LETTER: ("I-R6 a hold released, and it is committed", 6),
}


@pytest.mark.parametrize("bug", HARM_OF_SEVERAL)
def test_a_mistake_with_two_receivers_is_found_with_the_harm_it_does(bug: Bug) -> None:
    found = explore(TWO, frozenset({bug}), only_harm=True)
    assert (found.violation, len(found.trace)) == HARM_OF_SEVERAL[bug], found.trace


def test_it_is_closed_only_by_the_receipts_of_both_receivers() -> None:
    found = explore(TWO, frozenset({Bug.ONE_RECEIPT_CLOSES}))
    assert found.violation == "I-R8 closed, and not all books followed"


def test_who_waits_for_another_receivers_books_is_stuck_only_where_that_one_is_dead() -> None:
    found = explore(TWO, frozenset({Bug.WAIT_FOR_THE_LEAD}))
    assert (found.violation, found.stuck, found.dead) == (None, 648, "the receiver")
    assert found.trace == (HELD, EXPECTED, "the second receiver expects the money and votes", "mined: settle at once")


#: Of those that there are with wallets, and the steps of the shortest way; the last is stuck.
HARM_OF_WALLETS = {
    Bug.ASK_BEFORE_HOLD: ("I-R3 committed, and the source's money is gone", 5),
    Bug.RELEASE_UNSIGNED: ("I-R6 a hold released, and it is committed", 6),
    Bug.OLD_WALLETS_COUNT: ("I4 committed by a wallet that is not the member's any more", 11),
}


@pytest.mark.parametrize("bug", HARM_OF_WALLETS)
def test_a_mistake_about_wallets_is_found_with_the_harm_it_does(bug: Bug) -> None:
    found = explore(PAYS_BY_WALLET, frozenset({bug}), only_harm=True)
    assert (found.violation, len(found.trace)) == HARM_OF_WALLETS[bug], found.trace


def test_books_that_wait_for_the_wallets_receipt_are_stuck() -> None:
    found = explore(PAYS_BY_WALLET, frozenset({Bug.BOOKS_WAIT_FOR_WALLET}))
    assert (found.violation, found.stuck > 0) == (None, True)
    assert found.trace[-1] == "mined: settle at once"


FORGETS = Bounds(2, 1, forgets_terms=True)


def test_who_ends_a_file_without_terms_and_gives_free_what_the_core_holds_does_harm() -> None:
    found = explore(FORGETS, frozenset({Bug.RELEASE_WITHOUT_TERMS}), only_harm=True)
    assert (found.violation, len(found.trace)) == ("I-R6 a hold released, and it is committed", 6)


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
    assert set(HARM) | apart | OF_SEVERAL | OF_WALLETS == set(Bug)
    assert {*HARM_OF_WALLETS, Bug.BOOKS_WAIT_FOR_WALLET} == OF_WALLETS
    assert {Bug.ONE_RECEIPT_CLOSES, Bug.WAIT_FOR_THE_LEAD} | set(HARM_OF_SEVERAL) == OF_SEVERAL


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
        (Word(Status.PREPARING, 5, 0, "escrow"), Tx.SECOND_VOTES, False, Word(Status.PREPARING, 5, 0, "escrow")),
        (
            Word(Status.PREPARING, 7, 0, "escrow", 0, 15),
            Tx.SECOND_VOTES,
            False,
            Word(Status.COMMITTED, 15, 0, "receiver", 0, 15),
        ),
        (
            Word(Status.COMMITTED, 15, 0, "receiver", 3, 15),
            Tx.SECOND_POSTED,
            False,
            Word(Status.CLOSED, 15, 0, "receiver", 11, 15),
        ),
    ],
)
def test_the_models_coordinator_at_its_edges(word: Word, tx: Tx, late: bool, after: Word) -> None:
    assert mined(word, tx, late) == after


def test_nothing_is_decided_by_absence_before_a_final_block_is_past_the_deadline() -> None:
    assert verdict(Word(), late=False) == ""
    assert verdict(Word(), late=True) == "abort"
    assert verdict(Word(Status.PREPARING), late=True) == ""


def test_the_first_state_is_neither_done_nor_violated_and_has_steps() -> None:
    first = State()
    assert not is_done(first)
    assert violated(first) is None
    told = {step.words for step in steps(first, QUICK)}
    assert {HELD, EXPECTED, "the deadline passes", "mined: a party's abort"} <= told
    assert is_done(State(final_late=True, books=(Books.RELEASED, Books.NOTHING), decided="abort"))
    assert begun(2).final.needs == ALL | SECOND

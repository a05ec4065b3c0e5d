"""The coordinator as the model has it: its word, what may be mined, what it makes of it. Pure. Not here: who sends."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import NamedTuple

from .mistakes import Bug, Bugs


class Status(StrEnum):
    """What the chain says of it."""

    ABSENT = "absent"
    PREPARING = "preparing"
    COMMITTED = "committed"
    BATCHED = "batched"
    ABORTED = "aborted"
    CLOSED = "closed"
    TAKEN = "other terms of the source under its number"


class Tx(StrEnum):
    """What may be mined. ``other`` is for other terms than the source signed."""

    PROPOSE = "propose"
    PROPOSE_OTHER = "propose other terms with the source's signature"
    RECEIVER_VOTES = "receiver's vote"
    RECEIVER_VOTES_OTHER = "receiver's vote for other terms"
    SECOND_VOTES = "second receiver's vote"
    SECOND_VOTES_OTHER = "second receiver's vote for other terms"
    VOTER_VOTES = "third voter's vote"
    VOTER_VOTES_OTHER = "third voter's vote for other terms"
    AMEND = "exchange the terms"
    SETTLE = "settle at once"
    BATCH = "settle in a batch"
    TAKE = "the source's other terms under the same number"
    SOURCE_VOTES = "source's vote, again"
    RENAME_SOURCE = "another wallet for the source"
    RENAME_RECEIVER = "another wallet for the receiver"
    RENAME_SECOND = "another wallet for the second receiver"
    ABORT = "a party's abort"
    EXPIRE = "expire"
    SOURCE_POSTED = "source's receipt"
    RECEIVER_POSTED = "receiver's receipt"
    SECOND_POSTED = "second receiver's receipt"
    NOTHING = "an empty block"


COMMITS = frozenset({Status.COMMITTED, Status.BATCHED, Status.CLOSED})
SOURCE, RECEIVER, VOTER, SECOND = 1, 2, 4, 8
ALL = SOURCE | RECEIVER | VOTER


class Custodian(NamedTuple):
    """Who has books of it, in words: ``place`` is that in a state's books, ``bit`` that of its vote."""

    place: int
    bit: int
    name: str
    votes: str
    posts: str
    frees: str
    vote: Tx
    vote_for_other: Tx
    receipt: Tx
    rename: Tx


CUSTODIANS = (
    Custodian(0, SOURCE, "the source", "holds the money and votes", "debits", "releases its hold",
              Tx.PROPOSE, Tx.PROPOSE_OTHER, Tx.SOURCE_POSTED, Tx.RENAME_SOURCE),
    Custodian(1, RECEIVER, "the receiver", "expects the money and votes", "credits", "cancels",
              Tx.RECEIVER_VOTES, Tx.RECEIVER_VOTES_OTHER, Tx.RECEIVER_POSTED, Tx.RENAME_RECEIVER),
    Custodian(2, SECOND, "the second receiver", "expects the money and votes", "credits", "cancels",
              Tx.SECOND_VOTES, Tx.SECOND_VOTES_OTHER, Tx.SECOND_POSTED, Tx.RENAME_SECOND),
)  # fmt: skip
_RECEIVERS = CUSTODIANS[1:]
SENDERS = {tx: each for each in CUSTODIANS for tx in (each.vote, each.vote_for_other, each.receipt)} | {
    Tx.SOURCE_VOTES: CUSTODIANS[0]
}  # fmt: skip
RENAMES = {each.rename: each for each in CUSTODIANS}
RECEIPTS = frozenset(each.receipt for each in CUSTODIANS)
_VOTERS = {tx: each.bit for each in _RECEIVERS for tx in (each.vote, each.vote_for_other)} | {
    Tx.VOTER_VOTES: VOTER, Tx.VOTER_VOTES_OTHER: VOTER, Tx.SOURCE_VOTES: SOURCE,
}  # fmt: skip
_OTHER = frozenset({Tx.VOTER_VOTES_OTHER, *(each.vote_for_other for each in _RECEIVERS)})


class Word(NamedTuple):
    """The coordinator's own state: ``purse`` is who has the money (source, escrow, receiver or one of two).

    ``needs`` are the votes that commit it; ``named``: in whose wallet's place there is another; ``old``: a vote of one
    that was replaced counted.
    """

    status: Status = Status.ABSENT
    votes: int = 0
    terms: int = 0
    purse: str = "source"
    receipts: int = 0
    needs: int = ALL
    named: int = 0
    old: bool = False


def verdict(word: Word, late: bool) -> str:
    """What a state of the chain decides: "commit", "abort" or nothing yet."""
    if word.status in COMMITS:
        return "commit"
    if word.status in (Status.ABORTED, Status.TAKEN) or (word.status is Status.ABSENT and late):
        return "abort"
    return ""


@cache
def mined(word: Word, tx: Tx, late: bool, bugs: Bugs = frozenset()) -> Word:
    """What the coordinator makes of a transaction; the same word if it refuses."""
    in_time = not late or Bug.VOTE_AFTER_DEADLINE in bugs
    if tx in _VOTERS:
        may = word.status is Status.PREPARING and in_time and word.needs & _VOTERS[tx]
        return _voted(word, tx, bugs) if may else word
    if tx in RENAMES:
        return _renamed(word, RENAMES[tx].bit, bugs)
    if tx in RECEIPTS:
        return _told(word, SENDERS[tx].bit, bugs)
    match tx:
        case Tx.PROPOSE | Tx.PROPOSE_OTHER | Tx.SETTLE | Tx.BATCH:
            return _opened(word, tx, bugs) if word.status is Status.ABSENT and in_time else word
        case Tx.TAKE:
            return word._replace(status=Status.TAKEN) if word.status is Status.ABSENT and in_time else word
        case Tx.AMEND:
            may = word.status is Status.PREPARING and Bug.AMENDING_KEEPS_VOTES in bugs
            return word._replace(terms=1) if may else word
        case Tx.ABORT | Tx.EXPIRE:
            return _ended(word, tx, late, bugs)
        case _:
            return word


def _renamed(word: Word, by: int, bugs: Bugs) -> Word:
    """Another wallet signs for them: what the one before voted counts no more, unless it is decided."""
    if word.named & by:
        return word
    lapses = word.status is Status.PREPARING and bool(word.votes & by)
    if Bug.OLD_WALLETS_COUNT in bugs:
        return word._replace(named=word.named | by, old=word.old or lapses)
    return word._replace(named=word.named | by, votes=word.votes & ~by if lapses else word.votes)


def _told(word: Word, by: int, bugs: Bugs) -> Word:
    """A receipt; those of all custodians close it."""
    if word.status is not Status.COMMITTED or not word.needs & by:
        return word
    receipts, needs = word.receipts | by, word.needs & ~VOTER
    one = Bug.ONE_RECEIPT_CLOSES in bugs and receipts & SOURCE and receipts & ~SOURCE
    return word._replace(receipts=receipts, status=Status.CLOSED if one or receipts == needs else word.status)


def _opened(word: Word, tx: Tx, bugs: Bugs) -> Word:
    if tx is Tx.SETTLE or tx is Tx.BATCH:
        status = Status.COMMITTED if tx is Tx.SETTLE else Status.BATCHED
        return word._replace(status=status, votes=word.needs, purse="receiver")
    if tx is Tx.PROPOSE_OTHER and Bug.VOTES_WITHOUT_TERMS not in bugs:
        return word
    return word._replace(
        status=Status.PREPARING, votes=SOURCE, purse="escrow", terms=1 if tx is Tx.PROPOSE_OTHER else 0
    )


def _voted(word: Word, tx: Tx, bugs: Bugs) -> Word:
    if (tx in _OTHER) != (word.terms == 1) and Bug.VOTES_WITHOUT_TERMS not in bugs:
        return word
    votes, needs = word.votes | _VOTERS[tx], word.needs
    if Bug.SECOND_NOT_AWAITED in bugs:
        needs &= ~SECOND
    enough = votes.bit_count() >= 2 if Bug.TWO_OF_THREE in bugs else votes & needs == needs
    if not enough:
        paid = Bug.PAID_EACH_ALONE in bugs and votes & (RECEIVER | SECOND)
        return word._replace(votes=votes, purse="one receiver" if paid else word.purse)
    return word._replace(votes=votes, status=Status.COMMITTED, purse="receiver")


def _ended(word: Word, tx: Tx, late: bool, bugs: Bugs) -> Word:
    if tx is Tx.EXPIRE:
        if not late or Bug.NOBODY_EXPIRES in bugs or word.status is not Status.PREPARING:
            return word
        kept = Bug.KEEP_ESCROW in bugs
        purse = word.purse if kept or word.purse == "one receiver" else "source"
        return word._replace(status=Status.ABORTED, purse=purse)
    follows = Bug.ABORT_AFTER_COMMIT in bugs and word.status is Status.COMMITTED
    if word.status in (Status.ABSENT, Status.PREPARING) or follows:
        return word._replace(
            status=Status.ABORTED, purse=word.purse if word.purse == "one receiver" else "source"
        )  # fmt: skip
    return word

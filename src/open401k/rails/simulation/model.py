"""One rollover as states and steps, small enough to look at all of them: what may be seen, done and lost, by whom.

Messages are a set that only grows: what somebody signed may arrive at any later time, in any order, more than once or
never, by anybody's hand. So loss, repeats, delay and reordering are in every step. Not here: searching (explore.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

Bugs = frozenset["Bug"]

#: What the result rests on; printed beside it.
ASSUMPTIONS = (
    "no reorganization reaches a final block",
    "fewer endpoints lie than must agree",
    "a custodian's file may forget its vote or its exact terms (an older backup), its core forgets nothing",
    "the other custodian tells of terms that a file forgot; where nobody else ever knew them, the core's holds do",
    "one rollover with three votes; other terms than the source signed stand for every change of terms",
    "the settlement token does what its contract says",
)


class Bug(StrEnum):
    """A mistake that somebody could make, planted: each must be found."""

    POST_AT_LATEST = "post_at_latest"
    RELEASE_AT_LATEST = "release_at_latest"
    RELEASE_ON_OWN_CLOCK = "release_on_own_clock"
    ABSENT_ON_OWN_CLOCK = "absent_on_own_clock"
    POST_WITHOUT_KEY = "post_without_key"
    TRUST_ONE_ENDPOINT = "trust_one_endpoint"
    VOTE_BEFORE_HOLD = "vote_before_hold"
    RECEIPT_BEFORE_BOOKS = "receipt_before_books"
    RELEASE_WHEN_STOPPED = "release_when_stopped"
    RELEASE_WITHOUT_TERMS = "release_without_terms"
    FORGET_SILENTLY = "forget_silently"
    OVERLOOK_BATCHES = "overlook_batches"
    ABORT_AFTER_COMMIT = "abort_after_commit"
    VOTES_WITHOUT_TERMS = "votes_without_terms"
    AMENDING_KEEPS_VOTES = "amending_keeps_votes"
    TWO_OF_THREE = "two_of_three"
    VOTE_AFTER_DEADLINE = "vote_after_deadline"
    KEEP_ESCROW = "keep_escrow"
    NOBODY_EXPIRES = "nobody_expires"


#: What each would be in the world.
BUG_IN_WORDS = {
    Bug.POST_AT_LATEST: "books follow a commit that is in the latest block, not yet final",
    Bug.RELEASE_AT_LATEST: "a hold is released for an abort that is in the latest block, not yet final",
    Bug.RELEASE_ON_OWN_CLOCK: "a hold is released when the own clock passes the deadline",
    Bug.ABSENT_ON_OWN_CLOCK: "nothing is on chain and the own clock, not a final block, is past the deadline",
    Bug.POST_WITHOUT_KEY: "an entry in the books has no key: told again, it is made again",
    Bug.TRUST_ONE_ENDPOINT: "what one endpoint says is believed",
    Bug.VOTE_BEFORE_HOLD: "the vote is sent before the hold is durable",
    Bug.RECEIPT_BEFORE_BOOKS: "the receipt is sent before the books followed",
    Bug.RELEASE_WHEN_STOPPED: "a file that knows of no vote is stopped and gives free: it may be of an older backup",
    Bug.RELEASE_WITHOUT_TERMS: "a file that knows of no terms is ended and gives free what the core holds",
    Bug.FORGET_SILENTLY: "nobody looks whether the chain has a vote of ours that no file knows of",
    Bug.OVERLOOK_BATCHES: "only the word of the key is read: a rollover settled in a batch looks absent",
    Bug.ABORT_AFTER_COMMIT: "the contract lets an abort follow a commit",
    Bug.VOTES_WITHOUT_TERMS: "votes are not bound to the hash of the terms",
    Bug.AMENDING_KEEPS_VOTES: "terms may be exchanged while votes stand",
    Bug.TWO_OF_THREE: "two of three votes commit",
    Bug.VOTE_AFTER_DEADLINE: "the contract takes votes after the deadline",
    Bug.KEEP_ESCROW: "an expiry keeps the escrow",
    Bug.NOBODY_EXPIRES: "after the deadline nobody but a party can end it",
}


#: Those that do harm only where a file may forget its exact terms.
FORGETFUL = frozenset({Bug.RELEASE_WITHOUT_TERMS, Bug.FORGET_SILENTLY})


class Books(StrEnum):
    """One custodian's ledger of this rollover."""

    NOTHING = "nothing"
    HELD = "held"
    POSTED = "posted"
    RELEASED = "released"
    SPENT = "spent"  # the person took the money out otherwise, before any hold


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
    VOTER_VOTES = "third voter's vote"
    VOTER_VOTES_OTHER = "third voter's vote for other terms"
    AMEND = "exchange the terms"
    SETTLE = "settle at once"
    BATCH = "settle in a batch"
    TAKE = "the source's other terms under the same number"
    ABORT = "a party's abort"
    EXPIRE = "expire"
    SOURCE_POSTED = "source's receipt"
    RECEIVER_POSTED = "receiver's receipt"
    NOTHING = "an empty block"


COMMITS = frozenset({Status.COMMITTED, Status.BATCHED, Status.CLOSED})
SOURCE, RECEIVER, VOTER, ALL = 1, 2, 4, 7
_SIGNED = frozenset({Books.HELD, Books.POSTED, Books.RELEASED})


class Word(NamedTuple):
    """The coordinator's own state: ``purse`` is who has the money (source, escrow, receiver)."""

    status: Status = Status.ABSENT
    votes: int = 0
    terms: int = 0
    purse: str = "source"
    receipts: int = 0


class Block(NamedTuple):
    """One that is not final: its transaction, and whether its time is after the deadline."""

    tx: Tx
    late: bool


class State(NamedTuple):
    """Everything that matters at one moment."""

    final: Word = Word()
    final_late: bool = False
    blocks: tuple[Block, ...] = ()
    late: bool = False  # the world's clock is past the deadline
    source: Books = Books.NOTHING
    receiver: Books = Books.NOTHING
    debits: int = 0
    credits: int = 0
    reorgs: int = 0
    lied: bool = False
    forgot: int = 0  # whose files are of a backup that is older than their votes
    lost: int = 0  # whose files do not know the terms any more
    asked: int = 0  # where a person was asked, because of that
    twice: bool = False  # the source signed other terms under the same number
    decided: str = ""  # the first final verdict


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the search goes: blocks that are not final at once, reorganizations; whether files forget their terms."""

    blocks: int
    reorgs: int
    forgets_terms: bool = False


class Step(NamedTuple):
    """One step in words, the state after it, whether it needs no goodwill: a node's own work, anybody's, or time's."""

    words: str
    state: State
    needs_nobody: bool


def steps(x: State, bounds: Bounds, bugs: Bugs = frozenset()) -> Iterator[Step]:
    """Every step that may come next."""
    yield from _of_chain(x, bounds, bugs)
    yield from _of_source(x, bugs)
    yield from _of_receiver(x, bugs)
    yield from _of_older_backups(x, bugs)
    if bounds.forgets_terms:
        yield from _of_forgotten_terms(x, bugs)


def mined(word: Word, tx: Tx, late: bool, bugs: Bugs = frozenset()) -> Word:
    """What the coordinator makes of a transaction; the same word if it refuses."""
    return _mined(word, tx, late, bugs)


def tip(x: State, bugs: Bugs = frozenset()) -> Word:
    """The coordinator's state at the latest block."""
    word = x.final
    for block in x.blocks:
        word = _mined(word, block.tx, block.late, bugs)
    return word


def verdict(word: Word, late: bool) -> str:
    """What a state of the chain decides: "commit", "abort" or nothing yet."""
    if word.status in COMMITS:
        return "commit"
    if word.status in (Status.ABORTED, Status.TAKEN) or (word.status is Status.ABSENT and late):
        return "abort"
    return ""


def violated(x: State, bugs: Bugs = frozenset(), *, only_harm: bool = False) -> str | None:
    """Which safety property this state breaks, I-R1 to I-R6 and I-R8; with ``only_harm`` only where money went wrong.

    A rule of order (act on what is final only) is broken some steps before the harm that it prevents.
    """
    told = verdict(x.final, x.final_late)
    latest = tip(x, bugs)
    harm = {
        "I-R1 the source debited, the receiver canceled": x.debits and x.receiver is Books.RELEASED,
        "I-R1 the source released, the receiver credited": x.source is Books.RELEASED and x.credits,
        "I-R2 debited twice": x.debits > 1,
        "I-R2 credited twice": x.credits > 1,
        "I-R3 the escrow is kept after the end": x.final.status is Status.ABORTED and x.final.purse == "escrow",
        "I-R3 committed, and the source's money is gone": told == "commit" and x.source is Books.SPENT,
        "I-R4 debited, and it is not moved": x.debits and told == "abort",
        "I-R4 credited, and it is not moved": x.credits and told == "abort",
        "I-R4 committed without all three votes": told == "commit" and x.final.votes != ALL,
        "I-R4 committed to terms that the source never signed": told == "commit" and x.final.terms != 0,
        "I-R5 a final decision changed": x.decided and told != x.decided,
        "I-R6 the hold released, and it is committed": x.source is Books.RELEASED and told == "commit",
    }
    order = {
        "I-R4 books that followed no final commit": (x.debits or x.credits) and told != "commit",
        "I-R6 a hold released without a final end": Books.RELEASED in (x.source, x.receiver) and told != "abort",
        "I10 the source's vote is sent, and no hold is durable": latest.votes & SOURCE and x.source not in _SIGNED,
        "I-R8 a receipt of books that did not follow": (latest.receipts & SOURCE and not x.debits)
        or (latest.receipts & RECEIVER and not x.credits),
    }
    return next((rule for rule, broken in (harm if only_harm else harm | order).items() if broken), None)


def is_done(x: State) -> bool:
    """Nothing is open any more: both books followed the final verdict, and told so where receipts are kept.

    Where a file forgot the terms, a person was asked.
    """
    told = verdict(x.final, x.final_late)
    books = [each for side, each in ((SOURCE, x.source), (RECEIVER, x.receiver)) if not x.asked & side]
    if told == "commit":
        receipts = x.final.status in (Status.CLOSED, Status.BATCHED) or len(books) < 2
        return receipts and all(each is Books.POSTED for each in books)
    return told == "abort" and Books.HELD not in books


# ---- the chain


def _of_chain(x: State, bounds: Bounds, bugs: Bugs) -> Iterator[Step]:
    if not x.late:
        yield Step("the deadline passes", x._replace(late=True), True)
    if len(x.blocks) < bounds.blocks:
        latest = tip(x, bugs)
        for tx in Tx:
            if _may_send(x, tx, bugs) and _mined(latest, tx, x.late, bugs) != latest:
                remembers = not x.lost & (SOURCE if tx is Tx.SOURCE_POSTED else RECEIVER)
                alone = tx is Tx.EXPIRE or (tx in (Tx.SOURCE_POSTED, Tx.RECEIVER_POSTED) and remembers)
                yield Step(f"mined: {tx}", x._replace(blocks=(*x.blocks, Block(tx, x.late))), alone)
        if x.late and not x.final_late and not any(block.late for block in x.blocks):
            yield Step(f"mined: {Tx.NOTHING}", x._replace(blocks=(*x.blocks, Block(Tx.NOTHING, True))), True)
    if x.blocks:
        yield Step(f"final: {x.blocks[0].tx}", _finalized(x, bugs), True)
        if x.reorgs < bounds.reorgs:
            for n in range(1, len(x.blocks) + 1):
                after = x._replace(blocks=x.blocks[:-n], reorgs=x.reorgs + 1)
                yield Step(f"reorganized: the last {n} gone", after, False)


def _finalized(x: State, bugs: Bugs) -> State:
    first = x.blocks[0]
    word, late = _mined(x.final, first.tx, first.late, bugs), x.final_late or first.late
    return x._replace(final=word, final_late=late, blocks=x.blocks[1:], decided=x.decided or verdict(word, late))


def _may_send(x: State, tx: Tx, bugs: Bugs) -> bool:
    """Whether all signatures that it needs were given at some time."""
    source = x.source in _SIGNED or Bug.VOTE_BEFORE_HOLD in bugs
    receiver = x.receiver in _SIGNED
    match tx:
        case Tx.PROPOSE | Tx.PROPOSE_OTHER:
            return source
        case Tx.RECEIVER_VOTES | Tx.RECEIVER_VOTES_OTHER:
            return receiver
        case Tx.SETTLE | Tx.BATCH:
            return source and receiver
        case Tx.TAKE:
            return x.twice
        case Tx.SOURCE_POSTED:
            return x.debits > 0 or Bug.RECEIPT_BEFORE_BOOKS in bugs
        case Tx.RECEIVER_POSTED:
            return x.credits > 0 or Bug.RECEIPT_BEFORE_BOOKS in bugs
        case _:
            return True


@cache
def _mined(word: Word, tx: Tx, late: bool, bugs: Bugs) -> Word:
    in_time = not late or Bug.VOTE_AFTER_DEADLINE in bugs
    match tx:
        case Tx.PROPOSE | Tx.PROPOSE_OTHER | Tx.SETTLE | Tx.BATCH:
            return _opened(word, tx, bugs) if word.status is Status.ABSENT and in_time else word
        case Tx.RECEIVER_VOTES | Tx.RECEIVER_VOTES_OTHER | Tx.VOTER_VOTES | Tx.VOTER_VOTES_OTHER:
            return _voted(word, tx, bugs) if word.status is Status.PREPARING and in_time else word
        case Tx.TAKE:
            return word._replace(status=Status.TAKEN) if word.status is Status.ABSENT and in_time else word
        case Tx.AMEND:
            may = word.status is Status.PREPARING and Bug.AMENDING_KEEPS_VOTES in bugs
            return word._replace(terms=1) if may else word
        case Tx.ABORT | Tx.EXPIRE:
            return _ended(word, tx, late, bugs)
        case Tx.SOURCE_POSTED | Tx.RECEIVER_POSTED:
            if word.status is not Status.COMMITTED:
                return word
            receipts = word.receipts | (SOURCE if tx is Tx.SOURCE_POSTED else RECEIVER)
            closed = receipts == SOURCE | RECEIVER
            return word._replace(receipts=receipts, status=Status.CLOSED if closed else word.status)
        case Tx.NOTHING:
            return word


def _opened(word: Word, tx: Tx, bugs: Bugs) -> Word:
    if tx is Tx.SETTLE or tx is Tx.BATCH:
        status = Status.COMMITTED if tx is Tx.SETTLE else Status.BATCHED
        return word._replace(status=status, votes=ALL, purse="receiver")
    if tx is Tx.PROPOSE_OTHER and Bug.VOTES_WITHOUT_TERMS not in bugs:
        return word
    return word._replace(
        status=Status.PREPARING, votes=SOURCE, purse="escrow", terms=1 if tx is Tx.PROPOSE_OTHER else 0
    )


def _voted(word: Word, tx: Tx, bugs: Bugs) -> Word:
    other = tx in (Tx.RECEIVER_VOTES_OTHER, Tx.VOTER_VOTES_OTHER)
    if other != (word.terms == 1) and Bug.VOTES_WITHOUT_TERMS not in bugs:
        return word
    votes = word.votes | (VOTER if tx in (Tx.VOTER_VOTES, Tx.VOTER_VOTES_OTHER) else RECEIVER)
    enough = votes.bit_count() >= 2 if Bug.TWO_OF_THREE in bugs else votes == ALL
    if not enough:
        return word._replace(votes=votes)
    return word._replace(votes=votes, status=Status.COMMITTED, purse="receiver")


def _ended(word: Word, tx: Tx, late: bool, bugs: Bugs) -> Word:
    if tx is Tx.EXPIRE:
        if not late or Bug.NOBODY_EXPIRES in bugs or word.status is not Status.PREPARING:
            return word
        kept = Bug.KEEP_ESCROW in bugs
        return word._replace(status=Status.ABORTED, purse="escrow" if kept else "source")
    follows = Bug.ABORT_AFTER_COMMIT in bugs and word.status is Status.COMMITTED
    if word.status in (Status.ABSENT, Status.PREPARING) or follows:
        return word._replace(status=Status.ABORTED, purse="source")
    return word


# ---- the custodians


def _beliefs(x: State, bugs: Bugs) -> Iterator[tuple[str, bool]]:
    """Verdicts that a node may read, and whether an endpoint lied for it."""
    word = x.final
    if Bug.OVERLOOK_BATCHES in bugs and word.status is Status.BATCHED:
        word = word._replace(status=Status.ABSENT)
    yield verdict(word, x.final_late), False
    latest = verdict(tip(x, bugs), x.final_late)
    if Bug.POST_AT_LATEST in bugs and latest == "commit":
        yield "commit", False
    if Bug.RELEASE_AT_LATEST in bugs and latest == "abort":
        yield "abort", False
    if Bug.ABSENT_ON_OWN_CLOCK in bugs and x.late and word.status is Status.ABSENT:
        yield "abort", False
    if Bug.RELEASE_ON_OWN_CLOCK in bugs and x.late:
        yield "abort", False
    if Bug.TRUST_ONE_ENDPOINT in bugs and not x.lied:
        yield "commit", True
        yield "abort", True


def _of_older_backups(x: State, bugs: Bugs) -> Iterator[Step]:
    """A file forgets its vote; what was signed stays in the world, and the core still holds."""
    if x.source is Books.HELD and not x.lost & SOURCE:
        if x.forgot & SOURCE:
            yield Step("the source votes again", x._replace(forgot=x.forgot & ~SOURCE), False)
            if Bug.RELEASE_WHEN_STOPPED in bugs:
                yield Step("the source, stopped, releases its hold", x._replace(source=Books.RELEASED), False)
        else:
            yield Step("the source's file forgets its vote", x._replace(forgot=x.forgot | SOURCE), False)
    if x.receiver is Books.HELD and not x.lost & RECEIVER:
        if x.forgot & RECEIVER:
            yield Step("the receiver votes again", x._replace(forgot=x.forgot & ~RECEIVER), False)
            if Bug.RELEASE_WHEN_STOPPED in bugs:
                yield Step("the receiver, stopped, cancels", x._replace(receiver=Books.RELEASED), False)
        else:
            yield Step("the receiver's file forgets its vote", x._replace(forgot=x.forgot | RECEIVER), False)


def _of_forgotten_terms(x: State, bugs: Bugs) -> Iterator[Step]:
    """A file is of a backup before the exact terms: it does nothing for them, until it is told or a person acts."""
    for side, name, books in ((SOURCE, "source", x.source), (RECEIVER, "receiver", x.receiver)):
        if not x.lost & side:
            if books in (Books.HELD, Books.POSTED):
                forgot = x.forgot | side if books is Books.HELD else x.forgot
                yield Step(f"the {name}'s file forgets the terms", x._replace(lost=x.lost | side, forgot=forgot), False)
            continue
        told = x._replace(lost=x.lost & ~side, asked=x.asked & ~side)
        yield Step(f"the {name} is told the terms again", told, False)
        if not x.asked & side and Bug.FORGET_SILENTLY not in bugs:
            yield Step(f"the {name} finds what it forgot and asks", x._replace(asked=x.asked | side), True)
        if Bug.RELEASE_WITHOUT_TERMS in bugs and books is Books.HELD:
            free = x._replace(source=Books.RELEASED) if side is SOURCE else x._replace(receiver=Books.RELEASED)
            yield Step(f"the {name}, without terms, gives free", free, False)
    if (x.lost & SOURCE or x.source in (Books.NOTHING, Books.RELEASED)) and not x.twice:
        yield Step("the source signs other terms under the same number", x._replace(twice=True), False)


def _of_source(x: State, bugs: Bugs) -> Iterator[Step]:
    if x.source is Books.NOTHING:
        yield Step("the source holds the money and votes", x._replace(source=Books.HELD), False)
        yield Step("the person takes the money out otherwise", x._replace(source=Books.SPENT), False)
    if x.lost & SOURCE:
        return
    again = x.source is Books.POSTED and Bug.POST_WITHOUT_KEY in bugs and x.debits < 2
    for told, lie in dict.fromkeys(_beliefs(x, bugs)):
        lied, why = x.lied or lie, " (an endpoint lied)" if lie else ""
        if told == "commit" and (x.source is Books.HELD or again):
            after = x._replace(source=Books.POSTED, debits=x.debits + 1, lied=lied, forgot=x.forgot & ~SOURCE)
            yield Step(f"the source debits{why}", after, not lie)
        if told == "abort" and x.source is Books.HELD:
            after = x._replace(source=Books.RELEASED, lied=lied, forgot=x.forgot & ~SOURCE)
            yield Step(f"the source releases its hold{why}", after, not lie)


def _of_receiver(x: State, bugs: Bugs) -> Iterator[Step]:
    if x.receiver is Books.NOTHING:
        yield Step("the receiver expects the money and votes", x._replace(receiver=Books.HELD), False)
    if x.lost & RECEIVER:
        return
    again = x.receiver is Books.POSTED and Bug.POST_WITHOUT_KEY in bugs and x.credits < 2
    for told, lie in dict.fromkeys(_beliefs(x, bugs)):
        lied, why = x.lied or lie, " (an endpoint lied)" if lie else ""
        if told == "commit" and (x.receiver is Books.HELD or again):
            after = x._replace(receiver=Books.POSTED, credits=x.credits + 1, lied=lied, forgot=x.forgot & ~RECEIVER)
            yield Step(f"the receiver credits{why}", after, not lie)
        if told == "abort" and x.receiver is Books.HELD:
            after = x._replace(receiver=Books.RELEASED, lied=lied, forgot=x.forgot & ~RECEIVER)
            yield Step(f"the receiver cancels{why}", after, not lie)

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

from .mistakes import Bug, Bugs

#: What the result rests on; printed beside it.
ASSUMPTIONS = (
    "no reorganization reaches a final block",
    "fewer endpoints lie than must agree",
    "a custodian's file may forget its vote or its exact terms (an older backup), its core forgets nothing",
    "the other custodian tells of terms that a file forgot; where nobody else ever knew them, the core's holds do",
    "one rollover with one receiver or two, and one further voter; other terms than the source signed stand for every "
    "change of terms",
    "the settlement token does what its contract says",
)


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
    SECOND_VOTES = "second receiver's vote"
    SECOND_VOTES_OTHER = "second receiver's vote for other terms"
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
    SECOND_POSTED = "second receiver's receipt"
    NOTHING = "an empty block"


COMMITS = frozenset({Status.COMMITTED, Status.BATCHED, Status.CLOSED})
SOURCE, RECEIVER, VOTER, SECOND = 1, 2, 4, 8
ALL = SOURCE | RECEIVER | VOTER
_SIGNED = frozenset({Books.HELD, Books.POSTED, Books.RELEASED})


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


CUSTODIANS = (
    Custodian(0, SOURCE, "the source", "holds the money and votes", "debits", "releases its hold",
              Tx.PROPOSE, Tx.PROPOSE_OTHER, Tx.SOURCE_POSTED),
    Custodian(1, RECEIVER, "the receiver", "expects the money and votes", "credits", "cancels",
              Tx.RECEIVER_VOTES, Tx.RECEIVER_VOTES_OTHER, Tx.RECEIVER_POSTED),
    Custodian(2, SECOND, "the second receiver", "expects the money and votes", "credits", "cancels",
              Tx.SECOND_VOTES, Tx.SECOND_VOTES_OTHER, Tx.SECOND_POSTED),
)  # fmt: skip
_RECEIVERS = CUSTODIANS[1:]
_SENDERS = {tx: each for each in CUSTODIANS for tx in (each.vote, each.vote_for_other, each.receipt)}
_RECEIPTS = frozenset(each.receipt for each in CUSTODIANS)
_VOTERS = {tx: each.bit for each in _RECEIVERS for tx in (each.vote, each.vote_for_other)} | {
    Tx.VOTER_VOTES: VOTER, Tx.VOTER_VOTES_OTHER: VOTER,
}  # fmt: skip
_OTHER = frozenset({Tx.VOTER_VOTES_OTHER, *(each.vote_for_other for each in _RECEIVERS)})


class Word(NamedTuple):
    """The coordinator's own state: ``purse`` is who has the money (source, escrow, receiver or one of two).

    ``needs`` are the votes that commit it.
    """

    status: Status = Status.ABSENT
    votes: int = 0
    terms: int = 0
    purse: str = "source"
    receipts: int = 0
    needs: int = ALL


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
    books: tuple[Books, ...] = (Books.NOTHING, Books.NOTHING)  # of the source, then of each receiver
    entries: tuple[int, ...] = (0, 0)  # debits, credits
    reorgs: int = 0
    lied: bool = False
    forgot: int = 0  # whose files are of a backup that is older than their votes
    lost: int = 0  # whose files do not know the terms any more
    asked: int = 0  # where a person was asked, because of that
    twice: bool = False  # the source signed other terms under the same number
    decided: str = ""  # the first final verdict

    @property
    def custodians(self) -> tuple[Custodian, ...]:
        """Who has books of it."""
        return CUSTODIANS[: len(self.books)]

    @property
    def debits(self) -> int:
        """Entries of the source."""
        return self.entries[0]

    @property
    def credits(self) -> int:
        """Entries of all receivers."""
        return sum(self.entries[1:])

    def booked(self, who: Custodian, books: Books, *, entries: int = 0) -> State:
        """With this in the books of one of them, and so many entries more."""
        place = who.place
        told = (*self.books[:place], books, *self.books[place + 1 :])
        counted = (*self.entries[:place], self.entries[place] + entries, *self.entries[place + 1 :])
        return self._replace(books=told, entries=counted)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the search goes: blocks that are not final at once, reorganizations; whether files forget their terms;
    how many receivers there are."""

    blocks: int
    reorgs: int
    forgets_terms: bool = False
    receivers: int = 1


class Step(NamedTuple):
    """One step in words, the state after it, whether it needs no goodwill: a node's own work, anybody's, or time's.

    ``by`` is the bit of the custodian whose work it is; who is dead does none.
    """

    words: str
    state: State
    needs_nobody: bool
    by: int = 0


def begun(receivers: int = 1) -> State:
    """Before anything happened."""
    needs = ALL if receivers == 1 else ALL | SECOND
    return State(Word(needs=needs), books=(Books.NOTHING,) * (1 + receivers), entries=(0,) * (1 + receivers))


def steps(x: State, bounds: Bounds, bugs: Bugs = frozenset()) -> Iterator[Step]:
    """Every step that may come next."""
    yield from _of_chain(x, bounds, bugs)
    for who in x.custodians:
        yield from _of_custodian(x, who, bugs)
        if x.books[who.place] is Books.HELD and not x.lost & who.bit:
            yield from _of_older_backup(x, who, bugs)
        if bounds.forgets_terms:
            yield from _of_forgotten_terms(x, who, bugs)
    if bounds.forgets_terms and not x.twice and (x.lost & SOURCE or x.books[0] in (Books.NOTHING, Books.RELEASED)):
        yield Step("the source signs other terms under the same number", x._replace(twice=True), False)


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
    votes, source, free = x.final.votes, x.books[0], Books.RELEASED in x.books
    harm = {
        "I-R1 one custodian booked, and another gave free": any(x.entries) and free,
        "I-R2 debited twice": x.debits > 1,
        "I-R2 credited twice": any(each > 1 for each in x.entries[1:]),
        "I-R3 the escrow is kept after the end": x.final.status is Status.ABORTED and x.final.purse == "escrow",
        "I-R3 committed, and the source's money is gone": told == "commit" and source is Books.SPENT,
        "I2 one receiver has its part, and it is ended": told == "abort" and x.final.purse == "one receiver",
        "I-R4 debited, and it is not moved": x.debits and told == "abort",
        "I-R4 credited, and it is not moved": x.credits and told == "abort",
        "I-R4 committed without all votes": told == "commit" and votes != x.final.needs,
        "I-R4 committed to terms that the source never signed": told == "commit" and x.final.terms != 0,
        "I-R5 a final decision changed": x.decided and told != x.decided,
        "I-R6 a hold released, and it is committed": free and told == "commit",
    }
    if only_harm:
        return next((rule for rule, broken in harm.items() if broken), None)
    too_soon = any(latest.receipts & each.bit and not x.entries[each.place] for each in x.custodians)
    order = {
        "I-R4 books that followed no final commit": (x.debits or x.credits) and told != "commit",
        "I-R6 a hold released without a final end": free and told != "abort",
        "I10 the source's vote is sent, and no hold is durable": latest.votes & SOURCE and source not in _SIGNED,
        "I-R8 a receipt of books that did not follow": too_soon,
        "I-R8 closed, and not all books followed": x.final.status is Status.CLOSED and not all(x.entries),
    }
    return next((rule for rule, broken in (harm | order).items() if broken), None)


def is_done(x: State, *, dead: int = 0) -> bool:
    """Nothing is open any more: all books followed the final verdict, and told so where receipts are kept.

    Where a file forgot the terms, a person was asked. Of who is ``dead`` nobody expects anything.
    """
    told = verdict(x.final, x.final_late)
    living = [each for each in x.custodians if not (x.asked | dead) & each.bit]
    books = [x.books[each.place] for each in living]
    if told == "commit":
        receipts = all(x.final.receipts & each.bit for each in living)
        no_receipts = x.final.status in (Status.CLOSED, Status.BATCHED) or bool(x.asked)
        return (receipts or no_receipts) and all(each is Books.POSTED for each in books)
    return told == "abort" and Books.HELD not in books


# ---- the chain


def _of_chain(x: State, bounds: Bounds, bugs: Bugs) -> Iterator[Step]:
    if not x.late:
        yield Step("the deadline passes", x._replace(late=True), True)
    if len(x.blocks) < bounds.blocks:
        latest = tip(x, bugs)
        for tx in Tx:
            if _may_send(x, tx, bugs) and _mined(latest, tx, x.late, bugs) != latest:
                by = _SENDERS[tx].bit if tx in _RECEIPTS else 0
                alone = tx is Tx.EXPIRE or (bool(by) and not x.lost & by)
                yield Step(f"mined: {tx}", x._replace(blocks=(*x.blocks, Block(tx, x.late))), alone, by)
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
    signed = [each in _SIGNED for each in x.books]
    signed[0] = signed[0] or Bug.VOTE_BEFORE_HOLD in bugs
    who = _SENDERS.get(tx)
    if who is not None and who.place >= len(x.books):
        return False
    if who is not None and tx is who.receipt:
        return x.entries[who.place] > 0 or Bug.RECEIPT_BEFORE_BOOKS in bugs
    if who is not None:
        return signed[who.place]
    if tx is Tx.BATCH:
        return all(signed) and len(signed) == 2
    return {Tx.SETTLE: all(signed), Tx.TAKE: x.twice}.get(tx, True)


@cache
def _mined(word: Word, tx: Tx, late: bool, bugs: Bugs) -> Word:
    in_time = not late or Bug.VOTE_AFTER_DEADLINE in bugs
    if tx in _VOTERS:
        may = word.status is Status.PREPARING and in_time and word.needs & _VOTERS[tx]
        return _voted(word, tx, bugs) if may else word
    if tx in _RECEIPTS:
        return _told(word, _SENDERS[tx].bit, bugs)
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


def _of_older_backup(x: State, who: Custodian, bugs: Bugs) -> Iterator[Step]:
    """A file forgets its vote; what was signed stays in the world, and the core still holds."""
    if not x.forgot & who.bit:
        yield Step(f"{who.name}'s file forgets its vote", x._replace(forgot=x.forgot | who.bit), False)
        return
    yield Step(f"{who.name} votes again", x._replace(forgot=x.forgot & ~who.bit), False)
    if Bug.RELEASE_WHEN_STOPPED in bugs:
        yield Step(f"{who.name}, stopped, {who.frees}", x.booked(who, Books.RELEASED), False)


def _of_forgotten_terms(x: State, who: Custodian, bugs: Bugs) -> Iterator[Step]:
    """A file is of a backup before the exact terms: it does nothing for them, until it is told or a person acts."""
    books, bit = x.books[who.place], who.bit
    if not x.lost & bit:
        if books in (Books.HELD, Books.POSTED):
            forgot = x.forgot | bit if books is Books.HELD else x.forgot
            yield Step(f"{who.name}'s file forgets the terms", x._replace(lost=x.lost | bit, forgot=forgot), False)
        return
    told = x._replace(lost=x.lost & ~bit, asked=x.asked & ~bit)
    yield Step(f"{who.name} is told the terms again", told, False)
    if not x.asked & bit and Bug.FORGET_SILENTLY not in bugs:
        yield Step(f"{who.name} finds what it forgot and asks", x._replace(asked=x.asked | bit), True, bit)
    if Bug.RELEASE_WITHOUT_TERMS in bugs and books is Books.HELD:
        yield Step(f"{who.name}, without terms, gives free", x.booked(who, Books.RELEASED), False)


def _of_custodian(x: State, who: Custodian, bugs: Bugs) -> Iterator[Step]:
    """It holds and votes; its books follow what it believes of the chain."""
    books = x.books[who.place]
    if books is Books.NOTHING:
        yield Step(f"{who.name} {who.votes}", x.booked(who, Books.HELD), False)
        if who.bit is SOURCE:
            yield Step("the person takes the money out otherwise", x.booked(who, Books.SPENT), False)
    if x.lost & who.bit or books in (Books.NOTHING, Books.RELEASED, Books.SPENT):
        return
    again = books is Books.POSTED and Bug.POST_WITHOUT_KEY in bugs and x.entries[who.place] < 2
    remembers = x._replace(forgot=x.forgot & ~who.bit)
    for told, lie in dict.fromkeys(_beliefs(x, bugs)):
        lied, why = x.lied or lie, " (an endpoint lied)" if lie else ""
        if told == "commit" and (books is Books.HELD or again) and not _waits(x, who, bugs):
            after = remembers.booked(who, Books.POSTED, entries=1)._replace(lied=lied)
            yield Step(f"{who.name} {who.posts}{why}", after, not lie, who.bit)
        if told == "abort" and books is Books.HELD:
            after = remembers.booked(who, Books.RELEASED)._replace(lied=lied)
            yield Step(f"{who.name} {who.frees}{why}", after, not lie, who.bit)
    if Bug.END_BY_LETTER in bugs and who.bit is not SOURCE and books is Books.HELD:
        yield Step(f"{who.name} {who.frees}, for a letter", remembers.booked(who, Books.RELEASED), False)


def _waits(x: State, who: Custodian, bugs: Bugs) -> bool:
    """Whether it waits for another's books, as nobody may."""
    return Bug.WAIT_FOR_THE_LEAD in bugs and who.bit is SECOND and not x.final.receipts & RECEIVER

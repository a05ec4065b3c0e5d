"""One rollover as states and steps, small enough to look at all of them: what may be seen, done and lost, by whom.

Messages are a set that only grows: what somebody signed may arrive at any later time, in any order, more than once or
never, by anybody's hand. So loss, repeats, delay and reordering are in every step.
Not here: the coordinator (model_chain.py), searching (explore.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .mistakes import Bug, Bugs
from .model_chain import (
    ALL,
    CUSTODIANS,
    RECEIPTS,
    RECEIVER,
    RENAMES,
    SECOND,
    SENDERS,
    SOURCE,
    Custodian,
    Status,
    Tx,
    Word,
    mined,
    verdict,
)

#: What the result rests on; printed beside it.
ASSUMPTIONS = (
    "no reorganization reaches a final block",
    "fewer endpoints lie than must agree",
    "a custodian's file may forget its vote or its exact terms (an older backup), its core forgets nothing",
    "the other custodian tells of terms that a file forgot; where nobody else ever knew them, the core's holds do",
    "a wallet may sign late, never, or for anybody but the node; each is replaced once at most",
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


#: What may be mined where nobody has a wallet.
_BY_KEYS = tuple(each for each in Tx if each not in RENAMES and each is not Tx.SOURCE_VOTES)
_SIGNED = frozenset({Books.HELD, Books.POSTED, Books.RELEASED})


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
    wallets: int = 0  # who votes by a wallet that signs outside of the node
    signed: int = 0  # whose wallet signed a vote, and four bits higher: whose wallet of later did

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
    how many receivers there are, and whose votes are those of a wallet."""

    blocks: int
    reorgs: int
    forgets_terms: bool = False
    receivers: int = 1
    wallets: int = 0


class Step(NamedTuple):
    """One step in words, the state after it, whether it needs no goodwill: a node's own work, anybody's, or time's.

    ``by`` is the bit of the custodian whose work it is; who is dead does none.
    """

    words: str
    state: State
    needs_nobody: bool
    by: int = 0


def begun(receivers: int = 1, wallets: int = 0) -> State:
    """Before anything happened."""
    word, each = Word(needs=ALL if receivers == 1 else ALL | SECOND), 1 + receivers
    return State(word, books=(Books.NOTHING,) * each, entries=(0,) * each, wallets=wallets)


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


def tip(x: State, bugs: Bugs = frozenset()) -> Word:
    """The coordinator's state at the latest block."""
    word = x.final
    for block in x.blocks:
        word = mined(word, block.tx, block.late, bugs)
    return word


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
        "I4 committed by a wallet that is not the member's any more": told == "commit" and x.final.old,
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
        receipts = all(x.final.receipts & each.bit for each in living if not x.wallets & each.bit)
        no_receipts = x.final.status in (Status.CLOSED, Status.BATCHED) or bool(x.asked)
        return (receipts or no_receipts) and all(each is Books.POSTED for each in books)
    return told == "abort" and Books.HELD not in books


# ---- the chain


def _of_chain(x: State, bounds: Bounds, bugs: Bugs) -> Iterator[Step]:
    if not x.late:
        yield Step("the deadline passes", x._replace(late=True), True)
    if len(x.blocks) < bounds.blocks:
        latest = tip(x, bugs)
        for tx in Tx if x.wallets else _BY_KEYS:
            if _may_send(x, tx, bugs) and mined(latest, tx, x.late, bugs) != latest:
                by = SENDERS[tx].bit if tx in RECEIPTS else 0
                alone = tx is Tx.EXPIRE or (bool(by) and not (x.lost | x.wallets) & by)
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
    word, late = mined(x.final, first.tx, first.late, bugs), x.final_late or first.late
    return x._replace(final=word, final_late=late, blocks=x.blocks[1:], decided=x.decided or verdict(word, late))


def _may_send(x: State, tx: Tx, bugs: Bugs) -> bool:
    """Whether all signatures that it needs were given at some time."""
    if tx in RENAMES:
        return bool(x.wallets & RENAMES[tx].bit)
    signed = [_has_signed(x, each, bugs) for each in x.custodians]
    who = SENDERS.get(tx)
    if who is not None and who.place >= len(x.books):
        return False
    if who is not None and tx is who.receipt:
        return x.entries[who.place] > 0 or Bug.RECEIPT_BEFORE_BOOKS in bugs
    if who is not None:
        return signed[who.place]
    if tx is Tx.BATCH:
        return all(signed) and len(signed) == 2
    return {Tx.SETTLE: all(signed), Tx.TAKE: x.twice}.get(tx, True)


def _has_signed(x: State, who: Custodian, bugs: Bugs) -> bool:
    """Whether a vote of theirs is in the world that counts at the latest block."""
    if x.wallets & who.bit:
        later = tip(x, bugs).named & who.bit
        old = x.signed & who.bit if not later or Bug.OLD_WALLETS_COUNT in bugs else 0
        return bool(old or (later and x.signed & who.bit << 4))
    return x.books[who.place] in _SIGNED or (who.bit is SOURCE and Bug.VOTE_BEFORE_HOLD in bugs)


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
    if x.wallets & who.bit:
        yield from _of_wallet(x, who, bugs)
    if books is Books.NOTHING:
        votes = who.votes.replace("votes", "asks its wallet") if x.wallets & who.bit else who.votes
        yield Step(f"{who.name} {votes}", x.booked(who, Books.HELD), False)
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
            alone = not lie and not (x.wallets & who.bit and Bug.BOOKS_WAIT_FOR_WALLET in bugs)
            yield Step(f"{who.name} {who.posts}{why}", after, alone, who.bit)
        if told == "abort" and books is Books.HELD:
            after = remembers.booked(who, Books.RELEASED)._replace(lied=lied)
            yield Step(f"{who.name} {who.frees}{why}", after, not lie, who.bit)
    if Bug.END_BY_LETTER in bugs and who.bit is not SOURCE and books is Books.HELD:
        yield Step(f"{who.name} {who.frees}, for a letter", remembers.booked(who, Books.RELEASED), False)


def _of_wallet(x: State, who: Custodian, bugs: Bugs) -> Iterator[Step]:
    """It signs what it was once asked for, whenever it likes, for whomever it likes, whatever the node did since."""
    books, latest = x.books[who.place], tip(x, bugs).named & who.bit
    asked = books in _SIGNED or (Bug.ASK_BEFORE_HOLD in bugs and books is Books.NOTHING)
    if asked and not x.signed & who.bit and not x.final.named & who.bit:
        yield Step(f"{who.name}'s wallet signs", x._replace(signed=x.signed | who.bit), False)
    if asked and latest and not x.signed & who.bit << 4:
        yield Step(f"{who.name}'s new wallet signs", x._replace(signed=x.signed | who.bit << 4), False)
    if Bug.RELEASE_UNSIGNED in bugs and books is Books.HELD:
        yield Step(f"{who.name}, without its wallet's word, {who.frees}", x.booked(who, Books.RELEASED), False)


def _waits(x: State, who: Custodian, bugs: Bugs) -> bool:
    """Whether it waits for another's books, as nobody may."""
    return Bug.WAIT_FOR_THE_LEAD in bugs and who.bit is SECOND and not x.final.receipts & RECEIVER

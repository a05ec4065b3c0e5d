"""Letters between nodes: sealed for the peer's mailbox, signed as the network names us, sent until they are received.

Not here: what they say (letters), what follows from them (deals), HTTP's other side (doors/node). A letter goes out in
the order of its (member, reference); whoever is away is asked again, twice as late each time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import httpx2
from eth_hash.auto import keccak

from open401k.base.faults import fault
from open401k.kernel import Random

from ..messages import Domain
from ..transfer_file.sealed import Mailbox, SealedProblem, SealedRefusedError, cover_of, opened, seal
from .asking_first import asking_first
from .backoff import Backoff
from .codec import BadInputError, read
from .config import Peer
from .core import SilentError
from .deal import Deals, DealUnit
from .letters import MOST_BYTES, Came, Letter, Outgoing, Taken, letter_bytes, letter_of
from .vouching import Answered, Members, Pen, Vouched, Words, answered, with_word, without_word

log = logging.getLogger("open401k.node.post")
#: Where a node takes letters, and how large a sealed one may be.
PLACE = "/peer/letters"
MOST_SEALED = MOST_BYTES + 16_384
#: Where a test may stop the process: around everything that leaves a trace.
BOUNDARIES = ("post.before_send", "post.after_send", "post.before_take_commit", "post.after_take_commit")
#: Seconds between two looks at what waits, and for one answer.
LOOK, PATIENCE = 1.0, 10.0
#: Seconds for which the keys of peers are believed, and after which a stranger makes us look again.
KNOWN_FOR, STRANGE_AFTER = 30.0, 2.0


class LetterProblem(StrEnum):
    """Why a sealed letter was not opened; nobody learns more. Checked, and listed, in order of precedence."""

    NOT_A_LETTER = "not_a_letter"
    #: No peer of ours signs by this key now.
    UNKNOWN_SENDER = "unknown_sender"
    #: It was sealed for another mailbox, or on its way something happened to it.
    NOT_FOR_US = "not_for_us"
    UNREADABLE = "unreadable"


class LetterRefusedError(Exception):
    """A letter that is not opened. Whoever sent it may send it again when that was mended."""

    def __init__(self, problem: LetterProblem, words: str) -> None:
        super().__init__(words)
        self.problem = problem


@dataclass
class Directory:
    """Peers by the key that the network names for each."""

    peers: Sequence[Peer]
    members: Members
    clock: Callable[[], float] = time.monotonic
    #: Who looks at wallets' words for keys; without it none is believed.
    words: Words | None = None
    _known: Mapping[bytes, Peer] = field(default_factory=dict)
    _read_at: float | None = None

    def peer(self, member: bytes) -> Peer | None:
        """The peer who is this member."""
        return next((each for each in self.peers if each.member == member), None)

    def who(self, signer: bytes, word: Vouched | None = None, *, by: str | None = None) -> Peer | None:
        """The peer for whom this key signs now, by the network or by its wallet's word; None for a stranger.

        ``by`` is the address of who makes us ask; None: we ask for ourselves.
        """
        if word is not None:
            peer = self.peer(word.member)
            holds = word.key == signer and peer is not None and self.words is not None and self.words.hold(word, by)
            return peer if holds else None
        age = None if self._read_at is None else self.clock() - self._read_at
        if age is None or age > KNOWN_FOR or (signer not in self._known and age > STRANGE_AFTER):
            found = {self.members.signer_of(each.member): each for each in self.peers}
            self._known = {key: each for key, each in found.items() if any(key)}
            self._read_at = self.clock()
        return self._known.get(signer)


class Carrier(Protocol):
    """Brings a sealed letter to a peer's address."""

    def __call__(self, url: str, sealed: bytes) -> Carried:
        """What came back. :class:`SilentError` if nobody answered."""
        ...


@dataclass(frozen=True, slots=True)
class Carried:
    """The peer's answer, signed: what became of it; or the code of its refusal."""

    answer: Answered | None
    refused: str = ""


@dataclass
class HttpCarrier:
    """Over HTTP, with a time limit; no proxy, no redirect."""

    seconds: float = PATIENCE
    _http: httpx2.Client | None = None

    def __call__(self, url: str, sealed: bytes) -> Carried:
        if self._http is None:
            self._http = httpx2.Client(timeout=self.seconds, trust_env=False)
        try:
            answer = self._http.post(
                f"{url}{PLACE}", content=sealed, headers={"content-type": "application/octet-stream"}
            )
            told = answer.json()
        except (httpx2.HTTPError, ValueError) as why:
            raise SilentError(f"{url}: {type(why).__name__}") from why
        if not isinstance(told, dict) or answer.status_code >= 500:
            raise SilentError(f"{url} answered {answer.status_code}")
        if answer.status_code == 200:
            try:
                return Carried(read(Answered, told, at="answer"))
            except BadInputError as why:  # of a node that does not sign its answers, or no node at all
                raise SilentError(f"{url} answers what no node signed: {why}") from why
        return Carried(None, str(told.get("code", answer.status_code))[:60])

    def close(self) -> None:
        """Close its connections."""
        if self._http is not None:
            self._http.close()


@dataclass
class Sending:
    """Everything in the outbox of letters, again and again: a job of the node's process."""

    deals: Deals
    directory: Directory
    carry: Carrier
    pen: Callable[[], Pen]
    domain: Domain
    random: Random = field(repr=False)
    #: What follows when the other side keeps a letter out for ever.
    kept_out: Callable[[DealUnit, Outgoing], None] = lambda unit, each: unit.letter_sent(
        each.to, each.letter.reference, each.letter.number
    )
    name: str = "letters"
    backoff: Backoff[bytes] = field(default_factory=lambda: Backoff(first=1.0, most=60.0))
    #: A first letter that comes too early (another's must come before it) keeps no other letter waiting.
    early: Backoff[tuple[bytes, bytes]] = field(default_factory=lambda: Backoff(first=1.0, most=600.0))

    def once(self, *, at: float) -> float:
        """Send what may be sent now; seconds until the next look."""
        with self.deals.begin() as unit:
            waiting = unit.letters_out(but_not=self.backoff.left_alone(at=at))
        held_up: set[tuple[bytes, bytes]] = set()
        sent = 0
        for each in waiting:
            line = (each.to, each.letter.reference)
            may = self.backoff.may_ask(each.to, at=at) and self.early.may_ask(line, at=at)
            if line in held_up or not may:
                continue
            if self._send(each, at):
                sent += 1
            else:
                held_up.add(line)
        return 0.0 if sent else LOOK

    def _send(self, each: Outgoing, at: float) -> bool:
        """Whether the other side has it."""
        peer = self.directory.peer(each.to)
        if peer is None:
            self._wait(each, at, "no peer of this node is that member")
            return False
        pen = self.pen()
        sealed = seal(
            letter_bytes(each.letter), sender=pen.hand, to=peer.mailbox, reference=each.letter.reference,
            random=self.random,
        )  # fmt: skip
        try:
            fault("post.before_send")
            carried = self.carry(peer.url, with_word(sealed, pen.word))
            fault("post.after_send")
        except SilentError as why:
            self._wait(each, at, str(why))
            return False
        answer = carried.answer
        if answer is None:
            self._wait(each, at, f"{peer.name} answers {carried.refused}")
            return False
        if not answer.is_of(keccak(sealed), self.domain) or self.directory.who(answer.signer, answer.word) != peer:
            self._wait(each, at, f"{peer.name} did not sign the answer")
            return False
        if answer.came is Came.EARLY and each.letter.number == 1:
            self.early.failed((each.to, each.letter.reference), at=at)
            return False
        if answer.came is Came.EARLY:
            # What it had, it has no more: it was restored from an older backup. A repeat of the others changes nothing.
            with self.deals.begin() as unit:
                unit.send_again(each.to, each.letter.reference)
            self._wait(each, at, f"{peer.name} misses one before it")
            return False
        with self.deals.begin() as unit:
            if answer.came is Came.REFUSED:
                log.warning("letter %d to %s was kept out there", each.letter.number, peer.name)
                self.kept_out(unit, each)
            else:
                unit.letter_sent(each.to, each.letter.reference, each.letter.number)
        self.backoff.answered(each.to)
        self.early.answered((each.to, each.letter.reference))
        return True

    def _wait(self, each: Outgoing, at: float, why: str) -> None:
        wait = self.backoff.failed(each.to, at=at)
        log.warning("letters to 0x%s wait %.0f s: %s", each.to.hex(), wait, why)


@dataclass
class Receiving:
    """Letters that came: opened, and handed to whoever takes them, in one transaction with what follows."""

    deals: Deals
    directory: Directory
    mailboxes: Callable[[], Sequence[Mailbox]]
    take: Callable[[DealUnit, bytes, Letter], Taken]
    pen: Callable[[], Pen]

    def answer(self, told: bytes, *, by: str = "") -> tuple[Taken, Answered]:
        """What became of it, and our signature under that. If nobody signs now it was taken, and comes again.

        ``by`` is the address from which it came.
        """
        taken = self(told, by=by)
        _, sealed = without_word(told)
        return taken, answered(taken.came, keccak(sealed), self.pen())

    def __call__(self, told: bytes, *, by: str = "") -> Taken:
        """What became of it; :class:`LetterRefusedError` if it was not opened. A replay changes nothing."""
        try:
            word, sealed = without_word(told)
            cover = cover_of(sealed)
        except (SealedRefusedError, ValueError) as why:
            raise LetterRefusedError(LetterProblem.NOT_A_LETTER, f"This is no letter: {why}.") from why
        peer = self.directory.who(cover.sender, word, by=by)
        if peer is None:
            raise LetterRefusedError(LetterProblem.UNKNOWN_SENDER, "No peer of this node signs by this key now.")
        letter = self._read(sealed, cover.reference, cover.sender)
        taken = asking_first(lambda: self._take(peer, letter))
        fault("post.after_take_commit")
        return taken

    def _take(self, peer: Peer, letter: Letter) -> Taken:
        with self.deals.begin() as unit:
            taken = self.take(unit, peer.member, letter)
            fault("post.before_take_commit")
        return taken

    def _read(self, sealed: bytes, reference: bytes, sender: bytes) -> Letter:
        for mailbox in self.mailboxes():
            try:
                text = opened(sealed, mailbox=mailbox, sender=sender, reference=reference)
            except SealedRefusedError as why:
                if why.problem is SealedProblem.NOT_FOR_US:
                    continue
                raise LetterRefusedError(LetterProblem.NOT_FOR_US, f"It does not open: {why}.") from why
            try:
                letter = letter_of(text)
            except BadInputError as why:
                raise LetterRefusedError(LetterProblem.UNREADABLE, f"It cannot be read: {why}") from why
            if letter.reference != reference:
                raise LetterRefusedError(LetterProblem.UNREADABLE, "It is of another rollover than its cover says.")
            return letter
        raise LetterRefusedError(LetterProblem.NOT_FOR_US, "It was sealed for another mailbox.")

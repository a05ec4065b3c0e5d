"""The record of a deal, beside its case file: both halves, what was signed, the file; and where it is kept.

A case file says where a rollover stands, its deal what it is about. Not here: what moves it on (deals).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from ..messages import Election, Mode, Role, Terms
from ..preflight.facts import Facts, Part
from ..preflight.reasons import Reason
from ..transfer_file.leaves import TransferFile
from .ballots import Ballot
from .batching import BatchUnit
from .cases import Cases, State, Unit
from .core import Side
from .halves import ReceivingHalf, ReleasingHalf, joined, parts_of, shared_as
from .joined import Joined
from .letters import Body, Came, Elected, FileLeaf, Letter, LetterKind, Outgoing, file_from
from .opening import Signed
from .papers import OnFile, Paper
from .wanted import WantedUnit


@dataclass(frozen=True, slots=True)
class Noted:
    """Words of one desk to the other."""

    at: int
    from_us: bool
    words: str


@dataclass(frozen=True, slots=True)
class Deal:
    """What one side knows of a rollover until its exact terms are agreed. ``reference`` is known to both sides.

    ``us`` and ``peer`` are addresses of members, ``number`` is the source's control number. ``edition`` counts our own
    half, ``their_edition`` theirs. ``reasons`` are those of the last preflight, None before the first. Times are
    seconds of the chain's clock. ``election`` is what is to be signed, ``elected`` what was; ``file`` the transfer
    file.
    """

    case: str
    reference: bytes
    side: Side
    us: bytes
    peer: bytes
    opened_at: int
    number: int | None = None
    releasing: ReleasingHalf | None = None
    receiving: ReceivingHalf | None = None
    edition: int = 0
    their_edition: int = 0
    reasons: tuple[Reason, ...] | None = None
    election: Election | None = None
    elected: Elected | None = None
    elected_at: int | None = None
    terms: Terms | None = None
    file: tuple[FileLeaf, ...] | None = None
    #: Which proposal of its election this is, and the rollover it sends back, as the terms name them.
    part: int = 0
    parent: bytes | None = None
    #: The rollover that it sends back without naming it in its terms: the network takes no return of it.
    undoes: bytes | None = None
    #: The reference under which the election was signed, where this proposal of it has one of its own.
    signed_under: bytes | None = None
    their_state: State | None = None
    their_since: int | None = None
    #: Whether they said that they hold the money, then or since.
    they_held: bool = False
    #: Terms that they named and no file of ours knew: an older backup. Others after them are not believed.
    named: bytes | None = None
    notes: tuple[Noted, ...] = ()
    #: Who else must approve by the last preflight; of them, and of those whom terms name, who that is and what they
    #: signed.
    asked: tuple[Role, ...] = ()
    voters: tuple[Ballot, ...] = ()
    #: Of an election with several receivers: how many, our place among them (0: we lead), the others, and of who does
    #: not lead the secret that salts follow from.
    many: int = 1
    place: int = 0
    others: tuple[Joined, ...] = ()
    hidden: bytes | None = None
    #: Of what came in after all was moved: the parts that moved then, by which it is shared out.
    moved: tuple[Part, ...] = ()

    @property
    def gives_back(self) -> bytes | None:
        """The rollover that it sends back, if any, in whichever way."""
        return self.parent or self.undoes

    @property
    def participant(self) -> bytes | None:
        """The address by which the chain knows the participant."""
        return self.halves[0].participant if self.halves else None

    @property
    def halves(self) -> tuple[ReceivingHalf, ...] | None:
        """Of all receivers in the election's order, veiled where we are another one; None while one is missing."""
        found = {each.place: each.half for each in self.others} | {self.place: self.receiving}
        told = [half for place in range(self.many) if (half := found.get(place)) is not None]
        return tuple(told) if len(told) == self.many else None

    @property
    def desks(self) -> tuple[tuple[bytes, bytes], ...]:
        """Everybody to whom we write of it: the member and the reference that it knows."""
        others = ((each.member, each.code) for each in self.others if each.code is not None and each.half is not None)
        return ((self.peer, self.reference), *((member, code) for member, code in others if code is not None))

    @property
    def present(self) -> tuple[ReceivingHalf, ...]:
        """Of who is written to, in the order of ``desks``; a source's."""
        others = (each.half for each in self.others if each.code is not None)
        return tuple(half for half in (self.receiving, *others) if half is not None)

    @property
    def parts(self) -> tuple[Part, ...] | None:
        """What goes where, as far as both halves say; None while one is missing."""
        if self.releasing is None or self.halves is None:
            return None
        if self.moved:
            return shared_as(self.releasing.held, self.halves, self.moved)
        return parts_of(self.releasing.held, self.halves)

    @property
    def left_out(self) -> frozenset[bytes]:
        """Receivers to whom nothing comes of what came in later."""
        if not self.moved or self.parts is None or self.halves is None:
            return frozenset()
        paid = {each.to for each in self.parts}
        return frozenset(half.member for place, half in enumerate(self.halves) if place not in paid)

    def salt_at(self, place: int) -> bytes | None:
        """What the salts of one receiver's legs follow from; None where that is not for us to know."""
        if place == self.place and self.side is Side.RECEIVER:
            return self.hidden or self.reference
        if self.side is Side.SOURCE:
            return self.reference if place == 0 else next((x.hidden for x in self.others if x.place == place), None)
        return None

    @property
    def commitments(self) -> bytes:
        """The reference from which the salts of the election's commitments follow."""
        return self.signed_under or self.reference

    @property
    def source(self) -> bytes:
        """The member that pays."""
        return self.us if self.side is Side.SOURCE else self.peer

    @property
    def transfer_file(self) -> TransferFile | None:
        """The file whose root the terms name; None before there is one."""
        return file_from(self.file) if self.file is not None else None

    @property
    def signed(self) -> Signed | None:
        """The exact terms with all that was signed before them; None before they are agreed."""
        if self.elected is None or self.terms is None:
            return None
        told = self.elected
        return Signed(told.election, told.signature, told.attestation, told.attested, self.terms)


@dataclass(frozen=True, slots=True)
class DealEvent:
    """A case came to a state, or something happened to it there: for live pages and webhooks. It names no person."""

    seq: int
    case: str
    state: State
    at: int
    words: str = ""


class DealUnit(Unit, BatchUnit, WantedUnit, Protocol):
    """A :class:`Unit` that keeps deals, letters and events too: all of it happens, or none."""

    def deal(self, case: str) -> Deal:
        """The deal of a case, locked until the end; one that is not there is a LookupError."""
        ...

    def other_desk(self, case: str) -> tuple[bytes, bytes] | None:
        """Whom to tell of a case: the member and the reference, which never change. Nothing is locked."""
        ...

    def other_desks(self, case: str) -> Sequence[tuple[bytes, bytes]]:
        """The same of everybody to whom we write of it. Nothing is locked."""
        ...

    def await_desk(self, case: str, member: bytes, code: bytes) -> None:
        """Another receiver may join this case under this code."""
        ...

    def desk_joined(self, member: bytes, code: bytes) -> None:
        """It did: it is written to."""
        ...

    def deal_of(self, peer: bytes, reference: bytes) -> Deal | None:
        """The deal that this member knows by this reference."""
        ...

    def known_as(self, peer: bytes, reference: bytes) -> str | None:
        """The id of that deal's case; nothing is locked."""
        ...

    def was_erased(self, peer: bytes, reference: bytes) -> bool:
        """Whether what this member knows by this reference was erased after its time (ADR-0066)."""
        ...

    def deals(self, *, after: str = "", limit: int = 100) -> Sequence[Deal]:
        """Deals by case id."""
        ...

    def without_terms(self, *, after: str = "", limit: int = 100) -> Sequence[str]:
        """Ids of open cases that have a deal and no exact terms yet, by id."""
        ...

    def add_deal(self, deal: Deal) -> None:
        """A new one; another of this case, or of this reference and peer, is refused (ValueError)."""
        ...

    def change_deal(self, before: Deal, after: Deal) -> None:
        """Write it if it still is what it was; otherwise :class:`ChangedError`."""
        ...

    def put_letter(self, to: bytes, reference: bytes, kind: LetterKind, body: Body) -> Letter:
        """Into the outbox, under the next number of (to, reference)."""
        ...

    def letters_out(self, *, but_not: Collection[bytes] = (), limit: int = 100) -> Sequence[Outgoing]:
        """What waits to be sent, but not to these members: the oldest of each (member, reference) first."""
        ...

    def letter_sent(self, to: bytes, reference: bytes, number: int) -> None:
        """The other side has it; the same again is nothing new."""
        ...

    def send_again(self, to: bytes, reference: bytes) -> None:
        """The other side misses one that it had (an older backup): all of this reference wait to be sent anew."""
        ...

    def take_letter(self, peer: bytes, letter: Letter) -> Came:
        """Note that it came: TAKEN once and in order; nothing is done with it here."""
        ...

    def put_paper(self, case: str, paper: Paper) -> None:
        """The explanation of a case, in place of one before; it was not shown yet."""
        ...

    def paper(self, case: str) -> OnFile | None:
        """The explanation of a case."""
        ...

    def paper_named(self, case: str) -> bytes | None:
        """Its hash, without reading it."""
        ...

    def paper_was_shown(self, case: str, at: int) -> None:
        """To the participant, for the first time."""
        ...

    def put_event(self, case: str, words: str) -> None:
        """Something happened to a case without a change of its state."""
        ...

    def events(self, after: int = 0, *, limit: int = 100) -> Sequence[DealEvent]:
        """Changes of state, in order, after this number."""
        ...

    def was_in(self, case: str, state: State) -> bool:
        """Whether the case ever came to this state."""
        ...

    def since(self, case: str) -> int:
        """When the case came to the state in which it is."""
        ...


class Deals(Cases, Protocol):
    """Where deals and their case files are kept."""

    def begin(self) -> AbstractContextManager[DealUnit]:
        """A transaction: committed at the end of the block, undone by an exception."""
        ...


def facts_of(deal: Deal, *, on: date) -> Facts | None:
    """Both halves joined, as on this day; None while one is missing."""
    if deal.releasing is None or deal.halves is None:
        return None
    facts = replace(joined(deal.releasing, *deal.halves, on=on), is_return=deal.gives_back is not None)
    if deal.moved:
        facts = replace(facts, parts=deal.parts or ())
    if deal.many == 1 and deal.elected is not None and deal.elected.election.mode is Mode.ALL:
        # signed for all there is: of a kind of which nothing is there, as after all of it moved, there is no part; of
        # several receivers one would get nothing then, and is refused as an empty part
        facts = replace(facts, parts=tuple(each for each in facts.parts if each.cents))
    return replace(facts, receiving=deal.receiving.identity) if deal.place and deal.receiving else facts

"""Case files: one side's view of one rollover, its states, and where it is kept. Not here: what to do next (following).

A case is a row; it moves only along :data:`MOVES`. What must go together goes into one :class:`Unit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from ..chain.interface import Head
from ..messages import Role, Voter, voters_in
from ..tracking import CaseState
from .core import Part, Side
from .said import Said

#: Where a case file stands, in the words that everybody sees.
State = CaseState

MOVES: Final = {
    # Before exact terms nothing is promised: whoever ends it gives free at once.
    State.DRAFT: (State.DATA_REQUESTED, State.RELEASED, State.OFF_RAIL),
    State.DATA_REQUESTED: (State.PREVALIDATED, State.NIGO, State.RELEASED, State.OFF_RAIL),
    State.PREVALIDATED: (State.LIQUIDATING, State.DATA_REQUESTED, State.NIGO, State.RELEASED, State.OFF_RAIL),
    State.NIGO: (State.DATA_REQUESTED, State.RELEASED, State.OFF_RAIL),
    # The core may have held without our knowing it: it is told to release, whatever comes.
    State.LIQUIDATING: (State.HELD, State.RELEASED),
    State.HELD: (State.VOTED, State.RELEASED),
    State.VOTED: (State.POSTED, State.RELEASED),
    State.RELEASED: (State.OFF_RAIL,),
    State.POSTED: (),
    State.OFF_RAIL: (),
}


#: Where a case without exact terms stands as long as it is open.
UNPROMISED: Final = (State.DRAFT, State.DATA_REQUESTED, State.NIGO, State.PREVALIDATED, State.LIQUIDATING)


class MoveError(Exception):
    """A case file was to go where it cannot go from where it is."""

    def __init__(self, case: str, state: State, to: State) -> None:
        allowed = ", ".join(MOVES[state]) or "nowhere"
        super().__init__(f"Case {case} is {state} and cannot become {to}; from there it goes to: {allowed}.")


@dataclass(frozen=True, slots=True)
class Agreed:
    """The exact terms, once they are agreed: what is signed, and what of it concerns our core.

    ``encoded`` is the case as the coordinator reads it; ``place`` is ours in the order of approvals; ``us`` the
    address by which the network knows our custodian; ``deadline`` is seconds of the chain's time; ``evidence`` the
    hash of what our approval rests on.
    """

    rollover: bytes
    key: int
    us: bytes
    place: int
    deadline: int
    encoded: bytes
    parts: tuple[Part, ...]
    evidence: bytes = bytes(32)

    @property
    def names(self) -> tuple[bytes, bytes]:
        """By which events tell of it: its id, its key."""
        return self.rollover, self.key.to_bytes(32, "big")

    @property
    def voters(self) -> tuple[tuple[int, Voter], ...]:
        """Who approves besides the custodians, each with its place in the order of approvals."""
        return voters_in(self.encoded)

    @property
    def cents(self) -> int:
        """What moves on our side."""
        return sum(part.cents for part in self.parts)


@dataclass(frozen=True, slots=True)
class Case:
    """One side's file of one rollover. ``stop`` is the code for which we want it ended; ``parent`` a case before it.

    ``batch_until``: by the chain's time, so long the source sends no vote of its own, since a batch may settle it.
    """

    id: str
    side: Side
    account: str
    state: State = State.DRAFT
    agreed: Agreed | None = None
    stop: int | None = None
    parent: str | None = None
    batch_until: int | None = None

    def to(self, state: State) -> Case:
        """The case in its next state, or :class:`MoveError`."""
        if state not in MOVES[self.state]:
            raise MoveError(self.id, self.state, state)
        return replace(self, state=state)


class Kind(StrEnum):
    """What a node sends to the coordinator."""

    PROPOSE = "propose"
    APPROVE = "approve"
    RECEIPT = "receipt"
    EXPIRE = "expire"
    ABORT = "abort"
    #: Approvals that others gave and we send: anybody may.
    OF_SPOUSE = "of_spouse"
    OF_ADMINISTRATOR = "of_administrator"
    OF_DEPOSITORY = "of_depository"
    #: A further voter's own abort: they do not agree.
    NO = "no_of_voter"


#: By which message a further voter's approval is sent.
VOTES_OF: Final = {
    Role.SPOUSE: Kind.OF_SPOUSE, Role.ADMINISTRATOR: Kind.OF_ADMINISTRATOR, Role.DEPOSITORY: Kind.OF_DEPOSITORY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """One call of the coordinator in the outbox: signed, durable, sent until the final state shows its effect."""

    case: str
    kind: Kind
    data: bytes
    is_done: bool = False
    #: Refused by the contract, with its code; None while it was not.
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """One line that the core booked for us: (rollover, account, leg) is its key."""

    rollover: bytes
    account: str
    leg: int
    side: Side
    cents: int
    reference: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception in its queue: a case, a code, the chain's time when it was raised.

    ``paid_by``: the check or wire by which it was closed, where money that came back is paid so instead.
    """

    case: str
    code: int
    words: str
    raised_at: int
    is_open: bool = True
    paid_by: str = ""


class Way(StrEnum):
    """How money goes where the rails do not."""

    CHECK = "check"
    WIRE = "wire"


class Unit(Protocol):
    """One transaction over the case files: all of it happens, or none."""

    def hold(self, *cases: str) -> None:
        """Lock these until the end, with all that they follow from and all that follows from them, in the order in
        which everybody does: before an event is written, where more than one family is worked on."""
        ...

    def case(self, case: str) -> Case:
        """The file, locked until the end; one that is not there is a LookupError."""
        ...

    def case_of(self, rollover: bytes, side: Side) -> str | None:
        """The id of our file of this rollover, where we are on this side."""
        ...

    def returns_of(self, case: str) -> Sequence[tuple[str, State]]:
        """The files by which what a case moved goes back, with their second tries, and where each stands."""
        ...

    def add(self, case: Case) -> None:
        """A new file; another under this id, or of the same rollover and side, is refused (ValueError)."""
        ...

    def change(self, before: Case, after: Case) -> None:
        """Write it if it still is what it was; otherwise :class:`ChangedError`."""
        ...

    def note_hold(self, case: Case, reference: str) -> None:
        """Remember that the core holds; the same again is nothing new."""
        ...

    def note_posting(self, posting: Posting) -> None:
        """Remember a line; the same again is nothing new, another under its key a ValueError."""
        ...

    def put_out(self, message: Message) -> None:
        """Into the outbox; one of this case and kind that lies there stays as it is."""
        ...

    def mark(self, message: Message) -> None:
        """Write what became of a message that lies in the outbox."""
        ...

    def raise_(self, raised: Raised) -> bool:
        """Into the queue of its code; False if it is open there already."""
        ...

    def resolve(self, case: str, code: int, *, paid_by: str = "") -> None:
        """An exception is over; ``paid_by`` which check or wire."""
        ...

    def note_said(self, case: str, said: Said) -> None:
        """What was signed with the receipt; it is noted once."""
        ...

    def said(self, case: str | None = None) -> Sequence[Said]:
        """That of a case, or of all by block."""
        ...

    def note_off_rail(self, case: str, way: Way, reference: str) -> None:
        """How a case was closed beside the rails; it is noted once."""
        ...

    def off_rail(self, case: str) -> tuple[Way, str] | None: ...

    def cursor(self) -> Head | None:
        """The newest final block that was acted on."""
        ...

    def set_cursor(self, block: Head) -> None: ...

    def outbox(self, case: str) -> Sequence[Message]: ...

    def postings(self, case: str) -> Sequence[Posting]: ...

    def raised(self, case: str | None = None) -> Sequence[Raised]:
        """Exceptions of a case, or of all, in the order in which they were raised."""
        ...


class Cases(Protocol):
    """Where case files are kept."""

    def begin(self) -> AbstractContextManager[Unit]:
        """A transaction: committed at the end of the block, undone by an exception."""
        ...

    def to_follow(self) -> Sequence[str]:
        """Ids of all cases with exact terms that are not through: not ended, or with something in the outbox."""
        ...


class ChangedError(Exception):
    """Somebody else changed the file meanwhile: read it again."""


def is_followed(case: Case, outbox: Sequence[Message]) -> bool:
    """Whether a pass has to look at it."""
    if case.agreed is not None and case.state in (State.LIQUIDATING, State.HELD, State.VOTED):
        return True
    return any(not message.is_done for message in outbox)

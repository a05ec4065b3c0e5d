"""What the pages of a node are given, and what they hand back. Not here: HTML, HTTP, where any of it is kept.

Texts in here may be shown. A link is a participant's capability: 32 random bytes as text, of which the node keeps a
hash; whoever is not given what they ask for is told ``None``, never why.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from open401k.rails import tracking
from open401k.rails.in_words import Known
from open401k.rails.messages import Domain, Election
from open401k.rails.node.cases import Kind, Way
from open401k.rails.node.cases import State as CaseState
from open401k.rails.node.codes import Waiting
from open401k.rails.node.core import Side
from open401k.rails.node.papers import Paper
from open401k.rails.node.report import Pile
from open401k.rails.node.shares import Share
from open401k.rails.node.taking_back import TakeBack
from open401k.rails.passkeys import Passkey
from open401k.rails.preflight.facts import Held, Part
from open401k.rails.preflight.reasons import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was done: the field of the form it is about (empty: the whole of it), the reason, the fix."""

    field: str
    reason: str
    fix: str


# ---- what a participant's link shows


class Signing(StrEnum):
    """How far the participant's signature is."""

    #: They have not said yet with which passkey they will sign, nor agreed to sign on a screen.
    KEY_NEEDED = "key_needed"
    #: The companies still check, or wait for something: there is no election to read yet.
    NOT_YET = "not_yet"
    READY = "ready"
    SIGNED = "signed"
    #: It ended before, or they sign another way.
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Entered:
    """A case went into a state, in seconds since 1970 of the clock that the node's events have."""

    state: CaseState
    at: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a participant may ask: the company's name, and its phone, e-mail or address as people write it."""

    name: str
    reached_at: str


@dataclass(frozen=True, slots=True)
class Followed:
    """One rollover as its link shows it. Nothing of a person beyond what moves: no names, numbers, addresses.

    ``parts`` as they are known now; ``exact`` once they are the agreed terms' cents. ``cursor`` is that of the newest
    event that is in here.
    """

    case: str
    seen: tracking.Seen
    signing: Signing
    parts: tuple[Part, ...] = ()
    exact: bool = False
    entered: tuple[Entered, ...] = ()
    contacts: tuple[Contact, ...] = ()
    cursor: int = 0
    #: What they may take back now.
    takes_back: tuple[TakeBack, ...] = ()


# ---- the election


@dataclass(frozen=True, slots=True)
class ToSign:
    """What is signed: the election, where it counts, what its numbers and addresses are called, by which passkey.

    ``paper`` is the explanation that is signed for, where a plan pays; ``is_read`` once it was shown.
    """

    election: Election
    domain: Domain
    known: Known
    passkey: Passkey
    credential: bytes
    paper: Paper | None = None
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class NewKey:
    """The passkey of a participant, and that they agreed, in these words, to sign on a screen."""

    passkey: Passkey
    credential: bytes
    agreed_to: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was checked, and what the participant had before their eyes when they gave it.

    ``signature`` is what the contracts read (Passkey.signature); ``digest`` that of the election as it was shown: an
    election that has changed since is not signed by it.
    """

    digest: bytes
    signature: bytes
    shown: str


# ---- the console


class StaffRole(StrEnum):
    """What somebody at the custodian may do: operators act, auditors look; systems have no pages."""

    OPERATOR = "operator"
    SYSTEM = "system"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Staff:
    """Who a staff token is."""

    name: str
    role: StaffRole


class Act(StrEnum):
    """What a desk may do about a case, where its state allows it."""

    #: Fix it and propose again.
    AGAIN = "again"
    #: Close it by check or wire, with the reference of that.
    OFF_RAIL = "off_rail"
    #: Move what came in after all was moved.
    RESIDUAL = "residual"
    #: Want it ended, with a code; money that is held comes back by the verdict alone.
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the list: our side, the other custodian's name, where it stands for both, what is awaited."""

    case: str
    side: Side
    other: str
    state: CaseState
    since: int
    cents: int | None
    seen: tracking.Seen
    exceptions: int = 0


@dataclass(frozen=True, slots=True)
class CasesAsked:
    """Which cases: of a list, in one of these states, whose id begins so, older than those before."""

    pile: Pile
    states: frozenset[CaseState] = frozenset(CaseState)
    begins: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some of them, what moved last first; ``older`` is where the next page begins, ``total`` how many there are."""

    lines: tuple[CaseLine, ...]
    older: int | None = None
    total: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in the outbox to the coordinator."""

    kind: Kind
    is_done: bool
    refused: int | None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a case, in words for desks."""

    at: int
    state: CaseState
    words: str


@dataclass(frozen=True, slots=True)
class Exceptional:
    """An open exception: its queue with its clock, and what may be done now."""

    waiting: Waiting
    other: str
    acts: tuple[Act, ...]
    #: Whether a person may close it with what was found.
    may_close: bool = False
    #: It is closed by the check or wire that pays instead.
    paid_otherwise: bool = False


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case's page. ``rollover`` is the id of its exact terms, once they are agreed."""

    line: CaseLine
    account: str
    rollover: bytes | None
    parts: tuple[Part, ...]
    reasons: tuple[Reason, ...]
    outbox: tuple[Sent, ...]
    happened: tuple[Happened, ...]
    exceptions: tuple[Exceptional, ...]
    acts: tuple[Act, ...]
    parent: str | None = None
    #: The last proposal under the same election after this one.
    again_as: str | None = None
    off_rail: tuple[Way, str] | None = None
    #: Why it is not closed by check or wire, though it is over: the money moves otherwise.
    moves_otherwise: str = ""
    #: Who takes which part, where there are several.
    shares: tuple[Share, ...] = ()
    #: The sources in which more may have come in since all was moved.
    sources: tuple[Held, ...] = ()
    #: We pay, and somebody besides the custodians approves.
    invites: bool = False
    #: We paid it, and it is booked: it may be asked back.
    asks_back: bool = False
    #: By which cases what it moved is asked back, or went back, and where each stands.
    returns: tuple[tuple[str, CaseState], ...] = ()
    cursor: int = 0


class ForPages(Protocol):
    """What the pages ask of a node. Every call stands alone; verbs are idempotent by their key."""

    @property
    def custodian(self) -> str:
        """Whose node it is, as people call it."""
        ...

    @property
    def origin(self) -> str:
        """Where browsers find it: scheme, host, port; passkeys belong to its host."""
        ...

    @property
    def paper(self) -> str:
        """How a participant gets everything on paper, and whether that costs: a sentence or two of the custodian's."""
        ...

    def now(self) -> int:
        """Seconds since 1970 of the node's clock: for sessions and for what is overdue, never for money."""
        ...

    def followed(self, link: str) -> Followed | None:
        """What the link shows; None for one that is unknown or has ended."""
        ...

    def to_sign(self, link: str) -> ToSign | None:
        """The election, from when it can be signed; afterwards too, so that a copy can be kept."""
        ...

    def explanation(self, link: str) -> Paper | None:
        """The explanation that is signed for, to be shown now: that it was is noted. None while it is not here."""
        ...

    def keep_key(self, link: str, key: NewKey) -> Refusal | None:
        """The passkey with which the participant will sign; refused once they have signed."""
        ...

    def sign(self, link: str, signed: Signed) -> Refusal | None:
        """Take the signature; the same again is nothing new, one of an election that changed is refused."""
        ...

    def take_back(self, link: str, what: TakeBack) -> Refusal | None:
        """The participant takes it back; the same again is nothing new."""
        ...

    def staff(self, token: str) -> Staff | None:
        """Whose token it is, while it holds."""
        ...

    def cases(self, asked: CasesAsked) -> CasePage:
        """A page of cases."""
        ...

    def case(self, case: str) -> CaseDetail | None: ...

    def exceptions(self) -> Sequence[Exceptional]:
        """Open exceptions, what is due first first."""
        ...

    def again(self, staff: Staff, case: str, *, key: str) -> Refusal | None:
        """Propose again what was released, or ask anew for the data of what was not in good order."""
        ...

    def off_rail(self, staff: Staff, case: str, *, way: Way, reference: str, key: str) -> Refusal | None:
        """Close by check or wire."""
        ...

    def residual(self, staff: Staff, case: str, *, came: Sequence[int], payment_on: date, key: str) -> Refusal | None:
        """Move what came in after all was moved, by source; each receiver gets its part."""
        ...

    def stop(self, staff: Staff, case: str, *, code: int, key: str) -> Refusal | None:
        """Want it ended, for the reason of this code."""
        ...

    def close_exception(
        self, staff: Staff, case: str, *, code: int, words: str, key: str, paid: tuple[Way, str] | None = None
    ) -> Refusal | None:
        """Close an exception that nothing else closes, with what was found."""
        ...

    def changes(self, case: str | None, *, after: int | None) -> AsyncIterator[int | None]:
        """Cursors of what happens after one, in a case or in all; None after each quiet while, to keep a line open.

        ``after`` None: from now on.
        """
        ...

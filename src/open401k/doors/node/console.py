"""What the console says of cases: words of states, who is waited for, which of three lists a case is in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from open401k.kernel import Source
from open401k.rails import tracking
from open401k.rails.kinds import Kind as Money
from open401k.rails.messages import Role
from open401k.rails.node.cases import Kind, State, Way
from open401k.rails.node.codes import FOUND, Owner, Waiting, beyond, queue_of
from open401k.rails.node.core import Side
from open401k.rails.node.file_of import source_label
from open401k.rails.node.report import Pile
from open401k.rails.preflight.facts import Held
from open401k.rails.preflight.reasons import Owner as ReasonOwner
from open401k.rails.refusals import REFUSALS

from .provided import Act, CaseLine, CasesAsked

#: A state's word and color; the word carries the meaning.
STATES: Mapping[State, tuple[str, str]] = {
    State.DRAFT: ("Asked for", ""),
    State.DATA_REQUESTED: ("Waits for data", "warn"),
    State.PREVALIDATED: ("Checked", ""),
    State.NIGO: ("Not in good order", "bad"),
    State.LIQUIDATING: ("Being sold", ""),
    State.HELD: ("Set aside", ""),
    State.VOTED: ("Approved", ""),
    State.POSTED: ("Booked", "ok"),
    State.RELEASED: ("Given free", "warn"),
    State.OFF_RAIL: ("By check or wire", ""),
}
SIDES: Mapping[Side, str] = {Side.SOURCE: "Out to", Side.RECEIVER: "In from"}
SENT: Mapping[Kind, str] = {
    Kind.PROPOSE: "Proposal, with the money",
    Kind.APPROVE: "Our approval",
    Kind.RECEIPT: "Our receipt",
    Kind.EXPIRE: "End after the deadline",
    Kind.ABORT: "Our stop",
    Kind.OF_SPOUSE: "The spouse's approval",
    Kind.OF_ADMINISTRATOR: "The administrator's approval",
    Kind.OF_DEPOSITORY: "The depository's approval",
    Kind.NO: "A voter's no",
}
ROLES: Mapping[Role, str] = {
    Role.PARTICIPANT: "participant",
    Role.SOURCE: "paying custodian",
    Role.RECEIVER: "receiving custodian",
    Role.SPOUSE: "spouse",
    Role.ADMINISTRATOR: "plan administrator",
    Role.DEPOSITORY: "depository",
}
OWNERS: Mapping[ReasonOwner, str] = {
    ReasonOwner.PARTICIPANT: "Participant",
    ReasonOwner.SPOUSE: "Participant’s spouse",
    ReasonOwner.RELEASING_CUSTODIAN: "Paying custodian",
    ReasonOwner.RELEASING_ADMINISTRATOR: "Paying plan’s administrator",
    ReasonOwner.RECEIVING_CUSTODIAN: "Receiving custodian",
    ReasonOwner.NETWORK: "Network",
}
WAYS: Mapping[Way, str] = {Way.CHECK: "check", Way.WIRE: "wire"}
ACTS: Mapping[Act, str] = {
    Act.AGAIN: "Propose again",
    Act.OFF_RAIL: "Close by check or wire",
    Act.RESIDUAL: "Move what came in later",
    Act.STOP: "Stop the rollover",
}
#: What the page says after something was done.
DID: Mapping[Act, str] = {
    Act.AGAIN: "It is begun anew.",
    Act.OFF_RAIL: "The case is closed beside the rails.",
    Act.RESIDUAL: "What came in later is on its way, as a case of its own.",
    Act.STOP: "It is to end. Money that is held comes back once that is final.",
}

#: What a case's page says after it was begun there.
BEGUN: Mapping[str, str] = {
    "closed": "The exception is closed; what was found stands under What happened.",
    "lead": "It is asked for. Hand each code below to its custodian, and put the facts from your systems.",
    "back": "It is asked back. Put the rest of our facts from your systems, and give the participant their link.",
    "join": "We joined. Put the facts from your systems; the custodian that leads has the participant sign.",
}

_LONGEST = 100
_ENDED = (State.POSTED, State.RELEASED, State.OFF_RAIL)
_DESKS = dict(enumerate(Owner, 1))


@dataclass(frozen=True, slots=True)
class Line:
    """A case in a list: where it stands, and the first who must act."""

    case: CaseLine
    track: tracking.Track
    waits_for: str
    by: int | None
    late: bool


def line_of(case: CaseLine, custodian: str) -> Line:
    """One row; of those who must act, we come first."""
    track = tracking.tracked(case.seen)
    todo = sorted(track.todo, key=lambda each: (each.by is None, each.by or 0))
    ours = [each for each in todo if custodian in each.owner]
    first = (ours or todo)[0] if todo else None
    late = any(each.overdue for each in track.todo)
    return Line(case, track, owner_of(first.owner) if first else "", first.by if first else None, late)


def lines_of(cases: Sequence[CaseLine], custodian: str) -> list[Line]:
    """The rows of a page; what is due first comes first."""
    found = [line_of(case, custodian) for case in cases]
    return sorted(found, key=lambda each: (each.by is None, each.by or 0))


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see: a list, perhaps one state of it, cases whose id begins so."""

    pile: Pile
    state: State | None
    cases: CasesAsked

    def query(self, before: int | None = None) -> str:
        """The same page, or the one with what is older."""
        told = {"list": self.pile.value, "state": self.state.value if self.state else "", "begins": self.cases.begins,
                "before": "" if before is None else str(before)}  # fmt: skip
        return urlencode({name: value for name, value in told.items() if value})


def asked_of(query: Mapping[str, str]) -> Asked:
    """Of an address; what cannot be meant is left out."""
    named = query.get("list", "")
    pile = Pile(named) if named in list(Pile) else Pile.OURS
    within = states_of(pile)
    state = next((each for each in within if each.value == query.get("state", "")), None)
    before = query.get("before", "")
    asked = CasesAsked(
        pile,
        frozenset({state} if state else within),
        query.get("begins", "").strip()[:_LONGEST],
        int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
    )
    return Asked(pile, state, asked)


def states_of(pile: Pile) -> tuple[State, ...]:
    """In which states cases of a list are. One that ended and has an open exception still waits for us."""
    return tuple(each for each in State if pile is Pile.OURS or (each in _ENDED) is (pile is Pile.ENDED))


def owner_of(owner: str) -> str:
    """Who must act, as desks call them; the participant's page says "you"."""
    if owner == tracking.YOU:
        return "Participant"
    words = {"Your old plan at": "Plan at", "Your spouse": "Participant’s spouse", "Your plan's": "The plan’s"}
    for theirs, ours in words.items():
        owner = owner.replace(theirs, ours)
    return owner


def told_of(waiting: Waiting) -> str:
    """What an exception says beyond the words of its queue."""
    return beyond(waiting.raised.words, waiting.queue.words)


def source_words(held: Held) -> str:
    """What a source is called on a form."""
    words = source_label(held).replace("_", " ")
    earned = held.kind is Money.PRE_TAX and held.source in (Source.AFTER_TAX, Source.AFTER_TAX_ROLLOVER)
    return f"{words} (earnings on it)" if earned else words


def codes() -> list[tuple[Owner, list[tuple[int, str]]]]:
    """All reasons for which a case may be stopped, by desk."""
    found: dict[Owner, list[tuple[int, str]]] = {owner: [] for owner in Owner}
    for code in sorted({*FOUND, *REFUSALS}):
        queue = queue_of(code)
        found[_DESKS[code // 100]].append((code, queue.words))
    return list(found.items())

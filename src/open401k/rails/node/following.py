"""What one side does next, decided from the file, the chain at a final block, and the outbox. No clock, no I/O.

The only time here is that of final blocks. A hold is given free only when the verdict cannot be a commit any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from ..chain.interface import Head
from ..messages import Role
from .cases import VOTES_OF, Agreed, Case, Kind, Message, State
from .codes import COMMITTED_WITHOUT_US, EXPIRED, FOUND, OTHER_TERMS, VOTE_LOST
from .core import Side


class Verdict(StrEnum):
    """What the coordinator says about one rollover."""

    ABSENT = "absent"
    PREPARING = "preparing"
    COMMITTED = "committed"
    ABORTED = "aborted"
    CLOSED = "closed"
    #: Its key holds another rollover for ever, or a batch without it used its number: this one can never be.
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Standing:
    """A rollover at one block: the verdict, whether our vote counts, whether our receipt is there, whose else counts.

    One that was settled in a batch (``batched``) is committed; the batch was signed as a whole, and no receipt is
    asked for.
    """

    block: Head
    verdict: Verdict
    voted: bool = False
    posted: bool = False
    #: Further voters whose approval counts.
    others: frozenset[Role] = frozenset()
    batched: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Have the core hold, then note it (HELD)."""


@dataclass(frozen=True, slots=True)
class Vote:
    """Sign; hold, state VOTED and the message in one transaction. Only then it may be sent."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Adopt:
    """The final chain has our vote and the file does not know it (an older backup): VOTED, without a new vote."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send what lies in the outbox, unless the newest block shows its effect."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Settle:
    """Mark a message done: final, or without purpose for ever."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Post:
    """Have the core book it; postings, POSTED and the receipt in one transaction."""


@dataclass(frozen=True, slots=True)
class Release:
    """Have the core give free what it holds, then RELEASED."""


@dataclass(frozen=True, slots=True)
class PutOut:
    """Prepare a message: ABORT (signed, with the case's code), EXPIRE, or an APPROVE that is given again."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Raise:
    """Put an exception into the queue of this code."""

    code: int
    words: str


Action = Hold | Vote | Adopt | Send | Settle | Post | Release | PutOut | Raise

_OPEN = (State.LIQUIDATING, State.HELD, State.VOTED)


def is_dead(agreed: Agreed, final: Standing) -> bool:
    """Whether it can never be committed: ended on chain, or never proposed and a final block is past the deadline."""
    match final.verdict:
        case Verdict.ABORTED | Verdict.TAKEN:
            return True
        case Verdict.ABSENT:
            return final.block.time > agreed.deadline
        case Verdict.PREPARING | Verdict.COMMITTED | Verdict.CLOSED:
            return False
        case _:
            assert_never(final.verdict)


def next_actions(case: Case, final: Standing, outbox: Sequence[Message]) -> list[Action]:
    """What to do now, in order; nothing means: wait."""
    agreed = case.agreed
    if agreed is None:
        return []
    told = {message.kind: message for message in outbox}
    actions = [Settle(message.kind) for message in outbox if not message.is_done and _is_over(message, agreed, final)]
    if case.state in _OPEN:
        return [*actions, *_of_open(case, agreed, final, told)]
    return [*actions, *_sends(told, actions)]


def _of_open(case: Case, agreed: Agreed, final: Standing, told: dict[Kind, Message]) -> list[Action]:
    if is_dead(agreed, final):
        why = {Verdict.ABSENT: EXPIRED, Verdict.TAKEN: OTHER_TERMS}.get(final.verdict)
        if final.verdict is Verdict.ABORTED and case.stop is None and final.block.time > agreed.deadline:
            why = EXPIRED  # nobody stopped it, as far as we were told
        return [*([] if why is None else [Raise(why, FOUND[why])]), Release()]
    match final.verdict:
        case Verdict.COMMITTED | Verdict.CLOSED:
            return _of_committed(case, final)
        case Verdict.PREPARING if final.block.time > agreed.deadline:
            return _once(Kind.EXPIRE, told)
        case Verdict.PREPARING | Verdict.ABSENT:
            # A stopped file gives nothing free by what it knows itself: it may be of a backup that is older than our
            # vote, and a signature can be mined as long as the chain has not ended it.
            no = told.get(Kind.NO)
            if no is not None and no.refused is None and final.verdict is Verdict.PREPARING:
                return [Send(Kind.NO)]  # a voter ends it by their own word, before any of ours
            if case.stop is not None:
                return _once(Kind.ABORT, told)
            if no is not None and case.state is not State.LIQUIDATING:
                return []  # who does not agree has said so: nothing more is signed here
            return [*_of_undecided(case, final, told), *_votes_of_others(final, told)]
    raise AssertionError(f"{final.verdict} is dead")


def _of_committed(case: Case, final: Standing) -> list[Action]:
    if case.state is State.VOTED:
        return [Post()]
    if not final.voted:
        return [Raise(COMMITTED_WITHOUT_US, FOUND[COMMITTED_WITHOUT_US])]
    return [Hold()] if case.state is State.LIQUIDATING else [Adopt()]


def _of_undecided(case: Case, final: Standing, told: dict[Kind, Message]) -> list[Action]:
    if case.state is State.LIQUIDATING:
        return [Hold()]
    if case.state is State.HELD:
        if final.voted:
            return [Adopt()]
        if case.side is Side.SOURCE:
            if case.batch_until is not None and final.block.time <= case.batch_until:
                return []  # it waits for others, or for the other signature under a batch
            # Another of the parties may have put it on chain only by our vote, which we never gave.
            return [Vote(Kind.PROPOSE)] if final.verdict is Verdict.ABSENT else []
        return [Vote(Kind.APPROVE)] if final.verdict is Verdict.PREPARING else []
    if final.voted:
        return []
    if case.side is Side.SOURCE and final.verdict is Verdict.PREPARING:
        return _once(Kind.APPROVE, told)  # our key was replaced: a rollover is proposed once, a vote is given again
    kind = Kind.PROPOSE if case.side is Side.SOURCE else Kind.APPROVE
    return [Send(kind)] if kind in told else [Raise(VOTE_LOST, FOUND[VOTE_LOST])]


def _votes_of_others(final: Standing, told: dict[Kind, Message]) -> list[Action]:
    """Approvals of further voters that came to us, once there is a rollover that they can be given to."""
    if final.verdict is not Verdict.PREPARING:
        return []
    waits = (kind for role, kind in VOTES_OF.items() if role not in final.others)
    return [Send(kind) for kind in waits if kind in told and not told[kind].is_done]


def _once(kind: Kind, told: dict[Kind, Message]) -> list[Action]:
    return [Send(kind)] if kind in told else [PutOut(kind), Send(kind)]


def _sends(told: dict[Kind, Message], settled: Sequence[Action]) -> list[Action]:
    over = {action.kind for action in settled if isinstance(action, Settle)}
    return [Send(kind) for kind, message in told.items() if not message.is_done and kind not in over]


def _is_over(message: Message, agreed: Agreed, final: Standing) -> bool:
    """Whether sending it again would change nothing, for ever."""
    ended = is_dead(agreed, final) or final.verdict in (Verdict.COMMITTED, Verdict.CLOSED)
    match message.kind:
        case Kind.PROPOSE:
            return final.verdict is not Verdict.ABSENT or ended
        case Kind.APPROVE:
            return final.voted or ended
        case Kind.OF_SPOUSE | Kind.OF_ADMINISTRATOR | Kind.OF_DEPOSITORY:
            return ended  # a key that is replaced before the verdict takes its vote with it
        case Kind.ABORT | Kind.EXPIRE | Kind.NO:
            return ended
        case Kind.RECEIPT:
            return final.posted or final.verdict is Verdict.CLOSED
        case _:
            assert_never(message.kind)


def is_useful(kind: Kind, newest: Standing) -> bool:
    """Whether sending it could still do something at the newest block; it is read before each sending."""
    match kind:
        case Kind.PROPOSE:
            return newest.verdict is Verdict.ABSENT
        case Kind.APPROVE:
            return newest.verdict is Verdict.PREPARING and not newest.voted
        case Kind.OF_SPOUSE | Kind.OF_ADMINISTRATOR | Kind.OF_DEPOSITORY:
            return newest.verdict is Verdict.PREPARING and not any(VOTES_OF[role] is kind for role in newest.others)
        case Kind.ABORT:
            return newest.verdict in (Verdict.ABSENT, Verdict.PREPARING)
        case Kind.EXPIRE | Kind.NO:  # of what is not there a further voter ends nothing
            return newest.verdict is Verdict.PREPARING
        case Kind.RECEIPT:
            return newest.verdict is Verdict.COMMITTED and not newest.posted
        case _:
            assert_never(kind)

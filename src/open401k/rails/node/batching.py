"""Several agreed rollovers with one peer settled by one transaction: what a batch is, and what may be in it. Pure.

A batch is a shortcut and decides nothing of its own: each number is used once on chain, by a batch or alone, and every
case follows the chain's final word on itself. Until a batch's time is over the source sends no vote of its own; after
it no block can settle the batch any more, and each goes on singly. Not here: doing it (batches), the SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from ..calls import call_of
from ..decoding import Decoded, decode_case
from ..messages import batch_hash, encode_batch
from .cases import Agreed, Case, State
from .core import Side
from .following import Standing, Verdict

#: What the coordinator takes at once: cases, and bytes of them (contracts/rollover.vy).
MOST_BATCHED: Final = 32
MOST_BYTES: Final = 24_576
#: Seconds; what stands longer is not signed.
MOST_ANSWER: Final = 90_000
_SETTLE: Final = "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)"


@dataclass(frozen=True, slots=True)
class Settings:
    """``window``: seconds of the chain that a case waits for others after it is held; ``answer``: seconds in which a
    batch that was offered is answered and settled, or each goes on singly. At least so many are worth a batch."""

    window: int
    answer: int = 600
    least: int = 2
    most: int = MOST_BATCHED


class Stage(StrEnum):
    """Where a batch stands with us."""

    #: We drew it up, and our wallet has not signed it: nobody knows of it.
    DRAWN_UP = "drawn_up"
    #: We signed it and told the other side.
    OFFERED = "offered"
    #: The other side offered it, and we have not answered.
    ASKED = "asked"
    #: Both signed: it is sent until a final block shows it, or that its time is over, or the contract refuses it.
    SIGNED = "signed"
    SETTLED = "settled"
    #: Declined, refused, too late: its cases go on singly. One that both signed may be settled yet (note_settled).
    OVER = "over"


LIVE: Final = (Stage.DRAWN_UP, Stage.OFFERED, Stage.ASKED, Stage.SIGNED)


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch. ``first`` offered it; ``ids`` are of rollovers, in order; ``reference`` is that of its letters."""

    peer: bytes
    reference: bytes
    first: bytes
    second: bytes
    token: bytes
    deadline: int
    ids: tuple[bytes, ...]
    stage: Stage
    signed_first: bytes | None = None
    signed_second: bytes | None = None

    @property
    def hash(self) -> bytes:
        """What both sign, before the domain."""
        return batch_hash(self.first, self.second, self.token, self.deadline, self.ids)

    def takes_the_place_of(self, other: Batch) -> bool:
        """Whether the same member offered both, and this one holds the other's rollovers and more."""
        return self.first == self.peer == other.first and set(self.ids) > set(other.ids)


class BatchUnit(Protocol):
    """A transaction that keeps batches too."""

    def add_batch(self, batch: Batch) -> None:
        """A new one; another of this member and reference is refused (ValueError)."""
        ...

    def change_batch(self, before: Batch, after: Batch) -> None:
        """Write it if it still is what it was; otherwise ChangedError."""
        ...

    def batch(self, peer: bytes, reference: bytes) -> Batch | None:
        """Locked until the end."""
        ...

    def live_batches(self) -> Sequence[Batch]:
        """Those that are not over, in no order."""
        ...

    def batch_of(self, rollover: bytes) -> Batch | None:
        """The one that settled a rollover."""
        ...

    def batches_with(self, rollover: bytes) -> Sequence[Batch]:
        """All that name a rollover, wherever they stand, in no order and without a lock."""
        ...


def peer_of(case: Decoded, us: bytes) -> bytes | None:
    """The one other custodian of a case; None where there are several, or we are none of it."""
    pair = (case.election.source, *case.election.receivers)
    return next((who for who in pair if who != us), None) if len(pair) == 2 and us in pair else None


def why_alone(case: Decoded) -> str | None:
    """Why the coordinator takes this case alone only; None where a batch may hold it."""
    terms = case.terms
    if terms.voters or any(terms.withholder) or any(terms.parent):
        return "it has further voters, pays the person, or gives back"
    if len(case.election.receivers) != 1:
        return "it has several receivers"
    return "it is a later part of its election" if terms.part else None


def waits_until(case: Case, settings: Settings, *, at: int) -> int | None:
    """Until when a case that is held now waits for others; None where it does not."""
    if case.side is not Side.SOURCE or case.agreed is None or case.stop is not None:
        return None
    if why_alone(decode_case(case.agreed.encoded)) is not None:
        return None
    until = at + settings.window
    return until if until + settings.answer < case.agreed.deadline else None


def is_due(waiting: Sequence[Case], settings: Settings, *, at: int) -> bool:
    """Whether those that wait are offered now: the first has waited long enough, or there is no more room."""
    enough = len(waiting) >= settings.least
    return enough and (len(waiting) >= settings.most or any(_until(case) <= at for case in waiting))


def _until(case: Case) -> int:
    return case.batch_until or 0


def chosen(waiting: Sequence[Case], settings: Settings, *, with_: Sequence[Case] = ()) -> list[Case]:
    """As many of those that wait as one batch holds beside ``with_``, the first that wait first."""
    room, found = min(settings.most, MOST_BATCHED) - len(with_), list[Case]()
    size = sum(2 + len(case.agreed.encoded) for case in with_ if case.agreed)
    for case in sorted(waiting, key=lambda each: (_until(each), each.id)):
        more = 2 + len(case.agreed.encoded) if case.agreed else 0
        if more and len(found) < room and size + more <= MOST_BYTES:
            found.append(case)
            size += more
    return found


class Fit(StrEnum):
    """What is to be said of one case of a batch that was offered to us."""

    YES = "yes"
    #: It comes to where we can sign, or not: look again.
    WAIT = "wait"
    NO = "no"


def judged(case: Case | None, final: Standing | None, batch: Batch, *, us: bytes) -> tuple[Fit, str]:
    """Whether our own agreed case may be settled by this batch, and why not."""
    if case is None or case.agreed is None or final is None:
        return Fit.NO, "no case of ours has these terms"
    told = decode_case(case.agreed.encoded)
    if peer_of(told, us) != batch.peer or told.terms.token != batch.token:
        return Fit.NO, f"case {case.id} is with another custodian, or in another deposit"
    if (why := why_alone(told)) is not None:
        return Fit.NO, f"case {case.id}: {why}"
    if batch.deadline > case.agreed.deadline:
        return Fit.NO, f"case {case.id} ends before the batch does"
    if case.stop is not None or final.verdict is not Verdict.ABSENT:
        return Fit.NO, f"case {case.id} is to be ended, or on chain by itself"
    if case.state is State.LIQUIDATING:
        return Fit.WAIT, f"case {case.id} is not held yet"
    if case.state is not State.HELD:
        return Fit.NO, f"case {case.id} is {case.state}"
    return Fit.YES, ""


def agreed_of(case: Case) -> Agreed:
    """Its exact terms; ValueError where it has none."""
    if case.agreed is None:
        raise ValueError(f"case {case.id} has no exact terms")
    return case.agreed


def settle_call(batch: Batch, cases: Sequence[Case]) -> bytes:
    """The call that settles it."""
    words = [int.from_bytes(each, "big") for each in (batch.first, batch.second, batch.token)]
    encoded = encode_batch([agreed_of(case).encoded for case in cases])
    return call_of(_SETTLE, *words, batch.deadline, encoded, batch.signed_first, batch.signed_second)

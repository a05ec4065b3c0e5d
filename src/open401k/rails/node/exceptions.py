"""What a desk does about an exception: fix it and propose again, or close the case beside the rails. Not here: queues.

Who promised something first waits until the chain's final word gave it free: only a released case is proposed again.
"""

from __future__ import annotations

from .cases import Case, State, Unit, Way
from .codes import NOTHING_COMES
from .core import Side
from .following import Verdict
from .opening import move, open_case


class StillOpenError(Exception):
    """The case before it can still be committed, or holds money: nothing new is proposed."""


def next_part(part: int, verdict: Verdict) -> int:
    """Which part a new proposal of the same election is, by the final verdict on the part before it.

    A key holds one rollover for ever: an aborted one is followed by the next part. One that never came on chain leaves
    its part free; the new terms differ by a new salt. After a commit only an election of all there is goes on.
    """
    match verdict:
        case Verdict.ABSENT:
            return part
        case Verdict.ABORTED | Verdict.TAKEN | Verdict.COMMITTED | Verdict.CLOSED:
            return part + 1
        case Verdict.PREPARING:
            raise StillOpenError(f"part {part} is still open on chain")


def propose_again(unit: Unit, case: str, new: str) -> Case:
    """A new file for the same rollover, once the old one is released; open exceptions of the old one are over.

    What was not in order before anything was promised is fixed in its own file (NIGO to DATA_REQUESTED).
    """
    before = unit.case(case)
    if before.state is not State.RELEASED:
        raise StillOpenError(f"case {case} is {before.state}; it is proposed again when it is released")
    opened = open_case(unit, new, side=before.side, account=before.account, parent=case)
    _resolve_all(unit, case)
    return opened


def residual(unit: Unit, case: str, new: str) -> Case:
    """A child for what came in after all was moved (dividends); its terms are a later part of the same election."""
    before = unit.case(case)
    if not is_followed(before):
        raise StillOpenError(f"case {case} is {before.state}; what is left over follows when it is posted")
    return open_case(unit, new, side=before.side, account=before.account, parent=case)


def is_followed(case: Case) -> bool:
    """Whether what comes in later may follow it: it moved, or of the last that came in nothing came to us."""
    return case.state is State.POSTED or (case.state is State.RELEASED and case.stop == NOTHING_COMES)


def give_back(unit: Unit, case: str, new: str) -> Case:
    """A file for what goes back of a posted one, opened at both custodians: who received it releases it now.

    Its terms name the other's id as their parent; the coordinator holds them to what came (ADR-0053).
    """
    before = unit.case(case)
    if before.state is not State.POSTED:
        raise StillOpenError(f"case {case} is {before.state}; what is not posted is stopped, not given back")
    side = Side.RECEIVER if before.side is Side.SOURCE else Side.SOURCE
    return open_case(unit, new, side=side, account=before.account, parent=case)


def close_off_rail(unit: Unit, case: str, way: Way, reference: str) -> Case:
    """Closed by check or wire with the same file; a case that holds money is released first (MoveError)."""
    if not reference.strip():
        raise ValueError("a case that is closed beside the rails names its check or wire")
    after = move(unit, case, State.OFF_RAIL)
    unit.note_off_rail(case, way, reference)
    _resolve_all(unit, case)
    return after


def _resolve_all(unit: Unit, case: str) -> None:
    for raised in unit.raised(case):
        if raised.is_open:
            unit.resolve(case, raised.code)

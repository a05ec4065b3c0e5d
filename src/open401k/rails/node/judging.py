"""Preflight of a deal and where its case goes by it; ending a deal. Not here: who asks for either (deals, taking)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..preflight.reasons import ENTRIES, Code, Reason
from .cases import Case, Raised, State
from .codes import CHANGED_SINCE, FOUND
from .deal import Deal, DealUnit
from .desk import Desk
from .elections import is_of, unfit
from .opening import move, stop
from .terms_of import worked

_MOST_WORDS: Final = 500
CLOSED: Final = frozenset({State.POSTED, State.RELEASED, State.OFF_RAIL})
#: Before the participant's signature was taken over.
BEFORE: Final = frozenset({State.DRAFT, State.DATA_REQUESTED, State.NIGO, State.PREVALIDATED})


class NotNowError(Exception):
    """The deal is not where this could be done; the text says what comes first. ``reasons`` are those of preflight."""

    def __init__(self, words: str, reasons: tuple[Reason, ...] = ()) -> None:
        told = "; ".join(f"{each.code.value} {each.next_step}" for each in reasons)
        super().__init__(f"{words}{': ' if told else ''}{told}")
        self.reasons = reasons


def is_closed(case: Case) -> bool:
    """Whether nothing of it is open any more."""
    return case.state in CLOSED


def judged(unit: DealUnit, desk: Desk, before: Deal, after: Deal) -> Deal:
    """Write a deal that changed; run its preflight, and take its case where that says."""
    done = worked(after, desk)
    reasons = done.reasons if done else None
    election = after.election if after.election and is_of(after.election, after, desk) else None
    asked = tuple(sorted(done.found.voters)) if done else ()
    after = replace(after, reasons=reasons, election=election, asked=asked)
    unit.change_deal(before, after)
    case = unit.case(after.case)
    _queue(unit, desk, case, reasons or ())
    if case.state in BEFORE:
        target = State.DATA_REQUESTED if reasons is None else State.NIGO if reasons else State.PREVALIDATED
        _go(unit, case, target)
    if after.elected is not None:
        taken_over(unit, desk, after)
    return after


def taken_over(unit: DealUnit, desk: Desk, deal: Deal) -> None:
    """The participant signed and everything is in order: the source sells, the receiver waits for the terms."""
    case = unit.case(deal.case)
    if case.state is State.PREVALIDATED and deal.elected and not unfit(deal.elected.election, deal, desk):
        move(unit, deal.case, State.LIQUIDATING)


def end(unit: DealUnit, deal: Deal, code: int) -> bool:
    """We want it ended. Before exact terms nothing is promised: it is given free at once. False if it was over."""
    case = unit.case(deal.case)
    if is_closed(case):
        return False
    after = stop(unit, deal.case, code)
    for raised in unit.raised(deal.case):
        if raised.is_open and raised.code in ENTRIES:
            unit.resolve(deal.case, raised.code)
    if after.agreed is None:
        move(unit, deal.case, State.RELEASED)
    return True


def raise_for(unit: DealUnit, desk: Desk, case: str, code: int, words: str = "") -> None:
    """Into the queue of its code; ``words`` name no person. Of another while one is open the case keeps the words."""
    told = FOUND.get(code) or (ENTRIES[Code(code)].next_step if code in ENTRIES else "ended by the other custodian")
    said = f"{told}: {words}" if words else told
    known = {each.words for each in unit.raised(case) if each.is_open and each.code == code}
    if not unit.raise_(Raised(case, code, said, desk.now())) and words and said not in known:
        unit.put_event(case, f"exception {code} again: {words}"[:_MOST_WORDS])


def _go(unit: DealUnit, case: Case, target: State) -> None:
    if case.state is target:
        return
    first = (State.DATA_REQUESTED,) if case.state in (State.DRAFT, State.NIGO) else ()
    move(unit, case.id, *dict.fromkeys((*first, target)))


def _queue(unit: DealUnit, desk: Desk, case: Case, reasons: tuple[Reason, ...]) -> None:
    """One exception for each code of preflight that is in the way; those that are not any more are over."""
    found = {int(each.code) for each in reasons}
    if case.state is State.LIQUIDATING:
        found = {CHANGED_SINCE} if reasons else set()
    ours = set(map(int, ENTRIES)) | {CHANGED_SINCE}
    open_now = {raised.code for raised in unit.raised(case.id) if raised.is_open and raised.code in ours}
    for code in sorted(found - open_now):
        raise_for(unit, desk, case.id, code)
    for code in sorted(open_now - found):
        unit.resolve(case.id, code)

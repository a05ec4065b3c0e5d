"""Which proposals follow each other under one election, and whether it can still be used. Pure, but for reading.

Not here: proposing again or moving what is left (again), taking it back (taking_back, taking).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eth_hash.auto import keccak

from ..messages import Mode
from .cases import Case, State
from .codes import WITHDRAWN
from .deal import Deal, DealUnit


def next_reference(deal: Deal) -> bytes:
    """What both sides call the proposal after this one; nobody else can tell that they belong together."""
    return after(deal.reference)


def after(reference: bytes) -> bytes:
    """The name that comes after this one: of a proposal, or of another receiver's code."""
    return keccak(b"open401k again" + reference)


def newest_of(unit: DealUnit, deal: Deal) -> Deal:
    """The last proposal of its election that we know."""
    while (later := unit.deal_of(deal.peer, next_reference(deal))) is not None:
        deal = later
    return deal


def later_of(unit: DealUnit, peer: bytes, reference: bytes) -> list[str]:
    """The cases that were proposed after the one of this reference, in order; nothing is locked."""
    found: list[str] = []
    while (name := unit.known_as(peer, reference := after(reference))) is not None:
        found.append(name)
    return found


def before_of(unit: DealUnit, deal: Deal) -> Iterator[Deal]:
    """Those that were to move the same money before this one, the last first: what one moved is other money."""
    file = unit.case(deal.case)
    while file.parent is not None:
        try:
            before = unit.deal(file.parent)
        except LookupError:  # exact terms that were agreed without a deal
            return
        file = unit.case(before.case)
        if next_reference(before) != deal.reference or file.state is State.POSTED:
            return
        yield before
        deal = before


def is_closed_there(deal: Deal) -> bool:
    """Whether another custodian told us that it closed it by check or wire."""
    return State.OFF_RAIL in (deal.their_state, *(each.state for each in deal.others))


def usable_again(case: Case, deal: Deal, *, now: int) -> bool:
    """Whether a case that gave everything free may be proposed again under what was signed."""
    return case.state is State.RELEASED and _is_signed(case, deal, now)


def usable_for_rest(case: Case, deal: Deal, *, now: int) -> bool:
    """Whether what comes in after a posted case may follow under what was signed."""
    if case.state is not State.POSTED or deal.elected is None or deal.elected.election.mode is not Mode.ALL:
        return False
    return _is_signed(case, deal, now)


def _is_signed(case: Case, deal: Deal, now: int) -> bool:
    return deal.elected is not None and now < deal.elected.election.deadline and case.stop != WITHDRAWN


def withdraw(unit: DealUnit, case: Case) -> None:
    """What was signed is not used again after this case, which is over."""
    unit.change(case, replace(case, stop=WITHDRAWN))

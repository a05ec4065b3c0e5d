"""What the final chain has of us, compared with files that may be of an older backup: noted, and ended past its time.

Anybody may end what is open past its deadline, by its key alone: the deposits in escrow go back to who paid them in,
whoever forgot the terms. What the core holds stays held until a desk has looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..calls import call_of
from ..chain.interface import Head
from .cases import Case, Cases, Kind, Message
from .coordinator import Coordinator
from .core import Side
from .locking import FORGOTTEN_FILE
from .opening import note_forgotten, stands_for


def of_us(cases: Cases, coordinator: Coordinator, us: bytes, after: int, block: Head) -> Sequence[tuple[bytes, Side]]:
    """Rollovers that we agreed to by the blocks after this one, and our side of each.

    Events of a settlement do not say whose it is. A file of ours does, mostly: only where none knows one of its ids,
    the transaction is asked for. In a batch all are of the same two custodians.
    """
    found = [*coordinator.votes_of(us, after, block)]
    for each in coordinator.settlements(after, block):
        with cases.begin() as unit:
            unknown = [x for x in each.ids if all(unit.case_of(x, side) is None for side in Side)]
        if unknown:
            found += coordinator.sides_in(each, us)
    return found


def recall(cases: Cases, coordinator: Coordinator, us: bytes, after: int, block: Head, *, at: int) -> None:
    """Note what these blocks have of us and no file knows, with the call that ends what they opened."""
    keys = coordinator.keys_in(after, block)
    for rollover, side in of_us(cases, coordinator, us, after, block):
        with cases.begin() as unit:  # one after the other: who writes events locks no other file
            note_forgotten(unit, rollover, side, at=at)
            if rollover in keys and unit.case_of(rollover, side) is None:
                data = call_of("expire(uint256)", keys[rollover])
                unit.put_out(Message(stands_for(rollover), Kind.EXPIRE, data))


def end_forgotten(cases: Cases, coordinator: Coordinator, case: Case, outbox: Sequence[Message], block: Head) -> None:
    """Once its deadline is past in a final block it is ended; nothing is left to do when it is not open any more."""
    rollover = bytes.fromhex(case.id.removeprefix(FORGOTTEN_FILE))
    for message in (each for each in outbox if not each.is_done):
        until = coordinator.open_until(rollover, int.from_bytes(message.data[4:], "big"))
        if until is None:
            with cases.begin() as unit:
                unit.mark(replace(message, is_done=True))
        elif block.time > until and coordinator.foretold(message.data) is None:
            coordinator.send(message.data)

"""What the final chain has of us, to be compared with files that may be of an older backup. Not here: noting it."""

from __future__ import annotations

from collections.abc import Sequence

from ..chain.interface import Head
from .cases import Cases
from .coordinator import Coordinator
from .core import Side


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

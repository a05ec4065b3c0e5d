"""What was computed of lots of people, as columns of the checks. Not here: computing it (payroll_preview.py)."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from open401k import payroll, recordkeeping
from open401k.kernel import Source
from open401k.recordkeeping import Cents, HeldReason

Waits: TypeAlias = dict[tuple[Source, str], Cents]


def own_and_moved(pay: recordkeeping.Reported, found: recordkeeping.Preview) -> tuple[Waits, Waits]:
    """What waits of the row's own money, and what the row changes of that of the payrolls before it on that day.

    Own money is taken in the order in which the checks take it.
    """
    left = {Source.PRE_TAX: pay.pre_tax, Source.ROTH: pay.roth, Source.AFTER_TAX: pay.after_tax}
    own: Waits = {}
    moved: Waits = {}
    for reason in HeldReason:
        for source in left:
            if (source, reason) not in found.held:
                continue
            cents = found.held[source, reason]
            own[source, str(reason)] = taken = np.clip(cents, 0, left[source])
            left[source] = left[source] - taken
            if (cents != taken).any():
                moved[source, str(reason)] = cents - taken
    return own, moved


def elected(parts: Sequence[Mapping[Source, Cents] | None], size: int) -> dict[str, Cents]:
    """What the checks hold the rows against; nothing of it where elections are not kept here."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return {}
    return {f"elected_{source}": joined([part[source] for part in known], size, payroll.UNKNOWN) for source in known[0]}


def waits(parts: Sequence[Waits], sizes: Sequence[int], size: int) -> Waits:
    """The columns of several lots of people, one after the other."""
    slots = {slot: None for part in parts for slot in part}
    return {
        slot: joined(
            [part.get(slot, np.zeros(many, dtype=np.int64)) for part, many in zip(parts, sizes, strict=True)], size, 0
        )
        for slot in slots
    }


def joined(parts: Sequence[Cents], size: int, default: int) -> Cents:
    """The columns of several lots of people, one after the other, filled up with ``default``."""
    out = np.full(size, default, dtype=np.int64)
    whole = np.concatenate(parts)
    out[: len(whole)] = whole
    return out

"""What a transaction in a block was about, as the model names it. Not here: what became of it (trace)."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import call_of
from .engines import address_of
from .model_chain import CUSTODIANS, Tx
from .net import NAMES
from .rollovers import Played, Rollover
from .twin_chain import Sent

_TAKE = call_of("take_signer(address)", bytes(20))[:4]


def renamed(run: Played, sent: Sent) -> str:
    """In whose wallet's place there is another by this."""
    named = sent.data[:4] == _TAKE
    return next((name for name in run.names if named and address_of(name) == sent.data[16:36]), "")


def all_about(among: Sequence[Rollover], sent: Sent) -> list[Rollover]:
    """Every rollover that it may change."""
    if NAMES.get(sent.data[:4]) == "settle_batch":
        return [each for each in among if each.encoded in sent.data]
    found = about(among, sent)
    return [] if found is None else [found]


def about(among: Sequence[Rollover], sent: Sent) -> Rollover | None:
    """The one that it names."""
    if NAMES.get(sent.data[:4]) == "expire":
        asked = int.from_bytes(sent.data[4:36], "big")
        there = [each for each in among if each.key == asked]
        return next((each for each in there if each.trace.is_preparing), there[0] if there else None)
    # who gives back names the first one, too: it is the later of the two
    return next((each for each in reversed(among) if each.encoded in sent.data), None)


def tx_of(each: Rollover, sent: Sent) -> Tx | None:
    """What it does to this one, in the model's words."""
    match NAMES.get(sent.data[:4]):
        case "settle":
            return Tx.SETTLE
        case "settle_batch":
            return Tx.BATCH
        case "propose" | "propose_return":
            return Tx.PROPOSE
        case "approve":
            place = int.from_bytes(sent.data[36:68], "big")
            if not place:
                return Tx.SOURCE_VOTES
            return CUSTODIANS[place].vote if place < len(each.custodians) else Tx.VOTER_VOTES
        case "abort":
            return Tx.ABORT
        case "expire":
            return Tx.EXPIRE
        case "post":
            by = sent.data[36:68][12:]
            return CUSTODIANS[[address_of(name) for name in each.custodians].index(by)].receipt
    return None


def boundary_of(among: Sequence[Rollover], sent: Sent) -> str:
    """Where something may go wrong with it."""
    match NAMES.get(sent.data[:4]):
        case "propose" | "propose_return":
            return "R6"
        case "approve":
            found = about(among, sent)
            tx = None if found is None else tx_of(found, sent)
            return "R10" if found is not None and tx is not None and found.trace.would_commit(tx) else "R7"
        case "settle_batch":
            return "R10"
        case "post":
            return "R15"
    return "R17"

"""What the network paid when a rollover was committed, as its final events have it. Not here: proofs (collecting)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from eth_hash.auto import keccak

from ..chain.interface import Chain, Head, Log
from ..decoding import decode_case
from ..messages import election_hash, rollover_id
from .collecting import transactions
from .proven import TRANSFER

_COMMITTED: Final = keccak(b"Committed(bytes32,uint256)")


class ReadChain(Chain, Protocol):
    """A chain whose final blocks and receipts are read."""

    def block(self, number: int) -> Head | None: ...


@dataclass(frozen=True, slots=True)
class Paid:
    """In which block it was committed, cents to each address then, and what of them went to who takes the tax."""

    block: int
    to: Mapping[bytes, int]
    withheld_cents: int


def paid_by_network(chain: ReadChain, *, coordinator: bytes, encoded: bytes) -> Paid | None:
    """What was paid by a case as it was agreed; None: no final block says that it was committed by itself.

    Who is paid comes right before the event that says so, in the same transaction. A batch pays differences, and
    withholds nothing (rollover.vy takes no case with a withholder into one).
    """
    case = decode_case(encoded)
    mine = rollover_id(election_hash(case.election), case.terms)
    for _, tx_hash in transactions(chain, coordinator, case, chain.final()):
        receipt = chain.receipt(tx_hash)
        moved = None if receipt is None else _before(receipt.logs, coordinator, mine, case.terms.token)
        if receipt is not None and moved is not None:
            return Paid(receipt.block.number, moved, moved.get(case.terms.withholder, 0))
    return None


def _before(logs: Sequence[Log], coordinator: bytes, rollover: bytes, token: bytes) -> dict[bytes, int] | None:
    """Cents by who got them, between the commit before and the one of this rollover."""
    moved: dict[bytes, int] = {}
    for log in logs:
        if log.address == coordinator and log.topics[0] == _COMMITTED:
            if log.topics[1] == rollover:
                return moved
            moved = {}
        elif log.address == token and len(log.topics) == 3 and log.topics[0] == TRANSFER:
            who = log.topics[2][12:]
            moved[who] = moved.get(who, 0) + int.from_bytes(log.data, "big")
    return None

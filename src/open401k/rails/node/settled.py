"""Settlements whose events name no custodian, read from the transaction that made them. Pure. Not here: asking for it.

A batch, and a rollover that is settled with all approvals at once, tell ids only. Who paid and who received stands in
the call. It may lie within another contract's call; what is read is believed only if it hashes to what the event tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from ..calls import kinds_of
from ..chain.interface import Log
from ..decoding import Decoded, decode_case
from ..messages import batch_hash, election_hash, rollover_id
from .core import Side

_BATCHED: Final = keccak(b"Batched(bytes32,bytes32[])")
_COMMITTED: Final = keccak(b"Committed(bytes32,uint256)")
_VOTED: Final = keccak(b"Voted(bytes32,uint256,address,bytes32)")
_TRANSFER: Final = keccak(b"Transfer(address,address,uint256)")
_SETTLE: Final = "settle(bytes,bytes)"
_BATCH: Final = "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)"
#: So often the bytes of a method are looked for in one call.
_MOST_CALLS: Final = 64


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one event settled; ``batch`` is the hash of it, None for one rollover by itself."""

    tx_hash: bytes
    ids: tuple[bytes, ...]
    batch: bytes | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the call says of it: its cases, in order, and of a batch who settled it in which deposit until when."""

    cases: tuple[Decoded, ...]
    first: bytes = b""
    second: bytes = b""
    token: bytes = b""
    deadline: int = 0


def settlements(logs: Sequence[Log]) -> list[Settlement]:
    """Of the coordinator's events those that settled something and tell no vote of the receiver."""
    voted = {(log.tx_hash, log.topics[1]) for log in logs if log.topics[0] == _VOTED}
    found = []
    for log in logs:
        if log.topics[0] == _BATCHED:
            (ids,) = decode(["bytes32[]"], log.data)
            found.append(Settlement(log.tx_hash, tuple(ids), log.topics[1]))
        elif log.topics[0] == _COMMITTED and (log.tx_hash, log.topics[1]) not in voted:
            found.append(Settlement(log.tx_hash, (log.topics[1],)))
    return found


def told_by(settlement: Settlement, data: bytes) -> Told | None:
    """What a call says of it; None where this is nowhere in it."""
    for given in _calls(_SETTLE if settlement.batch is None else _BATCH, data):
        try:
            told = _read(settlement, given)
        except (ValueError, TypeError, OverflowError):
            continue
        if told is not None:
            return told
    return None


def _read(settlement: Settlement, given: Sequence[object]) -> Told | None:
    if settlement.batch is None:
        told = Told((decode_case(cast("bytes", given[0])),))
    else:
        first, second, token = (cast("int", each).to_bytes(20, "big") for each in given[:3])
        deadline, packed = cast("int", given[3]), cast("bytes", given[4])
        if batch_hash(first, second, token, deadline, settlement.ids) != settlement.batch:
            return None
        told = Told(tuple(decode_case(each) for each in _each(packed)), first, second, token, deadline)
    ids = tuple(rollover_id(election_hash(each.election), each.terms) for each in told.cases)
    return told if ids == settlement.ids else None


def _each(packed: bytes) -> Iterator[bytes]:
    while packed:
        size = int.from_bytes(packed[:2], "big")
        yield packed[2 : 2 + size]
        packed = packed[2 + size :]


def _calls(signature: str, data: bytes) -> Iterator[tuple[object, ...]]:
    """The arguments of each call of this method in these bytes, also within another's."""
    selector, at = keccak(signature.encode())[:4], -1
    for _ in range(_MOST_CALLS):
        at = data.find(selector, at + 1)
        if at < 0:
            return
        try:
            yield decode(kinds_of(signature), data[at + 4 :])
        except (DecodingError, ValueError, OverflowError):
            continue


def sides_in(settlement: Settlement, told: Told, us: bytes) -> list[tuple[bytes, Side]]:
    """Where we are one of the custodians, and on which side."""
    found = []
    for rollover, case in zip(settlement.ids, told.cases, strict=True):
        if case.election.source == us:
            found.append((rollover, Side.SOURCE))
        elif us in {case.election.receivers[leg.to] for leg in case.terms.legs}:
            found.append((rollover, Side.RECEIVER))
    return found


def side_by_money(logs: Sequence[Log], us: bytes) -> Side | None:
    """On which side money of ours moved, where the call cannot be read; None where none did."""
    word = us.rjust(32, b"\0")
    moved = [log.topics[1:3] for log in logs if len(log.topics) == 3 and log.topics[0] == _TRANSFER]
    if any(to == word for _, to in moved):
        return Side.RECEIVER
    return Side.SOURCE if any(payer == word for payer, _ in moved) else None

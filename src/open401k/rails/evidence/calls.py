"""What a transaction said to the coordinator about one case: approvals with their signatures. Pure.

Only a call that is exactly what its arguments encode to is read: bytes behind them would be nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from ..calls import call_of, kinds_of
from ..decoding import Decoded
from ..messages import Role
from .file import Approval

_SETTLE: Final = "settle(bytes,bytes)"
_PROPOSE: Final = "propose(bytes,(bytes32,bytes))"
_RETURN: Final = "propose_return(bytes,bytes,(bytes32,bytes))"
_APPROVE: Final = "approve(bytes,uint256,(bytes32,bytes))"
_POST: Final = "post(bytes,uint256,uint256,bytes32,bytes)"
_ABORT: Final = "abort(bytes,uint256,uint256,uint256,bytes32,bytes)"
_BATCH: Final = "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)"
#: The event of a batch: its hash, and every id that it settled.
BATCHED: Final = keccak(b"Batched(bytes32,bytes32[])")


def approvers(case: Decoded) -> list[tuple[Role, bytes]]:
    """Everybody who approves, in the coordinator's order: the source, receivers that are paid, further voters."""
    paid = {leg.to for leg in case.terms.legs}
    receivers = [who for place, who in enumerate(case.election.receivers) if place in paid]
    voters = [(voter.role, voter.who) for voter in case.terms.voters]
    return [(Role.SOURCE, case.election.source), *((Role.RECEIVER, who) for who in receivers), *voters]


def custodians(case: Decoded) -> list[tuple[Role, bytes]]:
    """Those whose books follow: the source, receivers that are paid."""
    return [(role, who) for role, who in approvers(case) if role in (Role.SOURCE, Role.RECEIVER)]


def is_about(data: bytes, encoded: bytes) -> bool:
    """Whether a call of the coordinator hands over exactly this case, by itself or among others."""
    return cases_in(data, encoded) != () or any(
        _given(data, signature, encoded) is not None
        for signature in (_SETTLE, _PROPOSE, _RETURN, _APPROVE, _POST, _ABORT)
    )


def proves_election(data: bytes, encoded: bytes) -> bool:
    """Whether a call hands over this case so that the coordinator checked its election and attestation."""
    alone = (_SETTLE, _PROPOSE, _RETURN, _APPROVE)
    return cases_in(data, encoded) != () or any(_given(data, each, encoded) is not None for each in alone)


def cases_in(data: bytes, encoded: bytes) -> tuple[bytes, ...]:
    """All cases of a call that settles a batch with this one among them; none where it is no such call."""
    try:
        given = decode(kinds_of(_BATCH), data[4:])
        packed = cast("bytes", given[4]) if data == call_of(_BATCH, *given) else b""
    except (DecodingError, TypeError, ValueError, OverflowError):
        return ()
    found = []
    while packed:
        size = int.from_bytes(packed[:2], "big")
        found.append(packed[2 : 2 + size])
        packed = packed[2 + size :]
    return tuple(found) if encoded in found else ()


def is_batched_by(topics: Sequence[bytes], data: bytes, rollover: bytes) -> bool:
    """Whether an event of the coordinator says that a batch settled this rollover."""
    if not topics or topics[0] != BATCHED:
        return False
    try:
        (ids,) = decode(["bytes32[]"], data)
    except DecodingError:
        return False
    return rollover in ids


def approvals_in(data: bytes, encoded: bytes, case: Decoded) -> list[Approval]:
    """The approvals that a call hands over."""
    order = approvers(case)
    if (given := _given(data, _PROPOSE, encoded)) is not None:
        return _paired(order, 0, cast("tuple[bytes, bytes]", given[1]))
    if (given := _given(data, _RETURN, encoded)) is not None:
        return _paired(order, 0, cast("tuple[bytes, bytes]", given[2]))
    if (given := _given(data, _APPROVE, encoded)) is not None:
        return _paired(order, cast("int", given[1]), cast("tuple[bytes, bytes]", given[2]))
    if (given := _given(data, _SETTLE, encoded)) is None:
        return []
    packed, found = cast("bytes", given[1]), []
    for role, who in order:
        size = int.from_bytes(packed[32:34], "big")
        found.append(Approval(role, who, packed[:32], packed[34 : 34 + size]))
        packed = packed[34 + size :]
    return found


def _paired(order: Sequence[tuple[Role, bytes]], place: int, given: tuple[bytes, bytes]) -> list[Approval]:
    return [Approval(*order[place], *given)] if place < len(order) else []


def _given(data: bytes, signature: str, encoded: bytes) -> tuple[object, ...] | None:
    """The arguments of this method, if it is called with this case first."""
    try:
        given = decode(kinds_of(signature), data[4:])
        is_it = data == call_of(signature, *given) and given[0] == encoded
    except (DecodingError, TypeError, ValueError, OverflowError):
        return None
    return given if is_it else None

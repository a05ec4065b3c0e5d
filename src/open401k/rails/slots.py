"""Where contracts keep their words, as the compiler laid them out; and how the code is told that we ship.

A mapping's word stands at keccak(slot | key). Not here: reading a chain, proving (chain/states.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from eth_hash.auto import keccak

from .artifacts import artifact
from .messages import Domain, separator

#: Slots by contract and name; a test compares them with the compiler's.
SLOTS: Final = {
    "rollover": {"_words": 0, "_votes": 3, "_posted": 6},
    "network": {"document": 6, "revoked": 7, "_members": 10, "_withholding": 14},
}
_WORD = 32
_TELL = {
    keccak(event)
    for event in (
        b"Proposed(bytes32,uint256)", b"Committed(bytes32,uint256)",
        b"Aborted(bytes32,uint256,uint256,uint256,bytes32)",
    )
}  # fmt: skip


def verdict_slot(key: int) -> bytes:
    """Of what stands under a rollover's key: id without its last byte | state."""
    return _of(_whole(SLOTS["rollover"]["_words"]), _whole(key))


def vote_slot(key: int, role: int, who: bytes) -> bytes:
    """Of the key that signed one party's vote, in two phases."""
    return _of(_whole(SLOTS["rollover"]["_votes"]), _whole(key), _whole(role << 160 | int.from_bytes(who, "big")))


def receipt_slot(rollover: bytes, who: bytes) -> bytes:
    """Of the salted reference in a custodian's receipt."""
    return _of(_whole(SLOTS["rollover"]["_posted"]), rollover, who.rjust(_WORD, b"\0"))


def member_slot(who: bytes) -> bytes:
    """Of a member: until when its identity is proven 64 | roles 16 | accounts 16 | the key that signs 160."""
    return _of(_whole(SLOTS["network"]["_members"]), who.rjust(_WORD, b"\0"))


def document_slot(version: int) -> bytes:
    """Of the hash of a rule version's long text."""
    return _of(_whole(SLOTS["network"]["document"]), _whole(version))


def withholding_slot(version: int) -> bytes:
    """Of what a rule version withholds: 16 bits for each kind, basis points of the taxable part."""
    return _of(_whole(SLOTS["network"]["_withholding"]), _whole(version))


def revoked_slot(attestor: bytes, attestation: bytes) -> bytes:
    """Of whether an attestor took its word back."""
    return _of(_whole(SLOTS["network"]["revoked"]), attestor.rjust(_WORD, b"\0"), attestation)


def key_told(topics: Sequence[bytes], rollover: bytes) -> int | None:
    """The key of a rollover, where an event of the coordinator tells both: proposed, committed, aborted."""
    tells = len(topics) == 3 and topics[0] in _TELL and topics[1] == rollover
    return int.from_bytes(topics[2], "big") if tells else None


def coordinator_code(domain: Domain, network: bytes) -> bytes:
    """Hash of the code of the coordinator that we ship, deployed as ``domain`` says and asking this network."""
    return keccak(artifact("rollover").runtime + separator(domain) + network.rjust(_WORD, b"\0"))


def network_code(domain: Domain, delay: int) -> bytes:
    """Hash of the code of the network that we ship, deployed as ``domain`` says; a motion waits ``delay`` seconds."""
    return keccak(artifact("network").runtime + _whole(delay) + separator(domain))


def _of(slot: bytes, *keys: bytes) -> bytes:
    for key in keys:
        slot = keccak(slot + key)
    return slot


def _whole(number: int) -> bytes:
    return number.to_bytes(_WORD, "big")

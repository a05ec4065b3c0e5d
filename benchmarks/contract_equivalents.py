"""Mutants of the contracts that no test can notice, and why."""

from __future__ import annotations

_NO_ADDRESS = "any number from 2**160 on is no address, which is all that is asked of it"
_ROOM = "more room than what is kept there ever takes"
_ONCE = "what a batch used has no other part to be added up with, and was held to its most before"
_FREE = "the bit beside it is free, and nobody reads it from outside"

#: By the name that ``python -m benchmarks contract-mutants`` prints.
EQUIVALENT: dict[str, str] = {
    "council __init__: 32 in String[32] -> 31": "the only name that a council is given has 16 letters",
    "council __init__: 32 in String[32] -> 33": _ROOM,
    "deposit_token : 129 in 2**129 -> 130": _FREE,
    "network : 158 in 2**158 -> 159": _FREE,
    "network : 96 in 2**96 -> 97": "the 97th bit is shifted out of the word",
    "network publish: 16 in range(16) -> 17": "a shift by 256 leaves nothing, which is at most all",
    "rollover : 9 in MOST_APPROVING: constant(uint256) = 9 -> 10": "a loop that ends by its count: nine at most, the "
    "source, four receivers, four voters",
    "rollover _signer_of_party: 0 in Network(NETWORK).standing( 0, 0, who, empty(bytes32), 0, ... -> 1": "only the "
    "word of the party is read of the answer",
    "rollover _standing: 1 in case.receiverCount != 1 -> 0": "a loop over none, which costs a little gas",
    "rollover settle_batch: 0 in [0, 0] -> 1": "read only in a batch of nothing: address 1, of a precompile, signs as "
    "little as nobody",
    "rollover settle_batch: case.mode == MODE_ALL -> !=": _ONCE,
    "rollover settle_batch: no call: self._limit(case.election, case.maxTotal, judged.total)": _ONCE,
    "signatures : 160 in 2**160 -> 161": _NO_ADDRESS,
    "signatures : 2 in 2**160 -> 3": _NO_ADDRESS,
    "signatures _is_agreed_by: 32 in Bytes[32] -> 33": _ROOM,
    "signatures _is_asserted: 63 in (told << 2) & 63 -> 62": "what is shifted by two ends with two zeros",
    "terms : 2 in EITHER_WAY: constant(uint256) = 2 -> 3": "only told apart from HASHES and FORWARD",
    "terms _batch_hash: 32 in bytes32, 32 -> 33": _ROOM,
    "terms _read: case.voterCount > 0 -> >=": "the hash of a list of none is that of no voters",
}

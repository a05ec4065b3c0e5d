"""Mutants of the contracts that no test can notice, and why."""

from __future__ import annotations

_NO_ADDRESS = "any number from 2**160 on is no address, which is all that is asked of it"
_MORE_ROOM = "a loop that ends sooner by its count: nine approve at most, the source, four receivers, four voters"

#: By the name that ``python -m benchmarks contract-mutants`` prints.
EQUIVALENT: dict[str, str] = {
    "rollover : 9 in MOST_APPROVING: constant(uint256) = 9 -> 10": _MORE_ROOM,
    "signatures : 160 in 2**160 -> 161": _NO_ADDRESS,
    "signatures : 2 in 2**160 -> 3": _NO_ADDRESS,
    "terms : 2 in EITHER_WAY: constant(uint256) = 2 -> 3": "only told apart from HASHES and FORWARD",
}

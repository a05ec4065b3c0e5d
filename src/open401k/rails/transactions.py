"""Signed transactions (type 0 with a chain id, EIP-155), which every network takes. Not here: sending (chain)."""

from __future__ import annotations

import rlp
from eth_hash.auto import keccak

from .keys import Key


def signed(
    key: Key, *, chain_id: int, nonce: int, to: bytes | None, data: bytes, gas: int, gas_price: int = 0
) -> bytes:
    """The raw bytes; ``to`` None deploys ``data``."""
    fields = [_whole(nonce), _whole(gas_price), _whole(gas), to or b"", b"", data]
    signature = key.sign(keccak(rlp.encode([*fields, _whole(chain_id), b"", b""])))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return bytes(rlp.encode([*fields, _whole(signature[64] - 27 + 35 + 2 * chain_id), _whole(r), _whole(s)]))


def _whole(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")

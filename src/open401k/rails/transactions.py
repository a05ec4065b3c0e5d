"""Signed transactions (type 0 with a chain id, EIP-155), which every network takes. Not here: sending (chain)."""

from __future__ import annotations

from dataclasses import dataclass

import rlp
from eth_hash.auto import keccak

from .keys import Key, signer_of


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a signed transaction says; ``to`` None deploys ``data``."""

    tx_hash: bytes
    sender: bytes
    chain_id: int
    nonce: int
    gas_price: int
    gas: int
    to: bytes | None
    data: bytes


def signed(
    key: Key, *, chain_id: int, nonce: int, to: bytes | None, data: bytes, gas: int, gas_price: int = 0
) -> bytes:
    """The raw bytes; ``to`` None deploys ``data``."""
    fields = [_whole(nonce), _whole(gas_price), _whole(gas), to or b"", b"", data]
    signature = key.sign(keccak(rlp.encode([*fields, _whole(chain_id), b"", b""])))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return bytes(rlp.encode([*fields, _whole(signature[64] - 27 + 35 + 2 * chain_id), _whole(r), _whole(s)]))


def read(raw: bytes) -> Transaction:
    """A signed transaction read back; a ValueError for what is none of this kind."""
    try:
        fields = rlp.decode(raw)
    except rlp.exceptions.RLPException as why:
        raise ValueError(f"no signed transaction: {why}") from why
    if not isinstance(fields, list) or len(fields) != 9 or not all(isinstance(each, bytes) for each in fields):
        raise ValueError("no signed transaction of type 0")
    nonce, gas_price, gas, value, v, r, s = (int.from_bytes(fields[place], "big") for place in (0, 1, 2, 4, 6, 7, 8))
    to, data = fields[3], fields[5]
    if v < 35 or len(to) not in (0, 20) or max(r, s) >= 2**256 or value:
        raise ValueError("not signed for one chain, or it sends the chain's own money")
    chain_id, parity = divmod(v - 35, 2)
    digest = keccak(rlp.encode([*fields[:6], _whole(chain_id), b"", b""]))
    sender = signer_of(digest, r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity + 27]))
    if sender is None:
        raise ValueError("its signature is none")
    return Transaction(keccak(raw), sender, chain_id, nonce, gas_price, gas, to or None, data)


def _whole(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")

"""Signed transactions (type 0 with a chain id, EIP-155), which every network takes. Not here: sending (chain)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A transaction before it is signed; ``to`` None deploys ``data``."""

    chain_id: int
    nonce: int
    to: bytes | None
    data: bytes
    gas: int
    gas_price: int = 0

    @property
    def digest(self) -> bytes:
        """What is signed: 32 bytes."""
        return keccak(rlp.encode([*self._fields, _whole(self.chain_id), b"", b""]))

    def raw(self, signature: bytes) -> bytes:
        """The bytes that a chain takes."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        v = signature[64] - 27 + 35 + 2 * self.chain_id
        return bytes(rlp.encode([*self._fields, _whole(v), _whole(r), _whole(s)]))

    @property
    def _fields(self) -> list[bytes]:
        return [_whole(self.nonce), _whole(self.gas_price), _whole(self.gas), self.to or b"", b"", self.data]


class NotSignedError(Exception):
    """Who signs for us answers, and does not sign this."""


class Relay(Protocol):
    """Signs transactions in a place of its own, as far as it allows them: else :class:`NotSignedError`."""

    @property
    def address(self) -> bytes: ...

    def transaction(self, told: Unsigned) -> bytes:
        """The signature of 65 bytes."""
        ...


def signed(
    key: Key | Relay, *, chain_id: int, nonce: int, to: bytes | None, data: bytes, gas: int, gas_price: int = 0
) -> bytes:
    """The raw bytes; ``to`` None deploys ``data``."""
    told = Unsigned(chain_id, nonce, to, data, gas, gas_price)
    return told.raw(key.sign(told.digest) if isinstance(key, Key) else key.transaction(told))


def read(raw: bytes) -> Transaction:
    """A signed transaction read back; a ValueError for what is none of this kind."""
    try:
        fields = rlp.decode(raw)
    except (rlp.exceptions.RLPException, RecursionError) as why:
        raise ValueError(f"no signed transaction: {type(why).__name__}") from why
    if not isinstance(fields, list) or len(fields) != 9 or not all(isinstance(each, bytes) for each in fields):
        raise ValueError("no signed transaction of type 0")
    nonce, gas_price, gas, value, v, r, s = (int.from_bytes(fields[place], "big") for place in (0, 1, 2, 4, 6, 7, 8))
    to, data = fields[3], fields[5]
    if v < 35 or len(to) not in (0, 20) or max(v, r, s) >= 2**256 or value:
        raise ValueError("not signed for one chain, or it sends the chain's own money")
    chain_id, parity = divmod(v - 35, 2)
    digest = keccak(rlp.encode([*fields[:6], _whole(chain_id), b"", b""]))
    sender = signer_of(digest, r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity + 27]))
    if sender is None:
        raise ValueError("its signature is none")
    return Transaction(keccak(raw), sender, chain_id, nonce, gas_price, gas, to or None, data)


def _whole(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")

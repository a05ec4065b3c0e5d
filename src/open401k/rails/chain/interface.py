"""What every chain answers, whatever runs it: bytes in, bytes out. Not here: any chain (embedded.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

At = Literal["latest", "final"] | int


@dataclass(frozen=True, slots=True)
class Head:
    """A block: its number, hash of 32 bytes, and time in seconds since 1970."""

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Log:
    """One event: the contract's 20 bytes, up to four topics of 32 bytes, data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction. ``output`` is why it failed, as far as the chain says so."""

    tx_hash: bytes
    block: Head
    is_done: bool
    gas: int
    contract: bytes | None
    logs: tuple[Log, ...]
    output: bytes


class RevertedError(Exception):
    """The contract refused; ``data`` is what it said."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.hex())
        self.data = data


class Chain(Protocol):
    """One chain. Transactions are signed and raw, also where it is embedded, so that any engine can replay them."""

    @property
    def chain_id(self) -> int: ...

    def send_raw(self, raws: Sequence[bytes]) -> list[Receipt]: ...

    def call(self, to: bytes, data: bytes, *, sender: bytes = ..., at: At = ...) -> bytes: ...

    def nonce(self, address: bytes) -> int: ...

    def head(self) -> Head: ...

    def final(self) -> Head: ...

    def block(self, number: int) -> Head | None: ...

    def receipt(self, tx_hash: bytes) -> Receipt | None: ...

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]: ...

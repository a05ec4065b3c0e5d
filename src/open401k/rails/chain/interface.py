"""What every chain answers, whatever runs it: bytes in, bytes out. Not here: any chain (embedded.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from open401k.kernel import Open401kError

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


class UnavailableError(Open401kError):
    """No answer that may be believed, for now: nothing is known, nothing was decided, ask again later."""


class NotMinedError(UnavailableError):
    """A transaction was sent and is in no block yet; it may still come: send the same bytes again."""

    def __init__(self, tx_hash: bytes) -> None:
        super().__init__(
            f"Transaction 0x{tx_hash.hex()} is in no block yet.", fix="Ask for its receipt, or send it again."
        )
        self.tx_hash = tx_hash


class Chain(Protocol):
    """One chain. Transactions are signed and raw, also where it is embedded, so that any engine can replay them."""

    @property
    def chain_id(self) -> int: ...

    def send_raw(self, raws: Sequence[bytes]) -> list[Receipt]: ...

    def call(self, to: bytes, data: bytes, *, sender: bytes = ..., at: At = ...) -> bytes: ...

    def nonce(self, address: bytes) -> int: ...

    def head(self) -> Head: ...

    def final(self) -> Head: ...

    def block(self, number: int) -> Head | None:
        """The block of this number, if there is one."""
        ...

    def receipt(self, tx_hash: bytes) -> Receipt | None: ...

    def calldata(self, tx_hash: bytes) -> bytes | None:
        """What a transaction in a block called with; None where there is none."""
        ...

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]: ...


@runtime_checkable
class AsksTogether(Protocol):
    """A chain that is far away, where many questions cost little more than one."""

    def call_all(self, asked: Sequence[tuple[bytes, bytes]], *, at: int) -> list[bytes]: ...


def call_all(chain: Chain, asked: Sequence[tuple[bytes, bytes]], *, at: int) -> list[bytes]:
    """Many calls (to, data) in one block, together where the chain takes that."""
    if isinstance(chain, AsksTogether):
        return chain.call_all(asked, at=at)
    return [chain.call(to, data, at=at) for to, data in asked]

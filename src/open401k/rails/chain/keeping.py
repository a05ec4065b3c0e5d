"""What an embedded chain tells whoever keeps it, block by block. Not here: keeping it in PostgreSQL (durable.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .interface import Head, Log, Receipt


@dataclass(frozen=True, slots=True)
class Made:
    """A block that was made; the first has no transaction, nor has one that only tells the time."""

    head: Head
    state_root: bytes
    receipt: Receipt | None


class Keeper(Protocol):
    """Makes blocks last, each with all that it wrote, or leaves no trace of them."""

    def keep(self, made: Made) -> None:
        """Make the block last; an exception says that it may not have."""
        ...

    def undo(self) -> None:
        """Forget what was written since the last block that was kept."""
        ...

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log] | None:
        """Events of these contracts in order; None if they are to be read from the blocks."""
        ...

    def output(self, tx_hash: bytes) -> bytes:
        """Why a transaction failed: no block says it."""
        ...


@dataclass(slots=True)
class InMemory:
    """For a chain that ends with its process."""

    outputs: dict[bytes, bytes] = field(default_factory=dict)

    def keep(self, made: Made) -> None:
        if made.receipt and made.receipt.output:
            self.outputs[made.receipt.tx_hash] = made.receipt.output

    def undo(self) -> None:
        return

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log] | None:  # noqa: ARG002
        return None

    def output(self, tx_hash: bytes) -> bytes:
        return self.outputs.get(tx_hash, b"")

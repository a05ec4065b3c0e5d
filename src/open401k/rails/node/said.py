"""What a node signs besides votes and receipts: the final block that it acted on, and what its books say. Pure.

Both are made with the receipt and kept; they are handed to auditors (rails/evidence), and no contract reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_hash.auto import keccak

from ..messages import Role
from .codec import written


@dataclass(frozen=True, slots=True)
class Line:
    """One line in a ledger: the leg of the terms, the kind of money, cents. The side follows from who books it."""

    leg: int
    kind: int
    cents: int


@dataclass(frozen=True, slots=True)
class Booked:
    """What a custodian says of its own books; ``salt`` opens the reference that its receipt on chain hides."""

    rollover: bytes
    role: Role
    who: bytes
    salt: bytes
    reference: str
    lines: tuple[Line, ...]

    @property
    def content(self) -> bytes:
        """The hash that is signed."""
        return keccak(written(self))

    @property
    def receipt(self) -> bytes:
        """What the receipt on chain must be."""
        return keccak(self.salt + self.rollover + self.reference.encode())


@dataclass(frozen=True, slots=True)
class Statement:
    """A custodian's statement with its signature."""

    booked: Booked
    signature: bytes


@dataclass(frozen=True, slots=True)
class Countersigned:
    """A final block that a custodian acted on, with its signature."""

    role: Role
    who: bytes
    number: int
    hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """Both, as they are kept beside a case."""

    statement: Statement
    head: Countersigned

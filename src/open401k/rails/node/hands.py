"""The keys by which a node signs letters, answers and attestations, here or in a signer of its own. Not here: votes.

A hand is one key; what signs is told what it signs, never a bare digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .. import messages
from ..keys import Key
from ..messages import Attestation, Domain
from ..transactions import Relay
from ..transfer_file.sealed import digest_of
from .sealed import SealedKeys
from .vault import Vault

H = TypeVar("H", covariant=True)


class Hand(Protocol):
    """One key that signs for us."""

    @property
    def address(self) -> bytes: ...

    def letter(self, body: bytes) -> bytes:
        """Under a sealed letter."""
        ...

    def received(self, letter: bytes, came: str) -> bytes:
        """Under the answer to the letter of this hash."""
        ...

    def attestation(self, participant: bytes, told: Attestation) -> bytes:
        """As an attestor."""
        ...


class Hands(Protocol[H]):
    """All keys of a node."""

    def addresses(self) -> Sequence[bytes]: ...

    def hand(self, address: bytes) -> H | None: ...

    def make(self, *, at: int) -> bytes: ...

    def relay(self) -> Key | Relay: ...


@dataclass(frozen=True, slots=True)
class OwnHand:
    """A key that lies here."""

    key: Key
    domain: Domain

    @property
    def address(self) -> bytes:
        return self.key.address

    def letter(self, body: bytes) -> bytes:
        return self.key.sign(digest_of(body))

    def received(self, letter: bytes, came: str) -> bytes:
        return self.key.sign(self.domain.digest(messages.received_hash(letter, came)))

    def attestation(self, participant: bytes, told: Attestation) -> bytes:
        return self.key.sign(self.domain.digest(messages.attestation_hash(participant, told)))


@dataclass(frozen=True, slots=True)
class OwnHands:
    """The keys in the node's database: for trying, and where no signer is set."""

    keys: SealedKeys
    vault: Vault
    domain: Domain

    def addresses(self) -> Sequence[bytes]:
        return self.keys.addresses()

    def hand(self, address: bytes) -> OwnHand | None:
        found = self.keys.key(address)
        return OwnHand(found, self.domain) if found else None

    def make(self, *, at: int) -> bytes:
        return self.keys.make(at=at)

    def relay(self) -> Key:
        return self.vault.relay()

"""Sealing what a node keeps under the operator's master keys, bound to its place. Not here: where master keys live."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from open401k.base.secrets import MasterKeys
from open401k.kernel import Open401kError, Random

_NONCE: Final = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """Sealed bytes, and the id of the master key that opens them."""

    kek_id: str
    data: bytes


@dataclass(frozen=True)
class Sealing:
    """Seals under the current master key, opens under that and the former ones. ``place`` names the row."""

    master: MasterKeys = field(repr=False)
    random: Random = field(repr=False)

    @property
    def kek_id(self) -> str:
        """The id of the master key in use."""
        return _id_of(self.master.current)

    def seal(self, place: bytes, content: bytes) -> Sealed:
        """It opens in this place alone."""
        nonce = self.random.token(_NONCE)
        return Sealed(self.kek_id, nonce + AESGCM(self.master.current).encrypt(nonce, content, place))

    def opened(self, place: bytes, sealed: Sealed, *, what: str) -> bytes:
        """What was sealed; ``what`` names it where it does not open."""
        for master in (self.master.current, *self.master.previous):
            if _id_of(master) == sealed.kek_id:
                try:
                    return AESGCM(master).decrypt(sealed.data[:_NONCE], sealed.data[_NONCE:], place)
                except InvalidTag:
                    break
        raise Open401kError(
            f"{what} does not open under the master keys that are set.",
            fix="Name the former one in OPEN401K_PREVIOUS_MASTER_KEYS; if it was altered, restore it from a backup.",
        )

    def keyed_hash(self, content: bytes) -> bytes:
        """The same for the same content, and of no use to who has not the keys."""
        return hmac.new(self.master.index, b"node|" + content, hashlib.sha256).digest()


def _id_of(master: bytes) -> str:
    return hashlib.sha256(b"node kek id" + master).hexdigest()[:16]

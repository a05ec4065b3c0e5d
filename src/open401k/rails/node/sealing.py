"""Sealing under the operator's master keys, bound to a place: what was sealed for one row opens in no other."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from open401k.base.secrets import MasterKeys
from open401k.kernel import Random

_NONCE = 12


def id_of(master: bytes) -> str:
    """By which a sealed row names the master key that opens it."""
    return hashlib.sha256(b"node kek id" + master).hexdigest()[:16]


def seal(master: MasterKeys, random: Random, secret: bytes, *, place: bytes) -> tuple[str, bytes]:
    """The id of the current master key, and what it sealed."""
    nonce = random.token(_NONCE)
    return id_of(master.current), nonce + AESGCM(master.current).encrypt(nonce, secret, place)


def unseal(master: MasterKeys, kek_id: str, sealed: bytes, *, place: bytes) -> bytes | None:
    """What was sealed; None where none of these keys opens it here."""
    for each in (master.current, *master.previous):
        if id_of(each) == kek_id:
            try:
                return AESGCM(each).decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
            except InvalidTag:
                return None
    return None

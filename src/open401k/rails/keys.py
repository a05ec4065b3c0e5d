"""Signing keys of the chain (secp256k1): addresses, signatures, recovery. Not here: how keys are kept (node)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import coincurve
from eth_hash.auto import keccak

from open401k.kernel import Random

#: Below lie what chains compute themselves (EIP-7951 has 0x100), and nobody's key or contract.
_FIRST: Final = 2**16


def is_precompile(address: bytes) -> bool:
    """Whether a chain answers there by itself: it signs nothing, and the one at 0x04 repeats whatever it is asked."""
    return int.from_bytes(address, "big") < _FIRST


@dataclass(frozen=True, slots=True)
class Key:
    """One private key of 32 bytes; it is never shown."""

    secret: bytes = field(repr=False)

    @property
    def address(self) -> bytes:
        """The 20 bytes by which the chain knows it."""
        return _address(coincurve.PrivateKey(self.secret).public_key)

    def sign(self, digest: bytes) -> bytes:
        """r, s, v: 65 bytes, the lower half of s, v 27 or 28."""
        signed = coincurve.PrivateKey(self.secret).sign_recoverable(digest, hasher=None)
        return signed[:64] + bytes([signed[64] + 27])


def signer_of(digest: bytes, signature: bytes) -> bytes | None:
    """The address that signed, or None for what is no signature."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    try:
        public = coincurve.PublicKey.from_signature_and_message(
            signature[:64] + bytes([signature[64] - 27]), digest, hasher=None
        )
    except ValueError:
        return None
    return _address(public)


def _address(public: coincurve.PublicKey) -> bytes:
    return keccak(public.format(compressed=False)[1:])[12:]


def valid_key(random: Random) -> Key:
    """Nearly every number of 32 bytes is a key of the curve."""
    while True:
        key = Key(random.token(32))
        try:
            key.address  # noqa: B018 (it is worked out, or there is none)
        except ValueError:
            continue
        return key

"""Passkeys as signing wallets: their addresses, and assertions as contracts/signatures.vy reads them.

Not here: ceremonies in a browser, secp256k1 keys (keys.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_hash.auto import keccak

#: Of an assertion without extensions: hash of the website, flags, counter.
AUTHENTICATOR_DATA = 37
MOST = 512


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public point (P-256) of one credential, 32 bytes each."""

    x: bytes
    y: bytes

    @property
    def address(self) -> bytes:
        """The 20 bytes by which the chain knows it."""
        return keccak(self.x + self.y)[12:]

    def signature(self, r: bytes, s: bytes, authenticator_data: bytes, client_data: bytes) -> bytes:
        """What a contract takes for its signature; the challenge of the client data is the digest that is signed.

        ValueError where no contract could read it.
        """
        if len(authenticator_data) != AUTHENTICATOR_DATA:
            raise ValueError(f"authenticator data of {len(authenticator_data)} bytes; without extensions they are 37")
        if any(len(each) != 32 for each in (self.x, self.y, r, s)):
            raise ValueError("x, y, r and s are 32 bytes each")
        told = self.x + self.y + r + s + authenticator_data + client_data
        if len(told) > MOST:
            raise ValueError(f"a signature of {len(told)} bytes, at most {MOST}: the client data are too long")
        return told

"""Passkeys as signing wallets: their addresses, what a browser's ceremonies answer, and what a contract reads of it.

An answer is checked here in full before it goes anywhere: contracts check again, but tell nobody why. Not here: the
browser's half, secp256k1 keys (keys.py).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from eth_hash.auto import keccak

#: Of an assertion without extensions: hash of the website, flags, counter.
AUTHENTICATOR_DATA = 37
MOST = 512
#: Of the curve P-256 (FIPS 186-5): how many points its generator makes.
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PRESENT, _VERIFIED, _KEY_FOLLOWS, _MORE_FOLLOWS = 0x01, 0x04, 0x40, 0x80
#: A P-256 key as CTAP2 writes it: {1: 2, 3: -7, -1: 1, -2: x, -3: y}, in this order.
_BEFORE_X, _BEFORE_Y = bytes.fromhex("a5010203262001215820"), bytes.fromhex("225820")
_MOST_OF_ID = 1023


class PasskeyError(ValueError):
    """What a browser answered is not what was asked for; the text says which part of it."""


@dataclass(frozen=True, slots=True)
class Website:
    """To whom a passkey belongs: the host name, and the origin of the page that asks."""

    host: str
    origin: str


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


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that was just made, and the id by which its device finds it again."""

    passkey: Passkey
    credential: bytes


def made(client_data: bytes, authenticator_data: bytes, *, challenge: bytes, website: Website) -> Made:
    """The passkey of ``navigator.credentials.create``; nobody vouches for its device (attestation "none")."""
    _check_client(client_data, "webauthn.create", challenge, website)
    flags = _check_authenticator(authenticator_data, website)
    if not flags & _KEY_FOLLOWS:
        raise PasskeyError("authenticator data: they hold no key")
    if flags & _MORE_FOLLOWS:
        raise PasskeyError("authenticator data: extensions, and none were asked for")
    told = authenticator_data[AUTHENTICATOR_DATA + 16 :]  # after the device's model
    length = int.from_bytes(told[:2], "big")
    if not 0 < length <= _MOST_OF_ID:
        raise PasskeyError(f"authenticator data: an id of {length} bytes")
    credential, key = told[2 : 2 + length], told[2 + length :]
    x, y = key[len(_BEFORE_X) :][:32], key[-32:]
    if key != _BEFORE_X + x + _BEFORE_Y + y or len(x) != 32:
        raise PasskeyError("authenticator data: the key is no P-256 key for ES256")
    passkey = Passkey(x, y)
    _point(passkey)
    return Made(passkey, credential)


def asserted(
    passkey: Passkey, client_data: bytes, authenticator_data: bytes, der: bytes, *, digest: bytes, website: Website
) -> bytes:
    """The signature of ``navigator.credentials.get`` over this digest, as contracts read it.

    Of both forms of an ECDSA signature the one with the lower s is kept, so that one assertion has one form.
    """
    if not client_data.startswith(b'{"type":"webauthn.get","challenge":"' + _letters(digest) + b'"'):
        raise PasskeyError("client data: they do not begin with this type and challenge, as contracts read them")
    _check_client(client_data, "webauthn.get", digest, website)
    if len(authenticator_data) != AUTHENTICATOR_DATA or _check_authenticator(authenticator_data, website) & (
        _KEY_FOLLOWS | _MORE_FOLLOWS
    ):
        raise PasskeyError("authenticator data: they hold more than an assertion without extensions does")
    r, s = _parsed(der)
    signed = authenticator_data + hashlib.sha256(client_data).digest()
    try:
        _point(passkey).verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise PasskeyError("signature: it is not by this passkey over what was shown") from None
    low = min(s, ORDER - s)
    try:
        return passkey.signature(r.to_bytes(32, "big"), low.to_bytes(32, "big"), authenticator_data, client_data)
    except ValueError as error:
        raise PasskeyError(f"signature: {error}") from None


def _check_client(client_data: bytes, kind: str, challenge: bytes, website: Website) -> None:
    try:
        told = json.loads(client_data)
    except (ValueError, RecursionError):
        raise PasskeyError("client data: not JSON") from None
    if not isinstance(told, dict) or told.get("type") != kind:
        raise PasskeyError(f"client data: type is not {kind}")
    if told.get("challenge") != _letters(challenge).decode():
        raise PasskeyError("client data: challenge is not the one that was asked for")
    if told.get("origin") != website.origin:
        raise PasskeyError(f"client data: origin is not {website.origin}")
    if told.get("crossOrigin", False) is not False or "topOrigin" in told:
        raise PasskeyError("client data: asked for inside a page of another website")


def _check_authenticator(data: bytes, website: Website) -> int:
    """Its flags."""
    if len(data) < AUTHENTICATOR_DATA:
        raise PasskeyError(f"authenticator data: {len(data)} bytes are too few")
    if data[:32] != hashlib.sha256(website.host.encode()).digest():
        raise PasskeyError(f"authenticator data: of another website than {website.host}")
    flags = data[32]
    if not flags & _PRESENT:
        raise PasskeyError("authenticator data: nobody was present")
    if not flags & _VERIFIED:
        raise PasskeyError("authenticator data: the device did not check that it was its owner")
    return flags


def _parsed(der: bytes) -> tuple[int, int]:
    """The two numbers of a DER signature."""
    try:
        r, s = decode_dss_signature(der)
    except ValueError:
        raise PasskeyError("signature: not a DER sequence of two numbers") from None
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise PasskeyError("signature: its numbers are out of range")
    if encode_dss_signature(r, s) != der:
        raise PasskeyError("signature: not written as DER has it")
    return r, s


def _point(passkey: Passkey) -> ec.EllipticCurvePublicKey:
    x, y = int.from_bytes(passkey.x, "big"), int.from_bytes(passkey.y, "big")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise PasskeyError("key: not a point of P-256") from None


def _letters(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def bytes_of(text: str) -> bytes:
    """What base64url without padding says; PasskeyError for anything else."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise PasskeyError("not base64url") from None
    if _letters(found).decode() != text:
        raise PasskeyError("not base64url")
    return found

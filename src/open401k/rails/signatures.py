"""Whether somebody signed a digest, as contracts/signatures.vy judges it: a key's, or a passkey's assertion.

Not here: wallets that are contracts (only their chain knows), signing.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth_hash.auto import keccak

from .keys import signer_of
from .passkeys import AUTHENTICATOR_DATA, MOST

_OF_KEY: Final = 65
_LOW_S: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_POINT, _DATA = 64, 128
_CLIENT: Final = _DATA + AUTHENTICATOR_DATA
_FLAGS: Final = _DATA + 32
_PRESENT_AND_VERIFIED: Final = 5


def is_signed_by(who: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether the key or passkey at this address signed this digest."""
    if len(signature) == _OF_KEY:
        low = int.from_bytes(signature[32:64], "big") <= _LOW_S
        return low and who != bytes(20) and signer_of(digest, signature) == who
    return _CLIENT < len(signature) <= MOST and keccak(signature[:_POINT])[12:] == who and _asserted(digest, signature)


def _asserted(digest: bytes, signature: bytes) -> bool:
    """The owner was present and verified, and the challenge is exactly this digest."""
    if signature[_FLAGS] & _PRESENT_AND_VERIFIED != _PRESENT_AND_VERIFIED:
        return False
    client = signature[_CLIENT:]
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if not client.startswith(b'{"type":"webauthn.get","challenge":"' + challenge + b'"'):
        return False
    x, y, r, s = (int.from_bytes(signature[at : at + 32], "big") for at in range(0, _DATA, 32))
    told = signature[_DATA:_CLIENT] + hashlib.sha256(client).digest()
    try:
        public = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        public.verify(encode_dss_signature(r, s), told, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True

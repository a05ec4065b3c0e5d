"""Whether a signature is a key's, without a chain: secp256k1 keys and passkeys. Not here: whose key it must be.

Contract wallets (ERC-1271) judge a signature on their chain: offline nobody can.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from ..chain.p256 import is_signed
from ..keys import signer_of
from ..passkeys import Passkey

_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_OF_KEY: Final = 65
_OF_PASSKEY: Final = 276
_BEGINS: Final = b'{"type":"webauthn.get","challenge":"'
_PRESENT_AND_VERIFIED: Final = 5


def is_by(key: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether this key, by its address, signed this digest, as contracts/signatures.vy has it."""
    if not any(key):
        return False
    if len(signature) == _OF_KEY and int.from_bytes(signature[32:64], "big") <= _HALF_ORDER:
        return signer_of(digest, signature) == key
    return (
        len(signature) >= _OF_PASSKEY
        and Passkey(signature[:32], signature[32:64]).address == key
        and (_is_asserted(digest, signature))
    )


def is_a_wallets(signature: bytes) -> bool:
    """Whether only a contract wallet could read it: it has the form of no key's signature."""
    return len(signature) != _OF_KEY and len(signature) < _OF_PASSKEY


def _is_asserted(digest: bytes, signature: bytes) -> bool:
    r, s, data, client = signature[64:96], signature[96:128], signature[128:165], signature[165:]
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if data[32] & _PRESENT_AND_VERIFIED != _PRESENT_AND_VERIFIED:
        return False
    if not client.startswith(_BEGINS + challenge + b'"'):
        return False
    hashed = hashlib.sha256(data + hashlib.sha256(client).digest()).digest()
    return is_signed(hashed + r + s + signature[:64])

"""The check of P-256 signatures that a chain needs for passkeys: EIP-7951, at address 0x100.

Lengths, bounds and gas are the EIP's own (Specification, "Input Validation", "Gas Schedule"). Not here: what a passkey
signs (contracts/signatures.vy).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from eth.abc import ComputationAPI
from eth_typing import Address

from .depth import keep_depth

keep_depth()

ADDRESS = Address((0x100).to_bytes(20, "big"))
GAS = 6_900
_LENGTH = 160
_TRUE = (1).to_bytes(32, "big")
_FIELD = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HASHED = ec.ECDSA(Prehashed(hashes.SHA256()))


def p256_verify(computation: ComputationAPI) -> ComputationAPI:
    """The precompile: one, as a word, for a good signature, and nothing for any other input. It costs the same."""
    computation.consume_gas(GAS, reason="P256VERIFY Precompile")
    computation.output = _TRUE if is_signed(computation.msg.data_as_bytes) else b""
    return computation


def is_signed(given: bytes) -> bool:
    """Whether hash, r, s, x and y, 32 bytes each, are a signature and the point of the key that made it."""
    if len(given) != _LENGTH:
        return False
    r, s, x, y = (int.from_bytes(given[at : at + 32], "big") for at in range(32, _LENGTH, 32))
    if not (0 < r < _ORDER and 0 < s < _ORDER and x < _FIELD and y < _FIELD):
        return False
    try:
        point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()  # on the curve, and not at infinity
        point.verify(encode_dss_signature(r, s), given[:32], _HASHED)
    except (InvalidSignature, ValueError):
        return False
    return True

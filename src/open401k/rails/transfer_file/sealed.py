"""A file sealed for one custodian, signed by the other, for one rollover alone. Not here: how keys are kept (node).

X25519 with a key for this once, HKDF-SHA256, ChaCha20-Poly1305; then the sender's signature over all of it. The header
(which rollover, who sends, to whom) is bound into key and cipher: what was sealed for one rollover opens for no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_hash.auto import keccak

from ...kernel import Random
from ..keys import Key, signer_of

_VERSION = b"open401k transfer file 1"
_BLOCK = 4_096
_HEADER = len(_VERSION) + 32 + 20 + 32 + 32
_SIGNATURE, _TAG = 65, 16
#: The key is made for this once, so a fixed nonce is used once with it.
_NONCE = bytes(12)


class SealedProblem(StrEnum):
    """Why a sealed file is not opened. Checked, and listed, in order of precedence."""

    NOT_A_SEALED_FILE = "not_a_sealed_file"
    ANOTHER_SENDER = "another_sender"
    ANOTHER_ROLLOVER = "another_rollover"
    NOT_FOR_US = "not_for_us"
    BROKEN = "broken"


class SealedRefusedError(Exception):
    """A sealed file that is not for us, not of them, not of this rollover, or broken."""

    def __init__(self, problem: SealedProblem) -> None:
        super().__init__(problem.value.replace("_", " "))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A custodian's key to receive by; its ``public`` half is known to the others."""

    secret: bytes

    def __repr__(self) -> str:
        return "Mailbox(...)"

    @property
    def public(self) -> bytes:
        return X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()


class Sender(Protocol):
    """Signs sealed files in a place of its own."""

    @property
    def address(self) -> bytes: ...

    def letter(self, body: bytes) -> bytes:
        """The signature of 65 bytes under a sealed file."""
        ...


def seal(content: bytes, *, sender: Key | Sender, to: bytes, reference: bytes, random: Random) -> bytes:
    """Seal for the holder of the mailbox ``to``; ``reference`` is the 32 bytes by which both know the rollover.

    The length tells no more than how many blocks of 4,096 bytes it takes.
    """
    if len(reference) != 32 or len(to) != 32:
        raise ValueError("A reference and a mailbox's public key have 32 bytes each.")
    once = X25519PrivateKey.from_private_bytes(random.token(32))
    header = _VERSION + reference + sender.address + to + once.public_key().public_bytes_raw()
    key = _key(once.exchange(X25519PublicKey.from_public_bytes(to)), header)
    padded = len(content).to_bytes(4, "big") + content
    padded += bytes(-len(padded) % _BLOCK)
    body = header + ChaCha20Poly1305(key).encrypt(_NONCE, padded, header)
    return body + (sender.sign(digest_of(body)) if isinstance(sender, Key) else sender.letter(body))


def digest_of(body: bytes) -> bytes:
    """What the sender signs of a sealed file that has no signature yet."""
    return keccak(body)


def is_unsigned_by(body: bytes, sender: bytes) -> bool:
    """Whether this is a sealed file that waits for this sender's signature, and so nothing else that is signed."""
    at = len(_VERSION)
    blocks = len(body) - _HEADER - _TAG
    is_whole = blocks > 0 and blocks % _BLOCK == 0
    return is_whole and body.startswith(_VERSION) and body[at + 32 : at + 52] == sender


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands outside: of which rollover it is, which key says it sent it. Nothing of it is proven yet."""

    reference: bytes
    sender: bytes


def cover_of(told: bytes) -> Cover:
    """What stands outside of a sealed file; ``SealedRefusedError`` if it is none, or its signature is another's."""
    if len(told) < _HEADER + _BLOCK + _TAG + _SIGNATURE or not told.startswith(_VERSION):
        raise SealedRefusedError(SealedProblem.NOT_A_SEALED_FILE)
    at = len(_VERSION)
    reference, sender = told[at : at + 32], told[at + 32 : at + 52]
    if signer_of(keccak(told[:-_SIGNATURE]), told[-_SIGNATURE:]) != sender:
        raise SealedRefusedError(SealedProblem.ANOTHER_SENDER)
    return Cover(reference, sender)


def opened(told: bytes, *, mailbox: Mailbox, sender: bytes, reference: bytes) -> bytes:
    """What was sealed, if it is from this sender, for us, and of this rollover; else ``SealedRefusedError``."""
    if len(told) < _HEADER + _BLOCK + _TAG + _SIGNATURE or not told.startswith(_VERSION):
        raise SealedRefusedError(SealedProblem.NOT_A_SEALED_FILE)
    body, signature = told[:-_SIGNATURE], told[-_SIGNATURE:]
    header, cipher = body[:_HEADER], body[_HEADER:]
    at = len(_VERSION)
    named, by, to, once = header[at : at + 32], header[at + 32 : at + 52], header[at + 52 : at + 84], header[at + 84 :]
    if by != sender or signer_of(keccak(body), signature) != sender:
        raise SealedRefusedError(SealedProblem.ANOTHER_SENDER)
    if named != reference:
        raise SealedRefusedError(SealedProblem.ANOTHER_ROLLOVER)
    if to != mailbox.public:
        raise SealedRefusedError(SealedProblem.NOT_FOR_US)
    try:
        mine = X25519PrivateKey.from_private_bytes(mailbox.secret)
        key = _key(mine.exchange(X25519PublicKey.from_public_bytes(once)), header)
        padded = ChaCha20Poly1305(key).decrypt(_NONCE, cipher, header)
    except (InvalidTag, ValueError) as wrong:
        raise SealedRefusedError(SealedProblem.BROKEN) from wrong
    return padded[4 : 4 + int.from_bytes(padded[:4], "big")]


def _key(shared: bytes, header: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=header).derive(shared)

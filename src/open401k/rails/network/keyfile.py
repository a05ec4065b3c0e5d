"""A key in a file under a passphrase: of a council's seat, a bank, a member's wallet. Not here: a node's own keys.

Institutions that keep keys in devices sign elsewhere: every command that signs a motion takes a signature as well.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from open401k.kernel import Open401kError, Random

from ..keys import Key, valid_key
from . import fields

#: The cost of one guess of a passphrase: 64 MiB and some tenths of a second.
COST = 2**16
_LEAST = 12


def make(path: Path, passphrase: str, random: Random, *, cost: int = COST) -> Key:
    """A new key, kept in a new file."""
    key = valid_key(random)
    keep(path, key, passphrase, random, cost=cost)
    return key


def keep(path: Path, key: Key, passphrase: str, random: Random, *, cost: int = COST) -> None:
    """Write a key where nothing is yet, readable by its owner alone."""
    if len(passphrase) < _LEAST:
        raise Open401kError(f"A passphrase has at least {_LEAST} letters.", fix="Take a longer one.")
    salt, nonce = random.token(16), random.token(12)
    sealed = AESGCM(_stretched(passphrase, salt, cost)).encrypt(nonce, key.secret, key.address)
    told = {
        "key": 1, "address": "0x" + key.address.hex(), "cost": cost, "salt": "0x" + salt.hex(),
        "sealed": "0x" + (nonce + sealed).hex(),
    }  # fmt: skip
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(told, indent=2) + "\n")
    except OSError as why:
        raise Open401kError(f"{path} cannot be written: {why}.", fix="Name a new file.") from None


def read(path: Path, passphrase: str) -> Key:
    """The key of a file."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as why:
        raise Open401kError(f"{path} cannot be read: {why}.", fix="Make a key: open401k network key FILE") from None
    told = fields.read(text, what="key's file")
    told.whole("key", least=1, most=1)
    address, cost = told.address("address"), told.whole("cost", least=2, most=2**22)
    salt, sealed = told.data("salt", 16), told.data("sealed", 60)
    told.nothing_else()
    if cost & (cost - 1):
        raise told.wrong("cost", "it is no power of two", "Take the file as it was written.")
    try:
        secret = AESGCM(_stretched(passphrase, salt, cost)).decrypt(sealed[:12], sealed[12:], address)
    except InvalidTag:
        raise Open401kError(
            f"The passphrase does not open {path}.", fix="Give the one it was made with, or take the file as written."
        ) from None
    return Key(secret)


def _stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())

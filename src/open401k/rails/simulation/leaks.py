"""I11: nothing that a custodian knows of a person is sent to the chain or told by it, nor a hash of it without a salt.

Of a run these are the accounts, and the entries that cores make in them. Not here: transfer files (another test).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from eth_hash.auto import keccak

from ..chain.interface import Receipt
from .twin_chain import Sent


def forms(known: Sequence[str]) -> dict[bytes, str]:
    """How each could stand there: as it is, or as what somebody hashes without a salt."""
    found = dict[bytes, str]()
    for each in known:
        told = each.encode()
        found |= {
            told: each, keccak(told): f"the hash of {each}", keccak(told.ljust(32, b"\0")): f"the hash of {each}",
            hashlib.sha256(told).digest(): f"the hash of {each}",
        }  # fmt: skip
    return found


def check_private(wanted: dict[bytes, str], sent: Sent, receipt: Receipt) -> None:
    """Nothing of it, refused or not: who is refused has told it, too."""
    for told in _told(sent, receipt):
        for form, what in wanted.items():
            if form in told:
                raise AssertionError(f"I11 {what} is on chain in block {receipt.block.number}")


def _told(sent: Sent, receipt: Receipt) -> Iterator[bytes]:
    yield sent.data
    for log in receipt.logs:
        yield b"".join(log.topics) + log.data

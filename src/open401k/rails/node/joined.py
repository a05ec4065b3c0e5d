"""Other receivers of one election, as one side knows them; what of a receiver's half others may see. Not here: verbs.

One receiver leads: it has the participant sign. Every receiver deals with the source alone; what the source hands on of
one receiver to another is veiled: no account, no name, no number of a person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from eth_hash.auto import keccak

from .cases import State
from .halves import ReceivingHalf

#: The contracts pay at most so many (terms.vy, MOST_RECEIVERS).
MOST: Final = 4
_TITLE: Final = "as told to the custodian that pays"


@dataclass(frozen=True, slots=True)
class Joined:
    """One other receiver by its place in the election: the member, and its half once it is known.

    At the source: ``code`` is the reference of its letters, ``hidden`` the secret that its salts follow from, which the
    source and it alone know; both are None at receivers, whose ``half`` of another is veiled.
    """

    place: int
    member: bytes
    half: ReceivingHalf | None = None
    code: bytes | None = None
    hidden: bytes | None = None
    edition: int = 0
    state: State | None = None
    since: int | None = None


def code_of(reference: bytes, place: int) -> bytes:
    """By which a receiver joins the rollover that another leads: whoever has it and is named may, nobody else."""
    return keccak(b"open401k join" + reference + place.to_bytes(1, "big"))


def veiled(half: ReceivingHalf, commitment: bytes) -> ReceivingHalf:
    """What another receiver sees of it: kinds, cents, its letter without the title, a commitment for the account."""
    letter = replace(half.letter, account_title=_TITLE) if half.letter and half.letter.account_title.strip() else None
    return replace(
        half, account=commitment.hex(), source_account="", identity=None, file={}, letter=letter or half.letter
    )

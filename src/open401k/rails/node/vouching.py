"""Keys that sign a member's letters because its wallet said so, and answers to letters. Not here: letters (post).

A member's wallet may be a contract (ERC-1271) or a passkey, which no node signs by. It signs once, as a typed message,
that a key of its node signs its letters until a day; that word travels with each letter, and whoever gets one asks the
network whose wallet it is, and the wallet whether it said so. The key approves nothing: votes are the wallet's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from open401k.kernel import Open401kError

from .. import messages
from ..keys import signer_of
from ..messages import Domain
from ..signatures import is_signed_by
from . import _letter_keys_store
from .codec import BadInputError, parsed, read, written
from .hands import Hand, Hands
from .kept import KeptCases
from .letters import Came
from .quotas import Quota
from .signing import PolicyError

_MARK: Final = b"open401k vouched 1"
_MOST: Final = 4_096
#: Seconds for which a word that held is believed; so many of each member that held before are asked about at any time.
KNOWN_FOR, MOST_FAMILIAR = 30.0, 4

Wallet = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class Vouched:
    """A wallet's word: this key signs the member's letters until then (seconds since 1970)."""

    member: bytes
    key: bytes
    valid_until: int
    signature: bytes

    def digest(self, domain: Domain) -> bytes:
        """What the wallet signs."""
        return domain.digest(messages.letter_key_hash(self.member, self.key, self.valid_until))


def typed_data(member: bytes, key: bytes, valid_until: int, domain: Domain) -> dict[str, Any]:
    """What a wallet is shown (EIP-712, as ``eth_signTypedData_v4`` takes it)."""
    names = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
    said = (("member", "address"), ("key", "address"), ("validUntil", "uint64"))
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in names],
            "LetterKey": [{"name": name, "type": kind} for name, kind in said],
        },
        "primaryType": "LetterKey",
        "domain": {"name": domain.name, "version": "1", "chainId": domain.chain_id,
                   "verifyingContract": "0x" + domain.contract.hex()},
        "message": {"member": "0x" + member.hex(), "key": "0x" + key.hex(), "validUntil": valid_until},
    }  # fmt: skip


def with_word(sealed: bytes, word: Vouched | None) -> bytes:
    """A sealed letter as it travels: behind the word for its key, where it needs one."""
    if word is None:
        return sealed
    told = written(word)
    return _MARK + len(told).to_bytes(2, "big") + told + sealed


def without_word(told: bytes) -> tuple[Vouched | None, bytes]:
    """The word and the sealed letter; ValueError where the word cannot be read."""
    if not told.startswith(_MARK):
        return None, told
    at = len(_MARK) + 2
    size = int.from_bytes(told[len(_MARK) : at], "big")
    if size > _MOST or len(told) < at + size:
        raise ValueError("a word for a key that is not whole")
    try:
        return read(Vouched, parsed(told[at : at + size])), told[at + size :]
    except BadInputError as why:
        raise ValueError(f"a word for a key that cannot be read: {why}") from None


class Members(Protocol):
    """What the chain's newest final block says of a member."""

    def signer_of(self, us: bytes) -> bytes: ...


@dataclass
class Words:
    """Whether a wallet said what it is said to have said. ``now`` is seconds since 1970, ``clock`` never goes back."""

    members: Members
    domain: Domain
    wallet: Wallet
    now: Callable[[], int]
    clock: Callable[[], float] = time.monotonic
    _held: dict[bytes, dict[Vouched, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _quota: Quota = field(init=False)

    def __post_init__(self) -> None:
        self._quota = Quota(self.clock)

    def hold(self, word: Vouched, by: str | None = None) -> bool:
        """Now, by the wallet that the network names for the member; ``by`` is the address of who makes us ask.

        A word that held before is asked about whoever else asks for what; new ones only so often, so that strangers do
        not make us ask the network each time.
        """
        if not self.now() < word.valid_until:
            return False
        at = self.clock()
        with self._lock:
            held_at = self._held.get(word.member, {}).get(word)
        if held_at is not None and at - held_at < KNOWN_FOR:
            return True
        if by is not None and held_at is None and not self._quota.may(by):
            return False
        holds = self._asked(word)
        with self._lock:
            known = {each: when for each, when in self._held.get(word.member, {}).items() if each != word}
            self._held[word.member] = dict([*known.items(), *([(word, at)] if holds else [])][-MOST_FAMILIAR:])
            if not self._held[word.member]:
                del self._held[word.member]  # members of whom no word holds are as many as strangers name
        if by is not None and not holds:
            self._quota.failed(by)
        return holds

    def _asked(self, word: Vouched) -> bool:
        wallet, digest = self.members.signer_of(word.member), word.digest(self.domain)
        if not any(wallet):
            return False
        return is_signed_by(wallet, digest, word.signature) or self.wallet(wallet, digest, word.signature)


@dataclass(frozen=True, slots=True)
class Pen:
    """The key that signs our letters now, and the word for it, where the network does not name it."""

    hand: Hand
    word: Vouched | None = None


@dataclass(frozen=True, slots=True)
class PenInUse:
    """The key that the network names for us, if it is ours; else the newest that our wallet vouched for."""

    members: Members
    hands: Hands[Hand]
    files: KeptCases
    member: bytes
    now: Callable[[], int]

    def __call__(self) -> Pen:
        """:class:`PolicyError` if there is none."""
        named = self.members.signer_of(self.member)
        if (hand := self.hands.hand(named)) is not None:
            return Pen(hand)
        for word in letter_keys(self.files):
            if self.now() < word.valid_until and (found := self.hands.hand(word.key)) is not None:
                return Pen(found, word)
        raise PolicyError(f"the network names 0x{named.hex()}, and no wallet vouched for a letter key of this node")


def letter_keys(files: KeptCases) -> list[Vouched]:
    """Every key that was vouched for, the newest first."""
    with files.connected() as conn:
        return [Vouched(*row) for row in _letter_keys_store.letter_keys(conn)]


def keep(files: KeptCases, word: Vouched, *, hands: Hands[Hand], words: Words, at: int) -> None:
    """A word that our wallet gave, once it was looked at: a key of ours, not over, and the wallet says so."""
    if hands.hand(word.key) is None:
        raise Open401kError(f"0x{word.key.hex()} is no key of this node.", fix="See them: open401k node key list")
    if not words.hold(word):
        raise Open401kError(
            "The member's wallet did not sign this, or it is over.",
            fix="Have the wallet that the network names sign what `open401k node letter-key ask` prints.",
        )
    with files.connected() as conn:
        _letter_keys_store.insert_letter_key(conn, word.member, word.key, word.valid_until, word.signature, at)


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a letter, signed by who got it; ``letter`` is the hash of the sealed bytes."""

    came: Came
    signer: bytes
    signature: bytes
    word: Vouched | None = None

    def is_of(self, letter: bytes, domain: Domain) -> bool:
        """Whether its signer says this of this letter."""
        return signer_of(domain.digest(messages.received_hash(letter, self.came)), self.signature) == self.signer


def answered(came: Came, letter: bytes, pen: Pen) -> Answered:
    """Our answer."""
    return Answered(came, pen.hand.address, pen.hand.received(letter, came), pen.word)

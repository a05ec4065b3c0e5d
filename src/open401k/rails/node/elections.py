"""The election of a deal: made of both halves, and what of one that came does not fit them. Pure but for random salts.

Accounts stand in it as commitments under salts that follow from the reference, which both sides know and no chain sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from eth_hash.auto import keccak

from ..keys import Key
from ..messages import (
    ANY_TOTAL,
    NOBODY,
    Attestation,
    Domain,
    Election,
    Mode,
    attestation_hash,
    election_hash,
)
from ..preflight.facts import Proof
from ..preflight.rule_version import end_of
from ..signatures import is_signed_by
from .deal import Deal
from .desk import Desk
from .halves import ReceivingHalf, ReleasingHalf
from .hands import Hand

#: What clocks of two nodes may differ by when an election is judged; times are those of blocks.
LATE: Final = 3_600
#: An election begins so much before it is made: a chain whose newest block is older than that refuses it (603).
_EARLY: Final = 300
#: What is not known yet stands as this many zeros.
_NOTHING: Final = bytes(32)


def commitment(reference: bytes, what: str, text: str) -> bytes:
    """What stands for an account on chain: one is shown to somebody with its own salt, and tells nothing of others."""
    return keccak(salt_of(reference, what) + text.encode())


def salt_of(reference: bytes, what: str) -> bytes:
    """The salt of one commitment, as who knows the reference makes it."""
    return keccak(b"open401k commitment" + reference + what.encode())


def kinds_mask(*halves: ReceivingHalf) -> int:
    """One bit for each kind of money that is to move."""
    mask = 0
    for each in (wanted for half in halves for wanted in half.wanted):
        mask |= 1 << each.kind
    return mask


def most(*halves: ReceivingHalf) -> int:
    """The limit that the participant signs: the amounts named, or none where all is to move."""
    if halves[0].mode is Mode.ALL:
        return ANY_TOTAL
    return sum(each.cents or 0 for half in halves for each in half.wanted)


def account_at(deal: Deal, place: int) -> bytes:
    """What stands for the account of one receiver: of another one as the source told it."""
    halves = deal.halves or ()
    salt = deal.commitments if place == 0 and deal.place == 0 else deal.salt_at(place)
    if salt is None:
        return bytes.fromhex(halves[place].account)
    return commitment(salt, "receiving account", halves[place].account)


def accounts_of(deal: Deal) -> bytes:
    """What the election names as the receiving account: of several receivers a hash over all, in order."""
    found = [account_at(deal, place) for place in range(deal.many)]
    return found[0] if len(found) == 1 else keccak(b"".join(found))


def election_for(deal: Deal, desk: Desk) -> Election | None:
    """What the participant is to sign; None while a half, the control number or the participant's key is missing."""
    both = _both(deal)
    if both is None:
        return None
    begins = desk.now() - _EARLY
    return replace(_expected(deal, *both), rule_version=desk.rule_number, not_before=begins, salt=desk.random.token(32))


def is_of(election: Election, deal: Deal, desk: Desk) -> bool:
    """Whether an unsigned election still says what the halves say."""
    return not any(_unfit(election, deal, desk))


def unfit(election: Election, deal: Deal, desk: Desk) -> tuple[str, ...]:
    """Fields of an election that came that are not what the halves and the rules ask for."""
    return tuple(_unfit(election, deal, desk))


def _unfit(election: Election, deal: Deal, desk: Desk) -> Iterator[str]:
    both = _both(deal)
    if both is None:
        yield "facts"
        return
    expected = _expected(deal, *both)
    for name in ("participant", "number", "source", "source_account", "receiving_account", "kinds_mask", "mode",
                 "max_total", "deadline", "notice_hash", "receivers"):  # fmt: skip
        if name == "source_account" and deal.place:
            continue  # its salt is between the source and who leads, who both checked it
        if getattr(election, name) != getattr(expected, name):
            yield name
    if election.rule_version not in desk.rules:
        yield "rule_version"
    if election.not_before > desk.now() + LATE:
        yield "not_before: more than an hour ahead of our clock"


def _both(deal: Deal) -> tuple[ReleasingHalf, ReceivingHalf] | None:
    """The releasing half, and that of who leads; None while anything is missing that is signed."""
    if deal.releasing is None or deal.halves is None or deal.number is None or deal.halves[0].key is None:
        return None
    return deal.releasing, deal.halves[0]


def _expected(deal: Deal, releasing: ReleasingHalf, receiving: ReceivingHalf) -> Election:
    halves = deal.halves or (receiving,)
    return Election(
        participant=receiving.participant or NOBODY,
        number=deal.number or 0,
        source=deal.source,
        source_account=commitment(deal.commitments, "source account", releasing.account),
        receiving_account=accounts_of(deal),
        kinds_mask=kinds_mask(*halves),
        mode=receiving.mode,
        max_total=most(*halves),
        rule_version=0,
        not_before=0,
        deadline=end_of(receiving.deadline),
        notice_hash=releasing.explanation_hash or _NOTHING,
        salt=_NOTHING,
        receivers=tuple(each.member for each in halves),
    )


def digest_of(election: Election, domain: Domain) -> bytes:
    """What the participant signs."""
    return domain.digest(election_hash(election))


def unsound(election: Election, signature: bytes, attestation: Attestation, attested: bytes, desk: Desk) -> list[str]:
    """Which of the two signatures does not hold, and why; empty if both do."""
    found = []
    if not is_signed(desk, election.participant, digest_of(election, desk.domain), signature):
        found.append("signature: is not the participant's over this election")
    about = desk.domain.digest(attestation_hash(election.participant, attestation))
    signer = desk.network.signer_of(attestation.attestor)
    if not any(signer) or not is_signed(desk, signer, about, attested):
        found.append("attested: is not the attestor's over this attestation")
    rules = desk.rules.get(election.rule_version)
    if rules is not None and attestation.level < rules.min_level:
        found.append("attestation.level: is lower than the rules ask for")
    if attestation.valid_until < election.deadline:
        found.append("attestation.valid_until: ends before the election")
    return found


def attested_by(
    key: Key | Hand, *, attestor: bytes, participant: bytes, proof: Proof, evidence: bytes, domain: Domain
) -> tuple[Attestation, bytes]:
    """An attestor's word for a participant's key: ``evidence`` is the salted hash of what proved the person."""
    attestation = Attestation(attestor, proof.level, end_of(proof.valid_until), evidence)
    if not isinstance(key, Key):
        return attestation, key.attestation(participant, attestation)
    return attestation, key.sign(domain.digest(attestation_hash(participant, attestation)))


def is_signed(desk: Desk, who: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether this address, of a key, a passkey or a contract, signed this digest."""
    if is_signed_by(who, digest, signature):
        return True
    return desk.wallet is not None and desk.wallet(who, digest, signature)

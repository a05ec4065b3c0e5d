"""A case read back from its bytes, as contracts/terms.vy reads them. Pure. Not here: its rules."""

from __future__ import annotations

from dataclasses import dataclass

from .messages import ANY_TOTAL, NOBODY, Attestation, Election, Leg, Mode, Role, Terms, Voter, encode_case

_MOST = 2**96 - 1


@dataclass(frozen=True, slots=True)
class Decoded:
    """Everything that is signed before the custodians sign, with both signatures."""

    election: Election
    signature: bytes
    attestation: Attestation
    attested: bytes
    terms: Terms


def decode_case(encoded: bytes) -> Decoded:
    """ValueError for bytes that no case is encoded to."""
    read = _Reader(encoded)
    participant, number, mode = read.octets(20), read.whole(8), read.whole(1)
    receiver_count, voter_count, leg_count = read.whole(1), read.whole(1), read.whole(1)
    source, elected_rules, elected_until, part, level = (
        read.octets(20), read.whole(4), read.whole(5), read.whole(1), read.whole(1),
    )  # fmt: skip
    mask, most, not_before, attested_until = read.whole(2), read.whole(12), read.whole(5), read.whole(5)
    signature_bytes, attested_bytes = read.whole(2), read.whole(2)
    attestor, token, rules, deadline, flags = (
        read.octets(20), read.octets(20), read.whole(4), read.whole(5), read.whole(1),
    )  # fmt: skip
    source_account, receiving_account, notice, salt = (read.octets(32) for _ in range(4))
    evidence, data_root, terms_salt = (read.octets(32) for _ in range(3))
    receivers = tuple(read.octets(20) for _ in range(receiver_count))
    voters = tuple(Voter(Role(read.whole(1)), read.octets(20)) for _ in range(voter_count))
    legs = tuple(_leg(read) for _ in range(leg_count))
    withholder = read.octets(20) if flags & 1 else NOBODY
    parent = read.octets(32) if flags & 2 else bytes(32)
    signature, attested = read.octets(signature_bytes), read.octets(attested_bytes)
    found = Decoded(
        Election(
            participant, number, source, source_account, receiving_account, mask, Mode(mode),
            ANY_TOTAL if most == _MOST else most, elected_rules, not_before, elected_until, notice, salt, receivers,
        ),
        signature,
        Attestation(attestor, level, attested_until, evidence),
        attested,
        Terms(part, rules, deadline, token, withholder, data_root, parent, terms_salt, voters, legs),
    )  # fmt: skip
    if encode_case(found.election, signature, found.attestation, attested, found.terms) != encoded:
        raise ValueError("bytes that no case is encoded to")
    return found


def _leg(read: _Reader) -> Leg:
    return Leg(read.whole(1), read.whole(1), read.whole(1), read.whole(12), read.whole(12), read.octets(32))


@dataclass
class _Reader:
    left: bytes

    def octets(self, size: int) -> bytes:
        if len(self.left) < size:
            raise ValueError("too few bytes for a case")
        found, self.left = self.left[:size], self.left[size:]
        return found

    def whole(self, size: int) -> int:
        return int.from_bytes(self.octets(size), "big")

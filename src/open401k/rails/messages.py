"""What the parties of a rollover sign: typed messages (EIP-712) and their hashes, as contracts/terms.vy has them.

Not here: who holds which key (keys.py), whether the terms are lawful (the contracts, preflight).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from functools import cache

from eth_abi.abi import encode
from eth_hash.auto import keccak

#: No limit to the total of an election.
ANY_TOTAL = 2**256 - 1
NOBODY = bytes(20)


class Role(IntEnum):
    """Who signs, in messages and events."""

    PARTICIPANT = 1
    SOURCE = 2
    RECEIVER = 3
    SPOUSE = 4
    ADMINISTRATOR = 5
    DEPOSITORY = 6


class Mode(IntEnum):
    """How much an election moves: all there is, with what comes in later, or one amount once."""

    ALL = 0
    FIXED = 1


@dataclass(frozen=True, slots=True)
class Election:
    """What the participant signs: who, where, which kinds of money, how much at most, until when.

    Addresses are 20 bytes, hashes and salted commitments 32, ``max_total`` cents, times seconds since 1970.
    ``number`` is the releasing custodian's control number: each is used once.
    """

    participant: bytes
    number: int
    source: bytes
    source_account: bytes
    receiving_account: bytes
    kinds_mask: int
    mode: Mode
    max_total: int
    rule_version: int
    not_before: int
    deadline: int
    notice_hash: bytes
    salt: bytes
    receivers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """Money of one kind into one account of one of the election's receivers: cents, before anything is withheld."""

    kind: int
    into: int
    to: int
    amount: int
    taxable: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Voter:
    """Somebody who must approve besides participant, source and receivers."""

    role: Role
    who: bytes


@dataclass(frozen=True, slots=True)
class Terms:
    """The exact terms that custodians and further voters sign; their hash is the rollover's id."""

    part: int
    rule_version: int
    deadline: int
    token: bytes
    withholder: bytes
    data_root: bytes
    parent: bytes
    salt: bytes
    voters: tuple[Voter, ...]
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Attestation:
    """An attestor's word that a proofed person stands behind a participant's key."""

    attestor: bytes
    level: int
    valid_until: int
    evidence: bytes


_LEG = "Leg(uint8 kind,uint8 into,uint8 to,uint256 amount,uint256 taxable,bytes32 commitment)"
_VOTER = "Voter(uint8 role,address who)"
_ROLLOVER = (
    "Rollover(bytes32 election,uint8 part,uint32 ruleVersion,uint64 deadline,address token,address withholder,"
    "bytes32 dataRoot,bytes32 parent,bytes32 salt,Voter[] voters,Leg[] legs)"
)
APPROVAL = "Approval(Rollover rollover,uint8 role,bytes32 evidence)" + _LEG + _ROLLOVER + _VOTER
_ELECTION = (
    "Election(address participant,uint64 number,address source,bytes32 sourceAccount,bytes32 receivingAccount,"
    "uint256 kindsMask,uint8 mode,uint256 maxTotal,uint32 ruleVersion,uint64 notBefore,"
    "uint64 deadline,bytes32 noticeHash,bytes32 salt,address[] receivers)"
)
ABORT = "Abort(bytes32 id,uint8 role,uint16 code,bytes32 detail)"
POSTED = "Posted(bytes32 id,uint8 role,bytes32 ledgerRef)"
BATCH = "Batch(address first,address second,address token,uint64 deadline,bytes32[] ids)"
HEAD = "Head(uint64 number,bytes32 hash)"
STATEMENT = "Statement(bytes32 id,uint8 role,bytes32 content)"
#: The types as they are written, for tools that show what they sign.
DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"

_TYPE_OF = {
    "election": _ELECTION,
    "leg": _LEG,
    "voter": _VOTER,
    "rollover": _ROLLOVER + _LEG + _VOTER,
    "approval": APPROVAL,
    "abort": ABORT,
    "posted": POSTED,
    "batch": BATCH,
    "attestation": "IdentityAttestation(address subject,uint8 level,uint64 validUntil,bytes32 evidence)",
    "motion": "Motion(bytes32 action,uint256 number)",
    "head": HEAD,
    "statement": STATEMENT,
    "letter_key": "LetterKey(address member,address key,uint64 validUntil)",
    "received": "Received(bytes32 letter,string came)",
}
_HASH_OF = {name: keccak(text.encode()) for name, text in _TYPE_OF.items()}

_ELECTION_WORDS = (
    "address", "uint64", "address", "bytes32", "bytes32", "uint256", "uint8", "uint256", "uint32", "uint64", "uint64",
    "bytes32", "bytes32",
)  # fmt: skip
_TERMS_WORDS = ("uint8", "uint32", "uint64", "address", "address", "bytes32", "bytes32", "bytes32")
_LEG_WORDS = ("uint8", "uint8", "uint8", "uint256", "uint256", "bytes32")
_MOST = 2**96 - 1


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one contract on one chain."""

    name: str
    chain_id: int
    contract: bytes

    def digest(self, struct_hash: bytes) -> bytes:
        """What is signed: 32 bytes."""
        return keccak(b"\x19\x01" + separator(self) + struct_hash)


@cache
def separator(domain: Domain) -> bytes:
    """The hash of where a signature counts; contracts keep theirs with their code."""
    fields = (keccak(DOMAIN.encode()), keccak(domain.name.encode()), keccak(b"1"), domain.chain_id, domain.contract)
    return keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], fields))


def rollover_domain(chain_id: int, contract: bytes) -> Domain:
    """The coordinator's."""
    return Domain("Open401k Rollover", chain_id, contract)


def network_domain(chain_id: int, contract: bytes) -> Domain:
    """That of a network's council."""
    return Domain("Open401k Network", chain_id, contract)


def election_hash(election: Election) -> bytes:
    """hashStruct of an election."""
    receivers = keccak(b"".join(receiver.rjust(32, b"\0") for receiver in election.receivers))
    return _hash("election", [*_ELECTION_WORDS, "bytes32"], [*astuple(election)[:-1], receivers])


def rollover_id(election: bytes, terms: Terms) -> bytes:
    """hashStruct of the terms under an election's hash: the id of the rollover."""
    voters = [_hash("voter", ["uint8", "address"], [each.role, each.who]) for each in terms.voters]
    legs = [_hash("leg", _LEG_WORDS, astuple(leg)) for leg in terms.legs]
    lists = [keccak(b"".join(voters)), keccak(b"".join(legs))]
    given = [election, *astuple(terms)[:-2], *lists]
    return _hash("rollover", ["bytes32", *_TERMS_WORDS, "bytes32", "bytes32"], given)


def approval_hash(rollover: bytes, role: Role, evidence: bytes) -> bytes:
    """hashStruct of one party's approval of the terms with this id."""
    return _hash("approval", ["bytes32", "uint8", "bytes32"], [rollover, role, evidence])


def abort_hash(rollover: bytes, role: Role, code: int, detail: bytes) -> bytes:
    """hashStruct of one party's abort; ``code`` is that of a work queue (1xx to 6xx)."""
    return _hash("abort", ["bytes32", "uint8", "uint16", "bytes32"], [rollover, role, code, detail])


def posted_hash(rollover: bytes, role: Role, ledger_ref: bytes) -> bytes:
    """hashStruct of a custodian's receipt."""
    return _hash("posted", ["bytes32", "uint8", "bytes32"], [rollover, role, ledger_ref])


def batch_hash(first: bytes, second: bytes, token: bytes, deadline: int, ids: Sequence[bytes]) -> bytes:
    """hashStruct of a batch between two custodians."""
    given = [first, second, token, deadline, keccak(b"".join(ids))]
    return _hash("batch", ["address", "address", "address", "uint64", "bytes32"], given)


def attestation_hash(subject: bytes, attestation: Attestation) -> bytes:
    """hashStruct of an identity attestation about a participant's key."""
    given = [subject, attestation.level, attestation.valid_until, attestation.evidence]
    return _hash("attestation", ["address", "uint8", "uint64", "bytes32"], given)


def motion_hash(action: bytes, number: int) -> bytes:
    """hashStruct of a council's motion."""
    return _hash("motion", ["bytes32", "uint256"], [action, number])


def head_hash(number: int, block: bytes) -> bytes:
    """hashStruct of a block that a custodian acted on; no contract reads it."""
    return _hash("head", ["uint64", "bytes32"], [number, block])


def statement_hash(rollover: bytes, role: Role, content: bytes) -> bytes:
    """hashStruct of what a custodian says of its own books, by the hash of its words; no contract reads it."""
    return _hash("statement", ["bytes32", "uint8", "bytes32"], [rollover, role, content])


def letter_key_hash(member: bytes, key: bytes, valid_until: int) -> bytes:
    """hashStruct of a member's word that a key signs its letters until then; no contract reads it."""
    return _hash("letter_key", ["address", "address", "uint64"], [member, key, valid_until])


def received_hash(letter: bytes, came: str) -> bytes:
    """hashStruct of the answer to a letter, by the hash of its sealed bytes; no contract reads it."""
    return _hash("received", ["bytes32", "bytes32"], [letter, keccak(came.encode())])


def encode_case(election: Election, signature: bytes, attestation: Attestation, attested: bytes, terms: Terms) -> bytes:
    """A case as the coordinator reads it: the election, its signature, the identity, the terms (contracts/terms.vy).

    ValueError for a field that does not fit, which no chain would read as it was signed.
    """
    most = _MOST if election.max_total == ANY_TOTAL else election.max_total
    if most == _MOST and election.max_total != ANY_TOTAL:
        raise ValueError(f"max_total: {election.max_total} cents cannot be told from no limit; give ANY_TOTAL")
    told = (
        (election.participant, 20), (election.number, 8), (election.mode, 1),
        (len(election.receivers), 1), (len(terms.voters), 1), (len(terms.legs), 1),
        (election.source, 20), (election.rule_version, 4), (election.deadline, 5), (terms.part, 1),
        (attestation.level, 1),
        (election.kinds_mask, 2), (most, 12), (election.not_before, 5), (attestation.valid_until, 5),
        (len(signature), 2), (len(attested), 2),
        (attestation.attestor, 20),
        (terms.token, 20), (terms.rule_version, 4), (terms.deadline, 5),
        (any(terms.withholder) + 2 * any(terms.parent), 1),
        (election.source_account, 32), (election.receiving_account, 32), (election.notice_hash, 32),
        (election.salt, 32),
        (attestation.evidence, 32), (terms.data_root, 32), (terms.salt, 32),
        *((receiver, 20) for receiver in election.receivers),
        *(field for voter in terms.voters for field in ((voter.role, 1), (voter.who, 20))),
        *(field for leg in terms.legs for field in (
            (leg.kind, 1), (leg.into, 1), (leg.to, 1), (leg.amount, 12), (leg.taxable, 12), (leg.commitment, 32))),
        *(((terms.withholder, 20),) if any(terms.withholder) else ()),
        *(((terms.parent, 32),) if any(terms.parent) else ()),
    )  # fmt: skip
    return b"".join((*(_sized(given, size) for given, size in told), signature, attested))


def parent_of(encoded: bytes) -> bytes | None:
    """The rollover that an encoded case gives back; None if it is no return."""
    receivers, voters, legs = encoded[29:32]
    flags = encoded[140]
    if not flags & 2:
        return None
    at = 365 + 20 * receivers + 21 * voters + 59 * legs + 20 * (flags & 1)
    return encoded[at : at + 32]


def voters_in(encoded: bytes) -> tuple[tuple[int, Voter], ...]:
    """The further voters of an encoded case, each with its place in the order of approvals."""
    receivers, voters, legs = encoded[29:32]
    at, first = 365 + 20 * receivers, 1 + len({encoded[365 + 20 * receivers + 21 * voters + 59 * leg + 2]
                                               for leg in range(legs)})  # fmt: skip
    told = [encoded[at + 21 * each : at + 21 * (each + 1)] for each in range(voters)]
    return tuple((first + place, Voter(Role(each[0]), each[1:])) for place, each in enumerate(told))


def encode_approvals(approvals: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Everybody's evidence and signature, in order, as ``settle(bytes,bytes)`` reads them."""
    return b"".join(evidence + len(signed).to_bytes(2, "big") + signed for evidence, signed in approvals)


def encode_batch(cases: Sequence[bytes]) -> bytes:
    """Encoded cases one after the other, as ``settle_batch`` reads them."""
    return b"".join(len(case).to_bytes(2, "big") + case for case in cases)


def _sized(given: int | bytes, size: int) -> bytes:
    """A whole number or an address in so many bytes; ValueError if it does not fit."""
    told = given if isinstance(given, bytes) else given.to_bytes(max(size, (given.bit_length() + 7) // 8), "big")
    if len(told) != size:
        raise ValueError(f"{given!r} does not fit into {size} bytes of an encoded case")
    return told


def _hash(name: str, kinds: Sequence[str], given: Sequence[object]) -> bytes:
    return keccak(encode(["bytes32", *kinds], [_HASH_OF[name], *given]))

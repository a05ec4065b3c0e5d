# pragma version ~=0.4.3
# pragma evm-version cancun
"""
@title What the parties of a rollover sign
@license Apache-2.0
@notice The typed messages (EIP-712) and their hashes. Not here: whether they are lawful (see rollover.vy, network.vy).
@dev An id is the hash of the terms, so nothing in them can change after a signature.
@custom:stop Nothing to stop: pure hashes.
"""

import signatures

MOST_LEGS: constant(uint256) = 8
MOST_RECEIVERS: constant(uint256) = 4
MOST_VOTERS: constant(uint256) = 4
HEAD: constant(uint256) = 365
MOST_CASE: constant(uint256) = 2112  # bytes: the fullest case, with two of the longest signatures

# what is wanted of a case that is read: hashes only; also the keys that signed; those, of one that may name a parent
HASHES: constant(uint256) = 0
FORWARD: constant(uint256) = 1
EITHER_WAY: constant(uint256) = 2

_FIELD_8: constant(uint256) = 2**8 - 1
_FIELD_16: constant(uint256) = 2**16 - 1
_FIELD_32: constant(uint256) = 2**32 - 1
_FIELD_40: constant(uint256) = 2**40 - 1
_FIELD_64: constant(uint256) = 2**64 - 1
_FIELD_96: constant(uint256) = 2**96 - 1
_ADDRESS: constant(uint256) = 2**160 - 1


# An encoded case is packed: a zero byte of calldata costs as much as an addition. Byte by byte:
#   0 participant 20 | number 8 | mode 1 | how many receivers 1, voters 1, legs 1
#  32 source 20 | rules elected 4 | deadline elected 5 | part 1 | level attested 1
#  63 kinds 2 | most 12 | not before 5 | attested until 5 | bytes of the two signatures 2, 2
#  91 attestor 20
# 111 token 20 | rules 4 | deadline 5 | 1: has a withholder 1, has a parent 2
# 141 source account 32 | receiving account 32 | hash of the notice 32 | salt of the election 32
# 269 evidence of the attestation 32 | root of the transfer file 32 | salt of the terms 32
# then each receiver 20; each voter: role 1 | address 20; each leg: kind 1 | into 1 | to 1 | amount 12 | taxable 12 |
# commitment 32; a withholder 20; a parent 32; the two signatures. A most of all ones is none.
# Nothing is checked when it is read: what was signed has no other bits, since a hash over others would not be the one
# that was signed.


struct Case:
    election: bytes32  # hash of what the participant signs
    id: bytes32  # hash of the terms under it
    attestation: bytes32  # hash of what the attestor signs
    participant: uint256  # address of a key of this one rollover, by which nobody is found again
    number: uint256  # control number of the releasing custodian; each is used once
    source: uint256  # address
    kindsMask: uint256
    mode: uint256  # 0: all there is, with what comes in later; 1: once, at most maxTotal
    maxTotal: uint256  # cents
    electedRules: uint256  # this version of the rules or a later one
    notBefore: uint256
    electedUntil: uint256
    attestor: uint256  # address
    level: uint256
    attestedUntil: uint256
    part: uint256  # 0, then one more for each child or new proposal under the same election
    ruleVersion: uint256
    deadline: uint256
    token: uint256  # address
    withholder: uint256  # address, 0 unless a person is paid
    parent: bytes32
    kinds: uint256  # of the legs, by bits
    receivers: uint256[MOST_RECEIVERS]  # addresses, of the election
    voters: uint256[MOST_VOTERS]  # role | address 160
    legs: uint256[MOST_LEGS]  # kind 8 | into 8 | to 8 | amount 96 | taxable 96 | 40
    receiverCount: uint256
    voterCount: uint256
    legCount: uint256
    signature: uint256  # where in the encoding: of the participant, under the election
    attested: uint256  # of the attestor, under the attestation
    ended: uint256
    electedBy: uint256  # the key that made that signature, if a key did
    attestedBy: uint256


_DOMAIN: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_ELECTION: constant(bytes32) = keccak256(
    "Election(address participant,uint64 number,address source,bytes32 sourceAccount,bytes32 receivingAccount,uint256 kindsMask,uint8 mode,uint256 maxTotal,uint32 ruleVersion,uint64 notBefore,uint64 deadline,bytes32 noticeHash,bytes32 salt,address[] receivers)"
)
_LEG: constant(bytes32) = keccak256(
    "Leg(uint8 kind,uint8 into,uint8 to,uint256 amount,uint256 taxable,bytes32 commitment)"
)
_VOTER: constant(bytes32) = keccak256("Voter(uint8 role,address who)")
_ROLLOVER: constant(bytes32) = keccak256(
    "Rollover(bytes32 election,uint8 part,uint32 ruleVersion,uint64 deadline,address token,address withholder,bytes32 dataRoot,bytes32 parent,bytes32 salt,Voter[] voters,Leg[] legs)Leg(uint8 kind,uint8 into,uint8 to,uint256 amount,uint256 taxable,bytes32 commitment)Voter(uint8 role,address who)"
)
_APPROVAL: constant(bytes32) = keccak256(
    "Approval(Rollover rollover,uint8 role,bytes32 evidence)Leg(uint8 kind,uint8 into,uint8 to,uint256 amount,uint256 taxable,bytes32 commitment)Rollover(bytes32 election,uint8 part,uint32 ruleVersion,uint64 deadline,address token,address withholder,bytes32 dataRoot,bytes32 parent,bytes32 salt,Voter[] voters,Leg[] legs)Voter(uint8 role,address who)"
)
_ABORT: constant(bytes32) = keccak256("Abort(bytes32 id,uint8 role,uint16 code,bytes32 detail)")
_POSTED: constant(bytes32) = keccak256("Posted(bytes32 id,uint8 role,bytes32 ledgerRef)")
_BATCH: constant(bytes32) = keccak256(
    "Batch(address first,address second,address token,uint64 deadline,bytes32[] ids)"
)
_ATTESTATION: constant(bytes32) = keccak256(
    "IdentityAttestation(address subject,uint8 level,uint64 validUntil,bytes32 evidence)"
)
_NAME: constant(bytes32) = keccak256("Open401k Rollover")
_VERSION: constant(bytes32) = keccak256("1")
_NOBODY: constant(bytes32) = keccak256("")  # the hash of no voters

_SEPARATOR: immutable(bytes32)


@deploy
def __init__():
    _SEPARATOR = keccak256(abi_encode(_DOMAIN, _NAME, _VERSION, chain.id, self))


@internal
@view
def _digest(struct_hash: bytes32) -> bytes32:
    # 0x1901, the separator, the hash
    return keccak256(slice(abi_encode(_SEPARATOR, struct_hash, method_id=0x00001901), 2, 66))


@internal
@view
def _signer(struct_hash: bytes32, r: uint256, s: uint256, v: uint256) -> uint256:
    """
    @notice The address of the key that signed this message, or nobody's.
    """
    return signatures._signer(
        keccak256(slice(abi_encode(_SEPARATOR, struct_hash, method_id=0x00001901), 2, 66)), r, s, v
    )


@internal
@pure
def _approval(id: bytes32, role: uint256, evidence: bytes32) -> bytes32:
    """
    @notice hashStruct of what a party signs who approves.
    """
    return keccak256(abi_encode(_APPROVAL, id, role, evidence))


@internal
@view
def _read(encoded: Bytes[MOST_CASE], wanted: uint256) -> Case:
    """
    @notice A case from its encoding, with the hashes of what is signed.
    @dev Whoever may not name a parent is told here, where one is read: all others pay nothing for it.
    """
    case: Case = empty(Case)
    word: uint256 = extract32(encoded, 0, output_type=uint256)
    counts: uint256 = word
    case.participant = word >> 96
    case.number = (word >> 32) & _FIELD_64
    case.mode = (word >> 24) & _FIELD_8
    word = extract32(encoded, 32, output_type=uint256)
    case.source = word >> 96
    case.electedRules = (word >> 64) & _FIELD_32
    case.electedUntil = (word >> 24) & _FIELD_40
    case.part = (word >> 16) & _FIELD_8
    case.level = (word >> 8) & _FIELD_8
    word = extract32(encoded, 63, output_type=uint256)
    case.kindsMask = word >> 240
    case.maxTotal = (word >> 144) & _FIELD_96
    if case.maxTotal == _FIELD_96:
        case.maxTotal = max_value(uint256)
    case.notBefore = (word >> 104) & _FIELD_40
    case.attestedUntil = (word >> 64) & _FIELD_40
    sizes: uint256 = word
    case.attestor = extract32(encoded, 91, output_type=uint256) >> 96
    word = extract32(encoded, 111, output_type=uint256)
    case.token = word >> 96
    case.ruleVersion = (word >> 64) & _FIELD_32
    case.deadline = (word >> 24) & _FIELD_40
    flags: uint256 = word >> 16
    at: uint256 = HEAD
    case.receiverCount = (counts >> 16) & _FIELD_8
    case.voterCount = (counts >> 8) & _FIELD_8
    case.legCount = counts & _FIELD_8
    for i: uint256 in range(case.receiverCount, bound=MOST_RECEIVERS):
        case.receivers[i] = extract32(encoded, at, output_type=uint256) >> 96
        at = unsafe_add(at, 20)
    of_receivers: bytes32 = empty(bytes32)
    if case.receiverCount == 1:
        of_receivers = keccak256(convert(case.receivers[0], bytes32))
    else:
        of_receivers = keccak256(slice(abi_encode(case.receivers), 0, 32 * case.receiverCount))
    case.election = keccak256(
        abi_encode(
            _ELECTION,
            case.participant,
            case.number,
            case.source,
            extract32(encoded, 141),
            extract32(encoded, 173),
            case.kindsMask,
            case.mode,
            case.maxTotal,
            case.electedRules,
            case.notBefore,
            case.electedUntil,
            extract32(encoded, 205),
            extract32(encoded, 237),
            of_receivers,
        )
    )
    case.attestation = keccak256(
        abi_encode(_ATTESTATION, case.participant, case.level, case.attestedUntil, extract32(encoded, 269))
    )
    hashes: bytes32[MOST_LEGS] = empty(bytes32[MOST_LEGS])
    of_voters: bytes32 = _NOBODY
    if case.voterCount > 0:
        for i: uint256 in range(case.voterCount, bound=MOST_VOTERS):
            voter: uint256 = extract32(encoded, at, output_type=uint256) >> 88
            case.voters[i] = voter
            hashes[i] = keccak256(abi_encode(_VOTER, voter >> 160, voter & _ADDRESS))
            at = unsafe_add(at, 21)
        of_voters = self._all(hashes, case.voterCount)
    for i: uint256 in range(case.legCount, bound=MOST_LEGS):
        leg: uint256 = extract32(encoded, at, output_type=uint256)
        case.legs[i] = leg
        case.kinds |= 1 << (leg >> 248)
        hashes[i] = keccak256(
            abi_encode(
                _LEG,
                leg >> 248,
                (leg >> 240) & _FIELD_8,
                (leg >> 232) & _FIELD_8,
                (leg >> 136) & _FIELD_96,
                (leg >> 40) & _FIELD_96,
                extract32(encoded, unsafe_add(at, 27)),
            )
        )
        at = unsafe_add(at, 59)
    of_legs: bytes32 = keccak256(hashes[0]) if case.legCount == 1 else self._all(hashes, case.legCount)
    if flags & 1 != 0:
        case.withholder = extract32(encoded, at, output_type=uint256) >> 96
        at = unsafe_add(at, 20)
    if flags & 2 != 0:
        if wanted == FORWARD:
            raw_revert(abi_encode(convert(631, uint256), method_id=method_id("Refused(uint16)")))
        case.parent = extract32(encoded, at)
        at = unsafe_add(at, 32)
    case.id = keccak256(
        abi_encode(
            _ROLLOVER,
            case.election,
            case.part,
            case.ruleVersion,
            case.deadline,
            case.token,
            case.withholder,
            extract32(encoded, 301),
            case.parent,
            extract32(encoded, 333),
            of_voters,
            of_legs,
        )
    )
    case.signature = at
    case.attested = unsafe_add(at, (sizes >> 48) & _FIELD_16)
    case.ended = unsafe_add(case.attested, (sizes >> 32) & _FIELD_16)
    case.electedBy = signatures.NOBODY
    case.attestedBy = signatures.NOBODY
    if wanted != HASHES:
        if unsafe_sub(case.attested, at) == signatures.OF_KEY:
            case.electedBy = self._signer(
                case.election,
                extract32(encoded, at, output_type=uint256),
                extract32(encoded, unsafe_add(at, 32), output_type=uint256),
                extract32(encoded, unsafe_add(at, 33), output_type=uint256) & _FIELD_8,
            )
        at = case.attested
        if unsafe_sub(case.ended, at) == signatures.OF_KEY:
            case.attestedBy = self._signer(
                case.attestation,
                extract32(encoded, at, output_type=uint256),
                extract32(encoded, unsafe_add(at, 32), output_type=uint256),
                extract32(encoded, unsafe_add(at, 33), output_type=uint256) & _FIELD_8,
            )
    return case


@internal
@pure
def _all(hashes: bytes32[MOST_LEGS], count: uint256) -> bytes32:
    """
    @notice hashStruct of a list.
    """
    return keccak256(slice(abi_encode(hashes), 0, 32 * count))


@internal
@pure
def _batch_hash(
    first: address, second: address, token: address, deadline: uint256, ids: DynArray[bytes32, 32]
) -> bytes32:
    return keccak256(
        abi_encode(_BATCH, first, second, token, deadline, keccak256(slice(abi_encode(ids), 64, 32 * len(ids))))
    )

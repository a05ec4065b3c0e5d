# pragma version ~=0.4.3
# pragma evm-version cancun
"""
@title What the parties of a rollover sign
@license Apache-2.0
@notice The typed messages (EIP-712) and their hashes. Not here: whether they are lawful (see rollover.vy, network.vy).
@dev An id is the hash of the terms, so nothing in them can change after a signature.
@custom:stop Nothing to stop: pure hashes.
"""

MOST_LEGS: constant(uint256) = 8
MOST_RECEIVERS: constant(uint256) = 4
MOST_VOTERS: constant(uint256) = 4


# Every field is a whole word and none is checked when it is read: what was signed has no other bits, since a hash
# over others would not be the one that was signed. What is packed into a key is checked where that is done.


struct Election:
    participant: uint256  # address of a key of this one rollover, by which nobody is found again
    number: uint256  # control number of the releasing custodian, 64 bits; each is used once
    source: uint256  # address
    sourceAccount: bytes32  # salted commitments, never account numbers
    receivingAccount: bytes32
    kindsMask: uint256
    mode: uint256  # 0: all there is, with what comes in later; 1: once, at most maxTotal
    maxTotal: uint256  # cents
    ruleVersion: uint256  # this version of the rules or a later one
    notBefore: uint256
    deadline: uint256
    noticeHash: bytes32
    salt: bytes32


struct Leg:
    kind: uint256
    into: uint256  # type of account that it goes into
    to: uint256  # which of the election's receivers
    amount: uint256  # cents, before anything is withheld
    taxable: uint256  # cents, as far as paid to a person
    commitment: bytes32


struct Voter:
    role: uint256
    who: uint256  # address


struct Terms:
    part: uint256  # 0, then one more for each child or new proposal under the same election
    ruleVersion: uint256
    deadline: uint256
    token: uint256  # address
    withholder: uint256  # address, 0 unless a person is paid
    dataRoot: bytes32  # root of the transfer file
    parent: bytes32
    salt: bytes32


struct Attestation:
    attestor: uint256  # address
    level: uint256
    validUntil: uint256
    evidence: bytes32


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
    return keccak256(concat(b"\x19\x01", _SEPARATOR, struct_hash))


@internal
@pure
def _election_hash(election: Election, receivers: DynArray[uint256, MOST_RECEIVERS]) -> bytes32:
    return keccak256(
        abi_encode(_ELECTION, election, keccak256(slice(abi_encode(receivers), 64, 32 * len(receivers))))
    )


@internal
@pure
def _id(
    election: bytes32, told: Terms, voters: DynArray[Voter, MOST_VOTERS], legs: DynArray[Leg, MOST_LEGS]
) -> bytes32:
    of_voters: bytes32 = _NOBODY
    if len(voters) > 0:
        hashes: DynArray[bytes32, MOST_VOTERS] = []
        for voter: Voter in voters:
            hashes.append(keccak256(abi_encode(_VOTER, voter)))
        of_voters = keccak256(slice(abi_encode(hashes), 64, 32 * len(hashes)))
    of_legs: DynArray[bytes32, MOST_LEGS] = []
    for leg: Leg in legs:
        of_legs.append(keccak256(abi_encode(_LEG, leg)))
    return keccak256(
        abi_encode(
            _ROLLOVER, election, told, of_voters, keccak256(slice(abi_encode(of_legs), 64, 32 * len(of_legs)))
        )
    )


@internal
@pure
def _batch_hash(
    first: address, second: address, token: address, deadline: uint256, ids: DynArray[bytes32, 32]
) -> bytes32:
    return keccak256(
        abi_encode(_BATCH, first, second, token, deadline, keccak256(slice(abi_encode(ids), 64, 32 * len(ids))))
    )

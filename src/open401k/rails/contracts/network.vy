# pragma version ~=0.4.3
# pragma evm-version cancun
# pragma nonreentrancy on
"""
@title A network: its members, the versions of its rules, revoked attestations
@license Apache-2.0
@notice Who takes part and under which rules, decided by a council. Not here: rollovers (see rollover.vy), money.
@dev A member or a part of the rules is one word, so that a rollover reads few of them. No rules are ever changed: a new
     version is published, and a rollover is bound to the version in its signed terms.
@custom:stop The council suspends a version of the rules for at most 14 days (no new votes or commits under it; aborts, expiries,
     refunds and receipts go on), retires one for good, or suspends a member: each without delay.
"""

import council
import signatures

initializes: council
exports: (
    council.pass_motion, council.withdraw, council.change_seats, council.is_seat, council.seats, council.threshold,
    council.motions, council.passed_at, council.DELAY,
)

MOST_ASKED: constant(uint256) = 8
LONGEST_SUSPENSION: constant(uint256) = 14 * 86400
_FIELD_16: constant(uint256) = 2**16 - 1
_FIELD_34: constant(uint256) = 2**34 - 1  # seconds, until 2514
_FIELD_48: constant(uint256) = 2**48 - 1  # cents
_FIELD_64: constant(uint256) = 2**64 - 1
_ASKS_VOTERS: constant(uint256) = 2**158
_FEW: constant(uint256) = 2**96 - 1  # the first six kinds of money


struct Member:
    validUntil: uint64  # until when its identity (KYB) is proven
    roles: uint16
    accounts: uint16  # types of account that it takes money into
    signer: address


struct Rules:
    activeFrom: uint64
    activeUntil: uint64
    minLevel: uint8  # of a participant's identity attestation
    mostTotal: uint96  # cents of one rollover
    into: uint256  # 16 bits for each kind of money: the types of account it may go into
    voters: uint256  # 16 bits for each kind: roles that must approve besides the three parties
    withholdingBps: uint256  # 16 bits for each kind: of the taxable part of what is paid to a person
    document: bytes32  # hash of the long text


event MemberSet:
    who: indexed(address)
    validUntil: uint64
    roles: uint16
    accounts: uint16
    signer: address


event SignerNamed:
    who: indexed(address)
    signer: address
    readyAt: uint256


event Published:
    version: indexed(uint32)
    document: bytes32


event Suspended:
    version: indexed(uint32)
    until: uint256


event Retired:
    version: indexed(uint32)


event Revoked:
    attestor: indexed(address)
    attestation: indexed(bytes32)


latest: public(uint32)
document: public(HashMap[uint32, bytes32])
revoked: public(HashMap[address, HashMap[bytes32, bool]])
next_signer: public(HashMap[address, address])
next_signer_at: public(HashMap[address, uint256])
_members: HashMap[uint256, uint256]  # address -> until 64 | roles 16 | accounts 16 | signer 160
# from 34 | until 34 | suspended until 34 | level 8 | most 48 | whether voters are asked 1 | 1 | accounts of the first six
# kinds 96
_window: HashMap[uint256, uint256]
_into: HashMap[uint256, uint256]
_voters: HashMap[uint256, uint256]
_withholding: HashMap[uint256, uint256]


@deploy
def __init__(seats: DynArray[address, 16], threshold: uint256, delay: uint256):
    council.__init__("Open401k Network", seats, threshold, delay)


@external
@view
@reentrant
def standing(
    version: uint256,
    kinds: uint256,
    attestor: uint256,
    attestation: bytes32,
    source: uint256,
    receiver: uint256,
    others: uint256[MOST_ASKED],
    count: uint256,
    withholds: bool,
) -> uint256[16]:
    """
    @notice All that a rollover must know, in one call.
    @dev No lock is looked at: nothing here calls another contract that could change what is read.
    @param kinds The kinds of money of its legs, by bits: beyond the first six, their accounts are a word of their own.
    @param others Addresses of more members, as words: so many of them.
    @param withholds Whether a person is paid: what is withheld is read only then.
    @return The rules' window, accounts, and voters (0 where no kind asks for any), 1 if the attestation was revoked,
            basis points of the taxable part of what is paid to a person, then a word for each member: attestor, source,
            receiver, others.
    """
    window: uint256 = self._window[version]
    words: uint256[16] = empty(uint256[16])
    words[0] = window
    words[1] = window >> 160
    if kinds >> 6 != 0:
        words[1] = self._into[version]
    if window & _ASKS_VOTERS != 0:
        words[2] = self._voters[version]
    if self.revoked[convert(attestor, address)][attestation]:
        words[3] = 1
    if withholds:
        words[4] = self._withholding[version]
    words[5] = self._members[attestor]
    words[6] = self._members[source]
    words[7] = self._members[receiver]
    if count == 0:
        return words
    for i: uint256 in range(count, bound=MOST_ASKED):
        words[unsafe_add(8, i)] = self._members[others[i]]
    return words


@external
@view
def member(who: address) -> Member:
    word: uint256 = self._members[convert(who, uint256)]
    return Member(
        validUntil=convert(word & _FIELD_64, uint64),
        roles=convert((word >> 64) & _FIELD_16, uint16),
        accounts=convert((word >> 80) & _FIELD_16, uint16),
        signer=convert(word >> 96, address),
    )


@external
@view
def rules(version: uint32) -> Rules:
    of: uint256 = convert(version, uint256)
    window: uint256 = self._window[of]
    return Rules(
        activeFrom=convert(window & _FIELD_34, uint64),
        activeUntil=convert((window >> 34) & _FIELD_34, uint64),
        minLevel=convert((window >> 102) & 255, uint8),
        mostTotal=convert((window >> 110) & _FIELD_48, uint96),
        into=self._into[of],
        voters=self._voters[of],
        withholdingBps=self._withholding[of],
        document=self.document[version],
    )


@external
@view
def suspended_until(version: uint32) -> uint256:
    return (self._window[convert(version, uint256)] >> 68) & _FIELD_34


@external
def set_member(who: address, told: Member):
    """
    @notice Admit a member, or change what is on file of it.
    """
    council._carry(keccak256(abi_encode("set_member", who, told)))
    assert who != empty(address), "network: no member"
    self._keep_member(who, told)


@external
def suspend_member(who: address):
    """
    @notice From now on it takes part in nothing, until it is set again.
    """
    council._carry_now(keccak256(abi_encode("suspend_member", who)))
    word: uint256 = self._members[convert(who, uint256)]
    self._members[convert(who, uint256)] = word - (word & _FIELD_64)
    log MemberSet(who=who, validUntil=0, roles=0, accounts=0, signer=empty(address))


@external
def name_signer(signer: address):
    """
    @notice A member names its next signing key; it counts after the delay, in which the council can step in.
    """
    assert self._members[convert(msg.sender, uint256)] != 0, "network: not a member"
    assert signer != empty(address), "network: no key"
    self.next_signer[msg.sender] = signer
    self.next_signer_at[msg.sender] = block.timestamp + council.DELAY
    log SignerNamed(who=msg.sender, signer=signer, readyAt=block.timestamp + council.DELAY)


@external
def take_signer(who: address):
    """
    @notice The key that was named takes the old one's place. Votes of the old one that wait no longer count.
    """
    signer: address = self.next_signer[who]
    assert signer != empty(address), "network: no key was named"
    assert self.next_signer_at[who] <= block.timestamp, "network: the delay is not over"
    self.next_signer[who] = empty(address)
    of: uint256 = convert(who, uint256)
    self._members[of] = (self._members[of] & (2**96 - 1)) | (convert(signer, uint256) << 96)
    log SignerNamed(who=who, signer=signer, readyAt=block.timestamp)


@external
def revoke_signer():
    """
    @notice A member's key is lost or stolen: from now on nothing that it signed counts.
    """
    assert self._members[convert(msg.sender, uint256)] != 0, "network: not a member"
    self._members[convert(msg.sender, uint256)] &= 2**96 - 1
    self.next_signer[msg.sender] = empty(address)
    log SignerNamed(who=msg.sender, signer=empty(address), readyAt=block.timestamp)


@external
def revoke_attestation(attestation: bytes32):
    """
    @notice An attestor takes back what it attested. Only its own: others' are kept apart from it.
    """
    self.revoked[msg.sender][attestation] = True
    log Revoked(attestor=msg.sender, attestation=attestation)


@external
def publish(told: Rules) -> uint32:
    """
    @notice The next version of the rules. No version is ever changed.
    """
    council._carry(keccak256(abi_encode("publish", self.latest, told)))
    assert told.activeFrom < told.activeUntil, "network: the rules would never be in force"
    assert convert(told.activeUntil, uint256) <= _FIELD_34, "network: a date beyond counting"
    assert convert(told.mostTotal, uint256) <= _FIELD_48, "network: a limit beyond counting"
    assert told.document != empty(bytes32), "network: rules without their text"
    for kind: uint256 in range(16):
        assert (told.withholdingBps >> (16 * kind)) & _FIELD_16 <= 10000, "network: more than all would be withheld"
    version: uint32 = self.latest + 1
    self.latest = version
    of: uint256 = convert(version, uint256)
    self._window[of] = (
        convert(told.activeFrom, uint256)
        | (convert(told.activeUntil, uint256) << 34)
        | (convert(told.minLevel, uint256) << 102)
        | (convert(told.mostTotal, uint256) << 110)
        | (_ASKS_VOTERS if told.voters != 0 else 0)
        | ((told.into & _FEW) << 160)
    )
    self._into[of] = told.into
    self._voters[of] = told.voters
    self._withholding[of] = told.withholdingBps
    self.document[version] = told.document
    log Published(version=version, document=told.document)
    return version


@external
def suspend_rules(version: uint32, until: uint64):
    """
    @notice Stop new votes and commits under a version, for at most 14 days; it goes on by itself.
    """
    council._carry_now(keccak256(abi_encode("suspend_rules", version, until)))
    assert convert(until, uint256) <= block.timestamp + LONGEST_SUSPENSION, "network: at most 14 days"
    of: uint256 = convert(version, uint256)
    self._window[of] = (self._window[of] & ~(_FIELD_34 << 68)) | (convert(until, uint256) << 68)
    log Suspended(version=version, until=convert(until, uint256))


@external
def retire_rules(version: uint32):
    """
    @notice End a version before its time.
    """
    council._carry_now(keccak256(abi_encode("retire_rules", version)))
    of: uint256 = convert(version, uint256)
    window: uint256 = self._window[of]
    assert (window >> 34) & _FIELD_34 > block.timestamp, "network: not in force"
    self._window[of] = (window & ~(_FIELD_34 << 34)) | (block.timestamp << 34)
    log Retired(version=version)


@internal
def _keep_member(who: address, told: Member):
    self._members[convert(who, uint256)] = (
        convert(told.validUntil, uint256)
        | (convert(told.roles, uint256) << 64)
        | (convert(told.accounts, uint256) << 80)
        | (convert(told.signer, uint256) << 96)
    )
    log MemberSet(
        who=who, validUntil=told.validUntil, roles=told.roles, accounts=told.accounts, signer=told.signer
    )

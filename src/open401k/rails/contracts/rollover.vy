# pragma version ~=0.4.3
# pragma evm-version cancun
# pragma nonreentrancy on
"""
@title One rollover, one verdict
@license Apache-2.0
@notice The neutral coordinator of a two-phase commit between custodians: every party signs the same terms within the
        participant's election; then the verdict and the money are one transaction. Not here: who may take part and the
        rules (see network.vy), the messages (see terms.vy).
@dev A rollover stands under a key: releasing custodian, its control number, the part. A key has one word: id without
     its last byte, and the state. It is never overwritten by another id, so a decision never changes. A batch marks its
     numbers in a bitmap instead and keeps one word for all of them.
@custom:stop The council suspends the rules that the terms name: no new votes, no commits. Aborts, expiries, refunds and
     receipts go on. Before the verdict any party aborts; after the deadline anybody does.
"""

import signatures
import terms

initializes: terms

interface Network:
    def standing(
        version: uint256,
        kinds: uint256,
        attestor: uint256,
        attestation: bytes32,
        source: uint256,
        receiver: uint256,
        others: uint256[8],
        count: uint256,
        withholds: bool,
    ) -> uint256[16]: view
    def revoked(attestor: address, attestation: bytes32) -> bool: view

interface Token:
    def transferFrom(owner: address, receiver: address, amount: uint256) -> bool: nonpayable
    def transfer(receiver: address, amount: uint256) -> bool: nonpayable


# states of a key
ABSENT: constant(uint256) = 0
PREPARING: constant(uint256) = 1
COMMITTED: constant(uint256) = 2
ABORTED: constant(uint256) = 3
CLOSED: constant(uint256) = 4

# roles of those who sign
PARTICIPANT: constant(uint256) = 1
SOURCE: constant(uint256) = 2
RECEIVER: constant(uint256) = 3
SPOUSE: constant(uint256) = 4
ADMINISTRATOR: constant(uint256) = 5
DEPOSITORY: constant(uint256) = 6

# a member may be, by bit of its roles
_RELEASES: constant(uint256) = 2**0
_RECEIVES: constant(uint256) = 2**1
_ADMINISTERS: constant(uint256) = 2**2
_DEPOSITS: constant(uint256) = 2**3
_ATTESTS: constant(uint256) = 2**4
_WITHHOLDS: constant(uint256) = 2**5

PERSON: constant(uint256) = 15  # the type of "account" that is the person's own purse
MODE_ALL: constant(uint256) = 0
MODE_FIXED: constant(uint256) = 1

MOST_BATCHED: constant(uint256) = 32
MOST_BATCH: constant(uint256) = 24576  # bytes: 32 cases of 3 legs, signed by keys, fit
MOST_APPROVING: constant(uint256) = 9
MOST_APPROVALS: constant(uint256) = 1900  # bytes: nine of keys or four of passkeys; who has more goes in two phases
_FIELD_16: constant(uint256) = 2**16 - 1
_FIELD_34: constant(uint256) = 2**34 - 1
_FIELD_48: constant(uint256) = 2**48 - 1
_FIELD_64: constant(uint256) = 2**64 - 1
_FIELD_96: constant(uint256) = 2**96 - 1
_STATE: constant(uint256) = 255
_ADDRESS: constant(uint256) = 2**160 - 1


struct Signed:
    evidence: bytes32
    signature: Bytes[signatures.MOST]


struct Judged:
    key: uint256
    total: uint256
    withheld: uint256
    due: uint256[4]  # by receiver
    attestor: uint256  # the key that signs for it
    count: uint256  # of those who approve: the source, the receivers that are paid, the voters
    signers: uint256[9]  # the keys that sign for them
    parties: uint256[9]  # role | address 160


event Proposed:
    id: indexed(bytes32)
    key: indexed(uint256)


event Voted:
    id: indexed(bytes32)
    role: uint256
    by: address
    evidence: bytes32


event Committed:
    id: indexed(bytes32)
    key: indexed(uint256)


event Aborted:
    id: indexed(bytes32)
    key: indexed(uint256)
    role: uint256
    code: uint256
    detail: bytes32


event Expired:
    key: indexed(uint256)


event Refunded:
    key: indexed(uint256)
    owner: indexed(address)
    paid: bool


event Posted:
    id: indexed(bytes32)
    role: uint256
    by: address
    ledgerRef: bytes32


event Closed:
    id: indexed(bytes32)


event Batched:
    batch: indexed(bytes32)
    ids: DynArray[bytes32, MOST_BATCHED]


NETWORK: public(immutable(address))

_words: HashMap[uint256, uint256]  # key -> id without its last byte | state
_numbers: HashMap[uint256, HashMap[uint256, uint256]]  # source, number >> 8 -> bits of numbers that batches used
batched_at: public(HashMap[bytes32, uint256])
_votes: HashMap[uint256, HashMap[uint256, uint256]]  # key, party -> the key that signed for it
_deadlines: HashMap[uint256, uint256]
_escrow: HashMap[uint256, uint256]  # key -> token 160 | cents 96
_posted: HashMap[bytes32, HashMap[uint256, bytes32]]
_returns: HashMap[bytes32, HashMap[uint256, uint256]]  # what is given back, by whom -> the key under which it is
_moved: HashMap[bytes32, uint256]  # election of all there is with a most -> cents so far
refundable: public(HashMap[address, HashMap[address, uint256]])  # token, owner -> cents that could not be sent back


@deploy
def __init__(network: address):
    assert network.is_contract, "rollover: the network is not there"
    NETWORK = network
    terms.__init__()


# ---- to be read


@external
@view
def word_of(key: uint256) -> uint256:
    """
    @notice What stands under a key: id without its last byte | state.
    """
    return self._words[key]


@external
@view
def deadline_of(key: uint256) -> uint256:
    return self._deadlines[key]


@external
@view
def escrow_of(key: uint256) -> (address, uint256):
    word: uint256 = self._escrow[key]
    return convert(word >> 96, address), word & _FIELD_96


@external
@view
def vote_of(key: uint256, who: uint256) -> uint256:
    """
    @notice The signing key by which this party approved, if it did.
    @param who Its role | its address 160: one in two roles approves twice.
    """
    return self._votes[key][who]


@external
@view
def posted_of(id: bytes32, who: uint256) -> bytes32:
    return self._posted[id][who]


@external
@view
def is_number_used(source: uint256, number: uint256) -> bool:
    """
    @notice Whether a batch used this control number.
    """
    return self._is_batched(source, number)


@external
@view
def key_of(source: uint256, number: uint256, part: uint256) -> uint256:
    return self._key(source, number, part)


# ---- one transaction for all


@external
def settle(encoded: Bytes[terms.MOST_CASE], approvals: Bytes[MOST_APPROVALS]):
    """
    @notice All signatures at once: verdict and money are this transaction. Anybody may send it.
    @param approvals In order: the source's, those of the receivers that are paid, the voters' as the terms name them.
                     Each is packed: evidence 32 bytes | bytes of the signature 2 | signature.
    """
    case: terms.Case = terms._read(encoded, terms.FORWARD)
    words: uint256[16] = self._standing(case)
    judged: Judged = self._judged(case, words)
    if case.electedBy != case.participant:
        if not signatures._is_agreed_by(
            convert(case.participant, address),
            terms._digest(case.election),
            convert(slice(encoded, case.signature, case.attested - case.signature), Bytes[signatures.MOST]),
        ):
            self._refuse(101)
    if case.attestedBy != judged.attestor:
        if not signatures._is_agreed_by(
            convert(judged.attestor, address),
            terms._digest(case.attestation),
            convert(slice(encoded, case.attested, case.ended - case.attested), Bytes[signatures.MOST]),
        ):
            self._refuse(105)
    self._take_key(case.source, case.number, case.part, case.mode, judged.key, self._word(case.id, COMMITTED))
    at: uint256 = 0
    for i: uint256 in range(judged.count, bound=MOST_APPROVING):
        if unsafe_add(at, 34) > len(approvals):
            self._refuse(201)
        hashed: bytes32 = terms._approval(case.id, judged.parties[i] >> 160, extract32(approvals, at))
        size: uint256 = extract32(approvals, unsafe_add(at, 2), output_type=uint256) & _FIELD_16
        at = unsafe_add(at, 34)
        by: uint256 = signatures.NOBODY
        if size == signatures.OF_KEY:
            by = terms._signer(
                hashed,
                extract32(approvals, at, output_type=uint256),
                extract32(approvals, unsafe_add(at, 32), output_type=uint256),
                extract32(approvals, unsafe_add(at, 33), output_type=uint256) & 255,
            )
        signer: uint256 = judged.signers[i]
        if by != signer:
            if not signatures._is_agreed_by(
                convert(signer, address),
                terms._digest(hashed),
                convert(slice(approvals, at, size), Bytes[signatures.MOST]),
            ):
                self._refuse(203)
        at = unsafe_add(at, size)
    if at != len(approvals):
        self._refuse(201)
    if case.mode == MODE_ALL:
        self._limit(case.election, case.maxTotal, judged.total)
    self._pay(case.token, case.source, case.receiverCount, case.receivers, judged.due, case.withholder, judged.withheld)
    log Committed(id=case.id, key=judged.key)


# ---- in two phases


@external
def propose(encoded: Bytes[terms.MOST_CASE], approval: Signed):
    """
    @notice The source's vote and its money in escrow open a rollover.
    """
    case: terms.Case = terms._read(encoded, terms.FORWARD)
    words: uint256[16] = self._standing(case)
    judged: Judged = self._judged(case, words)
    if case.electedBy != case.participant:
        if not signatures._is_agreed_by(
            convert(case.participant, address),
            terms._digest(case.election),
            convert(slice(encoded, case.signature, case.attested - case.signature), Bytes[signatures.MOST]),
        ):
            self._refuse(101)
    if case.attestedBy != judged.attestor:
        if not signatures._is_agreed_by(
            convert(judged.attestor, address),
            terms._digest(case.attestation),
            convert(slice(encoded, case.attested, case.ended - case.attested), Bytes[signatures.MOST]),
        ):
            self._refuse(105)
    self._take_key(case.source, case.number, case.part, case.mode, judged.key, self._word(case.id, PREPARING))
    self._deadlines[judged.key] = case.deadline
    log Proposed(id=case.id, key=judged.key)
    self._vote(case.id, judged.key, judged.parties[0], judged.signers[0], approval)
    # 96 bits: the rules allow no more
    self._escrow[judged.key] = (case.token << 96) | judged.total
    if not extcall Token(convert(case.token, address)).transferFrom(
        convert(case.source, address), self, judged.total
    ):
        self._refuse(501)


@external
def propose_return(encoded: Bytes[terms.MOST_CASE], parent: Bytes[terms.MOST_CASE], approval: Signed):
    """
    @notice Open a rollover that gives a committed one back: to where it came from, by a custodian that received it, at
            most what it received of each kind, once.
    @dev What a batch committed has no word of its own and does not go back this way. The second half is that of
         ``propose``, which would cost everybody more if both called it.
    @param parent The encoded case that it gives back.
    """
    case: terms.Case = terms._read(encoded, terms.EITHER_WAY)
    before: terms.Case = terms._read(parent, terms.HASHES)
    if case.parent != before.id:
        self._refuse(632)
    word: uint256 = self._words[self._key(before.source, before.number, before.part)]
    if word != self._word(before.id, COMMITTED) and word != self._word(before.id, CLOSED):
        self._refuse(633)
    if case.receiverCount != 1 or case.receivers[0] != before.source or case.token != before.token:
        self._refuse(634)
    came: uint256[16] = empty(uint256[16])
    for i: uint256 in range(before.legCount, bound=terms.MOST_LEGS):
        leg: uint256 = before.legs[i]
        if before.receivers[(leg >> 232) & 255] == case.source and (leg >> 240) & 255 != PERSON:
            came[leg >> 248] += (leg >> 136) & _FIELD_96
    for i: uint256 in range(case.legCount, bound=terms.MOST_LEGS):
        leg: uint256 = case.legs[i]
        amount: uint256 = (leg >> 136) & _FIELD_96
        if (leg >> 240) & 255 == PERSON:
            self._refuse(634)
        if leg >> 248 > 15:
            self._refuse(301)
        if amount > came[leg >> 248]:
            self._refuse(407)
        came[leg >> 248] -= amount
    last: uint256 = self._returns[before.id][case.source]
    if last != 0 and self._words[last] & _STATE != ABORTED:
        self._refuse(635)
    self._returns[before.id][case.source] = self._key(case.source, case.number, case.part)
    words: uint256[16] = self._standing(case)
    judged: Judged = self._judged(case, words)
    if case.electedBy != case.participant:
        if not signatures._is_agreed_by(
            convert(case.participant, address),
            terms._digest(case.election),
            convert(slice(encoded, case.signature, case.attested - case.signature), Bytes[signatures.MOST]),
        ):
            self._refuse(101)
    if case.attestedBy != judged.attestor:
        if not signatures._is_agreed_by(
            convert(judged.attestor, address),
            terms._digest(case.attestation),
            convert(slice(encoded, case.attested, case.ended - case.attested), Bytes[signatures.MOST]),
        ):
            self._refuse(105)
    self._take_key(case.source, case.number, case.part, case.mode, judged.key, self._word(case.id, PREPARING))
    self._deadlines[judged.key] = case.deadline
    log Proposed(id=case.id, key=judged.key)
    self._vote(case.id, judged.key, judged.parties[0], judged.signers[0], approval)
    # 96 bits: the rules allow no more
    self._escrow[judged.key] = (case.token << 96) | judged.total
    if not extcall Token(convert(case.token, address)).transferFrom(
        convert(case.source, address), self, judged.total
    ):
        self._refuse(501)


@external
def approve(encoded: Bytes[terms.MOST_CASE], place: uint256, approval: Signed):
    """
    @notice One more vote; with the last one the verdict falls and the escrow is paid out, here and now.
    @param place Whose vote it is, in the order of ``settle``.
    """
    case: terms.Case = terms._read(encoded, terms.EITHER_WAY)
    words: uint256[16] = self._standing(case)
    judged: Judged = self._judged(case, words)
    if case.electedBy != case.participant:
        if not signatures._is_agreed_by(
            convert(case.participant, address),
            terms._digest(case.election),
            convert(slice(encoded, case.signature, case.attested - case.signature), Bytes[signatures.MOST]),
        ):
            self._refuse(101)
    if case.attestedBy != judged.attestor:
        if not signatures._is_agreed_by(
            convert(judged.attestor, address),
            terms._digest(case.attestation),
            convert(slice(encoded, case.attested, case.ended - case.attested), Bytes[signatures.MOST]),
        ):
            self._refuse(105)
    if self._words[judged.key] != self._word(case.id, PREPARING):
        self._refuse(609)
    if place >= judged.count:
        self._refuse(205)
    self._vote(case.id, judged.key, judged.parties[place], judged.signers[place], approval)
    for i: uint256 in range(judged.count, bound=MOST_APPROVING):
        # a vote of a key that was replaced or revoked since does not count: it is awaited again
        signer: uint256 = judged.signers[i]
        if self._votes[judged.key][judged.parties[i]] != signer or signer == 0:
            return
    self._words[judged.key] = self._word(case.id, COMMITTED)
    self._escrow[judged.key] = 0
    if case.mode == MODE_ALL:
        self._limit(case.election, case.maxTotal, judged.total)
    self._pay(
        case.token, convert(self, uint256), case.receiverCount, case.receivers, judged.due, case.withholder, judged.withheld
    )
    log Committed(id=case.id, key=judged.key)


@external
def abort(
    encoded: Bytes[terms.MOST_CASE],
    who: uint256,
    role: uint256,
    code: uint256,
    detail: bytes32,
    signature: Bytes[signatures.MOST],
):
    """
    @notice Any party ends a rollover before the verdict, also one that has voted, also one that is not on chain yet.
    @dev Of what is not on chain only the three parties, shown by the election, can end it: others propose it first.
    """
    case: terms.Case = terms._read(encoded, terms.EITHER_WAY)
    id: bytes32 = case.id
    key: uint256 = self._key(case.source, case.number, case.part)
    word: uint256 = self._words[key]
    if word == 0:
        if self._is_batched(case.source, case.number):
            self._refuse(612)
        if case.electedBy != case.participant:
            if not signatures._is_agreed_by(
                convert(case.participant, address),
                terms._digest(case.election),
                convert(slice(encoded, case.signature, case.attested - case.signature), Bytes[signatures.MOST]),
            ):
                self._refuse(101)
        if role > RECEIVER:
            self._refuse(207)
        if case.part != 0:
            self._in_turn(case.source, case.number, case.part, case.mode)
    elif word != self._word(id, PREPARING):
        self._refuse(610)
    digest: bytes32 = terms._digest(keccak256(abi_encode(terms._ABORT, id, role, code, detail)))
    if not signatures._is_signed_by(self._signer_of_party(case, who, role), digest, signature):
        self._refuse(208)
    self._words[key] = self._word(id, ABORTED)
    log Aborted(id=id, key=key, role=role, code=code, detail=detail)
    self._refund(key, convert(case.source, address))


@external
def expire(key: uint256):
    """
    @notice After the deadline anybody ends a rollover that waits; its money goes back here and now.
    """
    word: uint256 = self._words[key]
    if word & _STATE != PREPARING:
        self._refuse(610)
    if self._deadlines[key] >= block.timestamp:
        self._refuse(614)
    self._words[key] = (word & ~_STATE) | ABORTED
    log Expired(key=key)
    self._refund(key, convert(key >> 72, address))


@external
def refund(token: address, owner: address):
    """
    @notice Send again what could not be sent back when its rollover ended.
    """
    cents: uint256 = self.refundable[token][owner]
    if cents == 0:
        self._refuse(503)
    self.refundable[token][owner] = 0
    if not extcall Token(token).transfer(owner, cents):
        self._refuse(504)


# ---- after the verdict


@external
def post(
    encoded: Bytes[terms.MOST_CASE],
    who: uint256,
    role: uint256,
    ledgerRef: bytes32,
    signature: Bytes[signatures.MOST],
):
    """
    @notice A custodian's receipt: its own books followed. When all have, the rollover is closed.
    """
    case: terms.Case = terms._read(encoded, terms.HASHES)
    id: bytes32 = case.id
    key: uint256 = self._key(case.source, case.number, case.part)
    if self._words[key] != self._word(id, COMMITTED):
        self._refuse(615)
    if ledgerRef == empty(bytes32):
        self._refuse(617)
    if role != SOURCE and role != RECEIVER:
        self._refuse(213)
    if self._posted[id][who] != empty(bytes32):
        self._refuse(616)
    digest: bytes32 = terms._digest(keccak256(abi_encode(terms._POSTED, id, role, ledgerRef)))
    if not signatures._is_signed_by(self._signer_of_party(case, who, role), digest, signature):
        self._refuse(212)
    self._posted[id][who] = ledgerRef
    log Posted(id=id, role=role, by=convert(who, address), ledgerRef=ledgerRef)
    if self._posted[id][case.source] == empty(bytes32):
        return
    for i: uint256 in range(case.legCount, bound=terms.MOST_LEGS):
        if self._posted[id][case.receivers[(case.legs[i] >> 232) & 255]] == empty(bytes32):
            return
    self._words[key] = self._word(id, CLOSED)
    log Closed(id=id)


# ---- many between two custodians


@external
def settle_batch(
    first: uint256,
    second: uint256,
    token: uint256,
    deadline: uint256,
    encoded: Bytes[MOST_BATCH],
    signed_first: Bytes[signatures.MOST],
    signed_second: Bytes[signatures.MOST],
):
    """
    @notice Direct rollovers between two custodians, either way: one verdict, one transfer of what is left over.
    @dev Each is held to the same law as one alone. None pays a person, needs another voter, or goes back.
    @param encoded The cases one after the other, each after its length in 2 bytes.
    """
    if first == second:
        self._refuse(621)
    if block.timestamp > deadline:
        self._refuse(601)
    ids: DynArray[bytes32, MOST_BATCHED] = []
    words: uint256[16] = empty(uint256[16])
    asked: uint256[4] = empty(uint256[4])
    out: uint256 = 0
    back: uint256 = 0
    signer: uint256[2] = [0, 0]
    at: uint256 = 0
    for i: uint256 in range(MOST_BATCHED):
        if at == len(encoded):
            break
        size: uint256 = extract32(encoded, at, output_type=uint256) >> 240
        one: Bytes[terms.MOST_CASE] = convert(slice(encoded, unsafe_add(at, 2), size), Bytes[terms.MOST_CASE])
        at = unsafe_add(unsafe_add(at, 2), size)
        case: terms.Case = terms._read(one, terms.EITHER_WAY)
        if case.voterCount != 0 or case.withholder != 0 or case.parent != empty(bytes32):
            self._refuse(624)
        if case.receiverCount != 1:
            self._refuse(625)
        # asked again only where it may be answered otherwise: nothing changes within a transaction
        receiver: uint256 = case.receivers[0]
        if (case.ruleVersion ^ asked[0]) | (case.attestor ^ asked[1]) | (case.source ^ asked[2]) | (
            receiver ^ asked[3]
        ) == 0:
            words[3] = convert(
                staticcall Network(NETWORK).revoked(convert(case.attestor, address), case.attestation), uint256
            )
        else:
            case.kinds = max_value(uint256)
            words = self._standing(case)
            asked = [case.ruleVersion, case.attestor, case.source, receiver]
        judged: Judged = self._judged(case, words)
        if case.electedBy != case.participant:
            if not signatures._is_agreed_by(
                convert(case.participant, address),
                terms._digest(case.election),
                convert(slice(one, case.signature, case.attested - case.signature), Bytes[signatures.MOST]),
            ):
                self._refuse(101)
        if case.attestedBy != judged.attestor:
            if not signatures._is_agreed_by(
                convert(judged.attestor, address),
                terms._digest(case.attestation),
                convert(slice(one, case.attested, case.ended - case.attested), Bytes[signatures.MOST]),
            ):
                self._refuse(105)
        if case.token != token:
            self._refuse(622)
        if case.part != 0:
            self._refuse(623)
        if case.source == first and receiver == second:
            out += judged.total
            signer = [judged.signers[0], judged.signers[1]]
        elif case.source == second and receiver == first:
            back += judged.total
            signer = [judged.signers[1], judged.signers[0]]
        else:
            self._refuse(626)
        if case.mode == MODE_ALL:
            self._limit(case.election, case.maxTotal, judged.total)
        self._use_number(case.source, case.number, judged.key)
        ids.append(case.id)
    if at != len(encoded):
        self._refuse(629)
    payer: address = convert(first, address)
    payee: address = convert(second, address)
    struct_hash: bytes32 = terms._batch_hash(payer, payee, convert(token, address), deadline, ids)
    digest: bytes32 = terms._digest(struct_hash)
    if not signatures._is_signed_by(convert(signer[0], address), digest, signed_first):
        self._refuse(627)
    if not signatures._is_signed_by(convert(signer[1], address), digest, signed_second):
        self._refuse(628)
    self.batched_at[struct_hash] = block.timestamp
    log Batched(batch=struct_hash, ids=ids)
    if out > back:
        self._send(convert(token, address), payer, payee, out - back)
    elif back > out:
        self._send(convert(token, address), payee, payer, back - out)


# ---- what must hold


@internal
@pure
def _refuse(code: uint256):
    """
    @notice Refuse by a code of the work queues: 1xx identity, 2xx authority, 3xx plan, 4xx amount, 5xx settlement,
            6xx technical. Their words are in open401k.rails.refusals: texts would take a third of the contract.
    """
    raw_revert(abi_encode(code, method_id=method_id("Refused(uint16)")))


@internal
@view
def _standing(case: terms.Case) -> uint256[16]:
    """
    @notice What the network knows of those who take part and of the rules (see network.vy).
    """
    if case.receiverCount == 0:
        self._refuse(302)
    others: uint256[8] = empty(uint256[8])
    at: uint256 = 0
    if case.receiverCount != 1:
        for i: uint256 in range(1, case.receiverCount, bound=terms.MOST_RECEIVERS):
            others[at] = case.receivers[i]
            at = unsafe_add(at, 1)
    if case.voterCount != 0:
        for i: uint256 in range(case.voterCount, bound=terms.MOST_VOTERS):
            others[at] = case.voters[i] & _ADDRESS
            at = unsafe_add(at, 1)
    if case.withholder != 0:
        others[at] = case.withholder
        at = unsafe_add(at, 1)
    return staticcall Network(NETWORK).standing(
        case.ruleVersion,
        case.kinds,
        case.attestor,
        case.attestation,
        case.source,
        case.receivers[0],
        others,
        at,
        case.withholder != 0,
    )


@internal
@view
def _judged(case: terms.Case, words: uint256[16]) -> Judged:
    """
    @notice Everything that does not depend on approvals: times, members, rules, identity, legs, the election's limits.
    """
    if block.timestamp > case.deadline:
        self._refuse(601)
    if case.deadline > case.electedUntil:
        self._refuse(602)
    if case.notBefore > block.timestamp:
        self._refuse(603)
    if case.ruleVersion < case.electedRules:
        self._refuse(604)
    if case.mode > MODE_FIXED:
        self._refuse(605)
    window: uint256 = words[0]
    if window == 0 or window & _FIELD_34 > block.timestamp:
        self._refuse(606)
    if block.timestamp >= (window >> 34) & _FIELD_34:
        self._refuse(607)
    if (window >> 68) & _FIELD_34 > block.timestamp:
        self._refuse(608)
    if (words[5] >> 64) & _ATTESTS == 0 or (words[6] >> 64) & _RELEASES == 0:
        self._refuse(210)
    if words[5] & _FIELD_64 < case.deadline or words[6] & _FIELD_64 < case.deadline:
        self._refuse(211)
    if words[3] != 0:
        self._refuse(102)
    if case.level < (window >> 102) & 255:
        self._refuse(103)
    if case.deadline > case.attestedUntil:
        self._refuse(104)
    judged: Judged = empty(Judged)
    judged.attestor = words[5] >> 96
    judged.key = (case.source << 72) | (case.number << 8) | case.part
    if case.legCount == 0:
        self._refuse(401)
    total: uint256 = 0
    withheld: uint256 = 0
    needs: uint256 = 0
    paid: uint256 = 0
    pays_person: bool = False
    for i: uint256 in range(case.legCount, bound=terms.MOST_LEGS):
        leg: uint256 = case.legs[i]
        kind: uint256 = leg >> 248
        into: uint256 = (leg >> 240) & 255
        to: uint256 = (leg >> 232) & 255
        amount: uint256 = (leg >> 136) & _FIELD_96
        taxable: uint256 = (leg >> 40) & _FIELD_96
        if kind > 15 or into > 15:
            self._refuse(301)
        if to >= case.receiverCount:
            self._refuse(302)
        if (case.kindsMask >> kind) & 1 == 0:
            self._refuse(303)
        if (words[1] >> unsafe_add(unsafe_mul(16, kind), into)) & 1 == 0:
            self._refuse(304)
        if (words[unsafe_add(7, to)] >> unsafe_add(80, into)) & 1 == 0:
            self._refuse(305)
        if amount == 0:
            self._refuse(402)
        kept: uint256 = 0
        if into == PERSON:
            pays_person = True
            if taxable > amount:
                self._refuse(307)
            kept = (taxable * ((words[4] >> unsafe_mul(16, kind)) & _FIELD_16) + 5000) // 10000
        elif taxable != 0:
            self._refuse(306)
        paid |= 1 << to
        # 96 bits each
        total = unsafe_add(total, amount)
        withheld = unsafe_add(withheld, kept)
        judged.due[to] = unsafe_add(judged.due[to], unsafe_sub(amount, kept))
        needs |= (words[2] >> unsafe_mul(16, kind)) & _FIELD_16
    judged.total = total
    judged.withheld = withheld
    if total > case.maxTotal:
        self._refuse(403)
    if total > (window >> 110) & _FIELD_48:
        self._refuse(404)
    if pays_person != (case.withholder != 0):
        self._refuse(308)
    judged.signers[0] = words[6] >> 96
    judged.parties[0] = (SOURCE << 160) | case.source
    count: uint256 = 1
    at: uint256 = 7
    for i: uint256 in range(case.receiverCount, bound=terms.MOST_RECEIVERS):
        if paid & 1 == 1:
            word: uint256 = words[at]
            self._is_member(word, _RECEIVES, case.deadline)
            judged.signers[count] = word >> 96
            judged.parties[count] = (RECEIVER << 160) | case.receivers[i]
            count = unsafe_add(count, 1)
        paid >>= 1
        at = unsafe_add(at, 1)
    for i: uint256 in range(case.voterCount, bound=terms.MOST_VOTERS):
        voter: uint256 = case.voters[i]
        role: uint256 = voter >> 160
        judged.parties[count] = voter
        if role == SPOUSE:
            judged.signers[count] = voter & _ADDRESS
        else:
            if role != ADMINISTRATOR and role != DEPOSITORY:
                self._refuse(206)
            self._is_member(words[at], _ADMINISTERS if role == ADMINISTRATOR else _DEPOSITS, case.deadline)
            judged.signers[count] = words[at] >> 96
        count = unsafe_add(count, 1)
        needs &= ~(1 << role)
        at = unsafe_add(at, 1)
    judged.count = count
    if needs != 0:
        self._refuse(204)
    if pays_person:
        self._is_member(words[at], _WITHHOLDS, case.deadline)
    return judged


@internal
@pure
def _is_member(word: uint256, role: uint256, deadline: uint256):
    if (word >> 64) & role == 0:
        self._refuse(210)
    if word & _FIELD_64 < deadline:
        self._refuse(211)


@internal
@view
def _in_turn(source: uint256, number: uint256, part: uint256, mode: uint256):
    """
    @notice A later part comes after what was before it; of a fixed amount only if all of that was aborted.
    """
    before: uint256 = self._words[(source << 72) | (number << 8) | (part - 1)] & _STATE
    if before == ABSENT or before == PREPARING:
        self._refuse(613)
    if mode == MODE_FIXED and before != ABORTED:
        self._refuse(406)


@internal
def _take_key(source: uint256, number: uint256, part: uint256, mode: uint256, key: uint256, word: uint256):
    if self._words[key] != 0:
        self._refuse(611)
    if self._is_batched(source, number):
        self._refuse(612)
    if part != 0:
        self._in_turn(source, number, part, mode)
    self._words[key] = word


@internal
def _limit(election: bytes32, most: uint256, total: uint256):
    """
    @notice All parts together stay within what was elected at most.
    """
    if most != max_value(uint256):
        moved: uint256 = self._moved[election] + total
        if moved > most:
            self._refuse(403)
        self._moved[election] = moved


@internal
@view
def _check_approval(id: bytes32, role: uint256, signer: uint256, evidence: bytes32, signature: Bytes[signatures.MOST]):
    digest: bytes32 = terms._digest(terms._approval(id, role, evidence))
    if not signatures._is_signed_by(convert(signer, address), digest, signature):
        self._refuse(203)


@internal
def _vote(id: bytes32, key: uint256, party: uint256, signer: uint256, approval: Signed):
    self._check_approval(id, party >> 160, signer, approval.evidence, approval.signature)
    self._votes[key][party] = signer
    log Voted(id=id, role=party >> 160, by=convert(party & _ADDRESS, address), evidence=approval.evidence)


@internal
def _pay(
    token: uint256,
    payer: uint256,
    count: uint256,
    receivers: uint256[terms.MOST_RECEIVERS],
    due: uint256[4],
    withholder: uint256,
    withheld: uint256,
):
    """
    @notice Pay every receiver once, and what is withheld to the withholder: together exactly what the legs say.
    """
    of: address = convert(token, address)
    by: address = convert(payer, address)
    for i: uint256 in range(count, bound=terms.MOST_RECEIVERS):
        cents: uint256 = due[i]
        if cents > 0:
            self._send(of, by, convert(receivers[i], address), cents)
    if withheld > 0:
        self._send(of, by, convert(withholder, address), withheld)


@internal
def _send(token: address, payer: address, receiver: address, cents: uint256):
    paid: bool = False
    if payer == self:
        paid = extcall Token(token).transfer(receiver, cents)
    else:
        paid = extcall Token(token).transferFrom(payer, receiver, cents)
    if not paid:
        self._refuse(502)


@internal
def _refund(key: uint256, owner: address):
    """
    @notice Give the escrow back. A token that refuses does not keep a rollover from ending: the owner fetches it later.
    """
    word: uint256 = self._escrow[key]
    if word == 0:
        return
    self._escrow[key] = 0
    token: address = convert(word >> 96, address)
    cents: uint256 = word & _FIELD_96
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        token,
        abi_encode(owner, cents, method_id=method_id("transfer(address,uint256)")),
        max_outsize=32,
        revert_on_failure=False,
    )
    paid: bool = ok and len(answer) == 32 and convert(answer, uint256) == 1
    if not paid:
        self.refundable[token][owner] += cents
    log Refunded(key=key, owner=owner, paid=paid)


@internal
@view
def _signer_of_party(case: terms.Case, who: uint256, role: uint256) -> address:
    """
    @notice The key that signs for this party now; it must be one of the rollover.
    """
    found: bool = False
    if role == PARTICIPANT:
        found = who == case.participant
    elif role == SOURCE:
        found = who == case.source
    elif role == RECEIVER:
        for i: uint256 in range(case.legCount, bound=terms.MOST_LEGS):
            found = found or case.receivers[(case.legs[i] >> 232) & 255] == who
    else:
        for i: uint256 in range(case.voterCount, bound=terms.MOST_VOTERS):
            found = found or case.voters[i] == (role << 160) | who
    if not found:
        self._refuse(205)
    if role == PARTICIPANT or role == SPOUSE:
        return convert(who, address)
    words: uint256[16] = staticcall Network(NETWORK).standing(
        0, 0, who, empty(bytes32), 0, 0, empty(uint256[8]), 0, False
    )
    return convert(words[5] >> 96, address)


@internal
@view
def _is_batched(source: uint256, number: uint256) -> bool:
    return (self._numbers[source][number >> 8] >> (number & 255)) & 1 == 1


@internal
def _use_number(source: uint256, number: uint256, key: uint256):
    used: uint256 = self._numbers[source][number >> 8]
    if (used >> (number & 255)) & 1 == 1:
        self._refuse(612)
    if self._words[key] != 0:
        self._refuse(611)
    self._numbers[source][number >> 8] = used | (1 << (number & 255))


@internal
@pure
def _key(source: uint256, number: uint256, part: uint256) -> uint256:
    """
    @notice Source 160 bits | number 64 | part 8: nothing runs over into another's.
    """
    if number >> 64 != 0 or part >> 8 != 0 or source >> 160 != 0:
        self._refuse(405)
    return (source << 72) | (number << 8) | part


@internal
@pure
def _word(id: bytes32, state: uint256) -> uint256:
    return (convert(id, uint256) & ~_STATE) | state

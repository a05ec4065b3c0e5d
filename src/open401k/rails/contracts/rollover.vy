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
        version: uint256, who: DynArray[uint256, 12], attestation: bytes32
    ) -> DynArray[uint256, 17]: view
    def withholding(version: uint256) -> uint256: view

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
MOST_CASE: constant(uint256) = 3776  # bytes: the fullest case, with two signatures of contract wallets
MOST_BATCHED_CASE: constant(uint256) = 2048  # bytes: four legs and two signatures of keys fit
_FIELD_16: constant(uint256) = 2**16 - 1
_FIELD_40: constant(uint256) = 2**40 - 1
_FIELD_64: constant(uint256) = 2**64 - 1
_FIELD_96: constant(uint256) = 2**96 - 1
_STATE: constant(uint256) = 255


struct Signed:
    evidence: bytes32
    signature: Bytes[224]


struct Case:
    election: terms.Election
    attestation: terms.Attestation
    terms: terms.Terms
    receivers: DynArray[uint256, terms.MOST_RECEIVERS]  # of the election
    voters: DynArray[terms.Voter, terms.MOST_VOTERS]  # of the terms
    legs: DynArray[terms.Leg, terms.MOST_LEGS]
    signature: Bytes[224]  # of the participant, under the election
    attested: Bytes[224]  # of the attestor, under the attestation


struct Judged:
    election: bytes32
    id: bytes32
    key: uint256
    total: uint256
    withheld: uint256
    due: uint256[4]  # by receiver
    signers: DynArray[uint256, 9]  # keys that sign for the source, the receivers that are paid, the voters
    parties: DynArray[uint256, 9]  # the same parties, by their addresses


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
def settle(encoded: Bytes[MOST_CASE], approvals: DynArray[Signed, 9]):
    """
    @notice All signatures at once: verdict and money are this transaction. Anybody may send it.
    @param approvals In order: the source's, those of the receivers that are paid, the voters' as the terms name them.
    """
    case: Case = self._read(encoded)
    judged: Judged = self._judged(case)
    self._take_key(case.election, case.terms.part, judged, COMMITTED)
    if len(approvals) != len(judged.signers):
        self._refuse(201)
    i: uint256 = 0
    for approval: Signed in approvals:
        self._check_approval(judged.id, self._role(i, judged, case.voters), judged.signers[i], approval)
        i += 1
    self._pay(case.election, case.terms, case.receivers, judged, convert(case.election.source, address))
    log Committed(id=judged.id, key=judged.key)


# ---- in two phases


@external
def propose(encoded: Bytes[MOST_CASE], approval: Signed):
    """
    @notice The source's vote and its money in escrow open a rollover.
    """
    case: Case = self._read(encoded)
    judged: Judged = self._judged(case)
    self._take_key(case.election, case.terms.part, judged, PREPARING)
    self._deadlines[judged.key] = case.terms.deadline
    log Proposed(id=judged.id, key=judged.key)
    self._vote(judged, 0, SOURCE, approval)
    if judged.total >= 2**96:
        self._refuse(405)
    self._escrow[judged.key] = (case.terms.token << 96) | judged.total
    if not extcall Token(convert(case.terms.token, address)).transferFrom(
        convert(case.election.source, address), self, judged.total
    ):
        self._refuse(501)


@external
def approve(encoded: Bytes[MOST_CASE], place: uint256, approval: Signed):
    """
    @notice One more vote; with the last one the verdict falls and the escrow is paid out, here and now.
    @param place Whose vote it is, in the order of ``settle``.
    """
    case: Case = self._read(encoded)
    judged: Judged = self._judged(case)
    if self._words[judged.key] != self._word(judged.id, PREPARING):
        self._refuse(609)
    if place >= len(judged.signers):
        self._refuse(205)
    self._vote(judged, place, self._role(place, judged, case.voters), approval)
    i: uint256 = 0
    for signer: uint256 in judged.signers:
        # a vote of a key that was replaced or revoked since does not count: it is awaited again
        if self._votes[judged.key][judged.parties[i]] != signer or signer == 0:
            return
        i += 1
    self._words[judged.key] = self._word(judged.id, COMMITTED)
    self._escrow[judged.key] = 0
    self._pay(case.election, case.terms, case.receivers, judged, self)
    log Committed(id=judged.id, key=judged.key)


@external
def abort(
    encoded: Bytes[MOST_CASE], who: uint256, role: uint256, code: uint256, detail: bytes32, signature: Bytes[224]
):
    """
    @notice Any party ends a rollover before the verdict, also one that has voted, also one that is not on chain yet.
    @dev Of what is not on chain only the three parties, shown by the election, can end it: others propose it first.
    """
    case: Case = self._read(encoded)
    election: bytes32 = terms._election_hash(case.election, case.receivers)
    id: bytes32 = terms._id(election, case.terms, case.voters, case.legs)
    key: uint256 = self._key(case.election.source, case.election.number, case.terms.part)
    word: uint256 = self._words[key]
    if word == 0:
        if self._is_batched(case.election.source, case.election.number):
            self._refuse(612)
        if not signatures._is_signed_by(
            convert(case.election.participant, address), terms._digest(election), case.signature
        ):
            self._refuse(101)
        if role > RECEIVER:
            self._refuse(207)
        self._in_turn(case.election, case.terms.part)
    elif word != self._word(id, PREPARING):
        self._refuse(610)
    digest: bytes32 = terms._digest(keccak256(abi_encode(terms._ABORT, id, role, code, detail)))
    if not signatures._is_signed_by(self._signer_of_party(case, who, role), digest, signature):
        self._refuse(208)
    self._words[key] = self._word(id, ABORTED)
    log Aborted(id=id, key=key, role=role, code=code, detail=detail)
    self._refund(key, convert(case.election.source, address))


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
def post(encoded: Bytes[MOST_CASE], who: uint256, role: uint256, ledgerRef: bytes32, signature: Bytes[224]):
    """
    @notice A custodian's receipt: its own books followed. When all have, the rollover is closed.
    """
    case: Case = self._read(encoded)
    election: bytes32 = terms._election_hash(case.election, case.receivers)
    id: bytes32 = terms._id(election, case.terms, case.voters, case.legs)
    key: uint256 = self._key(case.election.source, case.election.number, case.terms.part)
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
    if self._posted[id][case.election.source] == empty(bytes32):
        return
    for leg: terms.Leg in case.legs:
        if self._posted[id][case.receivers[leg.to]] == empty(bytes32):
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
    encoded: DynArray[Bytes[MOST_BATCHED_CASE], MOST_BATCHED],
    signed_first: Bytes[224],
    signed_second: Bytes[224],
):
    """
    @notice Direct rollovers between two custodians, either way: one verdict, one transfer of what is left over.
    @dev Each is held to the same law as one alone. None pays a person or needs another voter.
    """
    if first == second:
        self._refuse(621)
    if block.timestamp > deadline:
        self._refuse(601)
    ids: DynArray[bytes32, MOST_BATCHED] = []
    out: uint256 = 0
    back: uint256 = 0
    signer: uint256[2] = [0, 0]
    for one: Bytes[MOST_BATCHED_CASE] in encoded:
        case: Case = self._read(one)
        judged: Judged = self._judged(case)
        if case.terms.token != token:
            self._refuse(622)
        if case.terms.part != 0:
            self._refuse(623)
        if len(case.voters) != 0 or judged.withheld != 0 or case.terms.withholder != 0:
            self._refuse(624)
        if len(case.receivers) != 1:
            self._refuse(625)
        if case.election.source == first and case.receivers[0] == second:
            out += judged.total
            signer = [judged.signers[0], judged.signers[1]]
        elif case.election.source == second and case.receivers[0] == first:
            back += judged.total
            signer = [judged.signers[1], judged.signers[0]]
        else:
            self._refuse(626)
        self._limit(case.election, judged)
        self._use_number(case.election.source, case.election.number, judged.key)
        ids.append(judged.id)
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
@pure
def _read(encoded: Bytes[MOST_CASE]) -> Case:
    """
    @notice A case from its encoding, `abi.encode(Case)`: read at one place, or the contract would be too long.
    """
    return abi_decode(encoded, Case)


@internal
@view
def _judged(case: Case) -> Judged:
    """
    @notice Everything that does not depend on approvals: times, members, rules, identity, legs, the election's limits.
    """
    judged: Judged = empty(Judged)
    judged.election = terms._election_hash(case.election, case.receivers)
    judged.id = terms._id(judged.election, case.terms, case.voters, case.legs)
    judged.key = self._key(case.election.source, case.election.number, case.terms.part)
    deadline: uint256 = case.terms.deadline
    if block.timestamp > deadline:
        self._refuse(601)
    if deadline > case.election.deadline:
        self._refuse(602)
    if case.election.notBefore > block.timestamp:
        self._refuse(603)
    if case.terms.ruleVersion < case.election.ruleVersion:
        self._refuse(604)
    if case.election.mode > MODE_FIXED:
        self._refuse(605)
    if not signatures._is_signed_by(
        convert(case.election.participant, address), terms._digest(judged.election), case.signature
    ):
        self._refuse(101)
    attested: bytes32 = keccak256(
        abi_encode(
            terms._ATTESTATION,
            case.election.participant,
            case.attestation.level,
            case.attestation.validUntil,
            case.attestation.evidence,
        )
    )
    who: DynArray[uint256, 12] = [case.attestation.attestor, case.election.source]
    for receiver: uint256 in case.receivers:
        who.append(receiver)
    for voter: terms.Voter in case.voters:
        who.append(voter.who)
    if case.terms.withholder != 0:
        who.append(case.terms.withholder)
    words: DynArray[uint256, 17] = staticcall Network(NETWORK).standing(case.terms.ruleVersion, who, attested)
    window: uint256 = words[0]
    if window == 0 or window & _FIELD_40 > block.timestamp:
        self._refuse(606)
    if block.timestamp >= (window >> 40) & _FIELD_40:
        self._refuse(607)
    if (window >> 80) & _FIELD_40 > block.timestamp:
        self._refuse(608)
    self._is_member(words[4], _ATTESTS, deadline)
    if words[3] != 0:
        self._refuse(102)
    if case.attestation.level < (window >> 120) & 255:
        self._refuse(103)
    if deadline > case.attestation.validUntil:
        self._refuse(104)
    if not signatures._is_signed_by(self._signer(words[4]), terms._digest(attested), case.attested):
        self._refuse(105)
    self._is_member(words[5], _RELEASES, deadline)
    return self._with_legs(case.election, case.terms, case.receivers, case.voters, case.legs, words, judged)


@internal
@pure
def _is_member(word: uint256, role: uint256, deadline: uint256):
    if (word >> 64) & role == 0:
        self._refuse(210)
    if word & _FIELD_64 < deadline:
        self._refuse(211)


@internal
@view
def _with_legs(
    election: terms.Election,
    told: terms.Terms,
    receivers: DynArray[uint256, terms.MOST_RECEIVERS],
    voters: DynArray[terms.Voter, terms.MOST_VOTERS],
    legs: DynArray[terms.Leg, terms.MOST_LEGS],
    words: DynArray[uint256, 17],
    before: Judged,
) -> Judged:
    """
    @notice Every leg: elected kind, an account that may take it, a receiver that does, the voters that it needs; what
            each receiver is due and what is withheld.
    """
    judged: Judged = before
    if len(legs) == 0:
        self._refuse(401)
    needs: uint256 = 0
    paid: uint256 = 0
    bps: uint256 = 0
    if told.withholder != 0:
        bps = staticcall Network(NETWORK).withholding(told.ruleVersion)
    pays_person: bool = False
    for leg: terms.Leg in legs:
        if leg.kind > 15 or leg.into > 15:
            self._refuse(301)
        if leg.to >= len(receivers):
            self._refuse(302)
        if (election.kindsMask >> leg.kind) & 1 == 0:
            self._refuse(303)
        if (words[1] >> (16 * leg.kind + leg.into)) & 1 == 0:
            self._refuse(304)
        if (words[6 + leg.to] >> (80 + leg.into)) & 1 == 0:
            self._refuse(305)
        if leg.amount == 0:
            self._refuse(402)
        kept: uint256 = 0
        if leg.into == PERSON:
            pays_person = True
            if leg.taxable > leg.amount:
                self._refuse(307)
            kept = (leg.taxable * ((bps >> (16 * leg.kind)) & _FIELD_16) + 5000) // 10000
        elif leg.taxable != 0:
            self._refuse(306)
        paid |= 1 << leg.to
        judged.total += leg.amount
        judged.withheld += kept
        judged.due[leg.to] += leg.amount - kept
        needs |= (words[2] >> (16 * leg.kind)) & _FIELD_16
    if judged.total > election.maxTotal:
        self._refuse(403)
    if judged.total > (words[0] >> 128) & _FIELD_96:
        self._refuse(404)
    if pays_person != (told.withholder != 0):
        self._refuse(308)
    judged.signers = [words[5] >> 96]
    judged.parties = [election.source]
    at: uint256 = 6
    for receiver: uint256 in receivers:
        if (paid >> (at - 6)) & 1 == 1:
            self._is_member(words[at], _RECEIVES, told.deadline)
            judged.signers.append(words[at] >> 96)
            judged.parties.append(receiver)
        at += 1
    for voter: terms.Voter in voters:
        judged.parties.append(voter.who)
        if voter.role == SPOUSE:
            judged.signers.append(voter.who)
        else:
            if voter.role != ADMINISTRATOR and voter.role != DEPOSITORY:
                self._refuse(206)
            self._is_member(words[at], _ADMINISTERS if voter.role == ADMINISTRATOR else _DEPOSITS, told.deadline)
            judged.signers.append(words[at] >> 96)
        needs &= ~(1 << voter.role)
        at += 1
    if needs != 0:
        self._refuse(204)
    if pays_person:
        self._is_member(words[at], _WITHHOLDS, told.deadline)
    return judged


@internal
@view
def _in_turn(election: terms.Election, part: uint256):
    """
    @notice A later part comes after what was before it; of a fixed amount only if all of that was aborted.
    """
    if part == 0:
        return
    before: uint256 = self._words[self._key(election.source, election.number, part - 1)] & _STATE
    if before == ABSENT or before == PREPARING:
        self._refuse(613)
    if election.mode == MODE_FIXED and before != ABORTED:
        self._refuse(406)


@internal
def _take_key(election: terms.Election, part: uint256, judged: Judged, state: uint256):
    if self._words[judged.key] != 0:
        self._refuse(611)
    if self._is_batched(election.source, election.number):
        self._refuse(612)
    self._in_turn(election, part)
    self._words[judged.key] = self._word(judged.id, state)


@internal
def _limit(election: terms.Election, judged: Judged):
    """
    @notice All parts together stay within what was elected at most.
    """
    if election.mode == MODE_ALL and election.maxTotal != max_value(uint256):
        moved: uint256 = self._moved[judged.election] + judged.total
        if moved > election.maxTotal:
            self._refuse(403)
        self._moved[judged.election] = moved


@internal
@pure
def _role(place: uint256, judged: Judged, voters: DynArray[terms.Voter, terms.MOST_VOTERS]) -> uint256:
    if place == 0:
        return SOURCE
    custodians: uint256 = len(judged.parties) - len(voters)
    if place < custodians:
        return RECEIVER
    return voters[place - custodians].role


@internal
@view
def _check_approval(id: bytes32, role: uint256, signer: uint256, approval: Signed):
    digest: bytes32 = terms._digest(keccak256(abi_encode(terms._APPROVAL, id, role, approval.evidence)))
    if not signatures._is_signed_by(convert(signer, address), digest, approval.signature):
        self._refuse(203)


@internal
def _vote(judged: Judged, place: uint256, role: uint256, approval: Signed):
    signer: uint256 = judged.signers[place]
    self._check_approval(judged.id, role, signer, approval)
    self._votes[judged.key][judged.parties[place]] = signer
    log Voted(id=judged.id, role=role, by=convert(judged.parties[place], address), evidence=approval.evidence)


@internal
def _pay(
    election: terms.Election,
    told: terms.Terms,
    receivers: DynArray[uint256, terms.MOST_RECEIVERS],
    judged: Judged,
    payer: address,
):
    """
    @notice Pay every receiver once, and what is withheld to the withholder: together exactly what the legs say.
    """
    self._limit(election, judged)
    token: address = convert(told.token, address)
    i: uint256 = 0
    for receiver: uint256 in receivers:
        if judged.due[i] > 0:
            self._send(token, payer, convert(receiver, address), judged.due[i])
        i += 1
    if judged.withheld > 0:
        self._send(token, payer, convert(told.withholder, address), judged.withheld)


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
def _signer_of_party(case: Case, who: uint256, role: uint256) -> address:
    """
    @notice The key that signs for this party now; it must be one of the rollover.
    """
    found: bool = False
    if role == PARTICIPANT:
        found = who == case.election.participant
    elif role == SOURCE:
        found = who == case.election.source
    elif role == RECEIVER:
        for leg: terms.Leg in case.legs:
            found = found or case.receivers[leg.to] == who
    else:
        for voter: terms.Voter in case.voters:
            found = found or (voter.who == who and voter.role == role)
    if not found:
        self._refuse(205)
    if role == PARTICIPANT or role == SPOUSE:
        return convert(who, address)
    words: DynArray[uint256, 17] = staticcall Network(NETWORK).standing(0, [who], empty(bytes32))
    return self._signer(words[4])


@internal
@pure
def _signer(word: uint256) -> address:
    return convert(word >> 96, address)


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

"""The coordinator once more, in plain Python: same calls, same refusals by number, same events; much faster.

Written from what the protocol says, not from the contract's text, and held equal to it by generated calls on the EVM.
It has no gas, no contract wallets and no council: what a council decides is set (twin_state.py). Not here: blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from eth_hash.auto import keccak

from .. import messages
from ..keys import signer_of
from ..messages import Attestation, Domain, Election, Mode, Role, Terms
from .twin_state import ENDLESS, Deposits, Member, RefusedError, Rules, Scene, TwinState, whole, word

ABSENT, PREPARING, COMMITTED, ABORTED, CLOSED = range(5)
RELEASES, RECEIVES, ADMINISTERS, DEPOSITS, ATTESTS, WITHHOLDS = (1 << bit for bit in range(6))
PERSON = 15
Approval = tuple[bytes, bytes]  # evidence, signature
_ABORT = keccak(b"Abort(bytes32 id,uint8 role,uint16 code,bytes32 detail)")
_POSTED = keccak(b"Posted(bytes32 id,uint8 role,bytes32 ledgerRef)")


@dataclass(frozen=True, slots=True)
class TwinCase:
    """A case as it was read, with the hashes that follow from it."""

    election: Election
    signature: bytes
    attestation: Attestation
    attested: bytes
    terms: Terms
    elected: bytes
    id: bytes
    attestation_hash: bytes

    @property
    def key(self) -> int:
        number, part = self.election.number, self.terms.part
        return whole(self.election.source) << 72 | number << 8 | part


@dataclass(frozen=True, slots=True)
class Judged:
    """What the checks found: who must sign (role, party, key), what is due to whom."""

    signers: tuple[tuple[int, bytes, bytes], ...]
    due: tuple[int, ...]
    withheld: int
    total: int


def case_of(election: Election, signature: bytes, attestation: Attestation, attested: bytes, terms: Terms) -> TwinCase:
    """A case with its hashes."""
    elected = messages.election_hash(election)
    about = messages.attestation_hash(election.participant, attestation)
    rollover = messages.rollover_id(elected, terms)
    return TwinCase(election, signature, attestation, attested, terms, elected, rollover, about)


@lru_cache(maxsize=65536)
def _signer_of(digest: bytes, signature: bytes) -> bytes | None:
    if len(signature) == 65 and whole(signature[32:64]) > _HALF:
        return None
    return signer_of(digest, signature)


_HALF = 57896044618658097711785492504343953926418782139537452191302581570759080747168


@dataclass(frozen=True, slots=True)
class Coordinator:
    """The contract at this address, over a state; every call takes the scene first and raises RefusedError.

    It knows cases by their bytes (:meth:`know`): how those are read is the contract's own business.
    """

    address: bytes
    domain: Domain
    cases: dict[bytes, TwinCase] = field(default_factory=dict)

    def know(self, encoded: bytes, case: TwinCase) -> None:
        """From now on these bytes are this case."""
        self.cases[encoded] = case

    def _read(self, encoded: bytes) -> TwinCase:
        if encoded not in self.cases:
            raise RefusedError(None)
        return self.cases[encoded]

    # ---- calls

    def settle(self, scene: Scene, encoded: bytes, approvals: bytes) -> bytes:
        case = self._read(encoded)
        _require(not any(case.terms.parent), 631)
        judged = self._judged(scene.state, case)
        self._take(scene.state, case, COMMITTED)
        told = list(_approvals(approvals))
        for place, (role, _, signer) in enumerate(judged.signers):
            _require(place < len(told), 201)
            self._check_approval(case, role, signer, told[place])
        _require(len(told) == len(judged.signers), 201)
        self._pay(scene, case, judged, case.election.source)
        scene.tell(self.address, "Committed(bytes32,uint256)", (case.id, case.key))
        return b""

    def propose(self, scene: Scene, encoded: bytes, approval: Approval) -> bytes:
        case = self._read(encoded)
        _require(not any(case.terms.parent), 631)
        return self._open(scene, case, approval)

    def propose_return(self, scene: Scene, encoded: bytes, parent: bytes, approval: Approval) -> bytes:
        case, before, state = self._read(encoded), self._read(parent), scene.state
        _require(case.terms.parent == before.id, 632)
        stands = state.words.get(before.key)
        _require(stands in ((_cut(before.id), COMMITTED), (_cut(before.id), CLOSED)), 633)
        back = case.election.receivers == (before.election.source,) and case.terms.token == before.terms.token
        _require(back, 634)
        came = _came(before, case.election.source)
        for leg in case.terms.legs:
            _require(leg.into != PERSON, 634)
            _require(leg.kind < 16, 301)
            _require(leg.amount <= came[leg.kind], 407)
            came[leg.kind] -= leg.amount
        once = before.id, case.election.source
        last = state.words.get(state.returns[once], (b"", ABSENT))[1] if once in state.returns else ABORTED
        _require(last == ABORTED, 635)
        state.returns[once] = case.key
        return self._open(scene, case, approval)

    def _open(self, scene: Scene, case: TwinCase, approval: Approval) -> bytes:
        state = scene.state
        judged = self._judged(state, case)
        self._take(state, case, PREPARING)
        state.deadlines[case.key] = case.terms.deadline
        scene.tell(self.address, "Proposed(bytes32,uint256)", (case.id, case.key))
        self._vote(scene, case, judged, 0, approval)
        state.escrow[case.key] = case.terms.token, judged.total
        token = Deposits(case.terms.token)
        token.pay_from(scene, self.address, case.election.source, self.address, judged.total)
        return b""

    def approve(self, scene: Scene, encoded: bytes, place: int, approval: Approval) -> bytes:
        case, state = self._read(encoded), scene.state
        judged = self._judged(state, case)
        _require(state.words.get(case.key) == (_cut(case.id), PREPARING), 609)
        _require(place < len(judged.signers), 205)
        self._vote(scene, case, judged, place, approval)
        for role, party, signer in judged.signers:
            if signer == bytes(20) or state.votes.get((case.key, role << 160 | whole(party))) != whole(signer):
                return b""  # a vote by a key that does not count any more is awaited again
        state.words[case.key] = _cut(case.id), COMMITTED
        state.escrow.pop(case.key, None)
        self._pay(scene, case, judged, self.address)
        scene.tell(self.address, "Committed(bytes32,uint256)", (case.id, case.key))
        return b""

    def abort(
        self, scene: Scene, encoded: bytes, who: int, role: int, code: int, detail: bytes, signature: bytes
    ) -> bytes:
        case, state = self._read(encoded), scene.state
        stands = state.words.get(case.key)
        if stands is None:
            _require((whole(case.election.source), case.election.number) not in state.numbers, 612)
            _require(self._signed(case.election.participant, case.elected, case.signature), 101)
            _require(role <= Role.RECEIVER, 207)
            self._in_turn(state, case)
        else:
            _require(stands == (_cut(case.id), PREPARING), 610)
        hashed = keccak(_ABORT + case.id + word(role) + word(code) + detail)
        _require(self._signed(self._party(state, case, who, role), hashed, signature), 208)
        state.words[case.key] = _cut(case.id), ABORTED
        told = (case.id, case.key)
        scene.tell(self.address, "Aborted(bytes32,uint256,uint256,uint256,bytes32)", told, role, code, detail)
        self._give_back(scene, case.key, case.election.source)
        return b""

    def expire(self, scene: Scene, key: int) -> bytes:
        state = scene.state
        rollover, stands = state.words.get(key, (bytes(31), ABSENT))
        _require(stands == PREPARING, 610)
        _require(state.deadlines[key] < state.time, 614)
        state.words[key] = rollover, ABORTED
        scene.tell(self.address, "Expired(uint256)", (key,))
        self._give_back(scene, key, word(key >> 72)[12:])
        return b""

    def refund(self, scene: Scene, token: bytes, owner: bytes) -> bytes:
        cents = scene.state.refundable.get((token, owner), 0)
        _require(cents > 0, 503)
        scene.state.refundable[token, owner] = 0
        Deposits(token).pay(scene, self.address, owner, cents)
        return b""

    def post(self, scene: Scene, encoded: bytes, who: int, role: int, reference: bytes, signature: bytes) -> bytes:
        case, state = self._read(encoded), scene.state
        _require(state.words.get(case.key) == (_cut(case.id), COMMITTED), 615)
        _require(reference != bytes(32), 617)
        _require(role in (Role.SOURCE, Role.RECEIVER), 213)
        _require((case.id, who) not in state.posted, 616)
        hashed = keccak(_POSTED + case.id + word(role) + reference)
        _require(self._signed(self._party(state, case, who, role), hashed, signature), 212)
        state.posted[case.id, who] = reference
        scene.tell(self.address, "Posted(bytes32,uint256,address,bytes32)", (case.id,), role, who, reference)
        paid = {case.election.receivers[leg.to] for leg in case.terms.legs}
        if all((case.id, whole(each)) in state.posted for each in (case.election.source, *paid)):
            state.words[case.key] = _cut(case.id), CLOSED
            scene.tell(self.address, "Closed(bytes32)", (case.id,))
        return b""

    def settle_batch(
        self,
        scene: Scene,
        first: int,
        second: int,
        token: int,
        deadline: int,
        encoded: bytes,
        signed_first: bytes,
        signed_second: bytes,
    ) -> bytes:
        state, purse = scene.state, word(token)[12:]
        one, two = word(first)[12:], word(second)[12:]
        _require(first != second, 621)
        _require(state.time <= deadline, 601)
        ids, net, keys = [], 0, (bytes(20), bytes(20))
        batched = list(_batch(encoded))
        for each in batched[:32]:
            case = self._read(each)
            _require(not case.terms.voters and case.terms.withholder == bytes(20) and not any(case.terms.parent), 624)
            _require(len(case.election.receivers) == 1, 625)
            judged = self._judged(state, case)
            there = self._direction(case, purse, one, two)
            net += judged.total if there else -judged.total
            (_, _, source), (_, _, receiver) = judged.signers
            keys = (source, receiver) if there else (receiver, source)
            self._limit(state, case, judged)
            number = whole(case.election.source), case.election.number
            _require(number not in state.numbers, 612)
            _require(case.key not in state.words, 611)
            state.numbers |= {number}
            ids.append(case.id)
        _require(len(batched) <= 32, 629)
        hashed = messages.batch_hash(one, two, purse, deadline, ids)
        _require(self._signed(keys[0], hashed, signed_first), 627)
        _require(self._signed(keys[1], hashed, signed_second), 628)
        state.batched_at[hashed] = state.time
        scene.tell_list(self.address, "Batched(bytes32,bytes32[])", hashed, tuple(ids))
        payer, payee = (one, two) if net > 0 else (two, one)
        if net:
            Deposits(purse).pay_from(scene, self.address, payer, payee, abs(net))
        return b""

    def _direction(self, case: TwinCase, purse: bytes, one: bytes, two: bytes) -> bool:
        """Whether it goes from the first to the second; no rollover that is not between them is batched."""
        _require(case.terms.token == purse, 622)
        _require(case.terms.part == 0, 623)
        pair = case.election.source, case.election.receivers[0]
        _require(pair in ((one, two), (two, one)), 626)
        return pair == (one, two)

    # ---- what must hold

    def _judged(self, state: TwinState, case: TwinCase) -> Judged:
        """All that does not depend on approvals; the two signatures of a case come last."""
        election, terms, now = case.election, case.terms, state.time
        _require(bool(election.receivers), 302)
        _require(now <= terms.deadline, 601)
        _require(terms.deadline <= election.deadline, 602)
        _require(election.not_before <= now, 603)
        _require(terms.rule_version >= election.rule_version, 604)
        _require(election.mode in tuple(Mode), 605)
        rules = state.rules.get(terms.rule_version)
        if rules is None or rules.start > now:
            raise RefusedError(606)
        _require(now < rules.end, 607)
        _require(rules.suspended <= now, 608)
        attestor = self._check_identity(state, case, rules)
        _member(state, election.source, RELEASES, terms.deadline)
        due, withheld = _legs(state, case, rules)
        total = sum(leg.amount for leg in terms.legs)
        _require(total <= election.max_total, 403)
        _require(total <= rules.most, 404)
        pays_person = any(leg.into == PERSON for leg in terms.legs)
        _require(pays_person == (terms.withholder != bytes(20)), 308)
        signers = _signers(state, case, rules)
        if pays_person:
            _member(state, terms.withholder, WITHHOLDS, terms.deadline)
        _require(self._signed(election.participant, case.elected, case.signature), 101)
        _require(self._signed(attestor.signer, case.attestation_hash, case.attested), 105)
        return Judged(signers, due, withheld, total)

    def _check_identity(self, state: TwinState, case: TwinCase, rules: Rules) -> Member:
        told = case.attestation
        attestor = _member(state, told.attestor, ATTESTS, case.terms.deadline)
        _require((told.attestor, case.attestation_hash) not in state.revoked, 102)
        _require(told.level >= rules.level, 103)
        _require(case.terms.deadline <= told.valid_until, 104)
        return attestor

    def _signed(self, who: bytes, struct_hash: bytes, signature: bytes) -> bool:
        return who != bytes(20) and _signer_of(self.domain.digest(struct_hash), signature) == who

    def _check_approval(self, case: TwinCase, role: int, signer: bytes, approval: Approval) -> None:
        evidence, signature = approval
        hashed = messages.approval_hash(case.id, Role(role), evidence)
        _require(self._signed(signer, hashed, signature), 203)

    def _vote(self, scene: Scene, case: TwinCase, judged: Judged, place: int, approval: Approval) -> None:
        role, party, signer = judged.signers[place]
        self._check_approval(case, role, signer, approval)
        scene.state.votes[case.key, role << 160 | whole(party)] = whole(signer)
        scene.tell(self.address, "Voted(bytes32,uint256,address,bytes32)", (case.id,), role, party, approval[0])

    def _in_turn(self, state: TwinState, case: TwinCase) -> None:
        if case.terms.part:
            _, before = state.words.get(case.key - 1, (b"", ABSENT))
            _require(before not in (ABSENT, PREPARING), 613)
            _require(case.election.mode != Mode.FIXED or before == ABORTED, 406)

    def _take(self, state: TwinState, case: TwinCase, stands: int) -> None:
        _require(case.key not in state.words, 611)
        _require((whole(case.election.source), case.election.number) not in state.numbers, 612)
        self._in_turn(state, case)
        state.words[case.key] = _cut(case.id), stands

    def _limit(self, state: TwinState, case: TwinCase, judged: Judged) -> None:
        most = case.election.max_total
        if case.election.mode == Mode.ALL and most != ENDLESS:
            moved = state.moved.get(case.elected, 0) + judged.total
            _require(moved <= most, 403)
            state.moved[case.elected] = moved

    def _pay(self, scene: Scene, case: TwinCase, judged: Judged, payer: bytes) -> None:
        self._limit(scene.state, case, judged)
        shares = [*zip(case.election.receivers, judged.due, strict=True), (case.terms.withholder, judged.withheld)]
        token = Deposits(case.terms.token)
        for payee, cents in shares:
            if cents and payer == self.address:
                token.pay(scene, payer, payee, cents)
            elif cents:
                token.pay_from(scene, self.address, payer, payee, cents)

    def _give_back(self, scene: Scene, key: int, owner: bytes) -> None:
        token, cents = scene.state.escrow.pop(key, (b"", 0))
        if not token:
            return
        try:
            before = scene.state.balances.copy()
            Deposits(token).pay(scene, self.address, owner, cents)
            paid = True
        except RefusedError:
            scene.state.balances = before
            scene.state.refundable[token, owner] = scene.state.refundable.get((token, owner), 0) + cents
            paid = False
        scene.tell(self.address, "Refunded(uint256,address,bool)", (key, owner), int(paid))

    def _party(self, state: TwinState, case: TwinCase, who: int, role: int) -> bytes:
        """The key that signs for this party; it must be one of this rollover."""
        one = word(who)[12:]
        match role:
            case Role.PARTICIPANT:
                found = one == case.election.participant
            case Role.SOURCE:
                found = one == case.election.source
            case Role.RECEIVER:
                receivers = dict(enumerate(case.election.receivers))
                found = one in {receivers.get(leg.to, bytes(20)) for leg in case.terms.legs}
            case _:
                found = any((voter.who, voter.role) == (one, role) for voter in case.terms.voters)
        _require(found, 205)
        if role in (Role.PARTICIPANT, Role.SPOUSE):
            return one
        member = state.members.get(one)
        return member.signer if member else bytes(20)


def _approvals(told: bytes) -> Iterator[Approval]:
    """Each: evidence, then the signature after its length."""
    while told:
        size = whole(told[32:34])
        yield told[:32], told[34 : 34 + size]
        told = told[34 + size :]


def _batch(told: bytes) -> Iterator[bytes]:
    """Each case after its length."""
    while told:
        size = whole(told[:2])
        yield told[2 : 2 + size]
        told = told[2 + size :]


def _require(holds: bool, code: int) -> None:
    if not holds:
        raise RefusedError(code)


def _cut(rollover: bytes) -> bytes:
    """An id without its last byte, as a word keeps it."""
    return rollover[:31]


def _member(state: TwinState, who: bytes, role: int, deadline: int) -> Member:
    member = state.members.get(who)
    if member is None or not member.roles & role:
        raise RefusedError(210)
    _require(member.until >= deadline, 211)
    return member


def _came(case: TwinCase, to: bytes) -> list[int]:
    """Cents of each kind that a custodian received, without what it paid to the person."""
    came = [0] * 16
    for leg in case.terms.legs:
        if case.election.receivers[leg.to] == to and leg.into != PERSON:
            came[leg.kind] += leg.amount
    return came


def _legs(state: TwinState, case: TwinCase, rules: Rules) -> tuple[tuple[int, ...], int]:
    """What each receiver is due, and what is withheld in all."""
    election, terms = case.election, case.terms
    _require(len(terms.legs) > 0, 401)
    due, withheld = [0] * len(election.receivers), 0
    bps = rules.withholding if terms.withholder != bytes(20) else 0
    for leg in terms.legs:
        _require(leg.kind < 16 and leg.into < 16, 301)
        _require(leg.to < len(election.receivers), 302)
        _require(bool(election.kinds_mask >> leg.kind & 1), 303)
        _require(bool(rules.into >> (16 * leg.kind + leg.into) & 1), 304)
        receiver = state.members.get(election.receivers[leg.to])
        _require(receiver is not None and bool(receiver.accounts >> leg.into & 1), 305)
        _require(leg.amount > 0, 402)
        kept = 0
        if leg.into == PERSON:
            _require(leg.taxable <= leg.amount, 307)
            kept = (leg.taxable * (bps >> (16 * leg.kind) & 0xFFFF) + 5_000) // 10_000
        else:
            _require(leg.taxable == 0, 306)
        due[leg.to] += leg.amount - kept
        withheld += kept
    return tuple(due), withheld


def _signers(state: TwinState, case: TwinCase, rules: Rules) -> tuple[tuple[int, bytes, bytes], ...]:
    """Role, party and key of everybody who must sign, in order."""
    election, terms = case.election, case.terms
    source = state.members[election.source]
    told: list[tuple[int, bytes, bytes]] = [(Role.SOURCE, election.source, source.signer)]
    paid = {leg.to for leg in terms.legs}
    for place, receiver in enumerate(election.receivers):
        if place in paid:
            member = _member(state, receiver, RECEIVES, terms.deadline)
            told.append((Role.RECEIVER, receiver, member.signer))
    needs = 0
    for leg in terms.legs:
        needs |= rules.voters >> (16 * leg.kind) & 0xFFFF
    for voter in terms.voters:
        signer = voter.who
        if voter.role != Role.SPOUSE:
            _require(voter.role in (Role.ADMINISTRATOR, Role.DEPOSITORY), 206)
            duty = ADMINISTERS if voter.role == Role.ADMINISTRATOR else DEPOSITS
            signer = _member(state, voter.who, duty, terms.deadline).signer
        told.append((voter.role, voter.who, signer))
        needs &= ~(1 << voter.role)
    _require(needs == 0, 204)
    return tuple(told)

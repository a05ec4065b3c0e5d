"""A network of custodians on an embedded chain, and the messages that they sign. Copied for each test in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth_abi.abi import encode
from eth_hash.auto import keccak

from open401k.rails import messages
from open401k.rails.artifacts import artifact
from open401k.rails.calls import answer_of, call_of, kinds_of, refusal_of
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.chain.interface import Receipt
from open401k.rails.keys import Key
from open401k.rails.messages import Attestation, Election, Leg, Mode, Role, Terms, Voter
from open401k.rails.transactions import signed

CHAIN_ID, BEGUN, DAY = 401, 1_767_600_000, 86_400
DELAY = 7 * DAY
RELEASES, RECEIVES, ADMINISTERS, ATTESTS, WITHHOLDS = 1, 2, 4, 16, 32
PRE_TAX, ROTH, AFTER_TAX = 0, 1, 2
PLAN, TRADITIONAL_IRA, ROTH_IRA, PERSON = 0, 3, 4, 15
MEMBER = "(uint64,uint16,uint16,address)"
RULES = "(uint64,uint64,uint8,uint96,uint256,uint256,uint256,bytes32)"
#: Roth money never goes into a traditional account; after-tax money may go anywhere.
INTO = {PRE_TAX: (PLAN, TRADITIONAL_IRA, PERSON), ROTH: (PLAN, ROTH_IRA, PERSON), AFTER_TAX: (PLAN, 3, 4, PERSON)}
MINTED = 10_000_000_00


def key(name: str) -> Key:
    """The key of this name."""
    return Key(keccak(name.encode()))


@dataclass
class Clock:
    """Seconds since 1970, moved by hand."""

    now: int = BEGUN


@dataclass(frozen=True)
class Case:
    """What one rollover is about, with the participant's and the attestor's signatures."""

    election: Election
    signature: bytes
    attestation: Attestation
    attested: bytes
    terms: Terms

    @cached_property
    def id(self) -> bytes:
        return messages.rollover_id(messages.election_hash(self.election), self.terms)

    @cached_property
    def encoded(self) -> bytes:
        return messages.encode_case(self.election, self.signature, self.attestation, self.attested, self.terms)

    @property
    def key(self) -> int:
        source = int.from_bytes(self.election.source, "big")
        return (source << 72) | (self.election.number << 8) | self.terms.part


class ContractRefusedError(Exception):
    """A transaction that failed; its text is what the contract said."""

    def __init__(self, data: bytes) -> None:
        refusal = refusal_of(data)
        super().__init__(refusal.words)
        self.code = refusal.code


@dataclass
class World:
    """The chain, the contracts on it, and who has which key."""

    chain: EmbeddedChain
    clock: Clock
    network: bytes
    rollover: bytes
    token: bytes
    last_number: int = 1000
    members: dict[str, Key] = field(default_factory=dict)
    _asked_at: bytes = b""
    _told: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)

    def send(self, by: Key, to: bytes | None, data: bytes) -> Receipt:
        nonce = self.chain.nonce(by.address)
        raw = signed(by, chain_id=CHAIN_ID, nonce=nonce, to=to, data=data, gas=12_000_000)
        (receipt,) = self.chain.send_raw([raw])
        if not receipt.is_done:
            raise ContractRefusedError(receipt.output)
        return receipt

    def ask(self, to: bytes, signature: str, kinds: Sequence[str], *given: object) -> tuple[object, ...]:
        """What a contract answers; in one block it is always the same, so it is asked once."""
        head, asked = self.chain.head().hash, (to, call_of(signature, *given))
        if head != self._asked_at:
            self._asked_at, self._told = head, {}
        if asked not in self._told:
            self._told[asked] = self.chain.call(*asked)
        return answer_of(kinds, self._told[asked])

    # ---- money

    def balance(self, of: bytes) -> int:
        (cents,) = self.ask(self.token, "balanceOf(address)", ["uint256"], of)
        assert isinstance(cents, int)
        return cents

    def money(self) -> dict[str, int]:
        names = {name: self.members[name].address for name in ("source", "receiver", "other", "withholder")}
        return {name: self.balance(of) for name, of in (names | {"escrow": self.rollover}).items()}

    def moved(self, before: dict[str, int]) -> dict[str, int]:
        """What changed; nothing comes or goes."""
        after = self.money()
        found = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        assert sum(found.values()) == 0
        return found

    # ---- the council

    def motion(self, action: bytes) -> None:
        (number,) = self.ask(self.network, "motions()", ["uint256"])
        assert isinstance(number, int)
        domain = messages.network_domain(CHAIN_ID, self.network)
        digest = domain.digest(messages.motion_hash(action, number))
        told = [(seat.address, seat.sign(digest)) for seat in SEATS[:2]]
        self.send(RELAY, self.network, call_of("pass_motion(bytes32,(address,bytes)[])", action, told))

    def carry(self, name: str, kinds: str, *given: object, waits: bool = True) -> None:
        """Pass a motion of the council, wait, and carry it out."""
        self.motion(action_of(name, kinds, *given))
        self.clock.now += DELAY if waits else 0
        self.send(RELAY, self.network, call_of(f"{name}({kinds})", *given))

    # ---- what is signed

    def domain(self) -> messages.Domain:
        return messages.rollover_domain(CHAIN_ID, self.rollover)

    def signer(self, name: str) -> Key:
        return key(f"{name}'s signing key")

    def case(
        self,
        *legs: Leg,
        receivers: Sequence[str] = ("receiver",),
        voters: Sequence[Voter] = (),
        mode: Mode = Mode.FIXED,
        most: int = 5_000_000_00,
        withholder: bytes = messages.NOBODY,
        source: str = "source",
    ) -> Case:
        """A rollover of these legs, elected and attested."""
        self.last_number += 1
        number, now = self.last_number, self.clock.now
        participant = key(f"participant {number}")
        election = Election(
            participant.address, number, self.members[source].address, keccak(b"from %d" % number), keccak(b"to"),
            0b111, mode, most, 1, now, now + 10 * DAY, keccak(b"notice"), keccak(b"salt %d" % number),
            tuple(self.members[each].address for each in receivers),
        )  # fmt: skip
        attestation = Attestation(self.members["attestor"].address, 2, now + 90 * DAY, keccak(b"proof %d" % number))
        terms = Terms(
            0, 1, now + 5 * DAY, self.token, withholder, keccak(b"file %d" % number), bytes(32),
            keccak(b"terms %d" % number), tuple(voters), legs or (leg(PRE_TAX, 1_234_56),),
        )  # fmt: skip
        return self.elected(election, attestation, terms, by=participant)

    def elected(self, election: Election, attestation: Attestation, terms: Terms, *, by: Key | None = None) -> Case:
        by = by or key(f"participant {election.number}")
        digest = self.domain().digest(messages.election_hash(election))
        about = self.domain().digest(messages.attestation_hash(election.participant, attestation))
        return Case(election, by.sign(digest), attestation, self.signer("attestor").sign(about), terms)

    def changed(self, case: Case, **terms: object) -> Case:
        """The same election with other terms."""
        return replace(case, terms=replace(case.terms, **terms))  # type: ignore[arg-type]

    def approval(self, case: Case, role: Role, by: Key) -> tuple[bytes, bytes]:
        evidence = keccak(b"evidence" + by.address)
        digest = self.domain().digest(messages.approval_hash(case.id, role, evidence))
        return evidence, by.sign(digest)

    def approvals(self, case: Case) -> list[tuple[bytes, bytes]]:
        """Everybody's, in order."""
        paid = {each.to for each in case.terms.legs}
        names = {member.address: name for name, member in self.members.items()}
        told = [self.approval(case, Role.SOURCE, self.signer(names[case.election.source]))]
        for place, receiver in enumerate(case.election.receivers):
            if place in paid:
                told.append(self.approval(case, Role.RECEIVER, self.signer(names[receiver])))
        for voter in case.terms.voters:
            by = self.signer(names[voter.who]) if voter.who in names else key("spouse")
            told.append(self.approval(case, voter.role, by))
        return told

    def encoded_approvals(self, case: Case) -> bytes:
        return messages.encode_approvals(self.approvals(case))

    # ---- the coordinator

    def settle(self, case: Case, approvals: Sequence[tuple[bytes, bytes]] | None = None) -> Receipt:
        encoded = self.encoded_approvals(case) if approvals is None else messages.encode_approvals(approvals)
        return self.send(RELAY, self.rollover, call_of("settle(bytes,bytes)", case.encoded, encoded))

    def propose(self, case: Case) -> Receipt:
        told = self.approvals(case)[0]
        return self.send(RELAY, self.rollover, call_of("propose(bytes,(bytes32,bytes))", case.encoded, told))

    def back(self, case: Case, *legs: Leg, by: str = "receiver", to: str = "source", **terms: object) -> Case:
        """A rollover by which who received gives back: the same legs, unless others are told."""
        told = self.case(*(legs or case.terms.legs), source=by, receivers=(to,))
        return self.changed(told, **{"parent": case.id, **terms})

    def propose_back(self, case: Case, parent: Case) -> Receipt:
        what = "propose_return(bytes,bytes,(bytes32,bytes))"
        return self.send(RELAY, self.rollover, call_of(what, case.encoded, parent.encoded, self.approvals(case)[0]))

    def approve(self, case: Case, place: int, told: tuple[bytes, bytes] | None = None) -> Receipt:
        told = told or self.approvals(case)[place]
        data = call_of("approve(bytes,uint256,(bytes32,bytes))", case.encoded, place, told)
        return self.send(RELAY, self.rollover, data)

    def abort(self, case: Case, who: bytes, role: Role, by: Key, code: int = 401) -> Receipt:
        digest = self.domain().digest(messages.abort_hash(case.id, role, code, bytes(32)))
        given = (case.encoded, int.from_bytes(who, "big"), role, code, bytes(32), by.sign(digest))
        return self.send(RELAY, self.rollover, call_of("abort(bytes,uint256,uint256,uint256,bytes32,bytes)", *given))

    def expire(self, case: Case) -> Receipt:
        return self.send(RELAY, self.rollover, call_of("expire(uint256)", case.key))

    def post(
        self, case: Case, name: str, role: Role, *, by: Key | None = None, reference: bytes | None = None
    ) -> Receipt:
        reference = keccak(b"entry of " + name.encode()) if reference is None else reference
        digest = self.domain().digest(messages.posted_hash(case.id, role, reference))
        signature = (by or self.signer(name)).sign(digest)
        given = (int.from_bytes(self.members[name].address, "big"), role, reference, signature)
        data = call_of("post(bytes,uint256,uint256,bytes32,bytes)", case.encoded, *given)
        return self.send(RELAY, self.rollover, data)

    def batch(
        self,
        cases: Sequence[Case],
        *,
        deadline: int | None = None,
        between: tuple[str, str] = ("source", "receiver"),
        token: bytes | None = None,
        by: Sequence[Key] = (),
    ) -> Receipt:
        first, second = (self.members[name].address for name in between)
        until = self.clock.now + DAY if deadline is None else deadline
        digest = self.domain().digest(
            messages.batch_hash(first, second, token or self.token, until, [each.id for each in cases])
        )
        words = [int.from_bytes(each, "big") for each in (first, second, token or self.token)]
        signatures = [each.sign(digest) for each in by or [self.signer(name) for name in between]]
        what = "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)"
        data = call_of(what, *words, until, messages.encode_batch([each.encoded for each in cases]), *signatures)
        return self.send(RELAY, self.rollover, data)

    def state(self, case: Case) -> str:
        """The state of exactly this rollover."""
        (word,) = self.ask(self.rollover, "word_of(uint256)", ["uint256"], case.key)
        assert isinstance(word, int)
        mine = word >> 8 == int.from_bytes(case.id, "big") >> 8
        return ("absent", "preparing", "committed", "aborted", "closed")[word & 255] if mine else "absent"


def leg(kind: int, cents: int, *, into: int = PLAN, to: int = 0, taxable: int = 0) -> Leg:
    return Leg(kind, into, to, cents, taxable, keccak(b"leg %d" % cents))


SEATS = sorted((key("seat 1"), key("seat 2"), key("seat 3")), key=lambda each: each.address)
RELAY, BANK = key("anybody"), key("bank")
_ROLES = {
    "source": RELEASES | RECEIVES, "receiver": RELEASES | RECEIVES, "other": RECEIVES,
    "attestor": ATTESTS, "withholder": WITHHOLDS, "administrator": ADMINISTERS,
}  # fmt: skip


def action_of(name: str, kinds: str, *given: object) -> bytes:
    """What a motion of the council names: the hash of a call with its arguments."""
    return keccak(encode(["string", *kinds_of(f"{name}({kinds})")], [name, *given]))


def rules(**other: int) -> tuple[object, ...]:
    """The first version: a year, level 2, a million, nobody asked besides, 20 % withheld."""
    into = sum(1 << (16 * kind + account) for kind, accounts in INTO.items() for account in accounts)
    told = {
        "start": BEGUN, "end": BEGUN + 365 * DAY, "level": 2, "most": 1_000_000_00, "into": into, "voters": 0,
        "bps": sum(2_000 << (16 * kind) for kind in INTO),
    }  # fmt: skip
    return (*(told | other).values(), keccak(b"the long text"))


def found_on(chain: EmbeddedChain, clock: Clock) -> World:
    """A network with its members, rules and money, on a chain that has nothing yet."""
    world = World(chain, clock, b"", b"", b"", members={name: key(name) for name in _ROLES})
    seats = [seat.address for seat in SEATS]

    def deployed(name: str, kinds: Sequence[str], *given: object) -> bytes:
        contract = world.send(RELAY, None, artifact(name).code + encode(kinds, given)).contract
        assert contract is not None
        return contract

    world.network = deployed("network", ["address[]", "uint256", "uint256"], seats, 2, DELAY)
    world.rollover = deployed("rollover", ["address"], world.network)
    world.token = deployed("deposit_token", ["address"], BANK.address)
    asked: list[tuple[str, str, tuple[object, ...]]] = []
    for name, roles in _ROLES.items():
        told = (BEGUN + 400 * DAY, roles, 0xFFFF, world.signer(name).address)
        asked.append(("set_member", f"address,{MEMBER}", (world.members[name].address, told)))
    for name, kinds, given in asked:
        world.motion(action_of(name, kinds, *given))
    world.motion(action_of("publish", f"uint32,{RULES}", 0, rules()))
    clock.now += DELAY
    for name, kinds, given in asked:
        world.send(RELAY, world.network, call_of(f"{name}({kinds})", *given))
    world.send(RELAY, world.network, call_of(f"publish({RULES})", rules()))
    for name in ("source", "receiver", "other", "withholder"):
        holder = world.members[name]
        world.send(BANK, world.token, call_of("admit(address)", holder.address))
        reference = keccak(name.encode())
        world.send(BANK, world.token, call_of("mint(address,uint256,bytes32)", holder.address, MINTED, reference))
        world.send(holder, world.token, call_of("approve(address,uint256)", world.rollover, 2**256 - 1))
    world.send(BANK, world.token, call_of("admit(address)", world.rollover))
    return world


@cache
def _founded() -> tuple[dict[bytes, bytes], bytes, bytes, bytes, int]:
    """The same, made once a process."""
    clock, store = Clock(), MemoryDB()
    chain = EmbeddedChain(AtomicDB(store), chain_id=CHAIN_ID, now=lambda: clock.now, begun_at=BEGUN)
    world = found_on(chain, clock)
    return store.kv_store, world.network, world.rollover, world.token, clock.now


def founded() -> World:
    """A copy of it."""
    kept, network, rollover, token, now = _founded()
    clock = Clock(now)
    chain = EmbeddedChain(AtomicDB(MemoryDB(dict(kept))), chain_id=CHAIN_ID, now=lambda: clock.now, begun_at=BEGUN)
    return World(chain, clock, network, rollover, token, members={name: key(name) for name in _ROLES})

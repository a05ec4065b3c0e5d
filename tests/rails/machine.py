"""A model of the coordinator beside the real one: every step is foretold, then done, then both are compared.

What the model says of a step is whether it must succeed: also that nothing else does. Not here: by which code a step is
refused (test_rollover.py, test_refusals.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from eth_hash.auto import keccak
from tests.rails.world import (
    BANK,
    BEGUN,
    DAY,
    DELAY,
    INTO,
    MEMBER,
    MINTED,
    PERSON,
    RELAY,
    RULES,
    Case,
    ContractRefusedError,
    World,
    action_of,
    founded,
    key,
    rules,
)

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.keys import Key
from open401k.rails.messages import Election, Mode, Role

PEOPLE = ("source", "receiver", "other", "withholder", "attestor", "administrator")
HOLDERS = ("source", "receiver", "other", "withholder")
SPOUSE = key("spouse")


@dataclass
class Version:
    """Rules as the model keeps them."""

    start: int
    end: int
    asks_spouse: bool
    bps: int
    suspended: int = 0


@dataclass
class Model:
    """What should be true of the contracts."""

    world: World = field(default_factory=founded)
    words: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    batched: set[tuple[bytes, int]] = field(default_factory=set)
    votes: dict[tuple[int, bytes], bytes] = field(default_factory=dict)
    escrow: dict[int, tuple[str, int]] = field(default_factory=dict)
    refundable: dict[str, int] = field(default_factory=dict)
    moved: dict[Election, int] = field(default_factory=dict)
    posted: dict[bytes, set[bytes]] = field(default_factory=dict)
    revoked: set[tuple[bytes, bytes]] = field(default_factory=set)
    returns: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    supply: int = len(HOLDERS) * MINTED
    ended: dict[int, tuple[bytes, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signer: dict[str, Key | None] = {name: self.world.signer(name) for name in PEOPLE}
        self.until = dict.fromkeys(PEOPLE, BEGUN + 400 * DAY)
        self.balance = dict.fromkeys(HOLDERS, MINTED)
        self.versions = {1: Version(BEGUN, BEGUN + 365 * DAY, asks_spouse=False, bps=2_000)}
        self.names = {self.world.members[name].address: name for name in PEOPLE}

    @property
    def now(self) -> int:
        return self.world.clock.now

    # ---- doing

    def step(self, must: bool, act: Callable[[], object]) -> bool:
        """Do it; it succeeds exactly if it must, and what is refused leaves no trace."""
        money, refused = self.world.money(), None
        try:
            act()
        except ContractRefusedError as why:
            refused = why
        assert (refused is None) == must, f"refused: {refused}" if must else "was done, though it must not be"
        assert must or self.world.money() == money
        return must

    def state(self, case: Case) -> str:
        rollover, state = self.words.get(case.key, (b"", "absent"))
        return state if rollover == case.id else "absent"

    # ---- what the law of the contract is, in other words than the contract's

    def is_lawful(self, case: Case) -> bool:
        """Whether these terms may be voted on now: I6, I12, I13, I17."""
        terms, election = case.terms, case.election
        version = self.versions.get(terms.rule_version)
        if version is None or not version.start <= self.now < version.end or version.suspended > self.now:
            return False
        who = ["attestor", self.names[election.source], *(self.names[each] for each in self.paid(case))]
        who += [self.names[each.who] for each in terms.voters if each.role == Role.ADMINISTRATOR]
        if terms.withholder != messages.NOBODY:
            who.append(self.names[terms.withholder])
        told = messages.attestation_hash(election.participant, case.attestation)
        return (
            self.now <= terms.deadline <= election.deadline
            and all(self.until[name] >= terms.deadline for name in who)
            and (case.attestation.attestor, told) not in self.revoked
            and all(self._is_lawful_leg(case, place) for place in range(len(terms.legs)))
            and sum(leg.amount for leg in terms.legs) <= election.max_total
            and any(leg.into == PERSON for leg in terms.legs) == (terms.withholder != messages.NOBODY)
            and (not version.asks_spouse or any(each.role == Role.SPOUSE for each in terms.voters))
        )

    def _is_lawful_leg(self, case: Case, place: int) -> bool:
        leg = case.terms.legs[place]
        fits = leg.into in INTO.get(leg.kind, ()) and leg.amount > 0
        return fits and (leg.taxable <= leg.amount if leg.into == PERSON else leg.taxable == 0)

    def paid(self, case: Case) -> list[bytes]:
        """The receivers that are paid, in the order of the election."""
        places = {leg.to for leg in case.terms.legs}
        return [each for place, each in enumerate(case.election.receivers) if place in places]

    def dues(self, case: Case) -> dict[str, int]:
        """Cents for each, what is withheld among them: together what the legs say (I1, I15)."""
        version, found = self.versions[case.terms.rule_version], dict.fromkeys(HOLDERS, 0)
        for leg in case.terms.legs:
            kept = (leg.taxable * version.bps + 5_000) // 10_000 if leg.into == PERSON else 0
            found[self.names[case.election.receivers[leg.to]]] += leg.amount - kept
            if kept:
                found[self.names[case.terms.withholder]] += kept
        assert sum(found.values()) == self.total(case)
        return {name: cents for name, cents in found.items() if cents}

    def total(self, case: Case) -> int:
        return sum(leg.amount for leg in case.terms.legs)

    def is_free(self, case: Case) -> bool:
        """Whether nothing stands under its key and it is its turn: I3, I5."""
        election, part = case.election, case.terms.part
        if case.key in self.words or (election.source, election.number) in self.batched:
            return False
        if part == 0:
            return True
        _, before = self.words.get(case.key - 1, (b"", "absent"))
        ended = ("aborted",) if election.mode is Mode.FIXED else ("aborted", "committed", "closed")
        return before in ended

    def is_within(self, case: Case) -> bool:
        """Whether all parts together stay within what was elected."""
        limited = case.election.mode is Mode.ALL and case.election.max_total != messages.ANY_TOTAL
        return not limited or self.moved.get(case.election, 0) + self.total(case) <= case.election.max_total

    def is_back_from(self, case: Case, parent: Case) -> bool:
        """Whether it gives back what came, to where it came from, once."""
        came: dict[int, int] = {}
        for leg in parent.terms.legs:
            if parent.election.receivers[leg.to] == case.election.source and leg.into != PERSON:
                came[leg.kind] = came.get(leg.kind, 0) + leg.amount
        for leg in case.terms.legs:
            came[leg.kind] = came.get(leg.kind, 0) - leg.amount
        last = self.returns.get((parent.id, case.election.source))
        return (
            case.terms.parent == parent.id
            and self.state(parent) in ("committed", "closed")
            and case.election.receivers == (parent.election.source,)
            and min(came.values()) >= 0
            and (last is None or self.words[last][1] == "aborted")
        )

    def parties(self, case: Case) -> list[tuple[Role, bytes]]:
        custodians = [(Role.SOURCE, case.election.source), *((Role.RECEIVER, each) for each in self.paid(case))]
        return [*custodians, *((each.role, each.who) for each in case.terms.voters)]

    def key_of(self, who: bytes) -> Key | None:
        """The key that signs for a party now."""
        return self.signer[self.names[who]] if who in self.names else SPOUSE

    def approval(self, case: Case, place: int) -> tuple[bytes, bytes]:
        role, who = self.parties(case)[place]
        return self.world.approval(case, role, self.key_of(who) or key("a key that was revoked"))

    def can_be_paid(self, case: Case) -> bool:
        return not self.frozen & set(self.dues(case))

    def pays(self, case: Case) -> None:
        """The verdict has fallen."""
        for name, cents in self.dues(case).items():
            self.balance[name] += cents
        self.moved[case.election] = self.moved.get(case.election, 0) + self.total(case)

    # ---- steps

    def propose(self, case: Case, parent: Case | None = None) -> None:
        source = self.names[case.election.source]
        signs = self.signer[source]
        must = self.is_lawful(case) and self.is_free(case) and signs is not None and source not in self.frozen
        must = must and (self.is_back_from(case, parent) if parent is not None else not any(case.terms.parent))
        told = self.approval(case, 0)
        data = call_of("propose(bytes,(bytes32,bytes))", case.encoded, told)
        if parent is not None:
            data = call_of("propose_return(bytes,bytes,(bytes32,bytes))", case.encoded, parent.encoded, told)
        if self.step(must, lambda: self.world.send(RELAY, self.world.rollover, data)):
            assert signs is not None
            if parent is not None:
                self.returns[parent.id, case.election.source] = case.key
            self.words[case.key] = case.id, "preparing"
            self.votes[case.key, case.election.source] = signs.address
            self.escrow[case.key] = source, self.total(case)
            self.balance[source] -= self.total(case)

    def vote(self, case: Case, place: int) -> None:
        parties = self.parties(case)
        _, who = parties[place]
        signs = self.key_of(who)
        must = self.is_lawful(case) and self.state(case) == "preparing" and signs is not None
        told = {**self.votes, (case.key, who): signs.address if signs else b""}
        keys = [(told.get((case.key, each)), self.key_of(each)) for _, each in parties]
        last = all(now is not None and given == now.address for given, now in keys)
        must = must and (not last or (self.is_within(case) and self.can_be_paid(case)))
        if self.step(must, lambda: self.world.approve(case, place, self.approval(case, place))):
            self.votes = told
            if last:
                self.words[case.key] = case.id, "committed"
                del self.escrow[case.key]
                self.pays(case)

    def settle(self, case: Case) -> None:
        source = self.names[case.election.source]
        keys = [self.key_of(who) for _, who in self.parties(case)]
        must = self.is_lawful(case) and self.is_free(case) and self.is_within(case) and None not in keys
        must = must and source not in self.frozen and self.can_be_paid(case) and not any(case.terms.parent)
        approvals = [self.approval(case, place) for place in range(len(keys))]
        if self.step(must, lambda: self.world.settle(case, approvals)):
            self.words[case.key] = case.id, "committed"
            self.balance[source] -= self.total(case)
            self.pays(case)

    def abort(self, case: Case, role: Role, who: bytes) -> None:
        waits = self.state(case) == "preparing"
        must = waits or (self.is_free(case) and role <= Role.RECEIVER)
        by = key(f"participant {case.election.number}") if role is Role.PARTICIPANT else self.key_of(who)
        stranger = key("a key that was revoked")
        if self.step(must and by is not None, lambda: self.world.abort(case, who, role, by or stranger)):
            self.words[case.key] = case.id, "aborted"
            self.gives_back(case.key)

    def expire(self, case: Case) -> None:
        rollover, state = self.words.get(case.key, (b"", "absent"))
        must = state == "preparing" and self.deadline(case.key) < self.now
        if self.step(must, lambda: self.world.expire(case)):
            self.words[case.key] = rollover, "aborted"
            self.gives_back(case.key)

    def deadline(self, of: int) -> int:
        (told,) = self.world.ask(self.world.rollover, "deadline_of(uint256)", ["uint256"], of)
        assert isinstance(told, int)
        return told

    def gives_back(self, of: int) -> None:
        owner, cents = self.escrow.pop(of, ("", 0))
        if owner in self.frozen:
            self.refundable[owner] = self.refundable.get(owner, 0) + cents
        elif cents:
            self.balance[owner] += cents

    def refund(self, name: str) -> None:
        cents, owner = self.refundable.get(name, 0), self.world.members[name].address
        data = call_of("refund(address,address)", self.world.token, owner)
        must = cents > 0 and name not in self.frozen
        if self.step(must, lambda: self.world.send(RELAY, self.world.rollover, data)):
            self.balance[name] += self.refundable.pop(name)

    def post(self, case: Case, name: str, role: Role) -> None:
        who, signs = self.world.members[name].address, self.signer[name]
        of = [case.election.source] if role is Role.SOURCE else self.paid(case)
        done = self.posted.setdefault(case.id, set())
        must = self.state(case) == "committed" and who in of and who not in done and signs is not None
        by = signs or key("a key that was revoked")
        if self.step(must, lambda: self.world.post(case, name, role, by=by)):
            done.add(who)
            if {case.election.source, *self.paid(case)} <= done:
                self.words[case.key] = case.id, "closed"

    def batch(self, cases: list[Case]) -> None:
        pair = [self.world.members[name].address for name in ("source", "receiver")]
        keys = [self.signer[name] for name in ("source", "receiver")]
        must, left, used, moved = bool(cases), 0, set(self.batched), dict(self.moved)
        for case in cases:
            election, number = case.election, (case.election.source, case.election.number)
            must = must and self.is_lawful(case) and self.is_free(case) and case.terms.part == 0
            must = must and not case.terms.voters and case.terms.withholder == messages.NOBODY
            must = must and not any(case.terms.parent)
            must = must and sorted([election.source, *election.receivers]) == sorted(pair) and number not in used
            moved[election] = moved.get(election, 0) + self.total(case)
            must = must and (election.mode is Mode.FIXED or moved[election] <= election.max_total)
            left += self.total(case) if election.source == pair[0] else -self.total(case)
            used.add(number)
        must = must and None not in keys and (left == 0 or not self.frozen & {"source", "receiver"})
        by = [each or key("a key that was revoked") for each in keys]
        if self.step(must, lambda: self.world.batch(cases, by=by)):
            self.batched, self.moved = used, moved
            self.balance["source"] -= left
            self.balance["receiver"] += left

    # ---- the council, members and the bank

    def suspend_member(self, name: str) -> None:
        self.world.carry("suspend_member", "address", self.world.members[name].address, waits=False)
        self.until[name] = 0

    def admit_member(self, name: str) -> None:
        """Back on file, with the key that it has or a new one."""
        (kept,) = self.world.ask(self.world.network, "member(address)", [MEMBER], self.world.members[name].address)
        assert isinstance(kept, tuple)
        new = self.signer[name] or key(f"{name}'s key of {self.now}")
        self.until[name] = self.now + 100 * DAY
        told = (self.until[name], *kept[1:3], new.address)
        self.world.carry("set_member", f"address,{MEMBER}", self.world.members[name].address, told)
        self.signer[name] = new

    def revoke_key(self, name: str) -> None:
        self.world.send(self.world.members[name], self.world.network, call_of("revoke_signer()"))
        self.signer[name] = None

    def change_key(self, name: str) -> None:
        member, new = self.world.members[name], key(f"{name}'s key of {self.now}")
        self.world.send(member, self.world.network, call_of("name_signer(address)", new.address))
        self.world.clock.now += DELAY
        self.world.send(RELAY, self.world.network, call_of("take_signer(address)", member.address))
        self.signer[name] = new

    def revoke_attestation(self, case: Case, name: str) -> None:
        told = messages.attestation_hash(case.election.participant, case.attestation)
        member = self.world.members[name]
        self.world.send(member, self.world.network, call_of("revoke_attestation(bytes32)", told))
        self.revoked.add((member.address, told))

    def publish(self, *, asks_spouse: bool, bps: int) -> None:
        latest = len(self.versions)
        start, end = self.now + DELAY, self.now + 300 * DAY
        voters = sum(1 << (16 * kind + Role.SPOUSE) for kind in INTO) if asks_spouse else 0
        told = rules(start=start, end=end, voters=voters, bps=sum(bps << (16 * kind) for kind in INTO))
        self.world.motion(action_of("publish", f"uint32,{RULES}", latest, told))
        self.world.clock.now += DELAY
        self.world.send(RELAY, self.world.network, call_of(f"publish({RULES})", told))
        self.versions[latest + 1] = Version(start, end, asks_spouse, bps)

    def retire(self, version: int) -> None:
        if self.versions[version].end > self.now:
            self.world.carry("retire_rules", "uint32", version, waits=False)
            self.versions[version].end = self.now

    def pause(self, version: int, days: int) -> None:
        until = self.now + days * DAY
        self.world.carry("suspend_rules", "uint32,uint64", version, until, waits=False)
        self.versions[version].suspended = until

    def freeze(self, name: str, *, frozen: bool) -> None:
        what = "freeze(address)" if frozen else "admit(address)"
        self.world.send(BANK, self.world.token, call_of(what, self.world.members[name].address))
        (self.frozen.add if frozen else self.frozen.discard)(name)

    def mint(self, name: str, cents: int, reference: bytes) -> None:
        data = call_of("mint(address,uint256,bytes32)", self.world.members[name].address, cents, keccak(reference))
        if self.step(name not in self.frozen, lambda: self.world.send(BANK, self.world.token, data)):
            self.supply += cents
            self.balance[name] += cents

    # ---- comparison

    def compare(self, cases: list[Case]) -> None:
        """The contracts say what the model says: I1 to I3, I5, I7, I8, I15."""
        world = self.world
        money = world.money()
        owed = sum(cents for _, cents in self.escrow.values()) + sum(self.refundable.values())
        assert money == {**self.balance, "escrow": owed}
        assert world.ask(world.token, "totalSupply()", ["uint256"]) == (self.supply,) == (sum(money.values()),)
        for name in HOLDERS:
            given = world.token, world.members[name].address
            (told,) = world.ask(world.rollover, "refundable(address,address)", ["uint256"], *given)
            assert told == self.refundable.get(name, 0)
        for case in cases:
            assert world.state(case) == self.state(case)
        for where, (rollover, state) in self.words.items():
            before = self.ended.get(where, (rollover, state))
            assert before in ((rollover, state), (rollover, "committed")), "a verdict changed"
            if state != "preparing":
                self.ended[where] = rollover, state


def forged(model: Model, case: Case, place: int, how: str) -> tuple[bytes, bytes]:
    """An approval that must never count (I4, I5)."""
    role, who = model.parties(case)[place]
    by = model.key_of(who) or key("a key that was revoked")
    evidence, signature = model.approval(case, place)
    if how == "high s":
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        s = order - int.from_bytes(signature[32:64], "big")
        return evidence, signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    if how == "other evidence":
        return keccak(b"other"), signature
    if how == "another signer":
        return model.world.approval(case, role, key("a stranger"))
    if how == "another role":
        return model.world.approval(case, Role.DEPOSITORY, by)
    if how == "other terms":
        return model.world.approval(model.world.changed(case, salt=keccak(b"other")), role, by)
    domain = model.world.domain()
    other = replace(domain, chain_id=402) if how == "another chain" else replace(domain, contract=model.world.network)
    return bytes(32), by.sign(other.digest(messages.approval_hash(case.id, role, bytes(32))))


FORGED = (
    "high s", "other evidence", "another signer", "another role", "other terms", "another chain", "another contract",
)  # fmt: skip

"""What the contracts tell: every event of every call, with all of its fields; and no call goes without its motion."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from tests.rails.stubs import token_that_keeps
from tests.rails.world import (
    BANK,
    BEGUN,
    DAY,
    DELAY,
    MEMBER,
    PERSON,
    PRE_TAX,
    RELAY,
    RULES,
    SEATS,
    Case,
    ContractRefusedError,
    World,
    action_of,
    key,
    leg,
    rules,
)

from open401k.rails import messages
from open401k.rails.artifacts import artifact
from open401k.rails.calls import call_of, kinds_of
from open401k.rails.chain.interface import Receipt
from open401k.rails.messages import Role, Voter

NOBODY = bytes(20)
Told = tuple[bytes, tuple[bytes, ...], bytes]


def told(by: bytes, signature: str, *given: object, indexed: int = 0) -> Told:
    """An event as the chain keeps it; its first ``indexed`` fields are topics."""
    kinds = kinds_of(signature)
    topics = [encode([kind], [each]) for kind, each in zip(kinds[:indexed], given, strict=False)]
    return by, (keccak(signature.encode()), *topics), encode(kinds[indexed:], given[indexed:])


def events(receipt: Receipt) -> list[Told]:
    return [(log.address, log.topics, log.data) for log in receipt.logs]


def paid(world: World, payer: bytes, payee: bytes, cents: int) -> Told:
    return told(world.token, "Transfer(address,address,uint256)", payer, payee, cents, indexed=2)


def committed(world: World, case: Case) -> Told:
    return told(world.rollover, "Committed(bytes32,uint256)", case.id, case.key, indexed=2)


def voted(world: World, case: Case, place: int) -> Told:
    roles = [(Role.SOURCE, case.election.source), *((Role.RECEIVER, each) for each in case.election.receivers)]
    role, by = [*roles, *((each.role, each.who) for each in case.terms.voters)][place]
    evidence = world.approvals(case)[place][0]
    return told(world.rollover, "Voted(bytes32,uint256,address,bytes32)", case.id, role, by, evidence, indexed=1)


# ---- rollovers


def test_one_transaction_tells_who_was_paid_and_the_verdict(world: World) -> None:
    withholder = world.members["withholder"].address
    legs = leg(PRE_TAX, 1_00), leg(PRE_TAX, 10_00, into=PERSON, taxable=5_00, to=1)
    case = world.case(*legs, receivers=("receiver", "other"), withholder=withholder)
    source = case.election.source
    one, other = case.election.receivers
    assert events(world.settle(case)) == [
        paid(world, source, one, 1_00),
        paid(world, source, other, 9_00),
        paid(world, source, withholder, 1_00),
        committed(world, case),
    ]


def test_two_phases_tell_each_step_and_each_receipt(world: World) -> None:
    case = world.case(leg(PRE_TAX, 1_00), voters=[Voter(Role.SPOUSE, key("spouse").address)])
    source, receiver = case.election.source, case.election.receivers[0]
    assert events(world.propose(case)) == [
        told(world.rollover, "Proposed(bytes32,uint256)", case.id, case.key, indexed=2),
        voted(world, case, 0),
        paid(world, source, world.rollover, 1_00),
    ]
    assert world.ask(world.rollover, "deadline_of(uint256)", ["uint256"], case.key) == (case.terms.deadline,)
    assert events(world.approve(case, 2)) == [voted(world, case, 2)]
    assert events(world.approve(case, 1)) == [
        voted(world, case, 1),
        paid(world, world.rollover, receiver, 1_00),
        committed(world, case),
    ]
    posted = "Posted(bytes32,uint256,address,bytes32)"
    reference = keccak(b"entry of receiver")
    assert events(world.post(case, "receiver", Role.RECEIVER)) == [
        told(world.rollover, posted, case.id, Role.RECEIVER, receiver, reference, indexed=1)
    ]
    assert events(world.post(case, "source", Role.SOURCE)) == [
        told(world.rollover, posted, case.id, Role.SOURCE, source, keccak(b"entry of source"), indexed=1),
        told(world.rollover, "Closed(bytes32)", case.id, indexed=1),
    ]


def test_ends_tell_by_whom_why_and_what_went_back(world: World) -> None:
    aborted = "Aborted(bytes32,uint256,uint256,uint256,bytes32)"
    refunded = "Refunded(uint256,address,bool)"
    case = world.case(leg(PRE_TAX, 1_00))
    source = case.election.source
    digest = world.domain().digest(messages.abort_hash(case.id, Role.SOURCE, 451, b"d" * 32))
    given = (int.from_bytes(source, "big"), Role.SOURCE, 451, b"d" * 32, world.signer("source").sign(digest))
    data = call_of("abort(bytes,uint256,uint256,uint256,bytes32,bytes)", case.encoded, *given)
    assert events(world.send(RELAY, world.rollover, data)) == [
        told(world.rollover, aborted, case.id, case.key, Role.SOURCE, 451, b"d" * 32, indexed=2)
    ]
    late = world.case(leg(PRE_TAX, 1_00))
    world.propose(late)
    world.clock.now = late.terms.deadline + 1
    assert events(world.expire(late)) == [
        told(world.rollover, "Expired(uint256)", late.key, indexed=1),
        paid(world, world.rollover, source, 1_00),
        told(world.rollover, refunded, late.key, source, True, indexed=2),
    ]
    stuck = world.changed(world.case(leg(PRE_TAX, 1_00)), token=token_that_keeps(world, None))
    world.propose(stuck)
    assert events(world.abort(stuck, source, Role.SOURCE, world.signer("source"))) == [
        told(world.rollover, aborted, stuck.id, stuck.key, Role.SOURCE, 401, bytes(32), indexed=2),
        told(world.rollover, refunded, stuck.key, source, False, indexed=2),
    ]


def test_a_return_tells_as_a_proposal_does(world: World) -> None:
    case = world.case(leg(PRE_TAX, 1_00))
    world.settle(case)
    back = world.back(case)
    assert events(world.propose_back(back, case)) == [
        told(world.rollover, "Proposed(bytes32,uint256)", back.id, back.key, indexed=2),
        voted(world, back, 0),
        paid(world, back.election.source, world.rollover, 1_00),
    ]
    assert world.ask(world.rollover, "deadline_of(uint256)", ["uint256"], back.key) == (back.terms.deadline,)
    assert world.ask(world.rollover, "escrow_of(uint256)", ["address", "uint256"], back.key) == (
        f"0x{world.token.hex()}",
        1_00,
    )
    who = Role.SOURCE << 160 | int.from_bytes(back.election.source, "big")
    signer = int.from_bytes(world.signer("receiver").address, "big")
    assert world.ask(world.rollover, "vote_of(uint256,uint256)", ["uint256"], back.key, who) == (signer,)


def test_a_batch_tells_its_hash_all_ids_and_what_was_left_over(world: World) -> None:
    there = world.case(leg(PRE_TAX, 5_00))
    back = world.case(leg(PRE_TAX, 7_00), source="receiver", receivers=("source",))
    source, receiver = there.election.source, back.election.source
    until = world.clock.now + DAY
    batch = messages.batch_hash(source, receiver, world.token, until, [there.id, back.id])
    receipt = world.batch([there, back], deadline=until)
    assert events(receipt) == [
        told(world.rollover, "Batched(bytes32,bytes32[])", batch, [there.id, back.id], indexed=1),
        paid(world, receiver, source, 2_00),
    ]
    at = receipt.block.time
    assert world.ask(world.rollover, "batched_at(bytes32)", ["uint256"], batch) == (at,)


# ---- the network


def test_a_motion_and_what_is_carried_out_are_told(world: World) -> None:
    who, signer = world.members["other"].address, key("signer").address
    member = (world.clock.now + 400 * DAY, 3, 7, signer)
    action = action_of("set_member", f"address,{MEMBER}", who, member)
    (number,) = world.ask(world.network, "motions()", ["uint256"])
    before = len(world.chain.logs(0, world.chain.head().number, [world.network]))
    world.motion(action)
    (log,) = world.chain.logs(0, world.chain.head().number, [world.network])[before:]
    passed = told(world.network, "Passed(bytes32,uint256)", action, number, indexed=1)
    assert (log.address, log.topics, log.data) == passed
    world.clock.now += DELAY
    given = call_of(f"set_member(address,{MEMBER})", who, member)
    was_set = "MemberSet(address,uint64,uint16,uint16,address)"
    assert events(world.send(RELAY, world.network, given)) == [
        told(world.network, "Carried(bytes32)", action, indexed=1),
        told(world.network, was_set, who, *member, indexed=1),
    ]
    assert world.ask(world.network, "member(address)", [MEMBER], who) == ((*member[:3], f"0x{signer.hex()}"),)
    world.motion(suspend := action_of("suspend_member", "address", who))
    assert events(world.send(RELAY, world.network, call_of("suspend_member(address)", who))) == [
        told(world.network, "Carried(bytes32)", suspend, indexed=1),
        told(world.network, was_set, who, 0, 0, 0, NOBODY, indexed=1),
    ]
    assert world.ask(world.network, "member(address)", [MEMBER], who) == ((0, *member[1:3], f"0x{signer.hex()}"),)


def test_keys_and_attestations_of_members_are_told(world: World) -> None:
    source, new = world.members["source"], key("new signing key").address
    named = "SignerNamed(address,address,uint256)"
    receipt = world.send(source, world.network, call_of("name_signer(address)", new))
    ready = receipt.block.time + DELAY
    assert events(receipt) == [told(world.network, named, source.address, new, ready, indexed=1)]
    world.clock.now = ready
    receipt = world.send(RELAY, world.network, call_of("take_signer(address)", source.address))
    assert events(receipt) == [told(world.network, named, source.address, new, ready, indexed=1)]
    assert world.ask(world.network, "next_signer(address)", ["address"], source.address) == (f"0x{NOBODY.hex()}",)
    world.send(source, world.network, call_of("name_signer(address)", key("another").address))
    receipt = world.send(source, world.network, call_of("revoke_signer()"))
    at = receipt.block.time
    assert events(receipt) == [told(world.network, named, source.address, NOBODY, at, indexed=1)]
    assert world.ask(world.network, "next_signer(address)", ["address"], source.address) == (f"0x{NOBODY.hex()}",)
    receipt = world.send(source, world.network, call_of("revoke_attestation(bytes32)", b"a" * 32))
    assert events(receipt) == [told(world.network, "Revoked(address,bytes32)", source.address, b"a" * 32, indexed=2)]


def test_rules_are_told_and_a_suspension_or_an_end_leaves_all_else(world: World) -> None:
    # every field has bits of its own: whatever one writes, the others are read back
    widest = (BEGUN, 2**34 - 1, 255, 2**48 - 1, 2**256 - 1, 2**256 - 1, 10_000, keccak(b"text"))
    world.motion(action := action_of("publish", f"uint32,{RULES}", 1, widest))
    world.clock.now += DELAY
    assert events(world.send(RELAY, world.network, call_of(f"publish({RULES})", widest))) == [
        told(world.network, "Carried(bytes32)", action, indexed=1),
        told(world.network, "Published(uint32,bytes32)", 2, keccak(b"text"), indexed=1),
    ]
    for until in (world.clock.now + 14 * DAY, world.clock.now + DAY, 2**34 - 1 & world.clock.now):
        world.motion(action := action_of("suspend_rules", "uint32,uint64", 2, until))
        receipt = world.send(RELAY, world.network, call_of("suspend_rules(uint32,uint64)", 2, until))
        assert events(receipt) == [
            told(world.network, "Carried(bytes32)", action, indexed=1),
            told(world.network, "Suspended(uint32,uint256)", 2, until, indexed=1),
        ]
        assert world.ask(world.network, "suspended_until(uint32)", ["uint256"], 2) == (until,)
        assert world.ask(world.network, "rules(uint32)", [RULES], 2) == (widest,)
    world.motion(action := action_of("retire_rules", "uint32", 2))
    receipt = world.send(RELAY, world.network, call_of("retire_rules(uint32)", 2))
    assert events(receipt) == [
        told(world.network, "Carried(bytes32)", action, indexed=1),
        told(world.network, "Retired(uint32)", 2, indexed=1),
    ]
    assert world.ask(world.network, "suspended_until(uint32)", ["uint256"], 2) == (until,)
    ended = (BEGUN, receipt.block.time, *widest[2:])
    assert world.ask(world.network, "rules(uint32)", [RULES], 2) == (ended,)
    assert world.ask(world.network, "rules(uint32)", [RULES], 1) == (rules(),)


@pytest.mark.parametrize(
    ("name", "kinds", "given"),
    [
        ("set_member", f"address,{MEMBER}", (b"\1" * 20, (1, 1, 1, b"\2" * 20))),
        ("suspend_member", "address", (b"\1" * 20,)),
        ("publish", RULES, (rules(),)),
        ("suspend_rules", "uint32,uint64", (1, 1)),
        ("retire_rules", "uint32", (1,)),
        ("change_seats", "address[],address[],uint256", ([b"\1" * 20], [], 3)),
        ("withdraw", "bytes32", (bytes(32),)),
    ],
)
def test_nothing_of_the_council_goes_without_its_motion(
    world: World, name: str, kinds: str, given: tuple[object, ...]
) -> None:
    data = call_of(f"{name}({kinds})", *given)
    with pytest.raises(ContractRefusedError, match="no such motion"):
        world.send(RELAY, world.network, data)
    about = (1, *given) if name == "publish" else given
    action = action_of(name, f"uint32,{kinds}" if name == "publish" else kinds, *about)
    world.motion(action)
    waits = name in ("set_member", "publish", "change_seats")
    if waits:
        with pytest.raises(ContractRefusedError, match="the delay is not over"):
            world.send(RELAY, world.network, data)
        world.clock.now += DELAY
    world.send(RELAY, world.network, data)
    with pytest.raises(ContractRefusedError, match="no such motion"):  # it is used up
        world.send(RELAY, world.network, data)


def test_the_council_is_read_as_it_was_founded_and_changed(world: World) -> None:
    def shown() -> tuple[object, ...]:
        seats = [world.ask(world.network, "is_seat(address)", ["bool"], each.address)[0] for each in SEATS]
        of = [world.ask(world.network, f"{name}()", ["uint256"])[0] for name in ("seats", "threshold", "DELAY")]
        return (*seats, *of)

    assert shown() == (True, True, True, 3, 2, DELAY)
    new = key("new seat").address
    world.carry("change_seats", "address[],address[],uint256", [new], [SEATS[2].address], 2)
    assert shown() == (True, True, False, 3, 2, DELAY)
    assert world.ask(world.network, "is_seat(address)", ["bool"], new) == (True,)
    world.motion(action := keccak(b"an action"))
    world.motion(action_of("withdraw", "bytes32", action))
    world.send(RELAY, world.network, call_of("withdraw(bytes32)", action))
    assert world.ask(world.network, "passed_at(bytes32)", ["uint256"], action) == (0,)


# ---- deposits


def test_the_token_tells_all_that_it_does(world: World) -> None:
    holder, spender, reference = world.members["source"], key("spender"), keccak(b"a reference")
    other = world.members["other"].address

    def sent(by: object, signature: str, *given: object) -> list[Told]:
        return events(world.send(by, world.token, call_of(signature, *given)))  # type: ignore[arg-type]

    admitted = "Admitted(address,uint8)"
    assert sent(BANK, "admit(address)", spender.address) == [told(world.token, admitted, spender.address, 1, indexed=1)]
    assert sent(BANK, "freeze(address)", spender.address) == [
        told(world.token, admitted, spender.address, 0, indexed=1)
    ]
    assert sent(BANK, "mint(address,uint256,bytes32)", holder.address, 5_00, reference) == [
        told(world.token, "Minted(bytes32,address,uint256)", reference, holder.address, 5_00, indexed=2),
        paid(world, NOBODY, holder.address, 5_00),
    ]
    assert sent(holder, "redeem(uint256,bytes32)", 2_00, reference) == [
        told(world.token, "Redeemed(bytes32,address,uint256)", reference, holder.address, 2_00, indexed=2),
        paid(world, holder.address, NOBODY, 2_00),
    ]
    assert sent(holder, "transfer(address,uint256)", other, 1_00) == [paid(world, holder.address, other, 1_00)]
    assert sent(holder, "approve(address,uint256)", spender.address, 3_00) == [
        told(world.token, "Approval(address,address,uint256)", holder.address, spender.address, 3_00, indexed=2)
    ]
    assert sent(spender, "transferFrom(address,address,uint256)", holder.address, other, 3_00) == [
        paid(world, holder.address, other, 3_00)
    ]
    shown = [
        world.ask(world.token, f"{name}()", [kind])[0] for name, kind in (("name", "string"), ("symbol", "string"))
    ]
    assert shown == ["Open401k settlement deposit", "DEPOSIT"]
    assert world.ask(world.token, "decimals()", ["uint8"]) == (2,)
    sent(BANK, "name_bank(address)", spender.address)
    assert world.ask(world.token, "next_bank()", ["address"]) == (f"0x{spender.address.hex()}",)
    assert sent(spender, "take_over()") == [told(world.token, "BankNamed(address)", spender.address, indexed=1)]
    assert world.ask(world.token, "next_bank()", ["address"]) == (f"0x{NOBODY.hex()}",)
    assert world.ask(world.token, "bank()", ["address"]) == (f"0x{spender.address.hex()}",)


def test_a_token_names_its_bank_as_it_begins(world: World) -> None:
    receipt = world.send(BANK, None, artifact("deposit_token").code + encode(["address"], [BANK.address]))
    assert receipt.contract is not None
    assert events(receipt) == [told(receipt.contract, "BankNamed(address)", BANK.address, indexed=1)]


def test_no_field_of_the_rules_reaches_into_another(world: World) -> None:
    for version, other in enumerate(({"voters": 1 << 4}, {"most": 1}, {"level": 255, "into": 1}, {"voters": 0}), 2):
        narrow = rules(**{"level": 0, "most": 0, "into": 0, "bps": 0, "end": BEGUN + 100 * DAY, **other})
        world.motion(action_of("publish", f"uint32,{RULES}", version - 1, narrow))
        world.clock.now += DELAY
        world.send(RELAY, world.network, call_of(f"publish({RULES})", narrow))
        assert world.ask(world.network, "rules(uint32)", [RULES], version) == (narrow,)
        assert world.ask(world.network, "suspended_until(uint32)", ["uint256"], version) == (0,)

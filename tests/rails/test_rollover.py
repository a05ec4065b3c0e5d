"""The coordinator: one verdict, all money or none, and who may do what. On a real EVM, by the shipped code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from eth_hash.auto import keccak
from tests.rails.world import (
    ADMINISTERS,
    AFTER_TAX,
    BANK,
    DAY,
    MEMBER,
    PERSON,
    PLAN,
    PRE_TAX,
    RECEIVES,
    RELAY,
    ROTH,
    ROTH_IRA,
    RULES,
    TRADITIONAL_IRA,
    Case,
    ContractRefusedError,
    World,
    action_of,
    key,
    leg,
    rules,
)

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.messages import Leg, Mode, Role, Voter

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def refused(code: int, act: Callable[[], object]) -> None:
    with pytest.raises(ContractRefusedError) as why:
        act()
    assert why.value.code == code, (why.value.code, str(why.value))


def test_all_signatures_in_one_transaction_move_all_legs(world: World) -> None:
    # Money flow: source -> receiver (pre-tax 1,000.00, Roth 250.50), other (after-tax 10.01)
    before = world.money()
    legs = leg(PRE_TAX, 1_000_00), leg(ROTH, 250_50), leg(AFTER_TAX, 10_01, into=ROTH_IRA, to=1)
    case = world.case(*legs, receivers=("receiver", "other"))
    receipt = world.settle(case)
    assert world.moved(before) == {"source": -1_260_51, "receiver": 1_250_50, "other": 10_01}
    assert world.state(case) == "committed"
    (told,) = [log for log in receipt.logs if log.address == world.rollover]
    assert told.topics[1] == case.id  # the contract's hash is that of our own encoder


def test_what_is_paid_to_a_person_has_twenty_percent_of_its_taxable_part_withheld(world: World) -> None:
    """IRC 3405(c): of 777.77, of which 500.03 are taxable, 100.01 go to the withholder; a direct leg is whole."""
    # Money flow: source -> receiver (direct 1,000.00; for the person 677.76), withholder 100.01
    before = world.money()
    legs = leg(PRE_TAX, 1_000_00), leg(AFTER_TAX, 777_77, into=PERSON, taxable=500_03)
    world.settle(world.case(*legs, withholder=world.members["withholder"].address))
    assert world.moved(before) == {"source": -1_777_77, "receiver": 1_677_76, "withholder": 100_01}


def test_in_two_phases_the_money_waits_in_escrow_and_the_last_vote_pays_it(world: World) -> None:
    spouse = key("spouse")
    case = world.case(leg(PRE_TAX, 5_000_00), voters=[Voter(Role.SPOUSE, spouse.address)])
    before = world.money()
    world.propose(case)
    assert world.state(case) == "preparing"
    assert world.moved(before) == {"source": -5_000_00, "escrow": 5_000_00}
    world.approve(case, 2)
    assert world.state(case) == "preparing"
    world.approve(case, 1)
    assert world.state(case) == "committed"
    assert world.moved(before) == {"source": -5_000_00, "receiver": 5_000_00}
    refused(610, lambda: world.abort(case, case.election.source, Role.SOURCE, world.signer("source")))
    world.post(case, "receiver", Role.RECEIVER)
    refused(616, lambda: world.post(case, "receiver", Role.RECEIVER))
    assert world.state(case) == "committed"
    world.post(case, "source", Role.SOURCE)
    assert world.state(case) == "closed"


@pytest.mark.parametrize(
    ("role", "name"),
    [(Role.PARTICIPANT, ""), (Role.SOURCE, "source"), (Role.RECEIVER, "receiver"), (Role.SPOUSE, "")],
)
def test_any_party_ends_it_before_the_verdict_and_the_escrow_goes_back(world: World, role: Role, name: str) -> None:
    spouse = key("spouse")
    case = world.case(voters=[Voter(Role.SPOUSE, spouse.address)])
    before = world.money()
    world.propose(case)
    by = world.signer(name) if name else spouse if role is Role.SPOUSE else key(f"participant {case.election.number}")
    who = world.members[name].address if name else by.address
    refused(208, lambda: world.abort(case, who, role, key("a stranger")))
    world.abort(case, who, role, by)
    assert world.state(case) == "aborted"
    assert world.moved(before) == {}
    refused(609, lambda: world.approve(case, 1))
    refused(611, lambda: world.settle(case))
    refused(611, lambda: world.propose(case))


def test_a_stranger_is_no_party(world: World) -> None:
    case = world.case()
    world.propose(case)
    stranger = key("a stranger")
    for role in Role:
        refused(205, partial(world.abort, case, stranger.address, role, stranger))


def test_after_the_deadline_anybody_ends_it_and_nobody_commits_it(world: World) -> None:
    case = world.case()
    before = world.money()
    world.propose(case)
    world.clock.now = case.terms.deadline
    refused(614, lambda: world.expire(case))
    world.clock.now += 1
    refused(601, lambda: world.approve(case, 1))
    world.expire(case)
    assert world.state(case) == "aborted"
    assert world.moved(before) == {}
    refused(610, lambda: world.expire(case))
    late = world.case()
    world.clock.now = late.terms.deadline + 1
    refused(601, lambda: world.settle(late))


def test_at_the_very_deadline_it_still_commits(world: World) -> None:
    case = world.case()
    world.propose(case)
    world.clock.now = case.terms.deadline
    world.approve(case, 1)
    assert world.state(case) == "committed"


def test_what_is_decided_is_decided_once(world: World) -> None:
    case = world.case()
    world.settle(case)
    refused(611, lambda: world.settle(case))
    refused(611, lambda: world.propose(case))
    other = world.changed(case, salt=keccak(b"another"))  # the same control number and part
    refused(611, lambda: world.settle(other))
    assert (world.state(case), world.state(other)) == ("committed", "absent")


def test_a_fixed_amount_is_tried_again_only_after_an_abort(world: World) -> None:
    case = world.case()
    second = world.changed(case, part=1, salt=keccak(b"again"))
    refused(613, lambda: world.settle(second))  # the first is not over
    world.abort(case, case.election.source, Role.SOURCE, world.signer("source"))
    assert world.state(case) == "aborted"  # though it was never on chain
    world.settle(second)
    refused(406, lambda: world.settle(world.changed(case, part=2)))


def test_all_there_is_has_children_up_to_what_was_elected(world: World) -> None:
    case = world.case(leg(PRE_TAX, 60_00), mode=Mode.ALL, most=100_00)
    world.settle(case)
    residual = leg(PRE_TAX, 40_01)
    refused(403, lambda: world.settle(world.changed(case, part=1, legs=(residual,))))
    world.settle(world.changed(case, part=1, legs=(replace(residual, amount=40_00),)))
    refused(403, lambda: world.settle(world.changed(case, part=2, legs=(leg(PRE_TAX, 1),))))


def test_only_every_needed_signature_of_these_very_terms_counts(world: World) -> None:
    case = world.case(leg(PRE_TAX, 100_00))
    source, receiver = world.approvals(case)
    refused(201, lambda: world.settle(case, [source]))
    refused(201, lambda: world.settle(case, [source, receiver, receiver]))
    refused(203, lambda: world.settle(case, [receiver, source]))
    refused(203, lambda: world.settle(case, [source, world.approval(case, Role.RECEIVER, key("a stranger"))]))
    refused(203, lambda: world.settle(case, [source, world.approval(case, Role.SOURCE, world.signer("receiver"))]))
    more = world.changed(case, legs=(leg(PRE_TAX, 100_01),))
    refused(203, lambda: world.settle(more, [source, receiver]))
    evidence, signature = receiver
    refused(203, lambda: world.settle(case, [source, (keccak(b"other evidence"), signature)]))
    s = ORDER - int.from_bytes(signature[32:64], "big")
    high = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    refused(203, lambda: world.settle(case, [source, (evidence, high)]))
    for broken in (signature[:64], signature[:64] + b"\x00", bytes(65), b""):
        refused(203, partial(world.settle, case, [source, (evidence, broken)]))
    world.settle(case, [source, receiver])


def test_a_signature_for_another_contract_or_chain_does_not_count(world: World) -> None:
    case = world.case()
    hashed = messages.approval_hash(case.id, Role.RECEIVER, bytes(32))
    for domain in (
        messages.rollover_domain(402, world.rollover),
        messages.rollover_domain(401, world.network),
        messages.Domain("Another", 401, world.rollover),
    ):
        told = bytes(32), world.signer("receiver").sign(domain.digest(hashed))
        refused(203, partial(world.settle, case, [world.approvals(case)[0], told]))


def _legs(world: World, **other: int) -> Case:
    told = {"kind": PRE_TAX, "into": PLAN, "to": 0, "amount": 100_00, "taxable": 0} | other
    return world.case(Leg(**told, commitment=bytes(32)))


@pytest.mark.parametrize(
    ("code", "made"),
    [
        (301, lambda world: _legs(world, kind=16)),
        (302, lambda world: _legs(world, to=1)),
        (303, lambda world: _legs(world, kind=3)),
        (304, lambda world: world.case(leg(ROTH, 100_00, into=TRADITIONAL_IRA))),
        (304, lambda world: world.case(leg(PRE_TAX, 100_00, into=ROTH_IRA))),
        (306, lambda world: _legs(world, taxable=1)),
        (402, lambda world: _legs(world, amount=0)),
        (403, lambda world: world.case(leg(PRE_TAX, 100_00), most=99_99)),
        (404, lambda world: world.case(leg(PRE_TAX, 1_000_000_01))),
        (308, lambda world: world.case(leg(PRE_TAX, 1_00, into=PERSON, taxable=1_00))),
        (308, lambda world: world.case(withholder=world.members["withholder"].address)),
        (307, lambda world: world.case(
            leg(PRE_TAX, 1_00, into=PERSON, taxable=1_01), withholder=world.members["withholder"].address)),
        (210, lambda world: world.case(
            leg(PRE_TAX, 1_00, into=PERSON, taxable=1_00), withholder=world.members["other"].address)),
        (210, lambda world: world.case(source="other")),
        (206, lambda world: world.case(voters=[Voter(Role.SOURCE, key("spouse").address)])),
        (401, lambda world: world.changed(world.case(), legs=())),
    ],
)  # fmt: skip
def test_unlawful_terms_are_refused_by_the_code_of_their_queue(
    world: World, code: int, made: Callable[[World], Case]
) -> None:
    case = made(world)
    refused(code, lambda: world.settle(case))
    refused(code, lambda: world.propose(case))
    assert world.state(case) == "absent"


def test_only_the_participant_elects_and_only_in_the_time_elected(world: World) -> None:
    case = world.case()
    election = case.election
    forged = world.elected(election, case.attestation, case.terms, by=world.signer("source"))
    refused(101, lambda: world.settle(forged))
    later = world.elected(replace(election, not_before=world.clock.now + 1), case.attestation, case.terms)
    refused(603, lambda: world.settle(later))
    sooner = world.elected(replace(election, deadline=case.terms.deadline - 1), case.attestation, case.terms)
    refused(602, lambda: world.settle(sooner))
    newer = world.elected(replace(election, rule_version=2), case.attestation, case.terms)
    refused(604, lambda: world.settle(newer))


def test_an_identity_must_be_proven_well_enough_and_not_revoked(world: World) -> None:
    case = world.case()
    told = case.attestation
    refused(103, lambda: world.settle(world.elected(case.election, replace(told, level=1), case.terms)))
    lapsed = replace(told, valid_until=case.terms.deadline - 1)
    refused(104, lambda: world.settle(world.elected(case.election, lapsed, case.terms)))
    refused(105, lambda: world.settle(replace(case, attested=world.signer("source").sign(bytes(32)))))
    refused(210, lambda: world.settle(replace(case, attestation=replace(told, attestor=case.election.source))))
    revoked = messages.attestation_hash(case.election.participant, told)
    world.send(world.signer("source"), world.network, call_of("revoke_attestation(bytes32)", revoked))
    attestor = world.members["attestor"]
    world.send(attestor, world.network, call_of("revoke_attestation(bytes32)", revoked))
    refused(102, lambda: world.settle(case))


def test_a_suspended_member_takes_part_in_nothing(world: World) -> None:
    case = world.case()
    before = world.money()
    world.propose(case)
    world.carry("suspend_member", "address", world.members["receiver"].address, waits=False)
    refused(211, lambda: world.approve(case, 1))
    world.abort(case, case.election.source, Role.SOURCE, world.signer("source"))
    assert world.moved(before) == {}


def test_suspended_rules_stop_votes_and_nothing_that_gives_back(world: World) -> None:
    case, done = world.case(), world.case()
    before = world.money()
    world.settle(done)
    world.propose(case)
    world.carry("suspend_rules", "uint32,uint64", 1, world.clock.now + 14 * DAY, waits=False)
    refused(608, lambda: world.approve(case, 1))
    refused(608, lambda: world.settle(world.case()))
    world.post(done, "source", Role.SOURCE)
    world.clock.now = case.terms.deadline + 1
    world.expire(case)
    assert world.moved(before) == {"source": -1_234_56, "receiver": 1_234_56}
    world.clock.now += 14 * DAY
    world.settle(world.case())  # the suspension is over by itself


def test_rules_hold_in_their_time_only(world: World) -> None:
    world.clock.now += 400 * DAY
    case = world.case()
    refused(607, lambda: world.settle(case))
    unknown = world.changed(case, rule_version=9)
    refused(606, lambda: world.settle(unknown))


def test_a_version_that_asks_for_a_spouse_is_not_settled_without(world: World) -> None:
    asks = rules(voters=(1 << Role.SPOUSE) << (16 * PRE_TAX))
    world.motion(action_of("publish", f"uint32,{RULES}", 1, asks))
    world.clock.now += 7 * DAY
    world.send(RELAY, world.network, call_of(f"publish({RULES})", asks))
    case = world.changed(world.case(), rule_version=2)
    refused(204, lambda: world.settle(case))
    spouse = key("spouse")
    world.settle(world.changed(case, voters=(Voter(Role.SPOUSE, spouse.address),)))


def test_votes_of_a_key_that_was_replaced_are_awaited_again(world: World) -> None:
    case = world.case(voters=[Voter(Role.SPOUSE, key("spouse").address)])
    before = world.money()
    world.propose(case)
    world.approve(case, 1)
    receiver = world.members["receiver"]
    world.send(receiver, world.network, call_of("revoke_signer()"))
    world.approve(case, 2)  # the last one, were the receiver's vote still good
    assert world.state(case) == "preparing"
    refused(203, lambda: world.approve(case, 1))
    world.clock.now = case.terms.deadline + 1
    world.expire(case)
    assert world.moved(before) == {}


def test_many_between_two_custodians_are_one_verdict_and_one_transfer(world: World) -> None:
    # Money flow: source -> receiver 300.00 and 200.00; receiver -> source 120.00; one transfer of 380.00
    cases = [world.case(leg(PRE_TAX, cents)) for cents in (300_00, 200_00)]
    cases.append(world.case(leg(ROTH, 120_00), source="receiver", receivers=("source",)))
    before = world.money()
    receipt = world.batch(cases)
    assert world.moved(before) == {"source": -380_00, "receiver": 380_00}
    assert len([log for log in receipt.logs if log.address == world.token]) == 1
    for case in cases:
        refused(612, partial(world.settle, case))
        refused(612, partial(world.abort, case, case.election.source, Role.SOURCE, world.signer("source")))
    refused(612, lambda: world.batch(cases))


def test_a_batch_is_all_or_nothing(world: World) -> None:
    good, settled = world.case(), world.case()
    world.settle(settled)
    before = world.money()
    refused(611, lambda: world.batch([good, settled]))
    refused(626, lambda: world.batch([good, world.case(receivers=("other",))]))
    refused(624, lambda: world.batch([good, world.case(voters=[Voter(Role.SPOUSE, key("spouse").address)])]))
    refused(612, lambda: world.batch([good, good]))
    refused(601, lambda: world.batch([good], deadline=world.clock.now - 1))
    assert world.moved(before) == {}
    world.batch([good])


def test_money_that_cannot_be_paid_undoes_the_whole_and_money_that_cannot_go_back_waits(world: World) -> None:
    case, other = world.case(), world.case()
    world.propose(other)
    source = case.election.source
    world.send(BANK, world.token, call_of("freeze(address)", source))
    before = world.money()
    with pytest.raises(ContractRefusedError, match="the payer is frozen"):
        world.settle(case)
    assert (world.state(case), world.moved(before)) == ("absent", {})
    world.abort(other, source, Role.SOURCE, world.signer("source"))
    assert world.state(other) == "aborted"  # a frozen holder keeps nobody from ending it
    assert world.moved(before) == {}
    assert world.ask(world.rollover, "refundable(address,address)", ["uint256"], world.token, source) == (1_234_56,)
    world.send(BANK, world.token, call_of("admit(address)", source))
    world.send(RELAY, world.rollover, call_of("refund(address,address)", world.token, source))
    assert world.moved(before) == {"escrow": -1_234_56, "source": 1_234_56}
    refused(503, lambda: world.send(RELAY, world.rollover, call_of("refund(address,address)", world.token, source)))


def test_who_has_two_roles_approves_in_each(world: World) -> None:
    receiver = world.members["receiver"].address
    told = (world.clock.now + 400 * DAY, RECEIVES | ADMINISTERS, 0xFFFF, world.signer("receiver").address)
    world.carry("set_member", f"address,{MEMBER}", receiver, told)
    case = world.case(voters=[Voter(Role.ADMINISTRATOR, receiver)])
    world.propose(case)
    world.approve(case, 1)
    assert world.state(case) == "preparing"  # as receiver only
    world.approve(case, 2)
    assert world.state(case) == "committed"

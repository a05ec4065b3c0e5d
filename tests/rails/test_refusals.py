"""What the coordinator refuses beyond test_rollover.py, one by one, and signatures of contract wallets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from eth_hash.auto import keccak
from tests.rails.stubs import MAGIC, answering, refusing, token_that_keeps, wallet
from tests.rails.world import (
    AFTER_TAX,
    ATTESTS,
    BANK,
    DAY,
    DELAY,
    MEMBER,
    PERSON,
    PLAN,
    PRE_TAX,
    RELAY,
    RULES,
    TRADITIONAL_IRA,
    ContractRefusedError,
    World,
    action_of,
    key,
    leg,
    rules,
)

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.chain.interface import RevertedError
from open401k.rails.messages import Mode, Role, Voter

DEPOSITS = 8
YES = (1).to_bytes(32, "big")


def refused(code: int, act: Callable[[], object]) -> None:
    with pytest.raises(ContractRefusedError) as why:
        act()
    assert why.value.code == code, (why.value.code, str(why.value))


def member(world: World, name: str, roles: int, *, accounts: int = 0xFFFF, signer: bytes | None = None) -> None:
    """Admit a member under a key of this name, or change it."""
    world.members.setdefault(name, key(name))
    told = (world.clock.now + 400 * DAY, roles, accounts, signer or world.signer(name).address)
    world.carry("set_member", f"address,{MEMBER}", world.members[name].address, told)


def published(world: World, told: tuple[object, ...]) -> None:
    """The second version of the rules."""
    world.motion(action_of("publish", f"uint32,{RULES}", 1, told))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of(f"publish({RULES})", told))


# ---- who votes


def test_further_voters_each_in_their_place_and_all_of_them(world: World) -> None:
    # Money flow: source -> receiver 1,234.56, after five signatures
    member(world, "depository", DEPOSITS)
    voters = [
        Voter(Role.SPOUSE, key("spouse").address),
        Voter(Role.ADMINISTRATOR, world.members["administrator"].address),
        Voter(Role.DEPOSITORY, world.members["depository"].address),
    ]
    before = world.money()
    case = world.case(voters=voters)
    world.propose(case)
    refused(205, lambda: world.approve(case, 5, world.approvals(case)[4]))
    for place in (4, 2, 3, 1):
        assert world.state(case) == "preparing"
        world.approve(case, place)
    assert world.state(case) == "committed"
    assert world.moved(before) == {"source": -1_234_56, "receiver": 1_234_56}


@pytest.mark.parametrize(
    ("role", "name", "code"),
    [
        (Role.ADMINISTRATOR, "source", 210),
        (Role.DEPOSITORY, "administrator", 210),
        (Role.PARTICIPANT, "administrator", 206),
        (Role.RECEIVER, "administrator", 206),
    ],
)
def test_a_voter_has_the_role_that_it_votes_in(world: World, role: Role, name: str, code: int) -> None:
    case = world.case(voters=[Voter(role, world.members[name].address)])
    refused(code, lambda: world.settle(case))


def test_rules_ask_for_voters_by_kind_and_one_voter_does_not_stand_for_another(world: World) -> None:
    asks = rules(voters=(1 << Role.SPOUSE | 1 << Role.ADMINISTRATOR) << (16 * PRE_TAX))
    published(world, asks)
    spouse = Voter(Role.SPOUSE, key("spouse").address)
    administrator = Voter(Role.ADMINISTRATOR, world.members["administrator"].address)
    case = world.changed(world.case(leg(PRE_TAX, 1_00), leg(AFTER_TAX, 1_00)), rule_version=2)
    for voters in ((spouse,), (administrator,), (spouse, spouse)):
        refused(204, partial(world.settle, world.changed(case, voters=voters)))
    world.settle(world.changed(case, voters=(administrator, spouse)))
    free = world.changed(world.case(leg(AFTER_TAX, 1_00)), rule_version=2)
    world.settle(free)  # that kind asks for nobody


@pytest.mark.parametrize(("name", "roles"), [("receiver", 3), ("source", 3), ("attestor", ATTESTS)])
def test_a_member_must_be_valid_until_the_deadline_and_no_longer(world: World, name: str, roles: int) -> None:
    case = world.case()
    told = (case.terms.deadline + DELAY, roles, 0xFFFF, world.signer(name).address)
    world.motion(action_of("set_member", f"address,{MEMBER}", world.members[name].address, told))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of(f"set_member(address,{MEMBER})", world.members[name].address, told))
    world.settle(world.case())
    late = world.case()
    election = replace(late.election, deadline=late.election.deadline + DAY)
    later = replace(late.terms, deadline=late.terms.deadline + 1)
    refused(211, lambda: world.settle(world.elected(election, late.attestation, later)))


# ---- what is elected and attested, at its very edges


def test_every_limit_holds_to_the_last_second_and_cent(world: World) -> None:
    case = world.case(leg(PRE_TAX, 100_00), most=100_00)
    now = world.clock.now
    election = replace(case.election, not_before=now, deadline=now + DAY)
    terms = replace(case.terms, deadline=now + DAY)
    told = replace(case.attestation, valid_until=now + DAY)
    world.settle(world.elected(election, told, terms))
    big = world.case(leg(PRE_TAX, 1_000_000_00))
    world.settle(big)


def test_a_mode_that_does_not_exist_is_not_elected(world: World) -> None:
    case = world.case()
    unknown = replace(case.election, mode=2)  # type: ignore[arg-type]
    refused(605, lambda: world.settle(world.elected(unknown, case.attestation, case.terms)))


def test_an_election_without_receivers_moves_nothing(world: World) -> None:
    refused(302, lambda: world.settle(world.case(receivers=())))


def test_the_receivers_member_says_which_accounts_it_takes(world: World) -> None:
    member(world, "receiver", 3, accounts=1 << PLAN)
    world.settle(world.case(leg(PRE_TAX, 1_00, into=PLAN)))
    refused(305, lambda: world.settle(world.case(leg(PRE_TAX, 1_00, into=TRADITIONAL_IRA))))


def test_a_kind_beyond_sixteen_and_an_account_beyond_sixteen_are_none(world: World) -> None:
    case = world.case()
    for odd in (replace(case.terms.legs[0], kind=16), replace(case.terms.legs[0], into=16)):
        refused(301, partial(world.settle, world.changed(case, legs=(odd,))))


def test_an_elected_receiver_that_is_not_paid_signs_nothing_and_gets_nothing(world: World) -> None:
    # Money flow: source -> other 1.00; the receiver that was elected first is not part of it
    before = world.money()
    case = world.case(leg(PRE_TAX, 1_00, to=1), receivers=("receiver", "other"))
    assert len(world.approvals(case)) == 2
    world.settle(case)
    assert world.moved(before) == {"source": -1_00, "other": 1_00}


def test_all_of_a_payment_may_be_withheld(world: World) -> None:
    # Money flow: source -> withholder 7.00
    published(world, rules(bps=10_000 << (16 * PRE_TAX)))
    before = world.money()
    paid = leg(PRE_TAX, 7_00, into=PERSON, taxable=7_00)
    case = world.case(paid, withholder=world.members["withholder"].address)
    world.settle(world.changed(case, rule_version=2))
    assert world.moved(before) == {"source": -7_00, "withholder": 7_00}


def test_nothing_taxable_withholds_nothing(world: World) -> None:
    # Money flow: source -> receiver 7.00
    before = world.money()
    paid = leg(AFTER_TAX, 7_00, into=PERSON)
    world.settle(world.case(paid, withholder=world.members["withholder"].address))
    assert world.moved(before) == {"source": -7_00, "receiver": 7_00}


def test_parts_come_in_turn_also_of_all_there_is(world: World) -> None:
    case = world.case(mode=Mode.ALL)
    child = world.changed(case, part=1)
    refused(613, lambda: world.settle(child))
    world.propose(case)
    refused(613, lambda: world.settle(child))
    world.approve(case, 1)
    world.settle(child)
    refused(611, lambda: world.settle(child))
    for part in (3, 255):
        refused(613, partial(world.settle, world.changed(case, part=part)))
    without_end = world.case(mode=Mode.ALL, most=messages.ANY_TOTAL)
    world.settle(without_end)
    world.settle(world.changed(without_end, part=1))


def test_a_fixed_amount_that_expired_is_tried_again(world: World) -> None:
    case = world.case()
    world.propose(case)
    again = world.changed(case, part=1, deadline=case.terms.deadline + DAY)
    refused(613, lambda: world.settle(again))
    world.clock.now = case.terms.deadline + 1
    world.expire(case)
    world.settle(again)


# ---- aborts


def test_what_is_not_on_chain_is_ended_by_its_three_parties_only(world: World) -> None:
    spouse = key("spouse")
    case = world.case(leg(PRE_TAX, 1_00, to=1), receivers=("receiver", "other"), voters=[
        Voter(Role.ADMINISTRATOR, world.members["administrator"].address), Voter(Role.SPOUSE, spouse.address),
    ])  # fmt: skip
    forged = replace(case, signature=key("a stranger").sign(bytes(32)))
    source = case.election.source
    refused(101, lambda: world.abort(forged, source, Role.SOURCE, world.signer("source")))
    refused(207, lambda: world.abort(case, spouse.address, Role.SPOUSE, spouse))
    receiver, other = world.members["receiver"].address, world.members["other"].address
    refused(205, lambda: world.abort(case, receiver, Role.RECEIVER, world.signer("receiver")))  # it is not paid
    refused(613, lambda: world.abort(world.changed(case, part=1), source, Role.SOURCE, world.signer("source")))
    empty = world.changed(case, legs=())
    refused(205, lambda: world.abort(empty, other, Role.RECEIVER, world.signer("other")))
    world.abort(case, other, Role.RECEIVER, world.signer("other"))
    assert world.state(case) == "aborted"


def test_each_of_several_voters_and_receivers_ends_it_as_what_it_is(world: World) -> None:
    spouse, administrator = key("spouse"), world.members["administrator"].address
    legs = leg(PRE_TAX, 1_00), leg(PRE_TAX, 2_00, to=1)
    voters = [Voter(Role.SPOUSE, spouse.address), Voter(Role.ADMINISTRATOR, administrator)]
    for name, role in (("receiver", Role.RECEIVER), ("other", Role.RECEIVER), ("administrator", Role.ADMINISTRATOR)):
        case = world.case(*legs, receivers=("receiver", "other"), voters=voters)
        world.propose(case)
        who, by = world.members[name].address, world.signer(name)
        refused(205, partial(world.abort, case, who, Role.SPOUSE, by))
        refused(205, partial(world.abort, case, spouse.address, role, spouse))
        receipt = world.abort(case, who, role, by, code=503)
        assert world.state(case) == "aborted"
        assert receipt.logs[0].topics[1] == case.id
        assert receipt.logs[0].data[:64] == role.to_bytes(32, "big") + (503).to_bytes(32, "big")
        refused(610, partial(world.abort, case, who, role, by))
    case = world.case(*legs, receivers=("receiver", "other"), voters=voters)
    world.propose(case)
    refused(205, lambda: world.abort(case, administrator, Role.SPOUSE, spouse))
    world.abort(case, spouse.address, Role.SPOUSE, spouse)
    assert world.state(case) == "aborted"


def test_an_abort_of_other_terms_ends_nothing(world: World) -> None:
    case = world.case()
    world.propose(case)
    other = world.changed(case, salt=keccak(b"another"))
    refused(610, lambda: world.abort(other, case.election.source, Role.SOURCE, world.signer("source")))
    refused(609, lambda: world.approve(other, 1))
    assert world.state(case) == "preparing"


# ---- receipts


def test_a_receipt_is_a_custodians_own_after_the_verdict_and_the_last_one_closes(world: World) -> None:
    legs = leg(PRE_TAX, 1_00), leg(PRE_TAX, 2_00, to=1)
    case = world.case(*legs, receivers=("receiver", "other"))
    refused(615, lambda: world.post(case, "source", Role.SOURCE))
    world.propose(case)
    refused(615, lambda: world.post(case, "source", Role.SOURCE))
    world.approve(case, 1)
    world.approve(case, 2)
    refused(617, lambda: world.post(case, "source", Role.SOURCE, reference=bytes(32)))
    refused(213, lambda: world.post(case, "administrator", Role.ADMINISTRATOR))
    refused(205, lambda: world.post(case, "source", Role.RECEIVER))
    refused(205, lambda: world.post(case, "receiver", Role.SOURCE))
    refused(212, lambda: world.post(case, "receiver", Role.RECEIVER, by=world.signer("source")))
    world.post(case, "source", Role.SOURCE)
    world.post(case, "other", Role.RECEIVER)
    assert world.state(case) == "committed"
    told = world.post(case, "receiver", Role.RECEIVER)
    assert world.state(case) == "closed"
    assert len(told.logs) == 2
    refused(615, lambda: world.post(case, "source", Role.SOURCE))
    refused(611, lambda: world.settle(case))


# ---- batches


def test_a_batch_takes_only_what_needs_no_more_than_two_signatures(world: World) -> None:
    good = world.case()
    refused(621, lambda: world.batch([good], between=("source", "source")))
    refused(627, lambda: world.batch([]))
    refused(622, lambda: world.batch([good], token=world.network))
    refused(623, lambda: world.batch([world.changed(good, part=1)]))
    refused(625, lambda: world.batch([world.case(receivers=("receiver", "other"))]))
    withholder = world.members["withholder"].address
    person = leg(PRE_TAX, 1_00, into=PERSON, taxable=1_00)
    refused(624, lambda: world.batch([world.case(person, withholder=withholder)]))
    untaxed = leg(PRE_TAX, 1_00, into=PERSON)
    refused(624, lambda: world.batch([world.case(untaxed, withholder=withholder)]))
    stranger = key("a stranger")
    refused(627, lambda: world.batch([good], by=(stranger, world.signer("receiver"))))
    refused(628, lambda: world.batch([good], by=(world.signer("source"), stranger)))
    refused(626, lambda: world.batch([good], between=("source", "other")))
    refused(626, lambda: world.batch([good], between=("other", "receiver")))
    refused(626, lambda: world.batch([good], between=("other", "source")))
    refused(626, lambda: world.batch([good], between=("receiver", "other")))
    world.batch([good], between=("receiver", "source"), deadline=world.clock.now)


def test_a_batch_pays_only_what_is_left_over_and_nothing_where_nothing_is(world: World) -> None:
    # Money flow: receiver -> source 3.00; then even; each rollover alone is 5.00 or 8.00
    there = [world.case(leg(PRE_TAX, cents)) for cents in (5_00, 8_00)]
    back = [world.case(leg(PRE_TAX, cents), source="receiver", receivers=("source",)) for cents in (8_00, 8_00)]
    before = world.money()
    world.batch([there[0], back[0]])
    assert world.moved(before) == {"source": 3_00, "receiver": -3_00}
    receipt = world.batch([there[1], back[1]])
    assert world.moved(before) == {"source": 3_00, "receiver": -3_00}
    assert [log.address for log in receipt.logs] == [world.rollover]


def test_a_batch_counts_against_what_was_elected_and_marks_each_number(world: World) -> None:
    case = world.case(leg(PRE_TAX, 60_00), mode=Mode.ALL, most=100_00)
    neighbour = replace(case.election, number=case.election.number ^ 1)
    world.batch([case])
    refused(612, lambda: world.propose(world.changed(case, part=1)))
    world.batch([world.elected(neighbour, case.attestation, case.terms, by=key(f"participant {case.election.number}"))])
    source = int.from_bytes(case.election.source, "big")
    asked = "is_number_used(uint256,uint256)", ["bool"], source
    numbers = (case.election.number, neighbour.number, case.election.number + 256)
    assert [world.ask(world.rollover, *asked, number) for number in numbers] == [(True,), (True,), (False,)]


# ---- tokens that do not do what they should


def test_a_token_that_does_not_pay_undoes_the_whole(world: World) -> None:
    deaf = answering(world, bytes(32))
    case = world.changed(world.case(), token=deaf)
    refused(501, lambda: world.propose(case))
    refused(502, lambda: world.settle(case))
    assert world.state(case) == "absent"


@pytest.mark.parametrize(
    "answer", [bytes(32), b"\1", (2).to_bytes(32, "big"), None], ids=["no", "short", "two", "dumb"]
)
def test_a_token_that_keeps_an_escrow_keeps_nobody_from_ending_it(world: World, answer: bytes | None) -> None:
    token = token_that_keeps(world, answer)
    case = world.changed(world.case(leg(PRE_TAX, 9_00)), token=token)
    world.propose(case)
    asked = "escrow_of(uint256)", ["address", "uint256"], case.key
    assert world.ask(world.rollover, *asked) == (f"0x{token.hex()}", 9_00)
    assert world.ask(world.rollover, "deadline_of(uint256)", ["uint256"], case.key) == (case.terms.deadline,)
    with pytest.raises(ContractRefusedError):
        world.approve(case, 1)
    assert world.state(case) == "preparing"
    source = case.election.source
    world.abort(case, source, Role.SOURCE, world.signer("source"))
    assert world.state(case) == "aborted"
    assert world.ask(world.rollover, *asked) == (f"0x{bytes(20).hex()}", 0)
    kept = "refundable(address,address)", ["uint256"], token, source
    assert world.ask(world.rollover, *kept) == (9_00,)
    with pytest.raises(ContractRefusedError):
        world.send(RELAY, world.rollover, call_of("refund(address,address)", token, source))
    assert world.ask(world.rollover, *kept) == (9_00,)


def test_two_escrows_that_could_not_go_back_are_fetched_together(world: World) -> None:
    # Money flow: escrow -> source 3.00, once
    cases = [world.case(leg(PRE_TAX, cents)) for cents in (1_00, 2_00)]
    for case in cases:
        world.propose(case)
    source = world.members["source"].address
    world.send(BANK, world.token, call_of("freeze(address)", source))
    before = world.money()
    world.abort(cases[0], source, Role.SOURCE, world.signer("source"))
    world.clock.now = cases[1].terms.deadline + 1
    world.expire(cases[1])
    world.send(BANK, world.token, call_of("admit(address)", source))
    world.send(RELAY, world.rollover, call_of("refund(address,address)", world.token, source))
    assert world.moved(before) == {"escrow": -3_00, "source": 3_00}


# ---- keys and wallets


def test_what_goes_into_a_key_does_not_run_over_into_its_neighbour(world: World) -> None:
    source = int.from_bytes(world.members["source"].address, "big")
    asked = "key_of(uint256,uint256,uint256)"
    highest = (source, 2**64 - 1, 255)
    assert world.ask(world.rollover, asked, ["uint256"], *highest) == ((source << 72) | (2**72 - 1),)
    for given in ((source, 2**64, 0), (source, 0, 256), (2**160, 0, 0)):
        with pytest.raises(RevertedError):
            world.ask(world.rollover, asked, ["uint256"], *given)


def test_a_contract_wallet_signs_for_a_member(world: World) -> None:
    world.clock.now += 2 * DELAY
    case = world.case()
    evidence, signature = keccak(b"evidence"), b"three keys of a wallet" * 10
    digest = world.domain().digest(messages.approval_hash(case.id, Role.RECEIVER, evidence))
    world.clock.now -= 2 * DELAY
    ours = wallet(world, call_of("isValidSignature(bytes32,bytes)", digest, signature))
    member(world, "receiver", 3, signer=ours)
    world.clock.now += DELAY
    source = world.approvals(case)[0]
    refused(203, lambda: world.settle(case, [source, (evidence, signature[:-1])]))
    refused(203, lambda: world.settle(case, [source, (keccak(b"other"), signature)]))
    before = world.money()
    world.settle(case, [source, (evidence, signature)])
    assert world.moved(before) == {"source": -1_234_56, "receiver": 1_234_56}


def test_a_wallet_may_take_a_signature_of_65_bytes_too(world: World) -> None:
    yes = answering(world, MAGIC)
    case = world.case(voters=[Voter(Role.SPOUSE, yes)])
    told = world.approvals(case)
    world.settle(case, [*told[:2], (bytes(32), bytes(65))])


@pytest.mark.parametrize("answer", [MAGIC[:4], MAGIC, YES, MAGIC[::-1], None])
def test_only_the_whole_magic_value_is_a_wallets_yes(world: World, answer: bytes | None) -> None:
    spouse = refusing(world) if answer is None else answering(world, answer)
    case = world.case(voters=[Voter(Role.SPOUSE, spouse)])
    given = [*world.approvals(case)[:2], (bytes(32), b"any bytes")]
    if answer == MAGIC:
        world.settle(case, given)
    else:
        refused(203, lambda: world.settle(case, given))


def test_nobodys_signature_counts_for_nobody(world: World) -> None:
    """``ecrecover`` answers the zero address for garbage; a spouse of that address never signs."""
    case = world.case(voters=[Voter(Role.SPOUSE, bytes(20))])
    told = world.approvals(case)
    for signature in (bytes(65), b"", bytes(64) + b"\x1b"):
        refused(203, partial(world.settle, case, [*told[:2], (bytes(32), signature)]))

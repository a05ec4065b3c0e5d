"""Rules, roles and lists of the contracts at their edges: each kind, each role, what is empty, what is malformed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import permutations

import pytest
from tests.rails.test_council_and_token import made, seats
from tests.rails.test_network import passed
from tests.rails.test_refusals import member, published, refused
from tests.rails.world import (
    AFTER_TAX,
    BANK,
    DELAY,
    INTO,
    MEMBER,
    PERSON,
    PLAN,
    PRE_TAX,
    RELAY,
    RELEASES,
    ROTH,
    RULES,
    Case,
    ContractRefusedError,
    World,
    action_of,
    founded,
    key,
    leg,
    rules,
)

from open401k.rails.calls import call_of
from open401k.rails.messages import Mode, Role, Voter


def under(world: World, case: Case) -> Case:
    """The same under the second version of the rules."""
    return world.changed(case, rule_version=2)


def of_kinds(world: World, case: Case) -> Case:
    """The same under the second version, with every kind of money elected."""
    return under(world, world.elected(replace(case.election, kinds_mask=0xFFFF), case.attestation, case.terms))


# ---- kinds of money


@pytest.mark.parametrize("kind", [5, 6, 7, 15])
def test_each_of_sixteen_kinds_goes_where_its_rules_say_and_back(world: World, kind: int) -> None:
    """The first six kinds are in one word with the dates; the others are read from a word of their own."""
    into = 1 << (16 * kind) | 1 << (16 * kind + PERSON)
    published(world, rules(into=into, bps=10_000 << (16 * kind)))
    case = of_kinds(world, world.case(leg(kind, 5_00, into=PLAN)))
    refused(304, lambda: world.settle(of_kinds(world, world.case(leg(kind, 5_00, into=3)))))
    world.settle(case)
    withholder = world.members["withholder"].address
    before = world.money()
    world.settle(of_kinds(world, world.case(leg(kind, 7, into=PERSON, taxable=7), withholder=withholder)))
    assert world.moved(before) == {"source": -7, "withholder": 7}
    back = of_kinds(world, world.back(case))
    world.propose_back(back, case)
    assert world.state(back) == "preparing"


@pytest.mark.parametrize("kind", [PRE_TAX, ROTH, AFTER_TAX])
def test_each_kind_asks_for_voters_of_its_own(world: World, kind: int) -> None:
    published(world, rules(voters=1 << Role.SPOUSE << (16 * kind)))
    spouse = (Voter(Role.SPOUSE, key("spouse").address),)
    for other in INTO:
        case = under(world, world.case(leg(other, 1_00)))
        if other == kind:
            refused(204, partial(world.settle, case))
            case = world.changed(case, voters=spouse)
        world.settle(case)


@pytest.mark.parametrize("role", [0, 15])
def test_a_role_that_nobody_can_have_is_asked_for_in_vain(world: World, role: int) -> None:
    published(world, rules(voters=1 << role))
    refused(204, lambda: world.settle(under(world, world.case())))


def test_rules_that_ask_for_voters_keep_their_limit(world: World) -> None:
    published(world, rules(voters=1 << Role.SPOUSE, most=100_00))
    voters = [Voter(Role.SPOUSE, key("spouse").address)]
    world.settle(under(world, world.case(leg(PRE_TAX, 100_00), voters=voters)))
    refused(404, lambda: world.settle(under(world, world.case(leg(PRE_TAX, 100_01), voters=voters))))


def test_a_level_of_identity_is_compared_as_a_whole(world: World) -> None:
    published(world, rules(level=3))
    case = under(world, world.case())
    refused(103, lambda: world.settle(case))
    world.settle(world.elected(case.election, replace(case.attestation, level=3), case.terms))


def test_a_level_of_identity_has_eight_bits(world: World) -> None:
    published(world, rules(level=200))
    case = under(world, world.case())
    refused(103, lambda: world.settle(world.elected(case.election, replace(case.attestation, level=199), case.terms)))
    world.settle(world.elected(case.election, replace(case.attestation, level=200), case.terms))


def test_less_than_half_a_cent_is_not_withheld(world: World) -> None:
    # Money flow: source -> receiver 0.01 + 0.00, withholder 0.01
    published(world, rules(bps=4_999 << (16 * PRE_TAX) | 5_000 << (16 * ROTH)))
    before = world.money()
    withholder = world.members["withholder"].address
    for kind in (PRE_TAX, ROTH):
        world.settle(under(world, world.case(leg(kind, 1, into=PERSON, taxable=1), withholder=withholder)))
    assert world.moved(before) == {"source": -2, "receiver": 1, "withholder": 1}


# ---- members


@pytest.mark.parametrize(("role", "roles"), [(Role.DEPOSITORY, 0xFFFF - 8), (Role.ADMINISTRATOR, 0xFFFF - 4)])
def test_all_other_roles_together_are_not_the_one_that_is_needed(world: World, role: Role, roles: int) -> None:
    member(world, "many", roles)
    refused(210, lambda: world.settle(world.case(voters=[Voter(role, world.members["many"].address)])))


@pytest.mark.parametrize(("name", "role"), [("source", 1), ("receiver", 2), ("attestor", 16), ("withholder", 32)])
def test_who_has_every_role_but_its_own_takes_no_part(world: World, name: str, role: int) -> None:
    withholder = world.members["withholder"].address
    person = leg(PRE_TAX, 1_00, into=PERSON, taxable=1_00)
    member(world, name, 0xFFFF - role)
    refused(210, lambda: world.settle(world.case(person, withholder=withholder)))
    member(world, name, role)
    world.settle(world.case(person, withholder=withholder))


def test_who_may_only_release_receives_nothing(world: World) -> None:
    member(world, "receiver", RELEASES)
    refused(210, lambda: world.settle(world.case()))


def test_a_member_is_valid_in_the_very_second_of_an_odd_deadline(world: World) -> None:
    deadline = (world.clock.now + 3 * DELAY) | 1
    told = (deadline, 3, 0xFFFF, world.signer("receiver").address)
    world.carry("set_member", f"address,{MEMBER}", world.members["receiver"].address, told)

    def until(then: int) -> Case:
        case = world.case()
        election, attestation = replace(case.election, deadline=then), case.attestation
        return world.elected(election, attestation, replace(case.terms, deadline=then))

    refused(211, lambda: world.settle(until(deadline + 1)))
    world.settle(until(deadline))


def test_a_member_with_every_bit_set_changes_its_key_and_nothing_else(world: World) -> None:
    for old, new in (("odd", "even"), ("even", "odd")):
        signers = {name: _key_of(name) for name in ("odd", "even")}
        who = key(f"member with {old} key")
        told = (2**64 - 1, 0xFFFF, 0xFFFF, signers[old])
        world.carry("set_member", f"address,{MEMBER}", who.address, told)
        asked = "member(address)", [MEMBER], who.address
        assert world.ask(world.network, *asked) == ((*told[:3], f"0x{signers[old].hex()}"),)
        world.send(who, world.network, call_of("name_signer(address)", signers[new]))
        world.clock.now += DELAY
        world.send(RELAY, world.network, call_of("take_signer(address)", who.address))
        assert world.ask(world.network, *asked) == ((*told[:3], f"0x{signers[new].hex()}"),)
        world.send(who, world.network, call_of("revoke_signer()"))
        assert world.ask(world.network, *asked) == ((*told[:3], f"0x{bytes(20).hex()}"),)
        world.carry("suspend_member", "address", who.address, waits=False)
        assert world.ask(world.network, *asked) == ((0, *told[1:3], f"0x{bytes(20).hex()}"),)


def _key_of(name: str) -> bytes:
    """An address with the highest bit set, that ends odd or even."""
    found = (key(f"{name} {number}").address for number in range(100))
    return next(each for each in found if each[0] >> 7 and each[19] & 1 == (name == "odd"))


def test_a_network_begins_with_up_to_sixteen_seats(world: World) -> None:
    kinds = ["address[]", "uint256", "uint256"]
    assert made(world, "network", kinds, seats(*range(16)), 9, DELAY) is not None
    with pytest.raises(ContractRefusedError):
        made(world, "network", kinds, seats(*range(17)), 9, DELAY)


def test_the_lowest_address_of_all_is_asked_like_any_other(world: World) -> None:
    with pytest.raises(ContractRefusedError, match="not a seat"):
        passed(world, bytes(32), [((1).to_bytes(20, "big"), bytes(65))])


def test_what_the_network_knows_is_told_word_by_word(world: World) -> None:
    attestor, source, receiver, other = (
        int.from_bytes(world.members[name].address, "big") for name in ("attestor", "source", "receiver", "other")
    )
    world.send(world.members["attestor"], world.network, call_of("revoke_attestation(bytes32)", b"a" * 32))
    what = "standing(uint256,uint256,uint256,bytes32,uint256,uint256,uint256[8],uint256,bool)"

    def told(kinds: int, attestation: bytes, *, withholds: bool) -> tuple[int, ...]:
        others = (other, *[0] * 7)
        given = (1, kinds, attestor, attestation, source, receiver, others, 1, withholds)
        (words,) = world.ask(world.network, what, ["uint256[16]"], *given)
        assert isinstance(words, tuple)
        return words

    window, short, voters, revoked, bps, *members = told(1, b"a" * 32, withholds=True)
    first = rules()
    assert (voters, revoked, bps) == (0, 1, first[6])
    assert short == window >> 160 == int(str(first[4])) & (2**96 - 1)
    signers = [
        int.from_bytes(world.signer(name).address, "big") for name in ("attestor", "source", "receiver", "other")
    ]
    assert [word >> 96 for word in members[:4]] == signers
    assert members[4:] == [0] * 7
    assert told(1 << 6, bytes(32), withholds=False)[1:5] == (first[4], 0, 0, 0)


# ---- what is empty, and what is malformed


def test_what_moves_nothing_is_ended_by_its_source_all_the_same(world: World) -> None:
    """Neither could be settled: an election without receivers, terms without legs."""
    source, by = world.members["source"].address, world.signer("source")
    for case in (world.case(receivers=()), world.changed(world.case(), legs=())):
        world.abort(case, source, Role.SOURCE, by)
        assert world.state(case) == "aborted"


def test_a_size_that_is_not_what_was_signed_is_not_read_as_it(world: World) -> None:
    case = world.case()
    what, told = "settle(bytes,bytes)", world.encoded_approvals(case)
    for at in (87, 89):  # bytes of the two signatures of a case
        encoded = bytearray(case.encoded)
        encoded[at] |= 0x80
        with pytest.raises(ContractRefusedError):
            world.send(RELAY, world.rollover, call_of(what, bytes(encoded), told))
    for at in (32, 32 + 99):  # of the approvals'
        changed = bytearray(told)
        changed[at] |= 0x80
        with pytest.raises(ContractRefusedError):
            world.send(RELAY, world.rollover, call_of(what, case.encoded, bytes(changed)))
    for size in (0, 33, 99, 99 + 33):
        refused(201, partial(world.send, RELAY, world.rollover, call_of(what, case.encoded, told[:size])))
    world.settle(case)


def test_a_dumb_key_signs_nothing(world: World) -> None:
    """A member without a key, after it revoked it, and garbage: nobody's signature is not nobody's word."""
    for name, place in (("source", 0), ("receiver", 1)):
        world = founded()
        world.send(world.members[name], world.network, call_of("revoke_signer()"))
        case = world.case()
        told = world.approvals(case)
        for garbage in (bytes(65), bytes(64), b""):
            refused(203, partial(world.settle, case, [*told[:place], (bytes(32), garbage), *told[place + 1 :]]))
    world = founded()
    world.send(world.members["attestor"], world.network, call_of("revoke_signer()"))
    case = world.case()
    refused(105, lambda: world.settle(replace(case, attested=bytes(65))))


def test_who_has_no_key_is_awaited(world: World) -> None:
    case = world.case(voters=[Voter(Role.SPOUSE, key("spouse").address)])
    world.propose(case)
    world.send(world.members["receiver"], world.network, call_of("revoke_signer()"))
    world.approve(case, 2)  # the last one, if no key were one
    assert world.state(case) == "preparing"


def test_all_parts_together_stay_within_what_was_elected_in_two_phases_too(world: World) -> None:
    # Money flow: source -> receiver 60.00, then 40.00
    before = world.money()
    case = world.case(leg(PRE_TAX, 60_00), mode=Mode.ALL, most=100_00)
    world.propose(case)
    world.approve(case, 1)
    for cents, fits in ((40_01, False), (40_00, True)):
        part = world.changed(case, part=1 if not fits else 2, legs=(leg(PRE_TAX, cents),))
        world.propose(part)
        if fits:
            world.approve(part, 1)
        else:
            refused(403, partial(world.approve, part, 1))
            world.abort(part, case.election.source, Role.SOURCE, world.signer("source"))
    assert world.moved(before) == {"source": -100_00, "receiver": 100_00}


@pytest.mark.parametrize("way", ["settle", "propose", "propose_back"])
def test_a_part_comes_in_its_turn_on_every_way_in(world: World, way: str) -> None:
    parent = world.case(leg(PRE_TAX, 500_00))
    world.settle(parent)
    by, to = ("receiver", "source") if way == "propose_back" else ("source", "receiver")

    def case(mode: Mode) -> Case:
        told = world.case(leg(PRE_TAX, 5_00), source=by, receivers=(to,), mode=mode)
        return world.changed(told, parent=parent.id) if way == "propose_back" else told

    def enter(told: Case) -> object:
        return world.propose_back(told, parent) if way == "propose_back" else getattr(world, way)(told)

    for mode in Mode:
        told = case(mode)
        refused(613, partial(enter, world.changed(told, part=1)))
        world.abort(told, told.election.source, Role.SOURCE, world.signer(by))
        refused(613, partial(enter, world.changed(told, part=2)))
        second = world.changed(told, part=1)
        enter(second)
        if way != "settle":
            world.abort(second, told.election.source, Role.SOURCE, world.signer(by))
    batched = world.case(leg(PRE_TAX, 5_00), source=by, receivers=(to,))
    world.batch([batched])
    again = world.changed(batched, salt=bytes(32), **({"parent": parent.id} if way == "propose_back" else {}))
    refused(612, lambda: enter(again))


def test_a_fixed_return_that_went_is_not_proposed_as_another_part(world: World) -> None:
    first, second = world.case(leg(PRE_TAX, 5_00)), world.case(leg(PRE_TAX, 5_00))
    world.settle(first)
    world.settle(second)
    back = world.back(first)
    world.propose_back(back, first)
    world.approve(back, 1)
    refused(406, lambda: world.propose_back(world.changed(back, part=1, parent=second.id), second))


@pytest.mark.parametrize("names", list(permutations(("source", "receiver", "other"))))
def test_whoever_books_last_closes_it(world: World, names: tuple[str, ...]) -> None:
    case = world.case(leg(PRE_TAX, 1_00), leg(PRE_TAX, 2_00, to=1), receivers=("receiver", "other"))
    world.settle(case)
    for name in names:
        assert world.state(case) == "committed"
        world.post(case, name, Role.SOURCE if name == "source" else Role.RECEIVER)
    assert world.state(case) == "closed"


# ---- money


def test_who_is_paid_nothing_is_sent_nothing(world: World) -> None:
    case = world.case(leg(PRE_TAX, 1, to=1), receivers=("receiver", "other"))
    before = world.money()
    receipt = world.settle(case)
    assert [log.address for log in receipt.logs] == [world.token, world.rollover]
    assert world.moved(before) == {"source": -1, "other": 1}


def test_what_was_in_escrow_is_not_there_after_the_verdict(world: World) -> None:
    case = world.case()
    world.propose(case)
    world.approve(case, 1)
    told = world.ask(world.rollover, "escrow_of(uint256)", ["address", "uint256"], case.key)
    assert told == (f"0x{bytes(20).hex()}", 0)


def test_a_single_cent_that_could_not_go_back_is_fetched(world: World) -> None:
    # Money flow: escrow -> source 0.01
    case = world.case(leg(PRE_TAX, 1))
    world.propose(case)
    source = world.members["source"].address
    world.send(BANK, world.token, call_of("freeze(address)", source))
    world.abort(case, source, Role.SOURCE, world.signer("source"))
    world.send(BANK, world.token, call_of("admit(address)", source))
    before = world.money()
    world.send(RELAY, world.rollover, call_of("refund(address,address)", world.token, source))
    assert world.moved(before) == {"escrow": -1, "source": 1}


def test_a_key_takes_the_highest_address_there_is(world: World) -> None:
    told = world.ask(world.rollover, "key_of(uint256,uint256,uint256)", ["uint256"], 2**160 - 1, 2**64 - 1, 255)
    assert told == (2**232 - 1,)


# ---- batches


def test_a_batch_asks_the_network_again_only_where_it_may_be_answered_otherwise(world: World) -> None:
    """The same four rollovers cost less gas where those of one direction stand together: two are asked about then."""

    def gas(*sources: str) -> int:
        world = founded()
        other = {"source": "receiver", "receiver": "source"}
        return world.batch([world.case(source=each, receivers=(other[each],)) for each in sources]).gas

    in_turn = gas("source", "receiver", "source", "receiver")
    assert in_turn - gas("source", "source", "receiver", "receiver") > 2_000


def test_a_batch_reads_each_version_of_the_rules(world: World) -> None:
    for version in (2, 3):
        told = rules(most=1_00 * version)
        world.motion(action_of("publish", f"uint32,{RULES}", version - 1, told))
        world.clock.now += DELAY
        world.send(RELAY, world.network, call_of(f"publish({RULES})", told))
    cases = [world.changed(world.case(leg(PRE_TAX, 3_00)), rule_version=version) for version in (3, 2)]
    refused(404, lambda: world.batch(cases))
    refused(404, lambda: world.batch(cases[::-1]))
    world.batch(cases[:1])


# ---- gas: a word that nobody needs costs 2,100 to read (EIP-2929)


def test_only_beyond_the_sixth_kind_is_a_word_more_read() -> None:
    def gas(kind: int) -> int:
        world = founded()
        published(world, rules(into=1 << (16 * kind)))
        return world.settle(of_kinds(world, world.case(leg(kind, 5_00)))).gas

    first, sixth, seventh = (gas(kind) for kind in (0, 5, 6))
    assert abs(sixth - first) < 1_000
    assert seventh - first > 1_500


def test_voters_and_rates_are_read_only_where_they_are_asked_for() -> None:
    def gas(withholder: str = "", **told: int) -> int:
        world = founded()
        published(world, rules(**told))
        if not withholder:
            return world.settle(under(world, world.case())).gas
        paid = leg(PRE_TAX, 5_00, into=PERSON)
        return world.settle(under(world, world.case(paid, withholder=world.members[withholder].address))).gas

    plain = gas()
    assert 1_500 < gas(voters=1 << Role.SPOUSE << (16 * ROTH)) - plain < 3_500  # a word: what each kind asks for
    assert 3_700 < gas("withholder") - plain < 9_000  # two words: the rates, and the member

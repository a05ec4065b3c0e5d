"""Every figure of the contracts at its edge: what is just enough is taken, one more or less is not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from eth_hash.auto import keccak
from tests.rails.stubs import wallet_by_size
from tests.rails.test_refusals import DEPOSITS, member, published, refused
from tests.rails.world import (
    BANK,
    DAY,
    DELAY,
    MEMBER,
    PERSON,
    PRE_TAX,
    RELAY,
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

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.keys import Key
from open401k.rails.messages import Mode, Role, Voter

# ---- lists


def fullest(world: World, *, receivers: int = 4, voters: int = 4, legs: int = 8) -> Case:
    """All that one rollover may have: four who receive, four more who vote, eight legs, one of them to the person."""
    member(world, "depository", DEPOSITS)
    for name in ("fourth", "fifth"):
        member(world, name, 3)
        world.send(BANK, world.token, call_of("admit(address)", world.members[name].address))
    names = ("receiver", "other", "source", "fourth", "fifth")[:receivers]
    those = [
        Voter(Role.SPOUSE, key("spouse").address),
        Voter(Role.ADMINISTRATOR, world.members["administrator"].address),
        Voter(Role.DEPOSITORY, world.members["depository"].address),
        Voter(Role.SPOUSE, key("spouse").address),
        Voter(Role.SPOUSE, key("spouse").address),
    ][:voters]
    paid = [leg(PRE_TAX, 10_00 + place, to=place % 4) for place in range(legs - 1)]
    paid.append(leg(PRE_TAX, 100_00, into=PERSON, taxable=100_00, to=3))
    withholder = world.members["withholder"].address
    return world.case(*paid, receivers=names, voters=those, withholder=withholder)


def test_the_fullest_rollover_is_nine_signatures_in_one_transaction(world: World) -> None:
    # Money flow: source -> receiver 20.04, other 20.06, itself 20.08, fourth 10.03 + 80.00; withheld 20.00
    case = fullest(world)
    before, fourth = world.money(), world.members["fourth"].address
    assert len(world.approvals(case)) == 9
    world.settle(case)
    assert world.balance(fourth) == 90_03
    after = {name: cents - before[name] for name, cents in world.money().items() if cents != before[name]}
    assert after == {"source": -150_13, "receiver": 20_04, "other": 20_06, "withholder": 20_00}


def test_the_fullest_rollover_goes_in_two_phases_too(world: World) -> None:
    case = fullest(world)
    world.propose(case)
    for place in (8, 3, 5, 1, 7, 2, 4):
        world.approve(case, place)
    assert world.state(case) == "preparing"
    refused(205, lambda: world.approve(case, 9, world.approvals(case)[8]))
    world.approve(case, 6)
    assert world.state(case) == "committed"


@pytest.mark.parametrize("more", [{"receivers": 5}, {"voters": 5}, {"legs": 9}])
def test_one_more_than_a_list_holds_is_refused(world: World, more: dict[str, int]) -> None:
    case = fullest(world, **more)
    for act in (world.settle, world.propose):
        with pytest.raises(ContractRefusedError):
            act(case)
    assert world.state(case) == "absent"


def test_a_fifth_voter_is_refused_where_there_is_room_for_its_signature(world: World) -> None:
    spouse = Voter(Role.SPOUSE, key("spouse").address)
    for act in (world.settle, world.propose):
        with pytest.raises(ContractRefusedError):
            act(world.case(voters=[spouse] * 5))
    world.settle(world.case(voters=[spouse] * 4))


def test_a_fifth_receiver_is_refused_where_nobody_else_takes_its_place(world: World) -> None:
    names = ("receiver", "other", "source", "withholder", "administrator")
    for act in (world.settle, world.propose):
        with pytest.raises(ContractRefusedError):
            act(world.case(receivers=names))
    world.propose(world.case(receivers=names[:4]))


# ---- bytes


def padded(case: Case, size: int) -> bytes:
    """A case with bytes behind it that nobody reads."""
    return case.encoded.ljust(size, b"\0")


def test_a_case_of_2112_bytes_is_read_and_none_of_more(world: World) -> None:
    what = "settle(bytes,bytes)"
    case = world.case()
    told = world.encoded_approvals(case)
    with pytest.raises(ContractRefusedError):
        world.send(RELAY, world.rollover, call_of(what, padded(case, 2113), told))
    world.send(RELAY, world.rollover, call_of(what, padded(case, 2112), told))
    assert world.state(case) == "committed"


def test_approvals_of_1900_bytes_are_read_and_none_of_more(world: World) -> None:
    """Whose keys are long goes in two phases, where each comes by itself."""
    for last, fits in ((31, False), (30, True)):
        sizes = (512, 512, 512, last)
        wallets = [Voter(Role.SPOUSE, wallet_by_size(world, size)) for size in sizes]
        case = world.case(voters=wallets)
        told = [*world.approvals(case)[:2], *((bytes(32), bytes(size)) for size in sizes)]
        assert len(messages.encode_approvals(told)) == (1900 if fits else 1901)
        if fits:
            world.settle(case, told)
        else:
            with pytest.raises(ContractRefusedError):
                world.settle(case, told)
        assert world.state(case) == ("committed" if fits else "absent")


def test_a_signature_of_512_bytes_is_read_and_none_of_more(world: World) -> None:
    for size, fits in ((513, False), (512, True)):
        case = world.case(voters=[Voter(Role.SPOUSE, wallet_by_size(world, size))])
        told = [*world.approvals(case)[:2], (bytes(32), bytes(size))]
        if fits:
            world.settle(case, told)
        else:
            with pytest.raises(ContractRefusedError):
                world.settle(case, told)
        assert world.state(case) == ("committed" if fits else "absent")


def test_a_batch_of_24576_bytes_is_read_and_none_of_more(world: World) -> None:
    cases = [world.case(leg(PRE_TAX, 1_00)) for _ in range(12)]
    first, second = (world.members[name].address for name in ("source", "receiver"))
    until = world.clock.now + DAY
    digest = world.domain().digest(messages.batch_hash(first, second, world.token, until, [each.id for each in cases]))
    signatures = [world.signer(name).sign(digest) for name in ("source", "receiver")]
    words = [int.from_bytes(each, "big") for each in (first, second, world.token)]
    what = "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)"
    before = world.money()
    for more, fits in ((1, False), (0, True)):
        encoded = messages.encode_batch([padded(each, 2046) for each in cases[:-1]] + [padded(cases[-1], 2046 + more)])
        assert len(encoded) == 24576 + more
        data = call_of(what, *words, until, encoded, *signatures)
        if fits:
            world.send(RELAY, world.rollover, data)
        else:
            with pytest.raises(ContractRefusedError):
                world.send(RELAY, world.rollover, data)
    assert world.moved(before) == {"source": -12_00, "receiver": 12_00}


# ---- cents


def test_a_single_cent_is_withheld(world: World) -> None:
    # Money flow: source -> receiver 0.04, withholder 0.01
    before = world.money()
    withholder = world.members["withholder"].address
    world.settle(world.case(leg(PRE_TAX, 5, into=PERSON, taxable=5), withholder=withholder))
    assert world.moved(before) == {"source": -5, "receiver": 4, "withholder": 1}


def test_half_a_cent_withholds_a_cent_and_less_none(world: World) -> None:
    # Money flow: source -> receiver 0.02 + 0.02, withholder 0.01
    published(world, rules(bps=2_500 << (16 * PRE_TAX) | 2_499 << (16 * ROTH)))
    before = world.money()
    withholder = world.members["withholder"].address
    for kind in (PRE_TAX, ROTH):
        case = world.case(leg(kind, 2, into=PERSON, taxable=2), withholder=withholder)
        world.settle(world.changed(case, rule_version=2))
    assert world.moved(before) == {"source": -4, "receiver": 3, "withholder": 1}


def test_every_kind_has_a_rate_of_its_own_up_to_all(world: World) -> None:
    for kind in range(16):
        told = rules(bps=10_001 << (16 * kind))
        world.motion(action_of("publish", f"uint32,{RULES}", 1, told))
        world.clock.now += DELAY
        with pytest.raises(ContractRefusedError, match="more than all"):
            world.send(RELAY, world.network, call_of(f"publish({RULES})", told))
    published(world, rules(bps=sum(10_000 << (16 * kind) for kind in range(16))))


def test_an_amount_is_read_to_its_highest_bit(world: World) -> None:
    withholder = world.members["withholder"].address
    much = world.case(leg(PRE_TAX, 2**95), most=messages.ANY_TOTAL)
    refused(404, lambda: world.settle(much))
    taxed = world.case(leg(PRE_TAX, 1_00, into=PERSON, taxable=2**95), withholder=withholder)
    refused(307, lambda: world.settle(taxed))
    world.settle(world.case(most=2**95))
    world.settle(world.case(most=2**96 - 2))


# ---- times, numbers, addresses


def test_every_date_is_counted_past_the_year_2242(world: World) -> None:
    """34 bits of seconds in the rules' window, 40 in what is signed, 64 of a member."""
    far = 2**33
    for name, roles in (("source", 3), ("receiver", 3), ("attestor", 16)):
        told = (2**63, roles, 0xFFFF, world.signer(name).address)
        world.carry("set_member", f"address,{MEMBER}", world.members[name].address, told)
    published(world, rules(start=far + 1, end=far + 365 * DAY, most=2**47))

    def case(**terms: object) -> Case:
        told = world.case()
        election = replace(told.election, deadline=2**40 - 1)
        attestation = replace(told.attestation, valid_until=2**40 - 1)
        told = world.elected(election, attestation, replace(told.terms, rule_version=2, deadline=2**40 - 1))
        return world.changed(told, **terms)

    refused(606, lambda: world.settle(case()))
    world.clock.now = far
    refused(606, lambda: world.settle(case()))
    world.clock.now += 1
    world.settle(case())
    until = world.clock.now + 14 * DAY
    world.carry("suspend_rules", "uint32,uint64", 2, until, waits=False)
    world.clock.now = until - 1
    refused(608, lambda: world.settle(case()))
    world.clock.now = until
    world.settle(case())
    world.clock.now = far + 365 * DAY - 1
    world.settle(case())
    world.clock.now += 1
    refused(607, lambda: world.settle(case()))


def test_no_bit_of_the_rules_is_read_as_its_neighbours(world: World) -> None:
    """Each field of the window stands beside another whose lowest bit is set."""
    now = world.clock.now
    odd = rules(end=(now + 100 * DAY) | 1, level=1, most=1_234_57)
    published(world, odd)
    case = world.changed(world.case(leg(PRE_TAX, 1_234_57)), rule_version=2)
    world.settle(case)
    refused(404, lambda: world.settle(world.changed(world.case(leg(PRE_TAX, 1_234_58)), rule_version=2)))
    until = (world.clock.now + DAY) | 1
    world.carry("suspend_rules", "uint32,uint64", 2, until, waits=False)
    world.clock.now = until - 1
    refused(608, lambda: world.settle(world.changed(world.case(), rule_version=2)))
    world.clock.now = until
    world.settle(world.changed(world.case(), rule_version=2))
    world.clock.now = odd[1] if isinstance(odd[1], int) else 0
    late = world.case()
    refused(607, lambda: world.settle(world.changed(late, rule_version=2)))


def test_a_control_number_has_64_bits(world: World) -> None:
    case = world.case()
    for number in (2**64 - 1, 2**63, 0):
        by = key(f"participant {case.election.number}")
        world.settle(world.elected(replace(case.election, number=number), case.attestation, case.terms, by=by))


def test_rules_beyond_any_version_are_none_and_were_not_elected(world: World) -> None:
    case = world.case()
    for version in (2**32 - 1, 2**31):
        newer = replace(case.election, rule_version=version)
        refused(604, partial(world.settle, world.elected(newer, case.attestation, case.terms)))
        refused(606, partial(world.settle, world.changed(case, rule_version=version)))


@pytest.mark.parametrize("address", [0, 1, 2**159, 2**160 - 1])
def test_garbage_is_the_signature_of_no_address(world: World, address: int) -> None:
    case = world.case()
    election = replace(case.election, participant=address.to_bytes(20, "big"))
    forged = world.elected(election, case.attestation, case.terms)
    for signature in (bytes(65), bytes(64)):
        refused(101, partial(world.settle, replace(forged, signature=signature)))


def test_an_address_is_read_to_its_highest_and_lowest_bit(world: World) -> None:
    """Of voters whose first and last bit are set, and of one without either."""
    for name in _signers():
        spouse = key(name)
        case = world.case(voters=[Voter(Role.SPOUSE, spouse.address)])
        told = [*world.approvals(case)[:2], world.approval(case, Role.SPOUSE, spouse)]
        world.propose(case)
        world.approve(case, 2, told[2])
        world.approve(case, 1)
        assert world.state(case) == "committed"


def _signers() -> list[str]:
    found: dict[tuple[int, int], str] = {}
    for number in range(100):
        address = key(f"spouse {number}").address
        found.setdefault((address[0] >> 7, address[19] & 1), f"spouse {number}")
    assert len(found) == 4
    return list(found.values())


def test_s_is_half_of_the_order_at_most(world: World) -> None:
    """EIP-2, appendix F of the yellow paper: the upper half begins one above (n - 1) / 2."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    r = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798  # of the generator itself; its y is even
    for s, good in ((order // 2, True), (order // 2 + 1, False)):
        world = founded()
        case = world.changed(world.case(), deadline=world.clock.now + 9 * DAY)
        evidence = keccak(b"evidence")
        digest = world.domain().digest(messages.approval_hash(case.id, Role.RECEIVER, evidence))
        secret = (s - int.from_bytes(digest, "big")) * pow(r, -1, order) % order
        by = Key(secret.to_bytes(32, "big"))
        member(world, "receiver", 3, signer=by.address)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + b"\x1b"
        told = [world.approvals(case)[0], (evidence, signature)]
        if good:
            world.settle(case, told)
        else:
            refused(203, partial(world.settle, case, told))


# ---- in turn


def test_the_rules_end_in_their_last_second(world: World) -> None:
    end = world.clock.now + 20 * DAY
    published(world, rules(end=end))
    world.clock.now = end - 1
    world.settle(world.changed(world.case(), rule_version=2))
    world.clock.now = end
    refused(607, lambda: world.settle(world.changed(world.case(), rule_version=2)))


def test_a_later_part_is_aborted_only_in_its_turn(world: World) -> None:
    case = world.case()
    source, by = case.election.source, world.signer("source")
    world.abort(case, source, Role.SOURCE, by)
    refused(613, lambda: world.abort(world.changed(case, part=2), source, Role.SOURCE, by))
    world.abort(world.changed(case, part=1), source, Role.SOURCE, by)
    all_there_is = world.case(mode=Mode.ALL)
    world.settle(all_there_is)
    world.abort(world.changed(all_there_is, part=1), source, Role.SOURCE, by)
    fixed = world.case()
    world.settle(fixed)
    refused(406, lambda: world.abort(world.changed(fixed, part=1), source, Role.SOURCE, by))


def test_a_batch_asks_of_each_whether_its_attestation_was_revoked(world: World) -> None:
    good, bad = world.case(), world.case()
    revoked = messages.attestation_hash(bad.election.participant, bad.attestation)
    attestor = world.members["attestor"]
    world.send(attestor, world.network, call_of("revoke_attestation(bytes32)", revoked))
    refused(102, lambda: world.batch([good, bad]))
    refused(102, lambda: world.batch([bad, good]))
    world.batch([good, world.case()])

"""The council, members, rules and the deposit token: who may change what, and when."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak
from tests.rails.world import (
    BANK,
    CHAIN_ID,
    DAY,
    DELAY,
    MEMBER,
    RELAY,
    RULES,
    SEATS,
    ContractRefusedError,
    World,
    action_of,
    key,
    rules,
)

from open401k.rails import messages
from open401k.rails.calls import call_of


def signed_by(world: World, action: bytes, *seats: int, number: int | None = None) -> list[tuple[bytes, bytes]]:
    (now,) = world.ask(world.network, "motions()", ["uint256"])
    assert isinstance(now, int)
    domain = messages.network_domain(CHAIN_ID, world.network)
    digest = domain.digest(messages.motion_hash(action, now if number is None else number))
    return [(SEATS[place].address, SEATS[place].sign(digest)) for place in seats]


def passed(world: World, action: bytes, told: list[tuple[bytes, bytes]]) -> None:
    world.send(RELAY, world.network, call_of("pass_motion(bytes32,(address,bytes)[])", action, told))


def test_a_motion_needs_enough_seats_each_once_and_for_this_motion(world: World) -> None:
    action = action_of("retire_rules", "uint32", 1)
    for told, why in (
        (signed_by(world, action, 0), "too few seats"),
        (signed_by(world, action, 0, 0), "ascending"),
        (signed_by(world, action, 1, 0), "ascending"),
        (signed_by(world, action, 0, 1, number=0), "not its signature"),
        (signed_by(world, keccak(b"another"), 0, 1), "not its signature"),
        ([(key("a stranger").address, bytes(65))], "not a seat"),
    ):
        with pytest.raises(ContractRefusedError, match=why):
            passed(world, action, told)
    kept = signed_by(world, action, 0, 2)
    passed(world, action, kept)
    with pytest.raises(ContractRefusedError, match="not its signature"):
        passed(world, action, kept)  # its number is used


def test_what_widens_waits_and_what_restricts_does_not(world: World) -> None:
    told = (world.clock.now + 400 * DAY, 3, 0xFFFF, key("new signer").address)
    newcomer = key("newcomer").address
    call = call_of(f"set_member(address,{MEMBER})", newcomer, told)
    with pytest.raises(ContractRefusedError, match="no such motion"):
        world.send(RELAY, world.network, call)
    world.motion(action_of("set_member", f"address,{MEMBER}", newcomer, told))
    world.clock.now += DELAY - 1
    with pytest.raises(ContractRefusedError, match="the delay is not over"):
        world.send(RELAY, world.network, call)
    world.clock.now += 1
    world.send(RELAY, world.network, call)
    with pytest.raises(ContractRefusedError, match="no such motion"):
        world.send(RELAY, world.network, call)  # used up
    shown = (*told[:3], f"0x{told[3].hex()}")
    assert world.ask(world.network, "member(address)", [MEMBER], newcomer) == (shown,)
    world.carry("suspend_member", "address", newcomer, waits=False)
    assert world.ask(world.network, "member(address)", [MEMBER], newcomer) == ((0, *shown[1:]),)


def test_a_motion_lapses_and_can_be_withdrawn_while_it_waits(world: World) -> None:
    world.motion(action_of("publish", f"uint32,{RULES}", 1, rules()))
    world.clock.now += DELAY + 30 * DAY + 1
    with pytest.raises(ContractRefusedError, match="has lapsed"):
        world.send(RELAY, world.network, call_of(f"publish({RULES})", rules()))
    waiting = action_of("publish", f"uint32,{RULES}", 1, rules())
    world.motion(waiting)
    world.motion(action_of("withdraw", "bytes32", waiting))
    world.send(RELAY, world.network, call_of("withdraw(bytes32)", waiting))
    world.clock.now += DELAY
    with pytest.raises(ContractRefusedError, match="no such motion"):
        world.send(RELAY, world.network, call_of(f"publish({RULES})", rules()))


def test_a_version_of_the_rules_is_never_changed(world: World) -> None:
    first = world.ask(world.network, "rules(uint32)", [RULES], 1)
    other = rules(level=3, most=1)
    world.motion(action_of("publish", f"uint32,{RULES}", 1, other))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of(f"publish({RULES})", other))
    assert world.ask(world.network, "rules(uint32)", [RULES], 1) == first == (rules(),)
    assert world.ask(world.network, "rules(uint32)", [RULES], 2) == (other,)
    world.carry("retire_rules", "uint32", 2, waits=False)
    assert str(world.clock.now) in str(world.ask(world.network, "rules(uint32)", [RULES], 2))
    with pytest.raises(ContractRefusedError, match="at most 14 days"):
        world.carry("suspend_rules", "uint32,uint64", 1, world.clock.now + 15 * DAY, waits=False)


def test_a_council_keeps_more_than_half(world: World) -> None:
    kinds = "address[],address[],uint256"
    joining = [key("seat 4").address]
    world.motion(action_of("change_seats", kinds, joining, [], 2))
    world.clock.now += DELAY
    with pytest.raises(ContractRefusedError, match="more than half"):
        world.send(RELAY, world.network, call_of(f"change_seats({kinds})", joining, [], 2))
    world.carry("change_seats", kinds, joining, [SEATS[0].address], 3)
    assert world.ask(world.network, "is_seat(address)", ["bool"], SEATS[0].address) == (False,)
    assert world.ask(world.network, "seats()", ["uint256"]) == (3,)


def test_a_member_changes_its_key_after_the_delay_and_revokes_it_at_once(world: World) -> None:
    source, new = world.members["source"], key("new signing key")
    with pytest.raises(ContractRefusedError, match="not a member"):
        world.send(key("a stranger"), world.network, call_of("name_signer(address)", new.address))
    world.send(source, world.network, call_of("name_signer(address)", new.address))
    with pytest.raises(ContractRefusedError, match="the delay is not over"):
        world.send(RELAY, world.network, call_of("take_signer(address)", source.address))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of("take_signer(address)", source.address))
    case = world.case()
    refused = world.approvals(case)
    with pytest.raises(ContractRefusedError) as why:
        world.settle(case, refused)
    assert why.value.code == 203
    world.settle(case, [world.approval(case, messages.Role.SOURCE, new), refused[1]])
    world.send(source, world.network, call_of("name_signer(address)", key("a thief's").address))
    world.send(source, world.network, call_of("revoke_signer()"))
    world.clock.now += DELAY
    with pytest.raises(ContractRefusedError, match="no key was named"):
        world.send(RELAY, world.network, call_of("take_signer(address)", source.address))


def test_deposits_are_what_the_bank_has_and_each_reference_is_used_once(world: World) -> None:
    source, other = world.members["source"], world.members["other"]
    mint = call_of("mint(address,uint256,bytes32)", source.address, 5_00, keccak(b"wire 1"))
    (before,) = world.ask(world.token, "totalSupply()", ["uint256"])
    assert isinstance(before, int)
    world.send(BANK, world.token, mint)
    with pytest.raises(ContractRefusedError, match="this reference was used"):
        world.send(BANK, world.token, mint)
    with pytest.raises(ContractRefusedError, match="only the bank"):
        world.send(source, world.token, mint)
    redeem = call_of("redeem(uint256,bytes32)", 2_00, keccak(b"wire 2"))
    world.send(source, world.token, redeem)
    with pytest.raises(ContractRefusedError, match="this reference was used"):
        world.send(source, world.token, redeem)
    assert world.ask(world.token, "totalSupply()", ["uint256"]) == (before + 3_00,)
    held = sum(world.balance(world.members[name].address) for name in ("source", "receiver", "other", "withholder"))
    assert held == before + 3_00
    with pytest.raises(ContractRefusedError, match="the payee may not hold"):
        world.send(source, world.token, call_of("transfer(address,uint256)", key("a stranger").address, 1))
    with pytest.raises(ContractRefusedError, match="not enough"):
        world.send(source, world.token, call_of("transfer(address,uint256)", other.address, 10**12))
    take = call_of("transferFrom(address,address,uint256)", source.address, other.address, 1)
    with pytest.raises(ContractRefusedError, match="more than was allowed"):
        world.send(key("a stranger"), world.token, take)


def test_only_the_named_successor_takes_the_bank_over(world: World) -> None:
    heir = key("heir")
    with pytest.raises(ContractRefusedError, match="only the bank"):
        world.send(heir, world.token, call_of("name_bank(address)", heir.address))
    world.send(BANK, world.token, call_of("name_bank(address)", heir.address))
    with pytest.raises(ContractRefusedError, match="not the named successor"):
        world.send(key("a stranger"), world.token, call_of("take_over()"))
    world.send(heir, world.token, call_of("take_over()"))
    with pytest.raises(ContractRefusedError, match="only the bank"):
        world.send(BANK, world.token, call_of("admit(address)", heir.address))

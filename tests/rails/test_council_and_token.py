"""What the council, the network and the deposit token refuse, one by one. Not here: what they do (test_network.py)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from tests.rails.stubs import deployed
from tests.rails.world import (
    BANK,
    BEGUN,
    DAY,
    DELAY,
    MEMBER,
    MINTED,
    RELAY,
    RULES,
    SEATS,
    ContractRefusedError,
    World,
    action_of,
    founded,
    key,
    rules,
)

from open401k.rails.artifacts import artifact
from open401k.rails.calls import call_of

CHANGE = "address[],address[],uint256"
NOBODY = bytes(20)


def made(world: World, name: str, kinds: Sequence[str], *given: object) -> bytes | None:
    return world.send(RELAY, None, artifact(name).code + encode(kinds, given)).contract


def seats(*numbers: int) -> list[bytes]:
    return [key(f"seat {number}").address for number in numbers]


def test_no_network_begins_with_a_council_that_cannot_decide(world: World) -> None:
    kinds = ["address[]", "uint256", "uint256"]
    for whom, threshold, why in (
        (seats(1, 2, 1), 2, "empty or named twice"),
        ([*seats(1), NOBODY], 2, "empty or named twice"),
        ([], 0, "more than half"),
        (seats(1, 2), 1, "more than half"),
        (seats(1, 2), 3, "at most all"),
    ):
        with pytest.raises(ContractRefusedError, match=why):
            made(world, "network", kinds, whom, threshold, DELAY)
    assert made(world, "network", kinds, seats(1), 1, 0) is not None


@pytest.mark.parametrize(
    ("joining", "leaving", "threshold", "why"),
    [
        (seats(4), seats(9), 2, "not a seat"),
        (seats(4), [*seats(1), *seats(1)], 2, "not a seat"),
        ([*seats(4), *seats(4)], [], 3, "named twice"),
        (seats(2), [], 3, "named twice"),
        ([NOBODY], [], 3, "empty"),
        (seats(*range(4, 18)), [], 9, "too many seats"),
        ([], seats(3), 3, "at most all"),
    ],
)
def test_seats_change_only_so_that_more_than_half_decide(
    world: World, joining: list[bytes], leaving: list[bytes], threshold: int, why: str
) -> None:
    with pytest.raises(ContractRefusedError, match=why):
        world.carry("change_seats", CHANGE, joining, leaving, threshold)
    assert world.ask(world.network, "seats()", ["uint256"]) == (3,)


def test_several_seats_change_in_one_motion_and_the_old_ones_decide_no_more(world: World) -> None:
    leaving = [seat.address for seat in SEATS[:2]]
    world.carry("change_seats", CHANGE, seats(4, 5, 6), leaving, 4)
    assert world.ask(world.network, "seats()", ["uint256"]) == (4,)
    assert world.ask(world.network, "threshold()", ["uint256"]) == (4,)
    for seat, sits in [*zip(leaving, (False, False), strict=True), *((each, True) for each in seats(4, 5, 6))]:
        assert world.ask(world.network, "is_seat(address)", ["bool"], seat) == (sits,)
    with pytest.raises(ContractRefusedError, match="not a seat"):
        world.motion(keccak(b"anything"))


def test_sixteen_seats_may_sit_and_fewer_without_anybody_joining(world: World) -> None:
    world.carry("change_seats", CHANGE, seats(*range(4, 17)), [], 9)
    assert world.ask(world.network, "seats()", ["uint256"]) == (16,)
    world = founded()
    world.carry("change_seats", CHANGE, [], [SEATS[2].address], 2)
    assert world.ask(world.network, "seats()", ["uint256"]) == (2,)


def test_a_motion_without_any_signature_is_none(world: World) -> None:
    with pytest.raises(ContractRefusedError, match="too few seats"):
        world.send(RELAY, world.network, call_of("pass_motion(bytes32,(address,bytes)[])", bytes(32), []))


def test_a_motion_is_shown_until_it_is_carried_out_and_its_number_goes_up(world: World) -> None:
    action = keccak(b"an action")
    (before,) = world.ask(world.network, "motions()", ["uint256"])
    world.clock.now += 5
    world.motion(action)
    assert world.ask(world.network, "motions()", ["uint256"]) == (int(str(before)) + 1,)
    assert world.ask(world.network, "passed_at(bytes32)", ["uint256"], action) == (world.clock.now,)


def test_what_restricts_needs_a_motion_that_has_not_lapsed(world: World) -> None:
    member = world.members["other"].address
    suspend = call_of("suspend_member(address)", member)
    with pytest.raises(ContractRefusedError, match="no such motion"):
        world.send(RELAY, world.network, suspend)
    world.motion(action_of("suspend_member", "address", member))
    world.clock.now += 30 * DAY + 1
    with pytest.raises(ContractRefusedError, match="has lapsed"):
        world.send(RELAY, world.network, suspend)
    world.motion(action_of("suspend_member", "address", member))
    world.clock.now += 30 * DAY
    world.send(RELAY, world.network, suspend)  # at its last second
    with pytest.raises(ContractRefusedError, match="no such motion"):
        world.send(RELAY, world.network, suspend)


def test_at_the_last_second_of_its_life_a_motion_that_waited_is_carried_out(world: World) -> None:
    world.motion(action_of("publish", f"uint32,{RULES}", 1, rules()))
    world.clock.now += DELAY + 30 * DAY
    world.send(RELAY, world.network, call_of(f"publish({RULES})", rules()))
    assert world.ask(world.network, "latest()", ["uint32"]) == (2,)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (rules(end=BEGUN), "never be in force"),
        (rules(start=BEGUN + 365 * DAY), "never be in force"),
        (rules(end=2**34), "a date beyond counting"),
        (rules(most=2**48), "a limit beyond counting"),
        (rules(bps=10_001 << 240), "more than all"),
        ((*rules()[:-1], bytes(32)), "without their text"),
    ],
)
def test_rules_that_cannot_hold_are_not_published(world: World, told: tuple[object, ...], why: str) -> None:
    world.motion(_published(told))
    world.clock.now += DELAY
    with pytest.raises(ContractRefusedError, match=why):
        world.send(RELAY, world.network, call_of(f"publish({RULES})", told))
    assert world.ask(world.network, "latest()", ["uint32"]) == (1,)


def test_the_widest_rules_are_published_and_read_back_as_they_are(world: World) -> None:
    widest = (0, 2**34 - 1, 255, 2**48 - 1, 2**256 - 1, 2**256 - 1, 10_000 << 240, keccak(b"text"))
    world.motion(_published(widest))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of(f"publish({RULES})", widest))
    assert world.ask(world.network, "rules(uint32)", [RULES], 2) == (widest,)
    assert world.ask(world.network, "suspended_until(uint32)", ["uint256"], 2) == (0,)
    assert world.ask(world.network, "document(uint32)", ["bytes32"], 2) == (keccak(b"text"),)


def _published(told: tuple[object, ...]) -> bytes:
    return action_of("publish", f"uint32,{RULES}", 1, told)


def test_only_rules_in_force_are_retired_and_a_suspension_lasts_fourteen_days_at_most(world: World) -> None:
    with pytest.raises(ContractRefusedError, match="not in force"):
        world.carry("retire_rules", "uint32", 7, waits=False)
    until = world.clock.now + 14 * DAY
    world.carry("suspend_rules", "uint32,uint64", 1, until, waits=False)
    assert world.ask(world.network, "suspended_until(uint32)", ["uint256"], 1) == (until,)
    assert world.ask(world.network, "rules(uint32)", [RULES], 1) == (rules(),)
    with pytest.raises(ContractRefusedError, match="at most 14 days"):
        world.carry("suspend_rules", "uint32,uint64", 1, until + 1, waits=False)
    world.carry("retire_rules", "uint32", 1, waits=False)
    with pytest.raises(ContractRefusedError, match="not in force"):
        world.carry("retire_rules", "uint32", 1, waits=False)


def test_nobody_is_no_member_and_no_key(world: World) -> None:
    told = (world.clock.now + 400 * DAY, 3, 0xFFFF, key("signer").address)
    with pytest.raises(ContractRefusedError, match="no member"):
        world.carry("set_member", f"address,{MEMBER}", NOBODY, told)
    with pytest.raises(ContractRefusedError, match="no key"):
        world.send(world.members["source"], world.network, call_of("name_signer(address)", NOBODY))
    with pytest.raises(ContractRefusedError, match="not a member"):
        world.send(key("a stranger"), world.network, call_of("revoke_signer()"))


def test_a_named_key_is_shown_and_taken_once_and_leaves_the_rest_of_its_member(world: World) -> None:
    source, new = world.members["source"], key("new signing key")
    (before,) = world.ask(world.network, "member(address)", [MEMBER], source.address)
    world.send(source, world.network, call_of("name_signer(address)", new.address))
    at = world.clock.now + DELAY
    assert world.ask(world.network, "next_signer(address)", ["address"], source.address) == (f"0x{new.address.hex()}",)
    assert world.ask(world.network, "next_signer_at(address)", ["uint256"], source.address) == (at,)
    world.clock.now = at - 1
    with pytest.raises(ContractRefusedError, match="the delay is not over"):
        world.send(RELAY, world.network, call_of("take_signer(address)", source.address))
    world.clock.now = at
    world.send(RELAY, world.network, call_of("take_signer(address)", source.address))
    assert isinstance(before, tuple)
    shown = (*before[:3], f"0x{new.address.hex()}")
    assert world.ask(world.network, "member(address)", [MEMBER], source.address) == (shown,)
    with pytest.raises(ContractRefusedError, match="no key was named"):
        world.send(RELAY, world.network, call_of("take_signer(address)", source.address))
    world.send(source, world.network, call_of("revoke_signer()"))
    shown = (*before[:3], f"0x{NOBODY.hex()}")
    assert world.ask(world.network, "member(address)", [MEMBER], source.address) == (shown,)


def test_a_revoked_attestation_is_its_attestors_own(world: World) -> None:
    attestor, told = world.members["attestor"], keccak(b"an attestation")
    world.send(attestor, world.network, call_of("revoke_attestation(bytes32)", told))
    asked = "revoked(address,bytes32)", ["bool"]
    assert world.ask(world.network, *asked, attestor.address, told) == (True,)
    assert world.ask(world.network, *asked, world.members["source"].address, told) == (False,)


# ---- the deposit token


def test_a_token_needs_a_bank_and_a_holder_who_is_somebody(world: World) -> None:
    with pytest.raises(ContractRefusedError, match="a bank is needed"):
        made(world, "deposit_token", ["address"], NOBODY)
    with pytest.raises(ContractRefusedError, match="no holder"):
        world.send(BANK, world.token, call_of("admit(address)", NOBODY))
    with pytest.raises(ContractRefusedError, match="only the bank"):
        world.send(RELAY, world.token, call_of("freeze(address)", BANK.address))


def test_an_allowance_is_used_up_unless_it_has_no_end(world: World) -> None:
    source, other, spender = world.members["source"], world.members["other"], key("spender")
    world.send(source, world.token, call_of("approve(address,uint256)", spender.address, 100))
    take = "transferFrom(address,address,uint256)"
    world.send(spender, world.token, call_of(take, source.address, other.address, 60))
    left = "allowance(address,address)", ["uint256"], source.address
    assert world.ask(world.token, *left, spender.address) == (40,)
    with pytest.raises(ContractRefusedError, match="more than was allowed"):
        world.send(spender, world.token, call_of(take, source.address, other.address, 41))
    world.send(spender, world.token, call_of(take, source.address, other.address, 40))
    assert world.ask(world.token, *left, spender.address) == (0,)
    world.settle(world.case())
    assert world.ask(world.token, *left, world.rollover) == (2**256 - 1,)
    assert world.balance(source.address) == MINTED - 100 - 1_234_56


def test_a_frozen_holder_neither_pays_nor_is_paid_and_keeps_its_balance(world: World) -> None:
    source, other = world.members["source"], world.members["other"]
    world.send(BANK, world.token, call_of("freeze(address)", other.address))
    may = "may_hold(address)", ["bool"]
    assert world.ask(world.token, *may, other.address) == (False,)
    assert world.ask(world.token, *may, source.address) == (True,)
    assert world.ask(world.token, *may, key("a stranger").address) == (False,)
    assert world.balance(other.address) == MINTED
    pay = "transfer(address,uint256)"
    with pytest.raises(ContractRefusedError, match="the payee may not hold"):
        world.send(source, world.token, call_of(pay, other.address, 1))
    with pytest.raises(ContractRefusedError, match="the payer is frozen"):
        world.send(other, world.token, call_of(pay, source.address, 1))
    world.send(BANK, world.token, call_of("admit(address)", other.address))
    world.send(other, world.token, call_of(pay, source.address, MINTED))  # all of it
    assert (world.balance(other.address), world.balance(source.address)) == (0, 2 * MINTED)
    assert world.ask(world.token, *may, other.address) == (True,)


def test_a_balance_never_runs_over(world: World) -> None:
    source = world.members["source"].address
    mint = "mint(address,uint256,bytes32)"
    with pytest.raises(ContractRefusedError, match="too much"):
        world.send(BANK, world.token, call_of(mint, source, 2**128 - MINTED, keccak(b"much")))
    world.send(BANK, world.token, call_of(mint, source, 2**128 - 1 - MINTED, keccak(b"much")))
    assert world.balance(source) == 2**128 - 1
    assert world.ask(world.token, "may_hold(address)", ["bool"], source) == (True,)


def test_redeeming_needs_the_money_and_two_holders_may_use_one_reference(world: World) -> None:
    source, other = world.members["source"], world.members["other"]
    redeem = "redeem(uint256,bytes32)"
    with pytest.raises(ContractRefusedError, match="not enough"):
        world.send(source, world.token, call_of(redeem, MINTED + 1, keccak(b"wire")))
    world.send(source, world.token, call_of(redeem, MINTED, keccak(b"wire")))
    world.send(other, world.token, call_of(redeem, 1, keccak(b"wire")))
    assert (world.balance(source.address), world.balance(other.address)) == (0, MINTED - 1)
    assert world.ask(world.token, "bank()", ["address"]) == (f"0x{BANK.address.hex()}",)
    for signature, kind, told in (
        ("name()", "string", "Open401k settlement deposit"),
        ("symbol()", "string", "DEPOSIT"),
        ("decimals()", "uint8", 2),
    ):
        assert world.ask(world.token, signature, [kind]) == (told,)


def test_a_bank_hands_over_once(world: World) -> None:
    heir = key("heir")
    world.send(BANK, world.token, call_of("name_bank(address)", heir.address))
    assert world.ask(world.token, "next_bank()", ["address"]) == (f"0x{heir.address.hex()}",)
    world.send(heir, world.token, call_of("take_over()"))
    assert world.ask(world.token, "bank()", ["address"]) == (f"0x{heir.address.hex()}",)
    with pytest.raises(ContractRefusedError, match="not the named successor"):
        world.send(heir, world.token, call_of("take_over()"))


def test_a_coordinator_needs_a_network(world: World) -> None:
    with pytest.raises(ContractRefusedError, match="the network is not there"):
        made(world, "rollover", ["address"], key("nobody's").address)
    assert made(world, "rollover", ["address"], deployed(world, b"\x00")) is not None

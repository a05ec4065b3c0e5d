"""What a council signs: each action as the contract hashes it, files that are refused, a way from file to chain."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_hash.auto import keccak
from tests.rails.world import BEGUN, CHAIN_ID, DAY, DELAY, RELAY, SEATS, World, key

from open401k.kernel import Open401kError
from open401k.rails.chain.interface import RevertedError
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Role
from open401k.rails.network import council, members
from open401k.rails.network.actions import (
    Action,
    Admit,
    ChangeSeats,
    MemberRole,
    Publish,
    RetireRules,
    Suspend,
    SuspendRules,
    Withdraw,
    action_hash,
    call_data,
)
from open401k.rails.network.council import Stage
from open401k.rails.network.motions import Motion, publish, read, write
from open401k.rails.network.place import Place, There

NEW = key("a new member").address
ADMIT = Admit(
    NEW, BEGUN + 400 * DAY, MemberRole.RELEASES | MemberRole.RECEIVES, frozenset({Into.PLAN, Into.ROTH_IRA}),
    key("its signer").address,
)  # fmt: skip
RULES = publish(2026, follows=1, voters={Kind.PRE_TAX: frozenset({Role.ADMINISTRATOR})}, level=2, most_cents=500_000_00)
ACTIONS: list[Action] = [
    ADMIT, Suspend(NEW), RULES, SuspendRules(1, BEGUN + 10 * DAY), RetireRules(1), Withdraw(keccak(b"other")),
    ChangeSeats((key("seat 4").address,), (SEATS[0].address,), 3),
]  # fmt: skip


@pytest.fixture
def there(world: World) -> There:
    return There(world.chain, Place(CHAIN_ID, {}, world.network, world.rollover, world.token))


def motion_of(there: There, action: Action, seats: int = 2) -> Motion:
    """A motion with so many signatures, once through its file."""
    motion = Motion(CHAIN_ID, there.place.network, council.next_number(there), action)
    for seat in SEATS[:seats]:
        motion = read(write(motion)).signed(seat)
    return read(write(motion))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda each: type(each).__name__)
def test_a_file_says_the_same_after_it_was_read(action: Action) -> None:
    motion = Motion(CHAIN_ID, bytes(range(20)), 7, action).signed(SEATS[1])
    assert read(write(motion)) == motion
    assert all(words.endswith(".") for words in action.words)
    assert action_hash(action) != action_hash(next(each for each in ACTIONS if each != action))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda each: type(each).__name__)
def test_each_action_is_hashed_as_the_contract_hashes_it(there: There, world: World, action: Action) -> None:
    if isinstance(action, Withdraw):  # there must be what it withdraws
        council.pass_motion(there, motion_of(there, ADMIT), RELAY)
        action = Withdraw(action_hash(ADMIT))
    motion = motion_of(there, action)
    assert council.pass_motion(there, motion, RELAY)
    assert not council.pass_motion(there, motion, RELAY)
    if action.waits:
        with pytest.raises(RevertedError, match="64656c6179206973206e6f74206f766572"):  # the delay is not over
            there.chain.call(there.place.network, call_data(action))
        with pytest.raises(Open401kError, match="It waits until"):
            council.carry(there, motion, RELAY)
        world.clock.now += DELAY
    assert council.standing(there, motion).stage is (Stage.WAITS if action.waits else Stage.READY)  # no block yet
    world.chain.tick()
    assert council.carry(there, motion, RELAY)
    assert not council.carry(there, motion, RELAY)
    assert council.standing(there, motion).stage is Stage.CARRIED


def test_a_member_and_rules_are_on_file_after_their_motions(there: There, world: World) -> None:
    decided: list[Action] = [ADMIT, RULES]
    for action in decided:
        council.pass_motion(there, motion_of(there, action), RELAY)
    world.clock.now += DELAY
    world.chain.tick()
    for number, action in enumerate(decided, council.next_number(there) - 2):
        assert council.carry(there, Motion(CHAIN_ID, there.place.network, number, action), RELAY)
    found = {each.address: each for each in members.members(there)}[NEW]
    assert (found.valid_until, found.roles, frozenset(found.accounts), found.signer) == (
        ADMIT.valid_until, ADMIT.roles, ADMIT.accounts, ADMIT.signer,
    )  # fmt: skip
    latest = members.versions(there)[-1]
    assert (latest.version, latest.document_hash) == (2, RULES.rules.document_hash)
    assert (latest.active_from, latest.active_until) == (RULES.rules.active_from, RULES.rules.active_until)
    members.name_signer(there, key("a new member"), key("next").address)
    assert members.member(there, NEW).next_signer == key("next").address
    with pytest.raises(Open401kError, match="signs nothing"):
        members.name_signer(there, key("a new member"), (4).to_bytes(20, "big"))
    assert members.member(there, NEW).next_signer == key("next").address
    members.revoke_signer(there, key("a new member"))
    assert members.member(there, NEW).signer == bytes(20)


def test_too_few_or_strange_signatures_are_told_before_anything_is_sent(there: There, world: World) -> None:
    head = world.chain.head()
    one = motion_of(there, ADMIT, seats=1)
    assert council.standing(there, one).stage is Stage.COLLECTS
    with pytest.raises(Open401kError, match="1 of 2 seats"):
        council.pass_motion(there, one, RELAY)
    with pytest.raises(Open401kError, match="No seat of the council"):
        council.pass_motion(there, one.signed(key("nobody")), RELAY)
    with pytest.raises(Open401kError, match="cannot be carried out"):
        council.carry(there, one, RELAY)
    with pytest.raises(Open401kError, match="is for network"):
        council.standing(there, replace(one, chain_id=5))
    assert world.chain.head() == head
    later = replace(motion_of(there, Suspend(NEW)), signatures=()).signed(SEATS[0]).signed(SEATS[2])
    council.pass_motion(there, later, RELAY)
    with pytest.raises(Open401kError, match="the network is at"):
        council.pass_motion(there, one.signed(SEATS[1]), RELAY)


def test_a_motion_lapses_and_is_withdrawn(there: There, world: World) -> None:
    motion = motion_of(there, ADMIT)
    council.pass_motion(there, motion, RELAY)
    world.clock.now += DELAY + council.LIFE + 1
    world.chain.tick()
    assert council.standing(there, motion).stage is Stage.LAPSED
    again = motion_of(there, ADMIT)
    council.pass_motion(there, again, RELAY)
    back = motion_of(there, Withdraw(action_hash(ADMIT)))
    council.pass_motion(there, back, RELAY)
    council.carry(there, back, RELAY)
    assert council.standing(there, again).stage is Stage.WITHDRAWN


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda told: told.pop("number"), "motion, number: is missing"),
        (lambda told: told.update(number="soon"), "motion, number: 'soon'"),
        (lambda told: told.update(more=1), "motion, more: nothing reads this"),
        (lambda told: told.update(motion=2), "of a version other than 1"),
        (lambda told: told["action"].update(name="abolish"), "action.name: 'abolish' is no action"),
        (
            lambda told: told["action"].update(member="0x" + "00" * 20),
            "action.member: is not filled in",
        ),
        (lambda told: told["action"].update(member="0x12"), "action.member: '0x12' is no address"),
        (lambda told: told["action"].update(roles=["king"]), "action.roles 1: 'king' is none"),
        (lambda told: told["action"].update(roles=[]), "a member without a role"),
        (lambda told: told["action"].update(accounts=[]), "who receives names types of account"),
        (lambda told: told["action"].update(valid_until=2**34), "action.valid_until: '17179869184' is no whole"),
        (lambda told: told["signatures"][0].update(seat="0x" + "11" * 20), "signatures 1.signature: That is not a"),
        (lambda told: told["action"].update(valid_until=1), "signatures 1.signature: That is not a"),
        (lambda told: told.update(signatures={}), "motion, signatures: is no list"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_place(change: Any, where: str) -> None:
    told = json.loads(write(Motion(CHAIN_ID, bytes(range(20)), 7, ADMIT).signed(SEATS[0])))
    change(told)
    with pytest.raises(Open401kError) as why:
        read(json.dumps(told))
    assert where in why.value.message
    assert why.value.fix


def test_rules_that_the_law_here_does_not_make_are_not_read() -> None:
    told = json.loads(write(Motion(CHAIN_ID, bytes(range(20)), 7, RULES)))
    told["action"]["document"] = told["action"]["document"].replace("2000", "1000")
    with pytest.raises(Open401kError, match="not what the law on file here makes"):
        read(json.dumps(told))
    told["action"]["year"] = 2199
    with pytest.raises(Open401kError, match="2199"):
        read(json.dumps(told))
    assert isinstance(RULES, Publish)
    for text in ("", "[]", "{", "[" * 5000):
        with pytest.raises(Open401kError, match=r"is no JSON"):
            read(text)

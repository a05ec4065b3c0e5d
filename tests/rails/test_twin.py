"""The twin is held equal to the contract on the EVM: by every test of the coordinator, and by generated calls."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import cast

import pytest
from eth_hash.auto import keccak
from tests.rails import test_returns, test_rollover
from tests.rails.twins import Beside, beside_the_twin
from tests.rails.world import BANK, DAY, PERSON, PRE_TAX, RELAY, ROTH, Case, ContractRefusedError, World, key, leg

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.messages import Mode, Role, Voter

# every test of the coordinator, in a world where the twin stands beside the EVM
for _name, _test in (*vars(test_rollover).items(), *vars(test_returns).items()):
    if _name.startswith("test_"):
        globals()[_name] = _test


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return beside_the_twin(monkeypatch)


Act = Callable[[World, Random, list[Case]], object]


def _case(world: World, random: Random, cases: list[Case]) -> Case:
    """One more, of random shape; a third of them next parts of another, a few unlawful."""
    if cases and random.random() < 0.3:
        before = random.choice(cases)
        case = world.changed(before, part=before.terms.part + 1, salt=keccak(b"part %d" % random.getrandbits(32)))
    else:
        kinds = [random.choice((PRE_TAX, ROTH, 2, 3 if random.random() < 0.05 else PRE_TAX)) for _ in range(2)]
        legs = [
            leg(kind, random.randrange(1, random.choice((9_000_00, 900_000_00))), to=0 if random.random() < 0.5 else 1)
            for kind in kinds
        ]
        withholder = messages.NOBODY
        pays_person = random.random() < 0.3
        if pays_person:
            cents = random.randrange(1, 50_000_00)
            legs.append(leg(PRE_TAX, cents, into=PERSON, taxable=random.randrange(0, cents + 1)))
        if pays_person != (random.random() < 0.05):
            withholder = world.members["withholder"].address
        voters = [
            voter
            for voter, chance in (
                (Voter(Role.SPOUSE, key("spouse").address), 0.2),
                (Voter(Role.ADMINISTRATOR, world.members["administrator"].address), 0.2),
                (Voter(Role.DEPOSITORY, world.members["other"].address), 0.03),  # it is none
            )
            if random.random() < chance
        ]
        case = world.case(
            *legs, receivers=random.choice((("receiver", "other"), ("other", "receiver"), ("receiver",))),
            voters=voters, withholder=withholder, mode=random.choice((Mode.ALL, Mode.FIXED)),
            most=random.choice((5_000_000_00, 1_000_000_00, messages.ANY_TOTAL)),
            source=random.choice(("source",) * 9 + ("receiver",)),
        )  # fmt: skip
    cases.append(case)
    return case


def _settle(world: World, random: Random, cases: list[Case]) -> object:
    case = random.choice(cases)
    told = world.approvals(case)
    if random.random() < 0.1:
        random.shuffle(told)
    return world.settle(case, told[: random.choice((len(told), len(told), len(told), 1))])


def _propose(world: World, random: Random, cases: list[Case]) -> object:
    return world.propose(cases[-1] if random.random() < 0.8 else random.choice(cases))


def _approve(world: World, random: Random, cases: list[Case]) -> object:
    open_ = [each for each in cases if world.state(each) == "preparing"] or cases
    case, other = random.choice(open_), random.choice(cases)
    told = world.approvals(case if random.random() < 0.9 else other)
    place = random.randrange(len(told))
    return world.approve(case, random.choice((place, place, place, 7)), told[place])


def _abort(world: World, random: Random, cases: list[Case]) -> object:
    case = random.choice(cases)
    name, role = random.choice((("source", Role.SOURCE), ("receiver", Role.RECEIVER), ("administrator", 5)))
    if random.random() < 0.3:
        by = key(f"participant {case.election.number}")
        return world.abort(case, by.address, Role.PARTICIPANT, by)
    return world.abort(case, world.members[name].address, Role(role), world.signer(name), random.randrange(100, 699))


def _post(world: World, random: Random, cases: list[Case]) -> object:
    name, role = random.choice((("source", Role.SOURCE), ("receiver", Role.RECEIVER), ("other", Role.RECEIVER)))
    return world.post(random.choice(cases), name, role)


def _batch(world: World, random: Random, cases: list[Case]) -> object:
    chosen = random.sample(cases, k=min(len(cases), random.randrange(1, 4)))
    chosen += [world.case(leg(PRE_TAX, random.randrange(1, 900_00))) for _ in range(random.randrange(1, 3))]
    cases += chosen[-1:]
    return world.batch(chosen if random.random() < 0.5 else chosen[-1:])


def _bank(world: World, random: Random, _: list[Case]) -> object:
    holder = world.members[random.choice(("source", "receiver", "other"))].address
    what = random.choice(("admit(address)", "admit(address)", "freeze(address)"))
    return world.send(BANK, world.token, call_of(what, holder))


def _refund(world: World, random: Random, _: list[Case]) -> object:
    owner = world.members[random.choice(("source", "receiver"))].address
    return world.send(RELAY, world.rollover, call_of("refund(address,address)", world.token, owner))


def _transfer(world: World, random: Random, _: list[Case]) -> object:
    names = ("source", "receiver", "other", "administrator")
    payer, payee = (world.members[random.choice(names)] for _ in range(2))
    cents = random.choice((random.randrange(1, 10_00), 10**12))
    if random.random() < 0.2:
        return world.send(payer, world.token, call_of("redeem(uint256,bytes32)", cents, keccak(b"%d" % (cents % 7))))
    return world.send(payer, world.token, call_of("transfer(address,uint256)", payee.address, cents))


def _time(world: World, random: Random, _: list[Case]) -> None:
    world.clock.now += random.choice((60, 3_600, DAY, 3 * DAY))


def _network(world: World, random: Random, cases: list[Case]) -> None:
    what = random.randrange(4)
    if what == 0:
        until = world.clock.now + random.randrange(2) * DAY
        world.carry("suspend_rules", "uint32,uint64", 1, until, waits=False)
    elif what == 1:
        who = world.members[random.choice(("receiver", "other"))].address
        world.carry("suspend_member", "address", who, waits=False)
    elif what == 2:
        chosen = random.choice(cases)
        hashed = messages.attestation_hash(chosen.election.participant, chosen.attestation)
        world.send(world.members["attestor"], world.network, call_of("revoke_attestation(bytes32)", hashed))
    else:
        world.send(world.members["other"], world.network, call_of("revoke_signer()"))


ACTS: dict[Act, int] = {
    _case: 5, _settle: 3, _propose: 5, _approve: 8, _abort: 2,
    lambda world, random, cases: world.expire(random.choice(cases)): 2, _post: 4, _batch: 2, _bank: 1, _refund: 1,
    _transfer: 1, _time: 2,
}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_generated_calls_come_out_the_same_on_the_evm_and_on_the_twin(world: World, seed: int) -> None:
    random = Random(seed)  # noqa: S311 (a seed that replays)
    cases: list[Case] = []
    codes: set[int | None] = set()
    weights = ACTS | ({_network: 1} if seed % 2 else {})
    _case(world, random, cases)
    for _ in range(50):
        (act,) = random.choices(list(weights), list(weights.values()))
        try:
            act(world, random, cases)
        except ContractRefusedError as why:
            codes.add(why.code)
        world.money()  # read on both
    for case in cases:
        world.state(case)
        for name in ("source", "receiver", "other"):
            who = int.from_bytes(world.members[name].address, "big")
            for role in Role:
                world.ask(world.rollover, "vote_of(uint256,uint256)", ["uint256"], case.key, role << 160 | who)
            world.ask(world.rollover, "posted_of(bytes32,uint256)", ["bytes32"], case.id, who)
        world.ask(world.rollover, "escrow_of(uint256)", ["address", "uint256"], case.key)
    both = cast("Beside", world.chain)
    assert both.compared - both.refused >= 8  # it did something
    assert len(codes) >= 4  # and was refused for several reasons


def test_the_twin_takes_blocks_back(world: World) -> None:
    twin = cast("Beside", world.chain).twin
    case, before = world.case(), world.money()
    world.propose(case)
    assert twin.state.escrow[case.key][1] == 1_234_56
    twin.take_back(1)
    assert case.key not in twin.state.escrow
    assert twin.state.balances[case.election.source] == before["source"]
    assert twin.block(twin.head().number) == twin.head()
    assert twin.block(twin.head().number + 1) is None

"""A node's keys: sealed at rest, in use while the network names them, behind a policy."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from tests.rails.node.conftest import Kept
from tests.rails.node.test_following import check
from tests.rails.node.two_nodes import Pair, pair, rollover
from tests.rails.world import DELAY, RELAY, World, founded

from open401k.base.secrets import MasterKeys
from open401k.kernel import Open401kError, SeededRandom
from open401k.rails.calls import call_of
from open401k.rails.keys import Key, signer_of
from open401k.rails.messages import Role
from open401k.rails.node.cases import State
from open401k.rails.node.coordinator import ChainCoordinator
from open401k.rails.node.kept import KeptCases
from open401k.rails.node.sealed import KeptApprovals, SealedKeys
from open401k.rails.node.signing import Policy, PolicyError, PolicySigner

ID, OTHER = b"1" * 32, b"2" * 32


def keys_in(cases: KeptCases, master: MasterKeys | None = None) -> SealedKeys:
    return SealedKeys(cases, master or MasterKeys(b"a" * 32, b"i" * 32), SeededRandom(7))


def files(kept: Kept) -> KeptCases:
    made = kept("source")
    assert isinstance(made, KeptCases)
    return made


def test_a_key_lies_sealed_and_opens_only_for_its_address(kept: Kept) -> None:
    cases = files(kept)
    keys = keys_in(cases)
    address = keys.make(at=1)
    key = keys.key(address)
    assert key
    assert key.address == address
    assert keys.addresses() == [address]
    assert keys.key(b"x" * 20) is None
    with psycopg.connect(cases.url) as conn:
        (sealed,) = conn.execute("select sealed from node.signing_key").fetchone() or (b"",)
        assert key.secret not in sealed
        conn.execute("update node.signing_key set address = %s", [b"x" * 20])
    with pytest.raises(Open401kError, match="does not open"):
        keys.key(b"x" * 20)


def test_the_master_key_is_replaced_without_touching_the_keys(kept: Kept) -> None:
    cases, new = files(kept), b"b" * 32
    address = keys_in(cases).make(at=1)
    both = keys_in(cases, MasterKeys(new, b"i" * 32, previous=(b"a" * 32,)))
    assert (both.rewrap(), both.rewrap()) == (1, 0)
    alone = keys_in(cases, MasterKeys(new, b"i" * 32)).key(address)
    assert alone
    assert alone.address == address
    with pytest.raises(Open401kError, match="does not open"):
        keys_in(cases).key(address)


def signer(policy: Policy) -> PolicySigner:
    return PolicySigner(Key(b"k" * 32), founded().domain(), policy)


def test_the_policy_limits_one_approval_and_an_hour_of_them() -> None:
    limited = signer(Policy(most=100, an_hour=2, cents_an_hour=150))
    approve = limited.approval
    with pytest.raises(PolicyError, match="101 cents are more"):
        approve(ID, Role.SOURCE, bytes(32), cents=101, at=0)
    first = approve(ID, Role.SOURCE, bytes(32), cents=100, at=10)
    assert approve(ID, Role.SOURCE, bytes(32), cents=100, at=11) == first
    with pytest.raises(PolicyError, match="more than 150 cents"):
        approve(OTHER, Role.SOURCE, bytes(32), cents=51, at=12)
    approve(OTHER, Role.SOURCE, bytes(32), cents=50, at=12)
    with pytest.raises(PolicyError, match="2 approvals"):
        approve(b"3" * 32, Role.SOURCE, bytes(32), cents=1, at=3_609)
    approve(b"3" * 32, Role.SOURCE, bytes(32), cents=50, at=3_610)
    assert len(limited.abort(b"4" * 32, Role.SOURCE, 401, at=12)) == 65
    assert len(limited.posted(b"4" * 32, Role.SOURCE, b"r" * 32, at=12)) == 65


def test_a_restart_does_not_reset_a_limit(kept: Kept) -> None:
    cases = files(kept)
    for rollover_id in (ID, ID):
        again = replace(signer(Policy(an_hour=1)), approvals=KeptApprovals(cases))
        again.approval(rollover_id, Role.SOURCE, bytes(32), cents=5, at=10)
    with pytest.raises(PolicyError, match="1 approvals"):
        again.approval(OTHER, Role.SOURCE, bytes(32), cents=5, at=10)


def test_what_the_policy_refuses_waits_in_its_queue() -> None:
    both = pair(founded())
    both.open(rollover(both.world))
    assert isinstance(both.source.signer, PolicySigner)
    both.source.signer = replace(both.source.signer, policy=Policy(most=1))
    both.run()
    assert both.states()[0] is State.HELD
    with both.source.cases.begin() as unit:
        assert [each.code for each in unit.raised()] == [652]


def with_sealed_keys(world: World, kept: Kept) -> tuple[Pair, SealedKeys]:
    """Two nodes, of which the source signs by the key that the network names."""
    both, keys = pair(world, kept), keys_in(files(kept))
    us = world.members["source"].address
    coordinator = both.source.coordinator
    assert isinstance(coordinator, ChainCoordinator)

    def in_use() -> Key:
        named = coordinator.signer_of(us)
        old = world.signer("source")
        found = old if named == old.address else keys.key(named)
        if found is None:
            raise PolicyError(f"the network names {named.hex()}, which is no key of ours")
        return found

    both.source.signer = PolicySigner(in_use, world.domain())
    return both, keys


def test_a_vote_by_a_key_that_was_replaced_is_given_again(kept: Kept) -> None:
    world = founded()
    both, keys = with_sealed_keys(world, kept)
    address = keys.make(at=1)
    member = world.members["source"]
    world.send(member, world.network, call_of("name_signer(address)", address))
    world.clock.now += DELAY
    case = rollover(world)
    both.open(case)
    both.source.run_once()  # proposed, by the old key
    world.send(RELAY, world.network, call_of("take_signer(address)", member.address))
    both.run()
    check(both, State.POSTED)
    assert world.state(case) == "closed"


def test_a_key_that_is_not_ours_signs_nothing(kept: Kept) -> None:
    world = founded()
    both, _ = with_sealed_keys(world, kept)
    both.open(rollover(world))
    world.send(world.members["source"], world.network, call_of("revoke_signer()"))
    both.source.run_once()
    assert both.states()[0] is State.HELD
    assert signer_of(bytes(32), bytes(65)) is None

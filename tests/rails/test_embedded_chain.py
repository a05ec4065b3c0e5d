"""The embedded chain: what it keeps, refuses and answers, also after a restart over the same store."""

from __future__ import annotations

import pytest
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from tests.rails.world import BANK, BEGUN, CHAIN_ID, RELAY, World

from open401k.rails.calls import call_of
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.chain.interface import RevertedError
from open401k.rails.transactions import signed


def test_another_process_goes_on_where_the_last_one_stopped() -> None:
    store = MemoryDB()
    first = EmbeddedChain(AtomicDB(store), chain_id=CHAIN_ID, now=lambda: BEGUN + 5, begun_at=BEGUN)
    raw = signed(RELAY, chain_id=CHAIN_ID, nonce=0, to=BANK.address, data=b"", gas=21_000)
    (receipt,) = first.send_raw([raw])
    again = EmbeddedChain(AtomicDB(store), chain_id=CHAIN_ID, now=lambda: BEGUN + 5, begun_at=BEGUN + 99)
    assert (again.head(), again.state_root()) == (first.head(), first.state_root())
    assert again.nonce(RELAY.address) == 1
    found = again.receipt(receipt.tx_hash)
    assert found is not None
    assert (found.gas, found.block, found.is_done) == (21_000, again.head(), True)
    assert again.receipt(bytes(32)) is None


def test_time_never_goes_back_and_blocks_may_share_a_second(world: World) -> None:
    times = []
    for step in (0, 0, -100, 7):
        world.clock.now += step
        times.append(world.send(RELAY, BANK.address, b"").block.time)
    assert times == sorted(times)
    assert times[0] == times[1] == times[2]


def test_a_block_without_a_transaction_tells_the_time_and_nothing_else(world: World) -> None:
    before, root = world.chain.head(), world.chain.state_root()
    world.clock.now += 100
    made = world.chain.tick()
    assert (made.number, made.time, world.chain.head()) == (before.number + 1, before.time + 100, made)
    assert world.chain.state_root() == root
    assert world.chain.logs(made.number, made.number, [world.rollover, world.network, world.token]) == []
    world.settle(world.case())
    assert world.chain.block(made.number) == made


def test_only_signed_transactions_of_this_chain_in_their_turn_are_taken(world: World) -> None:
    nonce, head = world.chain.nonce(RELAY.address), world.chain.head()
    for raw in (
        signed(RELAY, chain_id=CHAIN_ID + 1, nonce=nonce, to=BANK.address, data=b"", gas=30_000),
        signed(RELAY, chain_id=CHAIN_ID, nonce=nonce + 1, to=BANK.address, data=b"", gas=30_000),
        signed(RELAY, chain_id=CHAIN_ID, nonce=nonce, to=BANK.address, data=b"", gas=100),
    ):
        with pytest.raises(ValueError):
            world.chain.send_raw([raw])
    assert (world.chain.head(), world.chain.nonce(RELAY.address)) == (head, nonce)


def test_a_question_changes_nothing_and_a_refusal_is_told(world: World) -> None:
    root = world.chain.state_root()
    with pytest.raises(RevertedError) as why:
        world.chain.call(world.token, call_of("admit(address)", RELAY.address))
    assert b"only the bank" in why.value.data
    world.chain.call(world.token, call_of("admit(address)", RELAY.address), sender=BANK.address)
    assert world.chain.state_root() == root


def test_events_are_found_by_block_and_contract(world: World) -> None:
    start = world.chain.head().number + 1
    case = world.case()
    receipt = world.settle(case)
    world.send(RELAY, BANK.address, b"")
    found = world.chain.logs(start, world.chain.head().number, [world.rollover])
    assert [log.topics[1] for log in found] == [case.id]
    assert world.chain.logs(start, 10**9, [world.rollover, world.token]) == list(receipt.logs)

"""What every chain does alike: the embedded one, a network of another make over JSON-RPC, ours as others ask it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast

import pytest
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from tests.rails.anvil import anvil
from tests.rails.served import asked_at, served
from tests.rails.world import BANK, BEGUN, CHAIN_ID, PRE_TAX, RELAY, ROTH, Clock, World, found_on, founded, leg

from open401k.doors.chain import Limits, Node, create_chain_app
from open401k.rails.calls import call_of
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.chain.interface import Chain, RevertedError
from open401k.rails.transactions import signed


@pytest.fixture(scope="module")
def on_anvil() -> Iterator[World]:
    with anvil() as network:
        yield found_on(cast("EmbeddedChain", network.chain()), network.clock)  # a Chain; a World wants no more


@pytest.fixture(scope="module")
def on_served() -> Iterator[World]:
    clock = Clock()
    begun = EmbeddedChain(AtomicDB(MemoryDB()), chain_id=CHAIN_ID, now=lambda: clock.now, begun_at=BEGUN)
    with served(create_chain_app(Node(begun, Limits(deployments=True)))) as url:
        chain = asked_at(url)
        yield found_on(cast("EmbeddedChain", chain), clock)
        chain.close()


@pytest.fixture(params=["embedded", "anvil", "served"])
def world(request: pytest.FixtureRequest) -> World:
    """A network; on those that are dear to found, tests follow each other."""
    if request.param == "embedded":
        return founded()
    return cast("World", request.getfixturevalue(f"on_{request.param}"))


def test_a_rollover_moves_its_money_and_a_second_one_is_refused_with_the_code(world: World) -> None:
    before = world.money()
    case = world.case(leg(PRE_TAX, 1_000_00), leg(ROTH, 250_50))
    receipt = world.settle(case)
    assert world.moved(before) == {"source": -1_250_50, "receiver": 1_250_50}
    assert receipt.is_done
    assert receipt.block == world.chain.head()
    assert world.chain.receipt(receipt.tx_hash) == receipt
    with pytest.raises(Exception, match="decided, or open") as why:
        world.settle(case)
    assert getattr(why.value, "code", None) == 611


def test_time_never_goes_back(world: World) -> None:
    times = [world.chain.head().time]
    for step in (0, 0, 7):
        world.clock.now += step
        times.append(world.send(RELAY, BANK.address, b"").block.time)
    assert times == sorted(times)
    assert times[-1] >= times[0] + 7


def test_only_signed_transactions_of_this_chain_in_their_turn_are_taken(world: World) -> None:
    nonce, head = world.chain.nonce(RELAY.address), world.chain.head()
    sign = partial(signed, RELAY, chain_id=CHAIN_ID, nonce=nonce, to=BANK.address, data=b"", gas=30_000)
    for raw in (
        sign(chain_id=CHAIN_ID + 1),
        sign(nonce=nonce + 1),
        sign(nonce=nonce - 1, data=b"other"),
        sign(gas=100),
        sign()[:-1],
        b"\x02junk",
        b"",
    ):
        with pytest.raises(ValueError):
            world.chain.send_raw([raw])
    assert (world.chain.head(), world.chain.nonce(RELAY.address)) == (head, nonce)


def test_a_transaction_that_is_sent_twice_happens_once(world: World) -> None:
    nonce = world.chain.nonce(RELAY.address)
    raw = signed(RELAY, chain_id=CHAIN_ID, nonce=nonce, to=BANK.address, data=b"once", gas=30_000)
    (first,) = world.chain.send_raw([raw])
    head = world.chain.head()
    assert world.chain.send_raw([raw]) == [first]
    assert (world.chain.head(), world.chain.nonce(RELAY.address)) == (head, nonce + 1)


def test_a_failed_transaction_is_kept_with_its_reason_and_changes_nothing(world: World) -> None:
    cents = world.balance(BANK.address)
    raw = signed(
        RELAY, chain_id=CHAIN_ID, nonce=world.chain.nonce(RELAY.address), to=world.token,
        data=call_of("admit(address)", RELAY.address), gas=100_000,
    )  # fmt: skip
    (receipt,) = world.chain.send_raw([raw])
    assert not receipt.is_done
    assert b"only the bank" in receipt.output
    assert receipt.logs == ()
    assert world.balance(BANK.address) == cents


def test_a_question_changes_nothing_and_a_refusal_is_told(world: World) -> None:
    head = world.chain.head()
    with pytest.raises(RevertedError) as why:
        world.chain.call(world.token, call_of("admit(address)", RELAY.address))
    assert b"only the bank" in why.value.data
    world.chain.call(world.token, call_of("admit(address)", RELAY.address), sender=BANK.address)
    assert world.chain.head() == head


def test_a_question_is_answered_as_of_a_block(world: World) -> None:
    asked = call_of("balanceOf(address)", world.members["receiver"].address)
    head = world.chain.head().number
    before = world.chain.call(world.token, asked)
    world.settle(world.case(leg(PRE_TAX, 5_00)))
    after = world.chain.call(world.token, asked)
    assert int.from_bytes(after, "big") - int.from_bytes(before, "big") == 5_00
    assert world.chain.call(world.token, asked, at=head) == before
    assert world.chain.call(world.token, asked, at="final") == after


def test_events_are_found_by_block_and_contract(world: World) -> None:
    start = world.chain.head().number + 1
    case = world.case()
    receipt = world.settle(case)
    world.send(RELAY, BANK.address, b"")
    found = world.chain.logs(start, world.chain.head().number, [world.rollover])
    assert [log.topics[1] for log in found] == [case.id]
    assert world.chain.logs(start, 10**9, [world.rollover, world.token]) == list(receipt.logs)
    assert world.chain.logs(start, 10**9, []) == []
    assert world.chain.logs(start + 10, start + 5, [world.token]) == []


def test_a_transaction_tells_what_it_called_with(world: World) -> None:
    case = world.case()
    receipt = world.settle(case)
    approvals = world.encoded_approvals(case)
    assert world.chain.calldata(receipt.tx_hash) == call_of("settle(bytes,bytes)", case.encoded, approvals)


def test_what_is_unknown_is_none(world: World) -> None:
    chain: Chain = world.chain
    assert chain.calldata(bytes(32)) is None
    assert chain.receipt(bytes(32)) is None
    assert world.chain.block(10**6) is None
    assert world.chain.block(world.chain.head().number) == world.chain.head()
    assert world.chain.code(RELAY.address) == b""
    assert len(world.chain.code(world.rollover)) > 1_000
    assert chain.nonce(b"\x01" * 20) == 0

"""A node whose files forgot what a batch, or all approvals at once, settled finds it on chain and asks a desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from tests.rails.node.batch_nodes import WINDOW, Pairs, pairs
from tests.rails.node.deal_nodes import Custodian, both
from tests.rails.node.two_nodes import READY
from tests.rails.world import founded, leg

from open401k.rails.chain.interface import Log, UnavailableError
from open401k.rails.node import coordinator
from open401k.rails.node.batching import Stage
from open401k.rails.node.cases import State
from open401k.rails.node.core import HoldState, Side, SilentError
from open401k.rails.node.memory_deals import MemoryDeals
from open401k.rails.node.opening import Signed, agree, agreed_of, move, open_case
from open401k.rails.node.settled import Settlement, settlements, side_by_money, sides_in, told_by
from open401k.rails.node.worker import Node

STRANGER = bytes(19) + b"\7"


def batched(found: Pairs, *cents: int) -> tuple[Settlement, bytes]:
    """What one batch of these amounts settled on chain, as its event and its call tell."""
    found.open(*cents)
    found.passes(2)
    found.later(WINDOW)
    found.passes(4)
    assert found.settled() == [len(cents)]
    return last_settlement(found)


def last_settlement(found: Pairs) -> tuple[Settlement, bytes]:
    logs = found.world.chain.logs(0, found.world.chain.head().number, [found.world.rollover])
    (one,) = settlements(logs)
    data = found.world.chain.calldata(one.tx_hash)
    assert data is not None
    return one, data


def restored(by: Custodian, before: MemoryDeals) -> None:
    """Its files are of this backup; its core is not."""
    assert isinstance(by.files, MemoryDeals)
    by.files.kept, by.files.shelf = before.kept, before.shelf
    old = by.node
    by.node = Node(old.cases, old.core, old.coordinator, old.signer, old.salt, old.batches, by.desk.us)


def backup(by: Custodian) -> MemoryDeals:
    assert isinstance(by.files, MemoryDeals)
    return MemoryDeals(by.files.kept.copy(), by.files.shelf.copy(), now=by.files.now)


def forgotten(by: Custodian) -> list[str]:
    with by.files.begin() as unit:
        return sorted(raised.case for raised in unit.raised() if raised.is_open and raised.code == 659)


@pytest.mark.parametrize("side", list(Side))
def test_who_forgot_what_a_batch_settled_finds_it_on_chain_and_keeps_what_the_core_has(side: Side) -> None:
    found = pairs()
    by = found.two.source if side is Side.SOURCE else found.two.receiver
    before = backup(by)
    found.open(100_00, 200_00)
    found.passes(2)
    found.later(WINDOW)
    found.two.source.node.run_once()
    found.two.carry()
    found.two.receiver.node.run_once()  # signs, and sends it in its next pass
    found.two.receiver.node.run_once()
    assert found.settled() == [2]
    restored(by, before)
    by.node.run_once()
    ids = sorted(case.id for case in found.cases.values())
    assert forgotten(by) == [f"forgotten-{each.hex()}" for each in ids]
    for each in ids:
        assert by.node.core.status(each, side).state is HoldState.HELD
    by.node.run_once()  # asked once
    assert len(forgotten(by)) == 2


def test_who_has_the_terms_again_books_what_the_batch_settled() -> None:
    # Money flow: source -> receiver 300.00, booked by a receiver that forgot and was told again
    found = pairs()
    receiver = found.two.receiver
    before = backup(receiver)
    names = found.open(100_00, 200_00)
    found.passes(2)
    found.later(WINDOW)
    found.two.source.node.run_once()
    found.two.carry()
    receiver.node.run_once()
    receiver.node.run_once()
    restored(receiver, before)
    receiver.node.run_once()
    with receiver.files.begin() as unit:
        for name in names:
            case = found.cases[name]
            told = Signed(case.election, case.signature, case.attestation, case.attested, case.terms)
            open_case(unit, name, side=Side.RECEIVER, account="account at receiver")
            move(unit, name, *READY)
            agree(unit, name, agreed_of(told, us=receiver.desk.us, side=Side.RECEIVER))
    assert forgotten(receiver) == []
    found.passes(3)
    assert found.states(receiver) == {State.POSTED}
    with receiver.files.begin() as unit:  # a return of either is told that it was batched, not sent to be refused
        rows = [unit.batch_of(case.id) for case in found.cases.values()]
    assert rows[0] is not None
    assert rows == [rows[0]] * 2
    assert (rows[0].peer, rows[0].ids) == (found.two.source.desk.us, tuple(x.id for x in found.cases.values()))
    assert rows[0].hash == rows[0].reference


def test_each_batch_that_names_a_rollover_is_found_by_an_index(
    kept_deals: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = pairs(kept=kept_deals)  # type: ignore[arg-type]
    batched(found, 100_00, 200_00)
    rollover = next(iter(found.cases.values())).id
    with found.two.source.files.begin() as unit:
        conn = unit.conn  # type: ignore[attr-defined]
        conn.execute("set local enable_seqscan = off")
        plans: list[str] = []
        ask = conn.execute

        def explained(query: str, *given: object, **more: object) -> object:
            plans.append(str(ask(f"explain {query}", *given).fetchall()))
            return ask(query, *given, **more)

        monkeypatch.setattr(conn, "execute", explained)
        assert [each.stage for each in unit.batches_with(rollover)] == [Stage.SETTLED]
        assert unit.batch_of(rollover) is not None
    assert len(plans) == 2
    assert all("batch_names" in plan for plan in plans)


def test_a_batch_of_others_asks_no_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pairs()
    one, data = batched(found, 100_00, 200_00)
    told = told_by(one, data)
    assert told is not None
    assert sides_in(one, told, STRANGER) == []
    us = found.two.source.desk.us
    assert sides_in(one, told, us) == [(each, Side.SOURCE) for each in one.ids]
    asked: list[bytes] = []
    monkeypatch.setattr(found.world.chain, "calldata", asked.append)
    found.passes()  # both have files of all of it
    assert asked == []


def test_a_batch_within_another_contracts_call_is_read_and_what_it_is_not_is_not_believed() -> None:
    found = pairs()
    one, data = batched(found, 100_00, 200_00)
    wrapped = encode(["address", "bytes"], ["0x" + "11" * 20, data])
    assert told_by(one, keccak(b"execute(address,bytes)")[:4] + data[:4] + wrapped) == told_by(one, data)
    assert told_by(one, b"") is None
    assert told_by(one, data[: len(data) // 2]) is None
    assert told_by(replace(one, batch=bytes(32)), data) is None
    assert told_by(replace(one, ids=one.ids[:1]), data) is None
    assert told_by(one, data[:4] * 5_000) is None


def test_a_settlement_that_no_call_tells_is_told_by_whose_money_moved() -> None:
    us, other = STRANGER, bytes(19) + b"\x09"

    def moved(payer: bytes, to: bytes) -> Log:
        topics = (keccak(b"Transfer(address,address,uint256)"), payer.rjust(32, b"\0"), to.rjust(32, b"\0"))
        return Log(bytes(20), topics, bytes(32), 1, bytes(32))

    assert side_by_money([moved(other, us)], us) is Side.RECEIVER
    assert side_by_money([moved(us, other)], us) is Side.SOURCE
    assert side_by_money([moved(other, other)], us) is None


def test_a_batch_that_its_block_does_not_tell_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer that does not fit another is silence: it stopped the pass over all cases."""
    found = pairs()
    settlement, _ = batched(found, 100_00, 200_00)
    asked = found.two.source.node.coordinator
    assert isinstance(asked, coordinator.ChainCoordinator)
    asked.final_block()
    assert asked.batch_with(settlement.ids[0]) is not None
    monkeypatch.setattr(found.world.chain, "logs", lambda *_: [])
    with pytest.raises(SilentError, match="settled it in a batch, and tells none"):
        asked.batch_with(settlement.ids[0])


def test_one_that_all_approved_at_once_is_found_by_the_receiver_too() -> None:
    two = both(founded())
    world = two.world
    case = world.case(leg(0, 100_00))
    assert world.settle(case).is_done
    logs = world.chain.logs(0, world.chain.head().number, [world.rollover])
    (one,) = settlements(logs)
    assert (one.ids, one.batch) == ((case.id,), None)
    two.receiver.node = Node(
        two.receiver.node.cases, two.receiver.node.core, two.receiver.node.coordinator, two.receiver.node.signer,
        two.receiver.node.salt, us=two.receiver.desk.us,
    )  # fmt: skip
    two.receiver.node.run_once()
    assert forgotten(two.receiver) == [f"forgotten-{case.id.hex()}"]


def test_what_was_caught_up_with_stays_so_where_the_chain_falls_silent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    two = both(founded())
    world, old = two.world, two.receiver.node
    cases = [world.case(leg(0, cents)) for cents in (100_00, 200_00, 300_00)]
    begun = world.chain.head().number
    assert all(world.settle(case).is_done for case in cases)
    monkeypatch.setattr(coordinator, "_MOST_BLOCKS", begun + 3)  # from 0: two settlements, then one
    asked: list[bytes] = []
    answer = world.chain.calldata

    def silent_once(tx_hash: bytes) -> bytes | None:
        asked.append(tx_hash)
        if len(asked) == 3:
            raise UnavailableError("nobody answers", fix="Ask again.")
        return answer(tx_hash)

    monkeypatch.setattr(world.chain, "calldata", silent_once)
    by = two.receiver.node = Node(old.cases, old.core, old.coordinator, old.signer, old.salt, us=two.receiver.desk.us)
    with pytest.raises(SilentError):
        by.run_once()
    with by.cases.begin() as unit:
        assert unit.cursor() == world.chain.block(begun + 2)
    assert forgotten(two.receiver) == sorted(f"forgotten-{case.id.hex()}" for case in cases[:2])
    by.run_once()
    assert forgotten(two.receiver) == sorted(f"forgotten-{case.id.hex()}" for case in cases)
    assert [asked.count(each) for each in dict.fromkeys(asked)] == [1, 1, 2]
    with by.cases.begin() as unit:
        assert unit.cursor() == world.chain.final()


def test_a_settlement_in_a_transaction_that_votes_for_another_rollover_is_one() -> None:
    voted, committed = keccak(b"Voted(bytes32,uint256,address,bytes32)"), keccak(b"Committed(bytes32,uint256)")
    one, other, both_in = b"X" * 32, b"Y" * 32, b"t" * 32
    logs = [
        Log(bytes(20), (voted, one), bytes(96), 1, both_in),
        Log(bytes(20), (committed, one, bytes(32)), b"", 1, both_in),
        Log(bytes(20), (committed, other, bytes(32)), b"", 1, both_in),
    ]
    assert settlements(logs) == [Settlement(both_in, (other,))]

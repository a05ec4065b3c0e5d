"""Two nodes as their settings make them, over a chain behind JSON-RPC, cores behind HTTP, and own databases."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.rails.node.batch_nodes import BATCHED
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import Network, network
from tests.rails.world import founded, leg

from open401k.base.faults import Stopped, stopping_at
from open401k.rails.node import deals
from open401k.rails.node.batching import Stage
from open401k.rails.node.cases import State
from open401k.rails.node.office import Office


def carry(sides: list[Office]) -> None:
    for from_, to in (sides, reversed(sides)):
        with from_.process.files.begin() as unit:
            waiting = unit.letters_out()
        for each in waiting:
            with to.process.files.begin() as unit:
                deals.take(unit, to.desk, from_.process.config.member, each.letter)
            with from_.process.files.begin() as unit:
                unit.letter_sent(each.to, each.letter.reference, each.letter.number)


def later(net: Network, seconds: int) -> None:
    net.world.clock.now += seconds
    net.world.send(net.world.members["other"], net.world.token, bytes.fromhex("18160ddd"))


def test_two_nodes_settle_in_one_transaction_though_both_die_in_the_middle(
    another_database: NewDatabase, tmp_path: Path
) -> None:
    # Money flow: source -> receiver 300.00 in two rollovers
    world = founded()
    with network(world, another_database, tmp_path) as net, ExitStack() as stack:
        for node in net.nodes:
            node.config.write_text(node.config.read_text() + "\n[batches]\nwindow = 60\nanswer = 600")
            node.now = world.clock.now
        for number, cents in enumerate((100_00, 200_00)):
            net.open(world.case(leg(0, cents)), f"case {number}")
        sides = [stack.enter_context(node.office()) for node in net.nodes]
        nodes = [each.process.node for each in sides]
        for each in nodes:
            each.run_once()
        later(net, 61)
        with stopping_at("batches.before_offer_commit"), pytest.raises(Stopped):
            nodes[0].run_once()
        nodes[0].run_once()
        carry(sides)
        with stopping_at("batches.after_answer_commit"), pytest.raises(Stopped):
            nodes[1].run_once()
        with stopping_at("batches.after_send"), pytest.raises(Stopped):
            nodes[1].run_once()
        carry(sides)
        for _ in range(3):
            for each in nodes:
                each.run_once()
            later(net, 1)
        assert {net.states(name) for name in ("case 0", "case 1")} == {(State.POSTED, State.POSTED)}
        logs = world.chain.logs(0, world.chain.head().number, [world.rollover])
        assert [log.topics[0] for log in logs] == [BATCHED]
        for side in sides:
            with side.process.files.begin() as unit:
                found = unit.batch_of(world.case().id)
                assert found is None
                agreed = unit.case("case 0").agreed
                assert agreed is not None
                settled = unit.batch_of(agreed.rollover)
                assert settled is not None
                assert settled.stage is Stage.SETTLED
        balances = [node.service.books.account(f"account at {node.name}") for node in net.nodes]
        assert [each and each["balance"] for each in balances] == [
            {"PRETAX": 4_700_00, "ROTH": 1_000_00}, {"PRETAX": 300_00},
        ]  # fmt: skip

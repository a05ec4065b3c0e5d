"""Two nodes as processes on databases of their own, killed at the boundaries of a batch: books and chain agree."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from multiprocessing.forkserver import ensure_running
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.rails.node.batch_nodes import BATCHED
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import Network, NodeProcess, network, until
from tests.rails.world import founded, leg

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.node.cases import State

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.rails.node.serving", __name__])
#: Where each dies, one after the other; the last time it lives.
_SOURCE = ("batches.before_left_out_commit", "batches.after_offer_commit", "batches.before_end_commit", "")
_RECEIVER = ("batches.before_answer_commit", "batches.after_send", "")


def serving(config: str, now: int, dies_at: str, settings: Mapping[str, str], log: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.update(settings)
    from tests.rails.node.serving import main

    main(config, str(now), dies_at)


def started(node: NodeProcess, now: int, dies_at: str) -> BaseProcess:
    """Forked from a process that has loaded everything: as a program is, in less time."""
    given = (str(node.config), now, dies_at, node.environment, str(node.folder / "log"))
    process = _FORKS.Process(target=serving, args=given, daemon=True)
    process.start()
    return process


def later(net: Network, seconds: int) -> None:
    net.world.clock.now += seconds
    net.world.send(net.world.members["other"], net.world.token, bytes.fromhex("18160ddd"))


def in_books(net: Network) -> dict[str, int]:
    """Pre-tax cents by custodian."""
    accounts = {node.name: node.service.books.account(f"account at {node.name}") for node in net.nodes}
    return {name: account["balance"].get("PRETAX", 0) for name, account in accounts.items() if account}


def test_two_processes_that_are_killed_at_every_boundary_settle_one_batch_without_what_does_not_fit(
    another_database: NewDatabase, tmp_path: Path
) -> None:
    # Money flow: source -> receiver 300.00 in two rollovers of a batch; a third, of 400.00, ends and stays
    ensure_running()  # it loads what a node is while the contracts are put on chain
    world = founded()
    names = [f"case {number}" for number in range(3)]
    with network(world, another_database, tmp_path) as net, ExitStack() as ends:
        cases = [world.case(leg(0, cents)) for cents in (100_00, 200_00, 400_00)]
        for name, case in zip(names, cases, strict=True):
            net.open(case, name)
        for node in net.nodes:
            node.config.write_text(node.config.read_text() + "\n[batches]\nwindow = 60\nanswer = 600")
        before, in_chain = in_books(net), world.money()
        alive: dict[str, BaseProcess] = {}
        plan = {net.nodes[0].name: list(_SOURCE), net.nodes[1].name: list(_RECEIVER)}

        def run() -> None:
            """Whoever is dead is started anew, until its next boundary."""
            for node in net.nodes:
                process = alive.get(node.name)
                if process is not None and process.exitcode is None:
                    continue
                if process is not None:
                    assert process.exitcode == -signal.SIGKILL, node.log
                    plan[node.name].pop(0)
                alive[node.name] = started(node, world.clock.now, plan[node.name][0])
                ends.callback(alive[node.name].kill)

        run()
        until(lambda: {net.states(name) for name in names} == {(State.HELD, State.HELD)}, "holds", seconds=150)
        told = messages.attestation_hash(cases[2].election.participant, cases[2].attestation)
        world.send(world.members["attestor"], world.network, call_of("revoke_attestation(bytes32)", told))
        later(net, 61)

        def is_done() -> bool:
            run()
            # Either node may be the one that sends it: the receiver then dies after that, or never comes there.
            left = [plan[node.name] for node in net.nodes]
            have_died = left[0] == [""] and left[1] in ([""], ["batches.after_send", ""])
            return have_died and {net.states(name) for name in names[:2]} == {(State.POSTED, State.POSTED)}

        until(is_done, "batch", seconds=150)
        logs = world.chain.logs(0, world.chain.head().number, [world.rollover])
        assert [int.from_bytes(log.data[32:64], "big") for log in logs if log.topics[0] == BATCHED] == [2]
        assert world.moved(in_chain) == {"source": -300_00, "receiver": 300_00}
        for process in alive.values():
            process.kill()
            process.join()
        after = in_books(net)
        assert {name: after[name] - before[name] for name in after} == {"source": -300_00, "receiver": 300_00}
        assert sum(after.values()) == sum(before.values())
        with net.nodes[0].office() as office, office.process.files.begin() as unit:
            words = [each.words for each in unit.events(limit=1_000) if each.case == names[2]]
            assert unit.case(names[2]).state in (State.HELD, State.VOTED)  # alone: refused, until its deadline
        assert any("102: the identity was revoked" in each for each in words)
        assert "Traceback" not in net.nodes[0].log + net.nodes[1].log

"""A node as a process: it follows its cases over HTTP, outlives whoever does not answer, and stops when it is told."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psycopg
import pytest
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import network, until
from tests.rails.node.two_nodes import rollover
from tests.rails.world import founded

from open401k.rails.node.backoff import Backoff
from open401k.rails.node.cases import State
from open401k.rails.node.transmitting import BusyError, Turn
from open401k.standins.misbehavior import Fault

BOTH_POSTED = (State.POSTED, State.POSTED)


def test_two_processes_post_one_rollover_whoever_is_away_for_a_while(new_database: NewDatabase, tmp_path: Path) -> None:
    world = founded()
    with network(world, new_database, tmp_path) as net:
        source, receiver = net.nodes
        net.start()
        first = rollover(world)
        net.open(first, "first")
        until(lambda: net.states("first") == BOTH_POSTED, "rollover")
        until(lambda: world.state(first) == "closed", "receipts")

        net.chain.is_away = True
        until(lambda: (source.health() or {})["waits_for"] == ["cases"], "word of the chain's silence")
        second = rollover(world)
        net.open(second, "second")
        for node in net.nodes:  # databases go away and come back
            with psycopg.connect(node.database) as conn:
                conn.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where pid <> pg_backend_pid() and datname = current_database()"
                )
        source.service.wrong.faults[:] = [Fault(503, path="/")]
        net.chain.is_away = False
        assert receiver.end(signal.SIGKILL) == -signal.SIGKILL
        receiver.start()
        until(lambda: net.states("second") == BOTH_POSTED, "rollover")
        until(lambda: world.state(second) == "closed", "receipts")
        assert [node.end() for node in net.nodes] == [143, 143]
        found = [node.service.books.account(f"account at {node.name}") for node in net.nodes]
        assert [each and each["balance"] for each in found] == [
            {"PRETAX": 5_000_00 - 2 * 1_234_56, "ROTH": 600_00},
            {"PRETAX": 2 * 1_234_56, "ROTH": 400_00},
        ]


def test_one_process_works_for_a_node(new_database: NewDatabase) -> None:
    url = new_database()
    first, second = Turn(url), Turn(url)
    mine = first.connection()
    with pytest.raises(BusyError, match="Another process runs this node"):
        second.connection()
    assert first.connection() is mine
    first.close()
    second.wait(time.sleep)
    second.close()


def test_who_does_not_answer_is_asked_half_as_often_each_time() -> None:
    backoff: Backoff[str] = Backoff(first=1, most=60)
    assert [backoff.failed("core", at=0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert not backoff.may_ask("core", at=59)
    assert backoff.may_ask("core", at=60)
    assert backoff.may_ask("another", at=0)
    backoff.answered("core")
    assert backoff.failed("core", at=0) == 1

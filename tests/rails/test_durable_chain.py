"""A chain in PostgreSQL: one writer, the same head after a restart, a whole block or none wherever a process dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.rails.world import BANK, BEGUN, CHAIN_ID, RELAY, Clock, World, found_on
from tests.support.database import Served

from open401k.base import faults
from open401k.kernel import Open401kError
from open401k.rails.calls import call_of
from open401k.rails.chain.durable import durable_chain
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.transactions import signed

ROOT = Path(__file__).parents[2]
POINTS = ("before_execution", "after_execution", "between_state_and_block", "before_commit", "after_commit")


def nothing(chain: EmbeddedChain, nonce: int) -> bytes:
    return signed(RELAY, chain_id=chain.chain_id, nonce=nonce, to=BANK.address, data=b"", gas=21_000)


def test_a_rollover_is_settled_and_read_again_by_another_process(database: str) -> None:
    clock = Clock()
    with durable_chain(database, now=lambda: clock.now, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
        world = found_on(chain, clock)
        case = world.case()
        receipt = world.settle(case)
        refused = signed(
            RELAY, chain_id=CHAIN_ID, nonce=chain.nonce(RELAY.address), to=world.token,
            data=call_of("admit(address)", RELAY.address), gas=100_000,
        )  # fmt: skip
        (failed,) = chain.send_raw([refused])
        before = chain.head(), chain.state_root(), chain.logs(0, 10**9, [world.rollover, world.token])
    with durable_chain(database, now=lambda: clock.now) as again:
        assert (again.head(), again.state_root(), again.logs(0, 10**9, [world.rollover, world.token])) == before
        assert again.receipt(receipt.tx_hash) == receipt
        assert again.receipt(failed.tx_hash) == failed
        assert again.send_raw([refused]) == [failed]  # sent twice is sent once
        assert again.head() == before[0]
        assert replace(world, chain=again).state(case) == "committed"
    with pytest.raises(Open401kError, match="was closed"):
        world.state(case)  # or it would take the turn of who writes now


def test_one_process_writes_and_a_chain_keeps_its_number(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open401k.rails.chain._store._PATIENCE", "50ms")
    with pytest.raises(Open401kError, match="no chain"), durable_chain(database, now=lambda: BEGUN):
        pass
    with (
        durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN),
        pytest.raises(Open401kError, match="writes"),
        durable_chain(database, now=lambda: BEGUN),
    ):
        pass
    with (
        pytest.raises(Open401kError, match="holds chain 401"),
        durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID + 1),
    ):
        pass


def test_who_writes_next_waits_for_a_session_that_is_ending(database: str) -> None:
    """PostgreSQL gives a turn back when it sees that the process is gone: after a kill that takes a moment."""
    with psycopg.connect(database, autocommit=True) as dying:
        dying.execute("select pg_advisory_lock(4010402)")
        ends = threading.Timer(0.5, dying.close)
        ends.start()
        with durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
            assert chain.head().number == 0
        ends.join()


def test_who_lost_the_database_believes_nothing_of_before(database: str, postgres: Served) -> None:
    with durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
        chain.send_raw([nothing(chain, 0)])

        def cut() -> None:
            with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
                conn.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'rails'")

        for point, height in (("before_execution", 1), ("after_execution", 1), ("after_commit", 2)):
            faults.arm(f"rails.chain.{point}", cut)
            try:
                if point == "after_commit":
                    chain.send_raw([nothing(chain, 1)])
                else:
                    with pytest.raises((psycopg.OperationalError, Open401kError)):
                        chain.send_raw([nothing(chain, 1)])
            finally:
                faults.disarm(f"rails.chain.{point}")
            assert chain.head().number == height
        assert chain.send_raw([nothing(chain, 2)])[0].block.number == 3


def test_a_refused_transaction_leaves_no_trace(database: str) -> None:
    with durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
        chain.send_raw([nothing(chain, 0)])
        before = chain.head(), chain.state_root()
        for raw in (nothing(chain, 5), nothing(chain, 1)[:-1], b"", b"\x02junk"):
            with pytest.raises(ValueError):
                chain.send_raw([raw])
        assert (chain.head(), chain.state_root()) == before
        assert chain.send_raw([nothing(chain, 1)])[0].is_done


def test_reads_are_kept_within_bounds(database: str) -> None:
    with durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN, cached=4_000) as chain:
        world = World(chain, Clock(), b"", b"", b"")
        for _ in range(5):
            world.send(RELAY, BANK.address, b"")
        store = chain._store
        assert sum(store._weight(*each) for each in store._read.items()) == store._size <= 4_000  # type: ignore[attr-defined]


DIES = """
import json, os, signal, sys
from tests.rails.test_durable_chain import POINTS, nothing
from tests.rails.world import BEGUN, CHAIN_ID, RELAY
from open401k.base import faults
from open401k.rails.chain.durable import durable_chain

def chain():
    return durable_chain(sys.argv[1], now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN)

told = {}
for point in POINTS:
    with chain() as one:
        nonce = one.nonce(RELAY.address)
        raw = nothing(one, nonce)
    pid = os.fork()
    if not pid:
        with chain() as one:
            faults.arm(f"rails.chain.{point}", lambda: os.kill(os.getpid(), signal.SIGKILL))
            one.send_raw([raw])
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    with chain() as one:
        left = one.head().number, one.nonce(RELAY.address)
        again = one.send_raw([raw])[0].block.number
        told[point] = [status, nonce, *left, again, one.head().number, one.nonce(RELAY.address)]
print(json.dumps(told))
"""


def test_a_process_that_is_killed_leaves_the_last_whole_block(database: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DIES), database], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    for point, (status, nonce, head, left, again, *after) in json.loads(done.stdout).items():
        assert status == signal.SIGKILL, point
        kept = nonce + (point == "after_commit")
        assert (head, left) == (kept, kept), point
        assert (again, *after) == (nonce + 1, nonce + 1, nonce + 1), point

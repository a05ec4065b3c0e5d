"""A node on a real PostgreSQL: stops at every boundary, kills of its process, and what the tables refuse."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from multiprocessing.connection import Listener
from pathlib import Path

import psycopg
import pytest
from tests.rails.node.conftest import Kept
from tests.rails.node.killed import serve
from tests.rails.node.test_following import STOPS, check, ending
from tests.rails.node.two_nodes import READY, pair, rollover
from tests.rails.world import CHAIN_ID, RELAY, founded

from open401k.base import faults
from open401k.base.faults import Stopped
from open401k.kernel import Open401kError
from open401k.rails.chain.interface import Head
from open401k.rails.node.cases import Case, Cases, ChangedError, Kind, Message, Posting, Raised, State
from open401k.rails.node.core import Side, SilentError
from open401k.rails.node.kept import KeptCases, migrate
from open401k.rails.node.memory import MemoryCases
from open401k.rails.node.opening import Signed, agree, agreed_of, move, open_case
from open401k.rails.node.worker import BOUNDARIES, FinalityError


@pytest.mark.parametrize(("boundary", "end"), [each for each in STOPS if "commit" in each[0] and each[1] != "refused"])
def test_a_node_on_postgres_survives_a_stop_at_every_boundary(boundary: str, end: str, kept: Kept) -> None:
    world = founded()
    both = pair(world, kept)
    stops = {"left": 1}

    def stop() -> None:
        if stops["left"]:
            stops["left"] -= 1
            raise Stopped(boundary)

    faults.arm(boundary, stop)
    try:
        expected = ending(both, end, world)
    finally:
        faults.disarm(boundary)
    assert not stops["left"]
    check(both, expected)


def test_a_killed_process_leaves_nothing_that_the_next_does_not_finish(kept: Kept, tmp_path: Path) -> None:
    both = pair(founded(), kept)
    both.open(rollover(both.world))
    assert isinstance(both.source.cases, KeptCases)
    key, contract = both.world.signer("source").secret.hex(), both.world.rollover.hex()
    for boundary in ("node.before_vote_commit", "node.after_send", "node.before_post_commit"):
        address = str(tmp_path / boundary)
        with Listener(address, authkey=b"node") as listener:
            thread = serve(listener, core=both.source.core, coordinator=both.source.coordinator)
            told = [address, both.source.cases.url, key, str(CHAIN_ID), contract, boundary]
            died = subprocess.run([sys.executable, "-m", "tests.rails.node.killed", *told], check=False)
            thread.join()
        assert died.returncode == -signal.SIGKILL, boundary
        if boundary == "node.after_send":
            both.receiver.run_once()
    both.run()
    check(both, State.POSTED)


@pytest.fixture(params=["memory", "postgres"])
def cases(request: pytest.FixtureRequest, kept: Kept) -> Cases:
    """Both keepers answer alike."""
    return MemoryCases() if request.param == "memory" else kept("either")


def opened(cases: Cases) -> Case:
    """A file with exact terms."""
    world = founded()
    case = rollover(world)
    told = Signed(case.election, case.signature, case.attestation, case.attested, case.terms)
    with cases.begin() as unit:
        open_case(unit, "case", side=Side.SOURCE, account="a")
        move(unit, "case", *READY)
        return agree(unit, "case", agreed_of(told, us=world.members["source"].address, side=Side.SOURCE))


def test_what_is_kept_comes_back(cases: Cases) -> None:
    case = opened(cases)
    message = Message("case", Kind.PROPOSE, b"call")
    with cases.begin() as unit:
        assert unit.case("case") == case
        unit.change(case, replace(case, stop=451))
        unit.put_out(message)
        unit.put_out(Message("case", Kind.PROPOSE, b"another"))
        unit.put_out(Message("case", Kind.ABORT, b"abort"))
        unit.mark(replace(message, is_done=True, refused=501))
        unit.set_cursor(Head(7, b"7" * 32, 70))
    with cases.begin() as unit:
        assert unit.case("case") == replace(case, stop=451)
        assert unit.outbox("case") == [
            replace(message, is_done=True, refused=501),
            Message("case", Kind.ABORT, b"abort"),
        ]
        assert unit.cursor() == Head(7, b"7" * 32, 70)
    assert cases.to_follow() == ["case"]


def test_a_file_is_opened_agreed_and_changed_by_one_at_a_time(cases: Cases) -> None:
    case = opened(cases)
    with cases.begin() as unit, pytest.raises(ValueError, match="there is a case case already"):
        unit.add(case)
    with cases.begin() as unit, pytest.raises(ValueError, match="of this rollover and side already"):
        unit.add(replace(case, id="another"))
    with cases.begin() as unit, pytest.raises(ChangedError):
        unit.change(replace(case, stop=1), case)
    with pytest.raises(LookupError), cases.begin() as unit:
        unit.case("none")


def test_a_transaction_that_fails_leaves_nothing(cases: Cases) -> None:
    case = opened(cases)

    def fail() -> None:
        with cases.begin() as unit:
            unit.change(case, case.to(State.HELD))
            unit.note_hold(case, "hold")
            unit.put_out(Message("case", Kind.PROPOSE, b"call"))
            raise Stopped

    with pytest.raises(Stopped):
        fail()
    with cases.begin() as unit:
        assert (unit.case("case"), list(unit.outbox("case"))) == (case, [])


def test_a_line_is_booked_once(cases: Cases) -> None:
    case = opened(cases)
    assert case.agreed
    posting = Posting(case.agreed.rollover, "a", 0, Side.SOURCE, 100, "entry 1")
    with cases.begin() as unit:
        unit.note_posting(posting)
        unit.note_posting(posting)
    with cases.begin() as unit:
        with pytest.raises(ValueError, match="booked otherwise"):
            unit.note_posting(replace(posting, cents=101))
        assert unit.postings("case") == [posting]


def test_an_exception_is_open_once_and_kept_when_it_is_over(cases: Cases) -> None:
    opened(cases)
    raised = Raised("case", 451, "too little", 10)
    with cases.begin() as unit:
        assert unit.raise_(raised)
        assert not unit.raise_(replace(raised, raised_at=11))
        unit.resolve("case", 451)
        assert unit.raise_(replace(raised, raised_at=12))
        assert unit.raised() == [replace(raised, is_open=False), replace(raised, raised_at=12)]
        assert unit.raised("another") == []


def test_lines_that_were_booked_are_never_changed(kept: Kept) -> None:
    cases = kept("source")
    assert isinstance(cases, KeptCases)
    case = opened(cases)
    assert case.agreed
    with cases.begin() as unit:
        unit.note_posting(Posting(case.agreed.rollover, "a", 0, Side.SOURCE, 100, "entry 1"))
    for statement in ("update node.posting set cents = 1", "delete from node.posting", "truncate node.posting"):
        with psycopg.connect(cases.url) as conn, pytest.raises(psycopg.Error, match="never changed"):
            conn.execute(statement)


def test_an_edited_migration_is_refused(kept: Kept) -> None:
    cases = kept("source")
    assert isinstance(cases, KeptCases)
    with psycopg.connect(cases.url) as conn:
        conn.execute("update node.migration set sha256 = 'another'")
    with pytest.raises(Open401kError, match="0001_node"):
        migrate(cases.url)


def test_a_database_that_is_away_is_silence(kept: Kept) -> None:
    with pytest.raises(SilentError), KeptCases("host=/nowhere dbname=none").begin():
        pass


def test_nothing_moves_when_a_final_block_was_replaced() -> None:
    both = pair(founded())
    both.open(rollover(both.world))
    block = both.world.chain.final()
    with both.source.cases.begin() as unit:
        unit.set_cursor(replace(block, hash=b"?" * 32))
    with pytest.raises(FinalityError, match="was final as"):
        both.source.run_once()
    both.world.clock.now += 60
    both.world.send(RELAY, RELAY.address, b"")
    assert both.world.chain.final().number > block.number  # written anew, and longer by now
    with pytest.raises(FinalityError, match=f"Block {block.number} was final as 3f3f"):
        both.source.run_once()
    block = both.world.chain.final()
    with both.source.cases.begin() as unit:
        unit.set_cursor(replace(block, number=block.number + 1))
    with pytest.raises(SilentError):
        both.source.run_once()
    assert both.states()[0] is State.LIQUIDATING
    assert set(BOUNDARIES) == {name for name, _ in STOPS}

"""A node as a process: letters, cases and money go on, whoever is away or killed, and it stops when it is told."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from eth_hash.auto import keccak
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.deal_nodes import PARTICIPANT, PARTS
from tests.rails.node.halves import receiving, releasing
from tests.rails.node.processes import Network, NodeProcess, network, until
from tests.rails.preflight_facts import TODAY
from tests.rails.world import founded

from open401k.rails.node import deals
from open401k.rails.node.backoff import Backoff
from open401k.rails.node.cases import State
from open401k.rails.node.deal import Deal
from open401k.rails.node.elections import attested_by, digest_of
from open401k.rails.node.transmitting import BusyError, Turn
from open401k.rails.preflight.facts import Proof
from open401k.standins.misbehavior import Fault

NOON = int(datetime(TODAY.year, TODAY.month, TODAY.day, 15, tzinfo=UTC).timestamp())


def only(node: NodeProcess) -> Deal | None:
    """Its one deal, once there is one."""
    files = node.files()
    with files.begin() as unit:
        found = unit.deals()
    files.close()
    return found[0] if found else None


def ask(source: NodeProcess, receiver: NodeProcess) -> None:
    with receiver.office() as office, office.process.files.begin() as unit:
        half = receiving(*PARTS, member=receiver.identity.member)
        deals.request(unit, office.desk, "case", source=source.identity.member, half=half)


def sign(net: Network, receiver: NodeProcess) -> None:
    with receiver.office() as office:
        with office.process.files.begin() as unit:
            election = deals.election_of(unit, office.desk, "case")
        attestation, attested = attested_by(
            net.world.signer("attestor"), attestor=net.world.members["attestor"].address,
            participant=election.participant, proof=Proof(2, receiving(*PARTS).deadline),
            evidence=keccak(b"proof"), domain=office.desk.domain,
        )  # fmt: skip
        with office.process.files.begin() as unit:
            signature = PARTICIPANT.sign(digest_of(election, office.desk.domain))
            deals.elect(unit, office.desk, "case", signature=signature, attestation=attestation, attested=attested)


def state(node: NodeProcess) -> State | None:
    deal = only(node)
    return node.state(deal.case) if deal else None


def disturb(net: Network) -> None:
    """The chain is silent, connections to databases break, a core answers nothing once."""
    net.chain.is_away = True
    until(lambda: all("cases" in (node.health() or {})["waits_for"] for node in net.nodes), "word of the silence")
    for node in net.nodes:
        with psycopg.connect(node.database) as conn:
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where pid <> pg_backend_pid() and datname = current_database()"
            )
    net.nodes[0].service.wrong.faults[:] = [Fault(503, path="/")]


def test_two_processes_come_from_a_wish_to_booked_money_whoever_is_away_or_dies(
    another_database: NewDatabase, tmp_path: Path
) -> None:
    world = founded()
    with network(world, another_database, tmp_path) as net:
        source, receiver = net.nodes
        source.now = receiver.now = world.clock.now = NOON
        ask(source, receiver)
        receiver.start(dies_at="post.after_send")  # once somebody answers
        until(lambda: "letters to 0x" in receiver.log, "word that the source is away")
        source.start(dies_at="post.before_take_commit")  # it opens the letter, and nothing of it is kept
        until(source.is_dead, "death of the source")
        assert only(source) is None
        source.start()
        until(receiver.is_dead, "death of the receiver")  # its letter is there, and it does not know
        until(lambda: state(source) is State.DATA_REQUESTED, "letter")
        receiver.start()
        receiver.wait()
        deal = only(source)
        assert deal
        with source.office() as office, office.process.files.begin() as unit:
            assert deals.put_facts(unit, office.desk, deal.case, releasing(*PARTS)).reasons == ()
        until(lambda: state(receiver) is State.PREVALIDATED, "facts")
        sign(net, receiver)
        until(lambda: state(source) is State.LIQUIDATING, "election")
        with source.office() as office, office.process.files.begin() as unit:
            deals.ready(unit, office.desk, deal.case)
        disturb(net)
        net.chain.is_away = False
        until(lambda: (state(source), state(receiver)) == (State.POSTED, State.POSTED), "rollover")
        assert [node.end() for node in net.nodes] == [143, 143]
        assert "Traceback" not in source.log + receiver.log
        found = [node.service.books.account(f"account at {node.name}") for node in net.nodes]
        assert [each and each["balance"] for each in found] == [
            {"PRETAX": 2_000_00, "ROTH": 200_00}, {"PRETAX": 3_000_00, "ROTH": 800_00},
        ]  # fmt: skip


def test_one_process_works_for_a_node(another_database: NewDatabase) -> None:
    url = another_database()
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

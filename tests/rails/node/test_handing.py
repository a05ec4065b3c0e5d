"""A node hands out the evidence of its cases, over its own database and a chain that it asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.deal_nodes import both
from tests.rails.node.processes import KEYS, network
from tests.rails.node.two_nodes import rollover
from tests.rails.world import founded

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli
from open401k.doors.node.evidence_page import handing
from open401k.doors.problems import ProblemError
from open401k.kernel import Open401kError
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.file import joined, write
from open401k.rails.evidence.findings import Status
from open401k.rails.evidence.handing import evidence_of
from open401k.rails.node.cases import State
from open401k.rails.node.core import Side
from open401k.rails.node.opening import open_case


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORE_TOKEN", "sandbox-core")

    def go(*typed: str, code: int = 0) -> Any:
        wiring = Wiring(Settings.from_env(KEYS | {"OPEN401K_DATA_DIR": str(tmp_path)}))
        assert cli.run(wiring, ["rollover", *typed, "--json"]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return json.loads(said.out) if said.out else said.err

    return go


def test_evidence_of_a_whole_deal_discloses_what_is_chosen() -> None:
    world = both(founded())
    world.ask()
    source, coordinator = world.source, world.world.rollover
    with pytest.raises(Open401kError, match="no exact terms yet"):
        evidence_of(world.receiver.files, world.world.chain, coordinator=coordinator, case="case")
    with pytest.raises(Open401kError, match="no case other"):
        evidence_of(world.receiver.files, world.world.chain, coordinator=coordinator, case="other")
    world.carry()
    world.put()
    world.carry()
    world.sign()
    world.carry()
    world.ready()
    world.carry()
    world.run()
    mine = evidence_of(source.files, world.world.chain, coordinator=coordinator, case=source.only())
    theirs = evidence_of(
        world.receiver.files, world.world.chain, coordinator=coordinator, case="case", labels=["tax.*"]
    )  # fmt: skip
    assert {leaf.label.partition(".")[0] for leaf in theirs.leaves} == {"tax"}
    report = check(write(joined(mine, theirs)), head=world.world.chain.head().hash)
    assert report.holds
    assert report.count(Status.MISSING) == 0
    said = " ".join(each.said for each in report.findings)
    for words in ("CLOSED", "The payment is its components: $3,800.00", "ledgers' lines add up", "tax.federal_bps: 0"):
        assert words in said


def test_a_node_writes_evidence_and_heads_from_its_database(
    command: Any, another_database: NewDatabase, tmp_path: Path
) -> None:
    world = founded()
    with network(world, another_database, tmp_path) as net:
        net.open(rollover(world))
        for _ in range(4):
            for node in net.nodes:
                with node.office() as office:
                    office.process.node.run_once()
        assert net.states() == (State.POSTED, State.POSTED)
        source, receiver = (("--config", str(node.config)) for node in net.nodes)
        assert command("evidence", "case", *source, "--out", "source.json")["disclosed"] == []
        command("evidence", "case", *receiver, "--out", "both.json", "--join", "source.json")
        assert "no case none" in command("evidence", "none", *source, "--out", "none.json", code=1)
        found = command("verify", "both.json", "--head", "0x" + world.chain.head().hash.hex())
        assert (found["ok"], found["counts"]["failed"]) == (True, 0)
        assert {each["about"] for each in found["findings"] if each["status"] == "missing"} == {"disclosed"}
        with net.nodes[0].office() as office:
            hands_out = handing(office.process)
            assert check(hands_out("case") or "").holds
            assert hands_out("none") is None
            with office.process.files.begin() as unit:
                open_case(unit, "new", side=Side.SOURCE, account="account at source")
            with pytest.raises(ProblemError, match="no exact terms"):
                hands_out("new")
            net.chain.is_away = True
            with pytest.raises(ProblemError, match="endpoints"):
                hands_out("case")
        assert command("heads", *source, "--out", "heads.json")["heads"] == 1
        with psycopg.connect(net.nodes[0].database) as conn, pytest.raises(psycopg.Error, match="never changed"):
            conn.execute("update node.said set number = 1")

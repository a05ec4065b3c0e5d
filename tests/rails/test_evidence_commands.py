"""The commands of auditors: check a rollover's evidence, compare a chain with heads that custodians countersigned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.rails.evidence import Moved, moved
from tests.rails.world import CHAIN_ID, Clock, found_on

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli
from open401k.rails.chain.durable import durable_chain
from open401k.rails.evidence import checking
from open401k.rails.evidence.file import write
from open401k.rails.evidence.findings import Report, missing
from open401k.rails.evidence.heads import Heads, read_heads, write_heads
from open401k.rails.evidence.wording import NOT_BY_THESE_BLOCKS


@pytest.fixture(scope="module")
def done() -> Moved:
    return moved()


def run(place: Path, capsys: pytest.CaptureFixture[str], *typed: str, code: int = 0, **settings: str) -> Any:
    known = {"OPEN401K_DATA_DIR": str(place / "none"), "OPEN401K_CHAIN_DATABASE_URL": "none", **settings}
    assert cli.run(Wiring(Settings.from_env(known)), list(typed)) == code, capsys.readouterr()
    said = capsys.readouterr()
    return json.loads(said.out) if "--json" in typed and said.out else said.out + said.err


def test_an_auditor_checks_a_file_and_nothing_else(
    done: Moved, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, theirs = tmp_path / "receiver.json", tmp_path / "source.json"
    mine.write_text(write(done.by(done.both.receiver)))
    theirs.write_text(write(done.by(done.both.source)))
    head = "0x" + done.world.chain.head().hash.hex()
    alone = run(tmp_path, capsys, "rollover", "verify", str(mine), "--json")
    assert (alone["ok"], alone["head_known"], alone["rollover"]) == (True, False, "0x" + done.case.id.hex())
    assert alone["counts"]["missing"] == 3
    both = run(tmp_path, capsys, "rollover", "verify", str(mine), "--join", str(theirs), "--head", head, "--json")
    assert (both["ok"], both["counts"]["missing"], both["counts"]["failed"]) == (True, 0, 0)
    said = run(tmp_path, capsys, "rollover", "verify", str(mine), "--join", str(theirs))
    assert "proved   Its word on chain says CLOSED" in said
    assert "compare its hash with one you trust" in said
    answer = {"case": "rlv_1", "disclosed": [], "evidence": mine.read_text()}  # of the node's API, saved whole
    saved = tmp_path / "answer.json"
    saved.write_text(json.dumps(answer))
    assert run(tmp_path, capsys, "rollover", "verify", str(saved), "--json") == alone
    saved.write_text(json.dumps(answer | {"evidence": mine.read_text().replace("    ", "   ", 1)}))
    assert "letter by letter" in run(tmp_path, capsys, "rollover", "verify", str(saved), code=1)
    other = run(tmp_path, capsys, "rollover", "verify", str(mine), "--head", "0x" + "11" * 32, "--json", code=1)
    assert other["ok"] is False
    broken = mine.read_text().replace(done.case.encoded.hex()[:200], "ff" + done.case.encoded.hex()[2:200])
    mine.write_text(broken)
    assert "THIS EVIDENCE DOES NOT HOLD" in run(tmp_path, capsys, "rollover", "verify", str(mine), code=1)
    assert "cannot be read" in run(tmp_path, capsys, "rollover", "verify", str(tmp_path / "none.json"), code=2)
    assert "is no hash" in run(tmp_path, capsys, "rollover", "verify", str(theirs), "--head", "soon", code=2)


def test_what_a_wallets_chain_does_not_confirm_is_said_at_the_end(
    done: Moved, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that nobody signed ended in nothing but "1 missing"."""
    mine = tmp_path / "receiver.json"
    mine.write_text(write(done.by(done.both.receiver)))
    found = Report([missing("books", f"Whether the wallet signed: {NOT_BY_THESE_BLOCKS}")])
    monkeypatch.setattr(checking, "check", lambda *_, **__: found)
    told = run(tmp_path, capsys, "rollover", "verify", str(mine), "--json", code=3)
    assert (told["ok"], told["unsigned"]) == (False, 1)
    assert "1 signature of a wallet NOT CONFIRMED" in run(tmp_path, capsys, "rollover", "verify", str(mine), code=3)


def test_a_chain_is_compared_with_the_heads_that_custodians_signed(
    database: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock, file = Clock(), tmp_path / "heads.json"
    with durable_chain(database, now=lambda: clock.now, chain_id=CHAIN_ID, begun_at=clock.now) as chain:
        world = found_on(chain, clock)
        for name, address in (("rollover", world.rollover), ("network", world.network), ("deposit_token", world.token)):
            chain.kept.add_contract(name, address)
        done = moved(world)
        evidence = done.whole()
    heads = Heads(CHAIN_ID, world.rollover, evidence.heads)
    assert read_heads(write_heads(heads)) == read_heads(write(evidence)) == heads

    def compared(told: Heads, code: int = 0) -> Any:
        file.write_text(write_heads(told))
        at = {"OPEN401K_CHAIN_DATABASE_URL": database}
        return run(tmp_path, capsys, "chain", "verify", "--heads", str(file), "--json", code=code, **at)

    found = compared(heads)
    assert [each["said"] for each in found["heads"]] == ["as signed", "as signed"]
    assert {each["who"] for each in found["heads"]} == {"0x" + each.who.hex() for each in heads.heads}
    first = heads.heads[0]
    for other, words in (
        (replace(first, signature=bytes(65)), "not signed by the key"),
        (replace(first, number=10**6), "ANOTHER BLOCK"),
        (_signed(done, replace(first, hash=bytes(32))), "ANOTHER BLOCK"),
    ):
        lie = compared(replace(heads, heads=(other,)), code=1)
        assert lie["ok"] is False
        assert words in lie["heads"][0]["said"]
    assert "this is another" in compared(replace(heads, chain_id=402), code=2)
    file.write_text('{"kind": "open401k-rails-heads-1"}')
    with psycopg.connect(database):
        assert "cannot be read" in run(
            tmp_path, capsys, "chain", "verify", "--heads", str(file), code=1, OPEN401K_CHAIN_DATABASE_URL=database
        )


def _signed(done: Moved, head: Any) -> Any:
    """Another block, really signed by the custodian: it saw it, and the chain was written anew."""
    from open401k.rails.messages import Role, head_hash

    name = "source" if head.role is Role.SOURCE else "receiver"
    digest = done.world.domain().digest(head_hash(head.number, head.hash))
    return replace(head, signature=done.world.signer(name).sign(digest))

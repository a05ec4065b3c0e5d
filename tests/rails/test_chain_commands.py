"""The commands of who runs a chain, from its beginning to a proof."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.rails.test_chain_server import CHARTER
from tests.rails.world import BANK, RELAY

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli
from open401k.rails.calls import call_of
from open401k.rails.chain.durable import durable_chain
from open401k.rails.transactions import signed


def test_a_chain_is_begun_verified_and_a_transaction_proved_offline(
    database: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("drop schema chain cascade")
    known = {"OPEN401K_DATA_DIR": str(tmp_path / "data"), "OPEN401K_CHAIN_DATABASE_URL": database}
    wiring = Wiring(Settings.from_env(known))

    def command(*typed: str, code: int = 0) -> Any:
        assert cli.run(wiring, ["chain", *typed, "--json"]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return json.loads(said.out) if said.out else said.err

    assert "no chain" in command("verify", code=1)
    council, proof = tmp_path / "council.json", tmp_path / "proof.json"
    council.write_text(json.dumps(CHARTER))
    begun = command("init", "--council", str(council), "--chain-id", "402")
    assert (begun["chain_id"], begun["block"], begun["was_there"]) == (402, 3, False)
    assert command("init", "--council", str(council), "--chain-id", "402") == begun | {"was_there": True}
    assert "holds chain 402" in command("init", "--council", str(council), code=1)
    with durable_chain(database, now=lambda: 2_000_000_000) as chain:
        token = bytes.fromhex(begun["contracts"]["deposit_token"][2:])
        raw = signed(BANK, chain_id=402, nonce=0, to=token, data=call_of("admit(address)", RELAY.address), gas=100_000)
        (receipt,) = chain.send_raw([raw])
        assert receipt.is_done
        head = chain.head()
        found = command("verify")  # while another process writes
    assert (found["ok"], found["blocks"], found["head"]["hash"]) == (True, 5, "0x" + head.hash.hex())
    assert command("prove", "0x" + receipt.tx_hash.hex(), "--out", str(proof))["file"] == str(proof)
    assert "names" in command("prove", "0x" + "00" * 32, "--out", str(proof), code=2)
    assert "no hash" in command("prove", "soon", "--out", str(proof), code=2)
    nowhere = Wiring(Settings.from_env({"OPEN401K_DATA_DIR": str(tmp_path), "OPEN401K_CHAIN_DATABASE_URL": "none"}))
    assert cli.run(nowhere, ["chain", "verify", "--proof", str(proof), "--head", "0x" + head.hash.hex(), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["head_matches"], shown["done"], shown["committed"], shown["chain_id"]) == (True, True, [], 402)
    assert command("verify", "--proof", str(proof), "--head", "0x" + "11" * 32, code=1)["head_matches"] is False
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("update chain.kv set v = set_byte(v, 3, (get_byte(v, 3) + 1) %% 256) where k = %s", [head.hash])
    assert command("verify", code=1)["damage"]["what"].endswith("holds other bytes")

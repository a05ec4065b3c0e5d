"""Who runs a node prepares it, makes keys, and sees how it stands, from a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import KEYS, network
from tests.rails.world import CHAIN_ID, founded

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORE_TOKEN", "sandbox-core")

    def go(*typed: str, code: int = 0) -> Any:
        wiring = Wiring(Settings.from_env(KEYS | {"OPEN401K_DATA_DIR": str(tmp_path)}))
        assert cli.run(wiring, ["node", *typed, "--json"]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return json.loads(said.out) if said.out else said.err

    return go


def test_a_node_is_prepared_and_tells_how_it_stands(
    command: Any, another_database: NewDatabase, tmp_path: Path
) -> None:
    assert command("init", "--config", "new.toml") == {"written": "new.toml"}
    assert "new.toml, member: is not filled in" in command("init", "--config", "new.toml", code=1)
    world = founded()
    with network(world, another_database, tmp_path) as net:
        (node, _), typed = net.nodes, ("--config", str(net.nodes[0].config))
        told = command("init", *typed)
        assert told["signing_keys"] == ["0x" + each.hex() for each in node.identity.signing_keys]
        assert command("key", "list", *typed) == told
        stands = command("status", *typed)
        assert (stands["can_sign"], stands["network"]["signer"]) == (True, told["signing_keys"][0])
        assert (stands["cases"], stands["exceptions"], stands["acted_on"]) == ({}, 0, None)
        new = command("key", "add", *typed)["signing_key"]
        assert command("key", "add", "--mailbox", *typed)["mailbox"] != told["mailbox"]
        again = command("key", "list", *typed)
        assert set(again["signing_keys"]) == {*told["signing_keys"], new}
        assert again["mailbox"] != told["mailbox"]
        assert command("key", "rewrap", *typed) == {"sealed_anew": 0}
        token = command("token", "add", "the night desk", "--role", "operator", *typed)
        assert token["secret"].startswith("o4kn_")
        (listed,) = command("token", "list", *typed)["tokens"]
        assert (listed["token_id"], listed["holds"], "secret" in listed) == (token["token_id"], "yes", False)
        assert command("token", "revoke", token["token_id"], *typed) == {"revoked": token["token_id"]}
        assert "There is no token" in command("token", "revoke", token["token_id"], *typed, code=1)
        assert command("token", "list", *typed)["tokens"][0]["holds"] == "no"
        assert "no role" in command("token", "add", "somebody", "--role", "king", *typed, code=2)
        assert command("exceptions", *typed) == {"exceptions": []}
        assert "There is no such case." in command("again", "nobody", *typed, code=2)
        assert "There is no such case." in command("off-rail", "nobody", "--wire", "7", *typed, code=2)
        assert "by a check or by a wire" in command("off-rail", "nobody", *typed, code=2)
        (tmp_path / "half.json").write_text('{"custodian": "Us", "color": 1}')
        for verb in ("return", "residual"):
            said = command(verb, "nobody", "--facts", str(tmp_path / "half.json"), *typed, code=2)
            assert "facts.color" in said
        net.chain.is_away = True
        silent = command("status", *typed, code=1)
        assert (silent["network"], silent["can_sign"]) == (None, False)
        assert "503" in silent["silence"]


def test_a_signer_is_prepared_takes_a_nodes_keys_and_shows_its_log(
    command: Any, another_database: NewDatabase, tmp_path: Path
) -> None:
    assert command("signer", "init") == {"written": "signer.toml"}
    assert "signer.toml, member: is not filled in" in command("signer", "init", code=1)
    world = founded()
    with network(world, another_database, tmp_path) as net:
        node = net.nodes[0]
        (tmp_path / "signer.toml").write_text(
            f'member = "0x{node.identity.member.hex()}"\n[chain]\nid = {CHAIN_ID}\n'
            f'[contracts]\nrollover = "0x{world.rollover.hex()}"\ndeposit_token = "0x{world.token.hex()}"\n'
        )
        first = command("signer", "init")
        assert command("signer", "init") == first == command("signer", "keys")
        assert [each["use"] for each in first["keys"]] == ["signing", "relay", "log"]
        taken = command("signer", "take", "--node", str(node.config))["taken"]
        assert taken == ["0x" + each.hex() for each in node.identity.signing_keys]
        assert command("signer", "take", "--node", str(node.config))["taken"] == []
        assert {"use": "relay", "address": "0x" + node.identity.relay.hex()} in command("signer", "keys")["keys"]
        assert command("signer", "rewrap") == {"sealed_anew": 0}
        assert command("signer", "log") == {"lines": 0, "shown": []}
        node.config.write_text(f'signer = "socket:{tmp_path}/signer.sock"\n' + node.config.read_text())
        stands = command("status", "--config", str(node.config), code=1)
        assert (stands["can_sign"], stands["signing_keys"]) == (False, [])
        assert "does not answer" in stands["signer_silence"]
        node.config.write_text(node.config.read_text().replace("socket:", "tcp:"))
        assert 'Write "in-process"' in command("status", "--config", str(node.config), code=1)

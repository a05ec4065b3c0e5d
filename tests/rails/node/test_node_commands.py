"""Who runs a node prepares it, makes keys, and sees how it stands, from a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.deal_nodes import PARTS
from tests.rails.node.halves import receiving
from tests.rails.node.processes import KEYS, network
from tests.rails.node.test_running import ask, only
from tests.rails.stubs import refusing, wallet
from tests.rails.world import CHAIN_ID, DELAY, RELAY, World, founded

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli
from open401k.rails.calls import call_of
from open401k.rails.messages import Mode, Role
from open401k.rails.node.codec import written
from open401k.rails.node.core import Side, SilentError
from open401k.rails.node.deal import Deal
from open401k.rails.node.office import wallet_signed
from open401k.rails.node.opening import open_case
from open401k.rails.node.post import Carried
from open401k.rails.node.report import events_of
from open401k.rails.node.shares import handed
from open401k.rails.node.signing import PolicyError


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
        assert stands["rules_published"] == {"1": False}  # this network's have a limit of their own
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
        by = ("--by", "counsel", "--why", "docket 24-cv-1")
        assert "Which records?" in command("legal-hold", *by, *typed, code=2)
        assert "no such case" in command("legal-hold", "none", *by, *typed, code=2)
        assert command("legal-hold", "--every", *by, *typed)["is_held"]
        assert not command("legal-hold", "--every", "--ends", *by, *typed)["is_held"]
        with node.office() as office, office.process.files.begin() as unit:
            open_case(unit, "old", side=Side.SOURCE, account="account at source")
        found = command("retention", "old", *typed)
        assert (found["kept_through"], found["erased"], len(found["acts"])) == (None, False, 2)
        assert "goes on" in command("erase", "old", "--by", "records desk", *typed, code=2)
        assert "There is no such case." in command("again", "nobody", *typed, code=2)
        assert "There is no such case." in command("off-rail", "nobody", "--wire", "7", *typed, code=2)
        (notice := tmp_path / "notice.txt").write_text("A sample.")
        named = ("--title", "Options", "--version", "1", *typed)
        assert "There is no such case." in command("explanation", "nobody", str(notice), *named, code=2)
        notice.write_bytes(b"")
        assert "content: is empty" in command("explanation", "nobody", str(notice), *named, code=2)
        assert "by a check or by a wire" in command("off-rail", "nobody", *typed, code=2)
        assert "There is no such case." in command("voters", "nobody", *typed, code=2)
        assert "There is no such case." in command("voter-link", "nobody", "spouse", *typed, code=2)
        assert "'king' is no voter" in command("voter-link", "nobody", "king", *typed, code=2)
        with node.office() as office, office.process.files.begin() as unit:
            open_case(unit, "c", side=Side.SOURCE, account="a")
            unit.add_deal(Deal("c", bytes(32), Side.SOURCE, bytes(20), b"x" * 20, 7, asked=(Role.SPOUSE,)))
        waits = {"role": "spouse", "who": None, "voted_at": None, "until": None}
        assert command("voters", "c", *typed) == {"voters": [waits]}
        assert "/v/" in command("voter-link", "c", "spouse", "--days", "3", *typed)["url"]
        ends = ("voter-links-end", "c", "spouse", "--by", "consents desk", *typed)
        assert [command(*ends)["ended"] for _ in range(2)] == [1, 0]
        with node.office() as office, office.process.files.begin() as unit:
            assert events_of(unit, "c")[-1].words == "consents desk ended the links of the spouse"
        assert "'king' is no voter" in command("voter-links-end", "c", "king", "--by", "consents desk", *typed, code=2)
        assert "does not ask for the depository" in command("voter-link", "c", "depository", *typed, code=2)
        (tmp_path / "half.json").write_text('{"custodian": "Us", "color": 1}')
        for verb in ("return", "residual"):
            said = command(verb, "nobody", "--facts", str(tmp_path / "half.json"), *typed, code=2)
            assert "facts.color" in said
        net.chain.is_away = True
        silent = command("status", *typed, code=1)
        assert (silent["network"], silent["can_sign"]) == (None, False)
        assert "503" in silent["silence"]


def test_a_desk_leads_hands_out_codes_and_another_joins(
    command: Any, another_database: NewDatabase, tmp_path: Path
) -> None:
    world = founded()
    with network(world, another_database, tmp_path) as net:
        (source, lead), half = net.nodes, tmp_path / "half.json"
        typed, pays = ("--facts", str(half), "--config", str(lead.config)), source.identity.member
        other = "0x" + world.members["administrator"].address.hex()
        half.write_bytes(written(receiving(PARTS[0], member=lead.identity.member)))
        asked = ("--source", f"0x{pays.hex()}", "--case", "led")
        assert "'nobody' is no custodian" in command("lead", *asked, "--with", "nobody", *typed, code=2)
        assert "names somebody twice" in command("lead", "--source", pays.hex(), "--with", pays.hex(), *typed, code=2)
        with lead.config.open("a") as settings:
            settings.write(f'\n[[peers]]\nname = "The Bank"\nmember = "{other}"\nurl = "https://bank.example"\n')
            settings.write(f'mailbox = "0x{bytes(range(32)).hex()}"\n')
        told = command("lead", *asked, "--with", "The Bank", *typed)
        assert command("lead", *asked, "--with", other, *typed) == told
        ((member, code),) = told["codes"].items()
        assert (told["case"], f"0x{member}") == ("led", other)
        ours, theirs = command("receivers", "led", "--config", str(lead.config))["receivers"]
        assert (ours["is_ours"], ours["has_joined"], ours["code"]) == (True, True, None)
        assert ours["parts"] == [{"kind": "pre_tax", "into": "plan", "cents": PARTS[0].cents}]
        assert (theirs["name"], theirs["has_joined"], theirs["code"], theirs["parts"]) == ("", False, code, [])
        joined = ("--config", str(source.config), "--facts", str(half))  # this node receives: of its own settings' peer
        half.write_bytes(written(receiving(PARTS[1], member=source.identity.member)))
        mistyped = code[:-1] + ("0" if code[-1] != "0" else "1")
        by = ("--source", lead.identity.member.hex())
        assert "one of the three was mistyped" in command("join", *by, "--code", mistyped, *joined, code=2)
        whole = handed(bytes(range(32)), lead.identity.member, "account at source", Mode.FIXED)
        assert command("join", *by, "--code", whole, "--case", "joined", *joined) == {"case": "joined"}
        assert command("join", *by, "--code", whole, "--case", "joined", *joined) == {"case": "joined"}
        (known,) = command("receivers", "joined", "--config", str(source.config))["receivers"]
        assert (known["place"], known["is_ours"], known["has_joined"]) == (1, True, True)


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
        assert command("signer", "log", "--after", "7") == {"lines": 0, "shown": []}
        node.config.write_text(f'signer = "socket:{tmp_path}/signer.sock"\n' + node.config.read_text())
        stands = command("status", "--config", str(node.config), code=1)
        assert (stands["can_sign"], stands["signing_keys"]) == (False, [])
        assert "does not answer" in stands["signer_silence"]
        node.config.write_text(node.config.read_text().replace("socket:", "tcp:"))
        assert 'Write "in-process"' in command("status", "--config", str(node.config), code=1)


def name_signer(world: World, name: str, signer: bytes) -> None:
    """The member's wallet from now on."""
    member = world.members[name]
    world.send(member, world.network, call_of("name_signer(address)", signer))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of("take_signer(address)", member.address))


def test_a_member_whose_wallet_is_a_contract_writes_letters_by_a_key_that_it_vouched_for(
    command: Any, another_database: NewDatabase, tmp_path: Path
) -> None:
    world, said = founded(), b"the wallet's owners, three of five"
    with network(world, another_database, tmp_path) as net:
        source, receiver = net.nodes
        typed = ("--config", str(receiver.config))
        asked = command("letter-key", "ask", *typed)
        digest = bytes.fromhex(asked["digest"][2:])
        contract = wallet(world, call_of("isValidSignature(bytes32,bytes)", digest, said))
        name_signer(world, "receiver", contract)
        with receiver.office() as office, pytest.raises(PolicyError, match="no wallet vouched"):
            office.process.pen()
        given = ("letter-key", "put", *typed, "--key", asked["key"], "--until", str(asked["until"]))
        assert "did not sign this" in command(*given, "--signature", "0x00", code=1)
        assert "no key of this node" in command(*given[:5], "0x" + "11" * 20, *given[6:], "--signature", "0x00", code=1)
        assert "--signature is" in command(*given, "--signature", "words", code=2)
        for _ in range(2):
            assert command(*given, "--signature", "0x" + said.hex()) == {"key": asked["key"], "until": asked["until"]}
        (kept,) = command("letter-key", "list", *typed)["letter_keys"]
        assert (kept["key"], kept["holds"]) == (asked["key"], "yes")
        ask(source, receiver)
        with receiver.office() as ours, source.office() as theirs:
            sending, receiving = ours.sending(), theirs.receiving()
            assert not wallet_signed(ours.process, contract, digest, b"others")
            assert not wallet_signed(ours.process, b"a" * 20, digest, said)  # there is no contract
            assert not wallet_signed(ours.process, refusing(world), digest, said)
            sending.carry = lambda _, letter: Carried(receiving.answer(letter)[1])
            sending.once(at=0)
            assert only(source)
            with ours.process.files.begin() as unit:
                assert unit.letters_out() == []
            net.chain.is_away = True
            with pytest.raises(SilentError):
                wallet_signed(ours.process, contract, digest, said)

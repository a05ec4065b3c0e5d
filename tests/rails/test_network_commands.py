"""The commands of a network over a chain that is served: council, member, bank, holders, as their people type them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.rails.served import served
from tests.rails.world import BANK, CHAIN_ID, DAY, DELAY, RELAY, SEATS, World, key

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli
from open401k.doors.chain import Node, create_chain_app
from open401k.kernel import SystemRandom
from open401k.rails.calls import call_of
from open401k.rails.network.actions import moment
from open401k.rails.network.keyfile import keep
from open401k.rails.network.place import write_place

WORDS = "a passphrase of tests"
NEW, SIGNER = key("a new member"), key("its signer")


class Desk:
    """Somebody at a terminal in a folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self._wiring = Wiring(Settings.from_env({"OPEN401K_DATA_DIR": str(folder / "data")}))

    def __call__(self, *typed: str, code: int = 0) -> Any:
        assert cli.run(self._wiring, ["network", *typed, "--json"]) == code, self._capsys.readouterr()
        said = self._capsys.readouterr()
        return json.loads(said.out) if not code else said.err

    def aloud(self, *typed: str) -> str:
        assert cli.run(self._wiring, ["network", *typed]) == 0, self._capsys.readouterr()
        return self._capsys.readouterr().out


@pytest.fixture
def desk(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPEN401K_KEY_PASSPHRASE", WORDS)
    keys = {"seat1": SEATS[0], "seat2": SEATS[1], "bank": BANK, "relay": RELAY, "new": NEW}
    for name, each in keys.items():
        keep(tmp_path / f"{name}.key", each, WORDS, SystemRandom(), cost=2**4)
    with served(create_chain_app(Node(world.chain))) as url:
        contracts = {"network": world.network, "rollover": world.rollover, "deposit_token": world.token}
        (tmp_path / "network.toml").write_text(write_place(CHAIN_ID, url, contracts))
        yield Desk(tmp_path, capsys)


def hex_of(data: bytes) -> str:
    return "0x" + data.hex()


def test_a_member_is_admitted_from_a_file_to_the_list(desk: Desk, world: World) -> None:
    written = desk("motion", "admit", hex_of(NEW.address), "--signer", hex_of(SIGNER.address), "--valid-until",
                   "2027-12-31", "--role", "releases", "--role", "receives", "--account", "plan")  # fmt: skip
    assert written["words"][1] == "Its identity is proven until 2028-01-01 04:59:59 UTC."
    assert "collects signatures" in desk("motion", "carry", "motion.json", "--key", "relay.key", code=1)
    desk("motion", "sign", "motion.json", "--key", "seat1.key")
    assert "1 of 2 seats" in desk("motion", "pass", "motion.json", "--key", "relay.key", code=1)
    elsewhere = SEATS[1].sign(bytes.fromhex(written["digest"][2:]))
    desk("motion", "sign", "motion.json", "--seat", hex_of(SEATS[1].address), "--signature", hex_of(elsewhere))
    assert desk("motion", "show", "motion.json")["stage"] == "collects signatures"
    assert desk("motion", "pass", "motion.json", "--key", "relay.key")["was_passed"] is False
    assert desk("motion", "pass", "motion.json", "--key", "relay.key")["was_passed"] is True
    assert "It waits until" in desk("motion", "carry", "motion.json", "--key", "relay.key", code=1)
    world.clock.now += DELAY
    world.chain.tick()
    assert desk("motion", "carry", "motion.json", "--key", "relay.key") == {"carried": True, "was_carried": False}
    assert desk("motion", "carry", "motion.json", "--key", "relay.key")["was_carried"] is True
    listed = {each["member"]: each for each in desk("members")["members"]}
    assert listed[hex_of(NEW.address)]["roles"] == ["releases", "receives"]
    assert "plan" in listed[hex_of(NEW.address)]["accounts"]
    assert hex_of(SIGNER.address) in desk.aloud("show")
    desk("signer", "name", hex_of(RELAY.address), "--key", "new.key")
    world.clock.now += DELAY
    world.chain.tick()
    assert desk("signer", "take", hex_of(NEW.address), "--key", "relay.key")["signer"] == hex_of(RELAY.address)
    assert desk("signer", "revoke", "--key", "new.key")["signer"] == hex_of(bytes(20))


def test_a_suspension_ends_by_the_chains_clock_and_one_that_is_over_is_not_passed(desk: Desk, world: World) -> None:
    for name in ("late", "in-time"):
        told = desk("motion", "suspend-rules", "1", "--days", "3", "--out", name)
        # The machine's own clock says another year.
        assert moment(world.chain.head().time + 3 * DAY) in told["words"][0]
        for seat in ("seat1.key", "seat2.key"):
            desk("motion", "sign", name, "--key", seat)
        if name == "late":
            world.clock.now += 3 * DAY
            world.chain.tick()
            said = desk("motion", "pass", name, "--key", "relay.key", code=2)
            assert "This would stop nothing: it ends on" in said
            assert "have it signed" in said
    assert desk("motion", "pass", "in-time", "--key", "relay.key")["was_passed"] is False
    assert desk("motion", "carry", "in-time", "--key", "relay.key")["was_carried"] is False
    world.clock.now += 3 * DAY
    world.chain.tick()
    assert desk("motion", "carry", "in-time", "--key", "relay.key")["was_carried"] is True


def test_an_attestor_takes_back_what_it_attested_and_nobody_elses(desk: Desk, world: World) -> None:
    told = "0x" + "5a" * 32
    assert desk("attestation", "revoke", told, "--key", "new.key")["was_revoked"] is False
    assert desk("attestation", "revoke", told, "--key", "new.key")["was_revoked"] is True
    assert "had taken it back" in desk.aloud("attestation", "revoke", told, "--key", "new.key")
    asked = [call_of("revoked(address,bytes32)", who, b"\x5a" * 32) for who in (NEW.address, RELAY.address)]
    assert [int.from_bytes(world.chain.call(world.network, each), "big") for each in asked] == [1, 0]
    assert "is no id" in desk("attestation", "revoke", told[:-2], "--key", "new.key", code=2)


def test_rules_and_their_text_are_written_without_a_chain(desk: Desk) -> None:
    desk("motion", "rules", "2026", "--follows", "1", "--number", "8", "--document", "rules.json", "--out", "rules",
         "--voter", "pre_tax=administrator")  # fmt: skip
    told = desk("motion", "show", "rules", "--offline")
    assert any(each.startswith("ROTH may go into: PLAN") for each in told["words"])
    assert "PRE_TAX: ADMINISTRATOR" in told["words"][3]
    assert json.loads((desk.folder / "rules.json").read_text())["year"] == 2026
    for name, typed in (("a", ["suspend", hex_of(NEW.address)]), ("b", ["suspend-rules", "1", "--days", "3"]),
                        ("c", ["retire-rules", "1"]), ("d", ["withdraw", "rules"]),
                        ("e", ["seats", "--of", "2", "--join", hex_of(NEW.address)])):  # fmt: skip
        assert desk("motion", *typed, "--number", "8", "--out", name)["number"] == 8


def test_deposits_come_move_and_go_by_the_banks_references(desk: Desk) -> None:
    holder, reference = hex_of(NEW.address), ("--reference", "FED-1")
    mint = ("deposit", "mint", holder, "1000.00", *reference, "--key", "bank.key")
    assert "may not hold" in desk(*mint, code=1)
    assert desk("deposit", "admit", holder, "--key", "bank.key")["was_admitted"] is False
    assert desk("deposit", "admit", holder, "--key", "bank.key")["was_admitted"] is True
    assert "only the bank" in desk("deposit", "mint", holder, "1.00", "--reference", "x", "--key", "new.key", code=1)
    assert desk(*mint)["was_minted"] is False
    assert desk(*mint)["was_minted"] is True
    other = ("deposit", "mint", holder, "2000.00", *reference, "--key", "bank.key")
    assert "stands for $1,000.00 of" in desk(*other, code=1)
    assert "not enough" in desk("deposit", "redeem", "1000.01", *reference, "--key", "new.key", code=1)
    redeem = ("deposit", "redeem", "400.00", *reference, "--key", "new.key")  # the holder's own reference
    assert [desk(*redeem)["was_redeemed"] for _ in range(2)] == [False, True]
    assert desk("deposit", "allow", "250.00", "--key", "new.key")["was_allowed"] is False
    assert desk("deposit", "allow", "250.00", "--key", "new.key")["was_allowed"] is True
    assert desk("deposit", "admit", "coordinator", "--key", "bank.key")["was_admitted"] is True
    assert desk("deposit", "freeze", holder, "--key", "bank.key")["was_frozen"] is False
    shown = desk("deposit", "show")
    mine = {each["holder"]: each for each in shown["holders"]}[holder]
    assert (mine["may_hold"], shown["supply"]) == (False, shown["held"])
    assert "$600.00" in (said := desk.aloud("deposit", "show"))
    assert "$250.00" in said


def test_what_cannot_be_meant_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    address = hex_of(NEW.address)
    unmeant: list[tuple[tuple[str, ...], str]] = [
        (("deposit", "mint", "0x12", "1.00", "--reference", "x", "--key", "bank.key"), "no address"),
        (("deposit", "mint", address, "1,00", "--reference", "x", "--key", "bank.key"), "not an amount"),
        (("motion", "show", "nowhere.json"), "cannot be read"),
        (("motion", "rules", "2026", "--most", "much"), "--most"),
        (("motion", "rules", "2026", "--voter", "pre_tax=king"), "--voter: 'king'"),
        (("motion", "admit", address, "--signer", address, "--valid-until", "soon", "--role", "attests"), "no day"),
        (
            ("motion", "admit", address, "--signer", f"0x{4:040x}", "--valid-until", "2027-01-01", "--role", "attests"),
            "the chain itself answers there",
        ),
        (("motion", "admit", address, "--signer", address, "--valid-until", "2027-01-01", "--role", "x"), "--role"),
    ]
    for typed, why in unmeant:
        assert why in desk(*typed, code=2)
    refused: list[tuple[tuple[str, ...], str]] = [
        (("deposit", "mint", address, "0.00", "--reference", "x", "--key", "bank.key"), "no amount to move"),
        (("deposit", "mint", address, "1.00", "--reference", " ", "--key", "bank.key"), "not empty"),
        (("key", "bank.key"), "cannot be written"),
        (("show", "--network", "nowhere.toml"), "There is no"),
        (("motion", "rules", "2199"), "2199"),
    ]
    for typed, why in refused:
        assert why in desk(*typed, code=1)
    desk("motion", "suspend", address)
    assert "already" in desk("motion", "suspend", address, code=2)
    assert "Who signs?" in desk("motion", "sign", "motion.json", code=2)
    monkeypatch.setenv("OPEN401K_KEY_PASSPHRASE", "another passphrase")
    assert "does not open" in desk("motion", "sign", "motion.json", "--key", "seat1.key", code=1)
    monkeypatch.delenv("OPEN401K_KEY_PASSPHRASE")
    assert "No passphrase" in desk("motion", "sign", "motion.json", "--key", "seat1.key", code=2)


@pytest.mark.parametrize(
    ("changed", "to", "where"),
    [
        ("id = 401", "id = 0", "chain.id"),
        ("[contracts]", "[contract]", "contracts: is missing"),
        ("[[chain.endpoints]]", "[other]", "chain.endpoints"),
        ('name = "operator"', "name = 3", "chain.endpoints 1"),
        ("id = 401", "id = 401\nagreeing = 0", "chain.agreeing"),
        ("id = 401", 'id = 401\nfinality = "soon"', "chain.finality"),
        ("deposit_token", "token", "contracts.deposit_token"),
    ],
)
def test_a_network_file_is_refused_with_its_place(desk: Desk, changed: str, to: str, where: str) -> None:
    file = desk.folder / "network.toml"
    file.write_text(file.read_text().replace(changed, to))
    assert where in desk("show", code=1)


def test_a_new_key_is_made_once_and_opens(desk: Desk) -> None:
    made = desk("key", "fresh.key")
    assert (desk.folder / "fresh.key").stat().st_mode & 0o777 == 0o600
    assert made["address"].startswith("0x")
    assert desk("deposit", "allow", "1.00", "--key", "fresh.key")["was_allowed"] is False

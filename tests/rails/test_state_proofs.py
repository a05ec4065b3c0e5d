"""The verdict's word is proved to somebody without the chain; a changed byte is found; other networks prove alike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rails.anvil import anvil
from tests.rails.served import asked_at, served
from tests.rails.world import CHAIN_ID, DELAY, PRE_TAX, Case, Clock, World, found_on, founded, leg

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli
from open401k.doors.chain import Limits, Node, create_chain_app
from open401k.kernel import Open401kError
from open401k.rails import slots
from open401k.rails.artifacts import CONTRACTS
from open401k.rails.chain.durable import durable_chain
from open401k.rails.chain.interface import UnavailableError
from open401k.rails.chain.proofs import check_proof
from open401k.rails.chain.states import ShowsState, check_state
from open401k.rails.chain.tries import EMPTY, BrokenError, proved
from open401k.rails.messages import Role, network_domain


def settled(world: World) -> Case:
    case = world.case(leg(PRE_TAX, 1_000_00))
    world.propose(case)
    world.approve(case, 1)
    world.post(case, "source", Role.SOURCE)
    return case


def asked(world: World, case: Case) -> dict[bytes, Sequence[bytes]]:
    source, receiver = (world.members[name].address for name in ("source", "receiver"))
    return {
        world.rollover: [
            slots.verdict_slot(case.key), slots.vote_slot(case.key, Role.SOURCE, source),
            slots.receipt_slot(case.id, source), slots.receipt_slot(case.id, receiver),
        ],
        world.network: [slots.member_slot(source), slots.document_slot(1)],
    }  # fmt: skip


def shown_words(world: World, case: Case, chain: ShowsState) -> list[int]:
    text = chain.state(asked(world, case))
    shown = check_state(text)
    assert shown.codes[world.rollover] == keccak(world.chain.code(world.rollover))
    return list(shown.words.values())


def words_of(world: World, case: Case) -> list[int]:
    """The same as the contracts answer them."""
    signer, us = world.signer("source").address, int.from_bytes(world.members["source"].address, "big")
    told = world.ask(
        world.network, "member(address)", ["(uint64,uint16,uint16,address)"], world.members["source"].address
    )
    assert isinstance(told[0], tuple)
    until, roles, accounts, _ = told[0]
    (reference,) = world.ask(world.rollover, "posted_of(bytes32,uint256)", ["uint256"], case.id, us)
    (document,) = world.ask(world.network, "document(uint32)", ["uint256"], 1)
    key = int.from_bytes(signer, "big")
    member = key << 96 | accounts << 80 | roles << 64 | until
    return [int.from_bytes(case.id[:-1] + b"\x02", "big"), key, reference, 0, member, document]


@pytest.fixture(scope="module")
def proven() -> tuple[World, Case, str]:
    world = founded()
    case = settled(world)
    return world, case, world.chain.state(asked(world, case))


def test_the_words_that_are_proved_are_what_contracts_answer(proven: tuple[World, Case, str]) -> None:
    world, case, text = proven
    shown = check_state(text)
    assert list(shown.words.values()) == words_of(world, case)
    assert shown.block == world.chain.head()
    before = check_state(world.chain.state(asked(world, case), at=world.chain.head().number - 3))
    assert next(iter(before.words.values())) == 0  # that it was absent is proved as well
    with pytest.raises(ValueError, match="no contract"):
        world.chain.state({b"n" * 20: []})
    assert shown.codes[world.rollover] == slots.coordinator_code(world.domain(), world.network)
    domain = network_domain(CHAIN_ID, world.network)
    assert shown.codes[world.network] == slots.network_code(domain, DELAY)


def test_slots_are_where_the_compiler_laid_the_words_out() -> None:
    vyper = Path(sys.executable).parent / "vyper"
    for name, known in slots.SLOTS.items():
        said = subprocess.run(
            [vyper, "-f", "layout", f"{name}.vy"], cwd=CONTRACTS, capture_output=True, text=True, check=True
        ).stdout
        layout = json.loads(said)
        assert {each: layout["storage_layout"][each]["slot"] for each in known} == known
        last = layout["code_layout"]["NETWORK" if name == "rollover" else "council"]
        assert (last["offset"] if name == "rollover" else last["_SEPARATOR"]["offset"]) == 32


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_proof_with_any_character_changed_does_not_hold_or_is_of_something_else(
    proven: tuple[World, Case, str], data: st.DataObject
) -> None:
    """Of another block, or of a slot that nobody asked for: of a word that was asked for it says nothing untrue."""
    world, _, text = proven
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from('0123456789abcdefABCDEF" ,:{}\n'))
    if other == text[at]:
        return
    try:
        shown = check_state(text[:at] + other + text[at + 1 :])
    except Open401kError:
        return
    if shown.block.hash == world.chain.head().hash:
        true = check_state(text).words
        assert shown.words.keys() != true.keys()
        assert {place: word for place, word in shown.words.items() if place in true}.items() <= true.items()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "open401k-rails-state-1"}', "[" * 10_000])
def test_what_is_no_proof_of_a_state_is_refused(text: str) -> None:
    with pytest.raises(Open401kError, match="does not hold"):
        check_state(text)


def test_nodes_that_prove_nothing_are_refused() -> None:
    assert proved(EMPTY, b"key", []) is None
    for nodes in ([], [b"\x80"]):
        with pytest.raises(BrokenError):
            proved(bytes(32), b"key", nodes)
    with pytest.raises(BrokenError, match="too many"):
        proved(EMPTY, b"key", [b"\x80"])


def test_a_chain_that_is_served_proves_to_who_asks_it(proven: tuple[World, Case, str]) -> None:
    world, case, text = proven
    with served(create_chain_app(Node(world.chain, Limits(linked=3)))) as url:
        chain = asked_at(url)
        assert chain.state(asked(world, case)) == text
        (tx_hash,) = {log.tx_hash for log in world.chain.logs(world.chain.head().number, 99, [world.rollover])}
        told = chain.proof(tx_hash, upto=world.chain.head().number)
        assert told is not None
        assert check_proof(told).last == world.chain.head()
        assert chain.proof(bytes(32)) is None
        early = world.chain.logs(0, 30, [world.network])[0].tx_hash
        with pytest.raises(UnavailableError, match="nearer block"):
            chain.proof(early, upto=world.chain.head().number)
        with pytest.raises(UnavailableError, match="no contract"):
            chain.state({b"n" * 20: []})
        chain.close()


def test_a_network_of_another_make_proves_the_same() -> None:
    with anvil() as network:
        chain: Any = network.chain()
        world = found_on(chain, network.clock)
        case = settled(world)
        assert shown_words(world, case, chain) == words_of(world, case)
        with pytest.raises(UnavailableError):
            chain.proof(bytes(32))


def test_the_word_is_proved_by_a_command_and_checked_by_another(
    database: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock, proof = Clock(), tmp_path / "word.json"
    known = {"OPEN401K_DATA_DIR": str(tmp_path / "data"), "OPEN401K_CHAIN_DATABASE_URL": database}

    def command(*typed: str, code: int = 0) -> Any:
        assert cli.run(Wiring(Settings.from_env(known)), ["chain", *typed, "--json"]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return json.loads(said.out) if said.out else said.err

    with durable_chain(database, now=lambda: clock.now, chain_id=CHAIN_ID, begun_at=clock.now) as chain:
        world = found_on(chain, clock)
        chain.kept.add_contract("rollover", world.rollover)
        case = settled(world)
        head = chain.head()
    rollover = "0x" + case.id.hex()
    assert command("prove", rollover, "--word", "--out", str(proof))["rollover"] == rollover
    known["OPEN401K_CHAIN_DATABASE_URL"] = "none"
    told = command("verify", "--proof", str(proof), "--head", "0x" + head.hash.hex())
    assert [each["word"] for each in told["words"]] == ["0x" + case.id[:-1].hex() + "02"]
    assert (told["ok"], told["block"]["number"]) == (True, head.number)
    assert command("verify", "--proof", str(proof), "--head", "0x" + "11" * 32, code=1)["head_matches"] is False
    assert cli.run(Wiring(Settings.from_env(known)), ["chain", "verify", "--proof", str(proof)]) == 0
    assert "committed, id 0x" in capsys.readouterr().out

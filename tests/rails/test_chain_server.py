"""A chain of ours as others ask it: several at once, what is refused, how it is begun."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError

import pytest
from tests.rails.served import asked_at, served
from tests.rails.world import BANK, BEGUN, CHAIN_ID, RELAY, SEATS, founded, key

from open401k.base import faults
from open401k.base.faults import Stopped
from open401k.doors.chain import Limits, Node, create_chain_app
from open401k.kernel import Open401kError
from open401k.rails.calls import answer_of, call_of
from open401k.rails.chain.durable import durable_chain
from open401k.rails.chain.founding import found, read_charter
from open401k.rails.transactions import signed

CHARTER = {
    "seats": ["0x" + seat.address.hex() for seat in SEATS], "of": 2, "delay_days": 7, "bank": "0x" + BANK.address.hex(),
}  # fmt: skip


def ask(node: Node, method: str, *params: object) -> Any:
    return json.loads(node.answer(json.dumps({"id": 1, "method": method, "params": params}).encode()))


def test_three_nodes_share_one_chain(database: str) -> None:
    with durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
        with served(create_chain_app(Node(chain))) as url:

            def work(name: str) -> list[int]:
                mine, at = key(name), asked_at(url)
                raws = [
                    signed(mine, chain_id=CHAIN_ID, nonce=nonce, to=BANK.address, data=b"", gas=21_000)
                    for nonce in range(5)
                ]
                blocks = [receipt.block.number for receipt in at.send_raw(raws)]
                at.close()
                return blocks

            with ThreadPoolExecutor(3) as pool:
                told = list(pool.map(work, ["source", "receiver", "third"]))
        assert sorted(number for blocks in told for number in blocks) == list(range(1, 16))
        assert all(blocks == sorted(blocks) for blocks in told)
        assert chain.head().number == 15


def test_an_idle_chain_tells_the_time_by_blocks_of_its_own() -> None:
    world = founded()
    node, head = Node(world.chain), world.chain.head()
    assert not node.tick(60, now=head.time + 59)
    world.clock.now = head.time + 60
    assert node.tick(60, now=world.clock.now)
    assert not node.tick(60, now=world.clock.now)
    told = ask(node, "eth_getBlockByNumber", "latest", False)["result"]
    assert (int(told["number"], 16), int(told["timestamp"], 16)) == (head.number + 1, head.time + 60)
    assert told["transactions"] == []


def test_what_is_asked_wrongly_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    world = founded()
    said: list[str] = []
    node = Node(world.chain, Limits(batch=3, blocks=50, events=2), log=said.append)
    head = world.chain.head().number
    for method, params, code, words in (
        ("eth_mine", [], -32601, "does not exist"),
        ("eth_call", [], -32602, "parameter 1"),
        ("eth_call", [{"to": "0x12"}], -32602, "not 20 bytes"),
        ("eth_call", [{"to": "0x" + "00" * 20}, hex(head + 1)], -32000, "no block"),
        ("eth_getTransactionCount", ["0x" + "00" * 20, "soon"], -32602, "no quantity"),
        ("eth_getLogs", [{"address": "0x" + world.token.hex(), "fromBlock": "0x0", "toBlock": "0x32"}], -32602, "51"),
        (
            "eth_getLogs",
            [{"address": "0x" + world.token.hex(), "fromBlock": "0x0", "toBlock": "0x31"}],
            -32602,
            "fewer",
        ),
        ("eth_getLogs", [{"address": "0x" + world.token.hex(), "topics": ["0x"]}], -32602, "topics"),
        ("eth_sendRawTransaction", ["0x00"], -32000, "no signed"),
    ):
        error = ask(node, method, *params)["error"]
        assert error["code"] == code, (method, error)
        assert words in error["message"], (method, error)
    for body, code in (
        (b"{", -32700),
        (b"[" * 10_000, -32700),
        (b"[]", -32600),
        (b"[1,2,3,4]", -32600),
        (b"1", -32600),
    ):
        assert json.loads(node.answer(body))["error"]["code"] == code
    assert said == []
    assert "".join(capsys.readouterr()) == ""


def test_a_batch_is_answered_in_order_and_others_bring_no_contracts() -> None:
    world = founded()
    node = Node(world.chain)
    asked = [{"id": 7, "method": "eth_chainId"}, {"id": 8, "method": "eth_gasPrice"}, 5]
    first, second, third = json.loads(node.answer(json.dumps(asked).encode()))
    assert (first["id"], first["result"], second["id"], second["result"]) == (7, hex(CHAIN_ID), 8, "0x0")
    assert third["error"]["code"] == -32600
    nonce = world.chain.nonce(RELAY.address)
    raw = signed(RELAY, chain_id=CHAIN_ID, nonce=nonce, to=None, data=b"\x00", gas=100_000)
    assert "takes no contracts" in ask(node, "eth_sendRawTransaction", "0x" + raw.hex())["error"]["message"]
    assert world.chain.nonce(RELAY.address) == nonce
    block = ask(node, "eth_getBlockByNumber", "finalized", False)["result"]
    assert block["hash"] == "0x" + world.chain.head().hash.hex()
    assert ask(node, "eth_getBlockByHash", block["hash"], False)["result"] == block


def test_a_question_that_costs_too_much_ends() -> None:
    world = founded()
    forever = bytes.fromhex("5b600056")  # jumpdest, push 0, jump
    deploys = bytes.fromhex("63") + forever + bytes.fromhex("5f526004601cf3")
    contract = world.send(RELAY, None, deploys).contract
    assert contract is not None
    assert world.chain.code(contract) == forever
    node = Node(world.chain, Limits(call_gas=200_000))
    assert ask(node, "eth_call", {"to": "0x" + contract.hex()})["error"]["code"] == 3


def test_a_body_that_is_too_long_is_refused() -> None:
    with served(create_chain_app(Node(founded().chain))) as url:
        with pytest.raises(HTTPError) as why:
            urllib.request.urlopen(urllib.request.Request(url, b"[" + b" " * 3_000_000 + b"]"), timeout=10)
        assert why.value.code == 413
        why.value.close()
        with urllib.request.urlopen(url + "/health", timeout=10) as answer:
            assert json.load(answer)["ok"] is True


def test_a_network_is_begun_once_wherever_it_was_stopped(database: str) -> None:
    charter = read_charter(json.dumps(CHARTER))

    def begin(secret: bytes) -> dict[str, bytes]:
        with durable_chain(database, now=lambda: BEGUN, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
            return found(chain, charter, secret=secret)

    with pytest.raises(Stopped), faults.stopping_at("rails.chain.after_commit"):
        begin(b"\x01" * 32)
    begun = begin(b"\x02" * 32)
    assert set(begun) == {"network", "rollover", "deposit_token"}
    assert begin(b"\x03" * 32) == begun
    with durable_chain(database, now=lambda: BEGUN) as chain:
        for signature, contract, kinds, expected in (
            ("threshold()", "network", ["uint256"], 2),
            ("DELAY()", "network", ["uint256"], 7 * 86_400),
            ("bank()", "deposit_token", ["address"], "0x" + BANK.address.hex()),
        ):
            assert answer_of(kinds, chain.call(begun[contract], call_of(signature))) == (expected,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seats": ["0x12"]}, "seats, number 1"),
        ({"seats": []}, "not most"),
        ({"seats": "0x"}, "a list"),
        ({"of": 1}, "1 of 3 seats is not most"),
        ({"of": 4}, "4 of 3"),
        ({"of": True}, "of is no whole number"),
        ({"delay_days": 0}, "delay_days"),
        ({"bank": "0x" + "00" * 20}, "bank is no address"),
        ({"seats": [CHARTER["seats"][0]] * 2}, "named twice"),  # type: ignore[index]
        ({"more": 1}, "nothing else"),
    ],
)
def test_a_charter_that_cannot_be_meant_is_refused_with_its_place(change: dict[str, object], words: str) -> None:
    with pytest.raises(Open401kError, match=words):
        read_charter(json.dumps(CHARTER | change))
    with pytest.raises(Open401kError, match="no JSON"):
        read_charter("{")

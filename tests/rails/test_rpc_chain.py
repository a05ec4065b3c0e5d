"""Several endpoints of one network: who lies, lags or is silent is told by name; and a network that goes back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rails.anvil import Anvil, anvil
from tests.rails.world import BANK, PRE_TAX, RELAY, World, found_on, leg

from open401k.kernel import Open401kError
from open401k.rails.calls import call_of
from open401k.rails.chain.agreement import Doubt, Fault, Silence, agree
from open401k.rails.chain.doubting import Doubts
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.chain.following import FinalityBrokenError, follow
from open401k.rails.chain.interface import UnavailableError
from open401k.rails.chain.jsonrpc import Endpoint, Json, Patience, RpcError, SilentError
from open401k.rails.chain.rpc import RpcChain
from open401k.rails.network_file import ChainAt
from open401k.rails.node.process import chain_of
from open401k.rails.transactions import signed


class Bent(Endpoint):
    """An endpoint of a network with something between: it changes, holds back or drops what is answered."""

    def __init__(self, name: str, url: str, bend: Callable[[str, Json], Json] = lambda _, told: told) -> None:
        super().__init__(name, url, wait=lambda _: None)
        self._bend = bend

    def ask(self, method: str, params: Any) -> Json:
        return self._bend(method, super().ask(method, params))


def drops(method: str, told: Json) -> Json:
    if method == "eth_chainId":
        return told
    raise SilentError("dead", "it is gone")


def lies(method: str, told: Json) -> Json:
    """Another balance, another block hash, another outcome."""
    if method == "eth_call" and isinstance(told, str):
        return "0x" + "11" * 32
    if method == "eth_getTransactionReceipt" and isinstance(told, dict):
        return {**told, "status": "0x0"}
    if method == "eth_getBlockByNumber" and isinstance(told, dict):
        return {**told, "hash": "0x" + "22" * 32}
    return told


class Lags:
    """It stands still: it knows nothing after the block that it saw first."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self, method: str, told: Json) -> Json:
        if method == "eth_getBlockByNumber" and isinstance(told, dict) and int(str(told["number"]), 16) > self.at:
            return {**told, "number": hex(self.at), "hash": "0x" + "33" * 32}
        if method == "eth_getTransactionReceipt":
            return None
        return told


@pytest.fixture(scope="module")
def network() -> Iterator[Anvil]:
    with anvil("--slots-in-an-epoch", "1") as running:
        yield running


@pytest.fixture(scope="module")
def world(network: Anvil) -> World:
    return found_on(cast("EmbeddedChain", network.chain()), network.clock)


def through(network: Anvil, **bends: Callable[[str, Json], Json]) -> tuple[RpcChain, list[Doubt]]:
    told: list[Doubt] = []
    endpoints = [Bent(name, network.url, bend) for name, bend in bends.items()]
    return network.chain(through=endpoints, tell=told.append), told


def honest(_: str, told: Json) -> Json:
    return told


def test_an_endpoint_that_lies_is_told_by_name_and_not_believed(network: Anvil, world: World) -> None:
    chain, told = through(network, here=honest, liar=lies, there=honest)
    asked = call_of("balanceOf(address)", world.members["source"].address)
    receipt = world.settle(world.case(leg(PRE_TAX, 1_00)))
    assert chain.call(world.token, asked) == world.chain.call(world.token, asked)
    assert chain.receipt(receipt.tx_hash) == receipt
    assert chain.head() == world.chain.head()
    assert {doubt.endpoint for doubt in told} == {"liar"}
    assert {doubt.fault for doubt in told} == {Fault.LIES}
    assert {doubt.about.split()[0] for doubt in told} == {"eth_call", "eth_getTransactionReceipt", "block"}


def test_who_runs_a_node_reads_in_its_log_which_endpoint_is_not_believed(
    network: Anvil, caplog: pytest.LogCaptureFixture
) -> None:
    endpoints = {"here": network.url, "dead": "http://127.0.0.1:9", "there": network.url}
    patience = Patience(timeout=1.0, tries=1, between=0.0)
    with closing(chain_of(ChainAt(network.chain().chain_id, endpoints), patience=patience)) as chain:
        assert [chain.head() for _ in range(3)]
    told = [each.getMessage() for each in caplog.records if each.name == "open401k.node.chain"]
    assert len(told) == 1
    assert told[0].startswith("endpoint dead gives no answer that can be read: ")


def test_a_doubt_is_logged_at_once_then_seldom_and_that_one_lags_when_it_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    doubts = Doubts(lambda: now[0])

    def lines(fault: Fault, *, at: float, about: str = "eth_call") -> list[str]:
        now[0] = at
        caplog.clear()
        doubts(Doubt("liar", fault, about))
        return [each.getMessage() for each in caplog.records]

    assert lines(Fault.LIES, at=0, about="a\nb") == [
        "endpoint liar says otherwise than the others: 'a\\nb', 1 times since the last line"
    ]
    assert [lines(Fault.LIES, at=at) for at in (1, 599)] == [[], []]
    assert lines(Fault.LIES, at=600) == [
        "endpoint liar says otherwise than the others: 'eth_call', 3 times since the last line"
    ]
    assert [lines(Fault.LAGS, at=at) for at in (600, 630, 659)] == [[], [], []]
    assert len(lines(Fault.LAGS, at=660)) == 1
    assert [lines(Fault.LAGS, at=at) for at in (2_000, 2_031, 2_062)] == [[], [], []]  # it came back in between


def test_an_endpoint_that_lags_is_told_by_name(network: Anvil, world: World) -> None:
    chain, told = through(network, here=honest, slow=Lags(world.chain.head().number), there=honest)
    receipt = world.settle(world.case(leg(PRE_TAX, 1_00)))
    assert chain.head() == receipt.block
    assert chain.receipt(receipt.tx_hash) == receipt
    assert {(doubt.endpoint, doubt.fault) for doubt in told} == {("slow", Fault.LAGS)}


def test_events_of_a_block_that_endpoints_knew_are_not_told_short(network: Anvil, world: World) -> None:
    """Else a rollover that a batch settled would look as if another had used its number, and its hold were released."""
    falls = Lags(10**9)
    chain, _ = through(network, here=honest, one=falls, two=falls)
    receipt = world.settle(world.case(leg(PRE_TAX, 1_00)))
    assert chain.final().number <= chain.head().number == receipt.block.number
    about = [world.rollover]
    assert [log.tx_hash for log in chain.logs(0, 10**9, about)][-1] == receipt.tx_hash
    falls.at = receipt.block.number - 1  # others answer behind the same address
    with pytest.raises(UnavailableError, match=f"knew block {receipt.block.number}, and stand at"):
        chain.logs(0, receipt.block.number, about)
    falls.at = 10**9
    assert chain.logs(receipt.block.number, 10**9, about) == [log for log in receipt.logs if log.address in about]


def test_two_of_three_are_enough_and_one_is_not(network: Anvil, world: World) -> None:
    chain, told = through(network, here=honest, dead=drops, there=honest)
    raw = signed(
        RELAY, chain_id=chain.chain_id, nonce=chain.nonce(RELAY.address), to=BANK.address, data=b"", gas=21_000
    )
    (receipt,) = chain.send_raw([raw])
    assert receipt.block == world.chain.head() == chain.head()
    assert {(doubt.endpoint, doubt.fault) for doubt in told} == {("dead", Fault.SILENT)}
    for bends in ({"here": honest, "dead": drops, "liar": lies}, {"dead": drops, "gone": drops, "here": honest}):
        alone, _ = through(network, **bends)
        with pytest.raises(UnavailableError, match="dead"):
            alone.head()
        with pytest.raises(UnavailableError):
            alone.call(world.token, call_of("totalSupply()"))


def test_what_cannot_decide_is_refused_at_the_start(network: Anvil) -> None:
    one = Bent("one", network.url)
    for endpoints, agreeing in (([], None), ([one, one], None), ([one, Bent("two", network.url)], 1), ([one], 2)):
        with pytest.raises(Open401kError, match="can not decide"):
            RpcChain(endpoints, chain_id=401, wait=lambda _: None, agreeing=agreeing)
    elsewhere = RpcChain([one], chain_id=1, wait=lambda _: None)
    with pytest.raises(Open401kError, match="one is an endpoint of chain 401"):
        elsewhere.head()
    one.close()
    with pytest.raises(Open401kError, match="no address"):
        Endpoint("bad", "ftp://here", wait=lambda _: None)


def test_an_endpoint_that_answers_nonsense_is_silent_and_tried_again() -> None:
    answers: list[tuple[int, bytes]] = []

    class Nonsense(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status, body = answers.pop(0)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Nonsense)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    waited: list[float] = []
    patience = Patience(timeout=5, tries=3, between=0.25)
    endpoint = Endpoint("n", f"http://127.0.0.1:{server.server_port}", wait=waited.append, patience=patience)
    good = json.dumps({"jsonrpc": "2.0", "id": 3, "result": "0x1"}).encode()
    answers += [(503, b""), (200, b"<html>"), (200, good)]
    assert endpoint.ask("eth_blockNumber", []) == "0x1"
    answers += [(200, good), (200, b"[" * 100_000), (200, b'{"id": 6}')]
    with pytest.raises(SilentError, match="something else"):
        endpoint.ask("eth_blockNumber", [])
    assert waited == [0.25] * 4
    answers += [(200, b'{"id": 7, "error": {"code": 3, "message": "execution reverted", "data": "0x0badzz"}}')]
    with pytest.raises(RpcError) as why:
        endpoint.ask("eth_call", [])
    assert (why.value.is_revert, why.value.data) == (True, None)
    endpoint.close()
    server.shutdown()
    server.server_close()
    with pytest.raises(SilentError, match="Refused"):
        endpoint.ask("eth_blockNumber", [])


@given(st.lists(st.sampled_from([None, 1, 2, 3, Silence("gone")]), min_size=1, max_size=7))
def test_what_a_majority_says_alike_is_believed_and_nothing_else(said: list[int | Silence | None]) -> None:
    answers = {f"e{place}": answer for place, answer in enumerate(said)}
    k = len(said) // 2 + 1
    verdict = agree(answers, k=k, about="it", knows=lambda value: value is not None)
    most = [value for value in (None, 1, 2, 3) if said.count(value) >= k]
    assert verdict.agreed is bool(most)
    if most:
        assert verdict.value == most[0]
        accused = {doubt.endpoint for doubt in verdict.doubts if doubt.fault is Fault.LIES}
        assert not any(answers[name] == verdict.value for name in accused)


# ---- a network that goes back


def _raw(world: World, data: bytes) -> bytes:
    nonce = world.chain.nonce(RELAY.address)
    return signed(RELAY, chain_id=world.chain.chain_id, nonce=nonce, to=world.rollover, data=data, gas=3_000_000)


def test_a_commit_that_is_taken_back_is_sent_again_and_who_reads_at_finality_never_saw_it(
    network: Anvil, world: World
) -> None:
    final = network.chain(finality="finalized")
    case = world.case(leg(PRE_TAX, 7_00))
    world.propose(case)
    for _ in range(3):  # the proposal is final
        world.send(RELAY, BANK.address, b"")
    about = [world.rollover]
    told = call_of("approve(bytes,uint256,(bytes32,bytes))", case.encoded, 1, world.approvals(case)[1])
    careful, hasty = (final.final(),), (world.chain.head(),)
    raw = _raw(world, told)
    (committed,) = world.chain.send_raw([raw])
    assert world.state(case) == "committed"
    seen = follow(final, hasty, about, to="latest")
    assert seen.logs == tuple(log for log in committed.logs if log.address in about)
    assert follow(final, careful, about).logs == ()

    network.do("anvil_reorg", 1, [])
    assert world.state(case) == "preparing"
    assert world.chain.receipt(committed.tx_hash) is None
    back = follow(final, seen.trail, about, to="latest")
    assert (back.went_back, back.since, back.logs) == (True, hasty[0], ())
    quiet = follow(final, careful, about)
    assert (quiet.went_back, quiet.logs) == (False, ())

    (again,) = world.chain.send_raw([raw])
    assert world.state(case) == "committed"
    assert (again.tx_hash, again.is_done) == (committed.tx_hash, True)
    for _ in range(3):
        world.send(RELAY, BANK.address, b"")
    late = follow(final, quiet.trail, about)
    assert [log.topics for log in late.logs] == [log.topics for log in seen.logs]
    assert late.logs[0].block == again.block.number


def test_a_final_block_that_is_gone_stops_everything(network: Anvil, world: World) -> None:
    trail = (world.chain.head(),)
    network.do("anvil_reorg", 1, [])
    with pytest.raises(FinalityBrokenError, match="is not there any more"):
        follow(world.chain, trail, [world.rollover])


def test_no_more_is_read_than_is_asked_for(world: World) -> None:
    start = world.chain.head()
    for _ in range(5):
        world.send(RELAY, BANK.address, b"")
    first = follow(world.chain, (start,), [world.rollover], to="latest", most=3)
    assert first.trail[-1].number == start.number + 3
    assert follow(world.chain, first.trail, [world.rollover], to="latest").trail[-1] == world.chain.head()

"""What a pass asks of the chain, what it sends again and when, and what a batch decides for a node."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.rails.node.cores import MemoryCore
from tests.rails.node.two_nodes import Pair, node_of, pair, rollover
from tests.rails.served import served
from tests.rails.world import DAY, RELAY, Case, World, founded, leg

from open401k.doors.chain import Node as ServedNode
from open401k.doors.chain import create_chain_app
from open401k.rails.calls import call_of
from open401k.rails.chain.interface import Head, UnavailableError
from open401k.rails.chain.jsonrpc import Endpoint, RpcError
from open401k.rails.chain.rpc import RpcChain, Waiting
from open401k.rails.node.cases import Kind, State
from open401k.rails.node.codes import POLICY
from open401k.rails.node.coordinator import ChainCoordinator, Refusal
from open401k.rails.node.core import Side, SilentError
from open401k.rails.node.following import Verdict
from open401k.rails.node.memory import MemoryCases
from open401k.rails.node.opening import Signed, agreed_of
from open401k.rails.node.signing import PolicyError
from open401k.rails.node.worker import Node


class Counted:
    """A chain that notes what it is asked, as requests: many calls at once are one."""

    def __init__(self, chain: Any) -> None:
        self._chain = chain
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        told = getattr(self._chain, name)
        if not callable(told):
            return told

        def noted(*given: object, **named: object) -> Any:
            self.asked[name] += 1
            return told(*given, **named)

        return noted

    def call_all(self, asked: Sequence[tuple[bytes, bytes]], *, at: int) -> list[bytes]:
        self.asked["call_all"] += 1
        return [self._chain.call(to, data, at=at) for to, data in asked]

    def since(self) -> dict[str, int]:
        told, self.asked = dict(self.asked), Counter()
        return told


def waiting(world: World, count: int) -> tuple[Pair, Counted, list[Case]]:
    """So many cases at the source that are proposed and wait for the receiver."""
    both, chain = pair(world), Counted(world.chain)
    both.source.coordinator = ChainCoordinator(
        chain,
        rollover=world.rollover,
        network=world.network,
        relay=RELAY,
    )
    cases = [world.case(leg(0, 1_00)) for _ in range(count)]
    for number, case in enumerate(cases):
        both.open(case, f"case {number}")
    both.source.run_once()
    both.source.run_once()
    chain.since()
    return both, chain, cases


def test_cases_that_wait_cost_one_question_a_pass_and_three_when_others_make_blocks() -> None:
    world = founded()
    both, chain, _ = waiting(world, 12)
    both.source.run_once()
    assert chain.since() == {"final": 1}
    world.send(world.members["other"], world.token, bytes.fromhex("18160ddd"))  # somebody makes a block
    both.source.run_once()
    # the block that was final before is asked for: it may have been replaced
    assert chain.since() == {"final": 1, "block": 1, "logs": 1}


def test_what_has_news_is_read_and_the_others_are_not() -> None:
    world = founded()
    both, _, _ = waiting(world, 12)
    read = []
    ahead = both.source.coordinator.read_ahead
    both.source.coordinator.read_ahead = lambda agreed: (read.append(len(agreed)), ahead(agreed))[1]  # type: ignore
    with both.receiver.cases.begin() as unit:
        mine = unit.case("case 7")
    both.receiver._follow(mine.id, [])  # it votes: committed
    both.source.run_once()
    assert read == [1]
    assert both.states("case 7") == (State.POSTED, State.POSTED)
    assert both.states("case 6")[0] is State.VOTED


def test_time_alone_ends_what_nobody_heard_of_again() -> None:
    world = founded()
    both, _, cases = waiting(world, 2)
    world.clock.now = max(case.terms.deadline for case in cases) + DAY
    world.send(world.members["other"], world.token, bytes.fromhex("18160ddd"))
    for _ in range(3):
        both.source.run_once()
    assert {both.states(f"case {number}")[0] for number in range(2)} == {State.RELEASED}


def test_a_file_that_somebody_changed_is_looked_at_without_news_of_the_chain() -> None:
    world = founded()
    both, _, _ = waiting(world, 2)
    with both.source.cases.begin() as unit:
        before = unit.case("case 1")
        unit.change(before, replace(before, stop=451))
    both.source.run_once()
    assert [both.states(f"case {number}")[0] for number in range(2)] == [State.VOTED, State.RELEASED]


def test_a_refused_proposal_is_sent_again_ever_more_seldom_and_at_once_when_the_network_changed() -> None:
    world = founded()
    both = pair(world)
    both.open(rollover(world))
    sent: list[int] = []

    def refuse(data: bytes) -> Refusal:
        sent.append(passes)
        return Refusal(501, "too little is there")

    both.source.coordinator.send = refuse  # type: ignore[method-assign]
    for passes in range(1, 101):  # noqa: B007 (said by what is refused)
        both.source.run_once()
    assert sent == [1, 3, 6, 11, 20, 37, 70]
    with both.source.cases.begin() as unit:
        assert [(each.code, each.is_open) for each in unit.raised("case")] == [(501, True)]
    passes = 101
    revoked = call_of("revoke_attestation(bytes32)", bytes(32))
    world.send(world.members["attestor"], world.network, revoked)
    both.source.run_once()
    assert sent[-1] == 101


# ---- a signer that does not sign


def refused(what: Any, name: str) -> Callable[[], None]:
    """Its signer's policy allows this no more; what allows it again."""
    allowed = getattr(what, name)

    def refuse(*_: object, **__: object) -> None:
        raise PolicyError("the signer refuses (too_dear): more than it may")

    setattr(what, name, refuse)
    return lambda: setattr(what, name, allowed)


def codes(node: Node, *, is_open: bool = True) -> list[int]:
    with node.cases.begin() as unit:
        return [each.code for each in unit.raised("case") if each.is_open is is_open]


def test_a_transaction_that_the_signer_does_not_sign_is_an_exception_until_it_does() -> None:
    both = pair(founded())
    both.open(rollover(both.world))
    again = refused(both.source.coordinator, "send")
    for _ in range(3):
        passed = both.source.run_once()
        assert [case for case, _ in passed.silent] == ["case"]
        assert (both.states()[0], codes(both.source)) == (State.VOTED, [POLICY])
    again()
    both.source.run_once()
    assert (codes(both.source), codes(both.source, is_open=False)) == ([], [POLICY])
    both.run()
    assert both.states() == (State.POSTED, State.POSTED)


@pytest.mark.parametrize(("name", "state"), [("posted", State.VOTED), ("approval", State.HELD)])
def test_a_message_that_the_signer_does_not_sign_is_an_exception_until_it_does(name: str, state: State) -> None:
    both = pair(founded())
    both.open(rollover(both.world))
    again = refused(both.source.signer, name)
    both.run()
    assert (both.states()[0], codes(both.source)) == (state, [POLICY])
    again()
    both.run()
    assert (both.states(), codes(both.source)) == ((State.POSTED, State.POSTED), [])


def test_an_abort_that_the_signer_does_not_sign_is_an_exception_and_keeps_no_other_case_waiting() -> None:
    both, _, _ = waiting(founded(), 2)
    with both.source.cases.begin() as unit:
        before = unit.case("case 0")
        unit.change(before, replace(before, stop=451))
    again = refused(both.source.signer, "abort")
    both.receiver._follow("case 1", [])  # it votes: committed
    both.source.run_once()
    with both.source.cases.begin() as unit:
        assert [each.code for each in unit.raised("case 0") if each.is_open] == [POLICY]
    assert [both.states(f"case {number}")[0] for number in range(2)] == [State.VOTED, State.POSTED]
    again()
    both.source.run_once()
    both.source.run_once()
    with both.source.cases.begin() as unit:
        assert not any(each.is_open for each in unit.raised("case 0"))
    assert both.states("case 0")[0] is State.RELEASED


# ---- batches


def batched(world: World, others: int) -> tuple[Pair, Case]:
    """Files of a rollover whose number a batch used, for it or for other terms under the number."""
    case = rollover(world)
    both = pair(world)
    both.open(case)
    told = case if not others else world.changed(case, salt=bytes(31) + b"\1")
    world.batch([told])
    return both, case


def test_a_rollover_that_a_batch_settled_is_posted() -> None:
    world = founded()
    both, case = batched(world, 0)
    both.run()
    assert both.states() == (State.POSTED, State.POSTED)
    assert world.state(case) == "absent"  # the batch has one word for all
    for node in (both.source, both.receiver):
        assert node.cases.to_follow() == []  # no receipt is awaited
        with node.cases.begin() as unit:
            assert [(each.kind, each.is_done) for each in unit.outbox("case")] == [(Kind.RECEIPT, True)]


def test_a_rollover_whose_number_other_terms_used_in_a_batch_is_given_free() -> None:
    both, _ = batched(founded(), 1)
    both.run()
    assert both.states() == (State.RELEASED, State.RELEASED)


def test_a_batch_after_the_last_look_is_found_and_earlier_ones_are_not_read_again() -> None:
    world = founded()
    world.batch([world.case(leg(0, 1_00))])
    case, later = world.case(leg(0, 1_00)), world.case(leg(0, 2_00))
    chain = Counted(world.chain)
    coordinator = ChainCoordinator(chain, rollover=world.rollover, network=world.network, relay=RELAY)
    agreed = [
        agreed_of(
            Signed(each.election, each.signature, each.attestation, each.attested, each.terms),
            us=world.members["source"].address,
            side=Side.SOURCE,
        )
        for each in (case, later)
    ]
    world.batch([case])
    coordinator.final_block()
    assert coordinator.final(agreed[0]).verdict is Verdict.COMMITTED
    assert coordinator.final(agreed[1]).verdict is Verdict.ABSENT
    world.batch([later])
    chain.since()
    coordinator.final_block()
    assert coordinator.final(agreed[1]).verdict is Verdict.COMMITTED
    assert coordinator.newest(agreed[0]).verdict is Verdict.COMMITTED
    assert chain.since()["logs"] == 1


def test_a_chain_that_cannot_be_believed_is_silent_to_the_node() -> None:
    world = founded()
    both = pair(world)
    both.open(rollover(world))

    def gone() -> Head:
        raise UnavailableError("Nobody answers.", fix="Wait.")

    world.chain.final = gone  # type: ignore[method-assign]
    with pytest.raises(SilentError, match="Nobody answers"):
        both.source.run_once()


# ---- JSON-RPC


class Noted(Endpoint):
    """An endpoint that notes its requests."""

    requests = 0

    def _sent(self, body: bytes) -> bytes:
        self.requests += 1
        return super()._sent(body)


def through(world: World, endpoint: Endpoint) -> tuple[Pair, RpcChain]:
    chain = RpcChain([endpoint], chain_id=world.chain.chain_id, wait=lambda _: None, waiting=Waiting(0.01, 300))
    far = World(chain, world.clock, world.network, world.rollover, world.token, members=world.members)  # type: ignore
    core = MemoryCore({"account at source": {0: 5_000_00, 1: 1_000_00}})
    node = node_of(far, "source", cases=MemoryCases(), core=core)
    return Pair(world, node, pair(world).receiver), chain


def test_many_cases_are_asked_for_in_few_requests() -> None:
    world = founded()
    with served(create_chain_app(ServedNode(world.chain))) as url:
        endpoint = Noted("operator", url, wait=lambda _: None)
        both, chain = through(world, endpoint)
        for number in range(30):
            both.open(world.case(leg(0, 1_00)), f"case {number}")
        agreed = [case.agreed for case in both.source.cases.kept.cases.values() if case.agreed]  # type: ignore
        both.source.coordinator.final_block()
        endpoint.requests = 0
        both.source.coordinator.read_ahead(agreed)
        assert endpoint.requests == 2  # 120 questions
        assert {both.source.coordinator.final(each).verdict for each in agreed} == {Verdict.ABSENT}
        assert endpoint.requests == 2
        chain.close()


def test_an_endpoint_that_takes_one_question_at_a_time_is_asked_so() -> None:
    world = founded()
    served_node = ServedNode(world.chain)

    class One(Noted):
        def _sent(self, body: bytes) -> bytes:
            if body.startswith(b"["):
                self.requests += 1
                return b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "no batches"}}'
            return super()._sent(body)

    with served(create_chain_app(served_node)) as url:
        endpoint = One("operator", url, wait=lambda _: None)
        head = world.chain.head()
        asked = [["0x1", False], [hex(head.number), False], ["nonsense", False]]
        for tries in (1 + 3, 3):
            endpoint.requests = 0
            told = endpoint.ask_all("eth_getBlockByNumber", asked)  # type: ignore[arg-type]
            assert [isinstance(each, RpcError) for each in told] == [False, False, True]
            assert endpoint.requests == tries
        endpoint.close()


def test_answers_in_another_order_are_put_in_order_and_missing_ones_are_no_answer() -> None:
    class Mixed(Endpoint):
        lost = 0

        def _sent(self, body: bytes) -> bytes:
            told = [{"jsonrpc": "2.0", "id": one["id"], "result": one["params"][0]} for one in json.loads(body)]
            return json.dumps(told[self.lost :][::-1]).encode()

    endpoint = Mixed("mixed", "http://127.0.0.1:1", wait=lambda _: None)
    assert endpoint.ask_all("echo", [[1], [2], [3]]) == [1, 2, 3]
    endpoint.lost = 1
    with pytest.raises(Exception, match="something else than it was asked"):
        endpoint.ask_all("echo", [[1], [2], [3]])

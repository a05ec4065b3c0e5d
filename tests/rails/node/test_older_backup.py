"""A node's files may be of a backup that is older than its core: only what the core holds now is promised."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode
from tests.rails.node.two_nodes import Pair, pair, rollover
from tests.rails.world import Case, founded

from open401k.rails.node.cases import Kind, State
from open401k.rails.node.core import Order, Side
from open401k.rails.node.memory import MemoryCases
from open401k.rails.node.opening import stop
from open401k.rails.node.worker import Node


def test_nobody_votes_for_money_that_the_core_gave_free_after_the_backup() -> None:
    world = founded()
    both, case = pair(world), rollover(world)
    both.open(case)
    with both.source.cases.begin() as unit:  # the backup: held, not voted
        file = unit.case("case")
        unit.change(file, file.to(State.HELD))
    agreed = file.agreed
    assert agreed is not None
    both.source.core.hold(Order(agreed.rollover, Side.SOURCE, file.account, agreed.parts))
    both.source.core.release(agreed.rollover, Side.SOURCE)  # since then
    both.run()
    assert both.states()[0] is State.RELEASED
    assert world.state(case) in ("absent", "aborted")
    with both.source.cases.begin() as unit:
        assert [raised.code for raised in unit.raised("case")] == [657]


def forgetful(before: State) -> tuple[Pair, Case, bytes]:
    """The source voted, what it signed is in the world and not mined, and its file is of a backup before that."""
    both = pair(founded())
    case = rollover(both.world)
    both.open(case)
    assert isinstance(both.source.cases, MemoryCases)
    backup = both.source.cases.kept.copy()
    both.source.coordinator.send = lambda data: None  # type: ignore[method-assign]
    both.source.run_once()
    del both.source.coordinator.send
    with both.source.cases.begin() as unit:
        (vote,) = (message.data for message in unit.outbox("case") if message.kind is Kind.PROPOSE)
        held = unit.case("case")
    both.source.cases.kept = backup
    if before is State.HELD:
        with both.source.cases.begin() as unit:
            file = unit.case("case")
            unit.change(file, file.to(before))
    assert held.state is State.VOTED
    return both, case, vote


def is_held(node: Node) -> bool:
    with node.cases.begin() as unit:
        agreed = unit.case("case").agreed
    assert agreed is not None
    return node.core.status(agreed.rollover, Side.SOURCE).state == "held"


@pytest.mark.parametrize("before", [State.LIQUIDATING, State.HELD])
def test_a_stopped_file_that_forgot_its_vote_holds_until_the_chain_has_ended_it(before: State) -> None:
    both, case, vote = forgetful(before)
    with both.source.cases.begin() as unit:
        stop(unit, "case", 451)
    both.source.coordinator.send = lambda data: None  # type: ignore[method-assign]
    both.source.run_once()  # its abort is lost
    assert is_held(both.source)
    assert both.states()[0] is before
    del both.source.coordinator.send
    both.receiver.coordinator.send(vote)  # and somebody has the vote mined
    both.receiver.run_once()
    both.run()
    assert both.states() == (State.POSTED, State.POSTED)
    assert both.world.state(case) == "closed"


def test_an_abort_of_what_is_not_on_chain_tells_the_reason_and_comes_before_the_release() -> None:
    both, case, vote = forgetful(State.HELD)
    with both.source.cases.begin() as unit:
        stop(unit, "case", 451)
    both.source.run_once()
    assert both.world.state(case) == "aborted"
    assert both.states()[0] is State.RELEASED
    logs = both.world.chain.logs(0, both.world.chain.head().number, [both.world.rollover])
    role, code, _ = decode(["uint256", "uint256", "bytes32"], logs[-1].data)
    assert (role, code) == (2, 451)
    both.receiver.coordinator.send(vote)  # too late
    assert both.world.state(case) == "aborted"
    assert not is_held(both.source)

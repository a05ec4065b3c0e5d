"""A node follows the chain's verdict, exactly once, whenever it dies and begins again."""

from __future__ import annotations

import pytest
from tests.rails.node.cores import MemoryCore
from tests.rails.node.two_nodes import BEFORE, Pair, pair, rollover
from tests.rails.world import DAY, World, founded

from open401k.base import faults
from open401k.base.faults import Stopped
from open401k.rails.node.cases import MOVES, Case, MoveError, State
from open401k.rails.node.codes import EXPIRED
from open401k.rails.node.core import Side
from open401k.rails.node.memory import MemoryCases
from open401k.rails.node.worker import BOUNDARIES, Node

AFTER_SOURCE = {0: 5_000_00 - 1_234_56, 1: 1_000_00 - 200_00}
AFTER_RECEIVER = {0: 5_000_00 + 1_234_56, 1: 1_000_00 + 200_00}
#: Which boundaries each end comes by.
STOPS = (
    [(name, "committed") for name in BOUNDARIES if "release" not in name]
    + [(name, "refused") for name in BOUNDARIES if "send" in name or "release" in name]
    + [(name, "expired") for name in BOUNDARIES if "release" in name]
)


def balances(node: Node, side: Side) -> dict[int, int]:
    assert isinstance(node.core, MemoryCore)
    assert len(node.core.booked) == len(set(node.core.booked)), "booked twice"
    return node.core.balances[f"account at {side}"]


def check(both: Pair, state: State) -> None:
    assert both.states() == (state, state)
    posted = state is State.POSTED
    assert balances(both.source, Side.SOURCE) == (AFTER_SOURCE if posted else BEFORE)
    assert balances(both.receiver, Side.RECEIVER) == (AFTER_RECEIVER if posted else BEFORE)
    for node in (both.source, both.receiver):
        assert node.cases.to_follow() == []
        assert isinstance(node.core, MemoryCore)
        assert not any(node.core._held(account) for account in node.core.balances)
        with node.cases.begin() as unit:
            assert len(unit.postings("case")) == (2 if posted else 0)


def test_a_rollover_is_posted_by_both_and_closed() -> None:
    both = pair(founded())
    case = rollover(both.world)
    both.open(case)
    both.run()
    check(both, State.POSTED)
    assert both.world.state(case) == "closed"


def test_what_the_receiver_refuses_is_aborted_and_given_free() -> None:
    both = pair(founded())
    case = rollover(both.world)
    both.open(case)
    assert isinstance(both.receiver.core, MemoryCore)
    both.receiver.core.balances.clear()
    both.run()
    assert both.states() == (State.RELEASED, State.RELEASED)
    assert both.world.state(case) == "aborted"
    with both.receiver.cases.begin() as unit:
        assert [(each.code, each.is_open) for each in unit.raised()] == [(351, True)]


def test_nothing_is_given_free_before_a_final_block_is_past_the_deadline() -> None:
    both = pair(founded())
    case = rollover(both.world)
    both.open(case)
    both.source.run_once()
    both.world.clock.now = case.terms.deadline + DAY  # the wall clock is past it, the chain is not
    both.source.coordinator.send = lambda data: None  # type: ignore[method-assign]
    both.source.run_once()
    assert both.states()[0] is State.VOTED
    del both.source.coordinator.send
    both.run()
    check(both, State.RELEASED)
    for node in (both.source, both.receiver):  # a desk of each says what comes next
        with node.cases.begin() as unit:
            assert EXPIRED in [each.code for each in unit.raised() if each.is_open]


def ending(both: Pair, end: str, world: World) -> State:
    """Let it end this way: the passes of a world in which something else happens in between."""
    case = rollover(world)
    both.open(case)
    if end == "refused":
        with both.receiver.cases.begin() as unit:
            before = unit.case("case")
            unit.change(before, Case(before.id, before.side, before.account, before.state, before.agreed, stop=351))
    if end == "expired":
        world.clock.now += DAY
        _survive(both.source)
        world.clock.now = case.terms.deadline + DAY
        world.send(world.members["other"], world.token, bytes.fromhex("18160ddd"))  # somebody makes a block
    for _ in range(6):
        _survive(both.source)
        _survive(both.receiver)
    return State.POSTED if end == "committed" else State.RELEASED


def _survive(node: Node) -> None:
    """One pass; a stop in the middle is followed by nothing but the next pass."""
    try:
        node.run_once()
    except Stopped:
        return


@pytest.mark.parametrize(("boundary", "end"), STOPS)
def test_a_node_survives_a_stop_at_every_boundary(boundary: str, end: str) -> None:
    world = founded()
    both = pair(world)
    stops = {"left": 2}

    def stop() -> None:
        if stops["left"]:
            stops["left"] -= 1
            raise Stopped(boundary)

    faults.arm(boundary, stop)
    try:
        expected = ending(both, end, world)
    finally:
        faults.disarm(boundary)
    assert stops["left"] < 2, "it never came by"
    check(both, expected)


def test_a_file_from_an_older_backup_follows_the_chain() -> None:
    both = pair(founded())
    both.open(rollover(both.world))
    assert isinstance(both.source.cases, MemoryCases)
    backup = both.source.cases.kept.copy()
    both.run()
    both.source.cases.kept = backup
    both.run()
    check(both, State.POSTED)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("to", list(State))
def test_a_file_moves_only_where_it_may(state: State, to: State) -> None:
    case = Case("case", Side.SOURCE, "account", state)
    if to in MOVES[state]:
        assert case.to(to).state is to
    else:
        with pytest.raises(MoveError, match=f"is {state} and cannot become {to}"):
            case.to(to)

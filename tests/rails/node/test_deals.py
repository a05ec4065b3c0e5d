"""From somebody's wish to booked money between two nodes, with the real contracts."""

from __future__ import annotations

import pytest
from tests.rails.node.cores import MemoryCore
from tests.rails.node.deal_nodes import Both, both
from tests.rails.world import founded

from open401k.rails.node.cases import State
from open401k.rails.preflight.facts import Holds
from open401k.rails.preflight.reasons import Code


@pytest.fixture
def two() -> Both:
    return both(founded())


def test_a_wish_becomes_money_in_the_new_account(two: Both) -> None:
    two.ask()
    assert two.states() == (State.DATA_REQUESTED, State.DATA_REQUESTED)
    held = Holds(order_pending=True, levy=False, bankruptcy=False, other_legal=False)
    told = two.put(holds=held, approved_by_administrator=None)
    assert {each.code for each in told.reasons or ()} == {Code.ORDER_PENDING, Code.NOT_APPROVED_BY_PLAN}
    two.carry()
    assert two.states() == (State.NIGO, State.NIGO)
    assert two.receiver.deal("case").reasons == told.reasons
    assert two.source.open_codes() == two.receiver.open_codes() == [Code.ORDER_PENDING, Code.NOT_APPROVED_BY_PLAN]
    two.put()
    two.carry()
    assert two.states() == (State.PREVALIDATED, State.PREVALIDATED)
    assert two.source.open_codes() == two.receiver.open_codes() == []
    two.sign()
    two.carry()
    assert two.states() == (State.LIQUIDATING, State.LIQUIDATING)
    two.ready()
    two.carry()
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    for custodian, after in ((two.source, {0: 2_000_00, 1: 200_00}), (two.receiver, {0: 8_000_00, 1: 1_800_00})):
        assert isinstance(custodian.node.core, MemoryCore)
        assert custodian.node.core.balances[f"account at {custodian.side}"] == after
    assert two.receiver.deal("case").their_state is State.POSTED
    assert two.source.deal(two.source.only()).file == two.receiver.deal("case").file

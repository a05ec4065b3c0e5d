"""A node's files may be of a backup that is older than its core: only what the core holds now is promised."""

from __future__ import annotations

from tests.rails.node.two_nodes import pair, rollover
from tests.rails.world import founded

from open401k.rails.node.cases import State
from open401k.rails.node.core import Order, Side


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

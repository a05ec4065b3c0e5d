"""A core that gives no answer, or books late: who is told, since when, and that it is over once it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.rails.node.two_nodes import Pair, pair, rollover
from tests.rails.world import DAY, founded

from open401k.rails.node.away import LONG, Away, Heard
from open401k.rails.node.cases import State
from open401k.rails.node.codes import BOOKING_LATE, CORE_AWAY
from open401k.rails.node.core import Answer, Order, Side, SilentError, Waiting
from open401k.rails.node.running import Passes
from open401k.rails.node.transmitting import NetworkCoordinator
from open401k.rails.node.worker import Passed


@dataclass
class Moody:
    """A core that answers nothing, or books later, while its mood is so."""

    core: Any
    mood: str = ""
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.core, name)

    def hold(self, order: Order) -> Answer:
        return self._answer("hold", order)

    def post(self, order: Order) -> Answer:
        return self._answer("post", order)

    def _answer(self, name: str, order: Order) -> Answer:
        if self.mood == "silent":
            raise SilentError("the core: ConnectError")
        if self.mood == "late" and name == "post":
            return Waiting("last night")
        answer: Answer = getattr(self.core, name)(order)
        return answer


@dataclass
class Desk:
    """The receiver of a rollover whose core has moods, and what its desk sees."""

    both: Pair
    core: Moody
    away: Away

    def run(self, seconds: float = LONG) -> list[int]:
        """A pass, after which whoever was silent is left alone so long; codes that are open."""
        node = self.both.receiver
        silent = node.run_once().silent
        self.away.look({case: seconds for case, _ in silent}, at=self.both.world.clock.now)
        with node.cases.begin() as unit:
            return [each.code for each in unit.raised("case") if each.is_open]


@pytest.fixture
def desk() -> Desk:
    both = pair(founded())
    node, core = both.receiver, Moody(both.receiver.core)
    node.core = heard = Heard(core)
    both.open(rollover(both.world))
    both.source.run_once()
    return Desk(both, core, Away(heard, node.cases, lambda agreed: node.coordinator.final(agreed).verdict))


def test_a_core_that_is_silent_for_long_is_an_exception_until_it_answers(desk: Desk) -> None:
    desk.core.mood = "silent"
    assert desk.run(1.0) == []  # a moment
    assert desk.away.trouble() == {}
    assert desk.run() == desk.run() == [CORE_AWAY]
    assert desk.away.trouble() == {"core": "the core: ConnectError"}
    anew = Away(Heard(desk.core), desk.both.receiver.cases, desk.away.verdict)  # the node starts again
    desk.away, desk.both.receiver.core = anew, anew.heard
    assert desk.run(1.0) == [CORE_AWAY]
    desk.core.mood = ""
    assert (desk.run(), desk.away.trouble()) == ([], {})


class Quiet:
    """A chain that is not to be moved."""

    def look_after(self) -> None: ...

    def nudge(self, deadline: int) -> bool:
        return False


def test_what_a_wallet_signed_and_nobody_used_yet_keeps_no_silent_core_from_its_desk(desk: Desk) -> None:
    desk.core.mood = "silent"
    signed = [("case", b"approval")]
    node, at = desk.both.receiver, 0.0
    passes = Passes(node, cast("NetworkCoordinator", Quiet()), away=desk.away, signed=lambda: signed)
    head = node.coordinator.final_block()
    for seconds in (0.0, 2.0, 2.0, 4.0, 8.0):
        at += seconds
        passes._chosen.at = at
        passes._pass(at, head)
    with node.cases.begin() as unit:
        assert [each.code for each in unit.raised("case") if each.is_open] == [CORE_AWAY]
    assert "case" not in passes._chosen.to_follow()
    signed.append(("case", b"the end"))
    passes._pass(at, head)
    assert passes._backoff.failed("case", at=at) == 2.0  # it was asked at once, and begins anew


def test_a_core_that_is_silent_only_to_batches_is_its_desks_too(desk: Desk) -> None:
    node, at = desk.both.receiver, 0.0
    with node.cases.begin() as unit:
        agreed = unit.case("case").agreed
    assert agreed is not None
    order = Order(agreed.rollover, Side.RECEIVER, "account at receiver", agreed.parts)
    batches = SimpleNamespace(silent=set[str]())

    def passed() -> Passed:
        """Nothing is done for single cases; a batch asks whether the core holds one."""
        batches.silent.clear()
        try:
            desk.away.heard.hold(order)
        except SilentError:
            batches.silent.add("case")
        return Passed([], [])

    node.batches, node.run_once = batches, passed  # type: ignore[method-assign]
    passes, head = Passes(node, cast("NetworkCoordinator", Quiet()), away=desk.away), node.coordinator.final_block()

    def codes(after: float) -> list[int]:
        nonlocal at
        at += after
        passes._pass(at, head)
        with node.cases.begin() as unit:
            return [each.code for each in unit.raised("case") if each.is_open]

    desk.core.mood = "silent"
    assert codes(0.0) == codes(LONG - 1) == []
    desk.core.mood = ""
    assert codes(1.0) == []  # a moment: it begins anew
    desk.core.mood = "silent"
    assert (codes(0.0), codes(LONG)) == ([], [CORE_AWAY])
    desk.core.mood = ""
    assert codes(1.0) == []


def test_what_is_decided_and_not_booked_is_the_cash_desks(desk: Desk) -> None:
    post = desk.core.core.post
    desk.core.core.post = lambda order: (_ for _ in ()).throw(SilentError("the core: ConnectError"))
    assert desk.run() == [BOOKING_LATE]
    desk.core.core.post = post
    assert desk.run() == []
    assert desk.both.states()[1] is State.POSTED


def test_an_overnight_core_is_late_from_when_the_network_had_to_decide(desk: Desk) -> None:
    desk.core.mood = "late"
    assert desk.run() == desk.run() == []
    desk.both.world.clock.now += 60 * DAY
    assert desk.run() == desk.run() == [BOOKING_LATE]
    desk.core.mood = ""
    assert desk.run() == []
    assert desk.both.states()[1] is State.POSTED


def test_what_ended_while_the_node_was_being_stopped_waits_for_no_core(desk: Desk) -> None:
    desk.core.mood = "silent"
    assert desk.run() == [CORE_AWAY]
    desk.core.mood = ""
    desk.both.world.clock.now += 60 * DAY
    desk.both.run()  # nobody looks after this pass: the process ends
    assert desk.both.states()[1] is State.RELEASED
    anew = Away(Heard(desk.core), desk.both.receiver.cases, desk.away.verdict)
    desk.away, desk.both.receiver.core = anew, anew.heard
    assert CORE_AWAY not in desk.run()


def test_what_a_core_answered_and_what_is_over_is_remembered_no_longer(desk: Desk) -> None:
    desk.core.mood = "late"
    assert desk.run() == []
    heard, away = desk.away.heard, desk.away
    assert (len(heard.late), len(away._deadlines)) == (1, 1)
    desk.core.mood = ""
    desk.run()
    desk.run()
    assert desk.both.states()[1] is State.POSTED
    assert (heard.answered, heard.late, heard.silent, away._deadlines) == (set(), set(), {}, {})

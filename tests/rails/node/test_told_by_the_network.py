"""What a node asks of a network that stands still, and of the rules that it published."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import network
from tests.rails.node.two_nodes import pair
from tests.rails.world import DAY, RELAY, RULES, action_of, founded, leg

from open401k.kernel import FixedClock
from open401k.rails.calls import call_of
from open401k.rails.node.codes import POLICY, SIGNER_AWAY
from open401k.rails.node.core import SilentError
from open401k.rails.node.office import published
from open401k.rails.node.running import Passes
from open401k.rails.node.signing import PolicyError, SignerAwayError
from open401k.rails.node.transmitting import NUDGE_AFTER, NetworkCoordinator
from open401k.rails.preflight.rule_version import rule_version


class Still:
    """A chain that stands still: whether a nudge was sent, as it is told here."""

    def __init__(self) -> None:
        self.nudged: list[int] = []
        self.sends = True
        self.refuses: Exception | None = None

    def nudge(self, deadline: int) -> bool:
        if self.refuses is not None:
            raise self.refuses
        if self.sends:
            self.nudged.append(deadline)
        return self.sends


def test_a_deadline_that_nobody_saw_pass_is_nudged_ever_less_often_and_no_ended_case_is() -> None:
    world = founded()
    both, still = pair(world), Still()
    cases = [world.case(leg(0, 1_00)) for _ in range(2)]
    first = cases[0].terms.deadline
    for number, case in enumerate(cases):
        both.open(case, f"case {number}")
    passes = Passes(both.source, cast("NetworkCoordinator", still))
    for at in (0.0, 1.0, 4.9, 5.0, 9.0, 14.9, 15.0):
        passes._nudge(at)
    assert still.nudged == [first] * 3  # at 0, 5 and 15
    still.sends = False
    passes._nudge(60.0)  # the chain moved by itself, or our clock is not past it yet
    still.sends = True
    passes._nudge(60.1)
    assert still.nudged == [first] * 4
    both.run()
    both.run()
    passes._nudge(10_000.0)
    assert still.nudged == [first] * 4  # both cases were booked


def test_a_nudge_that_nobody_signs_is_on_a_desk_and_off_it_when_somebody_does() -> None:
    world = founded()
    both, still = pair(world), Still()
    both.open(world.case(leg(0, 1_00)), "case")
    passes = Passes(both.source, cast("NetworkCoordinator", still))

    def told() -> list[tuple[int, bool]]:
        with both.source.cases.begin() as unit:
            return [(raised.code, raised.is_open) for raised in unit.raised("case")]

    still.refuses = PolicyError("no more than 10 an hour")
    passes._nudge(0.0)
    passes._nudge(1.0)  # not asked again at once
    passes._nudge(5.0)
    assert (told(), still.nudged) == ([(POLICY, True)], [])
    still.refuses = SignerAwayError("no answer")
    passes._nudge(15.0)
    assert told() == [(POLICY, True), (SIGNER_AWAY, True)]
    still.refuses = None
    passes._nudge(40.0)
    assert told() == [(POLICY, False), (SIGNER_AWAY, False)]
    assert len(still.nudged) == 1


def test_a_nudge_is_one_transaction_that_does_nothing_and_only_past_the_deadline_by_our_clock(
    another_database: NewDatabase, tmp_path: Path
) -> None:
    world = founded()
    with network(world, another_database, tmp_path) as net:
        node, deadline = net.nodes[0], world.clock.now + DAY
        node.now = deadline + NUDGE_AFTER
        with node.office() as office:
            process, head = office.process, world.chain.head()
            clock = cast("FixedClock", process.around.clock)
            assert not process.coordinator.nudge(deadline)  # our clock may be fast
            clock.advance(timedelta(seconds=1))
            assert process.coordinator.nudge(deadline)  # the chain's own clock stands: one block, of the same time
            assert world.chain.head().number == head.number + 1
            assert world.chain.nonce(process.vault.relay().address) == 1
            world.clock.now = deadline + 1
            assert process.coordinator.nudge(deadline)
            assert world.chain.head().time == deadline + 1
            assert not process.coordinator.nudge(deadline)  # a final block says that it is past
            assert world.chain.head().number == head.number + 2
            net.chain.is_away = True
            with pytest.raises(SilentError):
                process.coordinator.nudge(deadline)


def test_rules_are_compared_with_what_the_network_published(another_database: NewDatabase, tmp_path: Path) -> None:
    world = founded()
    told = rule_version(2026, min_level=2, most_total_cents=10_000_000_00).told
    world.motion(action_of("publish", f"uint32,{RULES}", 1, told))
    world.clock.now += 7 * DAY
    world.send(RELAY, world.network, call_of(f"publish({RULES})", told))
    with network(world, another_database, tmp_path) as net:
        node = net.nodes[0]
        text = node.config.read_text()
        for number, is_so in ((1, False), (2, True), (3, False)):
            node.config.write_text(text.replace("number = 1", f"number = {number}"))
            with node.office() as office:
                assert published(office.process, number) is is_so
        net.chain.is_away = True
        with node.office() as office, pytest.raises(SilentError):
            published(office.process, 3)

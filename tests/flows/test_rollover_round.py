"""The day looks by itself where rollovers stand: once, again while our node is silent, and no day is lost over it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.doors.rolled import WISH, MemoryNode
from tests.flows.bookkeeping import Plan
from tests.flows.rollovers import World, world
from tests.support.database import TESTER, Served, served

from open401k import compliance, recordkeeping
from open401k.base import messages
from open401k.base.db import Database
from open401k.demo.people import ACME
from open401k.doors.daily import DayStories
from open401k.doors.rolling import RolloverStories
from open401k.flows.rollover import Asked, ask_into
from open401k.flows.rollover_at_node import AtNode
from open401k.flows.rollover_node import NodeRefusedError, NodeSilentError, Standing
from open401k.kernel import FixedClock, Refused, RolloverId, SystemClock
from open401k.rails.node.client import NodeClient
from open401k.recordkeeping import Following, NotFollowed, RolloverDesk
from open401k.views.duties import duties

SILENT = NotFollowed("", "Our node did not answer.", "Look whether it runs.", RolloverDesk.OPERATIONS)


class Counting(MemoryNode):
    """How often it was asked where something stands, and what it refuses to tell."""

    asked_for = 0
    refuses = ""

    def standing(self, case: str) -> Standing:
        self.asked_for += 1
        if case == self.refuses:
            raise NodeRefusedError("There is no such case.", fix="Check the id.")
        return super().standing(case)


@pytest.fixture
def postgres() -> Iterator[Served]:
    """A server of its own: a round sees every plan there is."""
    with served() as running:
        yield running


@pytest.fixture
def acme(db: Database, clock: FixedClock) -> World:
    return world(db, clock)


def ask(acme: World, node: MemoryNode, who: Any = None) -> RolloverId:
    rollover_id = acme.db.ids.new(RolloverId)
    wish = Asked(acme.sponsor, acme.plan, rollover_id, who or acme.worker, WISH)
    try:
        done = ask_into(acme.db, actor=TESTER, node=node, asked=wish)
        assert not isinstance(done, Refused), done
    except NodeSilentError:
        assert node.away
    return rollover_id


def begin(acme: World, node: MemoryNode) -> dict[str, Any]:
    """The day, as a command or a server begins it."""
    made = DayStories(acme.db, SystemClock(), RolloverStories(acme.db, node)).begin(actor=TESTER)
    assert made is not None
    return dict(made)


def looked(acme: World) -> Following | None:
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        return recordkeeping.following_of(tx, tenant_id=acme.sponsor, plan_id=acme.plan)


def told(acme: Plan) -> list[str]:
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        found = messages.read_after(tx, tenant_id=acme.sponsor, cursor=0, limit=1_000)
    return [each.kind for each in found if each.kind.startswith("rollovers")]


@pytest.mark.parametrize(
    ("hours", "problems", "due"),
    [
        (8, (), False),  # a good look is enough for its day
        (9, (), True),  # midnight in New York
        (0.4, (SILENT,), False),
        (0.5, (SILENT,), True),
    ],
)
def test_once_a_day_and_sooner_while_nothing_comes_of_it(hours: float, problems: Any, due: bool) -> None:
    at = datetime(2026, 1, 20, 20, tzinfo=UTC)  # 15:00 in New York
    last = Following(at.date(), at, 1, problems, at if problems else None)
    assert last.due(at + timedelta(minutes=int(hours * 60))) is due


def test_the_day_follows_what_is_open_once_and_a_silent_node_costs_no_day(acme: World) -> None:
    node = Counting(away=True)
    rollover_id = ask(acme, node)
    begun = begin(acme, node)
    assert (begun["ok"], len(begun["done"]), begun["failed"]) == (False, 1, [])
    assert begun["rollovers"] == [
        {
            "plan_id": str(acme.plan),
            "open": 1,
            "problems": [
                {"rollover_id": "", "message": SILENT.message, "fix": SILENT.fix, "owner": SILENT.owner},
            ],
        }
    ]
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        tested = compliance.latest(tx, tenant_id=acme.sponsor, plan_id=acme.plan)
        due = duties(
            tx, tenant_id=acme.sponsor, plan_id=acme.plan, alerts=[], owed=[], history=[], expected=None
        )  # fmt: skip
    assert tested is not None
    assert tested.as_of == acme.today()
    (line,) = [each for each in due if "rollovers" in each.title]
    assert (line.due_on, line.detail) == (acme.today(), "by operations: Our node did not answer.")
    first = looked(acme)
    assert first is not None
    assert (first.ok, first.open_count, first.since) == (False, 1, acme.clock.now())
    assert begin(acme, node)["rollovers"] == []  # it waits a while
    acme.clock.advance(timedelta(days=1))
    begin(acme, node)
    second = looked(acme)
    assert second is not None
    assert (second.since, second.at) == (first.since, acme.clock.now())
    assert told(acme) == ["rollovers.not_followed"]  # once, when it began
    node.away = False
    acme.clock.advance(timedelta(minutes=30))
    again = begin(acme, node)
    assert (again["ok"], again["rollovers"][0]["problems"], again["already"]) == (True, [], 1)
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        sent = recordkeeping.get_rollover_request(
            tx, tenant_id=acme.sponsor, plan_id=acme.plan, rollover_id=rollover_id
        )
    assert not isinstance(sent, Refused)
    assert sent.case == str(rollover_id)  # one that never reached the node is sent
    asked = node.asked_for
    assert begin(acme, node)["rollovers"] == []
    assert node.asked_for == asked


def test_one_that_is_refused_keeps_no_other_from_being_looked_at_and_is_on_a_desk(acme: World) -> None:
    node = Counting()
    first = ask(acme, node)
    ask(acme, node, acme.employee(ACME.people[3].ssn[-4:]))
    node.refuses, before = str(first), node.asked_for
    (one,) = begin(acme, node)["rollovers"]
    assert node.asked_for == before + 2
    assert [(each["rollover_id"], each["owner"]) for each in one["problems"]] == [(str(first), "operations")]
    refusal: Refused[Any] = Refused("not_offered", "The plan's terms say nothing of rollovers.", "Amend the plan.")
    node.away = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("open401k.flows.rollover_send.terms_of", lambda *_, **__: refusal)
        ask(acme, node, acme.employee(ACME.people[5].ssn[-4:]))
        node.away = False
        acme.clock.advance(timedelta(days=1))
        (one,) = begin(acme, node)["rollovers"]
    assert {each["owner"] for each in one["problems"]} == {"operations", "plan administrator"}


def test_a_node_that_nobody_runs_is_silent() -> None:
    with pytest.raises(NodeSilentError, match="did not answer"):
        AtNode(NodeClient("http://127.0.0.1:9", token="-", seconds=1)).standing("rlv_1")

"""A plan asks and answers over the real API of a node: who we are, requests, halves, reasons, and a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.doors.node.test_api import Both, both  # noqa: F401 (fixtures)
from tests.flows.rollover_nodes import Plans
from tests.flows.rollovers import world
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.preflight_facts import TODAY
from tests.rails.served import served
from tests.support.database import TESTER

from open401k.base.db import Database
from open401k.flows.rollover import Asked, ask_into, follow, release
from open401k.flows.rollover_at_node import AtNode
from open401k.flows.rollover_node import NodeRefusedError
from open401k.kernel import FixedClock, Refused, RolloverId
from open401k.rails.node.client import NodeClient
from open401k.rails.node.staff import Role
from open401k.recordkeeping import STATE


@pytest.fixture
def nodes(both: Both) -> Iterator[tuple[AtNode, AtNode]]:  # noqa: F811
    """Both nodes' APIs on ports of their own: that of who pays, that of who receives."""
    with ExitStack() as stack:
        made = []
        for side in (both.source, both.receiver):
            url = stack.enter_context(served(side.client.app))
            client = NodeClient(url, token=side.tokens[Role.SYSTEM])
            stack.callback(client.close)
            made.append(AtNode(client))
        yield made[0], made[1]


def test_a_plan_asks_and_another_answers_over_the_api(
    db: Database,
    clock: FixedClock,
    both: Both,  # noqa: F811 (the fixture)
    nodes: tuple[AtNode, AtNode],
) -> None:
    source, receiver = nodes
    pays, takes = world(db, clock, roth_cents=100_00), world(db, clock, leaves=False)
    takes.at(TODAY)
    told = Plans(pays, takes)
    wish = told.wish(source=source.us().member.hex())
    asked = Asked(takes.sponsor, takes.plan, db.ids.new(RolloverId), takes.leaver, wish)
    first = ask_into(db, actor=TESTER, node=receiver, asked=asked)
    assert not isinstance(first, Refused), first
    assert ask_into(db, actor=TESTER, node=receiver, asked=asked) == first
    both.carry()
    (case,) = [each["case"] for each in both.source("GET", "/v1/rollovers").json()["rollovers"]]
    assert source.standing(case).source_account == str(pays.leaver)
    answer = Asked(pays.sponsor, pays.plan, db.ids.new(RolloverId), pays.leaver, told.known(approved=None))
    out = release(db, actor=TESTER, node=source, asked=answer, case=case)
    assert not isinstance(out, Refused), out
    assert [each["code"] for each in out.told[STATE].told["reasons"]] == ["277"]
    both.carry()
    (seen,) = follow(db, actor=TESTER, node=receiver, tenant_id=takes.sponsor, plan_id=takes.plan)
    assert seen.told[STATE].told["state"] == "nigo"


def test_what_a_node_refuses_is_told_with_its_place(nodes: tuple[AtNode, AtNode]) -> None:
    source, _ = nodes
    with pytest.raises(NodeRefusedError, match=r"not found|no such|There is no"):
        source.standing("rlv_none")

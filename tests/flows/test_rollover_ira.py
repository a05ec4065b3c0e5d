"""Money of an IRA that came into a plan goes back to the IRA over the rails: as it came, and as the plan's payment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.rollover_nodes import Plans, plans
from tests.flows.test_rollover import followed, reasons, terminated
from tests.rails import world as network
from tests.rails.node.cores import MemoryCore
from tests.rails.node.going_back import Back
from tests.rails.node.halves import SOURCE_FILE
from tests.rails.preflight_facts import lawful
from tests.support.database import TESTER

from open401k.base.db import Database
from open401k.flows.rollover import Asked, release, tell
from open401k.flows.rollover_forms import forms_of
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Refused, RolloverId, Source
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node.halves import Wanted
from open401k.rails.preflight.facts import Part as PartOf
from open401k.recordkeeping import RolloverRequest, RolloverWay


@pytest.fixture
def two(db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plans]:
    """On a network whose rules let money of a traditional IRA into a plan, and into one."""
    ira = {int(Kind.TRADITIONAL_IRA): (int(Into.PLAN), int(Into.TRADITIONAL_IRA))}
    network._founded.cache_clear()
    monkeypatch.setattr(network, "INTO", network.INTO | ira)
    yield plans(db, clock)
    network._founded.cache_clear()


def of_an_ira(two: Plans, cents: int) -> RolloverRequest:
    """So much of a traditional IRA comes into the plan, whose custodian is the source."""
    source, ids = two.two.source, two.takes.db.ids
    source.node = replace(source.node, core=MemoryCore({"account at source": {int(Kind.TRADITIONAL_IRA): cents}}))
    asked = two.ask(
        ids.new(RolloverId), source_account="account at source", wanted=[{"kind": "traditional_ira", "into": "plan"}]
    )
    half = two.two.receiver.deal(str(asked.rollover_id)).receiving
    assert half is not None
    part = PartOf(Kind.TRADITIONAL_IRA, Into.PLAN, 0, cents)
    file = {name: each for name, each in SOURCE_FILE.items() if not name.startswith("amounts[")}
    file |= {"amounts[traditional_ira].earnings_cents": "0"}
    two.two.put(part, identity=half.identity, file=file, paying=lawful().paying)
    two.two.carry()
    two.settle(str(asked.rollover_id))
    terminated(two)
    return asked


def test_money_of_an_ira_goes_back_to_it_as_it_came_and_the_plan_reports_its_own_payment(two: Plans) -> None:
    asked = of_an_ira(two, 500_00)
    rollover = two.takes.held(two.takes.leaver)[Source.ROLLOVER]
    core = two.two.source.node.core
    assert isinstance(core, MemoryCore)
    assert (rollover, core.balances["account at source"]) == (500_00, {int(Kind.TRADITIONAL_IRA): 0})
    came = two.two.receiver.deal(str(asked.rollover_id)).receiving
    assert came is not None
    assert came.letter is not None
    takes = frozenset({(Kind.TRADITIONAL_IRA, Into.TRADITIONAL_IRA)})
    back = Back(two.two)
    back.ask(
        half=replace(
            came, member=two.two.source.desk.us, account="account at source", source_account=asked.account,
            mode=Mode.FIXED, wanted=(Wanted(Kind.TRADITIONAL_IRA, Into.TRADITIONAL_IRA, 200_00),),
            letter=replace(came.letter, takes=takes), own_screening=came.screening,
        )
    )  # fmt: skip
    two.two.carry()
    known = two.known(explanation=None)
    known["file"] = {label: each for label, each in known["file"].items() if not label.startswith("amounts[")}
    known["file"] |= {"amounts[traditional_ira].earnings_cents": "0"}
    told = Asked(two.takes.sponsor, two.takes.plan, two.takes.db.ids.new(RolloverId), two.takes.leaver, known)
    given = release(two.takes.db, actor=TESTER, node=two.receiver, asked=told, case=back.given())
    assert isinstance(given, RolloverRequest)
    assert reasons(given) == ["270"]  # a plan pays it: it explains the choices (IRC 402(f))
    whole = two.known()["explanation"]
    of: dict[str, Any] = {"tenant_id": two.takes.sponsor, "plan_id": two.takes.plan}
    more = tell(
        two.takes.db, actor=TESTER, node=two.receiver, **of, rollover_id=given.rollover_id, told={"explanation": whole}
    )
    assert isinstance(more, RolloverRequest)
    assert reasons(more) == []
    two.two.carry()
    back.sign()
    two.two.carry()
    back.ready()
    two.two.carry()
    two.two.run()
    (out,) = [each for each in followed(two.takes, two.receiver) if each.way is RolloverWay.OUT]
    assert out.booked is not None
    assert [(each.kind, each.into, each.cents, each.shares) for each in out.booked.parts] == [
        ("traditional_ira", "traditional_ira", 200_00, {Source.ROLLOVER: 200_00})
    ]
    # Money flow: rollover 200.00 of the plan -> the IRA from which 500.00 had come
    assert two.takes.held(two.takes.leaver)[Source.ROLLOVER] == 300_00
    assert core.balances["account at source"] == {int(Kind.TRADITIONAL_IRA): 200_00}
    forms = forms_of(out.booked, born_on=date(1980, 1, 1))
    assert forms is not None
    assert [
        (e.box_7_codes, e.box_1_gross_cents, e.box_2a_taxable_cents) for e in forms if not isinstance(e, Refused)
    ] == [("G", 200_00, 0)]  # fmt: skip
    found = verify(two.takes.db, actor=TESTER, tenants=[two.takes.sponsor])
    assert found.problems == []

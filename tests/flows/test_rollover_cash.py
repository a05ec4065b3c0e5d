"""A plan pays one part to another custodian and one to the person, over two nodes: books, tax withheld, boxes."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.rollover_nodes import Plans, plans
from tests.rails.node.cores import MemoryCore
from tests.support.database import TESTER

from open401k.base.db import Database
from open401k.flows.rollover import follow
from open401k.flows.rollover_forms import forms_of
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Refused, RolloverId, Source
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node import deals
from open401k.rails.node.cases import State
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.core import CASH_TO_PERSON
from open401k.rails.node.halves import Wanted


@pytest.fixture
def two(db: Database, clock: FixedClock) -> Plans:
    return plans(db, clock)


def test_of_a_part_in_cash_the_chain_and_the_plans_forms_withhold_the_same(two: Plans) -> None:
    asked = two.ask(two.pays.db.ids.new(RolloverId))
    case, receiver = str(asked.rollover_id), two.two.receiver
    half = receiver.deal(case).receiving
    assert half is not None
    core = MemoryCore({half.account: {}})
    wanted = (Wanted(Kind.PRE_TAX, Into.PLAN, 800_00), Wanted(Kind.PRE_TAX, Into.PERSON, 400_00))
    asks = replace(half, wanted=wanted, mode=Mode.FIXED)
    source, desk, code = two.two.source.desk.us, receiver.desk, bytes(32)
    refused = r"wanted\[1\]\.into: is the person"  # a plan's books take no cash for the person
    with receiver.files.begin() as unit, pytest.raises(BadInputError, match=refused):
        deals.put_facts(unit, desk, case, asks)
    with receiver.files.begin() as unit, pytest.raises(BadInputError, match=refused):
        deals.request(unit, desk, "other", source=source, half=asks)
    with receiver.files.begin() as unit, pytest.raises(BadInputError, match=refused):
        deals.join(unit, desk, "third", source=source, code=code, half=asks)
    receiver.node = replace(receiver.node, core=core)  # one that passes cash on to the person
    receiver.desk = replace(receiver.desk, pays_persons=True)
    with receiver.files.begin() as unit:
        deals.put_facts(unit, receiver.desk, case, asks)
    two.two.carry()
    withholder = two.two.source.desk.withholder
    before = two.two.world.balance(withholder)
    two.answer(
        two.pays.db.ids.new(RolloverId),
        tax={"nonresident_alien": False, "earlier": {"taxable_cents": 0, "withheld_cents": 0}},
    )
    two.settle(case)
    assert receiver.file(case).state is State.POSTED
    # Money flow: pre-tax 1,000.00, match 200.00 -> new plan 800.00, the person 320.00, withholding account 80.00
    held = two.pays.held(two.pays.leaver)
    assert (held[Source.PRE_TAX], held[Source.MATCH]) == (0, 300_00)
    assert core.balances[half.account] == {int(Kind.PRE_TAX): 800_00, CASH_TO_PERSON: 320_00}
    assert two.two.world.balance(withholder) - before == 80_00
    follow(two.pays.db, actor=TESTER, node=two.source, tenant_id=two.pays.sponsor, plan_id=two.pays.plan)
    (out,) = follow(two.pays.db, actor=TESTER, node=two.source, tenant_id=two.pays.sponsor, plan_id=two.pays.plan)
    assert out.booked is not None
    assert sum(each.withheld_cents for each in out.booked.parts) == 80_00
    forms = forms_of(out.booked, born_on=date(1980, 1, 1))
    assert forms is not None
    assert [
        (e.box_7_codes, e.box_1_gross_cents, e.box_2a_taxable_cents, e.box_4_withheld_cents)
        for e in forms
        if not isinstance(e, Refused)
    ] == [("G", 800_00, 0, 0), ("1", 400_00, 400_00, 80_00)]
    assert verify(two.pays.db, actor=TESTER, tenants=[two.pays.sponsor]).problems == []

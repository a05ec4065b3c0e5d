"""A plan pays one part to another custodian and one to the person, over two nodes: books, tax withheld, boxes."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.flows.rollover_nodes import DealNode, Plans, plans
from tests.rails.node.cores import MemoryCore
from tests.support.database import TESTER

from open401k import recordkeeping
from open401k.base.db import Database
from open401k.doors import withheld_rollovers
from open401k.doors.problems import ProblemError
from open401k.doors.provided import Services
from open401k.flows.rollover import follow, tell
from open401k.flows.rollover_forms import forms_of
from open401k.flows.rollover_round import follow_plan
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Money, Refused, RolloverId, Source
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node import deals
from open401k.rails.node.cases import State
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.core import CASH_TO_PERSON, Done, Order, Part, Side
from open401k.rails.node.halves import Wanted
from open401k.recordkeeping import CASE, RolloverWay
from open401k.recordkeeping.rollover_following import FOLLOW_AGAIN_AFTER
from open401k.recordkeeping.rollovers import WITHHELD
from open401k.views import duties, rollovers


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
    # What the network withheld was read from its final events, once, and held against the books.
    assert (out.told[WITHHELD].told, out.withheld_unread, out.withheld_otherwise) == (80_00, False, None)
    forms = forms_of(out.booked, born_on=date(1980, 1, 1))
    assert forms is not None
    assert [
        (e.box_7_codes, e.box_1_gross_cents, e.box_2a_taxable_cents, e.box_4_withheld_cents)
        for e in forms
        if not isinstance(e, Refused)
    ] == [("G", 800_00, 0, 0), ("1", 400_00, 400_00, 80_00)]
    assert verify(two.pays.db, actor=TESTER, tenants=[two.pays.sponsor]).problems == []


def test_a_wish_of_which_nothing_is_there_moves_no_other_wish_into_its_place(two: Plans) -> None:
    """The Roth money is held for something else when exact terms are made: the cash is leg 0, the rollover leg 1."""
    asked = two.ask(two.pays.db.ids.new(RolloverId))
    case, receiver = str(asked.rollover_id), two.two.receiver
    half = receiver.deal(case).receiving
    assert half is not None
    wanted = (
        Wanted(Kind.ROTH, Into.PLAN), Wanted(Kind.PRE_TAX, Into.PERSON, 400_00), Wanted(Kind.PRE_TAX, Into.PLAN)
    )  # fmt: skip
    receiver.node = replace(receiver.node, core=MemoryCore({half.account: {}}))
    receiver.desk = replace(receiver.desk, pays_persons=True)
    with receiver.files.begin() as unit:
        deals.put_facts(unit, receiver.desk, case, replace(half, wanted=wanted))
    two.two.carry()
    tax = {"nonresident_alien": False, "earlier": {"taxable_cents": 0, "withheld_cents": 0}}
    answered = two.answer(two.pays.db.ids.new(RolloverId), tax=tax)
    two.sign(case)
    roth = Order(bytes([9]) * 32, Side.SOURCE, str(two.pays.leaver), (Part(0, int(Kind.ROTH), 100_00),))
    assert isinstance(two.pays.core().hold(roth), Done)
    of: dict[str, Any] = {"tenant_id": two.pays.sponsor, "plan_id": two.pays.plan}
    told = {"tax": tax, "roth_basis_cents": 80_00}
    tell(two.pays.db, actor=TESTER, node=two.source, **of, rollover_id=answered.rollover_id, told=told)
    two.two.ready()
    two.two.carry()
    two.two.run()
    assert receiver.file(case).state is State.POSTED
    for _ in range(2):
        (out,) = follow(two.pays.db, actor=TESTER, node=two.source, **of)
    assert out.booked is not None
    assert [(each.into, each.cents, each.taxable_cents, each.withheld_cents) for each in out.booked.parts] == [
        ("person", 400_00, 400_00, 80_00), ("plan", 800_00, 0, 0),
    ]  # fmt: skip
    assert (out.told[WITHHELD].told, out.withheld_otherwise) == (80_00, None)


class Otherwise(DealNode):
    """A node whose chain tells of other cents, or of none yet."""

    cents: int | None = None

    def withheld(self, case: str) -> int | None:
        return self.cents


def test_tax_that_the_network_withheld_otherwise_is_somebodys_and_stays_on_the_pages(two: Plans) -> None:
    of: dict[str, Any] = {"tenant_id": two.pays.sponsor, "plan_id": two.pays.plan}
    node, rollover_id = Otherwise(two.two.source, two.two.world), two.pays.db.ids.new(RolloverId)
    wanted = [{"kind": "pre_tax", "into": "person", "cents": 400_00}]
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        recordkeeping.ask_rollover(tx, **of, rollover_id=rollover_id, employee_id=two.pays.leaver, way=RolloverWay.OUT)
        recordkeeping.tell_rollover(tx, **of, rollover_id=rollover_id, told={"wanted": wanted, CASE: "case"})
    order = Order(bytes([7]) * 32, Side.SOURCE, str(two.pays.leaver), (Part(0, 0, 400_00),))
    for act in (two.pays.core().hold, two.pays.core().post):
        assert isinstance(act(order), Done)

    def looked() -> list[tuple[str, str]]:
        with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
            assert recordkeeping.rollovers_to_follow(tx) == [(two.pays.sponsor, two.pays.plan)]
        made = follow_plan(two.pays.db, TESTER, node, two.pays.sponsor, two.pays.plan)
        two.pays.clock.advance(FOLLOW_AGAIN_AFTER)
        return [(each.owner.value, each.message) for each in made.problems]

    ((owner, message),) = looked()
    assert (owner, "no commit of it" in message) == ("operations", True)
    node.cents = 70_00
    assert looked() == [("plan administrator", "The network withheld $70.00, and by the books it is $80.00.")]
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        assert recordkeeping.rollovers_to_follow(tx) == []
        told = [each.detail for each in duties._rollovers(tx, two.pays.sponsor, two.pays.plan, two.pays.today())]
        detail = rollovers.load_one(tx, **of, rollover_id=rollover_id)
    assert told[0] == "by the plan administrator: $70.00 by the network, $80.00 by the books"
    assert detail is not None
    assert (detail.differs, detail.withheld) == (Money(80_00), Money(70_00))
    (problem,) = verify(two.pays.db, actor=TESTER, tenants=[two.pays.sponsor]).problems
    assert problem.message == "the books say that 8000 cents were withheld, the network 7000"
    settle = withheld_rollovers.settle
    services = cast("Services", SimpleNamespace(db=two.pays.db, rollovers=None))

    def said(legs: dict[int, str], why: str = "the bank's statement") -> Any:
        return settle(services, actor=TESTER, **of, rollover_id=rollover_id, legs=legs, why=why)

    for legs, why, words in (
        ({1: "70.00"}, "x", "legs: paid to the person"), ({0: "400.01"}, "x", "cannot be withheld of"),
        ({0: "70"}, " ", "why: a reason"), ({0: "7O"}, "x", "leg 0"),
    ):  # fmt: skip
        with pytest.raises(ProblemError) as wrong:
            said(legs, why)
        assert words in wrong.value.problem.detail
    for _ in range(2):
        found = said({0: "70.00"})
    assert (found.differs, found.withheld, found.settled.withheld) == (None, Money(70_00), Money(70_00))
    assert found.settled.why == "the bank's statement"
    assert verify(two.pays.db, actor=TESTER, tenants=[two.pays.sponsor]).problems == []
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        assert duties._rollovers(tx, two.pays.sponsor, two.pays.plan, two.pays.today()) == []
        kept = recordkeeping.get_rollover_request(tx, **of, rollover_id=rollover_id)
    assert not isinstance(kept, Refused)
    assert kept.as_withheld is not None
    (form,) = forms_of(kept.as_withheld, born_on=date(1980, 1, 1)) or ()
    assert not isinstance(form, Refused)
    assert (form.box_1_gross_cents, form.box_4_withheld_cents) == (400_00, 70_00)
    assert said({0: "80.00"}, "the bank corrected its statement").settled.withheld == Money(80_00)  # the newest counts
    rollover_id = two.pays.db.ids.new(RolloverId)  # one of which the node's file was erased before it was read
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        recordkeeping.ask_rollover(tx, **of, rollover_id=rollover_id, employee_id=two.pays.leaver, way=RolloverWay.OUT)
        recordkeeping.tell_rollover(tx, **of, rollover_id=rollover_id, told={"wanted": wanted, CASE: "erased"})
    order = Order(bytes([8]) * 32, Side.SOURCE, str(two.pays.leaver), (Part(0, 0, 400_00),))
    for act in (two.pays.core().hold, two.pays.core().post):
        assert isinstance(act(order), Done)
    node.cents = None
    two.pays.clock.advance(timedelta(days=1))
    assert looked()[0][0] == "operations"
    assert said({0: "80.00"}, "our own ledger of deposits").unread is False
    two.pays.clock.advance(FOLLOW_AGAIN_AFTER)
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        assert recordkeeping.rollovers_to_follow(tx) == []
        assert duties._rollovers(tx, two.pays.sponsor, two.pays.plan, two.pays.today()) == []

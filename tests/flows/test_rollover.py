"""A rollover from one plan here to another: asked, answered, followed, killed and repeated; no cent is lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from tests.flows.rollover_nodes import DealNode, Plans, plans
from tests.flows.rollovers import World
from tests.rails.node.going_back import Back
from tests.support.database import TESTER
from tests.support.flows import run_with_a_stop

from open401k import census, ledger, recordkeeping
from open401k.base.db import Actor, Database
from open401k.flows import rollover_send
from open401k.flows.rollover import Asked, ask_into, follow, release, tell
from open401k.flows.rollover_forms import forms_of
from open401k.flows.rollover_invalid import Which, determine, pay_back
from open401k.flows.rollover_node import NodeRefusedError, Standing
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Money, Refused, RolloverId, Source
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node.cases import State
from open401k.rails.node.core import Done, Order, Part, Side
from open401k.rails.node.core import Refused as CoreRefused
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted
from open401k.rails.preflight.reasons import Code
from open401k.recordkeeping import (
    STATE,
    InvalidRefusal,
    InvalidRollover,
    RolloverRefusal,
    RolloverRequest,
    RolloverWay,
    WhyInvalid,
)


@pytest.fixture
def two(db: Database, clock: FixedClock) -> Plans:
    return plans(db, clock)


def reasons(request: RolloverRequest) -> list[str]:
    return [each["code"] for each in request.told[STATE].told["reasons"]]


def in_both(two: Plans) -> int:
    """Cash of people in both plans, and what is on its way between them."""
    total = 0
    for each in (two.pays, two.takes):
        with each.db.begin(TESTER, tenants=[each.sponsor]) as tx:
            held = ledger.balances(tx, tenant_id=each.sponsor, plan_id=each.plan)
        total += held.total(ledger.Kind.PARTICIPANT)
    return total


def proven(two: Plans) -> list[str]:
    found = [verify(each.db, actor=TESTER, tenants=[each.sponsor]) for each in (two.pays, two.takes)]
    return [problem.message for proof in found for problem in proof.problems]


def followed(each: World, node: DealNode) -> list[RolloverRequest]:
    return follow(each.db, actor=TESTER, node=node, tenant_id=each.sponsor, plan_id=each.plan)


def test_money_moves_from_one_plan_to_the_other_and_nothing_known_is_typed(two: Plans) -> None:
    before, ids = in_both(two), two.pays.db.ids
    asked = two.ask(ids.new(RolloverId))
    told = two.answer(ids.new(RolloverId), holds=None, approved=None)
    assert reasons(told) == [
        str(int(each)) for each in (Code.ORDER_PENDING, Code.LEGAL_HOLD, Code.NOT_APPROVED_BY_PLAN)
    ]
    fine = {"order_pending": False, "levy": False, "bankruptcy": False, "other_legal": False}
    told_now = tell(
        two.pays.db, actor=TESTER, node=two.source, tenant_id=two.pays.sponsor, plan_id=two.pays.plan,
        rollover_id=told.rollover_id, told={"holds": fine, "approved": True},
    )  # fmt: skip
    assert isinstance(told_now, RolloverRequest)
    assert reasons(told_now) == []
    two.two.carry()
    two.settle(str(asked.rollover_id))
    assert two.two.receiver.file(str(asked.rollover_id)).state is State.POSTED
    # Money flow: pre-tax 1,000.00, match 200.00 (40 % vested), Roth 100.00 -> rollover 1,200.00, Roth rollover 100.00
    assert two.pays.held(two.pays.leaver) == {
        Source.PRE_TAX: 0,
        Source.ROTH: 0,
        Source.MATCH: 300_00,
        Source.ROLLOVER: 0,
    }
    came = two.takes.held(two.takes.leaver)
    assert (came[Source.ROLLOVER], came[Source.ROTH_ROLLOVER]) == (1_200_00, 100_00)
    assert in_both(two) == before
    assert proven(two) == []
    ((out,), (into,)) = (followed(each, node) for each, node in ((two.pays, two.source), (two.takes, two.receiver)))
    assert out.booked is not None
    assert into.booked is not None
    assert (out.booked.rollover, out.booked.cents) == (into.booked.rollover, 1_300_00)
    assert [(part.kind, part.into) for part in out.booked.parts] == [("pre_tax", "plan"), ("roth", "plan")]
    roth = into.booked.parts[1]
    assert (roth.basis_cents, roth.roth_since) == (80_00, 2021)
    forms = forms_of(out.booked, born_on=date(1980, 1, 1))
    assert forms is not None
    assert [
        (form.box_1_gross_cents, form.box_2a_taxable_cents, form.box_5_basis_cents, form.box_11_roth_first_year)
        for form in forms
        if not isinstance(form, Refused)
    ] == [(1_200_00, 0, 0, None), (100_00, 0, 80_00, 2021)]
    assert not out.open
    with two.takes.db.begin(TESTER, tenants=[two.takes.sponsor]) as tx:
        (person,) = census.roster(tx, tenant_id=two.takes.sponsor, employee_ids=[two.takes.leaver])
        now = recordkeeping.releasable(
            tx, tenant_id=two.takes.sponsor, plan_id=two.takes.plan, person=person, on=two.takes.today()
        )
    # The clock of the first plan goes on here (IRC 402A(d)(2)(B)), and so does its basis.
    assert (now.roth.first_year, now.roth.basis_cents, now.opened) == (2021, 80_00, None)


def asked_back(two: Plans, into: RolloverRequest, cents: int) -> Back:
    """The custodian that paid asks back so much, from the account into which it went."""
    came = two.two.receiver.deal(str(into.rollover_id)).receiving
    assert came is not None
    back = Back(two.two)
    back.ask(
        half=replace(
            came, member=two.two.source.desk.us, account=str(two.pays.leaver), source_account=into.account,
            mode=Mode.FIXED, wanted=(Wanted(Kind.PRE_TAX, Into.PLAN, cents),),
        )
    )  # fmt: skip
    two.two.carry()
    return back


def test_what_came_goes_back_from_the_account_into_which_it_came(two: Plans) -> None:
    before, ids = in_both(two), two.pays.db.ids
    asked = two.ask(ids.new(RolloverId))
    two.answer(ids.new(RolloverId))
    two.settle(str(asked.rollover_id))
    left, day = census.Terminated(), two.takes.today() - timedelta(days=1)  # who works there is paid nothing yet
    with two.takes.db.begin(TESTER, tenants=[two.takes.sponsor]) as tx:
        census.record_fact(tx, tenant_id=two.takes.sponsor, employee_id=two.takes.leaver, fact=left, event_on=day)
    back = asked_back(two, asked, 200_00)
    known = two.known()
    paid = {label: each for label, each in known["file"].items() if not label.startswith("amounts[")}
    known["file"] = paid | {"amounts[rollover_pre_tax].earnings_cents": "0"}
    told = Asked(two.takes.sponsor, two.takes.plan, ids.new(RolloverId), two.takes.leaver, known)
    others = replace(told, employee_id=two.takes.worker)
    refused = release(two.takes.db, actor=TESTER, node=two.receiver, asked=others, case=back.given())
    assert isinstance(refused, Refused)  # the account is the leaver's
    assert refused.reason is RolloverRefusal.PERSON_UNKNOWN
    given = release(two.takes.db, actor=TESTER, node=two.receiver, asked=told, case=back.given())
    assert isinstance(given, RolloverRequest)
    assert (given.account, reasons(given)) == (asked.account, [])
    two.two.carry()
    back.sign()
    two.two.carry()
    back.ready()
    two.two.carry()
    two.two.run()
    (out,) = [each for each in followed(two.takes, two.receiver) if each.way is RolloverWay.OUT]
    assert out.booked is not None  # the posting found its request
    assert (out.rollover_id, out.booked.cents) == (given.rollover_id, 200_00)
    # Money flow: rollover 200.00 of the plan that had received -> rollover of the plan that had paid
    assert two.takes.held(two.takes.leaver)[Source.ROLLOVER] == 1_000_00
    assert two.pays.held(two.pays.leaver)[Source.ROLLOVER] == 200_00
    assert in_both(two) == before
    assert proven(two) == []


def terminated(two: Plans) -> None:
    """Who works there is paid nothing yet."""
    left, day = census.Terminated(), two.takes.today() - timedelta(days=1)
    with two.takes.db.begin(TESTER, tenants=[two.takes.sponsor]) as tx:
        census.record_fact(tx, tenant_id=two.takes.sponsor, employee_id=two.takes.leaver, fact=left, event_on=day)


def came(two: Plans) -> Which:
    """$1,200.00 that was not taxed, and $100.00 Roth, in the plan that receives."""
    asked = two.ask(two.pays.db.ids.new(RolloverId))
    two.answer(two.pays.db.ids.new(RolloverId))
    two.settle(str(asked.rollover_id))
    terminated(two)
    return Which(two.takes.sponsor, two.takes.plan, asked.rollover_id)


OWNER = Actor(kind="user", id="usr_owner", why="decides")


def paid_back(two: Plans, which: Which) -> InvalidRollover | Refused[Any]:
    return pay_back(two.takes.db, actor=OWNER, which=which, withheld_cents=0, earnings={Source.ROLLOVER: 0})


def invalid(two: Plans, which: Which, cents: int) -> InvalidRollover | Refused[InvalidRefusal]:
    return determine(
        two.takes.db, actor=OWNER, which=which, why=WhyInvalid.NOT_ELIGIBLE, detail="a letter", legs={0: cents}
    )


def returned(two: Plans, which: Which, back: Back) -> RolloverRequest | Refused[RolloverRefusal]:
    known = two.known()
    paid = {label: each for label, each in known["file"].items() if not label.startswith("amounts[")}
    known["file"] = paid | {"amounts[rollover_pre_tax].earnings_cents": "0"}
    told = Asked(which.tenant_id, which.plan_id, two.pays.db.ids.new(RolloverId), two.takes.leaver, known)
    return release(two.takes.db, actor=TESTER, node=two.receiver, asked=told, case=back.given())


def into_of(two: Plans, which: Which) -> RolloverRequest:
    with two.takes.db.begin(TESTER, tenants=[which.tenant_id]) as tx:
        (found,) = recordkeeping.rollover_requests(
            tx, tenant_id=which.tenant_id, plan_id=which.plan_id, rollover_ids=[which.rollover_id]
        )
    return found


def test_what_was_found_invalid_does_not_go_back_over_the_rails_too(two: Plans) -> None:
    which = came(two)
    assert isinstance(invalid(two, which, 1_000_00), InvalidRollover)
    back = asked_back(two, into_of(two, which), 200_01)
    refused = returned(two, which, back)
    assert isinstance(refused, Refused)
    assert refused.reason is RolloverRefusal.FOUND_INVALID
    assert "$1,000.00 of rollover" in refused.message
    assert "at most $200.00 of rollover" in refused.fix
    # Also where the plan was never asked: its books hold nothing for it.
    part, account = Part(0, int(Kind.PRE_TAX), 200_01), into_of(two, which).account
    held = two.takes.core().hold(Order(bytes([7]) * 32, Side.SOURCE, account, (part,)))
    assert isinstance(held, CoreRefused)
    assert held.code == 465
    less = two.takes.core().hold(Order(bytes([8]) * 32, Side.SOURCE, account, (replace(part, cents=200_00),)))
    assert isinstance(less, Done)


def test_what_goes_back_over_the_rails_is_not_found_invalid_too(two: Plans) -> None:
    which = came(two)
    back = asked_back(two, into_of(two, which), 200_00)
    given = returned(two, which, back)
    assert isinstance(given, RolloverRequest)
    still = invalid(two, which, 1)
    assert isinstance(still, Refused)
    assert still.reason is InvalidRefusal.RETURN_IS_OPEN
    assert str(given.rollover_id) in still.message
    two.two.carry()
    back.sign()
    two.two.carry()
    back.ready()
    two.two.carry()
    two.two.run()
    followed(two.takes, two.receiver)
    went = invalid(two, which, 1_000_01)
    assert isinstance(went, Refused)
    assert went.reason is InvalidRefusal.WENT_BACK
    assert "$200.00 of rollover went back" in went.message
    with two.takes.db.begin(TESTER, tenants=[which.tenant_id]) as tx:
        (out,) = [
            each for each in recordkeeping.rollovers_booked(tx, tenant_id=which.tenant_id, plan_id=which.plan_id)
            if each.way is RolloverWay.OUT
        ]  # fmt: skip
    assert out.gives_back == which.rollover_id  # the fact says what it gave back
    assert isinstance(invalid(two, which, 1_000_00), InvalidRollover)
    assert proven(two) == []


def test_what_the_books_hold_to_go_back_is_an_open_return_also_without_a_request(two: Plans) -> None:
    """A request ends with its case; a node that tries again, or that was never asked here, holds without one."""
    which, core = came(two), two.takes.core()
    account, part = into_of(two, which).account, Part(0, int(Kind.PRE_TAX), 200_00)
    assert isinstance(core.hold(Order(bytes([7]) * 32, Side.SOURCE, str(two.takes.leaver), (part,))), Done)
    assert isinstance(core.hold(Order(bytes([8]) * 32, Side.SOURCE, account, (part,))), Done)
    still = invalid(two, which, 1_000_00)
    assert isinstance(still, Refused)
    assert still.reason is InvalidRefusal.RETURN_IS_OPEN
    assert bytes([8]).hex() * 32 in still.message
    assert bytes([7]).hex() * 32 not in still.message  # of other money
    core.release(bytes([8]) * 32, Side.SOURCE)
    assert isinstance(invalid(two, which, 1_000_00), InvalidRollover)
    assert isinstance(core.hold(Order(bytes([9]) * 32, Side.SOURCE, account, (part,))), Done)  # what is valid of it
    unpaid = paid_back(two, which)
    assert isinstance(unpaid, Refused)
    assert unpaid.reason is InvalidRefusal.RETURN_IS_OPEN
    core.release(bytes([9]) * 32, Side.SOURCE)
    assert isinstance(paid_back(two, which), InvalidRollover)


@dataclass
class Asking(DealNode):
    """A node with a case in which so much is asked back, whatever else it has."""

    account: str = ""
    cents: int = 0

    def standing(self, case: str) -> Standing:
        wanted = (Wanted(Kind.PRE_TAX, Into.PLAN, self.cents),)
        return Standing(case, "data_requested", source_account=self.account, wanted=wanted)

    def put(self, case: str, *, half: ReceivingHalf | ReleasingHalf) -> Standing:
        return self.standing(case)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Each on a connection of its own, all at the same time; what each answered."""
    start, done = Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        start.wait(timeout=30)
        done[place] = work()

    threads = [Thread(target=run, args=each) for each in enumerate(works)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=60)
    return done


def test_two_returns_at_once_give_back_no_more_than_is_left(two: Plans) -> None:
    which = came(two)
    assert isinstance(invalid(two, which, 1_000_00), InvalidRollover)  # $200.00 of $1,200.00 are left
    account, known = into_of(two, which).account, two.known()
    asked = [
        Asked(which.tenant_id, which.plan_id, two.pays.db.ids.new(RolloverId), two.takes.leaver, known) for _ in "ab"
    ]

    def asks(place: int) -> Any:
        node = Asking(
            two.two.receiver, two.two.world, account=account, cents=150_00 + place
        )  # other amounts: told apart
        return release(two.takes.db, actor=TESTER, node=node, asked=asked[place], case=f"case{place}")

    answers = at_once(lambda: asks(0), lambda: asks(1))
    (refused,) = [each for each in answers if isinstance(each, Refused)]
    (given,) = [each for each in answers if isinstance(each, RolloverRequest)]
    assert refused.reason is RolloverRefusal.FOUND_INVALID
    promised = given.told["wanted"].told[0]["cents"]
    assert f"{Money(promised)} of rollover to go back by another return" in refused.message
    assert f"at most {Money(200_00 - promised)} of rollover" in refused.fix

    def holds(number: int) -> Any:
        order = Order(bytes([number]) * 32, Side.SOURCE, account, (Part(0, int(Kind.PRE_TAX), 150_00),))
        return two.takes.core().hold(order)

    kept = at_once(lambda: holds(7), lambda: holds(8))  # a node that asks the plan nothing holds no more either
    assert sorted(type(each).__name__ for each in kept) == ["Done", "Refused"]
    assert {each.code for each in kept if isinstance(each, CoreRefused)} == {465}


def test_a_return_of_valid_money_is_bounded_by_what_came_and_what_is_to_go(two: Plans) -> None:
    which, core = came(two), two.takes.core()
    account = into_of(two, which).account

    def hold(number: int, cents: int) -> Any:
        return core.hold(Order(bytes([number]) * 32, Side.SOURCE, account, (Part(0, int(Kind.PRE_TAX), cents),)))

    assert isinstance(hold(7, 700_00), Done)
    assert isinstance(hold(7, 700_00), Done)  # the same again is the same
    beside = hold(8, 500_01)
    assert isinstance(beside, CoreRefused)
    assert "$700.00 of rollover to go back by another return" in beside.words
    assert isinstance(hold(9, 500_00), Done)


@pytest.mark.parametrize("point", rollover_send.BOUNDARIES)
def test_stopped_anywhere_it_is_asked_and_answered_once(two: Plans, point: str) -> None:
    ids = two.pays.db.ids
    one, other = ids.new(RolloverId), ids.new(RolloverId)
    asked = run_with_a_stop(point, lambda: two.ask(one))
    told = run_with_a_stop(point, lambda: two.answer(other))
    assert (asked.case, told.case) == (str(one), two.two.source.only())
    assert two.two.receiver.only() == str(one)
    for each in (two.pays, two.takes):
        with each.db.begin(TESTER, tenants=[each.sponsor]) as tx:
            assert len(recordkeeping.rollover_requests(tx, tenant_id=each.sponsor, plan_id=each.plan)) == 1


@pytest.mark.parametrize(
    "point", ["ledger.after_lines_before_balances", "node.after_core_hold", "node.after_core_post"]
)
def test_a_node_that_dies_while_it_books_books_once(two: Plans, point: str) -> None:
    before, ids = in_both(two), two.pays.db.ids
    asked = two.ask(ids.new(RolloverId))
    two.answer(ids.new(RolloverId))
    two.sign(str(asked.rollover_id))
    two.two.ready()
    two.two.carry()
    run_with_a_stop(point, two.two.run)
    assert in_both(two) == before
    assert [len(followed(two.pays, two.source)), proven(two)] == [1, []]
    (into,) = followed(two.takes, two.receiver)
    assert into.booked is not None


def test_a_node_that_does_not_answer_loses_nothing(two: Plans) -> None:
    rollover_id = two.pays.db.ids.new(RolloverId)
    node = DealNode(two.two.receiver, two.two.world, silent=True)
    wish = Asked(two.takes.sponsor, two.takes.plan, rollover_id, two.takes.leaver, two.wish())
    with pytest.raises(NodeRefusedError):
        ask_into(two.takes.db, actor=TESTER, node=node, asked=wish)
    (found,) = followed(two.takes, two.receiver)
    assert (found.case, found.told[STATE].told["state"]) == (str(rollover_id), "data_requested")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"wanted": [{"kind": "after_tax", "into": "plan"}]}, RolloverRefusal.KIND_NOT_TAKEN),
        ({"wanted": [{"kind": "pre_tax", "into": "roth_ira"}]}, RolloverRefusal.KIND_NOT_TAKEN),
        ({"wanted": [{"kind": "pre_tax", "into": "person"}]}, RolloverRefusal.KIND_NOT_TAKEN),
        ({"wanted": []}, RolloverRefusal.FACTS_WRONG),
        ({"deadline": "soon", "colour": "red"}, RolloverRefusal.FACTS_WRONG),
    ],
)
def test_what_the_plan_does_not_take_is_refused_and_nothing_is_kept(
    two: Plans, change: dict[str, Any], why: RolloverRefusal
) -> None:
    wish = Asked(
        two.takes.sponsor, two.takes.plan, two.takes.db.ids.new(RolloverId), two.takes.leaver, two.wish(**change)
    )
    refused = ask_into(two.takes.db, actor=TESTER, node=two.receiver, asked=wish)
    assert isinstance(refused, Refused)
    assert refused.reason is why
    assert followed(two.takes, two.receiver) == []


def test_who_left_asks_for_nothing(two: Plans) -> None:
    gone = Asked(two.pays.sponsor, two.pays.plan, two.pays.db.ids.new(RolloverId), two.pays.leaver, two.wish())
    refused = ask_into(two.pays.db, actor=TESTER, node=two.receiver, asked=gone)
    assert isinstance(refused, Refused)
    assert refused.reason is RolloverRefusal.NOT_EMPLOYED


def test_two_come_at_once_and_each_posting_finds_its_own_request(two: Plans) -> None:
    ids, core = two.takes.db.ids, two.takes.core()
    asked = [two.ask(ids.new(RolloverId)) for _ in range(2)]
    assert len({each.account for each in asked}) == 2
    for number, each in reversed(list(enumerate(asked, start=1))):
        order = Order(bytes([number]) * 32, Side.RECEIVER, each.account, (Part(0, 0, number * 100_00),))
        core.hold(order)
        core.post(order)
    found = {each.rollover_id: each.booked for each in followed(two.takes, two.receiver)}
    assert [found[each.rollover_id] is not None for each in asked] == [True, True]
    assert [booked.cents for each in asked if (booked := found[each.rollover_id]) is not None] == [100_00, 200_00]
    assert two.takes.held(two.takes.leaver)[Source.ROLLOVER] == 300_00


def test_two_go_at_once_where_their_postings_can_be_told_apart(two: Plans) -> None:
    ids = two.pays.db.ids
    two.ask(ids.new(RolloverId), wanted=[{"kind": "pre_tax", "into": "plan", "cents": 100_00}], mode="fixed")
    first = two.answer(ids.new(RolloverId))
    case = two.two.source.only()
    again = Asked(two.pays.sponsor, two.pays.plan, ids.new(RolloverId), two.pays.leaver, two.known())
    refused = release(two.pays.db, actor=TESTER, node=two.source, asked=again, case=case)
    assert isinstance(refused, Refused)
    assert refused.reason is RolloverRefusal.ONE_IS_OPEN
    one, other = first.told["wanted"].told, [{"kind": "pre_tax", "into": "plan", "cents": 200_00}]
    assert not recordkeeping.confusable(one, other)
    assert recordkeeping.confusable(one, [{"kind": "pre_tax", "into": "person"}])
    assert not recordkeeping.confusable(one, [*one, *other])
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        second = ids.new(RolloverId)
        of: dict[str, Any] = {"tenant_id": two.pays.sponsor, "plan_id": two.pays.plan, "rollover_id": second}
        recordkeeping.ask_rollover(tx, **of, employee_id=two.pays.leaver, way=RolloverWay.OUT)
        recordkeeping.tell_rollover(tx, **of, told={"wanted": other})
        both = recordkeeping.rollover_requests(tx, tenant_id=two.pays.sponsor, plan_id=two.pays.plan)
    mine: dict[str, Any] = {
        "employee_id": two.pays.leaver, "way": RolloverWay.OUT, "account": str(two.pays.leaver),
    }  # fmt: skip
    matched = [recordkeeping.open_request_of(both, **mine, legs=[("pre_tax", cents)]) for cents in (100_00, 200_00, 3)]
    assert [None if each is None else each.rollover_id for each in matched] == [first.rollover_id, second, None]

"""After-tax money comes in with its basis, apart from its earnings, and goes out again as what it is."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.rollover_nodes import Plans, plans
from tests.flows.rollovers import TERMS
from tests.support.database import TESTER

from open401k import census, recordkeeping
from open401k.base.db import Database
from open401k.flows.rollover_core import plan_core
from open401k.flows.rollover_forms import forms_of
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Refused, RolloverId, Source
from open401k.plan import RolloverKind
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.codes import KIND_NOT_TAKEN
from open401k.rails.node.core import Done, Order, Part, Side
from open401k.rails.node.core import Refused as CoreRefused
from open401k.recordkeeping import STATE, RolloverPart, RolloverWay

TAKING = replace(TERMS, takes=(*TERMS.takes, RolloverKind.AFTER_TAX))
#: Everything that the books of the first plan hold of the leaver: what was contributed after tax, and what it earned.
WANTED = [{"kind": kind, "into": "plan"} for kind in ("pre_tax", "roth", "after_tax")]


@pytest.fixture
def two(db: Database, clock: FixedClock) -> Plans:
    # Notice 2014-54 IV Ex. 2 to 4 pay $20,000.00 after-tax of $100,000.00: here it goes on into a plan.
    return plans(db, clock, taking=TAKING, after_tax_cents=20_000_00)


def answered(two: Plans, basis: int | None) -> list[str]:
    """The paying plan says what of its after-tax money is basis; what keeps the rollover from being signed."""
    file = two.known()["file"] | {"amounts[after_tax].earnings_cents": "0"}
    told: dict[str, Any] = {} if basis is None else {"after_tax_basis_cents": basis}
    out = two.answer(two.pays.db.ids.new(RolloverId), file=file, **told)
    return [each["code"] for each in out.told[STATE].told["reasons"]]


def brought(two: Plans) -> recordkeeping.RolloverBooked:
    with two.takes.db.begin(TESTER, tenants=[two.takes.sponsor]) as tx:
        found = recordkeeping.rollovers_booked(tx, tenant_id=two.takes.sponsor, plan_id=two.takes.plan)
    (booked,) = [each for each in found if each.way is RolloverWay.INTO]
    return booked


def problems(two: Plans) -> list[str]:
    return [each.message for each in verify(two.takes.db, actor=TESTER, tenants=[two.takes.sponsor]).problems]


def test_it_lands_apart_with_its_basis_and_leaves_as_basis(two: Plans) -> None:
    asked = two.ask(two.takes.db.ids.new(RolloverId), wanted=WANTED)
    assert answered(two, 20_000_00) == []
    two.settle(str(asked.rollover_id))
    # Money flow: after-tax 20,000.00 -> after-tax rollover; pre-tax and match 1,200.00 -> rollover; Roth 100.00
    held = two.takes.held(two.takes.leaver)
    assert {each: held[each] for each in Source if each.is_rollover} == {
        Source.ROLLOVER: 1_200_00, Source.ROTH_ROLLOVER: 100_00, Source.AFTER_TAX_ROLLOVER: 20_000_00,
    }  # fmt: skip
    parts = {each.kind: (each.cents, each.basis_cents) for each in brought(two).parts}
    assert parts == {"pre_tax": (1_200_00, 0), "roth": (100_00, 80_00), "after_tax": (20_000_00, 20_000_00)}
    assert problems(two) == []
    left, day = census.Terminated(), two.takes.today() - timedelta(days=1)
    of: dict[str, Any] = {"tenant_id": two.takes.sponsor, "plan_id": two.takes.plan}
    with two.takes.db.begin(TESTER, tenants=[two.takes.sponsor]) as tx:
        census.record_fact(tx, tenant_id=two.takes.sponsor, employee_id=two.takes.leaver, fact=left, event_on=day)
        (person,) = census.roster(tx, tenant_id=two.takes.sponsor, employee_ids=[two.takes.leaver])
        now = recordkeeping.releasable(tx, **of, person=person, on=two.takes.today())
    assert (now.after_tax.account_cents, now.after_tax.basis_cents) == (20_000_00, 20_000_00)
    order = Order(bytes([7]) * 32, Side.SOURCE, str(two.takes.leaver), (Part(0, 2, 15_000_00, basis=15_000_00),))
    for act in (two.takes.core().hold, two.takes.core().post):
        assert isinstance(act(order), Done)
    with two.takes.db.begin(TESTER, tenants=[two.takes.sponsor]) as tx:
        now = recordkeeping.releasable(tx, **of, person=person, on=two.takes.today())
    assert (now.after_tax.account_cents, now.after_tax.basis_cents) == (5_000_00, 5_000_00)
    assert problems(two) == []


@pytest.mark.parametrize(("basis", "code"), [(None, "475"), (18_000_00, "475")])
def test_what_is_not_basis_does_not_come_as_after_tax_money(two: Plans, basis: int | None, code: str) -> None:
    # IRC 402(c)(2): what would be taxed is pre-tax money, also where it was earned on after-tax contributions.
    two.ask(two.takes.db.ids.new(RolloverId), wanted=WANTED)
    assert code in answered(two, basis)


def test_terms_that_do_not_name_it_take_none_of_it(two: Plans) -> None:
    order = Order(bytes([8]) * 32, Side.RECEIVER, str(two.pays.leaver), (Part(0, 2, 1_00, basis=1_00),))
    core = plan_core(two.pays.db, actor=TESTER, plan_id=two.pays.plan, today=two.pays.today)
    answer = core.hold(order)
    assert isinstance(answer, CoreRefused)
    assert answer.code == KIND_NOT_TAKEN


def test_a_fact_with_earnings_in_it_is_found_and_a_payment_reports_its_basis(two: Plans) -> None:
    core = two.takes.core()
    order = Order(bytes([9]) * 32, Side.RECEIVER, str(two.takes.leaver), (Part(0, 2, 100_00, basis=90_00),))
    core.hold(order)
    core.post(order)
    assert problems(two) == ["after-tax money is not basis alone: its earnings come as pre-tax money"]
    part = RolloverPart(
        0, Kind.AFTER_TAX.name.lower(), 20_000_00, {Source.AFTER_TAX_ROLLOVER: 20_000_00}, 20_000_00, None,
        Into.ROTH_IRA.name.lower(), 0,
    )  # fmt: skip
    paid = replace(brought(two), way=RolloverWay.OUT, parts=(part,))
    (form,) = forms_of(paid, born_on=date(1980, 1, 1)) or ()
    assert not isinstance(form, Refused)
    assert (form.box_7_codes, form.box_1_gross_cents, form.box_2a_taxable_cents, form.box_5_basis_cents) == (
        "G", 20_000_00, 0, 20_000_00
    )  # fmt: skip

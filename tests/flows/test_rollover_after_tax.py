"""After-tax money comes in with its basis, apart from its earnings, and goes out again as what it is."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.rollover_nodes import Plans, plans
from tests.flows.rollovers import TERMS, World
from tests.support.database import TESTER

from open401k import census, recordkeeping
from open401k.base.db import Database
from open401k.flows.rollover_after_tax import AfterTaxPaid, after_tax_paid
from open401k.flows.rollover_core import plan_core
from open401k.flows.rollover_forms import forms_of
from open401k.flows.verify import verify
from open401k.kernel import EmployeeId, FixedClock, Refused, RolloverId, Source
from open401k.law.after_tax_basis import recover_basis
from open401k.law.distribution_events import Event
from open401k.plan import RolloverKind
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.codes import KIND_NOT_TAKEN
from open401k.rails.node.core import Done, Order, Part, Side
from open401k.rails.node.core import Refused as CoreRefused
from open401k.recordkeeping import STATE, OpenedBy, RolloverPart, RolloverWay
from open401k.recordkeeping.rollover_release import TaxedMoney

TAKING = replace(TERMS, takes=(*TERMS.takes, RolloverKind.AFTER_TAX))
#: Everything that the books of the first plan hold of the leaver: what was contributed after tax, and what it earned.
WANTED = [{"kind": kind, "into": "plan"} for kind in ("pre_tax", "roth", "after_tax")]


@pytest.fixture
def two(db: Database, clock: FixedClock) -> Plans:
    # Notice 2014-54 IV Ex. 2 to 4 pay $20,000.00 after-tax of $100,000.00: here it goes on into a plan.
    return plans(db, clock, taking=TAKING, after_tax_cents=20_000_00)


def answered(two: Plans, basis: int | None, earned: int = 0, but: str = "-") -> list[str]:
    """The paying plan says what of its after-tax money is basis; what keeps the rollover from being signed."""
    file = two.known()["file"] | {"amounts[after_tax].earnings_cents": str(earned)}
    file = {name: told for name, told in file.items() if but not in name}
    told: dict[str, Any] = {} if basis is None else {"after_tax_basis_cents": basis}
    out = two.answer(two.pays.db.ids.new(RolloverId), file=file, **told)
    return [each["code"] for each in out.told[STATE].told["reasons"]]


def brought(two: Plans) -> recordkeeping.RolloverBooked:
    return booked_of(two.takes, RolloverWay.INTO)


def went(two: Plans) -> recordkeeping.RolloverBooked:
    return booked_of(two.pays, RolloverWay.OUT)


def booked_of(plan: World, way: RolloverWay) -> recordkeeping.RolloverBooked:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = recordkeeping.rollovers_booked(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    (booked,) = [each for each in found if each.way is way]
    return booked


def problems(two: Plans, plan: World | None = None) -> list[str]:
    of = plan or two.takes
    return [each.message for each in verify(of.db, actor=TESTER, tenants=[of.sponsor]).problems]


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


def test_a_basis_that_nobody_tells_is_asked_for(two: Plans) -> None:
    two.ask(two.takes.db.ids.new(RolloverId), wanted=WANTED)
    assert "475" in answered(two, None)


def test_earnings_leave_with_their_basis_as_pre_tax_money(two: Plans) -> None:
    # IRC 402(c)(2), 402(c)(2)(A): what would be taxed is pre-tax money, also what after-tax contributions earned.
    asked = two.ask(two.takes.db.ids.new(RolloverId), wanted=WANTED)
    assert answered(two, 18_000_00, earned=2_000_00) == []
    two.settle(str(asked.rollover_id))
    assert set(two.pays.held(two.pays.leaver).values()) == {0, 300_00}  # what was not vested of the match
    # Money flow: after-tax 18,000.00 -> after-tax rollover; 2,000.00 that it earned, pre-tax 1,200.00 -> rollover
    held = two.takes.held(two.takes.leaver)
    assert (held[Source.ROLLOVER], held[Source.AFTER_TAX_ROLLOVER]) == (3_200_00, 18_000_00)
    assert {each.kind: (each.cents, each.basis_cents) for each in brought(two).parts} == {
        "pre_tax": (3_200_00, 0), "roth": (100_00, 80_00), "after_tax": (18_000_00, 18_000_00),
    }  # fmt: skip
    paid = went(two)
    shares = {each.kind: dict(each.shares) for each in paid.parts}
    assert shares["pre_tax"] == {Source.AFTER_TAX: 2_000_00, Source.PRE_TAX: 1_000_00, Source.MATCH: 200_00}
    assert shares["after_tax"] == {Source.AFTER_TAX: 18_000_00}
    direct, roth = forms_of(paid, born_on=date(1980, 1, 1)) or ()
    assert not isinstance(direct, Refused)
    assert (direct.box_7_codes, direct.box_1_gross_cents, direct.box_2a_taxable_cents, direct.box_5_basis_cents) == (
        "G", 21_200_00, 0, 18_000_00
    )  # fmt: skip
    assert not isinstance(roth, Refused)
    sent = two.two.receiver.deal(str(asked.rollover_id)).file
    assert sent is not None
    file = {each.label: each.value for each in sent}
    told = {name: file[f"amounts[after_tax].{name}_cents"] for name in ("gross", "basis", "earnings", "taxable")}
    assert told == {"gross": "2000000", "basis": "1800000", "earnings": "200000", "taxable": "0"}
    assert problems(two, two.takes) == problems(two, two.pays) == []


def test_a_part_of_the_basis_takes_its_share_of_the_earnings_along(two: Plans) -> None:
    # IRC 72(e)(8)(B): basis of a payment is in the ratio of basis (18,000.00) to value (20,000.00).
    wanted = [
        {"kind": "pre_tax", "into": "plan", "cents": 1_500_00},
        {"kind": "after_tax", "into": "plan", "cents": 9_000_00},
    ]
    asked = two.ask(two.takes.db.ids.new(RolloverId), wanted=wanted)
    assert answered(two, 18_000_00, earned=1_000_00, but="match") == []
    two.settle(str(asked.rollover_id))
    shares = {each.kind: dict(each.shares) for each in went(two).parts}
    assert shares["pre_tax"] == {Source.AFTER_TAX: 1_000_00, Source.PRE_TAX: 500_00}
    assert shares["after_tax"] == {Source.AFTER_TAX: 9_000_00}
    assert two.pays.held(two.pays.leaver)[Source.AFTER_TAX] == 10_000_00
    assert problems(two, two.pays) == []


@pytest.mark.parametrize(
    "wanted",
    [
        [{"kind": "after_tax", "into": "plan"}],
        [{"kind": "after_tax", "into": "plan"}, {"kind": "pre_tax", "into": "plan", "cents": 1_999_99}],
        [
            {"kind": "after_tax", "into": "plan", "cents": 9_000_00},
            {"kind": "pre_tax", "into": "plan", "cents": 999_99},
        ],
    ],
)
def test_basis_does_not_leave_without_its_earnings(two: Plans, wanted: list[dict[str, Any]]) -> None:
    two.ask(two.takes.db.ids.new(RolloverId), wanted=wanted)
    assert "475" in answered(two, 18_000_00)


def releasing(cash: int, balance: int, rolled_in: int = 0) -> recordkeeping.Releasable:
    """Somebody who left, with after-tax money of which some is reserved, and some that was rolled in."""
    held = [recordkeeping.HeldSource(Source.AFTER_TAX, balance, balance, cash)]
    held += [recordkeeping.HeldSource(Source.AFTER_TAX_ROLLOVER, rolled_in, rolled_in, rolled_in)] * bool(rolled_in)
    opened = OpenedBy(Event.SEVERANCE, date(2026, 1, 5))
    money = TaxedMoney(balance + rolled_in, None, None)
    who = EmployeeId.parse("emp_00000000-0000-7000-8000-000000000001")
    return recordkeeping.Releasable(who, date(2026, 6, 1), tuple(held), opened, TaxedMoney(), money, 0, None, 0)


@given(
    balance=st.integers(1, 10**9), kept=st.integers(0, 10**9), rolled_in=st.integers(0, 10**6),
    basis=st.integers(0, 10**9), wanted=st.none() | st.integers(1, 10**9),
)  # fmt: skip
def test_what_leaves_is_of_the_sources_and_in_the_ratio_of_the_law(
    balance: int, kept: int, rolled_in: int, basis: int, wanted: int | None
) -> None:
    cash = max(0, balance - kept)
    now = releasing(cash, balance, rolled_in)
    split = after_tax_paid(now, basis, wanted_cents=wanted)
    gross = {each: split.basis[each] + split.earnings.get(each, 0) for each in split.basis}
    assert gross[Source.AFTER_TAX] <= cash
    assert gross[Source.AFTER_TAX_ROLLOVER] <= rolled_in
    assert min(split.basis.values()) >= 0
    assert sum(split.grown.values()) == max(0, balance + rolled_in - basis)
    account, known = balance + rolled_in, min(basis, balance + rolled_in)
    lawful = recover_basis(gross_cents=sum(gross.values()), account_cents=account, basis_cents=known)
    assert lawful.basis_cents == sum(split.basis.values())
    if wanted is None and known:
        assert sum(gross.values()) in (0, cash + rolled_in)


def test_nothing_is_split_where_nobody_knows_the_basis() -> None:
    assert after_tax_paid(releasing(5, 5), None, wanted_cents=None) == AfterTaxPaid()


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

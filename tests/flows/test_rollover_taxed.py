"""What a rollover's fact says of tax: parts paid to the person, Roth money, exceptions, a dead employee's money."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.flows.rollovers import TERMS

from open401k import census
from open401k.flows.rollover_forms import forms_of
from open401k.flows.rollover_halves import OurPlan
from open401k.flows.rollover_paying import releasing_half
from open401k.flows.rollover_taxed import PaidOn, booked_part, paid_on, who_is_paid
from open401k.flows.rollover_told import OutTold, told_of
from open401k.kernel import EmployeeId, EntryId, PlanId, Refused, Source
from open401k.law.distribution_events import Event
from open401k.law.form_1099r import EarlyException, Form1099R, Payee
from open401k.law.rollovers import Distributee, loan_offset
from open401k.rails.node.core import Part
from open401k.rails.preflight.facts import Identity, Minimum, Offset
from open401k.recordkeeping import OpenedBy, Releasable, RolloverBooked, RolloverRefusal, RolloverWay, TaxedMoney
from open401k.recordkeeping.loan_books import Offset as Booked

PAID = date(2026, 6, 5)
WHO, PLAN, ENTRY = EmployeeId(UUID(int=1)), PlanId(UUID(int=2)), EntryId(UUID(int=3))
SEVERED = OpenedBy(Event.SEVERANCE, date(2026, 4, 30))
DEAD = OpenedBy(Event.DEATH, date(2026, 4, 30))
CASH, DIRECT = {"kind": "pre_tax", "into": "person"}, {"kind": "pre_tax", "into": "traditional_ira"}
SHARES = {Source.PRE_TAX: 1_000_00}


def employee(born_on: date | None = date(1980, 3, 15)) -> census.Employee:
    return census.Employee(WHO, "Maria", "Garcia", "0001", born_on)


def said(
    *parts: tuple[Part, dict[str, Any]],
    opened: OpenedBy | None = SEVERED,
    distributee: Distributee | None = Distributee.EMPLOYEE,
    born_on: date = date(1980, 3, 15),
) -> list[Form1099R] | None:
    """The forms of what a plan paid, by way of its fact."""
    paid = PaidOn(PAID, employee(born_on), opened, distributee)
    wanted = [each for _, each in parts]
    made = tuple(booked_part(part, SHARES, wanted, paid) for part, _ in parts)
    fact = RolloverBooked(
        bytes(32), RolloverWay.OUT, PLAN, WHO, ENTRY, PAID, made, None, datetime(2026, 6, 5, tzinfo=UTC),
        paid.payee, paid.early,
    )  # fmt: skip
    found = forms_of(fact, born_on=born_on)
    return None if found is None else [each for each in found if isinstance(each, Form1099R)]


def boxes(forms: list[Form1099R] | None) -> list[tuple[str, int, int, int, int]]:
    assert forms is not None
    return [
        (e.box_7_codes, e.box_1_gross_cents, e.box_2a_taxable_cents, e.box_4_withheld_cents, e.box_5_basis_cents)
        for e in forms
    ]


def test_a_part_in_cash_has_its_own_form_beside_the_direct_one_and_20_percent_withheld() -> None:
    # IRC 3405(c)(1)(B): 20 % of what is paid out; nothing of a direct rollover (3405(c)(2)).
    forms = said((Part(0, 0, 600_00), DIRECT), (Part(1, 0, 400_01), CASH))
    assert boxes(forms) == [("G", 600_00, 0, 0, 0), ("1", 400_01, 400_01, 80_00, 0)]


@pytest.mark.parametrize(
    ("born_on", "opened", "code"),
    [
        (date(1966, 12, 6), OpenedBy(Event.SEVERANCE, date(2020, 12, 31)), "1"),  # left in the year of age 54
        (date(1966, 12, 6), OpenedBy(Event.SEVERANCE, date(2021, 1, 1)), "2"),  # in the year of age 55
        (date(1966, 12, 5), OpenedBy(Event.SEVERANCE, date(2020, 12, 31)), "7"),  # 59 1/2 on the day
        (date(1980, 3, 15), OpenedBy(Event.DISABILITY, date(2026, 4, 30)), "3"),
        (date(1980, 3, 15), OpenedBy(Event.PLAN_TERMINATION, date(2026, 4, 30)), "1"),
    ],
)
def test_the_code_goes_by_age_and_by_what_the_payer_knows(born_on: date, opened: OpenedBy, code: str) -> None:
    assert [each[0] for each in boxes(said((Part(0, 0, 100_00), CASH), opened=opened, born_on=born_on))] == [code]


@pytest.mark.parametrize(
    ("since", "born_on", "taxed", "withheld", "codes"),
    [
        (2024, date(1980, 3, 15), 20_00, 4_00, "1B"),  # within the five years: its earnings are taxed
        (2021, date(1980, 3, 15), 20_00, 4_00, "1B"),  # after them, but of no age (IRC 402A(d)(2)(A))
        (2021, date(1960, 3, 15), 0, 0, "7B"),  # qualified
    ],
)
def test_roth_money_in_cash_is_taxed_on_its_earnings_unless_it_is_qualified(
    since: int, born_on: date, taxed: int, withheld: int, codes: str
) -> None:
    cash = (Part(0, 1, 100_00, basis=80_00, roth_since=since), {"kind": "roth", "into": "person"})
    assert boxes(said(cash, born_on=born_on)) == [(codes, 100_00, taxed, withheld, 80_00)]


def test_after_tax_money_in_cash_is_basis_alone() -> None:
    cash = (Part(0, 2, 100_00, basis=100_00), {"kind": "after_tax", "into": "person"})
    assert boxes(said(cash, (Part(1, 0, 50_00), DIRECT))) == [("1", 100_00, 0, 0, 100_00), ("G", 50_00, 0, 0, 0)]


def test_a_spouses_form_says_death_whatever_the_age() -> None:
    spouse: dict[str, Any] = {"opened": DEAD, "distributee": Distributee.SURVIVING_SPOUSE}
    forms = said((Part(0, 0, 600_00), DIRECT), (Part(1, 0, 400_00), CASH), **spouse)
    assert boxes(forms) == [("4G", 600_00, 0, 0, 0), ("4", 400_00, 400_00, 80_00, 0)]
    assert forms is not None
    assert {each.payee for each in forms} == {Payee.BENEFICIARY}
    roth = (Part(0, 1, 100_00, basis=80_00, roth_since=2021), {"kind": "roth", "into": "person"})
    # Death makes it qualified once the five years are over (IRC 402A(d)(2)(A)(ii), (B)).
    assert boxes(said(roth, **spouse)) == [("4B", 100_00, 0, 0, 80_00)]


def test_where_a_leg_went_or_whether_it_is_taxed_is_never_guessed() -> None:
    assert said((Part(0, 0, 100_00), {"kind": "roth", "into": "person"})) is None
    paid = PaidOn(PAID, employee(born_on=None), SEVERED, Distributee.EMPLOYEE)
    wanted = [{"kind": "roth", "into": "person"}]
    part = booked_part(Part(0, 1, 100_00, basis=80_00, roth_since=2021), {}, wanted, paid)
    assert (part.taxable_cents, part.withheld_cents) == (None, 0)
    assert booked_part(Part(1, 1, 100_00), {}, wanted, paid).into is None


@pytest.mark.parametrize(
    ("opened", "told", "who"),
    [
        (SEVERED, None, Distributee.EMPLOYEE),
        (SEVERED, Distributee.EMPLOYEE, Distributee.EMPLOYEE),
        (SEVERED, Distributee.SURVIVING_SPOUSE, None),  # nobody died
        (DEAD, None, None),
        (DEAD, Distributee.EMPLOYEE, None),
        (DEAD, Distributee.SURVIVING_SPOUSE, Distributee.SURVIVING_SPOUSE),  # IRC 402(c)(9)
        (DEAD, Distributee.DESIGNATED_BENEFICIARY, Distributee.DESIGNATED_BENEFICIARY),  # 402(c)(11)
        (DEAD, Distributee.OTHER_BENEFICIARY, Distributee.OTHER_BENEFICIARY),
    ],
)
def test_a_dead_employee_rolls_nothing_over(opened: OpenedBy, told: Distributee, who: Distributee | None) -> None:
    assert who_is_paid(opened, told) is who


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (Distributee.ALTERNATE_PAYEE_SPOUSE, "rolled over directly (IRC 402(e)(1)(B))"),
        (Distributee.ALTERNATE_PAYEE_OTHER, "cannot be rolled over, and the employee is taxed (IRC 402(e)(1)(A))"),
    ],
)
def test_money_of_an_alternate_payee_is_refused_with_what_to_do(who: Distributee, may: str) -> None:
    given = {"payment_on": "2026-06-05", "wanted": [{"kind": "pre_tax", "into": "plan"}], "distributee": who.value}
    refused = told_of(OutTold, given)
    assert isinstance(refused, Refused)
    assert refused.reason is RolloverRefusal.ALTERNATE_PAYEE
    assert may in refused.fix
    assert isinstance(told_of(OutTold, given | {"distributee": "surviving_spouse"}), OutTold)


def test_a_dead_employees_half_names_who_rolls_over_and_asks_for_the_minimum() -> None:
    told = told_of(OutTold, {
        "payment_on": "2026-06-05",
        "wanted": [{"kind": "pre_tax", "into": "traditional_ira"}],
        "distributee": "surviving_spouse",
        "payee": {"legal_name": "Juan Lopez", "tax_number": "900-70-0002", "born_on": "1979-01-01"},
    })  # fmt: skip
    assert not isinstance(told, Refused)
    now = Releasable(WHO, PAID, (), DEAD, TaxedMoney(), TaxedMoney(), 0, None, 0)
    ours, dead = OurPlan("Acme", "001", "12-3456789", TERMS, b"\x01" * 20), Identity("M G", "1", date(1980, 3, 15))
    half = releasing_half(ours, told, account=str(WHO), releasable=now, identity=dead, file={})
    assert (half.distributee, half.identity) == (
        Distributee.SURVIVING_SPOUSE, Identity("Juan Lopez", "900-70-0002", date(1979, 1, 1)),
    )  # fmt: skip
    # The minimum after a death goes by 401(a)(9)(B), not by the employee's own age: it is told, or not known.
    assert half.minimum is None
    alive = releasing_half(ours, replace(told, distributee=None), account=str(WHO),
                           releasable=replace(now, opened=SEVERED), identity=dead, file={})  # fmt: skip
    assert (alive.distributee, alive.identity, alive.minimum) == (Distributee.EMPLOYEE, dead, Minimum(0, None))


def test_the_day_of_payment_decides_what_opened_the_account() -> None:
    left = replace(employee(), employment=(census.Employment(date(2020, 1, 1), date(2026, 4, 30)),))
    paid = paid_on(left, None, on=PAID, terms=None)
    assert (paid.opened, paid.early, paid.payee) == (SEVERED, EarlyException.NONE, Payee.PARTICIPANT)


@pytest.mark.parametrize(
    ("on", "deemed", "opened", "told"),
    [
        (date(2026, 5, 31), 0, SEVERED, Offset(500_00, date(2026, 5, 31), SEVERED.on)),
        # Reg. 1.402(c)-2(g)(4)(ii): what was reduced before the work ended was not by reason of it.
        (date(2026, 3, 31), 0, SEVERED, Offset(500_00, date(2026, 3, 31))),
        # It met 72(p)(2) immediately before; after a deemed distribution it did not.
        (date(2026, 5, 31), 1, SEVERED, Offset(500_00, date(2026, 5, 31), SEVERED.on, met_72p=False)),
        (
            date(2026, 5, 31), 0, OpenedBy(Event.PLAN_TERMINATION, date(2026, 4, 30)),
            Offset(500_00, date(2026, 5, 31), plan_terminated=True),
        ),
    ],
)  # fmt: skip
def test_a_loan_offset_is_told_with_what_makes_it_a_qualified_one(
    on: date, deemed: int, opened: OpenedBy, told: Offset
) -> None:
    wanted = told_of(OutTold, {"payment_on": "2026-06-05", "wanted": [DIRECT]})
    assert not isinstance(wanted, Refused)
    offset = Booked(on, {Source.PRE_TAX: 500_00}, deemed_before_cents=deemed)
    now = Releasable(WHO, PAID, (), opened, TaxedMoney(), TaxedMoney(), 0, offset, 0)
    ours = OurPlan("Acme", "001", "12-3456789", TERMS, b"\x01" * 20)
    half = releasing_half(ours, wanted, account=str(WHO), releasable=now, identity=None, file={})
    assert half.loan is not None
    assert half.loan.offset == told
    found = loan_offset(
        offset_cents=told.cents, offset_on=told.on, severed_on=told.severed_on, plan_terminated=told.plan_terminated,
        loan_met_72p=told.met_72p,
    )  # fmt: skip
    assert found.qualified == (on > SEVERED.on and not deemed)

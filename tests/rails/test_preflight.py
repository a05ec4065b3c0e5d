"""The preflight: all that is in the way at once, the unknown included; what is withheld and reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import Refused, Source
from open401k.law.distribution_events import Event
from open401k.law.form_1099r import Form1099R
from open401k.law.rollover_acceptance import SourceEvidence
from open401k.law.rollovers import Distributee, PaidBecause
from open401k.law.spousal_consent import SpouseStanding, Witness
from open401k.law.withholding import EarlierThisYear
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Role
from open401k.rails.preflight import checks_amount, checks_plan
from open401k.rails.preflight.facts import (
    Consent,
    ContactChanges,
    Explanation,
    Facts,
    Held,
    Holds,
    Loan,
    Minimum,
    Offset,
    Opened,
    Part,
    PayingPlan,
    Proof,
    Roth,
    Screening,
    Spouse,
    Tax,
    Timing,
)
from open401k.rails.preflight.reasons import ENTRIES, ON_CHAIN_TOO, Code, Owner
from open401k.rails.preflight.rule_version import rule_version
from open401k.rails.preflight.verdict import Preflight, preflight
from open401k.rails.refusals import REFUSALS

from .preflight_facts import DEADLINE, PAID, PERSON, TODAY, lawful, receiver

RULES = rule_version(2026)


def judged(facts: Facts) -> Preflight:
    return preflight(facts, rules=RULES)


def codes(facts: Facts) -> set[Code]:
    return {reason.code for reason in judged(facts).reasons}


def test_with_nothing_in_the_way_everybody_may_sign() -> None:
    found = judged(lawful())
    assert found.reasons == ()
    assert found.lawful
    assert found.voters == frozenset()


#: One thing changed, and the one reason that follows.
_CHANGES: list[tuple[dict[str, Any], Code]] = [
    ({"receiving": replace(PERSON, legal_name="Somebody Else")}, Code.NAME_DIFFERS),
    ({"receiving": replace(PERSON, tax_number="900-70-0002")}, Code.TAX_NUMBER_DIFFERS),
    ({"receiving": replace(PERSON, born_on=date(1980, 5, 13))}, Code.BIRTH_DATE_DIFFERS),
    ({"proof": Proof(1, date(2026, 12, 31))}, Code.IDENTITY_TOO_WEAK),
    ({"proof": Proof(2, date(2026, 6, 11))}, Code.IDENTITY_LAPSES),
    ({"screening": Screening(date(2026, 5, 5), True)}, Code.NOT_SCREENED),
    ({"screening": Screening(TODAY, False)}, Code.ON_A_LIST),
    ({"contact": ContactChanges(date(2026, 5, 25))}, Code.CONTACT_CHANGED),
    ({"releasing_member_until": date(2026, 6, 11)}, Code.MEMBER_LAPSES),
    ({"explanation": Explanation(date(2026, 5, 28), True, of_other_money=True)}, Code.EXPLANATION_NOT_GIVEN),
    ({"explanation": Explanation(date(2026, 5, 28), True, of_roth_money=True)}, Code.EXPLANATION_NOT_GIVEN),
    ({"explanation": Explanation(date(2025, 11, 1), True, True, True, True)}, Code.EXPLANATION_NOT_IN_TIME),
    ({"explanation": Explanation(date(2026, 5, 28), False, True, True, True)}, Code.EXPLANATION_NOT_IN_TIME),
    ({"holds": Holds(True, False, False, False)}, Code.ORDER_PENDING),
    ({"holds": Holds(False, True, False, False)}, Code.LEGAL_HOLD),
    ({"approved_by_administrator": False}, Code.NOT_APPROVED_BY_PLAN),
    ({"e_sign_consent": False}, Code.NO_ESIGN_CONSENT),
    ({"opened": Opened(Event.NO_EVENT, TODAY)}, Code.NOT_OPEN_TO_THIS_SOURCE),
    ({"opened": Opened(Event.SEVERANCE, DEADLINE)}, Code.NO_EVENT),
    ({"because": PaidBecause.HARDSHIP}, Code.NOT_ELIGIBLE),
    ({"because": PaidBecause.SERIES_FOR_YEARS, "series_years": 10}, Code.NOT_ELIGIBLE),
    ({"distributee": Distributee.ALTERNATE_PAYEE_OTHER}, Code.NOT_ELIGIBLE),
    ({"distributee": Distributee.DESIGNATED_BENEFICIARY}, Code.NOT_ELIGIBLE),
    ({"receivers": (receiver(takes=frozenset({(Kind.PRE_TAX, Into.PLAN)})),)}, Code.RECEIVER_DOES_NOT_TAKE_IT),
    ({"receivers": (replace(receiver(), delivery_confirmed=False),)}, Code.NO_DELIVERY),
    ({"receivers": (replace(receiver(), member_until=TODAY),)}, Code.MEMBER_LAPSES),
    ({"paying": PayingPlan(SourceEvidence.NONE, True, kinds_certified=True)}, Code.SOURCE_NOT_PROVEN),
    ({"paying": PayingPlan(SourceEvidence.ANNUAL_REPORT, True, True, True)}, Code.SOURCE_NOT_PROVEN),
    ({"payment_cents": 40_000_01}, Code.PARTS_DO_NOT_ADD_UP),
    ({"roth": Roth(2024, 8_000_00, 9_999_99)}, Code.ROTH_BASIS_NOT_TOLD),
    ({"roth": Roth(2015, 8_000_00, 10_000_00, stated_qualified=True)}, Code.ROTH_STATED_OTHERWISE),
    ({"minimum": Minimum(1_000_00, 999_99)}, Code.MINIMUM_NOT_PAID),
    ({"loan": Loan(500_00)}, Code.LOAN_OPEN),
    ({"loan": Loan(500_00, Offset(400_00, TODAY, severed_on=TODAY))}, Code.LOAN_OPEN),
    ({"timing": Timing(TODAY, PAID, date(2027, 1, 1))}, Code.ACROSS_NEW_YEAR),
    ({"timing": Timing(TODAY, DEADLINE, PAID)}, Code.PAYMENT_DAY),
]


@pytest.mark.parametrize(("change", "code"), _CHANGES)
def test_each_thing_in_the_way_is_a_reason_of_its_own(change: dict[str, Any], code: Code) -> None:
    facts = replace(lawful(), **change)
    if code is Code.ACROSS_NEW_YEAR:
        assert code in codes(facts)
    else:
        assert codes(facts) == {code}
    reason = next(each for each in judged(facts).reasons if each.code is code)
    assert not reason.unknown
    assert reason.said == reason.entry.said
    assert not re.search(r"\bcents\b|\b[A-Z]{3,}_", reason.detail)  # dollars, and words a desk uses


#: What somebody could leave out, and one of the facts above, or what else, shows it.
_LEFT_OUT: dict[str, tuple[ModuleType, str, Callable[[], object]]] = {
    "I15 parts that are not the payment": (
        checks_amount, "sums",
        lambda: test_each_thing_in_the_way_is_a_reason_of_its_own(
            {"payment_cents": 40_000_01}, Code.PARTS_DO_NOT_ADD_UP
        ),
    ),
    "I17 kinds into any account, a SIMPLE IRA at any time": (
        checks_plan, "routes", lambda: test_a_simple_ira_waits_two_years(),
    ),
    "I17 a minimum that is not paid": (
        checks_amount, "minimum",
        lambda: test_each_thing_in_the_way_is_a_reason_of_its_own(
            {"minimum": Minimum(1_000_00, 999_99)}, Code.MINIMUM_NOT_PAID
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("left_out", _LEFT_OUT)
def test_a_check_that_is_left_out_is_found(left_out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds nothing is not known to look."""
    room, name, shown = _LEFT_OUT[left_out]
    shown()
    monkeypatch.setattr(room, name, lambda *_: iter(()))
    with pytest.raises(AssertionError):
        shown()


_OPTIONAL = [each.name for each in fields(Facts) if each.default is None and each.name != "series_years"]


@pytest.mark.parametrize("name", [name for name in _OPTIONAL if name not in ("tax", "after_tax_basis_cents")])
def test_what_is_not_known_is_in_the_way(name: str) -> None:
    nothing: dict[str, Any] = {name: None}
    found = judged(replace(lawful(), **nothing))
    assert found.reasons
    assert any(each.unknown or each.code is Code.SOURCE_NOT_PROVEN for each in found.reasons)
    assert all(each.said and each.next_step for each in found.reasons)


@settings(max_examples=50, deadline=None)
@given(unknown=st.sets(st.sampled_from(_OPTIONAL)), more=st.sets(st.sampled_from(_OPTIONAL)))
def test_knowing_less_never_takes_a_reason_away(unknown: set[str], more: set[str]) -> None:
    less: dict[str, Any] = dict.fromkeys(unknown)
    least: dict[str, Any] = dict.fromkeys(unknown | more)
    assert codes(replace(lawful(), **less)) <= codes(replace(lawful(), **least))


def test_amounts_that_cannot_be_are_told_beside_all_else() -> None:
    facts = lawful(Part(Kind.PRE_TAX, Into.PLAN, 5, 100_00), Part(Kind.PRE_TAX, Into.PLAN, 0, -1))
    found = judged(replace(facts, loan=None))
    assert {Code.IMPOSSIBLE_FACT, Code.LOAN_OPEN} <= {reason.code for reason in found.reasons}
    assert sum(reason.code is Code.IMPOSSIBLE_FACT for reason in found.reasons) >= 2


def test_an_explanation_of_tomorrow_is_not_given() -> None:
    told = Explanation(PAID, told_of_thirty_days=True, of_roth_money=True, of_other_money=True)
    assert codes(replace(lawful(), explanation=told)) == {Code.EXPLANATION_NOT_GIVEN}


def test_of_nothing_but_amounts_every_reason_is_told_at_once() -> None:
    bare = Facts(
        timing=Timing(TODAY, PAID, DEADLINE),
        payment_cents=100_00,
        parts=(Part(Kind.ROTH, Into.TRADITIONAL_IRA, 0, 90_00), Part(Kind.AFTER_TAX, Into.PERSON, 0, 5_00)),
        receivers=(replace(receiver(), letter=None, delivery_confirmed=None, member_until=None),),
        held=(Held(Source.ROTH, Kind.ROTH, 90_00, None, 90_00),),
    )
    found = judged(bare)
    assert {each.code // 100 for each in found.reasons} == {1, 2, 3, 4, 5}
    assert len({each.code for each in found.reasons}) >= 20
    assert [each.code for each in found.reasons] == sorted(each.code for each in found.reasons)
    assert set(found.by_owner()) >= {Owner.PARTICIPANT, Owner.RELEASING_ADMINISTRATOR, Owner.RECEIVING_CUSTODIAN}


def test_two_reasons_of_two_owners_stand_side_by_side() -> None:
    facts = replace(lawful(), minimum=Minimum(1_000_00, 0), receivers=(replace(receiver(), letter=None),))
    assert codes(facts) == {Code.MINIMUM_NOT_PAID, Code.NO_LETTER}


def test_every_code_has_its_words_and_means_on_chain_what_it_means_here() -> None:
    assert set(ENTRIES) == set(Code)
    assert all(code in REFUSALS for code in ON_CHAIN_TOO)
    ours = {code for code in Code if code not in REFUSALS}
    assert all(code % 100 >= 70 for code in ours)
    jargon = ("leg", "ERD", "RMD", "QDRO", "vest", "hash", "402", "chain")
    assert not [entry.said for entry in ENTRIES.values() if any(word in entry.said.split() for word in jargon)]


# ---- kinds and accounts


@pytest.mark.parametrize("into", [Into.TRADITIONAL_IRA, Into.SEP_IRA, Into.SIMPLE_IRA])
def test_roth_money_never_goes_into_a_traditional_account(into: Into) -> None:
    facts = replace(lawful(Part(Kind.ROTH, into, 0, 10_000_00)))
    assert Code.NOT_BETWEEN_THESE_ACCOUNTS in codes(facts)


def test_a_receiver_of_iras_screens_for_itself() -> None:
    facts = lawful(Part(Kind.PRE_TAX, Into.TRADITIONAL_IRA, 0, 5_000_00))
    assert codes(facts) == set()
    assert codes(replace(facts, receivers=(replace(receiver(), screening=None),))) == {Code.NOT_SCREENED}
    to_plan = replace(lawful(), receivers=(replace(receiver(), screening=None),))
    assert codes(to_plan) == set()


def test_roth_money_of_a_surviving_spouse_waits_for_what_is_known_of_the_employee() -> None:
    spouse = replace(lawful(), distributee=Distributee.SURVIVING_SPOUSE)
    assert codes(spouse) == {Code.WITHHOLDING_NOT_SETTLED}
    pre_tax = lawful(Part(Kind.PRE_TAX, Into.TRADITIONAL_IRA, 0, 5_000_00))
    (form,) = judged(replace(pre_tax, distributee=Distributee.SURVIVING_SPOUSE)).forms
    assert isinstance(form, Form1099R)
    assert form.box_7_codes == "4G"


def test_a_simple_ira_waits_two_years() -> None:
    facts = lawful(Part(Kind.SIMPLE_IRA, Into.TRADITIONAL_IRA, 0, 5_000_00))
    assert codes(facts) == {Code.SIMPLE_TWO_YEARS}
    (reason,) = judged(facts).reasons
    assert reason.unknown
    young = PayingPlan(SourceEvidence.IRA_NAMED, True, simple_participation_began_on=date(2024, 6, 6))
    assert codes(replace(facts, paying=young)) == {Code.SIMPLE_TWO_YEARS}
    assert codes(replace(facts, paying=replace(young, simple_participation_began_on=date(2024, 6, 5)))) == set()


# ---- basis


def test_pre_tax_money_goes_to_direct_rollovers_first() -> None:
    """Notice 2014-54: an after-tax part that is rolled over while pre-tax money is paid out is not so split."""
    wrong = lawful(Part(Kind.AFTER_TAX, Into.ROTH_IRA, 0, 2_000_00), Part(Kind.PRE_TAX, Into.PERSON, 1, 8_000_00))
    assert codes(wrong) == {Code.PRE_TAX_GOES_FIRST}
    right = lawful(
        Part(Kind.AFTER_TAX, Into.ROTH_IRA, 0, 2_000_00), Part(Kind.PRE_TAX, Into.TRADITIONAL_IRA, 1, 8_000_00)
    )
    assert codes(right) == set()
    assert codes(replace(right, after_tax_basis_cents=1_999_99)) == {Code.AFTER_TAX_BASIS}


@pytest.mark.parametrize(
    ("earned", "told"),
    [
        (2_500_00, None),  # of $8,000.00 basis and $4,000.00 earnings, $5,000.00 and its $2,500.00 (IRC 72(e)(8)(B))
        (2_499_99, "$5,000.00 of basis goes with $2,500.00 of its earnings, as pre-tax money; $2,499.99 of them goes"),
        (2_500_01, "$5,000.00 of basis goes with $2,500.00 of its earnings, as pre-tax money; $2,500.01 of them goes"),
        (0, "$5,000.00 of basis goes with $2,500.00 of its earnings, as pre-tax money; $0.00 of them goes"),
    ],
)
def test_basis_leaves_with_its_share_of_the_earnings(earned: int, told: str | None) -> None:
    parts = Part(Kind.AFTER_TAX, Into.ROTH_IRA, 0, 5_000_00), Part(Kind.PRE_TAX, Into.TRADITIONAL_IRA, 1, 6_000_00)
    held = (
        Held(Source.PRE_TAX, Kind.PRE_TAX, 9_000_00, 9_000_00, 6_000_00 - earned),
        Held(Source.AFTER_TAX, Kind.AFTER_TAX, 8_000_00, 8_000_00, 5_000_00),
        Held(Source.AFTER_TAX, Kind.PRE_TAX, 4_000_00, 4_000_00, earned),
    )
    facts = replace(lawful(*parts), held=held, after_tax_basis_cents=8_000_00)
    found = [each.detail for each in judged(facts).reasons]
    assert found == ([] if told is None else [f"{told} (IRC 72(e)(8)(B))"])
    assert judged(replace(facts, is_return=True)).reasons == ()  # what came goes back as it came


def test_kinds_are_paid_by_sources_of_the_same_kind() -> None:
    facts = lawful()
    swapped = tuple(replace(each, kind=Kind.PRE_TAX) for each in facts.held)
    assert Code.KINDS_DO_NOT_ADD_UP in codes(replace(facts, held=swapped))


def test_no_more_is_paid_than_is_vested() -> None:
    facts = lawful(Part(Kind.PRE_TAX, Into.PLAN, 0, 5_000_00))
    match = Held(Source.MATCH, Kind.PRE_TAX, 5_000_00, 2_000_00, 5_000_00)
    assert codes(replace(facts, held=(match,))) == {Code.NOT_VESTED}


# ---- the spouse


def test_a_plan_under_the_annuity_rules_needs_the_spouse_as_a_voter_too() -> None:
    pension = replace(lawful().spouse or Spouse(None), minimum_funding_applies=True)
    found = judged(replace(lawful(), spouse=pension))
    assert [each.code for each in found.reasons] == [Code.SPOUSE_HAS_NOT_CONSENTED]
    consent = Consent(date(2026, 5, 30), True, True, True, Witness.NOTARY)
    agreed = judged(replace(lawful(), spouse=replace(pension, consent=consent)))
    assert agreed.lawful
    assert agreed.voters == {Role.SPOUSE}
    unwitnessed = replace(consent, witness=Witness.NOBODY)
    assert codes(replace(lawful(), spouse=replace(pension, consent=unwitnessed))) == {Code.CONSENT_WITHOUT_EFFECT}
    alone = replace(pension, standing=SpouseStanding.NO_SPOUSE)
    assert codes(replace(lawful(), spouse=alone)) == set()


# ---- tax


def test_a_part_paid_to_the_person_has_a_fifth_of_what_is_taxed_withheld() -> None:
    facts = lawful(Part(Kind.PRE_TAX, Into.PLAN, 0, 20_000_00), Part(Kind.PRE_TAX, Into.PERSON, 1, 10_000_03))
    found = judged(facts)
    assert found.lawful, found.reasons
    assert found.withheld_cents == 2_000_01
    direct, paid = found.forms
    assert isinstance(direct, Form1099R)
    assert isinstance(paid, Form1099R)
    assert (direct.box_7_codes, direct.box_1_gross_cents, direct.box_2a_taxable_cents) == ("G", 20_000_00, 0)
    assert (paid.box_7_codes, paid.box_2a_taxable_cents, paid.box_4_withheld_cents) == ("1", 10_000_03, 2_000_01)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((Part(Kind.ROTH, Into.PLAN, 0, 10_000_00),), [("BG", 10_000_00, 0, 8_000_00, 2024)]),
        ((Part(Kind.ROTH, Into.ROTH_IRA, 0, 10_000_00),), [("H", 10_000_00, 0, 8_000_00, 2024)]),
        ((Part(Kind.PRE_TAX, Into.ROTH_IRA, 0, 9_000_00),), [("G", 9_000_00, 9_000_00, 0, None)]),
        ((Part(Kind.AFTER_TAX, Into.ROTH_IRA, 0, 900_00),), [("G", 900_00, 0, 900_00, None)]),
        ((Part(Kind.ROTH, Into.PERSON, 0, 5_000_00),), [("1B", 5_000_00, 1_000_00, 4_000_00, 2024)]),
    ],
)
def test_the_form_of_each_event(parts: tuple[Part, ...], told: list[tuple[object, ...]]) -> None:
    found = judged(lawful(*parts))
    assert found.lawful, found.reasons
    boxes = []
    for form in found.forms:
        assert not isinstance(form, Refused)
        first = form.box_11_roth_first_year
        boxes.append(
            (form.box_7_codes, form.box_1_gross_cents, form.box_2a_taxable_cents, form.box_5_basis_cents, first)
        )
    assert boxes == told


@pytest.mark.parametrize(
    "change",
    [
        {"tax": Tax(False, 3_000, EarlierThisYear())},  # Form W-4R: more than the rules withhold
        {"tax": Tax(True, None, EarlierThisYear())},
        {"tax": Tax(False, None, EarlierThisYear(150_00, 0))},  # passed as small before: made up for now
        {"loan": Loan(1_000_00, Offset(1_000_00, TODAY, severed_on=TODAY))},  # its tax comes out of the cash
    ],
)
def test_where_the_law_withholds_otherwise_than_the_contract_the_cash_goes_another_way(change: dict[str, Any]) -> None:
    facts = lawful(Part(Kind.PRE_TAX, Into.PERSON, 1, 1_000_00))
    assert codes(facts) == set()
    assert codes(replace(facts, **change)) == {Code.WITHHELD_OTHERWISE}


def test_below_200_dollars_the_law_withholds_nothing_and_the_contract_would() -> None:
    assert codes(lawful(Part(Kind.PRE_TAX, Into.PERSON, 1, 199_99))) == {Code.WITHHELD_OTHERWISE}
    two = lawful(Part(Kind.PRE_TAX, Into.PERSON, 1, 199_99), Part(Kind.PRE_TAX_403B, Into.PERSON, 1, 1))
    assert codes(two) == set()
    direct = lawful(Part(Kind.PRE_TAX, Into.PLAN, 0, 150_00))
    assert codes(direct) == set()


@pytest.mark.parametrize("name", ["nonresident_alien", "earlier"])
def test_cash_waits_for_what_decides_on_its_tax(name: str) -> None:
    facts = lawful(Part(Kind.PRE_TAX, Into.PERSON, 1, 1_000_00))
    assert facts.tax is not None
    assert codes(replace(facts, tax=replace(facts.tax, **{name: None}))) == {Code.WITHHOLDING_NOT_SETTLED}


def test_a_year_without_figures_is_a_reason() -> None:
    late = Timing(date(2039, 6, 1), date(2039, 6, 5), date(2039, 6, 12))
    assert Code.RULES_END_BEFORE in codes(replace(lawful(), timing=late))

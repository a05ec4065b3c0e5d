"""Deduction codes: what one seems to be, when that is certain, and when a confirmed one is asked about again."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from open401k.census import DeductionKind, DeductionWord, Doubted, Side
from open401k.kernel import EmployeeId
from open401k.payroll import (
    NO_CODES,
    CalledCode,
    CodeWatch,
    DeductionProposal,
    PayrollRow,
    SeenDeduction,
    Standing,
    propose_deduction,
    seen_deduction_from,
    watch_of,
)
from open401k.payroll.catalogue import catalogue_of
from open401k.payroll.deduction_words import KIND_OF_DEDUCTION_TYPE, alike_deduction
from open401k.plan import Compensation

TERMS = Compensation()
CAFETERIA, TRANSPORT = DeductionKind.CAFETERIA_REDUCTION, DeductionKind.TRANSPORTATION_REDUCTION
PRE_TAX, LOAN, TAXED = DeductionKind.PRE_TAX_DEFERRAL, DeductionKind.LOAN_PAYMENT, DeductionKind.OTHER_AFTER_TAX


def row(number: int, fica: int | None = None, *, key: str = "", gross: int = 1_000_00, **codes: int) -> PayrollRow:
    """One person's pay, with what was taken off by code."""
    return PayrollRow(
        number, number, ssn=key, gross_cents=gross, fica_wages_cents=fica, deductions=tuple(codes.items())
    )


def watched(*rows: PayrollRow, called: tuple[CalledCode, ...] = (), **words: DeductionWord) -> CodeWatch:
    """A file that went by."""
    watch = watch_of(replace(NO_CODES, deductions=words), catalogue_of(called))
    watch.look(rows)
    return watch


def proposal(watch: CodeWatch, code: str) -> DeductionProposal:
    (seen,) = [each for each in watch.told_deductions() if each.code == code]
    assert seen_deduction_from(seen.as_json()) == seen
    return propose_deduction(seen)


def typed(code: str, provider_type: str, name: str = "") -> CalledCode:
    return CalledCode(code, name, provider_type, Side.DEDUCTION)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("401(k)", PRE_TAX),
        ("401k Pretax", PRE_TAX),
        ("Roth 401(k)", DeductionKind.ROTH_DEFERRAL),
        ("401K CATCHUP", DeductionKind.PRE_TAX_CATCH_UP),
        ("Roth catch-up", DeductionKind.ROTH_CATCH_UP),
        ("401k After-Tax", DeductionKind.AFTER_TAX),
        ("401k Loan 1", LOAN),
        ("MED125", CAFETERIA),
        ("Dental Ins", CAFETERIA),
        ("FSA Dep Care", CAFETERIA),
        ("Commuter Transit", TRANSPORT),
        ("Child Support", TAXED),
        ("HSA", None),  # through a cafeteria plan, or from taxed pay
        ("Life", None),
        ("X7", None),
    ],
)
def test_a_usual_wording_is_known_and_one_that_could_be_two_kinds_is_not(text: str, kind: DeductionKind | None) -> None:
    found = alike_deduction(text)
    assert (found and found[0]) is kind


def test_types_of_both_providers_have_kinds_and_a_type_that_says_nothing_has_none() -> None:
    assert KIND_OF_DEDUCTION_TYPE["s125_dental"] is KIND_OF_DEDUCTION_TYPE["1"] is CAFETERIA
    assert KIND_OF_DEDUCTION_TYPE["commuter"] is KIND_OF_DEDUCTION_TYPE["114"] is TRANSPORT
    assert not {"deduction", "custom_pre_tax", "untyped", ""} & KIND_OF_DEDUCTION_TYPE.keys()


def test_a_wording_alone_is_not_certain_and_with_its_type_or_fica_wages_it_is() -> None:
    alone = proposal(watched(row(2, MED=100_00)), "MED")
    assert (alone.kind, alone.confidence, alone.certain) == (CAFETERIA, 100, False)
    assert proposal(watched(row(2, MED=100_00), called=(typed("MED", "s125_medical"),)), "MED").certain
    by_wages = proposal(watched(row(2, 900_00, MED=100_00), row(3, 1_000_00)), "MED")
    assert by_wages.certain
    assert "1 of 2 people have it" in by_wages.evidence[-1]


def test_what_fica_wages_hold_is_no_cafeteria_reduction_whatever_it_is_called() -> None:
    found = proposal(watched(row(2, 1_000_00, MED=100_00)), "MED")
    assert (found.kind, found.confidence, found.certain) == (CAFETERIA, 40, False)
    assert "FICA wages hold its amounts, to the cent." in found.evidence
    garnished = proposal(watched(row(2, 1_000_00, GARN=100_00)), "GARN")
    assert (garnished.kind, garnished.certain) == (TAXED, True)


def test_of_two_deductions_fica_wages_tell_which_one_they_are_without() -> None:
    watch = watched(row(2, 930_00, X7=70_00, X8=30_00))
    assert proposal(watch, "X7").kind is CAFETERIA
    assert proposal(watch, "X8").kind is None
    unclear = watched(row(2, 950_00, X7=50_00, X8=50_00))  # either could be it
    assert proposal(unclear, "X7").kind is None


def test_a_name_and_a_type_of_different_kinds_are_not_certain() -> None:
    found = proposal(watched(row(2, 900_00, MED=100_00), called=(typed("MED", "custom_post_tax"),)), "MED")
    assert (found.kind, found.confidence, found.certain) == (CAFETERIA, 50, False)


def known(**columns: Any) -> Standing:
    """Two people of whom the plan knows something."""
    return Standing(place={"1": 0, "2": 1}, employee_id=[EmployeeId(UUID(int=1)), EmployeeId(UUID(int=2))], **columns)


def test_amounts_are_held_against_elections_and_money_in_no_column_is_told() -> None:
    rows = [row(2, key="1", X7=60_00), row(3, key="2", X7=55_00)]
    watch = watched(*rows)
    standing = known(elected_pre_tax=np.array([60_00, 55_00]), elected_roth=np.array([0, -1]))
    watch.compare(rows, standing)
    watch.compare(rows, standing)  # a file is looked at twice
    found = proposal(watch, "X7")
    assert (found.kind, found.confidence, found.certain) == (PRE_TAX, 75, False)
    assert "Its amounts are what people elected as pre-tax, to the cent." in found.evidence
    assert any("they reach no account" in each for each in found.evidence)
    (finding,) = watch.findings(TERMS, None)
    assert finding.fix.endswith("under a code it reaches no account.")
    half = [replace(each, deductions=(("401K", cents),)) for each, cents in zip(rows, (60_00, 50_00), strict=True)]
    named = watched(*half)
    named.compare(half, standing)
    assert not proposal(named, "401K").certain  # only one of two amounts is what was elected


def test_money_that_a_row_tells_in_a_column_as_well_is_that_money_again() -> None:
    watch = watched(replace(row(2), deductions=(("401K", 60_00),), pre_tax_cents=60_00))
    found = proposal(watch, "401K")
    assert (found.kind, found.certain) == (PRE_TAX, True)
    assert not any("reach no account" in each for each in found.evidence)


def test_amounts_are_held_against_the_installments_of_loans_on_file() -> None:
    rows = [row(2, key="1", X7=41_13), row(3, key="2", X7=9_00)]
    watch = watched(*rows)
    watch.compare(rows, known(installments=[[20_00, 41_13], []]))
    assert proposal(watch, "X7").kind is LOAN


CONFIRMED = {"name": "Medical", "type": "s125_medical", "most_cents": 100_00, "off_fica_seen": True}


@pytest.mark.parametrize(
    ("paid", "called", "why"),
    [
        (row(2, 900_00, MED=100_00), typed("MED", "s125_medical", "Medical"), ""),
        (row(2, MED=100_00), typed("MED", ""), ""),  # wages, name and type are not told: nothing says otherwise
        (row(2, 1_000_00, MED=100_00), typed("MED", "s125_medical", "Medical"), "fica"),
        (row(2, gross=9_000_00, MED=1_100_01), typed("MED", "s125_medical", "Medical"), "amount"),
        (row(2, gross=9_000_00, MED=1_100_00), typed("MED", "s125_medical", "Medical"), ""),
        (row(2, MED=100_00), typed("MED", "s125_medical", "Pet insurance"), "name"),
        (row(2, MED=100_00), typed("MED", "custom_post_tax", "Medical"), "type"),
    ],
)
def test_a_confirmed_code_is_asked_about_again_when_it_behaves_otherwise(
    paid: PayrollRow, called: CalledCode, why: str
) -> None:
    watch = watched(paid, called=(called,), MED=DeductionWord("MED", CAFETERIA, CONFIRMED))
    assert watch.look([paid]) == ({2: (Doubted(Side.DEDUCTION, "MED", why),)} if why else {})
    assert [each.why for each in watch.told_deductions()] == ([why] if why else [])


def test_a_new_code_asks_once_a_file_and_doubts_each_row_that_has_it() -> None:
    watch = watched(row(2, MED=100_00), row(3), row(4, MED=50_00))
    assert set(watch.look([row(2, MED=100_00), row(3), row(4, MED=50_00)])) == {2, 4}
    (finding,) = watch.findings(TERMS, None)
    assert "Deduction code MED: nobody has said what it is for. 2 people have $150.00 of it." in finding.reason
    assert ("side", "deduction") in finding.detail
    assert finding.confirm


def test_every_kind_has_words_of_its_own_or_a_type() -> None:
    assert {propose_deduction(SeenDeduction(code)).kind for code in ("401k", "roth", "med", "transit", "garn")} == {
        PRE_TAX, DeductionKind.ROTH_DEFERRAL, CAFETERIA, TRANSPORT, TAXED,
    }  # fmt: skip

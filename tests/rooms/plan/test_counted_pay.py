"""What a kind of pay counts for, under each definition that a plan may choose, with the source of every answer."""

from dataclasses import replace
from datetime import date

import pytest

from open401k import plan
from open401k.law.pay_items import FREELY_EXCLUDED, PayDefinition, PayKind
from open401k.plan import EARNING_KINDS, Compensation, Purpose, left_out_of, meaning_of, reduction_of


def letters(kind: PayKind, terms: Compensation) -> str:
    """W-2, FICA, 415, 414(s), plan: y or n."""
    return "".join("y" if meaning_of(kind, terms)[each].counts else "n" for each in list(Purpose)[:5])


@pytest.mark.parametrize(
    ("kind", "counted"),
    [
        (PayKind.REGULAR, "yyyyy"),
        (PayKind.SEVERANCE_PAY, "nynnn"),
        (PayKind.DIFFERENTIAL_WAGE, "ynyyy"),
        (PayKind.ACCOUNTABLE_EXPENSES, "nnnnn"),
        (PayKind.CONTRACTOR_PAY, "nnnnn"),
        (PayKind.TAXABLE_GROUP_TERM_LIFE, "yyyyy"),
    ],
)
def test_under_w2_pay_a_kind_counts_for_what_the_law_says(kind: PayKind, counted: str) -> None:
    assert letters(kind, Compensation()) == counted


def test_base_pay_leaves_kinds_out_of_plan_pay_alone_and_its_tests_have_to_show_it_fair() -> None:
    base_pay = Compensation(excluded_kinds=(PayKind.OVERTIME, PayKind.BONUS, PayKind.COMMISSION))
    assert letters(PayKind.BONUS, base_pay) == "yyynn"
    assert meaning_of(PayKind.BONUS, base_pay)[Purpose.SECTION_414S].cite == "Reg. 1.414(s)-1(d)(3)"
    assert letters(PayKind.REGULAR, base_pay) == "yyyyy"
    # All of what 414(s) lets a plan leave out freely needs no test (Reg. 1.414(s)-1(c)(3)).
    free = Compensation(excluded_kinds=tuple(FREELY_EXCLUDED))
    assert meaning_of(PayKind.TAXABLE_FRINGE, free)[Purpose.SECTION_414S].cite == "Reg. 1.414(s)-1(d)(2)"


def test_what_the_law_leaves_to_the_plan_counts_if_the_plan_takes_it_in() -> None:
    full = Compensation(definition=PayDefinition.SECTION_415, section_415=PayDefinition.SECTION_415)
    kind = PayKind.NONQUALIFIED_PLAN_PAYMENT
    assert letters(kind, full) == "ynnnn"
    assert letters(kind, replace(full, included_kinds=(kind,))) == "ynyyy"


@pytest.mark.parametrize("definition", PayDefinition)
def test_every_cell_says_why_and_where_it_is_said(definition: PayDefinition) -> None:
    terms = Compensation(definition=definition, excluded_kinds=(PayKind.BONUS,))
    for kind in EARNING_KINDS:
        for cell in meaning_of(kind, terms).values():
            assert cell.why
            assert cell.cite.startswith(("IRC", "Reg."))
    # Only what something leaves out is handed to the sums, and all of it.
    told = {kind: counts for kind, *counts in left_out_of(terms)}
    for kind in EARNING_KINDS:
        of_sums = [meaning_of(kind, terms)[each].counts for each in (Purpose.PLAN, Purpose.SECTION_415, Purpose.FICA)]
        assert told.get(kind, [True, True, True]) == of_sums


def test_a_roth_deferral_reduces_no_wages_and_a_cafeteria_plan_both() -> None:
    reduced = {kind: (reduction_of(kind).reduces_w2, reduction_of(kind).reduces_fica) for kind in plan.DEDUCTION_KINDS}
    assert reduced == {
        PayKind.PRE_TAX_DEFERRAL: (True, False),
        PayKind.ROTH_DEFERRAL: (False, False),
        PayKind.CAFETERIA_REDUCTION: (True, True),
        PayKind.TRANSPORTATION_REDUCTION: (True, True),
    }


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Compensation(section_415=PayDefinition.SECTION_3121A), "compensation.section_415"),
        (Compensation(excluded_kinds=(PayKind.REGULAR,)), "compensation.excluded_kinds"),
        (Compensation(included_kinds=(PayKind.ACCOUNTABLE_EXPENSES,)), "compensation.included_kinds"),
    ],
)
def test_what_no_definition_can_say_is_a_problem(terms: Compensation, field: str) -> None:
    (problem,) = plan.problems(plan.Provisions(date(2019, 1, 1), compensation=terms))
    assert problem.field == field


def test_terms_written_when_there_were_only_codes_are_read_with_the_usual_definition() -> None:
    written = plan.provisions_to_json(plan.Provisions(date(2019, 1, 1)))
    old = written | {"compensation": {"excluded_pay_codes": ["BONUS"]}}
    assert plan.provisions_from_json(old).compensation == Compensation(("BONUS",))
    assert plan.provisions_to_json(plan.provisions_from_json(old)) == old  # the same text, and so the same hash
    with pytest.raises(TypeError):
        plan.provisions_from_json(written | {"compensation": {"definition": "w2"}})


def test_each_purpose_cites_its_own_law() -> None:
    cells = plan.meaning_of(PayKind.BONUS, Compensation())
    assert cells[plan.Purpose.FICA].cite == "IRC 3121(a)"
    assert cells[plan.Purpose.W2].cite.startswith("Reg. 1.415(c)-2(d)(4)")
    statement = plan.meaning_of(PayKind.BONUS, Compensation(section_415=PayDefinition.SECTION_415))
    assert statement[plan.Purpose.SECTION_415].cite.startswith("Reg. 1.415(c)-2(b)")

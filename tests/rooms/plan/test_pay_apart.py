"""Definitions of pay of the match and of nonelective money: what each counts, and what cannot stand."""

from dataclasses import replace
from datetime import date

import pytest

from open401k import plan
from open401k.kernel import Source
from open401k.law.pay_items import ELECTIVE_CONTRIBUTIONS, FREELY_EXCLUDED, PayDefinition, PayKind
from open401k.plan import (
    Compensation,
    Kind,
    Match,
    MatchTier,
    PayTerms,
    Provisions,
    Purpose,
    meaning_of,
    needs_ratio_test,
)

BASE_PAY = PayTerms(excluded_kinds=(PayKind.BONUS, PayKind.OVERTIME))
ELECTIVE = tuple(sorted(ELECTIVE_CONTRIBUTIONS))
MATCHED = Provisions(date(2019, 1, 1), match=Match((MatchTier(10_000, 400),)))


def test_each_kind_of_money_counts_by_its_own_terms_and_by_the_plans_where_it_has_none() -> None:
    terms = Compensation(match=BASE_PAY)
    bonus = meaning_of(PayKind.BONUS, terms)
    assert [bonus[each].counts for each in (Purpose.PLAN, Purpose.MATCH, Purpose.NONELECTIVE)] == [True, False, True]
    assert bonus[Purpose.SECTION_414S].counts  # tests count what deferrals count: one definition for a test
    assert terms.apart == (Kind.MATCH,)
    assert terms.of(Kind.NONELECTIVE) == terms.of(Kind.DEFERRALS) == Compensation()
    # Nothing of what the plan leaves out holds for terms that are said apart.
    apart = Compensation(excluded_kinds=(PayKind.TIPS,), excluded_pay_codes=("X",), nonelective=PayTerms())
    assert meaning_of(PayKind.TIPS, apart)[Purpose.NONELECTIVE].counts
    assert not apart.of(Kind.NONELECTIVE).excluded_pay_codes


def test_a_plan_without_them_is_written_as_before() -> None:
    assert plan.provisions_to_json(Provisions(date(2019, 1, 1)))["compensation"] == {"excluded_pay_codes": []}
    told = plan.provisions_to_json(replace(MATCHED, compensation=Compensation(match=BASE_PAY)))
    assert told["compensation"]["match"]["excluded_kinds"] == ["bonus", "overtime"]
    assert "nonelective" not in told["compensation"]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Compensation(match=PayTerms(excluded_kinds=(PayKind.REGULAR,))), "compensation.match.excluded_kinds"),
        (Compensation(match=PayTerms(excluded_kinds=(PayKind.ROTH_DEFERRAL,))), "compensation.match.excluded_kinds"),
        (
            Compensation(match=PayTerms(included_kinds=(PayKind.PLAN_DISTRIBUTION,))),
            "compensation.match.included_kinds",
        ),
        (Compensation(excluded_kinds=(PayKind.PRE_TAX_DEFERRAL,)), "compensation.excluded_kinds"),
        (Compensation(nonelective=PayTerms()), "compensation.nonelective"),
    ],
)
def test_what_cannot_be_counted_apart_is_a_problem(terms: Compensation, field: str) -> None:
    (problem,) = plan.problems(replace(MATCHED, compensation=terms))
    assert problem.field == field


def test_money_that_is_declared_may_count_its_own_pay() -> None:
    terms = replace(MATCHED, compensation=Compensation(nonelective=BASE_PAY), may_declare=(Source.PROFIT_SHARING,))
    assert not plan.problems(terms)


def test_elective_contributions_are_left_out_freely_if_all_of_them_are() -> None:
    """IRC 414(s)(2); Reg. 1.414(s)-1(c)(4)."""
    assert not needs_ratio_test(Compensation(excluded_kinds=ELECTIVE))
    assert needs_ratio_test(Compensation(excluded_kinds=(PayKind.CAFETERIA_REDUCTION,)))
    both = Compensation(excluded_kinds=(*ELECTIVE, *FREELY_EXCLUDED))
    assert not needs_ratio_test(both)
    assert needs_ratio_test(replace(both, excluded_kinds=(*both.excluded_kinds, PayKind.BONUS)))
    assert needs_ratio_test(Compensation(excluded_pay_codes=("BON",)))
    assert needs_ratio_test(Compensation(definition=PayDefinition.SECTION_3121A))
    assert not needs_ratio_test(Compensation(definition=PayDefinition.SECTION_414S_ALTERNATIVE))


@pytest.mark.parametrize("definition", PayDefinition)
def test_what_a_definition_itself_leaves_out_is_nothing_that_a_plan_leaves_out(definition: PayDefinition) -> None:
    counted = meaning_of(PayKind.REGULAR, Compensation(definition=definition))
    assert counted[Purpose.PLAN].counts
    out = [kind for kind in PayKind if not meaning_of(kind, Compensation(definition=definition))[Purpose.PLAN].counts]
    assert needs_ratio_test(Compensation(definition=definition, excluded_kinds=tuple(out))) == (
        definition is PayDefinition.SECTION_3121A
    )


def test_wages_under_3121a_are_without_what_a_cafeteria_plan_takes() -> None:
    """IRC 3121(a)(5)(G), 3121(a)(20)."""
    wages = Compensation(definition=PayDefinition.SECTION_3121A)
    assert plan.off_plan_pay(wages) == (PayKind.CAFETERIA_REDUCTION, PayKind.TRANSPORTATION_REDUCTION)
    assert plan.off_plan_pay(Compensation()) == ()
    assert set(plan.off_plan_pay(Compensation(excluded_kinds=ELECTIVE))) == ELECTIVE_CONTRIBUTIONS

"""What an employer may declare for a plan year, and until when."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from open401k.kernel import PlanYear, Refused, Source
from open401k.plan import MatchTier, MonthDay, Provisions
from open401k.recordkeeping import Declaration, DeclarationRefusal, Declared
from open401k.recordkeeping.declaring import decide_declaration

TERMS = Provisions(date(2019, 1, 1), may_declare=(Source.MATCH, Source.PROFIT_SHARING))
LAST = date(2026, 12, 31)
HALF_OF_FOUR = (MatchTier(5_000, 400),)


def decided(formula: Declared, *, terms: Provisions | None = TERMS, **when: Any) -> Any:
    asked = Declaration(last_day=LAST, formula=formula, declared_on=date(2027, 3, 1))
    found = decide_declaration(replace(asked, **when), terms)
    return found.reason if isinstance(found, Refused) else found


@pytest.mark.parametrize(
    "formula",
    [
        Declared(Source.MATCH, HALF_OF_FOUR),
        Declared(Source.MATCH, HALF_OF_FOUR, cap_cents=1_000_00),
        Declared(Source.PROFIT_SHARING, rate_bps=300),
        Declared(Source.PROFIT_SHARING, flat_cents=500_00),
    ],
)
def test_a_match_is_declared_as_tiers_and_profit_sharing_as_a_share_or_an_amount(formula: Declared) -> None:
    assert decided(formula) == PlanYear.starting(date(2026, 1, 1))


@pytest.mark.parametrize(
    "formula",
    [
        Declared(Source.MATCH, rate_bps=300),
        Declared(Source.MATCH, (MatchTier(5_000, 400), MatchTier(5_000, 400))),
        Declared(Source.MATCH, HALF_OF_FOUR, cap_cents=0),
        Declared(Source.PROFIT_SHARING, HALF_OF_FOUR),
        Declared(Source.PROFIT_SHARING, rate_bps=300, flat_cents=500_00),
        Declared(Source.PROFIT_SHARING, rate_bps=10_001),
        Declared(Source.PROFIT_SHARING, rate_bps=300, cap_cents=1_000_00),
        Declared(Source.PROFIT_SHARING, rate_bps=-1, flat_cents=500_00),
    ],
)
def test_what_is_no_one_formula_is_refused(formula: Declared) -> None:
    assert decided(formula) is DeclarationRefusal.NO_FORMULA


def test_nothing_takes_back_what_was_declared_and_nothing_else() -> None:
    asked = Declaration(last_day=LAST, formula=Declared(Source.MATCH), declared_on=date(2027, 3, 1))
    assert decided(Declared(Source.MATCH)) is DeclarationRefusal.NOTHING_DECLARED
    assert decide_declaration(asked, TERMS, known=True) == PlanYear.starting(date(2026, 1, 1))


def test_only_what_the_plan_provides_for_a_year_that_it_has() -> None:
    shared = Declared(Source.PROFIT_SHARING, rate_bps=300)
    assert decided(shared, terms=replace(TERMS, may_declare=(Source.MATCH,))) is DeclarationRefusal.NOT_PROVIDED
    assert decided(shared, terms=None) is DeclarationRefusal.NO_PLAN_YEAR
    assert decided(shared, last_day=date(2026, 12, 30)) is DeclarationRefusal.NO_PLAN_YEAR
    july = replace(TERMS, plan_year_start=MonthDay(7, 1))
    assert decided(shared, terms=july) is DeclarationRefusal.NO_PLAN_YEAR
    assert decided(shared, terms=july, last_day=date(2026, 6, 30)) == PlanYear.starting(date(2025, 7, 1))


@pytest.mark.parametrize(("on", "late"), [(date(2027, 11, 14), False), (date(2027, 11, 15), True)])
def test_thirty_days_after_the_employers_return_is_due_it_is_of_the_year_no_more(on: date, late: bool) -> None:
    """Reg. 1.415(c)-1(b)(6)(i)(B): extended to 15 October, and 30 days."""
    found = decided(Declared(Source.PROFIT_SHARING, rate_bps=300), declared_on=on, tax_return_due=date(2027, 10, 15))
    assert (found is DeclarationRefusal.TOO_LATE) is late

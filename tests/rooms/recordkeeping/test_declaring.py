"""What an employer may declare for a plan year, and until when."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from open401k.kernel import PlanYear, Refused, Source
from open401k.plan import MatchTier, MonthDay, Provisions
from open401k.recordkeeping import Declaration, DeclarationRefusal, Declared
from open401k.recordkeeping.allocating import declared_amount
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
        # At the wage base of 2026 the allowance is 5.7 %, and no more than the base percentage.
        Declared(Source.PROFIT_SHARING, rate_bps=600, excess_bps=1_170, integration_cents=184_500_00),
        Declared(Source.PROFIT_SHARING, rate_bps=300, excess_bps=600, integration_cents=184_500_00),
        Declared(Source.PROFIT_SHARING, rate_bps=600, excess_bps=1_030, integration_cents=100_000_00),
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
        Declared(Source.PROFIT_SHARING, rate_bps=300, excess_bps=600),
        Declared(Source.PROFIT_SHARING, rate_bps=300, integration_cents=184_500_00),
    ],
)
def test_what_is_no_one_formula_is_refused(formula: Declared) -> None:
    assert decided(formula) is DeclarationRefusal.NO_FORMULA


def test_nothing_takes_back_what_was_declared_and_nothing_else() -> None:
    asked = Declaration(last_day=LAST, formula=Declared(Source.MATCH), declared_on=date(2027, 3, 1))
    assert decided(Declared(Source.MATCH)) is DeclarationRefusal.NOTHING_DECLARED
    assert decide_declaration(asked, TERMS, known=True) == PlanYear.starting(date(2026, 1, 1))


@pytest.mark.parametrize(
    "formula",
    [
        Declared(Source.PROFIT_SHARING, rate_bps=600, excess_bps=1_171, integration_cents=184_500_00),
        Declared(Source.PROFIT_SHARING, rate_bps=300, excess_bps=601, integration_cents=184_500_00),
        Declared(Source.PROFIT_SHARING, rate_bps=600, excess_bps=1_031, integration_cents=100_000_00),
        Declared(Source.PROFIT_SHARING, rate_bps=600, excess_bps=500, integration_cents=100_000_00),
        # Like Reg. 1.401(l)-2(e) Example 4: a level above the wage base as the plan year begins.
        Declared(Source.PROFIT_SHARING, rate_bps=400, excess_bps=600, integration_cents=184_500_01),
    ],
)
def test_more_disparity_than_is_permitted_is_refused(formula: Declared) -> None:
    assert decided(formula) is DeclarationRefusal.TOO_MUCH_DISPARITY


def test_an_integrated_share_is_higher_above_the_level() -> None:
    formula = Declared(Source.PROFIT_SHARING, rate_bps=300, excess_bps=600, integration_cents=184_500_00)
    paid = np.array([0, 100_000_00, 184_500_00, 284_500_00], dtype=np.int64)
    found = declared_amount(formula, paid=paid, deferred=np.zeros_like(paid))
    assert found.tolist() == [0, 3_000_00, 5_535_00, 11_535_00]


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

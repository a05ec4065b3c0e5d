"""Profit sharing by groups and by points: what may be declared, and what each has of it to the cent."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import plan
from open401k.kernel import PlanYear, Refused, Source
from open401k.plan import AllocationGroup, Points, ProfitSharing, Provisions
from open401k.recordkeeping import Declaration, DeclarationRefusal, Declared, GroupShare
from open401k.recordkeeping.declaring import decide_declaration
from open401k.recordkeeping.shared_out import Sharers, shared_out

YEAR = PlanYear.starting(date(2026, 1, 1))
GROUPS = ProfitSharing(groups=(AllocationGroup("Owners", ("owner",)), AllocationGroup("Staff")))
POINTS = ProfitSharing(points=Points(for_year_of_age=1, for_year_of_service=2, for_unit_of_pay=1))
SHARES = Source.PROFIT_SHARING
TERMS = Provisions(date(2019, 1, 1), may_declare=(Source.MATCH, SHARES))


def decided(terms: ProfitSharing | None, formula: Declared) -> Any:
    asked = Declaration(last_day=YEAR.last_day, formula=formula, declared_on=date(2027, 3, 1))
    found = decide_declaration(asked, replace(TERMS, profit_sharing=terms))
    return found.reason if isinstance(found, Refused) else found


def groups(*shares: tuple[str, int, int]) -> Declared:
    return Declared(SHARES, shares=tuple(GroupShare(*each) for each in shares))


@pytest.mark.parametrize(
    ("terms", "formula"),
    [
        (GROUPS, groups(("Owners", 2_000, 0), ("Staff", 500, 0))),
        (GROUPS, groups(("Staff", 0, 10_000_00))),
        (ProfitSharing(each_alone=True), groups(("emp_" + "0" * 31 + "1", 0, 5_000_00))),
        (POINTS, Declared(SHARES, total_cents=50_000_00)),
    ],
)
def test_a_declaration_is_of_the_plans_own_formula(terms: ProfitSharing, formula: Declared) -> None:
    assert decided(terms, formula) == YEAR
    assert decided(None, formula) is DeclarationRefusal.NO_FORMULA
    assert decided(terms, Declared(SHARES, rate_bps=300)) is DeclarationRefusal.NO_FORMULA


@pytest.mark.parametrize(
    ("terms", "formula"),
    [
        (GROUPS, groups(("Nobody", 300, 0))),
        (GROUPS, groups(("Staff", 300, 0), ("Staff", 200, 0))),
        (GROUPS, groups(("Staff", 300, 100_00))),
        (GROUPS, groups(("Staff", 10_001, 0))),
        (GROUPS, groups(("Staff", 0, -1), ("Owners", 100, 0))),
        (GROUPS, Declared(SHARES, total_cents=100_00)),
        (ProfitSharing(each_alone=True), groups(("Staff", 300, 0))),
        (ProfitSharing(each_alone=True), groups(("emp_" + "A" * 32, 300, 0))),
        (POINTS, groups(("Staff", 300, 0))),
        (POINTS, Declared(SHARES, total_cents=100_00, rate_bps=300)),
        (POINTS, Declared(SHARES, total_cents=-100_00)),
        (GROUPS, Declared(Source.MATCH, (plan.MatchTier(5_000, 400),), total_cents=100_00)),
    ],
)
def test_what_is_not_is_refused(terms: ProfitSharing, formula: Declared) -> None:
    assert decided(terms, formula) is DeclarationRefusal.NO_FORMULA


def sharers(*rows: tuple[str, int, int, int]) -> Sharers:
    """Group, dollars of pay, age and years of service of each."""
    named, pay, ages, served = zip(*rows, strict=True)
    return Sharers(
        np.array(named, dtype=np.str_),
        np.array(pay, dtype=np.int64) * 100,
        np.array(ages, dtype=np.int64),
        np.array(served, dtype=np.int64),
        np.ones(len(rows), dtype=np.bool_),
    )


PEOPLE = sharers(("Owners", 200_000, 60, 20), ("Staff", 70_000, 40, 3), ("Staff", 30_000, 25, 0), ("Staff", 0, 30, 1))


def test_each_group_has_its_rate_or_its_amount_by_pay() -> None:
    by_rate = shared_out(groups(("Owners", 1_500, 0), ("Staff", 500, 0)), None, PEOPLE, YEAR)
    assert by_rate.tolist() == [30_000_00, 3_500_00, 1_500_00, 0]
    by_amount = shared_out(groups(("Owners", 0, 1_00), ("Staff", 0, 100_01)), None, PEOPLE, YEAR)
    assert by_amount.tolist() == [1_00, 70_01, 30_00, 0]


def test_points_are_of_age_service_and_whole_units_of_pay() -> None:
    # 60 + 40 + 1,000, 40 + 6 + 350, 25 + 0 + 150: 1,671 points, at 10 dollars each.
    found = shared_out(Declared(SHARES, total_cents=16_710_00), POINTS.points, PEOPLE, YEAR)
    assert found.tolist() == [11_000_00, 3_960_00, 1_750_00, 0]
    capped = Points(for_year_of_service=1, most_years_of_service=3)
    assert shared_out(Declared(SHARES, total_cents=6_00), capped, PEOPLE, YEAR).tolist() == [3_00, 3_00, 0, 0]


def test_who_meets_no_condition_has_no_share_and_what_nobody_can_have_stays() -> None:
    only = replace(PEOPLE, receives=np.array([False, True, False, True]))
    points = Declared(SHARES, total_cents=1_000_00)
    assert shared_out(points, POINTS.points, only, YEAR).tolist() == [0, 1_000_00, 0, 0]
    assert shared_out(groups(("Owners", 0, 500_00)), None, only, YEAR).tolist() == [0, 0, 0, 0]
    new = replace(PEOPLE, years_of_service=np.zeros(4, dtype=np.int64))
    assert not shared_out(points, Points(for_year_of_service=1), new, YEAR).any()


@given(
    st.lists(
        st.tuples(st.sampled_from(("a", "b")), st.integers(1, 400_000), st.integers(18, 80), st.integers(0, 40)),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 10_000_00),
)
def test_every_cent_is_given_and_nobody_in_a_group_has_less_for_more_pay(
    rows: list[tuple[str, int, int, int]], cents: int
) -> None:
    people = sharers(*rows)
    by_points = shared_out(Declared(SHARES, total_cents=cents), POINTS.points, people, YEAR)
    assert int(by_points.sum()) == cents
    named = sorted({each[0] for each in rows})
    found = shared_out(groups(*((name, 0, cents) for name in named)), None, people, YEAR)
    for name in named:
        inside = people.groups == name
        assert int(found[inside].sum()) == cents
        order = np.argsort(people.paid[inside], kind="stable")
        assert (np.diff(found[inside][order]) >= -1).all()  # of equal pay the earlier has the last cent

"""Entitlement, pure: what stands credited and what is held, at the edges and over any cut of the year."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import EmployeeId, Source
from open401k.plan import Deferrals, Match, MatchPeriod, MatchTier, MonthDay, Nonelective, Provisions
from open401k.recordkeeping import Entitlement, HeldReason, Pay, People, YearToDate, entitle

HALF_OF_SIX = Match((MatchTier(5_000, 600),))
BOTH = Deferrals(sources=(Source.PRE_TAX, Source.ROTH))


def provisions(**changes: Any) -> Provisions:
    return Provisions(adopted_on=date(2019, 1, 1), **{"deferrals": BOTH, "match": HALF_OF_SIX, **changes})


def people(*ages: int, entered: date | None = date(2019, 1, 1), roth_only: bool = False) -> People:
    return People(
        tuple(EmployeeId(UUID(int=place + 1)) for place in range(len(ages))),
        tuple(entered for _ in ages),
        np.array(ages, dtype=np.int64),
        np.full(len(ages), roth_only),
    )


def pay(compensation: list[list[int]], pre_tax: list[list[int]], roth: list[list[int]] | None = None) -> Pay:
    grid = np.array(compensation, dtype=np.int64)
    dates = tuple(date(2026, 1, 2) + timedelta(days=14 * period) for period in range(grid.shape[1]))
    nothing = np.zeros_like(grid)
    withheld = np.array(pre_tax, dtype=np.int64)
    as_roth = nothing if roth is None else np.array(roth, dtype=np.int64)
    nobody = np.zeros_like(grid, dtype=np.bool_)
    return Pay(dates, grid, withheld, as_roth, nothing, nothing, nothing, nobody, nobody)


def credited(found: Entitlement, source: Source) -> list[list[int]]:
    cents: list[list[int]] = found.credited[source].tolist()
    return cents


def test_half_of_the_first_six_percent_is_matched_each_pay_period() -> None:
    found = entitle(provisions(), people(40), pay([[340_000]], [[17_000]]), YearToDate.zero(1))
    assert credited(found, Source.PRE_TAX) == [[17_000]]
    assert credited(found, Source.MATCH) == [[8_500]]
    assert not found.held


def test_a_plan_year_match_trues_up_who_deferred_unevenly() -> None:
    uneven = pay([[100_000, 100_000]], [[0, 12_000]])
    each = entitle(provisions(), people(40), uneven, YearToDate.zero(1))
    year = entitle(
        provisions(match=Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR)),
        people(40),
        uneven,
        YearToDate.zero(1),
    )
    assert credited(each, Source.MATCH) == [[0, 3_000]]
    assert credited(year, Source.MATCH) == [[0, 6_000]]


@pytest.mark.parametrize(
    ("age", "limit_cents"), [(49, 24_500_00), (50, 32_500_00), (59, 32_500_00), (60, 35_750_00), (64, 32_500_00)]
)
def test_deferrals_stop_at_the_2026_limit_of_each_age(age: int, limit_cents: int) -> None:
    withheld = [[20_000_00, 20_000_00]]
    found = entitle(provisions(match=None), people(age), pay([[90_000_00] * 2], withheld), YearToDate.zero(1))
    assert found.credited[Source.PRE_TAX].sum() == limit_cents
    assert found.held[Source.PRE_TAX, HeldReason.OVER_LIMIT].sum() == 40_000_00 - limit_cents


def test_catch_up_of_a_high_earner_waits_until_it_is_roth() -> None:
    found = entitle(
        provisions(match=None), people(52, roth_only=True), pay([[90_000_00]], [[26_000_00]]), YearToDate.zero(1)
    )
    assert credited(found, Source.PRE_TAX) == [[24_500_00]]
    assert found.held[Source.PRE_TAX, HeldReason.CATCH_UP_MUST_BE_ROTH].tolist() == [[1_500_00]]


@pytest.mark.parametrize(("withheld", "waits"), [(24_500_00, 0), (24_500_01, 1), (26_000_00, 1_500_00)])
def test_what_is_coded_catch_up_is_catch_up_above_the_limit_alone(withheld: int, waits: int) -> None:
    """Reg. 1.414(v)-1(a)(1), (c)(1): below 402(g) nothing has to be Roth, whatever payroll calls it."""
    told = replace(pay([[90_000_00]], [[withheld]]), coded_catch_up_pre_tax=np.array([[2_000_00]]))
    found = entitle(provisions(match=None), people(52, roth_only=True), told, YearToDate.zero(1))
    assert credited(found, Source.PRE_TAX) == [[withheld - waits]]
    held = found.held.get((Source.PRE_TAX, HeldReason.CATCH_UP_MUST_BE_ROTH), np.array([[0]]))
    assert held.tolist() == [[waits]]


def test_money_of_someone_who_has_not_entered_is_held_and_not_matched() -> None:
    found = entitle(provisions(), people(30, entered=None), pay([[300_000]], [[15_000]]), YearToDate.zero(1))
    assert credited(found, Source.PRE_TAX) == [[0]]
    assert credited(found, Source.MATCH) == [[0]]
    assert found.held[Source.PRE_TAX, HeldReason.NOT_ENTERED].tolist() == [[15_000]]


def test_money_of_dates_in_an_excluded_class_is_held_and_what_came_before_and_after_is_matched() -> None:
    told = replace(pay([[100_000] * 3], [[6_000] * 3]), kept_out=np.array([[False, True, False]]))
    found = entitle(provisions(nonelective=Nonelective(300)), people(40), told, YearToDate.zero(1))
    assert credited(found, Source.PRE_TAX) == [[6_000, 0, 6_000]]
    assert credited(found, Source.MATCH) == [[3_000, 0, 3_000]]
    assert credited(found, Source.NONELECTIVE) == [[3_000, 0, 3_000]]
    assert found.held[Source.PRE_TAX, HeldReason.NOT_ENTERED].tolist() == [[0, 6_000, 0]]


def test_pay_long_after_leaving_is_held_and_earns_neither_match_nor_nonelective() -> None:
    terms = provisions(nonelective=Nonelective(300))
    told = pay([[100_000, 100_000]], [[6_000, 6_000]])
    told = replace(told, left_long_ago=np.array([[False, True]]))
    found = entitle(terms, people(40), told, YearToDate.zero(1))
    assert credited(found, Source.PRE_TAX) == [[6_000, 0]]
    assert credited(found, Source.MATCH) == [[3_000, 0]]
    assert credited(found, Source.NONELECTIVE) == [[3_000, 0]]
    assert found.held[Source.PRE_TAX, HeldReason.LEFT_LONG_AGO].tolist() == [[0, 6_000]]


def test_roth_is_held_where_the_plan_has_none() -> None:
    terms = provisions(deferrals=Deferrals(sources=(Source.PRE_TAX,)))
    found = entitle(terms, people(30), pay([[300_000]], [[0]], [[15_000]]), YearToDate.zero(1))
    assert found.held[Source.ROTH, HeldReason.SOURCE_NOT_PERMITTED].tolist() == [[15_000]]


def test_pay_over_the_401a17_limit_earns_no_nonelective() -> None:
    terms = provisions(match=None, nonelective=Nonelective(300, Source.SAFE_HARBOR_NONELECTIVE))
    found = entitle(terms, people(45), pay([[200_000_00, 200_000_00]], [[0, 0]]), YearToDate.zero(1))
    assert credited(found, Source.SAFE_HARBOR_NONELECTIVE) == [[6_000_00, 4_800_00]]


grids = st.integers(2, 6).flatmap(
    lambda periods: st.lists(
        st.lists(
            st.tuples(st.integers(0, 90_000_00), st.integers(0, 9_000_00), st.integers(0, 9_000_00)),
            min_size=periods,
            max_size=periods,
        ),
        min_size=1,
        max_size=4,
    )
)


@given(rows=grids, roth_only=st.booleans())
def test_every_withheld_cent_is_credited_or_held(rows: list[list[tuple[int, int, int]]], roth_only: bool) -> None:
    who = people(*range(47, 47 + 5 * len(rows), 5), roth_only=roth_only)
    whole = pay(*([[[cell[place] for cell in row] for row in rows] for place in range(3)]))
    found = entitle(provisions(), who, whole, YearToDate.zero(len(rows)))
    for source, withheld in ((Source.PRE_TAX, whole.pre_tax), (Source.ROTH, whole.roth)):
        kept = sum((cents for (of, _), cents in found.held.items() if of is source), np.zeros_like(withheld))
        assert (found.credited[source] + kept == withheld).all()
        assert (found.credited[source] >= 0).all()
        assert (kept >= 0).all()


def test_the_plans_limit_counts_the_plan_year_and_402g_the_calendar_year() -> None:
    # The plan year began on July 1: what was deferred from January to June is no part of its 10 % of pay.
    terms = provisions(match=None, plan_year_start=MonthDay(7, 1), deferrals=replace(BOTH, max_bps_of_pay=1_000))
    before = replace(YearToDate.zero(1), deferrals=np.array([12_000_00]))
    found = entitle(terms, people(40), replace(pay([[5_000_00]], [[600_00]]), pay_dates=(date(2025, 7, 15),)), before)
    assert credited(found, Source.PRE_TAX) == [[500_00]]
    # In January the calendar year is new, the plan year is not: its 10 % are used up.
    before = replace(YearToDate.zero(1), plan_year_deferrals=np.array([3_000_00]), compensation=np.array([30_000_00]))
    found = entitle(terms, people(40), replace(pay([[5_000_00]], [[600_00]]), pay_dates=(date(2026, 1, 15),)), before)
    assert credited(found, Source.PRE_TAX) == [[500_00]]


def test_a_match_over_the_year_neither_takes_back_nor_repeats_what_another_formula_gave() -> None:
    # Until June 100 % of 6 % were matched, 3,000.00; since then 50 % of 6 %. Cap of the year 3,100.00.
    lower = Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR, cap_cents=3_100_00)
    before = replace(
        YearToDate.zero(1),
        deferrals=np.array([3_000_00]),
        plan_year_deferrals=np.array([3_000_00]),
        compensation=np.array([50_000_00]),
        match=np.array([3_000_00]),
        compensation_before_terms=np.array([50_000_00]),
    )
    found = entitle(provisions(match=lower), people(40), pay([[2_000_00] * 2], [[120_00] * 2]), before)
    assert credited(found, Source.MATCH) == [[60_00, 40_00]]

"""The year's additions never pass 415(c): whose money gives way, in which order, and what catch-up adds."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.recordkeeping.test_contributions import people, provisions

from open401k.kernel import CalendarYear, LimitationYear, Source
from open401k.law import additions, deferrals
from open401k.plan import Conditions, Deferrals, Match, MatchPeriod, MatchTier, Nonelective, Provisions
from open401k.recordkeeping import Entitlement, HeldReason, Pay, YearToDate, entitle
from open401k.recordkeeping.additions_limit import YearSoFar, take_above
from open401k.recordkeeping.allocating import Declared
from open401k.recordkeeping.contributions import YearEnd

ALL = Deferrals(sources=(Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX))
MOST = 72_000_00  # IRC 415(c)(1)(A), 2026
LAST = date(2026, 12, 31)
#: Of the pay that counts, 360,000.00 (IRC 401(a)(17)), a fifth is 72,000.00 by itself.
FIFTH = Nonelective(2_000)


def paid(pre_tax: list[int], after_tax: list[int] | None = None, each: int = 30_000_00) -> Pay:
    count = len(pre_tax)
    nothing = np.zeros((1, count), dtype=np.int64)
    dates = tuple(date(2026, 1, 2) + timedelta(days=28 * period) for period in range(count))
    own = nothing if after_tax is None else np.array([after_tax])
    return Pay(
        dates, nothing + each, np.array([pre_tax]), nothing, own, nothing, nothing, nothing > 0, nothing > 0,
    )  # fmt: skip


def terms(**changes: Any) -> Provisions:
    return provisions(**{"deferrals": ALL, "match": None, **changes})


def of(found: Entitlement, source: Source) -> list[int]:
    return [int(each) for each in found.credited.get(source, np.zeros((1, 1)))[0]]


def total(found: Entitlement) -> int:
    return int(sum(cents.sum() for cents in found.credited.values()))


def test_the_employer_gives_what_the_deferrals_leave_payroll_by_payroll() -> None:
    """Eight months of 2,450.00 and 6,000.00 leave 4,400.00: a deferral more, and 1,950.00 of the employer's."""
    found = entitle(terms(nonelective=FIFTH), people(40), paid([2_450_00] * 10), YearToDate.zero(1))
    assert of(found, Source.PRE_TAX) == [2_450_00] * 9 + [0]
    assert of(found, Source.NONELECTIVE) == [6_000_00] * 8 + [1_950_00, 0]
    assert found.held[Source.PRE_TAX, HeldReason.OVER_ADDITIONS].tolist() == [[0] * 9 + [2_450_00]]
    assert found.not_given[Source.NONELECTIVE].tolist() == [[0] * 8 + [4_050_00, 6_000_00]]
    assert total(found) == MOST


def test_a_deferral_waits_only_where_the_employer_gives_nothing() -> None:
    found = entitle(
        terms(match=Match((MatchTier(10_000, 600),)), nonelective=FIFTH),
        people(40),
        paid([2_450_00] * 10),
        YearToDate.zero(1),
    )
    assert total(found) == MOST
    waits = found.held[Source.PRE_TAX, HeldReason.OVER_ADDITIONS][0]
    employer = found.credited[Source.MATCH][0] + found.credited[Source.NONELECTIVE][0]
    assert waits.any()
    assert (employer[waits > 0] == 0).all()


def test_what_is_not_given_is_told_by_source_and_waits_nowhere() -> None:
    found = entitle(terms(nonelective=FIFTH), people(40), paid([24_500_00, 0, 0], each=120_000_00), YearToDate.zero(1))
    assert of(found, Source.NONELECTIVE) == [24_000_00, 23_500_00, 0]
    assert {source: cents.tolist() for source, cents in found.not_given.items()} == {
        Source.NONELECTIVE: [[0, 500_00, 24_000_00]]
    }
    assert not found.held


ORDER = (
    Source.AFTER_TAX, Source.PROFIT_SHARING, Source.NONELECTIVE, Source.MATCH, Source.SAFE_HARBOR_MATCH,
    Source.SAFE_HARBOR_NONELECTIVE, Source.PRE_TAX, Source.ROTH,
)  # fmt: skip


@pytest.mark.parametrize("many", range(9))
def test_money_gives_way_in_its_order(many: int) -> None:
    """Ten of each: ``many`` tens over the limit take the first so many of the order."""
    credited = {source: np.array([10]) for source in reversed(ORDER)}
    before = YearSoFar(
        np.array([0]), np.array([MOST]), additions=np.array([MOST - 80 + 10 * many]), catch_up_elsewhere=np.array([0])
    )
    limits = deferrals.deferral_limits(np.array([40]), CalendarYear(2026), plan_allows_catch_up=True)
    above = take_above(MOST, limits, before, credited)
    assert [source for source in ORDER if not credited[source][0]] == list(ORDER[:many])
    assert set(above.own) | set(above.employer) == set(ORDER[:many])


@pytest.mark.parametrize(("age", "most"), [(49, 72_000_00), (50, 80_000_00), (60, 83_250_00), (64, 80_000_00)])
def test_catch_up_comes_on_top_and_is_used_once(age: int, most: int) -> None:
    """72,000.00, and 8,000.00 or 11,250.00 of catch-up (IRC 414(v)(2)(B), (3)(A)), over however many pay dates."""
    found = entitle(terms(nonelective=FIFTH), people(age), paid([3_250_00] * 10), YearToDate.zero(1))
    assert total(found) == most


def test_catch_up_room_is_none_for_the_employers_money_alone() -> None:
    """Who defers nothing has nothing to catch up: the employer stops at 72,000.00."""
    found = entitle(terms(nonelective=Nonelective(2_500)), people(55), paid([0] * 12), YearToDate.zero(1))
    assert total(found) == MOST


def declared(cents: int) -> YearEnd:
    given = Declared(Source.PROFIT_SHARING, flat_cents=cents)
    return YearEnd(declared=((given, Conditions()),))


def test_what_is_declared_for_the_year_stops_at_what_the_year_left() -> None:
    before = replace(
        YearToDate.zero(1),
        deferrals=np.array([24_500_00]),
        plan_year_deferrals=np.array([24_500_00]),
        additions=np.array([60_000_00]),
        compensation=np.array([300_000_00]),
    )
    on_last = replace(paid([0], each=0), pay_dates=(LAST,))
    found = entitle(terms(), people(40), on_last, before, declared(20_000_00))
    assert of(found, Source.PROFIT_SHARING) == [12_000_00]
    assert found.not_given[Source.PROFIT_SHARING].tolist() == [[8_000_00]]


@pytest.mark.parametrize(
    ("paid_cents", "given", "stopped"),
    [(9_000_00, 3_000_00, 0), (7_000_00, 1_000_00, 2_000_00), (1, 0, 3_000_00), (0, 0, 3_000_00)],
)
def test_the_end_of_a_year_gives_nothing_above_its_pay(paid_cents: int, given: int, stopped: int) -> None:
    """100 % of pay (IRC 415(c)(1)(B)); what was deferred before stays where it is."""
    before = replace(
        YearToDate.zero(1),
        deferrals=np.array([6_000_00]),
        plan_year_deferrals=np.array([6_000_00]),
        additions=np.array([6_000_00]),
        compensation=np.array([9_000_00]),  # of the plan: 415(c)(3) may count none of it
    )
    on_last = replace(paid([0], each=0), pay_dates=(LAST,))
    end = replace(declared(3_000_00), section_415=np.array([paid_cents]))
    found = entitle(terms(), people(40), on_last, before, end)
    assert of(found, Source.PROFIT_SHARING) == [given]
    assert int(sum(cents.sum() for cents in found.not_given.values())) == stopped
    # At 50 the deferrals are catch-up as far as they are above (Reg. 1.414(v)-1(b)(1)(i)).
    assert of(entitle(terms(), people(50), on_last, before, end), Source.PROFIT_SHARING) == [min(3_000_00, paid_cents)]
    not_over = replace(end, section_415=None)
    assert of(entitle(terms(), people(40), on_last, before, not_over), Source.PROFIT_SHARING) == [3_000_00]


def test_a_match_over_the_year_gives_no_more_once_the_limit_is_reached() -> None:
    yearly = Match((MatchTier(10_000, 600),), period=MatchPeriod.PLAN_YEAR)
    found = entitle(
        terms(match=yearly, nonelective=FIFTH), people(40), paid([2_000_00] * 12, [1_000_00] * 12), YearToDate.zero(1)
    )
    assert total(found) == MOST


rows = st.lists(
    st.tuples(st.integers(0, 60_000_00), st.integers(0, 12_000_00), st.integers(0, 12_000_00)), min_size=1, max_size=8
)


@given(
    rows=rows,
    age=st.sampled_from([30, 50, 61]),
    rate=st.integers(0, 10_000),
    match=st.sampled_from([None, MatchPeriod.PAY_PERIOD, MatchPeriod.PLAN_YEAR]),
    more=st.integers(0, 90_000_00),
)
def test_no_year_ends_over_the_limit(
    rows: list[tuple[int, int, int]], age: int, rate: int, match: MatchPeriod | None, more: int
) -> None:
    """By the test of 415(c) itself, whatever comes; each cent that was withheld is credited or waits."""
    formula = None if match is None else Match((MatchTier(10_000, 10_000),), period=match)
    plan = terms(match=formula, nonelective=Nonelective(rate) if rate else None)
    pay = replace(
        paid([row[1] for row in rows], [row[2] for row in rows]), compensation=np.array([[r[0] for r in rows]])
    )
    year = entitle(plan, people(age), pay, YearToDate.zero(1))
    deferred = np.array([year.credited[Source.PRE_TAX].sum()])
    before = replace(
        YearToDate.zero(1),
        deferrals=deferred,
        plan_year_deferrals=deferred,
        compensation=np.array([pay.compensation.sum()]),
        additions=np.array([total(year)]),
    )
    end = entitle(terms(), people(age), replace(paid([0], each=0), pay_dates=(LAST,)), before, declared(more))
    limits = deferrals.deferral_limits(np.array([age]), CalendarYear(2026), plan_allows_catch_up=True)
    caught_up = deferrals.split(deferred, limits).catch_up
    employer = sum(cents.sum() for found in (year, end) for of, cents in found.credited.items() if not of.from_employee)
    tested = additions.annual_additions(
        year=LimitationYear(date(2026, 1, 1), date(2027, 1, 1)),
        deferrals=deferred,
        catch_up=caught_up,
        after_tax=np.array([year.credited[Source.AFTER_TAX].sum()]),
        employer=np.array([employer]),
        compensation=np.array([MOST]),
        catch_up_room=limits.catch_up - caught_up,
    )
    assert tested.excess.tolist() == [0]
    for source, withheld in ((Source.PRE_TAX, pay.pre_tax), (Source.AFTER_TAX, pay.after_tax)):
        waits = sum(int(cents.sum()) for (each, _), cents in year.held.items() if each is source)
        assert int(year.credited[source].sum()) + waits == int(withheld.sum())
    assert all((cents >= 0).all() for found in (year, end) for cents in found.credited.values())


@pytest.mark.parametrize(
    ("roth_only", "roth", "given_by_employer"),
    [
        (False, 0, 6_000_00),  # of 72,000.00 + 6,000.00 that are deferrals of the year, 6,000.00 are catch-up
        (True, 0, 0),  # none of them is Roth: catch-up would have to be
        (True, 2_000_00, 2_000_00),
        (True, 9_000_00, 6_000_00),
    ],
)
def test_catch_up_by_415_of_who_must_catch_up_as_roth_is_roth(
    roth_only: bool, roth: int, given_by_employer: int
) -> None:
    limits = deferrals.deferral_limits(np.array([55]), CalendarYear(2026))
    of_year = np.array([20_000_00])
    so_far = YearSoFar(of_year, of_year, np.array([MOST]), np.zeros(1, dtype=np.int64), np.array([roth]))
    nothing = np.zeros(1, dtype=np.int64)
    credited = dict.fromkeys((Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX), nothing)
    credited[Source.NONELECTIVE] = np.array([6_000_00])
    take_above(MOST, limits, so_far, credited, roth_only=np.array([roth_only]))
    assert credited[Source.NONELECTIVE].tolist() == [given_by_employer]

"""Matches over pay periods, quarters and years, pure: what the parts of a year give against its own formula."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.recordkeeping.test_contributions import pay, people, provisions

from open401k.kernel import Source
from open401k.law.matching import MatchFormula, match
from open401k.plan import Match, MatchTier, ServiceTiers
from open401k.recordkeeping import Cents, YearToDate, entitle
from open401k.recordkeeping.contributions import TermsOfYear, YearEnd

LAST = date(2026, 12, 31)
FALLING = st.sampled_from([((5_000, 600),), ((10_000, 300), (5_000, 500)), ((10_000, 400),)])
RISING = st.just(((2_500, 300), (10_000, 600)))
PERIODS = st.lists(st.tuples(st.integers(0, 20_000_00), st.integers(0, 1_800_00)), min_size=1, max_size=12)


def terms_of(tiers: tuple[tuple[int, int], ...], **form: Any) -> Match:
    return Match(tuple(MatchTier(*tier) for tier in tiers), **form)


def by_period(terms: Match, periods: list[tuple[int, int]]) -> tuple[Cents, Cents, Cents]:
    """Pay, deferrals and match of each pay period of one person."""
    told = pay([[cents for cents, _ in periods]], [[cents for _, cents in periods]])
    found = entitle(provisions(match=terms), people(40), told, YearToDate.zero(1))
    return told.compensation, found.credited[Source.PRE_TAX], found.credited[Source.MATCH]


def at_year_end(terms: Match, compensation: Cents, deferred: Cents, matched: Cents, served: int | None = None) -> int:
    """The true-up of a last day on which nobody is paid."""
    last = replace(pay([[0]], [[0]]), pay_dates=(LAST,))
    before = replace(
        YearToDate.zero(1), compensation=compensation.sum(1), match=matched.sum(1), deferrals=deferred.sum(1)
    )
    nothing = np.zeros(1, dtype=np.int64)
    year = TermsOfYear(terms, deferred.sum(1), nothing, compensation.sum(1), matched.sum(1))
    who = replace(people(40), years_of_service=None if served is None else np.array([served]))
    return int(entitle(provisions(match=terms), who, last, before, YearEnd((year,))).credited[Source.MATCH].sum())


@given(tiers=FALLING | RISING, periods=PERIODS, cap=st.none() | st.integers(1, 3_000_00))
def test_periods_and_the_true_up_are_the_match_of_the_year(
    tiers: tuple[tuple[int, int], ...], periods: list[tuple[int, int]], cap: int | None
) -> None:
    terms = terms_of(tiers, true_up=True, cap_cents=cap)
    compensation, deferred, matched = by_period(terms, periods)
    whole = int(match(deferred.sum(1), compensation.sum(1), MatchFormula.of(tiers, cap))[0])
    more = at_year_end(terms, compensation, deferred, matched)
    # What periods gave beyond the year (a rate that rises, half cents) is not taken back.
    assert int(matched.sum()) + more == max(whole, int(matched.sum()))


@given(tiers=FALLING, periods=PERIODS)
def test_pay_periods_never_give_more_than_the_year_where_the_rate_does_not_rise(
    tiers: tuple[tuple[int, int], ...], periods: list[tuple[int, int]]
) -> None:
    compensation, deferred, matched = by_period(terms_of(tiers), periods)
    whole = int(match(deferred.sum(1), compensation.sum(1), MatchFormula.of(tiers))[0])
    assert int(matched.sum()) <= whole + len(periods)  # half a cent a period


def test_a_true_up_by_service_follows_the_tiers_of_the_years() -> None:
    more = (ServiceTiers(5, (MatchTier(10_000, 600),)),)
    terms = terms_of(((5_000, 600),), true_up=True, by_service=more)
    amounts = (np.array([[100_000_00]]), np.array([[6_000_00]]), np.array([[1_000_00]]))
    assert [at_year_end(terms, *amounts, served=years) for years in (0, 4, 5)] == [2_000_00, 2_000_00, 5_000_00]


def test_pay_over_the_401a17_limit_is_not_trued_up() -> None:
    terms = terms_of(((5_000, 600),), true_up=True)
    amounts = (np.array([[400_000_00]]), np.array([[24_000_00]]), np.array([[0]]))
    assert at_year_end(terms, *amounts) == 10_800_00  # half of 6 % of 360,000.00

"""Entitlement where people enter for employer money later than for deferrals: what counts from which day."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.recordkeeping.test_contributions import credited, pay, people, provisions

from open401k.kernel import Source
from open401k.plan import Match, MatchPeriod, MatchTier, Nonelective
from open401k.recordkeeping import Cents, YearToDate, entitle
from open401k.recordkeeping.contributions import Declared, TermsOfYear, YearEnd
from open401k.recordkeeping.entered import ToDate

#: Pay dates are 2, 16 and 30 January 2026; the match begins on the 15th, nonelective money on the 20th.
MATCHED_FROM, GIVEN_FROM = date(2026, 1, 15), date(2026, 1, 20)
LATER = replace(people(40), match_entered_on=(MATCHED_FROM,), nonelective_entered_on=(GIVEN_FROM,))
DATES = pay([[3_000_00] * 3], [[300_00] * 3])


def cents(amount: int) -> Cents:
    return np.array([amount], dtype=np.int64)


def test_a_pay_date_before_entry_for_the_match_has_no_match() -> None:
    found = entitle(provisions(nonelective=Nonelective(300)), LATER, DATES, YearToDate.zero(1))
    assert credited(found, Source.PRE_TAX) == [[300_00, 300_00, 300_00]]
    assert credited(found, Source.MATCH) == [[0, 90_00, 90_00]]
    assert credited(found, Source.NONELECTIVE) == [[0, 0, 90_00]]


def test_a_match_over_the_plan_year_counts_pay_and_deferrals_from_entry_for_it() -> None:
    """$1,000 deferred before the match begins is not made up by little pay after it."""
    yearly = provisions(match=Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR))
    uneven = pay([[3_000_00] * 3], [[1_000_00, 100_00, 300_00]])
    found = entitle(yearly, LATER, uneven, YearToDate.zero(1))
    assert credited(found, Source.MATCH) == [[0, 50_00, 130_00]]  # half of 100, then of 6 % of 6,000


def test_the_end_of_the_year_trues_up_and_gives_what_was_declared_on_what_counts() -> None:
    terms = Match((MatchTier(5_000, 600),), true_up=True)
    last = replace(DATES, **{name: getattr(DATES, name)[:, 2:] for name in ("compensation", "pre_tax", "roth")})
    last = replace(last, **{name: getattr(DATES, name)[:, 2:] for name in ("after_tax", "left_long_ago", "kept_out")})
    last = replace(
        last,
        pay_dates=DATES.pay_dates[2:],
        coded_catch_up_pre_tax=DATES.after_tax[:, 2:],
        coded_catch_up_roth=DATES.after_tax[:, 2:],
    )
    before = replace(
        YearToDate.zero(1),
        deferrals=cents(600_00),
        compensation=cents(6_000_00),
        plan_year_deferrals=cents(600_00),
        match=cents(80_00),
        for_match=ToDate(cents(3_000_00), cents(300_00), cents(300_00), cents(0)),
        for_nonelective=ToDate(cents(0), cents(0), cents(0), cents(0)),
    )
    of_year = TermsOfYear(terms, cents(300_00), cents(0), cents(3_000_00), cents(80_00))
    shared = Declared(Source.PROFIT_SHARING, rate_bps=1_000)
    found = entitle(provisions(match=terms), LATER, last, before, YearEnd((of_year,), (shared,)))
    assert credited(found, Source.MATCH) == [[100_00]]  # half of 6 % of 6,000, less the 80 of the year
    assert credited(found, Source.PROFIT_SHARING) == [[300_00]]  # of the last pay alone


@given(
    rows=st.lists(
        st.tuples(*[st.tuples(st.integers(0, 2_000_000), st.integers(0, 100_000))] * 3), min_size=1, max_size=3
    ),
    period=st.sampled_from(MatchPeriod),
    entered=st.sampled_from([date(2025, 5, 1), MATCHED_FROM, GIVEN_FROM, date(2026, 6, 1)]),
)
def test_the_same_day_for_every_kind_of_money_is_one_entry(
    rows: list[tuple[tuple[int, int], ...]], period: MatchPeriod, entered: date
) -> None:
    terms = provisions(match=Match((MatchTier(5_000, 600),), period=period), nonelective=Nonelective(300))
    paid = pay([[each[0] for each in row] for row in rows], [[each[1] for each in row] for row in rows])
    one = people(*[40] * len(rows), entered=entered)
    apart = replace(one, match_entered_on=one.entered_on, nonelective_entered_on=one.entered_on)
    nothing = YearToDate.zero(len(rows))
    first, second = entitle(terms, one, paid, nothing), entitle(terms, apart, paid, nothing)
    assert first.credited.keys() == second.credited.keys()
    for source, cents in first.credited.items():
        assert cents.tolist() == second.credited[source].tolist()


@pytest.mark.parametrize("cut", [1, 2])
def test_a_cut_of_the_year_changes_nothing(cut: int) -> None:
    """What one pay date leaves is where the next one begins."""
    yearly = provisions(
        match=Match((MatchTier(5_000, 600),), period=MatchPeriod.PLAN_YEAR), nonelective=Nonelective(300)
    )
    uneven = pay([[3_000_00] * 3], [[1_000_00, 100_00, 300_00]])
    whole = entitle(yearly, LATER, uneven, YearToDate.zero(1))
    counted = slice(1, cut) if cut > 1 else slice(0, 0)
    zero = YearToDate.zero(1)
    paid, deferred = uneven.compensation, uneven.pre_tax
    matched = ToDate(
        paid[:, counted].sum(1), deferred[:, counted].sum(1), deferred[:, counted].sum(1), zero.compensation
    )
    before = replace(
        zero,
        deferrals=deferred[:, :cut].sum(1),
        compensation=paid[:, :cut].sum(1),
        plan_year_deferrals=deferred[:, :cut].sum(1),
        matched_deferrals=deferred[:, :cut].sum(1),
        match=whole.credited[Source.MATCH][:, :cut].sum(1),
        match_of_terms=whole.credited[Source.MATCH][:, :cut].sum(1),
        for_match=matched,
    )
    rest = pay([[3_000_00] * (3 - cut)], [[1_000_00, 100_00, 300_00][cut:]])
    found = entitle(yearly, LATER, replace(rest, pay_dates=uneven.pay_dates[cut:]), before)
    assert credited(found, Source.MATCH) == [whole.credited[Source.MATCH][0, cut:].tolist()]
    assert credited(found, Source.NONELECTIVE) == [whole.credited[Source.NONELECTIVE][0, cut:].tolist()]

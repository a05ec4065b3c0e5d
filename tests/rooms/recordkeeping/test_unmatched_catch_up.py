"""A match that leaves catch-up out: by pay period, over the year and at its end; the year is 2026, 402(g) 24,500.00."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.recordkeeping.test_contributions import pay, people, provisions
from tests.rooms.recordkeeping.test_match_periods import LAST, terms_of

from open401k.kernel import Source
from open401k.plan import MatchPeriod
from open401k.recordkeeping import YearToDate, entitle
from open401k.recordkeeping.contributions import TermsOfYear, YearEnd

DOLLAR_FOR_DOLLAR = ((10_000, 10_000),)
LIMIT = 24_500_00


@pytest.mark.parametrize("period", [MatchPeriod.PAY_PERIOD, MatchPeriod.QUARTER, MatchPeriod.PLAN_YEAR])
def test_deferrals_above_the_regular_limit_are_not_matched(period: MatchPeriod) -> None:
    # Two pay dates of a quarter: 24,000.00, then 3,000.00 of which 2,500.00 are catch-up at 55.
    told = pay([[40_000_00, 40_000_00]], [[24_000_00, 3_000_00]])
    terms = terms_of(DOLLAR_FOR_DOLLAR, period=period, matches_catch_up=False)
    found = entitle(provisions(match=terms), people(55), told, YearToDate.zero(1)).credited
    assert found[Source.PRE_TAX].tolist() == [[24_000_00, 3_000_00]]
    assert found[Source.MATCH].tolist() == [[24_000_00, 500_00]]
    matched = entitle(
        provisions(match=terms_of(DOLLAR_FOR_DOLLAR, period=period)), people(55), told, YearToDate.zero(1)
    )
    assert matched.credited[Source.MATCH].tolist() == [[24_000_00, 3_000_00]]


@given(deferred=st.lists(st.integers(0, 9_000_00), min_size=1, max_size=6))
def test_the_end_of_the_year_matches_no_catch_up_either(deferred: list[int]) -> None:
    terms = terms_of(DOLLAR_FOR_DOLLAR, true_up=True, matches_catch_up=False)
    told = pay([[40_000_00] * len(deferred)], [deferred])
    found = entitle(provisions(match=terms), people(55), told, YearToDate.zero(1)).credited
    kept, matched = found[Source.PRE_TAX].sum(1), found[Source.MATCH].sum(1)
    last = replace(pay([[0]], [[0]]), pay_dates=(LAST,))
    paid = np.array([40_000_00 * len(deferred)])
    before = replace(YearToDate.zero(1), compensation=paid, match=matched, deferrals=kept)
    year = YearEnd((TermsOfYear(terms, kept, np.zeros(1, dtype=np.int64), paid, matched),))
    more = entitle(provisions(match=terms), people(55), last, before, year).credited[Source.MATCH]
    assert int(matched.sum() + more.sum()) == min(int(kept.sum()), LIMIT)

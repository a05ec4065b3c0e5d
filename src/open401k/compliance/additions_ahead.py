"""What IRC 415(c) leaves of the employer's money to come: settlement gives no more, so no year-end has more of it.

As recordkeeping.additions_limit, over a whole year: after-tax contributions wait first, then the employer gives less,
last deferrals wait. What would wait stays in the year-end, and fails its test: an election leads there, and can change.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from open401k import law
from open401k.kernel import LimitationYear
from open401k.law import NotEnacted

from .facts import Cents
from .year import Year


def as_far_as_given(ends: Year, today: Year) -> Year:
    """Simulated year-ends with the employer's money that the dollar limit lets it give; what is in the books stays."""
    year = LimitationYear(ends.plan_year.start, ends.plan_year.end)
    try:
        most = law.additions.dollar_limit(year, on=ends.as_of)
        excess = replace(ends, section_415=np.full_like(ends.section_415, most)).annual_additions().excess
    except NotEnacted:  # the test is refused, and says why
        return ends
    if not excess.any():
        return ends
    waits_first = _to_come(ends.after_tax, today.after_tax)
    less = np.maximum(excess - waits_first, 0)
    of_nonelective = np.minimum(less, _to_come(ends.nonelective, today.nonelective))
    of_match = np.minimum(less - of_nonelective, _to_come(ends.match, today.match))
    return replace(ends, nonelective=ends.nonelective - of_nonelective, match=ends.match - of_match)


def _to_come(then: Cents, now: Cents) -> Cents:
    more: Cents = np.maximum(then - now, 0)
    return more

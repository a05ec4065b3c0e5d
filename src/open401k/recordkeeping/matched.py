"""What a match counts: deferrals, or those that are no catch-up; student loan payments. Pure. Not here: the match."""

import numpy as np
from numpy.typing import NDArray

from open401k.plan import Match

Cents = NDArray[np.int64]


def matched_deferrals(match: Match, *, regular_limit: Cents, before: Cents, deferred: Cents) -> Cents:
    """What of these deferrals is matched, after ``before`` of the same calendar year in all plans of the employer.

    Catch-up is what is above the regular limit, of 402(g) or of the plan (IRC 414(v)(3)(A)(i); Reg. 1.414(v)-1(b)(1)).
    A plan that does not match it counts what is below.
    """
    if match.matches_catch_up:
        return deferred
    below: Cents = np.minimum(before + deferred, regular_limit) - np.minimum(before, regular_limit)
    return below


def matched_loans(match: Match, paid: Cents, *, most: Cents, regular_limit: Cents, deferred: Cents) -> Cents:
    """What of student loan payments is matched: up to the limit of the year less its deferrals (IRC 401(m)(4)(D)(i)).

    ``most`` is the limit with catch-up; a plan that does not match catch-up counts what is below ``regular_limit``.
    """
    limit = most if match.matches_catch_up else regular_limit
    counts: Cents = np.minimum(paid, np.maximum(limit - deferred, 0))
    return counts

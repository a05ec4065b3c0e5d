"""Catch-up that somebody of 50 or more was not offered: how much was missed, and on which pay dates. Pure.

Rev. Proc. 2021-30 App. A .05(4) is for who was excluded from catch-up only, and puts a figure where no election is
known: half of the year's limit. Catch-up that was elected and not withheld is what the election says, as other
deferrals are (.05(5)).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from open401k.kernel import Money
from open401k.law.missed_deferrals import missed_catch_up_cents


def missed_by_date(
    paid: Mapping[date, int], *, limit_cents: int, catch_up_cents: int, deferred: int
) -> dict[date, int]:
    """What was missed of one calendar year, among the pay dates on which it was not offered, in proportion to pay.

    ``limit_cents`` is 402(g) with the ``catch_up_cents`` in it; ``deferred``: of the whole calendar year. What the rest
    of the year left no room for was not missed.
    """
    made = min(max(deferred - (limit_cents - catch_up_cents), 0), catch_up_cents)
    missed = missed_catch_up_cents(catch_up_limit_cents=catch_up_cents, deferred_catch_up_cents=made)
    weights = [max(cents, 0) for cents in paid.values()]
    if not sum(weights):
        return dict.fromkeys(paid, 0)
    return dict(zip(paid, (part.cents for part in Money(missed).split(weights)), strict=True))

"""What contributions for the others cost, the same whichever failure they cure. Not here: offering them as cures.

A price is that of the year-end in the middle by this very price: the middle of a test's own measure is another
year-end for each test. It is all that the employer pays; what of it is owed in any case is said beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from open401k import law
from open401k.kernel import Money

from .cure_case import Case, year_end
from .facts import Cents
from .measures import owed_as_top_heavy, top_heavy_minimum
from .results import CostItem, Cure, CureKind, Effect


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """The top-heavy minimum at its own middle year-end, beyond what people receive anyway."""

    amounts: Cents
    rate_bps: int

    @property
    def cents(self) -> int:
        """Of all together."""
        return int(self.amounts.sum())


def minimum(case: Case) -> Minimum:
    """What would be owed for the year if the plan is top-heavy for it."""
    owed = top_heavy_minimum(case.ends)
    short = np.atleast_2d(owed.shortfall)
    place = _middle(short.sum(axis=-1))
    return Minimum(short[place], int(np.atleast_1d(owed.rate_bps)[place]))


@dataclass(frozen=True, slots=True, eq=False)
class Nonelective:
    """A safe harbor nonelective at its own middle year-end."""

    rate_bps: int
    amounts: Cents
    """Of each eligible employee who is not highly compensated."""
    still_owed_cents: int
    """Of the top-heavy minimum, to others or beyond it."""
    owed_anyway_cents: int
    """What of the amounts would be owed without it."""

    @property
    def cents(self) -> int:
        """All that the employer pays with it."""
        return int(self.amounts.sum()) + self.still_owed_cents

    @property
    def cost(self) -> tuple[CostItem, ...]:
        """Its parts."""
        count = int((self.amounts > 0).sum())
        name = f"{law.explain.percent(self.rate_bps)} of pay for {count} employees"
        given = CostItem(name, int(self.amounts.sum()), owed_anyway(self.owed_anyway_cents))
        if not self.still_owed_cents:
            return (given,)
        return given, CostItem("Top-heavy minimum that is still owed", self.still_owed_cents)


def nonelective(case: Case, rate_bps: int) -> Nonelective:
    """What a safe harbor nonelective of this rate costs for the year."""
    ends = case.ends
    given = np.where(ends.eligible & ~ends.is_hce, law.matching.nonelective(ends.counted_pay(), rate_bps), 0)
    every = np.atleast_2d(given)
    place = _middle(every.sum(axis=-1))
    amounts = every[place]
    if not owed_as_top_heavy(case.today):
        return Nonelective(rate_bps, amounts, 0, 0)
    still = int(top_heavy_minimum(year_end(ends, place), more=amounts).shortfall.sum())
    return Nonelective(rate_bps, amounts, still, max(minimum(case).cents - still, 0))


def met(case: Case, amounts: Cents) -> int:
    """How much less top-heavy minimum is owed at the test's median year-end, where people receive these amounts."""
    if not owed_as_top_heavy(case.today):
        return 0
    without, with_it = top_heavy_minimum(case.median), top_heavy_minimum(case.median, more=amounts)
    return int(without.shortfall.sum() - with_it.shortfall.sum())


def owed_anyway(cents: int) -> str:
    """Why a part of a price is no reason against a cure."""
    return f"{Money(cents)} of it is owed in any case, as top-heavy minimum (IRC 416(c)(2))" if cents else ""


#: What somebody receives who may take it along whenever they leave.
VESTED = "receives {}, vested at once"
#: Contributions that count toward the top-heavy minimum.
_COUNTING = (CureKind.QNEC, CureKind.SAFE_HARBOR_3, CureKind.SAFE_HARBOR_4)


def beyond_minimum(case: Case, cure: Cure) -> int | None:
    """What a cure of a ratio test costs beyond the minimum that is owed whichever one is chosen."""
    if cure.employer_cost_cents is None or cure.kind not in _COUNTING:
        return cure.employer_cost_cents
    amounts = np.zeros(case.median.compensation.shape[-1], dtype=np.int64)
    for effect in cure.effects:
        amounts[effect.place] = effect.cents
    return cure.employer_cost_cents - met(case, amounts)


def given(case: Case, amounts: Cents, words: str) -> tuple[Effect, ...]:
    """Who receives how much, in ``words`` with a place for the amount."""
    return tuple(
        Effect(i, case.facts.labels[i], words.format(Money(int(amounts[i]))), int(amounts[i]))
        for i in np.flatnonzero(amounts[: len(case.facts)] > 0).tolist()
    )


def _middle(prices: Cents) -> int:
    return int(np.argsort(prices, kind="stable")[len(prices) // 2])

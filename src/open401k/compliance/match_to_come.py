"""The plan's match on pay dates that are still to come, in whichever form it has. Not here: what chance does to them.

A month or quarter that has begun is taken to begin with the first coming date; what it gave so far is in the match of
the year.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from open401k import law, recordkeeping
from open401k.law.matching import MatchFormula, ServiceBand

from .facts import Cents, Flags, PlanFacts
from .outset import Start


class MatchToCome:
    """The match of one simulated rest of a year, pay date after pay date."""

    def __init__(self, facts: PlanFacts, begin: Start) -> None:
        self._facts, self._provisions = facts, facts.provisions
        terms = facts.provisions.match
        if terms is None:
            raise ValueError("the plan has no match")
        self._terms = terms
        self._bands = tuple(ServiceBand(years, MatchFormula.of(tiers)) for years, tiers in terms.bands)
        in_year = (facts.as_of - facts.plan_year.start).days / 365
        self._served = np.maximum(np.floor(begin.tenure - in_year), 0).astype(np.int64)
        self._period: date | None = None
        self._deferred = self._counted = self._given = np.zeros(1, dtype=np.int64)
        nothing = np.zeros(1, dtype=np.int64)
        self._early_deferred = nothing if begin.early_deferred is None else begin.early_deferred
        self._early_paid = nothing if begin.early_paid is None else begin.early_paid

    def matched(self, *, regular_limit: Cents, before: Cents, deferred: Cents) -> Cents:
        """What of these deferrals the match counts, after others of the calendar year."""
        return recordkeeping.matched_deferrals(
            self._terms, regular_limit=regular_limit, before=before, deferred=deferred
        )

    def due(
        self, day: date, *, deferred: Cents, counted: Cents, matched_before: Cents, early: Flags | None = None
    ) -> Cents:
        """What a pay date gives: of itself, or what its month or quarter has more by now.

        ``early``: who has not entered for the match yet; their pay and deferrals of the date never count for it.
        """
        if early is not None:
            if day in self._facts.plan_year:
                self._early_deferred = self._early_deferred + np.where(early, deferred, 0)
                self._early_paid = self._early_paid + np.where(early, counted, 0)
            deferred, counted = np.where(early, 0, deferred), np.where(early, 0, counted)
        if self._terms.conditions.asks:  # all of it when the year is over
            return np.zeros_like(deferred)
        by_period = self._terms.period.months in (1, 3)
        period = self._provisions.match_period_start(day) if by_period else day
        if period != self._period:
            self._period = period
            self._deferred = self._counted = self._given = np.zeros_like(deferred)
        self._deferred, self._counted = self._deferred + deferred, self._counted + counted
        due = law.matching.match_still_due(
            match_to_date=self._by_formula(self._deferred, self._counted),
            matched_in_period=self._given,
            matched_before=matched_before,
            cap_cents=self._terms.cap_cents,
            cap_per_period_cents=self._terms.cap_per_period_cents,
        )
        self._given = self._given + due
        return due

    def trued_up(self, match: Cents, *, deferrals: Cents, counted: Cents) -> Cents:
        """The match of the year as its end leaves it."""
        if not self._terms.true_up and self._terms.period.months != 12:
            return match
        whole = self._by_formula(deferrals - self._early_deferred, np.maximum(counted - self._early_paid, 0))
        whole = whole if self._terms.cap_cents is None else np.minimum(whole, self._terms.cap_cents)
        trued: Cents = np.maximum(match, whole)
        return trued

    def _by_formula(self, deferred: Cents, counted: Cents) -> Cents:
        if len(self._bands) == 1:
            return law.matching.match(deferred, counted, self._bands[0].formula)
        return law.matching.match_by_service(
            deferrals=deferred, compensation=counted, years_of_service=self._served, bands=self._bands
        )


def formula_of(facts: PlanFacts) -> MatchFormula | None:
    """The plan's match, where it has one."""
    match = facts.provisions.match
    return None if match is None else MatchFormula.of(match.tiers, match.cap_cents)

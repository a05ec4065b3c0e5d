"""Employer money of a simulated year-end that is known only then: who receives it, what is still to come. Pure."""

from __future__ import annotations

import numpy as np

from open401k import law
from open401k.kernel import Source

from .facts import Cents, PlanFacts, Receiving
from .pay_to_come import OtherPay
from .year import Year


def match_received(facts: PlanFacts, year: Year, match: Cents, receives: Receiving | None) -> Cents:
    """The match of who is not kept from it, as highly compensated or by a condition."""
    terms = facts.provisions.match
    if terms is not None and terms.source is Source.SAFE_HARBOR_MATCH and not year.safe_harbor_hces:
        match = np.where(year.is_hce, 0, match)
    if receives is not None and terms is not None and terms.conditions.asks:
        match = np.where(receives.no_match, 0, match)
    return match


def counted_of_year(other: OtherPay | None, year: Year, compensation: Cents) -> Cents:
    """Pay of a simulated year as a kind of money counts it."""
    return compensation if other is None else other.to_date(compensation, year.compensation)


def nonelective_to_come(
    facts: PlanFacts,
    year: Year,
    compensation: Cents,
    cap: int,
    receives: Receiving | None,
    other: OtherPay | None = None,
) -> Cents:
    """What the plan's nonelective adds on the pay still to come; ``other``: where it counts pay of its own."""
    given = facts.provisions.nonelective
    if given is None:
        return np.zeros_like(compensation)
    compensation, counted = counted_of_year(other, year, compensation), year.compensation
    if other is not None:
        counted = other.so_far
    whole = law.matching.nonelective(law.compensation.capped(compensation, cap), given.rate_bps)
    inside = year.eligible if year.in_nonelective is None else year.in_nonelective
    if given.source is Source.SAFE_HARBOR_NONELECTIVE and not year.safe_harbor_hces:
        whole = np.where(year.is_hce, 0, whole)
    if receives is not None and given.conditions.asks:  # nothing of it is posted before the year is over
        of_year: Cents = np.where(inside & ~receives.no_nonelective, whole, 0)
        return of_year
    so_far = law.matching.nonelective(law.compensation.capped(counted, cap), given.rate_bps)
    added: Cents = np.where(inside & (whole > 0), whole - so_far, 0)
    return added

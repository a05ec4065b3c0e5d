"""Employer money of a simulated year-end that is known only then: who receives it, what is still to come. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from open401k import law
from open401k.kernel import Source

from .facts import Cents, PlanFacts, Receiving
from .outset import Start
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


@dataclass(frozen=True, slots=True, eq=False)
class CountedPay:
    """Pay that a nonelective counts, by the end of the year and so far; ``from_entry``: each one's since entering."""

    whole: Cents
    so_far: Cents
    from_entry: bool


def counted_pay(begin: Start, year: Year, compensation: Cents, to_come: Cents) -> CountedPay:
    """Pay from each one's entry where people enter for it on days of their own, or it asks conditions; else all."""
    other = begin.nonelective_pay
    so_far = year.compensation if other is None else other.so_far
    if begin.early_given is None:
        return CountedPay(counted_of_year(other, year, compensation), so_far, from_entry=False)
    early = begin.early_given if other is None else other.of(begin.early_given)
    so_far = np.maximum(so_far - early, 0)
    return CountedPay(so_far + (to_come if other is None else other.of(to_come)), so_far, from_entry=True)


def nonelective_to_come(facts: PlanFacts, year: Year, pay: CountedPay, cap: int, receives: Receiving | None) -> Cents:
    """What the plan's nonelective adds on the pay still to come; who enters later has it on their pay from then on."""
    given = facts.provisions.nonelective
    if given is None:
        return np.zeros_like(pay.whole)
    whole = law.matching.nonelective(law.compensation.capped(pay.whole, cap), given.rate_bps)
    inside = year.eligible if year.in_nonelective is None else year.in_nonelective
    if pay.from_entry:  # who does not enter has no pay that counts
        inside = np.ones_like(inside)
    if given.source is Source.SAFE_HARBOR_NONELECTIVE and not year.safe_harbor_hces:
        whole = np.where(year.is_hce, 0, whole)
    if receives is not None and given.conditions.asks:  # nothing of it is posted before the year is over
        of_year: Cents = np.where(inside & ~receives.no_nonelective, whole, 0)
        return of_year
    so_far = law.matching.nonelective(law.compensation.capped(pay.so_far, cap), given.rate_bps)
    added: Cents = np.where(inside & (whole > 0), whole - so_far, 0)
    return added

"""What the end of a plan year gives beyond a match by its terms: pure amounts of people. Not here: the facts
(year_end_facts.py), matches of pay periods (contributions.py)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import PlanYear, Source
from open401k.law import compensation, matching, permitted_disparity
from open401k.plan import Conditions, MatchTier, Nonelective

from .entered import Counted

Cents = NDArray[np.int64]
Flags = NDArray[np.bool_]


class GroupShare(NamedTuple):
    """What one group has: a share of each one's pay, or an amount for all of it, shared by pay.

    ``group``: its name in the plan's terms, or the id of the participant who is one alone.
    """

    group: str
    rate_bps: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Declared:
    """What the employer gives for a plan year beyond its terms: tiers of a match, a share of pay, or so much each.

    A share of pay may be higher above an integration level.
    """

    source: Source
    tiers: tuple[MatchTier, ...] = ()
    cap_cents: int | None = None
    rate_bps: int = 0
    flat_cents: int = 0
    #: Of pay above the integration level in place of ``rate_bps`` (permitted disparity, IRC 401(l)).
    excess_bps: int = 0
    integration_cents: int = 0
    #: Where the plan allocates by groups: what each has; and where it does by points: the amount for everybody.
    shares: tuple[GroupShare, ...] = ()
    total_cents: int = 0

    @property
    def is_shared(self) -> bool:
        """Whether what one person has of it follows from the others (shared_out.py)."""
        return bool(self.shares or self.total_cents)

    @property
    def as_told(self) -> tuple[object, ...]:
        """As hashes of facts hold it: what is not integrated is told as before there was anything else."""
        told: tuple[object, ...] = (self.source.value, self.tiers, self.cap_cents, self.rate_bps, self.flat_cents)
        told = (*told, self.excess_bps, self.integration_cents) if self.excess_bps else told
        return (*told, self.shares, self.total_cents) if self.is_shared else told


@dataclass(frozen=True, slots=True)
class NonelectiveOfYear:
    """N cents of pay on the days of a plan year under one nonelective, but for the last day of the year."""

    terms: Nonelective | None
    compensation_before: Cents  # of the plan year's days before these
    compensation: Cents


@dataclass(frozen=True, slots=True, eq=False)
class Receives:
    """Who meets what: the flags of each set of conditions that is asked; everybody meets what is not asked."""

    met: Mapping[Conditions, Flags]

    def of(self, conditions: Conditions, cents: Cents) -> Cents:
        """These amounts of who receives them, nothing for who does not."""
        if not conditions.asks:
            return cents
        found: Cents = np.where(self.met[conditions], cents, 0)
        return found


EVERYBODY = Receives({})


def nonelective_of_year(
    plan_year: PlanYear, earned: Cents, spans: tuple[NonelectiveOfYear, ...], receives: Receives
) -> dict[Source, Cents]:
    """Nonelectives with conditions, each on the pay of its own days; the last span holds the last day of the year."""
    cap = compensation.annual_cap(plan_year)
    given: dict[Source, Cents] = {}
    for place, each in enumerate(spans, 1):
        if each.terms is None or not each.terms.conditions.asks:
            continue
        today = earned if place == len(spans) else np.zeros_like(earned)
        pay = compensation.period_share(before=each.compensation_before, period=each.compensation + today, cap=cap)
        cents = receives.of(each.terms.conditions, matching.nonelective(pay, each.terms.rate_bps))
        given[each.terms.source] = given.get(each.terms.source, np.zeros_like(cents)) + cents
    return given


def declared_amount(each: Declared, *, paid: Cents, deferred: Cents) -> Cents:
    """A discretionary match on the year, profit sharing as a share of pay, or so much for each who was paid in it."""
    if each.tiers:
        return matching.match(deferred, paid, matching.MatchFormula.of(each.tiers, each.cap_cents))
    if each.excess_bps:
        return permitted_disparity.excess_allocation(
            paid, base_bps=each.rate_bps, excess_bps=each.excess_bps, level_cents=each.integration_cents
        )
    if each.rate_bps:
        return matching.nonelective(paid, each.rate_bps)
    flat: Cents = np.where(paid > 0, each.flat_cents, 0)
    return flat


def add_declared(
    plan_year: PlanYear,
    to_match: Counted,
    to_give: Counted,
    credited: dict[Source, Cents],
    declared: tuple[tuple[Declared, Conditions], ...],
    receives: Receives,
    shared: Cents | None = None,
) -> None:
    """What was declared for the year, on its pay and deferrals, for who receives it; ``shared`` as it is shared out."""
    if not declared:
        return
    cap = compensation.annual_cap(plan_year)
    deferred = to_match.before.plan_year_deferrals + to_match.deferrals(credited)
    for each, asked in declared:
        if each.is_shared:
            given = np.zeros_like(deferred) if shared is None else shared
        else:
            counted = to_match if each.tiers else to_give
            paid = compensation.capped(counted.before.compensation + counted.earned, cap)
            given = receives.of(asked, declared_amount(each, paid=paid, deferred=deferred))
        credited[each.source] = credited[each.source] + given if each.source in credited else given


def conditions_asked(*terms: Conditions) -> tuple[Conditions, ...]:
    """Those of them that ask for something, each once."""
    return tuple(dict.fromkeys(each for each in terms if each.asks))


def receives(asked: tuple[Conditions, ...], met: Callable[[Conditions], Flags]) -> Receives:
    """Who meets each."""
    return Receives({each: met(each) for each in asked}) if asked else EVERYBODY

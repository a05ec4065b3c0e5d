"""Whom conditions keep from employer money, for the tests of each part. Not here: who meets them (recordkeeping)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

import numpy as np

from open401k import census, law, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import PlanId, PlanYear, Source, SponsorId
from open401k.plan import Conditions, Provisions

from .facts import Flags, Receiving

_HUNDREDTHS = 100


class Scope(Protocol):
    """One plan and day as known at one instant."""

    tx: Tx
    tenant_id: SponsorId
    plan_id: PlanId
    provisions: Provisions
    year: PlanYear
    as_of: date
    known_at: datetime | None

    def declared(self) -> tuple[recordkeeping.Declared, ...]:
        """What the employer declared for the plan year."""
        ...


def read(scope: Scope, people: Sequence[census.Employee]) -> Receiving | None:
    """Whom conditions keep from employer money; of plans without any nothing is asked."""
    if not asks(scope.provisions):
        return None
    found = recordkeeping.read_standing(
        scope.tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, employees=people, year=scope.year, on=scope.as_of,
        known_at=scope.known_at,
    )  # fmt: skip
    return receiving_of(scope.provisions, scope.declared(), found)


def asks(provisions: Provisions) -> bool:
    """Whether any employer money of the plan has conditions."""
    match, nonelective = provisions.match, provisions.nonelective
    return (
        (match is not None and match.conditions.asks)
        or (nonelective is not None and nonelective.conditions.asks)
        or any(asked.asks for _, asked in provisions.declared_conditions)
    )


def conditions_of(
    provisions: Provisions, declared: Sequence[recordkeeping.Declared]
) -> tuple[tuple[Conditions, ...], tuple[Conditions, ...]]:
    """Of each match, and of each nonelective, that the plan gives for the year: one without any is given to everybody.

    Who may make after-tax contributions is in the part of the match whatever they are given (Reg. 1.401(m)-5
    "eligible employee").
    """
    match, nonelective = provisions.match, provisions.nonelective
    of_match = [] if match is None else [match.conditions]
    of_match += [provisions.conditions_of_declared(each.source) for each in declared if each.tiers]
    other = [] if nonelective is None else [nonelective.conditions]
    other += [provisions.conditions_of_declared(each.source) for each in declared if not each.tiers]
    return (() if Source.AFTER_TAX in provisions.deferrals.sources else tuple(of_match)), tuple(other)


def receiving_of(
    provisions: Provisions, declared: Sequence[recordkeeping.Declared], people: recordkeeping.Standing
) -> Receiving:
    """Who gets no match, and no nonelective, since they meet none of the conditions with which it is given."""
    of_match, other = conditions_of(provisions, declared)
    return Receiving(
        no_match=_none_of(of_match, people),
        no_nonelective=_none_of(other, people),
        hours=people.hours_hundredths // _HUNDREDTHS,
        here=people.here,
        match_by_last_day=all(each.last_day and not each.either for each in of_match) and bool(of_match),
        nonelective_by_last_day=all(each.last_day and not each.either for each in other) and bool(other),
    )


def _none_of(asked: Sequence[Conditions], people: recordkeeping.Standing) -> Flags:
    if not asked or not all(each.asks for each in asked):
        return np.zeros(len(people.here), dtype=np.bool_)
    met: Flags = np.any([recordkeeping.meets(each, people) for each in asked], axis=0)
    return ~met


def at_end(receiving: Receiving, here: Flags) -> Receiving:
    """The same of simulated year-ends: whoever is not there then lacks the last day; hours are taken to be worked."""
    return replace(
        receiving,
        no_match=receiving.no_match | (~here & receiving.match_by_last_day),
        no_nonelective=receiving.no_nonelective | (~here & receiving.nonelective_by_last_day),
        here=here,
    )


def padded(receiving: Receiving, extra: int) -> Receiving:
    """Room for people not hired yet, from whom nothing is kept."""
    no = np.zeros(extra, dtype=np.bool_)
    return replace(
        receiving,
        no_match=np.append(receiving.no_match, no),
        no_nonelective=np.append(receiving.no_nonelective, no),
        hours=np.append(receiving.hours, np.zeros(extra, dtype=np.int64)),
        here=np.append(receiving.here, no),
    )


def left_out(receiving: Receiving, eligible: Flags, benefiting: Flags) -> Flags:
    """Leavers with little service, who count in no part from which a condition alone keeps them."""
    return law.coverage.short_service_leavers(
        eligible=eligible,
        benefiting=benefiting,
        lacks_only_period_or_last_day=eligible & ~benefiting,
        employed_on_last_day=receiving.here,
        hours=np.broadcast_to(receiving.hours, eligible.shape),
    )

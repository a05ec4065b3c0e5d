"""What is in the accounts: running, or of any day as known at any time; and contributions by pay date. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, Source, SponsorId

from . import _reads_store, _store
from .accounts import USD, Kind


@dataclass(frozen=True, slots=True)
class Balances:
    """One row per open account of a plan, in columns, ordered by account id.

    ``amount`` is on the account's normal side (cents, or millionths of a unit). ``reserved`` is what is set aside
    of it; for a past day it is not kept, and zero.
    """

    account_id: list[UUID]
    kind: list[str]
    employee_id: list[UUID | None]
    source: list[str | None]
    asset: list[str]
    amount: list[int]
    reserved: list[int]

    def __len__(self) -> int:
        return len(self.amount)

    def total(self, kind: Kind, *, asset: str = USD, source: Source | None = None) -> int:
        """The sum over all accounts of that kind and asset, of one source or of all."""
        rows = zip(self.kind, self.asset, self.source, self.amount, strict=True)
        return sum(
            amount
            for found, held, from_source, amount in rows
            if found == kind and held == asset and (source is None or from_source == source)
        )


_SOURCES = {source.value: source for source in Source}


class Contribution(NamedTuple):
    """What one person's accounts of one source gained on one day."""

    employee_id: EmployeeId
    source: Source
    event_on: date
    cents: int


class ContributionTotal(NamedTuple):
    """What one person's accounts of one source gained in a period."""

    employee_id: EmployeeId
    source: Source
    cents: int


Cents = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contributed:
    """What people's accounts gained in a period, a row a person and source; ``source`` counts into ``Source``."""

    employee_id: IdColumn[EmployeeId]
    source: Cents
    cents: Cents

    def of(self, people: IdColumn[EmployeeId]) -> dict[Source, Cents]:
        """Cents by source in the order of these people; a source of which they have nothing is left out."""
        places = self.employee_id.places_in(people)
        found: dict[Source, Cents] = {}
        for number, source in enumerate(Source):
            mine = (self.source == number) & (places >= 0)
            if mine.any():
                found[source] = np.zeros(len(people), dtype=np.int64)
                found[source][places[mine]] = self.cents[mine]
        return found


def balances(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    as_of: date | None = None,
    known_at: datetime | None = None,
) -> Balances:
    """Every account of a plan: at the end of the day ``as_of``, from what was recorded until ``known_at``.

    Without either, the running balances. Without ``known_at``, as now known; without ``as_of``, whatever the day.
    An answer as then known never changes, whatever is recorded later.
    """
    with _store.joined_by_hashing(tx):
        if as_of is None and known_at is None:
            rows = _reads_store.running(tx, tenant_id=tenant_id, plan_id=plan_id)
        else:
            rows = _reads_store.summed(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=as_of, known_at=known_at)
    return Balances(*([row[place] for row in rows] for place in range(7)))


def contributions(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None = None,
    kind: Kind = Kind.PARTICIPANT,
) -> list[Contribution]:
    """Net credits in cents per employee, source and day, ``end`` excluded, from entries that contribute or correct.

    Reversing entries count against what they reverse. ``kind=Kind.SUSPENSE`` asks for what is held instead.
    """
    with _store.joined_by_hashing(tx):
        rows = _reads_store.contributions(
            tx, tenant_id=tenant_id, plan_id=plan_id, kind=kind, period=_reads_store.Period(start, end, known_at)
        )
    people: dict[UUID, EmployeeId] = {}
    return [
        Contribution(people.get(who) or people.setdefault(who, EmployeeId(who)), _SOURCES[source], day, cents)
        for who, source, day, cents in rows
    ]


def contribution_totals(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None = None,
    kind: Kind = Kind.PARTICIPANT,
) -> list[ContributionTotal]:
    """As :func:`contributions`, added up over the period: for year-to-date figures."""
    found = contributed(tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, known_at=known_at, kind=kind)
    sources = tuple(Source)
    rows = zip(found.employee_id, found.source.tolist(), found.cents.tolist(), strict=True)
    return [ContributionTotal(who, sources[source], cents) for who, source, cents in rows]


def contributed(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None = None,
    kind: Kind = Kind.PARTICIPANT,
) -> Contributed:
    """The same totals as columns, for plans of any size."""
    with _store.joined_by_hashing(tx):
        who, source, cents = _reads_store.contribution_totals(
            tx, tenant_id=tenant_id, plan_id=plan_id, kind=kind, period=_reads_store.Period(start, end, known_at)
        )
    return Contributed(
        IdColumn(EmployeeId, _binary(who, "S16").astype("S16")),
        _binary(source, ">i8").astype(np.int64) - 1,
        _binary(cents, ">i8").astype(np.int64),
    )


#: What array_send writes: 20 bytes of header, then each element after the four bytes of its length.
_HEADER = 20


def _binary(column: bytes | None, element: str) -> NDArray[Any]:
    if column is None:
        return np.zeros(0, dtype=element)
    return np.frombuffer(column, dtype=[("length", ">i4"), ("value", element)], offset=_HEADER)["value"]

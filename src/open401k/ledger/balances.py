"""What is in the accounts: running, or of any day as known at any time; and contributions by pay date. Reads only.

Not here: contributions added up over a period (totals.py).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId

from . import _reads_store
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
    period = _reads_store.Period(start, end, known_at)
    rows = _reads_store.contributions(tx, tenant_id=tenant_id, plan_id=plan_id, kind=kind, period=period)
    people: dict[UUID, EmployeeId] = {}
    return [
        Contribution(people.get(who) or people.setdefault(who, EmployeeId(who)), _SOURCES[source], day, cents)
        for who, source, day, cents in rows
    ]

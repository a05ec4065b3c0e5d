"""Contributions added up over a period, per person and source: what year-to-date figures are made of. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, Source, SponsorId

from . import _reads_store
from .accounts import Kind

#: So many rows of totals take about the memory of one person of a roster, in which what is kept is weighed.
ROWS_A_PERSON: Final = 50


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
    source: NDArray[np.signedinteger[Any]]
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

    def rows(self) -> list[ContributionTotal]:
        """Row by row, for pages."""
        sources = tuple(Source)
        columns = zip(self.employee_id, self.source.tolist(), self.cents.tolist(), strict=True)
        return [ContributionTotal(who, sources[source], cents) for who, source, cents in columns]


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
    return found.rows()


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
    found = _reads_store.contributing(tx, tenant_id=tenant_id, period=_reads_store.Period(start, end, known_at))
    entries = frozenset(found)
    key = ("contributed", tenant_id, plan_id, kind, start)
    kept: _Kept | None = tx.kept.get(key) if tx.kept is not None and known_at is None else None
    if kept is None or not kept.entries <= entries:
        total = _gained(tx, tenant_id, plan_id, kind, entries)
    elif fresh := entries - kept.entries:
        total = together(kept.total, _gained(tx, tenant_id, plan_id, kind, fresh))
    else:
        return kept.total
    if tx.kept is not None and known_at is None:
        tx.kept.put(key, _Kept(entries, total), len(total.cents) // ROWS_A_PERSON + 1)
    return total


@dataclass(frozen=True, slots=True)
class CashOfPeople:
    """Cents of people's accounts, a row a person; who has none is not there."""

    employee_id: IdColumn[EmployeeId]
    cents: Cents


def cash_of_people(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    as_of: date | None = None,
    known_at: datetime | None = None,
    kind: Kind = Kind.PARTICIPANT,
) -> CashOfPeople:
    """Each person's cash as :func:`balances` has it, added up over sources: for plans of any size."""
    slices = _reads_store.cash_of_people(
        tx, tenant_id=tenant_id, plan_id=plan_id, kind=kind, as_of=as_of, known_at=known_at
    )
    who, cents = _whole(slices, (_WHO, _CENTS))
    return CashOfPeople(IdColumn(EmployeeId, who), cents)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Totals and the entries that they are made of. An entry never changes: of more entries, only the rest is read."""

    entries: frozenset[UUID]
    total: Contributed


def _gained(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, kind: Kind, entries: frozenset[UUID]) -> Contributed:
    if not entries:
        nothing = np.zeros(0, dtype=np.int64)
        return Contributed(IdColumn.of(EmployeeId, ()), nothing, nothing)
    slices = _reads_store.gained(tx, tenant_id=tenant_id, plan_id=plan_id, kind=kind, entries=sorted(entries))
    who, source, cents = _whole(slices, (_WHO, _SOURCE, _CENTS))
    return Contributed(IdColumn(EmployeeId, who), source - 1, cents)


def together(one: Contributed, other: Contributed) -> Contributed:
    """Rows of the same person and source added up; a row of nothing is left out, as in the database's own sum."""
    who = np.concatenate([one.employee_id.raw, other.employee_id.raw])
    source = np.concatenate([one.source, other.source])
    cents = np.concatenate([one.cents, other.cents])
    if not len(who):
        return one
    order = np.lexsort((source, who))
    who, source, cents = who[order], source[order], cents[order]
    new = np.ones(len(who), dtype=np.bool_)
    new[1:] = (who[1:] != who[:-1]) | (source[1:] != source[:-1])
    starts = np.flatnonzero(new)
    summed = np.add.reduceat(cents, starts)
    some = summed != 0
    return Contributed(IdColumn(EmployeeId, who[starts][some]), source[starts][some], summed[some])


#: What array_send writes: 20 bytes of header, then each element after the four bytes of its length.
_HEADER = 20


#: What an element is as it was sent, and as it is held: there are some ten sources.
_WHO, _SOURCE, _CENTS = ("S16", "S16"), (">i8", "i1"), (">i8", "i8")


def _whole(slices: Iterable[tuple[bytes, ...]], kinds: Sequence[tuple[str, str]]) -> list[NDArray[Any]]:
    """The columns of all slices, one after the other."""
    parts: list[list[NDArray[Any]]] = [[np.zeros(0, dtype=held)] for _, held in kinds]
    for columns in slices:
        for part, column, (sent, held) in zip(parts, columns, kinds, strict=True):
            part.append(_binary(column, sent).astype(held))
    return [np.concatenate(part) for part in parts]


def _binary(column: bytes, element: str) -> NDArray[Any]:
    return np.frombuffer(column, dtype=[("length", ">i4"), ("value", element)], offset=_HEADER)["value"]

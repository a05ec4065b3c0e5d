"""Contributions added up over a period, per person and source: what year-to-date figures are made of. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
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

#: So many figures of totals take about the memory of one person of a roster, in which what is kept is weighed.
ROWS_A_PERSON: Final = 50


class ContributionTotal(NamedTuple):
    """What one person's accounts of one source gained in a period."""

    employee_id: EmployeeId
    source: Source
    cents: int


Cents = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Contributed:
    """What people's accounts gained in a period: people each once, in order of id, and a column of cents a source."""

    employee_id: IdColumn[EmployeeId]
    by_source: Mapping[Source, Cents]

    @classmethod
    def of_rows(cls, who: IdColumn[EmployeeId], source: NDArray[np.signedinteger[Any]], cents: Cents) -> "Contributed":
        """From a row a person and source, in any order; ``source`` counts into ``Source``."""
        raw, place = np.unique(who.raw, return_inverse=True)
        found: dict[Source, Cents] = {}
        for number, name in enumerate(Source):
            mine = source == number
            if mine.any():
                found[name] = np.zeros(len(raw), dtype=np.int64)
                np.add.at(found[name], place[mine], cents[mine])
        return cls(IdColumn(EmployeeId, raw), found)

    def of(self, people: IdColumn[EmployeeId]) -> dict[Source, Cents]:
        """Cents by source in the order of these people; a source of which they have nothing is left out."""
        places = people.places_in(self.employee_id)
        known = places >= 0
        if not known.any():
            return {}
        found = {source: np.where(known, cents[places], 0) for source, cents in self.by_source.items()}
        return {source: cents for source, cents in found.items() if cents.any()}

    def rows(self) -> list[ContributionTotal]:
        """Row by row, for pages: only what is more or less than nothing."""
        columns = {source: cents.tolist() for source, cents in self.by_source.items()}
        return [
            ContributionTotal(who, source, cents[place])
            for place, who in enumerate(self.employee_id)
            for source, cents in columns.items()
            if cents[place]
        ]


_NOTHING: Final = Contributed(IdColumn.of(EmployeeId, ()), {})


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
        tx.kept.put(key, _Kept(entries, total), len(total.employee_id) * len(total.by_source) // ROWS_A_PERSON + 1)
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
    """Each person's dollars as :func:`balances` has them, added up over sources: for plans of any size.

    A note is part of the account of who borrowed: it counts with ``Kind.PARTICIPANT``.
    """
    kinds = (kind, Kind.PARTICIPANT_LOAN) if kind is Kind.PARTICIPANT else (kind,)
    slices = _reads_store.cash_of_people(
        tx, tenant_id=tenant_id, plan_id=plan_id, kinds=kinds, as_of=as_of, known_at=known_at
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
        return _NOTHING
    slices = _reads_store.gained(tx, tenant_id=tenant_id, plan_id=plan_id, kind=kind, entries=sorted(entries))
    found: list[Contributed] = []
    for each in slices:
        who, source, cents = _whole([each], (_WHO, _SOURCE, _CENTS))
        total = Contributed.of_rows(IdColumn(EmployeeId, who), source - 1, cents)
        # Only totals of like size are added up: each row is moved a few times, and never are all rows held at once.
        while found and len(found[-1].employee_id) <= len(total.employee_id):
            total = together(found.pop(), total)
        found.append(total)
    while len(found) > 1:
        found.append(together(found.pop(), found.pop()))
    return found[0] if found else _NOTHING


def together(one: Contributed, other: Contributed) -> Contributed:
    """What both have, added up."""
    ids = one.employee_id.union(other.employee_id)
    found: dict[Source, Cents] = {}
    for each in (one, other):
        places = np.searchsorted(ids.raw, each.employee_id.raw)
        for source, cents in each.by_source.items():
            found.setdefault(source, np.zeros(len(ids), dtype=np.int64))[places] += cents
    return Contributed(ids, found)


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

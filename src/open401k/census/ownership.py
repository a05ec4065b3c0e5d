"""Who owned what, day by day, for attribution in law.ownership. Not here: attribution itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId

from . import _roster_store, _store
from .people import Relation


@dataclass(frozen=True, slots=True)
class OwnershipOn:
    """Direct owners and families from a day until the next of these; each pair once, told from its older side."""

    on: date
    direct_bps: Mapping[EmployeeId, int]
    family: tuple[tuple[EmployeeId, EmployeeId, Relation], ...]
    officers: frozenset[EmployeeId] = frozenset()


def ownership_during(
    tx: Tx, *, tenant_id: SponsorId, start: date, end: date, known_at: datetime | None = None
) -> tuple[OwnershipOn, ...]:
    """Owners, families and officers on ``start`` and on each day before ``end`` on which any of them changed.

    Section 416(i) asks who owned more than 5 % "at any time" in a year: attribute on each of these days.
    """
    if tx.kept is None or known_at is not None:
        return _during(tx, tenant_id, start, end, known_at)
    edition = _roster_store.edition(tx, tenant_id=tenant_id)
    key = ("owners", tenant_id, start)
    kept: tuple[int | None, tuple[OwnershipOn, ...]] | None = tx.kept.get(key)
    if kept is not None and kept[0] == edition:
        snapshots = kept[1]
    else:
        snapshots = _during(tx, tenant_id, start, date.max, None)
        # Somebody else may have committed a change meanwhile: then this is not that edition.
        if _roster_store.edition(tx, tenant_id=tenant_id) == edition:
            tx.kept.put(key, (edition, snapshots), len(snapshots))
    return tuple(each for each in snapshots if each.on < end or each.on == start)


def _during(tx: Tx, tenant_id: SponsorId, start: date, end: date, known_at: datetime | None) -> tuple[OwnershipOn, ...]:
    points = _store.standing_facts(tx, tenant_id=tenant_id, known_at=known_at, kind="ownership")
    offices = _store.standing_facts(tx, tenant_id=tenant_id, known_at=known_at, kind="officer")
    changed = {event_on for _, event_on, _ in (*points, *offices)} | set(
        _store.family_days(tx, tenant_id=tenant_id, known_at=known_at)
    )
    snapshots = []
    for day in sorted({start} | {day for day in changed if start < day < end}):
        held: dict[EmployeeId, int] = {}
        for employee_id, event_on, value in points:
            if event_on <= day:
                held[EmployeeId(employee_id)] = value["ownership_bps"]
        family = tuple(
            (EmployeeId(row.employee_id), EmployeeId(row.relative_id), Relation(row.relation))
            for row in _store.family(tx, tenant_id=tenant_id, on=day, known_at=known_at)
            if not row.ended
        )
        in_office = {EmployeeId(who): value["officer"] for who, event_on, value in offices if event_on <= day}
        officers = frozenset(who for who, still in in_office.items() if still)
        snapshots.append(OwnershipOn(day, {who: bps for who, bps in held.items() if bps}, family, officers))
    return tuple(snapshots)

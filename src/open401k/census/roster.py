"""The people as known at an instant, folded from their facts. Not here: recording facts (facts.py)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import Any
from uuid import UUID

from open401k.base import audit
from open401k.base.db import Kept, Tx
from open401k.kernel import EmployeeId, IdColumn, Open401kError, SponsorId

from . import _roster_store, _store, packed
from .employment import Employment, LeftBy, spans
from .facts import parse_ssn
from .people import AnnualPay, Employee, Relation

_Points = Mapping[str, Sequence[tuple[date, Mapping[str, Any]]]]


def roster(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    known_at: datetime | None = None,
    on: date | None = None,
    employee_ids: Sequence[EmployeeId] | None = None,
) -> list[Employee]:
    """Everyone, or just these people, as known at an instant (without one: now), in order of id.

    With ``on``, names, classes, ownership, officers and families are those of that day; without it, the last ones on
    file. Employment always holds every span that is known.
    """
    if tx.kept is None or known_at is not None or on is not None:
        return _fold_all(tx, tenant_id, known_at, on, employee_ids)
    return _kept(tx, tx.kept, tenant_id, employee_ids)


def _kept(tx: Tx, kept: Kept, tenant_id: SponsorId, some: Sequence[EmployeeId] | None) -> list[Employee]:
    """The people as they are now: folded once for each edition of them, and read again when somebody changed."""
    edition = _roster_store.edition(tx, tenant_id=tenant_id)
    if edition is None:
        return []
    key = ("roster", tenant_id)
    found: tuple[int, Mapping[EmployeeId, Employee]] | None = kept.get(key)
    if found is not None and found[0] == edition:
        everybody = found[1]
    elif some is not None:
        return _fold(tx, tenant_id, _some_kept(tx, kept, tenant_id, edition, some))
    else:
        everybody = {each.employee_id: each for each in _fold_all(tx, tenant_id, None, None, None)}
        # Somebody else may have committed a change between the two statements: then this is not that edition.
        if _roster_store.edition(tx, tenant_id=tenant_id) == edition:
            kept.put(key, (edition, everybody), len(everybody))
    if some is None:
        return list(everybody.values())
    wanted = {who for who in some if who in everybody}
    if len(wanted) * 4 > len(everybody):  # most of a roster is in order already
        return [each for who, each in everybody.items() if who in wanted]
    return [everybody[who] for who in sorted(wanted)]


def _some_kept(tx: Tx, kept: Kept, tenant_id: SponsorId, edition: int, some: Sequence[EmployeeId]) -> list[packed.Row]:
    """What the database has of some: read once for each edition, since a payroll asks for each of its people thrice.

    A roster that is too large to be kept as people is kept as it was read, at less than a tenth of the room.
    """
    if len(some) <= _roster_store.FEW:
        return _roster_store.rosters(tx, tenant_id=tenant_id, known_at=None, employee_ids=some)
    key = ("rows of the roster", tenant_id)
    found: tuple[int, packed.PackedRows] | None = kept.get(key)
    known = found[1] if found is not None and found[0] == edition else packed.PackedRows.of_nobody()
    ids = IdColumn.of(EmployeeId, some)
    if len(missing := known.missing(ids)):
        read = _roster_store.rosters(tx, tenant_id=tenant_id, known_at=None, employee_ids=missing)
        known = known.with_rows(read)
        if read and _roster_store.edition(tx, tenant_id=tenant_id) == edition:
            kept.put(key, (edition, known), len(known) // 10)
    return known.rows(ids)


def everybody(tx: Tx, *, tenant_id: SponsorId) -> IdColumn[EmployeeId]:
    """The ids of everybody on file, in order: to read a large roster slice by slice."""
    return _roster_store.everybody(tx, tenant_id=tenant_id)


def headcount(tx: Tx, *, tenant_id: SponsorId) -> int:
    """How many people are on file, whoever they are."""
    return _roster_store.headcount(tx, tenant_id=tenant_id)


def employee(
    tx: Tx, *, tenant_id: SponsorId, employee_id: EmployeeId, known_at: datetime | None = None, on: date | None = None
) -> Employee:
    """One person, as in the roster; asking for one who does not exist, or was not known then, is an error."""
    for each in _fold_all(tx, tenant_id, known_at, on, [employee_id]):
        return each
    raise Open401kError(f"There is no employee {employee_id}.", fix="Check the id, and that it is this sponsor's.")


def _fold_all(
    tx: Tx, tenant_id: SponsorId, known_at: datetime | None, on: date | None, some: Sequence[EmployeeId] | None
) -> list[Employee]:
    read = _roster_store.rosters(tx, tenant_id=tenant_id, known_at=known_at, employee_ids=some)
    return _fold(tx, tenant_id, read, known_at, on)


def _fold(
    tx: Tx,
    tenant_id: SponsorId,
    rows: Sequence[packed.Row],
    known_at: datetime | None = None,
    on: date | None = None,
) -> list[Employee]:
    family: dict[UUID, list[tuple[EmployeeId, Relation]]] = defaultdict(list)
    for row in _store.family(tx, tenant_id=tenant_id, on=on, known_at=known_at):
        if not row.ended:
            relation = Relation(row.relation)
            family[row.employee_id].append((EmployeeId(row.relative_id), relation))
            family[row.relative_id].append((EmployeeId(row.employee_id), relation.inverse))
    people = []
    for who, last4, told in rows:
        points: dict[str, list[tuple[date, Mapping[str, Any]]]] = {}
        pay: dict[int, AnnualPay] = {}
        for kind, event_on, value, *amounts in json.loads(told):
            if kind == "annual_pay":
                pay[value] = AnnualPay(*amounts)
            else:
                points.setdefault(kind, []).append((_day(event_on), value or {}))
        relatives = family.get(who, ())
        people.append(fold(EmployeeId(who), points, ssn_last4=last4 or "", family=relatives, annual_pay=pay, on=on))
    return people


#: Days repeat from person to person: hires and births of a plan fall on some thousand days. So do employments since a
#: day, first names, and four digits: a large roster holds each once.
_day = lru_cache(maxsize=65_536)(date.fromisoformat)
_NO_PAY: Mapping[int, AnnualPay] = MappingProxyType({})


@lru_cache(maxsize=65_536)
def _since(day: date) -> tuple[Employment, ...]:
    return (Employment(day),)


def fold(
    employee_id: EmployeeId,
    points: _Points,
    *,
    ssn_last4: str = "",
    family: Iterable[tuple[EmployeeId, Relation]] = (),
    annual_pay: Mapping[int, AnnualPay] | None = None,
    on: date | None = None,
) -> Employee:
    """One person out of points that stand, each kind in the order in which the later one counts."""
    name = _last(points, "name", on)
    birth_date = _last(points, "birth_date", None).get("birth_date")
    return Employee(
        employee_id=employee_id,
        first_name=intern(name.get("first_name", "")),
        last_name=name.get("last_name", ""),
        ssn_last4=intern(ssn_last4),
        birth_date=None if birth_date is None else _day(birth_date),
        employment=_employment(points),
        employee_class=_last(points, "class", on).get("employee_class", ""),
        ownership_bps=_last(points, "ownership", on).get("ownership_bps", 0),
        officer=_last(points, "officer", on).get("officer", False),
        family=tuple(sorted(family)) if family else (),
        annual_pay=annual_pay or _NO_PAY,
        class_changes=_class_changes(points) if "class" in points else (),
    )


def _class_changes(points: _Points) -> tuple[tuple[date, str], ...]:
    """The classes with their first days; nothing where one was told with the person, which counts from ever on."""
    told = points["class"]
    known_from = points["name"][0][0] if "name" in points else date.max
    first, *_ = told
    always = first[0] <= known_from
    if always and len(told) == 1:
        return ()
    days = [date.min if always else first[0], *(day for day, _ in told[1:])]
    return tuple((day, value.get("employee_class", "")) for day, (_, value) in zip(days, told, strict=True))


def _employment(points: _Points) -> tuple[Employment, ...]:
    hires = [day for day, _ in points.get("hired", ())]
    terminations = [day for day, _ in points.get("terminated", ())]
    if len(hires) == 1 and not terminations:
        return _since(hires[0])
    found = spans(hires=hires, terminations=terminations)
    by = {day: LeftBy(value["by"]) for day, value in points["terminated"] if "by" in value} if terminations else {}
    if not by:
        return found
    return tuple(each if (day := each.terminated_on) is None else replace(each, left_by=by.get(day)) for each in found)


def find_by_ssn(tx: Tx, *, tenant_id: SponsorId, ssns: Sequence[str]) -> dict[str, EmployeeId]:
    """Who has which number now; a number nobody has is left out. One statement for any number of them."""
    indexes = {ssn: tx.keyring.blind_index("ssn", parse_ssn(ssn)) for ssn in ssns}
    owners = _store.ssn_owners(tx, tenant_id=tenant_id, blind_indexes=list(set(indexes.values())))
    return {ssn: owners[index] for ssn, index in indexes.items() if index in owners}


def index_key_fits(tx: Tx) -> bool:
    """Whether people are found under the index key that is set, tried with one of them; true where nobody is on file.

    Under another key nobody is found, and everybody of the next file would be taken for new.
    """
    found = _store.any_ssn(tx)
    if found is None:
        return True
    tenant_id, employee_id, sealed, blind_index = found
    ssn = _opened(tx, tenant_id, employee_id, sealed)
    return tx.keyring.blind_index("ssn", ssn) == blind_index


def reveal_ssns(
    tx: Tx, *, tenant_id: SponsorId, employee_ids: Sequence[EmployeeId] | None = None
) -> dict[EmployeeId, str]:
    """The whole numbers, for filings and files back to a provider; who asked and why goes into the audit trail."""
    sealed = _store.sealed_ssns(tx, tenant_id=tenant_id, employee_ids=employee_ids)
    audit.record(
        tx, tenant_id=tenant_id, action="census.ssns_revealed", subject=tenant_id, after={"employees": len(sealed)}
    )
    return {employee_id: _opened(tx, tenant_id, employee_id, each) for employee_id, each in sealed}


def _opened(tx: Tx, tenant_id: SponsorId, employee_id: EmployeeId, sealed: bytes) -> str:
    return tx.keyring.unseal(
        tx, tenant_id=tenant_id, table="census.ssn", column="sealed", row_id=employee_id, sealed=sealed
    ).decode()


def _last(points: _Points, kind: str, on: date | None) -> Mapping[str, Any]:
    known = points.get(kind, ())
    for event_on, value in reversed(known):
        if on is None or event_on <= on:
            return value
    # What was first told of a person counts for the days before it, too: nobody is nameless before being hired.
    return known[0][1] if known and kind == "name" else {}

"""The SQL of people and their facts. Not here: pay (_pay_store.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId


@dataclass(frozen=True, slots=True)
class NewFact:
    """A point to append; ``ordinal`` tells apart what one transaction records for one person."""

    employee_id: EmployeeId
    kind: str
    event_on: date
    value: dict[str, Any]
    stands: bool = True


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """One pair as stored: the relative is the employee's spouse, child or grandchild."""

    employee_id: UUID
    relative_id: UUID
    relation: str
    ended: bool


def add_employees(tx: Tx, *, tenant_id: SponsorId, employee_ids: Sequence[EmployeeId]) -> None:
    """Insert people without facts."""
    tx.run(
        """
        insert into census.employee (tenant_id, employee_id, recorded_at, recorded_by)
        select %s, new.employee_id, %s, %s
        from unnest(%s::uuid[]) as new (employee_id)
        """,
        [tenant_id, tx.now, tx.actor.id, [each.uuid for each in employee_ids]],
    )


def add_ssns(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    employee_ids: Sequence[EmployeeId],
    sealed: Sequence[bytes],
    blind_indexes: Sequence[bytes],
    last4: Sequence[str],
    ordinal: int = 0,
) -> None:
    """Append sealed numbers; the newest of a person counts."""
    tx.run(
        """
        insert into census.ssn (tenant_id, employee_id, recorded_at, ordinal, sealed, blind_index, last4, recorded_by)
        select
            %(tenant_id)s, new.employee_id, %(now)s, %(ordinal)s, new.sealed, new.blind_index, new.last4, %(by)s
        from unnest(%(employee_ids)s::uuid[], %(sealed)s::bytea[], %(blind_indexes)s::bytea[], %(last4)s::text[])
            as new (employee_id, sealed, blind_index, last4)
        """,
        {
            "tenant_id": tenant_id,
            "now": tx.now,
            "by": tx.actor.id,
            "ordinal": ordinal,
            "employee_ids": [each.uuid for each in employee_ids],
            "sealed": list(sealed),
            "blind_indexes": list(blind_indexes),
            "last4": list(last4),
        },
    )


def ssn_owners(tx: Tx, *, tenant_id: SponsorId, blind_indexes: Sequence[bytes]) -> dict[bytes, EmployeeId]:
    """Who has these numbers now, by blind index; a number that was corrected away finds nobody."""
    rows = tx.rows_by_hashing(
        """
        select ssn.blind_index, ssn.employee_id
        from census.ssn
        join unnest(%(blind_indexes)s::bytea[]) as wanted (blind_index) using (blind_index)
        where ssn.tenant_id = %(tenant_id)s
            and not exists (
                select 1
                from census.ssn as newer
                where newer.tenant_id = %(tenant_id)s
                    and newer.employee_id = ssn.employee_id
                    and (newer.recorded_at, newer.ordinal) > (ssn.recorded_at, ssn.ordinal)
            )
        """,
        {"tenant_id": tenant_id, "blind_indexes": list(blind_indexes)},
    )
    return {bytes(blind_index): EmployeeId(employee_id) for blind_index, employee_id in rows}


def any_ssn(tx: Tx) -> tuple[SponsorId, EmployeeId, bytes, bytes] | None:
    """One number of somebody in sight: tenant, person, sealed and blind index."""
    row = tx.maybe("select tenant_id, employee_id, sealed, blind_index from census.ssn limit 1")
    return None if row is None else (SponsorId(row[0]), EmployeeId(row[1]), bytes(row[2]), bytes(row[3]))


def sealed_ssns(
    tx: Tx, *, tenant_id: SponsorId, employee_ids: Sequence[EmployeeId] | None
) -> list[tuple[EmployeeId, bytes]]:
    """The sealed number of each person now; of everybody without a list."""
    rows = tx.rows(
        """
        select distinct on (employee_id) employee_id, sealed
        from census.ssn
        where tenant_id = %(tenant_id)s
            and (%(everybody)s or employee_id = any (%(employee_ids)s::uuid[]))
        order by employee_id, recorded_at desc, ordinal desc
        """,
        {
            "tenant_id": tenant_id,
            "everybody": employee_ids is None,
            "employee_ids": [each.uuid for each in employee_ids or ()],
        },
    )
    return [(EmployeeId(employee_id), bytes(sealed)) for employee_id, sealed in rows]


def next_ordinal(tx: Tx, *, tenant_id: SponsorId, employee_id: EmployeeId) -> int:
    """A number above all that this transaction's instant has used for the person."""
    row = tx.one(
        """
        select
            coalesce(max(ordinal) + 1, 0)
        from (
            select ordinal
            from census.fact
            where tenant_id = %(tenant_id)s and employee_id = %(employee_id)s and recorded_at = %(now)s
            union all
            select ordinal
            from census.ssn
            where tenant_id = %(tenant_id)s and employee_id = %(employee_id)s and recorded_at = %(now)s
            union all
            select ordinal
            from census.annual_pay
            where tenant_id = %(tenant_id)s and employee_id = %(employee_id)s and recorded_at = %(now)s
        ) as used
        """,
        {"tenant_id": tenant_id, "employee_id": employee_id, "now": tx.now},
    )
    return int(row[0])


def add_facts(tx: Tx, *, tenant_id: SponsorId, facts: Sequence[NewFact], ordinal: int = 0) -> None:
    """Append points, in the order given, numbered from ``ordinal`` on."""
    tx.run(
        """
        insert into census.fact
            (tenant_id, employee_id, kind, event_on, recorded_at, ordinal, stands, value, recorded_by)
        select
            %(tenant_id)s, new.employee_id, new.kind, new.event_on, %(now)s,
            %(ordinal)s + new.place - 1, new.stands, new.value, %(by)s
        from unnest(
            %(employee_ids)s::uuid[], %(kinds)s::text[], %(days)s::date[], %(stands)s::boolean[], %(values)s::jsonb[]
        ) with ordinality as new (employee_id, kind, event_on, stands, value, place)
        """,
        {
            "tenant_id": tenant_id,
            "now": tx.now,
            "by": tx.actor.id,
            "ordinal": ordinal,
            "employee_ids": [each.employee_id.uuid for each in facts],
            "kinds": [each.kind for each in facts],
            "days": [each.event_on for each in facts],
            "stands": [each.stands for each in facts],
            "values": [each.value for each in facts],
        },
    )


def people(
    tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None, employee_id: EmployeeId | None = None
) -> list[UUID]:
    """Everyone known at the instant, or this one, in order of id."""
    rows = tx.rows(
        """
        select employee_id
        from census.employee
        where tenant_id = %(tenant_id)s
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            and employee_id = coalesce(%(employee_id)s, employee_id)
        order by employee_id
        """,
        {"tenant_id": tenant_id, "known_at": known_at, "employee_id": employee_id},
    )
    return [row[0] for row in rows]


def standing_facts(
    tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None, kind: str
) -> list[tuple[UUID, date, dict[str, Any]]]:
    """For each person and day the newest point of a kind known at the instant, unless it was taken back; by day."""
    rows = tx.rows(
        """
        select point.employee_id, point.event_on, point.value
        from (
            select distinct on (employee_id, event_on) employee_id, event_on, stands, value
            from census.fact
            where tenant_id = %(tenant_id)s
                and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
                and kind = %(kind)s
            order by employee_id, event_on, recorded_at desc, ordinal desc
        ) as point
        where point.stands
        order by point.employee_id, point.event_on
        """,
        {"tenant_id": tenant_id, "known_at": known_at, "kind": kind},
    )
    return [(row[0], row[1], row[2] or {}) for row in rows]


def add_family(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    employee_id: EmployeeId,
    relative_id: EmployeeId,
    event_on: date,
    relation: str,
    ended: bool,
) -> None:
    """Append a relation of a pair, in the direction in which pairs are stored."""
    tx.run(
        """
        insert into census.family
            (tenant_id, employee_id, relative_id, event_on, recorded_at, ordinal, relation, ended, recorded_by)
        select
            %(tenant_id)s, %(employee_id)s, %(relative_id)s, %(event_on)s, %(now)s, count(*), %(relation)s,
            %(ended)s, %(by)s
        from census.family
        where tenant_id = %(tenant_id)s
            and least(employee_id, relative_id) = least(%(employee_id)s::uuid, %(relative_id)s::uuid)
            and greatest(employee_id, relative_id) = greatest(%(employee_id)s::uuid, %(relative_id)s::uuid)
            and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "employee_id": employee_id,
            "relative_id": relative_id,
            "event_on": event_on,
            "now": tx.now,
            "relation": relation,
            "ended": ended,
            "by": tx.actor.id,
        },
    )


def family(tx: Tx, *, tenant_id: SponsorId, on: date | None, known_at: datetime | None) -> list[FamilyRow]:
    """The newest word on each pair by a day, known at an instant; ended relations included."""
    rows = tx.rows(
        """
        select distinct on (least(employee_id, relative_id), greatest(employee_id, relative_id))
            employee_id, relative_id, relation, ended
        from census.family
        where tenant_id = %(tenant_id)s
            and event_on <= coalesce(%(on)s, 'infinity'::date)
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by
            least(employee_id, relative_id), greatest(employee_id, relative_id),
            event_on desc, recorded_at desc, ordinal desc
        """,
        {"tenant_id": tenant_id, "on": on, "known_at": known_at},
    )
    return [FamilyRow(*row) for row in rows]


def family_days(tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None) -> list[date]:
    """The days on which a family changed, as known at an instant."""
    rows = tx.rows(
        """
        select distinct event_on
        from census.family
        where tenant_id = %(tenant_id)s
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by event_on
        """,
        {"tenant_id": tenant_id, "known_at": known_at},
    )
    return [row[0] for row in rows]


def add_annual_pay(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    employee_ids: Sequence[EmployeeId],
    year: Sequence[int],
    pay: Sequence[Sequence[int]],
    ordinal: int = 0,
) -> None:
    """Append years; ``pay`` holds 415 pay, plan pay, FICA wages and hours for each."""
    tx.run(
        """
        insert into census.annual_pay
            (tenant_id, employee_id, year, recorded_at, ordinal,
             section_415_cents, plan_cents, fica_cents, hours_hundredths, recorded_by)
        select
            %(tenant_id)s, new.employee_id, new.year, %(now)s, %(ordinal)s,
            new.section_415_cents, new.plan_cents, new.fica_cents, new.hours_hundredths, %(by)s
        from unnest(
            %(employee_ids)s::uuid[], %(year)s::integer[],
            %(section_415)s::bigint[], %(plan)s::bigint[], %(fica)s::bigint[], %(hours)s::bigint[]
        ) as new (employee_id, year, section_415_cents, plan_cents, fica_cents, hours_hundredths)
        """,
        {
            "tenant_id": tenant_id,
            "now": tx.now,
            "by": tx.actor.id,
            "ordinal": ordinal,
            "employee_ids": [each.uuid for each in employee_ids],
            "year": list(year),
            "section_415": [each[0] for each in pay],
            "plan": [each[1] for each in pay],
            "fica": [each[2] for each in pay],
            "hours": [each[3] for each in pay],
        },
    )

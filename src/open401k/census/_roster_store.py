"""The SQL that reads people whole, a row a person. Not here: writing them, families (_store.py)."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, SponsorId

from ._sums_store import id_column

# Grouping one list of everything, instead of joining four, is quick without statistics, too.
_ROSTERS: LiteralString = """
    select
        employee_id,
        min(last4),
        -- as text: read in one go, not value by value
        coalesce(
            json_agg(point order by place, ordinal, event_on) filter (where point is not null), '[]'::json
        )::text
    from (
        select
            employee_id, null as last4, null::json as point,
            null::timestamptz as place, null::integer as ordinal, null::date as event_on
        from census.employee
        where tenant_id = %(tenant_id)s
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            {those}
        union all
        (
            select distinct on (employee_id) employee_id, last4, null, null, null, null
            from census.ssn
            where tenant_id = %(tenant_id)s
                and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
                {those}
            order by employee_id, recorded_at desc, ordinal desc
        )
        union all
        select
            newest.employee_id, null, json_build_array(newest.kind, newest.event_on, newest.value),
            case when newest.kind = 'birth_date' then newest.recorded_at end,
            case when newest.kind = 'birth_date' then newest.ordinal end,
            newest.event_on
        from (
            select distinct on (employee_id, kind, event_on)
                employee_id, kind, event_on, recorded_at, ordinal, stands, value
            from census.fact
            where tenant_id = %(tenant_id)s
                and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
                {those}
            order by employee_id, kind, event_on, recorded_at desc, ordinal desc
        ) as newest
        where newest.stands
        union all
        select
            newest.employee_id, null,
            json_build_array(
                'annual_pay', null, newest.year, newest.section_415_cents, newest.plan_cents, newest.fica_cents,
                newest.hours_hundredths
            ),
            null, null, null
        from (
            select distinct on (employee_id, year)
                employee_id, year, section_415_cents, plan_cents, fica_cents, hours_hundredths
            from census.annual_pay
            where tenant_id = %(tenant_id)s
                and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
                {those}
            order by employee_id, year, recorded_at desc, ordinal desc
        ) as newest
    ) as known
    group by employee_id
    -- who is only on file later has later facts only
    having count(*) filter (where last4 is null and point is null) > 0
    order by employee_id
"""

# Three statements: one that may mean everybody, or many, is planned, once it is prepared, to hold each person against
# each id (10,000 of 100,000 people took 2 s); one of many hashes them, which for a few would read everybody.
FEW = 200
_EVERYBODY: LiteralString = _ROSTERS.replace("{those}", "")
_FEW: LiteralString = _ROSTERS.replace("{those}", "and employee_id = any (%(employee_ids)s::uuid[])")
_MANY: LiteralString = _ROSTERS.replace(
    "{those}", "and employee_id in (select wanted.id from unnest(%(employee_ids)s::uuid[]) as wanted (id))"
)


def edition(tx: Tx, *, tenant_id: SponsorId) -> int | None:
    """Which edition of people, facts and families this transaction sees; None before there is anybody."""
    row = tx.maybe("select edition from census.edition where tenant_id = %s", [tenant_id])
    return None if row is None else int(row[0])


def everybody(tx: Tx, *, tenant_id: SponsorId) -> IdColumn[EmployeeId]:
    """Every id on file, in order."""
    (ids,) = tx.one(
        "select array_send(array_agg(employee_id order by employee_id)) from census.employee where tenant_id = %s",
        [tenant_id],
        binary=True,
    )
    return id_column(ids)


def headcount(tx: Tx, *, tenant_id: SponsorId) -> int:
    """How many people are on file."""
    (count,) = tx.one("select count(*) from census.employee where tenant_id = %s", [tenant_id])
    return int(count)


def rosters(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    known_at: datetime | None,
    employee_ids: Sequence[EmployeeId] | None,
) -> list[tuple[UUID, str | None, str]]:
    """One row a person, in order of id: last four digits, and as JSON the points that stand as known at the instant.

    A point is [kind, day, value], the newest of its kind and day unless it was taken back; in order of the day, birth
    dates in the order of their recording, since only the last one counts. A year of pay is ["annual_pay", null, year,
    415 pay, plan pay, FICA wages, hours].
    """
    whole = {"tenant_id": tenant_id, "known_at": known_at}
    if employee_ids is None:
        return tx.rows(_EVERYBODY, whole)
    some = whole | {"employee_ids": [each.uuid for each in employee_ids]}
    return tx.rows(_FEW, some) if len(employee_ids) <= FEW else tx.rows_by_hashing(_MANY, some)

"""The ledger's reading SQL: balances of any day as known at any time, contributions by day. Writes: _store.py."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, Source, SponsorId

Row = tuple[Any, ...]


def running(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Row]:
    """The running balances of a plan's accounts."""
    return tx.rows_by_hashing(
        """
        select a.account_id, a.kind, a.employee_id, a.source, a.asset, b.balance, b.reserved
        from ledger.account a
        join ledger.balance b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
        where a.tenant_id = %s
          and a.plan_id = %s
        order by a.account_id
        """,
        (tenant_id, plan_id),
    )


#: Every account's net lines, of entries up to a day that were recorded up to an instant.
#: Rows of which the columns are sent at once: the driver holds what it is sent twice.
SLICE: Final = 10_000

_NET: Final = """
        with counted as (
            select entry_id
            from ledger.entry
            where tenant_id = %(tenant)s
              and (%(as_of)s::date is null or event_on <= %(as_of)s::date)
              and (%(known_at)s::timestamptz is null or recorded_at <= %(known_at)s::timestamptz)
        ),
        side as (
            select l.debit_account as account_id, -sum(l.amount) as net
            from ledger.line l
            join counted e on e.entry_id = l.entry_id
            where l.tenant_id = %(tenant)s
            group by l.debit_account
            union all
            select l.credit_account, sum(l.amount)
            from ledger.line l
            join counted e on e.entry_id = l.entry_id
            where l.tenant_id = %(tenant)s
            group by l.credit_account
        ),
        net as (
            select account_id, sum(net) as net
            from side
            group by account_id
        )
"""


def summed(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, as_of: date | None, known_at: datetime | None
) -> list[Row]:
    """Balances added up from the lines of entries up to a day, recorded up to an instant."""
    return tx.rows_by_hashing(
        _NET
        + """
        select
            a.account_id, a.kind, a.employee_id, a.source, a.asset,
            (a.normal_side * coalesce(n.net, 0))::bigint, 0::bigint
        from ledger.account a
        left join net n on n.account_id = a.account_id
        where a.tenant_id = %(tenant)s
          and a.plan_id = %(plan)s
          and (
              %(known_at)s::timestamptz is null
              or a.opened_at <= %(known_at)s::timestamptz
              or n.net is not null
          )
        order by a.account_id
        """,
        {"tenant": tenant_id, "plan": plan_id, "as_of": as_of, "known_at": known_at},
    )


def cash_of_people(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    kinds: Sequence[str],
    as_of: date | None,
    known_at: datetime | None,
) -> Iterator[tuple[bytes, bytes]]:
    """Dollars of each employee's accounts of some kinds where they are any, as slices of binary arrays: who, cents."""
    return tx.each_by_hashing(
        _NET
        + """
        select array_send(array_agg(t.employee_id)), array_send(array_agg(t.cents))
        from (
            select
                (row_number() over () - 1) / %(slice)s as slice, a.employee_id,
                sum(a.normal_side * n.net)::bigint as cents
            from net n
            join ledger.account a on a.tenant_id = %(tenant)s and a.account_id = n.account_id
            where a.plan_id = %(plan)s and a.kind = any (%(kinds)s::text[]) and a.asset = 'USD'
              and a.employee_id is not null
            group by a.employee_id
            having sum(a.normal_side * n.net) <> 0
        ) t
        group by t.slice
        """,
        {
            "tenant": tenant_id,
            "plan": plan_id,
            "kinds": list(kinds),
            "as_of": as_of,
            "known_at": known_at,
            "slice": SLICE,
        },
        binary=True,
    )


class Period(NamedTuple):
    """From ``start`` to the day before ``end``, by what was recorded until ``known_at``."""

    start: date
    end: date
    known_at: datetime | None


#: Contributing and correcting entries, and whatever reverses them.
_COUNTED: Final = """
    with recursive known as (
        select entry_id, event_on, reason, reverses
        from ledger.entry
        where tenant_id = %(tenant)s
          and (%(known_at)s::timestamptz is null or recorded_at <= %(known_at)s::timestamptz)
    ),
    counted as (
        select entry_id, event_on
        from known
        where reason in ('contribution', 'correction')
        union
        select k.entry_id, k.event_on
        from known k
        join counted c on c.entry_id = k.reverses
    )
"""

#: Their net sides on each day of the period, added up before they are joined: one account of the plan is a side of
#: nearly every line, and a hash table of lines becomes one long chain.
_SIDES: Final = (
    _COUNTED
    + """,
    side as (
        select l.credit_account as account_id, c.event_on, sum(l.amount) as amount
        from counted c
        join ledger.line l on l.tenant_id = %(tenant)s and l.entry_id = c.entry_id
        where c.event_on >= %(start)s and c.event_on < %(end)s
        group by l.credit_account, c.event_on
        union all
        select l.debit_account, c.event_on, -sum(l.amount)
        from counted c
        join ledger.line l on l.tenant_id = %(tenant)s and l.entry_id = c.entry_id
        where c.event_on >= %(start)s and c.event_on < %(end)s
        group by l.debit_account, c.event_on
    )
    """
)


def contributions(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, kind: str, period: Period
) -> list[tuple[UUID, str, date, int]]:
    """Net credits per employee, source and day, from contributing and correcting entries and whatever reverses them."""
    return tx.rows_by_hashing(
        _SIDES
        + """
        select a.employee_id, a.source, s.event_on, sum(s.amount)::bigint
        from side s
        join ledger.account a on a.tenant_id = %(tenant)s and a.account_id = s.account_id
        where a.plan_id = %(plan)s and a.kind = %(kind)s and a.asset = 'USD'
          and a.employee_id is not null and a.source is not null
        group by a.employee_id, a.source, s.event_on
        having sum(s.amount) <> 0
        """,
        {"tenant": tenant_id, "plan": plan_id, "kind": kind, **period._asdict()},
    )


def contributing(tx: Tx, *, tenant_id: SponsorId, period: Period) -> list[UUID]:
    """The entries of a period that contribute or correct, and whatever reverses them."""
    rows = tx.rows(
        _COUNTED
        + """
        select entry_id
        from counted
        where event_on >= %(start)s and event_on < %(end)s
        """,
        {"tenant": tenant_id, **period._asdict()},
    )
    return [row[0] for row in rows]


def gained(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, kind: str, entries: Sequence[UUID]
) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Net credits of these entries per employee and source, as slices of binary arrays: who, ``Source``, cents."""
    return tx.each_by_hashing(
        """
        with side as (
            select l.credit_account as account_id, sum(l.amount) as amount
            from ledger.line l
            where l.tenant_id = %(tenant)s and l.entry_id = any (%(entries)s::uuid[])
            group by l.credit_account
            union all
            select l.debit_account, -sum(l.amount)
            from ledger.line l
            where l.tenant_id = %(tenant)s and l.entry_id = any (%(entries)s::uuid[])
            group by l.debit_account
        )
        select
            array_send(array_agg(t.employee_id)),
            array_send(array_agg(array_position(%(sources)s::text[], t.source)::bigint)),
            array_send(array_agg(t.cents))
        from (
            select
                (row_number() over () - 1) / %(slice)s as slice, a.employee_id, a.source, sum(s.amount)::bigint as cents
            from side s
            join ledger.account a on a.tenant_id = %(tenant)s and a.account_id = s.account_id
            where a.plan_id = %(plan)s and a.kind = %(kind)s and a.asset = 'USD'
              and a.employee_id is not null and a.source is not null
            group by a.employee_id, a.source
            having sum(s.amount) <> 0
        ) t
        group by t.slice
        """,
        {
            "tenant": tenant_id,
            "plan": plan_id,
            "kind": kind,
            "sources": [source.value for source in Source],
            "entries": list(entries),
            "slice": SLICE,
        },
        binary=True,
    )

"""SQL of rollovers: what was asked and told, what the books followed. The money is the ledger's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


class RequestRow(NamedTuple):
    """A request."""

    rollover_id: UUID
    plan_id: UUID
    employee_id: UUID
    way: str
    recorded_at: datetime
    recorded_by: str


class ToldRow(NamedTuple):
    """What was told of a request, sealed."""

    rollover_id: UUID
    told_no: int
    name: str
    event_on: date
    sealed: bytes
    recorded_at: datetime
    recorded_by: str


class BookedRow(NamedTuple):
    """What the books followed."""

    rollover: bytes
    way: str
    plan_id: UUID
    employee_id: UUID
    entry_id: UUID
    event_on: date
    parts: dict[str, Any]
    rollover_id: UUID | None
    recorded_at: datetime


class MovedRow(NamedTuple):
    """What entries of one reason moved of one source of a person, their note among it, since when."""

    reason: str
    source: str
    first_on: date
    last_on: date
    cents: int


def insert_request(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append what somebody asked for."""
    tx.send(
        """
        insert into recordkeeping.rollover_request (
            tenant_id, rollover_id, plan_id, employee_id, way, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def requests(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_ids: Sequence[UUID] | None = None
) -> list[RequestRow]:
    """Requests of a plan, the oldest first."""
    rows = tx.rows(
        """
        select rollover_id, plan_id, employee_id, way, recorded_at, recorded_by
        from recordkeeping.rollover_request
        where tenant_id = %(tenant)s
          and plan_id = %(plan)s
          and (%(ids)s::uuid[] is null or rollover_id = any (%(ids)s::uuid[]))
        order by recorded_at, rollover_id
        """,
        {"tenant": tenant_id, "plan": plan_id, "ids": None if rollover_ids is None else list(rollover_ids)},
    )
    return [RequestRow(*row) for row in rows]


def insert_told(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append what was told."""
    tx.send(
        """
        insert into recordkeeping.rollover_told (
            tenant_id, rollover_id, told_no, name, event_on, sealed, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def told_under(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, name: str) -> list[UUID]:
    """Requests of a plan of which something was told under a name."""
    rows = tx.rows(
        """
        select distinct t.rollover_id
        from recordkeeping.rollover_told t
        join recordkeeping.rollover_request r on r.tenant_id = t.tenant_id and r.rollover_id = t.rollover_id
        where t.tenant_id = %s
          and r.plan_id = %s
          and t.name = %s
        """,
        [tenant_id, plan_id, name],
    )
    return [row[0] for row in rows]


def told(tx: Tx, *, tenant_id: SponsorId, rollover_ids: Sequence[UUID]) -> list[ToldRow]:
    """All that was told of these requests, in order."""
    rows = tx.rows(
        """
        select rollover_id, told_no, name, event_on, sealed, recorded_at, recorded_by
        from recordkeeping.rollover_told
        where tenant_id = %s
          and rollover_id = any (%s::uuid[])
        order by rollover_id, told_no
        """,
        [tenant_id, list(rollover_ids)],
    )
    return [ToldRow(*row) for row in rows]


def insert_booked(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append what the books followed."""
    tx.send(
        """
        insert into recordkeeping.rollover_booked (
            tenant_id, rollover, way, plan_id, employee_id, entry_id, event_on, parts, rollover_id,
            recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def booked(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> list[BookedRow]:
    """What the books of a plan followed, in order, as known at an instant."""
    rows = tx.rows(
        """
        select rollover, way, plan_id, employee_id, entry_id, event_on, parts, rollover_id, recorded_at
        from recordkeeping.rollover_booked
        where tenant_id = %s
          and plan_id = %s
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        order by recorded_at, rollover, way
        """,
        [tenant_id, plan_id, known_at],
    )
    return [BookedRow(bytes(row[0]), *row[1:]) for row in rows]


def moved(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: UUID) -> list[MovedRow]:
    """What moved a person's sources, by reason: cash and note together, as both are the account."""
    rows = tx.rows(
        """
        with theirs as (
            select account_id, source
            from ledger.account_v
            where tenant_id = %(tenant)s
              and plan_id = %(plan)s
              and employee_id = %(person)s
              and kind in ('participant', 'participant_loan')
              and asset = 'USD'
        ),
        side as (
            select t.source, l.entry_id, l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.credit_account = t.account_id
            union all
            select t.source, l.entry_id, -l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.debit_account = t.account_id
        )
        select e.reason, s.source, min(e.event_on), max(e.event_on), sum(s.amount)::bigint
        from side s
        join ledger.entry_v e on e.tenant_id = %(tenant)s and e.entry_id = s.entry_id
        group by e.reason, s.source
        """,
        {"tenant": tenant_id, "plan": plan_id, "person": employee_id},
    )
    return [MovedRow(*row) for row in rows]


def entries(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, reasons: Sequence[str]) -> list[tuple[Any, ...]]:
    """Every entry of these reasons on accounts of a plan: id, reason, day, person, source, what it gained."""
    return tx.rows(
        """
        with theirs as (
            select account_id, employee_id, source, kind
            from ledger.account_v
            where tenant_id = %(tenant)s
              and plan_id = %(plan)s
        ),
        side as (
            select l.entry_id, t.employee_id, t.source, t.kind, l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.credit_account = t.account_id
            union all
            select l.entry_id, t.employee_id, t.source, t.kind, -l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.debit_account = t.account_id
        )
        select e.entry_id, e.reason, e.event_on, s.employee_id, s.source, sum(s.amount)::bigint
        from side s
        join ledger.entry_v e on e.tenant_id = %(tenant)s and e.entry_id = s.entry_id
        where e.reason = any (%(reasons)s::text[])
          and s.kind <> 'cash_clearing'
        group by e.entry_id, e.reason, e.event_on, s.employee_id, s.source
        order by e.entry_id
        """,
        {"tenant": tenant_id, "plan": plan_id, "reasons": list(reasons)},
    )

"""The SQL of what payroll is told: instructions and their events, appended and read."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


class InstructionRow(NamedTuple):
    """One instruction with its last event."""

    number: int
    instruction_id: UUID
    employee_id: UUID
    means: str
    loan_id: str
    bps: int | None
    cents: int | None
    effective_on: date
    why: str
    recorded_at: datetime
    state: str
    state_at: datetime
    attempts: int
    next_try_at: datetime | None
    job: str
    detail: str
    catch_up: bool
    connection_id: UUID | None
    taken_by: list[UUID]
    tried_at: list[UUID]
    filed: bool


_EVENT = ("ids", "states", "attempts", "next", "jobs", "details", "companies", "taken")


class EventRow(NamedTuple):
    """One event to be appended."""

    instruction_id: UUID
    state: str
    attempts: int
    next_try_at: datetime | None
    job: str
    detail: str
    connection_id: UUID | None = None
    taken: bool = False


def add(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert instructions: id, employee, what it is of, loan, basis points, cents, day, why, catch-up."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    tx.run(
        """
        insert into payroll.instruction (
            tenant_id, plan_id, recorded_at, recorded_by,
            instruction_id, employee_id, means, loan_id, bps, cents, effective_on, why, catch_up
        )
        select %s, %s, %s, %s, each.*
        from unnest(
            %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::integer[], %s::bigint[], %s::date[], %s::text[],
            %s::boolean[]
        ) as each
        """,
        [tenant_id, plan_id, tx.now, tx.actor.id, *columns],
    )


def add_events(tx: Tx, *, tenant_id: SponsorId, rows: Sequence[EventRow]) -> None:
    """Append one event to each of these instructions; two at once meet at the primary key."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    tx.run(
        """
        insert into payroll.instruction_event (
            tenant_id, recorded_at, recorded_by, instruction_id, event_no, state, attempts, next_try_at, job, detail,
            connection_id, taken
        )
        select %(tenant)s, %(now)s, %(actor)s, each.instruction_id,
            1 + (
                select count(*)
                from payroll.instruction_event as before
                where before.tenant_id = %(tenant)s and before.instruction_id = each.instruction_id
            ),
            each.state, each.attempts, each.next_try_at, each.job, each.detail, each.connection_id, each.taken
        from unnest(
            %(ids)s::uuid[], %(states)s::text[], %(attempts)s::integer[], %(next)s::timestamptz[], %(jobs)s::text[],
            %(details)s::text[], %(companies)s::uuid[], %(taken)s::boolean[]
        ) as each (instruction_id, state, attempts, next_try_at, job, detail, connection_id, taken)
        """,
        {
            "tenant": tenant_id,
            "now": tx.now,
            "actor": tx.actor.id,
            **dict(zip(_EVENT, columns, strict=True)),
        },
    )


def instructions(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None
) -> list[InstructionRow]:
    """Every instruction of a plan with where it stands, in the order of recording; as known then."""
    rows = tx.rows(
        """
        select
            told.instruction_no, told.instruction_id, told.employee_id, told.means, told.loan_id, told.bps,
            told.cents, told.effective_on, told.why, told.recorded_at, last.state, last.recorded_at, last.attempts,
            last.next_try_at, last.job, last.detail, told.catch_up, last.connection_id,
            array(
                select event.connection_id
                from payroll.instruction_event as event
                where event.tenant_id = told.tenant_id and event.instruction_id = told.instruction_id and event.taken
            ),
            array(
                select distinct event.connection_id
                from payroll.instruction_event as event
                where event.tenant_id = told.tenant_id
                    and event.instruction_id = told.instruction_id
                    and event.connection_id is not null
            ),
            exists (
                select 1
                from payroll.instruction_event as event
                where event.tenant_id = told.tenant_id
                    and event.instruction_id = told.instruction_id
                    and event.state = 'sent'
                    and event.connection_id is null
            )
        from payroll.instruction as told
        join lateral (
            select *
            from payroll.instruction_event as event
            where event.tenant_id = told.tenant_id
                and event.instruction_id = told.instruction_id
                and event.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            order by event.event_no desc
            limit 1
        ) as last on true
        where told.tenant_id = %(tenant_id)s
            and told.plan_id = %(plan_id)s
            and told.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by told.instruction_no
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at},
    )
    return [InstructionRow(*row) for row in rows]


def events(tx: Tx, *, tenant_id: SponsorId, instruction_id: UUID) -> list[tuple[Any, ...]]:
    """What became of one instruction: number, state, attempts, detail, when, by whom."""
    return tx.rows(
        """
        select event_no, state, attempts, detail, recorded_at, recorded_by
        from payroll.instruction_event
        where tenant_id = %s and instruction_id = %s
        order by event_no
        """,
        [tenant_id, instruction_id],
    )


def exists(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> bool:
    """Whether payroll was ever told anything for a plan."""
    (found,) = tx.one(
        "select exists (select 1 from payroll.instruction where tenant_id = %s and plan_id = %s)", [tenant_id, plan_id]
    )
    return bool(found)

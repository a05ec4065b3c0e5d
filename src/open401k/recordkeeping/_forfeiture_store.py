"""SQL of forfeitures: what was forfeited and restored, and used; the money itself is the ledger's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, EntryId, PlanId, SponsorId


class ForfeitedRow(NamedTuple):
    """What one entry took from one person's source (negative: gave back), and what of that the employer put in."""

    employee_id: UUID
    source: str
    event_on: date
    cents: int
    employer_cents: int


class UseRow(NamedTuple):
    """One use as posted."""

    use_id: UUID
    used_for: str
    approval_id: UUID | None
    cents: int
    reference: str
    event_on: date
    entry_id: UUID
    recorded_at: datetime
    recorded_by: str


class ApprovalRow(NamedTuple):
    """What somebody approved."""

    approval_id: UUID
    used_for: str
    cents: int
    reference: str
    recorded_at: datetime
    recorded_by: str


def forfeited(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None) -> list[ForfeitedRow]:
    """What was forfeited and restored in a plan, by person, source and day; what nets to nothing is left out."""
    rows = tx.rows(
        """
        select employee_id, source, event_on, sum(cents)::bigint, sum(employer_cents)::bigint
        from recordkeeping.forfeited
        where tenant_id = %s
          and plan_id = %s
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        group by employee_id, source, event_on
        having sum(cents) <> 0 or sum(employer_cents) <> 0
        order by event_on, employee_id, source
        """,
        (tenant_id, plan_id, known_at),
    )
    return [ForfeitedRow(*row) for row in rows]


def insert_forfeited(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, entry_id: EntryId, rows: Sequence[ForfeitedRow]
) -> None:
    """Beside an entry: whose money moved."""
    tx.run(
        """
        insert into recordkeeping.forfeited
            (tenant_id, entry_id, plan_id, employee_id, source, event_on, cents, employer_cents, recorded_at)
        select %s, %s, %s, each.employee_id, each.source, each.event_on, each.cents, each.employer_cents, %s
        from unnest(%s::uuid[], %s::text[], %s::date[], %s::bigint[], %s::bigint[])
            as each (employee_id, source, event_on, cents, employer_cents)
        """,
        (tenant_id, entry_id, plan_id, tx.now, *([row[place] for row in rows] for place in range(5))),
    )


def gained(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employees: Sequence[EmployeeId], known_at: datetime | None
) -> list[tuple[UUID, str, date, int]]:
    """What these people's accounts gained, by source and day; not what was forfeited, nor paid out by a rollover.

    What was paid was of the account whose vested share is judged (Reg. 1.411(a)-7(d)(5)(iii)).
    """
    return tx.rows(
        """
        with theirs as (
            select account_id, employee_id, source
            from ledger.account_v
            where tenant_id = %(tenant)s
              and plan_id = %(plan)s
              and kind = 'participant'
              and asset = 'USD'
              and employee_id = any (%(people)s::uuid[])
        ),
        moved as (
            select t.employee_id, t.source, l.entry_id, l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.credit_account = t.account_id
            union all
            select t.employee_id, t.source, l.entry_id, -l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.debit_account = t.account_id
        )
        select m.employee_id, m.source, e.event_on, sum(m.amount)::bigint
        from moved m
        join ledger.entry_v e on e.tenant_id = %(tenant)s and e.entry_id = m.entry_id
        where e.reason not in ('forfeiture', 'rollover: source', 'overpaid')
          and e.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        group by m.employee_id, m.source, e.event_on
        having sum(m.amount) <> 0
        order by m.employee_id, e.event_on
        """,
        {
            "tenant": tenant_id,
            "plan": plan_id,
            "people": [each.uuid for each in employees],
            "known_at": known_at,
        },
    )


def account_moves(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[str, date, int]]:
    """What the plan's forfeiture account gained, by reason and day."""
    return tx.rows(
        """
        with theirs as (
            select account_id
            from ledger.account_v
            where tenant_id = %(tenant)s
              and plan_id = %(plan)s
              and kind = 'forfeitures'
        ),
        moved as (
            select l.entry_id, l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.credit_account = t.account_id
            union all
            select l.entry_id, -l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.debit_account = t.account_id
        )
        select e.reason, e.event_on, sum(m.amount)::bigint
        from moved m
        join ledger.entry_v e on e.tenant_id = %(tenant)s and e.entry_id = m.entry_id
        group by e.reason, e.event_on
        order by e.event_on, e.reason
        """,
        {"tenant": tenant_id, "plan": plan_id},
    )


def balance(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """What the plan's forfeiture account holds."""
    (cents,) = tx.one(
        """
        select coalesce(sum(b.balance), 0)::bigint
        from ledger.account_v a
        join ledger.balance_v b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
        where a.tenant_id = %s
          and a.plan_id = %s
          and a.kind = 'forfeitures'
        """,
        [tenant_id, plan_id],
    )
    return int(cents)


def insert_derived(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, as_of: date) -> None:
    """Everybody's forfeitures were derived and posted now."""
    tx.run(
        """
        insert into recordkeeping.forfeitures_derived (tenant_id, plan_id, as_of, known_at)
        values (%s, %s, %s, %s)
        on conflict do nothing
        """,
        [tenant_id, plan_id, as_of, tx.now],
    )


def derived(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[date, datetime] | None:
    """As of which day everybody's forfeitures were derived last, and when."""
    rows = tx.rows(
        """
        select as_of, known_at
        from recordkeeping.forfeitures_derived
        where tenant_id = %s and plan_id = %s
        order by known_at desc
        limit 1
        """,
        [tenant_id, plan_id],
    )
    return (rows[0][0], rows[0][1]) if rows else None


def differing(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Entries of forfeitures and of uses where the ledger moved another amount than is kept here: id, kept, moved."""
    return tx.rows(
        """
        with kept as (
            select entry_id, sum(cents + employer_cents)::bigint as cents
            from recordkeeping.forfeited
            where tenant_id = %(tenant)s and plan_id = %(plan)s
            group by entry_id
            union all
            select entry_id, -cents
            from recordkeeping.forfeiture_use
            where tenant_id = %(tenant)s and plan_id = %(plan)s
        ),
        theirs as (
            select account_id
            from ledger.account_v
            where tenant_id = %(tenant)s and plan_id = %(plan)s and kind = 'forfeitures'
        ),
        side as (
            select l.entry_id, l.amount as cents
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.credit_account = t.account_id
            union all
            select l.entry_id, -l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.debit_account = t.account_id
        ),
        moved as (
            select s.entry_id, sum(s.cents)::bigint as cents
            from side s
            join ledger.entry_v e on e.tenant_id = %(tenant)s and e.entry_id = s.entry_id
            where e.reason in ('forfeiture', 'forfeiture_use')
            group by s.entry_id
        )
        select coalesce(k.entry_id, m.entry_id), coalesce(k.cents, 0), coalesce(m.cents, 0)
        from kept k
        full join moved m using (entry_id)
        where coalesce(k.cents, 0) <> coalesce(m.cents, 0)
        """,
        {"tenant": tenant_id, "plan": plan_id},
    )


def uses(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[UseRow]:
    """The uses of a plan in the order of posting."""
    rows = tx.rows(
        """
        select use_id, used_for, approval_id, cents, reference, event_on, entry_id, recorded_at, recorded_by
        from recordkeeping.forfeiture_use
        where tenant_id = %s and plan_id = %s
        order by recorded_at, use_id
        """,
        [tenant_id, plan_id],
    )
    return [UseRow(*row) for row in rows]


def insert_use(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    use_id: UUID,
    used_for: str,
    approval_id: UUID | None,
    cents: int,
    reference: str,
    event_on: date,
    entry_id: EntryId,
) -> None:
    """A use beside its entry."""
    tx.run(
        """
        insert into recordkeeping.forfeiture_use (
            tenant_id, use_id, plan_id, used_for, approval_id, cents, reference, event_on, entry_id, recorded_at,
            recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            tenant_id, use_id, plan_id, used_for, approval_id, cents, reference, event_on, entry_id, tx.now,
            tx.actor.id,
        ],
    )  # fmt: skip


def approvals(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[ApprovalRow]:
    """What was approved for a plan, the first first."""
    rows = tx.rows(
        """
        select approval_id, used_for, cents, reference, recorded_at, recorded_by
        from recordkeeping.forfeiture_approval
        where tenant_id = %s and plan_id = %s
        order by recorded_at, approval_id
        """,
        [tenant_id, plan_id],
    )
    return [ApprovalRow(*row) for row in rows]


def insert_approval(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, approval_id: UUID, used_for: str, cents: int, reference: str
) -> None:
    """Somebody approved a use."""
    tx.run(
        """
        insert into recordkeeping.forfeiture_approval
            (tenant_id, approval_id, plan_id, used_for, cents, reference, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, approval_id, plan_id, used_for, cents, reference, tx.now, tx.actor.id],
    )

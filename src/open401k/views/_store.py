"""The SQL of pages that read across rooms: views of the rooms only, nothing is written."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId


def tenant_of_plan(tx: Tx, *, plan_id: PlanId) -> UUID | None:
    """The tenant of a plan in sight."""
    row = tx.maybe("select tenant_id from plan.plan_v where plan_id = %s", [plan_id])
    return row[0] if row else None


def plans(tx: Tx) -> list[tuple[UUID, UUID, str]]:
    """Every plan in sight, by name."""
    rows = tx.rows("select tenant_id, plan_id, name from plan.plan_v order by name, plan_id")
    return [(tenant_id, plan_id, name) for tenant_id, plan_id, name in rows]


class EntryRow(NamedTuple):
    """One journal entry."""

    entry_id: UUID
    number: int
    event_on: date
    recorded_at: datetime
    recorded_by: str
    reason: str
    cause: str
    reverses: UUID | None


def entries_of_plan(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, after: int, limit: int) -> list[EntryRow]:
    """Entries that touch the plan's accounts, numbered above ``after``, oldest first."""
    rows = tx.rows(
        """
        select e.entry_id, e.number, e.event_on, e.recorded_at, e.recorded_by, e.reason, e.cause, e.reverses
        from ledger.entry_v e
        where e.tenant_id = %(tenant)s
          and e.number > %(after)s
          and exists (
              select 1
              from ledger.line_v l
              join ledger.account_v a on a.tenant_id = l.tenant_id and a.account_id = l.debit_account
              where l.tenant_id = e.tenant_id and l.entry_id = e.entry_id and a.plan_id = %(plan)s
          )
        order by e.number
        limit %(limit)s
        """,
        {"tenant": tenant_id, "plan": plan_id, "after": after, "limit": limit},
    )
    return [EntryRow(*row) for row in rows]


class LineRow(NamedTuple):
    """One debit and credit of the same amount."""

    entry_id: UUID
    line_no: int
    debit: UUID
    credit: UUID
    amount: int
    asset: str
    ref: str


def lines_of(tx: Tx, *, tenant_id: SponsorId, entry_ids: Sequence[UUID]) -> list[LineRow]:
    """The lines of some entries, in order."""
    rows = tx.rows_by_hashing(
        """
        select l.entry_id, l.line_no, l.debit_account, l.credit_account, l.amount, a.asset, l.ref
        from ledger.line_v l
        join ledger.account_v a on a.tenant_id = l.tenant_id and a.account_id = l.debit_account
        where l.tenant_id = %s and l.entry_id = any (%s::uuid[])
        order by l.entry_id, l.line_no
        """,
        [tenant_id, list(entry_ids)],
    )
    return [LineRow(*row) for row in rows]


class CausedRow(NamedTuple):
    """One entry that something caused, with what it moved in dollars."""

    entry_id: UUID
    event_on: date
    recorded_at: datetime
    reason: str
    lines: int
    cents: int


def entries_caused(tx: Tx, *, tenant_id: SponsorId, cause: str) -> list[CausedRow]:
    """The entries of one cause, in the order of the journal."""
    rows = tx.rows(
        """
        select e.entry_id, e.event_on, e.recorded_at, e.reason, e.line_count, sum(l.amount)::bigint
        from ledger.entry_v e
        join ledger.line_v l on l.tenant_id = e.tenant_id and l.entry_id = e.entry_id
        where e.tenant_id = %s and e.cause = %s
        group by e.entry_id, e.number, e.event_on, e.recorded_at, e.reason, e.line_count
        order by e.number
        """,
        [tenant_id, cause],
    )
    return [CausedRow(*row) for row in rows]


class GainRow(NamedTuple):
    """What one person's accounts of one kind and source gained."""

    employee_id: UUID
    kind: str
    source: str
    cents: int


def gains(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, causes: Sequence[str], on: date | None = None
) -> list[GainRow]:
    """What entries of these causes, of one day or of all, put into people's accounts, net."""
    rows = tx.rows_by_hashing(
        """
        with caused as (
            select e.tenant_id, e.entry_id
            from ledger.entry_v e
            where e.tenant_id = %(tenant)s
              and e.cause = any (%(causes)s::text[])
              and (%(on)s::date is null or e.event_on = %(on)s)
        ),
        side as (
            select l.credit_account as account_id, l.amount
            from caused c
            join ledger.line_v l on l.tenant_id = c.tenant_id and l.entry_id = c.entry_id
            union all
            select l.debit_account, -l.amount
            from caused c
            join ledger.line_v l on l.tenant_id = c.tenant_id and l.entry_id = c.entry_id
        )
        select a.employee_id, a.kind, a.source, sum(s.amount)::bigint
        from side s
        join ledger.account_v a on a.tenant_id = %(tenant)s and a.account_id = s.account_id
        where a.plan_id = %(plan)s and a.asset = 'USD' and a.employee_id is not null and a.source is not null
        group by a.employee_id, a.kind, a.source
        having sum(s.amount) <> 0
        """,
        {"tenant": tenant_id, "plan": plan_id, "causes": list(causes), "on": on},
    )
    return [GainRow(*row) for row in rows]


class PaidRow(NamedTuple):
    """One line of a run as a fact: cents by column; catch-up codes count as deferrals of their source."""

    line_no: int
    employee_id: UUID
    pay_cents: int
    pre_tax: int
    roth: int
    after_tax: int
    match: int
    nonelective: int


def lines_paid(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> list[PaidRow]:
    """Every line of a run with its gross pay, whether or not another run took its place since."""
    rows = tx.rows(
        """
        select
            line_no, employee_id, gross_cents, pre_tax_cents + catch_up_pre_tax_cents,
            roth_cents + catch_up_roth_cents, after_tax_cents, coalesce(match_cents, 0), coalesce(nonelective_cents, 0)
        from census.pay_line_v
        where tenant_id = %s and run_id = %s
        order by line_no
        """,
        [tenant_id, run_id],
    )
    return [PaidRow(*row) for row in rows]

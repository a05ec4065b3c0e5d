"""SQL of money that left an account before the books took it back, read from the journal. Not here: what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


@dataclass(frozen=True, slots=True)
class MovedRow:
    """What one account gained on a day: by everything else, and by what is counted as overpaid."""

    employee_id: UUID
    source: str
    day: date
    cents: int
    overpaid_cents: int
    reserved_cents: int


@dataclass(frozen=True, slots=True)
class OverpaidRow:
    """One entry's line: how much, of which day, when it was found, which entry's settling found it."""

    employee_id: UUID
    source: str
    day: date
    recorded_at: datetime
    cause: str
    cents: int


def accounts_of(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, reason: str, sources: Sequence[str], employees: list[UUID] | None
) -> list[UUID]:
    """Participants' accounts of these sources that an entry of the reason names; of everybody, or of these people."""
    rows = tx.rows(
        """
        select distinct a.account_id
        from ledger.entry_v e
        join ledger.line_v l on l.tenant_id = e.tenant_id and l.entry_id = e.entry_id
        join ledger.account_v a
            on a.tenant_id = e.tenant_id and a.account_id in (l.debit_account, l.credit_account)
        where e.tenant_id = %(tenant)s
          and e.reason = %(reason)s
          and a.plan_id = %(plan)s
          and a.kind = 'participant'
          and a.source = any (%(sources)s::text[])
          and (%(people)s::uuid[] is null or a.employee_id = any (%(people)s::uuid[]))
        """,
        {"tenant": tenant_id, "plan": plan_id, "reason": reason, "sources": list(sources), "people": employees},
    )
    return [row[0] for row in rows]


def moved(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, reason: str, sources: Sequence[str], accounts: Sequence[UUID]
) -> list[MovedRow]:
    """Day by day what these accounts gained, in the order of days; others than participants' of the sources: not."""
    rows = tx.rows_by_hashing(
        """
        with theirs as (
            select a.account_id, a.employee_id, a.source, b.reserved
            from ledger.account_v a
            join ledger.balance_v b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
            where a.tenant_id = %(tenant)s
              and a.plan_id = %(plan)s
              and a.kind = 'participant'
              and a.asset = 'USD'
              and a.source = any (%(sources)s::text[])
              and a.account_id = any (%(accounts)s::uuid[])
        ),
        side as (
            select t.employee_id, t.source, t.reserved, l.entry_id, l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.credit_account = t.account_id
            union all
            select t.employee_id, t.source, t.reserved, l.entry_id, -l.amount
            from theirs t
            join ledger.line_v l on l.tenant_id = %(tenant)s and l.debit_account = t.account_id
        )
        select
            s.employee_id, s.source, e.event_on,
            coalesce(sum(s.amount) filter (where e.reason <> %(reason)s), 0)::bigint,
            coalesce(sum(s.amount) filter (where e.reason = %(reason)s), 0)::bigint,
            s.reserved
        from side s
        join ledger.entry_v e on e.tenant_id = %(tenant)s and e.entry_id = s.entry_id
        group by s.employee_id, s.source, s.reserved, e.event_on
        order by s.employee_id, s.source, e.event_on
        """,
        {
            "tenant": tenant_id, "plan": plan_id, "reason": reason, "sources": list(sources),
            "accounts": list(accounts),
        },
    )  # fmt: skip
    return [MovedRow(*row) for row in rows]


def overpaid(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, reason: str) -> list[OverpaidRow]:
    """Every movement on file, in the order in which they were found."""
    rows = tx.rows(
        """
        with side as (
            select e.number, e.event_on, e.recorded_at, e.cause, l.credit_account as account_id, l.amount
            from ledger.entry_v e
            join ledger.line_v l on l.tenant_id = e.tenant_id and l.entry_id = e.entry_id
            where e.tenant_id = %(tenant)s and e.reason = %(reason)s
            union all
            select e.number, e.event_on, e.recorded_at, e.cause, l.debit_account, -l.amount
            from ledger.entry_v e
            join ledger.line_v l on l.tenant_id = e.tenant_id and l.entry_id = e.entry_id
            where e.tenant_id = %(tenant)s and e.reason = %(reason)s
        )
        select a.employee_id, a.source, s.event_on, s.recorded_at, s.cause, s.amount
        from side s
        join ledger.account_v a on a.tenant_id = %(tenant)s and a.account_id = s.account_id
        where a.plan_id = %(plan)s and a.kind = 'participant'
        order by s.number, a.employee_id, a.source
        """,
        {"tenant": tenant_id, "plan": plan_id, "reason": reason},
    )
    return [OverpaidRow(*row) for row in rows]


def add_decision(tx: Tx, *, tenant_id: SponsorId, decision_id: UUID, plan_id: PlanId, columns: Sequence[Any]) -> None:
    """Insert what becomes of an amount."""
    tx.run(
        """
        insert into recordkeeping.overpaid_decision (
            tenant_id, decision_id, plan_id, employee_id, source, kind, cents, decided_on, entry_id, reason,
            recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, decision_id, plan_id, *columns, tx.now, tx.actor.id],
    )


def decisions(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """What was decided, in order, with what was taken back of it."""
    return tx.rows(
        """
        select
            d.decision_id, d.employee_id, d.source, d.kind, d.cents, d.decided_on, d.entry_id, d.reason,
            u.undone_on, coalesce(u.reason, '')
        from recordkeeping.overpaid_decision d
        left join recordkeeping.overpaid_undone u on u.tenant_id = d.tenant_id and u.decision_id = d.decision_id
        where d.tenant_id = %s and d.plan_id = %s
        order by d.recorded_at, d.decision_id
        """,
        [tenant_id, plan_id],
    )


def add_undone(
    tx: Tx, *, tenant_id: SponsorId, decision_id: UUID, undone_on: date, entry_id: UUID | None, reason: str
) -> None:
    """Insert that a decision was taken back."""
    tx.run(
        """
        insert into recordkeeping.overpaid_undone (
            tenant_id, decision_id, undone_on, entry_id, reason, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, decision_id, undone_on, entry_id, reason, tx.now, tx.actor.id],
    )

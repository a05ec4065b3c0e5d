"""Every SQL statement of recordkeeping: corrections and held money. The money itself is the ledger's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EntryId, PlanId, SponsorId


class HeldRow(NamedTuple):
    """Cents of one person, pay date and source held for one reason (negative: released)."""

    employee_id: UUID
    pay_date: date
    source: str
    reason: str
    cents: int


class CorrectionRow(NamedTuple):
    """Why an entry was posted, and what it was made of."""

    entry_id: UUID
    cause: str
    origin: str
    working: dict[str, Any]


def corrections(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, cause: str | None) -> list[CorrectionRow]:
    """The corrections of a plan in the order in which they were recorded; of one cause, if it is given."""
    rows = tx.rows(
        """
        select entry_id, cause, origin, working
        from recordkeeping.correction
        where tenant_id = %s
          and plan_id = %s
          and cause = coalesce(%s, cause)
        order by recorded_at, entry_id
        """,
        (tenant_id, plan_id, cause),
    )
    return [CorrectionRow(*row) for row in rows]


def held(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    reasons: Sequence[str] | None = None,
    known_at: datetime | None = None,
) -> list[HeldRow]:
    """What is held per person, pay date, source and reason; ``end`` excluded; for some reasons, as known then."""
    rows = tx.rows(
        """
        select employee_id, pay_date, source, reason, sum(cents)::bigint
        from recordkeeping.held
        where tenant_id = %s
          and plan_id = %s
          and pay_date >= %s
          and pay_date < %s
          and reason = any (coalesce(%s::text[], array[reason]))
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        group by employee_id, pay_date, source, reason
        having sum(cents) <> 0
        order by employee_id, pay_date, source, reason
        """,
        (tenant_id, plan_id, start, end, None if reasons is None else list(reasons), known_at),
    )
    return [HeldRow(*row) for row in rows]


def held_cents(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """Everything that is held, for whatever reason."""
    row = tx.one(
        """
        select coalesce(sum(cents), 0)::bigint
        from recordkeeping.held
        where tenant_id = %s
          and plan_id = %s
        """,
        (tenant_id, plan_id),
    )
    return int(row[0])


def insert_held(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, entry_id: EntryId, rows: Sequence[HeldRow]) -> None:
    """Remember why an entry put money into suspense, or took it out."""
    tx.send(
        """
        insert into recordkeeping.held
            (tenant_id, entry_id, plan_id, employee_id, pay_date, source, reason, cents, recorded_at)
        select %s, %s, %s, each.employee_id, each.pay_date, each.source, each.reason, each.cents, %s
        from unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::bigint[])
            as each (employee_id, pay_date, source, reason, cents)
        """,
        (tenant_id, entry_id, plan_id, tx.now, *([row[place] for row in rows] for place in range(5))),
    )


def insert_correction(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    entry_id: EntryId,
    cause: str,
    origin: str,
    working: dict[str, Any],
) -> None:
    """Remember why a correction was posted; repeating the entry changes nothing."""
    tx.run(
        """
        insert into recordkeeping.correction (tenant_id, entry_id, plan_id, cause, origin, working, recorded_at)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        (tenant_id, entry_id, plan_id, cause, origin, working, tx.now),
    )


class OpeningRow(NamedTuple):
    """One loading of opening balances, and the entry that took it back."""

    entry_id: UUID
    event_on: date
    reversed_by: UUID | None
    people: int
    cents: int


def openings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, reason: str) -> list[OpeningRow]:
    """Every loading of a plan's opening balances, the first one first."""
    rows = tx.rows(
        """
        select
            e.entry_id, e.event_on, r.entry_id, count(distinct a.employee_id)::integer, sum(l.amount)::bigint
        from ledger.entry_v e
        join ledger.line_v l on l.tenant_id = e.tenant_id and l.entry_id = e.entry_id
        join ledger.account_v a on a.tenant_id = l.tenant_id and a.account_id = l.credit_account
        left join ledger.entry_v r on r.tenant_id = e.tenant_id and r.reverses = e.entry_id
        where e.tenant_id = %s
          and e.reason = %s
          and e.cause = %s
        group by e.number, e.entry_id, e.event_on, r.entry_id
        order by e.number
        """,
        (tenant_id, reason, str(plan_id)),
    )
    return [OpeningRow(*row) for row in rows]


def year_ends(tx: Tx, *, tenant_id: SponsorId) -> list[tuple[UUID, date, datetime]]:
    """Plan, last day and recording of every plan year that is known to be over, by the day."""
    return tx.rows(
        """
        select plan_id, last_day, recorded_at
        from recordkeeping.year_end
        where tenant_id = %s
        order by last_day, recorded_at, plan_id
        """,
        (tenant_id,),
    )


def insert_year_end(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, last_day: date) -> None:
    """A plan year is over; said again it changes nothing."""
    tx.run(
        """
        insert into recordkeeping.year_end (tenant_id, plan_id, last_day, recorded_at)
        values (%s, %s, %s, %s)
        on conflict do nothing
        """,
        (tenant_id, plan_id, last_day, tx.now),
    )


class DepositRow(NamedTuple):
    """Money of the employer that arrived, and the entry that took it back."""

    entry_id: UUID
    cause: str
    event_on: date
    cents: int
    reversed_by: UUID | None
    reversed_on: date | None
    key: str


def deposits(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, reason: str) -> list[DepositRow]:
    """Everything that arrived for one reason, in the order of posting; lines by a list, as in _late_store.py."""
    rows = tx.rows_by_hashing(
        """
        with arrived as materialized (
            select entry_id, number, cause, event_on, key
            from ledger.entry_v
            where tenant_id = %(tenant)s
              and reason = %(reason)s
        ),
        moved as materialized (
            select entry_id, debit_account, amount
            from ledger.line_v
            where tenant_id = %(tenant)s
              and entry_id = any (array(select entry_id from arrived))
        )
        select e.entry_id, e.cause, e.event_on, l.amount, r.entry_id, r.event_on, e.key
        from arrived e
        join moved l on l.entry_id = e.entry_id
        join ledger.account_v a on a.account_id = l.debit_account
        left join ledger.entry_v r on r.tenant_id = %(tenant)s and r.reverses = e.entry_id
        where a.tenant_id = %(tenant)s
          and a.account_id = any (array(select debit_account from moved))
          and a.plan_id = %(plan)s
        order by e.number
        """,
        {"tenant": tenant_id, "plan": plan_id, "reason": reason},
    )
    return [DepositRow(*row) for row in rows]


def declarations(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, last_day: date, known_at: datetime | None
) -> list[tuple[str, dict[str, Any]]]:
    """For each source the newest formula declared for a plan year, as known at an instant."""
    return tx.rows(
        """
        select distinct on (source) source, formula
        from recordkeeping.declaration
        where tenant_id = %s
          and plan_id = %s
          and last_day = %s
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        order by source, recorded_at desc
        """,
        (tenant_id, plan_id, last_day, known_at),
    )


def every_declaration(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId
) -> list[tuple[date, str, datetime, date, dict[str, Any]]]:
    """Last day, source, when it was recorded, the day declared and the formula; the newest first."""
    return tx.rows(
        """
        select last_day, source, recorded_at, declared_on, formula
        from recordkeeping.declaration
        where tenant_id = %s
          and plan_id = %s
        order by recorded_at desc, last_day desc, source
        """,
        (tenant_id, plan_id),
    )


def insert_declaration(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    last_day: date,
    source: str,
    declared_on: date,
    formula: dict[str, Any],
) -> None:
    """What an employer declared."""
    tx.run(
        """
        insert into recordkeeping.declaration
            (tenant_id, plan_id, last_day, source, recorded_at, declared_on, formula)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        (tenant_id, plan_id, last_day, source, tx.now, declared_on, formula),
    )

"""SQL of rollovers that were found invalid: what was determined, what was paid back, how a source moved since."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


class InvalidRow(NamedTuple):
    """A determination, and what was paid back of it if anything was."""

    rollover_id: UUID
    employee_id: UUID
    determined_on: date
    why: str
    detail: str
    parts: dict[str, Any]
    recorded_at: datetime
    recorded_by: str
    entry_id: UUID | None
    paid_on: date | None
    paid: dict[str, Any] | None
    withheld_cents: int | None
    paid_by: str | None


class MoveRow(NamedTuple):
    """What entries of one reason put into a source, and took out of it, since an entry and with it."""

    reason: str
    into: int
    out: int


def invalid(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> list[InvalidRow]:
    """Every determination of a plan, the oldest first, as known at an instant."""
    rows = tx.rows(
        """
        select
            i.rollover_id, i.employee_id, i.determined_on, i.why, i.detail, i.parts, i.recorded_at, i.recorded_by,
            t.entry_id, t.event_on, t.parts, t.withheld_cents, t.recorded_by
        from recordkeeping.rollover_invalid i
        left join recordkeeping.rollover_taken_back t
          on t.tenant_id = i.tenant_id
         and t.rollover_id = i.rollover_id
         and t.recorded_at <= coalesce(%(known)s, 'infinity'::timestamptz)
        where i.tenant_id = %(tenant)s
          and i.plan_id = %(plan)s
          and i.recorded_at <= coalesce(%(known)s, 'infinity'::timestamptz)
        order by i.recorded_at, i.rollover_id
        """,
        {"tenant": tenant_id, "plan": plan_id, "known": known_at},
    )
    return [InvalidRow(*row) for row in rows]


def insert_invalid(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append what was determined."""
    tx.send(
        """
        insert into recordkeeping.rollover_invalid (
            tenant_id, rollover_id, plan_id, employee_id, determined_on, why, detail, parts, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def insert_taken_back(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append what was paid back."""
    tx.send(
        """
        insert into recordkeeping.rollover_taken_back (
            tenant_id, rollover_id, plan_id, employee_id, entry_id, event_on, parts, withheld_cents,
            recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def moved_since(tx: Tx, *, tenant_id: SponsorId, account_ids: Sequence[UUID], entry_id: UUID) -> list[MoveRow]:
    """How accounts together moved from an entry on, it among them, by reason; what went between them did not."""
    rows = tx.rows(
        """
        with side as (
            select l.entry_id, l.amount
            from ledger.line_v l
            where l.tenant_id = %(tenant)s and l.credit_account = any (%(accounts)s::uuid[])
            union all
            select l.entry_id, -l.amount
            from ledger.line_v l
            where l.tenant_id = %(tenant)s and l.debit_account = any (%(accounts)s::uuid[])
        ),
        net as (
            select e.reason, e.entry_id, sum(s.amount)::bigint as cents
            from side s
            join ledger.entry_v e on e.tenant_id = %(tenant)s and e.entry_id = s.entry_id
            where e.number >= (
                select number from ledger.entry_v where tenant_id = %(tenant)s and entry_id = %(since)s
            )
            group by e.reason, e.entry_id
        )
        select reason, sum(greatest(cents, 0))::bigint, sum(greatest(-cents, 0))::bigint
        from net
        group by reason
        order by reason
        """,
        {"tenant": tenant_id, "accounts": list(account_ids), "since": entry_id},
    )
    return [MoveRow(*row) for row in rows]

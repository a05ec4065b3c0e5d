"""SQL of corrective contributions: for which year and whom; the money itself is the ledger's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EntryId, PlanId, SponsorId


class CorrectiveRow(NamedTuple):
    """What one entry credited to one person's source, for a limitation year (negative: took back)."""

    employee_id: UUID
    source: str
    year_start: date
    cents: int
    earnings_cents: int


def insert_corrective(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, entry_id: EntryId, rows: Sequence[CorrectiveRow]
) -> None:
    """Remember for which year an entry was posted."""
    tx.run(
        """
        insert into recordkeeping.corrective
            (tenant_id, entry_id, plan_id, employee_id, source, year_start, cents, earnings_cents, recorded_at)
        select %s, %s, %s, each.employee_id, each.source, each.year_start, each.cents, each.earnings_cents, %s
        from unnest(%s::uuid[], %s::text[], %s::date[], %s::bigint[], %s::bigint[])
            as each (employee_id, source, year_start, cents, earnings_cents)
        """,
        (tenant_id, entry_id, plan_id, tx.now, *([row[place] for row in rows] for place in range(5))),
    )


def additions(
    tx: Tx, *, tenant_id: SponsorId, plan_ids: Sequence[PlanId], year_start: date, known_at: datetime | None
) -> list[tuple[UUID, int]]:
    """Corrective contributions of a limitation year by person, earnings left out."""
    rows = tx.rows(
        """
        select employee_id, sum(cents)::bigint
        from recordkeeping.corrective
        where tenant_id = %s
          and plan_id = any (%s::uuid[])
          and year_start = %s
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        group by employee_id
        """,
        (tenant_id, list(plan_ids), year_start, known_at),
    )
    return [(row[0], row[1]) for row in rows]


def of_year(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, known_at: datetime | None
) -> list[tuple[UUID, str, int, int]]:
    """Corrective contributions of a plan year, and their earnings, by person and source."""
    return tx.rows(
        """
        select employee_id, source, sum(cents)::bigint, sum(earnings_cents)::bigint
        from recordkeeping.corrective
        where tenant_id = %s
          and plan_id = %s
          and year_start = %s
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        group by employee_id, source
        having sum(cents) <> 0 or sum(earnings_cents) <> 0
        """,
        (tenant_id, plan_id, year_start, known_at),
    )


def entries_that_differ(tx: Tx, *, tenant_id: SponsorId) -> list[tuple[UUID, UUID, str, int, int]]:
    """Person and source of corrective entries where the ledger has moved another amount than is kept here."""
    return tx.rows(
        """
        with kept as (
            select entry_id, employee_id, source, sum(cents + earnings_cents)::bigint as cents
            from recordkeeping.corrective
            where tenant_id = %(tenant)s
            group by entry_id, employee_id, source
        ),
        moved as (
            select side.entry_id, a.employee_id, a.source, sum(side.cents)::bigint as cents
            from (
                select l.entry_id, l.credit_account as account_id, l.amount as cents
                from ledger.line_v l
                join ledger.entry_v e on e.tenant_id = l.tenant_id and e.entry_id = l.entry_id
                where l.tenant_id = %(tenant)s and e.reason = 'operational_correction'
                union all
                select l.entry_id, l.debit_account, -l.amount
                from ledger.line_v l
                join ledger.entry_v e on e.tenant_id = l.tenant_id and e.entry_id = l.entry_id
                where l.tenant_id = %(tenant)s and e.reason = 'operational_correction'
            ) as side
            join ledger.account_v a on a.tenant_id = %(tenant)s and a.account_id = side.account_id
            where a.kind = 'participant'
            group by side.entry_id, a.employee_id, a.source
        )
        select
            coalesce(k.entry_id, m.entry_id), coalesce(k.employee_id, m.employee_id), coalesce(k.source, m.source),
            coalesce(k.cents, 0), coalesce(m.cents, 0)
        from kept k
        full join moved m using (entry_id, employee_id, source)
        where coalesce(k.cents, 0) <> coalesce(m.cents, 0)
        """,
        {"tenant": tenant_id},
    )


def posted(tx: Tx, *, tenant_id: SponsorId) -> list[tuple[str, int]]:
    """Corrective entries of the journal, with what is kept of each."""
    rows = tx.rows(
        """
        select e.key, coalesce(sum(c.cents + c.earnings_cents), 0)::bigint
        from ledger.entry_v e
        left join recordkeeping.corrective c on c.tenant_id = e.tenant_id and c.entry_id = e.entry_id
        where e.tenant_id = %s
          and e.reason = 'operational_correction'
        group by e.key
        """,
        [tenant_id],
    )
    return [(row[0], row[1]) for row in rows]

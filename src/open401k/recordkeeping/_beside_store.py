"""SQL of corrective money as IRC 415(c) looks at it."""

from datetime import date, datetime
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import SponsorId


def corrective(tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None) -> list[tuple[UUID, date, int]]:
    """Who, the first day of the plan year, and cents without earnings, of all plans; above zero alone."""
    rows = tx.rows(
        """
        select employee_id, year_start, sum(cents)::bigint
        from recordkeeping.corrective
        where tenant_id = %s
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        group by employee_id, year_start
        having sum(cents) > 0
        """,
        (tenant_id, known_at),
    )
    return [(row[0], row[1], row[2]) for row in rows]

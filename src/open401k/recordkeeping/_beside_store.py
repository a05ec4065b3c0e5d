"""SQL of what was allocated before the employer's money was held to IRC 415(c), and of corrective money."""

from datetime import date, datetime
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import SponsorId


def last_entry_before(tx: Tx, *, tenant_id: SponsorId) -> int | None:
    """The number of the sponsor's last entry of that time; None: all of the books are later."""
    row = tx.maybe("select entry_number from recordkeeping.allocated_before where tenant_id = %s", [tenant_id])
    return None if row is None else int(row[0])


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

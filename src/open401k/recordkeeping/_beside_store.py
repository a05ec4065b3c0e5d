"""SQL of what was allocated before the employer's money was held to IRC 415(c), and of corrective money by day."""

from datetime import date, datetime
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import SponsorId


def last_entry_before(tx: Tx, *, tenant_id: SponsorId) -> int | None:
    """The number of the sponsor's last entry of that time; None: all of the books are later."""
    row = tx.maybe("select entry_number from recordkeeping.allocated_before where tenant_id = %s", [tenant_id])
    return None if row is None else int(row[0])


def corrective(tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None) -> list[tuple[UUID, date, date, int]]:
    """Who, the first day of the plan year, the day of posting, and cents without earnings, of all plans."""
    rows = tx.rows(
        """
        select kept.employee_id, kept.year_start, e.event_on, sum(kept.cents)::bigint
        from recordkeeping.corrective as kept
        join ledger.entry_v as e on e.tenant_id = kept.tenant_id and e.entry_id = kept.entry_id
        where kept.tenant_id = %s
          and kept.recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        group by kept.employee_id, kept.year_start, e.event_on
        having sum(kept.cents) <> 0
        """,
        (tenant_id, known_at),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]

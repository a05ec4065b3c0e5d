"""The SQL of how plan years were reported."""

from datetime import date, datetime

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


def add(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, small: bool) -> None:
    """Append what was stated; the newest one counts."""
    tx.run(
        """
        insert into census.year_filed (tenant_id, plan_id, year_start, recorded_at, ordinal, small, recorded_by)
        select %(tenant_id)s, %(plan_id)s, %(year_start)s, %(now)s, count(*), %(small)s, %(by)s
        from census.year_filed
        where tenant_id = %(tenant_id)s and plan_id = %(plan_id)s and year_start = %(year_start)s
            and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "plan_id": plan_id,
            "year_start": year_start,
            "now": tx.now,
            "small": small,
            "by": tx.actor.id,
        },
    )


def last(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, known_at: datetime | None) -> bool | None:
    """What was stated last of a plan year, if anything."""
    row = tx.maybe(
        """
        select small
        from census.year_filed
        where tenant_id = %s and plan_id = %s and year_start = %s
            and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        order by recorded_at desc, ordinal desc
        limit 1
        """,
        [tenant_id, plan_id, year_start, known_at],
    )
    return None if row is None else bool(row[0])

"""SQL of what participants wish of rollovers, and how each wish ended."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, RolloverId, SponsorId


class WishRow(NamedTuple):
    """A wish, sealed, and its end."""

    rollover_id: UUID
    plan_id: UUID
    employee_id: UUID
    way: str
    sealed: bytes
    recorded_at: datetime
    how: str | None
    words: str | None
    ended_at: datetime | None
    ended_by: str | None


def insert(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append a wish."""
    tx.send(
        """
        insert into recordkeeping.rollover_wish (
            tenant_id, rollover_id, plan_id, employee_id, way, sealed, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def insert_end(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append how it ended."""
    tx.send(
        """
        insert into recordkeeping.rollover_wish_end (tenant_id, rollover_id, how, words, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def end_of(tx: Tx, *, tenant_id: SponsorId, rollover_id: RolloverId) -> str | None:
    """How one ended; None: it did not, or there is none."""
    row = tx.maybe(
        "select how from recordkeeping.rollover_wish_end where tenant_id = %s and rollover_id = %s",
        [tenant_id, rollover_id.uuid],
    )
    return None if row is None else str(row[0])


def wishes(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId | None = None) -> list[WishRow]:
    """Those of a plan, or of one person of it; the oldest first."""
    rows = tx.rows(
        """
        select
            w.rollover_id, w.plan_id, w.employee_id, w.way, w.sealed, w.recorded_at,
            e.how, e.words, e.recorded_at, e.recorded_by
        from recordkeeping.rollover_wish as w
        left join recordkeeping.rollover_wish_end as e using (tenant_id, rollover_id)
        where w.tenant_id = %(tenant)s
          and w.plan_id = %(plan)s
          and (%(who)s::uuid is null or w.employee_id = %(who)s::uuid)
        order by w.recorded_at, w.rollover_id
        """,
        {"tenant": tenant_id, "plan": plan_id, "who": None if employee_id is None else employee_id.uuid},
    )
    return [WishRow(*row) for row in rows]

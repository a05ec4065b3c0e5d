"""SQL of what ends a plan or a part of it, and of turnover that was found."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


class EndingRow(NamedTuple):
    """One statement as recorded."""

    ending_id: UUID
    kind: str
    starts_on: date
    ends_on: date
    stands: bool
    reason: str
    severed: int | None
    participants: int | None
    recorded_at: datetime
    recorded_by: str


class FoundRow(NamedTuple):
    """Turnover of a plan year as a day found it."""

    starts_on: date
    ends_on: date
    as_of: date
    severed: int
    participants: int
    presumed: bool


def endings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None) -> list[EndingRow]:
    """Everything ever stated, the oldest first."""
    rows = tx.rows(
        """
        select ending_id, kind, starts_on, ends_on, stands, reason, severed, participants, recorded_at, recorded_by
        from recordkeeping.plan_ending
        where tenant_id = %s
          and plan_id = %s
          and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
        order by number
        """,
        (tenant_id, plan_id, known_at),
    )
    return [EndingRow(*row) for row in rows]


def insert_ending(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    ending_id: UUID,
    kind: str,
    starts_on: date,
    ends_on: date,
    stands: bool,
    reason: str,
    severed: int | None,
    participants: int | None,
) -> None:
    """What somebody stated, numbered under the tenant's lock."""
    tx.run(
        """
        insert into recordkeeping.plan_ending (
            tenant_id, plan_id, number, ending_id, kind, starts_on, ends_on, stands, reason, severed, participants,
            recorded_at, recorded_by
        )
        select %s, %s, count(*) + 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
        from recordkeeping.plan_ending
        where tenant_id = %s
          and plan_id = %s
        """,
        [
            tenant_id, plan_id, ending_id, kind, starts_on, ends_on, stands, reason, severed, participants,
            tx.now, tx.actor.id, tenant_id, plan_id,
        ],
    )  # fmt: skip


def found_last(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[FoundRow]:
    """Of each plan year what was found last, the newest year first."""
    rows = tx.rows(
        """
        select distinct on (starts_on) starts_on, ends_on, as_of, severed, participants, presumed
        from recordkeeping.turnover_found
        where tenant_id = %s
          and plan_id = %s
        order by starts_on desc, number desc
        """,
        (tenant_id, plan_id),
    )
    return [FoundRow(*row) for row in rows]


def insert_found(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, found: FoundRow) -> None:
    """What a day found, numbered under the tenant's lock."""
    tx.run(
        """
        insert into recordkeeping.turnover_found
            (tenant_id, plan_id, number, starts_on, ends_on, as_of, severed, participants, presumed, recorded_at)
        select %s, %s, count(*) + 1, %s, %s, %s, %s, %s, %s, %s
        from recordkeeping.turnover_found
        where tenant_id = %s
          and plan_id = %s
        """,
        (tenant_id, plan_id, *found, tx.now, tenant_id, plan_id),
    )

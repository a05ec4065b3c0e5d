"""The SQL of confirmed censuses."""

from datetime import date, datetime
from typing import NamedTuple

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


class ConfirmedRow(NamedTuple):
    """One confirmation."""

    recorded_at: datetime
    known_at: datetime
    sha256: str
    people: int
    recorded_by: str
    signed_as: str


def add(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, known_at: datetime, sha256: str, people: int,
    signed_as: str,
) -> None:  # fmt: skip
    """Append a confirmation; the newest one counts."""
    tx.run(
        """
        insert into census.year_confirmed (
            tenant_id, plan_id, year_start, recorded_at, ordinal, known_at, sha256, people, recorded_by, signed_as
        )
        select
            %(tenant_id)s, %(plan_id)s, %(year_start)s, %(now)s, count(*), %(known_at)s, %(sha256)s, %(people)s, %(by)s,
            %(signed_as)s
        from census.year_confirmed
        where tenant_id = %(tenant_id)s and plan_id = %(plan_id)s and year_start = %(year_start)s
            and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "plan_id": plan_id,
            "year_start": year_start,
            "now": tx.now,
            "known_at": known_at,
            "sha256": sha256,
            "people": people,
            "by": tx.actor.id,
            "signed_as": signed_as,
        },
    )


def last(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date) -> ConfirmedRow | None:
    """The newest confirmation of a plan year, if any."""
    row = tx.maybe(
        """
        select recorded_at, known_at, sha256, people, recorded_by, signed_as
        from census.year_confirmed
        where tenant_id = %s and plan_id = %s and year_start = %s
        order by recorded_at desc, ordinal desc
        limit 1
        """,
        [tenant_id, plan_id, year_start],
    )
    return None if row is None else ConfirmedRow(*row)

"""SQL of following: which plans have open rollovers, and how each look at them went."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


class FollowedRow(NamedTuple):
    """One look; ``since`` is the first of those without a good one between them and this one."""

    tenant_id: UUID
    plan_id: UUID
    follow_no: int
    event_on: date
    open_count: int
    problems: dict[str, list[dict[str, Any]]]
    recorded_at: datetime
    since: datetime | None


def with_open(tx: Tx) -> list[tuple[UUID, UUID, int]]:
    """Plans in sight with requests that may still come to something, or of which it was not read yet what the network
    withheld, and how many."""
    return tx.rows(
        """
        select r.tenant_id, r.plan_id, count(*)::int
        from recordkeeping.rollover_request r
        left join recordkeeping.rollover_booked b on b.tenant_id = r.tenant_id and b.rollover_id = r.rollover_id
        where not exists (
                select 1 from recordkeeping.rollover_told t
                where t.tenant_id = r.tenant_id
                  and t.rollover_id = r.rollover_id
                  and t.name = any (
                        case
                            when b.rollover_id is null then array['ended']
                            else array['withheld', 'withheld_settled']
                        end
                    )
            )
          and (
                b.rollover_id is null
                or b.way = 'out'
                and (b.parts @> '{"parts": [{"into": "person"}]}' or b.parts @> '{"parts": [{"into": null}]}')
            )
        group by r.tenant_id, r.plan_id
        order by r.tenant_id, r.plan_id
        """
    )


def last(tx: Tx, *, plans: Sequence[tuple[UUID, UUID]]) -> list[FollowedRow]:
    """The newest look at each of these plans, and since when they come to nothing."""
    rows = tx.rows(
        """
        select f.tenant_id, f.plan_id, f.follow_no, f.event_on, f.open_count, f.problems, f.recorded_at, (
                select min(g.recorded_at)
                from recordkeeping.rollover_followed g
                where g.tenant_id = f.tenant_id
                  and g.plan_id = f.plan_id
                  and not g.ok
                  and g.follow_no > coalesce((
                        select max(h.follow_no)
                        from recordkeeping.rollover_followed h
                        where h.tenant_id = f.tenant_id and h.plan_id = f.plan_id and h.ok
                    ), 0)
            )
        from unnest(%s::uuid[], %s::uuid[]) as asked (tenant_id, plan_id)
        join lateral (
            select *
            from recordkeeping.rollover_followed f
            where f.tenant_id = asked.tenant_id and f.plan_id = asked.plan_id
            order by f.follow_no desc
            limit 1
        ) f on true
        """,
        [[tenant for tenant, _ in plans], [plan for _, plan in plans]],
    )
    return [FollowedRow(*row) for row in rows]


def insert(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, row: tuple[Any, ...]) -> None:
    """Append a look. The caller holds the tenant's head."""
    tx.send(
        """
        insert into recordkeeping.rollover_followed (
            tenant_id, plan_id, follow_no, event_on, open_count, ok, problems, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, plan_id, *row, tx.now, tx.actor.id],
    )

"""All SQL of the fiduciary room: alerts and their events, inserted and read, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import AlertId, PlanId, SponsorId


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert with the content of its newest event."""

    alert_id: UUID
    plan_id: UUID
    year_start: date
    test: str
    raised_at: datetime
    state: str
    updated_at: datetime
    content: dict[str, Any]
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of fiduciary.alert_event."""

    place: int
    kind: str
    recorded_at: datetime
    recorded_by: str
    content: dict[str, Any]


def insert_alert(
    tx: Tx, *, tenant_id: SponsorId, alert_id: AlertId, plan_id: PlanId, year_start: date, test: str
) -> None:
    """A new alert, in the round after the last one of that plan, year and test."""
    tx.run(
        """
        insert into fiduciary.alert (tenant_id, alert_id, plan_id, year_start, test, round, raised_at)
        select %(tenant)s, %(alert)s, %(plan)s, %(start)s, %(test)s, coalesce(max(round), 0) + 1, %(at)s
        from fiduciary.alert
        where tenant_id = %(tenant)s and plan_id = %(plan)s and year_start = %(start)s and test = %(test)s
        """,
        {"tenant": tenant_id, "alert": alert_id, "plan": plan_id, "start": year_start, "test": test, "at": tx.now},
    )


def append_event(tx: Tx, *, tenant_id: SponsorId, alert_id: AlertId, kind: str, content: dict[str, Any]) -> None:
    """One event after the last one; two at once meet at the primary key."""
    tx.run(
        """
        insert into fiduciary.alert_event (tenant_id, alert_id, place, kind, recorded_at, recorded_by, content)
        select %(tenant)s, %(alert)s, coalesce(max(place), 0) + 1, %(kind)s, %(at)s, %(by)s, %(content)s::jsonb
        from fiduciary.alert_event
        where tenant_id = %(tenant)s and alert_id = %(alert)s
        """,
        {
            "tenant": tenant_id,
            "alert": alert_id,
            "kind": kind,
            "at": tx.now,
            "by": f"{tx.actor.kind}:{tx.actor.id}",
            "content": json.dumps(content, ensure_ascii=False),
        },
    )


def alerts(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId | None, year_start: date | None, alert_id: AlertId | None
) -> list[AlertRow]:
    """The newest round of each plan, year and test (or the one alert asked for), with its newest content."""
    rows = tx.rows(
        """
        select distinct on (alert.plan_id, alert.year_start, alert.test)
            alert.alert_id, alert.plan_id, alert.year_start, alert.test, alert.raised_at,
            stand.kind, newest.recorded_at, newest.content, taken.recorded_by
        from fiduciary.alert
        cross join lateral (
            select event.recorded_at, event.content
            from fiduciary.alert_event as event
            where event.tenant_id = alert.tenant_id and event.alert_id = alert.alert_id
            order by event.place desc
            limit 1
        ) as newest
        cross join lateral (
            select event.kind
            from fiduciary.alert_event as event
            where event.tenant_id = alert.tenant_id and event.alert_id = alert.alert_id and event.kind <> 'updated'
            order by event.place desc
            limit 1
        ) as stand
        left join lateral (
            select event.recorded_by
            from fiduciary.alert_event as event
            where event.tenant_id = alert.tenant_id and event.alert_id = alert.alert_id and event.kind = 'acknowledged'
            order by event.place desc
            limit 1
        ) as taken on true
        where alert.tenant_id = %(tenant)s
          and (%(plan)s::uuid is null or alert.plan_id = %(plan)s)
          and (%(start)s::date is null or alert.year_start = %(start)s)
          and (%(alert)s::uuid is null or alert.alert_id = %(alert)s)
        order by alert.plan_id, alert.year_start, alert.test, alert.round desc
        """,
        {"tenant": tenant_id, "plan": plan_id, "start": year_start, "alert": alert_id},
    )
    return [AlertRow(*row) for row in rows]


def events(tx: Tx, *, tenant_id: SponsorId, alert_id: AlertId) -> list[EventRow]:
    """Everything that happened to one alert, oldest first."""
    rows = tx.rows(
        """
        select place, kind, recorded_at, recorded_by, content
        from fiduciary.alert_event
        where tenant_id = %s and alert_id = %s
        order by place
        """,
        [tenant_id, alert_id],
    )
    return [EventRow(*row) for row in rows]


def newest(tx: Tx, *, tenant_id: SponsorId, alert_id: AlertId) -> EventRow:
    """The last event of one alert."""
    row = tx.one(
        """
        select place, kind, recorded_at, recorded_by, content
        from fiduciary.alert_event
        where tenant_id = %s and alert_id = %s
        order by place desc
        limit 1
        """,
        [tenant_id, alert_id],
    )
    return EventRow(*row)

"""The SQL of what was sent to webhook endpoints, and what came of it. Not here: endpoints (_store.py)."""

from dataclasses import dataclass
from datetime import datetime

from open401k.kernel import EventId, SponsorId, WebhookEndpointId

from ..db import Tx


@dataclass(frozen=True, slots=True)
class TryRow:
    """One try: of which event, when, and what was answered."""

    event_no: int
    event_id: EventId
    kind: str
    tried_at: datetime
    again: bool
    status: int | None
    problem: str


def add(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, row: TryRow, keep_from: datetime) -> None:
    """Append one, and let go of those of before ``keep_from``; the endpoint is locked by the caller."""
    tx.run(
        """
        insert into base.webhook_try (
            tenant_id, endpoint_id, try_no, event_no, event_id, kind, tried_at, again, status, problem
        )
        select
            %(tenant)s, %(endpoint)s, coalesce(max(try_no), 0) + 1, %(event_no)s, %(event_id)s, %(kind)s, %(at)s,
            %(again)s, %(status)s, %(problem)s
        from base.webhook_try
        where tenant_id = %(tenant)s and endpoint_id = %(endpoint)s
        """,
        {
            "tenant": tenant_id,
            "endpoint": endpoint_id,
            "event_no": row.event_no,
            "event_id": row.event_id,
            "kind": row.kind,
            "at": row.tried_at,
            "again": row.again,
            "status": row.status,
            "problem": row.problem,
        },
    )
    tx.run(
        "delete from base.webhook_try where tenant_id = %s and endpoint_id = %s and tried_at < %s",
        [tenant_id, endpoint_id, keep_from],
    )


def newest(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, limit: int) -> list[TryRow]:
    """The last tries, newest first."""
    rows = tx.rows(
        """
        select event_no, event_id, kind, tried_at, again, status, problem
        from base.webhook_try
        where tenant_id = %s and endpoint_id = %s
        order by try_no desc
        limit %s
        """,
        [tenant_id, endpoint_id, limit],
    )
    return [TryRow(number, EventId(event_id), *rest) for number, event_id, *rest in rows]


def event_no(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, event_id: EventId) -> int | None:
    """Where an event that was tried there stands in the outbox."""
    row = tx.maybe(
        "select event_no from base.webhook_try where tenant_id = %s and endpoint_id = %s and event_id = %s limit 1",
        [tenant_id, endpoint_id, event_id],
    )
    return None if row is None else int(row[0])

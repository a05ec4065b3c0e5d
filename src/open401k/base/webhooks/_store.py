"""The SQL of webhook endpoints. Not here: the outbox (base/_store.py)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from open401k.kernel import SponsorId, WebhookEndpointId

from ..db import Tx
from .schedule import Standing, State


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint with its secrets, sealed."""

    tenant_id: SponsorId
    endpoint_id: WebhookEndpointId
    url: str
    kinds: tuple[str, ...]
    standing: Standing
    sealed_secret: bytes
    sealed_previous_secret: bytes | None
    previous_until: datetime | None
    created_at: datetime


def add(tx: Tx, row: EndpointRow) -> None:
    """Insert a new endpoint."""
    tx.run(
        """
        insert into base.webhook_endpoint (
            tenant_id, endpoint_id, url, kinds, state, cursor, sealed_secret, created_at
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            *(row.tenant_id, row.endpoint_id, row.url, list(row.kinds), str(row.standing.state), row.standing.cursor),
            *(row.sealed_secret, row.created_at),
        ],
    )


def endpoints(tx: Tx, *, tenant_id: SponsorId) -> list[EndpointRow]:
    """Those of a sponsor that were not removed, the oldest first."""
    rows = tx.rows(
        """
        select
            tenant_id, endpoint_id, url, kinds, state, cursor, failures, first_failed_at, next_at, problem,
            delivered_at, sealed_secret, sealed_previous_secret, previous_until, created_at
        from base.webhook_endpoint
        where tenant_id = %s and state <> 'removed'
        order by created_at, endpoint_id
        """,
        [tenant_id],
    )
    return [_row(row) for row in rows]


def locked(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId) -> EndpointRow | None:
    """One of them, locked: of a person's word and an answer that comes meanwhile neither undoes the other."""
    row = tx.maybe(
        """
        select
            tenant_id, endpoint_id, url, kinds, state, cursor, failures, first_failed_at, next_at, problem,
            delivered_at, sealed_secret, sealed_previous_secret, previous_until, created_at
        from base.webhook_endpoint
        where tenant_id = %s and endpoint_id = %s and state <> 'removed'
        for no key update
        """,
        [tenant_id, endpoint_id],
    )
    return None if row is None else _row(row)


def due(tx: Tx, *, at: datetime) -> list[tuple[SponsorId, WebhookEndpointId]]:
    """Every endpoint in sight with news that may be tried now."""
    rows = tx.rows(
        """
        select endpoint.tenant_id, endpoint.endpoint_id
        from base.webhook_endpoint as endpoint
        join base.head as head on head.tenant_id = endpoint.tenant_id
        where endpoint.state = 'active'
          and endpoint.cursor < head.event_no
          and (endpoint.next_at is null or endpoint.next_at <= %s)
        order by endpoint.next_at nulls last, endpoint.created_at, endpoint.endpoint_id
        """,
        [at],
    )
    return [(SponsorId(tenant_id), WebhookEndpointId(endpoint_id)) for tenant_id, endpoint_id in rows]


def stand(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, standing: Standing) -> None:
    """Keep how far an endpoint is; when it last took something is not forgotten."""
    tx.run(
        """
        update base.webhook_endpoint
        set state = %(state)s, cursor = %(cursor)s, failures = %(failures)s, first_failed_at = %(first)s,
            next_at = %(next)s, problem = %(problem)s, delivered_at = coalesce(%(delivered)s, delivered_at)
        where tenant_id = %(tenant)s and endpoint_id = %(endpoint)s
        """,
        {
            "state": str(standing.state),
            "cursor": standing.cursor,
            "failures": standing.failures,
            "first": standing.first_failed_at,
            "next": standing.next_at,
            "problem": standing.problem,
            "delivered": standing.delivered_at,
            "tenant": tenant_id,
            "endpoint": endpoint_id,
        },
    )


def put_secrets(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    endpoint_id: WebhookEndpointId,
    sealed: bytes,
    sealed_previous: bytes,
    until: datetime,
) -> None:
    """A fresh secret; the one before holds for a while."""
    tx.run(
        """
        update base.webhook_endpoint
        set sealed_secret = %s, sealed_previous_secret = %s, previous_until = %s
        where tenant_id = %s and endpoint_id = %s
        """,
        [sealed, sealed_previous, until, tenant_id, endpoint_id],
    )


def _row(row: tuple[Any, ...]) -> EndpointRow:
    tenant_id, endpoint_id, url, kinds, state, cursor, failures, first, next_at, problem, delivered_at, *rest = row
    sealed, previous, until, created_at = rest
    standing = Standing(State(state), cursor, failures, first, next_at, problem, delivered_at)
    ids = SponsorId(tenant_id), WebhookEndpointId(endpoint_id)
    return EndpointRow(*ids, url, tuple(kinds), standing, sealed, previous, until, created_at)

"""The SQL of rounds: who does one, how its flows went, why some failed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from open401k.kernel import FlowId, SponsorId

from .db import Tx


def take(conn: psycopg.Connection[tuple[Any, ...]], number: int) -> bool:
    """Hold a number until the connection ends, unless somebody else holds it."""
    row = conn.execute("select pg_try_advisory_lock(%s)", [number]).fetchone()
    return row is not None and bool(row[0])


def let_go(conn: psycopg.Connection[tuple[Any, ...]], number: int) -> None:
    """Hold it no longer."""
    conn.execute("select pg_advisory_unlock(%s)", [number])


def add_failure(tx: Tx, tenant_id: SponsorId, flow_id: FlowId, flow: str, reason: str) -> None:
    """Append a failure. The caller holds the tenant's head, so that two of one flow get two numbers."""
    tx.run(
        """
        insert into base.failure (tenant_id, flow_id, failure_no, flow, failed_at, reason)
        select %(tenant)s, %(flow_id)s, coalesce(max(failure_no), 0) + 1, %(flow)s, %(now)s, %(reason)s
        from base.failure
        where tenant_id = %(tenant)s and flow_id = %(flow_id)s
        """,
        {"tenant": tenant_id, "flow_id": flow_id, "flow": flow, "now": tx.now, "reason": reason},
    )


def went(tx: Tx, tenant_ids: Sequence[UUID], flow_ids: Sequence[UUID]) -> list[tuple[Any, ...]]:
    """For each flow: its id, when it ended, how often it failed, when and why it did last."""
    return tx.rows_by_hashing(
        """
        select asked.flow_id, flow.ended_at, coalesce(last.failure_no, 0), last.failed_at, last.reason
        from unnest(%s::uuid[], %s::uuid[]) as asked (tenant_id, flow_id)
        left join base.flow as flow on flow.tenant_id = asked.tenant_id and flow.flow_id = asked.flow_id
        left join (
            select distinct on (tenant_id, flow_id) tenant_id, flow_id, failure_no, failed_at, reason
            from base.failure
            where flow_id = any (%s::uuid[])
            order by tenant_id, flow_id, failure_no desc
        ) as last on last.tenant_id = asked.tenant_id and last.flow_id = asked.flow_id
        """,
        [list(tenant_ids), list(flow_ids), list(flow_ids)],
    )


def give_up(tx: Tx, flow: str, before: datetime) -> int:
    """End what was begun before an instant and left half way."""
    return tx.run(
        """
        update base.flow
        set ended_at = %s
        where flow = %s and ended_at is null and begun_at < %s
        """,
        [tx.now, flow, before],
    )

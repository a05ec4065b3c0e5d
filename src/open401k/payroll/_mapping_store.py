"""The SQL of mappings that somebody settled: appended, the newest counts. Not here: runs and files (_store.py)."""

from collections.abc import Mapping as Table
from typing import Any

from psycopg.types.json import Jsonb

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


def add_mapping(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, provider: str, fingerprint: str, body: Table[str, Any]
) -> None:
    """Append a settled mapping."""
    tx.run(
        """
        insert into payroll.mapping (tenant_id, plan_id, provider, fingerprint, recorded_at, body, recorded_by)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, plan_id, provider, fingerprint, recorded_at) do nothing
        """,
        [tenant_id, plan_id, provider, fingerprint, tx.now, Jsonb(dict(body)), tx.actor.id],
    )


def mappings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, provider: str) -> list[dict[str, Any]]:
    """The settled mappings of a provider, newest first."""
    found = tx.rows(
        """
        select body
        from payroll.mapping
        where tenant_id = %s and plan_id = %s and provider = %s
        order by recorded_at desc
        limit 50
        """,
        [tenant_id, plan_id, provider],
    )
    return [body for (body,) in found]

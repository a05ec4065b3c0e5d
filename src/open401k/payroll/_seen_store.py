"""The SQL of how pay codes behaved in files while they were in doubt. Not here: what codes are for (census)."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId


def add(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    run_id: RunId,
    pay_date: date,
    seen: Sequence[tuple[str, dict[str, Any]]],
) -> None:
    """Append what a check saw of each code, (side, what); of one instant the first check counts."""
    tx.run(
        """
        insert into payroll.code_seen (tenant_id, plan_id, run_id, side, code, recorded_at, pay_date, seen)
        select %s, %s, %s, each.side, each.code, %s, %s, each.seen
        from unnest(%s::text[], %s::text[], %s::jsonb[]) as each (side, code, seen)
        on conflict do nothing
        """,
        [
            tenant_id, plan_id, run_id, tx.now, pay_date,
            [side for side, _ in seen], [each["code"] for _, each in seen], [json.dumps(each) for _, each in seen],
        ],
    )  # fmt: skip


def newest(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, side: str
) -> list[tuple[date, RunId, datetime, dict[str, Any]]]:
    """Of each code of a side what was seen of it last, by code."""
    rows = tx.rows(
        """
        select distinct on (code) pay_date, run_id, recorded_at, seen
        from payroll.code_seen
        where tenant_id = %s and plan_id = %s and side = %s
        order by code, recorded_at desc, pay_date desc
        """,
        [tenant_id, plan_id, side],
    )
    return [(pay_date, RunId(run_id), recorded_at, seen) for pay_date, run_id, recorded_at, seen in rows]

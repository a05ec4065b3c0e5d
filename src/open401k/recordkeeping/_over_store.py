"""The SQL of decisions on money that a corrected payroll left over. Not here: the rules (over_sent.py)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


def add_decision(tx: Tx, *, tenant_id: SponsorId, decision_id: UUID, plan_id: PlanId, columns: Sequence[Any]) -> None:
    """Insert what becomes of an amount."""
    tx.run(
        """
        insert into recordkeeping.over_decision (
            tenant_id, decision_id, plan_id, run_id, way, cents, earnings_cents, decided_on, entry_id, waits_entry_id,
            reason, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, decision_id, plan_id, *columns, tx.now, tx.actor.id],
    )


def decisions(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """What was decided, in order."""
    return tx.rows(
        """
        select decision_id, run_id, way, cents, earnings_cents, decided_on, entry_id, waits_entry_id, reason
        from recordkeeping.over_decision
        where tenant_id = %s and plan_id = %s
        order by recorded_at, decision_id
        """,
        [tenant_id, plan_id],
    )

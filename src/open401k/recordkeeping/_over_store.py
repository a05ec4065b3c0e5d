"""The SQL of decisions on money that a corrected payroll left over. Not here: the rules (over_sent.py)."""

from collections.abc import Sequence
from datetime import date
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


def add_undone(tx: Tx, *, tenant_id: SponsorId, decision_id: UUID, undone_on: date, reason: str) -> None:
    """Insert that a decision was wrong."""
    tx.run(
        """
        insert into recordkeeping.over_undone (
            tenant_id, decision_id, undone_on, reason, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, decision_id, undone_on, reason, tx.now, tx.actor.id],
    )


def decisions(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """What was decided, in order, and when and why it was taken back."""
    return tx.rows(
        """
        select
            said.decision_id, said.run_id, said.way, said.cents, said.earnings_cents, said.decided_on, said.entry_id,
            said.waits_entry_id, said.reason, undone.undone_on, coalesce(undone.reason, '')
        from recordkeeping.over_decision as said
        left join recordkeeping.over_undone as undone
            on undone.tenant_id = said.tenant_id and undone.decision_id = said.decision_id
        where said.tenant_id = %s and said.plan_id = %s
        order by said.recorded_at, said.decision_id
        """,
        [tenant_id, plan_id],
    )

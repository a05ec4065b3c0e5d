"""The SQL of what employers owe for their runs. Not here: files and runs (_store.py)."""

from collections.abc import Mapping
from datetime import date
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
    cents: tuple[int, int, int],
    due_on: date,
    outer_limit_on: date,
    sources: Mapping[str, int],
    forfeiture_cents: int,
) -> None:
    """Insert what is due for a run, once."""
    tx.send(
        """
        insert into payroll.remittance (
            tenant_id, run_id, plan_id, pay_date, employee_cents, employer_cents, loan_cents, due_on, outer_limit_on,
            sources, forfeiture_cents, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, run_id) do nothing
        """,
        [
            tenant_id, run_id, plan_id, pay_date, *cents, due_on, outer_limit_on, dict(sources), forfeiture_cents,
            tx.now, tx.actor.id,
        ],
    )  # fmt: skip


def of_plan(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Rows of a plan by pay date."""
    return tx.rows(
        """
        select
            due.run_id, due.pay_date, due.employee_cents, due.employer_cents, due.loan_cents, due.due_on,
            due.outer_limit_on, due.sources, due.forfeiture_cents, run.connection_id, run.replaces
        from payroll.remittance as due
        join payroll.run as run on run.tenant_id = due.tenant_id and run.run_id = due.run_id
        where due.tenant_id = %s and due.plan_id = %s
        order by due.pay_date, due.run_id
        """,
        [tenant_id, plan_id],
    )

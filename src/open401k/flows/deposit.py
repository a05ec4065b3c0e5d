"""The employer's money for a payroll arrives: what it owes falls. Not here: matching bank statements (custody)."""

from datetime import date

from open401k import ledger, payroll, recordkeeping
from open401k.base import messages
from open401k.base.db import Actor, Database
from open401k.kernel import Money, PlanId, Refused, RunId, SponsorId


def deposit_run(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, on: date
) -> ledger.Posted | Refused[ledger.Refusal] | None:
    """Record that a run's whole remittance arrived on a day; once for a run. None: nothing is due for it."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        due = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
        cents = sum(each.total_cents for each in due if each.run_id == run_id)
        if cents <= 0:
            return None
        posted = recordkeeping.record_deposit(
            tx,
            tenant_id=tenant_id,
            plan_id=plan_id,
            on=on,
            amount=Money(cents),
            key=f"deposit/{run_id}",
            reference=str(run_id),
        )
        if isinstance(posted, ledger.Posted) and not posted.already:
            told = {"cents": cents, "on": on.isoformat()}
            messages.publish(tx, tenant_id=tenant_id, kind="deposit.received", subject=run_id, data=told)
        return posted

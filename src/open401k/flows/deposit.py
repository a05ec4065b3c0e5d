"""The employer's money for a payroll arrives, or is late. Not here: matching bank statements (custody)."""

from datetime import date

from open401k import ledger, payroll, recordkeeping
from open401k.base import audit, heads, messages
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import Money, PlanId, Refused, RunId, SponsorId

LATE = "deposit.late"


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
            key=deposit_key(run_id),
            reference=str(run_id),
        )
        if isinstance(posted, ledger.Posted) and not posted.already:
            told = {"cents": cents, "on": on.isoformat()}
            messages.publish(tx, tenant_id=tenant_id, kind="deposit.received", subject=run_id, data=told)
        return posted


def tell_late(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[RunId]:
    """Tell once of each payroll whose money should have come before today and has not; returns those told of now.

    Withheld pay is plan assets from when it can be segregated, and kept longer it is a prohibited transaction
    (29 CFR 2510.3-102; IRC 4975): somebody has to hear of it though nobody looks.
    """
    owed = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
    due = {deposit_key(each.run_id): each for each in owed if each.due_on < today and each.total_cents > 0}
    came = recordkeeping.deposited(tx, tenant_id=tenant_id, keys=due)
    late = [each for key, each in due.items() if key not in came]
    if not late:
        return []
    heads.lock(tx, tenant_id=tenant_id)
    told = audit.recorded(tx, tenant_id=tenant_id, action=LATE, subjects=[each.run_id for each in late])
    fresh = [each for each in late if str(each.run_id) not in told]
    for each in fresh:
        said = {"cents": each.total_cents, "due_on": each.due_on.isoformat()}
        said |= {"outer_limit_on": each.outer_limit_on.isoformat(), "cite": each.cite}
        audit.record(tx, tenant_id=tenant_id, action=LATE, subject=each.run_id, after=said)
        messages.publish(tx, tenant_id=tenant_id, kind="deposit.late", subject=each.run_id, data=said)
    return [each.run_id for each in fresh]


def deposit_key(run_id: RunId) -> str:
    """Of the one deposit that a payroll has."""
    return f"deposit/{run_id}"

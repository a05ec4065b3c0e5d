"""Money that a corrected payroll left over: what a person says becomes of it. Rules: recordkeeping.over_sent.

Money flow: employer receivable -> cash clearing for what leaves the payroll; back for what waits as the employer's.
"""

from typing import Any
from uuid import UUID

from open401k import payroll, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import Open401kError, PlanId, Refused, RunId, SponsorId, day_of
from open401k.recordkeeping import over_sent
from open401k.recordkeeping.over_sent import Over, OverDecided, OverDecision, OverRefusal


def decide_over(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision: OverDecision
) -> OverDecided | Refused[OverRefusal]:
    """Record it, once for its id."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        over = _over(tx, tenant_id, plan_id, decision.run_id)
        return over_sent.decide(
            tx, tenant_id=tenant_id, plan_id=plan_id, decision=decision, over=over, today=day_of(tx.now)
        )


def undo_over(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision_id: UUID, reason: str
) -> OverDecided | Refused[OverRefusal]:
    """What was recorded was wrong: it is open again, once for a decision."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        of: Any = {"tenant_id": tenant_id, "plan_id": plan_id, "decision_id": decision_id, "reason": reason}
        return over_sent.undo(tx, **of, today=day_of(tx.now))


def refuse_return(tx: Tx, *, money: recordkeeping.Deposited) -> None:
    """Money that was over and may not go back to the employer is not given back."""
    why = over_sent.may_not_return(money, day_of(tx.now))
    if why:
        raise Open401kError(why, fix="Let it pay what the employer owes next.")


def _over(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId) -> Over | None:
    owed = payroll.remittance.owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    due = next((each for each in owed if each.run_id == run_id), None)
    if due is None:
        return None
    posted = recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    mine = [each for each in posted if each.reference == str(run_id) and each.taken_back is None]
    return over_sent.over_of(
        run_id, owed_cents=due.total_cents, withheld_less_cents=due.withheld_less_cents,
        came=[(each.on, each.cents) for each in mine],
        known=over_sent.decided(tx, tenant_id=tenant_id, plan_id=plan_id),
    )  # fmt: skip

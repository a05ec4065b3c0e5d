"""What a crash left behind its books: payrolls and corrections that are posted, and not yet tested or told.

Not here: what each of them still has to do (payroll_run.py, correction.py), when somebody looks (doors, day_round.py).
"""

from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.base.steps import Unfinished, done, unfinished
from open401k.kernel import PlanId, RunId
from open401k.payroll import runs

from . import correction, payroll_run

FLOWS = (payroll_run.FLOW, correction.FLOW)


def left(db: Database, *, actor: Actor) -> list[Unfinished]:
    """The payrolls and corrections of all sponsors that began and did not end, the oldest first."""
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        return [each for each in unfinished(tx) if each.flow in FLOWS]


def carry_on(db: Database, *, actor: Actor, of: Unfinished) -> None:
    """Do what is left of one; two at once do it once."""
    if of.flow == correction.FLOW:
        known = settled(db, actor=actor, of=of)
        if known is not None:
            correction.correct(db, actor=actor, correction=known)
        return
    run_id = RunId(of.flow_id.uuid)
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        run = runs.get(tx, tenant_id=of.tenant_id, run_id=run_id)
    payroll_run.run_payroll(db, actor=actor, of=payroll_run.Payroll(of.tenant_id, run.plan_id, run_id))


def settled(db: Database, *, actor: Actor, of: Unfinished) -> correction.Correction | None:
    """A correction that is in the books; None where it is not, and only who learned of it can begin it again."""
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        results = {each.name: each.result for each in done(tx, tenant_id=of.tenant_id, flow_id=of.flow_id)}
    told = results.get(correction.settle.__name__)
    if told is None or "plan_id" not in told:
        return None
    learned = correction.OnFile(told["origin"])
    return correction.Correction(of.tenant_id, PlanId.parse(told["plan_id"]), of.flow_id, learned)

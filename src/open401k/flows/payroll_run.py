"""A payroll, from stored bytes to posted, tested, projected, alerted. Not here: reading it (payroll_read.py).

Its last steps are in payroll_follow.py.
"""

import logging
from collections.abc import Callable
from typing import Any

from open401k import compliance, payroll, plan
from open401k.base import heads, memory, messages
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, Halt, Results, run_flow
from open401k.kernel import FlowId, Refused, day_of
from open401k.payroll import runs

from .day import close_year
from .payroll_check import check_run
from .payroll_follow import Payroll, answer, project, warn
from .payroll_loans import repaid
from .payroll_record import record_lines
from .payroll_settle import PostingRefused, settle_recorded, use_forfeitures

__all__ = ["FLOW", "POSTABLE", "STEPS", "Payroll", "check", "post", "retest", "run_payroll"]

FLOW = "payroll_run"
POSTABLE = (runs.Status.RECEIVED, runs.Status.CONFIRMED)
log = logging.getLogger("open401k.payroll_run")


def run_payroll(
    db: Database,
    *,
    actor: Actor,
    of: Payroll,
    wait: bool = True,
    begun_with: Results | None = None,
    along: Callable[[Tx], None] | None = None,
) -> FlowResults:
    """Carry a run on from wherever it stands; doing it again changes nothing.

    Without ``wait`` it stops when the run is posted and tested; call again to project and alert. What the ledger
    refuses halts it for now: nothing of it is in the books, and the reason is on file as a finding. ``begun_with``:
    steps that are known to be done; ``along``: as in :func:`run_flow`.
    """
    try:
        return run_flow(
            db,
            flow=FLOW,
            flow_id=FlowId(of.run_id.uuid),
            tenant_id=of.tenant_id,
            actor=actor,
            steps=STEPS,
            ctx=of,
            until=None if wait else retest.__name__,
            begun_with=begun_with,
            along=along,
        )
    except PostingRefused as error:  # it had to undo the transaction of the step, so it is told in another one
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            heads.lock(tx, tenant_id=of.tenant_id)
            run = runs.get(tx, tenant_id=of.tenant_id, run_id=of.run_id)
            check_run(tx, tenant_id=of.tenant_id, run=run, known=[error.finding])
        results = FlowResults({post.__name__: error.finding.reason})
        results.halted = str(error.refused.reason)
        return results


def check(tx: Tx, of: Payroll, _: dict[str, Any]) -> str | Halt:
    """Read, match people, check every row: the findings are stored, and nothing is posted of a refused file."""
    heads.lock(tx, tenant_id=of.tenant_id)
    return _waits(tx, of, runs.get(tx, tenant_id=of.tenant_id, run_id=of.run_id)) or str(runs.Status.RECEIVED)


def _waits(tx: Tx, of: Payroll, run: runs.Run) -> Halt | None:
    """Why the run may not post as it stands, until something changes; checked again if others posted meanwhile."""
    status: runs.Status | Refused[runs.Refusal] = runs.Status(run.status)
    waited = status not in (*POSTABLE, runs.Status.NEEDS_CONFIRMATION)
    if waited or not runs.check_holds(tx, tenant_id=of.tenant_id, run=run):
        status = check_run(tx, tenant_id=of.tenant_id, run=run)
    if isinstance(status, Refused):
        return Halt(status.reason, status.message, for_now=True)
    return None if status in POSTABLE else Halt(status, for_now=status is not runs.Status.CANCELED)


def post(tx: Tx, of: Payroll, _: dict[str, Any]) -> dict[str, Any] | Halt:
    """Rows become facts, and the books become what those facts entitle everybody to: one transaction, all or nothing.

    The journal's money flow: employer receivable -> participant sources, and suspense for what is held; loan payments
    as in recordkeeping/loan_repayments.py.
    """
    heads.lock(tx, tenant_id=of.tenant_id)
    run = runs.get(tx, tenant_id=of.tenant_id, run_id=of.run_id)
    if run.status == runs.Status.POSTED:
        return runs.told(tx, tenant_id=of.tenant_id, run_id=of.run_id)
    if halt := _waits(tx, of, run):
        return halt
    recorded = record_lines(tx, tenant_id=of.tenant_id, run=run)
    memory.give_back(rows=recorded.rows)
    settled = settle_recorded(tx, tenant_id=of.tenant_id, run=run, recorded=recorded)
    memory.give_back(rows=recorded.rows)
    loans = repaid(tx, tenant_id=of.tenant_id, run=run, pay_date=recorded.pay_date, withheld=recorded.loans)
    owed = settled.receivable_cents - recorded.withheld_cents
    forfeited = use_forfeitures(tx, tenant_id=of.tenant_id, run=run, employer_cents=owed)
    due = payroll.remittance.due(
        run_id=of.run_id,
        pay_date=recorded.pay_date,
        employee_cents=recorded.withheld_cents,
        employer_cents=owed,
        loan_cents=loans,
        sources=settled.by_source(),
        forfeiture_cents=forfeited,
        participants_at_start_of_year=recorded.people_on_file,
    )
    payroll.remittance.record(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, remittance=due)
    told = {
        "rows": recorded.rows,
        "employee_cents": due.employee_cents,
        "employer_cents": due.employer_cents,
        "held_cents": sum(settled.held_cents.values()),
        "entries": [str(entry_id) for entry_id in settled.entries],
        "due_on": due.due_on.isoformat(),
    } | {name: cents for name, cents in (("forfeiture_cents", forfeited), ("loan_cents", loans)) if cents}
    runs.mark(tx, tenant_id=of.tenant_id, run_id=of.run_id, status=runs.Status.POSTED, detail=told)
    messages.publish(tx, tenant_id=of.tenant_id, kind="payroll.posted", subject=of.run_id, data=told)
    return told


def retest(tx: Tx, of: Payroll, _: dict[str, Any]) -> str:
    """Every test of cadence "every payroll", on all facts of the plan year as they now are."""
    heads.lock(tx, tenant_id=of.tenant_id)  # nothing is recorded in the past of what the tests know
    run = runs.get(tx, tenant_id=of.tenant_id, run_id=of.run_id)
    today = day_of(tx.now)
    pay_date = run.pay_date or today
    terms = plan.provisions_on(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, on=pay_date)
    as_of = min(max(pay_date, today), terms.plan_year_of(pay_date).last_day)
    close_year(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=today)
    tested = compliance.retest(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, as_of=as_of, cause=str(of.run_id))
    told = {"run": str(tested.run_id)}
    messages.publish(tx, tenant_id=of.tenant_id, kind="plan.tested", subject=of.plan_id, data=told)
    return str(tested.run_id)


STEPS = (check, post, retest, project, warn, answer)

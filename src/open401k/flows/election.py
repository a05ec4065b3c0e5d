"""Elections of one person come in; what payroll withheld otherwise is counted anew at once. Not here: tables of many.

A day that is past tells what earlier paychecks should have had withheld: whoever did not withhold it owes a correction
from that moment on, not from the next payroll on.
"""

from collections.abc import Sequence
from dataclasses import replace

from open401k import recordkeeping
from open401k.base import heads, steps
from open401k.base.db import Tx
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, named_uuid
from open401k.payroll import runs
from open401k.recordkeeping import ElectionRefusal, How, NewElection, elected_on

from . import heal


def elect(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, elections: Sequence[NewElection]
) -> int | Refused[ElectionRefusal]:
    """Record elections; how many, or why the plan does not take one of them, and none is recorded."""
    heads.lock(tx, tenant_id=tenant_id)
    recorded = recordkeeping.record_elections(tx, tenant_id=tenant_id, plan_id=plan_id, elections=elections)
    if not isinstance(recorded, Refused) and _is_late(tx, tenant_id, plan_id, elections):
        heal.review(tx, tenant_id=tenant_id, plan_id=plan_id)
    return recorded


def _is_late(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, elections: Sequence[NewElection]) -> bool:
    """Whether a payroll was posted that should have followed one of them; no other paycheck can have missed it."""
    first = min((each.event_on for each in elections), default=None)
    posted = [run for run in runs.history(tx, tenant_id=tenant_id, plan_id=plan_id) if run.status == runs.Status.POSTED]
    return first is not None and any(run.pay_date is not None and run.pay_date >= first for run in posted)


def elect_once(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, key: str, new: NewElection, stop: bool
) -> Refused[ElectionRefusal] | None:
    """Record what one person elects, or the stop of everything; the same key again records nothing more."""
    flow_id = FlowId(named_uuid("election", str(tenant_id), str(plan_id), key))
    heads.lock(tx, tenant_id=tenant_id)
    if steps.done(tx, tenant_id=tenant_id, flow_id=flow_id):
        return None
    recorded = elect_or_stop(tx, tenant_id=tenant_id, plan_id=plan_id, new=new, stop=stop)
    if isinstance(recorded, Refused):
        return recorded
    steps.kept_once(tx, flow="election", flow_id=flow_id, tenant_id=tenant_id, step="elect", result=recorded)
    return None


def elect_or_stop(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, new: NewElection, stop: bool
) -> int | Refused[ElectionRefusal]:
    """Record it; a stop is one of everything that holds on its day, or of all pay's pre-tax where nothing does."""
    elections = _stopped(tx, tenant_id, plan_id, new) if stop else [new]
    return elect(tx, tenant_id=tenant_id, plan_id=plan_id, elections=elections)


def _stopped(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, new: NewElection) -> list[NewElection]:
    held = recordkeeping.read_elections(tx, tenant_id=tenant_id, plan_id=plan_id, employees=[new.employee_id])
    slots = list(elected_on(held, new.event_on)) or [new.slot]
    return [replace(new, slot=slot, bps=0, cents=0, how=How.STOP) for slot in slots]

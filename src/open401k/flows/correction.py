"""A late fact: the past is derived anew, and the difference is posted with its origin. Not here: EPCRS deadlines.

What is learned and what follows from it in the books are one transaction: facts that the books do not follow are never
to be seen. Tests and alerts come after it; where they were stopped, :mod:`open401k.flows.carry_on` ends them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import census, compliance, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, begin_with, run_flow
from open401k.kernel import ComplianceRunId, EmployeeId, FlowId, PlanId, Refused, SponsorId, day_of

from . import heal
from .code_kinds import PayCodeKinds
from .ended_year import foretold, test_again
from .late_summary import posted_for
from .payroll_settle import PostingRefused

FLOW = recordkeeping.LATE_KEY


@dataclass(frozen=True, slots=True)
class LateFact:
    """Something about one person that was not known, or was wrong, when their payrolls were posted."""

    employee_id: EmployeeId
    fact: census.Fact
    event_on: date

    @property
    def origin(self) -> str:
        """In words, for the correction."""
        return f"{type(self.fact).__name__} of {self.event_on}, learned late, for {self.employee_id}."


@dataclass(frozen=True, slots=True)
class PayCodeMeaning:
    """Whether an earnings code counts as plan compensation, from a day on."""

    code: str
    counts: bool
    event_on: date

    @property
    def origin(self) -> str:
        """In words, for the correction."""
        return f"Pay code {self.code} {'counts' if self.counts else 'does not count'} from {self.event_on} on."


@dataclass(frozen=True, slots=True)
class OnFile:
    """What another story recorded in the same transaction (flows/year_to_date.py): here is only what follows."""

    origin: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What was learned about a plan; ``flow_id`` is made by the door, so that a repeat is the same correction."""

    tenant_id: SponsorId
    plan_id: PlanId
    flow_id: FlowId
    learned: LateFact | PayCodeMeaning | PayCodeKinds | OnFile


def correct(db: Database, *, actor: Actor, correction: Correction) -> FlowResults:
    """Record what was learned, settle the books to it, test again."""
    of: dict[str, Any] = {"flow": FLOW, "flow_id": correction.flow_id, "tenant_id": correction.tenant_id}
    return run_flow(db, **of, actor=actor, steps=STEPS, ctx=correction)


def begin(tx: Tx, *, correction: Correction) -> None:
    """Settle in the transaction that records what was learned; :func:`correct` goes on from there."""
    of: dict[str, Any] = {"flow": FLOW, "flow_id": correction.flow_id, "tenant_id": correction.tenant_id}
    begin_with(tx, **of, step=settle, result=settle(tx, correction, {}))


def settle(tx: Tx, correction: Correction, _: dict[str, Any]) -> dict[str, Any]:
    """The fact, as of when it happened; then what should have been, minus what is posted, over every pay date."""
    tenant_id, plan_id, cause = correction.tenant_id, correction.plan_id, str(correction.flow_id)
    heads.lock(tx, tenant_id=tenant_id)  # a payroll posted between reading the books and posting would count twice
    touched: Sequence[EmployeeId] | None = None
    entered: compliance.EntryByPlan = {}
    if isinstance(learned := correction.learned, LateFact):
        who = learned.employee_id
        entered = compliance.entry_by_plan(tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=who)
    _record(tx, correction)
    if isinstance(learned, LateFact):
        touched = recordkeeping.touched(tx, tenant_id, plan_id, learned.employee_id, learned.fact)
    settled = recordkeeping.settle(  # of every plan of the sponsor: a fact about a person is one for each
        tx,
        scope=recordkeeping.Scope(tenant_id, plan_id, date.min, date.max, touched),
        cause=recordkeeping.Cause(f"{FLOW}/{cause}", cause, correction=True, origin=correction.learned.origin),
    )
    if isinstance(settled, Refused):
        raise PostingRefused(settled)
    told = {"plan_id": str(plan_id), "origin": correction.learned.origin, "entered_before": dict(entered)}
    return told | posted_for(tx, tenant_id=tenant_id, plan_id=plan_id, cause=cause)


def _record(tx: Tx, correction: Correction) -> None:
    """What was learned, known from now on."""
    of: dict[str, Any] = {"tenant_id": correction.tenant_id}
    match correction.learned:
        case LateFact(employee_id, fact, event_on):
            census.record_fact(tx, **of, employee_id=employee_id, fact=fact, event_on=event_on)
        case PayCodeMeaning(code, counts, event_on):
            census.set_pay_code(tx, **of, plan_id=correction.plan_id, code=code, counts=counts, event_on=event_on)
        case PayCodeKinds() as kinds:
            kinds.record(tx, **of)
        case OnFile():
            pass


def retest_ended(tx: Tx, correction: Correction, _: dict[str, Any]) -> bool:
    """The year that is over is tested by what is known now: it may fail, or pass, only since then."""
    heads.lock(tx, tenant_id=correction.tenant_id)  # nothing is recorded in the past of what the tests know
    of = correction
    return test_again(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, today=day_of(tx.now), cause=str(of.flow_id))


def retest(tx: Tx, correction: Correction, _: dict[str, Any]) -> str | None:
    """The same tests, projection and alerts as after a payroll."""
    of, today = correction, day_of(tx.now)
    heads.lock(tx, tenant_id=of.tenant_id)  # nothing is recorded in the past of what the tests know
    tested = compliance.retest(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, as_of=today, cause=str(of.flow_id))
    return str(tested.run_id)


def warn(tx: Tx, correction: Correction, results: dict[str, Any]) -> bool:
    """Projection and alerts follow the new facts."""
    return foretold(tx, correction.tenant_id, ComplianceRunId.parse(results["retest"]))


def review(tx: Tx, correction: Correction, results: dict[str, Any]) -> list[str]:
    """What waits for the employer's approval is counted anew, in every plan of the sponsor (heal.py)."""
    of: dict[str, Any] = {"tenant_id": correction.tenant_id, "plan_id": correction.plan_id}
    if isinstance(learned := correction.learned, LateFact) and (were := results["settle"].get("entered_before")):
        of["late_entry"] = heal.LateEntry(learned.employee_id, were)
    return [str(found) for found in heal.review_all(tx, **of)]


STEPS = (settle, retest_ended, retest, warn, review)

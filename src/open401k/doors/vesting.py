"""What ended and how somebody left, as both doors and the terminal say it: parsed in one way, refused alike."""

from datetime import date
from typing import Any

from open401k import census, recordkeeping
from open401k.base.db import Actor, Database
from open401k.flows.correction import Correction, LateFact
from open401k.flows.payroll_settle import PostingRefused
from open401k.flows.plan_ending import Stated, state, told_how_left
from open401k.kernel import EmployeeId, FlowId, PlanId, Refused, SponsorId, named_uuid
from open401k.views import vesting as view

from .declaring import day_of_year
from .problems import Problem, ProblemError


def period_of(start: date | None, end: date | None) -> tuple[date | None, date | None]:
    """A period of turnover as asked for: both days or neither, and twelve months at least."""
    if (start is None) != (end is None):
        raise _wrong(
            "days_wrong", "One day of two was given.", "Give the first and the last day, or neither for this plan year."
        )
    if start is not None and end is not None and not (start <= end and recordkeeping.whole_period(start, end)):
        message = f"{start} to {end} is shorter than a plan year (Rev. Rul. 2007-43)."
        raise _wrong("days_wrong", message, "Give twelve months or more.")
    return start, end


def state_ending(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, key: str, ending: recordkeeping.Ending
) -> view.EndingLine:
    """A person says what ended, or that nothing did; once for a key."""
    ending_id = FlowId(named_uuid("plan ending", str(tenant_id), str(plan_id), key))
    refused = state(db, actor=actor, stated=Stated(tenant_id, plan_id, ending_id, ending))
    if isinstance(refused, Refused):
        status = 409 if str(refused.reason) == "key_reused" else 422
        raise ProblemError(Problem(status, str(refused.reason), "Nothing was recorded.", refused.message, refused.fix))
    with db.begin(actor, tenants=[tenant_id]) as tx:
        found = recordkeeping.stated_endings(tx, tenant_id=tenant_id, plan_id=plan_id)
    return view.ending_line(next(each for each in found if each.ending_id == ending_id))


def left_by(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, key: str, who: EmployeeId, on: date, by: str
) -> dict[str, Any]:
    """How somebody's employment ended on a day: the books follow."""
    if by not in tuple(census.LeftBy):
        raise _wrong("fact_unknown", f"{by!r} is no way to leave.", f"Say one of {', '.join(census.LeftBy)}.")
    with db.begin(actor, tenants=[tenant_id]) as tx:
        person = census.employee(tx, tenant_id=tenant_id, employee_id=who)  # says so where nobody is called so
    if on not in [each.terminated_on for each in person.employment]:
        raise _wrong(
            "days_wrong", f"{on} is the last day of no employment on file.", "Give the last day, or record it first."
        )
    flow_id = FlowId(named_uuid("left by", str(tenant_id), str(plan_id), key))
    fact = LateFact(who, census.Terminated(by=census.LeftBy(by)), on)
    try:
        done = told_how_left(db, actor=actor, correction=Correction(tenant_id, plan_id, flow_id, fact))
    except PostingRefused as error:
        refused = error.refused
        raise ProblemError(Problem(422, str(refused.reason), "Not recorded.", refused.message, refused.fix)) from None
    settled: dict[str, Any] = done["settle"]
    return settled


def day_in(text: str, name: str) -> date:
    """A day as people write it."""
    return day_of_year(text.strip(), name)


def _wrong(code: str, message: str, fix: str) -> ProblemError:
    return ProblemError(Problem(422, code, message, fix=fix))

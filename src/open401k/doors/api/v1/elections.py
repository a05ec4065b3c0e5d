"""Elections over HTTP: what people asked payroll to withhold, singly or as a table, and what payroll did otherwise."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, Field, StrictBool

from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.flows.election import elect as elected
from open401k.flows.elections import ElectionsBrought, ElectionsTold, bring_elections
from open401k.kernel import EmployeeId, Money, Refused, Source
from open401k.recordkeeping import How, NewElection, Part, Slot
from open401k.views import elections as view

from ...described import given
from ...guard import Caller, Needs
from ...problems import Problem, ProblemError
from ...texts import PercentText, Sent, Text
from ...written import document
from .convert import rejected
from .once import answered, key_of, once
from .paging import LIMIT, Limit
from .payroll import named
from .payroll_models import MoneyFromZero

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]
Shown: Any = given(view.Elections)
Case: Any = given(view.WithholdingCase)


class NewElectionOf(Sent):
    """A percentage of pay or dollars for each paycheck, of one source; one of both, 0 is nothing."""

    source: Literal["pre_tax", "roth", "after_tax"]
    part: Literal["regular", "bonus", "catch_up"] = "regular"
    percent: PercentText | None = None
    dollars: MoneyFromZero | None = None
    taken_back: Annotated[StrictBool, Field(description="The one that is on file for the day was never made")] = False


class NewElections(Sent):
    """What one person elects, from a day on; other sources and parts stay as they are."""

    employee_id: Text
    effective_on: date
    made_on: Annotated[date | None, Field(description="The day of the form or the click; today unless given")] = None
    how: Literal["participant", "administrator", "payroll"] = "participant"
    elections: Annotated[list[NewElectionOf], Field(min_length=1, max_length=8)]


class ElectionsRecorded(BaseModel):
    """How many elections were recorded."""

    recorded: int


class TableBrought(BaseModel):
    """How many elections of a table are new on file, how many were there as it says, of how many people."""

    recorded: int
    already: int
    people: int


class Cases(BaseModel):
    """What payroll withheld otherwise than elected, by first pay date, each with its cure."""

    items: list[Case]


@router.get("/plans/{plan_id}/elections")
def list_elections(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))],
    as_of: Annotated[date | None, Query(description="Today, unless given")] = None,
    start: Annotated[int, Query(ge=0, description="Place of the first person; `more` of the page before")] = 0,
    limit: Limit = LIMIT,
) -> Shown:
    """What holds for each employee on a day, with the reason where it is a default, and what that makes due."""
    with caller.begin() as tx:
        found = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, as_of=as_of, start=start, limit=limit)
    return Shown.model_validate(document(found))


@router.get("/plans/{plan_id}/withholding-cases")
def list_cases(caller: Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]) -> Cases:
    """Pay dates of this plan year and the one before on which payroll did not withhold what was elected."""
    with caller.begin() as tx:
        found = view.load_cases(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return Cases(items=[Case.model_validate(document(each)) for each in found])


@router.post("/plans/{plan_id}/elections", status_code=201)
def elect(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, sent: NewElections
) -> ElectionsRecorded:
    """Record what one person elects; a change takes effect with the first pay date on or after its day.

    Of a day that is past, what payroll should have withheld since waits under corrections at once. What the plan does
    not take is refused with its reason as `code`, and nothing of it is recorded.
    """
    new = [_new(sent, each) for each in sent.elections]

    def work(tx: Tx) -> dict[str, Any]:
        done = elected(tx, tenant_id=caller.tenant, plan_id=caller.plan, elections=new)
        if isinstance(done, Refused):
            title = "The plan does not take this election."
            raise ProblemError(Problem(422, str(done.reason), title, done.message, done.fix))
        return {"recorded": done}

    body, what = sent.model_dump_json().encode(), f"elect {caller.plan}"
    kept = once(caller, tenant_id=caller.tenant, key=key, what=what, body=body, work=work)
    return ElectionsRecorded.model_validate(kept)


@router.post("/plans/{plan_id}/elections-table", status_code=201)
def bring_table(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))],
    key: Key,
    content: Annotated[bytes, Body(media_type="text/csv", description="The canonical CSV of elections")],
) -> TableBrought:
    """Record a table of elections, of many people or of a plan that comes here; with any fault nothing is recorded.

    Every fault is told by row and column in `errors` of the problem `elections_rejected`.
    """
    kept = answered(
        caller,
        key=key,
        what=f"elections {caller.plan}",
        body=content,
        work=lambda: _brought(caller, content).model_dump(mode="json"),
    )
    return TableBrought.model_validate(kept)


def _brought(caller: Caller, content: bytes) -> TableBrought:
    told = ElectionsTold(caller.tenant, caller.plan, "elections.csv", content)
    outcome = bring_elections(caller.services.db, actor=caller.actor, told=told)
    if not isinstance(outcome, ElectionsBrought):
        raise ProblemError(rejected(outcome, "elections_rejected", "The elections were rejected."))
    return TableBrought(recorded=outcome.recorded, already=outcome.already, people=outcome.people)


def _new(sent: NewElections, each: NewElectionOf) -> NewElection:
    if not each.taken_back and (each.percent is None) == (each.dollars is None):
        title = "An election is a percentage or an amount."
        raise ProblemError(Problem(422, "not_an_amount", title, "", "Give percent or dollars, and 0.00 for nothing."))
    return NewElection(
        employee_id=named(EmployeeId, sent.employee_id),
        slot=Slot(Source(each.source), Part(each.part)),
        event_on=sent.effective_on,
        how=How(sent.how),
        bps=Money.usd(each.percent or "0").cents,  # hundredths of a percent as of dollars
        cents=Money.usd(each.dollars or "0").cents,
        made_on=sent.made_on,
        stands=not each.taken_back,
    )

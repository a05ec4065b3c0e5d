"""The page of full vesting: terms, turnover with its inputs, what ended; stating it, and how somebody left."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k import census, recordkeeping
from open401k.base.access import Permission
from open401k.kernel import EmployeeId, FlowId
from open401k.views import vesting as view

from .. import vesting
from ..guard import Caller, Needs, posted_form, word
from ..problems import Problem, ProblemError
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(prefix="/plans/{plan_id}/vesting", include_in_schema=False)
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("")
def vesting_page(
    request: Request,
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))],
    starts_on: str = "",
    ends_on: str = "",
) -> Response:
    """The turnover of this plan year, or of the period that is asked for."""
    first = vesting.day_in(starts_on, "the first day") if starts_on else None
    last = vesting.day_in(ends_on, "the last day") if ends_on else None
    start, end = vesting.period_of(first, last)
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, start=start, last_day=end)
    return page(
        request,
        "vesting",
        frame(request, "Vesting", caller=caller, current="people"),
        heading=shown.heading,
        shown=shown,
        key=str(caller.services.ids.new(FlowId)),
        decides=caller.may(Permission.ALERT_DECIDE),
        changes=caller.may(Permission.CENSUS_CHANGE),
        kinds=[each.value for each in recordkeeping.EndingKind],
        ways=[each.value for each in census.LeftBy],
    )


@router.post("")
def state(caller: Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))], form: Posted) -> Response:
    """Somebody states what ended, or that nothing did; the same form twice is one statement."""
    try:
        kind = recordkeeping.EndingKind(word(form, "kind"))
    except ValueError:
        raise ProblemError(Problem(422, "kind_unknown", "Nothing was recorded.", fix="Choose what ended.")) from None
    start = vesting.day_in(word(form, "starts_on"), "the first day")
    last = word(form, "ends_on")
    end = vesting.day_in(last, "the last day") if last and kind.of_a_period else start
    ending = recordkeeping.Ending(kind, start, end, word(form, "reason"), word(form, "stands") != "no")
    done = vesting.state_ending(
        caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan, key=word(form, "key"),
        ending=ending,
    )  # fmt: skip
    said = f"On file: {done.words}." if done.stands else f"Taken back: {done.words}."
    return see_other(f"/plans/{caller.plan}/vesting?said={quote(said)}")


@router.post("/left")
def left(caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], form: Posted) -> Response:
    """How somebody left: what it vests is given back, what it does not count for leaves the turnover."""
    who, _, on = word(form, "who").partition("/")
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
    vesting.left_by(
        caller.services.db,
        **of,
        key=word(form, "key"),
        who=named(EmployeeId, who),
        on=vesting.day_in(on, "the last day"),
        by=word(form, "by"),
    )
    return see_other(f"/plans/{caller.plan}/vesting?said=On file. The books follow.")

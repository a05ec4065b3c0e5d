"""What vests people in full over HTTP: the plan's terms, turnover with its inputs, what ended."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import StrictBool

from open401k import recordkeeping
from open401k.base.access import Permission
from open401k.views import vesting as view

from ... import vesting
from ...described import given
from ...guard import Caller, Needs
from ...texts import Name, Sent
from ...written import document
from .once import answered, key_of

router = APIRouter(tags=["Forfeitures"])
Key = Annotated[str, Depends(key_of)]
Page: Any = given(view.VestingPage)
Line: Any = given(view.EndingLine)


class EndingToState(Sent):
    """What ended, and why it is said. ``ends_on`` is the last day of the period of a turnover, else left out.

    ``stands`` false takes back what was stated of the same kind and days.
    """

    kind: recordkeeping.EndingKind
    starts_on: date
    ends_on: date | None = None
    reason: Name
    stands: StrictBool = True


@router.get("/plans/{plan_id}/vesting")
def show_vesting(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))],
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Page:
    """What vests in full by the plan's terms and by what ended, and turnover: of this plan year, or of a longer period.

    Who may see the census.
    """
    start, end = vesting.period_of(starts_on, ends_on)
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, start=start, last_day=end)
    return Page.model_validate(document(shown))


@router.post("/plans/{plan_id}/plan-endings", status_code=201)
def state_plan_ending(
    caller: Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))], key: Key, sent: EndingToState
) -> Line:
    """State that the plan, a part of it or its contributions ended (IRC 411(d)(3)), or that turnover ended no part.

    Who may decide alerts. Whoever it vests gets back at once what was forfeited.
    """

    def work() -> dict[str, Any]:
        ending = recordkeeping.Ending(
            sent.kind, sent.starts_on, sent.ends_on or sent.starts_on, sent.reason.strip(), sent.stands
        )
        done = vesting.state_ending(
            caller.services.db,
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            key=key,
            ending=ending,
        )
        told: dict[str, Any] = document(done)
        return told

    body = sent.model_dump_json().encode()
    return Line.model_validate(answered(caller, key=key, what=f"ending {caller.plan}", body=body, work=work))

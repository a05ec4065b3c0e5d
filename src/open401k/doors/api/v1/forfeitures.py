"""The plan's forfeitures over HTTP: what there is, by when it is used, approving a use."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field, StrictInt

from open401k.base.access import Permission
from open401k.law.forfeitures import ForfeitureUse
from open401k.views import forfeitures as view

from ... import forfeitures
from ...described import given
from ...guard import Caller, Needs
from ...texts import Name, Sent
from ...written import document
from .once import answered, key_of

router = APIRouter(tags=["Forfeitures"])
Key = Annotated[str, Depends(key_of)]
Account: Any = given(view.ForfeituresPage)
Approved: Any = given(view.ApprovalLine)


class UseToApprove(Sent):
    """What forfeitures are to be used for: an expense is named, an allocation names the last day of its plan year."""

    used_for: ForfeitureUse
    cents: Annotated[StrictInt, Field(ge=1, le=10**15)]
    reference: Name | None = None


@router.get("/plans/{plan_id}/forfeitures")
def show_forfeitures(caller: Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]) -> Account:
    """Forfeitures by plan year with the last day to use them, whose they were and why, uses and approvals.

    Names and reasons are for who may see the census; to others an account is told by the end of its id.
    """
    with caller.begin() as tx:
        named = caller.may(Permission.CENSUS_VIEW)
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, named=named)
    return Account.model_validate(document(shown))


@router.post("/plans/{plan_id}/forfeiture-uses", status_code=201)
def approve_use(
    caller: Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))], key: Key, sent: UseToApprove
) -> Approved:
    """Approve a use: an expense or an allocation is posted at once; for contributions, payrolls to come use it."""

    def work() -> dict[str, Any]:
        done = forfeitures.approve(
            caller.services.db,
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            key=key,
            used_for=sent.used_for,
            cents=sent.cents,
            reference=sent.reference or "",
        )
        told: dict[str, Any] = document(view.approval_line(done))
        return told

    body = sent.model_dump_json().encode()
    return Approved.model_validate(answered(caller, key=key, what=f"forfeitures {caller.plan}", body=body, work=work))

"""The page of forfeitures: what there is, by when it is used, whose it was; approving a use."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.kernel import FlowId, Money
from open401k.law.forfeitures import ForfeitureUse
from open401k.views import forfeitures as view

from .. import forfeitures
from ..guard import Caller, Needs, posted_form, word
from ..problems import Problem, ProblemError
from .frame import frame, page, see_other

router = APIRouter(prefix="/plans/{plan_id}/forfeitures", include_in_schema=False)


@router.get("")
def forfeitures_page(request: Request, caller: Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]) -> Response:
    """The account by plan year, uses, and where each amount came from."""
    with caller.begin() as tx:
        named = caller.may(Permission.CENSUS_VIEW)
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, named=named)
    around = frame(request, "Forfeitures", caller=caller, current="deposits")
    key = str(caller.services.ids.new(FlowId))
    may = {"decides": caller.may(Permission.ALERT_DECIDE), "named": named}
    return page(request, "forfeitures", around, heading=shown.heading, told=shown, key=key, **may)


@router.post("")
def approve(
    caller: Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))],
    form: Annotated[FormData, Depends(posted_form)],
) -> Response:
    """Somebody decides what forfeitures are used for; the same form twice is one approval."""
    try:
        used_for, money = ForfeitureUse(word(form, "used_for")), Money.typed(word(form, "amount"))
    except ValueError:
        problem = Problem(422, "amount_invalid", "That is not a use and an amount.", fix="Write the amount as 250.00.")
        raise ProblemError(problem) from None
    done = forfeitures.approve(
        caller.services.db,
        actor=caller.actor,
        tenant_id=caller.tenant,
        plan_id=caller.plan,
        key=word(form, "key"),
        used_for=used_for,
        cents=money.cents,
        reference=word(form, "reference")[:500],
    )
    said = f"Approved: {Money(done.cents)} for {view.words_of(done.used_for)}."
    return see_other(f"/plans/{caller.plan}/forfeitures?said={quote(said)}")

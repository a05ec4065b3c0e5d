"""The page of student loan payments: what employees certified, and a form to record one."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.kernel import FlowId
from open401k.views import student_loans as view

from .. import student_loans
from ..guard import Caller, Needs, posted_form, word
from .frame import frame, page, see_other

router = APIRouter(prefix="/plans/{plan_id}/student-loans", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("")
def student_loans_page(request: Request, caller: Reader) -> Response:
    """What was certified, and the form."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Student loan payments", caller=caller, current="health")
    key = str(caller.services.ids.new(FlowId))
    changes = caller.may(Permission.CENSUS_CHANGE)
    return page(request, "student_loans", around, heading=shown.heading, shown=shown, key=key, changes=changes)


@router.post("")
def certify(caller: Changer, form: Posted) -> Response:
    """Record a payment, or that there was none."""
    told = {name: word(form, name) for name in ("employee", "paid_on", "amount", "certified_on", "loan")}
    payment = student_loans.payment_of(**told)
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
    student_loans.put_on_file(caller.services.db, **of, payment=payment, key=word(form, "key"))
    said = "Recorded. It is matched when its period is over." if payment.cents else "Taken back."
    return see_other(f"/plans/{caller.plan}/student-loans?said={quote(said)}")

"""Student loan payments that employees certify for the match, over HTTP."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from open401k.base.access import Permission
from open401k.views import student_loans as view

from ... import student_loans
from ...described import given
from ...guard import Caller, Needs
from ...texts import MoneyText, Sent, Text
from ...written import document
from . import models
from .once import answered, key_of
from .paging import LIMIT, Cursor, Limit, page_by_place

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Line: Any = given(view.StudentLoanLine)
Over: Any = given(view.LoanMatchOver)


class PaymentCertified(Sent):
    """What an employee certified to have paid on a qualified education loan of their own; 0.00 takes it back."""

    employee_id: Text
    paid_on: date
    amount: MoneyText
    certified_on: date
    loan: Annotated[str, Field(max_length=60, description="Tells two loans of one person apart")] = ""


@router.get("/plans/{plan_id}/student-loan-payments")
def list_student_loan_payments(caller: Reader, after: Cursor = None, limit: Limit = LIMIT) -> models.Page[Line]:
    """Everything certified or taken back, the newest first. Who may see the census."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    some, following = page_by_place(shown.lines, after=after, limit=limit)
    return models.Page(items=[Line.model_validate(document(each)) for each in some], next=following)


@router.get("/plans/{plan_id}/student-loan-matches-over")
def list_student_loan_matches_over(caller: Reader) -> models.Page[Over]:
    """Matches of payments that later deferrals of the year left no room for. Who may see the census.

    What goes back of each, and on which day: of this plan year and the one before (IRC 401(m)(4)(D)(i)).
    """
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return models.Page(items=[Over.model_validate(document(each)) for each in shown.over], next=None)


@router.post("/plans/{plan_id}/student-loan-payments", status_code=201)
def certify_student_loan_payment(caller: Changer, key: Key, sent: PaymentCertified) -> Line:
    """Record what an employee certified (IRC 401(m)(4)(D)): who may change the census.

    It is matched on the last day of its plan year, quarter or month, at once where that is over. Of the same person,
    day and loan the newest counts.
    """

    def work() -> dict[str, Any]:
        payment = student_loans.payment_of(
            employee=sent.employee_id,
            paid_on=sent.paid_on.isoformat(),
            amount=sent.amount,
            certified_on=sent.certified_on.isoformat(),
            loan=sent.loan,
        )
        of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
        student_loans.put_on_file(caller.services.db, **of, payment=payment, key=key)
        with caller.begin() as tx:
            shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        same = (payment.employee_id, payment.paid_on, payment.loan)
        done = next(each for each in shown.lines if (each.employee_id, each.paid_on, each.loan) == same)
        kept: dict[str, Any] = Line.model_validate(document(done)).model_dump(mode="json")
        return kept

    body = sent.model_dump_json().encode()
    kept = answered(caller, key=key, what=f"student loan payment {caller.plan}", body=body, work=work)
    return Line.model_validate(kept)

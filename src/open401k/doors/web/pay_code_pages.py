"""The page of pay codes: what each is for and counts for; confirm one, or all that are certain."""

from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k import census
from open401k.base.access import Permission
from open401k.flows import pay_codes as flow
from open401k.kernel import FileId, FlowId, Open401kError, named_uuid
from open401k.views import pay_codes

from ..guard import Caller, Needs, posted_form, word
from ..late_facts import in_words
from ..problems import Problem
from .frame import frame, page, see_other

router = APIRouter(include_in_schema=False, prefix="/plans/{plan_id}/pay-codes")
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("")
def codes(request: Request, caller: Reader) -> Response:
    """Every code; those that ask first."""
    return _page(request, caller)


@router.post("")
def confirm(request: Request, caller: Changer, form: Posted) -> Response:
    """What one code is for, or every proposal that is certain."""
    flow_id = FlowId(named_uuid("pay codes form", str(caller.tenant), word(form, "key")))
    try:
        certain = word(form, "certain") == "yes"
        choices = () if certain else (_choice(form),)
        asked = flow.Confirming(caller.tenant, caller.plan, flow_id, choices, certain)
        done = flow.confirm(caller.services.db, actor=caller.actor, asked=asked)
    except Open401kError as error:
        return _page(request, caller, Problem(422, "pay_code_refused", "Not confirmed.", error.message, error.fix))
    said = quote(f"Confirmed. {in_words(done['settle'])}")
    return see_other(f"/plans/{caller.plan}/pay-codes?said={said}")


def _choice(form: FormData) -> flow.Choice:
    since, in_gross = word(form, "event_on"), word(form, "in_gross")
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        raise Open401kError(f"{since!r} is not a day.", fix="Write it as 2026-01-01, or leave it empty.") from None
    try:
        side = census.Side(word(form, "side") or census.Side.EARNING)
    except ValueError:
        raise Open401kError("A code is an earning or a deduction.", fix="Open the page again.") from None
    held = None if not in_gross else in_gross == "yes"
    return flow.Choice(word(form, "code"), word(form, "kind"), day, held, side)


def _page(request: Request, caller: Caller, problem: Problem | None = None) -> Response:
    with caller.begin() as tx:
        shown = pay_codes.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return page(
        request,
        "pay_codes",
        frame(request, "Pay codes", caller=caller, current="payroll"),
        status=problem.status if problem else 200,
        heading=shown.heading,
        map=shown,
        problem=problem,
        may_confirm=caller.may(Permission.CENSUS_CHANGE),
        key=str(caller.services.ids.new(FileId)),
    )

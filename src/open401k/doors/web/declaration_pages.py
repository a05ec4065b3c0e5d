"""The page of declarations: what the employer declared for its plan years, and a form to declare or take back."""

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k import recordkeeping
from open401k.base.access import Permission
from open401k.kernel import FlowId, Source, day_of
from open401k.views import declarations as view

from .. import declaring
from ..guard import Caller, Needs, posted_form, word
from .frame import frame, page, see_other

router = APIRouter(prefix="/plans/{plan_id}/declarations", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
#: What a field of a group begins with.
_SHARE = "share:"
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("")
def declarations_page(request: Request, caller: Reader) -> Response:
    """What was declared, and what is in accounts of it."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Declarations", caller=caller, current="health")
    key = str(caller.services.ids.new(FlowId))
    changes = caller.may(Permission.PLAN_CHANGE)
    return page(request, "declarations", around, heading=shown.heading, shown=shown, key=key, changes=changes)


@router.post("")
def declare(caller: Changer, form: Posted) -> Response:
    """Declare: posted on the last day of the year, at once where that is over."""
    names = ("tiers", "cap", "rate", "excess", "level", "amount", "total")
    given: dict[str, Any] = {name: word(form, name) for name in names}
    formula = declaring.formula_of(word(form, "source"), **given)
    _put(caller, form, replace(formula, shares=_shares(form)) if formula.source is Source.PROFIT_SHARING else formula)
    return _back(caller, "Declared. It is posted on the last day of the plan year.")


def _shares(form: FormData) -> tuple[recordkeeping.GroupShare, ...]:
    """A field for each group; what is left empty has nothing."""
    told = {name.removeprefix(_SHARE): str(value) for name, value in form.items() if name.startswith(_SHARE)}
    return tuple(declaring.share_of(group, share) for group, share in told.items() if share.strip())


@router.post("/taken-back")
def take_back(caller: Changer, form: Posted) -> Response:
    """Nothing is declared any more, as long as it is in no account."""
    _put(caller, form, declaring.nothing_of(word(form, "source")))
    return _back(caller, "Taken back: nothing of it is posted.")


def _put(caller: Caller, form: FormData, formula: recordkeeping.Declared) -> None:
    last_day = declaring.day_of_year(word(form, "last_day"), "the last day of the plan year")
    due = word(form, "tax_return_due")
    with caller.begin() as tx:
        today = day_of(tx.now)
    declaration = recordkeeping.Declaration(
        last_day,
        formula,
        today,
        declaring.day_of_year(due, "the day the return is due") if due else None,
        word(form, "despite_test") == "yes",
    )
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
    declaring.put_on_file(caller.services.db, **of, declaration=declaration, key=word(form, "key"))


def _back(caller: Caller, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/declarations?said={quote(said)}")

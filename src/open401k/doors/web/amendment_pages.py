"""The page that amends a plan: terms in force, a preview of what would change, and adopting what was shown."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k import plan
from open401k.base import steps
from open401k.base.access import Permission
from open401k.flows.amendment_preview import Foreseen
from open401k.flows.payroll_keys import claim_key
from open401k.kernel import FlowId, Open401kError
from open401k.views import amendments as view
from open401k.views.amendments import name_of, told_in_words

from .. import amending, amending_forms
from ..guard import Caller, Needs, posted_form, word
from ..problems import FieldProblem, Problem, ProblemError
from . import provision_forms
from .frame import frame, page, see_other

router = APIRouter(prefix="/plans/{plan_id}/amendments", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]
_KEY_REUSED = Problem(
    409,
    "key_reused",
    "Nothing was adopted: this form was sent before with other terms.",
    fix="Preview the terms again.",
)
_MEANWHILE = Problem(
    409,
    "amended_meanwhile",
    "Nothing was adopted: the plan was amended, or a day passed, since this preview.",
    fix="Preview the terms again, and adopt what it says then.",
)


@router.get("")
def amendments_page(request: Request, caller: Reader, on: str = "") -> Response:
    """The terms in force today or on a day, a form to change them, and every amendment so far."""
    return _page(request, caller, terms_on=_day(on))


@router.post("/preview")
def preview(request: Request, caller: Changer, form: Posted) -> Response:
    """What would change, why it may not, how far it reaches back; nothing is recorded."""
    terms_on = _day(word(form, "terms_on"))
    terms = _terms(caller, terms_on)
    told, wrong = provision_forms.read(terms, form)
    if word(form, "more"):
        return _page(request, caller, form=form, terms_on=terms_on)
    asked = amending_forms.read(told, word(form, "effective_on"), word(form, "why"), shown=terms, wrong=wrong)
    if not isinstance(asked, amending_forms.Asked):
        return _page(request, caller, form=form, wrong=asked, terms_on=terms_on)
    key = str(caller.services.ids.new(FlowId))
    try:
        other = amending_forms.of_other_terms(asked, shown=terms, held=_terms(caller, asked.effective_on))
        if other:
            return _page(request, caller, form=form, wrong=other, terms_on=terms_on)
        found = amending.foresee(caller.services.db, actor=caller.actor, asked=_of(caller, asked, key))
    except Open401kError as error:
        told_wrong = (FieldProblem(str(error), error.fix, pointer="effective_on"),)
        return _page(request, caller, form=form, wrong=told_wrong, terms_on=terms_on)
    return _page(request, caller, form=form, asked=asked, foreseen=found, key=key, terms_on=terms_on)


def _terms(caller: Caller, on: date | None) -> plan.Provisions:
    with caller.begin() as tx:
        return view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, terms_on=on).provisions


def _day(text: str) -> date | None:
    """A day as a form has it; None for none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        problem = Problem(422, "date_invalid", "That is not a date.", fix="Write it as 2026-08-14.")
        raise ProblemError(problem) from None


@router.post("")
def adopt(caller: Changer, form: Posted) -> Response:
    """Adopt what a preview showed; the same form twice is one amendment."""
    texts = [word(form, name) for name in ("changes", "effective_on", "why")]
    asked = amending_forms.read_text(*texts)
    if not isinstance(asked, amending_forms.Asked):
        problem = Problem(422, "invalid", "This is no amendment.", asked[0].reason, "Preview the terms again.")
        raise ProblemError(problem)
    key = word(form, "key")
    if not key:
        raise ProblemError(Problem(422, "key_missing", "This form has no key.", fix="Preview the terms again."))
    _refuse_other_than_shown(caller, form, key)
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant}
    content = "\x00".join((str(caller.plan), *texts)).encode()
    if claim_key(caller.services.db, **of, key=f"amendment/{key}", content=content) is not None:
        raise ProblemError(_KEY_REUSED)
    amending.amend(caller.services.db, actor=caller.actor, asked=_of(caller, asked, key))
    said = f"Adopted: the plan is amended from {asked.effective_on} on."
    return see_other(f"/plans/{caller.plan}/amendments?said={quote(said)}")


def _refuse_other_than_shown(caller: Caller, form: FormData, key: str) -> None:
    """Whoever adopts has read what changes: not so, where the terms or the day are others by now."""
    flow_id = amending.flow_id_of(caller.tenant, caller.plan, key)
    with caller.begin() as tx:
        if steps.done(tx, tenant_id=caller.tenant, flow_id=flow_id):
            return
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    if word(form, "seen") != _seen(shown):
        raise ProblemError(_MEANWHILE)


def _seen(shown: view.Amendments) -> str:
    return f"{shown.today}/{len(shown.lines)}"


def _of(caller: Caller, asked: amending_forms.Asked, key: str) -> amending.ToAmend:
    return amending.ToAmend(caller.tenant, caller.plan, asked.changes, asked.effective_on, asked.why, key)


def _page(
    request: Request,
    caller: Caller,
    *,
    form: FormData | None = None,
    wrong: tuple[FieldProblem, ...] = (),
    asked: amending_forms.Asked | None = None,
    foreseen: Foreseen | None = None,
    key: str = "",
    terms_on: date | None = None,
) -> Response:
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, terms_on=terms_on)
    told = {each.pointer or "": each.reason for each in wrong}
    more = "" if form is None else word(form, "more")
    subjects = provision_forms.subjects(shown.provisions, form, told, more)
    placed = {each.path for one in subjects for each in provision_forms.problems(iter(one.fields))}
    return page(
        request,
        "amendments",
        frame(request, "Amend the plan", caller=caller, current="health"),
        status=422 if wrong else 200,
        heading=shown.heading,
        shown=shown,
        changes=caller.may(Permission.PLAN_CHANGE),
        subjects=subjects,
        entered={
            "effective_on": str(shown.terms_on) if form is None else word(form, "effective_on"),
            "why": "" if form is None else word(form, "why"),
        },
        wrong=[(each, name_of(each.pointer or ""), each.pointer in placed) for each in wrong],
        asked=asked,
        foreseen=foreseen,
        against=[] if foreseen is None else [(told_in_words(each.message), each.fix) for each in foreseen.objections],
        lines=() if foreseen is None else tuple(map(view.change_line, foreseen.changes)),
        key=key,
        seen=_seen(shown),
    )

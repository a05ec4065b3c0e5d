"""The explanation of section 402(f) of a plan over HTTP: listed, put."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from open401k.base.access import Permission
from open401k.views import rollover_explanations as view

from ... import explaining
from ...described import given
from ...guard import Caller, Needs
from ...problems import FieldProblem, Problem, ProblemError
from ...provided import GivenExplanation
from ...texts import Name, Sent
from ...written import document
from . import models
from .once import key_of, shown_once
from .paging import LIMIT, Cursor, Limit, page_by_place

router = APIRouter(tags=["Rollovers"])
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Line: Any = given(view.ExplanationLine)


class ExplanationPut(Sent):
    """A text without HTML, or a PDF, as large as a request may be; the page takes 1,000,000 bytes."""

    title: Name
    version: Name
    content: Annotated[str, Field(description="The document in base64 (RFC 4648, with padding)", max_length=1_340_000)]
    of_roth: bool
    of_other: bool


@router.get("/plans/{plan_id}/rollover-explanations")
def list_explanations(caller: Reader, after: Cursor = None, limit: Limit = LIMIT) -> models.Page[Line]:
    """Every explanation that the plan gave or gives, the newest first. Who may see the census may call it."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    some, following = page_by_place(shown, after=after, limit=limit)
    return models.Page(items=[Line.model_validate(document(each)) for each in some], next=following)


@router.post("/plans/{plan_id}/rollover-explanations", status_code=201)
def put_explanation(caller: Decider, key: Annotated[str, Depends(key_of)], sent: ExplanationPut) -> Line:
    """Give this one from now on with every rollover that the plan pays. Who may decide for the plan may call it."""

    def work() -> view.ExplanationLine:
        at = explaining.Putting(caller.services, caller.actor, caller.tenant, caller.plan)
        content = _bytes(sent.content)
        return explaining.put(at, GivenExplanation(sent.title, sent.version, sent.of_roth, sent.of_other, content))

    return shown_once(caller, key=key, what=f"explanation {caller.plan}", sent=sent, shows=Line, work=work)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        wrong = FieldProblem("It is not base64.", "Send bytes by RFC 4648, padded.", "invalid", "/content")
        raise ProblemError(
            Problem(422, "invalid", "The request is not valid.", "See errors for each place.", errors=[wrong])
        ) from None

"""The explanation of section 402(f) on a plan's page of rollovers: a file is put, a document is read."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission

from .. import explaining
from ..guard import Caller, Needs, file_of, posted_form, word
from ..provided import GivenExplanation
from .frame import see_other

router = APIRouter(prefix="/plans/{plan_id}/rollovers/explanations", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Posted = Annotated[FormData, Depends(posted_form)]


@router.get("/{fingerprint}")
def read(caller: Reader, fingerprint: str) -> Response:
    """One document."""
    return explaining.document(caller.begin, tenant_id=caller.tenant, plan_id=caller.plan, fingerprint=fingerprint)


@router.post("")
def put(caller: Decider, form: Posted) -> Response:
    """Who is paid a rollover from now on reads this one before they sign."""
    given = GivenExplanation(
        title=word(form, "title"), version=word(form, "version"), of_roth=word(form, "of_roth") == "yes",
        of_other=word(form, "of_other") == "yes", content=file_of(form, "file").file.read(explaining.MOST_BYTES + 1),
    )  # fmt: skip
    explaining.put(explaining.Putting(caller.services, caller.actor, caller.tenant, caller.plan), given)
    return see_other(f"/plans/{caller.plan}/rollovers?said=The+explanation+is+given+from+now+on.")

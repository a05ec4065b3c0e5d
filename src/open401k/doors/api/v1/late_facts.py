"""Facts learned late, over HTTP: the past is derived anew, the difference posted. Facts are appended, never edited."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from open401k.base.access import Permission
from open401k.kernel import FlowId, Money

from ... import late_facts
from ...guard import Caller, Needs
from ...late_facts import LateFact
from . import models
from .once import answered, key_of

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]


@router.post("/plans/{plan_id}/corrections", status_code=201)
def correct(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, sent: LateFact
) -> models.Correction:
    """Record what was learned late. Every payroll it touches is derived anew, and the difference is posted.

    A fact has the day on which it happened; that it is known from now on stays on file, too. Tests, projection and
    alerts follow.
    """
    body = sent.model_dump_json().encode()
    kept = answered(
        caller,
        key=key,
        what=f"correct {caller.plan}",
        body=body,
        work=lambda: _correct(caller, key, sent).model_dump(mode="json"),
    )
    return models.Correction.model_validate(kept)


def _correct(caller: Caller, key: str, sent: LateFact) -> models.Correction:
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
    return corrected(*late_facts.learn(caller.services.db, **of, key=key, sent=sent))


def corrected(flow_id: FlowId, settled: Mapping[str, Any]) -> models.Correction:
    """What followed in the books."""
    return models.Correction(
        correction_id=str(flow_id),
        origin=settled["origin"],
        entries=settled["entries"],
        credited=Money(settled["credited_cents"]).plain(),
        held=Money(settled["held_cents"]).plain(),
        employer=Money(settled.get("employer_cents", 0)).plain(),
        changed=[
            models.CorrectionChange(
                employee_id=each["employee_id"],
                source=each["source"],
                credited=Money(each["credited_cents"]).plain(),
                held=Money(each["held_cents"]).plain(),
            )
            for each in settled.get("changed", ())
        ],
        paragraph=settled.get("paragraph", ""),
    )

"""A plan amended over HTTP: new terms from a day on, and what they change in books that are posted already."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from open401k import plan
from open401k.base.access import Permission

from ... import amending
from ...guard import Caller, Needs
from ...texts import Name, Sent
from . import models
from .convert import told_if_refused
from .late_facts import corrected
from .once import answered, key_of

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Changes: Any = amending.ProvisionsChanges


class ToAmend(Sent):
    """What changes, from which day on, and why; what is not named stays as it is in force on that day."""

    effective_on: date
    why: Annotated[Name, Field(description="It stays on file, and is the origin of what changes in the books")]
    provisions: Changes


class Terms(BaseModel):
    """The terms of a plan that hold from a day on."""

    effective_on: date
    why: str
    changed: Annotated[list[str], Field(description="Which provisions are other than before, such as `loans`")]


class Amendments(BaseModel):
    """Every version of a plan's terms, the first day first."""

    items: list[Terms]


@router.get("/plans/{plan_id}/amendments")
def list_amendments(caller: Reader) -> Amendments:
    """The plan as adopted, and each amendment that is in force or will be. Who may see the plan."""
    with caller.begin() as tx:
        known = plan.history(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    items = [
        Terms(effective_on=each.effective_on, why=each.why, changed=[one.field for one in each.changes])
        for each in known
    ]
    return Amendments(items=items)


@router.post("/plans/{plan_id}/amendments", status_code=201)
def amend_plan(caller: Changer, key: Key, sent: ToAmend) -> models.Correction:
    """Amend a plan: the sponsor and operations (`plan.change`).

    From a day in the past, every payroll since is derived anew and the difference posted; what people have earned is
    never taken away (IRC 411(d)(6)). Tests, projection and alerts follow.
    """

    asked = amending.ToAmend(caller.tenant, caller.plan, sent.provisions, sent.effective_on, sent.why, key)

    def work() -> dict[str, Any]:
        with told_if_refused():
            done = amending.amend(caller.services.db, actor=caller.actor, asked=asked)
        return corrected(asked.flow_id, done["settle"]).model_dump(mode="json")

    body = sent.model_dump_json(exclude_unset=True).encode()
    kept = answered(caller, key=key, what=f"amend {caller.plan}", body=body, work=work)
    return models.Correction.model_validate(kept)

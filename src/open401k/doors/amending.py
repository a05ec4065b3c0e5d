"""A plan amended, as the API and the terminal ask for it: what is named changes, the rest stays as it is in force."""

from datetime import date
from typing import Any

import pydantic
from pydantic import BaseModel

from open401k import plan
from open401k.base.db import Actor, Database
from open401k.base.steps import FlowResults
from open401k.flows import amendment
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, named_uuid

from .described import sent
from .problems import FieldProblem, Problem, ProblemError
from .texts import Sent


def _changes() -> Any:
    """The model of provisions of which any may be left out."""
    members: dict[str, Any] = {
        name: (each.annotation, pydantic.Field(default=None, json_schema_extra=_without_default))
        for name, each in sent(plan.Provisions).model_fields.items()
        if name != "adopted_on"
    }
    words = "Provisions to put in force; each that is named takes the place of the one in force, as a whole."
    return pydantic.create_model("ProvisionsChanges", __base__=Sent, __doc__=words, **members)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


#: What of the terms an amendment names.
ProvisionsChanges: Any = _changes()


def amend(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    changes: BaseModel,
    effective_on: date,
    why: str,
    key: str,
) -> tuple[FlowId, FlowResults]:
    """Put the changes in force from a day on, and settle what they change in the past; the same key is once."""
    told = changes.model_dump(mode="json", include=changes.model_fields_set)
    with db.begin(actor, tenants=[tenant_id]) as tx:
        before = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=effective_on)
    terms = plan.provisions_from_json({**plan.provisions_to_json(before), **told})
    flow_id = FlowId(named_uuid("amendment", str(tenant_id), str(plan_id), key))
    asked = amendment.Amendment(tenant_id, plan_id, flow_id, effective_on, terms, why)
    done = amendment.amend(db, actor=actor, amendment=asked)
    if isinstance(done, Refused):
        errors = [FieldProblem(done.message, done.fix, str(done.reason), "/provisions")]
        title = "The plan was not amended."
        raise ProblemError(Problem(422, str(done.reason), title, done.message, done.fix, errors=errors))
    return flow_id, done

"""A plan amended, as the API and the terminal ask for it: what is named changes, the rest stays as it is in force."""

from datetime import date
from typing import Any

import pydantic
from pydantic import BaseModel

from open401k import plan
from open401k.base.db import Actor, Database
from open401k.base.steps import FlowResults
from open401k.flows import amendment, amendment_preview
from open401k.flows.amendment_preview import Foreseen
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
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "key": key}
    asked = _asked(db, actor, **of, changes=changes, effective_on=effective_on, why=why)
    done = amendment.amend(db, actor=actor, amendment=asked)
    if isinstance(done, Refused):
        errors = [FieldProblem(done.message, done.fix, str(done.reason), "/provisions")]
        title = "The plan was not amended."
        raise ProblemError(Problem(422, str(done.reason), title, done.message, done.fix, errors=errors))
    return asked.flow_id, done


def foresee(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    changes: BaseModel,
    effective_on: date,
    why: str,
    key: str,
) -> Foreseen:
    """What :func:`amend` would do with the same, and everything against it; nothing of it stays."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "key": key}
    asked = _asked(db, actor, **of, changes=changes, effective_on=effective_on, why=why)
    return amendment_preview.foresee(db, actor=actor, amendment=asked)


def flow_id_of(tenant_id: SponsorId, plan_id: PlanId, key: str) -> FlowId:
    """The same key is the same amendment."""
    return FlowId(named_uuid("amendment", str(tenant_id), str(plan_id), key))


def _asked(
    db: Database,
    actor: Actor,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    changes: BaseModel,
    effective_on: date,
    why: str,
    key: str,
) -> amendment.Amendment:
    """The changes on top of the terms of their day."""
    told = changes.model_dump(mode="json", include=changes.model_fields_set)
    with db.begin(actor, tenants=[tenant_id]) as tx:
        before = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=effective_on)
    terms = plan.provisions_from_json({**plan.provisions_to_json(before), **told})
    return amendment.Amendment(tenant_id, plan_id, flow_id_of(tenant_id, plan_id, key), effective_on, terms, why)

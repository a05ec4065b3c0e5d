"""A plan amended, as the API and the terminal ask for it: what is named changes, the rest stays as it is in force."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class ToAmend:
    """What somebody asks: these changes from a day on, and why; the same ``key`` is the same amendment."""

    tenant_id: SponsorId
    plan_id: PlanId
    changes: BaseModel
    effective_on: date
    why: str
    key: str

    @property
    def flow_id(self) -> FlowId:
        """Its identity."""
        return flow_id_of(self.tenant_id, self.plan_id, self.key)


def amend(db: Database, *, actor: Actor, asked: ToAmend) -> FlowResults:
    """Put the changes in force from a day on, and settle what they change in the past; the same key is once."""
    done = amendment.amend(db, actor=actor, amendment=_amendment(db, actor, asked))
    if isinstance(done, Refused):
        errors = [FieldProblem(done.message, done.fix, str(done.reason), "/provisions")]
        title = "The plan was not amended."
        raise ProblemError(Problem(422, str(done.reason), title, done.message, done.fix, errors=errors))
    return done


def foresee(db: Database, *, actor: Actor, asked: ToAmend) -> Foreseen:
    """What :func:`amend` would do with the same, and everything against it; nothing of it stays."""
    return amendment_preview.foresee(db, actor=actor, amendment=_amendment(db, actor, asked))


def flow_id_of(tenant_id: SponsorId, plan_id: PlanId, key: str) -> FlowId:
    """The same key is the same amendment."""
    return FlowId(named_uuid("amendment", str(tenant_id), str(plan_id), key))


def _amendment(db: Database, actor: Actor, asked: ToAmend) -> amendment.Amendment:
    """The changes on top of the terms of their day."""
    told = asked.changes.model_dump(mode="json", include=asked.changes.model_fields_set)
    with db.begin(actor, tenants=[asked.tenant_id]) as tx:
        before = plan.provisions_on(tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id, on=asked.effective_on)
    terms = plan.provisions_from_json({**plan.provisions_to_json(before), **told})
    return amendment.Amendment(asked.tenant_id, asked.plan_id, asked.flow_id, asked.effective_on, terms, asked.why)

"""The story of rollovers behind the doors: the plan's side over our custodian's node. Imported where there is one.

Not here: how doors ask for it (rollovers.py), the node (rails).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from open401k.base.db import Actor, Database
from open401k.base.settings import NodeAt
from open401k.flows import rollover
from open401k.flows.rollover_at_node import AtNode
from open401k.flows.rollover_explaining import NewExplanation, put_explanation
from open401k.flows.rollover_forms import forms_of
from open401k.flows.rollover_node import NodeRefusedError, OwnNode
from open401k.flows.rollover_round import follow_due
from open401k.kernel import EmployeeId, PlanId, Refused, RolloverId, SponsorId
from open401k.law.form_1099r import Form1099R
from open401k.rails.node.client import NodeClient
from open401k.recordkeeping import Explanation, RolloverBooked, RolloverRefusal, RolloverRequest

from .problems import Problem, ProblemError
from .provided import GivenExplanation

Done = RolloverRequest | Refused[RolloverRefusal]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RolloverStories:
    """Over one node, which serves the plans of this server."""

    db: Database
    node: OwnNode

    def ask_into(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, employee_id: EmployeeId,
        told: Mapping[str, Any],
    ) -> Done:  # fmt: skip
        """Somebody wants to bring money into the plan."""
        asked = rollover.Asked(tenant_id, plan_id, rollover_id, employee_id, told)
        return _reached(lambda: rollover.ask_into(self.db, actor=actor, node=self.node, asked=asked))

    def release(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, employee_id: EmployeeId,
        case: str, told: Mapping[str, Any],
    ) -> Done:  # fmt: skip
        """We answer a case in which another custodian asks us to pay."""
        asked = rollover.Asked(tenant_id, plan_id, rollover_id, employee_id, told)
        return _reached(lambda: rollover.release(self.db, actor=actor, node=self.node, asked=asked, case=case))

    def tell(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, told: Mapping[str, Any]
    ) -> Done:
        """More facts of an open request, or others."""
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
        return _reached(lambda: rollover.tell(self.db, actor=actor, node=self.node, **of, told=told))

    def follow(self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId) -> Sequence[RolloverRequest]:
        """Where every open request stands now."""
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
        return _reached(lambda: rollover.follow(self.db, actor=actor, node=self.node, **of))

    def follow_due(self, *, actor: Actor, ends: Callable[[], bool] = lambda: False) -> Sequence[Mapping[str, Any]]:
        """Every plan of which nobody looked today."""
        return [each.as_json() for each in follow_due(self.db, actor=actor, node=self.node, ends=ends)]

    def explain(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, given: GivenExplanation
    ) -> Explanation | Refused[RolloverRefusal]:
        """The plan gives this explanation from now on."""
        new = NewExplanation(given.title, given.version, given.of_roth, given.of_other, given.content)
        return put_explanation(self.db, actor=actor, tenant_id=tenant_id, plan_id=plan_id, given=new)

    def forms(self, booked: RolloverBooked, *, born_on: date | None) -> Sequence[Form1099R] | None:
        """What Form 1099-R will say; None where somebody makes it by hand."""
        made = forms_of(booked, born_on=born_on)
        sound = [each for each in made or () if not isinstance(each, Refused)]
        return sound if made is not None and len(sound) == len(made) else None


def over(db: Database, told: NodeAt) -> RolloverStories:
    """Over the node that is set."""
    return RolloverStories(db, AtNode(NodeClient(told.url, token=told.token)))


def _reached(work: Callable[[], Answer]) -> Answer:
    """What the node answers; where it does not, that is said, and what is on file stays."""
    try:
        return work()
    except NodeRefusedError as why:
        raise ProblemError(Problem(502, "node_refused", "The node did not do it.", str(why), why.fix)) from why

"""What late facts made the employer owe more, as a person decides about its payment. ADR-0035. Not here: settling."""

from typing import Any

from open401k import compliance
from open401k.base.db import Tx
from open401k.kernel import Open401kError, PlanId, SponsorId, day_of


def late_facts(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[str, compliance.Content]]:
    """All late facts of a plan are one matter; none, where no late fact ever moved the employer's money."""
    content = _content(tx, tenant_id, plan_id)
    return [] if content is None else [(compliance.about_late_facts(plan_id), content)]


def late_facts_now(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> compliance.Content:
    """The same with earnings to today; asking where nothing was learned late is an error."""
    content = _content(tx, tenant_id, plan_id)
    if content is None:
        raise Open401kError("No late fact moved money of the employer.", fix="Look at the corrections that wait.")
    return content


def _content(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> compliance.Content | None:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    known = compliance.proposals(tx, **of, about=compliance.about_late_facts(plan_id))
    return compliance.late_fact_content(tx, **of, known=known, on=day_of(tx.now))

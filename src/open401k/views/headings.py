"""The heading that stands above every page of a plan. Not here: the pages."""

from open401k import census, compliance, plan
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId, day_of

from .shown import PlanHeading

_SAFE_HARBOR = {
    "none": "none",
    "basic_match": "basic match",
    "enhanced_match": "enhanced match",
    "nonelective": "nonelective contribution",
}


def heading_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> PlanHeading:
    """Names, plan year and number of eligible people as of today; the people come from the last test run."""
    today = day_of(tx.now)
    found = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    return PlanHeading(
        sponsor_id=tenant_id,
        sponsor_name=plan.sponsor(tx, tenant_id=tenant_id).name,
        plan_id=plan_id,
        plan_name=found.name,
        as_of=today,
        plan_year_last_day=terms.plan_year_of(today).last_day,
        eligible=_eligible(tx, tenant_id, plan_id),
        safe_harbor=_SAFE_HARBOR.get(terms.safe_harbor.value, terms.safe_harbor.value),
    )


def _eligible(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> int:
    run = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id)
    if run is None:
        people = census.roster(tx, tenant_id=tenant_id, on=day_of(tx.now))
        return len(people)
    return sum(run.people.get("eligible", ()))

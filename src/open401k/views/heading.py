"""What stands above every page of a plan. Not here: the pages."""

from open401k import census, compliance, plan
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId, day_of

from .shown import PlanHeading

_SAFE_HARBOR = {
    plan.SafeHarbor.NONE: "none",
    plan.SafeHarbor.BASIC_MATCH: "basic match",
    plan.SafeHarbor.ENHANCED_MATCH: "enhanced match",
    plan.SafeHarbor.NONELECTIVE: "nonelective",
    plan.SafeHarbor.QACA_MATCH: "QACA match",
    plan.SafeHarbor.QACA_NONELECTIVE: "QACA nonelective",
}


def heading(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run: compliance.ComplianceRun | None = None
) -> PlanHeading:
    """Names, plan year and how many are eligible, as of today; ``run`` saves reading the newest test run again."""
    today = day_of(tx.now)
    found = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    run = run or compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id)
    return PlanHeading(
        sponsor_id=tenant_id,
        sponsor_name=plan.sponsor(tx, tenant_id=tenant_id).name,
        plan_id=plan_id,
        plan_name=found.name,
        as_of=today,
        plan_year_last_day=terms.plan_year_of(today).last_day,
        eligible=_entered(tx, tenant_id, plan_id, terms) if run is None else sum(run.people["eligible"]),
        safe_harbor=_SAFE_HARBOR[terms.safe_harbor],
    )


def _entered(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, terms: plan.Provisions) -> int:
    """Before the first test: who works here and has entered."""
    today = day_of(tx.now)
    here = [each for each in census.roster(tx, tenant_id=tenant_id) if census.employed_on(each.employment, today)]
    days = census.entry_dates(tx, tenant_id=tenant_id, provisions=terms, plan_id=plan_id, employees=here, on=today)
    return sum(day is not None and day <= today for day in days)

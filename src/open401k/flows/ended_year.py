"""The plan year that is over: what is learned of it afterwards tests it anew. Not here: closing it (day.py)."""

from datetime import date, timedelta

from open401k import compliance, fiduciary, plan
from open401k.base.db import Tx
from open401k.kernel import ComplianceRunId, PlanId, SponsorId

#: Excess contributions of a plan year are corrected within the 12 months after it (26 CFR 1.401(k)-2(b)(5)(ii)).
CORRECTED_WITHIN = timedelta(days=366)


def test_again(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date, cause: str) -> bool:
    """Test the last day of the plan year before this one by what is known now; false where that is not done any more.

    Whoever is found to be highly compensated in January may fail the tests of December. A year that was not tested
    while it ran, or whose time for correction is over, is not.
    """
    year = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of(today).previous()
    if today - year.end > CORRECTED_WITHIN:
        return False
    if compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id, plan_year=year) is None:
        return False
    tested = compliance.retest(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=year.last_day, cause=f"{cause}/{year}")
    foretold(tx, tenant_id, tested.run_id)
    return True


def foretold(tx: Tx, tenant_id: SponsorId, run_id: ComplianceRunId) -> bool:
    """Project a run, and review the alerts; false where there is nothing to project."""
    forecast = compliance.foresee(tx, tenant_id=tenant_id, run_id=run_id)
    if forecast is not None:
        fiduciary.watch(tx, tenant_id=tenant_id, forecast=forecast)
    return forecast is not None

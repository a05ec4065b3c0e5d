"""What follows a payroll that is posted and tested: projection, alerts, what payroll is told. Not here: posting it."""

from dataclasses import dataclass
from typing import Any, Final

from open401k import compliance, fiduciary
from open401k.base.db import Tx
from open401k.kernel import ComplianceRunId, PlanId, RunId, SponsorId
from open401k.payroll import runs

from . import heal
from .write_back import keep_told
from .write_back_heed import heed

#: The step whose result is the run of the tests.
TESTED: Final = "retest"
#: The step that posts, and what its result calls the employer's money of past pay dates that waits.
POSTED: Final = "post"
LATE: Final = "late_cents"


@dataclass(frozen=True, slots=True)
class Payroll:
    """One run of one plan."""

    tenant_id: SponsorId
    plan_id: PlanId
    run_id: RunId


def project(tx: Tx, of: Payroll, results: dict[str, Any]) -> bool:
    """The year-end distribution of each test, and the cures of what may fail, kept beside the tests."""
    run_id = ComplianceRunId.parse(results[TESTED])
    return compliance.foresee(tx, tenant_id=of.tenant_id, run_id=run_id) is not None


def warn(tx: Tx, of: Payroll, results: dict[str, Any]) -> list[str]:
    """The August alert: raised once, kept up to date, resolved when the projection no longer calls for it.

    What it told late waits for a person with its earnings. Answers with what is then open: the same however often it
    is asked.
    """
    if results[POSTED].get(LATE):
        heal.review_all(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)
    run_id = ComplianceRunId.parse(results[TESTED])
    forecast = compliance.read_forecast(tx, tenant_id=of.tenant_id, run_id=run_id)
    if forecast is not None:
        fiduciary.watch(tx, tenant_id=of.tenant_id, forecast=forecast)
    return [str(alert.alert_id) for alert in fiduciary.open_alerts(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)]


def answer(tx: Tx, of: Payroll, _: dict[str, Any]) -> dict[str, int]:
    """What this payroll shows of what payroll was told, and what it has to be told next."""
    run = runs.get(tx, tenant_id=of.tenant_id, run_id=of.run_id)
    shown = 0
    if run.pay_date is not None:
        shown = len(heed(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, pay_date=run.pay_date, by=run.told))
    return {"shown": shown, "queued": len(keep_told(tx, tenant_id=of.tenant_id, plan_id=of.plan_id))}

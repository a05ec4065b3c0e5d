"""Profit sharing by groups or points that fails the test of amounts, once its year is over. Not here: testing it.

It was declared although it failed, or what was learned later made it fail. There is no priced cure: the plan is amended
for the year, or more is given, by the day that is told.
"""

from dataclasses import dataclass
from datetime import date

from open401k import compliance, plan
from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.kernel import PlanId, PlanYear, SponsorId
from open401k.law.deadlines import coverage_amendment

AMOUNTS_FAILED = "amounts.failed"
_CITE = "IRC 401(a)(4); Reg. 1.401(a)(4)-11(g)"


@dataclass(frozen=True, slots=True)
class AmountsFailed:
    """A plan year whose profit sharing discriminates as it stands, in how far, and the last day to amend for it."""

    year: PlanYear
    measured_bps: int | None
    amend_by: date
    words: str
    cite: str = _CITE


def amounts_failed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> AmountsFailed | None:
    """The plan year before this one, where the newest run of its tests fails that one."""
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    if terms.profit_sharing is None:
        return None
    year = terms.plan_year_of(today).previous()
    run = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id, plan_year=year)
    found = [] if run is None else [each for each in run.results if each.test is compliance.TestId.AMOUNTS]
    if not found or found[0].status is not compliance.Status.FAIL:
        return None
    return AmountsFailed(year, found[0].measured, coverage_amendment(year), found[0].explanation)


def tell_amounts(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> AmountsFailed | None:
    """The outside hears once of a plan year that fails; who is told now."""
    failed = amounts_failed(tx, tenant_id=tenant_id, plan_id=plan_id, today=today)
    if failed is None:
        return None
    subject = f"{plan_id}/{failed.year.last_day}"
    heads.lock(tx, tenant_id=tenant_id)
    if audit.recorded(tx, tenant_id=tenant_id, action=AMOUNTS_FAILED, subjects=[subject]):
        return None
    said = {
        "plan_year": str(failed.year),
        "measured_bps": failed.measured_bps,
        "amend_by": failed.amend_by.isoformat(),
        "cite": _CITE,
    }
    audit.record(tx, tenant_id=tenant_id, action=AMOUNTS_FAILED, subject=subject, after=said)
    messages.publish(tx, tenant_id=tenant_id, kind="amounts.failed", subject=plan_id, data=said)
    return failed

"""A plan year is over: what its end gives (a true-up) is posted on its last day. Not here: testing it (day.py)."""

from datetime import date

from open401k import recordkeeping
from open401k.base import messages
from open401k.base.db import Tx
from open401k.kernel import PlanId, PlanYear, Refused, SponsorId

from .payroll_settle import PostingRefused


def end_years(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date, settled: bool = True) -> list[PlanYear]:
    """End every plan year that is over and not ended yet; nothing for a plan that gives nothing at year end.

    Without ``settled`` whoever asks settles the books of the whole past itself.
    """
    ended = recordkeeping.years_to_end(tx, tenant_id=tenant_id, plan_id=plan_id, today=today)
    for year in ended:
        recordkeeping.end_year(tx, tenant_id=tenant_id, plan_id=plan_id, year=year)
        if settled:
            _settle(tx, tenant_id, plan_id, year)
    return ended


def _settle(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear) -> None:
    """Everybody who was paid in the year; what was settled before stays as it is."""
    key = f"year_end/{plan_id}/{year.last_day}"
    scope = recordkeeping.Scope(tenant_id, plan_id, year.start, date.max)
    origin = f"The plan year {year} is over."
    cause = recordkeeping.Cause(key, key, origin=origin, pays=year.last_day)
    posted = recordkeeping.settle(tx, scope=scope, cause=cause)
    if isinstance(posted, Refused):
        raise PostingRefused(posted)
    told = {"last_day": year.last_day.isoformat(), "employer_cents": posted.receivable_cents}
    messages.publish(tx, tenant_id=tenant_id, kind="plan.year_ended", subject=plan_id, data=told)

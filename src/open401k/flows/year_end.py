"""A plan year is over: what its end gives (a true-up) is posted on its last day. Not here: testing it (day.py)."""

from datetime import date

from open401k import plan, recordkeeping
from open401k.base import messages
from open401k.base.db import Tx
from open401k.kernel import PlanId, PlanYear, Refused, SponsorId

from .payroll_settle import PostingRefused


def end_years(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date, settled: bool = True) -> list[PlanYear]:
    """End every plan year that is over and not ended yet; nothing for a plan that gives nothing at year end.

    And each month or quarter whose student loan payments are matched.

    Without ``settled`` whoever asks settles the books of the whole past itself.
    """
    for last_day in recordkeeping.periods_to_end(tx, tenant_id=tenant_id, plan_id=plan_id, today=today):
        recordkeeping.end_period(tx, tenant_id=tenant_id, plan_id=plan_id, last_day=last_day)
        if settled:
            _settle_period(tx, tenant_id, plan_id, last_day)
    ended = recordkeeping.years_to_end(tx, tenant_id=tenant_id, plan_id=plan_id, today=today)
    for year in ended:
        recordkeeping.end_year(tx, tenant_id=tenant_id, plan_id=plan_id, year=year)
        if settled:
            _settle(tx, tenant_id, plan_id, year)
    return ended


def _settle_period(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, last_day: date) -> None:
    year = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=last_day).plan_year_of(last_day)
    _settled(tx, tenant_id, plan_id, year.start, last_day, f"Student loan payments up to {last_day} are matched.")


def _settle(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear) -> None:
    """Everybody who was paid in the year; what was settled before stays as it is."""
    cents = _settled(tx, tenant_id, plan_id, year.start, year.last_day, f"The plan year {year} is over.")
    told = {"last_day": year.last_day.isoformat(), "employer_cents": cents}
    messages.publish(tx, tenant_id=tenant_id, kind="plan.year_ended", subject=plan_id, data=told)


def _settled(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, since: date, last_day: date, origin: str) -> int:
    """What the employer then owes more."""
    key = f"year_end/{plan_id}/{last_day}"
    scope = recordkeeping.Scope(tenant_id, plan_id, since, date.max)
    cause = recordkeeping.Cause(key, key, origin=origin, pays=last_day)
    # A rollover that is on its way stops no plan's round: what it takes along is told as overpaid.
    posted = recordkeeping.settle(tx, scope=scope, cause=cause, reserved_is_gone=True)
    if isinstance(posted, Refused):
        raise PostingRefused(posted)
    return posted.receivable_cents

"""The SQL of payrolls of another day that may be the same payroll. Not here: runs (_store.py)."""

from datetime import date

from open401k.base.db import Tx
from open401k.kernel import ConnectionId, PlanId, RunId, SponsorId

#: Two payrolls are never closer, also where a holiday moves one: closer days are two names for one.
_DAYS = 4
#: Of one pay period no payroll is told later than this, and none is longer: some files tell a year in its place.
_LATE = 31

_NEAR = """
    select run_id, pay_date
    from payroll.run_v
    where
        tenant_id = %(tenant)s
        and plan_id = %(plan)s
        -- as an array, or the last check of every run of the plan is looked up
        and run_id = any (array(
            select checked.run_id
            from payroll.run_check as checked
            where
                checked.tenant_id = %(tenant)s
                and checked.pay_date between %(day)s::date - %(late)s and %(day)s::date + %(late)s
                and (
                    (%(of_days)s and (checked.period_start, checked.period_end) = (%(start)s::date, %(end)s::date))
                    or abs(checked.pay_date - %(day)s::date) <= %(days)s
                )
        ))
        and pay_date <> %(day)s
        and (
            (%(of_days)s and (period_start, period_end) = (%(start)s::date, %(end)s::date))
            or abs(pay_date - %(day)s::date) <= %(days)s
        )
        and status = 'posted'
        and replaced_by is null
        and run_id is distinct from %(other_than)s::uuid
        and coalesce(connection_id = %(connection)s, true)
    order by recorded_at
"""


def posted_near(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    pay_date: date,
    period: tuple[date | None, date | None],
    other_than: RunId | None,
    connection_id: ConnectionId | None,
) -> list[tuple[RunId, date]]:
    """Posted runs, not replaced, of the same pay period or of nearly that day; of this company, if both say whose."""
    start, end = period
    rows = tx.rows(
        _NEAR,
        {
            "tenant": tenant_id,
            "plan": plan_id,
            "day": pay_date,
            "start": start,
            "end": end,
            "of_days": start is not None and end is not None and (end - start).days < _LATE,
            "days": _DAYS,
            "late": _LATE,
            "other_than": other_than,
            "connection": connection_id,
        },
    )
    return [(RunId(run_id), paid_on) for run_id, paid_on in rows]

"""SQL of certified student loan payments; nobody but this room calls it."""

from collections.abc import Sequence
from datetime import date, datetime

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId

Row = tuple[EmployeeId, date, str, datetime, date, int, bool]


def insert_payment(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employee_id: EmployeeId,
    paid_on: date,
    loan: str,
    certified_on: date,
    cents: int,
) -> None:
    """What an employee certified."""
    tx.run(
        """
        insert into recordkeeping.student_loan_payment
            (tenant_id, plan_id, employee_id, paid_on, loan, recorded_at, certified_on, cents)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (tenant_id, plan_id, employee_id, paid_on, loan, tx.now, certified_on, cents),
    )


def every_payment(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Row]:
    """Who, the day, the loan, when it was recorded and certified, cents, whether it counts; the newest first."""
    rows = tx.rows(
        """
        select employee_id, paid_on, loan, recorded_at, certified_on, cents,
               recorded_at = max(recorded_at) over (partition by employee_id, paid_on, loan) and cents > 0
        from recordkeeping.student_loan_payment
        where tenant_id = %s
          and plan_id = %s
        order by recorded_at desc, paid_on desc, employee_id, loan
        """,
        (tenant_id, plan_id),
    )
    return [(EmployeeId(who), *rest) for who, *rest in rows]


def paid(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employee_ids: Sequence[EmployeeId],
    start: date,
    end: date,
    known_at: datetime | None = None,
) -> list[tuple[EmployeeId, date, int]]:
    """What counts, or counted then, of the days from ``start`` up to ``end``: who, the day, cents."""
    rows = tx.rows(
        """
        select employee_id, paid_on, cents
        from (
            select distinct on (employee_id, paid_on, loan) employee_id, paid_on, cents
            from recordkeeping.student_loan_payment
            where tenant_id = %s
              and plan_id = %s
              and employee_id = any(%s)
              and paid_on >= %s
              and paid_on < %s
              and recorded_at <= coalesce(%s, 'infinity'::timestamptz)
            order by employee_id, paid_on, loan, recorded_at desc
        ) newest
        where cents > 0
        """,
        (tenant_id, plan_id, [each.uuid for each in employee_ids], start, end, known_at),
    )
    return [(EmployeeId(who), day, cents) for who, day, cents in rows]

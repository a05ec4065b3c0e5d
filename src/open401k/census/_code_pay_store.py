"""The SQL of pay by earnings code. Not here: sums of whole lines (_sums_store.py)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


def pay_under(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, codes: Sequence[str], start: date, end: date
) -> list[tuple[UUID, date, str, int]]:
    """Cents by person, pay date and code, of runs that nothing has replaced."""
    return tx.rows(
        """
        select line.employee_id, run.pay_date, earning.code, sum(earning.cents)::bigint
        from census.pay_run as run
        join census.pay_earning as earning on earning.tenant_id = run.tenant_id and earning.run_id = run.run_id
        join census.pay_line as line
            on line.tenant_id = earning.tenant_id
                and line.run_id = earning.run_id
                and line.line_no = earning.line_no
        where run.tenant_id = %(tenant_id)s
            and run.plan_id = %(plan_id)s
            and run.pay_date >= %(start)s
            and run.pay_date < %(end)s
            and earning.code = any (%(codes)s::text[])
            and not exists (
                select 1
                from census.pay_run as successor
                where successor.tenant_id = %(tenant_id)s and successor.replaces = run.run_id
            )
        group by line.employee_id, run.pay_date, earning.code
        order by line.employee_id, run.pay_date, earning.code
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "codes": list(codes), "start": start, "end": end},
    )

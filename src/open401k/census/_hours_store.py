"""The SQL that reads how many hours a week were worked, period by period. Not here: sums of pay (_sums_store.py)."""

from typing import LiteralString

import numpy as np
import numpy.typing as npt

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn

from ._sums_store import Span, id_column, int_column, meant, params

_PERIODS: LiteralString = """
    with current_run as ({runs})
    select
        array_send(array_agg(employee_id)), array_send(array_agg(days)), array_send(array_agg(days_under))
    from (
        select
            employee_id, sum(days)::bigint as days,
            coalesce(sum(days) filter (where hours * 7 < %(weekly)s * days), 0)::bigint as days_under
        from (
            select
                line.employee_id, (run.period_end - run.period_start + 1)::bigint as days,
                sum(line.hours_hundredths) as hours
            from current_run
            join census.pay_run as run
                on run.tenant_id = %(tenant_id)s and run.run_id = current_run.run_id
            join census.pay_line as line
                on line.tenant_id = %(tenant_id)s
                    and line.run_id = run.run_id
                    and line.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            where run.period_end - run.period_start <= %(longest)s
            group by line.employee_id, run.period_start, run.period_end
            having sum(line.hours_hundredths) > 0
        ) as period
        group by employee_id
    ) as person
"""


def period_days(
    tx: Tx, span: Span, *, weekly_hundredths: int, longest_days: int
) -> tuple[IdColumn[EmployeeId], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Per person the days of pay periods with hours, and of those with fewer than so many a week."""
    asked = params(span) | {"weekly": weekly_hundredths, "longest": longest_days}
    who, days, under = tx.one(meant(_PERIODS, span), asked, binary=True)
    return id_column(who), int_column(days), int_column(under)

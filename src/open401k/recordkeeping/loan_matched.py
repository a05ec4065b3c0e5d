"""Who received a match of student loan payments, and whose is above the limit by now. Not here: the match.

The books hold one match; what of it is on payments follows from the facts (IRC 401(m)(13)(B)(iv) asks who received it).
"""

from datetime import date, datetime, timedelta

import numpy as np

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, PlanYear, SponsorId

from . import year_ends
from .contributions import MATCHES
from .scope import Scope
from .settlement import compare
from .year_end_facts import by_period

_DAY = timedelta(days=1)


def student_loan_matches(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> dict[EmployeeId, int]:
    """Cents of each one's match that are on student loan payments, posted from ``start`` up to ``end``."""
    found: dict[EmployeeId, int] = {}
    for last in sorted(
        year_ends.on_file(tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, known_at=known_at)
    ):
        scope = Scope(tenant_id, plan_id, last, last + _DAY, known_at=known_at, student_loans=False)
        for without, posted in compare(tx, scope=scope):
            more = np.zeros(len(posted.employee_ids), dtype=np.int64)
            for source in MATCHES:
                for books, sign in ((posted, 1), (without, -1)):
                    if (cents := books.cents.get((source, None))) is not None:
                        more += sign * cents.sum(axis=1)
            for who, received in zip(posted.employee_ids, more.tolist(), strict=True):
                if received:
                    found[who] = found.get(who, 0) + received
    return {who: cents for who, cents in found.items() if cents > 0}


def loan_matches_over(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear) -> dict[EmployeeId, int]:
    """Cents of each one's match of student loan payments that the deferrals of the year have used up since.

    Taken back on the last day of the year (loan_excess.py): before it, what would be if it were over now.
    """
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end)
    if not any(by_period(span.provisions.match) for span in spans):
        return {}
    last = year.last_day
    scope = Scope(tenant_id, plan_id, year.start, year.end, ends=frozenset({last}))
    found: dict[EmployeeId, int] = {}
    for should_be, _ in compare(tx, scope=scope):
        if should_be.pay_dates != (last,):
            continue
        more = sum(
            (cents[:, 0] for source in MATCHES if (cents := should_be.cents.get((source, None))) is not None),
            np.zeros(len(should_be.employee_ids), dtype=np.int64),
        )
        found |= {who: -cents for who, cents in zip(should_be.employee_ids, more.tolist(), strict=True) if cents < 0}
    return found

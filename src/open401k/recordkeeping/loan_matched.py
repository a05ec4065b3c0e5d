"""Who received a match of student loan payments: the books beside what they would be without any. Not here: the match.

The books hold one match; what of it is on payments follows from the facts (IRC 401(m)(13)(B)(iv) asks who received it).
"""

from datetime import date, datetime, timedelta

import numpy as np

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId

from . import year_ends
from .contributions import MATCHES
from .scope import Scope
from .settlement import compare

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
                if received > 0:
                    found[who] = found.get(who, 0) + received
    return found

"""What IRC 415(c) looks at beside a payroll: what was allocated before the limit held, and corrective contributions.

Settlement takes none of the former back for the limit's sake (additions_limit.py). Not here: their correction
(compliance), and what is corrective (corrective.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId

from . import _beside_store
from .additions_limit import NOTHING_BESIDE, Beside
from .posted import books_of
from .posting import Slot


@dataclass(frozen=True, slots=True)
class BesideOnFile:
    """By person and day what stands, and by person and plan year what is corrective.

    The latter counts on every day of its year, whenever it was approved: then it was no more than the year had room for
    (compliance.corrective_room), so no day before loses anything, and what comes later finds it.
    """

    allocated: Sequence[tuple[Slot, EmployeeId, date, int]] = ()
    corrective: Sequence[tuple[UUID, date, int]] = ()

    def of(self, pay_dates: tuple[date, ...], ids: tuple[EmployeeId, ...], year_start: date) -> Beside:
        """The part of it that these people have on these dates of a plan year, as people by dates."""
        if not self.allocated and not self.corrective:
            return NOTHING_BESIDE
        stands = books_of(self.allocated, pay_dates, ids).cents
        corrective = np.zeros((len(ids), len(pay_dates)), dtype=np.int64)
        place = {employee_id.uuid: index for index, employee_id in enumerate(ids)}
        for who, start, cents in self.corrective:
            if start == year_start and who in place:
                corrective[place[who]] += cents
        return Beside({source: cents for (source, _), cents in stands.items()}, corrective)


def read(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> BesideOnFile:
    """What stood on each day from ``start`` up to ``end``, and what is corrective in any plan of the sponsor."""
    corrective = _beside_store.corrective(tx, tenant_id=tenant_id, known_at=known_at)
    last = _beside_store.last_entry_before(tx, tenant_id=tenant_id)
    if last is None:
        return BesideOnFile((), corrective)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at}
    found = ledger.contributions(tx, **of, start=start, end=end, up_to=last)
    allocated = [((each.source, None), each.employee_id, each.event_on, each.cents) for each in found]
    return BesideOnFile(allocated, corrective)

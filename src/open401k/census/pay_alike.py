"""Whether two payrolls pay the same people the same: one may be the other. Not here: what is asked then (flows)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, RunId, SponsorId

from . import _pay_store


class PaidAlike(NamedTuple):
    """People whose gross pay in both is the same to one part in a hundred, of so many with pay in the smaller one."""

    alike: int
    people: int

    @property
    def is_most(self) -> bool:
        """Whether these are at least half: who has the same pay by chance, or a small part of it anew, are few."""
        return self.alike > 0 and 2 * self.alike >= self.people


def paid_alike(
    tx: Tx, *, tenant_id: SponsorId, run_id: RunId, people: IdColumn[EmployeeId], gross: NDArray[np.int64]
) -> PaidAlike:
    """A recorded run beside the gross pay of these people, in cents; somebody named twice is paid both."""
    paid = gross > 0
    these = IdColumn(EmployeeId, people.raw[paid])
    here = len(np.unique(these.raw))
    if not here:
        return PaidAlike(0, 0)
    there, alike = _pay_store.paid_alike(
        tx, tenant_id=tenant_id, run_id=run_id, people=these, gross=gross[paid].tolist()
    )
    return PaidAlike(alike, min(here, there))

"""What was allocated before the employer's money was held to IRC 415(c): it stands until a person corrects it.

Settlement takes none of it back for the limit's sake (additions_limit.py). Not here: its correction (compliance).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId

from . import _allocated_store
from .contributions import Cents
from .posted import books_of
from .posting import Slot

Allocated = Sequence[tuple[Slot, EmployeeId, date, int]]


def read(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> Allocated:
    """What stood on each day from ``start`` up to ``end``; nothing for books that are later."""
    last = _allocated_store.last_entry_before(tx, tenant_id=tenant_id)
    if last is None:
        return ()
    found = ledger.contributions(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, known_at=known_at, up_to=last
    )
    return [((each.source, None), each.employee_id, each.event_on, each.cents) for each in found]


def of(allocated: Allocated, pay_dates: tuple[date, ...], ids: tuple[EmployeeId, ...]) -> Mapping[Source, Cents]:
    """The part of it that these people have on these dates, as people by dates."""
    found = books_of(allocated, pay_dates, ids).cents if allocated else {}
    return {source: cents for (source, _), cents in found.items()}

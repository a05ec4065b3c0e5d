"""What stands in the books for pay dates: credited, and held, per person. Reads only. Not here: what should."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId

from . import _store
from .contributions import Cents, HeldReason
from .posting import Books, Slot


def on_file(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    employees: Sequence[EmployeeId] | None,
    known_at: datetime | None = None,
) -> list[tuple[Slot, EmployeeId, date, int]]:
    """Cents credited per source, and held per source and reason; of everybody, or of these people."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at}
    credited = ledger.contributions(tx, **of, start=start, end=end)
    kept_back = _store.held(tx, **of, start=start, end=end)
    if not credited and not kept_back:  # a payroll of a day without any: nearly every one
        return []
    wanted = None if employees is None else frozenset(employees)
    found: list[tuple[Slot, EmployeeId, date, int]] = [
        ((each.source, None), each.employee_id, each.event_on, each.cents)
        for each in credited
        if wanted is None or each.employee_id in wanted
    ]
    for row in kept_back:
        employee_id = EmployeeId(row.employee_id)
        if wanted is None or employee_id in wanted:
            found.append(((Source(row.source), HeldReason(row.reason)), employee_id, row.pay_date, row.cents))
    return found


def books_of(
    rows: Sequence[tuple[Slot, EmployeeId, date, int]], pay_dates: tuple[date, ...], ids: tuple[EmployeeId, ...]
) -> Books:
    """The part of it that these people have on these dates, as people by dates."""
    place = {employee_id: index for index, employee_id in enumerate(ids)}
    period = {day: index for index, day in enumerate(pay_dates)}
    cents: dict[Slot, Cents] = {}
    for slot, employee_id, day, amount in rows:
        if day in period and employee_id in place:
            grid = cents.setdefault(slot, np.zeros((len(place), len(period)), dtype=np.int64))
            grid[place[employee_id], period[day]] += amount
    return Books(ids, pay_dates, cents)

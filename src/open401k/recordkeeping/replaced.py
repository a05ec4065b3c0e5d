"""The books as they will be when another run has taken the place of one. Reads only; not here: settling them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from open401k import census, ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, RunId

from .posting import Books, difference
from .scope import Scope
from .settlement import compare


def without_run(tx: Tx, *, scope: Scope, run_id: RunId) -> census.Without:
    """What its people have more or less on each pay date of the scope once the run no longer counts."""
    where: dict[str, Any] = {"tenant_id": scope.tenant_id, "plan_id": scope.plan_id}
    day = scope.since + timedelta(days=1)
    paid = census.pay_by_date(tx, **where, start=scope.since, end=day, runs=[run_id])
    moved: list[tuple[date, ledger.Contributed]] = []
    without = census.Without(run_id, moved)
    # Lazy: each part of the scope begins with what the parts before it have moved.
    for should_be, posted in compare(tx, scope=replace(scope, employees=tuple(paid.employee_id), without=without)):
        moved += moved_of(should_be, posted)
    return without


def moved_of(should_be: Books, posted: Books) -> list[tuple[date, ledger.Contributed]]:
    """What is credited more or less, pay date by pay date."""
    credited = {slot[0]: cents for slot, cents in difference(should_be, posted).items() if slot[1] is None}
    ids = IdColumn.of(EmployeeId, should_be.employee_ids)
    found = []
    for period, day in enumerate(should_be.pay_dates):
        some = np.any([cents[:, period] != 0 for cents in credited.values()], axis=0)
        if some.any():
            moved = {source: cents[some, period] for source, cents in credited.items()}
            found.append((day, ledger.Contributed(IdColumn(EmployeeId, ids.raw[some]), moved)))
    return found

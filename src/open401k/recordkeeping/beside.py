"""What IRC 415(c) looks at beside a pay date: what is allocated already, and corrective contributions.

Settlement takes none of the former back for the limit's sake (additions_limit.py; ADR-0083). Not here: its correction
(compliance), and what is corrective (corrective.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from open401k import ledger, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, LimitationYear, PlanId, PlanYear, SponsorId
from open401k.law import additions

from . import _beside_store
from .additions_limit import NOTHING_BESIDE, Beside, Cents
from .contributions import Flags
from .posting import Books


@dataclass(frozen=True, slots=True)
class _Allocated:
    """Rows of what stands in any plan of the sponsor: whose, when, cents, and whether it is a deferral."""

    people: tuple[EmployeeId, ...]
    who: Cents
    day: NDArray[np.datetime64]
    cents: Cents
    is_deferral: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BesideOnFile:
    """By person and day what stands, and by person and plan year what is corrective.

    The latter counts on every day of its year, whenever it was approved: then it was no more than the year had room for
    (compliance.corrective_room), so no day before loses anything, and what comes later finds it.
    """

    allocated: _Allocated | None
    corrective: Sequence[tuple[UUID, date, int]] = ()

    def of(self, posted: Books, year: PlanYear) -> Beside:
        """The part of it that these people have on these dates of a plan year, as people by dates."""
        stands = {source: cents for (source, held), cents in posted.cents.items() if held is None}
        ids, pay_dates = posted.employee_ids, posted.pay_dates
        if not stands and not self.corrective and self.allocated is None:
            return NOTHING_BESIDE
        corrective = np.zeros((len(ids), len(pay_dates)), dtype=np.int64)
        place = {employee_id.uuid: index for index, employee_id in enumerate(ids)}
        for who, start, cents in self.corrective:
            if start == year.start and who in place:
                corrective[place[who]] += cents
        after, deferred = self._after(ids, pay_dates, year)
        return Beside(stands, corrective, after, deferred)

    def _after(
        self, ids: tuple[EmployeeId, ...], pay_dates: tuple[date, ...], year: PlanYear
    ) -> tuple[Cents | int, Cents | int]:
        """What stands on later days of the plan year; and what of it was deferred in the same calendar year."""
        if self.allocated is None:
            return 0, 0
        rows = self.allocated
        place = {employee_id: index for index, employee_id in enumerate(ids)}
        of_row = np.array([place.get(each, -1) for each in rows.people], dtype=np.int64)[rows.who]
        inside = (of_row >= 0) & (rows.day > np.datetime64(pay_dates[0])) & (rows.day < np.datetime64(year.end))
        if not inside.any():
            return 0, 0
        dates = np.array(pay_dates, dtype="datetime64[D]")
        same = inside & rows.is_deferral & (rows.day < np.datetime64(date(pay_dates[0].year + 1, 1, 1)))

        def later(wanted: NDArray[np.bool_]) -> Cents:
            grid = np.zeros((len(ids), len(pay_dates) + 1), dtype=np.int64)
            np.add.at(grid, (of_row[wanted], np.searchsorted(dates, rows.day[wanted])), rows.cents[wanted])
            from_here: Cents = np.cumsum(grid[:, ::-1], axis=1)[:, ::-1]
            return from_here[:, 1:]

        return later(inside), later(same)


def full(beside: Beside, posted: Books, before: Cents, year: PlanYear) -> Flags:
    """Whose plan year has all that 415(c) allows, as it was posted: what leaves it makes room on days before, too."""
    most = additions.dollar_limit(LimitationYear(year.start, year.end), on=posted.pay_dates[-1])
    total = before + sum(cents.sum(axis=1) for cents in beside.stands.values())
    for cents in (beside.corrective, beside.after):
        total = total if isinstance(cents, int) else total + cents[:, -1]
    found: Flags = total >= most
    return found


def read(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, known_at: datetime | None = None
) -> BesideOnFile:
    """What stands from ``start`` on, and what is corrective, in any plan of the sponsor."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "known_at": known_at}
    plans = (plan_id, *plan.other_plans(tx, **of, plan_id=plan_id))
    rows = [
        each
        for one in plans
        for each in ledger.contributions(tx, **of, plan_id=one, start=start, end=date.max)
        if not each.source.is_rollover
    ]
    corrective = _beside_store.corrective(tx, **of)
    if not rows:
        return BesideOnFile(None, corrective)
    people = tuple(dict.fromkeys(each.employee_id for each in rows))
    place = {employee_id: index for index, employee_id in enumerate(people)}
    allocated = _Allocated(
        people,
        np.array([place[each.employee_id] for each in rows], dtype=np.int64),
        np.array([each.event_on for each in rows], dtype="datetime64[D]"),
        np.array([each.cents for each in rows], dtype=np.int64),
        np.array([each.source.is_deferral for each in rows], dtype=np.bool_),
    )
    return BesideOnFile(allocated, corrective)

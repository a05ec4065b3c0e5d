"""Who meets the conditions of an employer contribution of a plan year. Not here: what is given (allocating.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, PlanYear, SponsorId, anniversary
from open401k.plan import Conditions, Waiver

Cents = NDArray[np.int64]
Flags = NDArray[np.bool_]
_HUNDREDTHS = 100
_REASONS = {census.LeftBy.DEATH: Waiver.DEATH, census.LeftBy.DISABILITY: Waiver.DISABILITY}


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """N people and a plan year: who is employed on its last day, hours of service, and how the others left.

    Before the year is over, ``on`` is the day up to which it is known.
    """

    year: PlanYear
    on: date
    here: Flags
    hours_hundredths: Cents
    left_on: tuple[date | None, ...]
    left_by: tuple[Waiver | None, ...]
    birth_dates: tuple[date | None, ...]

    @property
    def over(self) -> bool:
        """Whether the year is known to its end."""
        return self.on >= self.year.last_day


def meets(conditions: Conditions, people: Standing) -> Flags:
    """Who receives a contribution with these conditions.

    Before the year is over, whoever still works is taken to be there on its last day and to reach the hours.
    """
    if not conditions.asks:
        return np.ones(len(people.left_on), dtype=np.bool_)
    here = people.here if conditions.last_day else np.ones_like(people.here)
    enough = np.ones_like(people.here)
    if conditions.hours is not None:
        enough = people.hours_hundredths >= conditions.hours * _HUNDREDTHS
        enough = enough if people.over else enough | people.here
    met: Flags = here | enough if conditions.either else here & enough
    return met | _waived(conditions, people) if conditions.waived else met


def _waived(conditions: Conditions, people: Standing) -> Flags:
    """Who left in the year by death or disability, or at retirement age."""
    found = np.zeros(len(people.left_on), dtype=np.bool_)
    for place, (day, by, born) in enumerate(zip(people.left_on, people.left_by, people.birth_dates, strict=True)):
        if day is None:
            continue
        retired = born is not None and anniversary(born, conditions.retirement_age) <= day
        found[place] = by in conditions.waived or (retired and Waiver.RETIREMENT in conditions.waived)
    return found


def standing_of(employees: Sequence[census.Employee], *, year: PlanYear, on: date, hours_hundredths: Cents) -> Standing:
    """From employment as it is on file."""
    last = [_last_left(each, year, on) for each in employees]
    return Standing(
        year=year,
        on=on,
        here=np.array([census.employed_on(each.employment, on) for each in employees], dtype=np.bool_),
        hours_hundredths=hours_hundredths,
        left_on=tuple(None if each is None else each.terminated_on for each in last),
        left_by=tuple(None if each is None or each.left_by is None else _REASONS.get(each.left_by) for each in last),
        birth_dates=tuple(each.birth_date for each in employees),
    )


def _last_left(employee: census.Employee, year: PlanYear, on: date) -> census.Employment | None:
    """The last employment, where it ended in the year and nobody came back by that day."""
    begun = [span for span in employee.employment if span.hired_on <= on]
    if not begun or (left := begun[-1].terminated_on) is None or not year.start <= left < min(on, year.last_day):
        return None
    return begun[-1]


def read_standing(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employees: Sequence[census.Employee],
    year: PlanYear,
    on: date,
    known_at: datetime | None = None,
) -> Standing:
    """Hours are those that any payroll of the employer told of pay dates of the year, or what was loaded of it."""
    until = min(on + timedelta(days=1), year.end)
    told = census.employer_pay(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=until, known_at=known_at)
    ids = IdColumn.of(EmployeeId, [each.employee_id for each in employees])
    places = ids.places_in(told.employee_id)
    hours = np.zeros(len(ids), dtype=np.int64)
    hours[places >= 0] = told.hours_hundredths[places[places >= 0]]
    loaded = [each.annual_pay.get(year.start.year) for each in employees]
    before = np.array([0 if each is None else each.hours_hundredths for each in loaded], dtype=np.int64)
    return standing_of(employees, year=year, on=min(on, year.last_day), hours_hundredths=np.maximum(hours, before))

"""How many worked for the employer in an earlier year, and what the best paid of them got: read only where it is asked.

Not here: what makes a person count (law.headcount), and what the count is for (standing.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

import numpy as np

from open401k import census, law, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, PlanYear, SponsorId
from open401k.law.headcount import NotOnFile

from .facts import Cents, Flags, Workforce

_UNION = "union"
#: Reads everybody on file, slice by slice where they are many.
Everybody: TypeAlias = Callable[[], Iterable[Sequence[census.Employee]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One plan as known at one instant; ``plan_ids`` are all of its sponsor's, this one first."""

    tx: Tx
    tenant_id: SponsorId
    plan_ids: tuple[PlanId, ...]
    known_at: datetime | None
    provisions: plan.Provisions
    everybody: Everybody


@dataclass(slots=True)
class _Workers:
    """Who worked in the year, as columns."""

    ids: list[EmployeeId] = field(default_factory=list)
    born: list[date | None] = field(default_factory=list)
    loaded_pay: list[int] = field(default_factory=list)
    loaded_hours: list[int] = field(default_factory=list)
    union: list[bool] = field(default_factory=list)
    dated: list[bool] = field(default_factory=list)
    whose: list[int] = field(default_factory=list)
    hired: list[date] = field(default_factory=list)
    ended: list[date] = field(default_factory=list)

    def add(self, employee: census.Employee, year: PlanYear) -> None:
        loaded = employee.annual_pay.get(year.start.year)
        for span in employee.employment:
            self.whose.append(len(self.ids))
            self.hired.append(span.hired_on)
            self.ended.append(year.end if span.terminated_on is None else span.terminated_on + timedelta(days=1))
        self.ids.append(employee.employee_id)
        self.born.append(employee.birth_date)
        self.loaded_pay.append(0 if loaded is None else loaded.section_415_cents)
        self.loaded_hours.append(0 if loaded is None else loaded.hours_hundredths)
        self.union.append(census.class_on(employee, year.last_day) == _UNION)
        self.dated.append(bool(employee.employment))

    def of(self, ids: IdColumn[EmployeeId], column: Cents) -> Cents:
        """A column that the database told, in the order of these people."""
        places = IdColumn.of(EmployeeId, self.ids).places_in(ids)
        out = np.zeros(len(self.ids), dtype=np.int64)
        out[places >= 0] = column[places[places >= 0]]
        return out


def workforce(
    asked: Asked,
    year: PlanYear,
    *,
    until: date,
    people: IdColumn[EmployeeId],
    officers: frozenset[EmployeeId] = frozenset(),
) -> Workforce:
    """Everybody who worked for the employer in a year, counted as 414(q)(5) counts; ``people`` are those of the facts.

    Up to ``until``, where the year still runs. ``officers``: of that year, those not among ``people`` too.
    """
    totals = census.employer_pay(
        asked.tx, tenant_id=asked.tenant_id, plan_id=asked.plan_ids[0], start=year.start, end=until,
        known_at=asked.known_at,
    )  # fmt: skip
    workers = _Workers()
    for employee in _working(asked.everybody(), year, totals.employee_id):
        workers.add(employee, year)
    found = _count(asked, workers, year, until, workers.of(totals.employee_id, totals.hours_hundredths))
    pay = np.maximum(
        workers.of(totals.employee_id, totals.section_415_cents), np.array(workers.loaded_pay, dtype=np.int64)
    )
    places = IdColumn.of(EmployeeId, workers.ids).places_in(people)
    ranked = np.zeros(len(people), dtype=np.bool_)
    ranked[places[(places >= 0) & found.ranked]] = True
    return Workforce(
        year=year,
        worked=found.worked,
        counted=int(found.counted.sum()),
        left_out=tuple((reason.value, n) for reason, n in found.left_out.items()),
        not_on_file=tuple((fact.value, n) for fact, n in found.not_on_file.items()),
        ranked=ranked,
        others_pay=-np.sort(-pay[(places < 0) & found.ranked]),
        other_officers_pay=-np.sort(-pay[(places < 0) & np.array([who in officers for who in workers.ids], np.bool_)]),
    )


def _working(
    slices: Iterable[Sequence[census.Employee]], year: PlanYear, paid: IdColumn[EmployeeId]
) -> Iterator[census.Employee]:
    """Who was employed on a day of the year; without any dates of employment, who was paid in it."""
    paid_ids = set(paid.raw.tolist())
    for some in slices:
        for each in some:
            if each.employment:
                if census.employed_between(each.employment, start=year.start, end=year.end):
                    yield each
            elif year.start.year in each.annual_pay or each.employee_id.uuid.bytes.rstrip(b"\0") in paid_ids:
                yield each


def _count(asked: Asked, workers: _Workers, year: PlanYear, until: date, hours_paid: Cents) -> law.headcount.Headcount:
    weeks = census.period_hours(
        asked.tx, tenant_id=asked.tenant_id, plan_ids=asked.plan_ids, start=year.start, end=until,
        known_at=asked.known_at, weekly_hundredths=law.headcount.WEEKLY_HUNDREDTHS,
    )  # fmt: skip
    count = len(workers.ids)
    whose = np.array(workers.whose, dtype=np.int64)
    hired, ended = np.array(workers.hired, dtype="datetime64[D]"), np.array(workers.ended, dtype="datetime64[D]")
    dated = np.array(workers.dated, dtype=np.bool_)
    born = np.array(workers.born, dtype="datetime64[D]")
    days = workers.of(weeks.employee_id, weeks.days)
    hours = np.maximum(hours_paid, np.array(workers.loaded_hours, dtype=np.int64))
    inside = np.minimum(ended, np.datetime64(min(year.end, until), "D")) - np.maximum(hired, np.datetime64(year.start))
    employed = np.zeros(count, dtype=np.int64)
    np.add.at(employed, whose, np.maximum(inside.astype(np.int64), 0))
    # Hours of the year alone are told as missing only where they might be those of a part-time employee.
    few = hours * 7 < law.headcount.WEEKLY_HUNDREDTHS * employed
    months = law.headcount.months_of_service(whose, hired, ended, year, count)
    return law.headcount.headcount(
        months_of_service=np.where(dated, months, law.headcount.MONTHS_OF_SERVICE),
        under_21=law.headcount.under_age(born, year),
        part_time=law.headcount.part_time(days=days, days_under=workers.of(weeks.employee_id, weeks.days_under)),
        union=np.array(workers.union, dtype=np.bool_),
        covers_union=_UNION not in asked.provisions.eligibility.excluded_classes,
        missing=_missing(dated, np.isnat(born), (days == 0) & ((hours == 0) | few)),
    )


def _missing(dated: Flags, no_birth_date: Flags, no_hours: Flags) -> dict[NotOnFile, Flags]:
    return {NotOnFile.EMPLOYMENT: ~dated, NotOnFile.BIRTH_DATE: no_birth_date, NotOnFile.HOURS: no_hours}

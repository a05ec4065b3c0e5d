"""What of a plan year before a day counts: pay and deferrals from each one's entry on. Not here: formulas."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, PlanYear, Source, SponsorId
from open401k.law import compensation
from open401k.plan import Kind

from .contributions import Cents
from .pay_apart import OutByTerms, every_class


def left_long_ago(employee: census.Employee, day: date, year: PlanYear) -> bool:
    """Gone for so long on the pay date that the pay is no compensation any more (Reg. 1.415(c)-2(e)(3)(i))."""
    spans = employee.employment
    if not spans or day < spans[0].hired_on:
        return False
    return not any(
        span.hired_on <= day
        and (
            span.terminated_on is None
            or compensation.counts_after_severance(severed=span.terminated_on, paid=day, year=year)
        )
        for span in spans
    )


@dataclass(frozen=True, slots=True)
class Counting:
    """Whose pay and deferrals of which plan year; those of a day in a class that was out by its terms do not count.

    ``out``: an amendment takes nothing back that days before it gave (IRC 411(d)(6)), and gives them nothing.
    """

    tenant_id: SponsorId
    plan_id: PlanId
    without: census.Without | None
    year: PlanYear
    out: OutByTerms
    employees: Sequence[census.Employee]
    known_at: datetime | None = None
    kind: Kind = Kind.DEFERRALS  # for which money pay is plan pay

    @property
    def ids(self) -> IdColumn[EmployeeId]:
        """Who, in this order."""
        return IdColumn.of(EmployeeId, [each.employee_id for each in self.employees])

    def compensation(self, tx: Tx, entered_on: Sequence[date | None], pay: census.PayTotals, end: date) -> Cents:
        """Plan pay before a day, from each person's entry to the last pay that counts."""
        year, employees = self.year, self.employees
        found = np.zeros(len(employees), dtype=np.int64)
        if year.start >= end:
            return found
        ids = self.ids
        rows = ids.places_in(pay.employee_id)
        found[rows >= 0] = pay.plan_cents[rows[rows >= 0]]
        entered = _days(entered_on)
        gone = np.array([left_long_ago(who, end, year) for who in employees], dtype=np.bool_)
        gone[census.classed(employees, every_class(self.out))] = True
        partly = np.flatnonzero((entered > np.datetime64(year.start)) | gone)
        if not len(partly):
            return found
        found[partly] = 0
        each = census.pay_by_date(
            tx,
            tenant_id=self.tenant_id,
            plan_id=self.plan_id,
            start=year.start,
            end=end,
            employees=[employees[place].employee_id for place in partly.tolist()],
            brought=True,
            without=self.without,
            known_at=self.known_at,
            kind=self.kind,
        )
        places = each.employee_id.places_in(ids)[each.employee]
        days: list[date] = each.pay_date.astype("datetime64[D]").tolist()
        late = [
            left_long_ago(employees[place], day, year) or census.is_out(employees[place], self.out, day)
            for place, day in zip(places.tolist(), days, strict=True)
        ]
        counted = (each.pay_date.astype("datetime64[D]") >= entered[places]) & ~np.array(late, dtype=np.bool_)
        np.add.at(found, places[counted], each.plan_cents[counted])
        return found

    def deferrals(self, tx: Tx, entered_on: Sequence[date | None], whole: Cents, start: date, end: date) -> Cents:
        """Of the deferrals of some days (``whole``) those from each person's entry on.

        What was before is read once for all who entered on the same day: a plan has few entry days in a year.
        """
        entered, ids = _days(entered_on), self.ids
        found = np.where(entered < np.datetime64(end), whole, 0)
        inside = (entered > np.datetime64(start)) & (entered < np.datetime64(end)) & (whole != 0)
        for day in np.unique(entered[inside]).tolist():
            earlier = census.contributed(
                tx,
                tenant_id=self.tenant_id,
                plan_id=self.plan_id,
                start=start,
                end=day,
                without=self.without,
                known_at=self.known_at,
            ).of(ids)
            there = inside & (entered == np.datetime64(day))
            for source in Source:
                if source.is_deferral and source in earlier:
                    found[there] -= earlier[source][there]
        return self._in_class(tx, entered_on, found, start, end)

    def _in_class(self, tx: Tx, entered_on: Sequence[date | None], found: Cents, start: date, end: date) -> Cents:
        """Less what was deferred while of a class that is out of this money alone; days out of the plan have none."""
        ids, out = self.ids, defaultdict[tuple[date, date], list[int]](list)
        for place in census.classed(self.employees, every_class(self.out)):
            since = max(entered_on[place] or end, start)
            for days in census.days_out(self.employees[place], self.out, since, end):
                out[days].append(place)
        for (first, until), places in out.items():
            money = census.contributed(
                tx,
                tenant_id=self.tenant_id,
                plan_id=self.plan_id,
                start=first,
                end=until,
                without=self.without,
                known_at=self.known_at,
            ).of(ids)
            for source in Source:
                if source.is_deferral and source in money:
                    found[places] -= money[source][places]
        return found


def _days(entered_on: Sequence[date | None]) -> np.typing.NDArray[np.datetime64]:
    return np.array([day or date.max for day in entered_on], dtype="datetime64[D]")

"""Gathering facts and settling the books to them: should-be minus posted. Not here: formulas, entries (posting.py)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import groupby

import numpy as np

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, PlanId, PlanYear, Refused, Source, SponsorId
from open401k.law import deferrals

from . import _store
from .contributions import Cents, HeldReason, Pay, People, YearToDate, entitle
from .posting import Books, Cause, Settled, Slot, post_difference

#: Pay after the last day of work that payrolls usually still owe: post-severance pay within 2 1/2 months counts as
#: compensation (Reg. 1.415(c)-2(e)(3)(i)).
STILL_PAID = timedelta(days=75)


@dataclass(frozen=True, slots=True)
class Segment:
    """Pay dates of one calendar year and one plan year under the same provisions: what ``entitle`` takes at once."""

    provisions: plan.Provisions
    pay_dates: tuple[date, ...]

    @property
    def calendar_year(self) -> CalendarYear:
        return CalendarYear(self.pay_dates[0].year)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose books, from which pay date on. ``employees`` None is everybody with pay."""

    tenant_id: SponsorId
    plan_id: PlanId
    since: date
    until: date
    employees: Sequence[EmployeeId] | None = None
    roster: Sequence[census.Employee] | None = None


def settle(tx: Tx, *, scope: Scope, cause: Cause) -> Settled | Refused[ledger.Refusal]:
    """Post what is missing, take back what is too much, for every pay date of the scope; a settled book stays."""
    total = Settled()
    for should_be, posted in compare(tx, scope=scope):
        settled = post_difference(
            tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, should_be=should_be, posted=posted, cause=cause
        )
        if isinstance(settled, Refused):
            return settled
        total = _added(total, settled)
    return total


def compare(tx: Tx, *, scope: Scope) -> Iterator[tuple[Books, Books]]:
    """Should-be and posted, segment by segment. Lazy: a segment's opening reads what the one before it posted."""
    pay = census.pay_by_date(
        tx,
        tenant_id=scope.tenant_id,
        plan_id=scope.plan_id,
        start=scope.since,
        end=scope.until,
        employees=scope.employees,
    )
    if not len(pay):
        return
    roster = scope.roster if scope.roster is not None else census.roster(tx, tenant_id=scope.tenant_id)
    by_id = {employee.employee_id: employee for employee in roster}
    employees = [by_id[employee_id] for employee_id in pay.employee_id]
    for segment in _segments(tx, scope, pay):
        yield _compare_segment(tx, scope, segment, employees, pay)


def _segments(tx: Tx, scope: Scope, pay: census.PayByDate) -> Iterator[Segment]:
    dates: list[date] = np.unique(pay.pay_date.astype("datetime64[D]")).tolist()
    until = dates[-1] + timedelta(days=1)
    spans = plan.provisions_between(tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=dates[0], end=until)
    for span in spans:
        inside = [day for day in dates if span.start <= day < span.end]
        for _, days in groupby(inside, partial(_years, span.provisions)):
            yield Segment(span.provisions, tuple(days))


def _years(provisions: plan.Provisions, day: date) -> tuple[int, PlanYear]:
    return day.year, provisions.plan_year_of(day)


def _compare_segment(
    tx: Tx, scope: Scope, segment: Segment, employees: Sequence[census.Employee], pay: census.PayByDate
) -> tuple[Books, Books]:
    ids = tuple(employee.employee_id for employee in employees)
    people = _people(tx, scope, segment, employees)
    opening = _opening(tx, scope, segment, people)
    entitlement = entitle(segment.provisions, people, _pay(segment, pay, employees), opening)
    should_be: dict[Slot, Cents] = {(source, None): cents for source, cents in entitlement.credited.items()}
    should_be |= {(source, reason): cents for (source, reason), cents in entitlement.held.items()}
    return Books(ids, segment.pay_dates, should_be), _posted(tx, scope, segment, ids)


def _people(tx: Tx, scope: Scope, segment: Segment, employees: Sequence[census.Employee]) -> People:
    year = segment.calendar_year
    wages = census.fica_wages(
        tx,
        tenant_id=scope.tenant_id,
        plan_id=scope.plan_id,
        employees=employees,
        year=CalendarYear(year.year - 1),
    )
    births = np.array([e.birth_date.year if e.birth_date else 0 for e in employees], dtype=np.int64)
    return People(
        employee_ids=tuple(employee.employee_id for employee in employees),
        entered_on=census.entry_dates(
            tx,
            tenant_id=scope.tenant_id,
            provisions=segment.provisions,
            plan_id=scope.plan_id,
            employees=employees,
        ),
        age_at_year_end=deferrals.ages_at_year_end(births, year),
        roth_catch_up_only=deferrals.roth_catch_up_required(wages, year),
    )


def _pay(segment: Segment, pay: census.PayByDate, employees: Sequence[census.Employee]) -> Pay:
    """Rows scattered into people by pay dates; catch-up codes count as what they are, deferrals."""
    column = {np.datetime64(day): period for period, day in enumerate(segment.pay_dates)}
    days = pay.pay_date.astype("datetime64[D]")
    inside = np.isin(days, list(column))
    where = (pay.employee[inside], np.array([column[day] for day in days[inside]], dtype=np.int64))

    def scattered(values: Cents) -> Cents:
        grid = np.zeros((len(pay.employee_id), len(segment.pay_dates)), dtype=np.int64)
        np.add.at(grid, where, values[inside])
        return grid

    return Pay(
        pay_dates=segment.pay_dates,
        compensation=scattered(pay.plan_cents),
        pre_tax=scattered(pay.pre_tax_cents + pay.catch_up_pre_tax_cents),
        roth=scattered(pay.roth_cents + pay.catch_up_roth_cents),
        after_tax=scattered(pay.after_tax_cents),
        coded_catch_up_pre_tax=scattered(pay.catch_up_pre_tax_cents),
        coded_catch_up_roth=scattered(pay.catch_up_roth_cents),
        left_long_ago=np.array([[_left_long_ago(who, day) for day in segment.pay_dates] for who in employees]),
    )


def _left_long_ago(employee: census.Employee, day: date) -> bool:
    """Gone for so long on the pay date that the pay is hardly plan pay any more."""
    here = any(
        span.hired_on <= day and (span.terminated_on is None or span.terminated_on + STILL_PAID >= day)
        for span in employee.employment
    )
    return bool(employee.employment) and not here and day >= employee.employment[0].hired_on


def _opening(tx: Tx, scope: Scope, segment: Segment, people: People) -> YearToDate:
    """Year to date before the segment, from the books (money) and the pay lines (compensation from entry on)."""
    first = segment.pay_dates[0]
    plan_year = segment.provisions.plan_year_of(first)
    place = {employee_id: index for index, employee_id in enumerate(people.employee_ids)}
    calendar = _credited(tx, scope, segment.calendar_year.start, first, place)
    in_plan_year = calendar if plan_year.start == segment.calendar_year.start else None
    if in_plan_year is None:
        in_plan_year = _credited(tx, scope, plan_year.start, first, place)
    match = segment.provisions.match
    nothing = np.zeros(len(place), dtype=np.int64)
    return YearToDate(
        deferrals=calendar.get(Source.PRE_TAX, nothing) + calendar.get(Source.ROTH, nothing),
        roth_deferrals=calendar.get(Source.ROTH, nothing),
        compensation=_compensation_before(tx, scope, plan_year.start, first, people),
        matched_deferrals=in_plan_year.get(Source.PRE_TAX, nothing) + in_plan_year.get(Source.ROTH, nothing),
        match=in_plan_year.get(match.source, nothing) if match else nothing,
        additions=sum((cents for source, cents in in_plan_year.items() if source is not Source.ROLLOVER), nothing),
    )


def _credited(tx: Tx, scope: Scope, start: date, end: date, place: dict[EmployeeId, int]) -> dict[Source, Cents]:
    found: dict[Source, Cents] = {}
    if start >= end:
        return found
    rows = ledger.contribution_totals(tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=start, end=end)
    for employee_id, source, cents in rows:
        if employee_id in place:
            found.setdefault(source, np.zeros(len(place), dtype=np.int64))[place[employee_id]] = cents
    return found


def _compensation_before(tx: Tx, scope: Scope, start: date, end: date, people: People) -> Cents:
    """Plan compensation of the plan year before ``end``, counted from each person's entry."""
    place = {employee_id: index for index, employee_id in enumerate(people.employee_ids)}
    found = np.zeros(len(place), dtype=np.int64)
    if start >= end:
        return found
    totals = census.pay_totals(
        tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=start, end=end, employees=scope.employees
    )
    late = {
        employee_id
        for employee_id, entered in zip(people.employee_ids, people.entered_on, strict=True)
        if entered is None or entered > start
    }
    for employee_id, cents in zip(totals.employee_id, totals.plan_cents.tolist(), strict=True):
        if employee_id in place and employee_id not in late:
            found[place[employee_id]] = cents
    if late:
        each = census.pay_by_date(
            tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=start, end=end, employees=sorted(late)
        )
        days: list[date] = each.pay_date.astype("datetime64[D]").tolist()
        for index, day, cents in zip(each.employee.tolist(), days, each.plan_cents.tolist(), strict=True):
            employee_id = each.employee_id[index]
            entered = people.entered_on[place[employee_id]]
            if entered is not None and day >= entered:
                found[place[employee_id]] += cents
    return found


def _posted(tx: Tx, scope: Scope, segment: Segment, ids: Sequence[EmployeeId]) -> Books:
    """What stands in the books for the segment's pay dates: credited per source, held per source and reason."""
    place = {employee_id: index for index, employee_id in enumerate(ids)}
    period = {day: index for index, day in enumerate(segment.pay_dates)}
    start, end = segment.pay_dates[0], segment.pay_dates[-1] + timedelta(days=1)
    cents: dict[Slot, Cents] = {}

    def put(slot: Slot, employee_id: EmployeeId, day: date, amount: int) -> None:
        if employee_id in place and day in period:
            grid = cents.setdefault(slot, np.zeros((len(place), len(period)), dtype=np.int64))
            grid[place[employee_id], period[day]] += amount

    tenant_id, plan_id = scope.tenant_id, scope.plan_id
    for credited in ledger.contributions(tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end):
        put((credited.source, None), credited.employee_id, credited.event_on, credited.cents)
    for row in _store.held(tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end):
        put((Source(row.source), HeldReason(row.reason)), EmployeeId(row.employee_id), row.pay_date, row.cents)
    return Books(tuple(ids), segment.pay_dates, cents)


def _added(one: Settled, other: Settled) -> Settled:
    credited, held = dict(one.credited_cents), dict(one.held_cents)
    for source, cents in other.credited_cents.items():
        credited[source] = credited.get(source, 0) + cents
    for slot, cents in other.held_cents.items():
        held[slot] = held.get(slot, 0) + cents
    return Settled((*one.entries, *other.entries), credited, held)

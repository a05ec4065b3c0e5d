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
from .contributions import Cents, HeldReason, Pay, PayOfDate, People, YearToDate, entitle, entitle_date
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
    """Should-be and posted, segment by segment. Lazy: a segment's opening reads what the one before it posted.

    Who has money posted but no pay any more (a corrected file left them out) is compared as well.
    """
    pay = census.pay_by_date(
        tx,
        tenant_id=scope.tenant_id,
        plan_id=scope.plan_id,
        start=scope.since,
        end=scope.until,
        employees=scope.employees,
    )
    posted = _posted(tx, scope)
    everybody = sorted({*pay.employee_id, *(who for _, who, _, _ in posted)})
    dates = sorted({*pay.pay_date.astype("datetime64[D]").tolist(), *(day for _, _, day, _ in posted)})
    if not dates:
        return
    roster = scope.roster if scope.roster is not None else census.roster(tx, tenant_id=scope.tenant_id)
    by_id = {employee.employee_id: employee for employee in roster}
    employees = [by_id[employee_id] for employee_id in everybody]
    for segment in _segments(tx, scope, dates):
        people = _people(tx, scope, segment, employees)
        opening = _opening(tx, scope, segment, people)
        found = entitle(segment.provisions, people, _pay(segment, pay, employees), opening)
        should_be: dict[Slot, Cents] = {(source, None): cents for source, cents in found.credited.items()}
        should_be |= {(source, reason): cents for (source, reason), cents in found.held.items()}
        ids = people.employee_ids
        yield Books(ids, segment.pay_dates, should_be), _posted_books(posted, segment, ids)


@dataclass(frozen=True, slots=True)
class Reported:
    """N cents of one payroll before it is recorded, in the order of the employees."""

    compensation: Cents
    pre_tax: Cents
    roth: Cents


def preview_match(
    tx: Tx,
    *,
    scope: Scope,
    provisions: plan.Provisions,
    employees: Sequence[census.Employee],
    pay: Reported,
) -> Cents:
    """The match that posting this payroll would give, per employee: to hold the file's own figure against."""
    nothing = np.zeros(len(employees), dtype=np.int64)
    if provisions.match is None:
        return nothing
    segment = Segment(provisions, (scope.since,))
    people = _people(tx, scope, segment, employees)
    of_date = PayOfDate(
        on=scope.since,
        compensation=pay.compensation,
        pre_tax=pay.pre_tax,
        roth=pay.roth,
        after_tax=nothing,
        coded_catch_up_pre_tax=nothing,
        coded_catch_up_roth=nothing,
        left_long_ago=np.array([_left_long_ago(who, scope.since) for who in employees], dtype=np.bool_),
    )
    credited, _, _ = entitle_date(provisions, people, of_date, _opening(tx, scope, segment, people))
    return credited[provisions.match.source]


def _segments(tx: Tx, scope: Scope, dates: Sequence[date]) -> Iterator[Segment]:
    until = dates[-1] + timedelta(days=1)
    spans = plan.provisions_between(tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=dates[0], end=until)
    for span in spans:
        inside = [day for day in dates if span.start <= day < span.end]
        for _, days in groupby(inside, partial(_years, span.provisions)):
            yield Segment(span.provisions, tuple(days))


def _years(provisions: plan.Provisions, day: date) -> tuple[int, PlanYear]:
    return day.year, provisions.plan_year_of(day)


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
    row = {employee.employee_id: index for index, employee in enumerate(employees)}
    rows = np.array([row[employee_id] for employee_id in pay.employee_id], dtype=np.int64)
    days = pay.pay_date.astype("datetime64[D]")
    dates = np.array(segment.pay_dates, dtype="datetime64[D]")
    inside = np.isin(days, dates)
    where = (rows[pay.employee[inside]], np.searchsorted(dates, days[inside]))

    def scattered(values: Cents) -> Cents:
        grid = np.zeros((len(employees), len(segment.pay_dates)), dtype=np.int64)
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


def _posted(tx: Tx, scope: Scope) -> list[tuple[Slot, EmployeeId, date, int]]:
    """What stands in the books for the pay dates of the scope: credited per source, held per source and reason."""
    wanted = None if scope.employees is None else frozenset(scope.employees)
    credited = ledger.contributions(
        tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=scope.since, end=scope.until
    )
    found: list[tuple[Slot, EmployeeId, date, int]] = [
        ((each.source, None), each.employee_id, each.event_on, each.cents)
        for each in credited
        if wanted is None or each.employee_id in wanted
    ]
    held = _store.held(tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=scope.since, end=scope.until)
    for row in held:
        employee_id = EmployeeId(row.employee_id)
        if wanted is None or employee_id in wanted:
            found.append(((Source(row.source), HeldReason(row.reason)), employee_id, row.pay_date, row.cents))
    return found


def _posted_books(
    posted: Sequence[tuple[Slot, EmployeeId, date, int]], segment: Segment, ids: tuple[EmployeeId, ...]
) -> Books:
    place = {employee_id: index for index, employee_id in enumerate(ids)}
    period = {day: index for index, day in enumerate(segment.pay_dates)}
    cents: dict[Slot, Cents] = {}
    for slot, employee_id, day, amount in posted:
        if day in period:
            grid = cents.setdefault(slot, np.zeros((len(place), len(period)), dtype=np.int64))
            grid[place[employee_id], period[day]] += amount
    return Books(ids, segment.pay_dates, cents)


def _added(one: Settled, other: Settled) -> Settled:
    credited, held = dict(one.credited_cents), dict(one.held_cents)
    for source, cents in other.credited_cents.items():
        credited[source] = credited.get(source, 0) + cents
    for slot, cents in other.held_cents.items():
        held[slot] = held.get(slot, 0) + cents
    return Settled((*one.entries, *other.entries), credited, held)

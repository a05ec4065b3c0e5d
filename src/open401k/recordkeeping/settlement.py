"""Gathering facts and settling the books to them: should-be minus posted. Not here: formulas, entries (posting.py)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from itertools import takewhile
from types import MappingProxyType
from typing import Any

import numpy as np

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, IdColumn, Source
from open401k.law import deferrals, figures

from . import beside, shared_out, year_ends
from .before_date import Counting, left_long_ago
from .contributions import (
    MATCHES,
    NOT_OVER,
    Cents,
    Flags,
    Pay,
    People,
    YearEnd,
    YearToDate,
    entitle,
)
from .declaring import declared_for
from .elsewhere import Elsewhere, added, counted, read_elsewhere
from .entered import ToDate
from .highly_paid import highly_paid
from .pay_apart import by_date_apart, entered_for, out_by_terms, out_of, out_of_kinds, paid_apart, totals_apart
from .posted import books_of, on_file
from .posting import Books, Slot
from .scope import Scope, Segment, segments, widened
from .supposed_pay import with_more
from .tenure import whole_years
from .year_end_facts import Counts, OfYear

#: People settled at once: enough for set-based statements, few enough that memory does not grow with the plan.
SLICE = 10_000

_NOT_TOLD = np.iinfo(np.int64).max

DEFERRALS = tuple(source for source in Source if source.is_deferral)


@dataclass(frozen=True, slots=True)
class Before:
    """Contributions and pay of everybody before a pay date, here and elsewhere: read once for all slices of people."""

    calendar_year: ledger.Contributed
    plan_year: ledger.Contributed
    pay: census.PayTotals
    wages: census.PayTotals  # of the calendar year before, from the employer
    amended: "BeforeAmendment | None" = None  # where a match's period began, or its terms, within the plan year
    last_year: ledger.Contributed | None = None  # calendar year before, up to a plan year that began in it
    elsewhere: tuple[Elsewhere, ...] = ()  # the sponsor's other plans
    apart: Mapping[plan.Kind, census.PayTotals] = field(default_factory=dict)  # as kinds count it that count other pay
    terms: tuple[plan.Span, ...] = ()  # of the plan year, the pay date included
    of_year: census.PayTotals | None = None  # of the whole plan year, from the employer, where its end is settled


@dataclass(frozen=True, slots=True)
class BeforeAmendment:
    """The plan year before the match's period, or its terms, began: until when, what was contributed and paid."""

    until: date
    contributed: ledger.Contributed
    pay: census.PayTotals
    apart: Mapping[plan.Kind, census.PayTotals] = field(default_factory=dict)


def compare(tx: Tx, *, scope: Scope) -> Iterator[tuple[Books, Books]]:
    """Should-be and posted, by segment and slice of people. Lazy: a segment's opening reads what was posted before.

    Who has money posted but no pay any more (a corrected file left them out) is compared as well.
    """
    for should_be, posted, _ in compared(tx, scope):
        yield should_be, posted


def compared(tx: Tx, scope: Scope) -> Iterator[tuple[Books, Books, int]]:
    """As :func:`compare`, with the number of the slice."""
    scope = widened(tx, scope)
    days: dict[str, Any] = {"start": scope.since, "end": scope.until, "employees": scope.employees}
    asked: dict[str, Any] = {**scope.where, **days, "without": scope.without, "brought": scope.brought}
    pay = with_more(census.pay_by_date(tx, **asked), scope.withheld)
    apart = by_date_apart(tx, pay, **asked)
    standing = on_file(tx, **scope.where, **days)
    aside = beside.read(tx, **scope.where, start=scope.since)
    everybody = pay.employee_id.union(IdColumn.of(EmployeeId, {who for _, who, _, _ in standing}))
    ends = scope.ends | year_ends.on_file(tx, **scope.where, start=scope.since, end=scope.until)
    paid = np.unique(pay.pay_date).astype("datetime64[D]").tolist()
    dates = sorted({*paid, *(day for _, _, day, _ in standing), *ends})
    if not len(everybody):
        return
    in_doubt = census.in_doubt(tx, **scope.where, start=scope.since, end=scope.until, without=scope.without)
    known = None if scope.roster is None else {employee.employee_id: employee for employee in scope.roster}
    for segment in segments(tx, scope, dates, ends):
        before = read_before(tx, scope=scope, provisions=segment.provisions, on=segment.pay_dates[0])
        before = _with_pay_of_year(tx, scope, segment, before)
        shared = _shared(tx, scope, segment)
        for part, start in enumerate(range(0, len(everybody), SLICE)):
            column = everybody[start : start + SLICE]
            ids = tuple(column)
            if known is None:
                employees = census.roster(tx, tenant_id=scope.tenant_id, employee_ids=ids, known_at=scope.known_at)
            else:
                employees = [known[employee_id] for employee_id in ids]
            people = people_of(tx, scope, segment, employees, before)
            opening = opening_of(tx, scope, segment, people, employees, before)
            year_end = NOT_OVER
            if segment.ends_period:
                year_end = _year_end(tx, scope, segment, people, employees, before, shared)
            reported = pay_of(segment, pay, column, employees, in_doubt, apart)
            year = segment.provisions.plan_year_of(segment.pay_dates[0])
            posted = books_of(standing, segment.pay_dates, ids)
            reported = replace(reported, beside=aside.of(posted, year))
            found = entitle(segment.provisions, people, reported, opening, year_end)
            should_be: dict[Slot, Cents] = {(source, None): cents for source, cents in found.credited.items()}
            should_be |= {(source, reason): cents for (source, reason), cents in found.held.items()}
            had = beside.full(reported.beside, posted, opening.additions, year)
            wanted = Books(ids, segment.pay_dates, should_be, found.not_given, had)
            yield wanted, posted, part


def read_before(tx: Tx, *, scope: Scope, provisions: plan.Provisions, on: date, known: Before | None = None) -> Before:
    """What everybody's opening is made of: contributions and pay of the years before a pay date.

    ``known`` is what somebody has read of it already.
    """
    calendar, plan_year = CalendarYear(on.year), provisions.plan_year_of(on)
    where = scope.where
    out: dict[str, Any] = {"without": scope.without}
    if known is None:
        in_calendar = census.contributed(tx, **where, **out, start=calendar.start, end=on)
        same = plan_year.start == calendar.start
        last = CalendarYear(calendar.year - 1)
        known = Before(
            calendar_year=in_calendar,
            plan_year=in_calendar if same else census.contributed(tx, **where, **out, start=plan_year.start, end=on),
            pay=census.pay_totals(tx, **where, **out, start=plan_year.start, end=on),
            wages=census.employer_pay(tx, **where, start=last.start, end=last.end),
            last_year=census.contributed(tx, **where, **out, start=last.start, end=plan_year.start)
            if plan_year.start < calendar.start
            else None,
        )
    terms = plan.provisions_between(tx, **where, start=plan_year.start, end=on + timedelta(days=1))
    kinds = paid_apart(terms)
    known = replace(
        known,
        terms=terms,
        elsewhere=read_elsewhere(tx, **where, on=on, calendar=calendar, year=plan_year),
        apart=totals_apart(tx, kinds, **where, **out, start=plan_year.start, end=on),
    )
    since = _same_match_since(terms, provisions, on)
    if since <= plan_year.start:
        return known
    earlier: dict[str, Any] = {**where, **out, "start": plan_year.start, "end": since}
    paid, apart = census.pay_totals(tx, **earlier), totals_apart(tx, kinds, **earlier)
    return replace(known, amended=BeforeAmendment(since, census.contributed(tx, **earlier), paid, apart))


def _same_match_since(terms: Sequence[plan.Span], provisions: plan.Provisions, on: date) -> date:
    """The day from which a match over a longer period counts: that of the period, or of the terms of ``on``."""
    start = provisions.match_period_start(on)
    if start is None:
        return provisions.plan_year_of(on).start
    same = takewhile(lambda span: span.provisions.match == provisions.match, reversed(terms))
    return max(start, min((span.start for span in same), default=on + timedelta(days=1)))


def _shared(tx: Tx, scope: Scope, segment: Segment) -> shared_out.SharedOut | None:
    """Profit sharing by groups or points of the plan year that the segment ends: one person's follows from all."""
    if not segment.ends_year or segment.provisions.profit_sharing is None:
        return None
    where: dict[str, Any] = {"tenant_id": scope.tenant_id, "plan_id": scope.plan_id, "terms": segment.provisions}
    declared = declared_for(tx, **where, last_day=segment.pay_dates[0])
    return shared_out.read(tx, **where, without=scope.without, on=segment.pay_dates[0], declared=declared)


def _year_end(
    tx: Tx,
    scope: Scope,
    segment: Segment,
    people: People,
    employees: Sequence[census.Employee],
    before: Before,
    shared: shared_out.SharedOut | None,
) -> YearEnd:
    """What the end of the segment's plan year counts, and what was declared for it."""
    (last,) = segment.pay_dates
    year = segment.provisions.plan_year_of(last)
    where = scope.where
    counting = _counting(scope, segment, employees, before, plan.Kind.MATCH)
    of_match = people.match_entered_on or people.entered_on

    def paid_before(kind: plan.Kind, entered: Sequence[date | None], day: date) -> Cents:
        to_date: dict[str, Any] = {**where, "without": scope.without, "start": year.start, "end": day}
        pay = before.apart.get(kind, before.pay) if day == last else census.pay_totals(tx, **to_date, kind=kind)
        return _counting(scope, segment, employees, before, kind).compensation(tx, entered, pay, day)

    def deferred_of(deferred: Cents, start: date, end: date) -> Cents:
        return deferred if people.match_entered_on is None else counting.deferrals(tx, of_match, deferred, start, end)

    ids = IdColumn.of(EmployeeId, people.employee_ids)
    of_year = OfYear(
        tx,
        where=where,
        without=scope.without,
        ids=ids,
        spans=plan.provisions_between(tx, **where, start=year.start, end=year.end),
        year=year,
        contributed=before.plan_year,
        matched=Counts(partial(paid_before, plan.Kind.MATCH, of_match), deferred_of, of_match),
        given=Counts(partial(paid_before, plan.Kind.NONELECTIVE, people.nonelective_entered_on or people.entered_on)),
        loans=scope.student_loans,
    )
    if not segment.ends_year:
        return of_year.read_period(employees, last)
    found = of_year.read(employees, declared_for(tx, **where, terms=segment.provisions, last_day=last))
    found = replace(found, section_415=_section_415(before, ids))
    return found if shared is None else replace(found, shared=shared.of(ids))


def _with_pay_of_year(tx: Tx, scope: Scope, segment: Segment, before: Before) -> Before:
    """With the employer's pay of the plan year that the segment ends; not for books that are to come yet."""
    if not segment.ends_year or scope.without is not None:
        return before
    year = segment.provisions.plan_year_of(segment.pay_dates[0])
    return replace(before, of_year=census.employer_pay(tx, **scope.where, start=year.start, end=year.end))


def _section_415(before: Before, ids: IdColumn[EmployeeId]) -> Cents | None:
    """415(c)(3) pay of the year, nothing included; more than any limit of whom no payroll tells."""
    if before.of_year is None:
        return None
    places = ids.places_in(before.of_year.employee_id)
    paid: Cents = np.append(before.of_year.section_415_cents, _NOT_TOLD)[places]
    return np.maximum(paid, 0)


def people_of(tx: Tx, scope: Scope, segment: Segment, employees: Sequence[census.Employee], before: Before) -> People:
    """What the formulas ask of each one, as of the segment."""
    year = segment.calendar_year
    wages = census.fica_wages(
        tx,
        tenant_id=scope.tenant_id,
        plan_id=scope.plan_id,
        terms=segment.provisions.deferrals,
        employees=employees,
        year=CalendarYear(year.year - 1),
        own=before.wages,
    )
    match = segment.provisions.match
    first_day = segment.provisions.plan_year_of(segment.pay_dates[0]).start
    births = np.array([e.birth_date.year if e.birth_date else 0 for e in employees], dtype=np.int64)
    entered = census.entries_by_kind(tx, **scope.where, provisions=segment.provisions, employees=employees)
    return People(
        employee_ids=tuple(employee.employee_id for employee in employees),
        entered_on=entered.deferrals,
        match_entered_on=entered_for(plan.Kind.MATCH, entered, before.apart, before.terms),
        nonelective_entered_on=entered_for(plan.Kind.NONELECTIVE, entered, before.apart, before.terms),
        age_at_year_end=deferrals.ages_at_year_end(births, year),
        roth_catch_up_only=deferrals.roth_catch_up_required(wages, year),
        years_of_service=whole_years(employees, first_day) if match is not None and match.by_service else None,
        out_of_safe_harbor=None
        if segment.provisions.safe_harbor_hces
        else highly_paid(
            tx, **scope.where, employees=employees, year=segment.provisions.plan_year_of(segment.pay_dates[0])
        ),
    )


def pay_of(
    segment: Segment,
    pay: census.PayByDate,
    column: IdColumn[EmployeeId],
    employees: Sequence[census.Employee],
    in_doubt: Collection[tuple[EmployeeId, date]] = (),
    apart: Mapping[plan.Kind, Cents] = MappingProxyType({}),
) -> Pay:
    """Rows scattered into people by pay dates; catch-up codes count as what they are, deferrals."""
    rows = pay.employee_id.places_in(column)[pay.employee]
    days = pay.pay_date.astype("datetime64[D]")
    dates = np.array(segment.pay_dates, dtype="datetime64[D]")
    years = [segment.provisions.plan_year_of(day) for day in segment.pay_dates]
    inside = np.isin(days, dates) & (rows >= 0)
    where = (rows[inside], np.searchsorted(dates, days[inside]))

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
        left_long_ago=np.array(
            [
                [left_long_ago(who, day, year) for day, year in zip(segment.pay_dates, years, strict=True)]
                for who in employees
            ],
            dtype=np.bool_,
        ).reshape(len(employees), len(segment.pay_dates)),
        kept_out=out_of(plan.Kind.DEFERRALS, segment.provisions, employees, segment.pay_dates),
        in_doubt=_in_doubt(segment, employees, in_doubt) if in_doubt else None,
        apart={kind: scattered(cents) for kind, cents in apart.items()},
        out_of=out_of_kinds(segment.provisions, employees, segment.pay_dates),
    )


def _in_doubt(
    segment: Segment, people: Sequence[census.Employee], in_doubt: Collection[tuple[EmployeeId, date]]
) -> Flags | None:
    flags = np.array([[(who.employee_id, day) in in_doubt for day in segment.pay_dates] for who in people])
    return flags if flags.any() else None


def opening_of(
    tx: Tx, scope: Scope, segment: Segment, people: People, employees: Sequence[census.Employee], before: Before
) -> YearToDate:
    """Year to date before the segment: money from the books and from elsewhere, compensation from entry on."""
    ids = IdColumn.of(EmployeeId, people.employee_ids)
    calendar = before.calendar_year.of(ids)
    in_plan_year = calendar if before.plan_year is before.calendar_year else before.plan_year.of(ids)
    nothing = np.zeros(len(ids), dtype=np.int64)
    counting = _counting(scope, segment, employees, before)
    earned = counting.compensation(tx, people.entered_on, before.pay, segment.pay_dates[0])
    deferred = _sum(in_plan_year, DEFERRALS, nothing)
    match = _sum(in_plan_year, MATCHES, nothing)
    calendar_elsewhere = added([each.calendar_year for each in before.elsewhere], ids)
    plan_year_elsewhere = added([each.plan_year for each in before.elsewhere], ids)
    of_calendar = _sum(calendar, DEFERRALS, nothing) + _sum(calendar_elsewhere, DEFERRALS, nothing)
    of_plan_year = deferred + _sum(plan_year_elsewhere, DEFERRALS, nothing)
    earlier, earlier_pay = {}, nothing
    if (amended := before.amended) is not None:
        earlier = amended.contributed.of(ids)
        earlier_pay = counting.compensation(tx, people.entered_on, amended.pay, amended.until)
    whole = YearToDate(
        deferrals=of_calendar,
        roth_deferrals=calendar.get(Source.ROTH, nothing) + calendar_elsewhere.get(Source.ROTH, nothing),
        compensation=earned,
        plan_year_deferrals=deferred,
        match=match,
        additions=counted(in_plan_year, nothing) + counted(plan_year_elsewhere, nothing),
        matched_deferrals=deferred - _sum(earlier, DEFERRALS, nothing),
        match_of_terms=match - _sum(earlier, MATCHES, nothing),
        compensation_before_terms=earlier_pay,
        catch_up_elsewhere=_catch_up_elsewhere(segment, before, ids, of_calendar, of_plan_year),
    )
    if people.match_entered_on is None and people.nonelective_entered_on is None:
        return whole
    kinds = (plan.Kind.MATCH, plan.Kind.NONELECTIVE)
    of_match, of_nonelective = (_counting(scope, segment, employees, before, kind) for kind in kinds)
    return replace(
        whole,
        for_match=_to_date(tx, of_match, segment, people.match_entered_on, before, whole),
        for_nonelective=_to_date(tx, of_nonelective, segment, people.nonelective_entered_on, before, whole),
    )


def _counting(
    scope: Scope,
    segment: Segment,
    employees: Sequence[census.Employee],
    before: Before,
    kind: plan.Kind = plan.Kind.DEFERRALS,
) -> Counting:
    return Counting(
        tenant_id=scope.tenant_id,
        plan_id=scope.plan_id,
        without=scope.without,
        year=segment.provisions.plan_year_of(segment.pay_dates[0]),
        out=out_by_terms(before.terms, kind),
        employees=employees,
        known_at=scope.known_at,
        kind=kind,
    )


def _to_date(
    tx: Tx,
    counting: Counting,
    segment: Segment,
    entered: Sequence[date | None] | None,
    before: Before,
    whole: YearToDate,
) -> ToDate | None:
    """What of the plan year counts for a kind of money that people enter for on a day of its own."""
    if entered is None:
        return None
    end, start, amended = segment.pay_dates[0], counting.year.start, before.amended
    earlier = np.zeros_like(whole.compensation)
    if amended is not None:
        earlier = counting.compensation(tx, entered, amended.apart.get(counting.kind, amended.pay), amended.until)
    since = start if amended is None else amended.until
    deferred = counting.deferrals(tx, entered, whole.plan_year_deferrals, start, end)
    return ToDate(
        compensation=counting.compensation(tx, entered, before.apart.get(counting.kind, before.pay), end),
        plan_year_deferrals=deferred,
        matched_deferrals=deferred
        if amended is None
        else counting.deferrals(tx, entered, whole.matched_deferrals, since, end),
        compensation_before_terms=earlier,
    )


def _catch_up_elsewhere(
    segment: Segment, before: Before, ids: IdColumn[EmployeeId], of_calendar: Cents, of_plan_year: Cents
) -> Cents:
    """What 402(g) made catch-up in the part of the plan year, or of the calendar year, that the other does not have."""
    year, start = segment.calendar_year, segment.provisions.plan_year_of(segment.pay_dates[0]).start
    if before.last_year is None:
        limit = figures.cents("limit_402g", year)
        return -np.maximum(of_calendar - of_plan_year - limit, 0) if start > year.start else np.zeros_like(of_calendar)
    limit = figures.cents("limit_402g", CalendarYear(year.year - 1))
    of_last_year = [before.last_year, *(each.last_year for each in before.elsewhere if each.last_year is not None)]
    first = _sum(added(of_last_year, ids), DEFERRALS, np.zeros_like(of_calendar))
    found: Cents = np.maximum(first + of_plan_year - of_calendar - limit, 0) - np.maximum(first - limit, 0)
    return found


def _sum(money: Mapping[Source, Cents], sources: Sequence[Source], nothing: Cents) -> Cents:
    return sum((money[source] for source in sources if source in money), nothing)

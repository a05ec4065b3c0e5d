"""When each employee enters the plan: their facts put to the plan's eligibility terms. Not here: the rule (law)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId, anniversary
from open401k.law import elapsed_time, eligibility
from open401k.plan import Kind, Provisions, plan_year_of

from .classes import class_on, classed, let_in
from .employer import employer_pay_by_date
from .part_time import part_time_entries
from .people import Employee

_A_YEAR = elapsed_time.MONTHS_OF_A_YEAR
#: Hours of work in hours, as the law counts them; pay lines carry hundredths.
_HUNDREDTHS = 100
Hours: TypeAlias = Mapping[EmployeeId, Mapping[date, int]]
Days: TypeAlias = tuple[date | None, ...]


@dataclass(frozen=True, slots=True)
class EntryDays:
    """The day on which each one enters for each kind of money.

    ``match`` and ``nonelective`` None: the same as ``deferrals``, as in most plans. ``by_terms``: the day by the plan's
    own terms for deferrals, where long-term part-time work lets somebody in sooner; None where it lets in nobody.
    """

    deferrals: Days
    match: Days | None = None
    nonelective: Days | None = None
    by_terms: Days | None = None

    def of(self, kind: Kind) -> Days:
        """The days of one kind of money."""
        apart = {Kind.MATCH: self.match, Kind.NONELECTIVE: self.nonelective}.get(kind)
        return self.deferrals if apart is None else apart


def entry_dates(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    provisions: Provisions,
    plan_id: PlanId,
    employees: Sequence[Employee],
    known_at: datetime | None = None,
    on: date | None = None,
) -> Days:
    """As :func:`first_entries`, and None for who is kept out by class on a day (left out: by the last one on file)."""
    days = first_entries(
        tx, tenant_id=tenant_id, provisions=provisions, plan_id=plan_id, employees=employees, known_at=known_at
    )
    return _without_classed(days, provisions.eligibility, employees, on)


def entry_days(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    provisions: Provisions,
    plan_id: PlanId,
    employees: Sequence[Employee],
    on: date,
) -> EntryDays:
    """As :func:`entry_dates`, for each kind of money."""
    found = entries_by_kind(tx, tenant_id=tenant_id, provisions=provisions, plan_id=plan_id, employees=employees)

    def there(days: Days, kind: Kind = Kind.DEFERRALS) -> Days:
        return _without_classed(days, provisions.eligibility_of(kind), employees, on)

    def apart(days: Days | None, kind: Kind) -> Days | None:
        own = there(found.of(kind), kind)
        return own if days is not None or own != deferrals else None

    deferrals = there(found.deferrals)
    by_terms = None if found.by_terms is None else there(found.by_terms)
    return EntryDays(deferrals, apart(found.match, Kind.MATCH), apart(found.nonelective, Kind.NONELECTIVE), by_terms)


def _without_classed(days: Days, terms: plan.Eligibility, employees: Sequence[Employee], on: date | None) -> Days:
    excluded = frozenset(terms.excluded_classes)
    out = {
        place
        for place in classed(employees, excluded)
        if (employees[place].employee_class if on is None else class_on(employees[place], on)) in excluded
    }
    return tuple(None if place in out else day for place, day in enumerate(days)) if out else days


def first_entries(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    provisions: Provisions,
    plan_id: PlanId,
    employees: Sequence[Employee],
    known_at: datetime | None = None,
    any_class: bool = False,
) -> Days:
    """The day each one becomes (or became) a participant, who may defer, None while it is not in sight (IRC 410(a)).

    Each possible entry day is judged by the terms in force on it: who has entered stays in when the plan asks for more,
    and nobody enters before the day on which it asks for less. Nobody enters while of a class that is out; who meets
    age and service in such a class enters on the day of leaving it. ``any_class`` asks as if no class were out. Terms
    that the plan never had are taken to have held always. Somebody hired again is a participant again at once if they
    had entered before (410(a)(5)). Where the plan counts hours, they come from pay lines of any plan of the employer
    (IRC 410(a)(3)(A)) and from loaded years; a year without either has none.
    """
    return entries_by_kind(
        tx, tenant_id=tenant_id, provisions=provisions, plan_id=plan_id, employees=employees, known_at=known_at,
        any_class=any_class, kinds=(),
    ).deferrals  # fmt: skip


def entries_by_kind(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    provisions: Provisions,
    plan_id: PlanId,
    employees: Sequence[Employee],
    known_at: datetime | None = None,
    any_class: bool = False,
    kinds: Sequence[Kind] = (Kind.MATCH, Kind.NONELECTIVE),
) -> EntryDays:
    """As :func:`first_entries`, for deferrals and for these kinds of money.

    Nobody enters for employer money before they may defer. Who may defer only for long-term part-time work enters for
    it by the plan's own terms, unless it lets them share (IRC 401(k)(15)(B)(i)).
    """
    spans = plan.provisions_between(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max, known_at=known_at
    )
    plans = (plan_id, *(spans[0].others if spans else ()))
    if all(span.provisions != provisions for span in spans):
        spans = (plan.Span(date.min, date.max, provisions),)
    asked = [replace(span, provisions=_of_any_class(span.provisions)) for span in spans] if any_class else spans

    @cache
    def hours(span: Provisions) -> Hours:
        return hours_of_service(tx, tenant_id, plans, span, employees, known_at)

    deferrals, by_terms = _by_kind(_asked(asked, Kind.DEFERRALS), employees, hours, shares=True)

    def apart(kind: Kind) -> Days | None:
        own = _asked(asked, kind)
        if kind not in kinds:
            return None
        if own == _asked(asked, Kind.DEFERRALS) and not any(_shares(span) for span in own):
            return by_terms
        days, _ = _by_kind(own, employees, hours, shares=False)
        later = tuple(map(_later, days, deferrals))
        return None if later == deferrals else later

    return EntryDays(deferrals, apart(Kind.MATCH), apart(Kind.NONELECTIVE), by_terms)


def _by_kind(
    spans: Sequence[plan.Span], employees: Sequence[Employee], hours: Callable[[Provisions], Hours], *, shares: bool
) -> tuple[Days, Days | None]:
    """The day of each, and, where long-term part-time work made one of them sooner, each by the plan's own terms.

    ``shares``: whether such work counts in any case, or only where the terms say so.
    """
    days, part_time = _entered(spans, employees, hours, part_time=lambda span: shares or _shares(span))
    found = tuple(_after_rehire(employee, day) for employee, day in zip(employees, days, strict=True))
    if not part_time:
        return found, None
    plain, _ = _entered(spans, employees, hours, part_time=lambda _: False)
    own = tuple(_after_rehire(employee, day) for employee, day in zip(employees, plain, strict=True))
    return found, None if own == found else own


def _shares(span: plan.Span) -> bool:
    return span.provisions.eligibility.part_time_shares


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def _of_any_class(provisions: Provisions) -> Provisions:
    match, other = provisions.match_eligibility, provisions.nonelective_eligibility
    return replace(
        provisions,
        eligibility=replace(provisions.eligibility, excluded_classes=()),
        match_eligibility=None if match is None else replace(match, excluded_classes=()),
        nonelective_eligibility=None if other is None else replace(other, excluded_classes=()),
    )


def _asked(spans: Sequence[plan.Span], kind: Kind) -> list[plan.Span]:
    """The spans that differ in what they ask for; the first reaches back to before the plan, as service does.

    What a kind of money asks for stands where deferrals have theirs.
    """
    found: list[plan.Span] = []
    for each in spans:
        terms = each.provisions.eligibility_of(kind)
        span = each if terms is each.provisions.eligibility else _asking(each, terms)
        before = found[-1].provisions if found else None
        if before is not None and _same_entry(before, span.provisions):
            found[-1] = replace(found[-1], end=span.end)
        else:
            found.append(span if found else replace(span, start=date.min))
    return found


def _asking(span: plan.Span, terms: plan.Eligibility) -> plan.Span:
    return replace(span, provisions=replace(span.provisions, eligibility=terms))


def _same_entry(one: Provisions, other: Provisions) -> bool:
    return (one.eligibility, one.plan_year_start) == (other.eligibility, other.plan_year_start)


def _entered(
    spans: Sequence[plan.Span],
    employees: Sequence[Employee],
    hours: Callable[[Provisions], Hours],
    *,
    part_time: Callable[[plan.Span], bool],
) -> tuple[list[date | None], bool]:
    """The first entry day of each that falls into the terms by which it was found; a class that is out cannot enter.

    And whether long-term part-time work made any of them sooner.
    """
    found = np.full(len(employees), np.datetime64("NaT", "D"), dtype="datetime64[D]")
    sooner = False
    for number, span in enumerate(spans):
        not_before = span.start if number else None
        days = _days(span.provisions, employees, hours, not_before)
        if part_time(span) and span.provisions.eligibility.hours_in_year:
            lawful = part_time_entries(employees, hours(span.provisions), eligibility_terms(span.provisions))
            if not_before is not None:
                lawful = np.where(np.isnat(lawful), lawful, np.maximum(lawful, np.datetime64(not_before)))
            sooner |= bool((~np.isnat(lawful) & ~(days <= lawful)).any())
            days = np.fmin(days, lawful)
        excluded = frozenset(span.provisions.eligibility.excluded_classes)
        for place in classed(employees, excluded):
            day: date | None = days[place].item()
            days[place] = None if day is None else let_in(employees[place], excluded, day)
        enters = np.isnat(found) & ~np.isnat(days)
        if number + 1 < len(spans):
            enters &= days < np.datetime64(span.end)
        found[enters] = days[enters]
    once: dict[date | None, date | None] = {}  # of 100,000 people there are some hundred days
    return [once.setdefault(day, day) for day in found.tolist()], sooner


def _days(
    provisions: Provisions,
    employees: Sequence[Employee],
    hours: Callable[[Provisions], Hours],
    not_before: date | None,
) -> npt.NDArray[np.datetime64]:
    """Entry by age and service under these terms alone, whatever class anybody is of."""
    born = np.array([employee.birth_date for employee in employees], dtype="datetime64[D]")
    hired = np.array([_first_hired(employee) for employee in employees], dtype="datetime64[D]")
    terms = eligibility_terms(provisions)
    met = None
    if terms.hours_in_year is not None:
        worked = hours(provisions)
        met = np.array([_year_of_service(terms, each, worked) for each in employees], dtype="datetime64[D]")
    years = terms.service_months // _A_YEAR
    by_elapsed_time = terms.hours_in_year is None and years > 0 and terms.service_months % _A_YEAR == 0
    since = _with_gaps(employees, hired, years) if by_elapsed_time else hired
    return eligibility.entries(terms, born=born, hired=since, year_of_service_met=met, not_before=not_before).entry


def _with_gaps(
    employees: Sequence[Employee], hired: npt.NDArray[np.datetime64], years: int
) -> npt.NDArray[np.datetime64]:
    """The first day of work, of who came back: that from which as many years without a gap would end on the same day.

    A severance of more than a year is no service (Reg. 1.410(a)-7(c)(2)); without whole years of it nobody enters.
    """
    several = [place for place, each in enumerate(employees) if len(each.employment) > 1]
    if not several:
        return hired
    found = hired.copy()
    for place in several:
        spans = employees[place].employment
        stints = tuple(elapsed_time.Stint(span.hired_on, ended=span.terminated_on) for span in spans)
        on = anniversary(spans[-1].hired_on, years + 1)  # by then whoever stays has the years
        done = _years_completed(stints, on, years)
        found[place] = None if done is None else anniversary(done, -years)
    return found


def _years_completed(stints: tuple[elapsed_time.Stint, ...], by: date, years: int) -> date | None:
    """The first day by which so many years of service are complete: service never gets less, so between two days."""
    if years == 1:
        return elapsed_time.elapsed_service(stints=stints, on=by).year_completed_on

    def complete(on: date) -> bool:
        begun = tuple(each for each in stints if each.began <= on)
        return elapsed_time.elapsed_service(stints=begun, on=on).whole_years >= years

    if not complete(by):
        return None
    early, late = stints[0].began, by
    while early < late:
        middle = early + timedelta(days=(late - early).days // 2)
        early, late = (early, middle) if complete(middle) else (middle + timedelta(days=1), late)
    return late


def entry_of_new(provisions: Provisions, *, born: date, hired: date) -> date | None:
    """The day somebody just hired will enter; None where the plan counts hours that are still to be worked."""
    return eligibility.entry_date(eligibility_terms(provisions), born=born, hired=hired)


def eligibility_terms(provisions: Provisions) -> eligibility.EligibilityTerms:
    """What the plan asks for before entry, as the law's rules take it."""
    asked = provisions.eligibility
    return eligibility.EligibilityTerms(
        minimum_age=asked.minimum_age,
        service_months=asked.service_months,
        hours_in_year=asked.hours_in_year,
        entry=eligibility.EntryRule(asked.entry.value),
        plan_year_start=provisions.plan_year_start,
        # More than a year is lawful in a plan for such money alone (plan.problems).
        vested_after_two_years=asked.service_months > eligibility.MAXIMUM_SERVICE_MONTHS,
    )


def _first_hired(employee: Employee) -> date | None:
    return employee.employment[0].hired_on if employee.employment else None


def _after_rehire(employee: Employee, entry: date | None) -> date | None:
    """Entry never falls between two employments: then it is the day of the rehire."""
    for earlier, later in zip(employee.employment, employee.employment[1:], strict=False):
        left = earlier.terminated_on
        if entry is not None and left is not None and left < entry < later.hired_on:
            return eligibility.entry_after_rehire(was_participant=False, entry=entry, rehired=later.hired_on)
    return entry


def hours_of_service(
    tx: Tx,
    tenant_id: SponsorId,
    plans: Sequence[PlanId],
    provisions: Provisions,
    employees: Sequence[Employee],
    known_at: datetime | None,
) -> Mapping[EmployeeId, Mapping[date, int]]:
    """Hundredths of hours by the first day of each computation period: the year from hire, then plan years.

    ``plans`` are those of the employer, this one first.
    """
    found: dict[EmployeeId, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    hired = {employee.employee_id: _first_hired(employee) for employee in employees}
    known = [day for day in hired.values() if day is not None]
    if not known:
        return found
    pay = employer_pay_by_date(
        tx,
        tenant_id=tenant_id,
        plan_ids=plans,
        start=min(known),
        end=date.max,
        known_at=known_at,
        employees=list(hired),
        brought=True,
    )
    days: list[date] = pay.pay_date.astype("datetime64[D]").tolist()
    for place, day, hundredths in zip(pay.employee.tolist(), days, pay.hours_hundredths.tolist(), strict=True):
        employee_id = pay.employee_id[place]
        start = hired.get(employee_id)
        if start is None:
            continue
        plan_year = plan_year_of(provisions.plan_year_start, day).start
        if start <= day < anniversary(start, 1) and plan_year != start:
            found[employee_id][start] += hundredths
        found[employee_id][plan_year] += hundredths
    for employee in employees:
        for year, pay_of_year in employee.annual_pay.items():
            start = provisions.plan_year_start.in_year(year)
            found[employee.employee_id][start] = max(found[employee.employee_id][start], pay_of_year.hours_hundredths)
    return found


def _year_of_service(terms: eligibility.EligibilityTerms, employee: Employee, hours: Hours) -> date | None:
    """The day after the year, or the second one, with enough hours; two periods that overlap are two years."""
    hired = _first_hired(employee)
    if hired is None:
        return None
    whole = {start: hundredths // _HUNDREDTHS for start, hundredths in hours.get(employee.employee_id, {}).items()}
    required = terms.hours_in_year or eligibility.MAXIMUM_HOURS
    met = None
    for _ in range(max(terms.service_months // _A_YEAR, 1)):
        met = eligibility.year_of_service(hired, whole, plan_year_start=terms.plan_year_start, required=required)
        whole = {start: worked for start, worked in whole.items() if met is None or anniversary(start, 1) > met}
    return met

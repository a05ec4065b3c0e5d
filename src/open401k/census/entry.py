"""When each employee enters the plan: their facts put to the plan's eligibility terms. Not here: the rule (law)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId, anniversary
from open401k.law import elapsed_time, eligibility
from open401k.plan import Provisions, plan_year_of

from .classes import class_on, classed, let_in
from .employer import employer_pay_by_date
from .people import Employee

_A_YEAR = elapsed_time.MONTHS_OF_A_YEAR
#: Hours of work in hours, as the law counts them; pay lines carry hundredths.
_HUNDREDTHS = 100


def entry_dates(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    provisions: Provisions,
    plan_id: PlanId,
    employees: Sequence[Employee],
    known_at: datetime | None = None,
    on: date | None = None,
) -> tuple[date | None, ...]:
    """As :func:`first_entries`, and None for who is kept out by class on a day (left out: by the last one on file)."""
    days = first_entries(
        tx, tenant_id=tenant_id, provisions=provisions, plan_id=plan_id, employees=employees, known_at=known_at
    )
    excluded = frozenset(provisions.eligibility.excluded_classes)
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
) -> tuple[date | None, ...]:
    """The day each one becomes (or became) a participant, None while it is not in sight (IRC 410(a)).

    Each possible entry day is judged by the terms in force on it: who has entered stays in when the plan asks for more,
    and nobody enters before the day on which it asks for less. Nobody enters while of a class that is out; who meets
    age and service in such a class enters on the day of leaving it. ``any_class`` asks as if no class were out. Terms
    that the plan never had are taken to have held always. Somebody hired again is a participant again at once if they
    had entered before (410(a)(5)). Where the plan counts hours, they come from pay lines of any plan of the employer
    (IRC 410(a)(3)(A)) and from loaded years; a year without either has none.
    """
    spans = plan.provisions_between(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max, known_at=known_at
    )
    plans = (plan_id, *(spans[0].others if spans else ()))
    if all(span.provisions != provisions for span in spans):
        spans = (plan.Span(date.min, date.max, provisions),)
    asked = [replace(span, provisions=_of_any_class(span.provisions)) for span in spans] if any_class else spans
    days = _entered(tx, tenant_id, plans, _asked(asked), employees, known_at)
    return tuple(_after_rehire(employee, day) for employee, day in zip(employees, days, strict=True))


def _of_any_class(provisions: Provisions) -> Provisions:
    return replace(provisions, eligibility=replace(provisions.eligibility, excluded_classes=()))


def _asked(spans: Sequence[plan.Span]) -> list[plan.Span]:
    """The spans that differ in what they ask for; the first reaches back to before the plan, as service does."""
    found: list[plan.Span] = []
    for span in spans:
        before = found[-1].provisions if found else None
        if before is not None and _same_entry(before, span.provisions):
            found[-1] = replace(found[-1], end=span.end)
        else:
            found.append(span if found else replace(span, start=date.min))
    return found


def _same_entry(one: Provisions, other: Provisions) -> bool:
    return (one.eligibility, one.plan_year_start) == (other.eligibility, other.plan_year_start)


def _entered(
    tx: Tx,
    tenant_id: SponsorId,
    plans: Sequence[PlanId],
    spans: Sequence[plan.Span],
    employees: Sequence[Employee],
    known_at: datetime | None,
) -> list[date | None]:
    """The first entry day of each that falls into the terms by which it was found; a class that is out cannot enter."""
    born = np.array([employee.birth_date for employee in employees], dtype="datetime64[D]")
    hired = np.array([_first_hired(employee) for employee in employees], dtype="datetime64[D]")
    found = np.full(len(employees), np.datetime64("NaT", "D"), dtype="datetime64[D]")
    for number, span in enumerate(spans):
        terms = eligibility_terms(span.provisions)
        met = None
        if terms.hours_in_year is not None:
            hours = hours_of_service(tx, tenant_id, plans, span.provisions, employees, known_at)
            met = np.array([_year_of_service(terms, each, hours) for each in employees], dtype="datetime64[D]")
        not_before = span.start if number else None
        by_elapsed_time = terms.hours_in_year is None and terms.service_months == _A_YEAR
        since = _with_gaps(employees, hired) if by_elapsed_time else hired
        days = eligibility.entries(terms, born=born, hired=since, year_of_service_met=met, not_before=not_before).entry
        excluded = frozenset(span.provisions.eligibility.excluded_classes)
        for place in classed(employees, excluded):
            day: date | None = days[place].item()
            days[place] = None if day is None else let_in(employees[place], excluded, day)
        enters = np.isnat(found) & ~np.isnat(days)
        if number + 1 < len(spans):
            enters &= days < np.datetime64(span.end)
        found[enters] = days[enters]
    once: dict[date | None, date | None] = {}  # of 100,000 people there are some hundred days
    return [once.setdefault(day, day) for day in found.tolist()]


def _with_gaps(employees: Sequence[Employee], hired: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """The first day of work, of who came back: that from which a year without a gap would end on the same day.

    A severance of more than a year is no service (Reg. 1.410(a)-7(c)(2)); without a whole year of it nobody enters.
    """
    several = [place for place, each in enumerate(employees) if len(each.employment) > 1]
    if not several:
        return hired
    found = hired.copy()
    for place in several:
        spans = employees[place].employment
        stints = tuple(elapsed_time.Stint(span.hired_on, ended=span.terminated_on) for span in spans)
        on = anniversary(spans[-1].hired_on, 2)  # by then whoever stays has the year
        done = elapsed_time.elapsed_service(stints=stints, on=on).year_completed_on
        found[place] = None if done is None else anniversary(done, -1)
    return found


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
        if start <= day < anniversary(start, 1):
            found[employee_id][start] += hundredths
        found[employee_id][plan_year_of(provisions.plan_year_start, day).start] += hundredths
    for employee in employees:
        for year, pay_of_year in employee.annual_pay.items():
            start = provisions.plan_year_start.in_year(year)
            found[employee.employee_id][start] = max(found[employee.employee_id][start], pay_of_year.hours_hundredths)
    return found


def _year_of_service(
    terms: eligibility.EligibilityTerms, employee: Employee, hours: Mapping[EmployeeId, Mapping[date, int]]
) -> date | None:
    hired = _first_hired(employee)
    if hired is None:
        return None
    whole = {start: hundredths // _HUNDREDTHS for start, hundredths in hours.get(employee.employee_id, {}).items()}
    required = terms.hours_in_year or eligibility.MAXIMUM_HOURS
    return eligibility.year_of_service(hired, whole, plan_year_start=terms.plan_year_start, required=required)

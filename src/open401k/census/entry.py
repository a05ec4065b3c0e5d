"""When each employee enters the plan: their facts put to the plan's eligibility terms. Not here: the rule (law)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId, anniversary
from open401k.law import eligibility
from open401k.plan import Provisions, plan_year_of

from .pay_lines import pay_by_date
from .people import Employee

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
) -> tuple[date | None, ...]:
    """The day each one becomes (or became) a participant, None while it is not in sight (IRC 410(a)).

    Somebody hired again is a participant again at once if they had entered before (410(a)(5)). Where the plan counts
    hours, they come from pay lines and from loaded years; a year without either has none.
    """
    terms = _terms(provisions)
    met = None
    if terms.hours_in_year is not None:
        hours = _hours(tx, tenant_id, plan_id, provisions, employees, known_at)
        met = [_year_of_service(terms, employee, hours) for employee in employees]
    found = eligibility.entries(
        terms,
        born=np.array([employee.birth_date for employee in employees], dtype="datetime64[D]"),
        hired=np.array([_first_hired(employee) for employee in employees], dtype="datetime64[D]"),
        year_of_service_met=None if met is None else np.array(met, dtype="datetime64[D]"),
    )
    excluded = frozenset(provisions.eligibility.excluded_classes)
    days: list[date | None] = found.entry.tolist()
    return tuple(
        None if employee.employee_class in excluded else _after_rehire(employee, day)
        for employee, day in zip(employees, days, strict=True)
    )


def entry_of_new(provisions: Provisions, *, born: date, hired: date) -> date | None:
    """The day somebody just hired will enter; None where the plan counts hours that are still to be worked."""
    return eligibility.entry_date(_terms(provisions), born=born, hired=hired)


def _terms(provisions: Provisions) -> eligibility.EligibilityTerms:
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


def _hours(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    provisions: Provisions,
    employees: Sequence[Employee],
    known_at: datetime | None,
) -> Mapping[EmployeeId, Mapping[date, int]]:
    """Hundredths of hours by the first day of each computation period: the year from hire, then plan years."""
    found: dict[EmployeeId, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    hired = {employee.employee_id: _first_hired(employee) for employee in employees}
    known = [day for day in hired.values() if day is not None]
    if not known:
        return found
    pay = pay_by_date(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        start=min(known),
        end=date.max,
        known_at=known_at,
        employees=list(hired),
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

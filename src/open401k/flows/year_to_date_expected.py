"""What a file of year-to-date figures is held against: years, payrolls on file, and days on which counts begin anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from open401k import census, ledger, payroll, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, PlanId, PlanYear, SponsorId, anniversary


@dataclass(frozen=True, slots=True)
class YearToDate:
    """A file, and the day up to which the payrolls before the takeover are in it."""

    tenant_id: SponsorId
    plan_id: PlanId
    as_of: date
    name: str
    content: bytes


def expected_of(tx: Tx, told: YearToDate, terms: plan.Provisions, people: frozenset[str]) -> payroll.YearToDateExpected:
    """Years that count on the day, days on which counts of everybody begin anew, and what was posted here."""
    year = terms.plan_year_of(told.as_of)
    first = CalendarYear(year.start.year)
    runs = census.pay_runs(tx, tenant_id=told.tenant_id, plan_id=told.plan_id)
    determined = year.start - timedelta(days=1)
    held = ledger.balances(tx, tenant_id=told.tenant_id, plan_id=told.plan_id, as_of=determined)
    return payroll.YearToDateExpected(
        first_day=first.start,
        as_of=told.as_of,
        years=" and ".join(str(each) for each in range(first.year, told.as_of.year + 1)),
        people=people,
        boundaries=list(_boundaries(tx, told, year)),
        paid_here=sorted(run.pay_date for run in runs if run.current and not run.brought),
        balance_on_file=determined if held.total(ledger.Kind.PARTICIPANT) else None,
    )


def _boundaries(tx: Tx, told: YearToDate, year: PlanYear) -> Iterator[payroll.Boundary]:
    """Days on which counts of everybody begin anew."""
    if told.as_of.year > year.start.year:
        yield payroll.Boundary(date(told.as_of.year, 1, 1), "the first day of a calendar year (IRC 402(g))")
    if year.start != CalendarYear(year.start.year).start:
        yield payroll.Boundary(year.start, "the first day of the plan year")
    spans = plan.provisions_between(
        tx, tenant_id=told.tenant_id, plan_id=told.plan_id, start=year.start, end=told.as_of + timedelta(days=1)
    )
    for before, after in pairwise(spans):
        if before.provisions.match != after.provisions.match:
            yield payroll.Boundary(after.start, "the day on which the match was amended")


def own_boundaries(
    tx: Tx, told: YearToDate, terms: plan.Provisions, people: set[EmployeeId]
) -> Mapping[EmployeeId, list[payroll.Boundary]]:
    """Days on which counts of one person begin anew: employer money counts pay from entry on."""
    roster = census.roster(tx, tenant_id=told.tenant_id, employee_ids=sorted(people))
    of: dict[str, Any] = {"tenant_id": told.tenant_id, "provisions": terms, "plan_id": told.plan_id}
    entered = census.entry_dates(tx, **of, employees=roster)
    by_kind = census.entries_by_kind(tx, **of, employees=roster)
    apart = [(by_kind.match, "the match"), (by_kind.nonelective, "nonelective contributions")]
    by_hours = any(terms.eligibility_of(each).hours_in_year is not None for each in plan.Kind)
    found: dict[EmployeeId, list[payroll.Boundary]] = {}
    for place, (person, entry) in enumerate(zip(roster, entered, strict=True)):
        own = found.setdefault(person.employee_id, [])
        if entry is not None and (terms.match is not None or terms.nonelective is not None):
            own.append(payroll.Boundary(entry, "the day of entry into the plan"))
            days = [(each[place], what) for each, what in apart if each is not None]
            own += [payroll.Boundary(day, f"the day of entry for {what}") for day, what in days if day is not None]
        if by_hours and person.employment:
            first_year = anniversary(person.employment[0].hired_on, 1)
            own.append(payroll.Boundary(first_year, "the end of the first year of service"))
    return found

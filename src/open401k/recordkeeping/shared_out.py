"""Profit sharing by groups or by points: what everybody has of it, to the cent. Not here: what is declared, posting it.

What one person has follows from the pay, the points and the groups of all, so it is worked out for everybody at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, PlanYear, SponsorId, age_on
from open401k.law import compensation, matching, uniform_allocation
from open401k.law.allocation import pro_rata

from .allocating import Cents, Declared, Flags
from .before_date import Counting
from .conditions import meets, read_standing
from .pay_apart import out_by_terms, paid_apart
from .tenure import whole_years

_OLDEST, _LONGEST = 120, 99


@dataclass(frozen=True, slots=True, eq=False)
class Sharers:
    """N people who were paid in a plan year: what groups and points ask of each.

    ``paid`` is pay from entry for nonelective money on, up to 401(a)(17); ages and years of service are whole ones on
    the last day of the year; ``receives`` is who meets the conditions.
    """

    groups: NDArray[np.str_]
    paid: Cents
    ages: Cents
    years_of_service: Cents
    receives: Flags


@dataclass(frozen=True, slots=True, eq=False)
class SharedOut:
    """What each person has of what was declared."""

    employee_ids: IdColumn[EmployeeId]
    cents: Cents
    #: Amounts that nobody has pay or a point for.
    to_nobody_cents: int = 0

    def of(self, ids: IdColumn[EmployeeId]) -> Cents:
        """The same in the order of other people."""
        places = ids.places_in(self.employee_ids)
        found: Cents = np.where(places >= 0, self.cents[places], 0) if len(self.cents) else np.zeros_like(places)
        return found

    def of_people(self, employee_ids: Sequence[EmployeeId]) -> Cents:
        """The same in the order of people named one by one."""
        return self.of(IdColumn.of(EmployeeId, employee_ids))


def shared_out(declared: Declared, points: plan.Points | None, people: Sharers, year: PlanYear) -> Cents:
    """Each one's share in cents. An amount of a group, and one by points, is given out to the cent.

    Within a group an amount is shared by pay; a last cent goes to the largest remainder (law/allocation.py). An amount
    that nobody has pay or a point for is given to nobody.
    """
    able = people.receives & (people.paid > 0)
    if declared.total_cents:
        return _by_points(declared.total_cents, points, people, able, year)
    total = np.zeros_like(people.paid)
    for each in declared.shares:
        inside = np.where(able & (people.groups == each.group), people.paid, 0)
        if each.rate_bps:
            total = total + matching.nonelective(inside, each.rate_bps)
        elif each.cents and inside.any():
            total = total + pro_rata(budget_cents=each.cents, compensation=inside, plan_year=year).amounts
    return total


def _by_points(cents: int, points: plan.Points | None, people: Sharers, able: Flags, year: PlanYear) -> Cents:
    found = np.zeros_like(people.paid)
    if points is None or not _anybody(points, people, able):
        return found
    found[able] = uniform_allocation.uniform_points(
        formula=points.formula,
        total_cents=cents,
        ages=people.ages[able],
        years_of_service=people.years_of_service[able],
        compensation=people.paid[able],
        is_hce=np.zeros(int(able.sum()), dtype=np.bool_),  # whether it is a safe harbor is asked when it is tested
        plan_year=year,
    ).allocations
    return found


def _anybody(points: plan.Points, people: Sharers, able: Flags) -> bool:
    """Whether anybody has a point at all."""
    asked = (
        (points.for_year_of_age, people.ages),
        (points.for_year_of_service, people.years_of_service),
        (points.for_unit_of_pay, people.paid // points.unit_cents),
    )
    return any(bool(each) and bool((of[able] > 0).any()) for each, of in asked)


def whole_ages(employees: Sequence[census.Employee], on: date) -> Cents:
    """Whole years on a day; nothing for whose birth date is not on file."""
    born = [each.birth_date for each in employees]
    ages = [0 if day is None else age_on(day, on) for day in born]
    return np.clip(np.array(ages, dtype=np.int64), 0, _OLDEST)


def read(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    terms: plan.Provisions,
    on: date,
    declared: Sequence[Declared],
    without: census.Without | None = None,
) -> SharedOut | None:
    """What was declared of the plan year of a day, shared among everybody by what was paid up to that day.

    None where nothing is declared that is shared by groups or points.
    """
    shared = [each for each in declared if each.is_shared]
    if not shared or terms.profit_sharing is None:
        return None
    year = terms.plan_year_of(on)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    spans = plan.provisions_between(tx, **of, start=year.start, end=year.end)
    kind = plan.Kind.NONELECTIVE if plan.Kind.NONELECTIVE in paid_apart(spans) else plan.Kind.DEFERRALS
    pay = census.pay_totals(tx, **of, start=year.start, end=year.end, without=without, kind=kind)
    employees = census.roster(tx, tenant_id=tenant_id, employee_ids=tuple(pay.employee_id))
    ids = IdColumn.of(EmployeeId, [each.employee_id for each in employees])
    entered = census.entries_by_kind(tx, tenant_id=tenant_id, provisions=terms, plan_id=plan_id, employees=employees)
    out = out_by_terms(spans, plan.Kind.NONELECTIVE)
    counting = Counting(**of, without=without, year=year, out=out, employees=employees, kind=kind)
    paid = counting.compensation(tx, entered.of(plan.Kind.NONELECTIVE), pay, year.end)
    total, to_nobody = np.zeros(len(ids), dtype=np.int64), 0
    for each in shared:
        asked = terms.conditions_of_declared(each.source)
        receives = np.ones(len(ids), dtype=np.bool_)
        if asked.asks:
            receives = meets(asked, read_standing(tx, **of, employees=employees, year=year, on=on))
        people = Sharers(
            groups=np.array([_group(terms.profit_sharing, who, year) for who in employees], dtype=np.str_),
            paid=compensation.capped(paid, compensation.annual_cap(year)),
            ages=whole_ages(employees, year.last_day),
            years_of_service=np.minimum(whole_years(employees, year.last_day, as_it_ends=True), _LONGEST),
            receives=receives,
        )
        given = shared_out(each, terms.profit_sharing.points, people, year)
        total, to_nobody = total + given, to_nobody + _left(each, people, given)
    return SharedOut(ids, total, to_nobody)


def _left(declared: Declared, people: Sharers, given: Cents) -> int:
    """Of the amounts, what was given to nobody."""
    if declared.total_cents:
        return declared.total_cents - int(given.sum())
    return sum(each.cents - int(given[people.groups == each.group].sum()) for each in declared.shares if each.cents)


def _group(terms: plan.ProfitSharing, who: census.Employee, year: PlanYear) -> str:
    """By the class of the last day of the year, or of the last day of employment in it."""
    last = year.last_day
    ends = [span.terminated_on for span in who.employment if span.hired_on <= last]
    left = ends[-1] if ends else None
    day = last if left is None else min(left, last)
    return terms.group_of(census.class_on(who, day), str(who.employee_id))

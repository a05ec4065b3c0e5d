"""FICA wages of a past year per person, for Roth catch-up: from pay lines, or what was loaded from before them. Not
here: the rule that asks for them (law/deferrals.py)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import numpy as np

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, IdColumn, PlanId, SponsorId
from open401k.law import NotEnacted, deferrals

from . import _wages_store
from .employer import employer_pay
from .pay_lines import Cents, PayLine, PayTotals, current_lines
from .people import Employee


def fica_wages(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    terms: plan.Deferrals,
    employees: Sequence[Employee],
    year: CalendarYear,
    own: PayTotals | None = None,
) -> Cents:
    """3121(a) wages of a calendar year from one employer, in cents, whichever source knows more; 0 where none does.

    ``own`` is :func:`employer_pay` of the year, where it is at hand. What was loaded is taken as of one employer.
    """
    loaded = np.array(
        [e.annual_pay[year.year].fica_cents if year.year in e.annual_pay else 0 for e in employees], dtype=np.int64
    )
    if own is None:
        own = employer_pay(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end)
    if not len(own):
        return loaded
    wages = of_one_employer(tx, tenant_id=tenant_id, plan_id=plan_id, terms=terms, year=year, together=own)
    rows = IdColumn.of(EmployeeId, [e.employee_id for e in employees]).places_in(own.employee_id)
    return np.maximum(loaded, np.where(rows >= 0, wages[rows], 0))


def employers_told(tx: Tx, *, tenant_id: SponsorId) -> list[str]:
    """Every employer, by EIN, that a recorded payroll of the sponsor ever named."""
    return _wages_store.employers_between(tx, tenant_id=tenant_id, start=date.min, end=date.max)


def of_one_employer(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    terms: plan.Deferrals,
    year: CalendarYear,
    together: PayTotals,
    known_at: datetime | None = None,
) -> Cents:
    """FICA wages in the order of ``together``, all companies' pay of the year: of each person the most that one paid.

    The employer sponsoring the plan is the common law employer, by its EIN; wages of other companies of a controlled
    group count only where the plan says so (Reg. 1.414(v)-2(a)(2), (b)(4); TD 10033: (a)(2) was read in full, (b)(4) as
    two law firms and a consultant tell it). A common paymaster pays under its own EIN.
    Told apart is only who is above the threshold with all of them: of the others nothing depends on it.
    """
    wages = together.fica_cents
    if terms.roth_catch_up_by_all_wages:
        return wages
    try:
        above = deferrals.roth_catch_up_required(wages, CalendarYear(year.year + 1))
    except NotEnacted:  # whoever asks for the threshold of that year is told
        return wages
    if not above.any():
        return wages
    told = _wages_store.employers_between(tx, tenant_id=tenant_id, start=year.start, end=year.end)
    if not told or set(told) <= {own := plan.sponsor(tx, tenant_id=tenant_id).ein}:
        return wages
    places = np.flatnonzero(above)
    most = _most_of_one(
        tx, tenant_id, (plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)),
        year, [together.employee_id[int(place)] for place in places], own, known_at,
    )  # fmt: skip
    apart = wages.copy()
    apart[places] = [most.get(together.employee_id[int(place)], 0) for place in places]
    return apart


def _most_of_one(
    tx: Tx,
    tenant_id: SponsorId,
    plans: Sequence[PlanId],
    year: CalendarYear,
    people: Sequence[EmployeeId],
    own_ein: str,
    known_at: datetime | None,
) -> dict[EmployeeId, int]:
    """Of each person the wages of the employer that paid most. Pay of a date that several plans tell counts once."""
    paid: dict[tuple[EmployeeId, str, str], int] = defaultdict(int)
    for plan_id in plans:
        lines = current_lines(
            tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end, known_at=known_at,
            employees=people, brought=True,
        )  # fmt: skip
        for key, cents in _by_employer(tx, tenant_id, lines, own_ein).items():
            paid[key] = max(paid[key], cents)
    sums: dict[tuple[EmployeeId, str], int] = defaultdict(int)
    for (who, ein, _), cents in paid.items():
        sums[who, ein] += cents
    most: dict[EmployeeId, int] = {}
    for (who, _), cents in sums.items():
        most[who] = max(most.get(who, 0), cents)
    return most


def _by_employer(
    tx: Tx, tenant_id: SponsorId, lines: Sequence[PayLine], own_ein: str
) -> dict[tuple[EmployeeId, str, str], int]:
    """By person, employer and pay date."""
    runs: list[UUID] = sorted({line.run_id.uuid for line in lines})
    told = _wages_store.employers_of(tx, tenant_id=tenant_id, runs=runs)
    found: dict[tuple[EmployeeId, str, str], int] = defaultdict(int)
    for line in lines:
        ein = told.get((line.run_id.uuid, line.line_no), own_ein)
        found[line.employee_id, ein, line.pay_date.isoformat()] += line.fica_cents
    return found

"""Loading what the plan knows about the people of some rows, for the checks. Not here: the checks themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, LimitationYear, PlanId, PlanYear, Source, SponsorId

from .rows import PayrollRow
from .standing import NOBODY, Cents, Expectation, PlanTerms, Standing

#: Pay dates within these days before count as the previous payroll.
_PREVIOUS = timedelta(days=45)

_ADDITIONS = frozenset(Source) - {Source.ROLLOVER}


@dataclass(frozen=True, slots=True)
class Asked:
    """One plan and pay date, and the people on file."""

    tenant_id: SponsorId
    plan_id: PlanId
    pay_date: date
    provisions: plan.Provisions
    roster: Mapping[EmployeeId, census.Employee]


def gather_standing(tx: Tx, *, asked: Asked, rows: Sequence[PayrollRow]) -> Standing:
    """The standing of everybody whom these rows name by SSN or employee id, in a few set-based reads."""
    place, people = _people(tx, asked, rows)
    ids = [person.employee_id for person in people]
    if not ids:
        return NOBODY
    year = CalendarYear(asked.pay_date.year)
    to_date = _Sums(_totals(tx, asked, year.start, asked.pay_date, ids), ids)
    before = _Previous(tx, asked, ids)
    limitation = LimitationYear(*_span(asked.provisions.plan_year_of(asked.pay_date)))
    return Standing(
        place=place,
        employee_id=ids,
        first_name=[person.first_name for person in people],
        last_name=[person.last_name for person in people],
        ssn_last4=[person.ssn_last4 for person in people],
        birth_date=[person.birth_date for person in people],
        employment=[[(span.hired_on, span.terminated_on) for span in person.employment] for person in people],
        eligible_on=census.entry_dates(
            tx, tenant_id=asked.tenant_id, provisions=asked.provisions, plan_id=asked.plan_id, employees=people
        ),
        ytd_pre_tax=to_date.of("pre_tax_cents", "catch_up_pre_tax_cents"),
        ytd_roth=to_date.of("roth_cents", "catch_up_roth_cents"),
        ytd_additions=_additions(tx, asked, limitation.start, ids),
        ytd_gross=to_date.of("gross_cents"),
        ytd_hours_hundredths=to_date.of("hours_hundredths"),
        previous_gross=before.of("gross_cents"),
        previous_pre_tax=before.of("pre_tax_cents", "catch_up_pre_tax_cents"),
        previous_roth=before.of("roth_cents", "catch_up_roth_cents"),
        previous_match=before.of("match_cents"),
        fica_prior_year=census.fica_wages(
            tx,
            tenant_id=asked.tenant_id,
            plan_id=asked.plan_id,
            employees=people,
            year=CalendarYear(year.year - 1),
        ),
    )


def expectation(asked: Asked, *, today: date, announced: date | None = None) -> Expectation:
    """What the plan on the pay date lets a file carry."""
    terms = asked.provisions.deferrals
    employer = [asked.provisions.match, asked.provisions.nonelective]
    return Expectation(
        today=today,
        pay_date=announced,
        terms=PlanTerms(
            sources=frozenset(terms.sources) | {each.source for each in employer if each is not None},
            catch_up=terms.catch_up,
            higher_catch_up_60_63=terms.higher_catch_up_60_63,
            most_bps_of_pay=terms.max_bps_of_pay,
        ),
        limitation_year=LimitationYear(*_span(asked.provisions.plan_year_of(asked.pay_date))),
        eligible_on=lambda born, hired: census.entry_of_new(asked.provisions, born=born, hired=hired),
    )


class _Sums:
    """Columns of totals put in the order of the people."""

    def __init__(self, totals: census.PayTotals, ids: Sequence[EmployeeId]) -> None:
        where = {employee_id: index for index, employee_id in enumerate(ids)}
        self._totals, self._size = totals, len(ids)
        self._places = np.array([where[employee_id] for employee_id in totals.employee_id], dtype=np.int64)

    def of(self, *names: str) -> Cents:
        """The sum of these columns."""
        out = np.zeros(self._size, dtype=np.int64)
        for name in names:
            out[self._places] += getattr(self._totals, name)
        return out


def _people(tx: Tx, asked: Asked, rows: Sequence[PayrollRow]) -> tuple[dict[str, int], list[census.Employee]]:
    numbers = census.find_by_ssn(tx, tenant_id=asked.tenant_id, ssns=[row.ssn for row in rows if row.ssn])
    named: dict[str, EmployeeId] = dict(numbers)
    for row in rows:
        if row.employee_id:
            try:
                named[row.employee_id] = EmployeeId.parse(row.employee_id)
            except ValueError:
                continue  # the checks say that nobody has this id
    people: dict[EmployeeId, int] = {}
    place: dict[str, int] = {}
    for key, employee_id in named.items():
        if employee_id in asked.roster:
            place[key] = people.setdefault(employee_id, len(people))
    for employee_id in _alike(asked, [row for row in rows if row.key not in place]):
        people.setdefault(employee_id, len(people))
    return place, [asked.roster[employee_id] for employee_id in people]


def _alike(asked: Asked, unknown: Sequence[PayrollRow]) -> list[EmployeeId]:
    """People on file with the name or the birth date of a row that nobody's number fits: a digit may be wrong."""
    if not unknown:
        return []
    names = {_name(row.first_name, row.last_name) for row in unknown}
    births = {row.birth_date for row in unknown if row.birth_date is not None}
    return [
        employee_id
        for employee_id, person in asked.roster.items()
        if person.birth_date in births or _name(person.first_name, person.last_name) in names
    ]


def _name(first: str, last: str) -> tuple[str, str]:
    return first.casefold(), last.casefold()


def _totals(tx: Tx, asked: Asked, start: date, end: date, ids: Sequence[EmployeeId]) -> census.PayTotals:
    return census.pay_totals(tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id, start=start, end=end, employees=ids)


class _Previous:
    """Amounts of the last payroll before this one, in the order of the people; 0 for who was absent from it."""

    def __init__(self, tx: Tx, asked: Asked, ids: Sequence[EmployeeId]) -> None:
        start = asked.pay_date - _PREVIOUS
        self._found = census.pay_by_date(
            tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id, start=start, end=asked.pay_date, employees=ids
        )
        where = {employee_id: index for index, employee_id in enumerate(ids)}
        places = np.array([where[employee_id] for employee_id in self._found.employee_id], dtype=np.int64)
        days = self._found.pay_date
        self._last = days == days.max() if len(days) else np.zeros(0, dtype=np.bool_)
        self._places = places[self._found.employee][self._last] if len(days) else places
        self._size = len(ids)

    def of(self, *names: str) -> Cents:
        """The sum of these columns."""
        out = np.zeros(self._size, dtype=np.int64)
        for name in names:
            out[self._places] += getattr(self._found, name)[self._last]
        return out


def _additions(tx: Tx, asked: Asked, start: date, ids: Sequence[EmployeeId]) -> Cents:
    """What 415(c) counts of the limitation year so far, as posted; catch-up is taken off by the check."""
    out = np.zeros(len(ids), dtype=np.int64)
    if start >= asked.pay_date:
        return out
    place = {employee_id: index for index, employee_id in enumerate(ids)}
    rows = ledger.contribution_totals(
        tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id, start=start, end=asked.pay_date
    )
    for employee_id, source, cents in rows:
        if employee_id in place and source in _ADDITIONS:
            out[place[employee_id]] += cents
    return out


def _span(year: PlanYear) -> tuple[date, date]:
    return year.start, year.end

"""Loading what the plan knows about the people of some rows, for the checks. Not here: the checks themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import (
    CalendarYear,
    EmployeeId,
    IdColumn,
    LimitationYear,
    PlanId,
    PlanYear,
    RunId,
    Source,
    SponsorId,
)

from .identity import identify
from .pay_codes import NO_CODES, CodesOfPlan, codes_by
from .rows import PayrollRow
from .said import NOTHING_SAID, Said
from .standing import NOBODY, Cents, Expectation, PlanTerms, Standing

#: An earlier pay date is asked about: our own choice, since most are a slip of the year.
_LONG_AGO = timedelta(days=180)
#: Pay dates within these days before count as the previous payroll.
_PREVIOUS = timedelta(days=45)

_ADDITIONS = frozenset(each for each in Source if not each.is_rollover)


@dataclass(frozen=True, slots=True)
class Asked:
    """One plan and pay date; not ``in_force``: its first terms begin later, and are those given.

    ``same_day`` are the posted payrolls of that date that stay beside this one.
    """

    tenant_id: SponsorId
    plan_id: PlanId
    pay_date: date
    provisions: plan.Provisions
    in_force: bool = True
    same_day: Sequence[RunId] = ()
    said_nothing: RunId | None = None  # of these, one that says that nothing is contributed on that date
    without: census.Without | None = None  # of an earlier pay date of the year, and replaced by this one
    provider: str = ""  # whose employee numbers the rows say
    by_others: bool = False  # whether all of ``same_day`` are payrolls of other companies of the plan


@dataclass(frozen=True, slots=True)
class ToDate:
    """Pay and contributions of the whole plan before the pay date: read once, however many chunks of rows follow."""

    pay: census.PayTotals  # calendar year to date
    recent: census.PayByDate  # of each person the last payroll
    contributed: ledger.Contributed  # limitation year to date
    wages: census.PayTotals  # calendar year before, from the employer
    same_day: census.PayByDate | None = None  # what other payrolls of the pay date paid
    same_day_apart: Mapping[plan.Kind, census.PayByDate] = field(default_factory=dict)  # as such kinds count it


def to_date(tx: Tx, *, asked: Asked) -> ToDate:
    """Everything of the plan's past that the checks hold rows against."""
    year, before = CalendarYear(asked.pay_date.year), CalendarYear(asked.pay_date.year - 1)
    limitation = asked.provisions.plan_year_of(asked.pay_date)
    where: dict[str, Any] = {"tenant_id": asked.tenant_id, "plan_id": asked.plan_id}
    recent, day_after = asked.pay_date - _PREVIOUS, asked.pay_date + timedelta(days=1)

    def same_day(kind: plan.Kind) -> census.PayByDate:
        return census.pay_by_date(tx, **where, start=asked.pay_date, end=day_after, runs=asked.same_day, kind=kind)

    return ToDate(
        pay=census.pay_totals(tx, **where, start=year.start, end=asked.pay_date, without=asked.without),
        recent=census.pay_by_date(tx, **where, start=recent, end=asked.pay_date, without=asked.without, last_only=True),
        contributed=census.contributed(tx, **where, start=limitation.start, end=asked.pay_date, without=asked.without),
        wages=census.employer_pay(tx, **where, start=before.start, end=before.end),
        same_day=same_day(plan.Kind.DEFERRALS) if asked.same_day else None,
        same_day_apart={kind: same_day(kind) for kind in asked.provisions.compensation.apart if asked.same_day},
    )


def codes_of(tx: Tx, *, asked: Asked) -> CodesOfPlan:
    """What each pay code adds to gross pay on the pay date, and which codes somebody spoke of."""
    words = census.all_words_on(tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id, on=asked.pay_date)
    codes = codes_by(words.earnings, asked.provisions.compensation, words.deductions)
    if not codes.without_deductions:
        return codes
    start = asked.provisions.plan_year_of(asked.pay_date).start
    where: dict[str, Any] = {"tenant_id": asked.tenant_id, "plan_id": asked.plan_id, "without": asked.without}
    return replace(codes, runs_without=census.runs_without_deductions(tx, **where, start=start, end=asked.pay_date))


def gather_standing(
    tx: Tx, *, asked: Asked, to_date: ToDate, rows: Sequence[PayrollRow]
) -> tuple[Standing, list[census.Employee]]:
    """The standing of everybody whom these rows name by SSN or employee id, and who they are, in that order."""
    who = identify(tx, tenant_id=asked.tenant_id, rows=rows, provider=asked.provider)
    people = who.people
    if not people:
        return replace(NOBODY, **who.told()), []
    ids = IdColumn.of(EmployeeId, [person.employee_id for person in people])
    sums, before = _Sums(to_date.pay, ids), OfLastDay(to_date.recent, ids)
    that_day = None if to_date.same_day is None else OfLastDay(to_date.same_day, ids)

    def deferred(*names: str) -> Cents:
        return sums.of(*names) if that_day is None else sums.of(*names) + that_day.of(*names)

    return Standing(
        place=who.place,
        **who.told(),
        employee_id=[person.employee_id for person in people],
        first_name=[person.first_name for person in people],
        last_name=[person.last_name for person in people],
        ssn_last4=[person.ssn_last4 for person in people],
        birth_date=[person.birth_date for person in people],
        employment=[[(span.hired_on, span.terminated_on) for span in person.employment] for person in people],
        eligible_on=census.entry_dates(
            tx,
            tenant_id=asked.tenant_id,
            provisions=asked.provisions,
            plan_id=asked.plan_id,
            employees=people,
            on=asked.pay_date,
        ),
        ytd_pre_tax=deferred("pre_tax_cents", "catch_up_pre_tax_cents"),
        ytd_roth=deferred("roth_cents", "catch_up_roth_cents"),
        ytd_additions=_additions(to_date.contributed, ids),
        ytd_gross=sums.of("gross_cents"),
        ytd_hours_hundredths=sums.of("hours_hundredths"),
        previous_gross=before.of("gross_cents"),
        previous_pre_tax=before.of("pre_tax_cents", "catch_up_pre_tax_cents"),
        previous_roth=before.of("roth_cents", "catch_up_roth_cents"),
        previous_match=before.of("match_cents"),
        fica_prior_year=_wages_before(tx, asked, to_date, people),
    ), people


def _wages_before(tx: Tx, asked: Asked, to_date: ToDate, people: Sequence[census.Employee]) -> Cents:
    """FICA wages of the calendar year before, which say whose catch-up must be Roth."""
    return census.fica_wages(
        tx,
        tenant_id=asked.tenant_id,
        plan_id=asked.plan_id,
        terms=asked.provisions.deferrals,
        employees=people,
        year=CalendarYear(asked.pay_date.year - 1),
        own=to_date.wages,
    )


def expectation(
    asked: Asked,
    *,
    today: date,
    announced: date | None = None,
    codes: CodesOfPlan = NO_CODES,
    corrects: bool = False,
    said: Said = NOTHING_SAID,
) -> Expectation:
    """What the plan on the pay date lets a file carry.

    A plan year is open for new payrolls until the next one is over, as long as its tests can be corrected (IRC
    401(k)(8)(A), 4979(f)); ``corrects``: the file stands in place of a payroll that is on file, of whichever year.
    """
    terms = asked.provisions.deferrals
    employer = [asked.provisions.match, asked.provisions.nonelective]
    return Expectation(
        today=today,
        pay_date=announced,
        said=said,
        before_plan=None if asked.in_force else asked.pay_date,
        ask_before=None if corrects else today - _LONG_AGO,
        closed_before=None if corrects else asked.provisions.plan_year_of(today).previous().start,
        terms=PlanTerms(
            sources=frozenset(terms.sources) | {each.source for each in employer if each is not None},
            catch_up=terms.catch_up,
            higher_catch_up_60_63=terms.higher_catch_up_60_63,
            most_bps_of_pay=terms.max_bps_of_pay,
        ),
        codes=codes,
        compensation=asked.provisions.compensation,
        limitation_year=LimitationYear(*_span(asked.provisions.plan_year_of(asked.pay_date))),
        eligible_on=lambda born, hired: census.entry_of_new(asked.provisions, born=born, hired=hired),
    )


class _Sums:
    """Columns of totals put in the order of the people."""

    def __init__(self, totals: census.PayTotals, ids: IdColumn[EmployeeId]) -> None:
        self._totals = totals
        self._rows = ids.places_in(totals.employee_id)
        self._known = self._rows >= 0

    def of(self, *names: str) -> Cents:
        """The sum of these columns."""
        out = np.zeros(len(self._rows), dtype=np.int64)
        for name in names:
            out[self._known] += getattr(self._totals, name)[self._rows[self._known]]
        return out


class OfLastDay:
    """Amounts of the last day on which any of these people was paid, in their order; 0 for who was absent then."""

    def __init__(self, recent: census.PayByDate, ids: IdColumn[EmployeeId]) -> None:
        places = recent.employee_id.places_in(ids)[recent.employee]
        mine = places >= 0
        if mine.any():
            mine &= recent.pay_date == recent.pay_date[mine].max()
        self._recent, self._last, self._places, self._size = recent, mine, places[mine], len(ids)

    def of(self, *names: str) -> Cents:
        """The sum of these columns."""
        out = np.zeros(self._size, dtype=np.int64)
        for name in names:
            out[self._places] += getattr(self._recent, name)[self._last]
        return out


def _additions(contributed: ledger.Contributed, ids: IdColumn[EmployeeId]) -> Cents:
    """What 415(c) counts of the limitation year so far, as contributed; catch-up is taken off by the check."""
    by_source = contributed.of(ids)
    return sum(
        (cents for source, cents in by_source.items() if source in _ADDITIONS), np.zeros(len(ids), dtype=np.int64)
    )


def _span(year: PlanYear) -> tuple[date, date]:
    return year.start, year.end

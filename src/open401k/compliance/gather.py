"""Loading the facts of a plan year from the rooms below, in a few set-based reads. Not here: what they mean (law)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np

from open401k import census, ledger, plan, recordkeeping
from open401k.base.db import MOST_KEPT, Tx
from open401k.kernel import CalendarYear, EmployeeId, IdColumn, PlanId, PlanYear, Source, SponsorId

from . import gather_elsewhere as elsewhere
from . import receiving
from .facts import Cents, EarlierCalendarYear, Flags, PayHistory, PlanFacts, PriorRatios
from .gather_entries import Asking, entries_of
from .gather_key import Standings, standings
from .gather_people import Concerned, Places
from .gather_workforce import Asked, Everybody
from .given_back import left_out

HISTORY_UP_TO = 1_000
"""People up to whom single pay dates are loaded unasked: for more, projections use totals of the last dates."""
#: People of a larger plan whose facts are folded at once.
SLICE = 10_000

_MATCH = (Source.MATCH, Source.SAFE_HARBOR_MATCH, Source.QMAC)
_NO_SAFE_HARBOR = (Source.NONELECTIVE, Source.PROFIT_SHARING)
_NONELECTIVE = (Source.NONELECTIVE, Source.SAFE_HARBOR_NONELECTIVE, Source.PROFIT_SHARING)


class _Columns:
    """Sums of pay, put in the order of the people."""

    def __init__(self, totals: census.PayTotals, place: Places) -> None:
        self._totals = totals
        self._size = len(place)
        self._rows = totals.employee_id.places_in(place.ids)

    def of_column(self, name: str) -> Cents:
        """One column of the totals."""
        column: Cents = getattr(self._totals, name)
        return self.of(column)

    def of(self, *columns: Cents) -> Cents:
        """The sum of these columns."""
        out = np.zeros(self._size, dtype=np.int64)
        known = self._rows >= 0
        for column in columns:
            out[self._rows[known]] += column[known]
        return out


def gather(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    as_of: date,
    known_at: datetime | None = None,
    history: bool | None = None,
    prior_ratios: PriorRatios | None = None,
    roster: Sequence[census.Employee] | None = None,
) -> PlanFacts:
    """The facts of the plan year that ``as_of`` falls in, up to that day; ``known_at`` asks for what was known then.

    ``history`` asks for single pay dates (left out: for up to a thousand people); ``roster`` saves reading them again.
    """
    scope = _Scope(tx, tenant_id, plan_id, as_of, known_at)
    provisions, year, until, calendar = scope.provisions, scope.year, scope.until, scope.calendar
    totals, balances, others = scope.pay(year.start, until), scope.determined(), scope.others()
    people = _concerned(scope, (totals.employee_id, balances.employee_id, *others.who), roster, paid=len(totals))
    place = people.places()
    pay, late = _Columns(totals, place), scope.late_pay(people.gone, year, until, place)
    of_employer = _Columns(scope.of_employer(year.start, until, totals), place)
    deferred, as_roth = _of_calendar_year(scope, totals, place, year, calendar, as_of)
    before, held = _prior(scope, people, place, year, calendar), _placed(balances, place)
    books, not_ours = scope.contributions(year.start, until, place), scope.outside(year.start, until, place)
    known = scope.standings(people, place, before.section_415, held, partial(_slices, scope, roster, len(totals)))
    return left_out(tx, known_at=known_at, facts=PlanFacts(
        tenant_id=tenant_id, plan_id=plan_id, plan_year=year, as_of=as_of, known_at=known_at or tx.now,
        provisions=provisions, employee_ids=place.ids, labels=people.labels,
        birth_dates=tuple(people.birth_dates), employment=tuple(people.employment),
        **people.entered.columns(as_of),
        others=others.placed(people.people), receiving=receiving.read(scope, people.people),
        compensation=pay.of(totals.plan_cents) - late.of("plan_cents"),
        **scope.pays_apart(people.gone, place), loan_matched=scope.loan_matched(place),
        section_415=of_employer.of_column("section_415_cents") - late.of("section_415_cents"),
        pre_tax=pay.of(totals.pre_tax_cents, totals.catch_up_pre_tax_cents) - not_ours.of(Source.PRE_TAX),
        roth=pay.of(totals.roth_cents, totals.catch_up_roth_cents) - not_ours.of(Source.ROTH),
        after_tax=pay.of(totals.after_tax_cents) - not_ours.of(Source.AFTER_TAX),
        calendar_deferrals=deferred, calendar_roth=as_roth, match=_sum(books, _MATCH, len(place)),
        nonelective=_sum(books, _NONELECTIVE, len(place)), qnec=_sum(books, (Source.QNEC,), len(place)),
        fica_prior=before.fica, prior_section_415=before.section_415, prior_known=before.known,
        balances_at_determination=held, ownership_bps=people.ownership_bps, officer=people.officer,
        kin=people.kin(place), classes=tuple(people.classes), former_owners=known.former_owners,
        earlier=_earlier(scope, people, totals, place, year, provisions) if year.start < calendar.start else None,
        key_facts=known.key_facts, lookback=known.lookback, determination=known.determination,
        prior_ratios=prior_ratios, corrective=scope.corrective(place), declared=scope.declared(),
        other_nonelective=any(books[each].any() for each in _NO_SAFE_HARBOR if each in books),
        pay_elsewhere=of_employer.of_column("plan_cents") - pay.of(totals.plan_cents) if others.plans else None,
        history=_history(scope, year, calendar, until, place, not_ours) if _shown(history, len(place)) else None,
    ))  # fmt: skip


def _concerned(
    scope: _Scope,
    with_money: Sequence[IdColumn[EmployeeId]],
    roster: Sequence[census.Employee] | None,
    *,
    paid: int,
) -> Concerned:
    people = Concerned(
        year=scope.year,
        as_of=scope.as_of,
        until=scope.until,
        with_money=with_money,
        years_loaded={scope.year.previous().start.year, scope.calendar.year - 1, scope.year.start.year - 1},
        entries=partial(
            entries_of,
            Asking(scope.tx, scope.tenant_id, scope.plan_id, scope.provisions, scope.year, scope.known_at),
        ),
        whole=bool(scope.other_plans) or receiving.asks(scope.provisions),
    )
    for some in _slices(scope, roster, paid):
        people.add(some)
    return people


def _slices(scope: _Scope, roster: Sequence[census.Employee] | None, paid: int) -> Iterable[Sequence[census.Employee]]:
    return [roster] if roster else scope.rosters(paid)


def _of_calendar_year(
    scope: _Scope,
    of_plan_year: census.PayTotals,
    place: Places,
    year: PlanYear,
    calendar: CalendarYear,
    as_of: date,
) -> tuple[Cents, Cents]:
    """Deferrals of the calendar year to date, and those of them that are Roth."""
    until = min(as_of + timedelta(days=1), calendar.end)
    same = (year.start, year.end) == (calendar.start, calendar.end)
    totals = of_plan_year if same else scope.pay(calendar.start, until)
    pay, not_ours = _Columns(totals, place), scope.outside(calendar.start, until, place)
    pre_tax = pay.of(totals.pre_tax_cents, totals.catch_up_pre_tax_cents) - not_ours.of(Source.PRE_TAX)
    roth = pay.of(totals.roth_cents, totals.catch_up_roth_cents) - not_ours.of(Source.ROTH)
    return pre_tax + roth, roth


def _earlier(
    scope: _Scope,
    people: Concerned,
    of_plan_year: census.PayTotals,
    place: Places,
    year: PlanYear,
    provisions: plan.Provisions,
) -> EarlierCalendarYear:
    """What came before a plan year in the calendar year that it began in.

    Wages of the year before that decide on catch-up only where the plan has no Roth (IRC 414(v)(7)(B)).
    """
    began = CalendarYear(year.start.year)
    deferred, _ = _of_calendar_year(scope, of_plan_year, place, year, began, year.start - timedelta(days=1))
    if Source.ROTH in provisions.deferrals.sources:
        return EarlierCalendarYear(deferred, np.zeros_like(deferred))
    before = CalendarYear(began.year - 1)
    wages = scope.of_employer(before.start, before.end)
    return EarlierCalendarYear(deferred, _fica(scope, wages, people, place, before))


def _fica(scope: _Scope, wages: census.PayTotals, people: Concerned, place: Places, year: CalendarYear) -> Cents:
    """Wages of a calendar year from one employer: our own pay lines, or what was loaded, whichever is more."""
    paid = census.of_one_employer(
        scope.tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, terms=scope.provisions.deferrals, year=year,
        together=wages, known_at=scope.known_at,
    )  # fmt: skip
    return np.maximum(_Columns(wages, place).of(paid), people.loaded(year.year).fica)


def _history(
    scope: _Scope, year: PlanYear, calendar: CalendarYear, until: date, place: Places, of_year: _Outside
) -> PayHistory:
    """Single pay dates of the plan year, and those before it of the calendar year."""
    if year.start <= calendar.start:
        return scope.history(year.start, until, place, of_year)
    return scope.history(calendar.start, until, place, scope.outside(calendar.start, until, place))


#: So many pay dates show when others come; so many of the year before are asked for otherwise.
_RHYTHM, _BEFORE = 3, 6
#: Days of a pay period, from a week to a month.
_SHORTEST, _LONGEST = 7, 31


def _shown(history: bool | None, people: int) -> bool:
    return people <= HISTORY_UP_TO if history is None else history


class _Outside:
    """Money withheld from people, or for sources, that the plan does not have: in suspense, and in no test."""

    def __init__(self, held: Sequence[recordkeeping.Outside], place: Places) -> None:
        self._size = len(place)
        self._held = [each for each in held if each.employee_id in place]
        self._row = [place[each.employee_id] for each in self._held]

    def of(self, *sources: Source) -> Cents:
        """Cents of these sources, person by person."""
        out = np.zeros(self._size, dtype=np.int64)
        for row, each in zip(self._row, self._held, strict=True):
            out[row] += each.cents if each.source in sources else 0
        return out

    def by_date(self, source: Source, dates: Sequence[date]) -> Cents:
        """The same of one source, people down and dates across."""
        out = np.zeros((self._size, len(dates)), dtype=np.int64)
        column = {day: place for place, day in enumerate(dates)}
        for row, each in zip(self._row, self._held, strict=True):
            if each.source is source and each.pay_date in column:
                out[row, column[each.pay_date]] += each.cents
        return out


class _LatePay:
    """Pay that came too late to count, in the order of the people."""

    def __init__(self, pay: census.PayByDate | None, late: Flags, places: Cents, size: int) -> None:
        self._pay, self._late, self._places, self._size = pay, late, places, size

    def of(self, name: str) -> Cents:
        """The sum of a column."""
        out = np.zeros(self._size, dtype=np.int64)
        if self._pay is not None:
            np.add.at(out, self._places[self._late], getattr(self._pay, name)[self._late])
        return out


class _Scope:
    """One plan and day as known at one instant: what every read below needs."""

    def __init__(self, tx: Tx, tenant_id: SponsorId, plan_id: PlanId, as_of: date, known_at: datetime | None) -> None:
        self.tx, self.tenant_id, self.plan_id, self.as_of, self.known_at = tx, tenant_id, plan_id, as_of, known_at
        self.provisions, self.other_plans, self.began_on = plan.in_force(
            tx, tenant_id=tenant_id, plan_id=plan_id, on=as_of, known_at=known_at
        )
        self.year = self.provisions.plan_year_of(as_of)
        self.until = min(as_of + timedelta(days=1), self.year.end)
        self.calendar = CalendarYear(min(as_of, self.year.last_day).year)
        first = self.provisions.adopted_on >= self.year.start
        #: The last day of the year before; of a first year its own (IRC 416(g)(4)(C)).
        self.determined_on = as_of if first else self.year.start - timedelta(days=1)

    def others(self) -> elsewhere.Others:
        """What is known of the sponsor's other plans before the people are; of most sponsors nothing is asked."""
        asked = elsewhere.Asked(self.tenant_id, self.as_of, self.known_at, self.calendar, self.year, self.determined_on)
        return elsewhere.read(self.tx, asked, self.other_plans)

    def pay(self, start: date, end: date, kind: plan.Kind = plan.Kind.DEFERRALS) -> census.PayTotals:
        """Sums over pay dates from ``start`` up to, not including, ``end``."""
        return census.pay_totals(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, start=start, end=end, known_at=self.known_at,
            kind=kind,
        )  # fmt: skip

    def pays_apart(self, gone: Sequence[census.Employee], place: Places) -> dict[str, Any]:
        """Pay of the plan year as kinds of money count it that count other pay than deferrals: columns of the facts."""
        found: dict[str, Any] = {}
        for kind in self.provisions.compensation.apart:
            counted = _Columns(self.pay(self.year.start, self.until, kind), place).of_column("plan_cents")
            late = self.late_pay(gone, self.year, self.until, place, kind).of("plan_cents")
            found[f"{kind}_pay"] = counted - late
        return found

    def of_employer(self, start: date, end: date, own: census.PayTotals | None = None) -> census.PayTotals:
        """The same sums with pay that only payrolls of other plans told; ``own`` are the plan's, if read already."""
        if not self.other_plans:
            return self.pay(start, end) if own is None else own
        return census.employer_pay(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, start=start, end=end, known_at=self.known_at
        )

    def loan_matched(self, place: Places) -> Flags | None:
        """Who received a match of student loan payments; nothing is asked where they are not tested apart."""
        if not self.provisions.testing.student_loans_apart:
            return None
        of: dict[str, Any] = {"tenant_id": self.tenant_id, "plan_id": self.plan_id, "known_at": self.known_at}
        found = recordkeeping.student_loan_matches(self.tx, **of, start=self.year.start, end=self.until)
        return np.array([who in found for who in place.ids], dtype=np.bool_)

    def rosters(self, paid: int) -> Iterator[Sequence[census.Employee]]:
        """Everybody on file, slice by slice where so many were paid that no process keeps them.

        Where a plan counts hours, or other plans are asked about each person, everybody is needed at once.
        """
        hours = any(self.provisions.eligibility_of(each).hours_in_year is not None for each in plan.Kind)
        if paid <= MOST_KEPT or hours or self.other_plans:
            yield census.roster(self.tx, tenant_id=self.tenant_id, known_at=self.known_at)
            return
        ids = census.everybody(self.tx, tenant_id=self.tenant_id)
        for start in range(0, len(ids), SLICE):
            some = ids[start : start + SLICE]
            yield census.roster(self.tx, tenant_id=self.tenant_id, known_at=self.known_at, employee_ids=some)

    def late_pay(
        self,
        gone: Sequence[census.Employee],
        year: PlanYear,
        until: date,
        place: Places,
        kind: plan.Kind = plan.Kind.DEFERRALS,
    ) -> _LatePay:
        """Pay of people who left in an earlier year, too late to count (Reg. 1.415(c)-2(e)(3)(i))."""
        if not gone:
            return _LatePay(None, np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64), len(place))
        found = census.pay_by_date(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, start=year.start, end=until,
            employees=[each.employee_id for each in gone], known_at=self.known_at, kind=kind,
        )  # fmt: skip
        who = {each.employee_id: each for each in gone}
        left = [who[each] for each in found.employee_id]
        days: list[date] = found.pay_date.astype("datetime64[D]").tolist()
        counts_not = [
            recordkeeping.left_long_ago(left[person], day, year)
            for person, day in zip(found.employee.tolist(), days, strict=True)
        ]
        places = np.array([place[each.employee_id] for each in left], dtype=np.int64)[found.employee]
        return _LatePay(found, np.array(counts_not, dtype=np.bool_), places, len(place))

    def balances(self, as_of: date) -> ledger.CashOfPeople:
        """Cash of every participant's accounts at the end of a day; fund units join with their prices later."""
        return ledger.cash_of_people(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, as_of=as_of, known_at=self.known_at
        )

    def determined(self) -> ledger.CashOfPeople:
        """Accounts on the determination date; of a plan that was elsewhere then, what each account held there.

        The books are valued on that very day, so nothing is added to a valuation (Reg. 1.416-1 T-24, for which
        law.top_heavy.accounts_on_determination_date is). They credit each pay date, deposited by then or later, which
        is what T-24 counts in a first year; in a later one it leaves out what was deposited after the day. Deposits are
        told by payroll and not by person, and for some plans not at all, so the last days' money counts here.
        """
        found = self.balances(self.determined_on)
        rolled = recordkeeping.top_heavy_rollovers(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, as_of=self.determined_on, known_at=self.known_at
        )
        if self.determined_on >= self.year.start:
            return elsewhere.together_with(found, rolled)
        told = census.balances_before(
            self.tx,
            tenant_id=self.tenant_id,
            plan_id=self.plan_id,
            start=self.year.start,
            end=self.until,
            known_at=self.known_at,
        )
        return elsewhere.together_with(elsewhere.together_with(found, told), rolled)

    def contributions(self, start: date, end: date, place: Places) -> dict[Source, Cents]:
        """Money of the period by source, posted here or contributed elsewhere, in the order of the people."""
        found = census.contributed(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, start=start, end=end, known_at=self.known_at
        )
        return found.of(place.ids)

    def corrective(self, place: Places) -> Cents | None:
        """Contributions that correct failures of the limitation year, under any plan of the employer."""
        return recordkeeping.corrective_additions(
            self.tx, tenant_id=self.tenant_id, plan_ids=[self.plan_id, *self.other_plans],
            year_start=self.year.start, people=place.ids, known_at=self.known_at,
        )  # fmt: skip

    def declared(self) -> tuple[recordkeeping.Declared, ...]:
        """What the employer declared for the plan year."""
        return recordkeeping.declared_for(
            self.tx,
            tenant_id=self.tenant_id,
            plan_id=self.plan_id,
            terms=self.provisions,
            last_day=self.year.last_day,
            known_at=self.known_at,
        )

    def outside(self, start: date, end: date, place: Places) -> _Outside:
        """Money that is held because it never was a contribution to the plan."""
        found = recordkeeping.outside_plan(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, start=start, end=end, known_at=self.known_at
        )
        return _Outside(found, place)

    def standings(
        self, people: Concerned, place: Places, prior_pay: Cents, balances: Cents, everybody: Everybody
    ) -> Standings:
        """Owners and officers among these people, on any day that matters, and whom the law counts for their sake."""
        plans = (self.plan_id, *self.other_plans)
        asked = Asked(self.tx, self.tenant_id, plans, self.known_at, self.provisions, everybody)
        return standings(asked, self.year, self.until, place, people.undated_owners, prior_pay, balances)

    def history(self, start: date, end: date, place: Places, outside: _Outside) -> PayHistory:
        """Single pay dates, people down and dates across."""
        found = census.pay_by_date(
            self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, start=start, end=end, known_at=self.known_at
        )
        days = found.pay_date.astype("datetime64[D]")
        dates, column = np.unique(days, return_inverse=True)
        row = found.employee_id.places_in(place.ids)[found.employee]
        inside = row >= 0
        where = (row[inside], column[inside])

        def grid(*values: Cents) -> Cents:
            out = np.zeros((len(place), len(dates)), dtype=np.int64)
            for each in values:
                np.add.at(out, where, each[inside])
            return out

        pay_dates: tuple[date, ...] = tuple(dates.tolist())
        return PayHistory(
            pay_dates=pay_dates,
            compensation=grid(found.plan_cents),
            section_415=grid(found.section_415_cents),
            pre_tax=grid(found.pre_tax_cents, found.catch_up_pre_tax_cents)
            - outside.by_date(Source.PRE_TAX, pay_dates),
            roth=grid(found.roth_cents, found.catch_up_roth_cents) - outside.by_date(Source.ROTH, pay_dates),
            after_tax=grid(found.after_tax_cents) - outside.by_date(Source.AFTER_TAX, pay_dates),
            **self._rhythm(start, pay_dates),
            **self._brought(place),
            plan_began=self.began_on if self.began_on in self.year else None,
        )

    def _brought(self, place: Places) -> dict[str, Any]:
        """What others paid in the plan year, where a match of the year's pay asks who had entered by then."""
        match = self.provisions.match
        if match is None or not (match.true_up or match.period.months == 12):
            return {}
        told = census.brought_pay(self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, known_at=self.known_at)
        in_year = [each for each in told if each.end in self.year and each.employee_id in place]
        if not in_year:
            return {}
        ends = sorted({each.end for each in in_year})
        found = np.zeros((len(place), len(ends)), dtype=np.int64)
        for each in in_year:
            found[place[each.employee_id], ends.index(each.end)] += each.plan_cents
        return {"brought": found, "brought_to": tuple(ends)}

    def _rhythm(self, start: date, pay_dates: Sequence[date]) -> dict[str, Any]:
        """What shows when payrolls come where the year itself does not: the year before, or the only one's period."""
        if not 0 < len(pay_dates) < _RHYTHM:
            return {}
        runs = [
            each
            for each in census.pay_runs(self.tx, tenant_id=self.tenant_id, plan_id=self.plan_id, known_at=self.known_at)
            if each.replaced_by is None and not each.brought
        ]
        before = sorted({each.pay_date for each in runs if start - timedelta(days=366) <= each.pay_date < start})
        if before or len(pay_dates) > 1:
            return {"before": tuple(before[-_BEFORE:])}
        days = [(each.period_end - each.period_start).days + 1 for each in runs if each.pay_date == pay_dates[0]]
        return {"period_days": next((each for each in days if _SHORTEST <= each <= _LONGEST), 0)}


class _Before:
    """The lookback year's pay and the FICA wages of the calendar year before."""

    def __init__(self, section_415: Cents, fica: Cents, known: Flags) -> None:
        self.section_415, self.fica, self.known = section_415, fica, known


def _prior(scope: _Scope, people: Concerned, place: Places, year: PlanYear, now: CalendarYear) -> _Before:
    """Our own pay lines, or what was loaded from before them, whichever is more (as entitlements read them)."""
    lookback, last = year.previous(), CalendarYear(now.year - 1)
    own = scope.of_employer(lookback.start, lookback.end)
    same = (lookback.start, lookback.end) == (last.start, last.end)
    wages = own if same else scope.of_employer(last.start, last.end)
    loaded = people.loaded(lookback.start.year)
    paid = np.maximum(_Columns(own, place).of(own.section_415_cents), loaded.section_415)
    return _Before(paid, _fica(scope, wages, people, place, last), loaded.known | (paid > 0))


def _sum(books: dict[Source, Cents], sources: tuple[Source, ...], count: int) -> Cents:
    return sum((books[source] for source in sources if source in books), np.zeros(count, dtype=np.int64))


def _placed(balances: ledger.CashOfPeople, place: Places) -> Cents:
    out = np.zeros(len(place), dtype=np.int64)
    rows = balances.employee_id.places_in(place.ids)
    out[rows[rows >= 0]] = balances.cents[rows >= 0]
    return out

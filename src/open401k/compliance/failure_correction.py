"""What a missed deferral costs the employer, per person and plan year, with all working. Pure.

Not here: the rules (law.missed_deferrals, lost_earnings, self_correction), facts (failure_facts.py), the match
(failure_match.py), words (failure_words.py), proposals (proposals.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from open401k import law
from open401k.kernel import EmployeeId, Money, PlanYear, Source
from open401k.law import NotEnacted
from open401k.law.lost_earnings import LostEarnings, lost_earnings
from open401k.law.missed_deferrals import (
    Basis,
    CorrectionWindows,
    MissedDeferral,
    Relief,
    ReliefFound,
    correction_windows,
    missed_contributions,
    missed_deferrals,
)
from open401k.law.self_correction import SelfCorrectionPeriod, self_correction_period
from open401k.recordkeeping import notice_open, open_relief

from .failure_match import MatchOwed, owed_on
from .failure_rates import Rate
from .failure_workers import PayDay, Worker
from .failures import Failure, FailureKind, MissedOn
from .missed_catch_up import missed_by_date

_WHOLE = 10_000
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OwedFor:
    """One day: what was missed, what the employer owes for it, and the earnings on that until it is paid.

    A pay date; the last day of a plan year whose end gives a match, or of a period paid before the plan came here.
    """

    on: date
    missed_cents: int
    qnec_cents: int
    match_cents: int
    earnings: LostEarnings | None
    match: tuple[tuple[Source, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PersonYear:
    """What one person lost in one plan year (and calendar year, where that is another), and what the employer owes."""

    employee_id: EmployeeId
    plan_year: PlanYear
    calendar_year: int
    rate: Rate
    compensation_cents: int
    deferred_cents: int
    missed_cents: int
    over_limit_cents: int
    relief: ReliefFound
    notice_open: bool
    qnec_cents: int
    match_cents: int
    dates: tuple[OwedFor, ...]
    earnings_missing: str = ""
    missed_after_tax_cents: int = 0

    @property
    def principal_cents(self) -> int:
        return self.qnec_cents + self.match_cents

    @property
    def earnings_cents(self) -> int:
        """Until the day of payment that was assumed."""
        return sum(each.earnings.total_cents for each in self.dates if each.earnings is not None)

    @property
    def owed_by_source(self) -> dict[Source, tuple[int, int]]:
        """What is contributed to each source, and its earnings; together all of them to the cent."""
        found: dict[Source, tuple[int, int]] = {}
        for each in self.dates:
            of_date = [(Source.QNEC, each.qnec_cents), *each.match]
            weights = [cents for _, cents in of_date]
            total = 0 if each.earnings is None else each.earnings.total_cents
            for (source, cents), earned in zip(of_date, _split(total, weights), strict=True):
                known = found.get(source, (0, 0))
                found[source] = known[0] + cents, known[1] + earned
        return {source: owed for source, owed in found.items() if owed[0]}


@dataclass(frozen=True, slots=True)
class Stage:
    """Until a day (None: from then on for ever) what is missed so far costs so much, for what is done by then."""

    until: date | None
    qnec_cents: int
    match_cents: int
    what: str

    @property
    def principal_cents(self) -> int:
        return self.qnec_cents + self.match_cents


@dataclass(frozen=True, slots=True)
class FailureCorrection:
    """The whole correction of one failure as of a day: what is owed, what waiting costs, what is still missing."""

    failure: Failure
    on: date
    people: tuple[PersonYear, ...]
    stages: tuple[Stage, ...]
    self_correction: SelfCorrectionPeriod | None
    not_ready: str
    needed: tuple[str, ...] = ()

    @property
    def principal_cents(self) -> int:
        return sum(each.principal_cents for each in self.people)

    @property
    def earnings_cents(self) -> int | None:
        """None where a rate of interest is not on file."""
        if any(each.earnings_missing for each in self.people):
            return None
        return sum(each.earnings_cents for each in self.people)


def correction_of(
    *,
    failure: Failure,
    workers: Sequence[Worker],
    rates: Mapping[tuple[EmployeeId, date], Rate],
    on: date,
    match: Mapping[EmployeeId, MatchOwed] | None = None,
) -> FailureCorrection:
    """What the employer owes for a failure, by the cheapest relief that is open, with earnings as if paid on a day.

    ``rates`` by person and first day of the plan year; ``match`` is that of :func:`missed_of`. Deferrals that have not
    begun yet are taken to begin on the day, and a notice that can still be given in time is taken to be given: what is
    so assumed is said in ``not_ready`` and keeps the correction from being approved.
    """
    owed = match or {}
    cases = [_Case(failure, each, on, owed.get(each.employee_id, {})) for each in workers]
    people = tuple(year for case in cases for year in case.years(rates, case.relief()))
    first = min((year.dates[0].on for year in people), default=None)
    period = None
    if first is not None:
        plan_year = next(year.plan_year for year in people if year.dates[0].on == first)
        period = self_correction_period(plan_year=plan_year, identified_on=failure.found_on, corrected_on=on)
    stages = tuple(_stages(failure, [case for case in cases if case.missed_days()], rates, on))
    return FailureCorrection(failure, on, people, stages, period, _not_ready(failure, cases, people))


def missed_of(
    *, failure: Failure, workers: Sequence[Worker], rates: Mapping[tuple[EmployeeId, date], Rate], on: date
) -> dict[EmployeeId, dict[date, int]]:
    """What each one would have deferred more, by pay date: what the match is missed of, in full whatever the relief.

    Rev. Proc. 2021-30 App. A .05(2)(c). Missed after-tax contributions are not in it: no match here counts them.
    """
    found: dict[EmployeeId, dict[date, int]] = {}
    for case in (_Case(failure, each, on) for each in workers):
        missed = {
            day.on: cents
            for of_year in case.missed(rates)
            for day, cents in zip(of_year.days, of_year.by_date, strict=True)
            if cents and case.may_match(day)
        }
        if missed:
            found[case.who.employee_id] = missed
    return found


@dataclass(frozen=True, slots=True)
class _Missed:
    """What one person missed in one plan year and calendar year, by pay date."""

    plan_year: PlanYear
    calendar: int
    rate: Rate
    days: list[PayDay]
    by_date: list[int]
    after_tax: list[int]
    over_limit: int

    @property
    def anything(self) -> bool:
        return bool(sum(self.by_date) or self.over_limit or sum(self.after_tax))


@dataclass(frozen=True, slots=True)
class _Case:
    """One person under one failure as of a day; ``match``: what was missed of it."""

    failure: Failure
    who: Worker
    on: date
    match: MatchOwed = field(default_factory=dict)

    @property
    def first_on(self) -> date | None:
        """When the failure began for the person: not before entry, as facts have it now."""
        entered, told = self.who.entered_on, self.failure.first_on
        return entered if entered is None or told is None else max(entered, told)

    @property
    def begin_on(self) -> date:
        """When correct deferrals began, or begin at the earliest."""
        return self.failure.begin_on or self.failure.until or self.on

    @property
    def left(self) -> bool:
        """Gone before correct deferrals could begin."""
        return self.who.left_on is not None and self.who.left_on < self.begin_on

    def missed_days(self) -> list[PayDay]:
        """The pay dates on which too little was withheld, until now."""
        first = self.first_on
        end = min(self.failure.ends_on, self.on + _A_DAY)
        return [] if first is None else [day for day in self.who.days if first <= day.begins and day.on < end]

    def windows(self) -> CorrectionWindows | None:
        days = self.missed_days()
        if not days or self.first_on is None:
            return None
        began = self.first_on
        year = days[0].terms.plan_year_of(began)
        return correction_windows(plan_year=year, failure_began_on=began, notified_on=self._told(began))

    def _told(self, began: date) -> date | None:
        told = self.failure.told_on
        return None if told is None else max(told, began)

    def relief(self, *, begin_on: date | None = None, notice_on: date | None = None) -> ReliefFound | None:
        """The relief that is open, or that would be if deferrals began, or notice was given, on other days."""
        windows, begun = self.windows(), begin_on or self.begin_on
        if windows is None:
            return None
        known = self.who.paid_from(self.missed_days()[0].on, self._since(windows))
        return open_relief(
            windows=windows,
            pay_dates=tuple(known if begin_on is None else known | set(self.last_days())),
            begun=begun,
            left=self.left,
            automatic=self.failure.of_automatic,
            notice_on=notice_on or self.failure.notice_on,
            uniform=self.failure.uniform,
            on=self.on,
        )

    def last_days(self) -> list[date]:
        """The last pay date on which correct deferrals begin, for each relief; not known yet, the day itself."""
        windows = self.windows()
        if windows is None:
            return []
        since = self._since(windows)
        return [min((day for day in self.who.paid_from(each, since) if day >= each), default=each) for each in since]

    def _since(self, windows: CorrectionWindows) -> list[date]:
        """From which day the next pay date is the last, for each relief."""
        return [windows.three_months, windows.quarter, *([windows.automatic] if self.failure.of_automatic else [])]

    def notice_open(self, begun: date | None = None) -> bool:
        """Whether a notice that was not given can still be in time."""
        return notice_open(begun=begun or self.begin_on, notice_on=self.failure.notice_on, on=self.on)

    def years(self, rates: Mapping[tuple[EmployeeId, date], Rate], found: ReliefFound | None) -> list[PersonYear]:
        """What was missed, by plan year and calendar year."""
        if found is None:
            return []
        missed = [each for each in self.missed(rates) if each.anything]
        owed = owed_on(self.match, [(each.plan_year, each.calendar) for each in missed])
        return [_of_year(self, each, found, match) for each, match in zip(missed, owed, strict=True)]

    def missed(self, rates: Mapping[tuple[EmployeeId, date], Rate]) -> list[_Missed]:
        """What was missed, whatever of it is owed."""
        found = []
        for (plan_year, calendar), days in groupby(self.missed_days(), lambda day: _years_of(day)):
            rate = rates.get((self.who.employee_id, plan_year.start))
            if rate is not None:
                found.append(_missed_in(self, list(days), plan_year, calendar, rate))
        return found

    def may_match(self, day: PayDay) -> bool:
        """Whether what was missed on a pay date could be matched: catch-up only where the plan matches that."""
        match = day.terms.match
        catch_up = self.failure.kind is FailureKind.CATCH_UP_NOT_OFFERED
        return match is not None and (match.matches_catch_up or not catch_up)

    def told(self, days: Sequence[PayDay]) -> list[MissedOn] | None:
        """What was missed on each of these days, where payroll was held against elections; None: by a rate."""
        missed = self.failure.missed_of(self.who.employee_id)
        if missed is None:
            return None
        on = {each.on: each for each in missed}
        return [on.get(day.on, MissedOn(day.on, 0)) for day in days]

    def catch_up_missed(self, days: Sequence[PayDay], calendar: int) -> list[int]:
        """What of a calendar year's catch-up was missed on these days of it (App. A .05(4))."""
        paid = {day.on: day.compensation_cents for day in self.missed_days() if day.on.year == calendar}
        found = missed_by_date(
            paid,
            limit_cents=self.who.limits[calendar],
            catch_up_cents=self.who.catch_up.get(calendar, 0),
            deferred=self.who.deferred_in(calendar),
        )
        return [found[day.on] for day in days]


def _years_of(day: PayDay) -> tuple[PlanYear, int]:
    return day.terms.plan_year_of(day.on), day.on.year


def _missed_in(case: _Case, days: list[PayDay], plan_year: PlanYear, calendar: int, rate: Rate) -> _Missed:
    wrong = {day.on for day in days}
    deferred = sum(day.deferred_cents for day in days)
    told, after_tax = case.told(days), [0] * len(days)
    if case.failure.kind is FailureKind.CATCH_UP_NOT_OFFERED:
        by_date, over_limit = case.catch_up_missed(days, calendar), 0
    elif told is None:
        would = _would_have(case.who, days, wrong, plan_year, calendar, rate)
        over_limit = int(would.over_limit[0])
        by_date = _by_date(days, rate.rate_bps, max(int(would.missed[0]) - deferred, 0))
    else:
        by_date, over_limit = _within(told, case.who, calendar)
        after_tax = [each.after_tax_cents for each in told]
        rate = replace(rate, rate_bps=_rate_of(days, told))
    return _Missed(plan_year, calendar, rate, days, by_date, after_tax, over_limit)


def _of_year(case: _Case, of: _Missed, found: ReliefFound, match: MatchOwed) -> PersonYear:
    qnec = _qnec(sum(of.by_date), sum(of.after_tax), found.relief, of.plan_year)
    by_date = _split(qnec, [own + after for own, after in zip(of.by_date, of.after_tax, strict=True)])
    owed = {day.on: (lost, own) for day, lost, own in zip(of.days, of.by_date, by_date, strict=True)}
    dates, missing = _with_earnings(case.on, owed, match, {day.on: day.begins for day in of.days})
    return PersonYear(
        employee_id=case.who.employee_id,
        plan_year=of.plan_year,
        calendar_year=of.calendar,
        rate=of.rate,
        compensation_cents=sum(day.compensation_cents for day in of.days),
        deferred_cents=sum(day.deferred_cents for day in of.days),
        missed_cents=sum(of.by_date),
        over_limit_cents=of.over_limit,
        relief=found,
        notice_open=case.notice_open() and found.relief is not Relief.HALF,
        qnec_cents=qnec,
        match_cents=sum(match.values()),
        dates=dates,
        earnings_missing=missing,
        missed_after_tax_cents=sum(of.after_tax),
    )


def _within(told: Sequence[MissedOn], who: Worker, calendar: int) -> tuple[list[int], int]:
    """What was missed on each pay date, as far as the year's deferrals left room under 402(g); and the rest."""
    left, placed = max(who.limits[calendar] - who.deferred_in(calendar), 0), []
    for each in told:
        placed.append(min(each.cents, left))
        left -= placed[-1]
    return placed, sum(each.cents for each in told) - sum(placed)


def _rate_of(days: Sequence[PayDay], told: Sequence[MissedOn]) -> int:
    """The rate of pay that these pay dates should have had, for the words; the amounts are those told."""
    pay = sum(day.compensation_cents for day in days)
    wanted = sum(day.deferred_cents for day in days) + sum(each.cents for each in told)
    return (wanted * _WHOLE * 2 + pay) // (2 * pay) if pay > 0 else 0


def _qnec(missed: int, after_tax: int, found: Relief, plan_year: PlanYear) -> int:
    """The relief's share of deferrals, and 40 % of after-tax contributions under each (App. A .05(2)(b), (3), (9))."""
    owed = missed_contributions(
        _missed_array([missed]), relief=found, plan_year=plan_year, missed_after_tax=np.array([after_tax], np.int64)
    )
    return int(owed.qnec[0] + owed.after_tax_qnec[0])


def _would_have(
    who: Worker, days: list[PayDay], wrong: set[date], plan_year: PlanYear, calendar: int, rate: Rate
) -> MissedDeferral:
    """Deferrals at the rate, within the plan's own limit and what the year's other pay dates left of 402(g)."""
    most = days[-1].terms.deferrals.max_bps_of_pay
    rate_bps = rate.rate_bps if most is None else min(rate.rate_bps, most)
    others = sum(day.deferred_cents for day in who.days if day.on.year == calendar and day.on not in wrong)
    pay = max(sum(day.compensation_cents for day in days), 0)
    return missed_deferrals(
        basis=Basis.ELECTION,  # the rate has been found by its basis (failure_rates.basis_of): here it is only applied
        compensation=np.array([pay], dtype=np.int64),
        rate_bps=rate_bps,
        deferred=np.array([max(others, 0)], dtype=np.int64),
        limit=np.array([who.limits[calendar]], dtype=np.int64),
        plan_year=plan_year,
    )


def _by_date(days: list[PayDay], rate_bps: int, missed: int) -> list[int]:
    """The missed deferral where it was missed: each pay date in turn, until all of it is placed."""
    placed, left = [], missed
    for day in days:
        wanted = max((day.compensation_cents * rate_bps * 2 + _WHOLE) // (2 * _WHOLE) - day.deferred_cents, 0)
        part = min(wanted, left)
        placed.append(part)
        left -= part
    if left:  # cents of rounding
        placed[-1] += left
    return placed


def _missed_array(missed: list[int]) -> MissedDeferral:
    cents = np.array(missed, dtype=np.int64)
    return MissedDeferral(Basis.ELECTION, np.zeros_like(cents), cents, np.zeros_like(cents))


def _split(cents: int, weights: list[int]) -> list[int]:
    if not sum(weights):
        return [0] * len(weights)
    return [part.cents for part in Money(cents).split(weights)]


def _with_earnings(
    paid_on: date, owed: Mapping[date, tuple[int, int]], match: MatchOwed, begins: Mapping[date, date]
) -> tuple[tuple[OwedFor, ...], str]:
    """Each day with the earnings on what is owed for it, from that day (or the first it stands for) until paid."""
    found, missing = [], ""
    for day in sorted({*owed, *(on for _, on in match)}):
        lost, own = owed.get(day, (0, 0))
        of_match = tuple((source, cents) for (source, on), cents in match.items() if on == day)
        employer, earnings = sum(cents for _, cents in of_match), None
        if own + employer and not missing:
            since = begins.get(day, day)
            try:
                earnings = lost_earnings(principal_cents=own + employer, loss_on=since, recovered_on=paid_on)
            except NotEnacted as refused:
                missing = str(refused)
        found.append(OwedFor(day, lost, own, employer, earnings, of_match))
    return tuple(found), missing


def _stages(
    failure: Failure, cases: list[_Case], rates: Mapping[tuple[EmployeeId, date], Rate], on: date
) -> list[Stage]:
    """What is missed so far costs more from each of these days on."""
    if not cases:
        return []
    match = sum(year.match_cents for case in cases for year in case.years(rates, case.relief()))

    def cost(*, begin_on: date | None = None, notice_on: date | None = None) -> int:
        return sum(
            _qnec(year.missed_cents, year.missed_after_tax_cents, found.relief, year.plan_year)
            for case in cases
            if (found := case.relief(begin_on=begin_on, notice_on=notice_on)) is not None
            for year in case.years(rates, found)
        )

    if failure.begin_on is not None:
        by = failure.begin_on + timedelta(days=law.missed_deferrals.NOTICE_DAYS)
        given = failure.notice_on is not None or on > by
        now, late = cost(), cost(notice_on=by + _A_DAY)
        if given or now == late:
            return [Stage(None, now, match, "settled")]
        return [Stage(by, now, match, "notice"), Stage(None, late, match, "later")]
    days = sorted({day for case in cases for day in case.last_days() if day >= on})
    stages: list[Stage] = []
    for until, qnec in [*((day, cost(begin_on=day)) for day in days), (None, _halves(cases, rates))]:
        if stages and stages[-1].qnec_cents == qnec:
            stages.pop()
        stages.append(Stage(until, qnec, match, "later" if until is None else "begin"))
    return stages


def _halves(cases: list[_Case], rates: Mapping[tuple[EmployeeId, date], Rate]) -> int:
    years = [year for case in cases for year in case.years(rates, case.relief())]
    return sum(_qnec(year.missed_cents, year.missed_after_tax_cents, Relief.HALF, year.plan_year) for year in years)


def _not_ready(failure: Failure, cases: list[_Case], people: tuple[PersonYear, ...]) -> str:
    """What must be known before the amount is final; empty: it is."""
    concerned = {each.employee_id for each in people}
    here = [case for case in cases if case.who.employee_id in concerned and not case.left]
    if here and failure.begin_on is None and failure.until is None:
        return "It is not recorded when correct deferrals begin: until then more is missed with each pay date."
    if here and failure.begin_on is not None and failure.begin_on > here[0].on:
        return f"Correct deferrals begin on {failure.begin_on}, which is still to come: more may be missed until then."
    if any(each.notice_open for each in people):
        last = max(each.relief.notice_by for each in people)
        return f"It is not recorded that the notice was given: it is in time until {last}, and decides what is owed."
    missing = next((each.earnings_missing for each in people if each.earnings_missing), "")
    return f"Earnings cannot be counted: {missing}" if missing else ""

"""What a missed deferral costs the employer, per person and plan year, with all working. Pure.

Not here: the rules (law.missed_deferrals, lost_earnings, self_correction), facts (failure_facts.py), words
(failure_words.py), proposals (proposals.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from open401k import law
from open401k.kernel import EmployeeId, Money, PlanYear, Source
from open401k.law import NotEnacted
from open401k.law.lost_earnings import LostEarnings, lost_earnings
from open401k.law.matching import MatchFormula
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
from open401k.plan import MatchPeriod
from open401k.recordkeeping import notice_open, open_relief

from .failure_rates import Rate
from .failure_workers import PayDay, Worker
from .failures import Failure, FailureKind, MissedOn
from .missed_catch_up import missed_by_date

_WHOLE = 10_000
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OwedFor:
    """One pay date: what was missed, what the employer owes for it, and the earnings on that until it is paid."""

    on: date
    missed_cents: int
    qnec_cents: int
    match_cents: int
    earnings: LostEarnings | None


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
    match_source: Source | None
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
    def earnings_by_source(self) -> tuple[int, int]:
        """Of the QNEC, and of the match; together all earnings to the cent."""
        qnec = sum(
            Money(each.earnings.total_cents).split((each.qnec_cents, each.match_cents))[0].cents
            for each in self.dates
            if each.earnings is not None and each.earnings.principal_cents
        )
        return qnec, self.earnings_cents - qnec


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
    *, failure: Failure, workers: Sequence[Worker], rates: Mapping[tuple[EmployeeId, date], Rate], on: date
) -> FailureCorrection:
    """What the employer owes for a failure, by the cheapest relief that is open, with earnings as if paid on a day.

    ``rates`` by person and first day of the plan year. Deferrals that have not begun yet are taken to begin on the day,
    and a notice that can still be given in time is taken to be given: what is so assumed is said in ``not_ready`` and
    keeps the correction from being approved.
    """
    cases = [_Case(failure, each, on) for each in workers]
    people = tuple(year for case in cases for year in case.years(rates, case.relief()))
    first = min((year.dates[0].on for year in people), default=None)
    period = None
    if first is not None:
        plan_year = next(year.plan_year for year in people if year.dates[0].on == first)
        period = self_correction_period(plan_year=plan_year, identified_on=failure.found_on, corrected_on=on)
    stages = tuple(_stages(failure, [case for case in cases if case.missed_days()], rates, on))
    return FailureCorrection(failure, on, people, stages, period, _not_ready(failure, cases, people))


@dataclass(frozen=True, slots=True)
class _Case:
    """One person under one failure as of a day."""

    failure: Failure
    who: Worker
    on: date

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
        end = min(self.failure.begin_on or date.max, self.failure.until or date.max, self.on + _A_DAY)
        return [] if first is None else [day for day in self.who.days if first <= day.on < end]

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
        first = self.missed_days()[0].on
        known = {day.on for day in self.who.days if day.on >= first}
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
        since = [windows.three_months, windows.quarter, *([windows.automatic] if self.failure.of_automatic else [])]
        return [min((day.on for day in self.who.days if day.on >= each), default=each) for each in since]

    def notice_open(self, begun: date | None = None) -> bool:
        """Whether a notice that was not given can still be in time."""
        return notice_open(begun=begun or self.begin_on, notice_on=self.failure.notice_on, on=self.on)

    def years(self, rates: Mapping[tuple[EmployeeId, date], Rate], found: ReliefFound | None) -> list[PersonYear]:
        """What was missed, by plan year and calendar year."""
        if found is None:
            return []
        years = []
        for (plan_year, calendar), days in groupby(self.missed_days(), lambda day: _years_of(day)):
            rate = rates.get((self.who.employee_id, plan_year.start))
            if rate is not None:
                years.append(_of_year(self, list(days), plan_year, calendar, rate, found))
        return [each for each in years if each.missed_cents or each.over_limit_cents or each.missed_after_tax_cents]

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


def _of_year(
    case: _Case, days: list[PayDay], plan_year: PlanYear, calendar: int, rate: Rate, found: ReliefFound
) -> PersonYear:
    wrong = {day.on for day in days}
    deferred = sum(day.deferred_cents for day in days)
    told, after_tax = case.told(days), [0] * len(days)
    if case.failure.kind is FailureKind.CATCH_UP_NOT_OFFERED:
        by_date, over_limit = case.catch_up_missed(days, calendar), 0
        missed = sum(by_date)
    elif told is None:
        would = _would_have(case.who, days, wrong, plan_year, calendar, rate)
        missed, over_limit = max(int(would.missed[0]) - deferred, 0), int(would.over_limit[0])
        by_date = _by_date(days, rate.rate_bps, missed)
    else:
        by_date, over_limit = _within(told, case.who, calendar)
        missed, after_tax = sum(by_date), [each.after_tax_cents for each in told]
        rate = replace(rate, rate_bps=_rate_of(days, told))
    qnec = _qnec(missed, sum(after_tax), found.relief, plan_year)
    match, source = _missed_match(case.who, days, by_date, plan_year)
    qnec_by_date = _split(qnec, [own + after for own, after in zip(by_date, after_tax, strict=True)])
    dates, missing = _with_earnings(case.on, days, by_date, qnec_by_date, match)
    return PersonYear(
        employee_id=case.who.employee_id,
        plan_year=plan_year,
        calendar_year=calendar,
        rate=rate,
        compensation_cents=sum(day.compensation_cents for day in days),
        deferred_cents=deferred,
        missed_cents=missed,
        over_limit_cents=over_limit,
        relief=found,
        notice_open=case.notice_open() and found.relief is not Relief.HALF,
        qnec_cents=qnec,
        match_cents=sum(match),
        match_source=source,
        dates=dates,
        earnings_missing=missing,
        missed_after_tax_cents=sum(after_tax),
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


def _missed_match(
    who: Worker, days: list[PayDay], missed: list[int], plan_year: PlanYear
) -> tuple[list[int], Source | None]:
    """The match of what was missed, in full (Rev. Proc. 2021-30 App. A .05(2)(c)): by pay date."""
    terms = days[-1].terms.match
    begins = max(who.match_from, who.entered_on or date.min)
    missed = [cents if begins <= day.on else 0 for day, cents in zip(days, missed, strict=True)]
    if terms is None or not sum(missed):
        return [0] * len(days), None
    formula = MatchFormula.of(terms.tiers, terms.cap_cents)
    of_year = [day for day in who.days if day.on in plan_year and begins <= day.on]
    matched = max(sum(day.matched_cents for day in of_year), 0)
    if terms.period is MatchPeriod.PLAN_YEAR:
        total = _match_of_year(of_year, sum(missed), matched, formula, plan_year)
        return _split(total, missed), terms.source
    counted = dict(zip((day.on for day in of_year), _counted(of_year, plan_year), strict=True))
    alone = replace(formula, cap_cents=None)
    owed = missed_contributions(
        _missed_array(missed),
        relief=Relief.HALF,
        plan_year=plan_year,
        formula=alone,
        compensation=np.array([counted.get(day.on, 0) for day in days], dtype=np.int64),
        deferred=np.array([max(day.deferred_cents, 0) for day in days], dtype=np.int64),
    )
    left = 10**15 if formula.cap_cents is None else max(formula.cap_cents - matched, 0)
    found = []
    for cents in owed.match.tolist():
        found.append(min(cents, left))
        left -= found[-1]
    return found, terms.source


def _match_of_year(of_year: list[PayDay], missed: int, matched: int, formula: MatchFormula, plan_year: PlanYear) -> int:
    owed = missed_contributions(
        _missed_array([missed]),
        relief=Relief.HALF,
        plan_year=plan_year,
        formula=formula,
        compensation=np.array([sum(_counted(of_year, plan_year))], dtype=np.int64),
        deferred=np.array([max(sum(day.deferred_cents for day in of_year), 0)], dtype=np.int64),
        matched=np.array([matched], dtype=np.int64),
    )
    return int(owed.match[0])


def _counted(days: list[PayDay], plan_year: PlanYear) -> list[int]:
    """Pay that the match counts, up to the limit of 401(a)(17), reached by adding up."""
    cap, before, found = law.compensation.annual_cap(plan_year), 0, []
    for day in days:
        pay = max(day.compensation_cents if day.match_pay_cents is None else day.match_pay_cents, 0)
        found.append(max(min(before + pay, cap) - before, 0))
        before += pay
    return found


def _missed_array(missed: list[int]) -> MissedDeferral:
    cents = np.array(missed, dtype=np.int64)
    return MissedDeferral(Basis.ELECTION, np.zeros_like(cents), cents, np.zeros_like(cents))


def _split(cents: int, weights: list[int]) -> list[int]:
    if not sum(weights):
        return [0] * len(weights)
    return [part.cents for part in Money(cents).split(weights)]


def _with_earnings(
    paid_on: date, days: list[PayDay], missed: list[int], qnec: list[int], match: list[int]
) -> tuple[tuple[OwedFor, ...], str]:
    """Each pay date with the earnings on what is owed for it, from that day until paid."""
    found, missing = [], ""
    for day, lost, own, employer in zip(days, missed, qnec, match, strict=True):
        earnings = None
        if own + employer and not missing:
            try:
                earnings = lost_earnings(principal_cents=own + employer, loss_on=day.on, recovered_on=paid_on)
            except NotEnacted as refused:
                missing = str(refused)
        found.append(OwedFor(day.on, lost, own, employer, earnings))
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

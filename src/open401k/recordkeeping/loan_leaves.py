"""A loan's schedule with leaves in it: installments pause, interest goes on, the rest is level again. Pure.

Reg. 1.72(p)-1 Q&A-9. The amounts are the law's (law/loan_schedules.py after_leave); here is which installments pause,
and how each later one pays the interest of the leave before principal. Not here: what payrolls repay (loan_books.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from open401k.kernel import anniversary, half_up
from open401k.law.loan_defaults import CurePeriod, DeemedLoan
from open401k.law.loan_schedules import (
    Installment,
    LeaveProblem,
    LoanSchedule,
    LoanTerms,
    accrued,
    after_leave,
    due_on,
    latest_permissible_term,
    military_rate_bps,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leave:
    """Unpaid leave, or too little pay for the installments, from its first to its last day; or service in uniform."""

    leave_on: date
    until: date
    military: bool = False

    def holds(self, day: date) -> bool:
        return self.leave_on <= day <= self.until


@dataclass(frozen=True, slots=True)
class Pause:
    """Periods of the note without an installment, after so many of them, at the rate that runs meanwhile."""

    after: int
    periods: int
    rate_bps: int


@dataclass(frozen=True, slots=True)
class Charged:
    """The interest of one period, owed from its first day."""

    begins: date
    cents: int


@dataclass(frozen=True, slots=True)
class Paused:
    """A note with its leaves. Balances of ``schedule`` have the unpaid interest of leaves in them."""

    schedule: LoanSchedule
    charged: tuple[Charged, ...]
    pauses: tuple[Pause, ...] = ()
    problems: tuple[LeaveProblem, ...] = ()

    def period_after(self, installments: int) -> int:
        """How many periods of the note are over when so many installments are."""
        number = installments
        for pause in self.pauses:
            if number > pause.after:
                number += pause.periods
        return number

    def rate_of(self, period: int) -> int:
        """The rate that runs in a period."""
        within = (each for each in self.pauses if each.after < period <= each.after + each.periods)
        found = next(within, None)
        return self.schedule.terms.annual_rate_bps if found is None else found.rate_bps

    def interest_unpaid(self, installments_paid: int, *, on: date) -> int:
        """Interest of the periods that began by a day, less what the installments that were paid have of it."""
        paid = sum(row.interest_cents for row in self.schedule.installments[:installments_paid])
        return sum(each.cents for each in self.charged if each.begins <= on) - paid


def pause_installments(note: LoanSchedule, leaves: Sequence[Leave]) -> Paused:
    """The schedule that is left: what a civilian leave skips is spread over the rest, military service moves the term.

    Installments after a leave are level and not below those before it (Q&A-9(a)). What may not be is in ``problems``.
    """
    begin = [note.terms.loan_on, *(row.due_on + _DAY for row in note.installments)]
    charged = tuple(Charged(day, row.interest_cents) for day, row in zip(begin, note.installments, strict=False))
    found = Paused(note, charged)
    for leave in sorted(leaves, key=lambda each: each.leave_on):
        found = _with(found, leave)
    return found


def _with(before: Paused, leave: Leave) -> Paused:
    schedule, terms = before.schedule, before.schedule.terms
    kept = sum(row.due_on < leave.leave_on for row in schedule.installments)
    first, skipped = before.period_after(kept), 0
    while due_on(terms, first + skipped + 1) <= leave.until:
        skipped += 1
    problems = before.problems
    if not leave.military and leave.until >= anniversary(leave.leave_on, 1):
        problems = (*problems, LeaveProblem.LEAVE_OVER_A_YEAR)
    left = len(schedule.installments) - kept - (0 if leave.military else skipped)
    if left <= 0:
        return replace(before, problems=(*problems, LeaveProblem.NO_INSTALLMENT_LEFT))
    if not skipped:
        return replace(before, problems=problems)
    rate = terms.annual_rate_bps
    if leave.military:
        rate = military_rate_bps(annual_rate_bps=rate, service_on=leave.leave_on)
    after = after_leave(
        schedule=schedule,
        installments_paid=kept,
        leave_periods=skipped,
        military=leave.military,
        rate_during_leave_bps=rate,
        periods_until_repaid=left,
    )
    meanwhile = _meanwhile(terms, schedule.balance_after(kept), first, skipped, rate)
    level = max(after.level_payment_cents, schedule.level_payment_cents)
    rows, later = _rows(before, leave, kept, first + skipped, left, after.balance_cents, level)
    revised = LoanSchedule(terms, level, (*schedule.installments[:kept], *rows))
    pauses = (*before.pauses, Pause(first, skipped, rate))
    return Paused(revised, (*before.charged[:first], *meanwhile, *later), pauses, problems)


def _meanwhile(terms: LoanTerms, balance: int, first: int, periods: int, rate: int) -> Iterator[Charged]:
    """Interest of a leave, period by period."""
    for number in range(first + 1, first + periods + 1):
        grown = accrued(balance, annual_rate_bps=rate, frequency=terms.frequency, periods=1)
        yield Charged(_begins(terms, number), grown - balance)
        balance = grown


def _rows(
    before: Paused, leave: Leave, kept: int, first: int, left: int, owed: int, level: int
) -> tuple[list[Installment], list[Charged]]:
    """The level installments after a leave: interest of the leave first, then that of the period, then principal."""
    terms = before.schedule.terms
    unpaid = owed - terms.principal_cents + sum(row.principal_cents for row in before.schedule.installments[:kept])
    rows: list[Installment] = []
    charged: list[Charged] = []
    for number in range(1, left + 1):
        interest = half_up(owed * terms.period_rate)
        payment = owed + interest if number == left else min(level, owed + interest)
        of_interest = min(payment, unpaid + interest)
        unpaid, owed = unpaid + interest - of_interest, owed + interest - payment
        due = _within_term(terms, due_on(terms, first + number), leave)
        charged.append(Charged(_begins(terms, first + number), interest))
        rows.append(Installment(kept + number, due, payment, of_interest, payment - of_interest, owed))
        if not owed:
            break
    return rows, charged


def _within_term(terms: LoanTerms, due: date, leave: Leave) -> date:
    """Service moves the last day of a term by its days (IRC 414(u)(4)), not by the periods that it touches."""
    if not leave.military or terms.principal_residence:
        return due
    return min(due, latest_permissible_term(loan_on=terms.loan_on) + (leave.until - leave.leave_on + _DAY))


def _begins(terms: LoanTerms, number: int) -> date:
    return due_on(terms, number - 1) + _DAY if number > 1 else terms.loan_on


def cure_with_service(cure: CurePeriod, leaves: Sequence[Leave]) -> CurePeriod:
    """Service in uniform is not taken into account: a cure period that it interrupts goes on after it (Q&A-9(b))."""
    for leave in sorted(leaves, key=lambda each: each.leave_on):
        if leave.military and cure.missed_due_on < leave.leave_on <= cure.last_day:
            days = leave.until - leave.leave_on + _DAY
            cure = CurePeriod(cure.missed_due_on, cure.last_day + days, cure.longest_last_day + days)
    return cure


def deemed_after_pauses(paused: Paused, installments_paid: int, cure: CurePeriod) -> DeemedLoan:
    """The whole balance with interest to the end of the cure period (Q&A-10(b)), that of leaves at their own rates."""
    schedule, terms = paused.schedule, paused.schedule.terms
    period = paused.period_after(installments_paid)
    owed = schedule.balance_after(installments_paid)
    while due_on(terms, period + 1) <= cure.last_day:
        period += 1
        owed = accrued(owed, annual_rate_bps=paused.rate_of(period), frequency=terms.frequency, periods=1)
    run = cure.last_day - due_on(terms, period)
    whole = due_on(terms, period + 1) - due_on(terms, period)
    grown = accrued(owed, annual_rate_bps=paused.rate_of(period + 1), frequency=terms.frequency, periods=1)
    owed += half_up(Fraction((grown - owed) * run.days, whole.days))
    principal = terms.principal_cents - sum(row.principal_cents for row in schedule.installments[:installments_paid])
    return DeemedLoan(cure.last_day, owed, principal, owed - principal, cure.missed_due_on, cure)

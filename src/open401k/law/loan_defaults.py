"""Missed installments of a participant loan: cure period, deemed distribution, what follows it, offset.

Not here: schedules (loan_schedules.py); withholding, the 1099-R and rollovers of what is distributed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, anniversary, half_up
from . import given
from .given import check_facts
from .loan_schedules import Frequency, LoanSchedule, accrued, due_on


@dataclass(frozen=True, slots=True)
class CurePeriod:
    """Until when a missed installment may still be paid."""

    missed_due_on: date
    last_day: date
    longest_last_day: date


@dataclass(frozen=True, slots=True)
class DeemedLoan:
    """A whole loan that became a distribution for tax because an installment was not paid in time."""

    on: date
    amount_cents: int
    principal_cents: int
    interest_cents: int
    missed_due_on: date
    cure: CurePeriod


@dataclass(frozen=True, slots=True)
class AfterDeemed:
    """A loan after its deemed distribution and before it is repaid or offset.

    Later interest is no further distribution, but counts with the loan toward the limit of the next one. Repayments in
    cash are basis, though no after-tax contributions.
    """

    owed_cents: int
    interest_since_cents: int
    further_deemed_cents: int
    basis_cents: int


class OffsetKind(StrEnum):
    """How long an offset may be rolled over."""

    #: Reg. 1.402(c)-2(g)(3)(i): 60 days.
    PLAN_LOAN_OFFSET = "plan_loan_offset"
    #: Reg. 1.402(c)-2(g)(3)(ii): to the due date of the return, extensions included.
    QUALIFIED_PLAN_LOAN_OFFSET = "qualified_plan_loan_offset"
    #: Reg. 1.72(p)-1 Q&A-13(b): the account may not be reduced before an event of IRC 401(k)(2)(B).
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class LoanOffset:
    """An account reduced to repay a loan: an actual distribution, except for what tax law has distributed before."""

    kind: OffsetKind
    on: date
    offset_cents: int
    #: Not taxed before as a deemed distribution.
    taxable_cents: int
    deemed_before_cents: int
    #: The return whose due date with extensions ends the rollover of a qualified offset.
    rollover_by_return_of: CalendarYear | None
    rollover_by: date | None


def cure_period(*, missed_due_on: date, plan_months: int | None = None) -> CurePeriod:
    """The time a plan may allow: at most to the end of the calendar quarter after that of the due date.

    Reg. 1.72(p)-1 Q&A-10(a). ``plan_months``: the plan's own shorter period; 0 where it allows none.

    >>> cure_period(missed_due_on=date(2003, 8, 31)).last_day
    datetime.date(2003, 12, 31)
    """
    check_facts(locals())
    given.days(missed_due_on=missed_due_on)
    given.counts(12, plan_months=plan_months or 0)
    quarter = date(missed_due_on.year, (missed_due_on.month - 1) // 3 * 3 + 1, 1)
    longest = given.add_months(quarter, 6) - timedelta(days=1)
    own = longest if plan_months is None else given.add_months(missed_due_on, plan_months)
    return CurePeriod(missed_due_on, min(own, longest), longest)


def deemed_loan(*, schedule: LoanSchedule, installments_paid: int, cure_months: int | None = None) -> DeemedLoan:
    """The whole balance with interest to the end of the cure period is distributed (Reg. 1.72(p)-1 Q&A-10(b)).

    Interest is that of the whole periods that ended by then, and of the days of a period begun.
    """
    check_facts(locals())
    terms = schedule.terms
    given.counts(terms.installments - 1, installments_paid=installments_paid)
    missed = schedule.installments[installments_paid].due_on
    cure = cure_period(missed_due_on=missed, plan_months=cure_months)
    owed = balance_unpaid(schedule=schedule, installments_paid=installments_paid, on=cure.last_day)
    principal = schedule.balance_after(installments_paid)
    return DeemedLoan(cure.last_day, owed, principal, owed - principal, missed, cure)


def balance_unpaid(*, schedule: LoanSchedule, installments_paid: int, on: date) -> int:
    """What a loan on which no further installment was paid amounts to on a day (Reg. 1.72(p)-1 Q&A-10(b)).

    Interest is added at each due date; between two of them by days, which the regulation leaves to the note.
    """
    check_facts(locals())
    terms = schedule.terms
    given.counts(terms.installments, installments_paid=installments_paid)
    given.days(last_paid_due_on=due_on(terms, installments_paid), on=on)
    ended = installments_paid
    while due_on(terms, ended + 1) <= on:
        ended += 1
    rate, often = terms.annual_rate_bps, terms.frequency
    before = schedule.balance_after(installments_paid)
    owed = accrued(before, annual_rate_bps=rate, frequency=often, periods=ended - installments_paid)
    of_period = accrued(owed, annual_rate_bps=rate, frequency=often, periods=1) - owed
    run = (on - due_on(terms, ended)).days
    whole = (due_on(terms, ended + 1) - due_on(terms, ended)).days
    return owed + half_up(Fraction(of_period * run, whole))


def after_deemed(
    *,
    deemed_cents: int,
    annual_rate_bps: int,
    frequency: Frequency,
    periods_since: int,
    repaid_cents: Sequence[int] = (),
) -> AfterDeemed:
    """What a deemed loan counts for a later loan, and the basis from repaying it (Reg. 1.72(p)-1 Q&A-19, -21).

    Interest of ``periods_since`` accrues first; what was repaid is then taken off, none of it out of order with it.
    """
    check_facts(locals())
    given.amounts(deemed_cents=deemed_cents, **{f"repaid_cents.{n}": cents for n, cents in enumerate(repaid_cents)})
    grown = accrued(deemed_cents, annual_rate_bps=annual_rate_bps, frequency=frequency, periods=periods_since)
    repaid = sum(repaid_cents)
    return AfterDeemed(max(grown - repaid, 0), grown - deemed_cents, 0, repaid)


def loan_offset(
    *,
    offset_cents: int,
    offset_on: date,
    severed_on: date | None,
    plan_terminated: bool = False,
    met_72p_until_then: bool = True,
    deemed_before_cents: int = 0,
    other_event_allows: bool = False,
    failed_to_repay: bool = True,
) -> LoanOffset:
    """An account reduced to repay a loan (IRC 402(c)(3)(C); Reg. 1.402(c)-2(g), 1.72(p)-1 Q&A-13(b)).

    Qualified: because the plan ended, or because a loan that met 72(p)(2) up to the severance was not repaid and is
    offset by the first anniversary of it. ``deemed_before_cents`` is what was deemed distributed and not repaid, with
    its later interest, which section 72 disregards (Reg. 1.72(p)-1 Q&A-19(a)). Without severance, plan end or another
    event (59 1/2, or money that is not under 401(k)(2)(B)), the account may not be reduced: the loan stays a deemed
    distribution only.
    """
    check_facts(locals())
    given.amounts(offset_cents=offset_cents, deemed_before_cents=deemed_before_cents)
    given.days(severed_on=severed_on, offset_on=offset_on)
    if severed_on is None and not plan_terminated and not other_event_allows:
        return LoanOffset(OffsetKind.NOT_ALLOWED, offset_on, 0, 0, deemed_before_cents, None, None)
    by_severance = severed_on is not None and failed_to_repay and offset_on <= anniversary(severed_on, 1)
    qualified = met_72p_until_then and not deemed_before_cents and (plan_terminated or by_severance)
    kind = OffsetKind.QUALIFIED_PLAN_LOAN_OFFSET if qualified else OffsetKind.PLAN_LOAN_OFFSET
    return LoanOffset(
        kind=kind,
        on=offset_on,
        offset_cents=offset_cents,
        taxable_cents=max(offset_cents - deemed_before_cents, 0),
        deemed_before_cents=min(deemed_before_cents, offset_cents),
        rollover_by_return_of=CalendarYear(offset_on.year) if qualified else None,
        rollover_by=None if qualified else offset_on + timedelta(days=60),
    )

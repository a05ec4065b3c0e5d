"""Repayment of a participant loan to the cent: level installments, balances on a day, leaves of absence.

Not here: how much may be lent (loans.py), what happens when an installment is missed (loan_defaults.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, anniversary, half_up
from . import figures, given
from .given import check_facts, check_fields

_WHOLE = 10_000
#: Rates of loans up to 100 %; a term of 60 years paid weekly has 3,120 installments.
_MOST_RATE_BPS = 10_000
_MOST_INSTALLMENTS = 3_120
#: A loan that buys no principal residence is repaid within five years (IRC 72(p)(2)(B)(i)).
TERM_YEARS = 5
#: Installments may pause for a year of unpaid leave (Reg. 1.72(p)-1 Q&A-9(a)).
MOST_LEAVE_MONTHS = 12


class Frequency(StrEnum):
    """How often an installment is due; less than quarterly is no level amortization (IRC 72(p)(2)(C))."""

    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    SEMIMONTHLY = "semimonthly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


#: Installments in a year: the rate of a period is the yearly rate divided by it, as the regulation's examples are.
PER_YEAR = {
    Frequency.WEEKLY: 52,
    Frequency.BIWEEKLY: 26,
    Frequency.SEMIMONTHLY: 24,
    Frequency.MONTHLY: 12,
    Frequency.QUARTERLY: 4,
}
#: The first half of a month of a semi-monthly loan has fifteen days, the second one the rest.
_HALF_MONTH_DAYS = 15


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """What the note says. ``annual_rate_bps`` is nominal; the first installment is due a period after the loan."""

    principal_cents: int
    annual_rate_bps: int
    installments: int
    frequency: Frequency
    loan_on: date
    principal_residence: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        given.amounts(principal_cents=self.principal_cents)
        given.counts(_MOST_RATE_BPS, annual_rate_bps=self.annual_rate_bps)
        given.counts(_MOST_INSTALLMENTS, installments=self.installments)
        given.days(loan_on=self.loan_on)
        if not self.principal_cents or not self.installments:
            raise given.ImpossibleInput("principal_cents" if self.installments else "installments", "is nothing.")

    @property
    def period_rate(self) -> Fraction:
        return Fraction(self.annual_rate_bps, _WHOLE * PER_YEAR[self.frequency])


@dataclass(frozen=True, slots=True)
class Installment:
    """One payment: interest of the period first, the rest repays principal."""

    number: int
    due_on: date
    payment_cents: int
    interest_cents: int
    principal_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class LoanSchedule:
    """All installments; the last one settles what rounding left, so that principal adds up to the loan."""

    terms: LoanTerms
    level_payment_cents: int
    installments: tuple[Installment, ...]

    def balance_after(self, paid: int) -> int:
        """What is owed right after that many installments."""
        return self.installments[paid - 1].balance_cents if paid else self.terms.principal_cents

    @property
    def total_interest_cents(self) -> int:
        return sum(each.interest_cents for each in self.installments)


class LeaveProblem(StrEnum):
    """Why installments may not pause or resume like that, in order of precedence."""

    #: Reg. 1.72(p)-1 Q&A-9(a): one year, unless in military service.
    LEAVE_OVER_A_YEAR = "leave_over_a_year"
    #: Q&A-9(a), (c): the loan must be repaid by its latest permissible term.
    PAST_LATEST_TERM = "past_latest_term"
    #: The leave lasts until nothing is left of the term.
    NO_INSTALLMENT_LEFT = "no_installment_left"


@dataclass(frozen=True, slots=True)
class AfterLeave:
    """A loan at the end of a leave, and both ways to repay it: higher level installments, or the old ones and a rest.

    Installments are not below those of the note (Q&A-9(a)): ``level_payment_cents`` is never less.
    """

    balance_cents: int
    interest_of_leave_cents: int
    installments_left: int
    level_payment_cents: int
    unchanged_payment_cents: int
    rest_due_at_end_cents: int
    latest_permissible_on: date
    problems: tuple[LeaveProblem, ...]


def level_payment(*, principal_cents: int, annual_rate_bps: int, installments: int, frequency: Frequency) -> Fraction:
    """The level installment that repays a loan, exactly (IRC 72(p)(2)(C)); round it to the cent when it is charged.

    >>> half_up(level_payment(
    ...     principal_cents=4_000_000, annual_rate_bps=875, installments=60, frequency=Frequency.MONTHLY))
    82549
    """
    check_facts(locals())
    given.amounts(principal_cents=principal_cents)
    given.counts(_MOST_RATE_BPS, annual_rate_bps=annual_rate_bps)
    given.counts(_MOST_INSTALLMENTS, installments=installments)
    if not installments:
        raise given.ImpossibleInput("installments", "is nothing.")
    rate = Fraction(annual_rate_bps, _WHOLE * PER_YEAR[frequency])
    if not rate:
        return Fraction(principal_cents, installments)
    grown = (1 + rate) ** installments
    return principal_cents * rate * grown / (grown - 1)  # exact: Fractions


def loan_schedule(terms: LoanTerms) -> LoanSchedule:
    """Substantially level installments, at least quarterly, to the cent (IRC 72(p)(2)(C)).

    Interest of each period and the level installment are rounded half-up; the last installment pays what is left.
    """
    level = half_up(
        level_payment(
            principal_cents=terms.principal_cents,
            annual_rate_bps=terms.annual_rate_bps,
            installments=terms.installments,
            frequency=terms.frequency,
        )
    )
    balance, rows = terms.principal_cents, []
    for number in range(1, terms.installments + 1):
        interest = half_up(balance * terms.period_rate)
        last = number == terms.installments
        payment = balance + interest if last else min(level, balance + interest)
        balance += interest - payment
        rows.append(Installment(number, due_on(terms, number), payment, interest, payment - interest, balance))
    return LoanSchedule(terms, level, tuple(rows))


def due_on(terms: LoanTerms, number: int) -> date:
    """The day of an installment: the last day of its period, counted from the day of the loan.

    So a five-year loan of 1 July ends on 30 June, as in Reg. 1.72(p)-1 Q&A-9(d) Example 1. Semi-monthly installments
    are two in each such month: fifteen days into it, and at its end.
    """
    check_facts(locals())
    day = timedelta(days=1)
    match terms.frequency:
        case Frequency.WEEKLY:
            return terms.loan_on + timedelta(weeks=number) - day
        case Frequency.BIWEEKLY:
            return terms.loan_on + timedelta(weeks=2 * number) - day
        case Frequency.SEMIMONTHLY:
            months, halves = divmod(number, 2)
            return given.add_months(terms.loan_on, months) + timedelta(days=_HALF_MONTH_DAYS * halves) - day
        case Frequency.MONTHLY:
            return given.add_months(terms.loan_on, number) - day
        case Frequency.QUARTERLY:
            return given.add_months(terms.loan_on, 3 * number) - day


def latest_permissible_term(*, loan_on: date, military_suspension_months: int = 0) -> date:
    """The last day of the five years that begin with the loan, plus months suspended for military service.

    IRC 72(p)(2)(B)(i), 414(u)(4); Reg. 1.72(p)-1 Q&A-9(b), (c). A loan that buys a principal residence has no such day.
    """
    check_facts(locals())
    given.days(loan_on=loan_on)
    given.counts(600, military_suspension_months=military_suspension_months)
    return given.add_months(anniversary(loan_on, TERM_YEARS), military_suspension_months) - timedelta(days=1)


def military_rate_bps(*, annual_rate_bps: int, service_on: date) -> int:
    """The rate while in the uniformed services: at most 6 % on a loan from before (50 USC 3937(a); IRC 414(u)(4))."""
    check_facts(locals())
    return min(annual_rate_bps, figures.bps("loan_rate_military", CalendarYear(service_on.year)))


def after_leave(
    *,
    schedule: LoanSchedule,
    installments_paid: int,
    leave_periods: int,
    military: bool = False,
    rate_during_leave_bps: int | None = None,
    periods_until_repaid: int | None = None,
) -> AfterLeave:
    """A loan after a leave without (enough) pay, during which interest accrued (Reg. 1.72(p)-1 Q&A-9).

    ``leave_periods`` counts the installments that the leave skips. The term does not move for a civilian leave; it
    moves by the service for a military one, when ``rate_during_leave_bps`` is at most 6 % (see military_rate_bps).
    ``periods_until_repaid``: installments after the leave, if not those up to the end of the term so moved.
    """
    check_facts(locals())
    terms = schedule.terms
    given.counts(terms.installments, installments_paid=installments_paid)
    given.counts(_MOST_INSTALLMENTS, leave_periods=leave_periods, periods_until_repaid=periods_until_repaid or 0)
    rate = terms.annual_rate_bps if rate_during_leave_bps is None else rate_during_leave_bps
    given.counts(_MOST_RATE_BPS, rate_during_leave_bps=rate)
    before = schedule.balance_after(installments_paid)
    balance = accrued(before, annual_rate_bps=rate, frequency=terms.frequency, periods=leave_periods)
    left = terms.installments - installments_paid - (0 if military else leave_periods)
    left = max(left, 0) if periods_until_repaid is None else periods_until_repaid
    months = leave_periods * 12 // PER_YEAR[terms.frequency]
    latest = latest_permissible_term(loan_on=terms.loan_on, military_suspension_months=months if military else 0)
    level = _level_for(balance, terms, left) if left else 0
    return AfterLeave(
        balance_cents=balance,
        interest_of_leave_cents=balance - before,
        installments_left=left,
        level_payment_cents=max(level, schedule.level_payment_cents) if left else 0,
        unchanged_payment_cents=schedule.level_payment_cents,
        rest_due_at_end_cents=_rest(balance, terms, left, schedule.level_payment_cents),
        latest_permissible_on=latest,
        problems=tuple(
            _leave_problems(terms, installments_paid + leave_periods + left, left, latest, military, leave_periods)
        ),
    )


def accrued(balance_cents: int, *, annual_rate_bps: int, frequency: Frequency, periods: int) -> int:
    """A balance on which nothing is paid for some periods, each period's interest added to the cent.

    Compounded at the nominal rate of a period, as the examples of Reg. 1.72(p)-1 Q&A-9 and Q&A-10 are.
    """
    check_facts(locals())
    given.amounts(balance_cents=balance_cents)
    given.counts(_MOST_RATE_BPS, annual_rate_bps=annual_rate_bps)
    given.counts(_MOST_INSTALLMENTS, periods=periods)
    rate = Fraction(annual_rate_bps, _WHOLE * PER_YEAR[frequency])
    for _ in range(periods):
        balance_cents += half_up(balance_cents * rate)
    return balance_cents


def _level_for(balance: int, terms: LoanTerms, installments: int) -> int:
    return half_up(
        level_payment(
            principal_cents=balance,
            annual_rate_bps=terms.annual_rate_bps,
            installments=installments,
            frequency=terms.frequency,
        )
    )


def _rest(balance: int, terms: LoanTerms, installments: int, payment: int) -> int:
    """What is still owed after the last of the unchanged installments, on top of it."""
    for _ in range(installments):
        balance = max(balance + half_up(balance * terms.period_rate) - payment, 0)
    return balance


def _leave_problems(
    terms: LoanTerms, last_number: int, left: int, latest: date, military: bool, leave_periods: int
) -> Sequence[LeaveProblem]:
    found = []
    if not military and leave_periods * 12 > MOST_LEAVE_MONTHS * PER_YEAR[terms.frequency]:
        found.append(LeaveProblem.LEAVE_OVER_A_YEAR)
    if not terms.principal_residence and left and due_on(terms, last_number) > latest:
        found.append(LeaveProblem.PAST_LATEST_TERM)
    if not left:
        found.append(LeaveProblem.NO_INSTALLMENT_LEFT)
    return found

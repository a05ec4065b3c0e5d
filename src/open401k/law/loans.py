"""How much a participant may borrow, whether a loan is a distribution when it is made, and refinancing.

Not here: schedules and leaves (loan_schedules.py), missed installments and offsets (loan_defaults.py), the rate of
interest and who may borrow (29 CFR 2550.408b-1(b)-(e)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import CalendarYear, anniversary
from . import figures, given
from .given import check_facts, check_fields
from .loan_schedules import latest_permissible_term

_WHOLE = 10_000


class LoanLimitBy(StrEnum):
    """Which limit of IRC 72(p)(2)(A) decides."""

    DOLLARS = "dollars"
    VESTED_SHARE = "vested_share"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class LoanLimit:
    """The limits on all loans together, and what is left for a new one."""

    dollar_limit_cents: int
    reduction_cents: int
    vested_share_cents: int
    vested_limit_cents: int
    limit_cents: int
    outstanding_cents: int
    maximum_cents: int
    #: Of the maximum, what half of the vested benefit cannot secure (29 CFR 2550.408b-1(f)(2)(i)).
    needs_other_security_cents: int
    decided_by: LoanLimitBy
    year: CalendarYear


@dataclass(frozen=True, slots=True)
class BalanceOn:
    """All of a participant's loans together, owed from that day on until the next such balance."""

    on: date
    balance_cents: int

    def __post_init__(self) -> None:
        check_fields(self)


class LoanProblem(StrEnum):
    """Why a loan is a distribution the day it is made, in order of precedence; all but the last make it wholly so."""

    #: Reg. 1.72(p)-1 Q&A-17: an actual distribution, no deemed one.
    NO_BONA_FIDE_LOAN = "no_bona_fide_loan"
    #: IRC 72(p)(2)(D).
    CREDIT_CARD = "credit_card"
    #: Reg. 1.72(p)-1 Q&A-3(b).
    NO_ENFORCEABLE_AGREEMENT = "no_enforceable_agreement"
    #: IRC 72(p)(2)(B).
    TERM_TOO_LONG = "term_too_long"
    #: IRC 72(p)(2)(C).
    NOT_LEVEL_OR_NOT_QUARTERLY = "not_level_or_not_quarterly"
    #: Reg. 1.72(p)-1 Q&A-19(b)(2): an earlier loan was deemed distributed and is not repaid.
    NO_SECURITY_AFTER_DEEMED_LOAN = "no_security_after_deemed_loan"
    #: IRC 72(p)(2)(A): only what is over the limit.
    OVER_LIMIT = "over_limit"


@dataclass(frozen=True, slots=True)
class LoanMade:
    """A loan on its first day: what of it is a distribution at once (Reg. 1.72(p)-1 Q&A-4(a))."""

    loan_cents: int
    deemed_cents: int
    problems: tuple[LoanProblem, ...]
    limit: LoanLimit
    #: An actual distribution, for the plan too: what was handed over as a loan and is none (Q&A-17).
    actual_cents: int = 0

    @property
    def remains_a_loan_cents(self) -> int:
        return self.loan_cents - self.deemed_cents - self.actual_cents


@dataclass(frozen=True, slots=True)
class Refinancing:
    """A loan that replaces another: what counts toward the limit, and what of it is a distribution."""

    #: The new loan runs past the old one's latest permissible term and is not built as two loans.
    both_count: bool
    counted_cents: int
    limit_cents: int
    deemed_cents: int
    latest_permissible_on: date
    #: The new loan runs for more than five years of its own (IRC 72(p)(2)(B)): all of it is a distribution.
    new_term_too_long: bool = False


@dataclass(frozen=True, slots=True)
class DelayedLoan:
    """Repayments that a disaster delays by a year."""

    due_on: date
    delayed_to: date | None
    last_delayed_due_on: date


def highest_balance(*, balances: Sequence[BalanceOn], loan_on: date) -> int:
    """The highest balance of all loans in the year that ends the day before the new loan (IRC 72(p)(2)(A)(i)(I)).

    What was owed when that year began counts, whenever it was borrowed. It is the highest that was owed on one day; an
    IRS memorandum to examiners of April 2017 lets a plan add up loans repaid one after the other instead.
    """
    check_facts(locals())
    given.days(loan_on=loan_on)
    given.amounts(**{f"balances.{place}.balance_cents": each.balance_cents for place, each in enumerate(balances)})
    begins = anniversary(loan_on, -1)
    ordered = sorted(balances, key=lambda each: each.on)
    within = [each.balance_cents for each in ordered if begins <= each.on < loan_on]
    before = [each.balance_cents for each in ordered if each.on < begins]
    return max(within + before[-1:], default=0)


def maximum_loan(
    *,
    loan_on: date,
    vested_cents: int,
    outstanding_cents: int,
    highest_last_year_cents: int,
    plan_lends_floor: bool = True,
    after_disaster: bool = False,
) -> LoanLimit:
    """The most that may be lent without a distribution (IRC 72(p)(2)(A), (E), (6)).

    All plans of the employer and its group count as one, and a loan deemed distributed but not repaid counts with its
    interest (Reg. 1.72(p)-1 Q&A-19(b)(1)). ``vested_cents`` includes the loans: a note is part of the balance. The
    floor of $10,000 needs other security where it is more than half of it; a plan that lends no more than half passes
    ``plan_lends_floor=False``. ``after_disaster``: within the 180 days of 72(p)(6) (see higher_limit_open).
    """
    check_facts(locals())
    given.days(loan_on=loan_on)
    given.amounts(
        vested_cents=vested_cents,
        outstanding_cents=outstanding_cents,
        highest_last_year_cents=highest_last_year_cents,
    )
    year = CalendarYear(loan_on.year)
    reduction = max(highest_last_year_cents - outstanding_cents, 0)
    most = figures.cents("loan_limit_disaster" if after_disaster else "loan_limit", year)
    dollars = max(most - reduction, 0)
    half = vested_cents * figures.bps("loan_vested_share", year) // _WHOLE
    share = vested_cents if after_disaster else half
    floor = figures.cents("loan_floor", year) if plan_lends_floor else 0
    # Nobody is lent more than is vested: the rest would be no loan from the account.
    by_vesting = max(share, min(floor, vested_cents))
    limit = min(dollars, by_vesting)
    maximum = max(limit - outstanding_cents, 0)
    by = LoanLimitBy.DOLLARS if dollars <= by_vesting else LoanLimitBy.VESTED_SHARE
    if by is LoanLimitBy.VESTED_SHARE and by_vesting > share:
        by = LoanLimitBy.FLOOR
    return LoanLimit(
        dollar_limit_cents=dollars,
        reduction_cents=reduction,
        vested_share_cents=share,
        vested_limit_cents=by_vesting,
        limit_cents=limit,
        outstanding_cents=outstanding_cents,
        maximum_cents=maximum,
        needs_other_security_cents=min(maximum, max(outstanding_cents + maximum - half, 0)),
        decided_by=by,
        year=year,
    )


def loan_made(
    *,
    loan_cents: int,
    limit: LoanLimit,
    loan_on: date,
    last_due_on: date,
    principal_residence: bool = False,
    level_at_least_quarterly: bool = True,
    enforceable_agreement: bool = True,
    by_credit_card: bool = False,
    unrepaid_deemed_loan: bool = False,
    payroll_withholding_or_other_security: bool = True,
    bona_fide_loan: bool = True,
) -> LoanMade:
    """What of a new loan is a deemed distribution at once (IRC 72(p)(2); Reg. 1.72(p)-1 Q&A-3, -4, -19(b)(2)).

    A breach of form makes all of it a distribution; too much makes only the excess one. With "an express or tacit
    understanding that the loan will not be repaid" (not ``bona_fide_loan``) it is an actual distribution (Q&A-17).
    """
    check_facts(locals())
    given.amounts(loan_cents=loan_cents)
    given.days(loan_on=loan_on, last_due_on=last_due_on)
    late = not principal_residence and last_due_on > latest_permissible_term(loan_on=loan_on)
    if not bona_fide_loan:
        return LoanMade(loan_cents, 0, (LoanProblem.NO_BONA_FIDE_LOAN,), limit, actual_cents=loan_cents)
    breaches = {
        LoanProblem.CREDIT_CARD: by_credit_card,
        LoanProblem.NO_ENFORCEABLE_AGREEMENT: not enforceable_agreement,
        LoanProblem.TERM_TOO_LONG: late,
        LoanProblem.NOT_LEVEL_OR_NOT_QUARTERLY: not level_at_least_quarterly,
        LoanProblem.NO_SECURITY_AFTER_DEEMED_LOAN: unrepaid_deemed_loan and not payroll_withholding_or_other_security,
    }
    found = [problem for problem, breached in breaches.items() if breached]
    excess = max(loan_cents - limit.maximum_cents, 0)
    deemed = loan_cents if found else excess
    if excess:
        found.append(LoanProblem.OVER_LIMIT)
    return LoanMade(loan_cents, deemed, tuple(found), limit)


def refinance(
    *,
    replaced_balance_cents: int,
    replaced_loan_on: date,
    new_loan_cents: int,
    new_loan_on: date,
    new_last_due_on: date,
    vested_cents: int,
    highest_last_year_cents: int,
    other_loans_cents: int = 0,
    built_as_two_loans: bool = False,
    plan_lends_floor: bool = True,
) -> Refinancing:
    """One loan replaces another (Reg. 1.72(p)-1 Q&A-20(a)).

    Where the new one ends after the latest permissible term of the old, both count on that day, unless its
    installments repay the old balance within the old term and the rest within its own (``built_as_two_loans``; see
    two_loan_installments). The replaced loan was no principal residence loan and was not suspended for service. Each
    loan is repaid within its own five years ((a)(1)); one that does not have to be is a distribution in full, since "a
    refinancing cannot qualify as a principal residence plan loan" (Q&A-8(a)).
    """
    check_facts(locals())
    given.days(replaced_loan_on=replaced_loan_on, new_loan_on=new_loan_on, new_last_due_on=new_last_due_on)
    given.amounts(replaced_balance_cents=replaced_balance_cents, new_loan_cents=new_loan_cents)
    given.amounts(other_loans_cents=other_loans_cents)
    limit = maximum_loan(
        loan_on=new_loan_on,
        vested_cents=vested_cents,
        outstanding_cents=replaced_balance_cents + other_loans_cents,
        highest_last_year_cents=highest_last_year_cents,
        plan_lends_floor=plan_lends_floor,
    )
    latest = latest_permissible_term(loan_on=replaced_loan_on)
    both = new_last_due_on > latest and not built_as_two_loans
    counted = new_loan_cents + other_loans_cents + (replaced_balance_cents if both else 0)
    too_long = new_last_due_on > latest_permissible_term(loan_on=new_loan_on)
    deemed = new_loan_cents if too_long else min(max(counted - limit.limit_cents, 0), new_loan_cents)
    return Refinancing(both, counted, limit.limit_cents, deemed, latest, too_long)


def higher_limit_open(*, loan_on: date, applicable_on: date) -> bool:
    """Whether a loan after a disaster has the doubled limit: for 180 days from the applicable date.

    IRC 72(p)(6)(C)(ii); the applicable date is that of disaster_recovery in withdrawals.py.
    """
    check_facts(locals())
    given.days(applicable_on=applicable_on)
    return applicable_on <= loan_on <= applicable_on + timedelta(days=180)


def delayed_by_disaster(*, due_on: date, incident_begins: date, incident_ends: date) -> DelayedLoan:
    """An installment that falls into an incident, or the 180 days after it, may be due a year later (IRC 72(p)(6)(B)).

    The term is then counted without that time.
    """
    check_facts(locals())
    given.days(incident_begins=incident_begins, incident_ends=incident_ends)
    last = incident_ends + timedelta(days=180)
    delayed = incident_begins <= due_on <= last
    return DelayedLoan(due_on, anniversary(due_on, 1) if delayed else None, last)

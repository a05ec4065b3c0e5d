"""What is not vested when money leaves: cash-out, buy-back, five breaks, the formula of 1.411(a)-7(d)(5); its use.

Not here: years of service and breaks (vesting_years.py), small accounts (force_outs.py), how a plan allocates.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, PlanYear, anniversary, half_up
from . import figures, given
from .given import check_facts
from .vesting_years import LONG_BREAK

_WHOLE = 10_000
#: Repayment is possible for so long after the return (IRC 411(a)(7)(C)(I)).
REPAY_YEARS = 5


class ForfeitedBy(StrEnum):
    """What lets a plan forfeit what is not vested."""

    #: IRC 411(a)(7)(B): all of the vested part was paid when participation ended.
    CASH_OUT = "cash_out"
    #: Nothing was vested: treated as paid at once, where the plan says so.
    DEEMED_CASH_OUT = "deemed_cash_out"
    #: IRC 411(a)(6)(C).
    FIVE_BREAKS = "five_breaks"
    NOT_YET = "not_yet"


class ForfeitureUse(StrEnum):
    """What forfeitures of a defined contribution plan may be used for (Prop. Reg. 1.401-7(b))."""

    PLAN_EXPENSES = "plan_expenses"
    EMPLOYER_CONTRIBUTIONS = "employer_contributions"
    ALLOCATION = "allocation"


@dataclass(frozen=True, slots=True)
class CashOut:
    """A payment on leaving, and what becomes of the rest of the account."""

    forfeited_by: ForfeitedBy
    vested_cents: int
    paid_cents: int
    forfeited_cents: int
    #: Not vested and kept on the books for now.
    kept_unvested_cents: int


@dataclass(frozen=True, slots=True)
class BuyBack:
    """Restoring what a cash-out forfeited, once all that was paid comes back."""

    last_day: date
    in_time: bool
    restored_cents: int
    #: What the account amounts to at least after the repayment: paid and forfeited, without gains or losses since.
    account_at_least_cents: int


@dataclass(frozen=True, slots=True)
class VestedAfterWithdrawal:
    """The least that is vested of an account from which something was paid before it was fully vested."""

    vested_cents: int
    exact: Fraction
    vested_bps: int
    ratio: Fraction


@dataclass(frozen=True, slots=True)
class ForfeitureDeadline:
    """Until when forfeitures of a plan year are used; ``proposed_only`` while no final regulation says so."""

    incurred_in: PlanYear
    counted_in: PlanYear
    last_day: date
    proposed_only: bool


@dataclass(frozen=True, slots=True)
class PartialTermination:
    """Turnover of a period against the presumption of Rev. Rul. 2007-43."""

    employer_initiated: int
    participants: int
    turnover_bps: int
    presumed: bool


def cash_out(
    *,
    account_cents: int,
    vested_bps: int,
    paid_cents: int,
    participation_ended: bool = True,
    paid_by_end_of_second_plan_year: bool = True,
    consecutive_breaks: int = 0,
    plan_deems_paid: bool = True,
) -> CashOut:
    """What is forfeited when somebody leaves (IRC 411(a)(6)(C), (7)(B); Reg. 1.411(a)-7(d)(4)).

    If all that is vested is paid because participation ended (no later than the end of the second plan year after),
    all the rest; if the participant chose less, the part (account x paid / vested) is disregarded and its unvested
    share is forfeited ((d)(4)(iii)). Without payment, after five consecutive breaks. Nothing vested: at once, where
    the plan deems it paid.
    """
    check_facts(locals())
    given.amounts(account_cents=account_cents, paid_cents=paid_cents)
    given.counts(_WHOLE, vested_bps=vested_bps)
    given.counts(100, consecutive_breaks=consecutive_breaks)
    vested = half_up(Fraction(account_cents * vested_bps, _WHOLE))
    if paid_cents > vested:
        raise given.ImpossibleInput("paid_cents", f"{paid_cents} is more than the vested {vested}.")
    unvested = account_cents - vested
    if participation_ended and paid_by_end_of_second_plan_year and paid_cents:
        disregarded = Fraction(account_cents * paid_cents, vested)
        gone = unvested if paid_cents == vested else half_up(disregarded - paid_cents)
        return CashOut(ForfeitedBy.CASH_OUT, vested, paid_cents, gone, unvested - gone)
    if participation_ended and not vested and plan_deems_paid:
        return CashOut(ForfeitedBy.DEEMED_CASH_OUT, vested, 0, unvested, 0)
    if consecutive_breaks >= LONG_BREAK:
        return CashOut(ForfeitedBy.FIVE_BREAKS, vested, paid_cents, unvested, 0)
    return CashOut(ForfeitedBy.NOT_YET, vested, paid_cents, 0, unvested)


def buy_back(
    *,
    repaid_on: date,
    repaid_cents: int,
    paid_cents: int,
    forfeited_cents: int,
    rehired_on: date,
    five_breaks_ended_on: date | None = None,
) -> BuyBack:
    """The right to restore a forfeiture by repaying the whole distribution (IRC 411(a)(7)(C); Reg. 1.411(a)-7(d)(4)).

    Until five years after the first day of re-employment or, if earlier, the end of the first five consecutive breaks
    after the payment. What is restored is not changed by gains or losses in between; who was deemed paid nothing
    repays nothing.
    """
    check_facts(locals())
    given.amounts(repaid_cents=repaid_cents, paid_cents=paid_cents, forfeited_cents=forfeited_cents)
    given.days(rehired_on=rehired_on, repaid_on=repaid_on)
    last = anniversary(rehired_on, REPAY_YEARS) - timedelta(days=1)
    if five_breaks_ended_on is not None:
        last = min(last, five_breaks_ended_on)
    in_time = repaid_on <= last
    restored = forfeited_cents if in_time and repaid_cents >= paid_cents else 0
    return BuyBack(last, in_time, restored, paid_cents + restored if restored else repaid_cents)


def disregarded_by_partial_cash_out(*, account_cents: int, vested_cents: int, paid_cents: int) -> int:
    """The part of the account that a voluntary payment of less than all that is vested closes.

    Reg. 1.411(a)-7(d)(4)(iii): half vested in $1,000, paid $250: $500.
    """
    check_facts(locals())
    given.amounts(account_cents=account_cents, vested_cents=vested_cents, paid_cents=paid_cents)
    if not vested_cents or paid_cents > vested_cents or vested_cents > account_cents:
        raise given.ImpossibleInput("vested_cents", "lies between what was paid and the account, and is not zero.")
    return half_up(Fraction(account_cents * paid_cents, vested_cents))


def vested_after_withdrawal(
    *,
    vested_bps: int,
    balance_cents: int,
    withdrawn_cents: int,
    balance_after_withdrawal_cents: int,
    separate_account: bool = True,
) -> VestedAfterWithdrawal:
    """The vested part of an account from which an employee was paid while not fully vested (Reg. 1.411(a)-7(d)(5)).

    With a separate account X = P(AB + (R x D)) - (R x D), where R is the balance at the relevant time over the balance
    right after the payment; without one X = P(AB + D) - D. A plan uses one of the two throughout.
    """
    check_facts(locals())
    given.counts(_WHOLE, vested_bps=vested_bps)
    given.amounts(
        balance_cents=balance_cents,
        withdrawn_cents=withdrawn_cents,
        balance_after_withdrawal_cents=balance_after_withdrawal_cents,
    )
    ratio = Fraction(1)
    if separate_account:
        if not balance_after_withdrawal_cents:
            raise given.ImpossibleInput("balance_after_withdrawal_cents", "nothing was left to vest.")
        ratio = Fraction(balance_cents, balance_after_withdrawal_cents)
    drawn = ratio * withdrawn_cents
    exact = Fraction(vested_bps, _WHOLE) * (balance_cents + drawn) - drawn
    return VestedAfterWithdrawal(max(half_up(exact), 0), exact, vested_bps, ratio)


def partial_termination(
    *, employer_initiated: int, participants_at_start: int, became_participants: int, year: CalendarYear
) -> PartialTermination:
    """Whether a partial termination is presumed: turnover of 20 % or more (IRC 411(d)(3); Rev. Rul. 2007-43).

    Employer-initiated severances (all but death, disability and retirement at normal age) among participants, vested
    or not, over those at the start and those who joined in the period. Facts and circumstances can rebut it; if it
    stands, every participant who left in the period is fully vested.
    """
    check_facts(locals())
    given.counts(100_000_000, employer_initiated=employer_initiated, participants_at_start=participants_at_start)
    given.counts(100_000_000, became_participants=became_participants)
    everybody = participants_at_start + became_participants
    if employer_initiated > everybody:
        raise given.ImpossibleInput("employer_initiated", f"{employer_initiated} left of {everybody} participants.")
    threshold = figures.bps("partial_termination_turnover", year)
    turnover = half_up(Fraction(employer_initiated * _WHOLE, everybody)) if everybody else 0
    # Compared exactly: 19.996 % is below 20 %, though it prints as 20.00 %.
    presumed = bool(everybody) and employer_initiated * _WHOLE >= threshold * everybody
    return PartialTermination(employer_initiated, everybody, turnover, presumed)


def use_by(*, incurred_in: PlanYear) -> ForfeitureDeadline:
    """The last day to use or allocate forfeitures: twelve months after the plan year in which they arose.

    Prop. Reg. 1.401-7(b)(2) (88 FR 12282, 27 February 2023): proposed, relied on by taxpayers. The agenda of spring
    2025 (RIN 1545-BO98) plans a final rule for May 2026; by November 2026 none was found.
    Forfeitures of plan years that began before 2024 count as those of the first plan year that begins later.
    """
    check_facts(locals())
    year = incurred_in
    while year.start < date(2024, 1, 1):
        year = PlanYear.starting(year.end)
    return ForfeitureDeadline(incurred_in, year, anniversary(year.end, 1) - timedelta(days=1), proposed_only=True)

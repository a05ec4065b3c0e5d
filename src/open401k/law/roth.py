"""Designated Roth accounts: five-year periods, qualified distributions, basis, conversions within the plan, Roth IRAs.

Not here: who must make catch-up as Roth (deferrals.py), annuity payments from such an account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, half_up
from . import given
from .given import ImpossibleInput, check_facts, check_fields
from .rollovers import RETURNED_OR_DEEMED, PaidBecause

#: The length of a period of participation in taxable years (IRC 402A(d)(2)(B), 408A(d)(2)(B)).
PERIOD_YEARS = 5
#: The first taxable year with designated Roth contributions (IRC 402A; Reg. 1.402A-1 A-15).
FIRST_ROTH_YEAR = 2006
_LAST_YEAR = 2_199
_FIRST_ROTH_IRA_YEAR = 1998
#: What can never be a qualified distribution (Reg. 1.402A-1 A-2(c), A-11); hardship withdrawals can.
_NEVER_QUALIFIED = RETURNED_OR_DEEMED | frozenset(
    {
        PaidBecause.PROHIBITED_ALLOCATION,
        PaidBecause.AUTOMATIC_ENROLMENT_WITHDRAWAL,
        PaidBecause.HEALTH_PREMIUM,
        PaidBecause.COLLECTIBLE,
    }
)


@dataclass(frozen=True, slots=True)
class FiveYearPeriod:
    """Five consecutive taxable years; ``completed_on`` is the first day after them."""

    first_year: CalendarYear
    completed_on: date
    cite: str

    def completed(self, on: date) -> bool:
        return on >= self.completed_on


class QualifiedPath(StrEnum):
    """What decided whether a distribution is qualified. Checked, and listed, in order of precedence."""

    NEVER_QUALIFIED = "never_qualified"
    PERIOD_NOT_COMPLETED = "period_not_completed"
    DEATH = "death"
    AGE_59_AND_A_HALF = "age_59_and_a_half"
    DISABILITY = "disability"
    NO_EVENT = "no_event"


@dataclass(frozen=True, slots=True)
class QualifiedDistribution:
    """Whether a payment from a designated Roth account is qualified, and so not taxed at all."""

    qualified: bool
    path: QualifiedPath
    period: FiveYearPeriod
    reaches_59_and_a_half_on: date
    cite: str = "IRC 402A(d)(2); Reg. 1.402A-1 A-2, A-11"


@dataclass(frozen=True, slots=True)
class RothPayment:
    """A payment as basis and income, pro rata, and what is left; income is taxed unless the payment is qualified."""

    gross_cents: int
    basis_cents: int
    income_cents: int
    taxable_cents: int
    remaining_basis_cents: int
    remaining_income_cents: int
    cite: str = "IRC 72(e)(8), 402A(d)(1), (4); Reg. 1.402A-1 A-3, A-7"

    @property
    def untaxed_income_cents(self) -> int:
        return self.income_cents - self.taxable_cents


@dataclass(frozen=True, slots=True)
class RothRollover:
    """A Roth payment of which a part is rolled over: income first, so that the least is taxed."""

    rolled_income_cents: int
    rolled_basis_cents: int
    kept_income_cents: int
    kept_basis_cents: int
    taxable_cents: int
    cite: str = "IRC 402(c)(2); Reg. 1.402A-1 A-5(b)"


@dataclass(frozen=True, slots=True)
class InRothIra:
    """What a rollover from a designated Roth account is inside a Roth IRA."""

    period: FiveYearPeriod
    basis_cents: int
    earnings_cents: int
    cite: str = "IRC 408A(d)(2)(B); Reg. 1.408A-10 A-3, A-4"

    def earnings_taxed(self, *, on: date, event: bool) -> bool:
        """Whether earnings paid from the IRA on a day are taxed; ``event`` is age 59 1/2, death or disability.

        Those that came with the rollover and those since: whatever exceeds the basis (Reg. 1.408A-10 A-4(b)).
        """
        return not (event and self.period.completed(on))


@dataclass(frozen=True, slots=True)
class InPlanConversion:
    """Money made Roth within the plan: what is taxed now, and until when its withdrawal is followed up."""

    converted_cents: int
    taxable_cents: int
    basis_added_cents: int
    recapture_ends: date
    cite: str = "IRC 402A(c)(4); Notice 2010-84"


@dataclass(frozen=True, slots=True)
class ConvertedBefore:
    """A conversion of an earlier year and what of it has already been withdrawn, taxable money first."""

    year: CalendarYear
    taxable_cents: int
    untaxed_cents: int = 0
    withdrawn_cents: int = 0

    def __post_init__(self) -> None:
        check_fields(self)


def five_year_period(
    *,
    first_contribution_year: int | None,
    direct_rollovers_began_in: Sequence[int] = (),
    indirect_rollovers_accepted_in: Sequence[int] = (),
) -> FiveYearPeriod:
    """The period of participation of one plan (IRC 402A(d)(2)(B); Reg. 1.402A-1 A-4, A-5(c)).

    It begins on 1 January of the first year with a designated Roth contribution (or a conversion within the plan), or
    of the first such year in the plan that a direct rollover came from; an indirect rollover counts from the year in
    which it was accepted. It never begins again. Contributions returned as excess, or under 414(w), do not begin it.
    """
    check_facts(locals())
    years = [*direct_rollovers_began_in, *indirect_rollovers_accepted_in]
    years += [] if first_contribution_year is None else [first_contribution_year]
    if max(years, default=0) > _LAST_YEAR:
        raise ImpossibleInput("first_contribution_year", f"{max(years)} is not a year that a plan can know")
    if not years:
        raise ImpossibleInput("first_contribution_year", "nothing was ever put into a designated Roth account")
    if min(years) < FIRST_ROTH_YEAR:
        raise ImpossibleInput("first_contribution_year", f"{min(years)} is before designated Roth accounts existed")
    return _period(min(years), "IRC 402A(d)(2)(B); Reg. 1.402A-1 A-4")


def qualified_distribution(
    *,
    on: date,
    employee_born_on: date,
    period: FiveYearPeriod,
    because: PaidBecause = PaidBecause.ORDINARY,
    employee_died_on: date | None = None,
    employee_disabled: bool = False,
) -> QualifiedDistribution:
    """Whether a payment is qualified: after the five years, and age 59 1/2, death or disability (Reg. 1.402A-1 A-2).

    The employee's age, death or disability (IRC 72(m)(7)) decide for a beneficiary or an alternate payee too (A-4(d)).
    Corrective payments, deemed loans and the like never are; a hardship withdrawal can be (A-11).
    """
    check_facts(locals())
    given.days(employee_born_on=employee_born_on, on=on)
    old_enough = given.half_year_after(employee_born_on, 59)
    died = employee_died_on is not None and on >= employee_died_on
    if because in _NEVER_QUALIFIED:
        path = QualifiedPath.NEVER_QUALIFIED
    elif not period.completed(on):
        path = QualifiedPath.PERIOD_NOT_COMPLETED
    elif died:
        path = QualifiedPath.DEATH
    elif on >= old_enough:
        path = QualifiedPath.AGE_59_AND_A_HALF
    elif employee_disabled:
        path = QualifiedPath.DISABILITY
    else:
        path = QualifiedPath.NO_EVENT
    qualified = path in (QualifiedPath.DEATH, QualifiedPath.AGE_59_AND_A_HALF, QualifiedPath.DISABILITY)
    return QualifiedDistribution(qualified, path, period, old_enough)


def roth_payment(*, gross_cents: int, basis_cents: int, income_cents: int, qualified: bool) -> RothPayment:
    """Split a payment from the account's basis and income before it, pro rata, qualified or not (Reg. 1.402A-1 A-7).

    All Roth accounts of one plan are one contract (A-9). With a loss, ``income_cents`` is negative: the payment is
    basis alone.
    """
    check_facts(locals())
    given.amounts(gross_cents=gross_cents, basis_cents=basis_cents)
    value = basis_cents + income_cents
    if value < 0:
        raise ImpossibleInput("income_cents", f"a loss of {-income_cents} is more than the basis, {basis_cents}")
    given.within("gross_cents", gross_cents, "basis_cents + income_cents", value)
    basis = half_up(Fraction(gross_cents * min(basis_cents, value), value)) if value else 0
    income = gross_cents - basis
    return RothPayment(
        gross_cents=gross_cents,
        basis_cents=basis,
        income_cents=income,
        taxable_cents=0 if qualified else income,
        remaining_basis_cents=basis_cents - basis,
        remaining_income_cents=income_cents - income,
    )


def roth_rollover_part(*, payment: RothPayment, rolled_cents: int) -> RothRollover:
    """What a 60-day rollover of a part of a payment consists of: income first (Reg. 1.402A-1 A-5(b), (d))."""
    check_facts(locals())
    given.amounts(rolled_cents=rolled_cents)
    given.within("rolled_cents", rolled_cents, "payment.gross_cents", payment.gross_cents)
    income = min(rolled_cents, payment.income_cents)
    kept = payment.income_cents - income
    return RothRollover(
        rolled_income_cents=income,
        rolled_basis_cents=rolled_cents - income,
        kept_income_cents=kept,
        kept_basis_cents=payment.basis_cents - rolled_cents + income,
        taxable_cents=kept if payment.taxable_cents else 0,
    )


def basis_received_directly(*, payment: RothPayment, qualified: bool, whole_account: bool) -> int:
    """The basis of a direct rollover in the receiving designated Roth account (Reg. 1.402A-1 A-6).

    A qualified amount is all basis there. Of a whole account with a loss, the basis above its value goes along.
    """
    carried = payment.remaining_basis_cents if whole_account and not payment.income_cents else 0
    return (payment.gross_cents if qualified else payment.basis_cents) + carried


def in_roth_ira(
    *,
    payment: RothPayment,
    qualified: bool,
    roth_ira_first_year: int,
    rolled_over_in: int,
    whole_account: bool = False,
    rolled_cents: int | None = None,
) -> InRothIra:
    """A rollover from a designated Roth account inside a Roth IRA (Reg. 1.408A-10 A-3, A-4).

    The IRA's own five years count, from the first year for which any Roth IRA of the owner was contributed to, or from
    the rollover if it is the first; the years in the plan do not. What was qualified when it was paid is basis in full,
    otherwise only the investment in the contract. Of a whole account with a loss, the basis above its value counts too
    (A-3(b); 1.402A-1 A-6(b)). ``rolled_cents``: how much of the payment was rolled over within 60 days, if not
    all of it: income first (see roth_rollover_part).
    """
    check_facts(locals())
    for field, year in (("roth_ira_first_year", roth_ira_first_year), ("rolled_over_in", rolled_over_in)):
        if not _FIRST_ROTH_IRA_YEAR <= year <= _LAST_YEAR:
            raise ImpossibleInput(field, f"{year} is not a year with Roth IRAs that a plan can know")
    first = min(roth_ira_first_year, rolled_over_in)
    basis = basis_received_directly(payment=payment, qualified=qualified, whole_account=whole_account)
    rolled = payment.gross_cents if rolled_cents is None else rolled_cents
    part = roth_rollover_part(payment=payment, rolled_cents=rolled)
    basis -= payment.gross_cents - rolled if qualified else part.kept_basis_cents
    period = _period(first, "IRC 408A(d)(2)(B); Reg. 1.408A-10 A-4(a)")
    return InRothIra(period, basis, max(rolled - basis, 0))


def in_plan_conversion(*, on: date, converted_cents: int, basis_cents: int) -> InPlanConversion:
    """Make vested money Roth within the plan: what was not taxed before is taxed now (IRC 402A(c)(4)(A)).

    ``basis_cents`` is its after-tax part. No 10 % tax and no withholding now; for five taxable years from the first day
    of this one, withdrawing the taxed amount is followed up (402A(c)(4)(D), 408A(d)(3)(F)).
    """
    check_facts(locals())
    given.amounts(converted_cents=converted_cents, basis_cents=basis_cents)
    given.within("basis_cents", basis_cents, "converted_cents", converted_cents)
    return InPlanConversion(
        converted_cents=converted_cents,
        taxable_cents=converted_cents - basis_cents,
        basis_added_cents=converted_cents,
        recapture_ends=date(on.year + PERIOD_YEARS - 1, 12, 31),
    )


def recapture(*, on: date, from_conversions_cents: int, conversions: Sequence[ConvertedBefore]) -> int:
    """How much of a withdrawal of converted money counts as early for the 10 % tax: box 10 of Form 1099-R.

    The oldest conversion first, and of each its taxable part first (IRC 408A(d)(4)(B), 402A(c)(4)(D); Notice 2010-84).
    Counted within five taxable years from the conversion's; an exception of IRC 72(t)(2) still applies to it.
    """
    check_facts(locals())
    given.amounts(from_conversions_cents=from_conversions_cents)
    left, counted = from_conversions_cents, 0
    for each in sorted(conversions, key=lambda conversion: conversion.year):
        given.amounts(
            taxable_cents=each.taxable_cents, untaxed_cents=each.untaxed_cents, withdrawn_cents=each.withdrawn_cents
        )
        total = each.taxable_cents + each.untaxed_cents
        given.within("withdrawn_cents", each.withdrawn_cents, "the conversion", total)
        taken = min(left, total - each.withdrawn_cents)
        taxable = min(taken, max(each.taxable_cents - each.withdrawn_cents, 0))
        if on.year < each.year.year + PERIOD_YEARS:
            counted += taxable
        left -= taken
    if left:
        raise ImpossibleInput("from_conversions_cents", f"{left} more than what was converted and not withdrawn yet")
    return counted


def _period(first: int, cite: str) -> FiveYearPeriod:
    return FiveYearPeriod(CalendarYear(first), date(first + PERIOD_YEARS, 1, 1), cite)

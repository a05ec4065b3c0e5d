"""What may be rolled over, to where, and until when: eligible rollover distributions, loan offsets, destinations.

Not here: how basis is shared out (after_tax_basis.py), designated Roth accounts' clocks (roth.py), withholding.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, anniversary, half_up
from . import figures, given
from .filings import next_filing_day
from .given import ImpossibleInput, check_facts

#: A series over this many years or more cannot be rolled over (IRC 402(c)(4)(A)(ii)).
LONG_SERIES_YEARS = 10
#: Days that are left at least once a deposit is no longer frozen (IRC 402(c)(7)(A)(ii)).
_DAYS_AFTER_FROZEN = 10
#: Years searched for the end of a series of fixed payments.
_LONGEST_SERIES = 200


class PaidBecause(StrEnum):
    """What a payment is, as far as its rollover goes."""

    ORDINARY = "ordinary"
    LOAN_OFFSET = "loan_offset"
    SERIES_FOR_LIFE = "series_for_life"
    SERIES_FOR_YEARS = "series_for_years"
    HARDSHIP = "hardship"
    RETURN_FOR_415 = "return_for_415"
    EXCESS_DEFERRAL = "excess_deferral"
    EXCESS_CONTRIBUTION = "excess_contribution"
    EXCESS_AGGREGATE_CONTRIBUTION = "excess_aggregate_contribution"
    DEEMED_LOAN = "deemed_loan"
    DIVIDEND_404K = "dividend_404k"
    LIFE_INSURANCE_COST = "life_insurance_cost"
    PROHIBITED_ALLOCATION = "prohibited_allocation"
    AUTOMATIC_ENROLMENT_WITHDRAWAL = "automatic_enrolment_withdrawal"
    HEALTH_PREMIUM = "health_premium"
    COLLECTIBLE = "collectible"
    BIRTH_OR_ADOPTION = "birth_or_adoption"
    EMERGENCY_EXPENSE = "emergency_expense"
    DOMESTIC_ABUSE = "domestic_abuse"
    DISASTER_RECOVERY = "disaster_recovery"
    LONG_TERM_CARE = "long_term_care"


class Distributee(StrEnum):
    """Who is paid."""

    EMPLOYEE = "employee"
    SURVIVING_SPOUSE = "surviving_spouse"
    #: A spouse or former spouse under a QDRO (Reg. 1.402(c)-2(j)(1)).
    ALTERNATE_PAYEE_SPOUSE = "alternate_payee_spouse"
    ALTERNATE_PAYEE_OTHER = "alternate_payee_other"
    DESIGNATED_BENEFICIARY = "designated_beneficiary"
    OTHER_BENEFICIARY = "other_beneficiary"


#: Why a payment cannot be rolled over, by what it is; what is not listed can.
_NEVER: dict[PaidBecause, str] = {
    PaidBecause.SERIES_FOR_LIFE: "IRC 402(c)(4)(A)(i); Reg. 1.402(c)-2(c)(2)(i)",
    PaidBecause.HARDSHIP: "IRC 402(c)(4)(C); Reg. 1.402(c)-2(c)(2)(iii)",
    PaidBecause.RETURN_FOR_415: "Reg. 1.402(c)-2(c)(3)(i)",
    PaidBecause.EXCESS_DEFERRAL: "Reg. 1.402(c)-2(c)(3)(ii)",
    PaidBecause.EXCESS_CONTRIBUTION: "Reg. 1.402(c)-2(c)(3)(iii)",
    PaidBecause.EXCESS_AGGREGATE_CONTRIBUTION: "Reg. 1.402(c)-2(c)(3)(iii)",
    PaidBecause.DEEMED_LOAN: "Reg. 1.402(c)-2(c)(3)(iv)",
    PaidBecause.DIVIDEND_404K: "Reg. 1.402(c)-2(c)(3)(v)",
    PaidBecause.LIFE_INSURANCE_COST: "Reg. 1.402(c)-2(c)(3)(vi)",
    PaidBecause.PROHIBITED_ALLOCATION: "Reg. 1.402(c)-2(c)(3)(vii)",
    PaidBecause.AUTOMATIC_ENROLMENT_WITHDRAWAL: "Reg. 1.402(c)-2(c)(3)(viii)",
    PaidBecause.HEALTH_PREMIUM: "Reg. 1.402(c)-2(c)(3)(ix)",
    PaidBecause.COLLECTIBLE: "Reg. 1.402(c)-2(c)(3)(x)",
}
#: Returned as too much, or paid in name only: no part of a required minimum (Reg. 1.401(a)(9)-5 A-9(b) before 2025),
#: and never a qualified distribution of a Roth account (Reg. 1.402A-1 A-11).
RETURNED_OR_DEEMED = frozenset(
    {
        PaidBecause.RETURN_FOR_415,
        PaidBecause.EXCESS_DEFERRAL,
        PaidBecause.EXCESS_CONTRIBUTION,
        PaidBecause.EXCESS_AGGREGATE_CONTRIBUTION,
        PaidBecause.DEEMED_LOAN,
        PaidBecause.DIVIDEND_404K,
        PaidBecause.LIFE_INSURANCE_COST,
    }
)
#: Repaid within three years instead; for 401(a)(31), 402(f) and 3405 they are no eligible rollover distributions.
_REPAID: dict[PaidBecause, str] = {
    PaidBecause.BIRTH_OR_ADOPTION: "IRC 72(t)(2)(H)(vi)(II)",
    PaidBecause.EMERGENCY_EXPENSE: "IRC 72(t)(2)(I)",
    PaidBecause.DOMESTIC_ABUSE: "IRC 72(t)(2)(K)",
    PaidBecause.DISASTER_RECOVERY: "IRC 72(t)(11)",
    PaidBecause.LONG_TERM_CARE: "IRC 72(t)(2)(N), 401(a)(39)",
}


class NotEligible(StrEnum):
    """Why a part of a payment cannot be rolled over by the one who is paid."""

    KIND_OF_PAYMENT = "kind_of_payment"
    REPAID_INSTEAD = "repaid_instead"
    NOT_A_DISTRIBUTEE_WHO_MAY = "not_a_distributee_who_may"
    REQUIRED_MINIMUM = "required_minimum"


@dataclass(frozen=True, slots=True)
class EligibleRollover:
    """A payment's eligible part and the rest. ``direct_only``: only as a transfer to an inherited IRA."""

    gross_cents: int
    required_minimum_cents: int
    eligible_cents: int
    why_not: NotEligible | None
    cite: str
    direct_only: bool
    withheld_as_eligible: bool

    @property
    def not_eligible_cents(self) -> int:
        return self.gross_cents - self.eligible_cents


@dataclass(frozen=True, slots=True)
class DirectRolloverOffer:
    """Whether the plan must offer a direct rollover of a payment, and of the part that was asked for."""

    must_offer: bool
    must_allow_part: bool
    cite: str = "IRC 401(a)(31); Reg. 1.401(a)(31)-1 A-9, A-11"


class OffsetPath(StrEnum):
    """What decided whether a loan offset is a qualified one."""

    PLAN_TERMINATION = "plan_termination"
    SEVERANCE = "severance"
    LOAN_FAILED_BEFORE = "loan_failed_before"
    NOT_FOR_FAILING_TO_REPAY = "not_for_failing_to_repay"
    LATER_THAN_A_YEAR_AFTER_SEVERANCE = "later_than_a_year_after_severance"
    NO_SEVERANCE_OR_TERMINATION = "no_severance_or_termination"


@dataclass(frozen=True, slots=True)
class LoanOffset:
    """A plan loan offset amount: qualified or not, and the last day to roll it over with other money.

    For a qualified one that is the due date of the individual's tax return with extensions; ``roll_over_by`` is the
    extended one, ``without_extension`` the earlier one. Both are those of a calendar-year taxpayer.
    """

    offset_cents: int
    offset_on: date
    qualified: bool
    path: OffsetPath
    roll_over_by: date
    without_extension: date
    cite: str = "IRC 402(c)(3)(C); Reg. 1.402(c)-2(g)"


@dataclass(frozen=True, slots=True)
class PartRolledOver:
    """A distribution of which a part is rolled over: taxable money goes first (IRC 402(c)(2))."""

    rolled_taxable_cents: int
    rolled_basis_cents: int
    kept_taxable_cents: int
    kept_basis_cents: int


def eligible_rollover(
    *,
    gross_cents: int,
    because: PaidBecause = PaidBecause.ORDINARY,
    distributee: Distributee = Distributee.EMPLOYEE,
    required_minimum_due_cents: int = 0,
    series_years: int | None = None,
) -> EligibleRollover:
    """Which part of a payment is an eligible rollover distribution (IRC 402(c)(4); Reg. 1.402(c)-2(c), (f), (j)).

    ``required_minimum_due_cents`` is what is still due for the year (see minimum_still_due): the first money paid is
    that; in life nothing of a designated Roth account is. A designated beneficiary other than a spouse may only have it
    transferred to an inherited IRA (402(c)(11)), and is withheld from like an eligible rollover distribution if it is
    paid out ((j)(2)(iv)). Corrective distributions, deemed loans and the like never are the minimum.
    """
    check_facts(locals())
    given.amounts(gross_cents=gross_cents, required_minimum_due_cents=required_minimum_due_cents)
    minimum = 0 if because in RETURNED_OR_DEEMED else min(required_minimum_due_cents, gross_cents)
    cite = _why_never(because, series_years)
    if because in _REPAID:
        return EligibleRollover(gross_cents, minimum, 0, NotEligible.REPAID_INSTEAD, _REPAID[because], False, False)
    if cite:
        return EligibleRollover(gross_cents, minimum, 0, NotEligible.KIND_OF_PAYMENT, cite, False, False)
    if distributee in (Distributee.ALTERNATE_PAYEE_OTHER, Distributee.OTHER_BENEFICIARY):
        cite = "Reg. 1.402(c)-2(j)(2)(i)"
        return EligibleRollover(gross_cents, minimum, 0, NotEligible.NOT_A_DISTRIBUTEE_WHO_MAY, cite, False, False)
    return EligibleRollover(
        gross_cents=gross_cents,
        required_minimum_cents=minimum,
        eligible_cents=gross_cents - minimum,
        why_not=NotEligible.REQUIRED_MINIMUM if minimum else None,
        cite="IRC 402(c)(4)(B); Reg. 1.402(c)-2(f)(1)" if minimum else "IRC 402(c)(4); Reg. 1.402(c)-2(c)(1)",
        direct_only=distributee is Distributee.DESIGNATED_BENEFICIARY,
        withheld_as_eligible=True,
    )


def installments_last_years(*, balance_cents: int, yearly_cents: int, assumed_return_bps: int) -> int:
    """For how many years fixed yearly payments from a balance last (Reg. 1.402(c)-2(d)(4)(ii)).

    The assumed return is the plan's reasonable one; a series of ten years or more is not an eligible rollover
    distribution. 200 stands for any longer time.
    """
    check_facts(locals())
    given.amounts(balance_cents=balance_cents, yearly_cents=yearly_cents, assumed_return_bps=assumed_return_bps)
    if not yearly_cents:
        raise ImpossibleInput("yearly_cents", "nothing is paid")
    left, years = balance_cents, 0
    while left > 0 and years < _LONGEST_SERIES:
        left = half_up(Fraction(left * (10_000 + assumed_return_bps), 10_000)) - yearly_cents
        years += 1
    return years


def direct_rollover_offer(
    *, on: date, distribution_cents: int, expected_in_year_cents: int, part_cents: int | None = None
) -> DirectRolloverOffer:
    """Whether a direct rollover must be offered: not below $200 a year, of a part not below $500.

    Reg. 1.401(a)(31)-1 A-11: what is expected to be paid in the year from the plan. A-9: a plan may refuse a part below
    $500, and any part of a distribution that is itself not above $500. Both are the most a plan may require.
    """
    check_facts(locals())
    given.amounts(distribution_cents=distribution_cents, expected_in_year_cents=expected_in_year_cents)
    given.within("distribution_cents", distribution_cents, "expected_in_year_cents", expected_in_year_cents)
    year = CalendarYear(on.year)
    must = expected_in_year_cents >= figures.cents("small_rollover_distribution", year)
    if part_cents is None or part_cents == distribution_cents:
        return DirectRolloverOffer(must, must)
    given.amounts(part_cents=part_cents)
    given.within("part_cents", part_cents, "distribution_cents", distribution_cents)
    least = figures.cents("partial_direct_rollover", year)
    return DirectRolloverOffer(must, must and part_cents >= least and distribution_cents > least)


def sixty_day_deadline(*, received_on: date, frozen_days: int = 0, unfrozen_on: date | None = None) -> date:
    """Last day of the rollover of what was received: the 60th day after it (IRC 402(c)(3)(A), (7)).

    Days during which the money was a frozen deposit do not count, and the time does not end earlier than 10 days after
    it ceased to be one on ``unfrozen_on`` (Reg. 1.402(c)-2(b)(2)(ii)). The IRS may waive the deadline (402(c)(3)(B)),
    and an employee may certify that a listed reason kept it from being met: neither is decided here.
    """
    check_facts(locals())
    last = received_on + timedelta(days=figures.count("rollover_days", CalendarYear(received_on.year)) + frozen_days)
    if unfrozen_on is None:
        return last
    if not 0 < frozen_days <= (unfrozen_on - received_on).days:
        raise ImpossibleInput(
            "unfrozen_on", f"{frozen_days} frozen days do not lie between {received_on} and {unfrozen_on}"
        )
    return max(last, unfrozen_on + timedelta(days=_DAYS_AFTER_FROZEN))


def loan_offset(
    *,
    offset_cents: int,
    offset_on: date,
    severed_on: date | None,
    plan_terminated: bool = False,
    failed_to_repay: bool = True,
    loan_met_72p: bool = True,
) -> LoanOffset:
    """Whether a plan loan offset is a qualified one, and until when it may be rolled over (Reg. 1.402(c)-2(g)).

    Qualified: solely because the plan ends, or because the loan's terms were not met by reason of severance, which is
    so if the offset is from the day of severance to its first anniversary ((g)(4)(ii)); and the loan met IRC 72(p)(2)
    immediately before. ``loan_met_72p`` is False after a deemed distribution. Others have 60 days.
    """
    check_facts(locals())
    given.amounts(offset_cents=offset_cents)
    if severed_on is not None:
        given.days(severed_on=severed_on, offset_on=offset_on)
    path = _offset_path(offset_on, severed_on, plan_terminated, failed_to_repay, loan_met_72p)
    qualified = path in (OffsetPath.PLAN_TERMINATION, OffsetPath.SEVERANCE)
    sixty = sixty_day_deadline(received_on=offset_on)
    following = offset_on.year + 1
    return LoanOffset(
        offset_cents=offset_cents,
        offset_on=offset_on,
        qualified=qualified,
        path=path,
        roll_over_by=next_filing_day(date(following, 10, 15)) if qualified else sixty,
        without_extension=next_filing_day(date(following, 4, 15)) if qualified else sixty,
    )


def roll_over_part(*, taxable_cents: int, basis_cents: int, rolled_cents: int) -> PartRolledOver:
    """Rolling over a part of what was received: first what would be taxed (IRC 402(c)(2); Reg. 1.402(c)-2(b)(3)(iv)).

    What was withheld may be made up from other money (1.402(c)-2(a)(1)(iv)), so up to the gross amount can be rolled.
    """
    check_facts(locals())
    given.amounts(taxable_cents=taxable_cents, basis_cents=basis_cents, rolled_cents=rolled_cents)
    given.within("rolled_cents", rolled_cents, "taxable_cents + basis_cents", taxable_cents + basis_cents)
    first = min(rolled_cents, taxable_cents)
    return PartRolledOver(first, rolled_cents - first, taxable_cents - first, basis_cents - rolled_cents + first)


def _why_never(because: PaidBecause, series_years: int | None) -> str:
    if because is PaidBecause.SERIES_FOR_YEARS:
        if series_years is None or series_years < 1:
            raise ImpossibleInput("series_years", "a series of payments needs its years")
        return "IRC 402(c)(4)(A)(ii); Reg. 1.402(c)-2(c)(2)(i)(C)" if series_years >= LONG_SERIES_YEARS else ""
    return _NEVER.get(because, "")


def _offset_path(
    offset_on: date, severed_on: date | None, plan_terminated: bool, failed_to_repay: bool, loan_met_72p: bool
) -> OffsetPath:
    if not loan_met_72p:
        return OffsetPath.LOAN_FAILED_BEFORE
    if plan_terminated:
        return OffsetPath.PLAN_TERMINATION
    if severed_on is None:
        return OffsetPath.NO_SEVERANCE_OR_TERMINATION
    if not failed_to_repay:
        return OffsetPath.NOT_FOR_FAILING_TO_REPAY
    if offset_on > anniversary(severed_on, 1):
        return OffsetPath.LATER_THAN_A_YEAR_AFTER_SEVERANCE
    return OffsetPath.SEVERANCE

"""Excess deferrals of one person over all employers: who must correct, what is paid back, how it is taxed.

IRC 402(g), 401(a)(30); Reg. 1.402(g)-1(e), 1.402(g)-2. Not here: limits by payroll (deferrals.py), what an ADP refund
already paid (corrections.coordinate_refunds).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import CalendarYear, half_up
from . import deadlines, deferrals, figures
from .corrections import allocable_income
from .given import ImpossibleInput, check_facts, check_fields

#: The only taxable year whose excess deferrals earn until they are paid back: the regulation begins in 2007, and the
#: statute ends income with the taxable year from 2008 on (IRC 402(g)(2)(A)(ii) as amended by WRERA s. 109(b)(3)).
GAP_PERIOD_YEAR = 2007


@dataclass(frozen=True, slots=True)
class PlanDeferrals:
    """What one person deferred under one plan in a calendar year; employers under common control have one name."""

    plan: str
    employer: str
    pre_tax_cents: int
    roth_cents: int = 0
    plan_allows_catch_up: bool = True
    plan_has_higher_60_to_63: bool = True

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def total_cents(self) -> int:
        return self.pre_tax_cents + self.roth_cents


@dataclass(frozen=True, slots=True)
class EmployerExcess:
    """One employer's plans against their own limit: what is over must leave without a claim (IRC 401(a)(30))."""

    employer: str
    deferred_cents: int
    limit_cents: int
    over_cents: int


@dataclass(frozen=True, slots=True)
class ExcessDeferral:
    """A person's deferrals of a year against the limit.

    ``included_cents`` is what belongs in gross income of the year whatever is paid back: the part of the excess that
    Roth deferrals do not cover. ``by_claim_cents`` only the person can have paid back.
    """

    year: CalendarYear
    total_cents: int
    roth_cents: int
    limit_cents: int
    catch_up_limit_cents: int
    excess_cents: int
    included_cents: int
    employers: tuple[EmployerExcess, ...]
    by_claim_cents: int
    plans: tuple[PlanDeferrals, ...]


class ClaimRefusal(StrEnum):
    """Why a claim cannot be honored. Checked, and listed, in order of precedence."""

    UNKNOWN_PLAN = "plan_without_deferrals"
    NEGATIVE = "amount_negative"
    AFTER_DEADLINE = "after_the_first_april_15_or_the_plans_earlier_day"
    ABOVE_DEFERRALS = "above_the_deferrals_under_the_plan"
    ABOVE_EXCESS = "above_the_excess"


@dataclass(frozen=True, slots=True)
class Claim:
    """The excess shared among plans: what each pays back, income on top; or why not."""

    refusals: tuple[ClaimRefusal, ...]
    by_plan: Mapping[str, int]
    unclaimed_cents: int
    last_day: date


@dataclass(frozen=True, slots=True)
class ExcessIncome:
    """Income on an excess deferral; ``total_cents`` is what is paid back in all."""

    excess_cents: int
    year_income_cents: int
    gap_months: int
    gap_income_cents: int

    @property
    def total_cents(self) -> int:
        return self.excess_cents + self.year_income_cents + self.gap_income_cents


@dataclass(frozen=True, slots=True)
class PartialCorrection:
    """A payment of less than excess and income: ratably both (IRC 402(g)(2)(D)); what remains is taxed again later."""

    excess_paid_cents: int
    income_paid_cents: int
    excess_left_cents: int
    income_left_cents: int


@dataclass(frozen=True, slots=True)
class RefundTax:
    """How a payment of an excess deferral is taxed.

    ``taxed_twice_cents`` is in gross income in the year of deferral and when paid. ``loss_when_paid_cents``: what may
    be reported as a loss in the year of payment. ``early_distribution_tax``: whether section 72(t) looks at the
    payment at all.
    """

    timely: bool
    last_day: date
    in_deferral_year_cents: int
    when_paid_cents: int
    taxed_twice_cents: int
    loss_when_paid_cents: int
    early_distribution_tax: bool
    distributable_only_by_401k2b: bool


def excess_deferral(
    *,
    plans: Sequence[PlanDeferrals],
    age_at_year_end: int,
    year: CalendarYear,
    limit_cents: int | None = None,
    catch_up_limit_cents: int | None = None,
) -> ExcessDeferral:
    """A person's excess over all employers, and what each employer's plans must pay back unasked.

    IRC 402(g)(1), 401(a)(30); Reg. 1.402(g)-1(e)(1)(iii), 1.402(g)-2(b): the person has the catch-up of the age whether
    or not any plan allows it; an employer's plans have it only where they do. The two limits are given for a year that
    is not on file.

    >>> two = [PlanDeferrals("P", "Y", 20_000_00), PlanDeferrals("Q", "Z", 6_000_00)]
    >>> excess_deferral(plans=two, age_at_year_end=40, year=CalendarYear(2026)).by_claim_cents
    150000
    """
    check_facts(locals())
    limit = figures.cents("limit_402g", year) if limit_cents is None else limit_cents

    def catch_up_limit(*, higher_60_to_63: bool) -> int:
        if catch_up_limit_cents is not None:
            return catch_up_limit_cents
        ages = np.array([age_at_year_end])
        return int(deferrals.catch_up_limits(ages, year, higher_60_to_63=higher_60_to_63)[0])

    catch_up = catch_up_limit(higher_60_to_63=True)
    total, roth = sum(plan.total_cents for plan in plans), sum(plan.roth_cents for plan in plans)
    excess = max(0, total - limit - catch_up)
    employers = tuple(
        _of_employer(name, [plan for plan in plans if plan.employer == name], limit, catch_up_limit)
        for name in dict.fromkeys(plan.employer for plan in plans)
    )
    return ExcessDeferral(
        year=year,
        total_cents=total,
        roth_cents=roth,
        limit_cents=limit,
        catch_up_limit_cents=catch_up,
        excess_cents=excess,
        included_cents=max(0, excess - roth),
        employers=employers,
        by_claim_cents=max(0, excess - sum(each.over_cents for each in employers)),
        plans=tuple(plans),
    )


def claim(
    found: ExcessDeferral, *, asked_cents: Mapping[str, int], claimed_on: date, plans_last_day: date | None = None
) -> Claim:
    """Share an excess among the plans as the person asks (IRC 402(g)(2)(A)(i); Reg. 1.402(g)-1(e)(2)).

    Until the first April 15 after the year (the regulation; the statute's March 1), or an earlier day of the plan; no
    plan pays more than was deferred under it ((e)(6)). What an employer is over its own limit is paid by its plans
    without any claim and is not asked for here.
    """
    check_facts(locals(), signed=("asked_cents",))
    last = deadlines.excess_deferral_deadlines(found.year, plans_last_day=plans_last_day).claim
    deferred = {plan.plan: plan.total_cents for plan in found.plans}
    asked = sum(asked_cents.values())
    why = (
        (any(plan not in deferred for plan in asked_cents), ClaimRefusal.UNKNOWN_PLAN),
        (any(amount < 0 for amount in asked_cents.values()), ClaimRefusal.NEGATIVE),
        (claimed_on > last, ClaimRefusal.AFTER_DEADLINE),
        (
            any(amount > deferred.get(plan, amount) for plan, amount in asked_cents.items()),
            ClaimRefusal.ABOVE_DEFERRALS,
        ),
        (asked > found.by_claim_cents, ClaimRefusal.ABOVE_EXCESS),
    )
    refusals = tuple(reason for there, reason in why if there)
    honored = {} if refusals else {plan: amount for plan, amount in asked_cents.items() if amount}
    return Claim(refusals, honored, found.by_claim_cents - sum(honored.values()), last)


def earlier_withdrawal_corrects(*, withdrawn_on: date, excess_received_on: date, designated_as_excess: bool) -> bool:
    """Whether money taken out in the year already corrected the excess (Reg. 1.402(g)-1(e)(3)(i)).

    Only if it came after the excess deferral and was designated as one; a withdrawal for other reasons never does.
    """
    check_facts(locals())
    return designated_as_excess and withdrawn_on > excess_received_on


def income_on_excess(
    *,
    excess_cents: int,
    income_of_year_cents: int,
    opening_balance_cents: int,
    deferrals_of_year_cents: int,
    year: CalendarYear,
    paid_on: date,
) -> ExcessIncome:
    """Income on an excess deferral by the alternative method, losses included (Reg. 1.402(g)-1(e)(5)(iii)).

    To the end of the taxable year: the statute has no income after it (IRC 402(g)(2)(A)(ii)), though the regulation
    still prints the gap period; only for 2007 the safe harbor adds a tenth of it a month ((e)(5)(iv)).
    """
    check_facts(locals())
    if excess_cents > deferrals_of_year_cents:
        raise ImpossibleInput(
            "excess_cents", f"from 0 to the deferrals under the plan, {deferrals_of_year_cents}, not {excess_cents}"
        )
    income = allocable_income(
        excess=excess_cents,
        plan_year_income=income_of_year_cents,
        opening_balance=opening_balance_cents,
        contributions=deferrals_of_year_cents,
    )
    if year.year != GAP_PERIOD_YEAR or paid_on in year:
        return ExcessIncome(excess_cents, income, 0, 0)
    months = gap_months(year=year, paid_on=paid_on)
    return ExcessIncome(excess_cents, income, months, half_up(Fraction(income * months, 10)))


def gap_months(*, year: CalendarYear, paid_on: date) -> int:
    """Months since the end of the year: paid by the 15th, the month before was the last (Reg. 1.402(g)-1(e)(5)(iv))."""
    check_facts(locals())
    if paid_on < year.end:
        raise ImpossibleInput("paid_on", f"{paid_on} is not after {year}")
    return (paid_on.year - year.year - 1) * 12 + paid_on.month - (1 if paid_on.day <= 15 else 0)


def partial_correction(*, excess_cents: int, income_cents: int, paid_cents: int) -> PartialCorrection:
    """What a payment of less than all was (IRC 402(g)(2)(D); Reg. 1.402(g)-1(e)(10), (11) Example 3)."""
    check_facts(locals())
    owed = excess_cents + income_cents
    if not excess_cents:
        raise ImpossibleInput("excess_cents", "there is no excess to pay")
    if paid_cents > owed:
        raise ImpossibleInput("paid_cents", f"from 0 to {owed}, excess and income, not {paid_cents}")
    of_excess = half_up(Fraction(paid_cents * excess_cents, owed)) if owed else 0
    of_income = paid_cents - of_excess
    return PartialCorrection(of_excess, of_income, excess_cents - of_excess, income_cents - of_income)


def refund_tax(
    *, year: CalendarYear, paid_on: date, excess_cents: int, income_cents: int, designated_roth: bool = False
) -> RefundTax:
    """How a payment of excess and income is taxed (IRC 402(g)(2)(C), (6), 402A(d)(3); Reg. 1.402(g)-1(e)(8)).

    By the first April 15 after the year: the excess in the year of deferral (a Roth one already is), the income when
    paid, no tax under 72(t). Later: all of it again when paid, without basis, and only when 401(k)(2)(B) lets it leave.
    A loss reduces what is paid, not what the year of deferral includes: after a timely payment it "may be reported as a
    bracketed item on the Other Income line" of the year of payment (Notice 89-32; Form 1099-R instructions, Losses).
    """
    check_facts(locals())
    if income_cents < -excess_cents:
        raise ImpossibleInput("income_cents", f"{-income_cents} are lost, more than the excess of {excess_cents}")
    if paid_on < year.start:
        raise ImpossibleInput("paid_on", f"{paid_on} is before {year}, in which the excess was deferred")
    last = deadlines.excess_deferral_deadlines(year).return_by
    timely = paid_on <= last
    in_year = 0 if designated_roth else excess_cents
    late_excess = 0 if timely else excess_cents
    return RefundTax(
        timely=timely,
        last_day=last,
        in_deferral_year_cents=in_year,
        when_paid_cents=late_excess + income_cents if not timely else max(income_cents, 0),
        taxed_twice_cents=late_excess,
        loss_when_paid_cents=max(-income_cents, 0) if timely else 0,
        early_distribution_tax=not timely,
        distributable_only_by_401k2b=not timely,
    )


def refund_after_adp_refund(*, excess_deferral_cents: int, excess_contribution_paid_cents: int) -> int:
    """What of an excess deferral is still to be paid after an ADP refund.

    Reg. 1.402(g)-1(e)(6), 1.401(k)-2(b)(4)(i)(B): for the plan year that begins with or within the taxable year.
    Recharacterized amounts count like refunds.
    """
    check_facts(locals())
    return max(0, excess_deferral_cents - excess_contribution_paid_cents)


def adp_refund_after_deferral_refund(*, excess_contribution_cents: int, excess_deferral_paid_cents: int) -> int:
    """What of an excess contribution is still to be paid or recharacterized after an excess deferral was paid.

    For the taxable year that ends with or within the plan year (Reg. 1.401(k)-2(b)(4)(i)(A)).
    """
    check_facts(locals())
    return max(0, excess_contribution_cents - excess_deferral_paid_cents)


def _of_employer(
    name: str, plans: Sequence[PlanDeferrals], limit: int, catch_up_limit: Callable[..., int]
) -> EmployerExcess:
    deferred = sum(plan.total_cents for plan in plans)
    allowing = [plan for plan in plans if plan.plan_allows_catch_up]
    higher = any(plan.plan_has_higher_60_to_63 for plan in allowing)
    allowed = limit + (catch_up_limit(higher_60_to_63=higher) if allowing else 0)
    return EmployerExcess(name, deferred, allowed, max(0, deferred - allowed))

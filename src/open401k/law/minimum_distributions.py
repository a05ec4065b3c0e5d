"""Required minimum distributions in life: from what age, by when, how much, and the excise on what was not paid.

Each plan by itself (Reg. 1.401(a)(9)-1(a)(2)). Not here: after a death (beneficiary_distributions.py), annuities.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, anniversary, half_up
from . import figures, given, tables
from .given import ImpossibleInput, check_facts, check_fields

#: No minimum was required for this year (IRC 401(a)(9)(I)).
WAIVED_YEAR = 2020
#: From this year on designated Roth accounts are left out in life (IRC 402A(d)(5); SECURE 2.0 s. 325).
ROTH_LEFT_OUT_FROM = 2024


class AgeRule(StrEnum):
    """Which birth date decides on the applicable age."""

    BORN_BEFORE_JULY_1949 = "age_70_and_a_half"
    BORN_BEFORE_1951 = "age_72"
    BORN_1951_TO_1958 = "age_73"
    BORN_1959 = "age_73_as_proposed"
    BORN_AFTER_1959 = "age_75"


@dataclass(frozen=True, slots=True)
class ApplicableAge:
    """The age at which minimum distributions begin, in months, and the day on which it is reached."""

    rule: AgeRule
    months: int
    reached_on: date
    cite: str

    @property
    def settled(self) -> bool:
        """Not for 1959: the statute names 73 and 75, the final regulation is reserved, the proposed one says 73."""
        return self.rule is not AgeRule.BORN_1959


class BeginningPath(StrEnum):
    """What decided on the required beginning date."""

    STILL_WORKING = "still_working"
    FIVE_PERCENT_OWNER = "five_percent_owner"
    PLAN_DISREGARDS_RETIREMENT = "plan_disregards_retirement"
    RETIREMENT = "retirement"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class RequiredBeginning:
    """The first distribution calendar year and its last day of payment; both None while somebody still works."""

    path: BeginningPath
    age: ApplicableAge
    first_year: CalendarYear | None
    on: date | None
    cite: str = "IRC 401(a)(9)(C); Reg. 1.401(a)(9)-2(b)"


@dataclass(frozen=True, slots=True)
class BalanceForMinimum:
    """The account balance that a year's minimum is computed from, and what was left out of it."""

    year: CalendarYear
    valuation_cents: int
    added_cents: int
    taken_off_cents: int
    qlac_cents: int
    roth_left_out_cents: int

    @property
    def balance_cents(self) -> int:
        counted = self.valuation_cents + self.added_cents - self.taken_off_cents
        return counted - self.qlac_cents - self.roth_left_out_cents


class MinimumPath(StrEnum):
    """Why a minimum is what it is."""

    NOT_YET = "not_yet"
    DIED_BEFORE_BEGINNING = "died_before_required_beginning_date"
    WAIVED = "waived_for_2020"
    JOINT_TABLE = "joint_and_last_survivor_table"
    UNIFORM_TABLE = "uniform_lifetime_table"


@dataclass(frozen=True, slots=True)
class LifetimeMinimum:
    """What must be paid for a distribution calendar year, by when, and the division it comes from."""

    year: CalendarYear
    path: MinimumPath
    beginning: RequiredBeginning
    age: int
    spouse_age: int | None
    balance_cents: int
    denominator: Decimal | None
    required_cents: int
    due_by: date | None
    cite: str = "IRC 401(a)(9)(A); Reg. 1.401(a)(9)-5(a), (c), -9(c), (d)"


@dataclass(frozen=True, slots=True)
class VestedMinimum:
    """What of a year's minimum must be paid now, as far as the benefit is vested, and what next year's grows by."""

    required_cents: int
    not_vested_before_cents: int
    vested_cents: int
    due_cents: int
    carried_cents: int
    cite: str = "Reg. 1.401(a)(9)-5(g)(1) (A-8 before 2025)"


@dataclass(frozen=True, slots=True)
class PlanPaid:
    """What one plan owed for a year and what it paid."""

    plan: str
    required_cents: int
    paid_cents: int

    def __post_init__(self) -> None:
        check_fields(self)


class ExcisePath(StrEnum):
    """Which rate of the excise applies."""

    NO_SHORTFALL = "no_shortfall"
    WAIVED = "waived"
    CORRECTED_IN_THE_WINDOW = "corrected_in_the_window"
    FULL_RATE = "full_rate"


@dataclass(frozen=True, slots=True)
class Excise:
    """The payee's tax on a shortfall, reported on Form 5329, and the last day that still lowers it."""

    path: ExcisePath
    tax_year: CalendarYear
    shortfall_cents: int
    rate_bps: int
    tax_cents: int
    window_ends: date | None
    cite: str = "IRC 4974(a), (d), (e)"


def applicable_age(*, born_on: date) -> ApplicableAge:
    """From what age minimum distributions are required, by birth date (IRC 401(a)(9)(C)(v); Reg. 1.401(a)(9)-2(b)(2)).

    For a birth in 1959 the statute names both 73 and 75 and Reg. 1.401(a)(9)-2(b)(2)(v) is reserved; 73 is that of the
    proposed paragraph (REG-103529-23, 89 FR 58644), and the result says that it is not settled.
    """
    check_facts(locals())
    cite = "Reg. 1.401(a)(9)-2(b)(2)"
    if born_on < date(1949, 7, 1):
        return ApplicableAge(
            AgeRule.BORN_BEFORE_JULY_1949, 70 * 12 + 6, given.half_year_after(born_on, 70), f"{cite}(ii)"
        )
    for before, rule, years, paragraph in (
        (date(1951, 1, 1), AgeRule.BORN_BEFORE_1951, 72, f"{cite}(iii)"),
        (date(1959, 1, 1), AgeRule.BORN_1951_TO_1958, 73, f"{cite}(iv)"),
        (date(1960, 1, 1), AgeRule.BORN_1959, 73, "Prop. Reg. 1.401(a)(9)-2(b)(2)(v)"),
    ):
        if born_on < before:
            return ApplicableAge(rule, years * 12, anniversary(born_on, years), paragraph)
    return ApplicableAge(AgeRule.BORN_AFTER_1959, 75 * 12, anniversary(born_on, 75), f"{cite}(vi)")


def required_beginning_date(
    *,
    born_on: date,
    retired_on: date | None,
    five_percent_owner: bool = False,
    plan_disregards_retirement: bool = False,
) -> RequiredBeginning:
    """1 April after the later of the applicable age's year and retirement (IRC 401(a)(9)(C)(i)-(ii)).

    ``retired_on`` is None while the employee works for the employer. Who is a 5-percent owner (IRC 416(i)) for the plan
    year ending in the calendar year of the applicable age cannot wait for retirement (Reg. 1.401(a)(9)-2(b)(3)), and a
    plan may go by age for everybody (-2(b)(4)).
    """
    check_facts(locals())
    if retired_on is not None:
        given.days(born_on=born_on, retired_on=retired_on)
    age = applicable_age(born_on=born_on)
    reached = age.reached_on.year
    if five_percent_owner or plan_disregards_retirement or (retired_on is not None and retired_on.year <= reached):
        path, first = BeginningPath.AGE, reached
        if retired_on is None or retired_on.year > reached:
            path = BeginningPath.FIVE_PERCENT_OWNER if five_percent_owner else BeginningPath.PLAN_DISREGARDS_RETIREMENT
    elif retired_on is None:
        return RequiredBeginning(BeginningPath.STILL_WORKING, age, None, None)
    else:
        path, first = BeginningPath.RETIREMENT, retired_on.year
    return RequiredBeginning(path, age, CalendarYear(first), date(first + 1, 4, 1))


def balance_for_minimum(
    *,
    year: CalendarYear,
    valuation_cents: int,
    allocated_after_valuation_cents: int = 0,
    distributed_after_valuation_cents: int = 0,
    rollover_in_transit_cents: int = 0,
    qlac_cents: int = 0,
    designated_roth_cents: int = 0,
) -> BalanceForMinimum:
    """The balance at the last valuation day of the year before, adjusted (Reg. 1.401(a)(9)-5(b)).

    What was allocated as of a day of that year after the valuation is added, what was paid in it taken off; a rollover
    paid out elsewhere in that year and received in the next counts as received (Reg. 1.401(a)(9)-7(b)). A qualifying
    longevity annuity contract and, from 2024, designated Roth accounts (IRC 402A(d)(5)) are left out.
    """
    check_facts(locals())
    given.amounts(
        valuation_cents=valuation_cents,
        allocated_after_valuation_cents=allocated_after_valuation_cents,
        distributed_after_valuation_cents=distributed_after_valuation_cents,
        rollover_in_transit_cents=rollover_in_transit_cents,
        qlac_cents=qlac_cents,
        designated_roth_cents=designated_roth_cents,
    )
    found = BalanceForMinimum(
        year=year,
        valuation_cents=valuation_cents,
        added_cents=allocated_after_valuation_cents + rollover_in_transit_cents,
        taken_off_cents=distributed_after_valuation_cents,
        qlac_cents=qlac_cents,
        roth_left_out_cents=designated_roth_cents if year.year >= ROTH_LEFT_OUT_FROM else 0,
    )
    if found.balance_cents < 0:
        raise ImpossibleInput("valuation_cents", f"{-found.balance_cents} more is taken off than the account holds")
    return found


def lifetime_minimum(
    *,
    year: CalendarYear,
    born_on: date,
    retired_on: date | None,
    balance_cents: int,
    five_percent_owner: bool = False,
    plan_disregards_retirement: bool = False,
    spouse_born_on: date | None = None,
    died_on: date | None = None,
) -> LifetimeMinimum:
    """The minimum of a distribution calendar year: balance over denominator (Reg. 1.401(a)(9)-5(a), (c)).

    The year of death counts as if the employee had lived throughout, but after a death before the required beginning
    date (``died_on``) nothing is required for it (1.402(c)-2(j)(3)(i)(A)), nor for the first year, which that date
    would have closed: IRC 401(a)(9)(B)(ii) or (iii) rules instead. ``spouse_born_on`` only where the spouse is the
    sole beneficiary of the whole account on every day of the year while married (-5(c)(2)): the joint table then
    replaces the uniform one where it gives more, which it does when the spouse is more than 10 years younger. The first
    year's amount is due by the required beginning date, every other one on 31 December.
    """
    check_facts(locals())
    given.amounts(balance_cents=balance_cents)
    beginning = required_beginning_date(
        born_on=born_on,
        retired_on=retired_on,
        five_percent_owner=five_percent_owner,
        plan_disregards_retirement=plan_disregards_retirement,
    )
    age = year.year - born_on.year
    spouse_age = None if spouse_born_on is None else year.year - spouse_born_on.year
    if spouse_age is not None and spouse_age < 0:
        raise ImpossibleInput("spouse_born_on", f"{spouse_born_on} is after {year}")
    if died_on is not None:
        given.days(born_on=born_on, died_on=died_on)
    if nothing := _nothing_required(year, beginning, died_on):
        return LifetimeMinimum(year, nothing, beginning, age, spouse_age, balance_cents, None, 0, None)
    path, denominator = lifetime_denominator(year=year, age=age, spouse_age=spouse_age)
    return LifetimeMinimum(
        year=year,
        path=path,
        beginning=beginning,
        age=age,
        spouse_age=spouse_age,
        balance_cents=balance_cents,
        denominator=denominator,
        required_cents=given.divided(balance_cents, denominator),
        due_by=beginning.on if year == beginning.first_year else year.last_day,
    )


def _nothing_required(year: CalendarYear, beginning: RequiredBeginning, died_on: date | None) -> MinimumPath | None:
    if beginning.first_year is None or year < beginning.first_year:
        return MinimumPath.NOT_YET
    if died_on is not None and year.year > died_on.year:
        raise ImpossibleInput("year", f"{year} is after the death on {died_on}; see beneficiary_minimum")
    if died_on is not None and beginning.on is not None and died_on < beginning.on:
        return MinimumPath.DIED_BEFORE_BEGINNING
    return MinimumPath.WAIVED if year.year == WAIVED_YEAR else None


def lifetime_denominator(*, year: CalendarYear, age: int, spouse_age: int | None) -> tuple[MinimumPath, Decimal]:
    """The divisor in life, by ages on the birthdays of the year (Reg. 1.401(a)(9)-5(c), -9(c)-(d)).

    Before 2022 by the 2002 tables (-9(f)(1)); of their joint table what is not on file is refused.
    """
    check_facts(locals())
    uniform = life_table("rmd_uniform_lifetime", age, year)
    if spouse_age is None or age - spouse_age <= 10:
        return MinimumPath.UNIFORM_TABLE, uniform
    # Both ages end at 120 and over; a spouse that much younger than somebody older still is as one of 120 sees it.
    joint = tables.value("rmd_joint_last_survivor", f"{min(age, 120)}/{min(spouse_age, 109)}", year.start)
    return MinimumPath.JOINT_TABLE, max(uniform, joint)


def life_table(table_id: str, age: int, year: CalendarYear) -> Decimal:
    """A table's value at an age; the last row of the edition holds for every higher age (Reg. 1.401(a)(9)-9)."""
    check_facts(locals())
    return tables.value(table_id, min(age, max(map(int, tables.edition(table_id, year.start)))), year.start)


def minimum_still_due(*, required_cents: int, paid_cents: int, account_cents: int, carried_cents: int = 0) -> int:
    """How much of a payment of this day is a required minimum, and so cannot be rolled over (Reg. 1.402(c)-2(f)(1)).

    ``carried_cents`` is what was required for the year before and not paid in it, as when the first year's amount waits
    for 1 April. Never more than the account holds on the day (Reg. 1.401(a)(9)-5(a)(1)). What is paid beyond a year's
    minimum does not count for later years. Neither do, in ``paid_cents``, corrective distributions with their income,
    deemed loans, dividends under 404(k) and the cost of life insurance (1.401(a)(9)-5, A-9(b) before 2025).
    """
    check_facts(locals())
    given.amounts(
        required_cents=required_cents, paid_cents=paid_cents, account_cents=account_cents, carried_cents=carried_cents
    )
    return min(max(required_cents + carried_cents - paid_cents, 0), account_cents)


def minimum_of_vested(*, required_cents: int, vested_cents: int, not_vested_before_cents: int = 0) -> VestedMinimum:
    """The minimum of an account that is not fully vested (Reg. 1.401(a)(9)-5(g)(1), the former A-8).

    ``required_cents`` is counted on the whole account, vested or not. If the benefit vested at the end of the year (for
    the first year, on the required beginning date) is less, with what was paid of it for the year, "only the vested
    portion" must be paid; the next year's minimum is "increased by the sum of amounts not distributed" for that reason
    (``not_vested_before_cents``). The words are those of the regulation before 2025; the present one was not readable.
    """
    check_facts(locals())
    given.amounts(
        required_cents=required_cents, vested_cents=vested_cents, not_vested_before_cents=not_vested_before_cents
    )
    whole = required_cents + not_vested_before_cents
    due = min(whole, vested_cents)
    return VestedMinimum(required_cents, not_vested_before_cents, vested_cents, due, whole - due)


def shortfall_by_plan(*, plans: Sequence[PlanPaid]) -> dict[str, int]:
    """What each plan still owes; what one paid too much does not count for another (Reg. 1.401(a)(9)-1(a)(2))."""
    check_facts(locals())
    for plan in plans:
        given.amounts(required_cents=plan.required_cents, paid_cents=plan.paid_cents)
    if len({plan.plan for plan in plans}) < len(plans):
        raise ImpossibleInput("plans", "a plan stands twice")
    return {plan.plan: max(plan.required_cents - plan.paid_cents, 0) for plan in plans}


def excise_on_shortfall(
    *,
    due_by: date,
    required_cents: int,
    paid_in_time_cents: int,
    shortfall_paid_on: date | None = None,
    notice_or_assessment_on: date | None = None,
    waived: bool = False,
    return_filed_on: date | None = None,
) -> Excise:
    """The payee's tax on what was required and not paid (IRC 4974): 25 %, or 10 % if corrected in the window.

    The window ends with the second taxable year that begins after the one in which the tax is imposed, or earlier with
    a notice of deficiency or the assessment (4974(e)(2)). The whole shortfall must be paid from the same plan by then,
    and Form 5329 filed "during the correction window" ((e)(1)(B)), which is taken for granted unless
    ``return_filed_on`` is told. The tax is that of the year in which the last day for paying fell (Reg. 54.4974-1).
    Before 2023 it was 50 %, and correction did not lower it; what was to be paid in 2020 was waived (401(a)(9)(I)).
    """
    check_facts(locals())
    given.amounts(required_cents=required_cents, paid_in_time_cents=paid_in_time_cents)
    if shortfall_paid_on is not None:
        given.days(due_by=due_by, shortfall_paid_on=shortfall_paid_on)
    year = CalendarYear(due_by.year)
    short = max(required_cents - paid_in_time_cents, 0)
    reducible = year.year >= figures.figure("excise_4974_corrected").from_year
    ends = date(year.year + 2, 12, 31) if reducible else None
    if ends is not None and notice_or_assessment_on is not None:
        ends = min(ends, notice_or_assessment_on)
    corrected_on = None if shortfall_paid_on is None else max(shortfall_paid_on, return_filed_on or shortfall_paid_on)
    if not short or waived or year.year == WAIVED_YEAR:
        path, rate = (ExcisePath.WAIVED if short else ExcisePath.NO_SHORTFALL), 0
    elif ends is not None and corrected_on is not None and corrected_on <= ends:
        path, rate = ExcisePath.CORRECTED_IN_THE_WINDOW, figures.bps("excise_4974_corrected", year)
    else:
        path, rate = ExcisePath.FULL_RATE, figures.bps("excise_4974", year)
    return Excise(path, year, short, rate, half_up(Fraction(short * rate, 10_000)), ends)

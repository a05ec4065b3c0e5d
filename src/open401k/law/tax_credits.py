"""Tax credits: start-up costs, contributions, automatic enrollment, military spouses, the saver's match.

Not here: deductions (IRC 404), who is highly compensated, how a credit is carried to other years.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import CalendarYear, half_up
from . import figures, given
from .arrays import Cents, Flags, half_up_quotient
from .figures import NotEnacted
from .given import check_facts

_WHOLE = 10_000
#: IRC 408(p)(2)(C)(i)(I), 45E(e)(4), (f)(2)(B): employees with pay of at least $5,000 in the year before.
MOST_EMPLOYEES, SMALL_UP_TO = 100, 50
#: The credit years of IRC 45E(b)(1), 45T(b)(1), 45AA(b).
_CREDIT_YEARS = 3
#: IRC 45E(f)(4): by year since the plan was established.
_CONTRIBUTION_PERCENT = (100, 100, 75, 50, 25)
#: IRC 6433(b)(3)(B), (C): three quarters for a head of household, half for others.
_SAVERS_MATCH_YEAR = 2027
#: IRC 6433(a)(2)(B): below this the match may be taken as a credit.
_SMALL_MATCH_CENTS = 10_000


class NoCredit(StrEnum):
    """Why there is no credit; the first that holds."""

    TOO_MANY_EMPLOYEES = "more_than_100_employees"
    PLAN_IN_THE_THREE_YEARS_BEFORE = "plan_for_the_same_employees_in_the_three_years_before"
    NO_NHCE = "no_eligible_non_highly_compensated_employee"
    NOT_A_CREDIT_YEAR = "not_a_credit_year"
    NO_ARRANGEMENT = "no_eligible_automatic_contribution_arrangement"


class Filing(StrEnum):
    """How a saver files (IRC 6433(b)(3))."""

    JOINT = "joint_or_surviving_spouse"
    HEAD_OF_HOUSEHOLD = "head_of_household"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Credit:
    """The amount of one year, what limits it, and why it is none."""

    cents: int
    limit_cents: int
    rate_bps: int
    none_because: NoCredit | None
    cite: str


@dataclass(frozen=True, slots=True, eq=False)
class ContributionCredit:
    """Credit for employer contributions: per employee before the reduction, and the whole after it."""

    by_employee: Cents
    before_reduction_cents: int
    reduction_bps: int
    cents: int
    none_because: NoCredit | None
    cite: str = "IRC 45E(f) (SECURE 2.0 s. 102)"


@dataclass(frozen=True, slots=True)
class SaversMatch:
    """What the Treasury contributes for a saver, at which percentage."""

    percent: int
    cents: int
    may_be_credit: bool
    cite: str = "IRC 6433(a), (b)"


def startup_credit(
    *,
    year: CalendarYear,
    credit_year: int,
    qualified_costs_cents: int,
    employees_paid_5000_year_before: int,
    eligible_nhces: int,
    plan_in_three_years_before: bool = False,
) -> Credit:
    """The credit for start-up costs (IRC 45E(a), (b), (c), (e)(4)): 50 %, or 100 % up to 50 employees.

    At most the greater of $500 and the lesser of $250 for each eligible NHCE and $5,000, for the first credit year
    (``credit_year`` 1) and the two after it; not without an eligible NHCE (45E(d)(1)(B)).
    """
    check_facts(locals())
    given.amounts(qualified_costs_cents=qualified_costs_cents)
    given.counts(100, credit_year=credit_year)
    given.counts(10_000_000, eligible_nhces=eligible_nhces)
    cite = "IRC 45E(a)-(c), (e)(4)"
    why = _not_eligible(plan_in_three_years_before, employees_paid_5000_year_before=employees_paid_5000_year_before)
    why = why or (NoCredit.NO_NHCE if eligible_nhces == 0 else None)
    why = why or (None if 1 <= credit_year <= _CREDIT_YEARS else NoCredit.NOT_A_CREDIT_YEAR)
    if why is not None:
        return Credit(0, 0, 0, why, cite)
    per_head = eligible_nhces * figures.cents("startup_credit_per_nhce", year)
    most = min(per_head, figures.cents("startup_credit_cap", year))
    limit = max(figures.cents("startup_credit_floor", year), most)
    small = (
        employees_paid_5000_year_before <= SMALL_UP_TO
        and year.year >= figures.figure("startup_credit_rate_small").from_year
    )
    rate = figures.bps("startup_credit_rate_small" if small else "startup_credit_rate", year)
    return Credit(min(half_up(Fraction(qualified_costs_cents * rate, _WHOLE)), limit), limit, rate, None, cite)


def contribution_credit(
    *,
    year: CalendarYear,
    years_since_established: int,
    contributions: Cents,
    wages: Cents,
    employees_year_before: int,
    wage_limit_cents: int | None = None,
    plan_in_three_years_before: bool = False,
) -> ContributionCredit:
    """The credit for employer contributions to a new defined contribution plan (IRC 45E(f)); deferrals do not count.

    100, 100, 75, 50 and 25 % in the tax year the plan is established and the four after it, at most $1,000 for one
    employee; reduced by 2 % for each employee above 50. Who is paid more than the wage limit under 3121(a) is left
    out; for a year whose limit is not on file it has to be given (``wage_limit_cents``). Employees are those paid at
    least $5,000, and a plan in the three years before counts "only" for "the taxable year during which the eligible
    employer plan" is established ((f)(4)).
    """
    check_facts(locals())
    given.counts(100, years_since_established=years_since_established)
    none = np.zeros_like(contributions)
    plan_before = plan_in_three_years_before and years_since_established == 0
    why = _not_eligible(plan_before, employees_year_before=employees_year_before)
    late = years_since_established >= len(_CONTRIBUTION_PERCENT)
    why = why or (NoCredit.NOT_A_CREDIT_YEAR if late else None)
    if why is not None:
        return ContributionCredit(none, 0, 0, 0, why)
    limit = _wage_limit(year, wage_limit_cents)
    percent = _CONTRIBUTION_PERCENT[years_since_established]
    cap = figures.cents("contribution_credit_cap", year)
    each = np.where(wages > limit, 0, np.minimum(half_up_quotient(contributions * percent, 100), cap))
    before = int(each.sum())
    step = figures.bps("contribution_credit_step", year)
    reduction = min(step * max(employees_year_before - SMALL_UP_TO, 0), _WHOLE)
    return ContributionCredit(each, before, reduction, half_up(Fraction(before * (_WHOLE - reduction), _WHOLE)), None)


def automatic_enrollment_credit(
    *, year: CalendarYear, credit_year: int, arrangement_in_plan: bool, employees_paid_5000_year_before: int
) -> Credit:
    """$500 a year for three years from the first with an EACA (IRC 45T); none for a year without it (45T(b)(2))."""
    check_facts(locals())
    given.counts(100, credit_year=credit_year)
    why = _not_eligible(False, employees_paid_5000_year_before=employees_paid_5000_year_before)
    why = why or (None if arrangement_in_plan else NoCredit.NO_ARRANGEMENT)
    why = why or (None if 1 <= credit_year <= _CREDIT_YEARS else NoCredit.NOT_A_CREDIT_YEAR)
    amount = 0 if why else figures.cents("auto_enrollment_credit", year)
    return Credit(amount, amount, _WHOLE, why, "IRC 45T")


def military_spouse_credit(
    *,
    year: CalendarYear,
    employees_paid_5000_year_before: int,
    contributions: Cents,
    is_hce: Flags,
    credit_years: Cents,
) -> Credit:
    """$200 and up to $300 of contributions for each military spouse, for three years from the start (IRC 45AA(a), (b)).

    Columns of the military spouses who participate; not for highly compensated ones ((d)(2)). The plan lets them in
    within two months, gives them at once what others have after two years of service, and vests it at once ((e)).
    """
    check_facts(locals())
    why = _not_eligible(False, employees_paid_5000_year_before=employees_paid_5000_year_before)
    if why is not None:
        return Credit(0, 0, 0, why, "IRC 45AA")
    counts = ~is_hce & (credit_years >= 1) & (credit_years <= _CREDIT_YEARS)
    basic, most = (
        figures.cents("military_spouse_participation", year),
        figures.cents("military_spouse_contributions", year),
    )
    amount = int(np.where(counts, basic + np.minimum(contributions, most), 0).sum())
    return Credit(amount, int(counts.sum()) * (basic + most), _WHOLE, None, "IRC 45AA")


def savers_match(
    *, year: CalendarYear, filing: Filing, modified_agi_cents: int, contributions_cents: int
) -> SaversMatch:
    """The saver's match from 2027 (IRC 6433(a), (b)): 50 % of up to $2,000, less with income above the threshold.

    The reduction in percentage points is rounded to the next lowest whole one. Contributions are net of
    the distributions of the testing period (6433(d)(2)). Thresholds of later years are indexed and not on file.
    """
    check_facts(locals())
    given.amounts(modified_agi_cents=modified_agi_cents, contributions_cents=contributions_cents)
    if year.year > _SAVERS_MATCH_YEAR:
        raise NotEnacted(f"The income thresholds of the saver's match for {year.year} are not on file (IRC 6433(h)).")
    share = {Filing.JOINT: Fraction(1), Filing.HEAD_OF_HOUSEHOLD: Fraction(3, 4), Filing.OTHER: Fraction(1, 2)}[filing]
    start, span = (
        figures.cents("savers_match_joint_start", year) * share,
        figures.cents("savers_match_range", year) * share,
    )
    full = figures.bps("savers_match_rate", year) // 100
    over = max(modified_agi_cents - start, Fraction(0))
    percent = max(full - int(over * full // span), 0)
    base = min(contributions_cents, figures.cents("savers_match_base", year))
    cents = half_up(Fraction(base * percent, 100))
    return SaversMatch(percent, cents, 0 < cents < _SMALL_MATCH_CENTS)


def _not_eligible(plan_before: bool, **count: int) -> NoCredit | None:
    given.counts(10_000_000, **count)
    (employees,) = count.values()
    if employees > MOST_EMPLOYEES:
        return NoCredit.TOO_MANY_EMPLOYEES
    return NoCredit.PLAN_IN_THE_THREE_YEARS_BEFORE if plan_before else None


def _wage_limit(year: CalendarYear, told: int | None) -> int:
    if told is None:
        return figures.cents("contribution_credit_wage_limit", year)
    given.amounts(wage_limit_cents=told)
    return told

"""Required distributions after a participant's death: which rule, by when all is paid, and each year's minimum.

Deaths from 2020 (IRC 401(a)(9)(H)); one beneficiary, or one separate account of one (Reg. 1.401(a)(9)-8(a)). Not here:
trusts, annuities, the year of death itself (it is the employee's: minimum_distributions.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ..kernel import CalendarYear, Refused, age_on, anniversary
from . import given
from .given import ImpossibleInput, check_facts, check_fields
from .minimum_distributions import ApplicableAge, applicable_age, life_table

#: The first year of deaths under the SECURE Act (IRC 401(a)(9)(H); Reg. 1.401(a)(9)-1(b)(2)).
FIRST_YEAR_OF_DEATHS = 2020
#: A child is a minor until the 21st birthday (Reg. 1.401(a)(9)-4(e)(3)).
MAJORITY = 21
#: A surviving spouse may be treated as the employee for years from this one (SECURE 2.0 s. 327).
SPOUSE_AS_EMPLOYEE_FROM = 2024
#: Annual amounts of these years, after deaths of the years 2020 to 2023, bear no excise.
RELIEF_CITE = "Notices 2022-53, 2023-54 and 2024-35"


class Beneficiary(StrEnum):
    """Who inherits; all but the last two are eligible designated beneficiaries (IRC 401(a)(9)(E)(ii))."""

    SURVIVING_SPOUSE = "surviving_spouse"
    DISABLED = "disabled"
    CHRONICALLY_ILL = "chronically_ill"
    MINOR_CHILD = "minor_child"
    NOT_MORE_THAN_TEN_YEARS_YOUNGER = "not_more_than_ten_years_younger"
    OTHER_PERSON = "other_person"
    NOT_A_PERSON = "not_a_person"

    @property
    def eligible(self) -> bool:
        return self not in (Beneficiary.OTHER_PERSON, Beneficiary.NOT_A_PERSON)


class AfterDeathRule(StrEnum):
    """How an interest is paid after the employee's death."""

    FIVE_YEARS = "five_years"
    TEN_YEARS = "ten_years"
    LIFE_EXPECTANCY = "life_expectancy"
    TEN_YEARS_WITH_ANNUAL_PAYMENTS = "ten_years_with_annual_payments"
    AT_LEAST_AS_RAPIDLY = "at_least_as_rapidly"
    EMPLOYEES_LIFE_EXPECTANCY = "employees_life_expectancy"


class InheritanceRefusal(StrEnum):
    """Why no minimum is told. Checked, and listed, in order of precedence."""

    DEATH_BEFORE_2020 = "death_before_2020"
    TEN_YEAR_RULE_NOT_OPEN = "ten_year_rule_not_open"
    TREATED_AS_EMPLOYEE_NOT_OPEN = "treated_as_employee_not_open"
    SPOUSE_DIED_BEFORE_BEGINNING = "spouse_died_before_beginning"
    YEAR_OF_DEATH = "year_of_death"


@dataclass(frozen=True, slots=True)
class Inheritance:
    """The facts of one death. ``required_beginning_on`` is the employee's own, None if it had not been set.

    ``only_designated_roth``: the employee had nothing else in the plan, and so counts as dead before beginning
    (Reg. 1.401(a)(9)-3(a)(2)).
    """

    employee_born_on: date
    died_on: date
    required_beginning_on: date | None
    beneficiary: Beneficiary
    beneficiary_born_on: date | None = None
    beneficiary_died_on: date | None = None
    ten_year_rule_elected: bool = False
    spouse_treated_as_employee: bool = False
    only_designated_roth: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def begun(self) -> bool:
        """Death on or after the required beginning date, whatever was paid before it (Reg. 1.401(a)(9)-2(a)(3))."""
        if self.only_designated_roth or self.required_beginning_on is None:
            return False
        return self.died_on >= self.required_beginning_on


@dataclass(frozen=True, slots=True)
class RuleAfterDeath:
    """The rule, the first year with an annual amount (None: none is required) and the year by whose end all is paid."""

    rule: AfterDeathRule
    first_year: CalendarYear | None
    final_year: CalendarYear | None
    cite: str = "IRC 401(a)(9)(B), (E), (H); Reg. 1.401(a)(9)-3(c)-(d), -5(d)-(e)"


@dataclass(frozen=True, slots=True)
class InheritedMinimum:
    """One year's minimum. ``denominator`` is None where nothing, or everything, is due without division."""

    year: CalendarYear
    rule: RuleAfterDeath
    beneficiary_years: Decimal | None
    employee_years: Decimal | None
    denominator: Decimal | None
    balance_cents: int
    required_cents: int
    due_by: date | None
    excise_waived_by: str

    @property
    def whole_balance(self) -> bool:
        return bool(self.balance_cents) and self.required_cents == self.balance_cents


def classify_beneficiary(
    *,
    employee_born_on: date,
    died_on: date,
    is_person: bool,
    born_on: date | None = None,
    is_surviving_spouse: bool = False,
    is_child_of_employee: bool = False,
    disability_documented: bool = False,
    chronic_illness_documented: bool = False,
) -> Beneficiary:
    """What a beneficiary is as of the date of death (IRC 401(a)(9)(E)(ii); Reg. 1.401(a)(9)-4(e)).

    Not more than 10 years younger goes by birth dates (-4(e)(6)). Disability and chronic illness count if documented to
    the plan by 31 October of the year after the death (-4(e)(7)); they come before minority, which ends. An estate or a
    charity is not a person, and then there is no designated beneficiary.
    """
    check_facts(locals())
    given.days(employee_born_on=employee_born_on, died_on=died_on)
    if not is_person:
        return Beneficiary.NOT_A_PERSON
    if born_on is None:
        raise ImpossibleInput("born_on", "a person's birth date is needed")
    for applies, found in (
        (is_surviving_spouse, Beneficiary.SURVIVING_SPOUSE),
        (disability_documented, Beneficiary.DISABLED),
        (chronic_illness_documented, Beneficiary.CHRONICALLY_ILL),
        (is_child_of_employee and age_on(born_on, died_on) < MAJORITY, Beneficiary.MINOR_CHILD),
        (born_on <= anniversary(employee_born_on, 10), Beneficiary.NOT_MORE_THAN_TEN_YEARS_YOUNGER),
    ):
        if applies:
            return found
    return Beneficiary.OTHER_PERSON


def rule_after_death(*, inheritance: Inheritance) -> RuleAfterDeath | Refused[InheritanceRefusal]:
    """Which rule pays an inherited account, from when and until when (Reg. 1.401(a)(9)-3(c), -5(d)-(e)).

    Death before the required beginning date: 5 years without a designated beneficiary; 10 years for one who is not
    eligible; life expectancy for an eligible one unless the 10-year rule is the plan's or elected (-3(c)(5)). Death on
    or after it: annual amounts go on in every case (IRC 401(a)(9)(B)(i)), beside the 10-year limits.
    """
    _check(inheritance)
    if refused := _refused(inheritance):
        return refused
    kind, died = inheritance.beneficiary, inheritance.died_on.year
    after = CalendarYear(died + 1)
    if kind is Beneficiary.NOT_A_PERSON:
        if inheritance.begun:
            return RuleAfterDeath(AfterDeathRule.EMPLOYEES_LIFE_EXPECTANCY, after, None)
        return RuleAfterDeath(AfterDeathRule.FIVE_YEARS, None, CalendarYear(died + 5))
    final = _final_year(inheritance)
    if inheritance.begun:
        annual = AfterDeathRule.AT_LEAST_AS_RAPIDLY if kind.eligible else AfterDeathRule.TEN_YEARS_WITH_ANNUAL_PAYMENTS
        return RuleAfterDeath(annual, after, final)
    if not kind.eligible or inheritance.ten_year_rule_elected:
        return RuleAfterDeath(AfterDeathRule.TEN_YEARS, None, CalendarYear(died + 10))
    return RuleAfterDeath(AfterDeathRule.LIFE_EXPECTANCY, _first_life_expectancy_year(inheritance), final)


def beneficiary_minimum(
    *, year: CalendarYear, inheritance: Inheritance, balance_cents: int
) -> InheritedMinimum | Refused[InheritanceRefusal]:
    """What must be paid to a beneficiary for a year after the year of death (Reg. 1.401(a)(9)-5(d)-(e)).

    The whole balance in the last year of a 5- or 10-year period, and when the life expectancy is one year or less. A
    designated beneficiary after a death on or after the required beginning date divides by the greater of both life
    expectancies (-5(d)(1)(ii)). For the year of a death before that date nothing is required (1.402(c)-2(j)(3)(i)(A)).
    """
    check_facts(locals())
    given.amounts(balance_cents=balance_cents)
    rule = rule_after_death(inheritance=inheritance)
    if isinstance(rule, Refused):
        return rule
    if year.year <= inheritance.died_on.year and not inheritance.begun:
        # "No amount is a required minimum distribution for the year in which the employee dies."
        return InheritedMinimum(year, rule, None, None, None, balance_cents, 0, None, "")
    if year.year <= inheritance.died_on.year:
        return Refused(
            InheritanceRefusal.YEAR_OF_DEATH,
            f"In {year} the minimum is the employee's own, as if the employee had lived through the year.",
            "Compute it with lifetime_minimum; what the employee did not receive goes to the beneficiary.",
        )
    final = rule.final_year is not None and year >= rule.final_year
    years: tuple[Decimal | None, Decimal | None] = (None, None)
    if not final and rule.first_year is not None and year >= rule.first_year:
        years = _years(inheritance, rule.rule, year)
    denominator = max((each for each in years if each is not None), default=None)
    required = balance_cents if final else 0
    if denominator is not None:
        required = given.divided(balance_cents, denominator) if denominator > 1 else balance_cents
    return InheritedMinimum(
        year=year,
        rule=rule,
        beneficiary_years=years[0],
        employee_years=years[1],
        denominator=denominator,
        balance_cents=balance_cents,
        required_cents=required,
        due_by=year.last_day if final or denominator is not None else None,
        excise_waived_by=RELIEF_CITE if _relieved(inheritance, rule.rule, year) else "",
    )


def fixed_life_expectancy(*, age: int, looked_up_for: CalendarYear, year: CalendarYear) -> Decimal:
    """A life expectancy set in one year and reduced by one for each year since (Reg. 1.401(a)(9)-5(d)(3)(ii)-(iii)).

    From 2022 on it is looked up again in the new table at the age of the first year (-9(f)(2)(ii)).

    >>> fixed_life_expectancy(age=76, looked_up_for=CalendarYear(2020), year=CalendarYear(2022))
    Decimal('12.1')
    """
    check_facts(locals())
    return life_table("rmd_single_life", age, year) - (year.year - looked_up_for.year)


def spouse_catch_up(
    *,
    year: CalendarYear,
    balance_cents: int,
    spouse_born_on: date,
    employee_born_on: date,
    paid_before_cents: Sequence[int],
) -> int:
    """What a surviving spouse under the 10-year rule cannot roll over (Reg. 1.402(c)-2(j)(4)).

    The sum of the minimums that the spouse would have had as the employee, from the later of the two years in which
    spouse and employee reach, or would have reached, the applicable age, less what was paid in those years before this
    one. ``paid_before_cents`` holds one amount for each of these earlier years.
    """
    check_facts(locals())
    given.amounts(balance_cents=balance_cents)
    reached = [applicable_age(born_on=born).reached_on.year for born in (spouse_born_on, employee_born_on)]
    first = max(reached)
    if year.year < first:
        return 0
    if len(paid_before_cents) != year.year - first:
        raise ImpossibleInput("paid_before_cents", f"one amount a year from {first} to {year.year - 1} is needed")
    hypothetical, paid = 0, 0
    for place in range(year.year - first + 1):
        each = CalendarYear(first + place)
        adjusted = max(balance_cents - max(hypothetical - paid, 0), 0)
        denominator = life_table("rmd_uniform_lifetime", each.year - spouse_born_on.year, each)
        hypothetical += given.divided(adjusted, denominator)
        if each < year:
            given.amounts(paid_before_cents=paid_before_cents[place])
            paid += paid_before_cents[place]
    return min(max(hypothetical - paid, 0), balance_cents)


def _check(inheritance: Inheritance) -> None:
    given.days(employee_born_on=inheritance.employee_born_on, died_on=inheritance.died_on)
    born, ended = inheritance.beneficiary_born_on, inheritance.beneficiary_died_on
    if inheritance.beneficiary is Beneficiary.NOT_A_PERSON:
        return
    if born is None:
        raise ImpossibleInput("beneficiary_born_on", "a person's birth date is needed")
    if inheritance.beneficiary is Beneficiary.MINOR_CHILD and age_on(born, inheritance.died_on) >= MAJORITY:
        raise ImpossibleInput("beneficiary", f"born on {born}, no minor on {inheritance.died_on}")
    if ended is not None:
        given.days(died_on=inheritance.died_on, beneficiary_died_on=ended)


def _refused(inheritance: Inheritance) -> Refused[InheritanceRefusal] | None:
    kind, ended = inheritance.beneficiary, inheritance.beneficiary_died_on
    treated = inheritance.spouse_treated_as_employee
    for applies, reason, message in (
        (
            inheritance.died_on.year < FIRST_YEAR_OF_DEATHS,
            InheritanceRefusal.DEATH_BEFORE_2020,
            "Deaths before 2020 follow the rules before IRC 401(a)(9)(H), which are not on file.",
        ),
        (
            inheritance.ten_year_rule_elected and inheritance.begun,
            InheritanceRefusal.TEN_YEAR_RULE_NOT_OPEN,
            "The 10-year rule can be chosen only for a death before the required beginning date "
            "(Reg. 1.401(a)(9)-3(c)(5)).",
        ),
        (
            treated and (kind is not Beneficiary.SURVIVING_SPOUSE or inheritance.begun),
            InheritanceRefusal.TREATED_AS_EMPLOYEE_NOT_OPEN,
            "Treated as the employee (IRC 401(a)(9)(B)(iv)) is computed only for a surviving spouse after a death "
            "before the required beginning date: Reg. 1.401(a)(9)-5(g)(3)(ii) is reserved.",
        ),
        (
            kind is Beneficiary.SURVIVING_SPOUSE
            and ended is not None
            and not inheritance.begun
            and not inheritance.ten_year_rule_elected
            and ended.year < _first_life_expectancy_year(inheritance).year,
            InheritanceRefusal.SPOUSE_DIED_BEFORE_BEGINNING,
            "The spouse died before distributions had to begin, so the spouse's own beneficiaries are paid as if the "
            "spouse had been the employee (Reg. 1.401(a)(9)-3(e)).",
        ),
    ):
        if applies:
            return Refused(reason, message)
    return None


def _first_life_expectancy_year(inheritance: Inheritance) -> CalendarYear:
    # A spouse may wait for the year in which the employee would have reached the applicable age (-3(d)).
    after = inheritance.died_on.year + 1
    if inheritance.beneficiary is not Beneficiary.SURVIVING_SPOUSE:
        return CalendarYear(after)
    age: ApplicableAge = applicable_age(born_on=inheritance.employee_born_on)
    return CalendarYear(max(after, age.reached_on.year))


def _final_year(inheritance: Inheritance) -> CalendarYear | None:
    limits = []
    born = inheritance.beneficiary_born_on
    if inheritance.beneficiary is Beneficiary.OTHER_PERSON:
        limits.append(inheritance.died_on.year + 10)
    if inheritance.beneficiary is Beneficiary.MINOR_CHILD and born is not None:
        limits.append(anniversary(born, MAJORITY).year + 10)
    if inheritance.beneficiary_died_on is not None and inheritance.beneficiary.eligible:
        limits.append(inheritance.beneficiary_died_on.year + 10)
    return CalendarYear(min(limits)) if limits else None


def _years(inheritance: Inheritance, rule: AfterDeathRule, year: CalendarYear) -> tuple[Decimal | None, Decimal | None]:
    died = CalendarYear(inheritance.died_on.year)
    employee = None
    if inheritance.begun:
        employee = fixed_life_expectancy(
            age=died.year - inheritance.employee_born_on.year, looked_up_for=died, year=year
        )
    born = inheritance.beneficiary_born_on
    if rule is AfterDeathRule.EMPLOYEES_LIFE_EXPECTANCY or born is None:
        return None, employee
    if inheritance.beneficiary is not Beneficiary.SURVIVING_SPOUSE:
        first = CalendarYear(died.year + 1)
        return fixed_life_expectancy(age=first.year - born.year, looked_up_for=first, year=year), employee
    ended = inheritance.beneficiary_died_on
    if ended is not None and ended.year < year.year:
        last = CalendarYear(ended.year)
        return fixed_life_expectancy(age=last.year - born.year, looked_up_for=last, year=year), employee
    if inheritance.spouse_treated_as_employee and year.year >= SPOUSE_AS_EMPLOYEE_FROM:
        return life_table("rmd_uniform_lifetime", year.year - born.year, year), employee
    return life_table("rmd_single_life", year.year - born.year, year), employee


def _relieved(inheritance: Inheritance, rule: AfterDeathRule, year: CalendarYear) -> bool:
    if not 2021 <= year.year <= 2024:
        return False
    if rule is AfterDeathRule.TEN_YEARS_WITH_ANNUAL_PAYMENTS:
        return inheritance.died_on.year <= 2023
    ended = inheritance.beneficiary_died_on
    return ended is not None and inheritance.beneficiary.eligible and FIRST_YEAR_OF_DEATHS <= ended.year < year.year

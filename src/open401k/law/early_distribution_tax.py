"""The additional tax of IRC 72(t) on an early distribution from a plan, and what is exempt from it.

Not here: exceptions of IRAs alone, periodic payments themselves (periodic_payments.py), codes of Form 1099-R, how much
a withdrawal may be (withdrawals.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..kernel import CalendarYear
from . import figures, given
from .given import check_facts, check_fields

_WHOLE = 10_000
#: Half a year after the 59th birthday (IRC 72(t)(2)(A)(i)).
AGE_59_5_MONTHS = 59 * 12 + 6
#: Severance in or after the calendar year of that birthday (IRC 72(t)(2)(A)(v), (10)(A)).
SEPARATION_AGE = 55
PUBLIC_SAFETY_AGE = 50
PUBLIC_SAFETY_YEARS = 25
#: Distributions after the enactment of SECURE 2.0: 25 years of service, and firefighters of private employers (its s.
#: 308, 329).
_TWENTY_FIVE_YEARS_FROM = date(2022, 12, 30)


class Exempt(StrEnum):
    """Why a distribution from a plan bears no additional tax; where several hold, the first is told."""

    AGE_59_5 = "age_59_5"
    DEATH = "death"
    DISABILITY = "disability"
    ALTERNATE_PAYEE = "alternate_payee"
    SEPARATION_55 = "separation_55"
    PUBLIC_SAFETY = "public_safety"
    PERIODIC_PAYMENTS = "periodic_payments"
    ESOP_DIVIDEND = "esop_dividend"
    LEVY = "levy"
    PERMISSIBLE_WITHDRAWAL = "permissible_withdrawal"
    CORRECTIVE = "corrective"
    RESERVIST = "reservist"
    TERMINAL_ILLNESS = "terminal_illness"
    DISASTER = "disaster"
    BIRTH_OR_ADOPTION = "birth_or_adoption"
    DOMESTIC_ABUSE = "domestic_abuse"
    EMERGENCY_EXPENSE = "emergency_expense"
    LONG_TERM_CARE = "long_term_care"
    PLESA = "plesa"
    MEDICAL = "medical"


CITES = {
    Exempt.AGE_59_5: "IRC 72(t)(2)(A)(i)",
    Exempt.DEATH: "IRC 72(t)(2)(A)(ii)",
    Exempt.DISABILITY: "IRC 72(t)(2)(A)(iii)",
    Exempt.ALTERNATE_PAYEE: "IRC 72(t)(2)(C)",
    Exempt.SEPARATION_55: "IRC 72(t)(2)(A)(v)",
    Exempt.PUBLIC_SAFETY: "IRC 72(t)(10)",
    Exempt.PERIODIC_PAYMENTS: "IRC 72(t)(2)(A)(iv), (3)(B)",
    Exempt.ESOP_DIVIDEND: "IRC 72(t)(2)(A)(vi)",
    Exempt.LEVY: "IRC 72(t)(2)(A)(vii)",
    Exempt.PERMISSIBLE_WITHDRAWAL: "IRC 414(w)(1)(B)",
    Exempt.CORRECTIVE: "IRC 401(k)(8)(D), 401(m)(7)(A), 402(g)(2)(C)",
    Exempt.RESERVIST: "IRC 72(t)(2)(G)",
    Exempt.TERMINAL_ILLNESS: "IRC 72(t)(2)(L)",
    Exempt.DISASTER: "IRC 72(t)(2)(M), (11)",
    Exempt.BIRTH_OR_ADOPTION: "IRC 72(t)(2)(H)",
    Exempt.DOMESTIC_ABUSE: "IRC 72(t)(2)(K)",
    Exempt.EMERGENCY_EXPENSE: "IRC 72(t)(2)(I)",
    Exempt.LONG_TERM_CARE: "IRC 72(t)(2)(N)",
    Exempt.PLESA: "IRC 72(t)(2)(J)",
    Exempt.MEDICAL: "IRC 72(t)(2)(B)",
}
#: The numbers of the instructions for Form 5329 that were read; those of later exceptions are left out.
FORM_5329_NUMBERS = {
    Exempt.SEPARATION_55: "01",
    Exempt.PUBLIC_SAFETY: "01",
    Exempt.PERIODIC_PAYMENTS: "02",
    Exempt.DISABILITY: "03",
    Exempt.DEATH: "04",
    Exempt.MEDICAL: "05",
    Exempt.ALTERNATE_PAYEE: "06",
    Exempt.LEVY: "10",
    Exempt.RESERVIST: "11",
}
#: The first day of distributions of exceptions that came later (SECURE Act s. 113; SECURE 2.0 s. 115, 127, 314, 326,
#: 331, 334).
_FROM = {
    Exempt.BIRTH_OR_ADOPTION: date(2020, 1, 1),
    Exempt.DISASTER: date(2021, 1, 26),
    Exempt.TERMINAL_ILLNESS: date(2022, 12, 30),
    Exempt.DOMESTIC_ABUSE: date(2024, 1, 1),
    Exempt.EMERGENCY_EXPENSE: date(2024, 1, 1),
    Exempt.PLESA: date(2024, 1, 1),
    Exempt.LONG_TERM_CARE: date(2025, 12, 30),
}
#: Worked out from the dates given, so nobody claims them.
_BY_DATES = frozenset({Exempt.AGE_59_5, Exempt.SEPARATION_55, Exempt.PUBLIC_SAFETY})


@dataclass(frozen=True, slots=True)
class ExemptAmount:
    """How much of the taxable distribution one exception covers; as claimed, or as granted in order."""

    exempt: Exempt
    cents: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class EarlyDistributionTax:
    """The tax on what no exception covers."""

    taxable_cents: int
    exempt: tuple[ExemptAmount, ...]
    subject_cents: int
    rate_bps: int
    tax_cents: int
    year: CalendarYear

    @property
    def exempt_cents(self) -> int:
        return sum(each.cents for each in self.exempt)


def age_59_5_on(birth_date: date) -> date:
    """The day a person attains age 59 1/2: six months after the 59th birthday (IRC 72(t)(2)(A)(i)).

    >>> age_59_5_on(date(1967, 8, 31))
    datetime.date(2027, 2, 28)
    """
    check_facts(locals())
    given.days(birth_date=birth_date)
    return given.add_months(birth_date, AGE_59_5_MONTHS)


def separated_late_enough(*, birth_date: date, separated_on: date, age: int = SEPARATION_AGE) -> bool:
    """Whether somebody left in or after the calendar year in which they reach that age.

    IRC 72(t)(2)(A)(v), as Notice 87-13 Q&A-20 reads it; the exception holds in the plan of that employer alone, and
    not in an IRA (72(t)(3)(A)).
    """
    check_facts(locals())
    given.days(birth_date=birth_date, separated_on=separated_on)
    return separated_on.year >= birth_date.year + age


def medical_exempt_cents(*, expenses_cents: int, adjusted_gross_income_cents: int, year: CalendarYear) -> int:
    """Medical expenses of the year above 7.5 % of adjusted gross income (IRC 72(t)(2)(B), 213(a))."""
    check_facts(locals())
    given.amounts(expenses_cents=expenses_cents, adjusted_gross_income_cents=adjusted_gross_income_cents)
    floor = adjusted_gross_income_cents * figures.bps("medical_expense_floor", year)
    return max((expenses_cents * _WHOLE - floor) // _WHOLE, 0)


def early_distribution_tax(
    *,
    taxable_cents: int,
    distributed_on: date,
    birth_date: date,
    separated_on: date | None = None,
    public_safety_or_firefighter: bool = False,
    years_of_service: int = 0,
    claimed: Sequence[ExemptAmount] = (),
) -> EarlyDistributionTax:
    """Ten percent of what is includible in income and not exempt (IRC 72(t)(1), (2)).

    Age 59 1/2 and severance at 55 (50, or 25 years of service under the plan, for public safety employees and
    firefighters) follow from the dates. Every other exception is ``claimed`` with the amount it covers; they are
    granted in their order until the whole distribution is covered. Periodic payments are exempt only if the series
    "begins after the employee separates from service" (72(t)(3)(B)): without ``separated_on`` they are not. No
    exception covers a distribution from before it was law.
    """
    check_facts(locals())
    given.amounts(taxable_cents=taxable_cents, **{f"claimed.{n}.cents": each.cents for n, each in enumerate(claimed)})
    given.counts(100, years_of_service=years_of_service)
    given.days(birth_date=birth_date, distributed_on=distributed_on)
    for place, each in enumerate(claimed):
        if each.exempt in _BY_DATES:
            raise given.ImpossibleInput(f"claimed.{place}.exempt", f"{each.exempt} follows from the dates.")
    year = CalendarYear(distributed_on.year)
    by_dates = _by_dates(distributed_on, birth_date, separated_on, public_safety_or_firefighter, years_of_service)
    left_before = separated_on is not None and separated_on <= distributed_on
    asked = [ExemptAmount(each, taxable_cents) for each in by_dates]
    asked += [each for each in claimed if each.exempt is not Exempt.PERIODIC_PAYMENTS or left_before]
    asked = [each for each in asked if distributed_on >= _FROM.get(each.exempt, date.min)]
    order = list(Exempt)
    left, granted = taxable_cents, []
    for each in sorted(asked, key=lambda one: order.index(one.exempt)):
        if cents := min(each.cents, left):
            granted.append(ExemptAmount(each.exempt, cents))
            left -= cents
    rate = figures.bps("early_distribution_tax", year)
    tax = (left * rate * 2 + _WHOLE) // (_WHOLE * 2)
    return EarlyDistributionTax(taxable_cents, tuple(granted), left, rate, tax, year)


def _by_dates(on: date, born: date, separated_on: date | None, public_safety: bool, years: int) -> list[Exempt]:
    found = []
    if on >= age_59_5_on(born):
        found.append(Exempt.AGE_59_5)
    if separated_on is None or separated_on > on:
        return found
    if separated_late_enough(birth_date=born, separated_on=separated_on):
        found.append(Exempt.SEPARATION_55)
    at_50 = separated_late_enough(birth_date=born, separated_on=separated_on, age=PUBLIC_SAFETY_AGE)
    if public_safety and (at_50 or (years >= PUBLIC_SAFETY_YEARS and on >= _TWENTY_FIVE_YEARS_FROM)):
        found.append(Exempt.PUBLIC_SAFETY)
    return found

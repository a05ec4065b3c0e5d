"""By when returns are filed: Form 5500, 8955-SSA, 1099-R, 945, 5330, and the rule for weekends and holidays (IRC 7503).

Not here: which form a plan files (participant_count.py), what is told to participants (notices.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import CalendarYear, PlanYear
from . import given
from .deadlines import federal_holidays
from .given import check_facts


class Filing(StrEnum):
    """A return or statement that goes to the government or to a payee."""

    FORM_5500 = "Form 5500, 5500-SF or 5500-EZ"
    FORM_8955_SSA = "Form 8955-SSA"
    FORM_5558 = "Form 5558"
    FORM_1099R_PAYEE = "Form 1099-R to the payee"
    FORM_1099R_PAPER = "Form 1099-R to the IRS on paper"
    FORM_1099R_ELECTRONIC = "Form 1099-R to the IRS electronically"
    FORM_945 = "Form 945"
    FORM_5330_4979 = "Form 5330 for excess contributions"
    FORM_5330_4975 = "Form 5330 for a prohibited transaction"
    FORM_5310A = "Form 5310-A"


@dataclass(frozen=True, slots=True)
class FilingDate:
    """By when something is filed: ``named`` by the rule, and ``due``, the next day that is no weekend or holiday.

    ``extended`` is the day with the extension asked for by ``due``, where there is one.
    """

    filing: Filing
    named: date
    due: date
    extended: date | None
    cite: str


def next_filing_day(day: date) -> date:
    """The day itself, or the next one that is no Saturday, Sunday or legal holiday (IRC 7503; Reg. 301.7503-1(b)).

    Legal holidays are those of the District of Columbia: the federal ones, also on the Friday or Monday on which they
    are observed, and Emancipation Day (Rev. Rul. 2015-13). The instructions of Form 5500 say the same of its due date.

    >>> next_filing_day(date(2027, 7, 31))
    datetime.date(2027, 8, 2)
    """
    check_facts(locals())
    while day.weekday() >= 5 or day in _legal_holidays(day.year):
        day += timedelta(days=1)
    return day


def form_5500(plan_year: PlanYear) -> FilingDate:
    """The last day of the seventh month after the plan year (ERISA 104(a)(1); 29 CFR 2520.104a-5(a)(2)).

    IRC 6058(a), 6059; the extension by Form 5558 (Reg. 1.6081-11). A short plan year counts from its own end.

    >>> form_5500(PlanYear.starting(date(2025, 1, 1))).extended
    datetime.date(2026, 10, 15)
    """
    check_facts(locals())
    return _with_5558(Filing.FORM_5500, plan_year, "ERISA 104(a)(1); 29 CFR 2520.104a-5(a)(2); Reg. 1.6081-11")


def form_8955_ssa(plan_year: PlanYear) -> FilingDate:
    """As Form 5500 (IRC 6057(a); Reg. 301.6057-1(c), 1.6081-11); it names who left in the plan year before, vested."""
    check_facts(locals())
    return _with_5558(Filing.FORM_8955_SSA, plan_year, "IRC 6057(a); Reg. 301.6057-1(c); Reg. 1.6081-11")


def report_separation_by(*, separated_on: date, plan_year: PlanYear) -> PlanYear:
    """The plan year on whose Form 8955-SSA a separated participant is named at the latest: the next one.

    Reg. 301.6057-1(a)(4); not at all if paid out or rehired before that form is due.
    """
    check_facts(locals())
    if separated_on not in plan_year:
        raise given.ImpossibleInput("separated_on", f"{separated_on} is not in the plan year {plan_year}.")
    return PlanYear.starting(plan_year.end)


def form_1099r(year: CalendarYear) -> tuple[FilingDate, FilingDate, FilingDate]:
    """31 January to the payee, 28 February on paper, 31 March electronically (IRC 6047(d); Reg. 1.6041-2; 1.6041-6)."""
    check_facts(locals())
    after = year.year + 1
    cite = "IRC 6047(d); General Instructions for Certain Information Returns"
    return (
        _on(Filing.FORM_1099R_PAYEE, date(after, 1, 31), cite),
        _on(Filing.FORM_1099R_PAPER, date(after, 2, 28), cite),
        _on(Filing.FORM_1099R_ELECTRONIC, date(after, 3, 31), cite),
    )


def form_945(year: CalendarYear, *, all_deposits_on_time: bool = False) -> FilingDate:
    """31 January; ten days more where all withholding was deposited on time (Reg. 31.6071(a)-1(a)(1), (4))."""
    check_facts(locals())
    last = date(year.year + 1, 2, 10) if all_deposits_on_time else date(year.year + 1, 1, 31)
    return _on(Filing.FORM_945, last, "Reg. 31.6011(a)-4(b), 31.6071(a)-1")


def form_5330_for_4979(plan_year: PlanYear) -> FilingDate:
    """The last day of the fifteenth month after the plan year (Reg. 54.4979-1(a)(3))."""
    check_facts(locals())
    return _on(Filing.FORM_5330_4979, _end_of_month(plan_year.last_day, 15), "IRC 4979; Reg. 54.4979-1(a)(3)")


def form_5330_for_4975(*, tax_year_ends_on: date) -> FilingDate:
    """The last day of the seventh month after the tax year of whoever owes the tax (IRC 4975; Reg. 54.6011-1; Form
    5330).
    """
    check_facts(locals())
    given.days(tax_year_ends_on=tax_year_ends_on)
    return _on(Filing.FORM_5330_4975, _end_of_month(tax_year_ends_on, 7), "IRC 4975(a); Form 5330 instructions")


def form_5310a(*, merger_on: date) -> FilingDate:
    """At least 30 days before a merger, spin-off or transfer of assets that must be announced (IRC 6058(b))."""
    check_facts(locals())
    given.days(merger_on=merger_on)
    last = merger_on - timedelta(days=30)
    return FilingDate(Filing.FORM_5310A, last, last, None, "IRC 6058(b); Reg. 301.6058-1(e)")


def _with_5558(filing: Filing, plan_year: PlanYear, cite: str) -> FilingDate:
    named = _end_of_month(plan_year.last_day, 7)
    # Two and a half months from the last day of a month: the fifteenth of the third month after it.
    extended = given.add_months(named.replace(day=15), 3)
    return FilingDate(filing, named, next_filing_day(named), next_filing_day(extended), cite)


def _on(filing: Filing, day: date, cite: str) -> FilingDate:
    return FilingDate(filing, day, next_filing_day(day), None, cite)


def _end_of_month(day: date, months: int) -> date:
    """The last day of the ``months``-th month after the month of ``day``."""
    return given.add_months(day.replace(day=1), months + 1) - timedelta(days=1)


def _legal_holidays(year: int) -> frozenset[date]:
    fixed = [date(year, 7, 4), date(year, 11, 11), date(year, 12, 25), date(year, 4, 16)]
    fixed += [date(year, 6, 19)] if year >= 2021 else []
    inauguration = date(year, 1, 20)
    if year % 4 == 1 and inauguration.weekday() != 5:  # of a Saturday it has no other day (D.C. Code 28-2701)
        fixed.append(inauguration)
    # New Year's Day of the next year, where it is observed on the last Friday of this one.
    fixed.append(date(year + 1, 1, 1))
    return federal_holidays(year) | frozenset(_observed(day) for day in fixed)


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))

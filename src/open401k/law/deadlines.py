"""Days by which something must be done: deposits, refunds, notices. Not here: what is owed, adoption windows."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from ..kernel import CalendarYear, LimitationYear, PlanYear, anniversary
from .given import ImpossibleInput, add_months, check_facts

#: Fewer participants than this at the start of the plan year make a small plan (29 CFR 2510.3-102(a)(2)).
SMALL_PLAN_BELOW = 100
_MONDAY, _THURSDAY = 0, 3


@dataclass(frozen=True, slots=True)
class DepositDeadline:
    """When deferrals withheld on a pay date must be in the plan. ``due`` is the day to go by."""

    pay_date: date
    safe_harbor: date | None
    outer_limit: date
    cite: str = "29 CFR 2510.3-102(a), (b)"

    @property
    def due(self) -> date:
        return self.outer_limit if self.safe_harbor is None else min(self.safe_harbor, self.outer_limit)


@dataclass(frozen=True, slots=True)
class CorrectionDeadlines:
    """Days for correcting a failed ADP or ACP test of a plan year."""

    plan_year: PlanYear
    without_excise: date
    last_day: date
    form_5330: date
    qnec: date
    cite: str = "IRC 401(k)(8)(A), 401(m)(6)(A), 4979(f)(1); Reg. 54.4979-1; Reg. 1.401(k)-2(a)(6)(i)"


@dataclass(frozen=True, slots=True)
class ExcessDeferralDeadlines:
    """Days for returning deferrals over the 402(g) limit. ``claim`` is the last day that a plan may allow."""

    year: CalendarYear
    claim: date
    claim_by_statute: date
    return_by: date
    cite: str = "IRC 402(g)(2)(A); Reg. 1.402(g)-1(e)(2)"


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day of a window, both included."""

    first: date
    last: date
    cite: str

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Days on which banks do not settle (5 USC 6103 as the Federal Reserve keeps it).

    A holiday on a Sunday moves to Monday; one on a Saturday is not observed.
    """
    check_facts(locals())
    fixed = [(1, 1), (7, 4), (11, 11), (12, 25), *([(6, 19)] if year >= 2021 else [])]
    observed = {_off_sunday(date(year, month, day)) for month, day in fixed}
    observed |= {
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 10, _MONDAY, 2),
        _nth(year, 11, _THURSDAY, 4),
    }
    return frozenset(day for day in observed if day.weekday() < 5)


def is_business_day(day: date) -> bool:
    """Monday to Friday, and the Federal Reserve is open (29 CFR 2510.3-102(e)).

    The regulation leaves out days that the federal government designates as holidays. Its offices also close on the
    Friday before a holiday on a Saturday; here that Friday counts, so that no deadline is ever told a day too late.
    """
    check_facts(locals())
    return day.weekday() < 5 and day not in federal_holidays(day.year)


def business_day_after(day: date, count: int) -> date:
    """The ``count``-th business day after ``day`` (29 CFR 2510.3-102(e))."""
    check_facts(locals())
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day)
    return day


def deposit_deadline(pay_date: date, *, participants_at_start_of_year: int) -> DepositDeadline:
    """When the deferrals of a pay date must be deposited (29 CFR 2510.3-102).

    As soon as they can be segregated; for a plan with fewer than 100 participants, seven business days are deemed
    soon enough; the 15th business day of the following month is the outer limit for everybody and not a safe harbor.
    """
    check_facts(locals())
    small = participants_at_start_of_year < SMALL_PLAN_BELOW
    return DepositDeadline(
        pay_date=pay_date,
        safe_harbor=business_day_after(pay_date, 7) if small else None,
        outer_limit=business_day_after(_first_of_month(pay_date, 1) - timedelta(days=1), 15),
    )


def correction_deadlines(plan_year: PlanYear, *, eaca_covers_everybody: bool = False) -> CorrectionDeadlines:
    """By when a failed ADP or ACP test is corrected (IRC 4979, 401(k)(8)(A)).

    Within 2 1/2 months (six under an EACA) without the 10 % excise tax, then until the end of the following plan
    year with it. A QNEC may be made until twelve months after the year.
    """
    check_facts(locals())
    end = plan_year.end
    without_excise = _months_after(end, 6) - timedelta(days=1) if eaca_covers_everybody else _two_and_a_half_months(end)
    return CorrectionDeadlines(
        plan_year=plan_year,
        without_excise=without_excise,
        last_day=anniversary(end, 1) - timedelta(days=1),
        form_5330=_months_after(end, 15) - timedelta(days=1),
        qnec=anniversary(end, 1) - timedelta(days=1),
    )


def excess_deferral_deadlines(year: CalendarYear, *, plans_last_day: date | None = None) -> ExcessDeferralDeadlines:
    """April 15 to claim, or an earlier day of the plan, and April 15 to pay back; not moved by weekends.

    IRC 402(g)(2)(A)(i) names March 1 for the claim; the regulation lets a plan take it until "the first April 15 (or
    such earlier date specified in the plan)" (Reg. 1.402(g)-1(e)(2)(i)). Who claims by March 1 is in time by both.
    """
    check_facts(locals())
    statute, last = date(year.year + 1, 3, 1), date(year.year + 1, 4, 15)
    claim = last if plans_last_day is None else min(last, plans_last_day)
    return ExcessDeferralDeadlines(year, claim, statute, last)


def coverage_amendment(plan_year: PlanYear) -> date:
    """Last day for an amendment that covers more people, or gives more, for the year that is over.

    The 15th day of the 10th month after the close of the plan year (Reg. 1.401(a)(4)-11(g)(3)(iv)(A)).

    >>> coverage_amendment(PlanYear.starting(date(2026, 1, 1)))
    datetime.date(2027, 10, 15)
    """
    check_facts(locals())
    return _months_after(plan_year.end, 9) + timedelta(days=14)


def excess_additions_return(year: LimitationYear) -> date:
    """By when what is over the limit of IRC 415(c) is returned as a practice: 9 1/2 months after the limitation year.

    Rev. Proc. 2021-30 section 4.04; by the method of section 6.06(2). The section speaks of the return of elective
    deferrals in a plan with nonelective contributions besides match: self_correction.excess_additions_practice asks.
    """
    check_facts(locals())
    return _months_after(year.end, 9) + timedelta(days=14)


def safe_harbor_notice(plan_year: PlanYear) -> Window:
    """At least 30 and at most 90 days before the plan year begins (IRC 401(k)(12)(D); Reg. 1.401(k)-3(d)(3))."""
    check_facts(locals())
    return notice_window(plan_year.start, cite="IRC 401(k)(12)(D); Reg. 1.401(k)-3(d)(3)(ii)")


def safe_harbor_match_deposit(*, pay_date: date, plan_year: PlanYear) -> date:
    """Last day for the safe harbor match of a pay date, where it is made by payroll period, month or quarter.

    "Safe harbor matching contributions with respect to any elective contributions made during a plan year quarter are
    contributed to the plan by the last day of the immediately following plan year quarter" (Reg.
    1.401(k)-3(c)(5)(ii)); a match of the whole year is not bound by it.

    >>> year = PlanYear.starting(date(2026, 1, 1))
    >>> safe_harbor_match_deposit(pay_date=date(2026, 3, 31), plan_year=year)
    datetime.date(2026, 6, 30)
    """
    check_facts(locals())
    if pay_date not in plan_year:
        raise ImpossibleInput("pay_date", f"{pay_date} is not within the plan year {plan_year}")
    within = (add_months(plan_year.start, months) for months in (0, 3, 6, 9))
    starts = [start for start in within if start < plan_year.end] + [plan_year.end, add_months(plan_year.end, 3)]
    following = sum(start <= pay_date for start in starts)
    return starts[following + 1] - timedelta(days=1)


def notice_window(effective: date, *, cite: str) -> Window:
    """30 to 90 days before something takes effect (Reg. 1.401(k)-3(d)(3)(ii); Notice 2016-16)."""
    check_facts(locals())
    return Window(effective - timedelta(days=90), effective - timedelta(days=30), cite)


def _off_sunday(day: date) -> date:
    return day + timedelta(days=1) if day.weekday() == 6 else day


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _first_of_month(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _months_after(day: date, months: int) -> date:
    return _first_of_month(day, months) + timedelta(days=day.day - 1)


def _two_and_a_half_months(end: date) -> date:
    # Two whole months after the last day, then to the 15th where the plan year ends with a month.
    return _months_after(end, 2) + timedelta(days=14)

"""Pay that a plan may count: the 401(a)(17) cap, cumulated over pay dates. Not here: which pay codes count."""

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from ..kernel import LimitationYear, PlanYear
from . import figures
from .arrays import Cents, Counts, as_cents, half_up_quotient
from .given import ImpossibleInput, add_months, check_facts


def annual_cap(plan_year: PlanYear) -> int:
    """Most pay of one employee that counts in the plan year, in cents (IRC 401(a)(17)).

    The year in which the plan year begins decides. A plan year of fewer than twelve months has the twelfth part for
    each of its months (Reg. 1.401(a)(17)-1(b)(3)(iii)).
    """
    check_facts(locals())
    full = figures.cents("limit_401a17", plan_year)
    months = months_in(plan_year)
    return full if months == 12 else int(half_up_quotient(np.asarray(full * months), 12))


def pay_within_limit(*, compensation: Cents, plan_year: PlanYear) -> Cents:
    """Pay that a rule against discrimination may count: up to the 401(a)(17) limit of its plan year.

    "The annual compensation limit applies for purposes of applying the nondiscrimination rules under sections
    401(a)(4), 401(a)(5), 401(l), 401(k)(3), 401(m)(2) ... and 410(b)(2)"; what is above it "is disregarded" (Reg.
    1.401(a)(17)-1(c)(1), (2)). In a year whose limit is not known yet nobody may have more than the last one on file.
    """
    check_facts(locals())
    pay = as_cents(compensation)
    on_file = figures.figure("limit_401a17").values
    if plan_year.start.year < min(on_file):
        full = figures.cents("limit_401a17_before_2019", plan_year)
        return capped(pay, int(half_up_quotient(np.asarray(full * months_in(plan_year)), 12)))
    last = on_file[max(on_file)] * 100 * months_in(plan_year) // 12
    if plan_year.start.year > max(on_file) and (not pay.size or int(pay.max()) <= last):
        # The limit only ever rises (IRC 401(a)(17)(B), 415(d)).
        return pay
    return capped(pay, annual_cap(plan_year))


def months_in(year: PlanYear | LimitationYear) -> int:
    """Months of a plan or limitation year, a started one counted."""
    check_facts(locals())
    return _months(year.start, year.end)


@lru_cache(maxsize=1_024)
def _months(start: date, end: date) -> int:
    months = 1
    while months < 12 and add_months(start, months) < end:
        months += 1
    return months


def capped(year_to_date: Cents, cap: int) -> Cents:
    """Pay to date that counts under the cap."""
    check_facts(locals())
    return np.minimum(year_to_date, cap)


def period_share(*, before: Cents, period: Cents, cap: int) -> Cents:
    """The part of one period's pay that counts: the cap is reached by adding up, never spread over the periods.

    Shares of a year's periods add up to the capped pay of the year (IRC 401(a)(17)).
    """
    check_facts(locals(), signed=("before", "period"))
    return capped(before + period, cap) - capped(before, cap)


def top_heavy_or_415_pay(section_415_cents: Cents, cap: int) -> Cents:
    """415(c)(3) pay under the 401(a)(17) cap, as top-heavy minimums count it (Reg. 1.416-1 T-21, M-7)."""
    check_facts(locals())
    return np.minimum(section_415_cents, cap)


def counts_after_severance(*, severed: date, paid: date, year: LimitationYear | PlanYear) -> bool:
    """Whether regular pay still counts: until 2 1/2 months after severance, or the end of its limitation year if later.

    ``year`` holds the day of payment (Reg. 1.415(c)-2(e)(3)(i)); whether the pay is of the kind that counts, pay that
    would have come without the severance, is the payroll's to say.
    """
    check_facts(locals(), as_read=("severed", "paid"))
    return severed >= year.start or paid <= months_and_a_half_after(severed)


def months_and_a_half_after(severed: date) -> date:
    """Two months and fifteen days later: 15 March for 31 December."""
    check_facts(locals(), as_read=("severed",))
    years, month = divmod(severed.month + 1, 12)
    year = severed.year + years
    day = min(severed.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day) + timedelta(days=15)


def limit_for_months(*, plan_year: PlanYear, months: Counts) -> Cents:
    """Each person's 401(a)(17) limit where the plan uses pay of fewer months than twelve, in twelfths.

    Reg. 1.401(a)(17)-1(b)(3)(iii)(A): only where pay of such a period is what the allocation is based on, as the months
    of a short plan year are; never for taking part in a part of the year (see :func:`pay_while_participating`).
    """
    check_facts(locals())
    if ((months < 1) | (months > months_in(plan_year))).any():
        raise ImpossibleInput(
            "months", f"is not between 1 and the {months_in(plan_year)} of the plan year for somebody."
        )
    return half_up_quotient(figures.cents("limit_401a17", plan_year) * months, 12)


def pay_while_participating(*, plan_year: PlanYear, pay: Cents, before_entry: Cents) -> Cents:
    """Pay of the plan year that counts where the plan leaves out pay before entry: up to the whole limit.

    "A plan is not treated as using compensation for less than 12 months ... merely because the plan formula provides
    that the allocation ... is based on compensation for the portion of the plan year during which the employee is a
    participant" (Reg. 1.401(a)(17)-1(b)(3)(iii)(B)). Without that provision ``before_entry`` is zero.
    """
    check_facts(locals())
    if (before_entry > pay).any():
        raise ImpossibleInput("before_entry", "is more than the pay of the plan year of somebody.")
    return capped(pay - before_entry, annual_cap(plan_year))

"""When long-term part-time work lets somebody defer: their hours put to the law's rule. Not here: the rule (law)."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from open401k.kernel import EmployeeId, anniversary
from open401k.law import hours, long_term_part_time
from open401k.law.eligibility import EligibilityTerms
from open401k.law.long_term_part_time import HoursOfPeriod
from open401k.law.vesting_years import PART_TIME_YEAR_HOURS
from open401k.plan import MonthDay, plan_year_of

from .classes import let_in
from .people import Employee

#: Pay lines carry hundredths of hours, of which a year has no more than these.
_HUNDREDTHS, _HOURS_OF_A_YEAR = 100, 8_784
#: With fewer years nobody is asked about (IRC 401(k)(2)(D)(ii)); how many a plan year asks for the law says.
_FEWEST_YEARS = 2
#: Who is bargained for is outside of the rule (IRC 401(k)(15)(C), 410(b)(3)(A)).
_BARGAINED = frozenset({"union"})


def part_time_entries(
    employees: Sequence[Employee], worked: Mapping[EmployeeId, Mapping[date, int]], terms: EligibilityTerms
) -> npt.NDArray[np.datetime64]:
    """The day from which each must be let in to defer (IRC 401(k)(2)(D)(ii), (15)(D)); NaT for nearly everybody.

    ``worked``: hundredths of hours by the first day of each computation period. An hour that was worked stays: who has
    the years keeps the day. Without a birth date nobody is 21.
    """
    days: list[date | None] = [None] * len(employees)
    if terms.hours_in_year:
        for place, employee in enumerate(employees):
            days[place] = _entry(employee, worked.get(employee.employee_id, {}), terms)
    return np.array(days, dtype="datetime64[D]")


def periods_of(
    employee: Employee, worked: Mapping[date, int], start: MonthDay, *, begun_by: date
) -> tuple[tuple[HoursOfPeriod, date], ...]:
    """The periods that begin by a day with the day after each: the year from hire, then plan years (29 CFR 2530.202-2).

    Hours of a plan year that begins within the first year count in both.
    """
    if not employee.employment or employee.employment[0].hired_on > begun_by:
        return ()
    spans = hours.computation_periods(
        commenced=employee.employment[0].hired_on, until=begun_by, plan_year_start=(start.month, start.day)
    )
    return tuple(
        (HoursOfPeriod(first, min(worked.get(first, 0) // _HUNDREDTHS, _HOURS_OF_A_YEAR)), end) for first, end in spans
    )


def _entry(employee: Employee, worked: Mapping[date, int], terms: EligibilityTerms) -> date | None:
    least = PART_TIME_YEAR_HOURS * _HUNDREDTHS
    enough = [first for first, hundredths in worked.items() if hundredths >= least]
    if len(enough) < _FEWEST_YEARS or employee.birth_date is None:
        return None
    start = MonthDay(*terms.plan_year_start)
    last = max(enough)
    found = long_term_part_time.long_term_part_time(
        born=employee.birth_date,
        periods=tuple(period for period, _ in periods_of(employee, worked, start, begun_by=last)),
        plan_year=plan_year_of(start, anniversary(last, 1)),
        terms=terms,
    )
    day = found.latest_entry
    return None if day is None else let_in(employee, _BARGAINED, day)

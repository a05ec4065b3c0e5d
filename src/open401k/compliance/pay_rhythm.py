"""When a plan's payrolls are still to come, at the rhythm of those that were. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from open401k.kernel import day_of

from .facts import PlanFacts

#: Between two dates, when there is one a month and when there are two.
_MONTHLY, _SEMIMONTHLY = range(26, 37), range(11, 20)
#: As many days before the end of a month are its last business day at the earliest, or its last Friday.
_LAST_DAYS = 6
_FRIDAY = 4
#: A payroll before holidays may be this much earlier than usual.
_EARLY = timedelta(days=7)
#: A payroll of a year that is over comes by then, or there was none.
PATIENCE = timedelta(days=14)
#: Nobody knows better of a plan's very first payroll: most employers pay every other week.
_FORTNIGHT = 14
#: Days from one pay date to the next, by how many of them make up the pay of the year before.
_BY_PRIOR_PAY = ((17, 31), (37, _FORTNIGHT), (80, 7))


def dates_seen(facts: PlanFacts) -> tuple[date, ...]:
    """The pay dates that show a rhythm: those of the year, before a third one with those of the year before.

    Of a plan's very first payroll its period shows it, or how much of last year's pay it was.
    """
    if facts.history is None:
        return ()
    seen = (*facts.history.before, *facts.history.pay_dates)
    if len(seen) != 1:
        return seen
    return (seen[0] - timedelta(days=facts.history.period_days or _by_prior_pay(facts)), *seen)


def dates_expected(facts: PlanFacts) -> tuple[date, ...]:
    """The pay dates still to come of the years of these facts; of a year that is over only those of the last days.

    A plan whose last payroll was in November would have one more in December for ever, and fail by it.
    """
    found = coming_dates(dates_seen(facts), facts.horizon)
    today = day_of(facts.known_at)
    if today <= facts.plan_year.last_day:
        return found
    return tuple(day for day in found if day > facts.plan_year.last_day or today <= day + PATIENCE)


def coming_dates(seen: Sequence[date], last_day: date) -> tuple[date, ...]:
    """The pay dates still to come up to a day, at the rhythm of those that were.

    Gaps in whole weeks go on exactly: biweekly Fridays never gain a date that falls into the next year. One or two
    dates a month are one or two in each month to come, on the weekday before where it would be a weekend.
    """
    gaps = [(later - earlier).days for earlier, later in pairwise(seen)]
    if not gaps:
        return _by_weeks(seen[-1], _FORTNIGHT, last_day)
    weekly = all(gap % 7 == 0 for gap in gaps)
    if _most(gaps, _MONTHLY) and not (weekly and not all(map(_ends_a_month, seen))):
        found = _by_month(seen, last_day)
    elif weekly:
        return _by_weeks(seen[-1], Counter(gaps).most_common(1)[0][0], last_day)
    elif all(gap in _SEMIMONTHLY for gap in gaps):
        found = {*_by_month(seen[-1::-2][::-1], last_day), *_by_month(seen[-2::-2][::-1], last_day)}
    else:
        gap = (seen[-1] - seen[0]).days / len(gaps)
        count = int((last_day - seen[-1]).days / gap + 0.1)
        return tuple(min(seen[-1] + timedelta(days=round(gap * (k + 1))), last_day) for k in range(count))
    return tuple(sorted(day for day in found if seen[-1] + _EARLY < day <= last_day))


def _by_prior_pay(facts: PlanFacts) -> int:
    if facts.history is None:
        return _FORTNIGHT
    paid = facts.history.section_415[:, -1]
    known = facts.prior_known & (facts.prior_section_415 > 0) & (paid > 0)
    if not known.any():
        return _FORTNIGHT
    times = float(np.median(facts.prior_section_415[known] / paid[known]))
    return next((days for most, days in _BY_PRIOR_PAY if 8 <= times <= most), _FORTNIGHT)


def _most(gaps: Sequence[int], of: range) -> bool:
    return 2 * sum(gap in of for gap in gaps) >= len(gaps)


def _by_weeks(last: date, gap: int, last_day: date) -> tuple[date, ...]:
    count = (last_day - last).days // gap
    return tuple(last + timedelta(days=gap * (place + 1)) for place in range(count))


def _by_month(seen: Sequence[date], last_day: date) -> set[date]:
    """One a month: the last weekday of each where that is how it was, else the usual day, or the weekday before it."""
    at_the_end = all(map(_ends_a_month, seen))
    # A day at the begin of a month is often paid at the end of the one before: it counts as the day that it is for.
    early = not at_the_end and any(day.day <= _LAST_DAYS for day in seen)
    months = [(day.year, day.month + (early and _ends_a_month(day))) for day in seen]
    usual = Counter(1 if early and _ends_a_month(day) else day.day for day in seen).most_common(1)[0][0]
    found: set[date] = set()
    year, month = months[-1]
    while True:
        year, month = (year, month) if month <= 12 else (year + 1, month - 12)
        days = monthrange(year, month)[1]
        day = date(year, month, days if at_the_end else min(usual, days))
        if date(year, month, 1) > last_day + timedelta(days=_LAST_DAYS):
            return found
        found.add(_weekday_by(day))
        month += 1


def _ends_a_month(day: date) -> bool:
    return monthrange(day.year, day.month)[1] - day.day <= _LAST_DAYS


def _weekday_by(day: date) -> date:
    """The day, or the Friday before its weekend."""
    return day - timedelta(days=max(day.weekday() - _FRIDAY, 0))

"""From when on pay is known here, and what of a failure is from before: named, and never guessed. Pure.

What payrolls elsewhere paid counts where it was brought over, in sums of periods (census.brought_over). Not here: what
is owed for it (failure_correction.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from open401k.kernel import PlanYear
from open401k.plan import Provisions

_A_DAY = timedelta(days=1)
Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class KnownPay:
    """The first payroll here: its pay date, its period; periods brought over; from when terms are on file."""

    first_pay_date: date
    first_period: Days
    brought: tuple[Days, ...]
    terms_from: date

    @property
    def last_elsewhere(self) -> date:
        """About when payroll was last paid before it was paid here: a pay period before the first pay date."""
        start, end = self.first_period
        return self.first_pay_date - (end - start) - _A_DAY


def needed_for(known: KnownPay, *, own: Sequence[Days], first: date, until: date, terms: Provisions) -> tuple[str, ...]:
    """What has to be known of a failure from ``first`` up to ``until`` for all of it to be counted; in words.

    ``own``: the periods brought over that have pay of the person; of another period somebody without a row had none.
    """
    told = [
        f"Pay and deferrals of {start} to {end}, in the plan year {year}, are not on file: what was missed then is not "
        "counted. Bring the figures of that time over, a row for the person and each period."
        for start, end, year in _by_year(_gaps(known, first, min(until, known.last_elsewhere + _A_DAY)), terms)
    ]
    told += [
        f"The figures of {start} to {end} hold {day}, {what}: what is before it counts apart, and nobody could part "
        f"their sums. Bring two rows instead, up to the day before {day} and from it on; until then none of it counts."
        for start, end in own
        for day, what in ((first, "the first day that was wrong"), (until, "the day on which it was right again"))
        if start < day <= end
    ]
    told += [
        f"No terms of the plan are on file for {start} to {end}: what was missed then is not counted."
        for start, end in own
        if start < known.terms_from and first <= end and start < until
    ]
    return tuple(told)


def _gaps(known: KnownPay, first: date, until: date) -> Iterator[Days]:
    """The days from ``first`` up to ``until`` that no period brought over holds."""
    day = first
    for start, end in sorted(known.brought):
        if day < min(start, until):
            yield day, min(start, until) - _A_DAY
        day = max(day, end + _A_DAY)
    if day < until:
        yield day, until - _A_DAY


def _by_year(gaps: Iterator[Days], terms: Provisions) -> Iterator[tuple[date, date, PlanYear]]:
    for start, end in gaps:
        while start <= end:
            year = terms.plan_year_of(start)
            yield start, min(end, year.last_day), year
            start = year.end


def told_once(needed: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What several people need, each once."""
    return tuple(dict.fromkeys(each for of_person in needed for each in of_person))

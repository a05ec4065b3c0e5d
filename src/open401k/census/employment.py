"""Spans of employment, from the days of hire and termination. Not here: hours, eligibility (see law)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class LeftBy(StrEnum):
    """How an employment ended, where a plan gives something for it or its turnover is counted without it.

    Disability is that of the plan's own words; a person says that they are met.
    """

    DEATH = "death"
    DISABILITY = "disability"
    VOLUNTARY = "voluntary"


@dataclass(frozen=True, slots=True)
class Employment:
    """One unbroken employment; ``terminated_on`` is its last day, ``None`` while it lasts.

    ``left_by``: how it ended, where that was told.
    """

    hired_on: date
    terminated_on: date | None = None
    left_by: LeftBy | None = None

    def __contains__(self, day: date) -> bool:
        return self.hired_on <= day and (self.terminated_on is None or day <= self.terminated_on)


def spans(*, hires: Iterable[date], terminations: Iterable[date]) -> tuple[Employment, ...]:
    """The employments that points in time make up, oldest first.

    A hire while employed and a termination while not employed change nothing: of two hire dates without a
    termination between them the earlier one counts. Both on one day: whoever was employed left and came back,
    whoever was not worked that one day.

    >>> spans(hires=[date(2020, 1, 6), date(2024, 3, 4)], terminations=[date(2021, 5, 28)])[1]
    Employment(hired_on=datetime.date(2024, 3, 4), terminated_on=None)
    """
    hired, left = set(hires), set(terminations)
    done: list[Employment] = []
    hired_on: date | None = None
    for day in sorted(hired | left):
        if hired_on is not None and day in left:
            done.append(Employment(hired_on, day))
            hired_on = day if day in hired else None
        elif hired_on is None and day in hired:
            hired_on = day
            if day in left:
                done.append(Employment(day, day))
                hired_on = None
    if hired_on is not None:
        done.append(Employment(hired_on))
    return tuple(done)


def employed_on(employment: Iterable[Employment], day: date) -> bool:
    """Whether any of the spans holds the day."""
    return any(day in span for span in employment)


def employed_between(employment: Iterable[Employment], *, start: date, end: date) -> bool:
    """Whether any of the spans touches the days from ``start`` up to, not including, ``end``."""
    return any(
        span.hired_on < end and (span.terminated_on is None or span.terminated_on >= start) for span in employment
    )

"""The three kinds of year, as distinct types, so that a limit cannot be looked up by the wrong one.

402(g) and catch-up go by the calendar year, ADP, 410(b) and 401(a)(17) by the plan year, 415 by the limitation year.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class CalendarYear:
    """1 January to 31 December: the individual's taxable year (402(g), 414(v))."""

    year: int

    @property
    def start(self) -> date:
        return date(self.year, 1, 1)

    @property
    def end(self) -> date:
        """The first day after the year."""
        return date(self.year + 1, 1, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, 12, 31)

    @property
    def figure_year(self) -> int:
        return self.year

    def __contains__(self, day: date) -> bool:
        return day.year == self.year

    def __str__(self) -> str:
        return str(self.year)


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    """Start inclusive, end exclusive, at most twelve months."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if not self.start < self.end <= anniversary(self.start, 1):
            raise ValueError(f"{type(self).__name__} {self.start} to {self.end} is not between a day and twelve months")

    @classmethod
    def starting(cls, start: date) -> Self:
        """The twelve months from ``start``."""
        return cls(start, anniversary(start, 1))

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def previous(self) -> Self:
        """The twelve months before this one."""
        return type(self)(anniversary(self.start, -1), self.start)

    def __str__(self) -> str:
        if (self.start.month, self.start.day) == (1, 1) and self.end == anniversary(self.start, 1):
            return str(self.start.year)
        return f"{self.start} to {self.last_day}"


class PlanYear(_Span):
    """The plan's year (ADP, ACP, 410(b), top-heavy, 401(a)(17)); figures are those of the year it begins in."""

    __slots__ = ()

    @property
    def figure_year(self) -> int:
        return self.start.year


class LimitationYear(_Span):
    """The year of 415(c); figures are those of the calendar year it ends in."""

    __slots__ = ()

    @property
    def figure_year(self) -> int:
        return self.last_day.year


Year = CalendarYear | PlanYear | LimitationYear


def anniversary(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def age_on(birth_date: date, day: date) -> int:
    """Age in whole years reached on ``day``; someone born on 29 February turns on 1 March in a common year."""
    return day.year - birth_date.year - (anniversary(birth_date, day.year - birth_date.year) > day)

"""Time as an argument. Only here may the machine's clock be read."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

#: Business days, deadlines and trading cut-offs of US plans are New York days.
NEW_YORK = ZoneInfo("America/New_York")


class Clock(Protocol):
    """What tells the time; sandboxes move theirs by hand."""

    def now(self) -> datetime:
        """This instant, in UTC, with its zone."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when told to; it never goes back."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an instant with a time zone")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        if by < timedelta(0):
            raise ValueError("the clock only moves forward: what was recorded stays recorded")
        self._at += by

    def advance_to(self, at: datetime) -> None:
        self.advance(at.astimezone(UTC) - self._at)


def day_of(at: datetime) -> date:
    """The calendar day of an instant in New York."""
    return at.astimezone(NEW_YORK).date()

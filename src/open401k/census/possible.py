"""Facts about a person that cannot be: refused before they change a book. Pure. Not here: recording (people.py)."""

from dataclasses import dataclass
from datetime import date

from .people import BirthDate, Employee, Fact, Hired, PayOfYear, Terminated

_OLDEST = 120


@dataclass(frozen=True, slots=True)
class Impossible:
    """What of a fact cannot be, why, and what to send instead."""

    member: str
    reason: str
    fix: str


def impossible(person: Employee, fact: Fact, *, event_on: date, today: date) -> Impossible | None:
    """Why a fact cannot be true of a person, from what else is on file; None: it can be."""
    hired = min((span.hired_on for span in person.employment), default=None)
    match fact:
        case BirthDate(born):
            return _born(born, hired, today)
        case Hired() if person.birth_date is not None and event_on <= person.birth_date:
            words = f"{event_on} is not after the birth on {person.birth_date}."
            return Impossible("event_on", words, "Send the right day, or correct the date of birth first.")
        case Terminated() if hired is not None and event_on < hired:
            words = f"{event_on} is before the first hire on file, {hired}."
            return Impossible("event_on", words, "Send the right last day, or correct the day of hire first.")
        case PayOfYear(year, _) if year > today.year:
            return Impossible("year", f"{year} has not begun.", "Send the pay of a year that has been paid.")
        case _:
            return None


def _born(born: date, hired: date | None, today: date) -> Impossible | None:
    fix = "Send the date of birth as the person's papers have it."
    if born > today:
        return Impossible("birth_date", f"{born} is after today, {today}.", fix)
    if born.year < today.year - _OLDEST:
        return Impossible("birth_date", f"Nobody born on {born} works today.", fix)
    if hired is not None and born >= hired:
        return Impossible("birth_date", f"{born} is not before the first hire on file, {hired}.", fix)
    return None

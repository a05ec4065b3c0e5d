"""Facts about a person that cannot be: refused before they change a book. Pure. Not here: recording (people.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from open401k.kernel import EmployeeId, age_on

from .people import BirthDate, Employee, Fact, Family, Hired, PayOfYear, Relation, Terminated

_OLDEST = 120
#: A younger spouse is a slip: a year or a person was mistaken.
_YOUNGEST_SPOUSE = 14
_NOBODY: Mapping[EmployeeId, Employee] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Impossible:
    """What of a fact cannot be, why, and what to send instead."""

    member: str
    reason: str
    fix: str


def impossible(
    person: Employee, fact: Fact, *, event_on: date, today: date, relatives: Mapping[EmployeeId, Employee] = _NOBODY
) -> Impossible | None:
    """Why a fact cannot be true of a person, from what else is on file; None: it can be.

    ``relatives``: who is named in the fact, and who is on file as a relative of the person.
    """
    hired = min((span.hired_on for span in person.employment), default=None)
    match fact:
        case BirthDate(born):
            return _born(born, hired, today) or _of_relatives(born, person, relatives, today)
        case Hired() if person.birth_date is not None and event_on <= person.birth_date:
            words = f"{event_on} is not after the birth on {person.birth_date}."
            return Impossible("event_on", words, "Send the right day, or correct the date of birth first.")
        case Terminated() if hired is not None and event_on < hired:
            words = f"{event_on} is before the first hire on file, {hired}."
            return Impossible("event_on", words, "Send the right last day, or correct the day of hire first.")
        case Family(relative, relation, False):
            unlike = cannot_be_related(
                relation,
                born=person.birth_date,
                relative_born=relatives[relative].birth_date if relative in relatives else None,
                today=today,
            )
            return None if unlike is None else Impossible("relative", unlike, _RELATED)
        case PayOfYear(year, _) if year > today.year:
            return Impossible("year", f"{year} has not begun.", "Send the pay of a year that has been paid.")
        case _:
            return None


_RELATED = "Choose the other person, or what they are to each other, or correct a date of birth first."


def cannot_be_related(relation: Relation, *, born: date | None, relative_born: date | None, today: date) -> str | None:
    """Why the relative cannot be that to the person by their dates of birth; None: they can, or a date is missing."""
    if born is None or relative_born is None:
        return None
    if relation is Relation.SPOUSE:
        child = max(born, relative_born)
        return f"Born on {child}, one of them is {age_on(child, today)}." if _too_young(child, today) else None
    older, younger = (relative_born, born) if relation in _OLDER else (born, relative_born)
    if older < younger:
        return None
    name = relation if relation in _OLDER else relation.inverse
    return f"The {name}, born on {older}, would not be older than the {name.inverse}, born on {younger}."


_OLDER = (Relation.PARENT, Relation.GRANDPARENT)


def _too_young(born: date, today: date) -> bool:
    return born >= today or age_on(born, today) < _YOUNGEST_SPOUSE


def _of_relatives(
    born: date, person: Employee, relatives: Mapping[EmployeeId, Employee], today: date
) -> Impossible | None:
    """Whether a date of birth fits those of the relatives on file."""
    for who, relation in person.family:
        other = relatives[who].birth_date if who in relatives else None
        words = cannot_be_related(relation, born=born, relative_born=other, today=today)
        if words is not None:
            return Impossible(
                "birth_date", words, "Send the right date, or take back what they are to each other first."
            )
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

"""How alike two descriptions of a person are, in points with their working. Pure; not here: who a row is (matching.py).

Ten points make it ten times as likely that both are one person: each weight is 10 log10 of how often it is seen between
two descriptions of one person over how often between two people (Fellegi and Sunter, 1969). The first is our estimate
from the errors of payroll files, the second from how common names, birthdays and days of hire are.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz

from .nicknames import same_given_name

#: How alike two parts of a name must be, of 100, to be one with a slip.
_ALIKE = 85
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})


class Trait(StrEnum):
    """What is compared."""

    NUMBER = "number"
    LAST_NAME = "last_name"
    FIRST_NAME = "first_name"
    SUFFIX = "suffix"
    BIRTH_DATE = "birth_date"
    HIRE_DATE = "hire_date"
    EMPLOYEE_NUMBER = "employee_number"


class Told(StrEnum):
    """How the two sides of a trait compare."""

    SAME = "same"
    ONE_SLIP = "one_slip"
    SHORT_FORM = "short_form"
    INITIAL = "initial"
    PART = "part"
    SWAPPED = "swapped"
    ANOTHER = "another"


#: Points by trait and outcome; what either side does not say has none.
WEIGHTS: dict[tuple[Trait, Told], int] = {
    (Trait.NUMBER, Told.SAME): 60,
    (Trait.NUMBER, Told.ONE_SLIP): 40,  # less than chance alone gives: brothers and sisters often got neighbors
    (Trait.NUMBER, Told.ANOTHER): -24,
    (Trait.LAST_NAME, Told.SAME): 27,
    (Trait.LAST_NAME, Told.SWAPPED): 23,
    (Trait.LAST_NAME, Told.ONE_SLIP): 12,
    (Trait.LAST_NAME, Told.PART): 10,
    (Trait.LAST_NAME, Told.ANOTHER): -12,  # of one person, too: marriages
    (Trait.FIRST_NAME, Told.SAME): 20,
    (Trait.FIRST_NAME, Told.SWAPPED): 17,
    (Trait.FIRST_NAME, Told.SHORT_FORM): 12,
    (Trait.FIRST_NAME, Told.ONE_SLIP): 10,
    (Trait.FIRST_NAME, Told.PART): 10,
    (Trait.FIRST_NAME, Told.INITIAL): 6,
    (Trait.FIRST_NAME, Told.ANOTHER): -17,
    (Trait.SUFFIX, Told.SAME): 3,
    (Trait.SUFFIX, Told.ANOTHER): -20,
    (Trait.BIRTH_DATE, Told.SAME): 41,
    (Trait.BIRTH_DATE, Told.SWAPPED): 25,
    (Trait.BIRTH_DATE, Told.ONE_SLIP): 8,
    (Trait.BIRTH_DATE, Told.ANOTHER): -24,
    (Trait.HIRE_DATE, Told.SAME): 20,
    (Trait.HIRE_DATE, Told.ANOTHER): -5,
    (Trait.EMPLOYEE_NUMBER, Told.SAME): 20,  # systems give the number of somebody who left to somebody new
    (Trait.EMPLOYEE_NUMBER, Told.ANOTHER): -8,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What one trait says."""

    trait: Trait
    told: Told

    @property
    def points(self) -> int:
        return WEIGHTS[self.trait, self.told]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two descriptions are: the sum of its marks."""

    marks: tuple[Mark, ...]

    @property
    def score(self) -> int:
        return sum(mark.points for mark in self.marks)

    def told(self, trait: Trait) -> Told | None:
        """What a trait says; None where one side does not know it."""
        return next((mark.told for mark in self.marks if mark.trait is trait), None)

    def with_number(self, told: Told | None) -> "Likeness":
        """The same with what the numbers say, first."""
        return self if told is None else Likeness((Mark(Trait.NUMBER, told), *self.marks))


@dataclass(frozen=True, slots=True)
class Traits:
    """A person as described by a row, or by what is on file. ``employee_numbers``: each with whose numbers they are."""

    first_name: str
    last_name: str
    birth_date: date | None = None
    hired_on: frozenset[date] = frozenset()
    employee_numbers: frozenset[tuple[str, str]] = field(default=frozenset())


def likeness(one: Traits, other: Traits) -> Likeness:
    """All but the Social Security numbers, which are not held side by side; the same either way around."""
    marks = [
        *_names(one, other),
        *_mark(Trait.SUFFIX, _suffix(one, other)),
        *_mark(Trait.BIRTH_DATE, _births(one.birth_date, other.birth_date)),
        *_mark(Trait.HIRE_DATE, _any_same(one.hired_on, other.hired_on)),
        *_mark(Trait.EMPLOYEE_NUMBER, _numbers(one.employee_numbers, other.employee_numbers)),
    ]
    return Likeness(tuple(marks))


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """A name for comparing: lower case, without accents, marks and suffixes.

    >>> plain("O'Brien-Núñez, Jr.")
    'obrien nunez'
    """
    return " ".join(word for word in _words(text) if word not in _SUFFIXES)


def suffix(text: str) -> str:
    """Junior or senior, where the name says so.

    >>> suffix("Whitfield, Jr.")
    'jr'
    """
    return next((word for word in _words(text) if word in _SUFFIXES), "")


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(" " if mark in " -.,_" else mark for mark in folded if mark.isalnum() or mark in " -.,_").split()


def _mark(trait: Trait, told: Told | None) -> Iterable[Mark]:
    return () if told is None else (Mark(trait, told),)


def _names(one: Traits, other: Traits) -> list[Mark]:
    first, last = plain(one.first_name), plain(one.last_name)
    first_other, last_other = plain(other.first_name), plain(other.last_name)
    if first != last and first and last and (first, last) == (last_other, first_other):
        return [Mark(Trait.LAST_NAME, Told.SWAPPED), Mark(Trait.FIRST_NAME, Told.SWAPPED)]
    return [
        *_mark(Trait.LAST_NAME, _last_names(last, last_other)),
        *_mark(Trait.FIRST_NAME, _first_names(first, first_other)),
    ]


def _last_names(one: str, other: str) -> Told | None:
    if not one or not other:
        return None
    if one.replace(" ", "") == other.replace(" ", ""):
        return Told.SAME
    if fuzz.ratio(one, other) >= _ALIKE:
        return Told.ONE_SLIP
    # Who marries often keeps the old name as a part of the new one.
    return Told.PART if _shares_a_word(one, other) else Told.ANOTHER


def _first_names(one: str, other: str) -> Told | None:
    if not one or not other:
        return None
    if one.replace(" ", "") == other.replace(" ", ""):
        return Told.SAME
    if len(one) == 1 or len(other) == 1:
        return Told.INITIAL if one[0] == other[0] else Told.ANOTHER
    if same_given_name(one.split()[0], other.split()[0]):
        return Told.SHORT_FORM if " " not in one + other else Told.PART
    return Told.ONE_SLIP if fuzz.ratio(one, other) >= _ALIKE else Told.ANOTHER


def _shares_a_word(one: str, other: str) -> bool:
    longer = {word for word in one.split() if len(word) > 2}
    return not longer.isdisjoint(other.split())


def _suffix(one: Traits, other: Traits) -> Told | None:
    """Often left out: it says something only where both sides give one."""
    mine = suffix(one.last_name) or suffix(one.first_name)
    theirs = suffix(other.last_name) or suffix(other.first_name)
    if not mine or not theirs:
        return None
    return Told.SAME if mine == theirs else Told.ANOTHER


def _births(one: date | None, other: date | None) -> Told | None:
    if one is None or other is None:
        return None
    if one == other:
        return Told.SAME
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return Told.SWAPPED
    apart = sum(mine != theirs for mine, theirs in zip(one.isoformat(), other.isoformat(), strict=True))
    return Told.ONE_SLIP if apart == 1 else Told.ANOTHER


def _any_same(one: frozenset[date], other: frozenset[date]) -> Told | None:
    if not one or not other:
        return None
    return Told.ANOTHER if one.isdisjoint(other) else Told.SAME


def _numbers(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> Told | None:
    """Of one system and one employer only: two people have the same number at two of them."""
    if not one.isdisjoint(other):
        return Told.SAME
    systems = {system for system, _ in one} & {system for system, _ in other}
    return Told.ANOTHER if systems else None

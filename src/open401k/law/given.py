"""What a rule is given: amounts and dates that cannot be are refused by the name of their field; days in whole months.

Not here: any rule of law, arrays (arrays.py).
"""

from calendar import monthrange
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from ..kernel import Open401kError, anniversary, half_up

#: A hundred billion dollars: nobody has more in a plan, and every product with a rate stays exact.
MOST_CENTS = 10_000_000_000_000
_YEARS = range(1900, 2200)


class ImpossibleInput(Open401kError):  # noqa: N818 (says what is wrong with it, as the other errors of the law do)
    """A value that no fact can have: negative money, an end before its beginning; ``field`` names it."""

    def __init__(self, field: str, message: str, *, fix: str = "") -> None:
        super().__init__(f"{field}: {message}", fix=fix)
        self.field = field


def amounts(**cents: int) -> None:
    """Each is whole cents from zero to a hundred billion dollars."""
    for field, value in cents.items():
        _whole(field, value, MOST_CENTS)


def counts(most: int, **numbers: int) -> None:
    """Each is a whole number from zero to ``most``."""
    for field, value in numbers.items():
        _whole(field, value, most)


def days(**given: date | None) -> None:
    """Each day that is given lies between 1900 and 2199, and none before the one named ahead of it."""
    told = [(field, day) for field, day in given.items() if day is not None]
    for field, day in told:
        if day.year not in _YEARS:
            raise ImpossibleInput(field, f"{day} is not a day that a plan can know.")
    for (earlier, first), (later, second) in pairwise(told):
        if second < first:
            raise ImpossibleInput(later, f"{second} is before {earlier}, {first}.")


def within(field: str, part: int, whole_field: str, whole: int) -> None:
    """A part is not more than its whole."""
    if part > whole:
        raise ImpossibleInput(field, f"{part} is more than {whole_field}, {whole}.")


def divided(cents: int, by: Decimal) -> int:
    """Cents over a denominator as a table prints it, half-up to the cent.

    >>> divided(20_500_000, Decimal("25.5"))
    803922
    """
    numerator, denominator = by.as_integer_ratio()
    return half_up(Fraction(cents * denominator, numerator))


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later; the last of the month where that month is shorter.

    >>> add_months(date(2003, 8, 31), 3)
    datetime.date(2003, 11, 30)
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def half_year_after(born_on: date, years: int) -> date:
    """The day on which somebody is that many years and a half: six calendar months after the birthday.

    >>> half_year_after(date(1932, 6, 30), 70), half_year_after(date(1932, 7, 1), 70)
    (datetime.date(2002, 12, 30), datetime.date(2003, 1, 1))
    """
    return add_months(anniversary(born_on, years), 6)


def _whole(field: str, value: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ImpossibleInput(field, f"{value!r} is not a whole number.")
    if value < 0:
        raise ImpossibleInput(field, f"{value} is negative.")
    if value > most:
        raise ImpossibleInput(field, f"{value} is more than {most}, which nothing of a plan can be.")

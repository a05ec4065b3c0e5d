"""Checks of what an event of one person is told with: whole cents, days in order. Not here: arrays (arrays.py)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from ..kernel import anniversary, half_up
from .given import ImpossibleInput

#: Ten trillion dollars: above every account there is, far below where anything could overflow.
MOST_CENTS = 10**15


def whole_cents(**amounts: int) -> None:
    """Each amount is a whole number of cents, not negative and not absurd; the first that is not is named."""
    for field, amount in amounts.items():
        if isinstance(amount, bool) or not isinstance(amount, int):
            raise ImpossibleInput(field, f"{amount!r} is not a whole number of cents")
        if amount < 0:
            raise ImpossibleInput(field, f"{amount} is negative")
        if amount > MOST_CENTS:
            raise ImpossibleInput(field, f"{amount} is more than any account holds")


def within(field: str, part: int, whole_field: str, whole: int) -> None:
    """A part is not more than its whole."""
    if part > whole:
        raise ImpossibleInput(field, f"{part} is more than {whole_field}, {whole}")


def not_before(field: str, day: date, earlier_field: str, earlier: date) -> None:
    """A day is not before the one it follows."""
    if day < earlier:
        raise ImpossibleInput(field, f"{day} is before {earlier_field}, {earlier}")


def divided(cents: int, by: Decimal) -> int:
    """Cents over a denominator as a table prints it, half-up to the cent.

    >>> divided(20_500_000, Decimal("25.5"))
    803922
    """
    numerator, denominator = by.as_integer_ratio()
    return half_up(Fraction(cents * denominator, numerator))


def half_year_after(born_on: date, years: int) -> date:
    """The day on which somebody is that many years and a half: six calendar months after the birthday.

    >>> half_year_after(date(1932, 6, 30), 70), half_year_after(date(1932, 7, 1), 70)
    (datetime.date(2002, 12, 30), datetime.date(2003, 1, 1))
    """
    birthday = anniversary(born_on, years)
    carried, month = divmod(birthday.month + 5, 12)
    first = date(birthday.year + carried, month + 1, 1)
    following = date(first.year + (first.month == 12), first.month % 12 + 1, 1)
    return first + timedelta(days=min(birthday.day, (following - first).days) - 1)

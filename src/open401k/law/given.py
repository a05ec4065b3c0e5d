"""What a rule is given: amounts and dates that cannot be are refused by the name of their field; days in whole months.

Not here: any rule of law, arrays (arrays.py).
"""

from calendar import monthrange
from collections.abc import Callable, Collection, Mapping, Sequence, Sized
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from itertools import pairwise
from types import NoneType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..kernel import CalendarYear, LimitationYear, Open401kError, PlanYear, anniversary, half_up

#: A hundred billion dollars: nobody has more in a plan, and every product with a rate stays exact.
MOST_CENTS = 10_000_000_000_000
_YEARS = range(1900, 2200)
#: A trillion dollars, above every plan there is; times 10,000 basis points it is still exact in 64 bits.
_MOST = 10**14
#: As much as the people of one plan may have together, for the same reason.
_MOST_TOGETHER = 4 * 10**14
#: The most of what is counted in time, by the last word of the field.
_MOST_OF = {"bps": 10**6, "age": 1_000, "ages": 1_000} | dict.fromkeys(
    ("years", "months", "hours", "days", "periods", "installments", "number", "count"), 10**5
)
#: What may be less than nothing: an investment or a business may lose.
_SIGNED = frozenset({"income", "earnings", "profit"})
_FLAGS = frozenset({"benefiting", "benefits", "eligible", "excludable", "excluded", "favored", "former_key", "officer"})
#: 2999 stands for no end.
_FIRST_DAY, _NO_END = np.datetime64("1900-01-01"), np.datetime64("2999-12-31")
_STARTS = frozenset({"plan_year_start", "tax_year_start"})


_Check: TypeAlias = Callable[[str, Any, Collection[str], int], None]


class ImpossibleInput(Open401kError, ValueError):  # noqa: N818 (says what is wrong with it, as the other errors of the law do)
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


def check_facts(
    facts: Mapping[str, Any],
    *,
    signed: Collection[str] = (),
    apart: Collection[str] = (),
    most: int = _MOST,
    one_plan: bool = False,
    as_read: Collection[str] = (),
) -> None:
    """Refuse, by its name, whatever a function was told (its ``locals()``) that no fact can be.

    Numbers are whole, not negative (but those named in ``signed``, incomes and profits) and not absurd; days and years
    are those a plan can know; arrays hold int64 or flags and speak of the same people (but those named in ``apart``),
    of ``one_plan`` without scenarios where the function asks for it. What is ``as_read`` from a payroll file is not
    looked at: the file's own findings speak of it.
    """
    people: int | None = None
    for field, value in facts.items():
        check = _check_of(type(value))
        if check is None or field in as_read:
            continue
        check(field, value, signed, most)
        if check is _check_array:
            shape = value.shape
            if one_plan and len(shape) != 1:
                raise ImpossibleInput(field, f"has the shape {shape}; one plan's people are asked for.")
            if shape and shape[-1] != 1 and field not in apart:
                if people is not None and shape[-1] != people:
                    raise ImpossibleInput(field, f"has {shape[-1]} entries where the others have {people}.")
                people = shape[-1]


#: A billion dollars; the ratios of a plan's people to pay of a cent still add up in 64 bits.
MOST_OF_ONE_CENTS = 10**11


def of_one_person(**columns: npt.NDArray[Any]) -> None:
    """Each person has at most a billion dollars of it."""
    check_facts(columns, most=MOST_OF_ONE_CENTS)


def same_length(**columns: Sized) -> None:
    """Columns that are read side by side are equally long."""
    (first, column), *others = columns.items()
    for field, other in others:
        if len(other) != len(column):
            raise ImpossibleInput(field, f"has {len(other)} entries, {first} has {len(column)}.")


def check_fields(told: Any, *, signed: Collection[str] = ()) -> None:
    """The same of the fields of a dataclass that a rule is told with."""
    for each in fields(told):
        _check(each.name, getattr(told, each.name), signed, _MOST)


def _check(field: str, value: Any, signed: Collection[str], most: int) -> None:
    check = _check_of(type(value))
    if check is not None:
        check(field, value, signed, most)


def _check_of(kind: type) -> _Check | None:
    """How a value of that type is looked at: found once, since every rule asks it of all that it is told."""
    if kind not in _FOUND:
        plain = issubclass(kind, NoneType | bool | str | Enum)
        _FOUND[kind] = None if plain else next((check for kinds, check in _CHECKS if issubclass(kind, kinds)), None)
    return _FOUND[kind]


def _check_number(field: str, value: int | Fraction | Decimal | np.integer, signed: Collection[str], most: int) -> None:
    highest, may_lose = _bounds(field, most)
    if value < 0 and not (may_lose or field in signed):
        raise ImpossibleInput(field, f"{value} is negative.")
    if not -highest <= value <= highest:
        raise ImpossibleInput(field, f"{value} is more than any account holds or plan counts: beyond {highest}.")


@cache
def _bounds(field: str, most: int) -> tuple[int, bool]:
    """The most of what a field of that name counts, and whether it may be less than nothing."""
    counted = "" if field.startswith("paid_") else field.rpartition("_")[2]  # paid in so many years is money
    return min(most, _MOST_OF.get(counted, most)), not _SIGNED.isdisjoint(field.split("_"))


def _check_array(field: str, array: npt.NDArray[Any], signed: Collection[str], most: int) -> None:
    kind = array.dtype.kind
    if kind == "b" or (not array.size and kind in "if"):
        return
    if kind == "M":
        if bool(((array < _FIRST_DAY) | (array > _NO_END)).any()):
            raise ImpossibleInput(field, f"holds a day before {_FIRST_DAY} or after {_NO_END}.")
        return
    flags = field.startswith("is_") or field in _FLAGS
    if flags or array.dtype != np.int64:
        asked = "yes or no for each person" if flags else "whole numbers in int64"
        raise ImpossibleInput(field, f"is {asked}, not {array.dtype}.")
    low, high = int(np.minimum.reduce(array, axis=None)), int(np.maximum.reduce(array, axis=None))
    _check_number(field, low, signed, most)
    _check_number(field, high, signed, most)
    if array.ndim and max(high, -low) * array.shape[-1] > _MOST_TOGETHER:
        together = int(np.max(np.abs(array).astype(object).sum(axis=-1)))  # Python's numbers do not overflow
        if together > _MOST_TOGETHER:
            raise ImpossibleInput(field, f"adds up to {together}, which the people of a plan cannot have.")


def _check_day(field: str, day: date, _: Collection[str], __: int) -> None:
    days(**{field: day})


def _check_year(field: str, year: CalendarYear | PlanYear | LimitationYear, _: Collection[str], __: int) -> None:
    if year.figure_year not in _YEARS:
        raise ImpossibleInput(field, f"{year.figure_year} is not a year that a plan can know.")


def _check_float(field: str, value: float, _: Collection[str], __: int) -> None:
    raise ImpossibleInput(field, f"{value!r} is not a whole number.")


def _check_mapping(field: str, parts: Mapping[object, object], signed: Collection[str], most: int) -> None:
    for part in parts.values():
        _check(field, part, signed, most)


def _check_parts(field: str, parts: Sequence[Any], signed: Collection[str], most: int) -> None:
    if field in _STARTS and isinstance(parts, tuple):
        _check_start(field, *parts)
        return
    for part in parts:
        _check(field, part, signed, most)


_FOUND: dict[type, _Check | None] = {}
_CHECKS: tuple[tuple[Any, _Check], ...] = (
    (np.ndarray, _check_array),
    (int | Fraction | Decimal | np.integer, _check_number),
    (date, _check_day),
    (CalendarYear | PlanYear | LimitationYear, _check_year),
    (float, _check_float),
    (Mapping, _check_mapping),
    (Sequence, _check_parts),
)


def _check_start(field: str, month: int, day: int) -> None:
    if not (1 <= month <= 12 and 1 <= day <= monthrange(2023, month)[1]):
        raise ImpossibleInput(field, f"no year begins on day {day} of month {month}.")


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

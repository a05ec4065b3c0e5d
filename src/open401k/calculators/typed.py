"""Type hints of the law as shapes of input. Not here: what is computed."""

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from ..kernel import CalendarYear, LimitationYear, PlanYear
from ..law.arrays import Cents, Flags
from ..law.exact_rates import MOST_ALLOCATION_CENTS, MOST_PAY_CENTS, Rates, whole
from . import units
from .problems import UNREAD, Collected, Path
from .shapes import (
    YEARS,
    AYear,
    Day,
    Exact,
    Field,
    Keyed,
    Many,
    Maybe,
    Named,
    OneOf,
    Record,
    Schema,
    Shape,
    Text,
    Whole,
    YesNo,
)

_YEARS = (CalendarYear, PlanYear, LimitationYear)
_LISTS = {tuple: tuple, list: list, frozenset: frozenset, Sequence: tuple, Iterable: tuple}


class CannotBeTyped(TypeError):  # noqa: N818 (says what the matter is)
    """A type hint that no shape of input stands for."""


class _Rate:
    """A rate of pay that the exact arithmetic of the general test holds."""

    def schema(self) -> Schema:
        return Exact().schema() | {"description": 'An exact rate of pay: "0.05" or "1/20" for 5 %'}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        rate = Exact().read(value, path, found)
        if rate is UNREAD:
            return UNREAD
        if rate < 0 or rate.numerator > MOST_ALLOCATION_CENTS or rate.denominator > MOST_PAY_CENTS:
            return found.add(path, f"{rate} is not a rate of an allocation to pay, both in whole cents")
        return rate


def shape_of(hint: Any, name: str) -> Shape:
    """What an input of this type and name looks like.

    >>> shape_of(int, "vested_cents").schema()["maximum"]
    10000000000000
    """
    plain = _plain(hint, name)
    if plain is not None:
        return plain
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(parts, name)
    if origin is tuple and parts[-1] is not Ellipsis:
        return _tuple(parts, name)
    if origin in _LISTS:
        return Many(shape_of(parts[0], name), _LISTS[origin])
    if origin is Mapping:
        return Keyed(shape_of(parts[0], "name"), shape_of(parts[1], name))
    if isinstance(hint, type) and is_dataclass(hint) and hint not in (Rates,):
        return record_of(hint)
    raise CannotBeTyped(f"{name}: {hint}")


def column_of(hint: Any, name: str) -> tuple[Shape, bool] | None:
    """The shape of one entry of a column, one for each person, and whether the column may be left out."""
    parts = [part for part in typing.get_args(hint) if part is not type(None)] if _is_union(hint) else [hint]
    kinds = {_kind(part) for part in parts} - {int, None}
    if hint is np.int64 or len(kinds) != 1:
        return None
    kind = kinds.pop()
    return _entry(kind, name), len(parts) < len(typing.get_args(hint)) and type(None) in typing.get_args(hint)


def as_column(hint: Any, entries: Sequence[Any]) -> Any:
    """The entries as the array that the law wants."""
    parts = typing.get_args(hint) if _is_union(hint) else (hint,)
    kinds = [kind for part in parts if (kind := _kind(part)) not in (None, int)]
    return _array(kinds[0], entries) if kinds else tuple(entries)


@cache
def record_of(kind: type) -> Record:
    """A dataclass as an object with its fields, named with their units."""
    hints = typing.get_type_hints(kind)
    told, law_names = {}, {}
    for field in fields(kind):
        name = units.field_name(kind, field.name)
        required = field.default is MISSING and field.default_factory is MISSING
        person = kind.__module__.endswith("by_person") and hints[field.name] is int
        shape = _whole(name, by_person=True) if person else shape_of(hints[field.name], name)
        told[name] = Field(shape, required=required, default=_told(field.default))
        law_names[name] = field.name
    return Record(told, lambda **given: kind(**{law_names[name]: value for name, value in given.items()}))


def _told(default: object) -> object:
    """A default as JSON writes it; None where there is none that it writes simply."""
    if isinstance(default, StrEnum):
        return default.value
    return default if isinstance(default, bool | int | str) else None


def _plain(hint: Any, name: str) -> Shape | None:
    if not isinstance(hint, type):
        return _nested_array(hint, name)
    if hint in _YEARS:
        return AYear(hint)
    if issubclass(hint, StrEnum):
        return OneOf(hint)
    known: dict[type, Shape] = {bool: YesNo(), date: Day(), str: Text(), Fraction: Exact(), Decimal: Exact(True)}
    return _whole(name) if hint in (int, np.int64) else known.get(hint)


def _whole(name: str, *, by_person: bool = False) -> Whole:
    if name in units.YEAR_NUMBERS:
        return Whole(YEARS[0], YEARS[-1], "A year, like 2026")
    return Whole(*units.bounds(name, by_person=by_person), units.described(name))


def _nested_array(hint: Any, name: str) -> Shape | None:
    kind = _kind(hint)
    if kind is None:
        return None
    return Many(_entry(kind, name), lambda entries: _array(kind, entries))


def _union(parts: tuple[Any, ...], name: str) -> Shape:
    real = [part for part in parts if part is not type(None)]
    if set(real) == {Fraction, int}:
        inner: Shape = Exact()
    elif len(real) == 1:
        inner = shape_of(real[0], name)
    elif real == [PlanYear, LimitationYear] or real == [LimitationYear, PlanYear]:
        inner = AYear(PlanYear)
    else:
        raise CannotBeTyped(f"{name}: one of {real}")
    return Maybe(inner) if len(real) < len(parts) else inner


def _tuple(parts: tuple[Any, ...], name: str) -> Shape:
    names = units.PAIRS.get(name)
    if names is None or len(names) != len(parts):
        raise CannotBeTyped(f"{name}: the parts of {parts} have no names")
    return Named({each: shape_of(part, each) for each, part in zip(names, parts, strict=True)})


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _kind(hint: Any) -> Any:
    """Which column a hint is: an array's scalar type, ``Rates``, or ``int`` beside one."""
    if isinstance(hint, type) and hint in (Rates, int, np.int64):
        return hint
    if typing.get_origin(hint) is np.ndarray:
        return typing.get_args(typing.get_args(hint)[1])[0]
    return None


def _entry(kind: Any, name: str) -> Shape:
    if kind is Rates:
        return _Rate()
    if kind is np.int64:
        return _whole(name, by_person=True)
    return YesNo() if kind is np.bool_ else Maybe(Day())


def _array(kind: Any, entries: Sequence[Any]) -> Any:
    if kind is Rates:
        return whole(
            np.array([rate.numerator for rate in entries], dtype=np.int64),
            np.array([rate.denominator for rate in entries], dtype=np.int64),
        )
    if kind is np.datetime64:
        return np.array(
            [np.datetime64("NaT") if day is None else np.datetime64(day) for day in entries], "datetime64[D]"
        )
    return np.array(entries, dtype=kind)


#: For rules written here: the columns that they hand to the law.
def cents(entries: Iterable[int]) -> Cents:
    """Whole cents, one for each person."""
    return np.array(list(entries), dtype=np.int64)


def flags(entries: Iterable[bool]) -> Flags:
    """Yes or no, one for each person."""
    return np.array(list(entries), dtype=np.bool_)

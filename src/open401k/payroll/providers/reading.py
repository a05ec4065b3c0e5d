"""A provider's JSON read field by field: a missing or odd one is named by its path. Not here: any provider's fields.

Numbers come as :class:`~decimal.Decimal` (:func:`decoded`): an amount never passes through a fraction of two.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from .connector import ProviderError, Trouble

_MOST_DIGITS = 11
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
#: Others stand for none or for ever, which each system writes in a way of its own; nothing is reckoned with them.
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
#: How an amount is written as text; more is believed of a number (``1_000`` is one to Python, and to no provider).
_AMOUNT = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*", re.ASCII)
_MISSING = object()


def decoded(data: bytes, *, where: str) -> "Told":
    """The body of an answer."""
    try:
        return Told(json.loads(data, parse_float=Decimal, parse_constant=_no_number), where)
    except (ValueError, RecursionError):
        raise ProviderError(Trouble.BUG, "The answer is not JSON.", where=where) from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


@dataclass(frozen=True, slots=True)
class Told:
    """A value of an answer and the path to it."""

    value: Any
    path: str

    def odd(self, expected: str) -> ProviderError:
        """What to raise where the value is not what it should be; says its kind, never the value."""
        message = f"Expected {expected}, found {_kind(self.value)}."
        return ProviderError(Trouble.BUG, message, where=self.path, fix="Report it with the path, without the values.")

    def has(self, key: str) -> bool:
        """Whether there is such a field, and not null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def at(self, key: str) -> "Told":
        """A field that must be there."""
        if not isinstance(self.value, dict):
            raise self.odd("an object")
        inner = Told(self.value.get(key, _MISSING), f"{self.path}.{key}")
        if inner.value is _MISSING:
            raise inner.odd("a field")
        return inner

    def maybe(self, key: str) -> "Told | None":
        """A field that may be missing or null."""
        if not isinstance(self.value, dict):
            raise self.odd("an object")
        return self.at(key) if self.has(key) else None

    def items(self, key: str = "") -> Iterator["Told"]:
        """The elements of a list, here or in a field; a missing or null field has none."""
        found = self.maybe(key) if key else self
        if found is None:
            return
        if not isinstance(found.value, list):
            raise found.odd("a list")
        for place, value in enumerate(found.value):
            yield Told(value, f"{found.path}[{place}]")

    def text(self, key: str) -> str:
        """A text with something in it."""
        found = self.at(key)
        if not isinstance(found.value, str) or not found.value.strip():
            raise found.odd("a text")
        return found.kept()

    def text_or(self, key: str, default: str = "") -> str:
        """A text, where there is one."""
        found = self.maybe(key)
        if found is None:
            return default
        if not isinstance(found.value, str):
            raise found.odd("a text")
        return found.kept() or default

    def kept(self) -> str:
        """A text as it is kept: without what is around it, and of nothing that no database takes."""
        said = str(self.value).strip()
        if "\0" in said or any("\ud800" <= each <= "\udfff" for each in said):
            raise self.odd("a text of characters only")
        return said

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """True or false; a missing one is ``default``, if that may be."""
        found = self.maybe(key) if default is not None else self.at(key)
        if found is None and default is not None:
            return default
        if found is None or not isinstance(found.value, bool):
            raise (found or self).odd("true or false")
        return found.value

    def number(self, key: str) -> int:
        """A whole number."""
        found = self.at(key)
        if not isinstance(found.value, int) or isinstance(found.value, bool):
            raise found.odd("a whole number")
        return found.value

    def day(self, key: str) -> date:
        """A day, ``2026-01-31``."""
        found = self.maybe_day(key)
        if found is None:
            raise self.at(key).odd("a day")
        return found

    def maybe_day(self, key: str) -> date | None:
        """A day, where there is one."""
        found = self.maybe(key)
        if found is None or found.value == "":
            return None
        try:
            if not _DAY.fullmatch(found.value):
                raise ValueError
            day = date.fromisoformat(found.value)
        except (TypeError, ValueError):
            raise found.odd("a day, year-month-day") from None
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise found.odd("a day of the years 1900 to 2999")
        return day

    def cents(self, key: str) -> int:
        """Dollars as text or number, exact to the cent; below zero where something is taken back."""
        return self.at(key).in_hundredths("dollars, exact to the cent")

    def cents_or(self, key: str, default: int = 0) -> int:
        """The same, where there is an amount."""
        found = self.maybe(key)
        return default if found is None else found.in_hundredths("dollars, exact to the cent")

    def in_hundredths(self, expected: str, *, round_down: bool = False) -> int:
        """A decimal number as whole hundredths."""
        value = self.value
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
                raise InvalidOperation
            if isinstance(value, str) and not _AMOUNT.fullmatch(value):
                raise InvalidOperation
            told = Decimal(value)
            if not told.is_finite() or told.adjusted() > _MOST_DIGITS:  # before it is written out: 1E+999999 is short
                raise InvalidOperation
            exact = told * 100
            whole = int(exact)  # towards zero
            if exact != whole and not round_down:
                raise InvalidOperation
        except (InvalidOperation, OverflowError, ValueError):
            raise self.odd(expected) from None
        return whole


def _kind(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    kinds |= {int: "a number", Decimal: "a number"}
    return kinds.get(type(value), "something else") if value != "" else "an empty text"

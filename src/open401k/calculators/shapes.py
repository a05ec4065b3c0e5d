"""What an input may look like: each shape reads JSON strictly and states its JSON Schema. Not here: type hints."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol

from ..kernel import CalendarYear, LimitationYear, Open401kError, PlanYear, anniversary
from .problems import UNREAD, Collected, Path

#: The longest list, and the longest text, that is believed.
MOST_ITEMS = 10_000
MOST_TEXT = 200
YEARS = range(1900, 2200)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EXACT = re.compile(r"-?\d{1,40}(?:/\d{1,40}|\.\d{1,12})?", re.ASCII)
_NAMES = {bool: "true or false", int: "a whole number", float: "a number with decimals", str: "a text"}
_NAMES |= {list: "a list", dict: "an object", type(None): "null"}

Schema = dict[str, Any]


class Shape(Protocol):
    """One kind of input value."""

    def schema(self) -> Schema:
        """JSON Schema (2020-12) of what :meth:`read` takes."""
        ...

    def read(self, value: object, path: Path, found: Collected) -> Any:
        """The value, or ``UNREAD`` with what is wrong noted."""
        ...


def said(value: object) -> str:
    """What kind of thing a JSON value is, in words."""
    return _NAMES.get(type(value), type(value).__name__)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds; never a float, however round."""

    least: int
    most: int
    unit: str = ""

    def schema(self) -> Schema:
        told = {"description": self.unit} if self.unit else {}
        return {"type": "integer", "minimum": self.least, "maximum": self.most} | told

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if isinstance(value, float):
            unit = f" ({self.unit[0].lower()}{self.unit[1:]})" if self.unit else ""
            return found.add(path, f"{value} is a number with decimals; write a whole number{unit}")
        if isinstance(value, bool) or not isinstance(value, int):
            return found.add(path, f"is {said(value)}, not a whole number")
        if value < self.least:
            told = "is negative" if self.least == 0 else f"is below {self.least}"
            return found.add(path, f"{_short(value)} {told}")
        if value > self.most:
            return found.add(path, f"{_short(value)} is more than {self.most}, the most that is believed here")
        return value


@dataclass(frozen=True, slots=True)
class YesNo:
    """True or false."""

    def schema(self) -> Schema:
        return {"type": "boolean"}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        return value if isinstance(value, bool) else found.add(path, f"is {said(value)}, not true or false")


@dataclass(frozen=True, slots=True)
class Text:
    """A name or a word of one's own."""

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": MOST_TEXT}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if not isinstance(value, str):
            return found.add(path, f"is {said(value)}, not a text")
        if len(value) > MOST_TEXT or not value.isprintable():
            return found.add(path, f"is longer than {MOST_TEXT} characters, or has some that cannot be printed")
        return value


@dataclass(frozen=True, slots=True)
class Day:
    """A date as ``2026-12-31``."""

    def schema(self) -> Schema:
        return {"type": "string", "format": "date", "description": "A day, written 2026-12-31"}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            return found.add(path, f"is {said(value)}, not a day written like 2026-12-31")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return found.add(path, f"there is no day {value}")
        return day if day.year in YEARS else found.add(path, f"{value} is not a day that a plan can know")


@dataclass(frozen=True, slots=True)
class Exact:
    """An exact number: whole, or as text with a decimal point or as a fraction; never a float."""

    as_decimal: bool = False

    def schema(self) -> Schema:
        told = 'An exact number: 5, "0.05" or "1/20" (never a JSON number with decimals)'
        return {
            "anyOf": [{"type": "integer"}, {"type": "string", "pattern": f"^{_EXACT.pattern}$"}],
            "description": told,
        }

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if isinstance(value, float):
            return found.add(path, f'{value} is not exact; write it as a text, like "{value}" or "1/20"')
        if isinstance(value, bool) or not isinstance(value, int | str) or not _EXACT.fullmatch(_short(value, 90)):
            return found.add(path, f'is {said(value)}, not an exact number like 5, "0.05" or "1/20"')
        try:
            number = Fraction(value)
        except ZeroDivisionError:
            return found.add(path, f"{value} divides by zero")
        if self.as_decimal:
            return Decimal(number.numerator) / Decimal(number.denominator)
        return number


@dataclass(frozen=True, slots=True)
class OneOf:
    """One word of a closed set."""

    kind: type[StrEnum]

    def schema(self) -> Schema:
        return {"type": "string", "enum": [member.value for member in self.kind]}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        words = [member.value for member in self.kind]
        if isinstance(value, str) and value in words:
            return self.kind(value)
        return found.add(path, f"{_quoted(value)} is none of {', '.join(words)}")


#: Years that are told by their first and last day, too.
_SPANS = (PlanYear, LimitationYear)


@dataclass(frozen=True, slots=True)
class AYear:
    """A calendar, plan or limitation year: its number, or its first and last day where it is another twelve months."""

    kind: type[CalendarYear] | type[PlanYear] | type[LimitationYear]

    def schema(self) -> Schema:
        number = Whole(YEARS[0], YEARS[-1]).schema()
        if self.kind is CalendarYear:
            return number | {"description": "A calendar year"}
        span: Schema = {
            "type": "object",
            "additionalProperties": False,
            "required": ["start"],
            "properties": {
                "start": Day().schema(),
                "last_day": Day().schema(),
                "end": Day().schema() | {"description": "The first day after it; give this or last_day"},
            },
        }
        return {"anyOf": [number, span], "description": "2026 for January to December, else its first and last day"}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if self.kind is CalendarYear or not isinstance(value, dict):
            return self._of_number(value, path, found)
        for name in sorted(value.keys() - {"start", "end", "last_day"}, key=str):
            found.add((*path, name), "is not a field of a year; it has start and last_day")
        if ("end" in value) == ("last_day" in value) or "start" not in value:
            return found.add(path, "needs start and last_day (or, instead of last_day, end: the first day after it)")
        start = Day().read(value["start"], (*path, "start"), found)
        closing = "end" if "end" in value else "last_day"
        end = Day().read(value[closing], (*path, closing), found)
        if start is UNREAD or end is UNREAD:
            return UNREAD
        return self._of_span(start, end, closing, path, found)

    def _of_number(self, value: object, path: Path, found: Collected) -> Any:
        year = Whole(YEARS[0], YEARS[-1]).read(value, path, found)
        if year is UNREAD:
            return UNREAD
        return self.kind.starting(date(year, 1, 1)) if issubclass(self.kind, _SPANS) else self.kind(year)

    def _of_span(self, start: date, end: date, closing: str, path: Path, found: Collected) -> Any:
        following = date.fromordinal(end.toordinal() + 1)
        if closing == "end" and following.day == 1:
            told = f"{end} is the last day of a month, and end is the first day after the year; write it as last_day"
            return found.add((*path, closing), told)
        after = following if closing == "last_day" else end
        if not start < after <= anniversary(start, 1):
            return found.add(path, f"{start} to {end} is not between a day and twelve months")
        assert issubclass(self.kind, _SPANS)  # noqa: S101 (a calendar year was read as a number)
        return self.kind(start, after)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value, or null."""

    inner: Shape

    def schema(self) -> Schema:
        inner = self.inner.schema()
        told = {"description": inner.pop("description")} if "description" in inner else {}
        return {"anyOf": [inner, {"type": "null"}]} | told

    def read(self, value: object, path: Path, found: Collected) -> Any:
        return None if value is None else self.inner.read(value, path, found)


@dataclass(frozen=True, slots=True)
class Many:
    """A list of one shape; ``gather`` makes of it what the law wants."""

    item: Shape
    gather: Callable[[list[Any]], Any] = tuple

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema(), "maxItems": MOST_ITEMS}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if not isinstance(value, list):
            return found.add(path, f"is {said(value)}, not a list")
        if len(value) > MOST_ITEMS:
            return found.add(path, f"has {len(value)} entries, at most {MOST_ITEMS} are read")
        read = [self.item.read(each, (*path, place), found) for place, each in enumerate(value)]
        return UNREAD if any(each is UNREAD for each in read) else self.gather(read)


@dataclass(frozen=True, slots=True)
class Named:
    """A tuple of known length, as an object whose fields have names."""

    parts: Mapping[str, Shape]

    def schema(self) -> Schema:
        return Record({name: Field(shape) for name, shape in self.parts.items()}, dict).schema()

    def read(self, value: object, path: Path, found: Collected) -> Any:
        fields = {name: Field(shape) for name, shape in self.parts.items()}
        return Record(fields, lambda **given: tuple(given[name] for name in self.parts)).read(value, path, found)


@dataclass(frozen=True, slots=True)
class Keyed:
    """An object whose field names are values: a mapping."""

    key: Shape
    item: Shape

    def schema(self) -> Schema:
        return {"type": "object", "propertyNames": self.key.schema(), "additionalProperties": self.item.schema()}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if not isinstance(value, dict):
            return found.add(path, f"is {said(value)}, not an object")
        if len(value) > MOST_ITEMS:
            return found.add(path, f"has {len(value)} entries, at most {MOST_ITEMS} are read")
        read = {
            self.key.read(key, (*path, key), found): self.item.read(each, (*path, key), found)
            for key, each in value.items()
        }
        return UNREAD if UNREAD in read or any(each is UNREAD for each in read.values()) else read


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object; without a default it must be there."""

    shape: Shape
    required: bool = True
    #: As JSON writes it; told in the schema.
    default: object = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known fields; unknown and missing ones are refused by name. ``make`` gets what was given."""

    fields: Mapping[str, Field]
    make: Callable[..., Any]
    about: str = ""

    def schema(self) -> Schema:
        properties = {}
        for name, field in self.fields.items():
            told = {"description": field.about} if field.about else {}
            default = {} if field.required or field.default is None else {"default": field.default}
            properties[name] = field.shape.schema() | told | default
        required = [name for name, field in self.fields.items() if field.required]
        told = {"description": self.about} if self.about else {}
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False} | told

    def read(self, value: object, path: Path, found: Collected) -> Any:
        if not isinstance(value, dict):
            return found.add(path, f"is {said(value)}, not an object with {_listed(self.fields)}")
        before = len(found.problems)
        for name in value:
            if name not in self.fields:
                found.add((*path, _short(name)), f"is not a field here{_nearest(name, list(self.fields))}")
        for name, field in self.fields.items():
            if field.required and name not in value:
                found.add((*path, name), "is missing")
        read = {
            name: field.shape.read(value[name], (*path, name), found)
            for name, field in self.fields.items()
            if name in value
        }
        if len(found.problems) > before:
            return UNREAD
        try:
            return self.make(**read)
        except (ValueError, Open401kError) as refused:
            return found.add(path, str(refused))


def _nearest(name: object, names: Sequence[str]) -> str:
    typed = _short(name)
    close = [each for each in names if each.startswith(typed)] or get_close_matches(typed, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {_listed(names)}"


def _listed(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names) or "no fields"


def _short(value: object, most: int = 40) -> str:
    try:
        text = str(value)
    except ValueError:  # a number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _quoted(value: object) -> str:
    return f"'{_short(value)}'" if isinstance(value, str) else said(value)

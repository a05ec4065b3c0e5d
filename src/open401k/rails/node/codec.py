"""Records as JSON and back, strictly: every wrong field is told by its path, at once. Not here: any record.

One way to write each value: days as 2026-06-01, bytes as hex, members of enumerations by their value (those of whole
numbers by their name in small letters), sets sorted. Unknown fields are refused; a missing one is its default.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from enum import Enum, IntEnum
from functools import cache
from typing import Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from open401k.law.given import ImpossibleInput

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
Record = TypeVar("Record")

MOST_LETTERS: Final = 2_000
MOST_ITEMS: Final = 2_000
_MOST_NUMBER: Final = 2**256 - 1
_MOST_BYTES: Final = 512
#: How many bytes a field of this name has, in every record.
_BYTES: Final = {
    "participant": 20, "source": 20, "receivers": 20, "member": 20, "token": 20, "withholder": 20, "who": 20,
    "attestor": 20, "source_account": 32, "receiving_account": 32, "notice_hash": 32, "salt": 32, "data_root": 32,
    "parent": 32, "rollover": 32, "commitment": 32, "evidence": 32, "reference": 32, "explanation_hash": 32,
    "undoes": 32, "first": 20, "second": 20, "ids": 32,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field, by its path."""

    path: str
    said: str

    def __str__(self) -> str:
        return f"{self.path or 'the whole'}: {self.said}"


class BadInputError(ValueError):
    """Input that is refused whole; ``problems`` names each field. It never repeats a value: that may be a person's."""

    def __init__(self, problems: Sequence[Wrong]) -> None:
        super().__init__("; ".join(str(each) for each in problems))
        self.problems = tuple(problems)


def told(value: object) -> Json:
    """A record, or a part of one, as JSON."""
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, IntEnum) else str(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset):
        return [told(each) for each in sorted(value)]
    if isinstance(value, Mapping):
        return {str(name): told(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [told(each) for each in value]
    if is_dataclass(value):
        return {field.name: told(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} is not told as JSON")


def written(value: object) -> bytes:
    """Canonical bytes: keys sorted, nothing between them."""
    return json.dumps(told(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parsed(text: bytes | str, *, at: str = "") -> Json:
    """JSON as it came; a key that is there twice, a fraction and what is no JSON are refused."""
    try:
        return cast("Json", json.loads(text, object_pairs_hook=_once, parse_float=_none, parse_constant=_none))
    except _TwiceError as twice:
        raise BadInputError([Wrong(at, f"{twice} is there twice; say it once")]) from None
    except (ValueError, RecursionError) as wrong:
        raise BadInputError([Wrong(at, f"is no JSON that is read here ({type(wrong).__name__})")]) from None


def read(kind: type[Record], given: object, *, at: str = "") -> Record:
    """A record of JSON; :class:`BadInputError` with every wrong field."""
    problems: list[Wrong] = []
    found = _read(kind, given, at, problems)
    if problems:
        raise BadInputError(problems)
    return cast("Record", found)


class _TwiceError(Exception):
    pass


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceError(name if name.isidentifier() else "a key")
        found[name] = value
    return found


def _none(text: str) -> None:
    raise ValueError(text)


def _read(hint: object, given: object, at: str, problems: list[Wrong]) -> object:
    """One value by its type; None after a problem was noted."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (kind,) = (each for each in parts if each is not type(None))
        return None if given is None else _read(kind, given, at, problems)
    if origin is tuple:
        return _row(parts, given, at, problems)
    if origin is frozenset:
        found = _row((parts[0], ...), given, at, problems) or ()
        if len(set(found)) != len(found):
            problems.append(Wrong(at, "names something twice"))
        return frozenset(found)
    if origin is not None and issubclass(origin, Mapping):
        return _texts(given, at, problems)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, given, at, problems)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _member(hint, given, at, problems)
    reader = _PLAIN.get(hint)
    if reader is None:
        raise TypeError(f"{hint} is not read from JSON")
    try:
        return reader(given, at)
    except ValueError as wrong:
        problems.append(Wrong(at, str(wrong)))
        return None


def _record(kind: type, given: object, at: str, problems: list[Wrong]) -> object:
    if not isinstance(given, dict):
        problems.append(Wrong(at, "is an object with fields"))
        return None
    hints, before = _hints(kind), len(problems)
    for name in given:
        if name not in hints:
            shown = name if name.isidentifier() and len(name) <= 60 else "a field"
            problems.append(Wrong(_under(at, shown), f"is not known; there are: {', '.join(hints)}"))
    values: dict[str, object] = {}
    for field in fields(kind):
        if field.name in given:
            values[field.name] = _read(hints[field.name], given[field.name], _under(at, field.name), problems)
        elif field.default is MISSING and field.default_factory is MISSING:
            problems.append(Wrong(_under(at, field.name), "is missing"))
    if len(problems) > before:
        return None
    try:
        return cast("object", kind(**values))
    except ImpossibleInput as wrong:
        problems.append(Wrong(_under(at, wrong.field), wrong.args[0].removeprefix(f"{wrong.field}: ")))
    return None


def _row(parts: Sequence[object], given: object, at: str, problems: list[Wrong]) -> tuple[object, ...] | None:
    if not isinstance(given, list):
        problems.append(Wrong(at, "is a list"))
        return None
    if len(given) > MOST_ITEMS:
        problems.append(Wrong(at, f"has {len(given)} items, at most {MOST_ITEMS}"))
        return None
    kinds = [parts[0]] * len(given) if parts[-1] is ... else list(parts)
    if len(kinds) != len(given):
        problems.append(Wrong(at, f"has {len(kinds)} items, not {len(given)}"))
        return None
    rows = enumerate(zip(kinds, given, strict=True))
    return tuple(_read(kind, each, f"{at}[{place}]", problems) for place, (kind, each) in rows)


def _texts(given: object, at: str, problems: list[Wrong]) -> Mapping[str, str] | None:
    if not isinstance(given, dict) or len(given) > MOST_ITEMS:
        problems.append(Wrong(at, f"is an object of texts by label, at most {MOST_ITEMS}"))
        return None
    found: dict[str, str] = {}
    for name, value in given.items():
        shown = name if len(name) <= 80 and name.isprintable() else "a label"
        try:
            found[name] = _text(value, shown)
        except ValueError as wrong:
            problems.append(Wrong(f"{at}[{shown}]", str(wrong)))
    return found


def _member(kind: type[Enum], given: object, at: str, problems: list[Wrong]) -> Enum | None:
    names = {cast("str", told(each)): each for each in kind}
    if not isinstance(given, str) or given not in names:
        problems.append(Wrong(at, f"is one of: {', '.join(names)}"))
        return None
    return names[given]


def _text(given: object, _: str) -> str:
    if not isinstance(given, str):
        raise ValueError("is a text")
    if len(given) > MOST_LETTERS or not given.isprintable():
        raise ValueError(f"is a text of at most {MOST_LETTERS} letters that can be printed")
    return given


def _whole(given: object, _: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError("is a whole number; money is told in cents")
    if not 0 <= given <= _MOST_NUMBER:
        raise ValueError("is a whole number from 0 on")
    return given


def _flag(given: object, _: str) -> bool:
    if not isinstance(given, bool):
        raise ValueError("is true or false")
    return given


def _day(given: object, _: str) -> date:
    try:
        day = date.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != given:
        raise ValueError("is a day, as 2026-06-01")
    return day


def _octets(given: object, at: str) -> bytes:
    size = _BYTES.get(at.rpartition(".")[2].partition("[")[0])
    try:
        octets = bytes.fromhex(given) if isinstance(given, str) else None
    except ValueError:
        octets = None
    if octets is None or octets.hex() != given:
        raise ValueError("is bytes in hexadecimal, small letters, without 0x")
    if size is not None and len(octets) != size:
        raise ValueError(f"has {len(octets)} bytes, not {size}")
    if len(octets) > _MOST_BYTES:
        raise ValueError(f"has {len(octets)} bytes, at most {_MOST_BYTES}")
    return octets


_PLAIN: Final[Mapping[object, Callable[[object, str], object]]] = {
    str: _text, int: _whole, bool: _flag, date: _day, bytes: _octets,
}  # fmt: skip


@cache
def _hints(kind: type) -> dict[str, object]:
    return dict(get_type_hints(kind))


def _under(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name

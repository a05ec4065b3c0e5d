"""A plan's terms as a form by subject, read off their types; and the form as terms, as the API takes them.

Not here: what is lawful (plan/lawful.py), what changes (amending_forms.py), the page.
"""

import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from starlette.datastructures import FormData

from open401k import plan
from open401k.views.amendments import in_words
from open401k.views.provision_words import SUBJECTS, VALUES, label

from ..written import document

_DOLLARS = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,2})?) ?%?", re.ASCII)
_LARGEST = 1_000_000
_LONGEST = 200
_MOST = 100
#: Lists whose order means something: each place is chosen.
_RANKED = {"forfeitures.uses"}
#: What the members of a pair are called.
_PAIRS = {"vesting.schedules": ("source", "schedule"), "declared_conditions": ("source", "conditions")}
_UNITS = {"money": " ($)", "percent": " (%)"}
_LINES = ("money", "percent", "whole", "numbers", "text", "lines", "day")


@dataclass(frozen=True, slots=True)
class Field:
    """One provision to fill in: a line beside what is in force, a group of them, or rows of them."""

    kind: str
    path: str
    label: str
    in_force: str = ""
    value: str = ""
    chosen: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    given: bool = True
    problem: str = ""
    parts: tuple["Field", ...] = ()
    rows: tuple[tuple["Field", ...], ...] = ()

    @property
    def is_line(self) -> bool:
        """Whether it stands in a table of lines."""
        return self.kind not in ("group", "rows")

    @property
    def is_wrong(self) -> bool:
        """Whether anything in it is to be put right."""
        return bool(self.problem) or any(
            each.is_wrong for each in (*self.parts, *(f for row in self.rows for f in row))
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """Provisions that people speak of together."""

    name: str
    fields: tuple[Field, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Given:
    """What a form holds, what is in force, and what was found wrong so far; without a form, the terms fill it in."""

    form: FormData | None
    wrong: dict[str, str]
    more: str = ""

    def text(self, path: str) -> str:
        value = self.form.get(path) if self.form is not None else None
        return value.strip() if isinstance(value, str) else ""

    def several(self, path: str) -> list[str]:
        return [each for each in self.form.getlist(path) if isinstance(each, str)] if self.form is not None else []

    def places(self, path: str) -> list[int]:
        """The rows of which a form has anything, by number."""
        start = f"{path}."
        names = (name[len(start) :].partition(".")[0] for name in self.form or () if name.startswith(start))
        return sorted({int(each) for each in names if each.isdecimal() and len(each) < 4})[:_MOST]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a type is filled in; ``inner`` is the type without its None."""

    kind: str
    inner: Any
    optional: bool


def subjects(terms: plan.Provisions, form: FormData | None, wrong: Mapping[str, str], more: str = "") -> list[Subject]:
    """The whole form: as the terms have it, or as somebody filled it in; ``more`` names rows that want another one."""
    given, now = _Given(form, dict(wrong), more), document(terms)
    hints, before = get_type_hints(plan.Provisions), _defaults(plan.Provisions)
    found = []
    for name, sections in SUBJECTS.items():
        each = tuple(_field(one, hints[one], now[one], now[one], before[one], given) for one in sections)
        told = {} if form is None else {one: read_section(one, hints[one], now[one], form, {}) for one in sections}
        changed = any(told[one] != now[one] for one in told)
        is_open = changed or any(one.is_wrong for one in each) or any(more.startswith(one) for one in sections if more)
        found.append(Subject(name, each, is_open))
    return found


def read(terms: plan.Provisions, form: FormData) -> tuple[dict[str, Any], dict[str, str]]:
    """Every section as JSON, and what is wrong by its path."""
    now, wrong = document(terms), dict[str, str]()
    hints = get_type_hints(plan.Provisions)
    sections = [each for several in SUBJECTS.values() for each in several]
    return {each: read_section(each, hints[each], now[each], form, wrong) for each in sections}, wrong


def read_section(path: str, hint: Any, now: Any, form: FormData, wrong: dict[str, str]) -> Any:
    """One section as JSON."""
    return _read(path, hint, now, _Given(form, wrong))


# --- types -----------------------------------------------------------------------------------------------------------


def _shape(path: str, hint: Any) -> _Shape:
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    inner = next(each for each in options if each is not type(None))
    return _Shape(_kind(path, inner), inner, len(options) > 1)


def _kind(path: str, inner: Any) -> str:
    if get_origin(inner) is tuple:
        first = get_args(inner)
        if first[-1] is not Ellipsis:
            return "group"
        return _kind_of_list(path, first[0])
    if is_dataclass(inner) or (isinstance(inner, type) and issubclass(inner, tuple)):
        return "group"
    if issubclass(inner, StrEnum):
        return "choice"
    return {bool: "yes-no", int: _unit(path), str: "text", date: "day"}[inner]


def _kind_of_list(path: str, item: Any) -> str:
    if isinstance(item, type) and issubclass(item, StrEnum):
        return "ranked" if _plain(path) in _RANKED else "several"
    return {str: "lines", int: "numbers"}.get(item, "rows")


def _unit(path: str) -> str:
    leaf = path.rpartition(".")[2]
    return "money" if leaf.endswith("_cents") else "percent" if "bps" in leaf.split("_") else "whole"


def _plain(path: str) -> str:
    return ".".join(part for part in path.split(".") if not part.isdecimal())


def _members(path: str, inner: Any) -> list[tuple[str, Any]]:
    if get_origin(inner) is tuple:
        return list(zip(_PAIRS[_plain(path)], get_args(inner), strict=True))
    hints = get_type_hints(inner)
    names = [each.name for each in fields(inner)] if is_dataclass(inner) else inner._fields
    return [(name, hints[name]) for name in names]


def _defaults(inner: Any) -> dict[str, Any]:
    """What a member is where nobody says otherwise, as JSON; None where somebody has to."""
    if not is_dataclass(inner):
        return dict(document(getattr(inner, "_field_defaults", {})))
    found = {}
    for each in fields(inner):
        made = each.default_factory() if each.default_factory is not MISSING else each.default
        found[each.name] = None if made is MISSING else document(made)
    return found


def _parts_of(value: Any, members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of a value: a dataclass is an object, a named tuple a list."""
    if isinstance(value, dict):
        return value
    return {name: value[place] for place, (name, _) in enumerate(members)} if isinstance(value, list) else {}


def _choices(path: str, enum: type[StrEnum]) -> tuple[tuple[str, str], ...]:
    offered = plan.SOURCES_OF.get(_plain(path), tuple(enum))
    return tuple((each.value, VALUES.get(each.value) or each.value.replace("_", " ")) for each in offered)


# --- fields ----------------------------------------------------------------------------------------------------------


def _field(path: str, hint: Any, now: Any, in_force: Any, usual: Any, given: _Given) -> Field:
    """``now`` fills the field in where there is no form; what is not in force begins with what is usual."""
    shape = _shape(path, hint)
    leaf = path.rpartition(".")[2]
    said = "–" if in_force is _NOTHING else in_words(leaf, in_force, at=_plain(path))
    called = label(path)
    found = Field(shape.kind, path, called[:1].upper() + called[1:], said, optional=shape.optional)
    found = replace(found, problem=given.wrong.get(path, ""))
    if shape.kind == "group":
        return _group(found, shape, now, in_force, usual, given)
    if shape.kind == "rows":
        return _rows(found, shape, now, given)
    return _line(found, shape, now, given)


_NOTHING = object()


def _group(found: Field, shape: _Shape, now: Any, in_force: Any, usual: Any, given: _Given) -> Field:
    members, defaults = _members(found.path, shape.inner), _defaults(shape.inner)
    held, shown = _parts_of(now, members), _parts_of(in_force, members)
    like = _parts_of(usual, members)
    parts = []
    for name, hint in members:
        value = held[name] if name in held else like.get(name, defaults.get(name))
        parts.append(_field(f"{found.path}.{name}", hint, value, shown.get(name, _NOTHING), value, given))
    has = now is not None if given.form is None else found.path in given.several("given")
    return replace(found, parts=tuple(parts), given=has or not shape.optional)


def _rows(found: Field, shape: _Shape, now: Any, given: _Given) -> Field:
    item = get_args(shape.inner)[0]
    members, defaults = _members(found.path, item), _defaults(item)
    held: Mapping[int, Any] = dict(enumerate(now or ()))
    places = list(held)
    if given.form is not None:
        held = {}
        places = [each for each in given.places(found.path) if not _is_blank(f"{found.path}.{each}", item, given)]
    first = max(places, default=-1) + 1
    places += range(first, first + (2 if given.more == found.path else 1))
    rows = []
    for place in places:
        value = _parts_of(held.get(place), members)
        at = f"{found.path}.{place}"
        rows.append(
            tuple(
                _field(f"{at}.{name}", hint, each := value.get(name, defaults.get(name)), _NOTHING, each, given)
                for name, hint in members
            )
        )
    return replace(found, rows=tuple(rows))


def _line(found: Field, shape: _Shape, now: Any, given: _Given) -> Field:
    enum = shape.inner if shape.kind == "choice" else (get_args(shape.inner) or (None,))[0]
    choices = _choices(found.path, enum) if shape.kind in ("choice", "several", "ranked") else ()
    if shape.kind == "yes-no":
        choices = (("yes", "yes"), ("no", "no"))
    found = replace(found, choices=choices, label=found.label + _UNITS.get(shape.kind, ""))
    if shape.kind in ("several", "ranked"):
        chosen = tuple(now or ()) if given.form is None else tuple(given.several(found.path))
        known = {each for each, _ in choices}
        more = tuple((each, each.replace("_", " ")) for each in now or () if each not in known)
        return replace(found, chosen=chosen, choices=(*choices, *more))
    return replace(found, value=_written(shape.kind, now) if given.form is None else given.text(found.path))


def _written(kind: str, value: Any) -> str:
    """A value of the terms as somebody types it."""
    match kind, value:
        case _, None:
            return ""
        case "yes-no", _:
            return "yes" if value else "no"
        case "money", int():
            return f"{value // 100}.{value % 100:02d}"
        case "percent", int():
            return f"{Decimal(value) / 100:f}".rstrip("0").rstrip(".") if value % 100 else str(value // 100)
        case "lines", list():
            return "\n".join(value)
        case "numbers", list():
            return ", ".join(map(str, value))
    return str(value)


# --- reading ---------------------------------------------------------------------------------------------------------


def _read(path: str, hint: Any, now: Any, given: _Given) -> Any:
    shape = _shape(path, hint)
    if shape.kind == "group":
        return _read_group(path, shape, now, given)
    if shape.kind == "rows":
        return _read_rows(path, shape, given)
    if shape.kind in ("several", "ranked"):
        told = list(dict.fromkeys(each for each in given.several(path) if each))
        in_order = [each for each in _order(shape) if each in told] if shape.kind == "several" else told
        return list(now) if now is not None and shape.kind == "several" and set(told) == set(now) else in_order
    text = given.text(path)
    if not text:
        return _blank(path, shape, given)
    value = _READ[shape.kind](text)
    if shape.kind == "choice" and text not in tuple(shape.inner):
        value = None
    if value is None:
        given.wrong[path] = _WRONG[shape.kind]
    return value


def _order(shape: _Shape) -> list[str]:
    return [each.value for each in get_args(shape.inner)[0]]


def _blank(path: str, shape: _Shape, given: _Given) -> Any:
    if shape.optional:
        return None
    if shape.kind in ("text", "lines"):
        return "" if shape.kind == "text" else []
    given.wrong[path] = "Fill this in."
    return None


def _read_group(path: str, shape: _Shape, now: Any, given: _Given) -> Any:
    if shape.optional and path not in given.several("given"):
        return None
    members = _members(path, shape.inner)
    held = _parts_of(now, members)
    told = {name: _read(f"{path}.{name}", hint, held.get(name), given) for name, hint in members}
    return told if is_dataclass(shape.inner) else list(told.values())


def _read_rows(path: str, shape: _Shape, given: _Given) -> list[Any]:
    item = get_args(shape.inner)[0]
    at = [f"{path}.{place}" for place in given.places(path)]
    return [
        _read_group(each, _Shape("group", item, False), None, given) for each in at if not _is_blank(each, item, given)
    ]


def _is_blank(path: str, item: Any, given: _Given) -> bool:
    """Nothing of a row's own lines is filled in; what a group in it begins with does not count."""
    members = [(f"{path}.{name}", hint) for name, hint in _members(path.rpartition(".")[0], item)]
    return not any(given.text(at) for at, hint in members if _shape(at, hint).kind not in ("group", "rows"))


def _whole(text: str) -> int | None:
    plain = text.replace(",", "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 8 and int(plain) <= _LARGEST else None


def _money(text: str) -> int | None:
    found = _DOLLARS.fullmatch(text)
    cents = int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0")) if found else _LARGEST + 1
    return cents if cents <= _LARGEST else None


def _percent(text: str) -> int | None:
    found = _PERCENT.fullmatch(text)
    bps = int(Decimal(found[1]) * 100) if found else _LARGEST + 1
    return bps if bps <= _LARGEST else None


def _numbers(text: str) -> list[int] | None:
    found = [_whole(each.rstrip("%")) for each in re.split(r"[,\s]+", text) if each not in ("", "%")]
    return [each for each in found if each is not None] if None not in found and len(found) <= _MOST else None


def _words(text: str) -> str | None:
    return text if len(text) <= _LONGEST and "\x00" not in text else None


def _lines_of(text: str) -> list[str] | None:
    found = [each.strip() for each in text.splitlines() if each.strip()]
    return found if len(found) <= _MOST and all(_words(each) for each in found) else None


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


_READ: Mapping[str, Callable[[str], Any]] = {
    "whole": _whole,
    "money": _money,
    "percent": _percent,
    "numbers": _numbers,
    "text": _words,
    "lines": _lines_of,
    "day": _day,
    "choice": str,
    "yes-no": lambda text: {"yes": True, "no": False}.get(text),
}
_WRONG: Mapping[str, str] = {
    "whole": "Write a whole number, such as 12.",
    "money": "Write dollars and cents, such as 2,500.00; at most 10,000.00.",
    "percent": "Write a percentage, such as 4 or 4.25.",
    "numbers": "Write whole numbers, such as 0, 20, 40.",
    "text": "Write at most 200 characters.",
    "lines": "Write at most 100 lines of at most 200 characters.",
    "day": "Write a day, such as 2026-09-01.",
    "choice": "Choose one of the list.",
    "yes-no": "Choose yes or no.",
}


def problems(fields_of: Iterator[Field]) -> Iterator[Field]:
    """Every field of these that is to be put right, those within others too."""
    for each in fields_of:
        if each.problem:
            yield each
        yield from problems(iter(each.parts))
        for row in each.rows:
            yield from problems(iter(row))

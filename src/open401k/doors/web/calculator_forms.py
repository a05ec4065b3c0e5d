"""A calculator's schema as a form, and the form as its input: dollars and percentages as people write them.

Not here: the pages, what is computed. What somebody wrote that cannot be read goes through as it is: the calculator
refuses it by its field, and the form shows it again.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from open401k.calculators import label

Schema = Mapping[str, Any]
_DOLLARS = re.compile(r"(-?)\$?(\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.(\d{1,2}))?", re.ASCII)
_PERCENT = re.compile(r"(-?\d{1,9}(?:\.\d{1,2})?) ?%?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,20}", re.ASCII)
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)", re.ASCII)
#: So many rows a form shows at most; more people go in as JSON.
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to fill in: a line, a choice, a group of them, or rows of them."""

    kind: str
    name: str
    label: str
    value: str = ""
    hint: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    parts: tuple["Input", ...] = ()
    rows: tuple[tuple["Input", ...], ...] = ()


def inputs(schema: Schema, document: Any, problems: Mapping[str, str]) -> tuple[Input, ...]:
    """What there is to fill in, with what was given and what is wrong with it (by dotted name)."""
    given = document if isinstance(document, dict) else {}
    return tuple(_fields("", schema, given, problems))


def document_of(schema: Schema, form: Mapping[str, str]) -> dict[str, Any]:
    """What was filled in, as the calculator's input; what is blank is left out."""
    found = _object(schema, "", form)
    return found if isinstance(found, dict) else {}


def _fields(prefix: str, schema: Schema, given: Mapping[str, Any], problems: Mapping[str, str]) -> Iterator[Input]:
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        yield _input(prefix + name, name, part, given.get(name), problems, required=name in required)


def _input(path: str, name: str, schema: Schema, given: Any, problems: Mapping[str, str], *, required: bool) -> Input:
    kind, inner = _kind(schema)
    found = Input(kind, path, label(name), required=required, problem=problems.get(path, ""))
    if kind == "group":
        told = given if isinstance(given, dict) else {}
        return replace(found, parts=tuple(_fields(f"{path}.", inner, told, problems)))
    if kind == "rows":
        rows = [each if isinstance(each, dict) else {} for each in given] if isinstance(given, list) else [{}]
        item = inner["items"]
        lines = tuple(tuple(_fields(f"{path}.{place}.", item, row, problems)) for place, row in enumerate(rows))
        return replace(found, parts=tuple(_fields(f"{path}.x.", item, {}, {})), rows=lines)
    choices = tuple((each, each.replace("_", " ")) for each in inner["enum"]) if kind == "choice" else ()
    return replace(
        found,
        label=label(name) + _UNITS.get(_unit(name), ""),
        value=_shown(kind, name, given),
        hint=_hint(name, schema, kind, inner),
        choices=(("yes", "Yes"), ("no", "No")) if kind == "yes-no" else choices,
    )


def _kind(schema: Schema) -> tuple[str, Schema]:
    """How a schema is filled in, and the schema without its null."""
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(options) == 1:
        return _kind(options[0])
    if options:
        spans = any(each.get("type") == "object" for each in options)
        return ("year" if spans else "exact"), schema
    match schema.get("type"):
        case "boolean":
            return "yes-no", schema
        case "integer":
            return "whole", schema
        case "string":
            return ("choice" if "enum" in schema else "day" if schema.get("format") == "date" else "text"), schema
        case "object" if "properties" in schema:
            return "group", schema
        case "array" if "properties" in schema["items"]:
            return "rows", schema
        case "array" if _kind(schema["items"])[0] in ("whole", "text", "day", "choice", "exact"):
            return "list", schema
    return "json", schema


def _unit(name: str) -> str:
    return "cents" if name.endswith("cents") else "bps" if name.endswith("bps") else ""


_UNITS = {"cents": " ($)", "bps": " (%)"}
_HINTS = {
    "year": "2026, or 2026-07-01 to 2027-06-30",
    "exact": "0.05 or 1/20",
    "json": "As JSON",
    "list": "Separated by commas",
}


def _hint(name: str, schema: Schema, kind: str, inner: Schema) -> str:
    told = _HINTS.get(kind, "")
    default = schema.get("default", inner.get("default"))
    usual = "" if default in (None, "") else f"Usually {_shown(kind, name, default)}".replace("_", " ")
    return ". ".join(part for part in (told, usual) if part)


def _shown(kind: str, name: str, given: Any) -> str:
    """A value of the input as it is written in the form."""
    if given is None:
        return ""
    if isinstance(given, bool):
        return "yes" if given else "no"
    if kind == "json" or (isinstance(given, list) and any(isinstance(each, list | dict) for each in given)):
        return json.dumps(given, ensure_ascii=False)
    if isinstance(given, list):
        return ", ".join(_shown("", name, each) for each in given)
    if isinstance(given, dict):
        return f"{given.get('start', '')} to {given.get('last_day', '')}"
    if isinstance(given, int) and _unit(name):
        sign, whole = "-" if given < 0 else "", abs(given)
        return f"{sign}{whole // 100}.{whole % 100:02d}"
    return str(given)


def _object(schema: Schema, prefix: str, form: Mapping[str, str]) -> dict[str, Any] | None:
    """An object of what is filled in below a prefix; None where nothing is."""
    found = {}
    for name, part in schema.get("properties", {}).items():
        value = _value(prefix + name, name, part, form)
        if value is not None:
            found[name] = value
    return found or None


def _value(path: str, name: str, schema: Schema, form: Mapping[str, str]) -> Any:
    kind, inner = _kind(schema)
    if kind == "group":
        return _object(inner, f"{path}.", form)
    if kind == "rows":
        places = sorted({int(key) for key in _places(path, form)})[:MOST_ROWS]
        rows = [_object(inner["items"], f"{path}.{place}.", form) for place in places]
        return [row for row in rows if row is not None] or None
    text = form.get(path, "").strip()
    if not text:
        return None
    if kind == "list":
        item = _kind(inner["items"])[0]
        parts = [part.strip() for part in re.split(r",(?!\d{3}\b)|;", text)]
        return [_read(item, name, part) for part in parts if part]
    return _read(kind, name, text)


def _places(path: str, form: Mapping[str, str]) -> Iterator[str]:
    for key in form:
        if key.startswith(f"{path}.") and (place := key[len(path) + 1 :].partition(".")[0]).isdecimal():
            yield place[:6]


def _read(kind: str, name: str, text: str) -> Any:
    """What was written, as JSON has it; text that is nothing of the kind stays text, and is refused by its field."""
    if kind == "yes-no":
        return {"yes": True, "no": False}.get(text, text)
    if kind == "json":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    if kind == "year" and (span := _SPAN.fullmatch(text)):
        return {"start": span[1], "last_day": span[2]}
    if kind in ("whole", "year"):
        return _number(name, text)
    return int(text) if kind == "exact" and _WHOLE.fullmatch(text) else text


def _number(name: str, text: str) -> Any:
    unit = _unit(name)
    if unit == "cents" and (found := _DOLLARS.fullmatch(text)):
        cents = int(found[2].replace(",", "")) * 100 + int((found[3] or "").ljust(2, "0"))
        return -cents if found[1] else cents
    if unit == "bps" and (percent := _PERCENT.fullmatch(text)):
        return int(Decimal(percent[1]) * 100)
    if not unit and _WHOLE.fullmatch(text.replace(",", "")):
        return int(text.replace(",", ""))
    return text

"""JSON text as an input: strict, no NaN, no field twice; and single fields set from words. Not here: shapes."""

import json
from collections.abc import Sequence
from typing import Any

from .problems import InputRefused, Path, Problem


def parsed(text: str) -> Any:
    """The JSON document; what JSON does not know (NaN, a field twice) is refused."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except InputRefused:
        raise
    except RecursionError:
        raise InputRefused([Problem((), "is nested too deeply")]) from None
    except ValueError as error:  # JSONDecodeError; a number of thousands of digits
        raise InputRefused([Problem((), f"is not JSON: {error}")]) from error


def set_fields(document: Any, settings: Sequence[str]) -> Any:
    """The document with ``field=value`` set; dots lead inside, a value is JSON if it can be, else a text.

    >>> set_fields({}, ["year=2026", "participants.0.hce=true", "participants.0.name=A"])
    {'year': 2026, 'participants': [{'hce': True, 'name': 'A'}]}
    """
    for setting in settings:
        name, equals, value = setting.partition("=")
        path = tuple(int(part) if part.isdecimal() else part for part in name.split("."))
        if not equals or not name or isinstance(path[0], int):
            raise InputRefused([Problem((), f"--set {setting}: write it like year=2026")])
        _put(document, path, _value(value), setting)
    return document


def _put(document: Any, path: Path, value: Any, setting: str) -> None:
    """Set one value; objects and lists on the way are made, lists grow by one."""
    inside = document
    for place, part in enumerate(path):
        missing = value if place == len(path) - 1 else [] if isinstance(path[place + 1], int) else {}
        if isinstance(part, int) and isinstance(inside, list) and part <= len(inside):
            if part == len(inside):
                inside.append(missing)
        elif isinstance(part, str) and isinstance(inside, dict):
            inside.setdefault(part, missing)
        else:
            raise InputRefused([Problem((), f"--set {setting}: there is no such place; lists begin with 0, in order")])
        if place == len(path) - 1:
            inside[part] = value
        inside = inside[part]


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return text


def _no_constant(name: str) -> Any:
    raise InputRefused([Problem((), f"{name} is no number that JSON or the law knows")])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputRefused([Problem((name,), "stands there twice") for name in twice])
    return found

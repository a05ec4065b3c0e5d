"""JSON of columns of everybody as pieces of text, so that it is hashed without being held. Not here: what is said."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Values written at once; of a list that is shorter than a column of people, each by itself.
SLICE, COLUMN = 5_000, 20


@dataclass(frozen=True, slots=True)
class Told:
    """A list whose values are made from others when they are written."""

    of: Sequence[Any]
    as_json: Callable[[Any], Any]


def whole(value: Any) -> Iterator[str]:
    """The same at once, with the separators that are not named: for what is short, of which pieces take longer."""
    yield json.dumps(value, sort_keys=True)


def pieces(value: Any, *, between: str = ", ", after_key: str = ": ") -> Iterator[str]:
    """What ``json.dumps`` writes with sorted keys and these separators, piece by piece."""
    if isinstance(value, Mapping):
        for number, key in enumerate(sorted(value)):
            yield f"{between if number else '{'}{json.dumps(key)}{after_key}"
            yield from pieces(value[key], between=between, after_key=after_key)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple) and len(value) < COLUMN:
        for number, each in enumerate(value):
            yield between if number else "["
            yield from pieces(each, between=between, after_key=after_key)
        yield "]" if value else "[]"
    elif isinstance(value, Told | list | tuple):
        column = value if isinstance(value, Told) else Told(value, lambda each: each)
        yield "["
        for start in range(0, len(column.of), SLICE):
            some = [column.as_json(each) for each in column.of[start : start + SLICE]]
            written = json.dumps(some, sort_keys=True, separators=(between, after_key))
            yield f"{between if start else ''}{written[1:-1]}"
        yield "]"
    else:
        yield json.dumps(value)

"""JSON of columns of everybody as pieces of text, so that it is written without being held. Not here: what is said."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

#: Values written at once.
SLICE = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Told(Sequence[Any]):
    """A list whose values are made from others when somebody looks at them."""

    of: Sequence[Any] | npt.NDArray[Any]
    as_json: Callable[[Any], Any] | None = None
    """Left out: they are what JSON has."""

    def __len__(self) -> int:
        return len(self.of)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if not isinstance(place, slice):
            return self[place : place + 1 or None][0]
        some = self.of[place]
        values: Sequence[Any] = some.tolist() if isinstance(some, np.ndarray) else some
        return list(values if self.as_json is None else map(self.as_json, values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self[:]) == list(other[:])

    __hash__ = None  # type: ignore[assignment]


def column(values: Sequence[Any] | npt.NDArray[Any], as_json: Callable[[Any], Any] | None = None) -> Sequence[Any]:
    """A column of people: a long one is made into JSON when it is written."""
    told = Told(values, as_json)
    return told if len(told) > SLICE else told[:]


def pieces(value: Any, *, between: str = ", ", after_key: str = ": ") -> Iterator[str]:
    """What ``json.dumps`` writes with sorted keys and these separators, piece by piece where it is long.

    Columns of people are values of objects, or of objects in them.
    """
    if not is_long(value):  # most plans: at once is quicker
        yield json.dumps(value, sort_keys=True, separators=(between, after_key))
    elif isinstance(value, dict):
        for number, key in enumerate(sorted(value)):
            yield f"{between if number else '{'}{json.dumps(key)}{after_key}"
            yield from pieces(value[key], between=between, after_key=after_key)
        yield "}"
    else:
        yield "["
        for start in range(0, len(value), SLICE):
            written = json.dumps(value[start : start + SLICE], sort_keys=True, separators=(between, after_key))
            yield f"{between if start else ''}{written[1:-1]}"
        yield "]"


def is_long(value: Any) -> bool:
    """Whether it holds columns of so many people that it is written and sent in pieces."""
    if isinstance(value, dict):
        return any(map(is_long, value.values()))
    return isinstance(value, Told) or (isinstance(value, list | tuple) and len(value) > SLICE)

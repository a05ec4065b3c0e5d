"""Files of JSON that seats and members exchange, read by hand (rails/strict). Not here: what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from open401k.kernel import Open401kError

from ..strict import Strict


class FieldError(Open401kError):
    """A file that cannot be meant."""


@dataclass
class Fields(Strict):
    """An object of the file."""

    error: ClassVar[type[Open401kError]] = FieldError
    written: ClassVar[str] = '"{key}": {what}'
    called: ClassVar[str] = "object"

    def addresses(self, key: str) -> tuple[bytes, ...]:
        """A list of addresses that are somebody's."""
        return tuple(self._address(f"{key} {place}", told) for place, told in enumerate(self._list(key), 1))

    def names(self, key: str, known: Sequence[str]) -> list[str]:
        """A list of names out of these, each once."""
        found = self._list(key)
        for place, told in enumerate(found, 1):
            if told not in known or found.count(told) > 1:
                raise self.wrong(
                    f"{key} {place}", f"{str(told)[:60]!r} is none, or is named twice", f"Write of: {', '.join(known)}."
                )
        return found

    def keys_among(self, known: Sequence[str]) -> list[str]:
        """The keys that are told, each one of these."""
        for key in self.told:
            if key not in known:
                raise self.wrong(key, "nothing is called so", f"Write of: {', '.join(known)}.")
        return list(self.told)

    def each(self, key: str) -> Iterator[Fields]:
        """A list of objects inside."""
        yield from self.objects(key, self._list(key), f'Write "{key}": [{{...}}].')

    def _list(self, key: str) -> list[Any]:
        found = self.value(key)
        if not isinstance(found, list):
            raise self.wrong(key, "is no list", f'Write "{key}": [...].')
        return found


def read(text: str, *, what: str) -> Fields:
    """An object from JSON."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as why:
        raise FieldError(f"The {what} is no JSON: {why}.", fix="Take the file as it was written.") from None
    if not isinstance(told, dict):
        raise FieldError(f"The {what} is no JSON object.", fix="Take the file as it was written.")
    return Fields(f"The {what}", "", told)

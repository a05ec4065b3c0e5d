"""Reading a file of JSON by hand: what cannot be meant is refused with its place, the reason and what to write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from open401k.kernel import Open401kError


class FieldError(Open401kError):
    """A file that cannot be meant."""


@dataclass
class Fields:
    """An object of the file, which knows what was asked of it."""

    what: str
    place: str
    told: Mapping[str, Any]
    _asked: set[str] = field(default_factory=set)

    def wrong(self, key: str, why: str, fix: str) -> FieldError:
        """The error of a field."""
        return FieldError(f"The {self.what}, {self.place}{key}: {why}.", fix=fix)

    def value(self, key: str) -> Any:
        """What is told; without it the file says nothing."""
        self._asked.add(key)
        if key not in self.told:
            raise self.wrong(key, "is missing", f"Write {key}.")
        return self.told[key]

    def text(self, key: str) -> str:
        """Words."""
        found = self.value(key)
        if not isinstance(found, str) or not found:
            raise self.wrong(key, f"{str(found)[:60]!r} is no text", f'Write "{key}": "...".')
        return found

    def whole(self, key: str, *, least: int, most: int) -> int:
        """A whole number within these."""
        found = self.value(key)
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            limits = f"a whole number from {least:,} to {most:,}"
            raise self.wrong(key, f"{str(found)[:60]!r} is not {limits}", f"Write {limits}.")
        return found

    def data(self, key: str, size: int | None) -> bytes:
        """So many bytes, or any number of them, in hexadecimal digits after 0x."""
        return self._bytes(key, self.value(key), size)

    def address(self, key: str) -> bytes:
        """An address that is somebody's."""
        return self._somebody(key, self.value(key))

    def addresses(self, key: str) -> tuple[bytes, ...]:
        """A list of them."""
        return tuple(self._somebody(f"{key} {place}", told) for place, told in enumerate(self._list(key), 1))

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

    def inside(self, key: str) -> Fields:
        """An object inside."""
        found = self.value(key)
        if not isinstance(found, dict):
            raise self.wrong(key, "is no object", f'Write "{key}": {{...}}.')
        return Fields(self.what, f"{self.place}{key}.", found)

    def each(self, key: str) -> Iterator[Fields]:
        """A list of objects inside."""
        for place, told in enumerate(self._list(key), 1):
            if not isinstance(told, dict):
                raise self.wrong(f"{key} {place}", "is no object", "Write {...}.")
            yield Fields(self.what, f"{self.place}{key} {place}.", told)

    def nothing_else(self) -> None:
        """Refuse what nobody reads: it is misspelt, or meant for another version."""
        for key in self.told:
            if key not in self._asked:
                raise self.wrong(key, "nothing reads this", f"Take it out; read are {', '.join(sorted(self._asked))}.")

    def _list(self, key: str) -> list[Any]:
        found = self.value(key)
        if not isinstance(found, list):
            raise self.wrong(key, "is no list", f'Write "{key}": [...].')
        return found

    def _somebody(self, key: str, told: object) -> bytes:
        found = self._bytes(key, told, 20)
        if not any(found):
            raise self.wrong(key, "the zero address is nobody's", "Write the address of its key.")
        return found

    def _bytes(self, key: str, told: object, size: int | None) -> bytes:
        fits = isinstance(told, str) and re.fullmatch(r"0x(?:[0-9a-fA-F]{2})*", told)
        if not isinstance(told, str) or not fits or (size is not None and len(told) != 2 + 2 * size):
            wanted = f"0x and {2 * size} digits" if size else "0x and digits"
            raise self.wrong(key, f"{str(told)[:60]!r} is not {wanted}", f"Write {wanted}.")
        return bytes.fromhex(told[2:])


def read(text: str, *, what: str) -> Fields:
    """An object from JSON."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as why:
        raise FieldError(f"The {what} is no JSON: {why}.", fix="Take the file as it was written.") from None
    if not isinstance(told, dict):
        raise FieldError(f"The {what} is no JSON object.", fix="Take the file as it was written.")
    return Fields(what, "", told)

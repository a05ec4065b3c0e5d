"""An object of a file (TOML or JSON) that knows what was asked of it: what nobody asks for is a mistake.

What cannot be meant is refused with its file, its place, the reason and what to write. Not here: what a file is for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from open401k.kernel import Open401kError

from .keys import is_precompile


@dataclass
class Strict:
    """One object; ``file`` is how an error names where it stands, ``place`` where in it, up to its keys."""

    file: object
    place: str
    told: Mapping[str, Any]
    _asked: set[str] = field(default_factory=set)
    error: ClassVar[type[Open401kError]] = Open401kError
    #: How a key is written beside what it is to say.
    written: ClassVar[str] = "{key} = {what}"
    #: What an object inside is called.
    called: ClassVar[str] = "table"

    def wrong(self, key: str, why: str, fix: str) -> Open401kError:
        """The error of a key."""
        return self.error(f"{self.file}, {self.place}{key}: {why}.", fix=fix)

    def to_write(self, key: str, what: str) -> str:
        """What puts it right."""
        return f"Write {self.written.format(key=key, what=what)}"

    def has(self, key: str) -> bool:
        """Whether it is there."""
        self._asked.add(key)
        return key in self.told

    def value(self, key: str, fix: str = "") -> Any:
        """What is told; it has to be."""
        self._asked.add(key)
        if key not in self.told:
            raise self.wrong(key, "is missing", fix or self.to_write(key, "..."))
        return self.told[key]

    def text(self, key: str, otherwise: str | None = None) -> str:
        """Words."""
        fix = self.to_write(key, '"..."')
        found = self.value(key, fix) if otherwise is None else self.told.get(key, otherwise)
        self._asked.add(key)
        if not isinstance(found, str) or (otherwise is None and not found.strip()):
            raise self.wrong(key, f"{_shown(found)} is no text", fix)
        return found

    def whole(self, key: str, otherwise: int | None = None, *, least: int = 0, most: int = 2**63) -> int:
        """A whole number within these."""
        fix = self.to_write(key, f"a whole number from {least:,} to {most:,}")
        found = self.value(key, fix) if otherwise is None else self.told.get(key, otherwise)
        self._asked.add(key)
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise self.wrong(key, f"{_shown(found)} is no whole number from {least:,} to {most:,}", fix)
        return found

    def flag(self, key: str) -> bool:
        """True or false; false where nothing is said."""
        found = self.told.get(key, False)
        self._asked.add(key)
        if not isinstance(found, bool):
            raise self.wrong(key, f"{_shown(found)} is neither true nor false", self.to_write(key, "true or false"))
        return found

    def data(self, key: str, size: int | None, what: str = "bytes in hexadecimal") -> bytes:
        """So many bytes, or any number of them, in hexadecimal digits after 0x."""
        fix = self.to_write(key, '"0x..."' + (f" with {2 * size} digits" if size else ""))
        return self._octets(key, self.value(key, fix), size, what, fix)

    def address(self, key: str) -> bytes:
        """An address that is somebody's; that of nobody stands where something is to be filled in."""
        return self._address(key, self.value(key, self.to_write(key, '"0x..." with 40 digits')))

    def inside(self, key: str, *, needed: bool = True) -> Self:
        """An object inside."""
        fix = f"Write the {self.called} {key}, and what is in it"
        found = self.value(key, fix) if needed else self.told.get(key, {})
        self._asked.add(key)
        if not isinstance(found, dict):
            raise self.wrong(key, f"is no {self.called}", fix)
        return type(self)(self.file, f"{self.place}{key}.", found)

    def objects(self, key: str, found: object, fix: str) -> list[Self]:
        """Each of a list."""
        self._asked.add(key)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.wrong(key, f"is no list of {self.called}s", fix)
        return [type(self)(self.file, f"{self.place}{key} {place}.", each) for place, each in enumerate(found, 1)]

    def nothing_else(self) -> None:
        """Refuse a key that nobody reads: it is misspelt, or meant for another version."""
        for key in self.told:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.wrong(key, "nothing reads this", f"Take it out, or write one of: {known}")

    def _address(self, key: str, found: object) -> bytes:
        fix = self.to_write(key, '"0x..." as the network knows it')
        octets = self._octets(key, found, 20, "address", fix)
        if not any(octets):
            raise self.wrong(key, "is not filled in: the zero address is nobody's", fix)
        if is_precompile(octets):
            raise self.wrong(key, f"{_shown(found)} is nobody's: the chain itself answers there", fix)
        return octets

    def _octets(self, key: str, found: object, size: int | None, what: str, fix: str) -> bytes:
        digits = "*" if size is None else f"{{{size}}}"
        if not isinstance(found, str) or not re.fullmatch(rf"0x(?:[0-9a-fA-F]{{2}}){digits}", found):
            raise self.wrong(key, f"{_shown(found)} is no {what}", fix)
        return bytes.fromhex(found[2:])


def _shown(found: object) -> str:
    return repr(str(found)[:60])

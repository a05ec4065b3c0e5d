"""What a published layout says: its headings, which field each is, and how cells are written. Not here: reading."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..mapping import Column, Mapping, Reading
from ..rows import Field


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout known by its exact headings. Headings outside of it leave a file unsettled."""

    name: str
    title: str
    fields: Table[str, Field]
    required: frozenset[str]
    read_over: frozenset[str] = frozenset()
    reading: Reading = field(default_factory=Reading)
    any_case: bool = True
    without_pay_date: bool = False  # the day is announced with the upload

    def mapping(self, headings: Sequence[str]) -> Mapping | None:
        """The settled mapping of a file of this layout; None for anything else."""
        keys = [heading.casefold() if self.any_case else heading for heading in headings]
        fields = {self._key(heading): meaning for heading, meaning in self.fields.items()}
        read_over = {self._key(heading) for heading in self.read_over}
        if not {self._key(heading) for heading in self.required} <= set(keys):
            return None
        if any(key not in fields and key not in read_over for key in keys):
            return None
        columns = tuple(
            Column(place, heading, fields.get(key))
            for place, (heading, key) in enumerate(zip(headings, keys, strict=True))
        )
        return Mapping(self.name, columns, self.reading)

    def lacking(self, headings: Sequence[str]) -> list[str]:
        """Required headings that a file of nothing but this layout's headings does not have; [] for any other file."""
        keys = {self._key(heading) for heading in headings}
        known = {self._key(heading) for heading in (*self.fields, *self.read_over)}
        if not keys <= known or len(keys) < len(self.required) // 2:
            return []
        return sorted(heading for heading in self.required if self._key(heading) not in keys)

    def _key(self, heading: str) -> str:
        return heading.casefold() if self.any_case else heading

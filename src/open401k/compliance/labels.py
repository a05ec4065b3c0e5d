"""Names of everybody in a run, in the room of their letters. Not here: who they are (gather_people.py)."""

from array import array
from collections.abc import Iterable, Sequence
from typing import overload


class Labels(Sequence[str]):
    """Names in the order in which they were added; a name is made when somebody asks for it.

    A page or a cure names a handful of people; as text, the names of 100,000 people would take five times the room.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._letters = bytearray()
        self._ends = array("q", [0])
        self.add(names)

    def add(self, names: Iterable[str]) -> None:
        """Take in the next names."""
        for name in names:
            self._letters += name.encode()
            self._ends.append(len(self._letters))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        at = range(len(self))[place]
        return self._letters[self._ends[at] : self._ends[at + 1]].decode()

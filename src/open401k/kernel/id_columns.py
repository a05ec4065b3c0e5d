"""Many ids as one column of bytes: objects are made only of those that somebody looks at. Not here: single ids."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, overload
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from .ids import AnyId

_BYTES = 16


class IdColumn(Sequence[AnyId], Generic[AnyId]):
    """Ids of one kind, 16 bytes each. Finding the places of one column in another takes no objects at all."""

    __slots__ = ("kind", "raw")

    def __init__(self, kind: type[AnyId], raw: NDArray[np.bytes_]) -> None:
        self.kind = kind
        self.raw = raw

    @classmethod
    def of(cls, kind: type[AnyId], ids: Iterable[AnyId]) -> "IdColumn[AnyId]":
        """A column of these ids, in their order; a column is taken as it is."""
        if isinstance(ids, IdColumn):
            return ids
        packed = b"".join([each.uuid.bytes for each in ids])
        return cls(kind, np.frombuffer(packed, dtype=f"S{_BYTES}"))

    def places_in(self, others: "IdColumn[AnyId]") -> NDArray[np.int64]:
        """For each of ours its place in ``others``, -1 where it is not there; ``others`` may have any order."""
        if not len(others):
            return np.full(len(self), -1, dtype=np.int64)
        order = np.argsort(others.raw, kind="stable")
        found = np.minimum(np.searchsorted(others.raw, self.raw, sorter=order), len(others) - 1)
        places = order[found]
        return np.where(others.raw[places] == self.raw, places, -1).astype(np.int64, copy=False)

    def union(self, others: "IdColumn[AnyId]") -> "IdColumn[AnyId]":
        """Ours and theirs, each once, in order."""
        return IdColumn(self.kind, np.union1d(self.raw, others.raw))

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[AnyId]:
        packed, kind = self.raw.tobytes(), self.kind
        for start in range(0, len(packed), _BYTES):
            yield kind(UUID(bytes=packed[start : start + _BYTES]))

    @overload
    def __getitem__(self, place: int) -> AnyId: ...
    @overload
    def __getitem__(self, place: slice) -> "IdColumn[AnyId]": ...
    def __getitem__(self, place: int | slice) -> "AnyId | IdColumn[AnyId]":
        if isinstance(place, slice):
            return IdColumn(self.kind, self.raw[place])
        return self.kind(UUID(bytes=bytes(self.raw[place]).ljust(_BYTES, b"\x00")))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(self.raw.tobytes())

    def __repr__(self) -> str:
        return f"IdColumn({list(self)!r})"

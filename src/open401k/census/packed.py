"""What was read of a large roster, held small and given back in any choice. Not here: reading it, folding it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import EmployeeId, IdColumn

#: A person as the store reads them: id, last four digits, the points that stand as JSON.
Row: TypeAlias = tuple[UUID, str | None, str]

#: People compressed together: enough to be small (a seventh, of generated people), few enough to be opened for one.
_BLOCK = 64
#: Neither JSON from the database nor digits hold these.
_BETWEEN_PEOPLE, _BETWEEN_FIELDS = "\x00", "\x01"


@dataclass(frozen=True, slots=True)
class PackedRows:
    """People in order of id, and where the words of each are."""

    ids: IdColumn[EmployeeId]
    _block: NDArray[np.int32]
    _line: NDArray[np.int32]
    _blocks: tuple[bytes, ...]

    @classmethod
    def of_nobody(cls) -> "PackedRows":
        """Where everything begins."""
        nothing = np.zeros(0, dtype=np.int32)
        return cls(IdColumn.of(EmployeeId, ()), nothing, nothing, ())

    def __len__(self) -> int:
        return len(self.ids)

    def missing(self, ids: IdColumn[EmployeeId]) -> IdColumn[EmployeeId]:
        """Who of these is not here, each once."""
        return IdColumn(EmployeeId, np.unique(ids.raw[ids.places_in(self.ids) < 0]))

    def with_rows(self, rows: Sequence[Row]) -> "PackedRows":
        """These people, too; none of them is here already."""
        lines = [_BETWEEN_FIELDS.join((last4 or "", told)) for _, last4, told in rows]
        blocks = [
            zlib.compress(_BETWEEN_PEOPLE.join(lines[start : start + _BLOCK]).encode(), level=1)
            for start in range(0, len(lines), _BLOCK)
        ]
        number = np.arange(len(rows), dtype=np.int32)
        raw = np.concatenate([self.ids.raw, IdColumn.of(EmployeeId, [EmployeeId(who) for who, _, _ in rows]).raw])
        order = np.argsort(raw, kind="stable")
        return PackedRows(
            IdColumn(EmployeeId, raw[order]),
            np.concatenate([self._block, number // _BLOCK + len(self._blocks)])[order].astype(np.int32),
            np.concatenate([self._line, number % _BLOCK])[order].astype(np.int32),
            (*self._blocks, *blocks),
        )

    def rows(self, ids: IdColumn[EmployeeId]) -> list[Row]:
        """Who of these is here, in order of id, each once."""
        places = np.unique(ids.places_in(self.ids))
        places = places[places >= 0]
        uuids = [each.uuid for each in IdColumn(EmployeeId, self.ids.raw[places])]
        blocks, lines = self._block[places], self._line[places]
        found: list[Row | None] = [None] * len(places)
        opened, number = [""], -1
        for at in np.argsort(blocks, kind="stable").tolist():  # each block is opened once
            if blocks[at] != number:
                number = int(blocks[at])
                opened = zlib.decompress(self._blocks[number]).decode().split(_BETWEEN_PEOPLE)
            last4, _, told = opened[lines[at]].partition(_BETWEEN_FIELDS)
            found[at] = (uuids[at], last4 or None, told)
        return [row for row in found if row is not None]

"""Whether two columns changed places since the last payroll, seen by the amounts themselves. Not here: headings."""

from dataclasses import dataclass, field

import numpy as np

from .chunks import Chunk
from .findings import Code, Finding, Severity
from .mapping import Mapping
from .rows import Field
from .standing import Cents

_WATCHED = (Field.GROSS, Field.PRE_TAX, Field.ROTH, Field.MATCH)
_PAIRS = [(left, right) for place, left in enumerate(_WATCHED) for right in _WATCHED[place + 1 :]]


@dataclass(slots=True)
class SwapWatch:
    """Adds up, for each pair of columns, how far the file is from the last payroll straight and crosswise."""

    _straight: dict[tuple[Field, Field], int] = field(default_factory=lambda: dict.fromkeys(_PAIRS, 0))
    _crossed: dict[tuple[Field, Field], int] = field(default_factory=lambda: dict.fromkeys(_PAIRS, 0))
    _amount: dict[tuple[Field, Field], int] = field(default_factory=lambda: dict.fromkeys(_PAIRS, 0))

    def add(self, chunk: Chunk) -> None:
        """Take in the rows of people who were in the last payroll."""
        before = {
            Field.GROSS: chunk.of_standing(chunk.standing.previous_gross),
            Field.PRE_TAX: chunk.of_standing(chunk.standing.previous_pre_tax),
            Field.ROTH: chunk.of_standing(chunk.standing.previous_roth),
            Field.MATCH: chunk.of_standing(chunk.standing.previous_match),
        }
        there = before[Field.GROSS] > 0
        if not there.any():
            return
        now = {name: chunk.amounts[str(name)] for name in _WATCHED}
        for pair in _PAIRS:
            left, right = pair
            if not (chunk.carries(left) and chunk.carries(right)):
                continue
            self._straight[pair] += _apart(now[left], before[left], there) + _apart(now[right], before[right], there)
            self._crossed[pair] += _apart(now[left], before[right], there) + _apart(now[right], before[left], there)
            self._amount[pair] += int((before[left] + before[right])[there].sum())

    def findings(self, mapping: Mapping | None) -> list[Finding]:
        """One for each pair that fits the last payroll far better crosswise; a person has to look."""
        found = []
        for pair in _PAIRS:
            straight, crossed, amount = self._straight[pair], self._crossed[pair], self._amount[pair]
            if straight * 4 > amount and crossed * 3 < straight:
                left, right = (mapping.label(name) if mapping else str(name) for name in pair)
                reason = f"Columns {left} and {right} seem swapped: crosswise they fit the last payroll far better."
                fix = "If they are swapped, correct the file or the mapping; if not, confirm."
                found.append(Finding(Severity.NOTE, Code.COLUMNS_SWAPPED, reason, fix, column=left, confirm=True))
        return found


def _apart(now: Cents, before: Cents, there: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    return int(np.abs(now - before)[there].sum())

"""Sums as they would be: without a run, with more given on some days. Not here: recording that it is so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k import ledger
from open401k.kernel import RunId


@dataclass(frozen=True, slots=True)
class Without:
    """A run whose lines do not count, and what people are given more, or (negative) less, on each day without it.

    None: every run counts, and only what is given is other than it was.
    """

    run_id: RunId | None
    moved: Sequence[tuple[date, ledger.Contributed]] = ()

    def contributed(self, found: ledger.Contributed, start: date, end: date) -> ledger.Contributed:
        """What was contributed from ``start`` up to ``end``, as it is without the run."""
        for day, moved in self.moved:
            if start <= day < end:
                found = ledger.together(found, moved)
        return found

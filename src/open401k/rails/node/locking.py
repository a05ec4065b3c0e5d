"""The order in which a transaction locks: each family of cases by its first, one family after the other, events last.

A family is a case with all that followed from it: second tries, residuals, what goes back. Whoever works on a case has
the first of its family locked, so that it does not matter in which order the others are read: two who work on one
family never wait each for the other (ADR-0068). A transaction of several families locks them :func:`in_order` before it
writes an event: the turn to write events is kept until the commit. Not here: SQL (_store), who locks (kept).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

#: How the id of a file begins that stands for one that was forgotten (opening).
FORGOTTEN_FILE: Final = "forgotten-"


class LockOrderWarning(RuntimeWarning):
    """This transaction may wait for another that waits for it; PostgreSQL would end one of the two."""


def in_order(families: Iterable[str]) -> list[str]:
    """As everybody locks them. Those that stand for a forgotten one come last: who remembers it holds its own."""
    return sorted(set(families), key=_rank)


def _rank(family: str) -> tuple[bool, str]:
    return family.startswith(FORGOTTEN_FILE), family


@dataclass
class Locked:
    """What one transaction has locked."""

    cases: set[str] = field(default_factory=set)
    has_turn: bool = False
    _last: str | None = None

    def note(self, case: str, family: str) -> None:
        """The family of a case was locked; a warning, which tests take for an error, if it was not its turn."""
        if family not in self.cases:
            if self.has_turn or (self._last is not None and _rank(family) < _rank(self._last)):
                before = "the turn to write events" if self.has_turn else f"the family of {self._last}"
                why = f"the family of {family} was locked after {before}: hold all of them before"
                warnings.warn(LockOrderWarning(why), stacklevel=2)
            self._last = family
        self.cases |= {case, family}

    def began(self, case: str) -> None:
        """A new file, which nobody else sees yet."""
        self.cases.add(case)

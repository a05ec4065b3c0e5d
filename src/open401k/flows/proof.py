"""What verification found: counts and problems. Not here: the checks (verify.py, verify_told.py)."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not follow from the facts: in which room, of what kind, where, and what it should be."""

    sponsor: str
    room: str
    kind: str
    where: str
    message: str


@dataclass(slots=True)
class Proof:
    """What was recomputed, and everything that came out differently."""

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[what] = self.counts.get(what, 0) + number

    def as_json(self) -> dict[str, Any]:
        """``{"ok": true, "counts": ..., "problems": []}``."""
        return {
            "ok": self.ok,
            "counts": dict(sorted(self.counts.items())),
            "problems": [
                {"sponsor": p.sponsor, "room": p.room, "kind": p.kind, "where": p.where, "message": p.message}
                for p in self.problems
            ],
        }

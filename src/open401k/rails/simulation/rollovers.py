"""One rollover of a run, and what those who play with it need of the run. Not here: the schedule (run)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..messages import Leg, Role, Voter
from ..node.cases import Agreed, Case, Raised
from ..node.core import Side
from ..node.opening import Signed
from .chance import Dice, Faults
from .net import Clock
from .parties import Party
from .trace import Trace


@dataclass
class Rollover:
    """One of a run: its terms, what was signed, and how the model sees it."""

    name: str
    told: Signed
    source: str
    receiver: str
    id: bytes
    key: int
    encoded: bytes
    trace: Trace
    released: Agreed  # the source's side of its terms
    parent: bytes = b""  # the rollover that it gives back
    is_other: bool = False  # other terms of the source's alone, under a number that was used
    votes: dict[Role, bytes] = field(default_factory=dict)  # by those who are no node

    def sides(self, name: str) -> tuple[Side, ...]:
        """On which sides of it this custodian is."""
        if name == self.source:
            return (Side.SOURCE,)
        return () if self.is_other else (Side.RECEIVER,)


class Played(Protocol):
    """A run, as its parts see it."""

    dice: Dice
    faults: Faults
    clock: Clock
    parties: dict[str, Party]
    rollovers: list[Rollover]

    def signed(
        self, number: int, source: str, receiver: str, legs: tuple[Leg, ...], voters: tuple[Voter, ...], *,
        parent: bytes,
    ) -> Signed: ...  # fmt: skip

    def add(
        self, name: str, told: Signed, source: str, receiver: str, *, is_other: bool = False, parent: bytes = b""
    ) -> Rollover: ...

    def file(self, name: str, each: Rollover, side: Side) -> Case | None: ...

    def raised(self, each: Rollover, code: int) -> Raised: ...

    def stop_at(self, party: Party, each: Rollover) -> None: ...

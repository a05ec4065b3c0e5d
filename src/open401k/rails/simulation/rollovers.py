"""One rollover of a run, and what those who play with it need of the run. Not here: the schedule (run)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..messages import Leg, Role, Voter
from ..node.cases import Agreed, Case, Raised
from ..node.core import Side
from ..node.opening import Signed
from .chance import Dice, Faults
from .net import Clock, Net
from .parties import Party
from .trace import Trace


@dataclass
class Rollover:
    """One of a run: its terms, what was signed, and how the model sees it."""

    name: str
    told: Signed
    custodians: tuple[str, ...]  # the source, then each receiver
    id: bytes
    key: int
    encoded: bytes
    trace: Trace
    agreed: tuple[Agreed, ...]  # the terms as each of them has them
    parent: bytes = b""  # the rollover that it gives back
    is_other: bool = False  # other terms of the source's alone, under a number that was used
    votes: dict[Role, bytes] = field(default_factory=dict)  # by those who are no node

    @property
    def source(self) -> str:
        """Who pays."""
        return self.custodians[0]

    @property
    def receivers(self) -> tuple[str, ...]:
        """Who is paid, in the election's order."""
        return self.custodians[1:]

    @property
    def parts(self) -> tuple[tuple[int, str, Side], ...]:
        """Who follows it: its place, its name, its side. Terms of the source's alone are followed by nobody else."""
        there = enumerate(self.custodians[:1] if self.is_other else self.custodians)
        return tuple((place, name, Side.RECEIVER if place else Side.SOURCE) for place, name in there)


class Played(Protocol):
    """A run, as its parts see it."""

    dice: Dice
    later: Dice
    faults: Faults
    clock: Clock
    net: Net
    names: tuple[str, ...]
    spent: dict[str, int]
    referred: dict[str, set[tuple[str, bytes]]]
    parties: dict[str, Party]
    rollovers: list[Rollover]

    def signed(
        self, number: int, custodians: tuple[str, ...], legs: tuple[Leg, ...], voters: tuple[Voter, ...], *,
        parent: bytes = ..., days: int = ...,
    ) -> Signed: ...  # fmt: skip

    def add(
        self, name: str, told: Signed, custodians: tuple[str, ...], *, is_other: bool = False, parent: bytes = b""
    ) -> Rollover: ...

    def file(self, name: str, each: Rollover, side: Side) -> Case | None: ...

    def raised(self, each: Rollover, code: int) -> Raised: ...

    def stop_at(self, party: Party, each: Rollover) -> None: ...

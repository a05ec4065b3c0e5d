"""The simulator's core in memory, for the nodes of tests. Not here: stand-ins that run by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from open401k.rails.node.core import Order, Side
from open401k.rails.simulation.cores import Core, Seen


def _nobody(_what: str, _rollover: bytes, _side: Side) -> None:
    """Nobody watches."""


@dataclass
class MemoryCore(Core):
    """A core that keeps its promises, and a list of what it booked."""

    balances: dict[str, dict[int, int]] = field(default_factory=dict)
    seen: Seen = _nobody
    booked: list[tuple[bytes, Side, int]] = field(default_factory=list)

    def book(self, order: Order) -> None:
        super().book(order)
        self.booked.append((order.rollover, order.side, -order.cents if order.side is Side.SOURCE else order.cents))

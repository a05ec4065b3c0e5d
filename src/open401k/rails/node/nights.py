"""An overnight core gets its orders in one file from time to time, while a node runs. Not here: files (adapters)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from .core import CustodianCore


@runtime_checkable
class Overnight(Protocol):
    """A core that works through files."""

    def close_day(self) -> object:
        """Put what is not answered into a file; nothing where there is nothing."""
        ...


@dataclass
class Nights:
    """A job of a running node: ``every`` so many seconds the core's day is closed."""

    core: Overnight
    every: int
    name: str = "files for the core"

    def once(self, *, at: float) -> float:  # noqa: ARG002 (a job's clock)
        """Close the day."""
        self.core.close_day()
        return self.every


def nights(core: CustodianCore, every: int) -> list[Nights]:
    """The job of a core that works overnight; none for any other."""
    return [Nights(core, every)] if isinstance(core, Overnight) else []

"""Batches in memory, for simulations and tests. Not here: the durable ones (kept_batches)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from .batching import LIVE, Batch, Stage
from .cases import ChangedError


class MemoryBatches(ABC):
    """The part of a transaction that keeps batches: it works on a copy."""

    @property
    @abstractmethod
    def batches(self) -> dict[tuple[bytes, bytes], Batch]:
        """By member and reference."""

    def add_batch(self, batch: Batch) -> None:
        if (batch.peer, batch.reference) in self.batches:
            raise ValueError("there is a batch of this reference already")
        self.batches[batch.peer, batch.reference] = batch

    def change_batch(self, before: Batch, after: Batch) -> None:
        if self.batches.get((before.peer, before.reference)) != before:
            raise ChangedError(before.reference.hex())
        self.batches[after.peer, after.reference] = after

    def batch(self, peer: bytes, reference: bytes) -> Batch | None:
        return self.batches.get((peer, reference))

    def live_batches(self) -> Sequence[Batch]:
        found = (each for each in self.batches.values() if each.stage in LIVE)
        return sorted(found, key=lambda each: (each.deadline, each.reference))

    def batch_of(self, rollover: bytes) -> Batch | None:
        found = (each for each in self.batches.values() if each.stage is Stage.SETTLED and rollover in each.ids)
        return next(found, None)

    def batches_with(self, rollover: bytes) -> Sequence[Batch]:
        return [each for each in self.batches.values() if rollover in each.ids]

"""Batches in a transaction over a node's own database. Not here: SQL (_batches_store), in memory (memory_batches)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import _batches_store as store
from ._store import Connection
from .batching import Batch
from .cases import ChangedError


@dataclass
class KeptBatches:
    """The part of a transaction that keeps batches."""

    conn: Connection

    def add_batch(self, batch: Batch) -> None:
        if not store.insert(self.conn, batch):
            raise ValueError("there is a batch of this reference already")

    def change_batch(self, before: Batch, after: Batch) -> None:
        if store.batch(self.conn, before.peer, before.reference) != before:
            raise ChangedError(before.reference.hex())
        store.update(self.conn, after)

    def batch(self, peer: bytes, reference: bytes) -> Batch | None:
        return store.batch(self.conn, peer, reference)

    def live_batches(self) -> Sequence[Batch]:
        return store.live(self.conn)

    def batch_of(self, rollover: bytes) -> Batch | None:
        return store.settled(self.conn, rollover)

    def batches_with(self, rollover: bytes) -> Sequence[Batch]:
        return store.with_rollover(self.conn, rollover)

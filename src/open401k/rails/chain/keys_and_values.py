"""What every store of py-evm's keys and values here has alike. Not here: where they lie (durable.py, verifying.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eth.abc import AtomicWriteBatchAPI
from eth.db.atomic import AtomicDBWriteBatch
from eth.db.backends.base import BaseAtomicDB

from .depth import keep_depth

keep_depth()


class KeysAndValues(BaseAtomicDB):
    """What a block writes is this store's own until the block is kept; ``None`` is a key that was taken away."""

    def __init__(self) -> None:
        self._written: dict[bytes, bytes | None] = {}

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._written[key] = value

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        with AtomicDBWriteBatch._commit_unless_raises(self) as batch:
            yield batch

    def _put(self) -> dict[bytes, bytes]:
        """What was written, without what was taken away."""
        return {key: value for key, value in self._written.items() if value is not None}

"""Case files and deals for several threads of one process: a connection each, from a pool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from . import _store
from .core import SilentError
from .kept_deals import KeptDeals

#: Seconds that a request waits for a connection.
WAITS = 5.0


@dataclass
class PooledDeals(KeptDeals):
    """Case files and deals in the database at ``url``, for as many threads as there are; close it after use."""

    most: int = field(default=8, kw_only=True)
    _pool: ConnectionPool[_store.Connection] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pool = ConnectionPool(
            self.url, min_size=0, max_size=self.most, timeout=WAITS, open=True, kwargs={"autocommit": True},
            check=ConnectionPool.check_connection, reconnect_timeout=WAITS,
        )  # fmt: skip

    @contextmanager
    def connected(self) -> Iterator[_store.Connection]:
        """A transaction of whoever asks."""
        try:
            with self._pool.connection() as conn, conn.transaction():
                yield conn
        except (psycopg.OperationalError, PoolTimeout, PoolClosed) as why:
            raise SilentError(f"the node's database: {why}") from why

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

"""What waits for our wallet in a transaction over a node's own database. Not here: SQL (_wanted_store), in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import _wanted_store as store
from ._store import Connection
from .wanted import Says, Wanted


@dataclass
class KeptWanted:
    """The part of a transaction that keeps what waits for a wallet."""

    conn: Connection

    def ask(self, row: Wanted) -> bool:
        return store.insert(self.conn, row)

    def wanted(self, digest: bytes) -> Wanted | None:
        return store.wanted(self.conn, digest)

    def lasting(self, case: str) -> Mapping[Says, Wanted]:
        return store.lasting(self.conn, case)

    def ask_anew(self, digest: bytes, wallet: bytes, *, at: int) -> None:
        store.begin_anew(self.conn, digest, wallet, at)

    def wallet_signed(self, digest: bytes, signature: bytes, *, by: str, at: int) -> None:
        store.write_signature(self.conn, digest, signature, by, at)

    def was_taken(self, digest: bytes, *, at: int) -> None:
        store.mark_taken(self.conn, digest, at)

"""What waits for a wallet, as long as a process lives: for the simulator. Not here: the database (kept_wanted)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .wanted import LASTING, Says, Wanted


@dataclass
class MemoryWanted:
    """The part of a transaction in memory that keeps it."""

    @property
    @abstractmethod
    def wanted_rows(self) -> dict[bytes, Wanted]:
        """By digest."""

    def ask(self, row: Wanted) -> bool:
        return self.wanted_rows.setdefault(row.digest, row) is row

    def wanted(self, digest: bytes) -> Wanted | None:
        return self.wanted_rows.get(digest)

    def lasting(self, case: str) -> Mapping[Says, Wanted]:
        return {each.says: each for each in self.wanted_rows.values() if each.case == case and each.says in LASTING}

    def ask_anew(self, digest: bytes, wallet: bytes, *, at: int) -> None:
        row = self.wanted_rows[digest]
        self.wanted_rows[digest] = replace(row, wallet=wallet, asked_at=at, signature=None)

    def wallet_signed(self, digest: bytes, signature: bytes, *, by: str, at: int) -> None:  # noqa: ARG002
        self.wanted_rows[digest] = replace(self.wanted_rows[digest], signature=signature)

    def was_taken(self, digest: bytes, *, at: int) -> None:
        """Nobody is woken by it here."""

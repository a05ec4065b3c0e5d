"""A signer's keys in a file of its own, each sealed under the master keys of the signer's environment. Not here: use.

Signing keys (the network names one), the relay (it has no rights), and the one that signs the log.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from open401k.kernel import Open401kError

from ...keys import Key, valid_key
from ..codec import BadInputError, parsed, read, written
from ..sealing import Sealed, Sealing


class Use(StrEnum):
    """What a key is for; it signs nothing else."""

    SIGNING = "signing"
    RELAY = "relay"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Row:
    """One key as it lies in the file."""

    use: Use
    address: bytes
    kek_id: str
    sealed: bytes
    made_at: int


@dataclass(frozen=True, slots=True)
class _File:
    signer: int
    keys: tuple[Row, ...]


@dataclass
class KeyFile:
    """The keys of a signer. The file is written anew beside itself and put in its place, whole or not at all."""

    path: Path
    sealing: Sealing = field(repr=False)

    def begin(self, *, at: int) -> None:
        """A new file with a signing key, a relay and a key for the log."""
        if self.path.exists():
            raise Open401kError(f"{self.path} is there already.", fix="Keep it: it holds keys. Or name another file.")
        self._write([self._row(use, valid_key(self.sealing.random), at) for use in Use])

    def rows(self) -> Sequence[Row]:
        """Every key, oldest first."""
        refuse_open(self.path)
        try:
            return read(_File, parsed(self.path.read_bytes(), at=str(self.path)), at=str(self.path)).keys
        except OSError as why:
            raise Open401kError(f"{self.path} cannot be read: {why}.", fix="Run it as its owner.") from None
        except BadInputError as why:
            raise Open401kError(f"{why}", fix="Restore the key file from a backup.") from None

    def key(self, row: Row) -> Key:
        """Opened."""
        sealed = Sealed(row.kek_id, row.sealed)
        key = Key(self.sealing.opened(_place(row), sealed, what=f"The {row.use} key {row.address.hex()}"))
        if key.address != row.address:
            raise Open401kError(f"{self.path}: a key is not the one that it is named.", fix="Restore it from a backup.")
        return key

    def keys(self, use: Use) -> Sequence[Key]:
        """Those for this use, oldest first."""
        return [self.key(row) for row in self.rows() if row.use is use]

    def one(self, use: Use) -> Key:
        """The newest for this use."""
        return self.keys(use)[-1]

    def make(self, *, at: int) -> bytes:
        """One more signing key; the answer is its address."""
        key = valid_key(self.sealing.random)
        self._write([*self.rows(), self._row(Use.SIGNING, key, at)])
        return key.address

    def take(self, use: Use, key: Key, *, at: int) -> None:
        """One that was made elsewhere; it comes to stand last, as the newest. What is there stays."""
        if key.address not in {row.address for row in self.rows()}:
            self._write([*self.rows(), self._row(use, key, at)])

    def rewrap(self) -> int:
        """Seal everything under the current master key; how many were under an older one."""
        rows = self.rows()
        old = [row for row in rows if row.kek_id != self.sealing.kek_id]
        again = {row: replace(self._row(row.use, self.key(row), row.made_at)) for row in old}
        if again:
            self._write([again.get(row, row) for row in rows])
        return len(again)

    def _row(self, use: Use, key: Key, at: int) -> Row:
        bare = Row(use, key.address, "", b"", at)
        sealed = self.sealing.seal(_place(bare), key.secret)
        return replace(bare, kek_id=sealed.kek_id, sealed=sealed.data)

    def _write(self, rows: Sequence[Row]) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(written(_File(1, tuple(rows))) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def refuse_open(path: Path) -> None:
    """Nobody but its owner may read or write a file of secrets, nor replace it."""
    try:
        mode, above = path.stat().st_mode, path.resolve().parent.stat().st_mode
    except OSError as why:
        raise Open401kError(f"{path} cannot be read: {why}.", fix="Make it: open401k node signer init") from None
    if mode & 0o077:
        raise Open401kError(f"{path} is open to others (mode {mode & 0o777:o}).", fix=f"chmod 600 {path}")
    if above & 0o022 and not above & stat.S_ISVTX:
        raise Open401kError(
            f"Others may write {path.resolve().parent}.", fix="chmod go-w, or take a folder of its own."
        )


def _place(row: Row) -> bytes:
    return b"signer key|" + row.use.encode() + b"|" + row.address

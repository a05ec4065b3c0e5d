"""Signing keys of a node: made here, kept sealed, found by their address. Not here: what is signed (signing.py).

Which key is in use is not kept here: it is the one that the network's final state names. A rotation is a new key, its
address told to the network, and the network's delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from open401k.base.secrets import MasterKeys
from open401k.kernel import Random

from ..keys import Key, valid_key
from . import _keys_store
from .kept import KeptCases
from .sealing import Sealed, Sealing


@dataclass
class SealedKeys:
    """The keys in a node's database. ``master`` lives outside of it (OPEN401K_MASTER_KEY)."""

    files: KeptCases
    master: MasterKeys = field(repr=False)
    random: Random = field(repr=False)

    def make(self, *, at: int) -> bytes:
        """A new key; the answer is its address. ``at`` is the time of a final block."""
        key = valid_key(self.random)
        with self.files.connected() as conn:
            sealed = self._seal(key)
            _keys_store.insert_key(conn, key.address, sealed.kek_id, sealed.data, at)
        return key.address

    def addresses(self) -> Sequence[bytes]:
        """All keys there are, oldest first."""
        with self.files.connected() as conn:
            return [address for address, _ in _keys_store.addresses(conn)]

    def key(self, address: bytes) -> Key | None:
        """The key with this address; None if it is none of ours."""
        with self.files.connected() as conn:
            found = _keys_store.sealed_key(conn, address)
        return self._open(address, *found) if found else None

    def rewrap(self) -> int:
        """Seal every key under the current master key; returns how many were under an older one."""
        changed = 0
        with self.files.connected() as conn:
            for address, kek_id in _keys_store.addresses(conn):
                found = _keys_store.sealed_key(conn, address)
                if found and kek_id != self._sealing.kek_id:
                    sealed = self._seal(self._open(address, *found))
                    _keys_store.update_sealed(conn, address, sealed.kek_id, sealed.data)
                    changed += 1
        return changed

    def _seal(self, key: Key) -> Sealed:
        return self._sealing.seal(_place(key.address), key.secret)

    def _open(self, address: bytes, kek_id: str, sealed: bytes) -> Key:
        what = f"The signing key {address.hex()}"
        return Key(self._sealing.opened(_place(address), Sealed(kek_id, sealed), what=what))

    @property
    def _sealing(self) -> Sealing:
        return Sealing(self.master, self.random)


@dataclass
class KeptApprovals:
    """What was approved, in the node's database: a restart does not reset a limit."""

    files: KeptCases

    def since(self, at: int) -> Sequence[tuple[bytes, int]]:
        with self.files.connected() as conn:
            return _keys_store.approved_since(conn, at)

    def note(self, rollover: bytes, cents: int, at: int) -> None:
        with self.files.connected() as conn:
            _keys_store.insert_approved(conn, rollover, cents, at)


def _place(address: bytes) -> bytes:
    return b"node signing key|" + address

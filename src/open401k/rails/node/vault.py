"""A node's secrets that are no signing keys: its relay, its mailboxes, its salt, secrets of webhooks. Kept sealed.

Mailboxes are numbered: what was sealed for an older one still opens, peers are told the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from open401k.base.secrets import KEY_BYTES
from open401k.kernel import Open401kError

from ..keys import Key, valid_key
from ..transfer_file.sealed import Mailbox
from . import _keys_store
from ._rewrap_store import SECRETS
from ._store import Connection
from .kept import KeptCases
from .rewrapping import sealed_anew
from .sealing import Sealed, Sealing

RELAY, SALT, MAILBOX = "relay", "salt", "mailbox/"


@dataclass
class Vault:
    """Secrets by name, in the node's database."""

    files: KeptCases
    sealing: Sealing

    def prepare(self, *, at: int, relays: bool = True) -> None:
        """Make what a node needs before it can run; what is there stays. ``relays``: its relay lies here, too."""
        if relays:
            self.put(RELAY, valid_key(self.sealing.random).secret, at=at)
        self.put(SALT, self.sealing.random.token(KEY_BYTES), at=at)
        if not self.mailboxes():
            self.new_mailbox(at=at)

    def relay(self) -> Key:
        """The key that signs transactions; it has no rights."""
        return Key(self.needed(RELAY))

    def salt(self) -> bytes:
        """What hides references of the core's books on chain."""
        return self.needed(SALT)

    def mailboxes(self) -> Sequence[Mailbox]:
        """The newest first."""
        return [Mailbox(secret) for _, secret in reversed(self._found(MAILBOX))]

    def new_mailbox(self, *, at: int) -> Mailbox:
        """One more, which peers are to be told."""
        made = Mailbox(self.sealing.random.token(KEY_BYTES))
        self.put(f"{MAILBOX}{len(self._found(MAILBOX)) + 1:04d}", made.secret, at=at)
        return made

    def needed(self, name: str) -> bytes:
        """The secret of this name; a node without it was not prepared."""
        for found, secret in self._found(name):
            if found == name:
                return secret
        raise Open401kError(f"This node has no {name}.", fix="Prepare its database: open401k node init")

    def put(self, name: str, secret: bytes, *, at: int) -> None:
        """Keep it; what is there under this name stays."""
        with self.files.connected() as conn:
            self.put_with(conn, name, secret, at=at)

    def put_with(self, conn: Connection, name: str, secret: bytes, *, at: int) -> None:
        """The same, with what else that transaction does."""
        sealed = self.sealing.seal(_place(name), secret)
        _keys_store.insert_secret(conn, name, sealed.kek_id, sealed.data, at)

    def replace_with(self, conn: Connection, name: str, secret: bytes, *, at: int) -> None:
        """In place of what is there, with what else that transaction does."""
        _keys_store.delete_secret(conn, name)
        self.put_with(conn, name, secret, at=at)

    def found(self, name: str) -> bytes | None:
        """What is kept under this name; None where nothing is."""
        return dict(self._found(name)).get(name)

    def all_of(self, prefix: str) -> Sequence[bytes]:
        """Every secret whose name begins so, by name."""
        return [secret for _, secret in self._found(prefix)]

    def forget(self, name: str) -> None:
        """It is not needed any more."""
        with self.files.connected() as conn:
            self.forget_with(conn, name)

    def forget_with(self, conn: Connection, name: str) -> None:
        """The same, with what else that transaction does."""
        _keys_store.delete_secret(conn, name)

    def rewrap(self) -> int:
        """Seal everything under the current master key; returns how many were under an older one."""
        return sealed_anew(self.files, self.sealing, SECRETS, lambda key: _place(*key), "The node's")

    def _found(self, prefix: str) -> list[tuple[str, bytes]]:
        with self.files.connected() as conn:
            rows = _keys_store.secrets(conn, prefix)
        return [(name, self._open(name, kek_id, sealed)) for name, kek_id, sealed in rows]

    def _open(self, name: str, kek_id: str, sealed: bytes) -> bytes:
        return self.sealing.opened(_place(name), Sealed(kek_id, sealed), what=f"The node's {name}")


def _place(name: str) -> bytes:
    return b"node secret|" + name.encode()

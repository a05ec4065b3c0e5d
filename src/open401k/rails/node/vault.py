"""A node's secrets that are no signing keys: its relay, its mailboxes, its salt, secrets of webhooks. Kept sealed.

Mailboxes are numbered: what was sealed for an older one still opens, peers are told the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from open401k.base.secrets import KEY_BYTES, MasterKeys
from open401k.kernel import Open401kError, Random

from ..keys import Key
from ..transfer_file.sealed import Mailbox
from . import _keys_store
from .kept import KeptCases
from .sealed import valid_key
from .sealing import id_of, seal, unseal

RELAY, SALT, MAILBOX = "relay", "salt", "mailbox/"


@dataclass
class Vault:
    """Secrets by name, in the node's database."""

    files: KeptCases
    master: MasterKeys = field(repr=False)
    random: Random = field(repr=False)

    def prepare(self, *, at: int) -> None:
        """Make what a node needs before it can run; what is there stays."""
        self.put(RELAY, valid_key(self.random).secret, at=at)
        self.put(SALT, self.random.token(KEY_BYTES), at=at)
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
        made = Mailbox(self.random.token(KEY_BYTES))
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
            _keys_store.insert_secret(conn, name, *seal(self.master, self.random, secret, place=_place(name)), at)

    def forget(self, name: str) -> None:
        """It is not needed any more."""
        with self.files.connected() as conn:
            _keys_store.delete_secret(conn, name)

    def rewrap(self) -> int:
        """Seal everything under the current master key; returns how many were under an older one."""
        changed = 0
        with self.files.connected() as conn:
            for name, kek_id, sealed in _keys_store.secrets(conn, ""):
                if kek_id != id_of(self.master.current):
                    again = seal(self.master, self.random, self._open(name, kek_id, sealed), place=_place(name))
                    _keys_store.update_secret(conn, name, *again)
                    changed += 1
        return changed

    def _found(self, prefix: str) -> list[tuple[str, bytes]]:
        with self.files.connected() as conn:
            rows = _keys_store.secrets(conn, prefix)
        return [(name, self._open(name, kek_id, sealed)) for name, kek_id, sealed in rows]

    def _open(self, name: str, kek_id: str, sealed: bytes) -> bytes:
        secret = unseal(self.master, kek_id, sealed, place=_place(name))
        if secret is None:
            raise Open401kError(
                f"The node's {name} does not open under the master keys that are set.",
                fix="Name the former one in OPEN401K_PREVIOUS_MASTER_KEYS, or restore the database.",
            )
        return secret


def _place(name: str) -> bytes:
    return b"node secret|" + name.encode()

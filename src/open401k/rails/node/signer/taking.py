"""A node's own keys handed over to its signer. Not here: making keys (keys.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from open401k.base.faults import fault

from ...keys import Key
from .. import _keys_store
from ..sealed import SealedKeys
from ..vault import RELAY, Vault
from .keys import KeyFile, Use

#: Where a test may stop the process: the signer has the keys, the node has them still.
BOUNDARIES: Final = ("signer.before_forgotten",)


def taken_over(keys: SealedKeys, vault: Vault, file: KeyFile, *, at: int) -> Sequence[bytes]:
    """The signer has them on disk before the node forgets them. A second time there is nothing left to take."""
    taken = []
    for address in keys.addresses():
        if (key := keys.key(address)) is not None:
            file.take(Use.SIGNING, key, at=at)
            taken.append(address)
    if (relay := vault.found(RELAY)) is not None:
        file.take(Use.RELAY, Key(relay), at=at)
    fault("signer.before_forgotten")
    with keys.files.connected() as conn:
        for address in taken:
            _keys_store.delete_key(conn, address)
        _keys_store.delete_secret(conn, RELAY)
    return taken

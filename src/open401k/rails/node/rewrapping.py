"""A master key is changed beside running work: each sealed row anew, alone. Not here: SQL (_rewrap_store), places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import _rewrap_store as store
from ._rewrap_store import Key, SealedRows
from .kept import KeptCases
from .sealing import Sealing

_AT_ONCE: Final = 500


def sealed_anew(
    files: KeptCases, sealing: Sealing, rows: SealedRows[Key], place_of: Callable[[Key], bytes], what: str
) -> int:
    """How many were under another master key; none is when this returns, but for what another process seals so."""
    changed = 0
    while True:
        with files.connected() as conn:
            found = store.under_others(conn, rows, sealing.kek_id, _AT_ONCE)
        if not found:
            return changed
        for key in found:
            with files.connected() as conn:
                sealed = store.one(conn, rows, sealing.kek_id, key)
                if sealed is None:
                    continue
                content = sealing.opened(place_of(key), sealed, what=f"{what} {key[0]!r}")
                store.seal_anew(conn, rows, key, sealing.seal(place_of(key), content))
                changed += 1

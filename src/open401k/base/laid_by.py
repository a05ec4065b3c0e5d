"""Long values sent in pieces ahead of the statement that stores them (``base.laid_by_v``). Not here: storing them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from open401k.kernel import SponsorId

from . import _store
from .db import Tx

#: What is sent at once; a value that is not longer goes with its statement.
PIECE: Final = 1 << 20


@contextmanager
def laid_by(tx: Tx, *, tenant_id: SponsorId, name: str, pieces: Iterable[bytes]) -> Iterator[None]:
    """Send a value so that the block's statements find it in ``base.laid_by_v`` under its tenant and name.

    The driver keeps room for the longest statement that a connection ever sent: of a payroll of 100,000 rows 16 MiB.
    """
    for place, piece in enumerate(_even(pieces)):
        _store.lay_by(tx, tenant_id=tenant_id, name=name, place=place, piece=piece)
    yield
    _store.forget_laid_by(tx, tenant_id=tenant_id, name=name)


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of one length: a hundred thousand short ones would each be a row."""
    held = bytearray()
    for piece in pieces:
        for start in range(0, len(piece), PIECE):
            held += piece[start : start + PIECE]
            if len(held) >= PIECE:
                yield bytes(held)
                held.clear()
    yield bytes(held)

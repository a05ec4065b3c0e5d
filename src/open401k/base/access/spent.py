"""What signing in leaves behind and nobody can use any more is deleted. Not here: when (flows/day_round.py)."""

from datetime import datetime, timedelta
from typing import Final

from ..db import Tx
from . import _store

#: A session is the only record of who came in, and how: whoever looks into an incident finds a month of them.
SESSIONS_KEPT: Final = timedelta(days=30)


def prune(tx: Tx, *, at: datetime) -> dict[str, int]:
    """Delete spent challenges and links, and sessions over for a month; how many of each. ``at`` is the wall clock's.

    What is unknown and what is spent get the same answer at the door, so nobody can tell that something was deleted.
    """
    return {
        "challenges": _store.prune_challenges(tx, at),
        "links": _store.prune_links(tx, at),
        "sessions": _store.prune_sessions(tx, at - SESSIONS_KEPT),
    }

"""What happens to cases, as it happens: events of a node for live pages and programs. Not here: what they look like."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence

from starlette.concurrency import run_in_threadpool

from open401k.rails.node.core import SilentError
from open401k.rails.node.deal import DealEvent
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.report import newest_event

#: Seconds between two looks, whoever and how many listen; and between two signs of life on a quiet line.
LOOK, QUIET = 0.4, 15.0
_MOST = 200


class Happenings:
    """Events by their number, resumable. However many listen, the database is asked once in a while."""

    def __init__(self, files: KeptDeals) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._newest, self._looked_at = -1, 0.0
        self._ended = threading.Event()

    def end(self) -> None:
        """End every stream."""
        self._ended.set()

    def newest(self) -> int:
        """The number of the newest event; a moment old at most."""
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOK:
                self._newest, self._looked_at = newest_event(self._files), time.monotonic()
            return self._newest

    def after(self, seq: int, case: str | None = None) -> tuple[int, Sequence[DealEvent]]:
        """Up to where was read, and events of a case or of all after this number."""
        with self._files.begin() as unit:
            found = unit.events(seq, limit=_MOST)
        return (found[-1].seq if found else seq), [each for each in found if case in (None, each.case)]

    async def stream(self, case: str | None, *, after: int) -> AsyncIterator[DealEvent | None]:
        """Every event after this one; None after each quiet while, so that a line stays open."""
        seen, quiet = after, 0.0
        while not self._ended.is_set():
            try:
                is_news = await run_in_threadpool(self.newest) > seen
                seen, events = await run_in_threadpool(self.after, seen, case) if is_news else (seen, ())
            except SilentError:
                events = ()  # the line stays open: what was missed comes when the database answers
            for event in events:
                yield event
            if events:
                quiet = 0.0
                continue
            await asyncio.sleep(LOOK)
            quiet += LOOK
            if quiet >= QUIET:
                quiet = 0.0
                yield None

"""Live updates: one listening thread for the whole server wakes the streams of the tenants that have news.

Not here: what an event means to a page; the outbox itself (base.messages).
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi.concurrency import run_in_threadpool

from open401k.base import messages
from open401k.base.db import ALL_TENANTS, Actor, AllTenants, Database
from open401k.base.messages import Event
from open401k.kernel import SponsorId

READER = Actor(kind="system", id="live", why="sends events to a live page")


class Live:
    """Streams of a tenant's events, resumable by cursor."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wakers: dict[SponsorId, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End every stream and the listening thread."""
        self._stopped.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, ALL_TENANTS)
        if self._thread is not None:
            self._thread.join(timeout=3)

    async def events(
        self, tenant_id: SponsorId, *, after: int | None, quiet_seconds: float
    ) -> AsyncIterator[Event | None]:
        """Every event after the cursor as it happens; None after each quiet while, so that the line stays open."""
        self._start()
        with self._waker(tenant_id) as news:
            cursor = await run_in_threadpool(self._newest, tenant_id) if after is None else after
            while not self._stopped.is_set():
                news.clear()
                for event in await run_in_threadpool(self._read, tenant_id, cursor):
                    cursor = event.cursor
                    yield event
                try:
                    await asyncio.wait_for(news.wait(), quiet_seconds)
                except TimeoutError:
                    yield None

    def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="live", daemon=True)
            self._thread.start()

    def _listen(self) -> None:
        for news in messages.listen(self._db, timeout_seconds=1):
            if self._stopped.is_set():
                return
            if news is not None and self._loop is not None:
                self._loop.call_soon_threadsafe(self._wake, news)

    def _wake(self, whose: SponsorId | AllTenants) -> None:
        groups = self._wakers.values() if isinstance(whose, AllTenants) else [self._wakers.get(whose, set())]
        for waker in [each for group in groups for each in group]:
            waker.set()

    @contextmanager
    def _waker(self, tenant_id: SponsorId) -> Iterator[asyncio.Event]:
        waker = asyncio.Event()
        self._wakers[tenant_id].add(waker)
        try:
            yield waker
        finally:
            self._wakers[tenant_id].discard(waker)

    def _newest(self, tenant_id: SponsorId) -> int:
        with self._db.begin(READER, tenants=[tenant_id]) as tx:
            return messages.newest_cursor(tx, tenant_id=tenant_id)

    def _read(self, tenant_id: SponsorId, cursor: int) -> list[Event]:
        with self._db.begin(READER, tenants=[tenant_id]) as tx:
            return messages.read_after(tx, tenant_id=tenant_id, cursor=cursor)


def cursor_of(last_event_id: str | None) -> int | None:
    """The cursor a listener stopped at; what is none begins with what comes next."""
    text = (last_event_id or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

"""Events for the outside (webhooks, live pages): written in the transaction they tell of. Inside, rooms are called."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from open401k.kernel import EventId, SponsorId

from . import _store
from .db import ALL_TENANTS, AllTenants, Database, Tx
from .plain import JSON, plain

CHANNEL = "open401k_events"
log = logging.getLogger("open401k.messages")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``cursor`` orders the events of a tenant without gaps."""

    cursor: int
    event_id: EventId
    recorded_at: datetime
    kind: str
    subject: str
    data: JSON


def publish(tx: Tx, *, tenant_id: SponsorId, kind: str, subject: object, data: Mapping[str, Any]) -> EventId:
    """Put an event into the outbox; listeners hear of it when this transaction commits, and only then."""
    event_id = tx.ids.new(EventId)
    _store.add_event(tx, tenant_id, event_id, kind, str(subject), plain(data), CHANNEL)
    return event_id


def read_after(tx: Tx, *, tenant_id: SponsorId, cursor: int, limit: int = 100) -> list[Event]:
    """The events after ``cursor`` in order; committed later never means numbered earlier."""
    return [
        Event(number, EventId(event_id), at, kind, subject, data)
        for number, event_id, at, kind, subject, data in _store.events_after(tx, tenant_id, cursor, limit)
    ]


def newest_cursor(tx: Tx, *, tenant_id: SponsorId) -> int:
    """Where a listener that wants only what comes next begins."""
    head = _store.head(tx, tenant_id)
    return head.event_no if head else 0


def listen(db: Database, *, timeout_seconds: float) -> Iterator[SponsorId | AllTenants | None]:
    """Whose outbox has news, as it comes; ``None`` after each quiet ``timeout_seconds``. Blocks: give it a thread.

    ``ALL_TENANTS`` whenever it begins to listen, again after a connection that broke: what was published before then
    was heard by nobody, and whoever waits for news looks once more.
    """
    while True:
        try:
            with psycopg.connect(db.url, autocommit=True) as conn:
                _store.listen(conn)
                yield ALL_TENANTS
                yield from _heard(conn, timeout_seconds)
        except psycopg.OperationalError as error:
            log.warning("cannot listen for events: %s; trying again", error)
            yield None
            time.sleep(timeout_seconds)


def _heard(conn: psycopg.Connection[tuple[Any, ...]], timeout_seconds: float) -> Iterator[SponsorId | None]:
    while True:
        heard = False
        for notice in conn.notifies(timeout=timeout_seconds, stop_after=1):
            heard = True
            yield SponsorId.parse(notice.payload)
        if not heard:
            yield None

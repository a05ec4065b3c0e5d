"""What is due once in a while for each of many, as flows that nobody waits for: by one process, failures kept.

Not here: what is done (flows/), how a flow is run (steps.py), when somebody looks at the clock (doors).
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from open401k.kernel import FlowId, Open401kError, PlanId, SponsorId, named_uuid

from . import _rounds_store as _store
from . import heads
from .db import Database, Tx

log = logging.getLogger("open401k.rounds")

#: The flow of a plan's day.
DAY = "day"
_LONGEST_REASON = 500
#: A machine that lost its power says no goodbye: PostgreSQL asks, and frees the lock within a minute, not in two hours.
_SOON_GONE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


@dataclass(frozen=True, slots=True)
class Went:
    """How a flow went so far: when it ended, how often it failed, when and why it did last."""

    ended_at: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None
    reason: str = ""


def day_of_plan(plan_id: PlanId, on: date) -> FlowId:
    """The flow of one plan on one day: the same whoever asks."""
    return FlowId(named_uuid(DAY, str(plan_id), on.isoformat()))


@contextmanager
def alone(db: Database, name: str) -> Iterator[bool]:
    """Whether this process is the one that does the round: while it does, no other on the same database is.

    An advisory lock on a connection of its own: it goes with the connection, so a process that was killed holds
    nothing. It saves work; that nothing is done twice is what the flows themselves see to.
    """
    number = int.from_bytes(hashlib.sha256(f"open401k {name}".encode()).digest()[:8], "big", signed=True)
    with psycopg.connect(db.url, autocommit=True, options=_SOON_GONE) as conn:
        mine = _store.take(conn, number)
        try:
            yield mine
        finally:
            if mine:
                _let_go(conn, number)


def _let_go(conn: psycopg.Connection[tuple[Any, ...]], number: int) -> None:
    """At once: the server sees only a moment later that a connection ended, and a round begun within it would wait."""
    try:
        _store.let_go(conn, number)
    except psycopg.OperationalError:
        log.warning("the connection of a round was lost, and its lock with it")


def went(tx: Tx, *, flows: Sequence[tuple[SponsorId, FlowId]]) -> dict[FlowId, Went]:
    """How each of these went; one that nobody began yet has not ended and never failed."""
    rows = _store.went(tx, [tenant.uuid for tenant, _ in flows], [flow_id.uuid for _, flow_id in flows])
    return {FlowId(flow_id): Went(ended, failures, at, why or "") for flow_id, ended, failures, at, why in rows}


def fail(tx: Tx, *, tenant_id: SponsorId, flow_id: FlowId, flow: str, error: Exception) -> str:
    """Keep that a flow failed, and why; it stays where it stood. Answers with the reason as kept."""
    heads.lock(tx, tenant_id=tenant_id)
    reason = why(error)
    _store.add_failure(tx, tenant_id, flow_id, flow, reason)
    return reason


def give_up(tx: Tx, *, flow: str, before: datetime) -> int:
    """End flows begun before an instant that nobody will carry on: a later one does their work."""
    return _store.give_up(tx, flow, before)


def why(error: Exception) -> str:
    """An error in words for operations: its first line only, since PostgreSQL's second one repeats what was written."""
    if isinstance(error, Open401kError):
        return f"{error.message} {error.fix}".strip()[:_LONGEST_REASON]
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}".rstrip(": ")[:_LONGEST_REASON]

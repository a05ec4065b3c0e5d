"""What an endpoint was sent, and what came of it; one event of it once more. Not here: order and patience."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from open401k.kernel import EventId, Open401kError, SponsorId, WebhookEndpointId

from .. import messages
from ..db import Tx
from . import _store, _tries_store
from ._tries_store import TryRow
from .schedule import Answer, State

KEPT = timedelta(days=30)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one event. ``again``: somebody asked for it, out of turn.

    ``stands_before``: the endpoint is told this event next, and did not take it: it holds up the others until it is
    taken or left out. ``next_try_at`` says when it comes again by itself.
    """

    event_id: EventId
    sequence: int
    kind: str
    tried_at: datetime
    again: bool
    taken: bool
    status: int | None
    problem: str
    stands_before: bool
    next_try_at: datetime | None


def keep(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    endpoint_id: WebhookEndpointId,
    event: tuple[int, EventId, str],
    answer: Answer,
    at: datetime,
    again: bool,
) -> None:
    """Append what came of a try; what is older than thirty days goes."""
    number, event_id, kind = event
    problem = "" if answer.taken else answer.words
    row = TryRow(number, event_id, kind, at, again, answer.status, problem)
    _tries_store.add(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, row=row, keep_from=at - KEPT)


def tries(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, limit: int = SHOWN) -> list[Attempt]:
    """The last tries, newest first, of an endpoint that was not removed."""
    found = [each for each in _store.endpoints(tx, tenant_id=tenant_id) if each.endpoint_id == endpoint_id]
    if not found:
        raise Open401kError("The sponsor has no such endpoint.", fix="Take the id from the list of endpoints.")
    standing, rows = (
        found[0].standing,
        _tries_store.newest(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, limit=limit),
    )
    behind = min((row.event_no for row in rows if row.event_no > standing.cursor), default=None)
    shown: list[Attempt] = []
    for row in rows:
        answer = Answer(row.status, row.problem)
        before = row.event_no == behind and not any(each.stands_before for each in shown)
        upcoming = standing.next_at if before and standing.state is State.ACTIVE else None
        told = row.event_id, row.event_no, row.kind, row.tried_at, row.again
        shown.append(Attempt(*told, answer.taken, row.status, row.problem, before, upcoming))
    return shown


def tried_event(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, event_id: EventId) -> messages.Event:
    """An event that was sent there before, as it is in the outbox; one that never was is an error."""
    number = _tries_store.event_no(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, event_id=event_id)
    events = [] if number is None else messages.read_after(tx, tenant_id=tenant_id, cursor=number - 1, limit=1)
    if not events or events[0].event_id != event_id:
        raise Open401kError(
            f"{event_id} was not sent to that endpoint within {KEPT.days} days.",
            fix="Take the id from the endpoint's deliveries.",
        )
    return events[0]

"""A sponsor's webhook endpoints: where to, of what, signed with what, and how far each has come in the outbox.

Not here: sending (sending.py), when to look (flows/webhook_round.py). Times are the machine's, since receivers compare
them with their own: a sandbox's clock tells no time of theirs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from open401k.kernel import EventId, Open401kError, SponsorId, WebhookEndpointId

from .. import audit, heads, messages
from ..db import Tx
from ..messages import Event
from . import _store, addresses, history, kinds, schedule, signing
from ._store import EndpointRow
from .schedule import Answer, Standing, State

MOST = 20
BOTH_SIGN_FOR = timedelta(days=1)
_TABLE, _SECRET, _PREVIOUS = "base.webhook_endpoint", "sealed_secret", "sealed_previous_secret"


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An endpoint as it may be listed: where it stands, and why what it is told next was not taken."""

    endpoint_id: WebhookEndpointId
    url: str
    kinds: tuple[str, ...]
    state: State
    failing_since: datetime | None
    failures: int
    next_try_at: datetime | None
    problem: str
    delivered_at: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint with a secret just made, which is shown once and never again."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try: what to send where. ``event_no`` is where it stands in the outbox; zero: it is a try-out."""

    tenant_id: SponsorId
    endpoint_id: WebhookEndpointId
    event_no: int
    event_id: EventId
    kind: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes


def add(
    tx: Tx, *, tenant_id: SponsorId, url: str, kinds_wanted: Iterable[str] = (), at: datetime, development: bool = False
) -> NewSecret:
    """An endpoint that is told of what happens from now on; of every kind, or of those that are named."""
    url, wanted = addresses.checked(url, development=development), kinds.checked(kinds_wanted)
    heads.lock(tx, tenant_id=tenant_id)
    if len(_store.endpoints(tx, tenant_id=tenant_id)) >= MOST:
        raise Open401kError(f"A sponsor has at most {MOST} endpoints.", fix="Remove one that is not needed any more.")
    endpoint_id, secret = tx.ids.new(WebhookEndpointId), tx.keyring.random_bytes(signing.SECRET_BYTES)
    standing = Standing(State.ACTIVE, messages.newest_cursor(tx, tenant_id=tenant_id))
    sealed = _seal(tx, tenant_id, endpoint_id, _SECRET, secret)
    row = EndpointRow(tenant_id, endpoint_id, url, wanted, standing, sealed, None, None, at)
    _store.add(tx, row)
    after = {"url": url, "kinds": wanted}
    audit.record(tx, tenant_id=tenant_id, action="webhook_endpoint.add", subject=endpoint_id, after=after)
    return NewSecret(_shown(row, at), signing.written(secret))


def listed(tx: Tx, *, tenant_id: SponsorId, at: datetime) -> list[WebhookEndpoint]:
    """Those that were not removed, the oldest first."""
    return [_shown(row, at) for row in _store.endpoints(tx, tenant_id=tenant_id)]


def stopped(tx: Tx, *, tenant_id: SponsorId) -> int:
    """How many we stopped telling, so that somebody has to look."""
    return sum(row.standing.state in (State.FAILED, State.GONE) for row in _store.endpoints(tx, tenant_id=tenant_id))


def pause(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, at: datetime) -> WebhookEndpoint:
    """Tell it nothing for now; what happens meanwhile waits."""
    return _change(tx, tenant_id, endpoint_id, at, "pause", lambda row: replace(row.standing, state=State.PAUSED))


def resume(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, at: datetime) -> WebhookEndpoint:
    """Go on where it stood, at once and with fresh patience."""
    return _change(tx, tenant_id, endpoint_id, at, "resume", lambda row: Standing(State.ACTIVE, row.standing.cursor))


def skip(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, at: datetime) -> WebhookEndpoint:
    """Leave out the one event that is not taken there, and go on behind it."""

    def behind(row: EndpointRow) -> Standing:
        event, _ = _next_event(tx, row)
        if not row.standing.failures or event is None:
            raise Open401kError("No event fails there.", fix="Leave out only what was tried and not taken.")
        state = row.standing.state
        return Standing(State.ACTIVE if state is State.FAILED else state, event.cursor)

    return _change(tx, tenant_id, endpoint_id, at, "skip", behind)


def remove(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, at: datetime) -> WebhookEndpoint:
    """Tell it nothing any more."""
    return _change(tx, tenant_id, endpoint_id, at, "remove", lambda row: replace(row.standing, state=State.REMOVED))


def rotate(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, at: datetime) -> NewSecret:
    """A fresh secret; for a day what is sent is signed with the one before, too, however often it is made anew."""
    row = _locked(tx, tenant_id, endpoint_id)
    secret, until = tx.keyring.random_bytes(signing.SECRET_BYTES), at + BOTH_SIGN_FOR
    sealed = _seal(tx, tenant_id, endpoint_id, _SECRET, secret)
    kept = signing.replaced(
        _kept(tx, row),
        _open(tx, row, _SECRET, row.sealed_secret),
        until=int(until.timestamp()),
        at=int(at.timestamp()),
    )
    before = _seal(tx, tenant_id, endpoint_id, _PREVIOUS, kept)
    keys: dict[str, Any] = {"tenant_id": tenant_id, "endpoint_id": endpoint_id}
    _store.put_secrets(tx, **keys, sealed=sealed, sealed_previous=before, until=until)
    after = {"previous_secret_until": until}
    audit.record(tx, tenant_id=tenant_id, action="webhook_endpoint.rotate", subject=endpoint_id, after=after)
    return NewSecret(_shown(replace(row, previous_until=until), at), signing.written(secret))


def due(tx: Tx, *, at: datetime) -> Sequence[tuple[SponsorId, WebhookEndpointId]]:
    """Every endpoint in sight of the transaction that has news and may be told of it now."""
    return _store.due(tx, at=at)


def next_delivery(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, at: datetime) -> Delivery | None:
    """What to send next, in the order of the outbox; None where there is nothing, or it is not time yet."""
    row = _store.locked(tx, tenant_id=tenant_id, endpoint_id=endpoint_id)
    if row is None or not row.standing.due(at):
        return None
    event, seen = _next_event(tx, row)
    if event is None:
        passed = replace(row.standing, cursor=seen)
        _store.stand(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, standing=passed)
        return None
    return _of_event(tx, row, event, at)


def again(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, event_id: EventId, at: datetime) -> Delivery:
    """An event that was sent there before, once more and out of turn; whoever asks for it is on the audit trail."""
    row = _locked(tx, tenant_id, endpoint_id)
    event = history.tried_event(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, event_id=event_id)
    told: dict[str, Any] = {"tenant_id": tenant_id, "action": "webhook_endpoint.resend", "subject": endpoint_id}
    audit.record(tx, **told, after={"event": str(event_id)})
    return _of_event(tx, row, event, at)


def trial(tx: Tx, *, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, at: datetime) -> Delivery:
    """Something to try an endpoint out with, whatever it stands at; nothing of it is kept."""
    row = _locked(tx, tenant_id, endpoint_id)
    body = signing.body(kinds.TEST, at=at, data={"sponsor_id": str(tenant_id), "id": str(endpoint_id)})
    return _delivery(tx, row, (0, tx.ids.new(EventId), kinds.TEST), body, at)


def mark(tx: Tx, *, of: Delivery, answer: Answer, at: datetime, again: bool = False) -> Standing | None:
    """Keep what came of a try; None where somebody else was faster, or the endpoint was removed meanwhile.

    One out of turn moves an endpoint only if it was taken, and is what the endpoint was to be told next: a person's
    try costs no patience, and jumps over nothing.
    """
    if not answer.taken:
        heads.lock(tx, tenant_id=of.tenant_id)  # before the endpoint, as a person's word has it: see _locked
    row = _store.locked(tx, tenant_id=of.tenant_id, endpoint_id=of.endpoint_id)
    if row is None:
        return None
    event = of.event_no, of.event_id, of.kind
    history.keep(tx, tenant_id=of.tenant_id, endpoint_id=of.endpoint_id, event=event, answer=answer, at=at, again=again)
    if row.standing.cursor >= of.event_no or (again and not (answer.taken and _is_next(tx, row, of))):
        return None
    standing = schedule.after(row.standing, answer, event_no=of.event_no, at=at)
    _store.stand(tx, tenant_id=of.tenant_id, endpoint_id=of.endpoint_id, standing=standing)
    if standing.state is not row.standing.state:
        said = {"state": str(standing.state), "failures": standing.failures}
        told: dict[str, Any] = {"tenant_id": of.tenant_id, "subject": of.endpoint_id}
        audit.record(tx, **told, action="webhook_endpoint.stop", after=said | {"problem": standing.problem})
        messages.publish(tx, **told, kind="webhook_endpoint.stopped", data=said)
    return standing


def _is_next(tx: Tx, row: EndpointRow, of: Delivery) -> bool:
    event, _ = _next_event(tx, row)
    return event is not None and event.cursor == of.event_no


def _next_event(tx: Tx, row: EndpointRow) -> tuple[Event | None, int]:
    """The first event that the endpoint wants, and up to where there is none before it."""
    seen = row.standing.cursor
    while events := messages.read_after(tx, tenant_id=row.tenant_id, cursor=seen):
        for event in events:
            if kinds.wants(row.kinds, event.kind):
                return event, seen
            seen = event.cursor
    return None, seen


def _of_event(tx: Tx, row: EndpointRow, event: Event, at: datetime) -> Delivery:
    body = signing.body_of(event, tenant_id=row.tenant_id)
    return _delivery(tx, row, (event.cursor, event.event_id, event.kind), body, at)


def _delivery(tx: Tx, row: EndpointRow, of: tuple[int, EventId, str], body: bytes, at: datetime) -> Delivery:
    event_no, message, kind = of
    before = signing.still_signing(_kept(tx, row), at=int(at.timestamp()))
    secrets = [_open(tx, row, _SECRET, row.sealed_secret), *before]
    headers = signing.headers_of(str(message), body, at=at, secrets=secrets)
    return Delivery(row.tenant_id, row.endpoint_id, event_no, message, kind, row.url, headers, body)


def _kept(tx: Tx, row: EndpointRow) -> bytes:
    """The secrets that were replaced; one alone was kept before without its time, which is in the row."""
    if row.sealed_previous_secret is None or row.previous_until is None:
        return b""
    kept = _open(tx, row, _PREVIOUS, row.sealed_previous_secret)
    if len(kept) != signing.SECRET_BYTES:
        return kept
    return signing.replaced(b"", kept, until=int(row.previous_until.timestamp()), at=0)


def _change(
    tx: Tx,
    tenant_id: SponsorId,
    endpoint_id: WebhookEndpointId,
    at: datetime,
    what: str,
    decide: Callable[[EndpointRow], Standing],
) -> WebhookEndpoint:
    row = _locked(tx, tenant_id, endpoint_id)
    standing = decide(row)
    _store.stand(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, standing=standing)
    told: dict[str, Any] = {"tenant_id": tenant_id, "action": f"webhook_endpoint.{what}", "subject": endpoint_id}
    before, after = row.standing, standing
    audit.record(
        tx,
        **told,
        before={"state": str(before.state), "cursor": before.cursor},
        after={"state": str(after.state), "cursor": after.cursor},
    )
    return _shown(replace(row, standing=replace(standing, delivered_at=before.delivered_at)), at)


def _locked(tx: Tx, tenant_id: SponsorId, endpoint_id: WebhookEndpointId) -> EndpointRow:
    """The head first, the endpoint behind it: everybody who takes both takes them in this order."""
    heads.lock(tx, tenant_id=tenant_id)
    row = _store.locked(tx, tenant_id=tenant_id, endpoint_id=endpoint_id)
    if row is None:
        raise Open401kError("The sponsor has no such endpoint.", fix="Take the id from the list of endpoints.")
    return row


def _shown(row: EndpointRow, at: datetime) -> WebhookEndpoint:
    of, until = row.standing, row.previous_until
    return WebhookEndpoint(
        row.endpoint_id,
        row.url,
        row.kinds,
        of.state,
        of.first_failed_at,
        of.failures,
        of.next_at,
        of.problem,
        of.delivered_at,
        until if until is not None and at < until else None,
        row.created_at,
    )


def _seal(tx: Tx, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, column: str, secret: bytes) -> bytes:
    place: dict[str, Any] = {"tenant_id": tenant_id, "table": _TABLE, "column": column, "row_id": endpoint_id}
    return tx.keyring.seal(tx, **place, plaintext=secret)


def _open(tx: Tx, row: EndpointRow, column: str, sealed: bytes) -> bytes:
    place: dict[str, Any] = {"tenant_id": row.tenant_id, "table": _TABLE, "column": column, "row_id": row.endpoint_id}
    return tx.keyring.unseal(tx, **place, sealed=sealed)

"""Every webhook endpoint with news is told of it: in the order of the outbox, at least once, each for itself.

An event that is not taken holds up those behind it at that endpoint, and at no other. Between the answer and its being
kept the process may stop: then the same event is sent again, under the same ``webhook-id``. Not here: when to look.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from open401k.base import rounds, webhooks
from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.base.faults import fault
from open401k.base.webhooks import Answer, Send
from open401k.kernel import Clock, EventId, SponsorId, WebhookEndpointId

log = logging.getLogger("open401k.webhooks")

NAME = "webhooks"
_AT_ONCE = 4
#: Then it is the others' turn: one that answers slowly must not keep them waiting.
_SECONDS_EACH = 30.0


def deliver_due(
    db: Database, *, actor: Actor, send: Send, wall: Clock, ends: Callable[[], bool] = lambda: False
) -> int | None:
    """Tell each endpoint what it may be told now; how many events were taken, None while another process is at it."""
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        found = webhooks.due(tx, at=wall.now())
    if not found:
        return 0

    def tell(of: tuple[SponsorId, WebhookEndpointId]) -> int:
        try:
            return _tell(db, actor, of, send, wall, ends)
        except Exception:  # a bug at one endpoint must not keep the others from their news; it is tried again
            log.exception("%s could not be told", of[1])
            return 0

    with rounds.alone(db, NAME) as mine:
        if not mine:
            return None
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=NAME) as pool:
            return sum(pool.map(tell, found))


def try_out(
    db: Database, *, actor: Actor, tenant_id: SponsorId, endpoint_id: WebhookEndpointId, send: Send, wall: Clock
) -> Answer:
    """Send something now, whatever waits there; what comes of it is told, and changes nothing."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        trial = webhooks.trial(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, at=wall.now())
    return send(trial.url, trial.headers, trial.body)


def send_again(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    endpoint_id: WebhookEndpointId,
    event_id: EventId,
    send: Send,
    wall: Clock,
) -> Answer:
    """Send an event that was sent there before, now and under the same ``webhook-id``; what came of it is kept."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        once_more = webhooks.again(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, event_id=event_id, at=wall.now())
    answer = send(once_more.url, once_more.headers, once_more.body)
    fault("webhooks.after_resend")
    with db.begin(actor, tenants=[tenant_id]) as tx:
        webhooks.mark(tx, of=once_more, answer=answer, at=wall.now(), again=True)
    return answer


def _tell(
    db: Database,
    actor: Actor,
    of: tuple[SponsorId, WebhookEndpointId],
    send: Send,
    wall: Clock,
    ends: Callable[[], bool],
) -> int:
    """One after the other until there is no more, one is not taken, or it has been long enough."""
    tenant_id, endpoint_id = of
    taken, began = 0, time.monotonic()
    while not ends() and time.monotonic() - began < _SECONDS_EACH:
        with db.begin(actor, tenants=[tenant_id]) as tx:
            delivery = webhooks.next_delivery(tx, tenant_id=tenant_id, endpoint_id=endpoint_id, at=wall.now())
        if delivery is None:
            break
        answer = send(delivery.url, delivery.headers, delivery.body)
        fault("webhooks.after_post")
        with db.begin(actor, tenants=[tenant_id]) as tx:
            webhooks.mark(tx, of=delivery, answer=answer, at=wall.now())
        if not answer.taken:
            log.warning("%s did not take event %d: %s", endpoint_id, delivery.event_no, answer.words)
            break
        taken += 1
    return taken

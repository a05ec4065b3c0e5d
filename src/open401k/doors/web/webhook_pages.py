"""The page of one webhook endpoint: what it was sent, what came of it; going on, leaving out, sending again."""

from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base import webhooks
from open401k.base.access import Permission
from open401k.base.webhooks import Sender, WebhookEndpoint
from open401k.flows import webhook_round
from open401k.kernel import EventId, WebhookEndpointId
from open401k.views.heading import heading

from ..guard import Caller, Needs, posted_form, word
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(prefix="/plans/{plan_id}/connections/webhooks", include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Managing = Annotated[Caller, Depends(Needs(Permission.ACCESS_MANAGE))]
Posted = Annotated[FormData, Depends(posted_form)]
_SAID = {
    "pause": "It is told nothing for now; what happens meanwhile waits.",
    "resume": "It goes on where it stood.",
    "skip": "That event is left out; it goes on behind it.",
}


def with_host(of: WebhookEndpoint) -> tuple[WebhookEndpoint, str]:
    """With its host: the rest of an address may be a secret of the receiver's."""
    return of, urlsplit(of.url).netloc


@router.get("/{endpoint_id}")
def endpoint_page(request: Request, caller: Reader, endpoint_id: str) -> Response:
    """Where it stands, and its last tries; what holds up the others comes with how to go on."""
    wanted = named(WebhookEndpointId, endpoint_id)
    with caller.begin() as tx:
        tries = webhooks.tries(tx, tenant_id=caller.tenant, endpoint_id=wanted)  # refuses one that is not there
        known = webhooks.listed(tx, tenant_id=caller.tenant, at=caller.services.wall.now())
        found = next(each for each in known if each.endpoint_id == wanted)
        above = heading(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Webhook endpoint", caller=caller, current="payroll")
    of, host = with_host(found)
    manages = caller.may(Permission.ACCESS_MANAGE)
    return page(request, "webhook", around, heading=above, endpoint=of, host=host, tries=tries, manages=manages)


@router.post("")
def stand(caller: Managing, form: Posted) -> Response:
    """Pause an endpoint of the sponsor's, go on where it stood, or leave out the one event that is not taken."""
    endpoint_id = named(WebhookEndpointId, word(form, "endpoint_id"))
    to = word(form, "to")
    verb = {"resume": webhooks.resume, "skip": webhooks.skip}.get(to, webhooks.pause)
    with caller.begin() as tx:
        verb(tx, tenant_id=caller.tenant, endpoint_id=endpoint_id, at=caller.services.wall.now())
    if word(form, "from") != "endpoint":
        return see_other(f"/plans/{caller.plan}/connections#h-webhooks")
    return _back(caller, endpoint_id, _SAID.get(to, _SAID["pause"]))


@router.post("/{endpoint_id}/resend")
def resend(caller: Managing, form: Posted, endpoint_id: str) -> Response:
    """Send an event again now that was sent there before."""
    services, wanted = caller.services, named(WebhookEndpointId, endpoint_id)
    where: dict[str, Any] = {"tenant_id": caller.tenant, "endpoint_id": wanted, "wall": services.wall}
    answer = webhook_round.send_again(
        services.db,
        actor=caller.actor,
        **where,
        event_id=named(EventId, word(form, "event_id")),
        send=Sender(development=services.settings.sandbox),
    )
    said = f"Taken: answered {answer.status}." if answer.taken else f"Not taken: {answer.words}"
    return _back(caller, wanted, said)


def _back(caller: Caller, endpoint_id: WebhookEndpointId, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/connections/webhooks/{endpoint_id}?said={quote(said[:300])}")

"""Connect a payroll provider in three steps: choose, authorize, see what came. Not here: the API's connections."""

import hashlib
import hmac
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base import webhooks
from open401k.base.access import Permission
from open401k.kernel import ConnectionId, EmployeeId, Open401kError, PlanId, Refused
from open401k.payroll import connection_words
from open401k.payroll import connections as stored
from open401k.payroll.providers import Provider
from open401k.views import connections

from ..guard import Caller, Needs, posted_form, word
from ..payroll_words import pulled
from ..problems import NOT_FOUND, Problem, ProblemError
from .frame import frame, page, see_other
from .webhook_pages import with_host

router = APIRouter(include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Puller = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))]
Connecting = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Managing = Annotated[Caller, Depends(Needs(Permission.ACCESS_MANAGE))]
ConnectingSomewhere = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE, anywhere=True))]
Form = Annotated[FormData, Depends(posted_form)]
#: What a state says of an authorization of another company beside those that are connected at the provider.
_ALSO = "also"


@router.get("/plans/{plan_id}/connections")
def show(request: Request, caller: Reader) -> Response:
    """Where each connection stands; what waits for a person, and how to connect."""
    with caller.begin() as tx:
        shown = connections.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        told = webhooks.listed(tx, tenant_id=caller.tenant, at=caller.services.wall.now())
    may = caller.may(Permission.PLAN_CHANGE)
    known = {each.provider for each in shown.connections}
    offered = _offered(caller) if may else []
    others = [each for each in _offered(caller, also=True) if each[0] in known] if may else []
    around = frame(request, "Payroll providers", caller=caller, current="payroll")
    known_here: dict[str, Any] = {
        "shown": shown,
        "offered": offered,
        "others": others,
        "endpoints": [with_host(e) for e in told],
    }
    manages = caller.may(Permission.ACCESS_MANAGE)
    return page(request, "connections", around, heading=shown.heading, manages=manages, **known_here)


@router.post("/plans/{plan_id}/connections/pull")
def pull(caller: Puller, form: Form) -> Response:
    """Ask a provider now."""
    of = _of(caller, word(form, "connection_id"))
    made = caller.services.connections.pull(actor=caller.actor, tenant_id=caller.tenant, connection_id=of.connection_id)
    said = "" if made["problem"] else f"?said={quote(pulled(made))}"  # a problem stands with its connection
    return see_other(f"/plans/{caller.plan}/connections{said}")


@router.post("/plans/{plan_id}/connections/stand")
def stand(caller: Connecting, form: Form) -> Response:
    """Pause a connection, or resume it."""
    of = _of(caller, word(form, "connection_id"))
    verb = stored.resume if word(form, "to") == "resume" else stored.pause
    with caller.begin() as tx:
        verb(tx, tenant_id=caller.tenant, connection_id=of.connection_id)
    return see_other(f"/plans/{caller.plan}/connections")


@router.post("/plans/{plan_id}/connections/match")
def match(caller: Connecting, form: Form) -> Response:
    """Have the employer's match told to the provider, or not any more."""
    of, tells = _of(caller, word(form, "connection_id")), word(form, "tells") == "yes"
    with caller.begin() as tx:
        stored.tell_match(tx, tenant_id=caller.tenant, connection_id=of.connection_id, tells=tells)
    said = "The match is told with the next round." if tells else "The match ends there with the next round."
    return see_other(f"/plans/{caller.plan}/connections?said={quote(said)}")


@router.post("/plans/{plan_id}/connections/people")
def link(caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], form: Form) -> Response:
    """Say that somebody at the provider is new, where it was not certain."""
    of = _of(caller, word(form, "connection_id"))
    person_id = word(form, "person_id")
    if not any(each["what"] == "person" and each["provider_id"] == person_id for each in of.waits):
        raise ProblemError(NOT_FOUND)
    known = [c for each in of.waits if each.get("provider_id") == person_id for c in each.get("candidates", ())]
    choice = word(form, "employee_id")
    if choice and choice not in known:
        raise ProblemError(NOT_FOUND)
    with caller.begin() as tx:
        employee_id = EmployeeId.parse(choice) if choice else None
        stored.link(tx, of=of, person_id=person_id, employee_id=employee_id)
    return see_other(
        f"/plans/{caller.plan}/connections?said={quote('Kept; it counts when the provider is asked next.')}"
    )


@router.post("/plans/{plan_id}/connections/confirm")
def confirm(caller: Connecting, form: Form) -> Response:
    """Say yes to what only a person can decide of what a provider told."""
    of = _of(caller, word(form, "connection_id"))
    with caller.begin() as tx:
        connection_words.say_yes(tx, of=of, asks=word(form, "asks"))
    return see_other(
        f"/plans/{caller.plan}/connections?said={quote('Kept; it counts when the provider is asked next.')}"
    )


@router.get("/connections/{provider}/back")
def back(caller: ConnectingSomewhere, provider: Provider, code: str = "", state: str = "") -> Response:
    """Where a provider sends a browser back: the state proves that this very session began it."""
    plan_text, _, rest = state.partition(".")
    token, _, also = rest.partition(".")
    if not caller.token or not token.isascii() or not hmac.compare_digest(token, _began(caller.token)):
        raise Open401kError(
            "This connection was not begun in this browser.", fix="Begin at the plan's payroll providers."
        )
    try:
        placed = caller.at(PlanId.parse(plan_text), Permission.PLAN_CHANGE)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None
    if not code:
        raise Open401kError(f"{provider.title()} let nobody in.", fix="Begin again, and say yes there.")
    made = placed.services.connections.add(
        actor=placed.actor,
        tenant_id=placed.tenant,
        plan_id=placed.plan,
        provider=provider,
        code=code[:500],
        since=None,
        also=also == _ALSO,
    )
    if isinstance(made, Refused):
        raise ProblemError(Problem(409, str(made.reason), "Not connected.", made.message, made.fix))
    said = f"{made.company_name} is connected; payrolls from {made.since} on are taken. Ask it now to see what comes."
    return see_other(f"/plans/{placed.plan}/connections?said={quote(said)}")


def _offered(caller: Caller, *, also: bool = False) -> list[tuple[str, str]]:
    """Each provider with the address at which it is authorized; ``also``: for another company of the plan there."""
    if not caller.token:
        return []
    state = f"{caller.plan}.{_began(caller.token)}{f'.{_ALSO}' if also else ''}"
    story = caller.services.connections
    return [(each.title(), story.authorize_url(each, state=state)) for each in story.offered()]


def _began(token: str) -> str:
    """Follows from the session; not the token of its forms, which no address of another site may carry."""
    return hashlib.sha256(b"connect\x00" + token.encode()).hexdigest()


def _of(caller: Caller, connection_id: str) -> stored.Connection:
    try:
        wanted = ConnectionId.parse(connection_id)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None
    with caller.begin() as tx:
        known = stored.of_plan(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    found = next((each for each in known if each.connection_id == wanted), None)
    if found is None:
        raise ProblemError(NOT_FOUND)
    return found

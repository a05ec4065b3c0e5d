"""The one layer every route passes: who asks, for which sponsor and plan, and whether their role allows it.

A route names its :class:`Needs` (or :class:`Open`); ``create_app`` refuses to start with a route that names neither.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.datastructures import FormData, UploadFile

from open401k.base import audit
from open401k.base.access import Denial, Permission, Principal, authorize, permissions, principal_of_key, session_of
from open401k.base.db import ALL_TENANTS, Actor, AllTenants, Tx
from open401k.kernel import PlanId, Refused, SessionId, SponsorId, day_of
from open401k.views import whereabouts

from .limits import limits_of
from .problems import CROSS_SITE, FORBIDDEN, NOT_FOUND, UNAUTHENTICATED, Problem, ProblemError
from .provided import Order, Services

SESSION_COOKIE = "open401k_session"
HOST_COOKIE = "__Host-open401k"
#: What the audit trail calls what somebody tried and may not; what only reads is not kept.
REFUSED = "access.refused"
_READING = ("GET ", "HEAD ", "OPTIONS ")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, already allowed; ``tenant_id`` and ``plan_id`` are what the address named."""

    services: Services
    principal: Principal
    why: str
    token: str | None = None
    session_id: SessionId | None = None
    tenant_id: SponsorId | None = None
    plan_id: PlanId | None = None

    @property
    def actor(self) -> Actor:
        """As the audit trail names them."""
        return self.principal.actor(self.why)

    @property
    def tenant(self) -> SponsorId:
        """The sponsor; asking for it on a route that names none is a bug."""
        if self.tenant_id is None:
            raise LookupError("this route names no sponsor")
        return self.tenant_id

    @property
    def plan(self) -> PlanId:
        """The plan; asking for it on a route that names none is a bug."""
        if self.plan_id is None:
            raise LookupError("this route names no plan")
        return self.plan_id

    def may(self, permission: Permission) -> bool:
        """Whether a page should offer something: the route that does it asks again."""
        return permission in permissions(self.principal, self.tenant_id)

    def begin(self) -> AbstractContextManager[Tx]:
        """A transaction that sees this sponsor only."""
        return self.services.db.begin(self.actor, tenants=[self.tenant])

    def begin_all(self) -> AbstractContextManager[Tx]:
        """A transaction that sees every sponsor this login may see."""
        return self.services.db.begin(self.actor, tenants=self.principal.tenants)

    def begin_where(self, permission: Permission) -> AbstractContextManager[Tx]:
        """A transaction that sees the sponsors at which this login has the permission, and no others."""
        sight = self.principal.tenants
        if not isinstance(sight, AllTenants):
            sight = tuple(tenant for tenant in sight if permission in permissions(self.principal, tenant))
        return self.services.db.begin(self.actor, tenants=sight)

    def at(self, plan_id: PlanId, permission: Permission) -> "Caller":
        """The same caller at a plan that the request's body names, if they may do it there."""
        tenant_id = _tenant_of(self, plan_id)
        _require(self, permission, tenant_id)
        return replace(self, tenant_id=tenant_id, plan_id=plan_id)

    def order(self, key: str) -> Order:
        """What a story needs to know about who asks."""
        return Order(self.actor, self.tenant, self.plan, key)


def services_of(request: Request) -> Services:
    """What app.py gave to ``create_app``."""
    return cast("Services", request.app.state.services)


class Open:
    """Says that a route answers anyone; the reason is part of the code."""

    def __init__(self, because: str) -> None:
        self.because = because

    def __call__(self) -> None:
        """Let the request through."""


class Needs:
    """Lets a request through whose credential has a permission at the sponsor that the address names.

    ``anywhere``: the address names no sponsor; having the permission at any of one's own is enough to come in, and the
    route answers only for those. Without a permission any login may come in.
    """

    def __init__(self, permission: Permission | None, *, anywhere: bool = False) -> None:
        self.permission = permission
        self.anywhere = anywhere

    def __call__(self, request: Request) -> Caller:
        """Who asks, or a problem: 401 without credential, 404 for what is not theirs, 403 for what they may not."""
        caller = identify(request)
        caller = _placed(caller, request.path_params)
        if self.permission is not None and not self.admits(caller.principal):
            _require(caller, self.permission, caller.tenant_id)
        return caller

    def admits(self, principal: Principal) -> bool:
        """Whether a route that names no sponsor lets them in; one that does asks about that sponsor."""
        return self.anywhere and self.permission is not None and _has_anywhere(principal, self.permission)


def identify(request: Request) -> Caller:
    """Who the bearer key or the session cookie speaks for; a request that carries a key is judged by it alone."""
    services = services_of(request)
    header, at = request.headers.get("authorization"), services.wall.now()
    why = f"{request.method} {request.url.path}"
    door = Actor(kind="system", id="door", why=why)
    if header is not None:
        return Caller(services, _holder_of_key(request, services, header, door, at), why)
    with services.db.begin(door, tenants=ALL_TENANTS) as tx:
        if token := request.cookies.get(cookie_name(services)):
            held = session_of(tx, token=token, at=at)
            if not isinstance(held, Refused):
                return Caller(services, held.principal, why, token, held.session_id)
    raise ProblemError(UNAUTHENTICATED)


def _holder_of_key(request: Request, services: Services, header: str, door: Actor, at: datetime) -> Principal:
    """Who a bearer key speaks for; one that fails too often is refused before it is looked up."""
    scheme, _, secret = header.partition(" ")
    limits, secret = limits_of(request), secret.strip()
    limits.refuse_key(request, secret, at)
    if scheme.lower() == "bearer":
        with services.db.begin(door, tenants=ALL_TENANTS) as tx:
            found = principal_of_key(tx, secret=secret, at=at)
        if not isinstance(found, Refused):
            limits.key_held(secret)
            return found
    limits.key_failed(request, secret, at)
    raise ProblemError(UNAUTHENTICATED)


def cookie_name(services: Services) -> str:
    """The session's cookie: bound to this very host where there is TLS."""
    return HOST_COOKIE if services.settings.https else SESSION_COOKIE


def form_token(token: str) -> str:
    """What a form of this session carries: follows from the cookie's token, and does not give it away."""
    return hashlib.sha256(b"form\x00" + token.encode()).hexdigest()


async def posted_form(request: Request) -> AsyncIterator[FormData]:
    """The form of a session, its token compared; a page of another site cannot know it."""
    async with request.form(max_files=1, max_fields=400) as form:
        session = request.cookies.get(cookie_name(services_of(request)))
        token = form.get("csrf")
        if not session or not isinstance(token, str) or not hmac.compare_digest(token, form_token(session)):
            raise ProblemError(CROSS_SITE)
        yield form


def word(form: FormData, name: str) -> str:
    """A text field of a form, trimmed; empty when it is not there."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def file_of(form: FormData, name: str) -> UploadFile:
    """The file of a form; without one the request is refused."""
    value = form.get(name)
    if not isinstance(value, UploadFile) or not value.filename:
        raise ProblemError(Problem(422, "file_missing", "No file was sent.", fix="Choose a file, then send the form."))
    return value


def routes_of(app: FastAPI) -> list[RouteContext]:
    """Every route of the application, those of included routers too."""
    return list(iter_route_contexts(app.routes))


def guards_of(route: RouteContext) -> list["Needs | Open"]:
    """What a route names."""
    dependant = getattr(route, "dependant", None)
    return _guards(dependant) if isinstance(dependant, Dependant) else []


def unguarded(app: FastAPI) -> list[str]:
    """Routes that do not name exactly one :class:`Needs` or :class:`Open`; static files hold nothing to guard."""
    return [str(route.path) for route in routes_of(app) if len(guards_of(route)) != 1 and route.name != "static"]


def _guards(dependant: Dependant) -> list[Needs | Open]:
    found = [dependant.call] if isinstance(dependant.call, Needs | Open) else []
    for inner in dependant.dependencies:
        found.extend(_guards(inner))
    return found


def _placed(caller: Caller, names: Mapping[str, str]) -> Caller:
    try:
        if "sponsor_id" in names:
            return replace(caller, tenant_id=SponsorId.parse(names["sponsor_id"]))
        if "plan_id" in names:
            plan_id = PlanId.parse(names["plan_id"])
            return replace(caller, tenant_id=_tenant_of(caller, plan_id), plan_id=plan_id)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None
    return caller


def _tenant_of(caller: Caller, plan_id: PlanId) -> SponsorId:
    """The sponsor of a plan among those in sight; a plan of others does not exist for this caller.

    A plan never changes its sponsor: whose it is, is asked once; whether this caller may see them, every time.
    """
    kept, sight = caller.services.db.kept, caller.principal.tenants
    known: SponsorId | None = kept.get(("sponsor of", plan_id))
    if known is not None and (isinstance(sight, AllTenants) or known in sight):
        return known
    with caller.begin_all() as tx:
        tenant_id = whereabouts.sponsor_of_plan(tx, plan_id=plan_id)
    if tenant_id is None:
        raise ProblemError(NOT_FOUND)
    kept.put(("sponsor of", plan_id), tenant_id, 1)
    return tenant_id


def _has_anywhere(principal: Principal, permission: Permission) -> bool:
    places: list[SponsorId | None] = [None, *principal.roles, *([principal.key_tenant] if principal.key_tenant else [])]
    return any(permission in permissions(principal, place) for place in places)


def _require(caller: Caller, permission: Permission, tenant_id: SponsorId | None) -> None:
    refused = authorize(caller.principal, permission, tenant_id)
    if refused is None:
        return
    if refused.reason is Denial.OTHER_TENANT:
        raise ProblemError(NOT_FOUND)
    if tenant_id is not None and not caller.why.startswith(_READING):
        _keep_refused(caller, permission, tenant_id)
    raise ProblemError(replace(FORBIDDEN, detail=refused.message, fix=refused.fix))


def _keep_refused(caller: Caller, permission: Permission, tenant_id: SponsorId) -> None:
    """That somebody tried what they may not is on file at that sponsor, once a day for the same."""
    with caller.services.db.begin(caller.actor, tenants=[tenant_id]) as tx:
        asked = f"{day_of(tx.now)} {caller.actor.id} {caller.why}"
        if not audit.recorded(tx, tenant_id=tenant_id, action=REFUSED, subjects=[asked]):
            audit.record(tx, tenant_id=tenant_id, action=REFUSED, subject=asked, after={"permission": permission})

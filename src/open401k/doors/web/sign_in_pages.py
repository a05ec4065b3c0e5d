"""Signing in and out: passkeys, one-time links. Sessions age by the machine's clock, also in a sandbox."""

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from open401k.base import access
from open401k.base.access import NewSession, RelyingParty
from open401k.base.db import ALL_TENANTS, Actor
from open401k.kernel import Refused, UserId

from ..guard import Caller, Needs, Open, cookie_name, form_token, posted_form, services_of, word
from ..limits import limits_of
from ..problems import CROSS_SITE, Problem, ProblemError
from ..provided import Services
from .frame import frame, page, see_other

router = APIRouter(include_in_schema=False)
Anyone = Depends(Open("whoever signs in has no credential yet"))
AnyLogin = Annotated[Caller, Depends(Needs(None))]
DOOR = Actor(kind="system", id="door", why="sign-in")


class Ceremony(BaseModel):
    """The browser's half of a passkey ceremony."""

    csrf: str = ""
    credential: dict[str, Any] = {}


@router.get("/sign-in", dependencies=[Anyone])
def sign_in_page(request: Request) -> Response:
    """The page that takes a passkey or a link."""
    return page(request, "sign_in", frame(request, "Sign in"), problem=None, signed_in=False)


@router.get("/enter/{token}", dependencies=[Anyone])
def enter(request: Request, token: str) -> Response:
    """A one-time link: opening it signs in, once."""
    return _redeem(request, token)


@router.post("/sign-in/link", dependencies=[Anyone])
async def enter_by_form(request: Request) -> Response:
    """The same link, pasted."""
    async with request.form(max_files=0, max_fields=5) as form:
        pasted = word(form, "link")
    return await run_in_threadpool(_redeem, request, pasted.rstrip("/").rpartition("/")[2])


@router.post("/sign-in/passkey/options", dependencies=[Anyone])
def passkey_options(request: Request) -> Response:
    """What the browser needs to ask for a passkey."""
    services = services_of(request)
    limits_of(request).asks(request, services.wall.now())
    with services.db.begin(DOOR, tenants=ALL_TENANTS) as tx:
        options = access.begin_authentication(tx, party=party_of(services), at=services.wall.now())
    return JSONResponse(options)


@router.post("/sign-in/passkey", dependencies=[Anyone])
def passkey(request: Request, ceremony: Ceremony) -> Response:
    """Sign in with what the passkey answered."""
    services = services_of(request)
    at, limits = services.wall.now(), limits_of(request)
    limits.refuse_address(request, at)
    with services.db.begin(DOOR, tenants=ALL_TENANTS) as tx:
        outcome = access.finish_authentication(tx, party=party_of(services), credential=ceremony.credential, at=at)
    if isinstance(outcome, Refused):
        limits.address_failed(request, at)
        raise ProblemError(Problem(401, outcome.reason, "Not signed in.", outcome.message, outcome.fix))
    return _with_cookie(services, JSONResponse({"next": "/"}), outcome)


@router.post("/sign-out")
def sign_out(caller: AnyLogin, form: Annotated[FormData, Depends(posted_form)]) -> Response:
    """End this session."""
    del form  # its token was compared
    if caller.session_id is not None:
        with caller.services.db.begin(caller.actor, tenants=ALL_TENANTS) as tx:
            access.end_session(tx, session_id=caller.session_id, at=caller.services.wall.now())
    answer = see_other("/sign-in")
    answer.delete_cookie(cookie_name(caller.services), path="/")
    return answer


@router.get("/account")
def account(request: Request, caller: AnyLogin) -> Response:
    """How this login signs in."""
    return page(request, "account", frame(request, "Your sign-in", caller=caller))


@router.post("/account/passkey/options")
def new_passkey_options(caller: AnyLogin, ceremony: Ceremony) -> Response:
    """What the browser needs to make a passkey."""
    services, user_id = _same_page(caller, ceremony)
    with services.db.begin(caller.actor, tenants=ALL_TENANTS) as tx:
        options = access.begin_registration(tx, party=party_of(services), user_id=user_id, at=services.wall.now())
    return JSONResponse(options)


@router.post("/account/passkey")
def new_passkey(caller: AnyLogin, ceremony: Ceremony) -> Response:
    """Keep the passkey that the browser made."""
    services, user_id = _same_page(caller, ceremony)
    with services.db.begin(caller.actor, tenants=ALL_TENANTS) as tx:
        outcome = access.finish_registration(
            tx,
            party=party_of(services),
            user_id=user_id,
            credential=ceremony.credential,
            label="this device",
            at=services.wall.now(),
        )
    if isinstance(outcome, Refused):
        raise ProblemError(Problem(422, outcome.reason, "The passkey was not kept.", outcome.message, outcome.fix))
    return JSONResponse({"next": "/account?said=The+passkey+was+added."})


def party_of(services: Services) -> RelyingParty:
    """Who asks for the passkey: the host of our origin (a name; browsers refuse bare addresses)."""
    origin = services.settings.origin
    host = origin.partition("://")[2].partition("/")[0].rpartition(":")[0] or origin.partition("://")[2]
    return RelyingParty(id=host, name="Open401k", origin=origin)


def _same_page(caller: Caller, ceremony: Ceremony) -> tuple[Services, UserId]:
    token = caller.token
    if token is None or not hmac.compare_digest(ceremony.csrf, form_token(token)):
        raise ProblemError(CROSS_SITE)
    if not isinstance(caller.principal.id, UserId):
        raise ProblemError(CROSS_SITE)
    return caller.services, caller.principal.id


def _redeem(request: Request, token: str) -> Response:
    services = services_of(request)
    at, limits = services.wall.now(), limits_of(request)
    limits.refuse_address(request, at)
    with services.db.begin(DOOR, tenants=ALL_TENANTS) as tx:
        outcome = access.redeem_link(tx, token=token, at=at)
    if isinstance(outcome, Refused):
        limits.address_failed(request, at)
        problem = Problem(401, outcome.reason, outcome.message, outcome.fix)
        here = cookie_name(services) in request.cookies
        return page(request, "sign_in", frame(request, "Sign in"), status=401, problem=problem, signed_in=here)
    return _with_cookie(services, see_other("/"), outcome)


def _with_cookie(services: Services, answer: Response, session: NewSession) -> Response:
    answer.set_cookie(
        cookie_name(services), session.token, path="/", httponly=True, samesite="lax", secure=services.settings.https
    )
    return answer

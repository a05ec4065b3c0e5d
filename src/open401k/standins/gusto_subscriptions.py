"""Webhook subscriptions of the stand-in for Gusto: made, proven, verified, by tokens of system access only."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .grants import Grants
from .gusto_webhooks import Webhooks

_SECONDS = 7_200


class _Gusto(Protocol):
    """The part of the stand-in that this needs."""

    grants: Grants
    webhooks: Webhooks


Handler = Callable[[Any, Request], Awaitable[Response]]


def system_access(webhooks: Webhooks, grants: Grants) -> dict[str, Any]:
    """A token of the application itself."""
    made = grants.random.token(16).hex()
    webhooks.system.add(made)
    at = int(grants.clock.now().timestamp())
    return {"access_token": made, "token_type": "Bearer", "created_at": at, "expires_in": _SECONDS}


def _system(answer: Handler) -> Handler:
    async def run(gusto: _Gusto, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in gusto.webhooks.system:
            return JSONResponse({"errors": []}, status_code=401)
        uuid = request.path_params.get("uuid", "")
        if uuid and uuid not in gusto.webhooks.subscriptions:
            error = {"error_key": "request", "category": "not_found", "message": "It was not found."}
            return JSONResponse({"errors": [error]}, status_code=404)
        return await answer(gusto, request)

    return run


async def _list(gusto: _Gusto, request: Request) -> Response:
    del request
    return JSONResponse(list(gusto.webhooks.subscriptions.values()))


async def _get(gusto: _Gusto, request: Request) -> Response:
    return JSONResponse(gusto.webhooks.subscriptions[request.path_params["uuid"]])


async def _make(gusto: _Gusto, request: Request) -> Response:
    sent = await request.json()
    if any(each["url"] == sent["url"] for each in gusto.webhooks.subscriptions.values()):
        error = {"error_key": "url", "category": "invalid_attribute_value", "message": "It is taken."}
        return JSONResponse({"errors": [error]}, status_code=422)
    uuid = gusto.grants.random.token(16).hex()
    made = {"uuid": uuid, "url": sent["url"], "status": "pending", "subscription_types": sent["subscription_types"]}
    gusto.webhooks.subscriptions[uuid] = made
    gusto.webhooks.tokens[uuid] = gusto.grants.random.token(16).hex()
    await gusto.webhooks.prove(uuid)
    return JSONResponse(made, status_code=201)


async def _remove(gusto: _Gusto, request: Request) -> Response:
    del gusto.webhooks.subscriptions[request.path_params["uuid"]]
    return Response(status_code=204)


async def _ask(gusto: _Gusto, request: Request) -> Response:
    await gusto.webhooks.prove(request.path_params["uuid"])
    return JSONResponse({})


async def _verify(gusto: _Gusto, request: Request) -> Response:
    uuid, sent = request.path_params["uuid"], await request.json()
    if not gusto.webhooks.verify(uuid, sent.get("verification_token", "")):
        error = {"error_key": "verification_token", "category": "invalid_attribute_value", "message": "It is wrong."}
        return JSONResponse({"errors": [error]}, status_code=422)
    return JSONResponse(gusto.webhooks.subscriptions[uuid])


_ONE = "/v1/webhook_subscriptions/{uuid}"
SUBSCRIPTIONS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/v1/webhook_subscriptions", _system(_list)),
    ("POST", "/v1/webhook_subscriptions", _system(_make)),
    ("GET", _ONE, _system(_get)),
    ("DELETE", _ONE, _system(_remove)),
    ("GET", f"{_ONE}/request_verification_token", _system(_ask)),
    ("PUT", f"{_ONE}/verify", _system(_verify)),
)

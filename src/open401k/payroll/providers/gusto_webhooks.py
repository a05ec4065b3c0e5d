"""Our application's subscription at Gusto: made, asked to prove itself, verified. Not here: companies (gusto.py).

By ``/v1/webhook_subscriptions`` of its description: a subscription that is made, or asked to, posts a verification
token to our address; sent back with a token of system access, it is verified, and the same token signs what comes.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from .client import Client, Surroundings, unauthorized
from .connector import ProviderError, Tokens, Trouble
from .gusto import API_VERSION, Application

#: What a pull could have to ask for.
TYPES = ("Payroll", "ExternalPayroll", "Employee", "EmployeeBenefit", "EmployeeJobCompensation", "CompanyBenefit")
_PATH = "/v1/webhook_subscriptions"


class _System:
    """A token of system access: asked for when it is needed, and kept nowhere."""

    def __init__(self) -> None:
        self.tokens = Tokens("")

    def current(self) -> Tokens:
        return self.tokens

    def renew(self, used: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        del used, refresh
        raise unauthorized(f"GET {_PATH}")


@contextmanager
def _system(application: Application, around: Surroundings) -> Iterator[Client]:
    held = _System()
    headers = {"X-Gusto-API-Version": API_VERSION, "accept": "application/json"}
    client = Client(base_url=application.url, headers=headers, tokens=held, refresh=lambda _, used: used, around=around)
    body = {
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "grant_type": "system_access",
    }
    try:
        told = client.send_openly("/oauth/token", body).told
        held.tokens = Tokens(told.text("access_token"), "", client.now + timedelta(seconds=told.number("expires_in")))
        yield client
    finally:
        client.close()


def subscribe(application: Application, *, url: str, around: Surroundings) -> str:
    """Have a verification token posted to ``url``; the subscription's id.

    One that waits for its token is asked for it again; one that is verified, whose token we do not have, is made anew.
    """
    with _system(application, around) as client:
        for told in list(client.get(_PATH).told.items()):
            if told.text("url") != url:
                continue
            subscription_id, status = told.text("uuid"), told.text("status")
            if status == "pending":
                client.get(f"{_PATH}/{subscription_id}/request_verification_token")
                return subscription_id
            client.send("DELETE", f"{_PATH}/{subscription_id}", None)
        made = client.send("POST", _PATH, {"url": url, "subscription_types": list(TYPES)}).told
        return made.text("uuid")


def verify(application: Application, *, subscription_id: str, token: str, url: str, around: Surroundings) -> bool:
    """Send a token back: whether Gusto takes it for the subscription of this address, and it is verified now."""
    with _system(application, around) as client:
        try:
            if client.get(f"{_PATH}/{subscription_id}").told.text("url") != url:
                return False
            told = client.send("PUT", f"{_PATH}/{subscription_id}/verify", {"verification_token": token}).told
        except ProviderError as error:
            if error.trouble is Trouble.REFUSED:
                return False
            raise
        return told.text("status") == "verified"


def proof_in(body: bytes) -> tuple[str, str] | None:
    """The token and the subscription of a post by which Gusto asks whether an address is ours; None: it is none.

    Gusto's description names the token and leaves the body out; both names are those that a published receiver reads.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    token, of = (
        (said.get("verification_token"), said.get("webhook_subscription_uuid")) if type(said) is dict else (0, 0)
    )
    if not isinstance(token, str) or not isinstance(of, str):
        return None
    fits = all(0 < len(each) <= 200 and each.replace("-", "").isalnum() and each.isascii() for each in (token, of))
    return (token, of) if fits else None

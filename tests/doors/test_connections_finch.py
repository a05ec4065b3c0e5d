"""Finch through every door: page, API, webhooks by their signature; without a registration it is not offered."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from tests.doors.conftest import connecting_plan
from tests.doors.world import ORIGIN, World
from tests.support import standin
from tests.support.standin import StandIn, authorized

from open401k.base.access import ALLOWED, Role
from open401k.base.settings import Settings
from open401k.doors.connecting import ConnectionStories, ProviderSettings
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import Open401kError, PlanId, SeededRandom, SponsorId
from open401k.payroll.providers import Provider, Surroundings, finch, gusto
from open401k.standins.finch_http import CLIENT_ID, CLIENT_SECRET

SECRET = base64.b64encode(b"a secret of Finch's").decode()
Place = tuple[SponsorId, PlanId]
PERSON = {
    "key": "welder",
    "first_name": "Tom",
    "last_name": "Berg",
    "ssn": "900114455",
    "date_of_birth": "1991-11-30",
    "hire_date": "2022-07-01",
    "salary_cents": 5_200_000,
}


@pytest.fixture
def server() -> Iterator[StandIn]:
    with standin.finch() as running:
        sent = {"name": "Acme", "ein": "12-3456789", "first_check": "2026-01-16", "people": [PERSON]}
        running.tell("/companies", sent)
        yield running


@pytest.fixture
def registered(world: World, server: StandIn) -> World:
    """An installation that is registered with Finch alone."""
    at_finch = finch.Application(CLIENT_ID, CLIENT_SECRET, server.url)
    known = ProviderSettings(at_finch=at_finch, finch_webhook_secret=SECRET)
    around = Surroundings(world.wall, lambda _: None, SeededRandom(1))
    world.connections = ConnectionStories(world.db, settings=known, around=around, origin=ORIGIN)
    return world


@pytest.fixture
def place(registered: World) -> Iterator[Place]:
    with connecting_plan(registered) as made:
        yield made


def test_three_steps_in_a_browser(registered: World, place: Place) -> None:
    token = registered.session(registered.user("The sponsor", place[0], Role.SPONSOR))
    with TestClient(registered.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        address = f"/plans/{place[1]}/connections"
        page = browser.get(address).text
        assert ("Connect Finch" in page, "Connect Gusto" in page) == (True, False)
        link = page.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
        back = authorized(link)
        assert back.startswith(f"{ORIGIN}/connections/finch/back?code=")
        done = browser.get(back.removeprefix(ORIGIN))
        assert done.status_code == 303, done.text
        page = browser.get(done.headers["location"]).text
        assert "Acme at Finch" in page
        connection = page.split('name="connection_id" value="')[1].split('"')[0]
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        asked = browser.post(f"{address}/pull", data={"csrf": csrf, "connection_id": connection})
        assert "1%20person%20added" in asked.headers["location"]


def test_the_api_connects_pulls_and_hears(registered: World, server: StandIn, place: Place) -> None:
    headers = {"Authorization": f"Bearer {registered.key(place[0], *ALLOWED[Role.SPONSOR])}"}
    base = f"/v1/plans/{place[1]}/connections"
    with TestClient(registered.app(), base_url=ORIGIN, headers=headers) as client:
        url = client.get(f"{base}/authorization", params={"provider": "finch", "state": "x"}).json()["url"]
        code = authorized(url).partition("code=")[2].partition("&")[0]
        made = client.post(base, json={"provider": "finch", "code": code}, headers={"Idempotency-Key": "once"})
        assert made.status_code == 201, made.text
        pulled = client.post(f"{base}/{made.json()['connection_id']}/pull", headers={"Idempotency-Key": "pull"}).json()
        assert (pulled["ok"], pulled["people_added"]) == (True, 1), pulled
        wrong = client.post(base, json={"provider": "finch", "code": "no"}, headers={"Idempotency-Key": "other"})
        assert wrong.status_code == 422
        gusto_too = client.get(f"{base}/authorization", params={"provider": "gusto"})
        assert "OPEN401K_GUSTO_CLIENT_ID" in gusto_too.json()["fix"]
        company = server_company(server)
        event = {"company_id": company, "account_id": "a", "event_type": "payment.created"}

        def ask(path: str = "/v1/webhooks/finch", **sent: Any) -> httpx2.Response:
            return client.post(path, **sent)

        assert ask(**signed(event)).json() == {"news": True}
        assert ask(**signed(event)).json() == {"news": False}
        assert ask(**{**signed(event), "content": b"{}"}).status_code == 401
        assert ask("/v1/webhooks/gusto", **signed(event)).status_code == 401


def server_company(server: StandIn) -> str:
    return str(httpx2.get(f"{server.url}/_sandbox/companies").json()["companies"][0])


def signed(event: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(event).encode()
    made = hmac.digest(base64.b64decode(SECRET), b"e-1.1767225600." + body, "sha256")
    headers = {"finch-event-id": "e-1", "finch-timestamp": "1767225600"}
    return {"content": body, "headers": headers | {"finch-signature": f"v1,{base64.b64encode(made).decode()}"}}


@pytest.mark.parametrize("registered_with", [[], [Provider.GUSTO], [Provider.FINCH], [Provider.GUSTO, Provider.FINCH]])
def test_only_what_is_configured_is_offered(world: World, registered_with: list[Provider]) -> None:
    known = ProviderSettings(
        at_gusto=gusto.Application("id", "secret") if Provider.GUSTO in registered_with else None,
        at_finch=finch.Application("id", "secret") if Provider.FINCH in registered_with else None,
    )
    around = Surroundings(world.wall, lambda _: None, SeededRandom(1))
    stories = ConnectionStories(world.db, settings=known, around=around, origin=ORIGIN)
    assert stories.offered() == registered_with
    assert stories.hear(Provider.FINCH, headers={}, body=b"{}") is None


def test_half_a_registration_is_refused() -> None:
    with pytest.raises(Open401kError):
        Settings.from_env({"OPEN401K_FINCH_CLIENT_ID": "id"}).of_provider(Provider.FINCH)

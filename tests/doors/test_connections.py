"""Connecting a provider through every door, against the stand-in: page, API, command; webhooks by their signature."""

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from tests.doors.conftest import connecting_plan, new_plan
from tests.doors.world import ORIGIN, World
from tests.support import standin
from tests.support.database import TESTER
from tests.support.standin import StandIn, authorized

from open401k.base.access import ALLOWED, Role
from open401k.doors.connecting import ConnectionStories, ProviderSettings
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import PlanId, SeededRandom, SponsorId
from open401k.payroll import connections
from open401k.payroll.providers import Company, Provider, Surroundings, Tokens, gusto
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET

WEBHOOK_TOKEN = "6590f590-3dba-495e-9bea-c361e1e2efc0"
Place = tuple[SponsorId, PlanId]
PERSON = {
    "key": "welder",
    "first_name": "Tom",
    "last_name": "Berg",
    "date_of_birth": "1991-11-30",
    "hire_date": "2022-07-01",
    "salary_cents": 5_200_000,
}


@pytest.fixture
def server() -> Iterator[StandIn]:
    with standin.gusto() as running:
        sent = {"name": "Acme", "ein": "12-3456789", "first_check": "2026-01-16", "people": [PERSON]}
        running.tell("/companies", sent)
        yield running


@pytest.fixture
def registered(world: World, server: StandIn) -> World:
    """An installation that is registered with the provider."""
    known = ProviderSettings(gusto.Application(CLIENT_ID, CLIENT_SECRET, server.url), WEBHOOK_TOKEN)
    around = Surroundings(world.wall, lambda _: None, SeededRandom(1))
    world.connections = ConnectionStories(world.db, settings=known, around=around, origin=ORIGIN)
    return world


@pytest.fixture
def place(registered: World) -> Iterator[Place]:
    with connecting_plan(registered) as made:
        yield made


@pytest.fixture
def browser(registered: World, place: Place) -> Iterator[TestClient]:
    token = registered.session(registered.user("The sponsor", place[0], Role.SPONSOR))
    with TestClient(registered.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, token)
        yield client


def form(page: str, **fields: str) -> dict[str, str]:
    return {"csrf": page.split('name="csrf" value="')[1].split('"')[0], **fields}


def test_three_steps_in_a_browser(browser: TestClient, server: StandIn, place: Place) -> None:
    address = f"/plans/{place[1]}/connections"
    page = browser.get(address).text
    link = page.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    back = authorized(link)
    assert back.startswith(f"{ORIGIN}/connections/gusto/back?code=")
    done = browser.get(back.removeprefix(ORIGIN))
    assert done.status_code == 303, done.text
    page = browser.get(done.headers["location"]).text
    assert "Acme at Gusto" in page
    assert "Not asked yet" in page
    connection = page.split('name="connection_id" value="')[1].split('"')[0]
    asked = browser.post(f"{address}/pull", data=form(page, connection_id=connection))
    assert "1%20person%20added" in asked.headers["location"]
    assert "Everything it told until" in browser.get(address).text
    assert "match is not told there" in browser.get(address).text
    for tells, said in (("yes", "match is told there"), ("no", "match is not told there")):
        chosen = browser.post(f"{address}/match", data=form(page, connection_id=connection, tells=tells))
        assert chosen.status_code == 303
        assert said in browser.get(address).text
    paused = browser.post(f"{address}/stand", data=form(page, connection_id=connection, to="pause"))
    assert paused.status_code == 303
    assert "Paused" in browser.get(address).text


def test_another_company_of_the_plan_is_connected_by_a_word(
    browser: TestClient, server: StandIn, place: Place, registered: World
) -> None:
    address = f"/plans/{place[1]}/connections"
    link = browser.get(address).text.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    assert browser.get(authorized(link).removeprefix(ORIGIN)).status_code == 303
    sent = {"name": "Acme Sister", "ein": "98-7654321", "first_check": "2026-01-16", "people": [{**PERSON, "key": "b"}]}
    sister = server.tell("/companies", sent)["company_uuid"]
    refused = browser.get(authorized(f"{link}&company={sister}").removeprefix(ORIGIN))
    assert refused.status_code == 409
    assert "Acme at Gusto already" in refused.text
    page = browser.get(address).text
    other = page.split("Connect another company at Gusto")[0].rpartition('href="')[2].split('"')[0]
    back = authorized(f"{other.replace('&amp;', '&')}&company={sister}")
    assert browser.get(back.removeprefix(ORIGIN)).status_code == 303
    assert "EIN 98-7654321" in browser.get(address).text
    headers = {"Authorization": f"Bearer {registered.key(place[0], *ALLOWED[Role.SPONSOR])}"}
    with TestClient(registered.app(), base_url=ORIGIN, headers=headers) as client:
        third = server.tell("/companies", {**sent, "name": "Acme Third", "ein": ""})["company_uuid"]
        code = authorized(f"{link}&company={third}").partition("code=")[2].partition("&")[0]
        body = {"provider": "gusto", "code": code, "also": True}
        made = client.post(f"/v1{address}", json=body, headers={"Idempotency-Key": "third"})
        assert (made.status_code, made.json()["ein"]) == (201, "")
        assert {each["ein"] for each in client.get(f"/v1{address}").json()["items"]} == {"12-3456789", "98-7654321", ""}


def test_beside_a_paused_company_without_an_ein_another_one_can_be_said_to_be_another(
    browser: TestClient, server: StandIn, place: Place
) -> None:
    address = f"/plans/{place[1]}/connections"
    sent = {"name": "Acme Old", "ein": "", "first_check": "2026-01-16", "people": [PERSON]}
    old = server.tell("/companies", sent)["company_uuid"]
    link = browser.get(address).text.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    made = browser.get(authorized(f"{link}&company={old}").removeprefix(ORIGIN))
    assert "payrolls%20from%202026-01-01%20on" in made.headers["location"]
    page = browser.get(address).text
    connection = page.split('name="connection_id" value="')[1].split('"')[0]
    assert "is not on file" not in page
    browser.post(f"{address}/pull", data=form(page, connection_id=connection))
    browser.post(f"{address}/stand", data=form(page, connection_id=connection, to="pause"))
    page = browser.get(address).text
    assert "The EIN of Acme Old, paused, is not on file" in page
    assert "Connect another company at Gusto" in page


def test_a_return_that_was_not_begun_here_connects_nothing(browser: TestClient, server: StandIn, place: Place) -> None:
    page = browser.get(f"/plans/{place[1]}/connections").text
    link = page.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    back = authorized(link).removeprefix(ORIGIN)
    code, _, state = back.partition("&state=")
    for wrong in ("", f"{place[1]}.", f"{place[1]}.{'0' * 64}", state[:-1]):
        assert browser.get(f"{code}&state={wrong}").status_code == 422
    assert "Acme at Gusto" not in browser.get(f"/plans/{place[1]}/connections").text


def test_the_api_connects_pulls_and_tells(registered: World, server: StandIn, place: Place) -> None:
    key = registered.key(place[0], *ALLOWED[Role.SPONSOR])
    headers = {"Authorization": f"Bearer {key}"}
    base = f"/v1/plans/{place[1]}/connections"
    with TestClient(registered.app(), base_url=ORIGIN, headers=headers) as client:
        url = client.get(f"{base}/authorization", params={"provider": "gusto", "state": "x"}).json()["url"]
        code = authorized(url).partition("code=")[2].partition("&")[0]
        body = {"provider": "gusto", "code": code}
        made = client.post(base, json=body, headers={"Idempotency-Key": "once"})
        assert made.status_code == 201, made.text
        assert client.post(base, json=body, headers={"Idempotency-Key": "once"}).json() == made.json()
        connection = made.json()["connection_id"]
        pulled = client.post(f"{base}/{connection}/pull", headers={"Idempotency-Key": "command 1"}).json()
        assert (pulled["ok"], pulled["people_added"]) == (True, 1), pulled
        (line,) = client.get(base).json()["items"]
        assert (line["state"], line["problem"], line["since"]) == ("connected", "", "2026-01-01")
        assert (
            client.post(f"{base}/{connection}/pause", headers={"Idempotency-Key": "command 2"}).json()["state"]
            == "paused"
        )
        assert (
            client.post(f"{base}/{connection}/resume", headers={"Idempotency-Key": "command 3"}).json()["state"]
            == "connected"
        )
        assert line["tells_match"] is False
        for number, change in enumerate(("tell-match", "tell-match", "keep-match")):
            told = client.post(f"{base}/{connection}/{change}", headers={"Idempotency-Key": f"match {number}"}).json()
            assert (told["tells_match"], told["state"]) == (change == "tell-match", "connected")
        assert client.post(f"{base}/{connection}/forget", headers={"Idempotency-Key": "command 4"}).status_code == 422
        assert client.post(f"{base}/con_{'0' * 32}/pull", headers={"Idempotency-Key": "command 5"}).status_code == 422
        wrong = client.post(base, json={"provider": "gusto", "code": "no"}, headers={"Idempotency-Key": "other"})
        assert wrong.status_code == 422


def test_without_a_registration_nothing_can_be_connected(world: World) -> None:
    tenant, plan_id = new_plan(world, "Unregistered, LLC")
    key = world.key(tenant, *ALLOWED[Role.SPONSOR])
    with TestClient(world.app(), base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as client:
        answered = client.get(f"/v1/plans/{plan_id}/connections/authorization", params={"provider": "gusto"})
        assert answered.status_code == 422
        assert "OPEN401K_GUSTO_CLIENT_ID" in answered.json()["fix"]


def signed(event: dict[str, Any], token: str = WEBHOOK_TOKEN) -> dict[str, Any]:
    body = json.dumps(event).encode()
    made = hmac.digest(token.encode(), body, "sha256").hex()
    return {"content": body, "headers": {"x-gusto-signature": made}}


def test_a_webhook_is_let_in_by_its_signature_alone(registered: World, place: Place) -> None:
    with registered.db.begin(TESTER, tenants=[place[0]]) as tx:
        of = connections.add(
            tx,
            tenant_id=place[0],
            plan_id=place[1],
            provider=Provider.GUSTO,
            company=Company("company-1", "Acme"),
            tokens=Tokens("a", "r", datetime(2030, 1, 1, tzinfo=UTC)),
            since=date(2026, 1, 1),
        )
    assert isinstance(of, connections.Connection)
    event = {"uuid": "e-1", "event_type": "payroll.processed", "resource_uuid": "company-1", "entity_uuid": "p-1"}
    with TestClient(registered.app(), base_url=ORIGIN) as client:

        def ask(**sent: Any) -> httpx2.Response:
            return client.post("/v1/webhooks/gusto", **sent)

        assert ask(**signed(event)).json() == {"news": True}
        assert ask(**signed(event)).json() == {"news": False}
        assert ask(**signed({**event, "uuid": "e-2", "resource_uuid": "nobody's"})).json() == {"news": False}
        assert ask(**signed(event, "another token")).status_code == 401
        assert ask(**{**signed(event), "content": b"{}"}).status_code == 401
        assert ask(content=json.dumps(event).encode()).status_code == 401
        assert ask(**signed({"uuid": "e-3"})).status_code == 401
        assert ask(content=json.dumps({"verification_token": WEBHOOK_TOKEN}).encode()).status_code == 202
        assert ask(content=json.dumps({"verification_token": "guessed"}).encode()).status_code == 401
        assert ask(content=b"[" * 100_000).status_code == 401

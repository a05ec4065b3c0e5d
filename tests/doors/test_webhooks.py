"""Webhooks as providers send them: Gusto's subscribed and proven by us, Finch's by their secret; pulled once."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest
import uvicorn
from tests.doors.conftest import new_plan
from tests.doors.test_connections_finch import PERSON
from tests.doors.world import World
from tests.support import standin
from tests.support.database import TESTER
from tests.support.standin import StandIn

from open401k.doors.connecting import ConnectionStories, ProviderSettings
from open401k.flows import provider_webhooks
from open401k.flows.provider_webhooks import Address, subscribe
from open401k.kernel import FixedClock, SeededRandom
from open401k.payroll import connections
from open401k.payroll.providers import Company, Patience, Provider, Surroundings, Tokens, finch, gusto
from open401k.payroll.webhook_subscriptions import State
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET


@pytest.fixture
def server() -> Iterator[StandIn]:
    with standin.gusto() as running:
        yield running


@pytest.fixture
def at(world: World, server: StandIn) -> Address:
    """An address of ours that nobody listens at yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{probe.getsockname()[1]}"
    around = Surroundings(world.wall, lambda _: None, SeededRandom(1), None, Patience(tries=1))
    application = gusto.Application(CLIENT_ID, CLIENT_SECRET, server.url)
    world.connections = ConnectionStories(
        world.db, settings=ProviderSettings(application), around=around, origin=origin
    )
    return Address(application, f"{origin}/v1/webhooks/gusto", around)


@contextmanager
def listening(world: World, at: Address) -> Iterator[None]:
    """Our application, at its address."""
    port = int(at.url.split(":")[2].split("/")[0])
    running = uvicorn.Server(uvicorn.Config(world.app(), port=port, log_level="warning"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield
    running.should_exit = True
    thread.join(timeout=10)


def ask(at: Address, **said: str) -> int:
    return httpx2.post(at.url, json=said).status_code


def test_what_could_not_be_proven_is_asked_for_again_and_then_signs_what_comes(
    world: World, server: StandIn, at: Address, clock: FixedClock
) -> None:
    db = world.db
    assert subscribe(db, actor=TESTER, at=at) is State.ASKED  # nobody listened: the token came to nothing
    known = provider_webhooks.known(db, actor=TESTER, url=at.url)
    assert known is not None
    assert known.subscription_id
    with listening(world, at):
        assert ask(at, verification_token="guessed", webhook_subscription_uuid=known.subscription_id) == 401
        assert ask(at, verification_token="guessed", webhook_subscription_uuid="another") == 401
        assert subscribe(db, actor=TESTER, at=at) is State.ASKED  # not before half a day has passed
        clock.advance(timedelta(hours=13))
        assert ask(at, verification_token="late", webhook_subscription_uuid=known.subscription_id) == 401
        assert subscribe(db, actor=TESTER, at=at) is State.VERIFIED
        assert subscribe(db, actor=TESTER, at=at, soon=True) is State.VERIFIED
        assert world.connections.webhooks(actor=TESTER) == "verified"
        proven = provider_webhooks.known(db, actor=TESTER, url=at.url)
        assert proven is not None
        assert proven.subscription_id == known.subscription_id
        assert ask(at, verification_token=proven.token, webhook_subscription_uuid=proven.subscription_id) == 202
        assert ask(at, verification_token="another", webhook_subscription_uuid=proven.subscription_id) == 401
        company = {"name": "Acme", "ein": "12-3456789", "first_check": "2026-01-16", "people": []}
        server.tell("/companies", company)
        server.tell("/clock", {"to": "2026-02-01"})
        delivered = server.tell("/webhooks", {"url": at.url, "secret": proven.token})
        assert delivered["sent"] > 0
        assert delivered["failed"] == 1  # the token, at the beginning
        forged = httpx2.post(at.url, content=json.dumps({"uuid": "e"}), headers={"x-gusto-signature": "0" * 64})
        assert forged.status_code == 401


def test_a_provider_that_does_not_subscribe_is_told_of_and_stops_nothing(
    world: World, server: StandIn, at: Address
) -> None:
    server.misbehave(faults=[{"status": 503, "times": 1, "path": "/oauth/token"}])
    assert subscribe(world.db, actor=TESTER, at=at) is State.FAILED
    assert world.connections.webhooks(actor=TESTER).startswith("failed: POST /oauth/token")


def test_finch_tells_of_a_payment_it_is_pulled_and_what_is_sent_again_or_forged_is_no_news(
    world: World, at: Address
) -> None:
    secret = base64.b64encode(b"a secret of Finch's").decode()
    sponsor, plan_id = new_plan(world, "Acme Tool & Die, Inc.")
    with standin.finch() as finch_server:
        sent = {"name": "Acme", "ein": "12-3456789", "first_check": "2026-01-16", "people": [PERSON]}
        made = finch_server.tell("/companies", sent)
        known = ProviderSettings(
            at_finch=finch.Application(CLIENT_ID, CLIENT_SECRET, finch_server.url), finch_webhook_secret=secret
        )
        world.connections = ConnectionStories(world.db, settings=known, around=at.around, origin=at.url)
        with world.db.begin(TESTER, tenants=[sponsor]) as tx:
            of = connections.add(
                tx, tenant_id=sponsor, plan_id=plan_id, provider=Provider.FINCH,
                company=Company(made["company_uuid"], "Acme"), tokens=Tokens(made["tokens"]["access_token"]),
                since=date(2026, 1, 1),
            )  # fmt: skip
        assert isinstance(of, connections.Connection)
        where: dict[str, Any] = {"tenant_id": sponsor, "connection_id": of.connection_id}
        world.connections.pull(actor=TESTER, **where)
        assert not news(world, of)
        url = at.url.replace("gusto", "finch")
        with listening(world, at):
            finch_server.tell("/webhooks", {"url": url, "secret": base64.b64encode(b"another").decode()})
            finch_server.misbehave(webhook_copies=3)
            finch_server.tell("/clock", {"to": "2026-01-20"})
            forged = finch_server.tell("/webhooks", {"url": url, "secret": secret})
            assert (forged["sent"], forged["failed"]) == (4, 1)  # the forged one, and then three of the true one
            assert news(world, of)
        world.clock.advance_to(datetime(2026, 1, 20, 17, tzinfo=UTC))
        assert world.connections.pull(actor=TESTER, **where)["runs"]
        assert not news(world, of)
        with world.db.begin(TESTER, tenants=[sponsor]) as tx:  # its server is gone: no later round asks for it
            connections.pause(tx, **where)


def news(world: World, of: connections.Connection) -> bool:
    with world.db.begin(TESTER, tenants=[of.tenant_id]) as tx:
        return connections.get(tx, tenant_id=of.tenant_id, connection_id=of.connection_id).news

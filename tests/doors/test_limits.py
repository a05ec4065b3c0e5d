"""Who fails too often waits: by address and by key, told with Retry-After, and without harm to who is right."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import Request
from starlette.testclient import TestClient
from tests.doors.world import ORIGIN, World
from tests.support.database import TESTER

from open401k.base.access import Permission, Role
from open401k.base.db import ALL_TENANTS
from open401k.doors import guard, limits
from open401k.doors.limits import ADDRESS, ASKED, KEY, Limits, address_of
from open401k.kernel import FixedClock, PlanId, SponsorId

Place = tuple[SponsorId, PlanId]


@contextmanager
def visitor(app: Any, host: str = "198.51.100.7") -> Iterator[TestClient]:
    """Somebody at an address."""
    origin = {"Origin": ORIGIN}
    with TestClient(app, base_url=ORIGIN, headers=origin, follow_redirects=False, client=(host, 50_000)) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def later(world: World, by: timedelta) -> None:
    assert isinstance(world.wall, FixedClock)
    world.wall.advance(by)


def assert_waits(answer: Any, seconds: int) -> None:
    """A problem document that says how long."""
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(seconds)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["retry_after_seconds"]) == ("too_many_failures", seconds)
    assert problem["fix"]


def test_a_key_that_keeps_failing_waits_from_wherever_it_comes(world: World) -> None:
    app = world.app()
    for number in range(KEY.most):
        with visitor(app, f"198.51.100.{number}") as client:
            assert client.get("/v1/clock", headers=bearer("o4k_ended")).status_code == 401
    with visitor(app, "203.0.113.1") as client:
        assert_waits(client.get("/v1/clock", headers=bearer("o4k_ended")), 300)
        assert client.get("/v1/clock", headers=bearer("o4k_other")).status_code == 401
        later(world, KEY.within - timedelta(seconds=1))
        assert_waits(client.get("/v1/clock", headers=bearer("o4k_ended")), 1)
        later(world, timedelta(seconds=1))
        assert client.get("/v1/clock", headers=bearer("o4k_ended")).status_code == 401


def test_a_key_that_waits_is_not_looked_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with visitor(world.app()) as client:
        for _ in range(KEY.most):
            client.get("/v1/clock", headers=bearer("o4k_ended"))
        monkeypatch.setattr(guard, "principal_of_key", None)
        assert client.get("/v1/clock", headers=bearer("o4k_ended")).status_code == 429


def test_an_address_that_tries_many_keys_waits_and_a_key_that_was_right_goes_on(
    world: World, sponsor_and_plan: Place
) -> None:
    good, fresh = (world.key(sponsor_and_plan[0], Permission.PLAN_VIEW) for _ in range(2))
    app = world.app()
    with visitor(app) as client, visitor(app, "203.0.113.1") as neighbor:
        assert client.get("/v1/clock", headers=bearer(good)).status_code == 200
        for number in range(ADDRESS.most):
            assert client.get("/v1/clock", headers=bearer(f"o4k_{number}")).status_code == 401
        assert_waits(client.get("/v1/clock", headers=bearer("o4k_another")), 300)
        assert_waits(client.get("/v1/clock", headers={"Authorization": "Basic YTpi"}), 300)
        assert_waits(client.get("/v1/clock", headers=bearer(fresh)), 300)
        assert client.get("/v1/clock", headers=bearer(good)).status_code == 200
        assert neighbor.get("/v1/clock", headers=bearer(fresh)).status_code == 200
        assert client.get("/v1/clock", headers=bearer(fresh)).status_code == 200, "right elsewhere is right here"


def test_links_and_passkeys_that_fail_count_for_the_address(world: World, sponsor_and_plan: Place) -> None:
    link = world.link(world.user("The sponsor", sponsor_and_plan[0], Role.SPONSOR))
    app = world.app()
    with visitor(app) as client, visitor(app, "203.0.113.1") as neighbor:
        for number in range(ADDRESS.most // 2):
            assert client.get(f"/enter/guess{number}").status_code == 401
            assert client.post("/sign-in/passkey", json={"credential": {}}).status_code == 401
        assert_waits(client.post("/sign-in/passkey", json={"credential": {}}), 300)
        page = client.get(f"/enter/{link}")
        assert (page.status_code, page.headers["retry-after"]) == (429, "300")
        assert "Too many attempts failed" in page.text
        assert client.post("/sign-in/link", data={"link": link}).status_code == 429
        assert neighbor.get(f"/enter/{link}").status_code == 303, "the link was not used up"


def test_challenges_are_made_so_often_and_no_more(world: World) -> None:
    def challenges() -> int:
        with world.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
            return int(tx.one("select count(*) from base.challenge")[0])

    before = challenges()
    with visitor(world.app()) as client:
        for _ in range(ASKED.most):
            assert client.post("/sign-in/passkey/options", json={}).status_code == 200
        assert_waits(client.post("/sign-in/passkey/options", json={}), 300)
    assert challenges() == before + ASKED.most


def test_a_session_that_has_ended_is_no_failure(world: World) -> None:
    """Every browser left open overnight asks on with its old cookie."""
    with visitor(world.app()) as client:
        client.cookies.set("open401k_session", "ended")
        for _ in range(ADDRESS.most + 1):
            assert client.get("/v1/clock").status_code == 401


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("198.51.100.7", "address 198.51.100.7"),
        ("::ffff:198.51.100.7", "address 198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "address 2001:db8:1:2::/64"),
        ("fe80::1%eth0", "address fe80::/64"),
        ("testclient", "address testclient"),
    ],
)
def test_an_address_is_one_house(host: str, name: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1)})) == name


def test_memory_stays_flat_whoever_comes(monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> None:
    monkeypatch.setattr(limits, "MOST_NAMES", 10)
    counted = Limits()
    for number in range(50):
        asked = Request({"type": "http", "client": (f"198.51.100.{number}", 1)})
        counted.key_failed(asked, f"o4k_{number}", clock.now())
        counted.key_held(f"o4k_{number}")
    assert len(counted._counted) == len(counted._good) == 10

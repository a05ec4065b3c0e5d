"""A server begins each day by itself, tries again what failed, and operations see which plan failed and why."""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from starlette.testclient import TestClient
from tests.doors.conftest import new_plan
from tests.doors.world import ORIGIN, World
from tests.support.database import TESTER, Served, served

from open401k import compliance
from open401k.base.access import Role
from open401k.base.db import Database
from open401k.doors import daily
from open401k.doors.daily import Daily
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import PlanId, SponsorId

Place = tuple[SponsorId, PlanId]
PATIENCE_SECONDS = 30


@pytest.fixture
def postgres() -> Iterator[Served]:
    """A server of its own: a round sees every plan there is."""
    with served() as running:
        yield running


def last_test_of(db: Database, place: Place) -> date | None:
    with db.begin(TESTER, tenants=[place[0]]) as tx:
        run = compliance.latest(tx, tenant_id=place[0], plan_id=place[1])
    return run.as_of if run else None


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_a_server_begins_the_day_at_its_start_and_each_new_one(
    world: World, sponsor_and_plan: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "LOOK_SECONDS", 0.02)
    first = world.clock.now().date()
    server = Daily(world.db, world.wall)
    server.start()
    try:
        until(lambda: last_test_of(world.db, sponsor_and_plan) == first)
        world.clock.advance(timedelta(days=3))
        until(lambda: last_test_of(world.db, sponsor_and_plan) == first + timedelta(days=3))
    finally:
        server.stop()


def test_a_day_that_is_done_is_not_looked_at_again(world: World, sponsor_and_plan: Place) -> None:
    server = Daily(world.db, world.wall)
    made = server.look()
    assert made is not None
    assert made.ok
    assert server.look() is None


@pytest.fixture
def broken(sponsor_and_plan: Place, other_plan: Place) -> Iterator[pytest.MonkeyPatch]:
    """The tests of the first plan stumble, as over a bug; undone, they work again."""
    works = compliance.retest

    def stumble(tx: object, *, plan_id: PlanId, **told: object) -> object:
        if plan_id == sponsor_and_plan[1]:
            raise ZeroDivisionError("nobody is eligible\nDETAIL: not for operations")
        return works(tx, plan_id=plan_id, **told)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compliance, "retest", stumble)
        yield patch


def test_what_failed_is_tried_again_after_a_while(
    world: World, sponsor_and_plan: Place, broken: pytest.MonkeyPatch
) -> None:
    server = Daily(world.db, world.wall)
    made = server.look()
    assert made is not None
    assert list(made.failed) == [sponsor_and_plan[1]]
    assert server.look() is None, "it waits"
    broken.undo()
    broken.setattr(server, "_again_at", 0.0)
    again = server.look()
    assert again is not None
    assert (again.ok, len(again.done), again.already) == (True, 1, 1)


def test_operations_see_which_plan_failed_and_why(
    world: World, sponsor_and_plan: Place, broken: pytest.MonkeyPatch
) -> None:
    with TestClient(world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, world.session(world.user("Operations", sponsor_and_plan[0], None)))
        assert client.get("/v1/day").json() == {"on": "2026-01-05", "plans": 2, "begun": 0, "failed": []}
        Daily(world.db, world.wall).look()
        (failed,) = client.get("/v1/day").json()["failed"]
        assert failed["plan_id"] == str(sponsor_and_plan[1])
        assert failed["reason"] == "ZeroDivisionError: nobody is eligible"
        page = client.get("/").text
        assert "up to date for 1 of 2 plans; these failed" in page
        assert "ZeroDivisionError: nobody is eligible" in page
        broken.undo()
        Daily(world.db, world.wall).look()
        assert client.get("/v1/day").json() == {"on": "2026-01-05", "plans": 2, "begun": 2, "failed": []}
        client.cookies.set(SESSION_COOKIE, world.session(world.user("Advisor", sponsor_and_plan[0], Role.ADVISOR)))
        assert client.get("/v1/day").status_code == 403


def test_one_plan_that_failed_is_not_passed_over_on_the_way_to_its_page(world: World) -> None:
    place = new_plan(world, "Only Works, LLC")

    def stumble(*_: object, **__: object) -> object:
        raise ZeroDivisionError

    with TestClient(world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, world.session(world.user("Operations", place[0], None)))
        assert client.get("/").headers["location"] == f"/plans/{place[1]}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compliance, "retest", stumble)
            Daily(world.db, world.wall).look()
        answer = client.get("/")
        assert answer.status_code == 200
        assert "ZeroDivisionError" in answer.text

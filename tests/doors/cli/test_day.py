"""The day as a command begins it, and as a server does unless that is left to the command."""

import time
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from tests.doors.cli.conftest import Run, Standing
from tests.support.database import TESTER

from open401k.base import rounds
from open401k.base.db import ALL_TENANTS
from open401k.demo import story
from open401k.demo.moving import SandboxStories
from open401k.doors.daily import Daily


def test_the_day_is_begun_once_and_says_of_every_plan_how_it_went(run: Run, wiring: Standing) -> None:
    wiring.given.db.clock.advance_to(wiring.given.clock.now() + timedelta(days=1))
    first = run("day", "--json").document
    assert first["ok"] is True
    assert len(first["done"]) == 2
    again = run("day", "--json").document
    assert (again["done"], again["already"], again["on"]) == ([], 2, first["on"])
    with rounds.alone(wiring.given.db, "day"):
        busy = run("day")
    assert busy.code == 0
    assert "at it" in busy.out
    assert run("day", "--json").document["ok"] is True


def test_a_day_of_which_a_plan_failed_ends_with_1_and_names_it(
    run: Run, wiring: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        def begin(self, **_: Any) -> dict[str, Any]:
            failed = [{"plan_id": "pln_1", "reason": "KeyError: 'deferrals'"}]
            return {"ok": False, "on": "2026-01-05", "done": [], "already": 0, "failed": failed, "pruned": {}}

    monkeypatch.setattr(wiring.given, "day", Failing())
    assert run("day", "--json").code == 1
    words = run("day")
    assert words.code == 1
    assert "pln_1" in words.out
    assert "KeyError: 'deferrals'" in words.out


@pytest.mark.parametrize("day", [True, False])
def test_a_server_begins_the_day_unless_it_is_left_to_a_command(
    wiring: Standing, monkeypatch: pytest.MonkeyPatch, day: bool
) -> None:
    def tested() -> int:
        with wiring.given.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
            return int(tx.one("select count(*) from base.flow where flow = 'day'")[0])

    def serve_a_while(_: object) -> None:
        end = time.monotonic() + 30
        while day and tested() < before + 2 and time.monotonic() < end:
            time.sleep(0.05)

    wiring.given.db.clock.advance_to(wiring.given.clock.now() + timedelta(days=1))
    before = tested()
    monkeypatch.setattr(uvicorn.Server, "run", serve_a_while)
    wiring._serve(wiring.given.db, "127.0.0.1", 4010, day=day)
    assert tested() == before + (2 if day else 0)


def test_a_round_does_not_overtake_a_clock_on_its_way(wiring: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Payrolls and deposits fall due between the days that a moved clock passes; the story does them in order."""
    db, clock, looked = wiring.given.db, wiring.given.db.clock, []
    monkeypatch.setattr(story, "advance", lambda *_: looked.append(Daily(db, wiring.given.wall).look()))
    SandboxStories(story.Sandbox(db, clock, TESTER), wiring.given.wall).advance(
        actor=TESTER, to=clock.now() + timedelta(days=1)
    )
    assert looked == [None]
    made = Daily(db, wiring.given.wall).look()
    assert made is not None
    assert made.ok


def test_a_clock_that_is_moved_without_a_server_begins_the_day_of_every_plan(wiring: Standing) -> None:
    """Those of no story of the demo kept the tests of the day before: nobody began their day."""
    db, clock = wiring.given.db, wiring.given.db.clock
    to = clock.now() + timedelta(days=1)
    SandboxStories(story.Sandbox(db, clock, TESTER), wiring.given.wall).advance(actor=TESTER, to=to)
    made = Daily(db, wiring.given.wall).look()
    assert made is not None
    assert (made.done, made.already, made.failed) == ([], 2, {})

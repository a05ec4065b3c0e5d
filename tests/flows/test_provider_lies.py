"""What a provider tells that cannot be so: nothing of it is in the books, a person sees why, and the truth heals it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2
import pytest
from tests.flows.bookkeeping import acme, assert_sound, books
from tests.support.connected import Connected, connected

from open401k.base.db import Database
from open401k.kernel import FixedClock
from open401k.standins.misbehavior import Lie

AFTER = date(2026, 1, 17)
#: How each is seen: why something waits, or what is said of a pull that ended early.
SEEN = {
    Lie.PAGE_DROPPED: "lost a part of it",
    Lie.PAGE_DOUBLED: "lost a part of it",
    Lie.OTHER_COMPANY: "Expected the company that was asked for",
    Lie.PERSON_TWICE: "in_doubt",
    Lie.NEGATIVE: "below_zero",
    Lie.NO_DATES: "unread",
}


@pytest.fixture
def world(db: Database, clock: FixedClock) -> Iterator[Connected]:
    with connected(acme(db, clock)) as world:
        other = {"name": "Other Co", "ein": "12-0000000", "first_check": "2026-01-09", "people": []}
        somebody = {"key": "o", "first_name": "Ann", "last_name": "Other", "hire_date": "2020-01-01"}
        world.server.tell("/companies", {**other, "people": [{**somebody, "salary_cents": 5_200_000}]})
        yield world


def test_nothing_of_a_lie_is_in_the_books_and_the_truth_is_posted_once(world: Connected) -> None:
    # Money flow: none until the provider tells the truth; then as withheld there, once.
    world.until(AFTER)
    for lie, how in SEEN.items():
        world.server.misbehave(lie=lie)
        made = world.pull()
        assert world.posted() == [], lie
        now = world.now()
        seen = [made.problem, *(f"{each['why']} {each['message']} {each['fix']}" for each in made.waits)]
        assert any(how in each for each in seen), (lie, seen)
        assert not made.ok
        assert (now.problem.get("fix") and now.problem["message"] in made.problem) or now.waits == made.waits, lie
    world.server.misbehave()
    made = world.pull()
    assert made.ok, made
    assert world.now().waits == []
    (run,) = world.posted()
    told = books(world.plan).by_date

    # One that adds up is believed: it is what the provider says. What it says next takes its place.
    world.server.misbehave(lie=Lie.OTHER_AMOUNTS)
    assert world.pull().ok
    (other,) = world.posted()
    assert other.totals["gross"] == run.totals["gross"] + 100_00
    world.server.misbehave(lie=Lie.PAYROLL_GONE)
    assert [each["why"] for each in world.pull().waits] == ["payroll_gone"]
    world.server.misbehave()
    assert world.pull().ok
    (last,) = world.posted()
    for lie in (Lie.NEGATIVE, Lie.PERSON_TWICE):  # of what is in the books: it stays, and waits
        world.server.misbehave(lie=lie)
        assert [each["why"] for each in world.pull().waits] == [SEEN[lie]]
    world.server.misbehave()
    made = world.pull()
    assert (made.ok, made.runs, world.posted()) == (True, [], [last])
    assert (last.totals, books(world.plan).by_date) == (run.totals, told)
    assert world.pull().runs == []  # what was doubted once is not asked for ever
    assert_sound(world.plan)


@dataclass
class Altered(httpx2.BaseTransport):
    """The network, on which answers are altered: ``alter`` gets each object of one, with the path asked for."""

    alter: Callable[[str, dict[str, Any]], None]

    def __post_init__(self) -> None:
        self.network = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answered = self.network.handle_request(request)
        answered.read()
        told = json.loads(answered.content, object_hook=lambda each: self._altered(request.url.path, each))
        headers = {name: value for name, value in answered.headers.items() if name != "content-length"}
        return httpx2.Response(answered.status_code, headers=headers, content=json.dumps(told))

    def close(self) -> None:
        self.network.close()

    def _altered(self, path: str, each: dict[str, Any]) -> dict[str, Any]:
        self.alter(path, each)
        return each


@pytest.mark.parametrize(
    ("field", "value"),
    [("date_of_birth", "0001-01-01"), ("date_of_birth", "9999-12-31"), ("last_name", "a\0b"), ("last_name", "\ud800")],
)
def test_one_person_who_cannot_be_kept_is_named_and_holds_up_nobody_elses_facts(
    world: Connected, field: str, value: str
) -> None:
    world.until(AFTER)
    assert world.pull().ok
    who = world.hire("Nora", "Quill", "1990-04-04", "2026-01-20")
    world.hire("Ann", "Reed", "1991-05-05", "2026-01-20")

    def alter(path: str, each: dict[str, Any]) -> None:
        if path.endswith("/employees") and each.get("uuid") == who:
            each[field] = value

    world.transport = Altered(alter)
    world.until(date(2026, 1, 31))
    made = world.pull()
    assert made.people_added == 1
    assert (made.waits[0]["why"], made.waits[0]["provider_id"]) == ("unread", who)
    assert len(world.posted()) == 1
    world.transport = None
    assert world.pull().ok
    assert len(world.posted()) == 2
    assert_sound(world.plan)


def test_what_a_run_is_rejected_for_is_asked_again_until_the_provider_tells_it_otherwise(world: Connected) -> None:
    # Money flow: none while hours are below zero; then as withheld there, once.
    world.until(AFTER)

    def alter(path: str, each: dict[str, Any]) -> None:
        if "/payrolls/" in path and "hours" in each:
            each["hours"] = "-80.000"

    world.transport = Altered(alter)
    for _ in range(2):
        assert [(each["what"], each["why"]) for each in world.pull().waits] == [("run", "rejected")]
    assert world.posted() == []
    world.transport = None
    made = world.pull()
    assert (made.ok, len(world.posted())) == (True, 1), made
    assert world.pull().runs == []
    assert_sound(world.plan)

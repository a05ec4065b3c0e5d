"""What a provider tells that cannot be so: nothing of it is in the books, a person sees why, and the truth heals it."""

from collections.abc import Iterator
from datetime import date

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

"""A connected provider tells a payroll anew that a person has corrected here since: nothing is undone unasked."""

from collections.abc import Iterator
from datetime import date

import pytest
from tests.flows.bookkeeping import acme, assert_sound, books
from tests.support.connected import FIRST_CHECK, Connected, connected
from tests.support.database import TESTER

from open401k.base.db import Database
from open401k.demo.people import ACME
from open401k.doors.provided import Order, RunHeader
from open401k.doors.stories import PayrollStories
from open401k.flows.payroll_close import close_run
from open401k.flows.payroll_intake import post_run, say_yes
from open401k.kernel import FixedClock, Refused
from open401k.payroll import Said, pulled, runs

AFTER = date(2026, 1, 17)


@pytest.fixture
def corrected(db: Database, clock: FixedClock) -> Iterator[Connected]:
    """The first payroll is in the books, and was taken back here by a person."""
    with connected(acme(db, clock)) as world:
        world.until(AFTER)
        assert world.pull().ok
        (run,) = world.posted()
        order = Order(TESTER, world.plan.sponsor, world.plan.plan, "take it back")
        said = Said({}, no_contributions=True)
        header = RunHeader(FIRST_CHECK, run.period_start, run.period_end, replaces=run.run_id, said=said)
        taken = PayrollStories(world.plan.db).receive_rows(order, run=header, rows=[])
        assert not isinstance(taken, Refused), taken
        assert taken.posted
        yield world


def payroll_of(world: Connected) -> str:
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        return next(iter(pulled.became(tx, of=world.of, kind=pulled.PAYROLL)))


def told_anew(world: Connected) -> runs.Run:
    """The provider has one person's check reversed since; the run that its telling became."""
    person = next(each for each in ACME.people if each.last_name == "Benitez")
    world.reverse(payroll_of(world), world.people[person.ssn])
    (waits,) = world.pull().waits
    assert waits["why"] == runs.Status.NEEDS_CONFIRMATION
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        newest = runs.history(tx, tenant_id=world.plan.sponsor, plan_id=world.plan.plan)[0]
    assert [each.code for each in world.findings(newest.run_id) if each.confirm] == ["run.undone"]
    return newest


def test_what_is_told_anew_waits_for_a_person_and_takes_the_place_by_their_word(corrected: Connected) -> None:
    before = books(corrected.plan).by_date
    run = told_anew(corrected)
    assert books(corrected.plan).by_date == before
    of = {"actor": TESTER, "tenant_id": corrected.plan.sponsor, "run_id": run.run_id}
    say_yes(corrected.plan.db, **of)  # type: ignore[arg-type]
    post_run(corrected.plan.db, **of)  # type: ignore[arg-type]
    (posted,) = corrected.posted()
    assert (posted.run_id, posted.rows) == (run.run_id, len(corrected.people) - 1)
    assert corrected.pull().ok
    assert_sound(corrected.plan)


def test_what_a_person_corrected_stands_where_they_close_it(corrected: Connected) -> None:
    before = books(corrected.plan).by_date
    run = told_anew(corrected)
    done = close_run(corrected.plan.db, actor=TESTER, tenant_id=corrected.plan.sponsor, run_id=run.run_id, why="no")
    assert not isinstance(done, Refused), done
    assert corrected.pull().ok
    assert books(corrected.plan).by_date == before
    assert_sound(corrected.plan)


def test_what_is_corrected_there_as_it_was_here_asks_nobody(corrected: Connected) -> None:
    before = books(corrected.plan).by_date
    corrected.reverse(payroll_of(corrected))
    assert corrected.pull().ok
    assert (books(corrected.plan).by_date, [run.rows for run in corrected.posted()]) == (before, [0])
    assert_sound(corrected.plan)

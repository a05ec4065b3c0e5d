"""Catch-up reaches a connected payroll: with its source in one rate, told once, and nobody else told again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.flows.bookkeeping import Plan
from tests.support.connected import FIRST_CHECK, Connected, connected
from tests.support.database import TESTER

from open401k import plan as plans
from open401k import recordkeeping
from open401k.base.db import Database
from open401k.demo.people import ACME, Person
from open401k.demo.setup import takeover_of
from open401k.flows.plan_takeover import take_over
from open401k.flows.provider_pull import Pulled
from open401k.flows.provider_push import pull_and_push
from open401k.flows.write_back import instruct
from open401k.kernel import FixedClock, Source
from open401k.payroll import connections, write_back_book
from open401k.payroll.providers import Rate
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Answer, Instruction, Slot, State, Wanted

OLDER = next(each for each in ACME.people if (each.first_name, each.last_name) == ("Elliot", "Voss"))
YOUNGER = ACME.people[2]


@contextmanager
def at_gusto(db: Database, clock: FixedClock, terms: plans.ElectionTerms) -> Iterator[Connected]:
    takeover = takeover_of(ACME, db.ids)
    take_over(db, actor=TESTER, takeover=replace(takeover, provisions=replace(takeover.provisions, elections=terms)))
    with connected(Plan(db, clock, takeover)) as world:
        yield world


def elect(world: Connected, who: Person, part: recordkeeping.Part = recordkeeping.Part.REGULAR, *, bps: int) -> None:
    slot, how = recordkeeping.Slot(Source.PRE_TAX, part), recordkeeping.How.PARTICIPANT
    new = recordkeeping.NewElection(world.plan.employee(who.ssn[-4:]), slot, FIRST_CHECK, how, bps, 0)
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
        assert recordkeeping.record_elections(tx, **of, elections=[new]) == 1


def exchange(world: Connected) -> Pulled:
    where: dict[str, Any] = {"tenant_id": world.plan.sponsor, "connection_id": world.of.connection_id}
    return pull_and_push(world.plan.db, actor=TESTER, **where, connect=world.connect)


def on_file(world: Connected) -> list[Instruction]:
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        return write_back_book.on_file(tx, tenant_id=world.plan.sponsor, plan_id=world.plan.plan)


def in_force(world: Connected, who: Person) -> list[tuple[Field | None, Rate, bool]]:
    keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
    with world.connect(world.of, keeper) as connector:
        known = list(connector.in_force(person_id=world.people[who.ssn]))
    return [(each.means, each.employee, each.catch_up) for each in known if each.active]


def test_catch_up_that_is_elected_apart_is_one_rate_at_gusto(db: Database, clock: FixedClock) -> None:
    with at_gusto(db, clock, plans.ElectionTerms(catch_up_apart=True)) as world:
        elect(world, OLDER, bps=600)
        elect(world, OLDER, recordkeeping.Part.CATCH_UP, bps=200)
        elect(world, YOUNGER, bps=500)
        assert exchange(world).told == 2
        assert in_force(world, OLDER) == [(Field.PRE_TAX, Rate(bps=800), True)]
        assert in_force(world, YOUNGER) == [(Field.PRE_TAX, Rate(bps=500), False)]
        assert exchange(world).told == 0
        elect(world, OLDER, recordkeeping.Part.CATCH_UP, bps=0)
        assert exchange(world).told == 1
        assert in_force(world, OLDER) == [(Field.PRE_TAX, Rate(bps=600), False)]
        assert {each.state for each in on_file(world)} == {State.ACKNOWLEDGED}


def test_a_plan_that_was_told_without_it_tells_only_who_makes_catch_up(db: Database, clock: FixedClock) -> None:
    with at_gusto(db, clock, plans.ElectionTerms()) as world:
        rates = {OLDER: 600, YOUNGER: 500}
        for who, bps in rates.items():
            elect(world, who, bps=bps)
        of: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
        with db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:  # as it was before: everybody with no catch-up
            slots = {
                Slot(world.plan.employee(who.ssn[-4:]), Field.PRE_TAX): Rate(bps=bps) for who, bps in rates.items()
            }
            wanted = [Wanted(slot, rate, FIRST_CHECK, "Elected.") for slot, rate in slots.items()]
            assert len(write_back_book.queue(tx, **of, wanted=wanted)) == 2
        before = on_file(world)
        with db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
            for each in before:
                took: dict[str, Any] = {"answer": Answer(State.ACKNOWLEDGED), "at": world.of.connection_id}
                write_back_book.attempted(
                    tx, tenant_id=world.plan.sponsor, instruction=each, **took, detail="As before.", taken=True
                )
        assert exchange(world).told == 1
        assert in_force(world, OLDER)[0][2] is True
        (new,) = [each for each in on_file(world) if each.number > before[-1].number]
        assert (new.slot.employee_id, new.catch_up) == (world.plan.employee(OLDER.ssn[-4:]), True)
        assert exchange(world).told == 0


def test_without_a_connection_that_is_asked_nothing_is_said_of_it(db: Database, clock: FixedClock) -> None:
    with at_gusto(db, clock, plans.ElectionTerms(catch_up_apart=True)) as world:
        of: dict[str, Any] = {"tenant_id": world.plan.sponsor}
        with db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
            connections.pause(tx, **of, connection_id=world.of.connection_id)
        elect(world, OLDER, bps=600)
        elect(world, OLDER, recordkeeping.Part.CATCH_UP, bps=200)
        with db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
            assert len(instruct(tx, **of, plan_id=world.plan.plan)) == 2
        told = {each.slot.means: (each.rate, each.catch_up) for each in on_file(world)}
        assert told == {
            Field.PRE_TAX: (Rate(bps=600), False),
            Field.PRE_TAX_CATCH_UP: (Rate(bps=200), False),
        }


def test_pre_tax_money_stops_at_the_limit_where_roth_is_required_and_not_deemed(
    db: Database, clock: FixedClock
) -> None:
    # IRC 414(v)(7)(A): 248,000 of wages in 2025 are above the threshold of 2026, 62,400 are not.
    highly_paid = ACME.people[0]
    with at_gusto(db, clock, plans.ElectionTerms(deemed_roth_catch_up=False)) as world:
        elect(world, highly_paid, bps=600)
        elect(world, OLDER, bps=600)
        with db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
            instruct(tx, tenant_id=world.plan.sponsor, plan_id=world.plan.plan)
        told = {each.slot.employee_id: each.catch_up for each in on_file(world)}
        assert told == {
            world.plan.employee(highly_paid.ssn[-4:]): False,
            world.plan.employee(OLDER.ssn[-4:]): True,
        }

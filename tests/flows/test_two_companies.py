"""Two companies of one plan at one provider: one person paid by both, pay dates of each, told where they are paid."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound
from tests.support.connected import FIRST_CHECK, Connected, connected
from tests.support.database import TESTER

from open401k import census, recordkeeping
from open401k import plan as plans
from open401k.base.db import Database
from open401k.demo.people import ACME
from open401k.demo.setup import takeover_of
from open401k.doors.connecting import behind_the_last
from open401k.flows.plan_takeover import take_over
from open401k.flows.provider_push import push
from open401k.kernel import FixedClock, Refused, Source
from open401k.payroll import connections, write_back_book
from open401k.payroll.providers import Company, Provider, Rate, Tokens
from open401k.payroll.rows import Field
from open401k.payroll.write_back import State
from open401k.views import deposits

BOTH = ACME.people[2]  # paid by both companies
AFTER = date(2026, 1, 17)
SISTER_EIN = "98-7654321"


def sister(
    world: Connected, *, first_check: date = FIRST_CHECK, hired_on: str = "2024-03-04", ein: str = SISTER_EIN
) -> Connected:
    """A second company at the same provider that pays one of the first one's people, and one of its own."""
    person = {
        "key": BOTH.ssn,
        "first_name": BOTH.first_name,
        "last_name": BOTH.last_name,
        "date_of_birth": BOTH.birth_date.isoformat(),
        "hire_date": hired_on,
        "salary_cents": 2_600_000,
    }
    other = {**person, "key": "own", "first_name": "Petra", "last_name": "Quist", "date_of_birth": "1985-02-03"}
    sent = {"name": "Acme Sister", "ein": ein, "first_check": first_check.isoformat(), "people": [person, other]}
    made = world.server.tell("/companies", sent)
    plan, tokens = world.plan, made["tokens"]
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        known: dict[str, Any] = {
            "tenant_id": plan.sponsor,
            "plan_id": plan.plan,
            "provider": Provider.GUSTO,
            "company": Company(made["company_uuid"], "Acme Sister", ein),
            "tokens": Tokens(tokens["access_token"], tokens["refresh_token"], tx.now + timedelta(hours=2)),
            "since": date(2026, 1, 1),
        }
        refused = connections.add(tx, **known)
        assert isinstance(refused, Refused)
        assert (refused.reason, "another company" in refused.fix) == (connections.Refusal.COMPANY_ELSEWHERE, True)
        of = connections.add(tx, **known, also=True)
        assert not isinstance(of, Refused), of
    return replace(world, company=made["company_uuid"], people=made["people"], of=of)


@pytest.fixture
def world(db: Database, clock: FixedClock) -> Iterator[Connected]:
    with connected(acme(db, clock)) as world:
        yield world


def span(person: census.Employee) -> list[tuple[date, date | None]]:
    return [(each.hired_on, each.terminated_on) for each in person.employment]


def test_an_employer_that_moved_to_another_company_there_is_not_paid_twice(world: Connected) -> None:
    # Money flow: none for a pay date that the first connection told, until somebody says that it is other pay.
    moved = sister(world, ein=ACME.ein, hired_on=BOTH.hired_on.isoformat())
    world.until(AFTER)
    assert world.pull().ok
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        where: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
        connections.pause(tx, tenant_id=world.plan.sponsor, connection_id=world.of.connection_id)
        assert behind_the_last(tx, **where, ein=ACME.ein) == FIRST_CHECK + timedelta(days=1)
        assert behind_the_last(tx, **where, ein=SISTER_EIN) == date(2026, 1, 1)
    made = moved.pull()  # asked from January 1 on all the same
    assert [each["why"] for each in made.waits] == ["needs_confirmation"], made
    assert len(world.posted()) == 1


def test_one_person_paid_by_two_companies_on_one_day_is_one_person_with_pay_of_both(world: Connected) -> None:
    # Money flow: each company's receivable -> the same participant's sources; nobody is asked whether it is a repeat.
    other = sister(world)
    world.until(AFTER)
    assert world.pull().ok
    made = other.pull()
    assert made.ok, made
    assert (made.people_added, made.people_changed) == (1, 0)
    first, second = sorted(world.posted(), key=lambda run: -run.rows)
    assert (first.pay_date, second.pay_date) == (FIRST_CHECK, FIRST_CHECK)
    assert [run.told and run.told.connection_id for run in (first, second)] == [
        world.of.connection_id,
        other.of.connection_id,
    ]
    who = world.employee(BOTH.last_name, BOTH.first_name)
    assert span(who) == [(BOTH.hired_on, None)]
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        where: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
        pay = census.pay_by_date(tx, **where, start=FIRST_CHECK, end=AFTER)
        gross = sum(
            int(cents) for who_, cents in zip(pay.employee_id, pay.gross_cents, strict=True) if who_ == who.employee_id
        )
        owed = {each.remittance.connection_id: each for each in deposits.deposits(tx, **where)}
    assert gross == BOTH.salary_cents // 26 + 100_000
    assert set(owed) >= {world.of.connection_id}
    assert_sound(world.plan)
    assert (world.pull().runs, other.pull().runs) == ([], [])


def test_who_leaves_one_company_and_works_at_the_other_has_not_left(world: Connected) -> None:
    other = sister(world, hired_on="2010-05-03")  # earlier than at the first: service began there
    assert world.pull().problem == other.pull().problem == ""
    assert span(world.employee(BOTH.last_name, BOTH.first_name)) == [(date(2010, 5, 3), None)]
    world.change(world.people[BOTH.ssn], terminated_on="2026-01-09")
    world.until(date(2026, 1, 10))
    assert world.pull().problem == ""
    assert span(world.employee(BOTH.last_name, BOTH.first_name)) == [(date(2010, 5, 3), None)]
    other.change(other.people[BOTH.ssn], terminated_on="2026-01-13")
    other.until(date(2026, 1, 14))
    assert other.pull().problem == ""
    assert span(world.employee(BOTH.last_name, BOTH.first_name)) == [(date(2010, 5, 3), date(2026, 1, 13))]
    assert_sound(world.plan)


@pytest.fixture
def electing(db: Database, clock: FixedClock) -> Iterator[Connected]:
    """Acme, whose elections are kept here, with the first company connected."""
    takeover = takeover_of(ACME, db.ids)
    takeover = replace(takeover, provisions=replace(takeover.provisions, elections=plans.ElectionTerms()))
    take_over(db, actor=TESTER, takeover=takeover)
    with connected(Plan(db, clock, takeover)) as world:
        yield world


def elect(world: Connected, *, bps: int = 0, cents: int = 0) -> None:
    who = world.plan.employee(BOTH.ssn[-4:])
    new = recordkeeping.NewElection(
        who, recordkeeping.Slot(Source.PRE_TAX), FIRST_CHECK, recordkeeping.How.PARTICIPANT, bps, cents
    )
    of: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        assert recordkeeping.record_elections(tx, **of, elections=[new]) == 1


def told(world: Connected) -> list[State]:
    """Where what payroll was told stands, oldest first."""
    of: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        return [each.state for each in write_back_book.on_file(tx, **of)]


def hand_over(world: Connected) -> None:
    sent = push(world.plan.db, actor=TESTER, of=world.of, connect=world.connect)
    assert not sent.stopped, sent


def withheld(world: Connected) -> list[Rate]:
    keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
    with world.connect(world.of, keeper) as connector:
        known = connector.in_force(person_id=world.people[BOTH.ssn])
    return [each.employee for each in known if each.active and each.means is Field.PRE_TAX]


def test_a_percentage_is_told_to_every_company_that_pays_the_person(electing: Connected) -> None:
    world, other = electing, sister(electing)
    world.pull()
    other.pull()
    elect(world, bps=500)
    hand_over(world)
    assert told(world) == [State.QUEUED]  # the other one has not heard yet
    hand_over(world)
    assert withheld(other) == []
    hand_over(other)
    assert told(world) == [State.ACKNOWLEDGED]
    assert withheld(world) == withheld(other) == [Rate(bps=500)]
    elect(world, cents=100_00)
    hand_over(world)
    assert told(world) == [State.ACKNOWLEDGED, State.REFUSED]  # each of two paychecks would lose it


def test_who_goes_to_the_other_company_is_told_of_there(electing: Connected) -> None:
    world = electing
    world.pull()
    elect(world, bps=500)
    hand_over(world)
    assert told(world) == [State.ACKNOWLEDGED]
    other = sister(world, hired_on="2026-01-05")
    other.pull()
    hand_over(world)  # both pay now
    hand_over(other)
    assert told(world) == [State.ACKNOWLEDGED, State.ACKNOWLEDGED]
    assert withheld(other) == [Rate(bps=500)]
    hand_over(other)
    assert told(world) == [State.ACKNOWLEDGED, State.ACKNOWLEDGED]

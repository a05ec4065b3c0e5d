"""A payroll behind Finch, asked and told: people and payments come in, elections go out as jobs, and come back paid."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, assert_sound
from tests.support import standin
from tests.support.connected import FIRST_CHECK, HIRED_BEFORE, Connected, Ticking
from tests.support.database import TESTER

from open401k import plan as plans
from open401k import recordkeeping
from open401k.base.db import Database
from open401k.demo.people import ACME
from open401k.demo.setup import takeover_of
from open401k.flows.pay_codes import Confirming, confirm
from open401k.flows.plan_takeover import take_over
from open401k.flows.provider_pull import Pulled
from open401k.flows.provider_push import pull_and_push
from open401k.kernel import FixedClock, FlowId, Open401kError, Refused, SeededRandom, Source
from open401k.payroll import connection_words, connections, pulled, write_back_book
from open401k.payroll.providers import Company, Provider, ProviderError, Rate, Surroundings, TokenKeeper, Tokens, finch
from open401k.payroll.rows import Field
from open401k.payroll.write_back import State
from open401k.standins.finch_http import CLIENT_ID, CLIENT_SECRET
from open401k.standins.misbehavior import Lie

SAVER, OTHER = ACME.people[2], ACME.people[3]


@dataclass
class AtFinch(Connected):
    """The same story, with Finch between."""

    @contextmanager
    def connect(self, of: connections.Connection, tokens: TokenKeeper) -> Iterator[finch.Finch]:  # type: ignore[override]
        application = finch.Application(CLIENT_ID, CLIENT_SECRET, self.server.url)
        around = Surroundings(self.plan.db.clock, lambda _: None, SeededRandom(1), None, self.patience)
        with closing(finch.Finch(application=application, tokens=tokens, around=around, since=of.since)) as made:
            yield made

    def round(self) -> Pulled:
        """Asked, and then told."""
        where: dict[str, Any] = {"tenant_id": self.plan.sponsor, "connection_id": self.of.connection_id}
        return pull_and_push(self.plan.db, actor=TESTER, **where, connect=self.connect)

    def elect(self, last4: str, *, on: date, source: Source = Source.PRE_TAX, bps: int) -> None:
        how = recordkeeping.How.PARTICIPANT
        new = recordkeeping.NewElection(self.plan.employee(last4), recordkeeping.Slot(source), on, how, bps, 0)
        with self.plan.db.begin(TESTER, tenants=[self.plan.sponsor]) as tx:
            recordkeeping.record_elections(tx, tenant_id=self.plan.sponsor, plan_id=self.plan.plan, elections=[new])

    def confirm_codes(self) -> None:
        """A person says that every earnings code is what it seems to be."""
        wanted = Confirming(self.plan.sponsor, self.plan.plan, self.plan.db.ids.new(FlowId), certain=True)
        confirm(self.plan.db, actor=TESTER, asked=wanted)

    def states(self) -> list[State]:
        with self.plan.db.begin(TESTER, tenants=[self.plan.sponsor]) as tx:
            found = write_back_book.on_file(tx, tenant_id=self.plan.sponsor, plan_id=self.plan.plan)
        return [each.state for each in found]


@pytest.fixture
def world(db: Database, clock: FixedClock) -> Iterator[AtFinch]:
    """Acme, whose elections are kept here, with its people of the start behind Finch."""
    takeover = takeover_of(ACME, db.ids)
    takeover = replace(takeover, provisions=replace(takeover.provisions, elections=plans.ElectionTerms()))
    take_over(db, actor=TESTER, takeover=takeover)
    plan = Plan(db, clock, takeover)
    people = [
        {
            "key": person.ssn,
            "ssn": person.ssn,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "date_of_birth": person.birth_date.isoformat(),
            "hire_date": person.hired_on.isoformat(),
            "salary_cents": person.salary_cents,
        }
        for person in ACME.people
        if person.hired_on < HIRED_BEFORE
    ]
    with standin.finch() as server:
        company = {"name": ACME.name, "ein": ACME.ein, "first_check": FIRST_CHECK.isoformat(), "people": people}
        made = server.tell("/companies", company)
        with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            of = connections.add(
                tx,
                tenant_id=plan.sponsor,
                plan_id=plan.plan,
                provider=Provider.FINCH,
                company=Company(made["company_uuid"], ACME.name, ACME.ein),
                tokens=Tokens(made["tokens"]["access_token"]),
                since=date(2026, 1, 1),
            )
        assert not isinstance(of, Refused), of
        db.clock = Ticking(clock)
        yield AtFinch(plan, server, made["company_uuid"], made["people"], of)
        db.clock = clock
        with db.begin(TESTER, tenants=[plan.sponsor]) as tx:  # its server is gone: no later round asks for it
            connections.pause(tx, tenant_id=plan.sponsor, connection_id=of.connection_id)


def until_told(world: AtFinch) -> int:
    """Rounds, each when the last one's jobs may be done, until nothing waits; how many."""
    for number in range(1, 12):
        made = world.round()
        assert made.ok, made
        if set(world.states()) == {State.ACKNOWLEDGED}:
            return number
        world.plan.clock.advance(timedelta(hours=1))
    raise AssertionError(world.states())


def test_an_election_is_withheld_behind_finch_and_comes_back_in_the_books(world: AtFinch) -> None:
    # Money flow: 6 % pre-tax and 4 % Roth as elected here -> withheld there -> participant sources.
    world.server.misbehave(jobs={"looks": 2})
    world.elect(SAVER.ssn[-4:], on=FIRST_CHECK, bps=600)
    world.elect(OTHER.ssn[-4:], on=FIRST_CHECK, source=Source.ROTH, bps=400)
    assert until_told(world) > 2  # each waits for the benefit, and then for the enrolment
    world.until(date(2026, 1, 17))
    made = world.round()
    assert (made.problem, made.people_added, len(made.runs)) == ("", 0, 1), made
    assert [each["why"] for each in made.waits] == ["needs_confirmation"]  # what the code "Regular" is for
    world.confirm_codes()
    assert world.round().ok
    (run,) = world.posted()
    saver, other = SAVER.salary_cents // 26, OTHER.salary_cents // 26
    assert (run.pay_date, run.rows) == (FIRST_CHECK, len(world.people))
    wanted = ((saver * 600 + 5_000) // 10_000, (other * 400 + 5_000) // 10_000)
    assert (run.totals["pre_tax"], run.totals["roth"]) == wanted
    assert_sound(world.plan)
    again = world.round()
    assert (again.ok, again.runs, again.told) == (True, [], 0)


def test_a_payment_that_finch_still_gathers_comes_with_a_later_round(world: AtFinch) -> None:
    (payment,) = world.until(date(2026, 1, 17))
    world.server.tell(f"/companies/{world.company}/payrolls/{payment}", {"syncing": 1})
    made = world.round()
    assert (made.ok, made.runs) == (False, [])
    assert "Still gathering" in made.problem
    assert len(world.round().runs) == 1


def test_a_lost_connection_asks_for_a_person_and_goes_on_where_it_stood(world: AtFinch) -> None:
    world.until(date(2026, 1, 17))
    world.server.tell("/tokens", {"revoke": world.company})
    assert "connects again" in world.round().problem
    assert world.now().state == connections.State.NEEDS_A_PERSON


def test_a_rehire_whose_end_is_told_no_more_keeps_the_end_that_was_told(world: AtFinch) -> None:
    who = world.hire("Nora", "Quill", "1990-04-04", "2025-06-02")
    assert world.round().people_added == 1
    world.change(who, terminated_on="2026-02-10")
    world.until(date(2026, 2, 14))
    world.round()
    world.change(who, terminated_on=None, rehired_on="2026-03-02")
    world.until(date(2026, 3, 14))
    made = world.round()
    assert (made.problem, made.people_changed) == ("", 1), made
    assert [(span.hired_on, span.terminated_on) for span in world.employee("Quill", "Nora").employment] == [
        (date(2025, 6, 2), date(2026, 2, 10)),
        (date(2026, 3, 2), None),
    ]
    assert_sound(world.plan)


def test_a_payment_that_was_deleted_waits_for_a_person_and_moves_no_money(world: AtFinch) -> None:
    (payment,) = world.until(date(2026, 1, 17))
    world.round()
    world.confirm_codes()
    world.round()
    (run,) = world.posted()
    world.server.tell(f"/companies/{world.company}/payrolls/{payment}", {"deleted": True})
    (waits,) = [each for each in world.round().waits if each["what"] == "payroll"]
    assert (waits["why"], waits["provider_id"], waits["run_id"]) == ("payroll_gone", payment, str(run.run_id))
    assert world.posted() == [run]


def test_who_is_fifty_goes_on_as_catch_up_and_is_told_so_once(world: AtFinch) -> None:
    older = next(each for each in ACME.people if (each.first_name, each.last_name) == ("Elliot", "Voss"))
    world.elect(older.ssn[-4:], on=FIRST_CHECK, bps=600)
    world.elect(SAVER.ssn[-4:], on=FIRST_CHECK, bps=600)
    until_told(world)
    keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
    with world.connect(world.of, keeper) as connector:
        found = [
            each.catch_up
            for person in (older, SAVER)
            for each in connector.in_force(person_id=world.people[person.ssn])
        ]
    assert found == [True, False]
    assert world.round().told == 0


def in_force(world: AtFinch, last4: str) -> dict[Field | None, Rate]:
    """What is withheld for somebody there."""
    ssn = next(each.ssn for each in ACME.people if each.ssn[-4:] == last4)
    keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
    with world.connect(world.of, keeper) as connector:
        return {each.means: each.employee for each in connector.in_force(person_id=world.people[ssn]) if each.active}


def rounds_of(world: AtFinch, number: int) -> None:
    for _ in range(number):
        world.round()
        world.plan.clock.advance(timedelta(hours=12))


def test_who_goes_back_while_a_job_runs_is_told_behind_it_so_that_the_job_does_not_undo_it(world: AtFinch) -> None:
    saver = SAVER.ssn[-4:]
    world.elect(saver, on=FIRST_CHECK, bps=400)
    until_told(world)
    world.server.misbehave(jobs={"looks": 3})
    world.elect(saver, on=FIRST_CHECK, bps=600)
    world.round()  # the job to 6 % begins; 4 % is in force until it is done
    world.elect(saver, on=FIRST_CHECK, bps=400)
    rounds_of(world, 8)
    assert in_force(world, saver) == {Field.PRE_TAX: Rate(bps=400)}
    assert world.states()[-1] is State.ACKNOWLEDGED


def test_a_stop_while_the_first_enrolment_runs_is_told_behind_it(world: AtFinch) -> None:
    saver = SAVER.ssn[-4:]
    world.elect(OTHER.ssn[-4:], on=FIRST_CHECK, bps=400)
    until_told(world)
    world.server.misbehave(jobs={"looks": 3})
    world.elect(saver, on=FIRST_CHECK, bps=600)
    world.round()
    world.elect(saver, on=FIRST_CHECK, bps=0)
    rounds_of(world, 8)
    assert in_force(world, saver) == {}


def test_what_is_elected_is_told_while_finch_still_gathers_payrolls(world: AtFinch) -> None:
    (payment,) = world.until(date(2026, 1, 17))
    world.server.tell(f"/companies/{world.company}/payrolls/{payment}", {"syncing": 100})
    world.round()  # its people are known now
    world.elect(SAVER.ssn[-4:], on=date(2026, 1, 18), bps=600)
    for _ in range(3):
        assert "Still gathering" in world.round().problem
        world.plan.clock.advance(timedelta(hours=1))
    assert in_force(world, SAVER.ssn[-4:]) == {Field.PRE_TAX: Rate(bps=600)}


def test_what_is_elected_while_nobody_is_let_in_waits_and_is_told_once_somebody_connected_again(world: AtFinch) -> None:
    world.round()
    world.server.tell("/tokens", {"revoke": world.company})
    world.elect(SAVER.ssn[-4:], on=FIRST_CHECK, bps=600)
    made = world.round()
    assert "connects again" in made.problem
    assert made.not_told
    assert world.states() == [State.QUEUED]  # though nothing was asked
    fresh = Tokens(world.server.tell("/tokens", {"grant": world.company})["tokens"]["access_token"])
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        connections.reconnect(tx, tenant_id=world.plan.sponsor, connection_id=world.of.connection_id, tokens=fresh)
    until_told(world)
    assert in_force(world, SAVER.ssn[-4:]) == {Field.PRE_TAX: Rate(bps=600)}
    assert len(world.states()) == 1


def test_who_leaves_has_their_last_pay_withheld_as_elected_and_is_stopped_after_it(world: AtFinch) -> None:
    saver = SAVER.ssn[-4:]
    world.elect(saver, on=FIRST_CHECK, bps=600)
    until_told(world)
    world.until(date(2026, 1, 17))
    world.round()
    world.confirm_codes()
    world.change(world.people[SAVER.ssn], terminated_on="2026-01-19")
    assert world.round().ok
    assert in_force(world, saver) == {Field.PRE_TAX: Rate(bps=600)}  # the days until then are paid on January 30
    world.until(date(2026, 1, 31))
    assert world.round().ok
    last = world.posted()[-1]
    assert last.pay_date == date(2026, 1, 30)
    assert last.totals["pre_tax"] == (SAVER.salary_cents // 26 * 600 + 5_000) // 10_000
    assert State.NOT_REFLECTED not in world.states()
    world.until(date(2026, 3, 7))
    world.round()
    assert in_force(world, saver) == {}
    assert_sound(world.plan)


def test_a_company_that_took_the_place_of_another_is_told_everything_that_stands(world: AtFinch) -> None:
    world.elect(SAVER.ssn[-4:], on=FIRST_CHECK, bps=600)
    until_told(world)
    people = [
        {"key": each.ssn, "ssn": each.ssn, "first_name": each.first_name, "last_name": each.last_name}
        | {"date_of_birth": each.birth_date.isoformat(), "hire_date": each.hired_on.isoformat()}
        | {"salary_cents": each.salary_cents}
        for each in ACME.people
        if each.hired_on < HIRED_BEFORE
    ]
    company = {"name": ACME.name, "ein": ACME.ein, "first_check": "2026-02-13", "people": people}
    made = world.server.tell("/companies", company)
    where: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        connections.pause(tx, tenant_id=world.plan.sponsor, connection_id=world.of.connection_id)
        of = connections.add(
            tx,
            **where,
            provider=Provider.FINCH,
            company=Company(made["company_uuid"], ACME.name, ACME.ein),
            tokens=Tokens(made["tokens"]["access_token"]),
            since=date(2026, 2, 1),
        )
    assert not isinstance(of, Refused), of
    world.of, world.company, world.people = of, made["company_uuid"], made["people"]
    rounds_of(world, 4)
    assert in_force(world, SAVER.ssn[-4:]) == {Field.PRE_TAX: Rate(bps=600)}
    assert world.round().told == 0  # once


def say_yes(world: AtFinch, asks: str) -> None:
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        connection_words.say_yes(tx, of=world.now(), asks=asks)


def test_two_checks_alike_are_posted_once_a_person_says_that_both_are_real(world: AtFinch) -> None:
    world.until(date(2026, 1, 17))
    world.server.misbehave(lie=Lie.PERSON_TWICE)
    (waits,) = world.round().waits
    assert (waits["why"], waits["asks"].split()[0]) == ("in_doubt", "twice")
    with pytest.raises(Open401kError, match="Nothing of this connection asks"):
        say_yes(world, waits["asks"] + "1")  # another telling
    say_yes(world, waits["asks"])
    say_yes(world, waits["asks"])  # a second click
    made = world.round()
    assert len(made.runs) == 1, made
    world.confirm_codes()
    assert world.round().ok
    (run,) = world.posted()
    first = next(each for each in ACME.people if each.hired_on < HIRED_BEFORE).salary_cents // 26
    everybody = sum(each.salary_cents // 26 for each in ACME.people if each.hired_on < HIRED_BEFORE)
    assert run.totals["gross"] - everybody in (first, everybody)
    assert_sound(world.plan)


def test_a_roster_whose_ids_changed_whole_is_taken_once_a_person_says_so_of_that_one(world: AtFinch) -> None:
    world.round()
    where: dict[str, Any] = {"tenants": [world.plan.sponsor]}
    with world.plan.db.begin(TESTER, **where) as tx, pytest.raises(ProviderError) as refused:
        pulled.must_overlap(tx, of=world.of, told={"new-1", "new-2"})
    with world.plan.db.begin(TESTER, **where) as tx:
        connections.failed(tx, of=world.of, error=refused.value)
    say_yes(world, refused.value.asks)
    with world.plan.db.begin(TESTER, **where) as tx:
        pulled.must_overlap(tx, of=world.of, told={"new-2", "new-1"})
        with pytest.raises(ProviderError, match="None of the"):
            pulled.must_overlap(tx, of=world.of, told={"new-1", "of another company"})


def test_who_is_told_again_by_another_id_is_told_of_by_the_newer_one(world: AtFinch) -> None:
    world.round()
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        known = pulled.became(tx, of=world.of, kind=pulled.PERSON)
        first, who = next(iter(known.items()))
        newer = replace(pulled.people_of(tx, of=world.of)[who.employee_id][0], provider_id="0-new")  # type: ignore[index]
        pulled.keep_people(tx, of=world.of, people=[newer])
    world.plan.clock.advance(timedelta(minutes=1))
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        done: dict[str, Any] = {"kind": pulled.PERSON, "provider_id": "0-new", "version_no": 1}
        pulled.done(tx, of=world.of, **done, employee_id=who.employee_id)
        assert (first, list(pulled.became(tx, of=world.of, kind=pulled.PERSON))[-1]) == (first, "0-new")

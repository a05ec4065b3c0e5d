"""Elections reach payroll without anybody typing: told once, lost never."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan
from tests.support import standin
from tests.support.database import TESTER
from tests.support.standin import StandIn

from open401k import plan as plans
from open401k import recordkeeping
from open401k.base.db import Database
from open401k.demo.people import ACME
from open401k.demo.setup import takeover_of
from open401k.flows.payroll_intake import say_yes
from open401k.flows.plan_takeover import take_over
from open401k.flows.write_back import instruct
from open401k.flows.write_back_send import Sent, send_due
from open401k.kernel import ConnectionId, EmployeeId, FixedClock, SeededRandom, Source, SystemClock
from open401k.payroll import write_back_book
from open401k.payroll.providers import Connector, InForce, Patience, Rate, Surroundings, Tokens, gusto
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Instruction, State
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET

SAVER, OTHER = ACME.people[2], ACME.people[3]
JANUARY_16 = date(2026, 1, 16)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Acme, whose elections are kept here."""
    takeover = takeover_of(ACME, db.ids)
    takeover = replace(takeover, provisions=replace(takeover.provisions, elections=plans.ElectionTerms()))
    take_over(db, actor=TESTER, takeover=takeover)
    return Plan(db, clock, takeover)


@dataclass
class AtGusto:
    """The same two people at the stand-in."""

    server: StandIn
    made: dict[str, Any]
    who: dict[EmployeeId, str]
    connector: Connector
    held: list[Tokens] = field(default_factory=list)

    def current(self) -> Tokens:
        return self.held[-1]

    def renew(self, used: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        self.held.append(refresh(used))
        return self.held[-1]

    def withheld(self, employee: EmployeeId) -> dict[Field | None, Rate]:
        """What is in force for somebody there."""
        known: list[InForce] = list(self.connector.in_force(person_id=self.who[employee]))
        return {each.means: each.employee for each in known if each.active}


@pytest.fixture
def at_gusto(plan: Plan) -> Iterator[AtGusto]:
    people = [
        {
            "key": each.ssn[-4:],
            "first_name": each.first_name,
            "last_name": each.last_name,
            "date_of_birth": each.birth_date.isoformat(),
            "hire_date": each.hired_on.isoformat(),
            "salary_cents": each.salary_cents,
        }
        for each in (SAVER, OTHER)
    ]
    with standin.gusto() as running:
        company = {"name": "Acme", "ein": "12-3456789", "first_check": "2026-01-16", "people": people}
        made = running.tell("/companies", company)
        who = {plan.employee(key): number for key, number in made["people"].items()}
        at = AtGusto(running, made, who, connector=None)  # type: ignore[arg-type]
        said = made["tokens"]
        at.held.append(Tokens(said["access_token"], said["refresh_token"], datetime.now(UTC) + timedelta(hours=1)))
        patience = Patience(first_wait=timedelta(milliseconds=2))
        connector = gusto.Gusto(
            company_id=made["company_uuid"],
            application=gusto.Application(CLIENT_ID, CLIENT_SECRET, running.url),
            tokens=at,
            around=Surroundings(SystemClock(), lambda _: None, SeededRandom(3), None, patience),
            since=date(2026, 1, 1),
        )
        at.connector = connector
        yield at
        connector.close()


def elect(plan: Plan, last4: str, *, on: date, source: Source = Source.PRE_TAX, bps: int = 0, cents: int = 0) -> None:
    new = recordkeeping.NewElection(
        plan.employee(last4), recordkeeping.Slot(source), on, recordkeeping.How.PARTICIPANT, bps, cents
    )
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        recorded = recordkeeping.record_elections(tx, tenant_id=plan.sponsor, plan_id=plan.plan, elections=[new])
    assert recorded == 1, recorded


def queue(plan: Plan) -> int:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return len(instruct(tx, tenant_id=plan.sponsor, plan_id=plan.plan))


def on_file(plan: Plan) -> list[Instruction]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return write_back_book.on_file(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def send(plan: Plan, at: AtGusto, *, company: ConnectionId | None = None) -> Sent:
    return send_due(
        plan.db,
        actor=TESTER,
        tenant_id=plan.sponsor,
        plan_id=plan.plan,
        connector=at.connector,
        who=at.who,
        at=company,
    )


def later(plan: Plan, by: timedelta) -> None:
    plan.clock.advance(by)


def test_what_is_elected_is_withheld_at_the_provider_changed_and_stopped(plan: Plan, at_gusto: AtGusto) -> None:
    saver, other = SAVER.ssn[-4:], OTHER.ssn[-4:]
    elect(plan, saver, on=JANUARY_16, bps=600)
    elect(plan, saver, on=JANUARY_16, source=Source.ROTH, cents=5_000)
    elect(plan, other, on=JANUARY_16, bps=300)
    assert (queue(plan), queue(plan)) == (3, 0)
    assert send(plan, at_gusto) == Sent(acknowledged=3)
    assert at_gusto.withheld(plan.employee(saver)) == {Field.PRE_TAX: Rate(bps=600), Field.ROTH: Rate(cents=5_000)}
    assert send(plan, at_gusto) == Sent()

    elect(plan, saver, on=date(2026, 2, 27), bps=900)
    assert queue(plan) == 0  # not yet: payrolls before it withhold 6 %
    plan.at(date(2026, 2, 18))
    assert queue(plan) == 1
    elect(plan, other, on=date(2026, 2, 20), bps=0)
    assert queue(plan) == 1
    assert send(plan, at_gusto) == Sent(acknowledged=2)
    assert at_gusto.withheld(plan.employee(saver))[Field.PRE_TAX] == Rate(bps=900)
    assert Field.PRE_TAX not in at_gusto.withheld(plan.employee(other))
    assert {each.state for each in on_file(plan)} == {State.ACKNOWLEDGED}


def test_a_provider_that_is_down_gets_everything_once_it_is_back_and_nothing_twice(
    plan: Plan, at_gusto: AtGusto
) -> None:
    for person in (SAVER, OTHER):
        elect(plan, person.ssn[-4:], on=JANUARY_16, bps=500)
    queue(plan)
    at_gusto.server.misbehave(faults=[{"status": 503, "times": 1_000}])
    sent = send(plan, at_gusto)
    assert sent.stopped
    assert (sent.acknowledged, sent.waiting) == (0, 1)  # the round ends with the first one: all would fail
    at_gusto.server.misbehave()
    later(plan, timedelta(minutes=2))
    assert send(plan, at_gusto) == Sent(acknowledged=2)
    assert {each.state for each in on_file(plan)} == {State.ACKNOWLEDGED}
    assert send(plan, at_gusto) == Sent()


def test_an_answer_that_is_lost_does_not_withhold_twice(plan: Plan, at_gusto: AtGusto) -> None:
    elect(plan, SAVER.ssn[-4:], on=JANUARY_16, bps=500)
    queue(plan)
    at_gusto.server.misbehave(faults=[{"status": 502, "times": 1, "method": "POST", "after_work": True}])
    while send(plan, at_gusto).acknowledged == 0:
        later(plan, timedelta(hours=12))
    in_force = list(at_gusto.connector.in_force(person_id=at_gusto.who[plan.employee(SAVER.ssn[-4:])]))
    assert [(each.means, each.employee) for each in in_force] == [(Field.PRE_TAX, Rate(bps=500))]


def test_killed_after_the_provider_took_it_the_same_is_sent_again_and_changes_nothing(
    plan: Plan, at_gusto: AtGusto
) -> None:
    elect(plan, SAVER.ssn[-4:], on=JANUARY_16, bps=500)
    queue(plan)
    before = at_gusto.connector

    class Killed(BaseException):
        pass

    class DiesAfterwards:
        def __getattr__(self, name: str) -> Any:
            return getattr(before, name)

        def push(self, wanted: Any) -> Any:
            before.push(wanted)
            raise Killed

    at_gusto.connector = DiesAfterwards()
    with pytest.raises(Killed):
        send(plan, at_gusto)
    at_gusto.connector = before
    assert [each.state for each in on_file(plan)] == [State.QUEUED]
    assert send(plan, at_gusto) == Sent(acknowledged=1)
    in_force = list(before.in_force(person_id=at_gusto.who[plan.employee(SAVER.ssn[-4:])]))
    assert [each.means for each in in_force] == [Field.PRE_TAX]


def test_somebody_whom_the_provider_does_not_know_waits_for_a_person_and_nobody_else_does(
    plan: Plan, at_gusto: AtGusto
) -> None:
    for person in (SAVER, OTHER):
        elect(plan, person.ssn[-4:], on=JANUARY_16, bps=500)
    queue(plan)
    del at_gusto.who[plan.employee(SAVER.ssn[-4:])]
    assert send(plan, at_gusto) == Sent(acknowledged=1, refused=1)
    (refused,) = [each for each in on_file(plan) if each.state is State.REFUSED]
    assert "matched" in refused.detail
    assert queue(plan) == 0


def test_a_plan_whose_elections_are_kept_elsewhere_tells_payroll_nothing(db: Database, clock: FixedClock) -> None:
    takeover = takeover_of(ACME, db.ids)
    take_over(db, actor=TESTER, takeover=takeover)
    assert queue(Plan(db, clock, takeover)) == 0


def test_what_payroll_withholds_and_was_never_told_is_stopped_for_who_elected_none_and_for_nobody_else(
    plan: Plan,
) -> None:
    run_id = plan.receive(0).run.run_id
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=run_id)  # payroll withholds what nobody elected here
    assert plan.post(run_id).halted is None
    saver, other = SAVER.ssn[-4:], OTHER.ssn[-4:]
    elect(plan, saver, on=date(2026, 1, 16), bps=0)
    elect(plan, saver, on=date(2026, 1, 16), source=Source.ROTH, bps=0)
    assert (queue(plan), queue(plan)) == (1, 0)
    (told,) = on_file(plan)
    assert (told.slot.employee_id, told.slot.means, told.stops) == (plan.employee(saver), Field.PRE_TAX, True)
    elect(plan, other, on=date(2026, 1, 16), bps=200)
    assert queue(plan) == 1

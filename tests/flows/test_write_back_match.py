"""The match told to a connected payroll where somebody wants it told: once, in amounts, and never booked from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan
from tests.support.connected import FIRST_CHECK, Connected, connected
from tests.support.database import TESTER

from open401k import ledger, recordkeeping
from open401k import plan as plans
from open401k.base.db import Database
from open401k.demo.people import ACME, Person
from open401k.demo.setup import takeover_of
from open401k.flows.plan_takeover import take_over
from open401k.flows.provider_pull import Pulled
from open401k.flows.provider_push import pull_and_push
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Source
from open401k.payroll import connections, runs, write_back_book
from open401k.payroll.providers import Rate, Tier, gusto
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Instruction, State

SAVER = next(each for each in ACME.people if each.pre_tax_bps and not each.roth_bps and each.hired_on < FIRST_CHECK)
BOTH = next(each for each in ACME.people if each.roth_bps and not each.pre_tax_bps and each.hired_on < FIRST_CHECK)


@contextmanager
def at_gusto(db: Database, clock: FixedClock) -> Iterator[Connected]:
    takeover = takeover_of(ACME, db.ids)
    terms = replace(takeover.provisions, elections=plans.ElectionTerms())
    take_over(db, actor=TESTER, takeover=replace(takeover, provisions=terms))
    with connected(Plan(db, clock, takeover)) as world:
        for who in ACME.people:
            for source, bps in ((Source.PRE_TAX, who.pre_tax_bps), (Source.ROTH, who.roth_bps)):
                if bps and who.ssn in world.people:
                    elect(world, who, bps, source)
        yield world


def elect(world: Connected, who: Person, bps: int, source: Source = Source.PRE_TAX) -> None:
    slot, how = recordkeeping.Slot(source), recordkeeping.How.PARTICIPANT
    new = recordkeeping.NewElection(world.plan.employee(who.ssn[-4:]), slot, FIRST_CHECK, how, bps, 0)
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
        assert recordkeeping.record_elections(tx, **of, elections=[new]) == 1


def exchange(world: Connected) -> Pulled:
    where: dict[str, Any] = {"tenant_id": world.plan.sponsor, "connection_id": world.of.connection_id}
    return pull_and_push(world.plan.db, actor=TESTER, **where, connect=world.connect)


def choose(world: Connected, *, tells: bool) -> None:
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": world.plan.sponsor, "connection_id": world.of.connection_id}
        connections.tell_match(tx, **of, tells=tells)


def of_match(world: Connected, of: Person = SAVER) -> list[Instruction]:
    who = world.plan.employee(of.ssn[-4:])
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        known = write_back_book.on_file(tx, tenant_id=world.plan.sponsor, plan_id=world.plan.plan)
    return [each for each in known if each.slot.means is Field.MATCH and each.slot.employee_id == who]


def contribution(world: Connected, who: Person) -> Any:
    keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
    with world.connect(world.of, keeper) as connector:
        known = list(connector.in_force(person_id=world.people[who.ssn]))
    (found,) = [each.employer for each in known if each.active]
    return found


def credited(world: Connected, day: date) -> int:
    who = world.plan.employee(SAVER.ssn[-4:])
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": world.plan.sponsor, "plan_id": world.plan.plan}
        known = ledger.contributions(tx, **of, start=day, end=day.replace(day=day.day + 1))
    return sum(each.cents for each in known if each.employee_id == who and each.source is Source.MATCH)


def mismatches(world: Connected) -> int:
    last = world.posted()[-1]
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        found = runs.findings_of_run(tx, tenant_id=world.plan.sponsor, run_id=last.run_id)
    return sum(each.code == "match.mismatch" for each in found)


def test_off_by_default_and_on_it_is_told_reflected_changed_and_ended(db: Database, clock: FixedClock) -> None:
    with at_gusto(db, clock) as world:
        exchange(world)
        world.until(date(2026, 1, 17))
        exchange(world)
        assert of_match(world) == []
        assert contribution(world, SAVER) == (Tier(5_000, 600),)  # the provider's own formula stays as it is
        choose(world, tells=True)
        assert exchange(world).told > 1  # everybody who had a match
        amount = credited(world, FIRST_CHECK)
        assert amount > 0
        assert contribution(world, SAVER) == Rate(cents=amount)
        assert [each.state for each in of_match(world)] == [State.ACKNOWLEDGED]
        assert exchange(world).told == 0

        world.until(date(2026, 1, 31))
        exchange(world)  # the payroll of the 30th shows it, and it was the same
        assert [each.state for each in of_match(world)] == [State.REFLECTED]
        assert (credited(world, date(2026, 1, 30)), mismatches(world)) == (amount, 0)

        world.change(world.people[SAVER.ssn], salary_cents=SAVER.salary_cents * 2)
        world.until(date(2026, 2, 14))
        exchange(world)
        more = credited(world, date(2026, 2, 13))  # by the formula alone: what the provider showed is a finding
        assert more == pytest.approx(2 * amount, abs=1)
        assert mismatches(world) == 1
        assert contribution(world, SAVER) == Rate(cents=more)

        choose(world, tells=False)
        exchange(world)
        assert contribution(world, SAVER) == Rate(cents=0)
        assert of_match(world)[-1].stops
        assert exchange(world).told == 0
        proof = verify(db, actor=TESTER, tenants=[world.plan.sponsor])
        assert proof.problems == []


def test_killed_after_the_provider_took_it_the_same_is_told_again_and_changes_nothing(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    with at_gusto(db, clock) as world:
        exchange(world)
        world.until(date(2026, 1, 17))
        exchange(world)
        choose(world, tells=True)
        push = gusto.Gusto.push

        def dies(self: gusto.Gusto, wanted: Any) -> Any:
            done = push(self, wanted)
            if wanted.person_id == world.people[SAVER.ssn]:
                raise Killed
            return done

        monkeypatch.setattr(gusto.Gusto, "push", dies)
        with pytest.raises(Killed):
            exchange(world)
        monkeypatch.setattr(gusto.Gusto, "push", push)
        assert [each.state for each in of_match(world)] == [State.QUEUED]
        assert contribution(world, SAVER) == Rate(cents=credited(world, FIRST_CHECK))
        assert exchange(world).told >= 1
        assert [each.state for each in of_match(world)] == [State.ACKNOWLEDGED]
        assert contribution(world, SAVER) == Rate(cents=credited(world, FIRST_CHECK))


def test_a_second_deduction_with_a_contribution_of_the_companys_own_is_not_drawn_beside_ours(
    db: Database, clock: FixedClock
) -> None:
    with at_gusto(db, clock) as world:
        elect(world, BOTH, 300)  # the provider's formula stands with the Roth deduction
        exchange(world)
        world.until(date(2026, 1, 17))
        exchange(world)
        choose(world, tells=True)
        exchange(world)
        (refused,) = of_match(world, BOTH)
        assert refused.state is State.REFUSED
        assert "take it off first" in refused.detail

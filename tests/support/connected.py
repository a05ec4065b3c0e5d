"""Acme's plan with its payroll at a stand-in for Gusto: the story that pulls are tested by."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx2

from open401k.census import CodeKind, Employee, Side, roster, set_code_kind
from open401k.demo.people import ACME
from open401k.flows.provider_pull import Pulled, pull
from open401k.kernel import FixedClock, Refused, RunId, SeededRandom
from open401k.law.pay_items import PayKind
from open401k.payroll import Finding, connections, runs
from open401k.payroll.providers import (
    Company,
    Instruction,
    Patience,
    Provider,
    Rate,
    Surroundings,
    Tier,
    TokenKeeper,
    Tokens,
    gusto,
)
from open401k.payroll.rows import Field
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET
from tests.flows.bookkeeping import Plan
from tests.support import standin
from tests.support.database import TESTER
from tests.support.standin import StandIn

FIRST_CHECK = date(2026, 1, 16)
HIRED_BEFORE = date(2026, 1, 1)


@dataclass
class Ticking:
    """A clock of which no two looks are the same: one pull is many transactions, and facts are told apart by when."""

    clock: FixedClock

    def now(self) -> datetime:
        self.clock.advance(timedelta(milliseconds=1))
        return self.clock.now()


@dataclass
class Connected:
    """The plan, the stand-in with its people, and the connection between them."""

    plan: Plan
    server: StandIn
    company: str
    people: dict[str, str]
    of: connections.Connection
    transport: httpx2.BaseTransport | None = None  # None: the network
    patience: Patience = field(default_factory=lambda: Patience(first_wait=timedelta(milliseconds=1), tries=3))

    @contextmanager
    def connect(self, of: connections.Connection, tokens: TokenKeeper) -> Iterator[gusto.Gusto]:
        application = gusto.Application(CLIENT_ID, CLIENT_SECRET, self.server.url)
        clock = self.plan.db.clock
        around = Surroundings(clock, lambda _: None, SeededRandom(1), self.transport, self.patience)
        made = gusto.Gusto(
            company_id=of.company_id, application=application, tokens=tokens, around=around, since=of.since
        )
        with closing(made):
            yield made

    def until(self, day: date) -> list[str]:
        """Both clocks move on."""
        self.plan.at(day)
        return self.server.until(day)

    def pull(self) -> Pulled:
        return pull(
            self.plan.db,
            actor=TESTER,
            tenant_id=self.plan.sponsor,
            connection_id=self.of.connection_id,
            connect=self.connect,
        )

    def now(self) -> connections.Connection:
        with self.plan.db.begin(TESTER, tenants=[self.plan.sponsor]) as tx:
            return connections.get(tx, tenant_id=self.plan.sponsor, connection_id=self.of.connection_id)

    def run(self, run_id: RunId) -> runs.Run:
        with self.plan.db.begin(TESTER, tenants=[self.plan.sponsor]) as tx:
            return runs.get(tx, tenant_id=self.plan.sponsor, run_id=run_id)

    def findings(self, run_id: RunId) -> list[Finding]:
        """What the last check of a run found."""
        with self.plan.db.begin(TESTER, tenants=[self.plan.sponsor]) as tx:
            return runs.findings_of_run(tx, tenant_id=self.plan.sponsor, run_id=run_id)

    def posted(self) -> list[runs.Run]:
        """Runs in the books that nothing replaced, by pay date."""
        with self.plan.db.begin(TESTER, tenants=[self.plan.sponsor]) as tx:
            known = runs.history(tx, tenant_id=self.plan.sponsor, plan_id=self.plan.plan)
        found = [run for run in known if run.status == runs.Status.POSTED and run.replaced_by is None]
        return sorted(found, key=lambda run: run.pay_date or date.max)

    def roster(self) -> list[Employee]:
        with self.plan.db.begin(TESTER, tenants=[self.plan.sponsor]) as tx:
            return roster(tx, tenant_id=self.plan.sponsor)

    def employee(self, last_name: str, first_name: str) -> Employee:
        return next(e for e in self.roster() if (e.last_name, e.first_name) == (last_name, first_name))

    def change(self, who: str, **sent: Any) -> None:
        """Something of one person changes at the provider."""
        self.server.tell(f"/companies/{self.company}/employees/{who}", sent, "PATCH")

    def hire(self, first_name: str, last_name: str, born: str, on: str, salary_cents: int = 5_200_000) -> str:
        sent = {"first_name": first_name, "last_name": last_name, "date_of_birth": born, "hire_date": on}
        made = self.server.tell(f"/companies/{self.company}/employees", {**sent, "salary_cents": salary_cents})
        return str(made["employee_uuid"])

    def reverse(self, payroll: str, *employees: str) -> str:
        path = f"/companies/{self.company}/payrolls/{payroll}/reverse"
        return str(self.server.tell(path, {"employees": list(employees)})["payroll_uuid"])

    def cancel(self, payroll: str, *, undo: bool = False) -> None:
        """Its processing is canceled there, or it is processed again as it was."""
        self.server.tell(f"/companies/{self.company}/payrolls/{payroll}/cancel", {"undo": undo})


@contextmanager
def connected(plan: Plan) -> Iterator[Connected]:
    """Acme's people of the start at the stand-in, enrolled as they elected; the plan connected to it."""
    with standin.gusto() as server:
        people = [
            {
                "key": person.ssn,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "date_of_birth": person.birth_date.isoformat(),
                "hire_date": person.hired_on.isoformat(),
                "salary_cents": person.salary_cents,
            }
            for person in ACME.people
            if person.hired_on < HIRED_BEFORE
        ]
        sent = {"name": ACME.name, "ein": ACME.ein, "first_check": FIRST_CHECK.isoformat(), "people": people}
        made = server.tell("/companies", sent)
        tokens = made["tokens"]
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            ends = tx.now + timedelta(hours=2)
            of = connections.add(
                tx,
                tenant_id=plan.sponsor,
                plan_id=plan.plan,
                provider=Provider.GUSTO,
                company=Company(made["company_uuid"], ACME.name, ACME.ein),
                tokens=Tokens(tokens["access_token"], tokens["refresh_token"], ends),
                since=date(2026, 1, 1),
            )
            for code, kind in (("Regular Hours", PayKind.REGULAR), ("Bonus", PayKind.BONUS)):
                said = CodeKind(Side.EARNING, code, kind, date.min)
                set_code_kind(tx, tenant_id=plan.sponsor, said=said)
        assert not isinstance(of, Refused), of
        world = Connected(plan, server, made["company_uuid"], made["people"], of)
        _enroll(world)
        plan.db.clock = Ticking(plan.clock)
        yield world
        plan.db.clock = plan.clock
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:  # its server is gone: no later round asks for it
            connections.pause(tx, tenant_id=plan.sponsor, connection_id=of.connection_id)


def _enroll(world: Connected) -> None:
    """Deferrals as elected, half of the first 6 % matched, pushed as the plan would push them."""
    keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
    with world.connect(world.of, keeper) as connector:
        for person in ACME.people:
            if person.ssn in world.people:
                for means, bps in ((Field.PRE_TAX, person.pre_tax_bps), (Field.ROTH, person.roth_bps)):
                    if bps:
                        connector.push(
                            Instruction(
                                key=f"{person.ssn} {means}",
                                person_id=world.people[person.ssn],
                                means=means,
                                effective_on=HIRED_BEFORE,
                                employee=Rate(bps=bps),
                                employer=(Tier(5_000, 600),),
                            )
                        )

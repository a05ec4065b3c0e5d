"""The books of the sandbox plan, brought in fresh for one test: sending files, and everything that can be compared."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.database import TESTER

from open401k import census, compliance, ledger
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.demo.files import NO_MISTAKES, Mistakes, file_name, payroll_csv
from open401k.demo.people import ACME, PAY_DATES, Person
from open401k.demo.setup import takeover_of
from open401k.flows.payroll_intake import Taken, Upload, post_run, settle_columns, take_in
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.flows.verify import verify
from open401k.kernel import EmployeeId, FixedClock, PlanId, Refused, RunId, SponsorId
from open401k.payroll import runs

PROVIDER = "Summit Payroll"
WITHHELD = ("pre_tax_cents", "roth_cents", "after_tax_cents", "catch_up_pre_tax_cents", "catch_up_roth_cents")


@dataclass
class Plan:
    """One taken-over plan of a sponsor of its own, on a clock that the test moves."""

    db: Database
    clock: FixedClock
    takeover: Takeover = field(repr=False)

    @property
    def sponsor(self) -> SponsorId:
        return self.takeover.sponsor_id

    @property
    def plan(self) -> PlanId:
        return self.takeover.plan_id

    def employee(self, last4: str) -> EmployeeId:
        """Who has the number ending so."""
        with self.db.begin(TESTER, tenants=[self.sponsor]) as tx:
            roster = census.roster(tx, tenant_id=self.sponsor)
        return next(each.employee_id for each in roster if each.ssn_last4 == last4)

    def at(self, day: date, hour: int = 17) -> None:
        """Move the clock there, or a minute on where it is later already."""
        wanted = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        self.clock.advance_to(max(wanted, datetime.fromtimestamp(self.clock.now().timestamp() + 60, UTC)))

    def send(
        self, data: bytes, *, name: str = "payroll.csv", settle: bool = True, **how: Any
    ) -> Taken | Refused[runs.Refusal]:
        """Take bytes in; the provider's columns are settled as proposed, if that is wanted."""
        upload = Upload(self.sponsor, self.plan, name, data, PROVIDER, **how)
        taken = take_in(self.db, actor=TESTER, upload=upload)
        if isinstance(taken, Refused) or taken.run.status != runs.Status.NEEDS_MAPPING or not settle:
            return taken
        return settle_columns(self.db, actor=TESTER, tenant_id=self.sponsor, run_id=taken.run.run_id, fields={})

    def file(self, period: int, mistakes: Mistakes = NO_MISTAKES, joined: Sequence[Person] = ()) -> bytes:
        """The provider's file of one pay date."""
        return payroll_csv(ACME, period, mistakes, joined)

    def receive(self, period: int, data: bytes | None = None, **how: Any) -> Taken:
        """The file of a pay date on that day; taken in, or the test is wrong."""
        self.at(PAY_DATES[period])
        taken = self.send(data or self.file(period), name=file_name(ACME, period), **how)
        assert not isinstance(taken, Refused), taken
        return taken

    def post(self, run_id: RunId, *, wait: bool = False) -> FlowResults:
        """Post a run that was taken in."""
        return post_run(self.db, actor=TESTER, tenant_id=self.sponsor, run_id=run_id, wait=wait)

    def pay(self, period: int, data: bytes | None = None, *, wait: bool = False, **how: Any) -> Taken:
        """Take in and post the file of a pay date."""
        taken = self.receive(period, data, **how)
        result = self.post(taken.run.run_id, wait=wait)
        assert result.halted is None, (result.halted, dict(result), self.findings(taken.run.run_id))
        return taken

    def findings(self, run_id: RunId) -> list[str]:
        """Code of each finding of a run's last check."""
        with self.db.begin(TESTER, tenants=[self.sponsor]) as tx:
            return [str(each.code) for each in runs.findings_of_run(tx, tenant_id=self.sponsor, run_id=run_id)]

    def status(self, run_id: RunId) -> str:
        """Where a run stands."""
        with self.db.begin(TESTER, tenants=[self.sponsor]) as tx:
            return runs.get(tx, tenant_id=self.sponsor, run_id=run_id).status


def acme(db: Database, clock: FixedClock) -> Plan:
    """Acme, taken over on 5 January 2026."""
    takeover = takeover_of(ACME, db.ids)
    take_over(db, actor=TESTER, takeover=takeover)
    return Plan(db, clock, takeover)


@dataclass(frozen=True)
class Books:
    """Everything that must come out the same, without ids: people by the last digits of their number."""

    balances: Counter[tuple[str, str, str]]
    by_date: Counter[tuple[str, str, date]]
    held: Counter[tuple[str, date, str, str]]
    pay: Counter[tuple[str, date, str]]
    tests: list[tuple[str, str, int | None, int | None]]
    remitted: int


def books(plan: Plan) -> Books:
    """The books as they now stand."""
    tenant_id, plan_id = plan.sponsor, plan.plan
    scope: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    year: dict[str, Any] = {"start": date(2026, 1, 1), "end": date(2027, 1, 1)}
    with plan.db.begin(TESTER, tenants=[tenant_id]) as tx:
        who = {each.employee_id: each.ssn_last4 for each in census.roster(tx, tenant_id=tenant_id)}
        held = tx.rows(
            "select employee_id, pay_date, source, reason, cents from recordkeeping.held_v where tenant_id = %s",
            [tenant_id],
        )
        found = ledger.balances(tx, **scope)
        lines = census.current_lines(tx, **scope, **year)
        tested = compliance.latest(tx, **scope)
        (remitted,) = tx.one(
            "select coalesce(sum(employee_cents + employer_cents), 0) from payroll.remittance_v where tenant_id = %s",
            [tenant_id],
        )
        contributed = ledger.contributions(tx, **scope, **year)
    by_account = zip(found.employee_id, found.kind, found.source, found.amount, strict=True)
    return Books(
        balances=_sums(
            (
                ((who[EmployeeId(e)] if e else "", str(kind), str(source)), cents)
                for e, kind, source, cents in by_account
            )
        ),
        by_date=_sums(((who[each.employee_id], each.source, each.event_on), each.cents) for each in contributed),
        held=_sums(((who[EmployeeId(e)], day, source, reason), cents) for e, day, source, reason, cents in held),
        pay=_sums(
            ((who[line.employee_id], line.pay_date, name), getattr(line, name))
            for line in lines
            for name in ("gross_cents", "plan_cents", *WITHHELD)
        ),
        tests=[(str(r.test), str(r.status), r.measured, r.limit) for r in tested.results] if tested else [],
        remitted=int(remitted),
    )


def _sums(rows: Iterable[tuple[tuple[Any, ...], int]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for key, cents in rows:
        total[key] += cents
    return Counter({key: cents for key, cents in total.items() if cents})


def assert_conserved(plan: Plan) -> None:
    """Withheld + employer = credited + held = movement of the receivable (no deposit was made)."""
    now = books(plan)
    withheld = sum(cents for (_, _, name), cents in now.pay.items() if name in WITHHELD)
    own = sum(cents for (_, source, _), cents in now.by_date.items() if source in ("pre_tax", "roth", "after_tax"))
    credited, held = sum(now.by_date.values()), sum(now.held.values())
    owed = now.balances["", "employer_receivable", "None"]
    suspense = sum(cents for (_, kind, _), cents in now.balances.items() if kind == "suspense")
    assert withheld == own + held
    assert suspense == held
    assert owed == credited + held


def assert_sound(plan: Plan) -> None:
    """Conserved, and proved from the facts."""
    assert_conserved(plan)
    plan.at(plan.clock.now().date())
    proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert proof.problems == [], proof.problems


@dataclass(frozen=True)
class Traces:
    """What a refused file may not move: counts of everything that counts."""

    entries: int
    facts: int
    lines: int
    people: int
    events: int
    alerts: int
    balances: Counter[tuple[str, str, str]]


def traces(plan: Plan) -> Traces:
    """Count what is there."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:

        def count(table: str) -> int:
            (rows,) = tx.conn.execute(f"select count(*) from {table} where tenant_id = %s", [plan.sponsor]).fetchone()  # type: ignore[misc]
            return int(rows)

        return Traces(
            entries=count("ledger.entry"),
            facts=count("census.fact"),
            lines=count("census.pay_line"),
            people=count("census.employee"),
            events=count("base.event"),
            alerts=count("fiduciary.alert"),
            balances=books(plan).balances,
        )


class TickingClock(FixedClock):
    """A clock that no two readings agree on, whatever thread asks: a millisecond passes at each."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self.advance(timedelta(milliseconds=1))
            return super().now()


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same time, a thread each; an exception of any is raised here."""
    ready = threading.Barrier(len(work))

    def start(one: Callable[[], Any]) -> Any:
        ready.wait(timeout=10)
        return one()

    with ThreadPoolExecutor(len(work)) as threads:
        return [each.result(timeout=60) for each in [threads.submit(start, one) for one in work]]

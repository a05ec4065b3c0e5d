"""One sponsor with two plans that the same people may be in, and files of single rows for either."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tests.flows.bookkeeping import Plan, acme
from tests.support.database import TESTER

from open401k import compliance, ledger, plan
from open401k.base.db import Database
from open401k.compliance import ComplianceRun, TestResult
from open401k.demo.people import ACME, PAY_DATES
from open401k.flows.payroll_intake import Taken
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, PlanId, Source
from open401k.payroll import Finding, runs

HEADINGS = ("ssn", "first_name", "last_name", "pay_date", "gross_comp", "hours", "pre_tax", "roth", "after_tax")
ROSA, HIRED = "1003", date(2020, 1, 1)
OWN = (Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)
#: No match, so that every cent of an addition is one that a test wrote into a file.
SECOND = plan.Provisions(
    adopted_on=HIRED,
    eligibility=plan.Eligibility(minimum_age=21, service_months=12, hours_in_year=None),
    deferrals=plan.Deferrals(sources=(Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)),
    testing=plan.Testing(plan.TestingMethod.CURRENT_YEAR),
)


@dataclass(frozen=True)
class Row:
    """What one file says of one person, in whole dollars."""

    last4: str = ROSA
    gross: int = 50_000
    pre_tax: int = 0
    roth: int = 0
    after_tax: int = 0


def second_plan(first: Plan, provisions: plan.Provisions = SECOND, number: str = "002") -> Plan:
    """Another plan of the same sponsor, by the verb that adopts any plan."""
    first.at(first.clock.now().date())
    with first.db.begin(TESTER, tenants=[first.sponsor]) as tx:
        plan_id = plan.adopt(
            tx, tenant_id=first.sponsor, provisions=provisions, name=f"Acme Plan {number}", number=number
        )
    return Plan(first.db, first.clock, replace(first.takeover, plan_id=plan_id))


def two(db: Database, clock: FixedClock, provisions: plan.Provisions = SECOND) -> tuple[Plan, Plan]:
    """Acme's plan 001 and its plan 002."""
    first = acme(db, clock)
    return first, second_plan(first, provisions)


def file_of(rows: Sequence[Row], period: int) -> bytes:
    """A file of one pay date."""
    people = {person.ssn[-4:]: person for person in ACME.people}
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow(HEADINGS)
    for row in rows:
        who = people[row.last4]
        amounts = [f"{dollars}.00" for dollars in (row.gross, 80, row.pre_tax, row.roth, row.after_tax)]
        written.writerow([who.ssn, who.first_name, who.last_name, f"{PAY_DATES[period]:%m/%d/%Y}", *amounts])
    return out.getvalue().encode()


def pay(of: Plan, period: int, *rows: Row, **how: Any) -> Taken:
    """Send these rows for a pay date, and post them."""
    return of.pay(period, file_of(rows, period), **how)


def findings(of: Plan, taken: Taken) -> list[Finding]:
    """What was found in a file."""
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        return runs.findings_of_run(tx, tenant_id=of.sponsor, run_id=taken.run.run_id)


def held(of: Plan, last4: str = ROSA) -> dict[tuple[date, str], int]:
    """Cents of a person that wait in a plan, by pay date and reason."""
    who = of.employee(last4)
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        rows = tx.rows(
            "select pay_date, reason, sum(cents)::bigint from recordkeeping.held_v"
            " where tenant_id = %s and plan_id = %s and employee_id = %s"
            " group by pay_date, reason having sum(cents) <> 0",
            [of.sponsor, of.plan, who],
        )
    return {(day, reason): cents for day, reason, cents in rows}


def credited(
    of: Plan, last4: str = ROSA, *, plan_id: PlanId | None = None, sources: Sequence[Source] = OWN
) -> dict[date, int]:
    """What a person put into a plan, or of other sources, by pay date."""
    who = of.employee(last4)
    year: dict[str, Any] = {"start": date(2026, 1, 1), "end": date(2027, 1, 1)}
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        found = ledger.contributions(tx, tenant_id=of.sponsor, plan_id=plan_id or of.plan, **year)
    days = {each.event_on for each in found}
    own = {
        day: sum(
            each.cents for each in found if each.employee_id == who and each.event_on == day and each.source in sources
        )
        for day in days
    }
    return {day: cents for day, cents in own.items() if cents}


def run_on(of: Plan, on: date) -> ComplianceRun:
    """A plan's tests as of a day, as now known."""
    of.at(on, hour=20)
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        return compliance.retest(tx, tenant_id=of.sponsor, plan_id=of.plan, as_of=on, cause=f"{of.clock.now()}")


def of_person(run: ComplianceRun, result: TestResult, employee: object, name: str) -> int:
    """One person's number in the working of a test."""
    people: Any = result.working["people"]
    place = run.people["employee"].index(str(employee))
    return int(people[name][people["place"].index(place)])


def assert_proved(of: Plan) -> None:
    """Everything of the sponsor follows from its facts."""
    of.at(of.clock.now().date())
    proof = verify(of.db, actor=TESTER, tenants=[of.sponsor])
    assert proof.problems == [], proof.problems

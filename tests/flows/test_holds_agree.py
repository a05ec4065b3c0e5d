"""What the findings say is held is what the books hold, to the cent, by source and reason."""

import csv
import io
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.flows.bookkeeping import PROVIDER, Plan, acme
from tests.flows.two_plans import Row, pay, second_plan
from tests.support.database import START, TESTER, Served

from open401k import census, payroll
from open401k.base.db import Tx
from open401k.demo.people import PAY_DATES
from open401k.flows import payroll_check
from open401k.flows.payroll_intake import Taken
from open401k.flows.payroll_record import record_lines
from open401k.flows.payroll_settle import settle_recorded
from open401k.kernel import EmployeeId, FixedClock, RunId, Source
from open401k.payroll import Code, runs
from open401k.plan import (
    Amended,
    Deferrals,
    Match,
    MatchPeriod,
    MatchTier,
    Nonelective,
    amend,
    provisions_on,
)
from open401k.recordkeeping import HeldReason

HEADER = (
    "ssn,first_name,last_name,pay_date,gross_comp,hours,pre_tax,roth,match,pre_tax_catch_up,roth_catch_up,after_tax"
)
REASONS = {
    Code.SOURCE_NOT_IN_PLAN: HeldReason.SOURCE_NOT_PERMITTED,
    Code.PERSON_TERMINATED: HeldReason.LEFT_LONG_AGO,
    Code.PERSON_NOT_ELIGIBLE: HeldReason.NOT_ENTERED,
    Code.PAY_CODE_UNCONFIRMED: HeldReason.PAY_CODE_UNCONFIRMED,
    Code.LIMIT_CATCHUP_AGE: HeldReason.CATCH_UP_TOO_YOUNG,
    Code.LIMIT_402G: HeldReason.OVER_LIMIT,
    Code.LIMIT_PLAN: HeldReason.OVER_LIMIT,
    Code.LIMIT_ROTH_CATCHUP: HeldReason.CATCH_UP_MUST_BE_ROTH,
    Code.LIMIT_415: HeldReason.OVER_ADDITIONS,
}
LAST4 = ("1003", "1004", "1005")


@dataclass(frozen=True)
class Case:
    """One person's row and what is on file of them."""

    born: date
    fica_cents: int
    hired: date
    left: date | None
    pre_tax: int
    roth: int
    pre_tax_catch_up: int
    roth_catch_up: int
    after_tax: int
    more: int

    @property
    def gross(self) -> int:
        return self.pre_tax + self.roth + self.pre_tax_catch_up + self.roth_catch_up + self.after_tax + self.more


def cents(most: int) -> st.SearchStrategy[int]:
    return st.one_of(st.just(0), st.integers(0, most))


cases = st.builds(
    Case,
    born=st.dates(date(1950, 1, 1), date(1999, 12, 31)),
    fica_cents=st.sampled_from([0, 14_999_999, 15_000_000, 15_000_001, 40_000_000]),
    hired=st.sampled_from([date(2015, 3, 2), date(2025, 1, 15), date(2025, 6, 2)]),
    left=st.sampled_from([None, None, date(2025, 10, 31), date(2026, 1, 9)]),
    pre_tax=cents(30_000_00),
    roth=cents(30_000_00),
    pre_tax_catch_up=cents(9_000_00),
    roth_catch_up=cents(9_000_00),
    after_tax=cents(2_000_00),
    more=st.integers(0, 60_000_00),
)


#: Terms from before the pay date on: as adopted, with a limit of the plan's own, with a match over the year.
ANOTHER_PLAN = "another plan of the sponsor"
TERMS: dict[str, dict[str, Any]] = {
    "as adopted": {},
    ANOTHER_PLAN: {"deferrals": Deferrals((Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX))},
    "the plan's own limit": {"deferrals": Deferrals((Source.PRE_TAX, Source.ROTH), max_bps_of_pay=1_200)},
    "own limit, no catch-up": {
        "deferrals": Deferrals((Source.PRE_TAX,), max_bps_of_pay=800, catch_up=False, higher_catch_up_60_63=False)
    },
    "after-tax and a large employer": {
        "deferrals": Deferrals((Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)),
        "match": Match((MatchTier(10_000, 600),), period=MatchPeriod.PLAN_YEAR),
        "nonelective": Nonelective(2_000),
    },
}


@pytest.fixture(scope="module", params=TERMS)
def plan(postgres: Served, request: pytest.FixtureRequest) -> Plan:
    """A plan with one payroll, in which 1003 has saved 18,000.00 already."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    plan = acme(postgres.db, clock)
    rows = list(csv.reader(io.StringIO(plan.file(1).decode())))
    for row in rows:
        if row[0].endswith("1003"):
            row[10], row[11] = "40000.00", "18000.00"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    plan.pay(1, out.getvalue().encode())
    if changes := TERMS[request.param]:
        where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
        plan.at(PAY_DATES[1])
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            amended = replace(provisions_on(tx, **where, on=PAY_DATES[2]), **changes)
            done = amend(tx, **where, effective_on=date(2026, 1, 20), provisions=amended, why="a test")
        assert isinstance(done, Amended), done
    if request.param == ANOTHER_PLAN:
        saved = (Row("1003", pre_tax=4_000), Row("1004", pre_tax=15_000, roth=5_000), Row("1005", after_tax=45_000))
        pay(second_plan(plan), 1, *saved)
    plan.at(PAY_DATES[2])
    settled = plan.send(file_of([]))  # its columns are settled: no case has to
    assert isinstance(settled, Taken)
    plan.at(PAY_DATES[2])
    return plan


def file_of(people: list[tuple[census.Employee, Case]]) -> bytes:
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow(HEADER.split(","))
    for person, case in people:
        own = (case.pre_tax, case.roth, 0, case.pre_tax_catch_up, case.roth_catch_up, case.after_tax)
        amounts = [f"{each // 100}.{each % 100:02d}" for each in (case.gross, 8_000, *own)]
        ssn = f"219-11-{person.ssn_last4}"
        written.writerow([ssn, person.first_name, person.last_name, f"{PAY_DATES[2]:%m/%d/%Y}", *amounts])
    return out.getvalue().encode()


class Undo(Exception):  # noqa: N818
    """Takes the transaction back."""


def told(tx: Tx, plan: Plan, who: EmployeeId, case: Case) -> None:
    """What is on file of the person in this case."""
    before = census.employee(tx, tenant_id=plan.sponsor, employee_id=who)
    hired = before.employment[0].hired_on
    facts: list[tuple[census.Fact, date]] = [
        (census.BirthDate(case.born), hired),
        (census.Hired(instead_of=hired), case.hired),
        (census.PayOfYear(2025, census.AnnualPay(0, 0, case.fica_cents, 0)), date(2025, 12, 31)),
    ]
    if case.left:
        facts.append((census.Terminated(), case.left))
    for fact, day in facts:
        census.record_fact(tx, tenant_id=plan.sponsor, employee_id=who, fact=fact, event_on=day)


def said_and_booked(
    tx: Tx, plan: Plan, each: tuple[Case, ...], again: str = "", replaces: RunId | None = None
) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], int]]:
    """The cents held by source and reason, as the check says and as the books have it; ``again``: on the same day."""
    found: list[payroll.Outcome] = []
    kept = runs.checked

    def keep(tx: Tx, **how: Any) -> Any:
        found.append(how["outcome"])
        return kept(tx, **how)

    roster = {one.ssn_last4: one for one in census.roster(tx, tenant_id=plan.sponsor)}
    people = [(roster[last4], case) for last4, case in zip(LAST4, each, strict=True)]
    if not again:
        for person, case in people:
            told(tx, plan, person.employee_id, case)
    received = runs.receive(
        tx,
        tenant_id=plan.sponsor,
        plan_id=plan.plan,
        file_name="a.csv",
        data=file_of(people),
        provider=PROVIDER,
        second_run_reason=again,
        replaces=replaces,
    )
    assert isinstance(received, runs.Received)
    with patch.object(runs, "checked", keep):
        status = payroll_check.check_run(tx, tenant_id=plan.sponsor, run=received.run)
    (outcome,) = found
    assert status in ("received", "needs_confirmation"), outcome.findings.listed
    recorded = record_lines(tx, tenant_id=plan.sponsor, run=received.run)
    settled = settle_recorded(tx, tenant_id=plan.sponsor, run=received.run, recorded=recorded).settled
    runs.mark(tx, tenant_id=plan.sponsor, run_id=received.run.run_id, status=runs.Status.POSTED)
    said: Counter[tuple[str, str]] = Counter()
    for hold in outcome.holds:
        said[str(hold.source), str(REASONS[hold.code])] += hold.cents
    booked = {(str(source), str(reason)): cents for (source, reason), cents in settled.held_cents.items() if cents}
    return Counter({slot: cents for slot, cents in said.items() if cents}), booked


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(st.tuples(cases, cases, cases))
def test_findings_and_books_hold_the_same_money(plan: Plan, each: tuple[Case, ...]) -> None:
    with suppress(Undo), plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        said, booked = said_and_booked(tx, plan, each)
        assert booked == dict(said)
        raise Undo


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(st.tuples(cases, cases, cases), st.tuples(cases, cases, cases))
def test_a_second_payroll_of_the_day_is_told_with_the_first_one_counted(
    plan: Plan, first: tuple[Case, ...], second: tuple[Case, ...]
) -> None:
    with suppress(Undo), plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        said_and_booked(tx, plan, first)
        said, booked = said_and_booked(tx, plan, second, again="a bonus")
        assert booked == dict(said)  # what it releases of the first one counts negative
        raise Undo


@pytest.mark.parametrize("between", [0, 9_000_00], ids=["nothing", "a payroll between"])
@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(st.tuples(cases, cases, cases))
def test_a_correction_of_an_earlier_pay_date_is_told_without_the_run_that_it_replaces(
    plan: Plan, between: int, each: tuple[Case, ...]
) -> None:
    """The run of January 16, with 18,000.00 of 1003, is replaced by one with the pay date of January 30."""
    with suppress(Undo), plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (first,) = runs.replaceable(tx, tenant_id=plan.sponsor, plan_id=plan.plan, pay_date=PAY_DATES[1])
        if between:
            saved_between(tx, plan, between)
        before = sum_held(tx, plan)
        said, _ = said_and_booked(tx, plan, each, replaces=first.run_id)
        after = sum_held(tx, plan)
        booked = {slot: cents - before.get(slot, 0) for slot, cents in after.items() if cents != before.get(slot, 0)}
        assert booked == dict(said)
        raise Undo


def saved_between(tx: Tx, plan: Plan, cents: int) -> None:
    """1003 saves so much on January 23."""
    case = Case(date(1979, 1, 22), 0, date(2012, 3, 5), None, cents, 0, 0, 0, 0, 0)
    who = next(each for each in census.roster(tx, tenant_id=plan.sponsor) if each.ssn_last4 == "1003")
    data = file_of([(who, case)]).replace(f"{PAY_DATES[2]:%m/%d/%Y}".encode(), b"01/23/2026")
    received = runs.receive(
        tx, tenant_id=plan.sponsor, plan_id=plan.plan, file_name="b.csv", data=data, provider=PROVIDER
    )
    assert isinstance(received, runs.Received)
    status = payroll_check.check_run(tx, tenant_id=plan.sponsor, run=received.run)
    assert status in ("received", "needs_confirmation")
    recorded = record_lines(tx, tenant_id=plan.sponsor, run=received.run)
    settle_recorded(tx, tenant_id=plan.sponsor, run=received.run, recorded=recorded)
    runs.mark(tx, tenant_id=plan.sponsor, run_id=received.run.run_id, status=runs.Status.POSTED)


def sum_held(tx: Tx, plan: Plan) -> Counter[tuple[str, str]]:
    """What the books hold of the pay date of the cases."""
    rows = tx.rows(
        "select source, reason, sum(cents) from recordkeeping.held_v where tenant_id = %s and pay_date = %s"
        " group by source, reason",
        [plan.sponsor, PAY_DATES[2]],
    )
    return Counter({(source, reason): int(cents) for source, reason, cents in rows if cents})

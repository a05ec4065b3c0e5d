"""Who was paid the time before and has no row: told once, and only where the file is that payroll's next one."""

import csv
import io
from collections.abc import Collection
from datetime import date

import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.support.database import TESTER

from open401k import census, payroll
from open401k.base.db import Database
from open401k.kernel import FixedClock
from open401k.payroll import runs

ANN, BEN = "1003", "1004"


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """A plan after its first payroll."""
    plan = acme(db, clock)
    plan.pay(1)
    return plan


def file_of(plan: Plan, period: int, *, without: Collection[str] = (), only: Collection[str] = ()) -> bytes:
    """The file of a pay date without some people, or of some alone; each by the end of the SSN."""
    rows = list(csv.DictReader(io.StringIO(plan.file(period).decode())))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        last4 = row["Employee SSN"][-4:]
        if last4 not in without and (not only or last4 in only):
            writer.writerow(row)
    return out.getvalue().encode()


def told(plan: Plan, run_id: object) -> list[payroll.Finding]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=run_id)  # type: ignore[arg-type]
    return [each for each in found if each.code is payroll.Code.PERSON_NOT_PAID]


def left(plan: Plan, last4: str, on: date) -> None:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        fact = census.Terminated()
        census.record_fact(tx, tenant_id=plan.sponsor, employee_id=plan.employee(last4), fact=fact, event_on=on)


def test_who_is_missing_is_told_and_nothing_is_held(plan: Plan) -> None:
    """A note with the person, and the payroll posts as it is: nobody has to have pay."""
    taken = plan.receive(2, file_of(plan, 2, without=[ANN]))
    (note,) = told(plan, taken.run.run_id)
    assert note.severity is payroll.Severity.NOTE
    assert not note.confirm
    assert dict(note.detail) == {"employee_id": str(plan.employee(ANN))}
    assert "paid on 2026-01-16" in note.reason
    assert taken.run.status == runs.Status.RECEIVED


def test_it_is_told_once(plan: Plan) -> None:
    """A payroll later the person is not of the payroll before: who is on leave is not told of every two weeks."""
    plan.pay(2, file_of(plan, 2, without=[ANN]))
    assert told(plan, plan.receive(3, file_of(plan, 3, without=[ANN])).run.run_id) == []


def test_who_left_is_not_told_of(plan: Plan) -> None:
    left(plan, ANN, date(2026, 1, 16))
    assert told(plan, plan.receive(2, file_of(plan, 2, without=[ANN])).run.run_id) == []


def test_a_payroll_for_a_few_says_nothing_of_the_others(plan: Plan) -> None:
    """A bonus for two of them is no payroll in which the others are missing."""
    assert told(plan, plan.receive(2, file_of(plan, 2, only=[ANN, BEN])).run.run_id) == []


def test_pay_groups_of_one_day_are_held_each_against_its_own(plan: Plan) -> None:
    """Two files of a day: the next one of the first group lacks one of its own, not those of the other group."""
    group = {ANN, BEN, "1005", "1006"}
    plan.pay(2, file_of(plan, 2, only=group))
    other = plan.receive(2, file_of(plan, 2, without=group))
    assert told(plan, other.run.run_id) == []
    plan.post(other.run.run_id)
    taken = plan.receive(3, file_of(plan, 3, only=group - {ANN}))
    assert [dict(each.detail)["employee_id"] for each in told(plan, taken.run.run_id)] == [str(plan.employee(ANN))]


def test_who_is_paid_by_another_file_of_the_day_is_not_missing(plan: Plan) -> None:
    plan.pay(2, file_of(plan, 2, only=[ANN]))
    assert told(plan, plan.receive(2, file_of(plan, 2, without=[ANN])).run.run_id) == []


def test_a_wrong_number_is_told_and_not_that_its_person_is_missing(plan: Plan) -> None:
    """The row is there, under another number: the file is sent again, and that one is asked."""
    data = file_of(plan, 2).replace(b"1003,", b"9003,")
    taken = plan.receive(2, data)
    assert taken.run.status == runs.Status.REJECTED
    assert told(plan, taken.run.run_id) == []

"""What payroll itself calls people: from the columns of a file to the decision who its rows are."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books
from tests.support.database import TESTER

from open401k import census, payroll
from open401k.base.db import Database
from open401k.flows.payroll_intake import say_yes
from open401k.kernel import FixedClock
from open401k.payroll import runs

EIN, OTHER_EIN = "12-3456789", "98-7654321"


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


def numbered(
    data: bytes,
    *,
    ein: str = EIN,
    without: tuple[str, ...] = (),
    number: Callable[[str], str] = lambda ssn: f"E-{ssn[-4:]}",
    cells: Mapping[tuple[str, str], str] | None = None,
) -> bytes:
    """A file with the employee numbers, the EIN and the pay group of its rows; columns ``without`` are left out."""
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    for row in rows:
        ssn = row["Employee SSN"]
        row |= {"Employee Number": number(ssn), "EIN": ein, "Pay Group": "Biweekly"}
        row |= {heading: text for (whose, heading), text in (cells or {}).items() if whose == ssn[-4:]}
    out = io.StringIO()
    kept = [heading for heading in rows[0] if heading not in without]
    writer = csv.DictWriter(out, kept, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def found(plan: Plan, taken_id: object, code: payroll.Code) -> list[payroll.Finding]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        listed = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken_id)  # type: ignore[arg-type]
    return [each for each in listed if each.code is code]


def asked(plan: Plan) -> list[census.Question]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return census.questions(tx, tenant_id=plan.sponsor)


def test_a_file_without_numbers_of_the_government_posts_by_the_employers_own(plan: Plan) -> None:
    """Number and name say who it is once a file with both was posted; the books are those of a file with SSNs."""
    straight = acme(plan.db, plan.clock)
    for period in (1, 2):
        straight.pay(period)
    plan.pay(1, numbered(plan.file(1)))
    plan.pay(2, numbered(plan.file(2), without=("Employee SSN", "Date of Birth", "Hire Date")))
    assert asked(plan) == []
    assert books(plan).by_date == books(straight).by_date
    assert_sound(plan)


def test_the_number_of_another_employer_says_nothing(plan: Plan) -> None:
    """Two employers have two people of one number: name alone is left, and a person is asked."""
    plan.pay(1, numbered(plan.file(1)))
    left_out = ("Employee SSN", "Date of Birth", "Hire Date")
    taken = plan.receive(2, numbered(plan.file(2), ein=OTHER_EIN, without=left_out))
    assert taken.run.status == runs.Status.REJECTED
    questions = asked(plan)
    assert {each.why for each in questions} == {census.Why.NAME_ALONE}
    assert {each.evidence.employer_ein for each in questions} == {OTHER_EIN.replace("-", "")}


def test_a_number_under_another_name_is_asked_about(plan: Plan) -> None:
    """Systems give the numbers of those who left to others: without an SSN nobody is taken for the former owner."""
    plan.pay(1, numbered(plan.file(1)))
    names = {("1003", "Last Name"): "Zimmermann", ("1003", "First Name"): "Quentin"}
    left_out = ("Employee SSN", "Date of Birth", "Hire Date")
    plan.receive(2, numbered(plan.file(2), without=left_out, cells=names))
    (question,) = asked(plan)
    assert question.why is census.Why.EMPLOYEE_NUMBER_USED_AGAIN
    assert [each.employee_id for each in question.candidates] == [plan.employee("1003")]


def test_a_number_given_to_somebody_else_is_told_and_then_theirs(plan: Plan) -> None:
    """With SSNs it is known who they are: a number of somebody still at work asks for a yes, and the newest counts."""
    plan.pay(1, numbered(plan.file(1)))
    swapped = {"1003": "E-1004", "1004": "E-1003"}
    again = numbered(plan.file(2), number=lambda ssn: swapped.get(ssn[-4:], f"E-{ssn[-4:]}"))
    taken = plan.receive(2, again)
    told = found(plan, taken.run.run_id, payroll.Code.PERSON_NUMBER_AGAIN)
    assert [(each.confirm, each.column.split(" ", 1)[1]) for each in told] == [(True, "Employee Number")] * 2
    assert taken.run.status == runs.Status.NEEDS_CONFIRMATION
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    assert plan.post(taken.run.run_id).halted is None
    third = plan.receive(3, numbered(plan.file(3), number=lambda ssn: swapped.get(ssn[-4:], f"E-{ssn[-4:]}")))
    assert found(plan, third.run.run_id, payroll.Code.PERSON_NUMBER_AGAIN) == []


def test_what_may_be_a_social_security_number_is_kept_nowhere_else(plan: Plan) -> None:
    plan.pay(1, numbered(plan.file(1), number=lambda ssn: ssn))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert tx.rows("select number from census.employee_number where tenant_id = %s", [plan.sponsor]) == []


def test_fica_wages_of_a_file_are_those_of_the_person(plan: Plan) -> None:
    """Roth catch-up status of the next year (IRC 414(v)(7)) counts these; a blank cell follows from pay."""
    data = numbered(plan.file(1))
    heading, *lines = data.decode().splitlines()
    with_fica = [f"{line},{'3800.00' if line.startswith('219-11-1003') else ''}" for line in lines]
    plan.pay(1, "\n".join([f"{heading},Social Security Wages", *with_fica, ""]).encode())
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        where: dict[str, Any] = {"start": date(2026, 1, 1), "end": date(2027, 1, 1)}
        lines_on_file = census.current_lines(tx, tenant_id=plan.sponsor, plan_id=plan.plan, **where)
    owner = plan.employee("1003")
    assert {each.fica_cents for each in lines_on_file if each.employee_id == owner} == {3_800_00}
    assert all(each.fica_cents == each.gross_cents for each in lines_on_file if each.employee_id != owner)
    assert_sound(plan)

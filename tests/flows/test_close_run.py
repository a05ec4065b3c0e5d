"""A payroll that waits and is not to be posted is closed by a person: yes was the only word there was."""

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books
from tests.flows.test_employee_numbers import numbered
from tests.support.database import TESTER

from open401k.base.db import Database
from open401k.flows.payroll_close import CloseRefusal, close_run
from open401k.kernel import FixedClock, Refused, RunId
from open401k.payroll import runs
from open401k.views import payroll_history


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    plan = acme(db, clock)
    plan.pay(1, numbered(plan.file(1)))
    return plan


def waits(plan: Plan) -> RunId:
    """The run of a payroll with numbers that were somebody else's: it asks for a yes."""
    swapped = {"1003": "E-1004", "1004": "E-1003"}
    taken = plan.receive(2, numbered(plan.file(2), number=lambda ssn: swapped.get(ssn[-4:], f"E-{ssn[-4:]}")))
    assert taken.run.status == runs.Status.NEEDS_CONFIRMATION
    return taken.run.run_id


def close(plan: Plan, run_id: RunId, why: str = "the file was posted") -> bool | Refused[CloseRefusal]:
    return close_run(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=run_id, why=why)


def test_what_is_closed_is_never_posted_and_says_why(plan: Plan) -> None:
    before = books(plan)
    run_id = waits(plan)
    assert close(plan, run_id) is False
    assert close(plan, run_id) is True, "a second time changes nothing"
    assert plan.post(run_id).halted is not None
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        shown = payroll_history.load_run(tx, tenant_id=plan.sponsor, plan_id=plan.plan, run_id=run_id)
    assert shown is not None
    assert shown.canceled == "Closed by a person: the file was posted"
    assert books(plan) == before
    assert_sound(plan)


def test_the_same_file_later_is_a_payroll_again(plan: Plan) -> None:
    """Closed by mistake: it is sent again, and is another run."""
    run_id = waits(plan)
    close(plan, run_id)
    assert waits(plan) != run_id


def test_what_is_in_the_books_is_replaced_and_not_closed(plan: Plan) -> None:
    done = plan.pay(2, numbered(plan.file(2)))
    refused = close(plan, done.run.run_id)
    assert isinstance(refused, Refused)
    assert refused.reason is CloseRefusal.POSTED


@pytest.mark.parametrize("why", ["", "  ", "x" * 201])
def test_why_is_said(plan: Plan, why: str) -> None:
    refused = close(plan, waits(plan), why)
    assert isinstance(refused, Refused)
    assert refused.reason is CloseRefusal.WHY_MISSING
